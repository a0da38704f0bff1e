"""The parts of the Compare page below its controls: maps, agreement, answers, downloads, results."""

from __future__ import annotations

import streamlit as st

from components import comparison_figures as figures
from components import comparison_tables as tables
from components import comparison_wording as words
from components import wording
from components.comparison_texts import texts
from components.wording import plain
from models import comparison_results as results
from models.comparison import Comparison, asks_for_label, labels_of
from pages.common.compare import Answer
from pages.common.controls import told_apart

SCALES = {"absolute": "Absolute", "relative": "Relative"}


def titles_of(answers: tuple[Answer, ...]) -> list[str]:
    """What each network is called, told apart where two have one title."""
    named = {a.explanation.provenance.checkpoint: a.title for a in answers}
    return list(told_apart(named).values())


def cards(answers: tuple[Answer, ...], titles, dark: bool) -> None:
    """What each network answered, how large it is and how long it took."""
    for column, answer, title, i in zip(st.columns(len(answers)), answers, titles, range(len(answers)), strict=True):
        with column, st.container(border=True, height="stretch"):
            st.html(f'<div style="height:6px;border-radius:3px;background:{figures.colour_of(i, dark)}"></div>')
            st.markdown(f"**{plain(title)}**")
            st.markdown(plain(wording.verdict(answer.explanation)))
            st.caption(plain(f"{answer.parameters:,} parameters · {answer.forward:,.0f} ms"))


def chosen_settings(answers: tuple[Answer, ...], modality: str, query: dict) -> tuple[str | None, str]:
    """Boxes for the label and the scale; what a link says counts where the visitor has not chosen yet."""
    explanations = [a.explanation for a in answers]
    label, listed = None, labels_of(explanations)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if asks_for_label(explanations):
            key = f"compare-{modality}-label"
            linked = query.get("label", [None])[-1]
            if st.session_state.get(key) not in listed:
                top = explanations[0].labels[int(explanations[0].ranking()[0])]
                st.session_state[key] = linked if linked in listed else top
            label = st.selectbox(
                "Where they look for the label",
                listed,
                key=key,
                width=320,
                help="Networks with a query for each label look elsewhere for each of them. "
                "The others look at the same places whatever the label.",
            )
        key = f"compare-{modality}-scale"
        if key not in st.session_state:
            st.session_state[key] = "relative" if query.get("scale") == ["relative"] else "absolute"
        scale = st.segmented_control(
            "Colours and heights", list(SCALES), format_func=SCALES.get, key=key, required=True
        )
    st.caption(words.SCALES[scale])
    return label, scale


def maps(comparison: Comparison, titles, *, relative: bool, dark: bool) -> None:
    """Where each network looked, on one axis."""
    modality = comparison.explanations[0].modality
    if modality == "text":
        texts(comparison, titles, relative=relative, key="compare-texts")
        st.markdown("###### The whole text at a glance")
    else:
        sound = comparison.explanations[0].sound
        if sound is not None:
            st.audio(sound, format="audio/flac")
    st.plotly_chart(
        figures.maps(comparison, titles, relative=relative, dark=dark),
        key="compare-maps",
        config={"displayModeBar": False},
        alt="The attention of each network, one row each. " + " ".join(words.read_out(comparison, titles)),
    )
    with st.expander("In words"):
        st.markdown("\n".join("- " + plain(sentence) for sentence in words.read_out(comparison, titles)))
    remarks = words.remarks(comparison, titles)
    if remarks:
        st.info("\n\n".join(map(plain, remarks)), icon=":material/info:")
    st.caption("The dotted line is the even share: what every step would get if the network preferred none.")
    if st.toggle("Show the maps as a table", key="compare-maps-table"):
        st.dataframe(tables.maps_table(comparison, titles), hide_index=True, height=400)


def agreement(comparison: Comparison, titles) -> None:
    """How far the maps agree, in words and figures, and what the figures mean."""
    st.subheader("How far they agree")
    modality = comparison.explanations[0].modality
    if not comparison.agreements:
        st.markdown("It takes two maps to agree or to differ. Choose another network that has attention.")
        return
    for found in comparison.agreements:
        st.markdown("- " + plain(words.agreement(found, titles, modality)))
    st.dataframe(
        tables.agreement_table(comparison, titles),
        hide_index=True,
        column_config={
            "first": "One network",
            "second": "The other",
            "spearman": st.column_config.NumberColumn("Rank correlation (−1 to 1)", format="%.2f"),
            "overlap": st.column_config.NumberColumn("Top 20 % shared", format="percent"),
            "divergence": st.column_config.NumberColumn("Divergence (0 to 1 bit)", format="%.3f"),
        },
        placeholder="–",
    )
    with st.expander("What these figures mean"):
        st.markdown(words.measures(modality))
        st.markdown(
            "Where the steps of two networks differ in length, both maps are first brought to the shorter ones; "
            "weight is moved then, none is made or lost. Several heads or hops are averaged."
        )
    st.caption(
        "Two networks that agree may both be wrong, and two that differ may both be right: attention shows where a "
        "network looked, not why it answered as it did."
    )


def answers_side_by_side(answers: tuple[Answer, ...], titles, dark: bool) -> None:
    """The probabilities of all networks as bars and as a table."""
    st.subheader("What each answers")
    explanations = tuple(a.explanation for a in answers)
    shared = set(explanations[0].labels)
    if any(set(e.labels) != shared for e in explanations):
        st.caption("These networks know different labels: where one lacks a label, it has no bar and no figure.")
    st.plotly_chart(
        figures.probabilities(explanations, titles, dark=dark),
        key="compare-probabilities",
        config={"displayModeBar": False},
        alt="Probabilities of the top labels as bars, by network; the table below has all of them.",
    )
    table = tables.probabilities_table(explanations, titles)
    with st.expander(f"All {len(table)} labels as a table"):
        figure = st.column_config.NumberColumn(format="%.4f")
        st.dataframe(table, hide_index=True, column_config=dict.fromkeys(table.columns[1:], figure), placeholder="–")


def facts(comparison: Comparison, answers: tuple[Answer, ...], titles) -> None:
    """Size, time and concentration of each network, as a table."""
    st.subheader("Size and speed")
    config = st.column_config
    st.dataframe(
        tables.sizes_table(comparison, titles, [answer.parameters for answer in answers]),
        hide_index=True,
        column_config={
            "network": "Network",
            "n": config.NumberColumn("Parameters", format="localized", help="Numbers that were learned."),
            "forward": config.NumberColumn(
                "Network alone", format="%.0f ms", help="Its pass over this input just now, the fastest of up to three."
            ),
            "total": config.NumberColumn("In all", format="%.0f ms", help="With reading and preparing the input."),
            "steps": config.NumberColumn("Steps", format="localized", help="Moments or words it told apart."),
            "even": config.NumberColumn(
                "Attention spread over",
                format="percent",
                help="Of its steps' worth: 100 % looks at everything alike, 1 % at one step in a hundred. "
                "It is exp(entropy) of the weights over their number. None without attention.",
            ),
        },
        placeholder="–",
    )


def downloads(comparison: Comparison, titles) -> None:
    """The comparison as files, made when they are asked for."""
    st.subheader("Take it with you")
    explanations = comparison.explanations
    kinds = (
        ("Everything (JSON)", "json", "application/json", lambda: tables.to_json(comparison, titles)),
        ("Maps (CSV)", "maps.csv", "text/csv", lambda: tables.maps_csv(comparison, titles)),
        ("Agreement (CSV)", "agreement.csv", "text/csv", lambda: tables.agreement_csv(comparison, titles)),
        (
            "Probabilities (CSV)",
            "probabilities.csv",
            "text/csv",
            lambda: tables.probabilities_csv(explanations, titles),
        ),
    )
    with st.container(horizontal=True):
        for name, suffix, mime, make in kinds:
            if suffix == "agreement.csv" and not comparison.agreements:
                continue
            icon = ":material/data_object:" if suffix == "json" else ":material/table:"
            file = tables.file_name(comparison, suffix)
            st.download_button(name, make, file, mime, key=f"compare-{suffix}", icon=icon, on_click="ignore")


def results_table(modality: str) -> None:
    """The figures of all checkpoints of a modality, as training and evaluation wrote them."""
    st.subheader("All networks, measured")
    found = results.summaries(modality)
    if not found:
        st.markdown("No checkpoint here holds figures. Training writes them into `results.json` in its folder.")
        return
    table = tables.results_table(found, results.against_best(found), results.METRICS)
    config = st.column_config
    formats = {
        title: config.NumberColumn(format="%.3f", help=words.METRICS[name]) for name, title in results.METRICS.items()
    }
    formats |= {f"spread of {title}": config.NumberColumn("± spread", format="%.3f") for title in formats}
    formats |= {
        "parameters": config.NumberColumn(format="localized"),
        "milliseconds": config.NumberColumn("ms an input", format="%.1f"),
        "epochs": config.NumberColumn(format="%.0f"),
    }
    st.dataframe(
        table,
        hide_index=True,
        column_config={name: made for name, made in formats.items() if name in table}
        # Not pinned: on a phone it would leave no room to scroll in.
        | {"what it is": config.TextColumn("Network", width=210), "checkpoint": config.TextColumn("folder")},
        placeholder="–",
    )
    st.markdown(words.SPREAD)
    st.caption(
        "A click on a column's head sorts by it. Rows can be compared only where “scored on” says the same. A dash: no "
        "file says. Milliseconds are of one input through the network, on our computer or the one that trained it. "
        "Where runs are folds, each is another part of the speakers, and the spread is over these; two networks "
        "are then compared fold by fold."
    )
    if pairs := [summary for summary in found if results.peers(summary, found)]:
        _pair(pairs, modality)
    st.download_button(
        "Results (CSV)",
        lambda: tables.results_csv(found),
        f"results-{modality}.csv",
        "text/csv",
        key=f"compare-results-{modality}",
        icon=":material/table:",
        on_click="ignore",
    )


def _pair(found, modality):
    """Two boxes: is the difference between these two more than their spread?"""
    named = {_row(summary): summary for summary in found}
    titles = told_apart({", ".join(row): summary.title for row, summary in named.items()})
    box = {"format_func": lambda row: titles[", ".join(row)], "width": 300}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        first = named[st.selectbox("Is", list(named), key=f"compare-first-{modality}", **box)]
        others = [_row(summary) for summary in results.peers(first, found)]
        second = named[st.selectbox("different from", others, key=f"compare-second-{modality}", **box)]
    gap = results.between(first, second)
    st.markdown(plain(words.between(first, second, gap, results.METRICS[first.main])))


def _row(summary):
    """What tells a row of the table from the others."""
    return summary.recipe, summary.split, summary.over
