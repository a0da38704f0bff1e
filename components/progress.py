"""Long work on a page: words while it runs, a bar when its length is known, and a way to stop it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

import streamlit as st

_PATIENCE = 0.4  # seconds before a bar appears; what is quicker than this needs none


@contextlib.contextmanager
def cancellable(words: str, *, key: str) -> Iterator[Callable[[int, int], None]]:
    """Show that something is being worked on, and yield a `progress(done, total)` function for it.

    A press of “Cancel” makes Streamlit end this run of the script at the next call of `progress`;
    the next run finds `cancelled(key)` true, once.
    """
    place = st.empty()
    started = time.monotonic()
    shown = []

    def progress(done: int, total: int) -> None:
        if done >= total or (not shown and time.monotonic() - started < _PATIENCE):
            return
        share = done / total if total else 0.0
        if not shown:
            with place.container(horizontal=True, vertical_alignment="center"):
                shown.append(st.progress(share, text=words))
                st.button("Cancel", key=f"{key}-cancel", on_click=_cancel, args=(key,))
        shown[0].progress(share, text=f"{words} {share:.0%}")

    try:
        with st.spinner(words):
            yield progress
    finally:
        place.empty()


def cancelled(key: str) -> bool:
    """Whether the user pressed “Cancel” for this work since it was last asked."""
    return st.session_state.pop(f"{key}-was-cancelled", False)


def _cancel(key):
    st.session_state[f"{key}-was-cancelled"] = True
