"""An explained input that can run through its network again, with any of its steps taken away."""

from __future__ import annotations

import io
from functools import cached_property

import numpy as np
import soundfile

from models.errors import InputError
from models.faithfulness import baselines_of
from models.frontend import audio
from models.frontend.tokenizer import UNKNOWN

# An all-zero frame is padding to a network; this is the mean spectrum to any eye, and it is not zero.
MEAN_SPECTRUM = 1e-6
# Steps of the network that run together: enough to keep the processor busy, few enough to be cancelled; fewer
# where it compares each step with each, as the memory for that grows with their square.
_STEPS_A_BATCH, _COMPARED_A_BATCH = 50_000, 20_000
_MOST_ROWS = 64
# Muting a step reaches into both neighbours (fades, overlapping analysis windows), and no further, if
# steps are longer than this many seconds.
_FADE = 0.01


class Subject:
    """What `ClipSubject` and `TextSubject` share. Use `subject`.

    Attributes:
        checkpoint, explanation: as given.
        steps: number of the explanation's steps.
        removals: the ways to take a step away; the first is the default.
        baselines: what "as much at random" may mean, see `models.faithfulness.baselines_of`; the first is the default.
        windows: list of feature arrays, one for each window of the input as explained.
        offsets: first step of each window.
        share: float `(windows,)`, how much each window counts in the answer; sums to 1.
        unheard: bool `(steps,)`: near-silent steps, or words the network cannot tell from unknown ones.
        evaluations: how many windows ran through the network so far.
        attended: for each map the most steps that its layer could choose from so far; 1 for a layer
            that sees a single step whatever the input.
    """

    removals: tuple[str, ...]

    def __init__(self, checkpoint, explanation):
        if checkpoint.modality != explanation.modality:
            raise InputError(f"Checkpoint “{checkpoint.name}” does not read {explanation.modality}. Choose another.")
        if checkpoint.hash != explanation.provenance.checkpoint_hash:
            raise InputError(
                f"This explanation was not made with the checkpoint “{checkpoint.name}” as it is now. Explain the "
                "input again, then test it."
            )
        self.checkpoint, self.explanation = checkpoint, explanation
        self.steps = len(explanation.units)
        self.baselines = baselines_of(explanation.modality, self.steps)
        self.evaluations = 0
        self.attended = {}

    def window_steps(self, window: int) -> int:
        """Number of steps of one window."""
        return len(self.windows[window]) // self.step_frames

    def probabilities(self, removed, removal=None, progress=None) -> np.ndarray:
        """Run the input with sets of steps taken away, everything in padded batches.

        Windows that several sets leave in the same state run once.

        Args:
            removed: bool `(sets, steps)`, `True` where a step is taken away.
            removal: one of `removals`; `None` for the first.
            progress: called as `progress(done, total)` after every batch; may raise.

        Returns:
            Float64 `(sets, labels)`.
        """
        from models.training import pad

        removed = np.asarray(removed, bool)
        removal = removal or self.removals[0]
        variants, users = {}, []
        for row in removed:
            for window, offset in enumerate(self.offsets):
                # One step more on either side: muting it fades into this window.
                near = row[max(offset - 1, 0) : offset + self.window_steps(window) + 1]
                key = (window, near.tobytes())
                users.append(variants.setdefault(key, (len(variants), window, row))[0])
        # Alike lengths together: where words are deleted, rows differ.
        todo = sorted(variants.values(), key=lambda variant: (len(self.windows[variant[1]]), int(variant[2].sum())))
        longest = max(len(window) for window in self.windows) // self.step_frames
        most = _COMPARED_A_BATCH if hasattr(self.checkpoint.model, "longest") else _STEPS_A_BATCH
        size = int(np.clip(most // longest, 1, _MOST_ROWS))
        answers = np.zeros((len(todo), len(self.checkpoint.labels)))
        for start in range(0, len(todo), size):
            batch = todo[start : start + size]
            features = pad([self.without(row, window, removal) for _, window, row in batch], self.step_frames)
            answers[[position for position, *_ in batch]], maps = self.checkpoint.forward(features)
            for name, weights in maps.items():
                self.attended[name] = max(self.attended.get(name, 0), weights.shape[-1])
            self.evaluations += len(batch)
            if progress is not None:
                progress(min(start + size, len(todo)), len(todo))
        answers = answers[users].reshape(len(removed), len(self.offsets), -1)
        return np.einsum("w,swl->sl", self.share, answers)

    def gather(self, scores) -> np.ndarray:
        """Scores of each window's own steps to scores of the whole input's steps, float64 `(steps,)`.

        The answer is the windows' weighted mean, so a step that two windows read counts in both: their
        contributions, each times its window's share, add up.
        """
        total = np.zeros(self.steps)
        for score, offset, part in zip(scores, self.offsets, self.share, strict=True):
            total[offset : offset + len(score)] += part * score
        return total


class TextSubject(Subject):
    """A text; a removed word becomes the unknown word (`"mask"`) or is left out (`"delete"`)."""

    removals = ("mask", "delete")
    step_frames = 1
    offsets = (0,)
    share = np.ones(1)

    def __init__(self, checkpoint, explanation):
        super().__init__(checkpoint, explanation)
        units = explanation.units
        indices = checkpoint.vocabulary.encode(explanation.text, units.starts, units.ends)
        for first, last in explanation.changed:
            indices[int(first) : int(last)] = UNKNOWN
        self.windows = [indices]
        self.unheard = indices == UNKNOWN

    def without(self, removed, window, removal):
        """The window's token indices with steps taken away, int32; at least one (padding) long."""
        indices = self.windows[window]
        if removal == "mask":
            return np.where(removed, np.int32(UNKNOWN), indices)
        left = indices[~removed]
        return left if len(left) else np.zeros(1, np.int32)


class ClipSubject(Subject):
    """A clip; a removed step is muted in the waveform (`"mute"`) or set to the mean spectrum (`"mean"`).

    Muted features are exactly those of `explain_clip(muted=...)`: level and used part are read off
    the untouched clip. How a frame sounds depends on its own step and the two beside it only, so
    the eight ways to mute every third step hold the features of every set.
    """

    removals = ("mute", "mean")

    def __init__(self, checkpoint, explanation):
        super().__init__(checkpoint, explanation)
        self.step_frames = checkpoint.model.step_frames
        self.samples, self.rate = soundfile.read(io.BytesIO(explanation.sound), dtype="float32")
        features = self._features(explanation.changed)
        self.windows = features.windows
        first, last = features.used
        if -(-(last - first) // self.step_frames) != self.steps:
            raise InputError(
                "The sound kept with this explanation does not give the same steps again. Explain the clip again, "
                "then test it."
            )
        self.offsets = [(start - first) // self.step_frames for start in features.starts]
        self.share = features.voiced / features.voiced.sum()
        energy = features.power.sum(axis=1)
        loud = energy > energy[first:last].max(initial=0) * 10 ** (-checkpoint.frontend.log_mel.trim_db / 10)
        loud = np.pad(loud[first:last], (0, -(last - first) % self.step_frames))
        self.unheard = ~loud.reshape(self.steps, self.step_frames).any(axis=1)

    def _features(self, spans):
        muted = audio.mute(self.samples, self.rate, spans, fade=_FADE) if len(spans) else self.samples
        return self.checkpoint.frontend(muted, self.step_frames, untouched=self.samples)

    def untouched(self) -> list[np.ndarray]:
        """The windows of the clip before anything was muted; else as `windows`."""
        return self._features(()).windows if len(self.explanation.changed) else self.windows

    def spans(self, removed) -> list[tuple[float, float]]:
        """The spans in seconds that `removed` mutes, on top of the explanation's own."""
        units = self.explanation.units
        own = list(self.explanation.changed)
        return own + [(units.starts[i], units.ends[i]) for i in np.flatnonzero(removed)]

    @cached_property
    def _muted(self):
        """For each window, float32 `(8, frames, bands)`: entry P has the steps muted whose index mod 3 is in P."""
        third = np.arange(self.steps) % 3
        patterns = [self._features(self.spans((p >> third) & 1 == 1)).windows for p in range(8)]
        return [np.stack([pattern[window] for pattern in patterns]) for window in range(len(self.windows))]

    @cached_property
    def _local(self):
        spec = self.checkpoint.frontend.log_mel
        reach = (spec.fft - spec.hop) // 2 + _FADE * spec.sample_rate
        return reach <= self.step_frames * spec.hop

    def without(self, removed, window, removal):
        """The window's features with steps taken away, float32 `(frames, bands)`."""
        features, offset, size = self.windows[window], self.offsets[window], self.window_steps(window)
        if not removed.any():
            return features
        if removal == "mean":
            gone = np.repeat(removed[offset : offset + size], self.step_frames) & features.any(axis=1)
            return np.where(gone[:, None], np.float32(MEAN_SPECTRUM), features)
        if not self._local:
            return self._features(self.spans(removed)).windows[window]
        bits = np.pad(removed.astype(int) << (np.arange(self.steps) % 3), 1)
        pattern = (bits[:-2] | bits[1:-1] | bits[2:])[offset : offset + size]
        frames = np.repeat(pattern, self.step_frames)
        return self._muted[window][frames, np.arange(len(frames))]


def subject(checkpoint, explanation) -> Subject:
    """The explained input, ready to be tested.

    Raises:
        InputError: the explanation was made with another checkpoint, or its sound is missing.
    """
    if explanation.modality == "text":
        return TextSubject(checkpoint, explanation)
    if explanation.sound is None:
        raise InputError("This explanation was saved without its sound. Explain the clip again, then test it.")
    return ClipSubject(checkpoint, explanation)


def traced(function, *signature):
    """The function as one graph on TensorFlow (every length, no new trace); itself elsewhere.

    Args:
        signature: `(shape, dtype)` of each argument; `None` in a shape is open.
    """
    import keras

    if keras.backend.backend() != "tensorflow":
        return function
    import tensorflow as tf

    specs = [tf.TensorSpec(shape, dtype) for shape, dtype in signature]
    return tf.function(function, input_signature=specs, autograph=False)
