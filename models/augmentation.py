"""Ways to say the same thing differently: random changes to a clip's mel power that keep its emotion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Resampling factors of the stored variants; a factor above 1 is longer and lower. The first is the clip as it is.
SPEEDS = (1.0, 0.9, 0.95, 1.05, 1.11)


@dataclass(frozen=True)
class SpeechAugmentation:
    """Random speed, cut ends, noise, vocal-tract shift, equalisation and SpecAugment (Park et al. 2019).

    Args:
        changed_speed: chance that one of the resampled variants is taken.
        cut_frames: most frames cut at each end.
        noise: chance of added noise; its level is uniform in `noise_db` below the clip's mean, its
            spectrum tilts by up to 10 dB at random.
        shift_bands: largest shift of the picture along frequency.
        equalizer_db: deviation of a random smooth gain over frequency.
        masks, mask_bands, mask_share: SpecAugment: number of masks of each kind, bands at most, and
            share of the frames at most.
    """

    changed_speed: float = 0.6
    cut_frames: int = 5
    noise: float = 0.3
    noise_db: tuple[float, float] = (10.0, 45.0)
    shift_bands: int = 2
    equalizer_db: float = 2.0
    masks: int = 2
    mask_bands: int = 8
    mask_share: float = 0.1

    def power(self, variants, rng) -> np.ndarray:
        """Changes made to energies.

        Args:
            variants: mel power of the clip at each of `SPEEDS`, arrays `(frames_i, bands)`.
            rng: `numpy.random.Generator`.
        """
        power = variants[int(rng.integers(1, len(variants))) if rng.random() < self.changed_speed else 0]
        start, behind = rng.integers(0, self.cut_frames + 1, 2)
        power = power[start : len(power) - behind]
        if rng.random() < self.noise:
            bands = power.shape[1]
            tilt = 10 ** np.linspace(*(rng.uniform(0, 1) * np.array([1, -1]) * rng.choice([-1, 1])), bands)
            level = power.mean() * 10 ** (-rng.uniform(*self.noise_db) / 10)
            power = power + level * tilt / tilt.mean() * rng.exponential(1, power.shape)
        return power.astype(np.float32)

    def features(self, features, deviation, rng) -> np.ndarray:
        """Changes made to standardised log-mel features `(frames, bands)`; `deviation` in dB undoes the scale."""
        frames, bands = features.shape
        shift = int(rng.integers(-self.shift_bands, self.shift_bands + 1))
        source = np.clip(np.arange(bands) - shift, 0, bands - 1)
        gain = np.interp(np.arange(bands), np.linspace(0, bands - 1, 4), rng.normal(0, self.equalizer_db, 4))
        features = features[:, source] + gain / deviation
        for _ in range(self.masks):
            width = int(rng.integers(0, self.mask_bands + 1))
            low = int(rng.integers(0, bands - width + 1))
            # Not exactly 0, the training mean: an all-zero frame would count as padding.
            features[:, low : low + width] = 0.01
            width = int(rng.integers(0, max(2, int(frames * self.mask_share))))
            start = int(rng.integers(0, frames - width + 1))
            features[start : start + width] = 0.01
        return features.astype(np.float32)
