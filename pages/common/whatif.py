"""What if the clip, or the text, had been a little different? Runs when asked, below the tests of the map."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace

import streamlit as st

from components import whatif_figures, whatif_tables, whatif_wording
from components.downloads import file_name
from components.progress import cancelled, carry_out
from components.wording import plain, probability
from models.errors import EarmarkError
from pages.common.desk import Desk, own_failure
from pages.common.shelf import shelf

_KEPT = 12
_PROBABILITY = st.column_config.NumberColumn("Probability", format="%.3f")


@dataclass(frozen=True)
class Question:
    """What is asked: of which input, and how it is to be changed (`kind`), for which label."""

    checkpoint: str
    input: str
    changed: tuple
    kind: str
    label: int


@dataclass
class Ideas:
    """What one page knows of its what-ifs: results, what went wrong, and what the visitor is waiting for."""

    results: OrderedDict = field(default_factory=OrderedDict)
    problems: dict = field(default_factory=dict)
    asked: Question | None = None

    @staticmethod
    def of(modality: str) -> Ideas:
        return st.session_state.setdefault(f"ideas-{modality}", Ideas())

    def ask(self, question: Question) -> None:
        self.problems.pop(question, None)
        self.asked = question

    def keep(self, question: Question, result) -> None:
        self.asked = None
        self.results[question] = result
        while len(self.results) > _KEPT:
            self.results.popitem(last=False)

    def fail(self, question: Question, sentence: str) -> None:
        self.asked = None
        self.problems[question] = sentence


def section(desk: Desk) -> None:
    """The box of what-ifs on what the desk shows."""
    modality = desk.modality
    ideas = Ideas.of(modality)
    if cancelled(f"{modality}-whatif"):
        ideas.asked = None
    box = st.expander("What if?", icon=":material/tune:", key=f"{modality}-whatif", on_change="rerun")
    if not box.open:
        return
    with box:
        (_clip if modality == "speech" else _text)(desk, ideas)


def _clip(desk, ideas):
    explanation = desk.shown
    kinds = [kind for kind in whatif_wording.KINDS if kind != "silence" or explanation.attention]
    kind = st.segmented_control(
        "Change the clip",
        kinds,
        format_func=lambda kind: whatif_wording.KINDS[kind][0],
        default=kinds[0],
        required=True,
        key="speech-whatif-kind",
        persist_state="session",
        wrap=True,
    )
    kind = kind if kind in kinds else kinds[0]
    st.caption(whatif_wording.KINDS[kind][1])
    question = _question(explanation, kind, int(explanation.ranking()[0]))
    st.button(
        "Run it again" if question in ideas.results else "Run it",
        icon=":material/play_arrow:",
        on_click=_ask,
        args=(ideas, question, "kind", "speech-whatif-kind"),
        key="speech-whatif-run",
    )
    sweep = _result(desk, ideas, question, "Changing the clip and asking the network again …")
    if sweep is not None:
        _sweep(desk, sweep)


def _sweep(desk, sweep):
    explanation = desk.shown
    figure = whatif_figures.sweep(sweep, dark=st.context.theme.type == "dark")
    st.plotly_chart(figure, key=f"whatif-{sweep.kind}", alt=whatif_wording.sweep(sweep))
    st.markdown(plain(whatif_wording.sweep(sweep)))
    st.markdown("**Listen to each**")
    for index, variant in enumerate(sweep.variants):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(whatif_wording.variant_name(sweep, index))}**", width=190)
            st.markdown(plain(whatif_wording.answer(sweep, index)), width=190)
            st.audio(variant.sound, format="audio/flac", width=320)
            if variant.spans and index != sweep.original:
                st.button(
                    "Show in the player",
                    on_click=_show,
                    args=(desk, variant.spans),
                    key=f"whatif-show-{index}",
                    type="tertiary",
                )
    table = whatif_tables.sweep_table(sweep)
    columns = {name: st.column_config.NumberColumn(format="%.3f") for name in explanation.labels}
    st.dataframe(table, hide_index=True, column_config=columns)
    _download(explanation, f"{sweep.kind}.csv", table)


def _text(desk, ideas):
    from models.flips import MOST_MASKED

    explanation = desk.shown
    st.caption(whatif_wording.FLIPS.format(most=MOST_MASKED))
    came = explanation.provenance
    key = f"text-whatif-label-{came.checkpoint_hash[:8]}-{came.input_hash[:16]}-{explanation.changed}"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        label = st.selectbox(
            "Label to turn",
            explanation.ranking().tolist(),
            format_func=lambda i: f"{explanation.labels[i]} ({probability(explanation.probabilities[i])})",
            key=key,
            persist_state="session",
            width=360,
        )
        question = _question(explanation, "flip", label)
        st.button(
            "Search again" if question in ideas.results else "Search the fewest words",
            icon=":material/search:",
            on_click=_ask,
            args=(ideas, question, "label", key),
            key="text-whatif-run",
        )
    found = _result(desk, ideas, question, "Masking words, one set after another …")
    if found is not None:
        _flips(desk, found)


def _flips(desk, found):
    explanation = desk.shown
    st.markdown(plain(whatif_wording.flips(found, explanation)))
    if not found.candidates[0].words:
        return
    places = range(len(found.candidates))
    chosen = places[0]
    if len(places) > 1:
        chosen = st.radio(
            "Words masked",
            places,
            format_func=lambda i: plain(", ".join(whatif_wording.words(found.candidates[i], explanation))),
            key="text-whatif-candidate",
            horizontal=True,
        )
    # A radio keeps the place it had for an earlier, longer list of candidates.
    candidate = found.candidates[min(chosen or 0, len(places) - 1)]
    figure = whatif_figures.flip(found, candidate, explanation, dark=st.context.theme.type == "dark")
    st.plotly_chart(figure, key="whatif-flip", alt=whatif_wording.path(found, candidate, explanation))
    st.markdown("\n".join(f"1. {line}" for line in _lines(candidate, explanation)))
    st.button(
        "Show in the reader",
        icon=":material/visibility:",
        on_click=_show,
        args=(desk, tuple(sorted(candidate.words))),
        key="text-whatif-show",
        help="Masks these words in the text above and predicts again.",
    )
    table = whatif_tables.flips_table(found, explanation)
    if st.toggle("Show all candidates as a table", key="text-whatif-table"):
        st.dataframe(table, hide_index=True, column_config={"probability": _PROBABILITY})
    _download(explanation, "flips.csv", table)


def _lines(candidate, explanation):
    """Each masked word struck out among its neighbours, and what the probability was then."""
    for word, p in zip(candidate.words, candidate.probabilities[1:], strict=True):
        before, token, behind = (plain(part) for part in whatif_wording.context(explanation, word))
        yield f"{before} ~~**{token}**~~ {behind} → {plain(probability(p))}"


def _ask(ideas, question, part, key):
    # What the visitor chose last may be newer than the button: a slow page can be pressed before it has followed.
    ideas.ask(replace(question, **{part: st.session_state.get(key, getattr(question, part))}))


def _question(explanation, kind, label):
    came = explanation.provenance
    return Question(came.checkpoint_hash, came.input_hash, explanation.changed, kind, label)


def _result(desk, ideas, question, words):
    """What came of the question, worked out now if it was asked; `None` where there is nothing (yet)."""
    if ideas.asked == question:
        # Kept while it runs: another click that interrupts the work does not lose the question.
        try:
            explanation = desk.shown
            work = carry_out(
                words, lambda progress: _work(explanation, question, progress), key=f"{desk.modality}-whatif"
            )
            ideas.keep(question, work)
            # The button's words have changed.
            st.rerun()
        except EarmarkError as error:
            ideas.fail(question, str(error))
        except Exception as error:
            did = f"A what-if with checkpoint {desk.shown.provenance.checkpoint}"
            ideas.fail(question, own_failure(error, did, "here", "the result above is not affected"))
    if question in ideas.problems:
        st.error(plain(ideas.problems[question]), icon=":material/error:")
    return ideas.results.get(question)


def _work(explanation, question, progress):
    from models import flips, sweeps

    checkpoint = shelf().get(explanation.provenance.checkpoint)
    if question.kind == "flip":
        return flips.flips(checkpoint, explanation, label=question.label, progress=progress)
    if question.kind == "silence":
        return sweeps.silenced(checkpoint, explanation, label=question.label, progress=progress)
    return sweeps.sweep(checkpoint, explanation, question.kind, progress=progress)


def _show(desk, changes):
    desk.ask(desk.request.checkpoint, desk.request.input, changes)


def _download(explanation, suffix, table):
    st.download_button(
        "Table (CSV)",
        lambda: whatif_tables.to_csv(table),
        file_name(explanation, suffix),
        "text/csv",
        key=f"{explanation.modality}-whatif-csv",
        icon=":material/table:",
        on_click="ignore",
    )
