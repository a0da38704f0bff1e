"""Speech recipes scored on speakers they did not learn from, and the card that says so."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from models import checkpoints
from models.augmentation import SpeechAugmentation
from models.cards import speech_card
from models.errors import InputError
from models.recipes import PretrainedSpeech, SpeechRecipe
from models.train_speech import cross_validate, fit, load_corpus, read_folds, train
from models.whisper import load_whisper, start_encoder
from tests.unit.test_systems import WHISPER, noise
from tests.unit.test_whisper import model_file, whisper_weights

RECIPE = SpeechRecipe(
    "toy", "Toy", 1, epochs=5, batch_size=4, augmentation=SpeechAugmentation(changed_speed=0.0),
    hyperparameters={
        "filters": (2, 3), "time_strides": (2, 2), "units": 3, "attention_units": 3, "recurrent_layers": 1,
    },
)  # fmt: skip
PRETRAINED = PretrainedSpeech(
    "toy", "Toy", 1, epochs=2, batch_size=4,
    augmentation=SpeechAugmentation(changed_speed=0.0, mask_bands=2),
    hyperparameters=WHISPER | {"units": 3, "recurrent_layers": 1}, log_mel={"bands": 6},
)  # fmt: skip
QUIET = {"seed": 1, "report": lambda line: None}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ravdess")
    for actor in (1, 5):
        for emotion in range(1, 9):
            (folder / f"03-01-{emotion:02}-01-01-01-{actor:02}.wav").write_bytes(noise(0.3 + 0.05 * emotion))
    return folder


def test_folds_hold_out_speakers_and_the_card_has_their_figures(corpus, tmp_path):
    folds, out = tmp_path / "folds", tmp_path / "toy"
    cross_validate(RECIPE, corpus, folds, command="cross-validate toy", **QUIET)
    found = read_folds(folds)
    assert [(r["fold"], r["speakers"], r["n"]) for r in found] == [(0, [1], 8), (1, [5], 8)]
    for result in found:
        confusion = np.array(result["confusion"])
        assert confusion.sum() == 8 and result["accuracy"] == confusion.trace() / 8
        # Figures are those after the last epoch, the fifth, which is scored.
        assert result["history"][-1]["validation_uar"] == result["uar"]
    mean = np.mean([r["uar"] for r in found])
    assert train(replace(RECIPE, epochs=5), corpus, out, folds=[folds], epochs=3, **QUIET)["uar"] == mean
    card = (out / "card.md").read_text()
    assert f"**{mean:.4f}**" in card and "cross-validate toy" in card
    assert "5 epochs on 8 clips; the shipped weights for 3 on all 16: 48 clips seen, as against 40" in card
    assert (out / "folds.json").is_file() and len(checkpoints.load(out).history) == 3


def test_one_fold_alone_is_refused_and_so_is_one_that_is_not_there(corpus, tmp_path):
    with pytest.raises(InputError, match="no fold 7; the corpus has 0, 1"):
        cross_validate(RECIPE, corpus, tmp_path / "folds", folds=[7], **QUIET)
    with pytest.raises(InputError, match="Run cross-validate first"):
        train(RECIPE, corpus, tmp_path / "toy", folds=[tmp_path], **QUIET)
    alone = tmp_path / "alone"
    alone.mkdir()
    for file in corpus.glob("*-01.wav"):
        (alone / file.name).write_bytes(file.read_bytes())
    with pytest.raises(InputError, match="speakers of one fold only"):
        cross_validate(RECIPE, alone, tmp_path / "folds", **QUIET)


@pytest.fixture(scope="module")
def whisper(tmp_path_factory):
    return model_file(tmp_path_factory.mktemp("whisper") / "model.bin", whisper_weights(hidden=WHISPER["hidden"]))


def test_the_encoder_stays_as_it_was_pretrained_and_the_heads_learn(corpus, whisper):
    items, variants = load_corpus(PRETRAINED, corpus, report=QUIET["report"])
    pretrained = load_whisper(whisper)
    config, model, _ = fit(PRETRAINED, items, variants, pretrained=pretrained, **QUIET)
    fresh = checkpoints.build(config)
    start_encoder(fresh.encoder, pretrained)
    trained = {variable.path: np.asarray(variable) for variable in model.encoder.weights}
    for variable in fresh.encoder.trainable_variables:
        np.testing.assert_array_equal(trained[variable.path], np.asarray(variable, np.float16).astype(np.float32))
    frontend = config["frontend"]
    np.testing.assert_allclose(trained["network/encoder/scale"], np.array(frontend["deviation"]) / 40, rtol=1e-3)
    assert float(np.abs(np.asarray(model.normalization.gamma) - 1).max()) > 0
    assert set(config["stored_as_float16"]) == set(checkpoints.names(model))


def test_what_was_scored_is_what_is_stored(corpus, whisper, tmp_path):
    train(PRETRAINED, corpus, tmp_path / "toy", whisper=whisper, **QUIET)
    loaded = checkpoints.load(tmp_path / "toy")
    stored = [np.asarray(v) for v in loaded.model.weights]
    assert all(np.array_equal(value, value.astype(np.float16).astype(np.float32)) for value in stored)
    assert "Whisper tiny.en" in loaded.card and "Permission is hereby granted" in loaded.card


def test_a_recipe_with_an_encoder_asks_for_its_file(corpus, tmp_path):
    with pytest.raises(InputError, match="toy hears through an encoder of Whisper's. Name its file: --whisper FILE"):
        train(PRETRAINED, corpus, tmp_path / "toy", **QUIET)
    with pytest.raises(InputError, match="learns from its corpus alone. Leave --whisper out"):
        cross_validate(RECIPE, corpus, tmp_path / "folds", whisper=tmp_path / "model.bin", **QUIET)


def result(fold, seed, uar):
    return {
        "fold": fold, "seed": seed, "speakers": [1], "n": 8, "uar": uar, "accuracy": uar / 2, "minutes": 1.0,
        "confusion": np.diag([seed] * 8).tolist(), "command": f"seed {seed}",
        "history": [{"epoch": 1.0, "loss": float(seed)}, {"epoch": 2.0, "validation_uar": uar}],
    }  # fmt: skip


def test_figures_of_several_seeds_are_their_means(tmp_path):
    for seed, uars in ((1, (0.5, 0.7)), (2, (0.6, 0.9))):
        (tmp_path / str(seed)).mkdir()
        for fold, uar in enumerate(uars):
            (tmp_path / str(seed) / f"fold-{fold}.json").write_text(json.dumps(result(fold, seed, uar)))
    first, second = read_folds(tmp_path / "1", tmp_path / "2")
    assert first["uar"] == pytest.approx(0.55) and second["accuracy"] == pytest.approx(0.4)
    assert first["confusion"] == np.diag([3] * 8).tolist() and first["n"] == 8
    assert first["history"] == [{"epoch": 1.0, "loss": 1.5}, {"epoch": 2.0, "validation_uar": pytest.approx(0.55)}]
    assert [(run["seed"], run["uar"], run["command"]) for run in second["runs"]] == [
        (1, 0.7, "seed 1"), (2, 0.9, "seed 2")
    ]  # fmt: skip
    card = speech_card(
        PRETRAINED, command="x", seed=1, epochs=3, minutes=1, folds=[first, second], speakers=[1], clips=16,
        model=SimpleNamespace(count_params=lambda: 5),
    )  # fmt: skip
    assert "mean of 2 seeds" in card and "0.6000 (seed 1), 0.7500 (seed 2); deviation 0.1061" in card
    assert "seed 1\nseed 2" in card
    assert not {"seed", "command", "minutes"} & set(first)
    with pytest.raises(InputError, match="Fold 0 was scored twice with one seed"):
        read_folds(tmp_path / "1", tmp_path / "1")
    (tmp_path / "2" / "fold-1.json").unlink()
    with pytest.raises(InputError, match="Fold 1 is not in every one of the folders"):
        read_folds(tmp_path / "1", tmp_path / "2")
