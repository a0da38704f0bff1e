"""An ensemble is the mean of its members, in what it says and in how it is trained."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from models import checkpoints
from models.augmentation import SpeechAugmentation
from models.explain import explain_clip
from models.needed import replaceable
from models.recipes import SpeechRecipe
from models.speech_ensemble import AttentiveSpeechEnsemble
from models.train_speech import fit, fit_members, member_recipe
from models.training import pad
from tests.unit.test_systems import noise

MEMBER = {
    "bands": 64,
    "filters": (4, 6),
    "time_strides": (2, 2),
    "units": 6,
    "attention_units": 6,
    "recurrent_layers": 1,
}


@pytest.fixture(scope="module")
def ensemble():
    keras.utils.set_random_seed(5)
    model = AttentiveSpeechEnsemble(8, members=3, member=MEMBER)
    model(np.ones((1, 8, 64), np.float32))
    return model


@pytest.fixture(scope="module")
def clips():
    return [np.random.default_rng(n).normal(size=(n, 64)).astype(np.float32) for n in (12, 40, 100)]


def test_probabilities_are_the_members_mean_and_maps_are_theirs(ensemble, clips):
    batch = pad(clips, 4)
    probabilities, maps = ensemble(batch, return_attention=True)
    alone = [member(batch, return_attention=True) for member in ensemble.members]
    np.testing.assert_allclose(probabilities, np.mean([np.asarray(p) for p, _ in alone], axis=0), atol=1e-6)
    weights = np.asarray(maps["universal_query"])
    assert weights.shape == (3, 3, 25) and ensemble.attention_axes == {"universal_query": ("network", "step")}
    for i, (_, own) in enumerate(alone):
        np.testing.assert_allclose(weights[:, i], np.asarray(own["universal_query"]), atol=1e-6)
    assert not np.allclose(weights[:, 0], weights[:, 1])


def test_padding_changes_nothing(ensemble, clips):
    together = np.asarray(ensemble(pad(clips, 4)))
    alone = [np.asarray(ensemble(pad([clip], 4)))[0] for clip in clips]
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_given_weights_replace_every_members_own(ensemble, clips):
    states, mask = ensemble.encode(ensemble.embed(pad(clips, 4)))
    probabilities, weights = ensemble.attend(states, mask)
    again, _ = ensemble.attend(states, mask, attention_weights=weights)
    np.testing.assert_allclose(again, probabilities, atol=1e-6)
    for i in range(3):
        changed = np.array(weights)
        changed[:, i] = changed[:, i, ::-1]
        assert np.abs(np.asarray(ensemble.attend(states, mask, attention_weights=changed)[0]) - again).max() > 1e-6
    assert replaceable(ensemble, "universal_query")


RECIPE = SpeechRecipe(
    "toy", "Toy", 1, architecture="attentive-speech-ensemble", members=2, epochs=2, batch_size=4,
    hyperparameters={k: v for k, v in MEMBER.items() if k != "bands"},
    augmentation=SpeechAugmentation(changed_speed=0.0),
)  # fmt: skip


@pytest.fixture(scope="module")
def corpus():
    rng = np.random.default_rng(1)
    items = [type("Item", (), {"label": i % 8, "speaker": 1 + i // 8})() for i in range(16)]
    return items, [[rng.exponential(size=(40 + i, 64)).astype(np.float32)] for i in range(16)]


def test_members_are_trained_as_networks_of_their_own_and_put_together(corpus, tmp_path):
    data = noise(0.8)
    config, model, rows, maps = fit_members(
        RECIPE, *corpus, seed=3, validation=corpus, samples={"a.wav": data}, report=lambda line: None
    )
    assert config["architecture"] == "attentive-speech-ensemble" and config["hyperparameters"] == model.get_config()
    runs = [
        fit(member_recipe(RECIPE), *corpus, seed=seed, samples={"a.wav": data}, report=lambda line: None)
        for seed in (3, 10_003)
    ]
    for part, (_, trained, _) in zip(model.members, runs, strict=True):
        for ours, own in zip(part.get_weights(), trained.get_weights(), strict=True):
            np.testing.assert_allclose(ours, own, atol=1e-5)
    assert [row["epoch"] for row in rows] == [1, 2]
    assert rows[1]["loss"] == pytest.approx(np.mean([run.rows[1]["loss"] for *_, run in runs]), rel=1e-4)
    steps = runs[0][2].stacked()["a.wav/universal_query"].shape[-1]
    assert maps["a.wav/universal_query"].shape == (2, 2, steps) and maps["a.wav/probabilities"].shape == (2, 8)

    checkpoints.save(tmp_path / "toy", config, model, card="", history=rows, epochs=maps)
    loaded = checkpoints.load(tmp_path / "toy")
    explanation = explain_clip(loaded, data, name="a.wav")
    (shown,) = explanation.attention
    assert shown.axes == ("network", "step") and shown.weights.shape == (2, steps)
    np.testing.assert_allclose(
        explanation.probabilities,
        np.mean([np.asarray(t(loaded.frontend(*_samples(data)).windows[0][None]))[0] for _, t, _ in runs], axis=0),
        atol=1e-4,
    )


def _samples(data):
    from models.frontend import audio

    return audio.decode(data, sample_rate=16000, name="a.wav").samples, 4


def test_one_member_is_a_plain_network(corpus):
    config, model, rows, _ = fit_members(
        replace(member_recipe(RECIPE), epochs=1), *corpus, seed=3, report=lambda line: None
    )
    assert config["architecture"] == "attentive-speech" and not hasattr(model, "members") and len(rows) == 1
