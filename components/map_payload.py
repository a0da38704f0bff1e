"""An attention map as the player and the reader get it."""

import base64

import numpy as np

from models.explanation import AttentionMap

# In the order that they are averaged away in, where a map is too large, and what several of each are called.
MANY = {"query": "queries", "head": "heads", "layer": "layers"}


def map_payload(attention: AttentionMap, most: int) -> dict:
    """A map as plain JSON, its weights as base64 of little-endian float32.

    Args:
        most: of more weights than that, axes are averaged until the rest fits; `note` then says so.
    """
    weights, axes, averaged = attention.weights, list(attention.axes), []
    for axis, many in MANY.items():
        if weights.size > most and axis in axes:
            at = axes.index(axis)
            averaged.append(f"{weights.shape[at]:,} {many}")
            weights = weights.mean(axis=at, dtype=np.float32)
            axes.remove(axis)
    return {
        "name": attention.name,
        "description": attention.description,
        "note": f"The average over {' and '.join(averaged)}: the whole map is too large to draw." if averaged else "",
        "axes": axes,
        "shape": list(weights.shape),
        "weights": floats(weights),
    }


def floats(values: np.ndarray) -> str:
    """Base64 of the values as little-endian float32."""
    return base64.b64encode(np.ascontiguousarray(values, dtype="<f4").tobytes()).decode("ascii")
