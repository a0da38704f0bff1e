"""The controls above a result: which checkpoint, and which input."""

from __future__ import annotations

from collections import Counter

import streamlit as st

from components.samples import sample_named, samples_for
from components.wording import plain
from models import checkpoints
from pages.common.desk import Desk, sample_input


def healthy(modality: str) -> list[checkpoints.Listing]:
    """The checkpoints of a modality that can be used; with none, says so and ends the page."""
    found = checkpoints.available(modality)
    good = [entry for entry in found if entry.problem is None]
    if not good:
        st.error(
            f"There is no checkpoint for {modality} in {plain(str(checkpoints.root()))}. "
            "Put one there; the page “Checkpoints” says how.",
            icon=":material/error:",
        )
        st.stop()
    return good


def told_apart(titles: dict[str, str]) -> dict[str, str]:
    """Titles by name, with the name added where two are the same: a box of choices knows them by their words."""
    count = Counter(titles.values())
    return {name: f"{title} [{name}]" if count[title] > 1 else title for name, title in titles.items()}


def checkpoint_choice(desk: Desk, entries: list[checkpoints.Listing]) -> None:
    """A box to choose the checkpoint; choosing one explains the current input with it."""
    key = f"{desk.modality}-checkpoint"
    titles = told_apart({entry.name: entry.title for entry in entries})
    if desk.wanted is not None and desk.wanted.checkpoint in titles:
        st.session_state[key] = desk.wanted.checkpoint

    def chosen():
        name = st.session_state[key]
        current = desk.wanted.input if desk.wanted else None
        if current is None or (current.kind == "sample" and not _suits(current.name, desk.modality, name, entries)):
            current = first_input(desk.modality, name, entries)
        desk.ask(name, current)

    st.selectbox(
        "Checkpoint",
        list(titles),
        format_func=titles.get,
        key=key,
        on_change=chosen,
        help="A checkpoint is a network that has been trained: what it learned, and from which examples, "
        "is on the page “Checkpoints”.",
    )


def first_input(modality: str, checkpoint: str, entries):
    """What a visitor sees first: the first sample made for that checkpoint."""
    return sample_input(samples_for(modality, _family(checkpoint, entries))[0])


def sample_choice(desk: Desk, entries) -> None:
    """The samples made for the chosen checkpoint, one click each."""
    key = f"{desk.modality}-sample"
    checkpoint = desk.wanted.checkpoint if desk.wanted else entries[0].name
    current = desk.wanted.input.name if desk.wanted and desk.wanted.input.kind == "sample" else None
    wanted = _family(checkpoint, entries)
    listed = samples_for(desk.modality, wanted)
    fitting = [s for s in listed if wanted in s.suits] or listed
    if current and current not in {s.name for s in fitting}:
        fitting += [s for s in listed if s.name == current]
    titles = {s.name: s.title for s in fitting}
    st.session_state[key] = current

    def chosen():
        sample = sample_named(desk.modality, st.session_state[key] or current or "")
        if sample is not None:
            desk.ask(checkpoint, sample_input(sample))

    st.pills(
        "Try one",
        list(titles),
        format_func=titles.get,
        key=key,
        on_change=chosen,
        label_visibility="collapsed",
        wrap=True,
    )
    about = next((s.about for s in fitting if s.name == current), None)
    if about:
        st.caption(about)


def _family(checkpoint, entries):
    return next((entry.family for entry in entries if entry.name == checkpoint), "")


def _suits(sample, modality, checkpoint, entries):
    wanted = _family(checkpoint, entries)
    return not wanted or wanted in sample_named(modality, sample).suits
