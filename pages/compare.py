"""The same input through two to four networks: their maps under each other, their answers side by side."""

import streamlit as st

from models.comparison import FEWEST, MOST, compare, first_pair
from pages.common import compare_honesty, controls, corpus, result, sources, within_app
from pages.common import compare_parts as parts
from pages.common.compare import Table, address
from pages.common.controls import told_apart

MODALITIES = {"speech": ":material/graphic_eq: Speech", "text": ":material/article: Text"}

within_app()
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
    first_pair(entries),
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
        wrap=True,
        on_change=chosen,
        help="What each network is and learned from is on the page “Checkpoints”.",
    )
sources.input_choice(table, entries, key=f"compare-{modality}", action="Compare")

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
    parts.downloads(comparison, names)
table.write_link(settings)
parts.results_table(modality)
compare_honesty.section(modality)
