"""A voice clip, explained: upload, record or pick one; see, hear and mute what the network attended to."""

import streamlit as st

from components.link import changes_after
from components.player import player
from components.wording import ATTENTION
from pages.common import controls, corpus, result, sources, syllables, trust, within_app
from pages.common.desk import Desk
from pages.common.shelf import receptive_field_of

within_app()
st.title("What did the network hear?")
st.caption(ATTENTION["speech"])

entries = controls.healthy("speech")
desk = Desk.of("speech")
desk.start(
    [entry.name for entry in entries],
    lambda checkpoint: controls.first_input("speech", checkpoint, entries),
    lambda name, item: corpus.item_input("speech", name, item),
)

left, right = st.columns([1, 3], gap="large")
with left:
    controls.checkpoint_choice(desk, entries)
with right:
    sources.input_choice(desk, entries, key="speech")

with st.container():
    desk.work()
    # Before the picture: its view adds the chosen label and scale to the address, in the browser.
    desk.write_link()
    result.problem(desk.problem, kept=desk.shown is not None)

if desk.shown is not None:
    changed = desk.before if desk.shown is not desk.before else None
    result.verdict(desk.shown, changed)
    found = syllables.of(desk.shown)
    event = player(desk.shown, before=changed, key="player", spans=syllables.spans(found))
    result.track(desk.shown)
    syllables.section(desk.shown, found)
    belief = st.container()
    result.reading_aid(desk.shown, receptive_field_of(desk.shown))
    result.downloads(desk.shown, key="speech")
    result.steps(desk.shown, key="speech")
    if event is not None:
        desk.ask(desk.request.checkpoint, desk.request.input, changes_after(event, "speech"))
        st.rerun()
    with belief:
        trust.section(desk)
