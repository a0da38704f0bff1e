"""Speech recipes scored on speakers they did not learn from, and the card that says so."""

from dataclasses import replace

import numpy as np
import pytest

from models import checkpoints
from models.augmentation import SpeechAugmentation
from models.errors import InputError
from models.recipes import SpeechRecipe
from models.train_speech import cross_validate, read_folds, train
from tests.unit.test_systems import noise

RECIPE = SpeechRecipe(
    "toy", "Toy", 1, epochs=5, batch_size=4, augmentation=SpeechAugmentation(changed_speed=0.0),
    hyperparameters={
        "filters": (2, 3), "time_strides": (2, 2), "units": 3, "attention_units": 3, "recurrent_layers": 1,
    },
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
    assert train(replace(RECIPE, epochs=5), corpus, out, folds=folds, epochs=3, **QUIET)["uar"] == mean
    card = (out / "card.md").read_text()
    assert f"**{mean:.4f}**" in card and "cross-validate toy" in card
    assert "5 epochs on 8 clips; the shipped weights for 3 on all 16: 48 clips seen, as against 40" in card
    assert (out / "folds.json").is_file() and len(checkpoints.load(out).history) == 3


def test_one_fold_alone_is_refused_and_so_is_one_that_is_not_there(corpus, tmp_path):
    with pytest.raises(InputError, match="no fold 7; the corpus has 0, 1"):
        cross_validate(RECIPE, corpus, tmp_path / "folds", folds=[7], **QUIET)
    with pytest.raises(InputError, match="Run cross-validate first"):
        train(RECIPE, corpus, tmp_path / "toy", folds=tmp_path, **QUIET)
    alone = tmp_path / "alone"
    alone.mkdir()
    for file in corpus.glob("*-01.wav"):
        (alone / file.name).write_bytes(file.read_bytes())
    with pytest.raises(InputError, match="speakers of one fold only"):
        cross_validate(RECIPE, alone, tmp_path / "folds", **QUIET)
