"""Clips and texts of the corpora on this computer, as inputs."""

from __future__ import annotations

import random

import streamlit as st

from components.wording import plain
from models import corpora
from models.errors import InputError
from pages.common.controls import told_apart
from pages.common.desk import Desk, Input


def item_input(modality: str, corpus: str, name: str) -> Input:
    """One clip or text of a corpus, by the names in a link.

    Raises:
        InputError: it is not here, or is of the other modality.
    """
    found = corpora.item(corpus, name)
    if found.modality != modality:
        raise InputError(
            f"“{name}” of {corpora.corpus_named(corpus).title} is not for this page, which takes {modality}."
        )
    return Input("corpus", f"{corpus} {name}", found.read(), (("corpus", corpus), ("item", name)))


def item_choice(desk: Desk) -> None:
    """Boxes to choose a corpus and one of its clips or texts; choosing explains it at once."""
    modality = desk.modality
    there = {corpus.name: corpus for corpus in corpora.installed() if corpus.modality == modality}
    if not there:
        what = "clips" if modality == "speech" else "texts"
        st.caption(f"None of the corpora with {what} is on this computer yet. The page “Corpora” fetches them.")
        st.page_link("pages/corpora.py", label="Corpora", icon=":material/library_books:")
        return
    name = st.selectbox(
        "Corpus",
        list(there),
        format_func=lambda name: there[name].title,
        key=f"{modality}-corpus",
        persist_state="session",
        help="A corpus is a collection of recordings or texts that people have labelled, made for research.",
    )
    try:
        items = {item.name: item for item in corpora.items(name)}
    except InputError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    titles = told_apart({item.name: item.title for item in items.values()})
    key = f"{modality}-item-{name}"
    link = dict(desk.wanted.input.link) if desk.wanted else {}
    current = link.get("item") if link.get("corpus") == name and link.get("item") in items else None
    st.session_state[key] = current

    def take(chosen):
        if chosen is None:
            return
        try:
            checkpoint = desk.wanted.checkpoint if desk.wanted else st.session_state[f"{modality}-checkpoint"]
            desk.ask(checkpoint, item_input(modality, name, chosen))
        except InputError as error:
            desk.problem = str(error)

    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Clip" if modality == "speech" else "Text",
            list(items),
            format_func=titles.get,
            key=key,
            index=None,
            placeholder=f"Choose one of {len(items):,}, or type to search",
            on_change=lambda: take(st.session_state[key]),
        )
        st.button("Any one", icon=":material/casino:", on_click=lambda: take(random.choice(list(items))))
    if current is not None and items[current].labels:
        st.caption("The people who made this corpus say: " + plain(", ".join(items[current].labels)) + ".")
