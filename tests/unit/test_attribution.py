"""The witnesses, on networks that are linear over known steps: each must find exactly these."""

import numpy as np
import pytest
from toys import clip, steps_slope, text

from models.attribution import (
    gradient_input,
    integrated_gradients,
    occlusion,
    overlap,
    smoothgrad,
    spearman,
)
from models.errors import EarmarkError
from models.subjects import subject

WITNESSES = [gradient_input, integrated_gradients, occlusion, smoothgrad]
WORDS = "plain good plain plain shown good plain plain plain plain"
KNOWN = range(12, 18)


@pytest.fixture(scope="module")
def words():
    return subject(*text(WORDS))


@pytest.fixture(scope="module")
def sound():
    return subject(*clip(steps_slope(KNOWN, 1e-3, 40)))


@pytest.mark.parametrize("witness", WITNESSES)
@pytest.mark.parametrize("label", [0, 1])
def test_every_witness_finds_the_known_words_and_how_much_they_add(words, witness, label):
    expected = np.zeros(10)
    expected[[1, 5]] = 0.2 if label == 0 else -0.2
    found = witness(words, label)
    assert found.label == label and found.scores.dtype == np.float32
    np.testing.assert_allclose(found.scores, expected, atol=1e-6)


@pytest.mark.parametrize("witness", WITNESSES)
def test_every_witness_finds_the_known_moments(sound, witness):
    scores = witness(sound, 0).scores
    assert len(scores) == sound.steps == 40
    assert np.abs(scores[KNOWN]).min() > 1e-3
    beside = [KNOWN[0] - 1, KNOWN[-1] + 1] if witness is occlusion else []  # a mute fades into its neighbours
    others = np.setdiff1d(np.arange(40), [*KNOWN, *beside])
    assert np.abs(scores[others]).max() < 1e-6


def test_filling_in_the_mean_spectrum_does_not_reach_beyond_the_step(sound):
    scores = occlusion(sound, 0, "mean").scores
    np.testing.assert_allclose(scores, gradient_input(sound, 0).scores, atol=1e-5)


@pytest.mark.parametrize("fixture", ["words", "sound"])
def test_the_completeness_gap_of_a_linear_network_is_under_one_percent(fixture, request):
    found = integrated_gradients(request.getfixturevalue(fixture), 0)
    assert found.completeness_gap < 0.01 and "16 steps" in found.description


def test_contributions_over_windows_add_up_to_the_answer():
    whole = subject(*clip(np.full(160, 2e-5), seconds=2.4, window_seconds=1.0))
    assert len(whole.windows) > 2
    found = integrated_gradients(whole, 0)
    everything = whole.probabilities([np.zeros(whole.steps, bool), np.ones(whole.steps, bool)], "mean")[:, 0]
    assert found.scores.sum() == pytest.approx(everything[0] - everything[1], abs=1e-4)
    assert found.completeness_gap < 0.01


def test_the_number_of_points_grows_until_the_gap_is_small_or_the_bound_is_reached(monkeypatch):
    import models.attribution as module

    asked = []

    def bent(subject, inputs, mask, label):
        # A step function halfway: its gradient is a spike that few points miss.
        at = inputs[:, 1, 0] / 0.2
        asked.extend(at.tolist())
        slope = np.zeros_like(inputs)
        slope[:, 1, 0] = np.exp(-(((at - 0.52) / 0.01) ** 2)) / (0.01 * np.sqrt(np.pi)) / 0.2
        return (at > 0.52).astype(float), slope

    monkeypatch.setattr(module, "_gradients", bent)
    words = subject(*text(WORDS))
    fine = module.integrated_gradients(words, 0)
    assert fine.completeness_gap <= module.GAP and len(asked) == len(set(np.round(asked, 6))) > 17
    coarse = module.integrated_gradients(words, 0, most_points=16)
    assert coarse.completeness_gap > module.GAP


def test_occlusion_by_segments_shares_the_fall(words):
    scores = occlusion(words, 0, segments=5).scores
    np.testing.assert_allclose(scores, [0.1, 0.1, 0, 0, 0.1, 0.1, 0, 0, 0, 0], atol=1e-6)


def test_smoothgrad_is_seeded(sound):
    assert np.array_equal(smoothgrad(sound, 0, seed=3).scores, smoothgrad(sound, 0, seed=3).scores)


def test_another_backend_is_told_what_to_do(monkeypatch):
    import keras

    fresh = subject(*text("good plain", unknown_attended=1.0))  # no graph of it is kept yet
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(EarmarkError, match="Gradients need Keras on TensorFlow; here it runs on jax"):
        gradient_input(fresh, 0)


def test_rank_agreement():
    assert spearman([1, 2, 3, 4], [10, 20, 30, 99]) == pytest.approx(1)
    assert spearman([1, 2, 3, 4], [4, 3, 2, 1]) == pytest.approx(-1)
    # Ties share their mean rank: scipy.stats.spearmanr([1, 2, 2, 3], [1, 3, 2, 4]) = 0.9487.
    assert spearman([1, 2, 2, 3], [1, 3, 2, 4]) == pytest.approx(0.9486833)
    assert spearman([1, 1, 1], [1, 2, 3]) is None
    assert overlap([9, 8, 0, 0, 0, 0, 0, 0, 0, 0], [0, 9, 8, 0, 0, 0, 0, 0, 0, 0]) == 0.5
