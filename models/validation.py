"""The inputs that a checkpoint is judged on: validation items of a corpus, never those of a test split."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models import datasets
from models.errors import InputError
from models.evaluation import documents
from models.recipes import ACTORS_A_FOLD, RECIPES

# Text: the file of the validation items, where the corpus has one, and what to call the corpus.
_SPLITS = {"goemotions": "dev", "movies": "val", "mimic-50": "dev", "reuters": None}
_TITLES = {
    "goemotions": "GoEmotions",
    "movies": "ERASER movie reviews",
    "mimic-50": "MIMIC-III-50",
    "reuters": "Reuters-21578",
}


@dataclass(frozen=True)
class Inputs:
    """Validation items.

    Args:
        items: `SpeechItem`, `TextItem` or `MarkedItem`s.
        what: in words, where they are from.
        seen: whether the checkpoint learned from them; `None` where its card does not say.
    """

    items: list
    what: str
    seen: bool | None


def inputs(checkpoint, folder, split=None) -> Inputs:
    """The validation items of a corpus for this checkpoint.

    Speech: clips of RAVDESS' actors 1 to 4 (fold 0), on whom compared networks are scored. Text: the tenth of
    Reuters' training documents that training holds out, the dev split of GoEmotions and MIMIC-III-50, `val` of the
    movie reviews.

    Args:
        checkpoint: a `Checkpoint`.
        folder: the corpus, in the layout of `shared/data/README.md`.
        split: text: another file of the folder, but for `"test"`.

    Raises:
        InputError: the folder holds no such items, or the test split was asked for.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder. Give the folder of a corpus.")
    if split == "test":
        raise InputError("The test split is kept for final figures. Choose a validation split.")
    return _clips(checkpoint, folder, split) if checkpoint.modality == "speech" else _texts(checkpoint, folder, split)


def drawn(count: int, limit: int | None, seed: int) -> list[int]:
    """Indices of at most `limit` of `count` items, drawn at random and ascending; a larger limit keeps a smaller's."""
    order = np.random.default_rng(seed).permutation(count)
    return sorted(order[:limit].tolist())


def _clips(checkpoint, folder, split):
    if split is not None:
        raise InputError("Clips have no --split: scored are those of actors 1 to 4.")
    items = [item for item in datasets.ravdess(folder) if item.speaker <= ACTORS_A_FOLD]
    if not items:
        raise InputError(f"{folder} holds no clips of actors 1 to {ACTORS_A_FOLD}, on whom networks are scored.")
    learned = _actors(checkpoint.card)
    seen = None if learned is None else any(item.speaker in learned for item in items)
    speakers = sorted({item.speaker for item in items})
    return Inputs(items, f"RAVDESS, actors {', '.join(map(str, speakers))}", seen)


def _actors(card):
    """Who a speech checkpoint was trained on, from its card; `None` where that does not say."""
    said = re.search(r"trained on (?:all [\d,]+ clips of )?actors (\d+) to (\d+)", card)
    if said:
        return set(range(int(said[1]), int(said[2]) + 1))
    said = re.search(r"trained on actors (\d+(?:, \d+)*)", card)
    return {int(number) for number in said[1].split(", ")} if said else None


def _texts(checkpoint, folder, split):
    corpus = _corpus(folder)
    wanted = split or _SPLITS[corpus]
    if wanted is None:
        from models.train_text import splits  # only here: it brings in all of training

        _, items, labels = splits(RECIPES["reuters"], folder)
        what = "the tenth of the training documents held out for validation"
    else:
        items, labels = documents(folder, wanted, checkpoint.labels)
        what = f"split “{wanted}”"
    if not set(labels) & set(checkpoint.labels):
        raise InputError(
            f"Checkpoint “{checkpoint.name}” knows none of the labels in {folder}. Choose the corpus it answers for."
        )
    return Inputs(items, f"{_TITLES[corpus]}, {what}", _read(checkpoint.card, corpus, split))


def _read(card, corpus, split):
    """Whether a text checkpoint learned from that split, from its card."""
    said = re.search(r"^\| corpus \| (\S+) \|$", card, re.MULTILINE)
    if said is None or said[1] != corpus:
        return None
    return {None: False, _SPLITS[corpus]: False, "train": True}.get(split)


def _corpus(folder):
    if any(folder.glob("*_50.csv")):
        return "mimic-50"
    if any(folder.glob("*.tsv")):
        return "goemotions"
    if (folder / "val.jsonl").is_file():
        return "movies"
    if (folder / "train.jsonl").is_file():
        return "reuters"
    raise InputError(f"{folder} holds no corpus with validation texts (Reuters, GoEmotions, movies or MIMIC-III-50).")
