"""Metrics on a corpus, by the field's standard definitions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.metrics import f1_score, recall_score

from models import datasets
from models.errors import InputError
from models.frontend import audio
from models.frontend.tokenizer import tokenize
from models.mimic import mimic50
from models.training import predict

_READERS = {".jsonl": datasets.reuters, ".tsv": datasets.goemotions}
# What follows a split's name in a text corpus.
SPLIT_FILES = (*_READERS, "_50.csv")


def speech_scores(target, probabilities) -> dict[str, float]:
    """`n`, `uar` (unweighted average recall: the mean of the recalls of the labels present) and `accuracy`.

    Args:
        target: int array `(n,)` of label indices.
        probabilities: float array `(n, labels)`.
    """
    chosen = np.argmax(probabilities, axis=1)
    present = np.unique(target)
    return {
        "n": len(target),
        "uar": float(recall_score(target, chosen, labels=present, average="macro", zero_division=0)),
        "accuracy": float(np.mean(chosen == target)),
    }


def text_scores(target, probabilities, thresholds) -> dict[str, float]:
    """`n`, `micro_f1` and `macro_f1` (mean F1 over all labels; a label never seen nor predicted counts 0).

    Args:
        target: 0/1 array `(n, labels)`.
        probabilities: float array `(n, labels)`.
        thresholds: array `(labels,)`; at or above it a label is predicted.
    """
    chosen = probabilities >= thresholds
    return {
        "n": len(target),
        "micro_f1": float(f1_score(target, chosen, average="micro", zero_division=0)),
        "macro_f1": float(f1_score(target, chosen, average="macro", zero_division=0)),
    }


def best_thresholds(target, probabilities, mode) -> np.ndarray:
    """Thresholds that do best on validation data, float32 `(labels,)`.

    Args:
        mode: `"global"`: one threshold for all labels, for the best micro-F1; `"per-label"`: each
            label's own for its best F1, the curve smoothed over neighbouring thresholds so that a
            rare label does not follow the luck of a few documents.
    """
    grid = np.arange(0.05, 0.9, 0.025)
    if mode == "global":
        scores = [f1_score(target, probabilities >= t, average="micro", zero_division=0) for t in grid]
        return np.full(target.shape[1], grid[int(np.argmax(scores))], np.float32)
    best = []
    for label in range(target.shape[1]):
        scores = [f1_score(target[:, label], probabilities[:, label] >= t, zero_division=0) for t in grid]
        smooth = np.convolve(np.pad(scores, 1, mode="edge"), [0.25, 0.5, 0.25], "valid")
        best.append(grid[int(np.argmax(smooth))])
    return np.array(best, np.float32)


def evaluate(checkpoint, folder, split="test", progress=None) -> dict[str, float]:
    """Scores of a checkpoint on a corpus folder in the layout of `shared/data/README.md`.

    Speech: every RAVDESS clip below the folder. Text: Reuters (`*.jsonl`), GoEmotions (`*.tsv`) or
    MIMIC-III-50 (`*_50.csv`).

    Args:
        folder: the corpus, any part of it, or for text the file of one split.
        split: for text, which file to read; where the folder holds a single split, that one.
        progress: called as `progress(done, total)`.

    Raises:
        InputError: the folder holds nothing this checkpoint can be scored on.
    """
    folder = Path(folder)
    if folder.suffix in _READERS and folder.is_file():
        folder, split = folder.parent, folder.stem
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder. Give the folder of a corpus.")
    if checkpoint.modality == "speech":
        items = datasets.ravdess(folder)
        target = np.array([_own_label(checkpoint, datasets.RAVDESS_EMOTIONS[item.label]) for item in items])
        return speech_scores(target, _predict_clips(checkpoint, items, progress))
    items, labels = documents(folder, split, checkpoint.labels)
    column = np.array([_own_label(checkpoint, label) for label in labels])
    target = np.zeros((len(items), len(checkpoint.labels)), np.float32)
    target[:, column] = datasets.multi_hot(items, len(labels))
    rows = [encode(checkpoint.vocabulary, item.text) for item in items]
    return text_scores(target, predict(checkpoint.model, rows, progress=progress), checkpoint.thresholds)


def encode(vocabulary, text, longest=None) -> np.ndarray:
    """Token indices of a text, int32; at least one, so that an empty document is one unknown word."""
    starts, ends = tokenize(text)
    indices = vocabulary.encode(text, starts[:longest], ends[:longest])
    return indices if len(indices) else np.ones(1, np.int32)


def _own_label(checkpoint, label):
    if label not in checkpoint.labels:
        raise InputError(f"The corpus has the label “{label}”, which checkpoint “{checkpoint.name}” does not know.")
    return checkpoint.labels.index(label)


def documents(folder, split, own_labels=None):
    """Documents of one split of any text corpus, and the labels; `own_labels` where the folder names none."""
    if (folder / f"{split}_50.csv").is_file():
        return mimic50(folder, split, own_labels)
    for suffix, read in _READERS.items():
        splits = sorted(path.stem for path in folder.glob(f"*{suffix}"))
        if splits:
            if split not in splits and len(splits) > 1:
                raise InputError(f"{folder} has the splits {', '.join(splits)}, but no “{split}”.")
            # A single split may come without its labels.txt; our checkpoints keep the corpus' order.
            names = None if (folder / "labels.txt").is_file() else own_labels
            split = split if split in splits else splits[0]
            if suffix == ".jsonl" and _marked(folder / f"{split}.jsonl"):
                return datasets.movies(folder, split, own_labels)
            return read(folder, split, names)
    raise InputError(f"{folder} holds neither Reuters (*.jsonl) nor GoEmotions (*.tsv) files.")


def marked_reviews(folder, split) -> list[datasets.MarkedItem]:
    """Reviews with people's marks: a folder and its split, or one file.

    Raises:
        InputError: there are none.
    """
    path = Path(folder)
    if path.is_file():
        return datasets.movies(path.parent, path.stem)[0]
    return datasets.movies(path, split)[0]


def _marked(path):
    """Whether a file's first line is a review with people's marks, and no Reuters story."""
    with path.open(encoding="utf-8") as file:
        return '"rationales"' in file.readline()


def _predict_clips(checkpoint, items, progress):
    """Probabilities `(clips, labels)`, each clip read as the app reads it."""
    frontend, step = checkpoint.frontend, checkpoint.model.step_frames
    windows, owner, voiced = [], [], []
    for index, item in enumerate(items):
        clip = audio.decode(item.path.read_bytes(), sample_rate=frontend.log_mel.sample_rate, name=item.path.name)
        features = frontend(clip.samples, step)
        windows += features.windows
        owner += [index] * len(features.windows)
        voiced += list(features.voiced)
    rows = predict(checkpoint.model, windows, multiple=step, progress=progress)
    result = np.zeros((len(items), rows.shape[1]))
    np.add.at(result, owner, rows * np.array(voiced)[:, None])
    return result / np.bincount(owner, weights=voiced)[:, None]
