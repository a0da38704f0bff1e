"""How far do the attention maps of several networks agree on one input?

The maps are first brought to one axis: the steps of one network may be 40 ms long and those of another 64 ms,
or two tokenizers may cut a text differently. Weight is then moved, never made or lost: `resample` keeps its sum.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models.attribution import overlap, spearman
from models.errors import InputError
from models.explanation import Explanation

FEWEST, MOST = 2, 4
TOP = 0.2
# Architectures whose map is empty or even: no good first example.
PLAIN = ("bilstm-last", "bilstm-mean", "rcnn", "rcnn-one-step")
# Weights that differ by less than this share of the largest do so by rounding: ranks among them are noise.
_ROUNDING = 1e-4


@dataclass(frozen=True)
class Row:
    """One network's map on the common axis.

    Args:
        weights: float64 `(cells,)` that sum to 1; `None` where the network has no attention.
        own: float64 `(steps,)`, the same weights over the network's own steps; `None` likewise.
        map: name of the map; `""` where there is none.
        description: the map's own sentence on what it is.
        label: whose row of a map by labels this is; `""` where the map is the same for every label.
        asked: whether `label` is the label that was asked for; a network that lacks it shows its own top label.
        even: whether every step has the same weight, so that no step is above another.
        effective: as how many evenly weighted steps the map counts, exp(entropy); `None` without a map.
    """

    weights: np.ndarray | None
    own: np.ndarray | None
    map: str = ""
    description: str = ""
    label: str = ""
    asked: bool = True
    even: bool = False
    effective: float | None = None


@dataclass(frozen=True)
class Agreement:
    """How far two maps agree. `first` and `second` are their positions.

    Args:
        spearman: rank correlation of the weights, -1 to 1; `None` where a map is even, as it has no ranks.
        overlap: share of the 20 % of cells with the most weight in one that are so in the other, too; `None` likewise.
        divergence: Jensen-Shannon divergence in bits: 0 for the same map, 1 where no cell has weight in both.
    """

    first: int
    second: int
    spearman: float | None
    overlap: float | None
    divergence: float


@dataclass(frozen=True)
class Comparison:
    """Several explanations of one input, side by side.

    Args:
        explanations: in the order given.
        label: the label that was asked about.
        starts, ends: float64 `(cells,)`, the common axis: seconds of the clip, or characters of the text.
        rows: one `Row` an explanation.
        agreements: one `Agreement` for every two networks that have a map.
    """

    explanations: tuple[Explanation, ...]
    label: str
    starts: np.ndarray
    ends: np.ndarray
    rows: tuple[Row, ...]
    agreements: tuple[Agreement, ...]


def compare(explanations, label: str | None = None) -> Comparison:
    """Bring the first map of each explanation to one axis and measure how far they agree.

    Heads, hops, layers and looking steps are averaged.

    Args:
        explanations: of one input, by different checkpoints; changed (muted, masked) in the same way.
        label: name of the label whose rows are compared; the first network's top label if `None`.

    Raises:
        InputError: none given, or they are not of one and the same input.
    """
    explanations = tuple(explanations)
    if not explanations:
        raise InputError("There is nothing to compare. Choose at least one checkpoint.")
    first = explanations[0]
    for other in explanations[1:]:
        same = other.modality == first.modality and other.provenance.input_hash == first.provenance.input_hash
        if not same or other.changed != first.changed:
            raise InputError("Maps can be compared only on one and the same input. Explain it anew with each network.")
    label = first.labels[int(first.ranking()[0])] if label is None else label
    starts, ends = common_axis([e.units for e in explanations])
    rows = tuple(_row(e, label, starts, ends) for e in explanations)
    pairs = itertools.combinations([i for i, row in enumerate(rows) if row.weights is not None], 2)
    agreements = tuple(_agreement(i, j, rows[i], rows[j]) for i, j in pairs)
    return Comparison(explanations, label, starts, ends, rows, agreements)


def first_pair(entries) -> tuple[str, ...]:
    """Names of the networks to show first: the first one, and the next for the same inputs whose map says something.

    Args:
        entries: `models.checkpoints.Listing` of one modality, at least one, the default first.
    """
    first, *others = entries
    alike = [e for e in others if e.family == first.family and e.architecture not in PLAIN]
    return (first.name, *(e.name for e in (alike or others)[:1]))


def fastest(explain: Callable[[], Explanation], *, fewest: int, most: int = 3, seconds: float = 1.0) -> Explanation:
    """The one of several explanations of an input whose forward pass took the fewest milliseconds.

    A network's first run of all builds its graph, and other work slows a run down: the fastest is the measure.

    Args:
        explain: runs the network once.
        fewest, most: runs; between the two it goes on until so many `seconds` have passed.
    """
    began, runs = time.monotonic(), []
    while len(runs) < fewest or (len(runs) < most and time.monotonic() - began < seconds):
        runs.append(explain())
    return min(runs, key=lambda run: run.provenance.milliseconds["forward"])


def labels_of(explanations) -> list[str]:
    """Every label of any of the networks, the one with the highest probability anywhere first."""
    best = {}
    for explanation in explanations:
        for label, probability in zip(explanation.labels, explanation.probabilities.tolist(), strict=True):
            best[label] = max(best.get(label, 0.0), probability)
    return sorted(best, key=lambda label: -best[label])


def asks_for_label(explanations) -> bool:
    """Whether the map of any of them differs by label."""
    return any("label" in e.attention[0].axes for e in explanations if e.attention)


def common_axis(units) -> tuple[np.ndarray, np.ndarray]:
    """Starts and ends, float64 `(cells,)`, of the finest of the given `Units`, made to reach as far as any of them.

    Cells that are added before or after are as long as the finest units' median step.
    """
    finest = max(units, key=len)
    starts, ends = finest.starts.astype(float), finest.ends.astype(float)
    if not len(finest) or finest.kind == "token":
        # Characters outside of every token hold no weight, so there is nothing to reach for.
        return starts, ends
    length = float(np.median(ends - starts))
    lowest, highest = min(u.starts[0] for u in units if len(u)), max(u.ends[-1] for u in units if len(u))
    before, after = _cells(lowest, starts[0], length), _cells(ends[-1], highest, length)
    return (
        np.concatenate([before[:-1], starts, after[:-1]]),
        np.concatenate([before[1:], ends, after[1:]]),
    )


def _cells(low, high, length):
    """Edges of equal cells of about that length from `low` to `high`; a single edge where there is no room."""
    count = int(np.ceil((high - low) / length - 1e-6)) if length > 0 else 0
    return np.linspace(low, high, count + 1) if count > 0 else np.array([low])


def resample(weights, starts, ends, cell_starts, cell_ends) -> np.ndarray:
    """Weights of steps as weights of cells, with the same sum.

    A step's weight lies evenly over its extent, and each cell gets what lies in it. What lies between
    two cells goes to the nearer one, and what lies outside of all to the first or the last.

    Args:
        weights: float `(steps,)`, not negative.
        starts, ends: float `(steps,)`, in order, no two steps overlapping.
        cell_starts, cell_ends: float `(cells,)`, likewise; at least one cell.
    """
    weights = np.asarray(weights, float)
    if len(starts) == len(cell_starts) and np.array_equal(starts, cell_starts) and np.array_equal(ends, cell_ends):
        return weights.copy()
    # Weight up to a point: rises within a step, rests between two.
    points = np.stack([starts, ends], axis=1).astype(float).ravel()
    sums = np.concatenate([[0], np.cumsum(weights)])
    reached = np.stack([sums[:-1], sums[1:]], axis=1).ravel()
    borders = (np.asarray(cell_ends[:-1], float) + np.asarray(cell_starts[1:], float)) / 2
    return np.diff(np.concatenate([[0.0], np.interp(borders, points, reached), [sums[-1]]]))


def divergence(a, b) -> float:
    """Jensen-Shannon divergence of two distributions `(n,)` in bits, 0 to 1 (Lin 1991)."""
    a, b = (np.asarray(x, float) / np.sum(x) for x in (a, b))
    middle = (a + b) / 2
    halves = (np.sum(x[x > 0] * np.log2(x[x > 0] / middle[x > 0])) for x in (a, b))
    return float(np.clip(sum(halves) / 2, 0, 1))


def _row(explanation, label, starts, ends):
    if not explanation.attention or not len(explanation.units):
        return Row(None, None)
    map_ = explanation.attention[0]
    by_label = "label" in map_.axes
    asked = not by_label or label in explanation.labels
    index = explanation.labels.index(label) if label in explanation.labels else int(explanation.ranking()[0])
    own = map_.select(label=index).astype(float)
    total = own.sum()
    if not total > 0:
        return Row(None, None)
    own = own / total
    units = explanation.units
    spread = own[own > 0]
    return Row(
        resample(own, units.starts, units.ends, starts, ends),
        own,
        map_.name,
        map_.description,
        explanation.labels[index] if by_label else "",
        asked,
        bool(np.ptp(own) <= _ROUNDING * own.max()),
        float(np.exp(-np.sum(spread * np.log(spread)))),
    )


def _agreement(i, j, a, b):
    ranked = not (a.even or b.even)
    return Agreement(
        i,
        j,
        spearman(_ties(a.weights), _ties(b.weights)) if ranked else None,
        overlap(_ties(a.weights), _ties(b.weights), TOP) if ranked else None,
        divergence(a.weights, b.weights),
    )


def _ties(weights):
    """Weights whose last digits are cut off: equal parts of one step must not get ranks by rounding."""
    return np.round(weights / weights.max(), 10)
