"""Reviews in which people marked their reasons, with the network's marks in the same text."""

import streamlit as st

from components.progress import cancelled, carry_out
from components.rationales import marked_text, wording
from components.samples import FOLDER
from components.wording import plain
from models import corpora, datasets, plausibility_kept
from models.errors import EarmarkError, InputError
from models.frontend import plaintext
from models.rationales import TITLES, answerable, by_chance, compare, marked_share, witnesses
from pages.common import controls, within_app
from pages.common.desk import own_failure
from pages.common.shelf import explain, shelf

SOURCES = {
    "sample": ":material/article: Samples",
    "corpus": ":material/library_books: Corpus",
    "file": ":material/upload_file: Upload",
}
SPLITS = {"test": "the test reviews", "val": "the validation reviews", "train": "the training reviews"}
SAMPLES = FOLDER / "reviews.jsonl"
LABELS = tuple(datasets.MOVIE_LABELS.values())
WORK = "rationales-work"
_KEPT = 40  # results a visitor

within_app()
st.title("Did it look where people looked?")
st.caption(wording.INTRODUCTION)


def say(sentence):
    st.error(plain(sentence), icon=":material/error:")
    st.stop()


@st.cache_resource(max_entries=4, show_spinner="Opening the reviews …")
def opened(path, _changed):
    """Reviews of a file, and the share of its words that people marked."""
    return measured(path.read_text(encoding="utf-8"), path.name)


@st.cache_resource(max_entries=4, show_spinner="Opening the reviews …")
def measured(text, source):
    items = datasets.marked_items(text, LABELS, source)
    return items, marked_share(items)


def read(path):
    return opened(path, path.stat().st_mtime_ns)


def from_corpus():
    """The reviews of the corpus on this computer that no network of ours has learned from, if there are any."""
    folder = corpora.folder("movies")
    for split, words in SPLITS.items():
        if corpora.is_installed("movies") and (folder / f"{split}.jsonl").is_file():
            st.caption(f"These are {words} of ERASER’s movie reviews.")
            return read(folder / f"{split}.jsonl")
    st.markdown(
        "The corpus, 2,000 film reviews with people’s marks, is not on this computer yet. The page “Corpora” fetches "
        "it from its official host and checks it; or choose “Upload” for a file of your own, or our samples."
    )
    st.page_link("pages/corpora.py", label="Corpora", icon=":material/library_books:")
    return st.stop()


def from_file():
    given = st.file_uploader("A file of marked reviews (.jsonl)", key="rationales-file")
    st.caption(wording.LAYOUT)
    st.download_button(
        "Our samples (JSONL)", SAMPLES.read_bytes(), "reviews.jsonl", "application/jsonl", on_click="ignore",
        icon=":material/download:",
    )  # fmt: skip
    if given is None:
        st.stop()
    return measured(plaintext.decode(given.getvalue()), given.name)


def done(key, words, work):
    """The result of work on the network: kept from before, or carried out with words and a way to stop it."""
    kept = st.session_state.setdefault("rationales-kept", {})
    if key not in kept:
        if cancelled(WORK):
            st.info("Stopped, as you asked.")
            st.button("Go on", icon=":material/play_arrow:")
            st.stop()
        try:
            kept[key] = carry_out(words, work, key=WORK)
        except EarmarkError as error:
            say(str(error))
        except Exception as error:
            say(own_failure(error, "Marking a review", "on this review", "choose another"))
        while len(kept) > _KEPT:
            kept.pop(next(iter(kept)))
    return kept[key]


entries = sorted(controls.healthy("text"), key=lambda entry: entry.family != "reviews")
titles = controls.told_apart({entry.name: entry.title for entry in entries})
left, right = st.columns([3, 7], gap="large")
with left:
    name = st.selectbox(
        "Checkpoint", list(titles), format_func=titles.get, key="rationales-checkpoint", persist_state="session"
    )
with right:
    source = st.segmented_control(
        "Reviews from",
        list(SOURCES),
        format_func=SOURCES.get,
        default="sample",
        required=True,
        key="rationales-source",
        persist_state="session",
        label_visibility="collapsed",
        wrap=True,
    )
    try:
        if source == "corpus":
            items, share = from_corpus()
        elif source == "file":
            items, share = from_file()
        else:
            st.caption("Three short reviews that we wrote and marked ourselves, to try the page with.")
            items, share = read(SAMPLES)
    except (InputError, OSError, UnicodeDecodeError) as error:
        say(str(error))
    position = st.selectbox(
        f"One review of {len(items):,}; type to search",
        range(len(items)),
        format_func=lambda i: wording.title(items[i], LABELS[items[i].labels[0]]),
        key=f"rationales-item-{source}",
    )
item = items[position]
verdict = LABELS[item.labels[0]]

checkpoint = shelf()
explanation = done(
    (name, item.text),
    "The network is reading …" if checkpoint.ready(name) else "Starting the network; this takes a few seconds, once …",
    lambda progress: explain(checkpoint.get(name), item.text, name=item.name, progress=progress),
)
st.markdown("#### " + plain(wording.answer(explanation, verdict)))

names = answerable(checkpoint.get(name), explanation)
witness = st.segmented_control(
    "The network’s marks by",
    names,
    format_func=TITLES.get,
    default=names[0],
    required=True,
    key="rationales-witness",
    wrap=True,
)
st.caption(f"{TITLES[witness]}: {wording.WITNESSES[witness]}")
scores = done(
    (name, item.text, explanation.provenance.checkpoint_hash, witness),
    f"Asking the network again: {TITLES[witness]} …",
    lambda progress: witnesses(checkpoint.get(name), explanation, only=(witness,), progress=progress)[witness],
)
comparison = compare(item, explanation, scores, share)
marked_text(item, comparison.scores, comparison.chosen, name=TITLES[witness], key="rationales-text")
st.markdown(plain(wording.agreement(item, comparison)))
if item.marked.any():
    st.dataframe(
        wording.figures(comparison.match, by_chance(item, share)),
        hide_index=True,
        column_config={
            "value": st.column_config.NumberColumn(format="%.3f"),
            "at random": st.column_config.NumberColumn(format="%.3f"),
        },
    )
    st.markdown("##### What people marked")
    st.dataframe(
        wording.passages(item, comparison),
        hide_index=True,
        column_config={"share of the scores": st.column_config.NumberColumn(format="percent")},
    )
st.markdown("##### The network’s top words")
st.dataframe(
    wording.chosen_words(item, comparison),
    hide_index=True,
    height=300,
    column_config={
        "word": st.column_config.TextColumn(width="medium"),
        "score": st.column_config.NumberColumn(format="%.5f"),
    },
)
kept = plausibility_kept.read(checkpoint.get(name))
if kept is not None:
    st.markdown("##### Over many reviews")
    st.dataframe(wording.over_all(kept), hide_index=True)
    st.caption(plain(wording.how_measured(kept)))
