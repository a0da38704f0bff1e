"""The corpora, read from the layout of `shared/data/README.md`; any subset of a corpus will do."""

from __future__ import annotations

import csv
import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.errors import InputError

RAVDESS_EMOTIONS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")


@dataclass(frozen=True)
class SpeechItem:
    """One clip of a corpus: where it is, its label's index, and who speaks."""

    path: Path
    label: int
    speaker: int


@dataclass(frozen=True)
class TextItem:
    """One document of a corpus and the indices of its labels."""

    text: str
    labels: tuple[int, ...]


def ravdess(folder) -> list[SpeechItem]:
    """Speech clips of RAVDESS below `folder`, named `03-01-EE-II-SS-RR-NN.{flac,wav}`, in name order.

    Raises:
        InputError: no such clip lies there.
    """
    folder = Path(folder)
    items = []
    # `os.walk`, as a subset may be a folder of links to actors, and `rglob` does not follow links.
    found = (Path(base, name) for base, _, names in os.walk(folder, followlinks=True) for name in names)
    for path in sorted(p for p in found if p.name.startswith("03-01-") and p.suffix.lower() in (".flac", ".wav")):
        parts = path.stem.split("-")
        if len(parts) != 7 or not all(p.isdigit() for p in parts) or not 1 <= int(parts[2]) <= 8:
            raise InputError(f"{path.name} is not named as RAVDESS names its clips (03-01-EE-II-SS-RR-NN).")
        items.append(SpeechItem(path, int(parts[2]) - 1, int(parts[6])))
    if not items:
        raise InputError(f"{folder} holds no RAVDESS clips (files named 03-01-EE-II-SS-RR-NN.flac or .wav).")
    return items


def reuters(folder, split, labels=None) -> tuple[list[TextItem], tuple[str, ...]]:
    """Stories of one split of Reuters-21578 (`{split}.jsonl`), title and text joined by a line break.

    Args:
        labels: names in index order; `None` reads `labels.txt`. Topics outside them are ignored.
    """
    folder = Path(folder)
    labels = tuple(labels or _lines(folder / "labels.txt"))
    index = {name: i for i, name in enumerate(labels)}
    items = []
    for line in _lines(folder / f"{split}.jsonl"):
        story = json.loads(line)
        items.append(
            TextItem(
                f"{story['title']}\n{story['text']}",
                tuple(sorted(index[t] for t in story["topics"] if t in index)),
            )
        )
    return items, labels


def goemotions(folder, split, labels=None) -> tuple[list[TextItem], tuple[str, ...]]:
    """Comments of one split of GoEmotions (`{split}.tsv`: text, comma-separated label ids, comment id)."""
    folder = Path(folder)
    labels = tuple(labels or _lines(folder / "labels.txt"))
    path = folder / f"{split}.tsv"
    if not path.is_file():
        raise InputError(f"{path} is missing.")
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        items = [TextItem(row[0], tuple(sorted(int(i) for i in row[1].split(",")))) for row in rows]
    return items, labels


def multi_hot(items, labels: int) -> np.ndarray:
    """Float32 array of shape `(items, labels)` with 1 where a document has a label."""
    target = np.zeros((len(items), labels), np.float32)
    for row, item in enumerate(items):
        target[row, list(item.labels)] = 1
    return target


def _lines(path):
    if not path.is_file():
        raise InputError(f"{path} is missing.")
    # Not `splitlines`: a JSON string may hold U+2028, which is a line break there and none here.
    return [line for line in path.read_text(encoding="utf-8").split("\n") if line]
