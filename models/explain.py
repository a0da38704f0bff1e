"""One way through the house: bytes or text → features → model → `Explanation`."""

from __future__ import annotations

import hashlib
import time

import numpy as np

from models import __version__
from models.errors import InputError
from models.explanation import AttentionMap, AudioInfo, Explanation, Picture, Provenance, Units, Window
from models.frontend import audio
from models.frontend.tokenizer import UNKNOWN

MAXIMUM_WORDS = 20_000
MAXIMUM_CHARACTERS = 1_000_000
# A map of every word for every word is kept whole up to this many weights, then averaged over the looking words.
_MOST_WEIGHTS = 400_000
# Windows of a long clip run through the network together, this many at a time: few enough to show
# progress and to be cancelled, many enough to be quick.
_WINDOWS_A_BATCH = 8
# The picture is drawn from this many columns: a wide screen's pixels, and finer for long clips.
_COLUMNS_A_SECOND, _FEWEST_COLUMNS, _MOST_COLUMNS = 100, 600, 12_000


class _Stopwatch:
    """Milliseconds of each stage, and their total."""

    def __init__(self):
        self._start = self._last = time.perf_counter()
        self.stages = {}

    def lap(self, stage):
        now = time.perf_counter()
        self.stages[stage] = (now - self._last) * 1000
        self._last = now

    def stop(self):
        self.stages["total"] = (time.perf_counter() - self._start) * 1000
        return self.stages


def explain_clip(checkpoint, data: bytes, *, name: str = "", muted=(), progress=None) -> Explanation:
    """Predict a clip's label and keep where the network attended.

    A clip longer than the network's window is read in overlapping windows. The whole clip's
    probabilities are the windows' mean, each weighted by its number of voiced frames; so is its
    attention, cross-faded where windows overlap and scaled to sum to 1.

    Args:
        checkpoint: a speech `Checkpoint`.
        data: the bytes of a wav, mp3, flac or ogg file.
        name: what the user calls the clip.
        muted: spans `(start, end)` in seconds that are silenced before predicting.
        progress: called as `progress(done, total)` after every batch of windows.

    Raises:
        InputError: the bytes are no clip that can be read, or the spans lie outside it.
    """
    _check_modality(checkpoint, "speech")
    watch = _Stopwatch()
    frontend, model = checkpoint.frontend, checkpoint.model
    rate = frontend.log_mel.sample_rate
    clip = audio.decode(data, sample_rate=rate, name=name)
    watch.lap("decode")

    samples = audio.mute(clip.samples, rate, muted) if muted else clip.samples
    features = frontend(samples, model.step_frames, untouched=clip.samples if muted else None)
    watch.lap("features")

    probabilities, maps, tracks = _run_windows(checkpoint, features.windows, progress)
    watch.lap("forward")

    share = features.voiced / features.voiced.sum()
    step = model.step_frames
    first, last = features.used
    steps = -(-(last - first) // step)
    offsets = [(start - first) // step for start in features.starts]
    attention = []
    for map_name, axes in model.attention_axes.items():
        parts, description = [m[map_name] for m in maps], model.attention_descriptions[map_name]
        if "query" in axes and len(parts) > 1:
            # A step of one window never looked at a step of another: there is no whole table to show.
            parts = [part.mean(axis=axes.index("query")) for part in parts]
            axes = tuple(axis for axis in axes if axis != "query")
            description += " This clip is longer than one window: shown is the average over the looking steps."
        attention.append(AttentionMap(map_name, stitch(parts, offsets, share, steps), axes, description))
    seconds = frontend.log_mel.hop_seconds
    edges = np.minimum((first + np.arange(steps + 1) * step) * seconds, clip.duration)
    edges[-1] = min(last * seconds, clip.duration)
    windows = ()
    if len(features.windows) > 1:
        size = [min(start + len(w), last) for start, w in zip(features.starts, features.windows, strict=True)]
        windows = tuple(
            Window(start * seconds, min(end * seconds, clip.duration), p)
            for start, end, p in zip(features.starts, size, probabilities, strict=True)
        )
    track = None
    if checkpoint.task == "per-step":
        track = _overlay([t.T for t in tracks], offsets, share, steps).T
        track = track / track.sum(axis=1, keepdims=True)
        windows = _runs(track, edges)
    picture = _picture(clip, features.power, frontend.log_mel)
    sound = audio.encode_flac(clip.samples, rate)
    watch.lap("picture")
    return Explanation(
        modality="speech",
        task=checkpoint.task,
        units=Units("frame", edges[:-1], edges[1:]),
        labels=checkpoint.labels,
        probabilities=share @ probabilities,
        thresholds=checkpoint.thresholds,
        attention=tuple(attention),
        provenance=_provenance(checkpoint, name, data, watch),
        audio=AudioInfo(
            clip.original_sample_rate, rate, clip.channels, clip.encoding, clip.duration, (edges[0], edges[-1])
        ),
        windows=windows,
        track=track,
        picture=picture,
        sound=sound,
        changed=tuple((float(a), float(b)) for a, b in muted),
        notices=clip.notices + checkpoint.notices(last - first),
    )


def explain_text(checkpoint, text: str, *, name: str = "", masked=(), progress=None) -> Explanation:
    """Predict a text's labels and keep what each label attended to.

    Args:
        checkpoint: a text `Checkpoint`.
        text: the user's text; offsets in the result refer to this very string.
        name: what the user calls the text.
        masked: indices of tokens that are replaced by the unknown word before predicting.
        progress: called as `progress(done, total)`; the text is read in one go.

    Raises:
        InputError: nothing to read, too long, or a masked index outside the text.
    """
    _check_modality(checkpoint, "text")
    watch = _Stopwatch()
    if len(text) > MAXIMUM_CHARACTERS:
        raise InputError(
            f"This text has {len(text):,} characters; the limit is {MAXIMUM_CHARACTERS:,}. Paste a shorter part of it."
        )
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise InputError("This text holds half of a character, which no file can store. Copy it from its source again.")
    starts, ends = checkpoint.vocabulary.tokenize(text)
    if not len(starts):
        raise InputError("There are no words in this text. Paste or type some, or choose a sample.")
    # Words as a word processor counts them; a text without spaces is bounded by its tokens.
    words = len(text.split())
    if words > MAXIMUM_WORDS or len(starts) > 2 * MAXIMUM_WORDS:
        raise InputError(
            f"This text has {max(words, len(starts) // 2):,} words; the limit is {MAXIMUM_WORDS:,}. "
            "Paste a shorter part of it."
        )
    longest = getattr(checkpoint.model, "longest", None)
    if longest is not None and len(starts) > longest:
        raise InputError(
            f"This text has {len(starts):,} words and signs; “{checkpoint.title}” looks from each at each and reads at "
            f"most {longest:,}. Paste a shorter part of it, or choose another checkpoint."
        )
    indices = checkpoint.vocabulary.encode(text, starts, ends)
    known = indices != UNKNOWN
    masked = sorted({int(i) for i in masked})
    if masked and not 0 <= masked[0] <= masked[-1] < len(indices):
        raise InputError(f"Word {masked[-1]} cannot be masked: the text has {len(indices)} words.")
    indices[masked] = UNKNOWN
    watch.lap("tokenize")
    if progress is not None:
        progress(0, 1)
    probabilities, maps = checkpoint.forward(indices[None])
    if progress is not None:
        progress(1, 1)
    watch.lap("forward")
    model = checkpoint.model
    notices = list(checkpoint.notices(len(starts)))
    if 2 * known.sum() < len(known):
        notices.append(
            f"{int((~known).sum())} of {len(known)} words are unknown to this model: it was trained on English and "
            "cannot tell them apart, so do not read much into its answer."
        )
    attention = tuple(
        _text_map(name, weights[0], model.attention_axes[name], model.attention_descriptions[name], len(starts))
        for name, weights in maps.items()
    )
    watch.lap("explanation")
    return Explanation(
        modality="text",
        task=checkpoint.task,
        units=Units("token", starts, ends, known),
        labels=checkpoint.labels,
        probabilities=probabilities[0],
        thresholds=checkpoint.thresholds,
        attention=attention,
        provenance=_provenance(checkpoint, name, text.encode(), watch),
        text=text,
        changed=tuple((i, i + 1) for i in masked),
        notices=tuple(notices),
    )


def _text_map(name, weights, axes, description, steps):
    """A map over the words; one that saw a single step is spread evenly, a very large one averaged over queries."""
    if weights.shape[-1] == 1 and steps > 1:
        weights = np.repeat(weights / steps, steps, axis=-1)
    if "query" in axes and weights.size > _MOST_WEIGHTS:
        weights = weights.mean(axis=axes.index("query"))
        axes = tuple(axis for axis in axes if axis != "query")
        description += " This text is long: shown is the average over the looking words."
    return AttentionMap(name, weights, axes, description)


def _check_modality(checkpoint, modality):
    if checkpoint.modality != modality:
        needs = "a sound file" if checkpoint.modality == "speech" else "a text"
        raise InputError(f"Checkpoint “{checkpoint.name}” needs {needs}. Choose another checkpoint or another input.")


def _provenance(checkpoint, name, data, watch):
    digest = hashlib.sha256(data).hexdigest()
    return Provenance(checkpoint.name, checkpoint.hash, name, digest, __version__, watch.stop())


def _run_windows(checkpoint, windows, progress):
    """Probabilities `(windows, labels)`, and for each window its maps and its track, padding cut off.

    A map has its padding cut off along `step` and `query`; there are tracks for per-step tasks only.
    """
    from models.training import pad

    step = checkpoint.model.step_frames
    axes = checkpoint.model.attention_axes
    probabilities, maps, tracks = [], [], []
    for start in range(0, len(windows), _WINDOWS_A_BATCH):
        batch = windows[start : start + _WINDOWS_A_BATCH]
        values, weights = checkpoint.forward(pad(batch, step))
        probabilities.extend(values)
        sizes = [len(window) // step for window in batch]
        for row, size in enumerate(sizes):
            maps.append({name: _cut(w[row], axes[name], size) for name, w in weights.items()})
        if checkpoint.task == "per-step":
            tracks += [t[:size] for t, size in zip(checkpoint.track(pad(batch, step)), sizes, strict=True)]
        if progress is not None:
            progress(min(start + _WINDOWS_A_BATCH, len(windows)), len(windows))
    return np.array(probabilities), maps, tracks


def _cut(weights, axes, size):
    """A map's first `size` steps, and its first `size` queries where it has some; a single step is spread evenly."""
    if weights.shape[-1] == 1 and size > 1:
        return np.repeat(weights / size, size, axis=-1)
    return weights[tuple(slice(size) if axis in ("query", "step") else slice(None) for axis in axes)]


def _runs(track, edges):
    """Runs of steps with the same most probable label, as windows with their mean probabilities."""
    best = track.argmax(axis=1)
    cuts = [0, *(np.flatnonzero(np.diff(best)) + 1).tolist(), len(best)]
    pairs = zip(cuts[:-1], cuts[1:], strict=True)
    return tuple(Window(float(edges[a]), float(edges[b]), track[a:b].mean(axis=0)) for a, b in pairs)


def stitch(maps, offsets, share, steps):
    """One map over the whole clip from the maps of its windows, shape `(..., steps)`.

    Where windows overlap their weights are mixed by triangles that favour each window's middle;
    then every row is scaled to sum to 1 again.
    """
    if len(maps) == 1:
        return maps[0]
    total = _overlay(maps, offsets, share, steps)
    norm = total.sum(axis=-1, keepdims=True)
    return np.divide(total, norm, out=np.zeros_like(total), where=norm > 0)


def _overlay(maps, offsets, share, steps):
    """Sum of the windows' rows, shape `(..., steps)`, cross-faded, each window weighing its share."""
    total = np.zeros((*maps[0].shape[:-1], steps))
    weight = np.zeros(steps)
    for map_, offset, part in zip(maps, offsets, share, strict=True):
        size = map_.shape[-1]
        triangle = 1 - np.abs((np.arange(size) + 0.5) / size * 2 - 1) + 1e-3
        total[..., offset : offset + size] += map_ * triangle * part
        weight[offset : offset + size] += triangle
    return total / weight


def _picture(clip, power, spec):
    """Envelope and spectrogram of the whole clip, reduced to what a screen can show."""
    columns = int(np.clip(clip.duration * _COLUMNS_A_SECOND, _FEWEST_COLUMNS, _MOST_COLUMNS))
    columns = min(columns, len(clip.samples))
    cuts = np.linspace(0, len(clip.samples), columns, endpoint=False).astype(int)
    envelope = np.stack([np.minimum.reduceat(clip.samples, cuts), np.maximum.reduceat(clip.samples, cuts)])
    bands = min(columns, len(power))
    cuts = np.linspace(0, len(power), bands, endpoint=False).astype(int)
    level = spec.decibel(np.maximum.reduceat(power, cuts, axis=0))
    floor, ceiling = -spec.range_db, max(float(level.max()), -spec.range_db + 1)
    shade = (level - floor) / (ceiling - floor) * 255
    return Picture(
        np.round(np.clip(envelope, -1, 1) * 127),
        np.round(shade.T),
        spec.band_hz,
        floor,
        ceiling,
    )
