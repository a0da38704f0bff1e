"""One text several times, each copy tinted by another network's attention, as a Streamlit component of our own."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

from components import colours
from components.comparison_figures import colour_of
from components.comparison_wording import about_map
from components.map_payload import floats

if TYPE_CHECKING:
    from models.comparison import Comparison

_FOLDER = Path(__file__).parent
_SHARED, _READER = _FOLDER.parent / "shared", _FOLDER.parent / "reader"
_SCRIPTS = (_SHARED / "colour.js", _SHARED / "controls.js", _READER / "text.js", _FOLDER / "texts.js")
_STYLES = (_SHARED / "base.css", _FOLDER / "texts.css")


@functools.cache
def _component():
    import streamlit as st

    return st.components.v2.component("earmark_comparison_texts", js=script(), css=styles())


def texts(comparison: Comparison, titles, *, relative: bool, key: str) -> None:
    """Mount the tinted copies of the text side by side.

    Args:
        comparison: of texts.
        titles: what each network is called, in the comparison's order.
        relative: whether each copy is tinted against its own maximum.
        key: unique on the page; under the same key the place in the text is kept.
    """
    _component()(data=payload(comparison, titles, relative=relative), key=key)


def script() -> str:
    """The JavaScript as one module with a default export."""
    return "\n".join(path.read_text("utf-8") for path in _SCRIPTS)


def styles() -> str:
    """The CSS."""
    return "\n".join(path.read_text("utf-8") for path in _STYLES)


def payload(comparison: Comparison, titles, *, relative: bool) -> dict:
    """The comparison as JSON-ready data: the text once, and each network's row of weights as base64 of float32."""
    return {
        "text": comparison.explanations[0].text,
        "starts": comparison.starts.astype(int).tolist(),
        "ends": comparison.ends.astype(int).tolist(),
        "relative": relative,
        "palette": colours.palette(),
        "columns": [
            {
                "title": title,
                "about": about_map(comparison, i),
                "colours": [colour_of(i, False), colour_of(i, True)],
                "weights": None if row.weights is None else floats(row.weights),
            }
            for i, (title, row) in enumerate(zip(titles, comparison.rows, strict=True))
        ],
    }
