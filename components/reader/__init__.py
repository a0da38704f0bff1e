"""The reader: a text tinted by attention, as a Streamlit component of our own."""

from __future__ import annotations

import functools

from components.reader.payload import payload, script, standalone, styles
from models.explanation import Explanation

__all__ = ["payload", "reader", "standalone"]


@functools.cache
def _component():
    # Here and not above: the command line imports this package for its report, without Streamlit.
    import streamlit as st

    return st.components.v2.component("earmark_reader", js=script(), css=styles())


def reader(
    explanation: Explanation, *, before: Explanation | None = None, key: str, can_predict: bool = True
) -> dict | None:
    """Mounts the reader.

    Args:
        explanation: of modality `"text"`.
        before: the explanation of the untouched text when `explanation` is of the text with words masked;
            the probabilities then show before → after.
        can_predict: whether there is a model to ask again; `False` for a reopened explanation.
        key: unique on the page; under the same key the reader keeps the chosen label, scale and place.

    Returns:
        `{"kind": "predict", "masked": [token indices, ascending]}` in the one run that follows a press of
        “Predict again”, `{"kind": "reset"}` when every word was restored, otherwise `None`.

    Raises:
        InputError: see `payload`.
    """
    result = _component()(
        data=payload(explanation, before, can_predict=can_predict), key=key, on_event_change=lambda: None
    )
    return _event(result.event, len(explanation.units))


def _event(value, steps: int) -> dict | None:
    """What the browser sent, if it is one of the two events; anything else is dropped."""
    if not isinstance(value, dict):
        return None
    if value.get("kind") == "reset":
        return {"kind": "reset"}
    masked = value.get("masked")
    if value.get("kind") != "predict" or not isinstance(masked, list) or not masked:
        return None
    if not all(type(i) is int and 0 <= i < steps for i in masked):
        return None
    return {"kind": "predict", "masked": sorted(set(masked))}
