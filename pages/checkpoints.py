"""The networks: what each was trained on, how it learned, and how to add one."""

import streamlit as st

from components import figures, wording
from components.samples import sample_named
from components.wording import lower_headings, plain
from models import checkpoints
from models.errors import CheckpointError
from pages.common import adding, within_app
from pages.common.controls import told_apart
from pages.common.shelf import shelf

GROUPS = {"default": "", "compared": "Compared systems · ", "own": "Yours · "}

within_app()
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
        ("Folder" if entry.path.is_dir() else "File", str(entry.path)),
    )
    st.markdown("  \n".join(f"**{name}:** {plain(value)}" for name, value in facts))
    attention_found(checkpoint)
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


def attention_found(checkpoint):
    """Of a network that was brought in: what was found in it."""
    network = checkpoint.model
    if not hasattr(network, "notes"):
        return
    found = [plain(sentence) for sentence in network.attention_descriptions.values()]
    if found:
        st.markdown("**Attention that was found in it:**\n" + "\n".join(f"- {sentence}" for sentence in found))
    for note in network.notes:
        st.info(plain(note), icon=":material/info:")


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
    if over := wording.averaged(axes[chosen[1]], choices[chosen].shape[1:]):
        st.caption(f"The curve is the {over}.")


def title_of(checkpoint):
    def title(choice):
        sample = sample_named(checkpoint.modality, choice[0])
        return sample.title if sample else choice[0]

    return title


def chosen_of(good):
    """The entry that the visitor, or a link, asks for."""
    titles = told_apart({entry.name: entry.title for entry in good})
    groups = {entry.name: GROUPS[entry.group] for entry in good}
    ordered = [entry.name for group in GROUPS for entry in good if entry.group == group]
    linked = st.query_params.get("checkpoint")
    if linked is not None and linked != st.session_state.get("checkpoint-written"):
        if linked in titles:
            st.session_state["checkpoint-chosen"] = linked
        else:
            st.error(plain(f"The link names the checkpoint “{linked}”, which is not here."), icon=":material/error:")
    if st.session_state.get("checkpoint-chosen") not in titles:
        st.session_state["checkpoint-chosen"] = ordered[0]
    name = st.selectbox(
        "Checkpoint",
        ordered,
        format_func=lambda name: groups[name] + titles[name],
        key="checkpoint-chosen",
        help="Compared systems are networks that were trained alike, so that they can be held against each other.",
    )
    st.query_params["checkpoint"] = st.session_state["checkpoint-written"] = name
    return next(entry for entry in good if entry.name == name)


good = [entry for entry in entries if entry.problem is None]
broken = [entry.problem for entry in entries if entry.problem is not None]
if good:
    entry = chosen_of(good)
    try:
        with st.spinner("Opening the checkpoint …"):
            describe(entry)
    except CheckpointError as error:
        st.error(plain(str(error)), icon=":material/error:")
if broken:
    st.subheader("Not usable")
    for problem in broken:
        st.error(plain(problem), icon=":material/error:")
adding.section()
