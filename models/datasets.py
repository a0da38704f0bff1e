"""The corpora, read from the layout of `shared/data/README.md`; any subset of a corpus will do."""

from __future__ import annotations

import csv
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.errors import InputError

# The corpus writes NEG and POS.
MOVIE_LABELS = {"NEG": "negative", "POS": "positive"}
RAVDESS_EMOTIONS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")
EMODB_NAME = re.compile(r"(\d\d)([ab]\d\d)([WLEAFTN])([a-z])$")  # speaker, sentence, emotion, version
# By the letter in a file's name (German); L, boredom, has no counterpart.
EMODB_EMOTIONS = {"W": "angry", "E": "disgust", "A": "fearful", "F": "happy", "T": "sad", "N": "neutral"}


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


@dataclass(frozen=True)
class MarkedItem(TextItem):
    """A document in which people marked the passages that justify its label.

    `text` is the corpus' tokens joined by single spaces; its token i is `text[starts[i]:ends[i]]`.

    Args:
        name: the corpus' id.
        starts, ends: int64 `(tokens,)`, the corpus' own tokens as offsets into `text`.
        marked: bool `(tokens,)`, the union of the marked passages.
        passages: the passages as `(first, last + 1)` in the corpus' tokens, in order; they may overlap.
    """

    name: str
    starts: np.ndarray
    ends: np.ndarray
    marked: np.ndarray
    passages: tuple[tuple[int, int], ...]


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


def emodb(folder) -> list[SpeechItem]:
    """Clips of EMO-DB below `folder` with an emotion that RAVDESS has too (all but boredom), in name order.

    Labels are RAVDESS'; of the name `SSTTTEV` SS is the speaker and E the emotion.

    Raises:
        InputError: no such clip lies there.
    """
    found = sorted(path for path in Path(folder).rglob("*") if path.suffix.lower() in (".flac", ".wav"))
    items = [
        SpeechItem(path, RAVDESS_EMOTIONS.index(EMODB_EMOTIONS[name[3]]), int(name[1]))
        for path in found
        if (name := EMODB_NAME.match(path.stem)) and name[3] in EMODB_EMOTIONS
    ]
    if not items:
        raise InputError(f"{folder} holds no EMO-DB clips (files named SSTTTEV.wav or .flac, as 03a01Fa.wav).")
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


def movies(folder, split, labels=None) -> tuple[list[MarkedItem], tuple[str, ...]]:
    """Reviews of one split of ERASER's movie reviews (`{split}.jsonl`), with the marks people made.

    The corpus as kept here has its validation reviews in `train.jsonl`, too; whoever trains leaves
    them out by their names.

    Args:
        labels: names in index order; `None` is negative, positive.
    """
    labels = tuple(labels or MOVIE_LABELS.values())
    if not set(MOVIE_LABELS.values()) <= set(labels):
        raise InputError("These reviews are negative or positive; this checkpoint answers something else.")
    path = Path(folder) / f"{split}.jsonl"
    if not path.is_file():
        raise InputError(f"{path} is missing.")
    return marked_items(path.read_text(encoding="utf-8"), labels, path.name), labels


def marked_items(text: str, labels, source: str) -> list[MarkedItem]:
    """Documents with people's marks, one JSON object a line.

    Each has `id`, `label` (NEG or POS), `tokens` (list of strings) and `rationales` (list of
    `[first, last + 1]`, counted in tokens).

    Args:
        labels: names in index order; must hold those of `MOVIE_LABELS` that occur.
        source: what to call the file in a message.

    Raises:
        InputError: a line is not such an object; the message says which line and what is wrong.
    """
    items = []
    for number, line in enumerate(text.split("\n"), start=1):  # why not `splitlines`: see `_lines`
        if line.strip():
            try:
                items.append(_marked_item(json.loads(line), labels))
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                reason = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
                raise InputError(
                    f"Line {number} of {source} is not an annotated review ({reason}). Each line must be one JSON "
                    "object with id, label (NEG or POS), tokens and rationales."
                ) from error
    if not items:
        raise InputError(f"{source} holds no reviews.")
    return items


def _marked_item(body, labels):
    tokens, passages = body["tokens"], [tuple(span) for span in body["rationales"]]
    if not isinstance(tokens, list) or not tokens or not all(isinstance(token, str) for token in tokens):
        raise ValueError("the tokens are not strings")
    if not isinstance(body["label"], str) or body["label"] not in MOVIE_LABELS:
        raise ValueError(f"the label is {body['label']!r}")
    marked = np.zeros(len(tokens), bool)
    for span in passages:
        if len(span) != 2 or not all(type(end) is int for end in span) or not 0 <= span[0] < span[1] <= len(tokens):
            raise ValueError(f"the passage {list(span)} does not lie within its {len(tokens)} tokens")
        marked[slice(*span)] = True
    lengths = np.array([len(token) for token in tokens], np.int64)
    starts = np.cumsum(lengths + 1) - lengths - 1
    label = labels.index(MOVIE_LABELS[body["label"]])
    return MarkedItem(
        " ".join(tokens), (label,), str(body["id"]), starts, starts + lengths, marked, tuple(sorted(passages))
    )


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
