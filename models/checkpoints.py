"""Checkpoints: folders that hold a network, its front end, its card and how it learned.

A folder holds `config.json`, `weights.safetensors` (names are Keras variable paths), `card.md`,
`history.csv`, `epochs.safetensors`, and for text `vocabulary.txt`. Loading builds the network
from our registry and copies numbers into it: no pickle, no Lambda, no code from the folder.
A folder with a `.keras` file, or such a file itself, is somebody else's: see `models.foreign`.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import safetensors
import safetensors.numpy

from models import foreign
from models.errors import CheckpointError
from models.frontend.tokenizer import Vocabulary

FORMAT = "earmark-checkpoint"
FORMAT_VERSION = 1
# A config's `order` from here on: systems that were trained to be compared. Without one, a user's own.
FIRST_COMPARED, LAST = 20, 100
REQUIRED = ("config.json", "weights.safetensors")
_HASHED = ("config.json", "weights.safetensors", "vocabulary.txt")


def root() -> Path:
    """Folder of the checkpoints: `$EARMARK_CHECKPOINTS`, or the ones we ship."""
    chosen = os.environ.get("EARMARK_CHECKPOINTS")
    return Path(chosen) if chosen else Path(__file__).resolve().parent.parent / "assets" / "checkpoints"


@dataclass(frozen=True)
class Listing:
    """A checkpoint as the app lists it.

    Args:
        name, modality, title: as of `Checkpoint`.
        path: its folder, or a `.keras` file.
        problem: why it cannot be used, or `None`.
        group: `"default"`, `"compared"` (systems trained alike, for comparison) or `"own"` (the user's).
        family: which of our samples suit it; `""` where its config does not say.
        architecture: its name in `models.registry`; of a Keras model, what it is in words.
    """

    name: str
    modality: str
    title: str
    path: Path
    problem: str | None = None
    group: str = "own"
    family: str = ""
    architecture: str = ""


def available(modality: str | None = None) -> list[Listing]:
    """Every checkpoint, healthy ones first (in the config's `order`, then by name), damaged ones last."""
    folder = root()
    found, names = [], set()
    # Folders first: of a folder and a file of one name, the folder has it.
    for path in sorted(folder.iterdir(), key=lambda p: (not p.is_dir(), p.name)) if folder.is_dir() else []:
        if path.name.startswith(".") or not (path.is_dir() or foreign.is_foreign(path)):
            continue
        name = foreign.name_of(path)
        try:
            if name in names:
                raise CheckpointError(f"File “{path.name}” cannot be used: a folder “{name}” has its name. Rename it.")
            names.add(name)
            config = _config(path)
        except CheckpointError as error:
            found.append((1, 0, Listing(name, "unknown", name, path, str(error))))
            continue
        if modality in (None, config["modality"]):
            order = config.get("order")
            numbered = isinstance(order, (int, float)) and not foreign.is_foreign(path)
            group = "own" if not numbered else "compared" if order >= FIRST_COMPARED else "default"
            said = {key: str(config.get(key, "")) for key in ("family", "architecture")}
            entry = Listing(name, config["modality"], config.get("title", name), path, group=group, **said)
            found.append((0, order if numbered else LAST, entry))
    return [entry for *_, entry in sorted(found, key=lambda f: (f[0], f[1], f[2].name))]


def files(name: str) -> list[Path]:
    """The files of the checkpoint of that name, sorted; empty where there is none."""
    path = root() / name
    if path.is_dir():
        return sorted(path.iterdir())
    return sorted(file for file in foreign.files(path.with_name(name + foreign.SUFFIX)).values() if file.is_file())


def hash_of(folder: Path) -> str:
    """SHA-256 of a checkpoint folder's config, weights and vocabulary, hexadecimal."""
    digest = hashlib.sha256()
    for name in _HASHED:
        file = folder / name
        if file.is_file():
            digest.update(name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


class Checkpoint:
    """A loaded checkpoint. Use `load`.

    Attributes:
        name, modality, task, title, labels, config: as in `config.json`.
        thresholds: float32 `(labels,)` or `None`.
        hash: see `hash_of`.
        model: the Keras model, weights loaded.
        vocabulary: `Vocabulary` for text, else `None`.
        frontend: `SpeechFrontend` for speech, else `None`.
    """

    def __init__(self, path, config, model, vocabulary, frontend):
        self.path, self.config, self.model = Path(path), config, model
        self.vocabulary, self.frontend = vocabulary, frontend
        self.name = self.path.name
        self.modality, self.task = config["modality"], config["task"]
        self.title = config.get("title", self.name)
        self.labels = tuple(config["labels"])
        self.thresholds = None if config.get("thresholds") is None else np.array(config["thresholds"], np.float32)

    @cached_property
    def hash(self) -> str:
        return hash_of(self.path)

    @property
    def card(self) -> str:
        """The model card, Markdown; empty where the folder has none."""
        file = self.path / "card.md"
        return file.read_text(encoding="utf-8") if file.is_file() else ""

    @property
    def history(self) -> list[dict[str, float]]:
        """One dict an epoch, as in `history.csv`; empty where there is none. Empty cells are left out."""
        file = self.path / "history.csv"
        if not file.is_file():
            return []
        with file.open(encoding="utf-8", newline="") as handle:
            return [{k: float(v) for k, v in row.items() if v} for row in csv.DictReader(handle)]

    def epoch_maps(self) -> dict[str, dict[str, np.ndarray]]:
        """How attention on the sample inputs was learned.

        Returns:
            A dict from the sample's file name to `{"probabilities": (epochs, labels),
            MAP: (epochs, *axes)}`, float32; empty where the folder has no `epochs.safetensors`.
        """
        file = self.path / "epochs.safetensors"
        if not file.is_file():
            return {}
        samples = {}
        for key, value in _tensors(file).items():
            sample, _, name = key.rpartition("/")
            samples.setdefault(sample, {})[name] = value.astype(np.float32)
        return samples

    @cached_property
    def _compiled(self):
        return self._compile(lambda features: self.model(features, training=False, return_attention=True))

    @cached_property
    def _compiled_track(self):
        return self._compile(self.model.track)

    def _compile(self, function):
        import keras

        if keras.backend.backend() != "tensorflow":
            return function
        import tensorflow as tf

        # One graph for every length: the steps' dimension is open, so no new trace for a new input.
        rank = (None, None) if self.modality == "text" else (None, None, self.frontend.log_mel.bands)
        dtype = tf.int32 if self.modality == "text" else tf.float32
        return tf.function(function, input_signature=[tf.TensorSpec(rank, dtype)], autograph=False)

    def forward(self, features) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Probabilities `(batch, labels)` and the named maps of a padded batch, as NumPy arrays."""
        probabilities, maps = self._compiled(features)
        return np.asarray(probabilities), {name: np.asarray(weights) for name, weights in maps.items()}

    def notices(self, steps: int) -> tuple[str, ...]:
        """Plain sentences on an input of so many words or frames; ours read any number."""
        return ()

    def track(self, features) -> np.ndarray:
        """Probabilities of every step, `(batch, steps, labels)`; for per-step tasks only."""
        return np.asarray(self._compiled_track(features))


def load(name: str | os.PathLike) -> Checkpoint:
    """Load a checkpoint by its folder's name below `root()`, or by a path.

    Raises:
        CheckpointError: no such folder, or a damaged or foreign one; the message names it.
    """
    path = Path(name) if os.sep in str(name) else root() / str(name)
    if not path.exists():
        path = path.with_name(path.name + foreign.SUFFIX)
    if foreign.is_foreign(path):
        return foreign.load(path)
    if not path.is_dir():
        known = ", ".join(entry.name for entry in available()) or "none"
        raise CheckpointError(f"There is no checkpoint “{foreign.name_of(path)}”. Known checkpoints: {known}.")
    config = _config(path)
    vocabulary = frontend = None
    try:
        if config["modality"] == "text":
            # Not `splitlines`: a word of the vocabulary may be a rare line separator.
            words = (path / "vocabulary.txt").read_text(encoding="utf-8").split("\n")
            vocabulary = Vocabulary(words[:-1] if words[-1] == "" else words)
        else:
            from models.frontend.speech import SpeechFrontend

            frontend = SpeechFrontend(**config["frontend"])
        model = build(config)
    except (OSError, TypeError, ValueError, KeyError) as error:
        raise CheckpointError(f"Checkpoint “{path.name}” is damaged: {_short(error)}") from error
    _copy_weights(path, model)
    return Checkpoint(path, config, model, vocabulary, frontend)


def keep_keras_state():
    """Keep Streamlit from clearing Keras' state, for all threads, whenever a page has run.

    Streamlit does so for scripts that build a network anew at every run (`_clean_problem_modules` of its script
    runner). Here networks are built in other threads meanwhile: they would lose the scopes that name their
    variables, and a checkpoint would seem to lack weights.
    """
    import keras

    keras.backend.clear_session = _nothing


def _nothing(free_memory=True):
    """In place of `keras.backend.clear_session`; `keras.utils.clear_session` still clears."""


def build(config):
    """A network with fresh weights from a config's `architecture` and `hyperparameters`."""
    from models.registry import ARCHITECTURES

    model = ARCHITECTURES[config["architecture"]](**config["hyperparameters"], name="network")
    # One call on a small input creates the variables.
    if config["modality"] == "text":
        model(np.ones((1, 2), np.int32))
    else:
        model(np.ones((1, 2 * model.step_frames, config["hyperparameters"].get("bands", 64)), np.float32))
    return model


def names(model) -> list[str]:
    """What a checkpoint calls the network's variables."""
    return [_name(variable) for variable in model.weights]


def round_to_float16(model, names):
    """Round the named variables to what a float16 can hold, so that what is scored is what is stored."""
    for variable in model.weights:
        if _name(variable) in names:
            variable.assign(np.asarray(variable).astype(np.float16).astype(np.float32))


def save(path, config, model, *, card, history, epochs=None, vocabulary=None):
    """Write a checkpoint folder. Variables named in `config["stored_as_float16"]` are stored as float16.

    Args:
        history: list of dicts, one an epoch.
        epochs: dict of arrays for `epochs.safetensors`, keys `SAMPLE/MAP`.
        vocabulary: `Vocabulary` of a text network.
    """
    path = Path(path)
    path.mkdir(parents=True, exist_ok=True)
    tensors = {}
    for variable in model.weights:
        name, value = _name(variable), np.asarray(variable)
        if name in config.get("stored_as_float16", ()):
            value = value.astype(np.float16)
        # `ascontiguousarray` alone would turn a scalar into a row of one.
        if name in tensors:
            raise ValueError(f"Two variables of the network are called {name}; one would be lost.")
        tensors[name] = np.ascontiguousarray(value).reshape(value.shape)
    config = {"format": FORMAT, "format_version": FORMAT_VERSION} | config
    (path / "config.json").write_text(json.dumps(config, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    _write(tensors, path / "weights.safetensors")
    if vocabulary is not None:
        (path / "vocabulary.txt").write_text("\n".join(vocabulary.words) + "\n", encoding="utf-8", newline="\n")
    (path / "card.md").write_text(card, encoding="utf-8")
    columns = list(dict.fromkeys(key for row in history for key in row))
    with (path / "history.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(history)
    if epochs:
        _write(epochs, path / "epochs.safetensors")


def _write(tensors, file):
    # Not `save_file`: that makes files only their owner can read.
    file.write_bytes(safetensors.numpy.save(tensors))


def _name(variable):
    # "network/bilstm_1/forward_lstm/kernel" → without the model's own name
    return variable.path.split("/", 1)[1]


def _short(error):
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:200]}" if text else type(error).__name__


def _config(path):
    if foreign.is_foreign(path):
        return foreign.config(path)
    missing = [name for name in REQUIRED if not (path / name).is_file()]
    if missing:
        raise CheckpointError(f"Checkpoint “{path.name}” cannot be used: {' and '.join(missing)} missing.")
    try:
        config = json.loads((path / "config.json").read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise CheckpointError(f"Checkpoint “{path.name}” is damaged: config.json is not readable JSON.") from error
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        raise CheckpointError(
            f"Folder “{path.name}” is not an Earmark checkpoint: its config.json lacks our format mark."
        )
    if config.get("format_version") != FORMAT_VERSION:
        raise CheckpointError(
            f"Checkpoint “{path.name}” has format version {config.get('format_version')!r}; "
            f"this Earmark reads version {FORMAT_VERSION}."
        )
    from models.registry import NAMES

    if config.get("architecture") not in NAMES:
        raise CheckpointError(
            f"Checkpoint “{path.name}” has the unknown architecture {config.get('architecture')!r}; "
            f"known are {', '.join(NAMES)}."
        )
    wanted = {"modality": str, "task": str, "labels": list, "hyperparameters": dict, "frontend": dict}
    wrong = [key for key, kind in wanted.items() if not isinstance(config.get(key), kind)]
    if wrong or not config["labels"]:
        lacking = ", ".join(wrong or ["labels"])
        raise CheckpointError(f"Checkpoint “{path.name}” is damaged: config.json lacks {lacking}.")
    thresholds = config.get("thresholds")
    if thresholds is not None and len(thresholds) != len(config["labels"]):
        raise CheckpointError(
            f"Checkpoint “{path.name}” is damaged: {len(thresholds)} thresholds for {len(config['labels'])} labels."
        )
    return config


def _tensors(file):
    try:
        return safetensors.numpy.load_file(file)
    except (safetensors.SafetensorError, OSError, ValueError, KeyError) as error:
        raise CheckpointError(
            f"Checkpoint “{file.parent.name}” is damaged: {file.name} cannot be read ({_short(error)})."
        ) from error


def _copy_weights(path, model):
    tensors = _tensors(path / "weights.safetensors")
    variables = {_name(variable): variable for variable in model.weights}
    absent, foreign = sorted(variables.keys() - tensors.keys()), sorted(tensors.keys() - variables.keys())
    if absent or foreign:
        what = f"lacks {absent[0]}" if absent else f"holds the unknown {foreign[0]}"
        raise CheckpointError(f"Checkpoint “{path.name}” is damaged: weights.safetensors {what}.")
    for name, variable in variables.items():
        value = tensors[name]
        if tuple(value.shape) != tuple(variable.shape):
            raise CheckpointError(
                f"Checkpoint “{path.name}” is damaged: {name} has shape {value.shape}, "
                f"the config asks for {tuple(variable.shape)}."
            )
        if not np.isfinite(value).all():
            raise CheckpointError(f"Checkpoint “{path.name}” is damaged: {name} holds values that are not numbers.")
        variable.assign(value.astype(variable.dtype))
