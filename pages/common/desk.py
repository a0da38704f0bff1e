"""The state of one explaining page: what is shown, what is asked for, and what went wrong.

A desk lives in `st.session_state`, so that switching pages loses nothing. Widgets only ever `ask`;
`work` then carries the request out, and a request that fails leaves everything shown as it was.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace

import streamlit as st

from components.link import format_changes, parse_changes
from components.progress import cancelled, carry_out
from components.samples import sample_named
from models.errors import EarmarkError, InputError
from models.explanation import Explanation
from pages.common.shelf import explain, shelf

_LOG = logging.getLogger("earmark")
# The views themselves keep these in the address, in the browser; see components/shared/settings.js.
SETTINGS = ("label", "scale")
CHANGES = {"speech": "muted", "text": "masked"}
_WORDS = {"speech": "The network is listening …", "text": "The network is reading …"}
_FIRST = "Starting the network; this takes a few seconds, once …"


@dataclass(frozen=True)
class Input:
    """What is to be explained.

    Args:
        kind: `"sample"`, `"corpus"`, `"file"`, `"recording"` or `"typed"`.
        name: what the user calls it.
        data: bytes of a file, or a text.
        link: the part of a link that brings it back; empty for the user's own.
    """

    kind: str
    name: str
    data: bytes | str
    link: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Request:
    """A checkpoint, an input, and what is taken away from it before predicting."""

    checkpoint: str
    input: Input
    changes: tuple = ()


@dataclass
class Desk:
    """See the module. `before` explains the input as it came, `shown` the input as changed (or is `before`)."""

    modality: str
    request: Request | None = None
    pending: Request | None = None
    before: Explanation | None = None
    shown: Explanation | None = None
    problem: str = ""
    link: dict = field(default_factory=dict)
    _linked: tuple | None = None

    @staticmethod
    def of(modality: str) -> Desk:
        return st.session_state.setdefault(f"desk-{modality}", Desk(modality))

    @property
    def wanted(self) -> Request | None:
        """What is asked for, or else what is shown."""
        return self.pending or self.request

    def ask(self, checkpoint: str, input: Input, changes=()) -> None:
        self.problem = ""
        self.pending = Request(checkpoint, input, tuple(changes))

    def work(self) -> None:
        """Carry out what is asked for. Whatever happens, the page goes on."""
        key = f"{self.modality}-work"
        request = taken_up(self, key)
        if request is None:
            return
        words = _WORDS[self.modality] if shelf().ready(request.checkpoint) else _FIRST
        # Kept while it runs: another click that interrupts the work does not lose the request.
        try:
            self.before, self.shown = carry_out(words, lambda progress: self._explain(request, progress), key=key)
            self.request = request
        except EarmarkError as error:
            self.problem = str(error)
            if request.changes and (self.request is None or self.request.input != request.input):
                # A link whose changes do not fit still brings its input.
                self.pending = replace(request, changes=())
                return self.work()
        except Exception as error:
            did = f"Explaining {request.input.kind} with checkpoint {request.checkpoint}"
            self.problem = own_failure(error, did, "on this input", "try another input or checkpoint")
        self.pending = None

    def _explain(self, request, progress):
        checkpoint = shelf().get(request.checkpoint)
        before = self.before
        if (
            before is None
            or self.request.input != request.input
            or before.provenance.checkpoint != checkpoint.name
            or before.provenance.checkpoint_hash != checkpoint.hash
        ):
            before = explain(checkpoint, request.input.data, name=request.input.name, progress=progress)
        if not request.changes:
            return before, before
        arguments = {"name": request.input.name, "changes": request.changes, "progress": progress}
        return before, explain(checkpoint, request.input.data, **arguments)

    def start(self, names: list[str], first_input, corpus_item) -> None:
        """Ask for what the address names or, where nothing is shown yet, for a first sample.

        An address that this page wrote itself asks for nothing.

        Args:
            names: the checkpoints there are, the default first.
            first_input: a function from a checkpoint's name to the `Input` that a visitor sees first.
            corpus_item: a function of `(corpus, item)` that gives an `Input` or raises `InputError`.
        """
        query = {key: value for key, value in st.query_params.to_dict().items() if key not in SETTINGS}
        if query == self.link or not query:
            if self.wanted is None and not self.problem:
                self.ask(names[0], first_input(names[0]))
            return
        self.link = query
        problems = []
        checkpoint = query.get("checkpoint") or (self.wanted.checkpoint if self.wanted else names[0])
        if checkpoint not in names:
            problems.append(f"The link names the checkpoint “{checkpoint}”, which is not here; this is “{names[0]}”.")
            checkpoint = names[0]
        input, changes = None, ()
        try:
            input = linked_input(self.modality, query, corpus_item)
        except EarmarkError as error:
            problems.append(str(error))
        written = query.get(CHANGES[self.modality], "")
        if input is not None and written:
            changes = parse_changes(self.modality, written)
            if not changes:
                problems.append(f"What the link says was {CHANGES[self.modality]} cannot be read, so nothing is.")
        if input is None:
            input = self.wanted.input if self.wanted else first_input(checkpoint)
        self.ask(checkpoint, input, changes)
        self.problem = " ".join(problems)

    def write_link(self) -> None:
        """Put what is shown into the page's address."""
        query = st.query_params.to_dict()
        link = {}
        settings = {key: query[key] for key in SETTINGS if key in query}
        if self.request is not None:
            link = {"checkpoint": self.request.checkpoint, **dict(self.request.input.link)}
            changes = format_changes(self.modality, self.request.changes) if self.request.input.link else ""
            if changes:
                link[CHANGES[self.modality]] = changes
            shown = (self.request.checkpoint, self.request.input)
            if self._linked not in (None, shown):
                # Another input starts at its own most probable label.
                settings.pop("label", None)
            self._linked = shown
        if query != link | settings:
            st.query_params.from_dict(link | settings)
        self.link = link


def taken_up(desk, key: str):
    """The request that a desk is to carry out now, or `None`; one that the visitor cancelled is given up.

    Args:
        desk: with `pending`, `shown` and `problem`.
        key: of the work, as in `components.progress.carry_out`.
    """
    if cancelled(key):
        desk.pending = None
        desk.problem = "Stopped, as you asked." + (" Below is what was there before." if desk.shown else "")
    return desk.pending


def own_failure(error: Exception, did: str, where: str, then: str) -> str:
    """Put an error that is no fault of the visitor's into the log; returns the sentence for the page.

    Args:
        did: for the log, what was being done.
        where, then: for the page, what Earmark failed on or in, and what to do now.
    """
    _LOG.error("%s failed", did, exc_info=error)
    return f"Earmark itself failed {where} ({type(error).__name__}). The server's log has the details; {then}."


def linked_input(modality: str, query: dict, corpus_item) -> Input | None:
    """The input that an address names, or `None`; `corpus_item` as in `Desk.start`.

    Raises:
        InputError: it is not here.
    """
    if "sample" in query:
        sample = sample_named(modality, query["sample"])
        if sample is None:
            raise InputError(f"The link names the sample “{query['sample']}”, which is not here.")
        return sample_input(sample)
    return corpus_item(query["corpus"], query.get("item", "")) if "corpus" in query else None


def sample_input(sample) -> Input:
    """A sample that comes with Earmark, as an input."""
    return Input("sample", sample.name, sample.read(), (("sample", sample.name),))
