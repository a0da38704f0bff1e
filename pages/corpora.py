"""The real corpora: what they are, which are here, how to get them, and single clips and texts to explain."""

import itertools
import shlex

import streamlit as st

from components.progress import cancelled, carry_out
from components.wording import plain
from models import corpora
from models.errors import Cancelled, EarmarkError
from pages.common import within_app

READS = {"speech": ":material/graphic_eq: Speech", "text": ":material/article: Text"}
KINDS = {"speech": "clip", "text": "text"}
WANTED, SAYS = "corpora-wanted", "corpora-says"

within_app()
st.title("Corpora")
st.caption(
    "A corpus is a collection of recordings or texts that people have sorted by hand, into moods or topics, say. "
    "Networks learn from a corpus and are tested with one. Earmark works without any of these. With one here you can "
    "explain its clips and texts like the samples, knowing what people said they are, and score a network on it."
)


def ask(name):
    st.session_state[WANTED] = name
    st.session_state.pop(SAYS, None)


def card(corpus, busy):
    """One corpus; returns where its download shows how far it is."""
    here = corpora.is_installed(corpus.name)
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader(corpus.title, anchor=False)
            st.badge(READS[corpus.modality], color="gray")
            if here:
                st.badge("Here", icon=":material/check:", color="green")
            else:
                st.badge("Not here", color="gray")
        st.markdown(corpus.about)
        st.caption(f"**Terms of use:** {corpus.licence} [Official page]({corpus.page})")
        place = st.container()
        if here:
            ready(corpus)
        else:
            offer(corpus, busy)
        kind, sentence = st.session_state.get(SAYS, {}).get(corpus.name, ("", ""))
        if kind == "problem":
            place.error(plain(sentence), icon=":material/error:")
        elif kind == "news":
            place.success(plain(sentence), icon=":material/check:")
    return place


def ready(corpus):
    if corpus.checkpoint:
        command = ["python", "-m", "models", "evaluate", "--checkpoint", corpus.checkpoint]
        with st.expander("Score a network on it", icon=":material/terminal:"):
            st.markdown(
                f"On the command line, in Earmark's folder. For {corpus.title} it prints how often the network is "
                "right, kind by kind; for an honest figure count only what it has not learned from."
            )
            st.code(shlex.join([*command, "--data", str(corpora.folder(corpus.name))]), language="shell")


def offer(corpus, busy):
    if corpus.sources:
        begun = corpora.fetched(corpus.name)
        size = corpora.megabytes(corpus.size)
        st.button(
            f"Go on downloading ({corpora.megabytes(begun)} of {size} are here)" if begun else f"Download ({size})",
            key=f"download-{corpus.name}",
            icon=":material/download:",
            on_click=ask,
            args=(corpus.name,),
            disabled=busy,
            help=f"From {', '.join(sorted({source.host for source in corpus.sources.values()}))}. What arrives is "
            f"checked bit by bit against its known checksum. It takes {corpora.megabytes(corpus.unpacked)} of disk.",
        )
    with st.expander("Bring it here by hand", icon=":material/front_hand:"):
        st.markdown(f"{corpus.by_hand} Then reload this page.")
        st.code(str(corpora.folder(corpus.name)), language=None)


def load(corpus):
    """Carry out the download that is asked for; whatever happens, the page goes on."""
    words = f"Downloading {corpus.title}, in parts of 1 MB …"
    kind, sentence = "problem", ""
    try:
        carry_out(
            words,
            lambda progress: corpora.download(corpus.name, corpora.in_megabytes(progress)),
            key="corpora-work",
        )
        kind, sentence = "news", f"{corpus.title} has arrived, and every bit of it is as it should be."
    except Cancelled:
        sentence = "The download was stopped."
    except EarmarkError as error:
        sentence = str(error)
    st.session_state[WANTED] = None
    st.session_state[SAYS] = {corpus.name: (kind, sentence)}
    st.rerun()


def browse(found):
    """One clip or text of a corpus that is here: to hear or read, and to explain."""
    st.subheader("Explain one of their clips or texts", anchor=False)
    titles = {corpus.name: corpus.title for corpus in found}
    chosen = st.segmented_control(
        "Corpus", list(titles), format_func=titles.get, default=found[0].name, required=True, key="corpora-browsed"
    )
    corpus = corpora.corpus_named(chosen)
    try:
        with st.spinner("Opening the corpus …"):
            listed = {item.name: item for item in corpora.items(chosen)}
        name = st.selectbox(
            f"One {KINDS[corpus.modality]} of {len(listed):,}; type to search",
            list(listed),
            format_func=lambda name: listed[name].title,
            key=f"corpora-item-{chosen}",
        )
        item = listed[name]
        if item.modality == "speech":
            st.audio(item.read())
        else:
            with st.container(height=180):
                st.text(item.read().decode("utf-8"))
    except EarmarkError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    st.markdown(f"People labelled it: **{plain(', '.join(item.labels) or 'nothing')}**")
    st.page_link(
        f"pages/{item.modality}.py",
        label="Explain it",
        icon=":material/play_arrow:",
        query_params={"corpus": item.corpus, "item": item.name},
    )


if cancelled("corpora-work") and st.session_state.get(WANTED):
    stopped = st.session_state[WANTED]
    st.session_state[WANTED] = None
    st.session_state[SAYS] = {stopped: ("news", "Stopped, as you asked. What has come so far is kept.")}
wanted = st.session_state.get(WANTED)
columns = st.columns(2, gap="medium")
places = {}
for corpus, column in zip(corpora.CORPORA, itertools.cycle(columns)):
    with column:
        places[corpus.name] = card(corpus, busy=wanted is not None)
st.caption(
    f"All corpora lie in {plain(str(corpora.root()))}; the environment variable EARMARK\\_DATA names another folder."
)
here = corpora.installed()
if here:
    browse(here)
# Last: the page is complete while the download runs, and a click that interrupts it only makes it go on afterwards.
if wanted:
    with places[wanted]:
        load(corpora.corpus_named(wanted))
