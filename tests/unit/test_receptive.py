"""What a step hears, worked out from the architecture and held against what really changes it."""

import numpy as np
import pytest
from test_systems import SPEECH, config_of
from toys import text

from components.wording import heard
from models import checkpoints
from models.checkpoints import Checkpoint
from models.frontend.speech import SpeechFrontend
from models.receptive import receptive_field

FRAMES = 48


def speech(architecture, **hyperparameters):
    config = config_of("bilstm-last") | {"architecture": architecture}
    config["hyperparameters"] = {"labels": 3, "bands": 8, "units": 3} | hyperparameters
    return Checkpoint("x", config, checkpoints.build(config), None, SpeechFrontend(**config["frontend"]))


def convolutional(**hyperparameters):
    return speech("attentive-speech", attention_units=3, **hyperparameters)


def reached(model, step):
    """Frames whose change changes what attention looks at in that step."""
    rng = np.random.default_rng(0)
    clip = rng.normal(size=(1, FRAMES, 8)).astype(np.float32)
    changed = np.repeat(clip, FRAMES, axis=0)
    changed[np.arange(FRAMES), np.arange(FRAMES)] += rng.normal(size=(FRAMES, 8)) + 1
    mask = np.ones((1, FRAMES), bool)
    before = np.asarray(model.encode(clip, mask)[0])[0, step]
    after = np.asarray(model.encode(changed, np.repeat(mask, FRAMES, axis=0))[0])[:, step]
    return np.flatnonzero(np.abs(after - before).max(axis=1) > 0)


@pytest.mark.parametrize(("strides", "frames"), [((2, 2, 1), 15), ((1, 1, 1), 7), ((2, 2, 2), 15), ((1, 2, 2), 9)])
def test_without_recurrent_layers_a_step_hears_just_that(strides, frames):
    checkpoint = convolutional(time_strides=strides, filters=(16, 16, 16), recurrent_layers=0)
    field = receptive_field(checkpoint)
    spec = checkpoint.frontend.log_mel
    assert field.mixed_by == ""
    assert field.stages[-1].hears == pytest.approx(((frames - 1) * spec.hop + spec.window) / spec.sample_rate)
    assert field.stages[-1].every == pytest.approx(checkpoint.model.step_frames * spec.hop_seconds)
    found = reached(checkpoint.model, FRAMES // checkpoint.model.step_frames // 2)
    assert found[-1] - found[0] + 1 == frames


def test_recurrent_layers_hear_everything():
    checkpoint = convolutional(recurrent_layers=1)
    assert receptive_field(checkpoint).mixed_by == "recurrent layers" and len(reached(checkpoint.model, 6)) == FRAMES


def whisper(**hyperparameters):
    return speech("whisper-speech", attention_units=3, size=8, heads=2, hidden=6, **hyperparameters)


def test_convolutions_of_the_encoder_and_the_average_behind_it():
    checkpoint = whisper(blocks=0, recurrent_layers=0)
    field = receptive_field(checkpoint)
    assert field.mixed_by == "" and field.stages[-1].every == pytest.approx(0.04)
    found = reached(checkpoint.model, 5)
    assert found.tolist() == list(range(18, 25))
    assert field.stages[-1].hears == pytest.approx(0.025 + 6 * 0.01)


def test_a_block_of_the_encoder_hears_everything():
    checkpoint = whisper(recurrent_layers=0)
    assert receptive_field(checkpoint).mixed_by == "Whisper's self-attention"
    assert len(reached(checkpoint.model, 5)) == FRAMES
    assert "; Whisper's self-attention and recurrent layers pass on" in heard(receptive_field(whisper()))


@pytest.mark.parametrize("name", SPEECH)
def test_compared_systems_stack_frames_and_all_but_one_recur_before_they_attend(name):
    config = config_of(name)
    checkpoint = Checkpoint("x", config, checkpoints.build(config), None, SpeechFrontend(**config["frontend"]))
    field = receptive_field(checkpoint)
    assert bool(field.mixed_by) == (name != "mha-bilstm")
    assert [(s.name, round(s.every, 3), round(s.hears, 3)) for s in field.stages] == [
        ("frames", 0.01, 0.025),
        ("stacking", 0.04, 0.055),
    ]
    if name not in ("bilstm-last", "mha-bilstm"):
        assert len(reached(checkpoint.model, 3)) == FRAMES
    if name == "mha-bilstm":
        assert reached(checkpoint.model, 3).tolist() == [12, 13, 14, 15]


def test_text_and_networks_that_do_not_say_have_none():
    assert receptive_field(text("good")[0]) is None
    checkpoint = convolutional()
    checkpoint.model = object()
    assert receptive_field(checkpoint) is None


def test_in_words():
    assert heard(receptive_field(convolutional())) == (
        "165 ms of sound, with a new step every 40 ms (25 ms in a frame, 45 ms after convolution 1, 85 ms after "
        "convolution 2, 165 ms after convolution 3); recurrent layers pass on what was before and after, so what "
        "is weighed at a moment carries traces of the whole clip"
    )
    assert heard(receptive_field(speech("mha-bilstm", num_heads=2, key_dim=3))) == (
        "55 ms of sound, with a new step every 40 ms"
    )
