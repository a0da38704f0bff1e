"""What the browser needs to draw a review with both kinds of marks; importable without Streamlit."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from components import colours
from models.datasets import MarkedItem

_HERE = Path(__file__).parent
_SHARED = _HERE.parent / "shared"


def script() -> str:
    """The JavaScript as one module with a default export."""
    return "\n".join(path.read_text("utf-8") for path in (_SHARED / "colour.js", _HERE / "rationales.js"))


def styles() -> str:
    """The style sheet."""
    return "\n".join(path.read_text("utf-8") for path in (_SHARED / "base.css", _HERE / "rationales.css"))


def payload(item: MarkedItem, scores=None, chosen=None, *, name: str = "") -> dict:
    """A review as JSON types.

    Args:
        item: the review and people's marks.
        scores: float `(tokens,)`, what the network gave the corpus' tokens; `None` where there is no network.
        chosen: bool `(tokens,)`, the network's words that are compared with people's.
        name: of the witness, for people: "Attention".

    Returns:
        A dict of tokens, marks as 0/1, and levels from 0 to 1: a score's share of the highest one, nothing
        for scores that speak against the label.
    """
    tokens = [item.text[a:b] for a, b in zip(item.starts.tolist(), item.ends.tolist(), strict=True)]
    levels = np.zeros(len(tokens)) if scores is None else np.maximum(scores, 0)
    return {
        "tokens": tokens,
        "marked": item.marked.astype(int).tolist(),
        "chosen": [0] * len(tokens) if chosen is None else np.asarray(chosen).astype(int).tolist(),
        "levels": np.round(levels / (levels.max() or 1), 3).tolist(),
        "name": name,
        "palette": colours.palette(),
    }
