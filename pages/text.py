"""A text, explained: paste, upload or pick one; read what each label attended to, and mask words."""

import streamlit as st

from components.link import changes_after
from components.reader import reader
from components.wording import ATTENTION
from pages.common import controls, corpus, result, sources, trust, within_app
from pages.common.desk import Desk

within_app()
st.title("What did the network read?")
st.caption(ATTENTION["text"])

entries = controls.healthy("text")
desk = Desk.of("text")
desk.start(
    [entry.name for entry in entries],
    lambda checkpoint: controls.first_input("text", checkpoint, entries),
    lambda name, item: corpus.item_input("text", name, item),
)


def edit_shown():
    st.session_state["text-source"] = "typed"
    st.session_state["text-typed"] = desk.before.text


left, right = st.columns([3, 7], gap="large")
with left:
    controls.checkpoint_choice(desk, entries)
with right:
    source = sources.input_choice(desk, entries, key="text", action="Explain")

with st.container():
    desk.work()
    # Before the picture: its view adds the chosen label and scale to the address, in the browser.
    desk.write_link()
    result.problem(desk.problem, kept=desk.shown is not None)

if desk.shown is not None:
    changed = desk.before if desk.shown is not desk.before else None
    result.verdict(desk.shown, changed)
    event = reader(desk.shown, before=changed, key="reader")
    if source != "typed":
        st.button("Edit this text", on_click=edit_shown, icon=":material/edit:")
    belief = st.container()
    result.reading_aid(desk.shown)
    result.downloads(desk.shown, key="text")
    result.steps(desk.shown, key="text")
    if event is not None:
        desk.ask(desk.request.checkpoint, desk.request.input, changes_after(event, "text"))
        st.rerun()
    with belief:
        trust.section(desk)
