"""Is this very attention needed, or would other weights have given the same answer?

After Jain & Wallace 2019 ("Attention is not Explanation") and Wiegreffe & Pinter 2019 ("Attention is not not
Explanation"). The network's states stay as they are; only the weights that pool them are replaced.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass

import numpy as np

from models.subjects import traced

SHUFFLES = 100
# Answers this near one another count as the same (Jain & Wallace use the same 0.01).
TOLERANCE = 0.01
# Weights that share less than half of their mass with the original are called very different.
FAR = 0.5
_SINGLE_STEPS = 64  # weightings that look at one step only, in the search
_REFINED = 24  # weightings that are tried part of the way, too
_HALVINGS = 6
_ROWS_A_BATCH = 32
_compiled = weakref.WeakKeyDictionary()


@dataclass(frozen=True)
class Needed:
    """How far the answer moves when the attention weights are replaced (the rest of the network stays).

    Distances are total variation, 0 to 1: between the two answers over all labels (single-label), or
    of the label under test alone, |p - p'| (multi-label).

    Args:
        shuffles: number of shuffles.
        seed: of the shuffles.
        shuffled: float32 `(shuffles,)`: distance of each, ascending.
        shuffled_mean, shuffled_deviation, shuffled_low, shuffled_high: mean, standard deviation, and
            2.5 and 97.5 % quantiles of `shuffled`.
        uniform: distance with every step weighted alike.
        found: whether weights were found that keep the answer (within `tolerance`) and are very
            different (`difference` at least `FAR`). Not found is no proof that there are none.
        difference: how different the most different ones found are: total variation of the weights,
            0 (the same) to 1 (no step shared).
        tolerance: the largest distance of answers that counts as kept, 0.01.
        tried: number of weightings tried in the search.
        alternative: float32 `(steps,)`: those weights (for drawing), sum 1.
    """

    shuffles: int
    seed: int
    shuffled: np.ndarray
    shuffled_mean: float
    shuffled_deviation: float
    shuffled_low: float
    shuffled_high: float
    uniform: float
    found: bool
    difference: float
    tolerance: float
    tried: int
    alternative: np.ndarray


def needed(subject, label, map_name=None, shuffles=SHUFFLES, seed=0, progress=None) -> Needed:
    """Replace the weights by shuffled ones, by uniform ones, and search the most different ones that keep the answer.

    The search is bounded: the shuffles, the weights in reverse, uniform weights and up to 64
    single steps; and the most promising ones mixed with the original weights, by halving.

    Args:
        subject: a `Subject`.
        label: index of the label; its own row of weights is replaced where every label has one.
        map_name: the map, by default the network's first.
        shuffles: number of shuffles.
        seed: of the shuffles.
        progress: called as `progress(done, total)`; may raise.
    """
    pooling = _Pooling(subject, label, map_name)
    rng = np.random.default_rng(seed)
    own = pooling.weights
    shuffled = [[rng.permutation(row) for row in own] for _ in range(shuffles)]
    uniform = [np.full_like(row, 1 / len(row)) for row in own]
    reverse = [_reversed(row) for row in own]
    places = np.unique(np.linspace(0, 1, _SINGLE_STEPS).round(6))
    single = [
        [np.eye(1, len(row), round(place * (len(row) - 1)), dtype=row.dtype)[0] for row in own] for place in places
    ]
    candidates = [*shuffled, uniform, reverse, *single]

    total = len(candidates) + _REFINED * _HALVINGS
    distance = pooling.distances(candidates, lambda done, _: _tell(progress, done, total))
    apart = np.array([pooling.apart(candidate) for candidate in candidates])
    best, difference = own, 0.0
    for i in np.flatnonzero(distance <= TOLERANCE):
        if apart[i] > difference:
            best, difference = candidates[i], float(apart[i])
    tried = len(candidates)
    # Where a weighting goes too far, part of the way may be allowed; first those that go farthest for the least.
    farther = np.flatnonzero((distance > TOLERANCE) & (apart > difference))
    farther = farther[np.argsort(distance[farther] / apart[farther], kind="stable")][:_REFINED]
    low, high = np.zeros(len(farther)), np.ones(len(farther))
    for halving in range(_HALVINGS if len(farther) else 0):
        middle = (low + high) / 2
        mixed = [
            [(1 - share) * a + share * b for a, b in zip(own, candidates[i], strict=True)]
            for share, i in zip(middle, farther, strict=True)
        ]
        kept = pooling.distances(mixed) <= TOLERANCE
        tried += len(mixed)
        low, high = np.where(kept, middle, low), np.where(kept, high, middle)
        for share, i, row in zip(middle[kept], farther[kept], np.flatnonzero(kept), strict=True):
            if share * apart[i] > difference:
                best, difference = mixed[row], float(share * apart[i])
        _tell(progress, len(candidates) + (halving + 1) * _REFINED, total)
    _tell(progress, total, total)

    moved = np.sort(distance[:shuffles])
    low, high = np.quantile(moved, [0.025, 0.975])
    return Needed(
        shuffles=shuffles,
        seed=seed,
        shuffled=moved.astype(np.float32),
        shuffled_mean=float(moved.mean()),
        shuffled_deviation=float(moved.std(ddof=1)),
        shuffled_low=float(low),
        shuffled_high=float(high),
        uniform=float(distance[shuffles]),
        found=difference >= FAR,
        difference=difference,
        tolerance=TOLERANCE,
        tried=tried,
        alternative=pooling.stitched(best).astype(np.float32),
    )


class _Pooling:
    """The last part of a network, from states and weights to the answer.

    Attributes:
        weights: the label's own weights, one array `(steps_i,)` for each window.
    """

    def __init__(self, subject, label, map_name):
        self.subject, self.label = subject, label
        checkpoint = subject.checkpoint
        model = checkpoint.model
        name = map_name or next(iter(model.attention_axes))
        axes = model.attention_axes[name]
        # The label's row is replaced; weights that all labels share are replaced as they are.
        self.row = (slice(None), *(label if axis == "label" else slice(None) for axis in axes))
        if checkpoint not in _compiled:
            _compiled[checkpoint] = _functions(model, subject.windows[0])
        encode, self.attend = _compiled[checkpoint]
        self.windows = []
        for features in subject.windows:
            states, mask = encode(features[None])
            probabilities, weights = self.attend(states, mask, None)
            self.windows.append((states, mask, np.asarray(weights), np.asarray(probabilities)[0]))
        subject.evaluations += len(self.windows)
        self.answer = subject.share @ np.array([window[3] for window in self.windows])
        self.weights = [window[2][self.row].reshape(-1, window[2].shape[-1]).mean(axis=0) for window in self.windows]

    def distances(self, candidates, progress=None):
        """How far each candidate (a list of weights `(steps_i,)`, one a window) moves the answer."""
        moved = np.zeros((len(candidates), len(self.answer)))
        for start in range(0, len(candidates), _ROWS_A_BATCH):
            batch = candidates[start : start + _ROWS_A_BATCH]
            for w, (states, mask, weights, _) in enumerate(self.windows):
                replaced = np.repeat(weights, len(batch), axis=0)
                rows = np.array([candidate[w] for candidate in batch], weights.dtype)
                part = replaced[self.row]
                replaced[self.row] = rows.reshape(len(rows), *[1] * (part.ndim - 2), -1)
                answers, _ = self.attend(states, mask, replaced)
                moved[start : start + len(batch)] += self.subject.share[w] * np.asarray(answers)
            if progress is not None:
                progress(start + len(batch), len(candidates))
        change = np.abs(moved - self.answer)
        if self.subject.explanation.task == "multi-label":
            return change[:, self.label]
        return change.sum(axis=1) / 2

    def apart(self, candidate):
        """Total variation between a candidate and the original weights, mean over windows."""
        rows = [np.abs(a - b).sum() / 2 for a, b in zip(candidate, self.weights, strict=True)]
        return float(self.subject.share @ rows)

    def stitched(self, candidate):
        from models.explain import _stitch as stitch

        weights = [np.asarray(row, np.float64) for row in candidate]
        return stitch(weights, self.subject.offsets, self.subject.share, self.subject.steps)


def _functions(model, features):
    """`encode(features)` to `(states, mask)`, and `attend(states, mask, weights or None)`.

    `weights` may have more rows than `states`: these are then the same for all.
    """
    from keras import ops

    def encode(features):
        words = len(features.shape) == 2
        mask = ops.not_equal(features, 0)
        return model.encode(model.embed(features), mask if words else ops.any(mask, axis=-1))

    def attend(states, mask, weights):
        if weights is not None:
            states, mask = (ops.repeat(x, len(weights), axis=0) for x in (states, mask))
        return model.attend(states, mask, weights)

    return traced(encode, ((None, None, *features.shape[1:]), str(features.dtype))), attend


def _reversed(weights):
    """The same weights dealt out the other way round: the most attended step gets the least."""
    order = np.argsort(weights, kind="stable")
    dealt = np.empty_like(weights)
    dealt[order] = weights[order[::-1]]
    return dealt


def _tell(progress, done, total):
    if progress is not None:
        progress(done, total)
