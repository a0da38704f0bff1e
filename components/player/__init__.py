"""The speech player on Streamlit: mounts the component and hands back what the user asked for."""

from __future__ import annotations

import streamlit as st

from components.player.payload import css, payload, script
from models.explanation import Explanation

_mount = st.components.v2.component("earmark_player", css=css(), js=script())


def player(
    explanation: Explanation,
    *,
    before: Explanation | None = None,
    key: str,
    height: int | None = None,
    can_predict: bool = True,
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

    Returns:
        `None`, or for one run what the user asked for: `{"kind": "predict", "muted":
        [[start, end], ...]}` with spans in seconds of the clip, or `{"kind": "reset"}`.
    """
    data = payload(explanation, before, height=height, can_predict=can_predict)
    return _mount(key=key, data=data, on_request_change=lambda: None).request
