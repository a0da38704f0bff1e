"""A clip's samples to the windows of features that a speech network reads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.frontend.features import LogMel

# A window this much quieter than the whole used part is not amplified any further: silence between
# two sentences stays silence.
_QUIETEST_WINDOW = 10 ** (-15 / 10)


@dataclass(frozen=True)
class SpeechFeatures:
    """What the network gets of one clip.

    Args:
        windows: list of float32 arrays `(frames_i, bands)`, standardised, zeros where padded.
        starts: first frame of each window, counted from the clip's start.
        used: first and one past the last frame that any window covers.
        voiced: for each window, the number of its frames that are not near-silent (at least 1).
        power: mel power of the whole clip, `(all frames, bands)`.
    """

    windows: list[np.ndarray]
    starts: list[int]
    used: tuple[int, int]
    voiced: np.ndarray
    power: np.ndarray


class SpeechFrontend:
    """Built from the `frontend` part of a speech checkpoint's config.

    Args:
        log_mel: keyword arguments of `LogMel`.
        mean, deviation: of each band over the training clips, decibel, shape `(bands,)`.
        window_seconds, window_hop_seconds: longest stretch read at once, and from one such
            window to the next where a clip is longer.
    """

    def __init__(self, log_mel, mean, deviation, window_seconds=5.0, window_hop_seconds=2.5):
        self.log_mel = LogMel(**log_mel)
        self.mean = np.asarray(mean, np.float32)
        self.deviation = np.asarray(deviation, np.float32)
        self.window_seconds, self.window_hop_seconds = window_seconds, window_hop_seconds

    def standardize(self, power: np.ndarray, reference: float | None = None) -> np.ndarray:
        """Decibel, minus the training clips' mean, over their deviation; shape as `power`."""
        features = (self.log_mel.decibel(power, reference) - self.mean) / self.deviation
        # All-zero frames mean padding; a real frame never is (that would need an exact zero in every band).
        return features.astype(np.float32)

    def __call__(self, samples, step_frames, untouched=None) -> SpeechFeatures:
        """Features of a clip.

        Args:
            samples: float32 mono at the model's rate, shape `(n,)`.
            step_frames: frames a step of the network; windows start and end on whole steps.
            untouched: the clip before muting. The used part and the level are read off it, so
                that taking a part away does not change how the rest is heard.
        """
        power = self.log_mel.power(samples)
        whole = power if untouched is None else self.log_mel.power(untouched)
        first, last = self.log_mel.used(whole)
        size = self._frames(self.window_seconds, step_frames)
        hop = self._frames(self.window_hop_seconds, step_frames)
        starts = [first]
        while starts[-1] + size < last:
            starts.append(starts[-1] + hop)
        level = float(whole[first:last].mean())
        energy = whole.sum(axis=1)
        loud = energy > energy[first:last].max(initial=0) * 10 ** (-self.log_mel.trim_db / 10)
        windows, voiced = [], []
        for start in starts:
            end = min(start + size, last)
            reference = max(float(whole[start:end].mean()), level * _QUIETEST_WINDOW)
            features = self.standardize(power[start:end], reference)
            missing = -len(features) % step_frames
            windows.append(np.pad(features, ((0, missing), (0, 0))))
            voiced.append(max(1, int(loud[start:end].sum())))
        return SpeechFeatures(windows, starts, (first, last), np.array(voiced), power)

    def _frames(self, seconds, step_frames):
        return max(step_frames, round(seconds / self.log_mel.hop_seconds) // step_frames * step_frames)
