"""A voice clip, explained: upload, record or pick one; see, hear and mute what the network attended to."""

import streamlit as st

from components.link import changes_after
from components.player import player
from components.wording import ATTENTION
from pages.common import controls, corpus, result, syllables, trust
from pages.common.desk import Desk, Input

SOURCES = {
    "sample": ":material/queue_music: Samples",
    "file": ":material/upload_file: Upload",
    "recording": ":material/mic: Record",
    "corpus": ":material/library_books: Corpora",
}

st.title("What did the network hear?")
st.caption(ATTENTION["speech"])

entries = controls.healthy("speech")
desk = Desk.of("speech")
desk.start(
    [entry.name for entry in entries],
    lambda checkpoint: controls.first_input("speech", checkpoint, entries),
    lambda name, item: corpus.item_input("speech", name, item),
)


def take(kind):
    given = st.session_state[f"speech-{kind}"]
    if given is not None:
        name = given.name if kind == "file" else "Recording"
        desk.ask(st.session_state["speech-checkpoint"], Input(kind, name, given.getvalue()))


left, right = st.columns([1, 3], gap="large")
with left:
    controls.checkpoint_choice(desk, entries)
with right:
    source = st.segmented_control(
        "Clip from",
        list(SOURCES),
        format_func=SOURCES.get,
        default="sample",
        required=True,
        key="speech-source",
        persist_state="session",
        label_visibility="collapsed",
        wrap=True,
    )
    if source == "file":
        st.file_uploader(
            "A sound file: WAV, MP3, FLAC or OGG, 0.3 seconds to 10 minutes",
            key="speech-file",
            on_change=take,
            args=("file",),
        )
    elif source == "recording":
        st.audio_input("Say a sentence", key="speech-recording", on_change=take, args=("recording",))
    elif source == "corpus":
        corpus.item_choice(desk)
    else:
        controls.sample_choice(desk, entries)

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
    result.reading_aid(desk.shown)
    result.downloads(desk.shown, key="speech")
    result.steps(desk.shown, key="speech")
    if event is not None:
        desk.ask(desk.request.checkpoint, desk.request.input, changes_after(event, "speech"))
        st.rerun()
    with belief:
        trust.section(desk)
