"""Bytes of a sound file to mono samples at the model's rate, and back to FLAC.

A file is opened once and read block by block: mixed to mono, measured and resampled as it comes,
so that ten minutes of 192 kHz 7.1 need no more memory than their 16 kHz mono result, and a header
that promises four gigabytes allocates nothing. What cannot be used is refused with one sentence;
what can be used with a reservation is used, and `Clip.notices` says so.
"""

from __future__ import annotations

import io
import math
import struct
from dataclasses import dataclass, field

import numpy as np
import soundfile
import soxr

from models.errors import InputError
from models.frontend.containers import SUPPORTED, require_sound

SHORTEST = 0.3  # seconds
LONGEST = 600.0  # seconds
LOWEST_RATE = 4_000  # Hz; below, not even a telephone's band fits
HIGHEST_RATE = 768_000  # Hz
MOST_CHANNELS = 64
QUIET = 10 ** (-66 / 20)  # RMS; RAVDESS' quietest clip has about four times as much
CLIPPED_SHARE = 1 / 2_000  # of all samples, stuck at full scale next to one another
ABSURD = 1e10  # full scale is 1, or 2**31 where a program saved integers as float; beyond this it is no sound
BROKEN_SHARE = 1 / 1_000  # of all samples that may be NaN, infinite or absurd before the clip is refused
CANCELLED_POWER = 1e-4  # mix against the loudest channel: -40 dB
_BLOCK = 2**18  # values (frames times channels) a read

_CONTAINERS = {"WAVEX": "WAV", "RF64": "WAV (RF64)", "W64": "WAV (W64)"}
_CODINGS = {
    "PCM_S8": "8-bit PCM",
    "PCM_U8": "8-bit PCM",
    "PCM_16": "16-bit PCM",
    "PCM_24": "24-bit PCM",
    "PCM_32": "32-bit PCM",
    "FLOAT": "32-bit float",
    "DOUBLE": "64-bit float",
    "ULAW": "µ-law",
    "ALAW": "A-law",
    "IMA_ADPCM": "IMA ADPCM",
    "MS_ADPCM": "Microsoft ADPCM",
    "GSM610": "GSM 6.10",
    "VORBIS": "Vorbis",
    "OPUS": "Opus",
    "MPEG_LAYER_I": "MPEG layer I",
    "MPEG_LAYER_II": "MPEG layer II",
    "MPEG_LAYER_III": "MPEG layer III",
}


@dataclass(frozen=True)
class Clip:
    """A decoded clip.

    Args:
        samples: float32, shape `(n,)`, mono, read-only, within -1 to 1, at `sample_rate`.
        sample_rate: the model's rate in Hz.
        original_sample_rate, channels, encoding: the file's own, e.g. 44100, 2, "WAV, 16-bit PCM".
        duration: seconds of the file, before resampling.
        name: the file's name as the user knows it; may be empty.
        notices: plain sentences on what the user should know before trusting the result.
    """

    samples: np.ndarray
    sample_rate: int
    original_sample_rate: int
    channels: int
    encoding: str
    duration: float
    name: str = ""
    notices: tuple[str, ...] = ()


def decode(data: bytes, *, sample_rate: int, name: str = "") -> Clip:
    """Decode a WAV, FLAC, OGG, MP3, AIFF, AU or CAF file to mono samples at the model's rate.

    Channels are averaged (if they cancel out, the loudest one is used), the rate is converted by
    soxr in its HQ setting, and a peak over full scale is scaled back to it.

    Args:
        data: the file, whole.
        sample_rate: the rate wanted, Hz.
        name: what to call the file in messages.

    Raises:
        InputError: empty, not a sound, damaged beyond use, silent, shorter than `SHORTEST` or
            longer than `LONGEST`; the message says which and what to do.
    """
    name = str(name)
    called = _called(name)
    require_sound(data, called)
    data, promised = _repaired(data)
    sound = _read(data, sample_rate, called)
    notices = []
    if sound.cancels():
        loudest = int(np.argmax(sound.tracks.value()))
        sound = _read(data, sample_rate, called, channel=loudest)
        notices.append(
            f"The {sound.channels} channels cancel each other out when mixed, so only channel {loudest + 1} is used."
        )
    promised = max(promised / sound.rate, sound.promised) if sound.rate else 0.0
    _require_usable(sound, promised, called)
    samples = sound.samples
    peak = float(max(samples.max(), -samples.min()))
    if peak > 1.0:
        samples = samples / np.float32(peak)
    samples.setflags(write=False)
    return Clip(
        samples=samples,
        sample_rate=int(sample_rate),
        original_sample_rate=sound.rate,
        channels=sound.channels,
        encoding=sound.encoding,
        duration=sound.duration,
        name=name,
        notices=(*notices, *_notices(sound, promised, sample_rate)),
    )


def encode_flac(samples: np.ndarray, sample_rate: int) -> bytes:
    """Mono samples within -1 to 1 as 16-bit FLAC; samples outside are clipped."""
    whole = np.rint(np.asarray(samples, np.float32) * np.float32(32768))
    buffer = io.BytesIO()
    pcm = np.clip(whole, -32768, 32767).astype(np.int16)
    soundfile.write(buffer, pcm, sample_rate, format="FLAC", subtype="PCM_16")
    return buffer.getvalue()


def mute(samples: np.ndarray, sample_rate: int, spans, fade: float = 0.01) -> np.ndarray:
    """A copy of the samples with the spans silent.

    Inside a span every sample is exactly zero, so nothing of it reaches the model. The fades, raised
    cosines of `fade` seconds that spare the model a click, lie just outside; farther out every
    sample is untouched.

    Args:
        samples: shape `(n,)`.
        sample_rate: Hz.
        spans: pairs (start, end) in seconds, in any order; they may overlap one another and stick
            out of the clip.
        fade: seconds.

    Raises:
        InputError: a span is not two finite numbers in order, or lies outside the clip.
    """
    samples = np.asarray(samples)
    length = len(samples)
    gain = np.ones(length, np.float32)
    steps = max(round(fade * sample_rate), 0)
    # From 1 (far) to 0 (at the span), both ends left out: they are the neighbours' own values.
    ramp = (0.5 + 0.5 * np.cos(np.pi * np.arange(1, steps + 1) / (steps + 1))).astype(np.float32)
    for start, end in (_span(span) for span in spans):
        # Rounded to a whole microsample first: 0.1 s at 16 kHz is sample 1600 whatever the last bit says.
        first = max(math.floor(round(start * sample_rate, 6)), 0)
        last = min(math.ceil(round(end * sample_rate, 6)), length)
        if first >= length or last <= 0:
            raise InputError(
                f"The span from {start:.2f} s to {end:.2f} s lies outside the clip, which is "
                f"{spoken_duration(length / sample_rate)} long. Select a part of the clip."
            )
        gain[first:last] = 0.0
        before, after = gain[max(first - steps, 0) : first], gain[last : last + steps]
        np.minimum(before, ramp[steps - len(before) :], out=before)
        np.minimum(after, ramp[::-1][: len(after)], out=after)
    return samples * gain.astype(samples.dtype)


def spoken_duration(seconds: float) -> str:
    """A duration for people: "0.12 s", "4.5 s", "12 min 5 s"."""
    if seconds < 1:
        return f"{seconds:.2g} s"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes:,} min {rest} s" if rest else f"{minutes:,} min"


def _span(span) -> tuple[float, float]:
    try:
        start, end = (float(value) for value in span)
    except (TypeError, ValueError) as error:
        raise InputError("A span to mute is a pair of a start and an end in seconds.") from error
    if not (math.isfinite(start) and math.isfinite(end) and start < end):
        raise InputError(f"A span to mute must start before it ends; this one goes from {start} s to {end} s.")
    return start, end


def _called(name: str) -> str:
    """How messages refer to the file."""
    name = " ".join(name.split())
    if not name:
        return "This file"
    return f"“{name}”" if len(name) <= 60 else f"“{name[:40]}…{name[-15:]}”"


class _Stream(soundfile.SoundFile):
    """A sound file that is only ever read forwards.

    python-soundfile seeks to the new position after each read of a seekable file. On a FLAC that
    does not state its length that seek fails and takes the block's samples with it.
    """

    def seekable(self):
        return False


@dataclass
class _Sound:
    """A file as read: the resampled mix, and what was measured at the file's own rate."""

    rate: int
    channels: int
    encoding: str
    is_float: bool
    promised: float  # seconds the header promises, 0 where it says nothing believable
    frames: int = 0
    broken: int = 0
    stuck: int = 0
    damaged: bool = False
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    tracks: _Power | None = None
    mix: _Power | None = None
    samples: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))

    @property
    def duration(self):
        return self.frames / self.rate

    def measure(self, block):
        """Repair and measure one block of shape `(channels, frames)`; return its mono mix."""
        low, high = block.min(axis=1), block.max(axis=1)
        if not (low.min() >= -ABSURD and high.max() <= ABSURD):  # false for NaN, too
            good = np.abs(block) <= ABSURD
            self.broken += good.size - int(np.count_nonzero(good))
            block = np.where(good, block, np.float32(0))
            low, high = block.min(axis=1), block.max(axis=1)
        self.frames += block.shape[1]
        # Clipping leaves neighbours at the same extreme value; a loud but whole wave does not.
        if max(high.max(), -low.min()) >= 0.98:
            stuck = (block[:, 1:] == block[:, :-1]) & (np.abs(block[:, 1:]) >= 0.98)
            self.stuck += int(np.count_nonzero(stuck))
        mix = block.mean(axis=0, dtype=np.float32) if len(block) > 1 else block[0]
        if self.tracks is None:
            self.low, self.high = low, high
            self.tracks, self.mix = _Power(block), _Power(mix[None])
        self.low, self.high = np.minimum(self.low, low), np.maximum(self.high, high)
        self.tracks.add(block)
        self.mix.add(mix[None])
        return mix

    def silent(self):
        """Every channel holds one value throughout."""
        return bool((self.low == self.high).all())

    def cancels(self):
        """The mix is next to nothing although the channels are not."""
        if self.channels == 1 or not self.frames or self.silent():
            return False
        return self.mix.value()[0] < CANCELLED_POWER * self.tracks.value().max()


class _Power:
    """Mean square of each row around its mean, gathered block by block.

    Sums run around the first block's mean, so that a DC offset does not drown a quiet signal in
    float32 rounding.
    """

    def __init__(self, first):
        self._centre = first.mean(axis=1, keepdims=True)
        self._count, self._sum, self._squares = 0, 0.0, 0.0

    def add(self, block):
        centred = block - self._centre
        self._count += block.shape[1]
        self._sum = self._sum + centred.sum(axis=1).astype(np.float64)
        self._squares = self._squares + np.array([np.dot(row, row) for row in centred], np.float64)

    def value(self):
        """Shape `(rows,)`."""
        return np.maximum(self._squares / self._count - (self._sum / self._count) ** 2, 0.0)


def _read(data, sample_rate, called, channel=None) -> _Sound:
    """Read a file to its end, or to `LONGEST` and a bit, or to where it is damaged."""
    try:
        stream = _Stream(io.BytesIO(data))
    except (soundfile.LibsndfileError, TypeError, ValueError) as error:
        raise InputError(_unopened(data, called)) from error
    with stream:
        rate, channels = stream.samplerate, stream.channels
        if not LOWEST_RATE <= rate <= HIGHEST_RATE:
            raise InputError(
                f"{called} says it has {rate:,} samples a second; Earmark reads {LOWEST_RATE:,} to "
                f"{HIGHEST_RATE:,}. Export the clip again, for example as 16 kHz WAV."
            )
        if channels > MOST_CHANNELS:
            raise InputError(
                f"{called} has {channels} channels; Earmark reads up to {MOST_CHANNELS}. Mix the clip down to mono."
            )
        believable = stream.frames if 0 < stream.frames < 2**40 else 0
        sound = _Sound(
            rate=rate,
            channels=1 if channel is not None else channels,
            encoding=f"{_CONTAINERS.get(stream.format, stream.format)}, {_CODINGS.get(stream.subtype, stream.subtype)}",
            is_float=stream.subtype in ("FLOAT", "DOUBLE"),
            promised=believable / rate,
        )
        most = math.floor(LONGEST * rate) + 1
        size = max(_BLOCK // channels, 1)
        if believable:
            size = min(size, believable + 1)
        buffer = np.empty((size, channels), np.float32)
        resampler, parts = None, []
        while sound.frames < most:
            block = _next_block(stream, buffer, sound)
            if not len(block):
                break
            mix = sound.measure(np.ascontiguousarray(block.T if channel is None else block.T[channel : channel + 1]))
            if rate == sample_rate:
                parts.append(mix.copy())
            else:
                resampler = resampler or soxr.ResampleStream(rate, sample_rate, 1, dtype="float32", quality="HQ")
                parts.append(resampler.resample_chunk(mix))
        sound.channels = channels
        if resampler is not None:
            parts.append(resampler.resample_chunk(np.zeros(0, np.float32), last=True))
        if parts:
            sound.samples = parts[0] if len(parts) == 1 else np.concatenate(parts)
        return sound


def _next_block(stream, buffer, sound):
    """The next frames, of shape `(frames, channels)`; empty at the end.

    Where a FLAC is cut off or damaged libsndfile reports an error, but the frames before it are
    already in the buffer: they are what precedes the first value still unset.
    """
    if sound.damaged:
        return buffer[:0]
    buffer.fill(np.nan)
    try:
        return stream.read(out=buffer)
    except soundfile.LibsndfileError:
        sound.damaged = True
        unset = np.isnan(buffer[:, -1])
        return buffer[: int(unset.argmax())] if unset.any() else buffer


def _repaired(data) -> tuple[bytes, float]:
    """A WAV whose writer never came back to fill in the length, readable; and the frames it promises.

    Programs that write to a pipe leave 0 or the largest number as the length of the data. libsndfile
    copes with the large ones. The promise is 0 where the header makes none that could be meant.
    """
    if data[:4] != b"RIFF":
        return data, 0.0
    position, align = 12, 0
    while position + 8 <= len(data):
        chunk, size = data[position : position + 4], struct.unpack_from("<I", data, position + 4)[0]
        body = position + 8
        if chunk == b"fmt " and body + 14 <= len(data):
            align = struct.unpack_from("<H", data, body + 12)[0]
        if chunk == b"data":
            there = len(data) - body
            if size == 0 and there:
                return data[: position + 4] + struct.pack("<I", there) + data[body:], 0.0
            # A coded WAV's blocks are not frames; only for PCM and float does the sum come out right.
            placeholder = size >= 0x7FFF0000
            promised = size / align if align and size > there and not placeholder else 0.0
            return data, promised if _plain_wav(data) else 0.0
        position = body + size + size % 2
    return data, 0.0


def _plain_wav(data):
    at = data.find(b"fmt ", 12, 4096)
    return at > 0 and at + 10 <= len(data) and struct.unpack_from("<H", data, at + 8)[0] in (1, 3, 0xFFFE)


def _unopened(data, called):
    if len(data) < 512:
        return f"{called} breaks off inside its header ({len(data)} bytes in all). Copy or record the clip again."
    return (
        f"{called} begins like a sound file, but its header is damaged or its coding is unknown. "
        f"Export the clip again as {SUPPORTED}."
    )


def _require_usable(sound, promised, called):
    """Refuse what no model could say anything about."""
    duration = sound.duration
    cut = sound.damaged or promised > duration + 0.05
    if duration > LONGEST:
        # Reading stopped there; the header knows the rest, unless it understates it.
        length = f"{spoken_duration(promised)} long" if promised > duration + 1 else f"longer than {LONGEST / 60:g} min"
        raise InputError(f"{called} is {length}; Earmark takes clips up to {LONGEST / 60:g} min. Cut out a part.")
    if sound.frames == 0:
        raise InputError(f"{called} has a header but no sound after it. Record or export the clip again.")
    if duration < SHORTEST:
        length = f"breaks off after {spoken_duration(duration)}" if cut else f"is {spoken_duration(duration)} long"
        raise InputError(f"{called} {length}; Earmark needs at least {SHORTEST} s of sound. Use a longer clip.")
    if sound.broken > BROKEN_SHARE * sound.frames * sound.channels:
        share = sound.broken / (sound.frames * sound.channels)
        raise InputError(
            f"In {called[0].lower() + called[1:]}, {share:.0%} of the samples are not usable numbers (NaN or "
            "infinite). The program that wrote it went wrong; export the clip again."
        )
    if sound.silent():
        raise InputError(
            f"{called} is digital silence: all its samples are the same. Check that the microphone is not muted "
            "and is the one chosen in the system's settings, then record again."
        )


def _notices(sound, promised, sample_rate):
    """Sentences on what was used with a reservation."""
    duration = sound.duration
    if sound.damaged or promised > duration + 0.05:
        there = spoken_duration(duration)
        of = f" of {spoken_duration(promised)}" if promised > duration + 0.05 else ""
        yield f"The file is cut off or damaged: only the first {there}{of} could be read and is used."
    if sound.broken:
        yield f"{sound.broken:,} samples are not usable numbers (NaN or infinite); they were replaced by silence."
    if sound.rate < 0.95 * sample_rate:
        yield (
            f"The clip has {sound.rate:,} samples a second, so it holds nothing above {sound.rate / 2000:.2g} kHz, "
            f"like a telephone call; the model learned from speech up to {sample_rate / 2000:g} kHz. Trust the result "
            "less."
        )
    peak = float(max(sound.high.max(), -sound.low.min()))
    if sound.is_float and peak > 1.0:
        yield f"The clip goes beyond full scale (peak {peak:,.3g} times); it was scaled down to fit."
    elif sound.stuck > CLIPPED_SHARE * sound.frames * sound.channels:
        yield (
            "The clip is overdriven: its loudest parts are cut flat (clipping), which sounds like a raised voice. "
            "Record again farther from the microphone if you can."
        )
    rms = math.sqrt(sound.mix.value()[0])
    if rms < QUIET:
        below = f"{-20 * math.log10(rms):.0f} dB below full scale" if rms > 0 else "nothing measurable"
        yield f"The clip is almost silent (on average {below}): what the model hears may be only noise."
