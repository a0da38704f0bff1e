"""Somebody else's Keras model as a checkpoint: a `.keras` file with a small config beside it.

Either a folder with one `.keras` file and `config.json`, or `NAME.keras` and `NAME.json` next to each other.
The file is loaded in Keras' safe mode; no code of it is ever imported or run.
"""

from __future__ import annotations

import json
from pathlib import Path

from models.errors import CheckpointError
from models.explanation import MODALITIES, TASKS
from models.foreign_file import contents
from models.foreign_words import STANDARDIZE

SUFFIX = ".keras"
OUTPUTS = ("probabilities", "logits")
PADDING = ("post", "pre")


def is_foreign(path: Path) -> bool:
    """Whether a path in the checkpoints' folder is, or holds, a `.keras` file."""
    return path.suffix == SUFFIX if path.is_file() else path.is_dir() and any(path.glob(f"*{SUFFIX}"))


def name_of(path: Path) -> str:
    """The name that a path in the checkpoints' folder is listed under."""
    return path.stem if path.suffix == SUFFIX and not path.is_dir() else path.name


def files(path: Path) -> dict[str, Path]:
    """The files that make up a foreign checkpoint: `model`, `config`, `vocabulary`; each may be missing.

    Raises:
        CheckpointError: the folder holds several models.
    """
    if path.is_dir():
        found = sorted(path.glob(f"*{SUFFIX}"))
        if len(found) > 1:
            listed = " and ".join(file.name for file in found)
            raise CheckpointError(f"Folder “{path.name}” holds several models ({listed}); put each into a folder.")
        beside = path / "config.json", path / "vocabulary.txt"
        return dict(zip(("model", "config", "vocabulary"), (*found, *beside), strict=True))
    beside = path.with_suffix(".json"), path.with_suffix(".vocabulary.txt")
    return dict(zip(("model", "config", "vocabulary"), (path, *beside), strict=True))


def config(path: Path) -> dict:
    """The config of a foreign checkpoint, checked as far as that goes without TensorFlow.

    Raises:
        CheckpointError: something is missing or wrong; the message names the checkpoint and the file.
    """
    name = name_of(path)
    try:
        return _config(path)
    except CheckpointError as error:
        raise CheckpointError(f"Checkpoint “{name}” cannot be used: {error}") from error


def _config(path):
    found = files(path)
    beside = found["config"]
    if not beside.is_file():
        raise CheckpointError(
            f"{beside.name} is missing beside {found['model'].name}. It names modality, task, labels and frontend; the "
            "page “Checkpoints” shows one."
        )
    try:
        given = json.loads(beside.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise CheckpointError(f"{beside.name} is not readable JSON.") from error
    if not isinstance(given, dict):
        raise CheckpointError(f"{beside.name} is not a JSON object.")
    inside = contents(found["model"])
    wrong = _wrong(given, inside, found["vocabulary"])
    if wrong:
        raise CheckpointError(f"{beside.name}: {wrong}")
    task, labels = given["task"], given["labels"]
    if task == "multi-label" and given.get("thresholds") is None:
        given["thresholds"] = [0.5] * len(labels)
    attention = ", ".join(f"{kind} “{layer}”" for kind, layer in inside.attention) or "none"
    given["architecture"] = f"Keras {inside.kind} model of {inside.layers} layers; attention: {attention}"
    return given


def _wrong(given, inside, vocabulary):
    """What is wrong with a config, in one sentence; `""` if nothing is."""
    wanted = {"modality": MODALITIES, "task": TASKS}
    for key, allowed in wanted.items():
        if given.get(key) not in allowed:
            listed = ", ".join(f'"{value}"' for value in allowed)
            return (f"it lacks “{key}”" if key not in given else f"“{key}” is unknown") + f"; give one of {listed}."
    labels, thresholds, frontend = given.get("labels"), given.get("thresholds"), given.get("frontend", {})
    if not isinstance(labels, list) or not labels or not all(isinstance(label, str) and label for label in labels):
        return "it lacks “labels”; give their names as a list, in the order of the network's outputs."
    if len(set(labels)) < len(labels):
        return "“labels” names one label twice."
    if given["task"] == "multi-label" and thresholds is not None:
        numbers = isinstance(thresholds, list) and all(isinstance(t, (int, float)) for t in thresholds)
        if not numbers or len(thresholds) != len(labels):
            return f"“thresholds” must be {len(labels)} numbers, one a label; or leave it out for 0.5 each."
    if given["task"] != "multi-label" and thresholds is not None:
        return f"“thresholds” go with the task multi-label, not with {given['task']}; leave them out."
    if given.get("output", "probabilities") not in OUTPUTS:
        return "“output” is “probabilities” or “logits”."
    if not isinstance(given.get("title", ""), str):
        return "“title” is not a text."
    if not isinstance(frontend, dict):
        return "“frontend” is not an object."
    if given["modality"] == "text":
        if given["task"] == "per-step":
            return "the task per-step is for speech; a text has one answer."
        if frontend.get("padding", "post") not in PADDING:
            return "“padding” is “post” or “pre”."
        if "length" in frontend and not (isinstance(frontend["length"], int) and frontend["length"] > 0):
            return "“length” must be a number of words."
        if frontend.get("standardize", "earmark") not in (*STANDARDIZE, "earmark"):
            return "“standardize” is one of " + ", ".join(f'"{s}"' if s else "null" for s in STANDARDIZE) + "."
        if not vocabulary.is_file() and not inside.vectorization:
            return (
                f"a text network needs {vocabulary.name} beside it: its words, one a line, in the order of their "
                "indices from 2 (0 is padding, 1 the unknown word)."
            )
        return ""
    absent = [key for key in ("log_mel", "mean", "deviation") if key not in frontend]
    if absent:
        return f"“frontend” lacks {' and '.join(absent)}; they say how its log-mel frames are made."
    return ""


def load(path: Path):
    """Load a foreign checkpoint from its folder, or from its `.keras` file, as a `ForeignCheckpoint`.

    Raises:
        CheckpointError: it cannot be used; the message names it and says why and what to do.
    """
    given = config(path)
    from models.foreign_network import loaded

    try:
        return loaded(path, given)
    except CheckpointError as error:
        raise CheckpointError(f"Checkpoint “{name_of(path)}” cannot be used: {error}") from error
