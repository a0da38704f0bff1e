"""A review with two kinds of marks in one text: what people marked, and what a network looked at."""

from __future__ import annotations

import functools

from components.rationales.payload import payload, script, styles
from models.datasets import MarkedItem

__all__ = ["marked_text", "payload"]


@functools.cache
def _component():
    import streamlit as st

    return st.components.v2.component("earmark_rationales", js=script(), css=styles())


def marked_text(item: MarkedItem, scores, chosen, *, name: str, key: str) -> None:
    """Show the review: people's marks underlined, the network's tinted, its chosen words framed.

    Args:
        item, scores, chosen, name: see `payload`.
        key: unique on the page.
    """
    _component()(data=payload(item, scores, chosen, name=name), key=key)
