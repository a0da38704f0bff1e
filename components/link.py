"""What a link holds beside the page: checkpoint, sample, and what was muted or masked."""

from __future__ import annotations

import math

# Longer lists would make links that mail programs cut; the page then leaves them out.
MOST_SPANS = 40
MOST_INDICES = 300


def format_changes(modality: str, changes) -> str:
    """`(start, end)` spans as `0.50-1.25,2.00-2.40`, or token indices as `3,17`; `""` if there are none or too many."""
    if modality == "speech":
        return ",".join(f"{a:.3f}-{b:.3f}" for a, b in changes) if len(changes) <= MOST_SPANS else ""
    return ",".join(str(i) for i in changes) if len(changes) <= MOST_INDICES else ""


def parse_changes(modality: str, text: str) -> tuple:
    """Inverse of `format_changes`; anything that is not such a list gives `()`."""
    try:
        if modality == "speech":
            spans = [tuple(float(v) for v in part.split("-", 1)) for part in text.split(",")]
            good = len(spans) <= MOST_SPANS and all(math.isfinite(a) and 0 <= a < b < math.inf for a, b in spans)
            return tuple(spans) if good else ()
        indices = sorted({int(part) for part in text.split(",")})
        return tuple(indices) if len(indices) <= MOST_INDICES and indices[0] >= 0 else ()
    except ValueError:
        return ()


def changes_after(event: dict, modality: str) -> tuple:
    """The changes that an event of the player or the reader asks for; a reset asks for none."""
    if event["kind"] == "reset":
        return ()
    if modality == "speech":
        return tuple((float(a), float(b)) for a, b in event["muted"])
    return tuple(int(i) for i in event["masked"])
