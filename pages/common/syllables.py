"""Syllables on the player's time axis, from a file that the visitor brings."""

from __future__ import annotations

import streamlit as st

from components.downloads import syllables_table
from components.wording import percent, plain
from models import syllables
from models.errors import InputError
from models.explanation import Explanation


def of(explanation: Explanation):
    """Shares of the syllables that were brought for this clip, and of the rest; `None` without a file, a sentence
    where it cannot be read. Ask before the player is drawn."""
    given = st.session_state.get(_key(explanation))
    if given is None:
        return None
    try:
        return syllables.shares(explanation, syllables.read(given.getvalue(), explanation.audio.duration))
    except InputError as error:
        return str(error)


def spans(found) -> list[dict]:
    """What the player draws."""
    if found is None or isinstance(found, str):
        return []
    return [
        {"start": row.syllable.start, "end": row.syllable.end, "label": row.syllable.label,
         "share": row.share, "ratio": row.times_uniform}
        for row in found[0]
    ]  # fmt: skip


def section(explanation: Explanation, found) -> None:
    """Where to bring the file, and the shares as a table."""
    if not explanation.attention or explanation.audio is None:
        return
    with st.expander("Attention per syllable or word", icon=":material/segment:", expanded=found is not None):
        st.file_uploader(
            "Syllables with their start times (.silb, .csv, .tsv, .txt)",
            key=_key(explanation),
            help="A line for each: its start in seconds, a tab or comma, the syllable. A line with “.” marks the end.",
        )
        if found is None:
            st.caption(
                "A start in seconds and a syllable (or word) a line, as in the silb files of EMO-DB: they are then "
                "drawn under the clip with the share of attention on each."
            )
        elif isinstance(found, str):
            st.error(plain(found), icon=":material/error:")
        else:
            rows, rest = found
            st.dataframe(
                syllables_table(rows),
                hide_index=True,
                column_config={
                    "share of attention": st.column_config.NumberColumn(format="percent"),
                    "times uniform": st.column_config.NumberColumn(format="%.2f"),
                },
            )
            st.caption(
                f"{percent(rest, 1)} of the attention lies outside of all of them. Long syllables get more by their "
                "length alone; “times uniform” takes that out: above 1 the network looked there more than evenly."
            )


def _key(explanation):
    # With the clip: the syllables of one clip must not be drawn under another.
    return f"speech-syllables-{explanation.provenance.input_hash[:16]}"
