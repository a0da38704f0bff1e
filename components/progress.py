"""Long work on a page: words while it runs, a bar when its length is known, and a way to stop it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import streamlit as st

from models.errors import Cancelled

_PATIENCE = 0.6  # seconds before “Cancel” appears; what is quicker than this needs none
_GLANCE = 0.2  # seconds between two looks at how far the work has come
_THREAD = "earmark-work-"


def carry_out(words: str, work: Callable, *, key: str, **more):
    """Run `work(progress)` in a thread of its own, with words on the page, and return its result.

    The page stays alive meanwhile. A press of “Cancel”, like any other action that makes Streamlit
    run the page again, ends this run; `progress(done, total)` then raises `Cancelled` inside the
    work, and what it computed is dropped. The next run finds `cancelled(key)` true, once, if it was
    the button. `more` goes to `attend`.

    Raises:
        Whatever `work` raises.
    """
    job = Job(work)
    try:
        return attend(words, job, key=key, **more)
    finally:
        job.stop.set()


def attend(words: str, job: Job, *, key: str, parts: str = "Part {done} of {total}"):
    """Show how far a job has come until it is done, and return its result.

    Where the page runs again meanwhile, the job goes on: attend to it again, or set its `stop`.

    Args:
        parts: what the bar says, with `{done}` and `{total}`.

    Raises:
        Whatever the job's work raises.
    """
    place = st.empty()
    try:
        with place.container(), st.spinner(words, show_time=True):
            if not job.wait(_PATIENCE):
                with st.container(horizontal=True, vertical_alignment="center"):
                    bar = st.empty()
                    st.button("Cancel", key=f"{key}-cancel", on_click=_cancel, args=(key,))
                while not job.wait(_GLANCE):
                    # A call of Streamlit: here a run that is no longer wanted ends.
                    if job.total > 1:
                        bar.progress(job.done / job.total, text=parts.format(done=job.done, total=job.total))
                    else:
                        bar.empty()
    finally:
        place.empty()
    if job.error is not None:
        raise job.error
    return job.result


def cancelled(key: str) -> bool:
    """Whether the user pressed “Cancel” for this work since it was last asked."""
    return st.session_state.pop(f"{key}-was-cancelled", False)


def give_way() -> None:
    """Wait until no visitor's work is running; for work that nobody waits for."""
    while any(thread.name.startswith(_THREAD) for thread in threading.enumerate()):
        time.sleep(_GLANCE)


class Job:
    """One piece of work in a thread: its progress, then its result or error.

    Args:
        work: called as `work(progress)`; `progress(done, total)` raises `Cancelled` once `stop` is set.
        alone: seconds that it may go on while nobody waits for it; without limit if `None`.
    """

    def __init__(self, work: Callable, *, alone: float | None = None):
        self.finished, self.stop = threading.Event(), threading.Event()
        self.done, self.total = 0, 0
        self.result = self.error = None
        self._work, self._alone, self._waited = work, alone, time.monotonic()
        # A daemon: closing the app does not wait for a clip that nobody hears any more.
        threading.Thread(target=self._run, daemon=True, name=f"{_THREAD}{time.monotonic_ns()}").start()

    def wait(self, seconds: float) -> bool:
        """Whether it is done, after waiting for at most so long."""
        self._waited = time.monotonic()
        return self.finished.wait(seconds)

    def _run(self):
        try:
            self.result = self._work(self._progress)
        except BaseException as error:  # noqa: BLE001 - handed to the page's thread, which decides
            self.error = error
        finally:
            self.finished.set()

    def _progress(self, done, total):
        lonely = self._alone is not None and time.monotonic() - self._waited > self._alone
        if self.stop.is_set() or lonely:
            raise Cancelled("Stopped.")
        self.done, self.total = done, total


def _cancel(key):
    st.session_state[f"{key}-was-cancelled"] = True
