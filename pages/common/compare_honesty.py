"""The part of the Compare page on whole validation sets: which network's attention the tests support."""

from __future__ import annotations

import streamlit as st

from components import comparison_honesty as honesty
from components import trust_reading
from components.wording import plain
from models.honesty import shelved
from models.rationales import TITLES


def section(modality: str) -> None:
    """The table of all checkpoints that were measured; nothing where none was."""
    kept = shelved(modality)
    rows = [row for row in kept if not row.stale]
    if not kept:
        return
    st.subheader("Which mechanism is honest?")
    st.markdown(
        "The tests that stand next to every map, run on a whole set of validation inputs for each network: does its "
        "attention show what the answer rests on?"
    )
    if rows:
        _tables(rows, modality)
    if left_out := honesty.left_out(kept):
        st.caption(plain(left_out))


def _tables(rows, modality):
    baseline = "scattered"
    if len(choices := honesty.baselines(rows)) > 1:
        baseline = st.segmented_control(
            "Held against",
            choices,
            format_func=trust_reading.BASELINES.get,
            default=baseline,
            required=True,
            key=f"compare-honesty-{modality}-baseline",
            help=trust_reading.BASELINE_HELP,
            wrap=True,
        )
    for sentence in honesty.headlines(rows, baseline, modality):
        st.markdown("- " + plain(sentence))
    table = honesty.attention_table(rows, baseline)
    columns = _columns(honesty.witnesses(rows))
    st.dataframe(
        table, hide_index=True, column_config={name: columns[name] for name in table}, placeholder="–",
        key=f"compare-honesty-{modality}",
    )  # fmt: skip
    st.caption(
        "In each column the mean over the inputs. Rows can be compared only where “measured on” says the same. The "
        "intervals speak of other inputs like these; another training seed or other speakers may still turn two "
        "networks round. A dash: the network has no attention, or this cannot be said of it."
    )
    with st.expander("What the columns mean"):
        st.markdown(honesty.reading(modality))
    with st.expander("The same tests on other witnesses"):
        st.markdown(
            "Other ways to ask which steps an answer rests on, judged as attention is, all against scattered steps. "
            "Networks without attention have these alone."
        )
        table = honesty.witnesses_table(rows)
        st.dataframe(
            table, hide_index=True, column_config={name: columns[name] for name in table}, placeholder="–",
            key=f"compare-honesty-{modality}-witnesses",
        )  # fmt: skip
    st.download_button(
        "Honesty (CSV)",
        lambda: honesty.to_csv(rows),
        f"honesty-{modality}.csv",
        "text/csv",
        key=f"compare-honesty-{modality}-csv",
        icon=":material/table:",
        on_click="ignore",
    )


def _columns(witnesses):
    config = st.column_config
    share = {"format": "%.0f %%"}
    return {
        "network": config.TextColumn("Network", pinned=True),
        "witness": "Witness",
        "supported": config.NumberColumn("Supported", **share),
        "partly": config.NumberColumn("Partly", **share),
        "judged": config.NumberColumn("Judged", format="localized"),
        "taken": config.NumberColumn("Without its top", format="%.3f"),
        "taken_interval": "95 % interval",
        "kept": config.NumberColumn("With only its top", format="%.3f"),
        "kept_interval": "95 % interval ",
        "shuffled": config.NumberColumn("Shuffling moves the answer", format="%.3f"),
        "uniform_keeps": config.NumberColumn("Even weights keep it", **share),
        "found": config.NumberColumn("Other weights keep it", **share),
        "agreement": config.NumberColumn("Agrees with attention", format="%.2f"),
        **{
            f"agreement {name}": config.NumberColumn(f"Agrees with {TITLES[name]}", format="%.2f") for name in witnesses
        },
        "entropy": config.NumberColumn("Spread", **share),
        "marks": config.NumberColumn("People’s marks", format="%.3f"),
        "marks_by_chance": config.NumberColumn("the same by chance", format="%.3f"),
        "n": config.NumberColumn("Inputs", format="localized"),
        "seen": "Learned from these",
        "inputs": "Measured on",
        "title": "What it is",
    }
