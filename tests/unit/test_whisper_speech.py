"""The network on Whisper's first layers, saved, explained and tested like any other."""

import numpy as np
import pytest

from models import attribution, checkpoints
from models.explain import explain_clip
from models.needed import replaceable
from models.subjects import subject
from models.trust import assess
from tests.unit.test_systems import BANDS, config_of, noise, shaken

FEATURES = np.random.default_rng(0).normal(size=(2, 24, BANDS)).astype(np.float32)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    config = config_of("whisper-speech")
    model = shaken(checkpoints.build(config))
    config["stored_as_float16"] = checkpoints.names(model)
    checkpoints.round_to_float16(model, config["stored_as_float16"])
    path = tmp_path_factory.mktemp("kept") / "small"
    checkpoints.save(path, config, model, card="", history=[])
    loaded = checkpoints.load(path)
    np.testing.assert_array_equal(np.asarray(loaded.model(FEATURES)), np.asarray(model(FEATURES)))
    assert loaded.model.get_config() == model.get_config()
    return loaded


@pytest.fixture(scope="module")
def explanation(checkpoint):
    return explain_clip(checkpoint, noise(0.8), name="noise.wav")


def test_given_weights_replace_those_of_their_head_alone(checkpoint):
    model = checkpoint.model
    states, mask = model.encode(FEATURES)
    expected, weights = (np.asarray(values) for values in model.attend(states, mask))
    np.testing.assert_allclose(np.asarray(model.attend(states, mask, weights)[0]), expected, atol=1e-6)
    np.testing.assert_allclose(np.asarray(model(FEATURES)), expected, atol=1e-6)
    maps = model(FEATURES, return_attention=True)[1]
    assert weights.shape == maps["universal_query"].shape == (2, 3, 6)
    for head in range(3):
        other = weights.copy()
        other[:, head] = weights[:, head, ::-1]
        states_of = np.split(np.asarray(states), 3, axis=-1)[head]
        reader = model.readers[head]
        before, after = (np.asarray(reader.answer(states_of, mask, w)[0]) for w in (weights[:, head], other[:, head]))
        moved = np.asarray(model.attend(states, mask, other)[0]) - expected
        np.testing.assert_allclose(moved, (after - before) / 3, atol=1e-6)
        assert np.abs(moved).max() > 1e-4


def test_a_mask_says_what_zeros_say(checkpoint):
    padded = np.pad(FEATURES[:, :12], ((0, 0), (0, 12), (0, 0)))
    mask = np.tile(np.arange(24) < 12, (2, 1))
    full = np.where(mask[..., None], padded, 5.0).astype(np.float32)
    np.testing.assert_allclose(
        np.asarray(checkpoint.model(full, mask=mask)), np.asarray(checkpoint.model(padded)), atol=1e-6
    )


def test_every_test_of_a_map_runs(checkpoint, explanation):
    (map_,) = explanation.attention
    assert map_.axes == ("head", "step") and map_.weights.shape[0] == 3
    np.testing.assert_allclose(map_.weights.sum(axis=-1), 1, atol=1e-5)
    assert replaceable(checkpoint.model, "universal_query")
    trust = assess(checkpoint, explanation, quick=False)
    assert trust.needed is not None and len(trust.witnesses) > 1


def test_gradients_run_in_batches_that_fit_into_memory(checkpoint, explanation, monkeypatch):
    sizes = []
    gradients = attribution._gradients

    def recorded(subject, inputs, mask, label):
        sizes.append(len(inputs))
        return gradients(subject, inputs, mask, label)

    monkeypatch.setattr(attribution, "_gradients", recorded)
    attribution.smoothgrad(subject(checkpoint, explanation), 0)
    assert sum(sizes) == 20 and max(sizes) == checkpoint.model.gradient_rows
