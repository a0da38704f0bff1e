"""What should make anyone doubt a map, whatever it shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Alarm:
    """One reason for doubt.

    Args:
        kind: `"one-step"`, `"uniform"`, `"silence"`, `"unknown-words"`, `"unsure"` or `"unlike-training"`.
        seen: one sentence: what was seen, with its figure.
        why: one sentence: why it matters.
        advice: one sentence: what to do.
        value: the figure itself.
        limit: what it was held against.
    """

    kind: str
    seen: str
    why: str
    advice: str
    value: float
    limit: float
