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
_SINGLE_STEPS = 32  # weightings that look at one step only, in the search
_REFINED = 12  # weightings that are tried part of the way, too
_HALVINGS = 5
_MOST_ROWS = 32
_VALUES_A_BATCH = 4_000_000
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


def replaceable(model, map_name) -> bool:
    """Whether a network lets the weights of that map be replaced (`model.attend(..., attention_weights=...)`).

    A network says that it does not with `supports_replacement = False`. `attend` takes the weights of one layer,
    so a network with several maps cannot say which of them is meant.
    """
    return getattr(model, "supports_replacement", True) and list(model.attention_axes) == [map_name]


def needed(subject, label, map_name=None, shuffles=SHUFFLES, seed=0, progress=None) -> Needed:
    """Replace the weights by shuffled ones, by uniform ones, and search the most different ones that keep the answer.

    The search is bounded: the shuffles, the weights in reverse, uniform weights and up to 32
    single steps; and the most promising ones mixed with the original weights, by halving.

    Args:
        subject: a `Subject`.
        label: index of the label; its own row of weights is replaced where every label has one.
        map_name: the map, one that is `replaceable`; by default the network's only one.
        shuffles: number of shuffles.
        seed: of the shuffles.
        progress: called as `progress(done, total)`; may raise.
    """
    pooling = _Pooling(subject, label, map_name)
    own = pooling.weights
    # A weighting is a function of a window's number and its own weights `(..., steps)`.
    candidates = [_shuffle(seed, i) for i in range(shuffles)]
    candidates += [lambda w, a: np.full_like(a, 1 / a.shape[-1]), lambda w, a: _reversed(a)]
    longest = max(a.shape[-1] for a in own)
    candidates += [_single(place) for place in np.linspace(0, 1, min(_SINGLE_STEPS, longest))]

    total = len(candidates) + _REFINED * _HALVINGS
    distance, apart = pooling.measure(candidates, lambda done: _tell(progress, done, total))
    best, difference = candidates[0], 0.0
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
        mixed = [_part_of_the_way(candidates[i], share) for i, share in zip(farther, middle, strict=True)]
        moved, gone = pooling.measure(mixed)
        kept = moved <= TOLERANCE
        tried += len(mixed)
        low, high = np.where(kept, middle, low), np.where(kept, high, middle)
        for i in np.flatnonzero(kept):
            if gone[i] > difference:
                best, difference = mixed[i], float(gone[i])
        _tell(progress, len(candidates) + (halving + 1) * _REFINED, total)
    _tell(progress, total, total)
    if not difference:
        best = _unchanged

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
        alternative=pooling.drawn(best).astype(np.float32),
    )


class _Pooling:
    """The last part of a network, from states and weights to the answer.

    Attributes:
        weights: the map's weights in each window; of a map with a row for every label, the label's.
    """

    def __init__(self, subject, label, map_name):
        self.subject, self.label = subject, label
        checkpoint = subject.checkpoint
        axes = checkpoint.model.attention_axes[map_name or next(iter(checkpoint.model.attention_axes))]
        # The label's row is replaced; weights that all labels share are replaced as they are.
        self.row = (slice(None), *(label if axis == "label" else slice(None) for axis in axes))
        if checkpoint not in _compiled:
            _compiled[checkpoint] = _functions(checkpoint.model, subject.windows[0], len(axes))
        encode, attend, self.replace = _compiled[checkpoint]
        self.windows, answers = [], []
        for features in subject.windows:
            states, mask = encode(features[None])
            probabilities, weights = attend(states, mask)
            self.windows.append((states, mask, np.asarray(weights)))
            answers.append(np.asarray(probabilities)[0])
        subject.evaluations += len(self.windows)
        self.answer = subject.share @ np.array(answers)
        self.weights = [weights[self.row][0] for *_, weights in self.windows]
        size = max(max(weights.size, np.size(states)) for states, _, weights in self.windows)
        self.rows = int(np.clip(_VALUES_A_BATCH // size, 1, _MOST_ROWS))

    def measure(self, candidates, progress=None):
        """How far each weighting moves the answer, and how far it is from the original: two arrays `(n,)`."""
        answers = np.zeros((len(candidates), len(self.answer)))
        apart = np.zeros(len(candidates))
        for start in range(0, len(candidates), self.rows):
            part = slice(start, start + self.rows)
            for w, (states, mask, weights) in enumerate(self.windows):
                own, share = self.weights[w], self.subject.share[w]
                rows = np.stack([candidate(w, own) for candidate in candidates[part]]).astype(weights.dtype)
                replaced = np.repeat(weights, len(rows), axis=0)
                replaced[self.row] = rows
                answers[part] += share * np.asarray(self.replace(states, mask, replaced))
                change = np.abs(rows - own).sum(axis=-1) / 2
                apart[part] += share * change.reshape(len(rows), -1).mean(axis=1)
            if progress is not None:
                progress(min(start + self.rows, len(candidates)))
        change = np.abs(answers - self.answer)
        if self.subject.explanation.task == "multi-label":
            return change[:, self.label], apart
        return change.sum(axis=1) / 2, apart

    def drawn(self, candidate):
        """A weighting over the whole input's steps, other axes averaged, shape `(steps,)`."""
        from models.explain import stitch

        subject, rows = self.subject, []
        for w, own in enumerate(self.weights):
            row = np.asarray(candidate(w, own), np.float64).reshape(-1, own.shape[-1]).mean(axis=0)
            steps = subject.window_steps(w)
            # An attention layer that saw a single step said nothing about the steps it is drawn on.
            rows.append(row if len(row) == steps else np.full(steps, row.sum() / steps))
        return stitch(rows, subject.offsets, subject.share, subject.steps)


def _shuffle(seed, number):
    def shuffle(window, weights):
        # All rows of a window alike, so that heads and queries still go together.
        order = np.random.default_rng([seed, number, window]).permutation(weights.shape[-1])
        return weights[..., order]

    return shuffle


def _single(place):
    def single(window, weights):
        steps = weights.shape[-1]
        return np.broadcast_to(np.eye(1, steps, round(place * (steps - 1)), dtype=weights.dtype)[0], weights.shape)

    return single


def _part_of_the_way(candidate, share):
    return lambda window, weights: (1 - share) * weights + share * candidate(window, weights)


def _unchanged(window, weights):
    return weights


def _reversed(weights):
    """The same weights dealt out the other way round: the most attended step gets the least."""
    order = np.argsort(weights, axis=-1, kind="stable")
    dealt = np.empty_like(weights)
    np.put_along_axis(dealt, order, np.take_along_axis(weights, order[..., ::-1], axis=-1), axis=-1)
    return dealt


def _functions(model, features, axes):
    """The network's parts, as graphs where there are graphs.

    Returns:
        `encode(features)` to `(states, mask)`; `attend(states, mask)` to `(probabilities, weights)`;
        `replace(states, mask, weights)` to probabilities, where `weights` has many rows and the others one.
    """
    from keras import ops

    def encode(features):
        words = len(features.shape) == 2
        mask = ops.not_equal(features, 0)
        return model.encode(model.embed(features), mask if words else ops.any(mask, axis=-1))

    def replace(states, mask, weights):
        rows = ops.shape(weights)[0]
        probabilities, _ = model.attend(ops.repeat(states, rows, axis=0), ops.repeat(mask, rows, axis=0), weights)
        return probabilities

    encode = traced(encode, ((None, None, *features.shape[1:]), str(features.dtype)))
    states, _ = encode(features[None])
    pair = ((None, None, states.shape[-1]), "float32"), ((None, None), "bool")
    return (
        encode,
        traced(model.attend, *pair),
        traced(replace, *pair, ((None,) * (1 + axes), "float32")),
    )


def _tell(progress, done, total):
    if progress is not None:
        progress(done, total)
