"""The one thing everybody passes around: what a model said of an input, and where it attended.

An `Explanation` is frozen, needs no model, no TensorFlow and no Streamlit, and is complete
enough to redraw every picture. `to_json` and `from_json` are exact inverses.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import math
import numbers
from dataclasses import dataclass, field

import numpy as np

from models import saved
from models.errors import InputError

FORMAT = "earmark-explanation"
FORMAT_VERSION = 1

AXES = ("layer", "head", "label", "query", "step")
TASKS = ("single-label", "multi-label", "per-step")
MODALITIES = ("speech", "text")


@dataclass(frozen=True)
class Units:
    """What one step of the model is, in terms of the user's own input.

    Args:
        kind: `"frame"` (audio) or `"token"` (text).
        starts, ends: arrays of shape `(steps,)`. Frames: float64 seconds of the *original*
            clip. Tokens: int64 character offsets into the *original* string, `ends` exclusive.
        known: bool array of shape `(steps,)`; `False` where the vocabulary lacks the token.
            `None` for audio.
    """

    kind: str
    starts: np.ndarray
    ends: np.ndarray
    known: np.ndarray | None = None

    def __post_init__(self):
        if self.kind not in ("frame", "token"):
            raise InputError(f'Units are "frame" or "token", not {self.kind!r}.')
        dtype = np.float64 if self.kind == "frame" else np.int64
        _freeze(self, "starts", dtype, 1)
        _freeze(self, "ends", dtype, 1)
        if self.known is not None:
            _freeze(self, "known", bool, 1)
        if len(self.starts) != len(self.ends) or (self.known is not None and len(self.known) != len(self)):
            raise InputError("The steps' starts, ends and known flags differ in number.")

    def __len__(self):
        return len(self.starts)


@dataclass(frozen=True)
class AttentionMap:
    """One named attention map.

    Args:
        name: the layer's name in the model, e.g. `"universal_query"`.
        weights: float32, one dimension per entry of `axes`. Over the last axis they sum to 1
            (or are all zero where no step was valid). Padding is already cut off.
        axes: names of the dimensions, in order, each one of `AXES`; the last is `"step"`.
            A universal query gives `("step",)`, label attention `("label", "step")`.
        description: what the map is, in plain words.
    """

    name: str
    weights: np.ndarray
    axes: tuple[str, ...]
    description: str = ""

    def __post_init__(self):
        object.__setattr__(self, "axes", tuple(self.axes))
        _freeze(self, "weights", np.float32, len(self.axes))
        unknown = [a for a in self.axes if a not in AXES]
        if unknown or not self.axes or self.axes[-1] != "step" or len(set(self.axes)) != len(self.axes):
            raise InputError(
                f"Attention map {self.name!r} has axes {self.axes}; allowed are {AXES}, the last is 'step'."
            )

    def select(self, **index: int) -> np.ndarray:
        """Weights with the named axes fixed and every other axis but `step` averaged, shape `(steps,)`.

        `select(label=3)` on a map without a label axis ignores it: such a map is the same for
        every label.
        """
        weights = self.weights
        for position in range(len(self.axes) - 2, -1, -1):
            axis = self.axes[position]
            if axis in index:
                weights = np.take(weights, index[axis], axis=position)
            else:
                weights = weights.mean(axis=position)
        return weights


@dataclass(frozen=True)
class AudioInfo:
    """What the model got of a clip. Rates in Hz, times in seconds of the original clip."""

    sample_rate: int
    model_sample_rate: int
    channels: int
    encoding: str
    duration: float
    used: tuple[float, float]

    def __post_init__(self):
        start, end = self.used
        object.__setattr__(self, "used", (float(start), float(end)))
        _check_numbers("audio", self.sample_rate, self.model_sample_rate, self.channels, self.duration, *self.used)
        _check_strings("audio", self.encoding)


@dataclass(frozen=True)
class Window:
    """One window of a clip longer than the model's own: times in seconds, probabilities `(labels,)`."""

    start: float
    end: float
    probabilities: np.ndarray

    def __post_init__(self):
        _freeze(self, "probabilities", np.float32, 1)


@dataclass(frozen=True)
class Picture:
    """What is needed to redraw a clip without decoding it.

    Args:
        envelope: int8, shape `(2, columns)`: minimum and maximum of the waveform in each of
            `columns` equal slices of the clip, full scale 127 = amplitude 1.0.
        spectrogram: uint8, shape `(bands, columns)`: log-mel energy of the whole clip,
            0 = `floor_db`, 255 = `ceiling_db`; columns are equal slices of the clip.
        band_hz: float64, shape `(bands,)`: centre frequency of each band.
        floor_db, ceiling_db: the ends of the spectrogram's scale, decibel.
    """

    envelope: np.ndarray
    spectrogram: np.ndarray
    band_hz: np.ndarray
    floor_db: float
    ceiling_db: float

    def __post_init__(self):
        _freeze(self, "envelope", np.int8, 2)
        _freeze(self, "spectrogram", np.uint8, 2)
        _freeze(self, "band_hz", np.float64, 1)


@dataclass(frozen=True)
class Provenance:
    """Where an explanation came from. `milliseconds` maps a stage's name to its duration."""

    checkpoint: str
    checkpoint_hash: str
    input_name: str
    input_hash: str
    version: str
    milliseconds: dict[str, float] = field(default_factory=dict)

    def __post_init__(self):
        names = (self.checkpoint, self.checkpoint_hash, self.input_name, self.input_hash, self.version)
        _check_strings("provenance", *names)


@dataclass(frozen=True)
class Explanation:
    """A prediction together with the attention that went with it.

    Args:
        modality: `"speech"` or `"text"`.
        task: `"single-label"`, `"multi-label"` or `"per-step"`.
        units: the steps.
        labels: names of the labels, L of them.
        probabilities: float32, shape `(L,)`.
        thresholds: float32, shape `(L,)`, for multi-label tasks; a label at or above its
            threshold counts as predicted. `None` for single-label tasks (the largest wins).
        attention: the maps.
        provenance: checkpoint, input, version, timing.
        text: the user's own string, unchanged; `None` for speech.
        audio, windows, picture, sound: speech only. `sound` is the whole original clip as
            16-bit mono FLAC at the model's sample rate, so that the saved file still plays.
        track: float32, shape `(steps, L)`, for per-step tasks: every step's own probabilities. `windows`
            then holds its runs of steps with the same most probable label, and their mean.
        changed: what was taken away before predicting: muted spans `(start, end)` in seconds,
            or masked tokens as `(index, index + 1)`. Empty for the input as it came.
        notices: plain sentences the user should read next to the result.
    """

    modality: str
    task: str
    units: Units
    labels: tuple[str, ...]
    probabilities: np.ndarray
    thresholds: np.ndarray | None
    attention: tuple[AttentionMap, ...]
    provenance: Provenance
    text: str | None = None
    audio: AudioInfo | None = None
    windows: tuple[Window, ...] = ()
    track: np.ndarray | None = None
    picture: Picture | None = None
    sound: bytes | None = None
    changed: tuple[tuple[float, float], ...] = ()
    notices: tuple[str, ...] = ()

    def __post_init__(self):
        for name in ("labels", "attention", "windows", "notices"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        object.__setattr__(self, "changed", tuple((a, b) for a, b in self.changed))
        _freeze(self, "probabilities", np.float32, 1)
        if self.thresholds is not None:
            _freeze(self, "thresholds", np.float32, 1)
        if self.track is not None:
            _freeze(self, "track", np.float32, 2)
            if self.track.shape != (len(self.units), len(self.labels)):
                raise InputError(f"The track has shape {self.track.shape}, not one row a step and one column a label.")
        if self.modality not in MODALITIES:
            raise InputError(f"The modality is {self.modality!r}; Earmark knows {MODALITIES}.")
        if self.task not in TASKS:
            raise InputError(f"The task is {self.task!r}; Earmark knows {TASKS}.")
        if self.units.kind != ("frame" if self.modality == "speech" else "token"):
            raise InputError(f"The steps are {self.units.kind}s, which does not go with {self.modality}.")
        if self.modality == "text" and self.text is None:
            raise InputError("The text is missing.")
        _check_strings("text", *(() if self.text is None else (self.text,)), *self.labels, *self.notices)
        for start, end in self.changed:
            _check_numbers("changed", start, end)
        if not self.labels:
            raise InputError("There is no label.")
        if len(self.labels) != len(self.probabilities):
            raise InputError(f"{len(self.labels)} labels but {len(self.probabilities)} probabilities.")
        if self.thresholds is not None and len(self.thresholds) != len(self.labels):
            raise InputError(f"{len(self.labels)} labels but {len(self.thresholds)} thresholds.")
        for map_ in self.attention:
            if map_.weights.shape[-1] != len(self.units):
                raise InputError(
                    f"Attention map {map_.name!r} covers {map_.weights.shape[-1]} steps, "
                    f"the input has {len(self.units)}."
                )
            if "label" in map_.axes and map_.weights.shape[map_.axes.index("label")] != len(self.labels):
                raise InputError(f"Attention map {map_.name!r} does not have one row per label.")

    def ranking(self) -> np.ndarray:
        """Indices of the labels, most probable first; ties keep the checkpoint's order."""
        return np.argsort(-self.probabilities, kind="stable")

    def predicted(self) -> np.ndarray:
        """Bool array of shape `(L,)`: the labels the model asserts."""
        if self.thresholds is not None:
            return self.probabilities >= self.thresholds
        chosen = np.zeros(len(self.labels), bool)
        chosen[self.ranking()[:1]] = True
        return chosen

    def to_json(self) -> str:
        """The whole contract as one JSON object; float32 values keep every bit."""
        body = {"format": FORMAT, "format_version": FORMAT_VERSION} | _plain(self)
        return json.dumps(body, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> Explanation:
        """Inverse of `to_json`.

        Raises:
            InputError: the text is not JSON, not an explanation, of a newer version, or
                damaged; the message says which.
        """
        what, button = "an explanation", "Everything (JSON)"
        body = saved.opened(text, format=FORMAT, version=FORMAT_VERSION, what=what, button=button)
        try:
            return _explanation(body)
        except InputError as error:
            raise InputError(f"The saved explanation is damaged: {error}") from error
        except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise InputError(
                f"The saved explanation is damaged ({type(error).__name__}: {error}). Save it again from Earmark."
            ) from error


def _freeze(owner, name, dtype, ndim):
    """Replace an array attribute by a read-only copy of the contracted type and rank."""
    array = np.array(getattr(owner, name), dtype=dtype)
    if array.ndim != ndim:
        raise InputError(f"{name} has {array.ndim} dimensions, expected {ndim}.")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise InputError(f"{name} holds values that are not finite numbers.")
    array.setflags(write=False)
    object.__setattr__(owner, name, array)


def _check_numbers(what, *values):
    for value in values:
        if not isinstance(value, numbers.Real) or isinstance(value, bool) or not math.isfinite(value):
            raise InputError(f"{what}: {value!r} is not a finite number.")


def _check_strings(what, *values):
    for value in values:
        if not isinstance(value, str):
            raise InputError(f"{what}: {value!r} is not a string.")
        try:
            # JSON may spell half a character ("\ud800"), which no file and no page can hold.
            value.encode()
        except UnicodeEncodeError as error:
            raise InputError(f"{what}: it holds characters that do not exist.") from error


def _plain(value):
    """Dataclasses to dicts, byte-sized arrays to base64, other arrays to lists."""
    if dataclasses.is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, np.ndarray):
        if value.dtype in (np.uint8, np.int8):
            return {"shape": list(value.shape), "base64": base64.b64encode(value.tobytes()).decode("ascii")}
        if value.dtype == np.float32:
            # The shortest decimal that reads back as the same float32: 0.1, not 0.10000000149.
            return _float32_list(value)
        return value.tolist()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, np.generic):
        return value.item()
    return value


def _float32_list(array):
    if array.ndim > 1:
        return [_float32_list(row) for row in array]
    # `str` of a float32 is its shortest round-trip form; `float` of that prints the same digits.
    return [float(str(v)) for v in array]


def _bytes_array(body, dtype):
    raw = base64.b64decode(body["base64"], validate=True)
    return np.frombuffer(raw, dtype).reshape(body["shape"])


def _explanation(body) -> Explanation:
    def optional(name, build):
        return None if body.get(name) is None else build(body[name])

    provenance = Provenance(**body["provenance"])
    if not all(isinstance(v, (int, float)) and math.isfinite(v) for v in provenance.milliseconds.values()):
        raise InputError("the timings are not numbers.")
    text = body.get("text")
    if text is not None and not isinstance(text, str):
        raise InputError("the text is not a string.")
    return Explanation(
        modality=body["modality"],
        task=body["task"],
        units=Units(**body["units"]),
        labels=tuple(str(label) for label in body["labels"]),
        probabilities=body["probabilities"],
        thresholds=body.get("thresholds"),
        attention=tuple(AttentionMap(**m) for m in body["attention"]),
        provenance=provenance,
        text=text,
        audio=optional("audio", lambda b: AudioInfo(**b)),
        windows=tuple(Window(**w) for w in body.get("windows", ())),
        track=body.get("track"),
        picture=optional(
            "picture",
            lambda b: Picture(
                envelope=_bytes_array(b["envelope"], np.int8),
                spectrogram=_bytes_array(b["spectrogram"], np.uint8),
                band_hz=b["band_hz"],
                floor_db=float(b["floor_db"]),
                ceiling_db=float(b["ceiling_db"]),
            ),
        ),
        sound=optional("sound", lambda b: base64.b64decode(b, validate=True)),
        changed=tuple(tuple(c) for c in body.get("changed", ())),
        notices=tuple(str(n) for n in body.get("notices", ())),
    )
