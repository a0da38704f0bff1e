"""Does an order of the steps tell the truth? ERASER's measures, against chance.

Comprehensiveness and sufficiency after DeYoung et al. 2020 ("ERASER"), deletion and insertion curves after
Samek et al. 2017 and Petsiuk et al. 2018. Chance is either random orders, or the same order moved along the
input by random distances: see `BASELINES`.

The package ferret (0.4.2, `ferret/evaluators/faithfulness_measures.py`) takes the same falls of probability, signed
alike: over the same sets of steps, its means are our AOPC. Its sets are others: 10, 20 ... 100 % of the steps, rounded
down, of these only the ones with a score above 0, and no set twice in a row (ours: `FRACTIONS`, rounded, at least one
step, any score). At 100 % of positive scores, sufficiency is 0 and comprehensiveness what the emptied input loses.
`ferret` gives its figures. Its tau-LOO is Kendall's tau between signed scores and `occlusion` of single steps (there:
deleted); our agreement is Spearman's, with the witness' signs dropped.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

FRACTIONS = (0.01, 0.05, 0.1, 0.2, 0.5)
# The fraction of the verdict line.
HEADLINE = 0.2
ORDERS = 30
# Of 39 places one may do as well, (1 + 1) / 40 = 5 %: the place next door often does.
SHIFTS = 39
# What "at random" means. "scattered": any order of the steps. "shifted": the order under test, moved along the
# input (round and round): the same runs of steps, in other places.
BASELINES = ("scattered", "shifted")
_TRIES = 50


def baselines_of(modality: str, steps: int) -> tuple[str, ...]:
    """What "at random" may mean for an input of so many steps; the first is the default. `models.trust.judge` says why.

    A pattern cannot be moved to `ORDERS` other places where there are no more steps than that.
    """
    if modality == "text":
        return ("scattered",)
    return ("shifted", "scattered") if steps > ORDERS else ("scattered", "shifted")


@dataclass(frozen=True)
class Curve:
    """What happens to the label's probability as an order's most important steps are taken, or kept alone.

    Args:
        name: whose order: `"attention"` or a witness' name.
        fractions: float32 `(F,)`, ascending, from 0 (the input as it is) to 1 (every step).
        counts: int64 `(F,)`: how many steps that is: rounded, and at least one but for 0.
        deletion: float32 `(F,)`: probability with that fraction of the steps taken away.
        insertion: float32 `(F,)`: probability with only that fraction kept.
        comprehensiveness, sufficiency: float32 `(F,)`: probability of the whole input minus these.
        aopc_comprehensiveness, aopc_sufficiency: their means over the fractions between 0 and 1.
        deletion_area, insertion_area: area under `deletion` and `insertion` over `counts / steps`
            (trapezoids). A telling order has a small area of deletion and a large one of insertion.
    """

    name: str
    fractions: np.ndarray
    counts: np.ndarray
    deletion: np.ndarray
    insertion: np.ndarray
    comprehensiveness: np.ndarray
    sufficiency: np.ndarray
    aopc_comprehensiveness: float
    aopc_sufficiency: float
    deletion_area: float
    insertion_area: float


@dataclass(frozen=True)
class Band:
    """Mean and spread of a figure over random orders; floats, or float32 arrays `(F,)`.

    Args:
        mean, deviation: over the orders (deviation with n - 1).
        low, high: where one more random order falls in 95 % of cases (Student's t).
        mean_low, mean_high: 95 % interval of the mean itself (Student's t).
    """

    mean: np.ndarray | float
    deviation: np.ndarray | float
    low: np.ndarray | float
    high: np.ndarray | float
    mean_low: np.ndarray | float
    mean_high: np.ndarray | float


@dataclass(frozen=True)
class RandomOrders:
    """`Curve`'s figures over `orders` random orders of the steps, drawn with `seed`.

    Args:
        baseline: one of `BASELINES`.
        distinct: whether the orders' top 20 % are all different sets, and differ from attention's
            (impossible where the steps are too few).
        taken, kept: float32 `(orders,)`: comprehensiveness and sufficiency at 20 % of each order.
        taken_aopc, kept_aopc: float32 `(orders,)`: their means over the fractions, of each order.
    """

    baseline: str
    orders: int
    seed: int
    distinct: bool
    taken: np.ndarray
    kept: np.ndarray
    taken_aopc: np.ndarray
    kept_aopc: np.ndarray
    fractions: np.ndarray
    deletion: Band
    insertion: Band
    comprehensiveness: Band
    sufficiency: Band
    aopc_comprehensiveness: Band
    aopc_sufficiency: Band
    deletion_area: Band
    insertion_area: Band


@dataclass(frozen=True)
class Ferret:
    """An order's figures as the package ferret defines them; see the head of this file.

    Args:
        name: as a `Curve`'s.
        aopc_comprehensiveness, aopc_sufficiency: means over its sets of steps; 0 and 1 where there are none.
        sets: how many sets that is, at most 10.
    """

    name: str
    aopc_comprehensiveness: float
    aopc_sufficiency: float
    sets: int


def count_of(fraction: float, steps: int) -> int:
    """How many steps a fraction is: rounded, at least one."""
    return min(max(1, math.floor(fraction * steps + 0.5)), steps)


def band(values, level=0.95) -> Band:
    """`Band` of a sample, shape `(n, ...)`, n at least 2; see there. Normal errors are assumed, as usual.

    Args:
        level: how often the intervals hold.
    """
    from scipy.special import stdtrit

    values = np.asarray(values, np.float64)
    n = len(values)
    mean, deviation = values.mean(axis=0), values.std(axis=0, ddof=1)
    quantile = float(stdtrit(n - 1, 0.5 + level / 2))
    one, all_ = quantile * deviation * math.sqrt(1 + 1 / n), quantile * deviation / math.sqrt(n)
    parts = (mean, deviation, mean - one, mean + one, mean - all_, mean + all_)
    return Band(*(float(p) if p.ndim == 0 else p.astype(np.float32) for p in parts))


def order_of(scores) -> np.ndarray:
    """Indices of the steps, highest score first; equal ones in the order of time."""
    return np.argsort(-np.asarray(scores, np.float64), kind="stable")


def random_orders(steps, orders=ORDERS, seed=0, apart_from=None):
    """Seeded random orders of the steps.

    Each has another set of steps in its first 20 %, and another than `apart_from` has: then attention's
    rank among them is fair (a permutation test without repetition) even for a short text.

    Args:
        apart_from: an order `(steps,)`.

    Returns:
        `(orders, distinct)`: int array `(orders, steps)`, and whether there were enough different sets. If
        there are at least `ORDERS`, but not as many as asked for, there are fewer orders.
    """
    rng = np.random.default_rng(seed)
    count = count_of(HEADLINE, steps)
    others = math.comb(steps, count) - 1
    distinct = others >= min(orders, ORDERS)
    orders = min(orders, others) if distinct else orders
    seen = set() if apart_from is None else {frozenset(apart_from[:count].tolist())}
    found = []
    while len(found) < orders:
        for _ in range(_TRIES * orders):
            order = rng.permutation(steps)
            top = frozenset(order[:count].tolist())
            if not distinct or top not in seen:
                break
        seen.add(top)
        found.append(order)
    return np.array(found), distinct


def shifted_orders(order, orders=SHIFTS, seed=0):
    """The same order of the steps, moved along the input by seeded random distances; what leaves at the end comes
    in at the start.

    No distance is drawn twice, and each moves the first 20 % to another set of steps.

    Args:
        order: int array `(steps,)`.
        orders: how many are wanted. There may be fewer: an input of n steps has n - 1 distances.

    Returns:
        `(orders, distinct)`: int array `(orders, steps)`, and whether there were at least `ORDERS` different
        ones. If not, distances repeat, so that there still is something to draw.
    """
    order, rng = np.asarray(order), np.random.default_rng(seed)
    steps, count = len(order), count_of(HEADLINE, len(order))
    seen, found = {frozenset(order[:count].tolist())}, []
    for distance in rng.permutation(np.arange(1, steps)):
        moved = (order + distance) % steps
        top = frozenset(moved[:count].tolist())
        if top not in seen and len(found) < orders:
            seen.add(top)
            found.append(moved)
    if len(found) >= min(orders, ORDERS):
        return np.array(found), True
    return (order + rng.integers(0, steps, (ORDERS, 1))) % steps, False


def curves(
    subject,
    label,
    scores,
    removal=None,
    fractions=FRACTIONS,
    orders=ORDERS,
    seed=0,
    progress=None,
    baseline="scattered",
):
    """Deletion and insertion along the orders that scores give, and along random orders, in one batched run.

    Args:
        subject: a `Subject`.
        label: index of the label.
        scores: dict from a name to scores `(steps,)`; random sets are kept apart from the first one's, and with
            the baseline "shifted" it is the first one's order that is moved.
        removal: one of the subject's `removals`.
        fractions: ascending, between 0 and 1, with `HEADLINE` among them.
        orders: number of random orders.
        seed: of the random orders.
        progress: called as `progress(done, total)`; may raise.
        baseline: one of `BASELINES`.

    Returns:
        `(curves, random)`: a tuple of `Curve` in the order of `scores`, and `RandomOrders`.
    """
    ranked = [order_of(s) for s in scores.values()]
    if baseline == "shifted":
        chance, distinct = shifted_orders(ranked[0], orders, seed)
    else:
        chance, distinct = random_orders(subject.steps, orders, seed, ranked[0])
    counts = np.array([count_of(fraction, subject.steps) for fraction in fractions])
    ranks = np.argsort(np.concatenate([ranked, chance]), axis=1)
    taken = ranks[:, None, :] < counts[:, None]
    nothing = np.zeros((1, subject.steps), bool)
    sets = np.concatenate([nothing, ~nothing, taken.reshape(-1, subject.steps), ~taken.reshape(-1, subject.steps)])
    answers = subject.probabilities(sets, removal, progress)[:, label]
    whole, empty = answers[:2]
    deletion, insertion = answers[2:].reshape(2, len(ranks), len(counts))
    rows = _figures(subject.steps, whole, empty, fractions, counts, deletion, insertion)
    given = len(ranked)
    found = tuple(
        Curve(name, **{key: _plain(value if key in _SHARED else value[i]) for key, value in rows.items()})
        for i, name in enumerate(scores)
    )
    spread = {key: band(value[given:]) for key, value in rows.items() if key not in _SHARED}
    headline = 1 + list(fractions).index(HEADLINE)
    random = RandomOrders(
        baseline=baseline,
        orders=len(chance),
        seed=seed,
        distinct=distinct,
        taken=rows["comprehensiveness"][given:, headline].astype(np.float32),
        kept=rows["sufficiency"][given:, headline].astype(np.float32),
        taken_aopc=rows["aopc_comprehensiveness"][given:].astype(np.float32),
        kept_aopc=rows["aopc_sufficiency"][given:].astype(np.float32),
        fractions=_plain(rows["fractions"]),
        **spread,
    )
    return found, random


def ferret(subject, label, scores, removal=None, progress=None) -> tuple[Ferret, ...]:
    """The figures of ferret 0.4.2, with the subject's removals; of equal scores the first in time comes first.

    Args:
        subject, label, scores, removal, progress: as for `curves`; scores may be negative.
    """
    rows, sizes = [np.zeros(subject.steps, bool)], []
    for values in scores.values():
        ranks = np.argsort(order_of(values))
        counts = np.arange(1, 11) * subject.steps // 10
        counts = np.unique(np.minimum(counts, np.count_nonzero(np.asarray(values) > 0)))
        taken = ranks < counts[counts > 0, None]
        rows += [*taken, *~taken]
        sizes.append(len(taken))
    answers = subject.probabilities(np.array(rows), removal, progress)[:, label]
    falls = np.split(answers[0] - answers[1:], np.cumsum(2 * np.array(sizes))[:-1])
    return tuple(
        Ferret(name, float(fall[:size].mean()), float(fall[size:].mean()), size) if size else Ferret(name, 0.0, 1.0, 0)
        for name, fall, size in zip(scores, falls, sizes, strict=True)
    )


_SHARED = ("fractions", "counts")


def _figures(steps, whole, empty, fractions, counts, deletion, insertion):
    """Every figure of `Curve` for all orders at once: arrays `(orders, F)` or `(orders,)`."""
    ends = np.full((len(deletion), 1), whole), np.full((len(deletion), 1), empty)
    deletion = np.concatenate([ends[0], deletion, ends[1]], axis=1)
    insertion = np.concatenate([ends[1], insertion, ends[0]], axis=1)
    counts = np.concatenate([[0], counts, [steps]])
    comprehensiveness, sufficiency = whole - deletion, whole - insertion
    return {
        "fractions": np.concatenate([[0], fractions, [1]]),
        "counts": counts,
        "deletion": deletion,
        "insertion": insertion,
        "comprehensiveness": comprehensiveness,
        "sufficiency": sufficiency,
        "aopc_comprehensiveness": comprehensiveness[:, 1:-1].mean(axis=1),
        "aopc_sufficiency": sufficiency[:, 1:-1].mean(axis=1),
        "deletion_area": np.trapezoid(deletion, counts / steps, axis=1),
        "insertion_area": np.trapezoid(insertion, counts / steps, axis=1),
    }


def _plain(value):
    value = np.asarray(value)
    if value.ndim == 0:
        return float(value)
    return value.astype(np.float32) if value.dtype.kind == "f" else value
