"""The same input through two to four networks: their maps under each other, their answers side by side."""

import streamlit as st

from models.comparison import FEWEST, MOST, compare
from pages.common import compare_parts as parts
from pages.common import controls, corpus, result
from pages.common.compare import Table, address
from pages.common.controls import told_apart
from pages.common.desk import Input
from pages.common.shelf import family

MODALITIES = {"speech": ":material/graphic_eq: Speech", "text": ":material/article: Text"}
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
# Architectures whose map is empty or even: no good first example.
PLAIN = ("bilstm-last", "bilstm-mean", "rcnn", "rcnn-one-step")

st.title("Do networks look at the same places?")
st.caption(
    "The same input goes through two to four networks. Below: where each looked, on one axis, what each answers, and "
    "how far their attention agrees."
)

query = address()
if query.get("of", [""])[-1] in MODALITIES and query != st.session_state.get("compare-address"):
    st.session_state["compare-of"] = query["of"][-1]
left, right = st.columns([1, 3], gap="large")
with left:
    modality = st.segmented_control(
        "Compare on", list(MODALITIES), format_func=MODALITIES.get, key="compare-of", required=True,
        default=None if "compare-of" in st.session_state else "speech", persist_state="session",
    )  # fmt: skip
entries = controls.healthy(modality)
titles = told_apart({entry.name: entry.title for entry in entries})
table = Table.of(modality)


def first_names():
    """The default network, and the next of the same kind whose map says something."""
    kind = family(entries[0].path)
    others = [e.name for e in entries[1:] if family(e.path) == kind and e.name not in PLAIN]
    others = others or [e.name for e in entries[1:]]
    return (entries[0].name, *others[:1])


def take(kind):
    given = st.session_state[f"compare-{modality}-{kind}"]
    if kind == "typed":
        table.ask(entries[0].name, Input(kind, "Your text", given))
    elif given is not None:
        table.ask(entries[0].name, Input(kind, given.name if kind == "file" else "Recording", given.getvalue()))


def chosen():
    names = st.session_state[f"compare-{modality}-names"]
    if names:
        table.choose(names)
    else:
        table.problem = "Choose at least one network."


# A link of the other modality, left from before the switch, is none for this table.
mine = query if query.get("of", [modality])[-1] == modality else {}
followed = table.start(
    mine,
    list(titles),
    first_names(),
    lambda checkpoint: controls.first_input(modality, checkpoint, entries),
    lambda name, item: corpus.item_input(modality, name, item),
)
if followed:
    for setting in ("label", "scale"):
        st.session_state.pop(f"compare-{modality}-{setting}", None)
with right:
    st.session_state[f"compare-{modality}-names"] = list(table.names)
    st.multiselect(
        f"Networks, {FEWEST} to {MOST}",
        list(titles),
        format_func=titles.get,
        key=f"compare-{modality}-names",
        max_selections=MOST,
        on_change=chosen,
        help="What each network is and learned from is on the page “Checkpoints”.",
    )
source = st.segmented_control(
    "Input from",
    list(SOURCES[modality]),
    format_func=SOURCES[modality].get,
    default="sample",
    required=True,
    key=f"compare-{modality}-source",
    persist_state="session",
    label_visibility="collapsed",
    wrap=True,
)
if source == "typed":
    st.text_area(
        "Your text, up to 20,000 words",
        key="compare-text-typed",
        height=140,
        placeholder="Paste or type an English text here.",
        persist_state="session",
    )
    st.button("Compare", type="primary", on_click=take, args=("typed",))
elif source == "file":
    st.file_uploader(FILES[modality], key=f"compare-{modality}-file", on_change=take, args=("file",))
elif source == "recording":
    st.audio_input("Say a sentence", key=f"compare-{modality}-recording", on_change=take, args=("recording",))
elif source == "corpus":
    corpus.item_choice(table)
else:
    controls.sample_choice(table, entries)

with st.container():
    before = table.request.input if table.request else None
    table.work()
    result.problem(table.problem, kept=bool(table.shown))

settings = {}
if table.shown:
    if before is not None and table.request.input != before:
        # Another input starts at its own most probable label.
        st.session_state.pop(f"compare-{modality}-label", None)
    names = parts.titles_of(table.shown)
    dark = st.context.theme.type == "dark"
    if len(table.shown) < FEWEST:
        st.info(
            "This is one network alone. Choose another above to compare it with."
            if len(entries) > 1
            else "There is only one network for this here. The page “Checkpoints” says how to add others.",
            icon=":material/info:",
        )
    parts.cards(table.shown, names, dark)
    st.subheader("Where each looks")
    label, scale = parts.chosen_settings(table.shown, modality, mine)
    settings = {"label": label, "scale": scale if scale == "relative" else None}
    comparison = compare([answer.explanation for answer in table.shown], label)
    parts.maps(comparison, names, relative=scale == "relative", dark=dark)
    parts.agreement(comparison, names)
    parts.answers_side_by_side(table.shown, names, dark)
    parts.facts(comparison, table.shown, names)
    parts.downloads(comparison, table.shown, names)
table.write_link(settings)
parts.results_table(modality)
