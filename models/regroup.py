"""Scores of a network's steps, summed over units of another kind: a corpus' tokens, syllables."""

from __future__ import annotations

import numpy as np


def regroup(scores, starts, ends, into_starts, into_ends) -> np.ndarray:
    """Sum scores over other units; a step that reaches into several is shared by the length of the overlap.

    Nothing is lost or counted twice but where the units leave gaps or overlap each other: what lies in a
    gap belongs to no unit.

    Args:
        scores: float `(steps,)`.
        starts, ends: `(steps,)`, in characters or seconds; a step without length counts nowhere.
        into_starts, into_ends: `(units,)`, on the same axis.

    Returns:
        Float64 `(units,)`.
    """
    starts, ends = np.asarray(starts, np.float64), np.asarray(ends, np.float64)
    length = ends - starts
    density = np.divide(scores, length, out=np.zeros(len(starts)), where=length > 0)
    sums = np.zeros(len(into_starts))
    for unit, (first, last) in enumerate(zip(into_starts, into_ends, strict=True)):
        common = np.minimum(ends, last) - np.maximum(starts, first)
        sums[unit] = density @ np.maximum(common, 0)
    return sums
