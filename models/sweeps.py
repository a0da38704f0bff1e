"""What if the clip had been higher, faster, noisier? A clip changed step by step, and the answer to each variant.

Sounds are float arrays `(n,)`, mono, at the checkpoint's rate. What is muted in the explanation is muted before the
change.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import librosa
import numpy as np
import scipy.signal
import soundfile

from models.errors import InputError
from models.faithfulness import HEADLINE, count_of, order_of, shifted_orders
from models.frontend import audio
from models.subjects import subject as subject_of

LONGEST = 60.0  # seconds; a sweep keeps every variant, to be played
_WINDOWS_A_BATCH = 8
# What is left of a room's sound beside the direct one: as strong as that, as a few metres away from a speaker.
_REVERBERANT = 1.0
_SILENCED = ("as it is", "most attended", "moved elsewhere", "least attended")


@dataclass(frozen=True)
class Kind:
    """One way to change a clip.

    Args:
        name: `"pitch"`, `"tempo"`, `"loudness"`, `"noise"`, `"reverberation"` or `"band"`.
        unit: what the values are.
        values: of the variants, ascending but for noise, which gets louder; `original` is not among them.
        original: the value that leaves the clip as it is; `None` where no number does (a clip has no
            signal-to-noise ratio of its own). For `"band"` it is half the sampling rate.
        prepare: `prepare(samples, rate, value, seed)` gives a function of samples, all whose settings are read off
            the given ones: a muted copy is then changed just as the whole clip is.
    """

    name: str
    unit: str
    values: tuple[float, ...]
    original: float | None
    prepare: Callable


@dataclass(frozen=True)
class Variant:
    """A changed clip and the answer to it.

    Args:
        value: how far it was changed; `None` for the clip as it is, where no number says so, and for silenced clips.
        name: what was done, for silenced clips; else `""`.
        sound: 16-bit mono FLAC at the model's rate, as heard by the network.
        probabilities: float32 `(L,)`.
        spans: what was silenced, pairs of seconds (silenced clips only).
    """

    value: float | None
    name: str
    sound: bytes
    probabilities: np.ndarray
    spans: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class Sweep:
    """Variants of one clip in order, the clip as it is among them.

    Args:
        kind: a `Kind`'s name, or `"silence"`.
        unit: of the variants' values.
        labels: names of the labels.
        original: index of the clip as it is.
    """

    kind: str
    unit: str
    labels: tuple[str, ...]
    original: int
    variants: tuple[Variant, ...]


def pitch(samples, rate, value, seed=0):
    """Higher or lower by `value` semitones at the same tempo: a phase vocoder (librosa)."""
    return lambda x: librosa.effects.pitch_shift(x, sr=rate, n_steps=value, res_type="soxr_hq")


def tempo(samples, rate, value, seed=0):
    """`value` times as fast at the same pitch: a phase vocoder (librosa)."""
    return lambda x: librosa.effects.time_stretch(x, rate=value)


def loudness(samples, rate, value, seed=0):
    """Louder or quieter by `value` decibel. What goes beyond full scale is cut flat, as a recorder does."""
    return lambda x: np.clip(x * 10 ** (value / 20), -1, 1)


def noise(samples, rate, value, seed=0):
    """White noise `value` decibel below (negative: above) the clip's mean power."""
    deviation = np.sqrt(np.mean(np.square(samples, dtype=np.float64)) * 10 ** (-value / 10))
    added = np.random.default_rng(seed).normal(0, deviation, len(samples))
    return lambda x: x + added


def reverberation(samples, rate, value, seed=0):
    """A room whose sound takes `value` seconds to fall by 60 dB, as loud in all as the clip is.

    The room is synthetic: the direct sound, and behind it noise that decays exponentially, of the same energy.
    """
    time = np.arange(1, max(round(value * rate), 2)) / rate
    tail = np.random.default_rng(seed).normal(0, 1, len(time)) * 10 ** (-3 * time / value)
    response = np.concatenate([[1.0], tail * np.sqrt(_REVERBERANT / np.square(tail).sum())])

    def in_room(x):
        return scipy.signal.fftconvolve(x, response)[: len(x)]

    level = np.sqrt(np.mean(np.square(samples)) / max(np.mean(np.square(in_room(samples))), 1e-20))
    return lambda x: level * in_room(x)


# The upper limit that a telephone has, and its lower one.
TELEPHONE = (300.0, 3400.0)


def band(samples, rate, value, seed=0):
    """Nothing above `value` Hz; at a telephone's upper limit nothing below its lower one either."""
    edges, kind = (TELEPHONE, "bandpass") if value == TELEPHONE[1] else (value, "lowpass")
    sections = scipy.signal.butter(8, edges, kind, fs=rate, output="sos")
    return lambda x: scipy.signal.sosfiltfilt(sections, x)


KINDS = {
    kind.name: kind
    for kind in (
        Kind("pitch", "semitones", (-6, -4, -2, 2, 4, 6), 0, pitch),
        Kind("tempo", "times as fast", (0.55, 0.67, 0.83, 1.2, 1.5, 1.8), 1, tempo),
        Kind("loudness", "dB", (-30, -20, -10, 10, 20, 30), 0, loudness),
        Kind("noise", "dB signal to noise", (30, 20, 15, 10, 5, 0), None, noise),
        Kind("reverberation", "s (RT60)", (0.2, 0.4, 0.8, 1.2, 2.0), 0, reverberation),
        Kind("band", "Hz upper limit", (1000, 2000, 3400, 5000, 6500), None, band),
    )
}


def sweep(checkpoint, explanation, kind: str, *, values=None, seed=0, progress=None) -> Sweep:
    """Change the explained clip step by step and ask the network about each variant.

    Args:
        checkpoint: the `Checkpoint` that the explanation was made with.
        explanation: an `Explanation` of a clip.
        kind: a name in `KINDS`.
        values: instead of the kind's own.
        seed: of noise and rooms.
        progress: called as `progress(done, total)`; may raise to cancel.

    Raises:
        InputError: no clip, one longer than `LONGEST`, or one that does not go with the checkpoint.
    """
    samples, muted = _sound(checkpoint, explanation)
    rate, kind = checkpoint.frontend.log_mel.sample_rate, KINDS[kind]
    values = kind.values if values is None else tuple(values)
    first = kind.original
    if kind.name == "band":
        first, values = rate / 2, tuple(value for value in values if value < rate / 2)
    # Changing a clip takes about as long as asking about it.
    tell = _tell(progress, 2 * (len(values) + 1))
    pairs = [(samples, muted)]
    for value in values:
        change = kind.prepare(samples, rate, value, seed)
        pairs.append(_within(change(samples), None if muted is samples else change(muted)))
        tell(len(pairs))
    answers = _answers(checkpoint, pairs, lambda done: tell(len(pairs) + done))
    found = [
        Variant(value, "", audio.encode_flac(pair[1], rate), answer)
        for value, pair, answer in zip((first, *values), pairs, answers, strict=True)
    ]
    original = found[0]
    if first is not None:
        found.sort(key=lambda variant: variant.value)
    position = next(i for i, variant in enumerate(found) if variant is original)
    tell(2 * len(pairs))
    return Sweep(kind.name, kind.unit, explanation.labels, position, tuple(found))


def silenced(checkpoint, explanation, *, label=None, map_name=None, seed=0, progress=None) -> Sweep:
    """Mute the most attended 20 % of the steps, the same pattern in a random other place, and the least attended 20 %.

    Where there are too few other places, as many scattered steps take the random place.

    Args:
        label: whose map it is; by default the most probable label's.
        map_name: by default the first map's.

    Raises:
        InputError: as `sweep`, or the explanation has no attention map.
    """
    samples, _ = _sound(checkpoint, explanation)
    if not explanation.attention:
        raise InputError("This network has no attention, so no moments are attended to more than others.")
    tested = subject_of(checkpoint, explanation)
    label = int(explanation.ranking()[0]) if label is None else label
    map_ = next((m for m in explanation.attention if m.name == map_name), explanation.attention[0])
    order, steps = order_of(map_.select(label=label)), tested.steps
    moved, distinct = shifted_orders(order, seed=seed)
    chance = moved[0] if distinct else np.random.default_rng(seed).permutation(steps)
    count = count_of(HEADLINE, steps)
    removed = np.zeros((len(_SILENCED), steps), bool)
    for row, taken in zip(removed[1:], (order, chance, order[::-1]), strict=True):
        row[taken[:count]] = True
    answers = tested.probabilities(removed, "mute", progress).astype(np.float32)
    rate, found = checkpoint.frontend.log_mel.sample_rate, []
    for name, row, answer in zip(_SILENCED, removed, answers, strict=True):
        spans = tested.spans(row)
        sound = audio.mute(samples, rate, spans) if spans else samples
        found.append(Variant(None, name, audio.encode_flac(sound, rate), answer, _joined(spans)))
    return Sweep("silence", "", explanation.labels, 0, tuple(found))


def _sound(checkpoint, explanation):
    """The clip as it came and with the explanation's spans muted; the same array where there are none."""
    if explanation.modality != "speech" or explanation.sound is None:
        raise InputError("There is no sound to change. Explain a clip first.")
    if checkpoint.hash != explanation.provenance.checkpoint_hash:
        raise InputError(
            f"This explanation was not made with the checkpoint “{checkpoint.name}” as it is now. Explain it again."
        )
    if explanation.audio.duration > LONGEST:
        raise InputError(
            f"Every variant of a clip is kept to be played, so clips may have up to {LONGEST:.0f} s here; this one has "
            f"{explanation.audio.duration:.0f} s. Cut out a part."
        )
    samples, rate = soundfile.read(io.BytesIO(explanation.sound), dtype="float32")
    return samples, audio.mute(samples, rate, explanation.changed) if explanation.changed else samples


def _within(samples, muted):
    """Both scaled down alike to full scale where the first goes beyond it (the network does not hear levels)."""
    gain = 1 / max(float(np.abs(samples).max(initial=0)), 1.0)
    samples = (samples * gain).astype(np.float32)
    return samples, samples if muted is None else np.clip(muted * gain, -1, 1).astype(np.float32)


def _answers(checkpoint, pairs, progress):
    """Probabilities `(L,)` for each pair of an untouched clip and its muted copy, as `explain_clip` gives them.

    Windows of all clips run in batches; `progress(clips)` tells how many clips' worth are done.
    """
    from models.training import pad

    step = checkpoint.model.step_frames
    heard = []
    for untouched, muted in pairs:
        heard.append(checkpoint.frontend(muted, step, untouched=None if muted is untouched else untouched))
    windows = [(clip, window) for clip, features in enumerate(heard) for window in features.windows]
    # Alike lengths together, as all in a batch are padded to its longest.
    order = sorted(range(len(windows)), key=lambda i: len(windows[i][1]))
    rows = [None] * len(windows)
    for start in range(0, len(order), _WINDOWS_A_BATCH):
        batch = order[start : start + _WINDOWS_A_BATCH]
        values, _ = checkpoint.forward(pad([windows[i][1] for i in batch], step))
        for i, value in zip(batch, values, strict=True):
            rows[i] = value
        progress(len(pairs) * min(start + _WINDOWS_A_BATCH, len(order)) // len(order))
    answers = []
    for clip, features in enumerate(heard):
        own = np.array([row for row, (owner, _) in zip(rows, windows, strict=True) if owner == clip])
        answers.append((features.voiced / features.voiced.sum() @ own).astype(np.float32))
    return answers


def _joined(spans):
    """Spans in order, those that touch made one."""
    found = []
    for start, end in sorted((float(a), float(b)) for a, b in spans):
        if found and start <= found[-1][1] + 1e-6:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return tuple(found)


def _tell(progress, total):
    return (lambda done: None) if progress is None else (lambda done: progress(done, total))
