"""The player: a clip with its attention, seen, heard and muted, as a Streamlit component of our own."""

from __future__ import annotations

import functools
import math

from components.player.payload import css, payload, script, standalone
from models.explanation import Explanation

__all__ = ["payload", "player", "standalone"]


@functools.cache
def _component():
    # Here and not above: the command line imports this package for its report, without Streamlit.
    import streamlit as st

    return st.components.v2.component("earmark_player", js=script(), css=css())


def player(
    explanation: Explanation,
    *,
    before: Explanation | None = None,
    key: str,
    height: int | None = None,
    can_predict: bool = True,
    spans: list[dict] = (),
) -> dict | None:
    """Show a clip with its attention, to be seen, heard and muted.

    Args:
        explanation: of a speech clip.
        before: the explanation of the untouched clip when `explanation` is of the muted one;
            probabilities are then shown before → after.
        key: Streamlit key. Keep it the same over reruns: the playhead, zoom and sound stay.
        height: of the picture in pixels; `None` chooses by content.
        can_predict: whether there is a model to ask again. `False` for a reopened explanation
            whose checkpoint is not here: the predict buttons are left out.
        spans: syllables, say; see `payload`.

    Returns:
        `None`, or in the one run that follows what the user asked for: `{"kind": "predict",
        "muted": [[start, end], ...]}` with spans in seconds of the clip, in order and apart, or
        `{"kind": "reset"}`.

    Raises:
        InputError: see `payload`.
    """
    data = payload(explanation, before, height=height, can_predict=can_predict, spans=spans)
    result = _component()(data=data, key=key, on_event_change=lambda: None)
    return _event(result.event, data["duration"])


def _event(value, duration: float) -> dict | None:
    """What the browser sent, if it is one of the two events; anything else is dropped."""
    if not isinstance(value, dict):
        return None
    if value.get("kind") == "reset":
        return {"kind": "reset"}
    spans = value.get("muted")
    if value.get("kind") != "predict" or not isinstance(spans, list) or not spans:
        return None
    muted = []
    for span in spans:
        if not isinstance(span, list) or len(span) != 2 or not all(type(t) in (int, float) for t in span):
            return None
        start, end = (float(t) for t in span)
        if not (math.isfinite(start) and math.isfinite(end) and 0 <= start < end <= duration + 1e-6):
            return None
        muted.append([start, min(end, duration)])
    return {"kind": "predict", "muted": muted}
