"""The networks: padding changes nothing, and what they promise about their maps holds."""

import numpy as np
import pytest

from models.registry import ARCHITECTURES, NAMES
from models.speech import AttentiveSpeechNetwork
from models.text import LabelAttentionNetwork
from models.training import pad
from models.whisper_speech import WhisperSpeechNetwork


def settled(model):
    """Untouched statistics and biases (mean 0, variance 1) would hide what leaks into padding."""
    model(np.ones((1, 8, 16), np.float32))
    rng = np.random.default_rng(3)
    for variable in model.weights:
        if "moving_mean" in variable.path or variable.path.endswith(("beta", "bias", "offset")):
            variable.assign(rng.normal(size=variable.shape))
    return model


@pytest.fixture(scope="module")
def convolutional():
    sizes = {"filters": (4, 6), "time_strides": (2, 2), "units": 8, "attention_units": 8}
    return settled(AttentiveSpeechNetwork(8, bands=16, **sizes))


@pytest.fixture(scope="module")
def whisper():
    return settled(WhisperSpeechNetwork(8, bands=16, size=8, heads=2, hidden=6, units=8, attention_units=8))


@pytest.fixture(scope="module", params=["convolutional", "whisper"])
def speech(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def text():
    return LabelAttentionNetwork(50, 6, embedding_dim=12, units=8, attention_units=8)


def test_registry_names_every_architecture():
    assert tuple(ARCHITECTURES) == NAMES


@pytest.mark.parametrize("frames", [4, 37 * 4])
def test_speech_padding_to_twice_the_length_changes_nothing(speech, frames):
    features = np.random.default_rng(frames).normal(size=(1, frames, 16)).astype(np.float32)
    probabilities, maps = speech(features, return_attention=True)
    padded = np.concatenate([features, np.zeros_like(features)], axis=1)
    longer, wider = speech(padded, return_attention=True)
    weights, wider = np.asarray(maps["universal_query"]), np.asarray(wider["universal_query"])
    np.testing.assert_allclose(np.asarray(longer), np.asarray(probabilities), atol=1e-5)
    np.testing.assert_allclose(wider[..., : weights.shape[-1]], weights, atol=1e-5)
    assert (wider[..., weights.shape[-1] :] == 0).all()


def test_speech_in_a_batch_equals_speech_alone(speech):
    rng = np.random.default_rng(0)
    clips = [rng.normal(size=(n, 16)).astype(np.float32) for n in (12, 40, 100)]
    together, _ = speech(pad(clips, speech.step_frames), return_attention=True)
    alone = [np.asarray(speech(clip[None]))[0] for clip in clips]
    np.testing.assert_allclose(np.asarray(together), alone, atol=1e-5)


def test_speech_steps_are_frames_over_the_strides(speech):
    _, maps = speech(np.ones((2, 48, 16), np.float32), return_attention=True)
    assert speech.step_frames == 4 and maps["universal_query"].shape[-1] == 12


def test_heads_learn_apart_and_answer_together(whisper):
    features = np.random.default_rng(1).normal(size=(2, 24, 16)).astype(np.float32)
    states, mask = whisper.encode(features)
    alone = [r.answer(s, mask)[0] for r, s in zip(whisper.readers, np.split(states, 3, axis=-1), strict=True)]
    np.testing.assert_allclose(np.asarray(whisper(features)), np.mean(alone, axis=0), atol=1e-6)
    own = np.asarray(whisper(features, training=True))
    assert own.shape == (2, 3, 8)
    target, weight = np.eye(8, dtype=np.float32)[[2, 5]], np.array([1.0, 3.0], np.float32)
    whisper.compile("sgd", "categorical_crossentropy")
    loss = whisper.compute_loss(y=target, y_pred=own, sample_weight=weight)
    expected = -(weight[:, None] * np.log(own[[0, 1], :, [2, 5]])).mean()
    assert float(loss) == pytest.approx(expected, rel=1e-5)


def test_speech_of_padding_only_is_no_nan(speech):
    probabilities, maps = speech(np.zeros((1, 40, 16), np.float32), return_attention=True)
    assert np.isfinite(np.asarray(probabilities)).all() and not np.asarray(maps["universal_query"]).any()


@pytest.mark.parametrize("words", [1, 9, 60])
def test_text_padding_to_twice_the_length_changes_nothing(text, words):
    tokens = np.random.default_rng(words).integers(1, 50, (1, words)).astype(np.int32)
    probabilities, maps = text(tokens, return_attention=True)
    longer, wider = text(np.concatenate([tokens, np.zeros_like(tokens)], axis=1), return_attention=True)
    weights, wider = np.asarray(maps["label_attention"]), np.asarray(wider["label_attention"])
    np.testing.assert_allclose(np.asarray(longer), np.asarray(probabilities), atol=1e-5)
    np.testing.assert_allclose(wider[..., :words], weights, atol=1e-5)
    np.testing.assert_allclose(weights.sum(axis=-1), 1, atol=1e-5)
    assert (wider[..., words:] == 0).all()


@pytest.mark.parametrize("name", ["convolutional", "whisper", "text"])
def test_maps_have_the_axes_they_name_and_a_description(name, request):
    model = request.getfixturevalue(name)
    features = np.ones((2, 8, 16), np.float32) if name != "text" else np.ones((2, 8), np.int32)
    probabilities, maps = model(features, return_attention=True)
    assert set(maps) == set(model.attention_axes) == set(model.attention_descriptions)
    for key, weights in maps.items():
        assert len(weights.shape) == 1 + len(model.attention_axes[key])
    assert np.array_equal(np.asarray(probabilities), np.asarray(model(features)))


@pytest.mark.parametrize("name", ["convolutional", "whisper", "text"])
def test_config_rebuilds_the_network(name, request):
    model = request.getfixturevalue(name)
    again = type(model).from_config(model.get_config())
    assert again.get_config() == model.get_config()
