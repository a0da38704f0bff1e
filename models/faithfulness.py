"""Does the map tell the truth? ERASER's measures (DeYoung et al. 2020) against chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FRACTIONS = (0.01, 0.05, 0.1, 0.2, 0.5)


@dataclass(frozen=True)
class Curve:
    """What happens to the label's probability as an order's most important steps are taken, or kept alone.

    Args:
        name: whose order: `"attention"` or a witness' name.
        fractions: float32 `(F,)`, ascending, from 0 (the input as it is) to 1 (every step).
        deletion: float32 `(F,)`: probability with that fraction of the steps taken away.
        insertion: float32 `(F,)`: probability with only that fraction kept.
        comprehensiveness, sufficiency: float32 `(F,)`: probability of the whole input minus these.
        aopc_comprehensiveness, aopc_sufficiency: their means over 1, 5, 10, 20, 50 %.
        deletion_area, insertion_area: area under `deletion` and `insertion` over 0 to 1 (trapezoids).
    """

    name: str
    fractions: np.ndarray
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
        mean_low, mean_high: 95 % interval of the mean itself.
    """

    mean: np.ndarray | float
    deviation: np.ndarray | float
    low: np.ndarray | float
    high: np.ndarray | float
    mean_low: np.ndarray | float
    mean_high: np.ndarray | float


@dataclass(frozen=True)
class RandomOrders:
    """`Curve`'s fields over `orders` random orders of the steps, drawn with `seed`."""

    orders: int
    seed: int
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
class Needed:
    """How far the answer moves when the attention weights are replaced (the rest of the network stays).

    Distances are total variation, 0 to 1: between the two answers over all labels (single-label), or
    of the label under test alone, |p - p'| (multi-label).

    Args:
        shuffles: number of shuffles.
        shuffled: float32 `(shuffles,)`: distance of each, ascending.
        shuffled_mean, shuffled_deviation, shuffled_low, shuffled_high: mean, standard deviation, and
            2.5 and 97.5 % quantiles of `shuffled`.
        uniform: distance with every step weighted alike.
        found: whether very different weights were found that keep the answer (within `tolerance`).
        difference: how different the most different ones found are: total variation of the weights,
            0 (the same) to 1 (no step shared).
        tolerance: the largest distance of answers that counts as "kept", 0.01.
        tried: number of weightings tried in the search.
        alternative: float32 `(steps,)`: those weights (for drawing), sum 1.
    """

    shuffles: int
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
