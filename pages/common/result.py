"""The parts of a result that both explaining pages, and the page of saved ones, show around the picture."""

from __future__ import annotations

import streamlit as st

from components import figures, wording
from components.downloads import file_name, to_csv, weights_table
from components.player.payload import payload as player_payload
from components.reader.payload import payload as reader_payload
from components.report import report
from components.wording import plain
from models.errors import InputError
from models.explanation import Explanation
from pages.common.trust import Bench


def require_drawable(explanation: Explanation) -> None:
    """Go through what the page will show of an explanation that came from a file.

    Raises:
        InputError: JSON of the right shape, but of what no picture can be drawn or sentence said.
    """
    try:
        (player_payload if explanation.modality == "speech" else reader_payload)(explanation)
        wording.verdict(explanation)
        wording.top_steps(explanation)
        wording.facts(explanation)
        if explanation.changed:
            wording.taken_away(explanation)
    except InputError:
        raise
    except (LookupError, ValueError, TypeError, ArithmeticError) as error:
        raise InputError("The saved explanation is damaged: its parts do not fit together. Save it again.") from error


def problem(sentence: str, *, kept: bool) -> None:
    """One sentence on what went wrong, and whether the result below is an earlier one."""
    if sentence:
        st.error(plain(sentence) + (" The result below is the earlier one." if kept else ""), icon=":material/error:")


def verdict(explanation: Explanation, before: Explanation | None) -> None:
    """What the network answered, what changed, and what to know before trusting it."""
    st.caption(plain(explanation.provenance.input_name or "Without a name") + " · " + plain(_checkpoint(explanation)))
    st.markdown("#### " + plain(wording.verdict(explanation)))
    if before is not None:
        st.markdown(plain(wording.change(explanation, before)))
    elif explanation.changed:
        st.markdown(plain(f"This is the answer with {wording.taken_away(explanation)}."))
    for notice in explanation.notices:
        st.warning(plain(notice), icon=":material/info:")


def track(explanation: Explanation) -> None:
    """For a network that answers at every step: its answers over time."""
    if explanation.track is None:
        return
    st.markdown("##### The answer, moment by moment")
    st.caption(
        "This network gives every moment an answer of its own; the answer for the whole clip is their average. It "
        "learned from labels of whole clips only, so a moment's answer was never checked against a person's."
    )
    st.plotly_chart(
        figures.emotion_track(explanation, dark=st.context.theme.type == "dark"),
        key="emotion-track",
        alt="The probabilities of all labels over the seconds of the clip; the table of all moments has the numbers.",
    )


def reading_aid(explanation: Explanation, field=None) -> None:
    """In words: what the picture shows, how to read it, and what the network got.

    Args:
        field: the network's `ReceptiveField`, where it is known.
    """
    st.markdown(plain(wording.top_steps(explanation)))
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("##### How to read it")
        st.markdown(plain(wording.CAUTION[explanation.modality]))
        if explanation.modality == "speech":
            st.markdown(plain(wording.TRAINING_DIFFERS))
    with right:
        st.markdown("##### What the network got")
        facts = wording.facts(explanation, field)
        st.markdown("  \n".join(f"**{plain(name)}:** {plain(value)}" for name, value in facts))


def downloads(explanation: Explanation, *, key: str) -> None:
    """The explanation as files. They are made when they are asked for."""
    st.markdown("##### Take it with you")
    bench = Bench.of(explanation.modality)

    def made():
        return report(explanation, bench.latest(explanation))

    with st.container(horizontal=True):
        kinds = (
            ("Report (HTML)", "html", "text/html", made, ":material/description:"),
            ("Everything (JSON)", "json", "application/json", explanation.to_json, ":material/data_object:"),
            ("Table (CSV)", "csv", "text/csv", lambda: to_csv(explanation), ":material/table:"),
        )
        for label, suffix, mime, make, icon in kinds:
            st.download_button(
                label, make, file_name(explanation, suffix), mime, key=f"{key}-{suffix}", icon=icon, on_click="ignore"
            )
    st.caption(
        "The report opens without Earmark and without a network, sound included. The JSON file opens again on the page "
        "“Saved”. The picture itself is saved with the buttons below it."
    )


def steps(explanation: Explanation, *, key: str) -> None:
    """All steps as a table, on demand: what the picture says, to be read or heard."""
    what = "moments" if explanation.modality == "speech" else "words"
    if not st.toggle(f"Show all {what} as a table", key=f"{key}-table"):
        return
    label = int(explanation.ranking()[0])
    if explanation.attention and "label" in explanation.attention[0].axes:
        order = explanation.ranking().tolist()
        label = st.selectbox(
            "Weights for the label", order, format_func=lambda i: explanation.labels[i], key=f"{key}-table-label"
        )
    st.dataframe(
        weights_table(explanation, label),
        hide_index=True,
        height=400,
        column_config={"weight": st.column_config.NumberColumn(format="%.5f")},
    )


def _checkpoint(explanation):
    return f"checkpoint {explanation.provenance.checkpoint}"
