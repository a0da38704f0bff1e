"""Other witnesses: ways to ask which steps an answer rests on, besides attention.

What is attributed is the label's probability for the whole input. Where a long clip is read in
windows, its probability is their weighted mean, and so contributions add up over windows.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass

import numpy as np

from models.errors import EarmarkError
from models.frontend.tokenizer import UNKNOWN

# Completeness gap that integrated gradients aims for, and the most points on its path.
GAP = 0.05
_FIRST_POINTS, _MOST_POINTS = 16, 512
# The gap is a share of the change; of a change smaller than this (1 point) the share says nothing.
_SMALLEST_CHANGE = 0.01
# Steps that run together, as many as the longest text has; of a network that compares each step with each, pairs. A
# network that keeps much for its gradients says how many inputs it takes at once (`gradient_rows`).
_STEPS_A_BATCH, _PAIRS_A_BATCH = 20_000, 4_000_000
_compiled = weakref.WeakKeyDictionary()


@dataclass(frozen=True)
class Attribution:
    """What one witness says about every step.

    Args:
        name: `"attention"`, `"gradient-input"`, `"integrated-gradients"`, `"occlusion"`, `"smoothgrad"`.
        title: the name for people, e.g. "Integrated gradients".
        label: index of the label asked about.
        scores: float32 `(steps,)`; positive speaks for the label. In probability, but for attention
            (weights that sum to 1).
        description: one plain sentence on what the witness does.
        completeness_gap: integrated gradients only: |sum of the scores - change in probability from
            the baseline| over that change (at least 0.01), as a share (0.05 is 5 %); else `None`.
    """

    name: str
    title: str
    label: int
    scores: np.ndarray
    description: str
    completeness_gap: float | None = None

    def __post_init__(self):
        scores = np.array(self.scores, np.float32)
        scores.setflags(write=False)
        object.__setattr__(self, "scores", scores)


def has_gradients(model) -> bool:
    """Whether a network's probabilities can be followed back to its input (`model.attend(*model.encode(inputs))`).

    A network says that they cannot with `supports_gradients = False`.
    """
    parts = all(hasattr(model, part) for part in ("embed", "encode", "attend"))
    return parts and getattr(model, "supports_gradients", True)


def gradient_input(subject, label, progress=None) -> Attribution:
    """Gradient of the label's probability by the continuous input, times that input, summed per step.

    Speech: by the standardised log-mel values; text: by the word vectors. Simonyan et al. 2014,
    Shrikumar et al. 2016.
    """
    scores = []
    for inputs, mask in _inputs(subject):
        _, slopes = _gradients(subject, inputs[None], mask, label)
        scores.append(_per_step(subject, slopes[0] * inputs))
        _tell(progress, len(scores), len(subject.windows))
    return Attribution(
        "gradient-input",
        "Gradient × input",
        label,
        subject.gather(scores),
        "How fast the probability changes when a step is turned up a little, times what is there.",
    )


def integrated_gradients(subject, label, progress=None, most_points=_MOST_POINTS) -> Attribution:
    """Gradients averaged on the straight way from a baseline to the input, times the difference.

    Sundararajan et al. 2017. The baseline is the training clips' mean spectrum (zeros of the
    standardised features) or the unknown word's vector. The trapezoid rule starts with 16 intervals and
    doubles them (keeping what it has) until the scores add up to the change in probability within
    `GAP`, or `most_points` is reached.

    Args:
        most_points: bound of the intervals.
    """
    windows = list(_inputs(subject))
    baseline = _baseline(subject)
    ways = [(inputs - baseline) * mask[:, None] for inputs, mask in windows]
    starts = [inputs - way for (inputs, _), way in zip(windows, ways, strict=True)]
    sums, ends = [np.zeros_like(way) for way in ways], np.zeros((2, len(windows)))
    points, new = _FIRST_POINTS, np.arange(_FIRST_POINTS + 1) / _FIRST_POINTS
    while True:
        for w, ((_, mask), way, start) in enumerate(zip(windows, ways, starts, strict=True)):
            weight = np.where((new == 0) | (new == 1), 0.5, 1.0).astype(np.float32)
            for part in _batches(subject, new, len(way) // subject.step_frames):
                at = new[part].astype(np.float32)
                values, slopes = _gradients(subject, start + at[:, None, None] * way, mask, label)
                sums[w] += np.einsum("n,nfd->fd", weight[part], slopes)
                for end in (0, 1):
                    if (at == end).any():
                        ends[end, w] = values[at == end][0]
                _tell(progress, w, len(windows))
        scores = subject.gather([_per_step(subject, s * way / points) for s, way in zip(sums, ways, strict=True)])
        change = float(subject.share @ (ends[1] - ends[0]))
        gap = abs(float(scores.sum()) - change) / max(abs(change), _SMALLEST_CHANGE)
        if gap <= GAP or 2 * points > most_points:
            break
        new = (np.arange(points) + 0.5) / points
        points *= 2
    _tell(progress, len(windows), len(windows))
    what = "the mean spectrum" if subject.explanation.modality == "speech" else "unknown words"
    return Attribution(
        "integrated-gradients",
        "Integrated gradients",
        label,
        scores,
        f"How much each step adds to the probability on a straight way from {what} to this input, in {points} steps.",
        gap,
    )


def smoothgrad(subject, label, progress=None, draws=20, noise=0.1, seed=0) -> Attribution:
    """Gradient × input with the gradient averaged over noisy copies of the input. Smilkov et al. 2017.

    Args:
        draws: number of noisy copies.
        noise: deviation of the noise as a share of the input's range.
        seed: of the noise.
    """
    rng = np.random.default_rng(seed)
    scores = []
    for inputs, mask in _inputs(subject):
        deviation = noise * float(np.ptp(inputs[mask])) if mask.any() else 0.0
        slope = np.zeros_like(inputs)
        for part in _batches(subject, np.arange(draws), len(inputs) // subject.step_frames):
            fog = rng.normal(0, deviation, (len(range(draws)[part]), *inputs.shape)).astype(np.float32)
            _, slopes = _gradients(subject, inputs + fog * mask[:, None], mask, label)
            slope += slopes.sum(axis=0)
        scores.append(_per_step(subject, slope / draws * inputs))
        _tell(progress, len(scores), len(subject.windows))
    return Attribution(
        "smoothgrad",
        "SmoothGrad",
        label,
        subject.gather(scores),
        f"Gradient × input, averaged over {draws} slightly noisy copies so that chance wiggles cancel.",
    )


def occlusion(subject, label, removal=None, segments=None, progress=None) -> Attribution:
    """How far the label's probability falls when a segment is taken away, shared by its steps.

    Zeiler & Fergus 2014.

    Args:
        removal: one of the subject's `removals`.
        segments: at most this many segments of equal length; `None`: every step by itself.
    """
    length = -(-subject.steps // min(segments or subject.steps, subject.steps))
    segment = np.arange(subject.steps) // length
    removed = segment == np.arange(-1, segment[-1] + 1)[:, None]
    answers = subject.probabilities(removed, removal, progress)[:, label]
    fall = (answers[0] - answers[1:]) / np.bincount(segment)
    unit = "step" if length == 1 else f"stretch of {length} steps"
    return Attribution(
        "occlusion",
        "Occlusion",
        label,
        fall[segment],
        f"How far the probability falls when one {unit} is taken away and the rest is left as it is.",
    )


def spearman(a, b) -> float | None:
    """Rank correlation of two `(n,)` arrays, ties sharing their mean rank; `None` where one is constant."""
    a, b = _ranks(a), _ranks(b)
    if len(a) < 2 or not np.ptp(a) or not np.ptp(b):
        return None
    return float(np.corrcoef(a, b)[0, 1])


def overlap(a, b, fraction=0.2) -> float:
    """Share of the top `fraction` of `a` (at least one step) that is also in the top `fraction` of `b`."""
    count = max(1, round(fraction * len(a)))
    top = [set(np.argsort(-np.asarray(x), kind="stable")[:count].tolist()) for x in (a, b)]
    return len(top[0] & top[1]) / count


def _ranks(values):
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[inverse]


def _inputs(subject):
    """For each window its continuous input `(frames, dim)` and mask `(frames,)`."""
    embed = subject.checkpoint.model.embed
    for features in subject.windows:
        mask = features.any(axis=1) if features.ndim == 2 else features != 0
        yield np.asarray(embed(features[None]))[0], mask


def _baseline(subject):
    if subject.explanation.modality == "speech":
        return np.float32(0)
    return np.asarray(subject.checkpoint.model.embed(np.full((1, 1), UNKNOWN, np.int32)))[0]


def _per_step(subject, contributions):
    """Sum `(frames, dim)` over `dim` and over each step's frames."""
    return contributions.sum(axis=1, dtype=np.float64).reshape(-1, subject.step_frames).sum(axis=1)


def _batches(subject, items, steps):
    size = _STEPS_A_BATCH // max(steps, 1)
    if hasattr(subject.checkpoint.model, "longest"):
        size = min(size, _PAIRS_A_BATCH // max(steps, 1) ** 2)
    size = max(1, min(size, getattr(subject.checkpoint.model, "gradient_rows", size)))
    return [slice(start, start + size) for start in range(0, len(items), size)]


def _tell(progress, done, total):
    if progress is not None:
        progress(done, total)


def _gradients(subject, inputs, mask, label):
    """Probabilities `(n,)` of the label and their gradients by `inputs` `(n, frames, dim)`."""
    function = _compiled.get(subject.checkpoint)
    if function is None:
        function = _compiled[subject.checkpoint] = _gradient_function(subject.checkpoint.model, inputs.shape[-1])
    masks = np.broadcast_to(mask, inputs.shape[:2])
    values, slopes = function(inputs.astype(np.float32), masks, np.int32(label))
    subject.evaluations += len(inputs)
    return np.asarray(values), np.asarray(slopes)


def _gradient_function(model, dim):
    import keras

    if keras.backend.backend() != "tensorflow":
        raise EarmarkError(
            f"Gradients need Keras on TensorFlow; here it runs on {keras.backend.backend()}. Set "
            "KERAS_BACKEND=tensorflow, or use occlusion, which needs no gradients."
        )
    import tensorflow as tf

    signature = [
        tf.TensorSpec((None, None, dim), tf.float32),
        tf.TensorSpec((None, None), tf.bool),
        tf.TensorSpec((), tf.int32),
    ]

    @tf.function(input_signature=signature, autograph=False)
    def gradients(inputs, mask, label):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            probabilities, _ = model.attend(*model.encode(inputs, mask))
            value = tf.gather(probabilities, label, axis=1)
        return value, tape.gradient(value, inputs)

    return gradients
