"""Log-mel features whose every parameter lives in the checkpoint's config."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import librosa
import numpy as np
from scipy.sparse import csr_array


@dataclass(frozen=True)
class LogMel:
    """Log-mel energies of the part of a clip that has sound in it.

    Frame `i` describes the samples from `i * hop` to `(i + 1) * hop`, its window centred on
    them. Energies are taken relative to the mean energy of the used part, so that the features,
    and with them the prediction, do not depend on how loud the clip was recorded.

    Args:
        sample_rate: Hz of the samples.
        window, hop, fft: samples in an analysis window (Hann), between frames, and in the FFT.
        bands: number of mel bands (Slaney's scale and normalisation, as librosa's default).
        low_hz, high_hz: the bands' range.
        range_db: energies lower than this below the mean are raised to it.
        trim_db: frames at either end of the clip that are this much quieter than its loudest
            frame are left out.
        trim_margin: frames kept before and behind.
    """

    sample_rate: int = 16000
    window: int = 400
    hop: int = 160
    fft: int = 512
    bands: int = 64
    low_hz: float = 50.0
    high_hz: float = 8000.0
    range_db: float = 60.0
    trim_db: float = 40.0
    trim_margin: int = 5

    @property
    def hop_seconds(self) -> float:
        return self.hop / self.sample_rate

    @property
    def band_hz(self) -> np.ndarray:
        """Centre frequency of each band in Hz, shape `(bands,)`."""
        return librosa.mel_frequencies(self.bands + 2, fmin=self.low_hz, fmax=self.high_hz)[1:-1]

    def power(self, samples: np.ndarray) -> np.ndarray:
        """Mel power of every frame, float32 of shape `(frames, bands)`, `frames = ceil(n / hop)`."""
        frames = -(-len(samples) // self.hop)
        before = (self.fft - self.hop) // 2
        behind = (frames - 1) * self.hop + self.fft - before - len(samples)
        padded = np.pad(np.asarray(samples, np.float32), (before, max(behind, 0)))
        spectrum = librosa.stft(
            padded, n_fft=self.fft, hop_length=self.hop, win_length=self.window, window="hann", center=False
        )
        return (_filters(self) @ (np.abs(spectrum[:, :frames]) ** 2)).T

    def used(self, power: np.ndarray) -> tuple[int, int]:
        """First and one past the last frame that the model reads.

        Args:
            power: mel power, shape `(frames, bands)`.
        """
        energy = power.sum(axis=1)
        loud = np.flatnonzero(energy > energy.max(initial=0) * 10 ** (-self.trim_db / 10))
        if not len(loud):
            return 0, len(power)
        return max(0, int(loud[0]) - self.trim_margin), min(len(power), int(loud[-1]) + 1 + self.trim_margin)

    def decibel(self, power: np.ndarray, reference: float | None = None) -> np.ndarray:
        """Decibel relative to `reference` (default: the mean energy of `power`), floored at `-range_db`."""
        if reference is None:
            reference = float(power.mean()) if power.size else 1.0
        floor = 10 ** (-self.range_db / 10)
        return (10 * np.log10(np.maximum(power / max(reference, 1e-20), floor))).astype(np.float32)


@lru_cache(maxsize=8)
def _filters(spec: LogMel) -> csr_array:
    filters = librosa.filters.mel(
        sr=spec.sample_rate, n_fft=spec.fft, n_mels=spec.bands, fmin=spec.low_hz, fmax=spec.high_hz
    )
    # Sparse, as a bin lies in two bands at most; and a dense product would wake a second pool of threads
    # next to TensorFlow's, which costs more than the product itself.
    return csr_array(filters.astype(np.float32))
