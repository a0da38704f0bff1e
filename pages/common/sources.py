"""Where an input comes from: a sample, a file, a recording, a text box, or a corpus; on every page alike."""

from __future__ import annotations

import streamlit as st

from pages.common import controls, corpus
from pages.common.desk import Input

SOURCES = {
    "speech": {
        "sample": ":material/queue_music: Samples",
        "file": ":material/upload_file: Upload",
        "recording": ":material/mic: Record",
        "corpus": ":material/library_books: Corpora",
    },
    "text": {
        "sample": ":material/article: Samples",
        "typed": ":material/edit: Paste or type",
        "file": ":material/upload_file: Upload",
        "corpus": ":material/library_books: Corpora",
    },
}
FILES = {
    "speech": "A sound file: WAV, MP3, FLAC or OGG, 0.3 seconds to 10 minutes",
    "text": "A plain text file (.txt), up to 20,000 words",
}


def input_choice(desk, entries, *, key: str, action: str = "") -> str:
    """The controls that give the desk its next input; what is chosen is asked for at once.

    Args:
        desk: a `Desk` or a `Table`.
        entries: the checkpoints of its modality that can be used.
        key: of the page; the controls' keys begin with it.
        action: what the button under the text box says.

    Returns:
        Which source is chosen.
    """
    modality = desk.modality

    def take(kind):
        given = st.session_state[f"{key}-{kind}"]
        if given is None:
            return
        checkpoint = st.session_state.get(f"{modality}-checkpoint", entries[0].name)
        if kind == "typed":
            desk.ask(checkpoint, Input(kind, "Your text", given))
        else:
            desk.ask(checkpoint, Input(kind, given.name if kind == "file" else "Recording", given.getvalue()))

    source = st.segmented_control(
        "Input from",
        list(SOURCES[modality]),
        format_func=SOURCES[modality].get,
        default="sample",
        required=True,
        key=f"{key}-source",
        persist_state="session",
        label_visibility="collapsed",
        wrap=True,
    )
    if source == "typed":
        st.text_area(
            "Your text, up to 20,000 words",
            key=f"{key}-typed",
            height=160,
            placeholder="Paste or type an English text here.",
            persist_state="session",
        )
        st.button(action, type="primary", on_click=take, args=("typed",))
    elif source == "file":
        st.file_uploader(FILES[modality], key=f"{key}-file", on_change=take, args=("file",))
    elif source == "recording":
        st.audio_input("Say a sentence", key=f"{key}-recording", on_change=take, args=("recording",))
    elif source == "corpus":
        corpus.item_choice(desk)
    else:
        controls.sample_choice(desk, entries)
    return source
