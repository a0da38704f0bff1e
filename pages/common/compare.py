"""The state of the Compare page: which checkpoints on which input, what they answered, and what went wrong."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from components.progress import carry_out
from models import checkpoints
from models.comparison import MOST, fastest
from models.errors import Cancelled, EarmarkError
from models.explanation import Explanation
from pages.common.desk import Input, linked_input, own_failure, taken_up
from pages.common.shelf import explain, shelf


@dataclass(frozen=True)
class Asked:
    """Names of checkpoints, and the input that each is to explain."""

    names: tuple[str, ...]
    input: Input

    @property
    def checkpoint(self) -> str:
        """The first one: it decides which samples are offered."""
        return self.names[0]


@dataclass(frozen=True)
class Answer:
    """What one network made of the input, and what it took: `forward` in milliseconds."""

    title: str
    parameters: int
    explanation: Explanation

    @property
    def forward(self) -> float:
        return self.explanation.provenance.milliseconds["forward"]


@dataclass
class Table:
    """A desk for several networks at once; the controls of `pages.common.controls` and `corpus` work on it."""

    modality: str
    names: tuple[str, ...] = ()  # as chosen last: kept when the work on them was stopped
    request: Asked | None = None
    pending: Asked | None = None
    shown: tuple[Answer, ...] = ()
    problem: str = ""
    link: dict | None = None

    @staticmethod
    def of(modality: str) -> Table:
        return st.session_state.setdefault(f"compare-{modality}", Table(modality))

    @property
    def wanted(self) -> Asked | None:
        """What is asked for, or else what is shown."""
        return self.pending or self.request

    def ask(self, checkpoint: str, input: Input, changes=()) -> None:
        """Explain another input with the same networks; `checkpoint` matters only where none was chosen yet."""
        self.choose(self.names or (checkpoint,), input)

    def choose(self, names, input: Input | None = None) -> None:
        """Ask for these networks, on the same input if none is given."""
        self.problem = ""
        self.names = tuple(names)
        input = input or (self.wanted.input if self.wanted else None)
        if input is not None:
            self.pending = Asked(self.names, input)

    def work(self) -> None:
        """Carry out what is asked for; see `Desk.work`."""
        key = f"compare-{self.modality}-work"
        request = taken_up(self, key)
        if request is None:
            return
        many = len(request.names)
        words = f"{many} networks are at work, one after the other …" if many > 1 else "The network is at work …"
        try:
            parts = "{done} of {total} networks done"
            shown, problems = carry_out(words, lambda progress: self._explain(request, progress), key=key, parts=parts)
            # The same sentence of every network is one problem: the input's.
            self.problem = " ".join([self.problem, *dict.fromkeys(problems)]).strip()
            if shown:
                self.shown, self.request = shown, request
        except Exception as error:
            did = f"Comparing {', '.join(request.names)} on {request.input.kind}"
            self.problem = own_failure(error, did, "on this input", "try another input or checkpoint")
        self.pending = None

    def _explain(self, request, progress):
        done, problems = [], []
        kept = {}
        if self.request is not None and self.request.input == request.input:
            kept = {a.explanation.provenance.checkpoint_hash: a for a in self.shown}
        for position, name in enumerate(request.names):

            def part(step=0, steps=1, position=position):
                progress(position, len(request.names))

            part()
            try:
                done.append(_answer(name, request.input, kept, part))
            except Cancelled:
                raise
            except EarmarkError as error:
                problems.append(str(error))
        return tuple(done), problems

    def start(self, query: dict, names: list[str], first_names, first_input, corpus_item) -> bool:
        """Ask for what the address names or, where nothing is shown yet, for a first comparison.

        Args:
            query: the address, values as lists, without the settings of the view.
            names: the checkpoints there are.
            first_names: those that a visitor sees first.
            first_input, corpus_item: as in `Desk.start`.

        Returns:
            Whether the visitor came by a link that this page did not write just now.
        """
        asked = {key: query[key] for key in ("checkpoint", "sample", "corpus", "item") if key in query}
        if asked == self.link or not asked:
            if self.wanted is None and not self.problem:
                self.choose(first_names, first_input(first_names[0]))
            return False
        self.link = asked
        problems = []
        wanted = list(dict.fromkeys(asked.get("checkpoint", ())))
        here = [name for name in wanted if name in names]
        missing = [name for name in wanted if name not in names]
        if missing:
            listed = ", ".join(f"“{name}”" for name in missing)
            problems.append(f"The link names {listed}, which {'is' if len(missing) == 1 else 'are'} not here.")
        if len(here) > MOST:
            problems.append("The link names more than four checkpoints; these are the first four.")
        chosen = here[:MOST] or (self.wanted.names if self.wanted else first_names)
        input = None
        try:
            input = linked_input(self.modality, {key: values[-1] for key, values in asked.items()}, corpus_item)
        except EarmarkError as error:
            problems.append(str(error))
        if input is None:
            input = self.wanted.input if self.wanted else first_input(chosen[0])
        self.choose(chosen, input)
        self.problem = " ".join(problems)
        return True

    def write_link(self, settings: dict) -> None:
        """Put what is shown, and the settings of the view, into the page's address."""
        link = {}
        if self.request is not None:
            link = {"checkpoint": list(self.request.names)} | {key: [value] for key, value in self.request.input.link}
        self.link = link
        wanted = {"of": [self.modality]} | link | {key: [value] for key, value in settings.items() if value}
        if address() != wanted:
            st.query_params.from_dict(wanted)
        # So that the page knows a link that somebody followed from what it wrote itself.
        st.session_state["compare-address"] = wanted


def address() -> dict[str, list[str]]:
    """The page's query, values as lists; `of`, if nobody wrote it, goes by the first network there is of that name."""
    query = {key: st.query_params.get_all(key) for key in st.query_params}
    if "of" not in query and query.get("checkpoint"):
        known = {entry.name: entry.modality for entry in checkpoints.available()}
        if named := [known[name] for name in query["checkpoint"] if name in known]:
            query["of"] = named[:1]
    return query


def _answer(name, input, kept, progress):
    checkpoint = shelf().get(name)
    if checkpoint.hash in kept and kept[checkpoint.hash].explanation.provenance.checkpoint == name:
        return kept[checkpoint.hash]
    explanation = fastest(
        lambda: explain(checkpoint, input.data, name=input.name, progress=progress),
        fewest=1 if checkpoint.hash in _ran() else 2,
    )
    _ran().add(checkpoint.hash)
    return Answer(checkpoint.title, checkpoint.model.count_params(), explanation)


@st.cache_resource(show_spinner=False)
def _ran() -> set:
    """Fingerprints of the networks that this page has run on this server."""
    return set()
