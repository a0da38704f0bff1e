"""The networks: what each was trained on, how it learned, and how to add one."""

import streamlit as st

from components import figures
from components.samples import sample_named
from components.wording import lower_headings, plain
from models import checkpoints
from models.errors import CheckpointError
from pages.common.controls import told_apart
from pages.common.shelf import shelf

ADDING = """
A checkpoint is a folder. Put it next to the others in the folder below and reload this page: nothing needs to be
restarted.

| file | what it holds |
|:--|:--|
| `config.json` | the architecture and its sizes, the labels, the front end |
| `weights.safetensors` | the numbers the network learned; names are Keras variable paths |
| `vocabulary.txt` | text only: the words it knows, one a line |
| `card.md` | what it was trained on, under which licence, how well it does, what it must not be used for |
| `history.csv` | one row an epoch |
| `epochs.safetensors` | attention on the samples after each epoch |

`python -m models train` writes such a folder. Nothing in it is ever run as a program: Earmark builds the network from
its own code and reads only numbers from the file, and refuses a damaged folder with the reason.
"""

st.title("Checkpoints")
st.caption(
    "A checkpoint is a network that has been trained. Its card says what it learned from, how well it does on "
    "people and texts it has never met, and what it should not be used for."
)

entries = checkpoints.available()
dark = st.context.theme.type == "dark"


def describe(entry):
    checkpoint = shelf().get(entry.name)
    facts = (
        ("Reads", "speech" if checkpoint.modality == "speech" else "text"),
        ("Labels", f"{len(checkpoint.labels)}: {', '.join(checkpoint.labels)}"),
        ("Architecture", checkpoint.config["architecture"]),
        ("Trained numbers (parameters)", f"{checkpoint.model.count_params():,}"),
        ("Fingerprint (SHA-256)", checkpoint.hash[:16]),
        ("Folder", str(entry.path)),
    )
    st.markdown("  \n".join(f"**{name}:** {plain(value)}" for name, value in facts))
    st.page_link(
        f"pages/{checkpoint.modality}.py",
        label="Try it",
        icon=":material/play_arrow:",
        query_params={"checkpoint": entry.name},
    )
    if checkpoint.history:
        st.subheader("How training went")
        st.caption(
            "One epoch is one pass over all training examples. The loss says how wrong the network was; where it "
            "rises again for examples kept aside, the network has begun to learn its examples by heart."
        )
        st.plotly_chart(
            figures.training_history(checkpoint.history, dark=dark),
            key=f"history-{entry.name}",
            alt=f"Curves of the loss and of the measures over {len(checkpoint.history)} epochs.",
        )
    film(checkpoint)
    if checkpoint.card:
        st.subheader("Its card")
        with st.container(border=True):
            st.markdown(lower_headings(checkpoint.card))


def film(checkpoint):
    maps = checkpoint.epoch_maps()
    axes = checkpoint.model.attention_axes
    choices = {(sample, name): m for sample, found in maps.items() for name, m in found.items() if name in axes}
    if not choices:
        return
    st.subheader("How attention was learned")
    st.caption(
        "Attention on one sample after each epoch of training. At first every step gets about the same; "
        "play the film to see where the network learns to look."
    )
    with st.container(horizontal=True):
        chosen = st.selectbox("Sample", list(choices), format_func=title_of(checkpoint), key=f"film-{checkpoint.name}")
        label = None
        if "label" in axes[chosen[1]]:
            order = figures.last_ranking(maps[chosen[0]]["probabilities"])
            label = st.selectbox(
                "Label", order, format_func=lambda i: checkpoint.labels[i], key=f"label-{checkpoint.name}"
            )
    st.plotly_chart(
        figures.epochs_film(choices[chosen], label=label, axes=axes[chosen[1]], dark=dark),
        key=f"film-chart-{checkpoint.name}",
        alt=f"Attention over the steps of {chosen[0]}, one curve for each of {len(choices[chosen])} epochs.",
    )


def title_of(checkpoint):
    def title(choice):
        sample = sample_named(checkpoint.modality, choice[0])
        return sample.title if sample else choice[0]

    return title


good = [entry for entry in entries if entry.problem is None]
names = list(told_apart({entry.name: entry.title for entry in good}).values())
broken = [entry.problem for entry in entries if entry.problem is not None]
if good:
    for tab, entry in zip(st.tabs(names), good, strict=True):
        with tab:
            try:
                with st.spinner("Opening the checkpoint …"):
                    describe(entry)
            except CheckpointError as error:
                st.error(plain(str(error)), icon=":material/error:")
if broken:
    st.subheader("Not usable")
    for problem in broken:
        st.error(plain(problem), icon=":material/error:")
st.subheader("Add a checkpoint")
st.markdown(ADDING)
st.code(str(checkpoints.root()), language=None)
