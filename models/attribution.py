"""Other witnesses: ways to ask which steps an answer rests on, besides attention."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


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
            the baseline| over that change, as a share (0.05 is 5 %); else `None`.
    """

    name: str
    title: str
    label: int
    scores: np.ndarray
    description: str
    completeness_gap: float | None = None
