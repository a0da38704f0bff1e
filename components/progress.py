"""Long work on a page: words while it runs, a bar when its length is known, and a way to stop it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import streamlit as st

from models.errors import Cancelled

_PATIENCE = 0.6  # seconds before “Cancel” appears; what is quicker than this needs none
_GLANCE = 0.2  # seconds between two looks at how far the work has come


def carry_out(words: str, work: Callable, *, key: str):
    """Run `work(progress)` in a thread of its own, with words on the page, and return its result.

    The page stays alive meanwhile. A press of “Cancel”, like any other action that makes Streamlit
    run the page again, ends this run; `progress(done, total)` then raises `Cancelled` inside the
    work, and what it computed is dropped. The next run finds `cancelled(key)` true, once, if it was
    the button.

    Raises:
        Whatever `work` raises.
    """
    place = st.empty()
    job = _Job(work)
    try:
        with place.container(), st.spinner(words, show_time=True):
            if not job.finished.wait(_PATIENCE):
                with st.container(horizontal=True, vertical_alignment="center"):
                    bar = st.empty()
                    st.button("Cancel", key=f"{key}-cancel", on_click=_cancel, args=(key,))
                while not job.finished.wait(_GLANCE):
                    # A call of Streamlit: here a run that is no longer wanted ends.
                    if job.total > 1:
                        bar.progress(job.done / job.total, text=f"Part {job.done} of {job.total}")
                    else:
                        bar.empty()
    finally:
        job.stop.set()
        place.empty()
    if job.error is not None:
        raise job.error
    return job.result


def cancelled(key: str) -> bool:
    """Whether the user pressed “Cancel” for this work since it was last asked."""
    return st.session_state.pop(f"{key}-was-cancelled", False)


class _Job:
    """One piece of work in a thread: its progress, then its result or error."""

    def __init__(self, work):
        self.finished, self.stop = threading.Event(), threading.Event()
        self.done, self.total = 0, 0
        self.result = self.error = None
        self._work = work
        # A daemon: closing the app does not wait for a clip that nobody hears any more.
        threading.Thread(target=self._run, daemon=True, name=f"earmark-work-{time.monotonic_ns()}").start()

    def _run(self):
        try:
            self.result = self._work(self._progress)
        except BaseException as error:  # noqa: BLE001 - handed to the page's thread, which decides
            self.error = error
        finally:
            self.finished.set()

    def _progress(self, done, total):
        if self.stop.is_set():
            raise Cancelled("Stopped.")
        self.done, self.total = done, total


def _cancel(key):
    st.session_state[f"{key}-was-cancelled"] = True
