"""An ensemble is the mean of its members, in what it says and in how it is trained."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from models import checkpoints, train_speech
from models.augmentation import SpeechAugmentation
from models.errors import InputError
from models.explain import explain_clip
from models.frontend import audio
from models.needed import replaceable
from models.recipes import SpeechRecipe
from models.speech_ensemble import AttentiveSpeechEnsemble
from models.train_speech import cross_validate, fit, fit_members, member_recipe, read_folds, train
from models.training import pad
from models.trust import assess
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


@pytest.fixture
def runs(monkeypatch):
    """What `fit` gives for each network, in order, as it is trained."""
    made = []

    def recorded(recipe, *corpus, **options):
        made.append((recipe, options["seed"], *fit(recipe, *corpus, **options)))
        return made[-1][2:]

    monkeypatch.setattr(train_speech, "fit", recorded)
    return made


def test_members_are_trained_as_networks_of_their_own_and_put_together(corpus, tmp_path, runs):
    data = noise(0.8)
    config, model, rows, maps = fit_members(RECIPE, *corpus, seed=3, samples={"a.wav": data}, report=lambda line: None)
    assert config["architecture"] == "attentive-speech-ensemble" and config["hyperparameters"] == model.get_config()
    assert [seed for _, seed, *_ in runs] == [3, 10_003]
    assert all(recipe == member_recipe(RECIPE) and recipe.members == 1 for recipe, *_ in runs)
    networks, epochs = [run[3] for run in runs], [run[4] for run in runs]
    for part, trained in zip(model.members, networks, strict=True):
        for ours, own in zip(part.get_weights(), trained.get_weights(), strict=True):
            np.testing.assert_array_equal(ours, own)
    assert not np.allclose(*(network.get_weights()[0] for network in networks))
    assert [row["epoch"] for row in rows] == [1, 2]
    assert rows[1]["loss"] == pytest.approx(np.mean([each.rows[1]["loss"] for each in epochs]))
    steps = epochs[0].stacked()["a.wav/universal_query"].shape[-1]
    assert maps["a.wav/universal_query"].shape == (2, 2, steps) and maps["a.wav/probabilities"].shape == (2, 8)

    checkpoints.save(tmp_path / "toy", config, model, card="", history=rows, epochs=maps)
    loaded = checkpoints.load(tmp_path / "toy")
    explanation = explain_clip(loaded, data, name="a.wav")
    (shown,) = explanation.attention
    assert shown.axes == ("network", "step") and shown.weights.shape == (2, steps)
    features = loaded.frontend(audio.decode(data, sample_rate=16000, name="a.wav").samples, 4).windows[0][None]
    alone = np.mean([np.asarray(network(features))[0] for network in networks], axis=0)
    np.testing.assert_allclose(explanation.probabilities, alone, atol=1e-5)
    figures = assess(loaded, explanation).figures[0]
    assert len(figures.networks) == 2 and figures.heads == figures.labels == ()


def test_a_plain_recipe_is_a_plain_network(corpus):
    config, model, rows, _ = fit_members(
        replace(member_recipe(RECIPE), epochs=1), *corpus, seed=3, report=lambda line: None
    )
    assert config["architecture"] == "attentive-speech" and not hasattr(model, "members") and len(rows) == 1


def test_folds_keep_what_each_network_reaches_and_the_card_says_it(tmp_path):
    corpus, folds = tmp_path / "corpus", tmp_path / "folds"
    corpus.mkdir()
    for actor in (1, 5):
        for emotion in range(1, 9):
            (corpus / f"03-01-{emotion:02}-01-01-01-{actor:02}.wav").write_bytes(noise(0.3 + 0.05 * emotion))
    recipe = replace(RECIPE, epochs=1)
    options = {"seed": 1, "report": lambda line: None}
    cross_validate(recipe, corpus, folds, **options)
    found = read_folds(folds, 2)
    assert [(r["fold"], r["speakers"], len(r["members"])) for r in found] == [(0, [1], 2), (1, [5], 2)]
    assert train(recipe, corpus, tmp_path / "toy", folds=folds, **options)["uar"] == np.mean([r["uar"] for r in found])
    card = (tmp_path / "toy" / "card.md").read_text()
    alone = np.mean([[one["uar"] for one in r["members"]] for r in found], axis=0)
    assert f"reach a UAR of {alone[0]:.4f}, {alone[1]:.4f}" in card and "ensembles of the same recipe" in card
    with pytest.raises(InputError, match="another recipe"):
        train(replace(recipe, members=3), corpus, tmp_path / "no", folds=folds, **options)
    assert not (tmp_path / "no").exists()


def test_no_network_is_no_ensemble():
    with pytest.raises(ValueError, match="at least one network"):
        AttentiveSpeechEnsemble(8, members=0)


def test_padding_alone_is_no_nan_and_the_config_rebuilds_it(ensemble):
    probabilities, maps = ensemble(np.zeros((1, 40, 64), np.float32), return_attention=True)
    assert np.isfinite(np.asarray(probabilities)).all() and not np.asarray(maps["universal_query"]).any()
    again = AttentiveSpeechEnsemble.from_config(ensemble.get_config())
    again(np.ones((1, 8, 64), np.float32))
    again.set_weights(ensemble.get_weights())
    features = np.random.default_rng(1).normal(size=(1, 40, 64)).astype(np.float32)
    np.testing.assert_allclose(np.asarray(again(features)), np.asarray(ensemble(features)), atol=1e-6)
