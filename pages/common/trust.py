"""Does this map deserve belief? The tests on what is shown, their verdict, and the panel behind it."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from dataclasses import dataclass, field

import streamlit as st

from components import trust_figures, trust_reading, trust_tables, trust_wording
from components.downloads import file_name
from components.progress import Job, attend, cancelled
from components.wording import plain, probability
from models.errors import Cancelled, EarmarkError
from models.explanation import Explanation
from models.faithfulness import baselines_of
from pages.common import whatif
from pages.common.desk import Desk, own_failure
from pages.common.shelf import shelf

REMOVALS = {"speech": ("mute", "mean"), "text": ("mask", "delete")}
_KEPT = 24
_ALONE = 20  # seconds that tests go on for a visitor who has left the page


def _number(title, digits=3, explained=None):
    return st.column_config.NumberColumn(title, format=f"%.{digits}f", help=explained)


def _share(title, explained=None):
    return st.column_config.NumberColumn(title, format="percent", help=explained)


_CURVES = {
    "order": "Order",
    "fraction": _share("Share of the steps"),
    "deletion": _number("Probability when taken away"),
    "insertion": _number("Probability when only these are kept"),
    "comprehensiveness": _number("Comprehensiveness"),
    "sufficiency": _number("Sufficiency"),
}
_ORDERS = {
    "order": "Order",
    "aopc_comprehensiveness": _number("Comprehensiveness (AOPC)", explained="Large is good."),
    "aopc_sufficiency": _number("Sufficiency (AOPC)", explained="Small is good."),
    "deletion_area": _number("Area under deletion", explained="Small is good."),
    "insertion_area": _number("Area under insertion", explained="Large is good."),
    "ferret_comprehensiveness": _number("Comprehensiveness (ferret)", explained="Large is good."),
    "ferret_sufficiency": _number("Sufficiency (ferret)", explained="Small is good."),
}
_AGREEMENT = {
    "witness": "Witness",
    "spearman": _number("Spearman", 2),
    "overlap": _share("Top 20 % overlap"),
    "what it does": st.column_config.TextColumn("What it does", width="large"),
}
_NEEDED = {
    "weights": "Weights",
    "tried": "Times tried",
    "moved": _number("Answer moved by (mean)"),
    "low": _number("2.5 % moved less than"),
    "high": _number("97.5 % moved less than"),
}
_FIGURES = {
    "map": "Map",
    "label": "Label",
    "probability": _number("Probability", 2),
    "steps": "Steps",
    "effective": _number("Effective steps", 1),
    "entropy": _share("Entropy"),
    "unheard_mass": _share("Weight on silence or unknown words"),
    "unheard_share": _share("Share of such steps"),
}


@dataclass(frozen=True)
class Question:
    """What the tests are asked: of which input, about which label and map, and how."""

    checkpoint: str
    input: str
    changed: tuple
    label: int
    map: str | None
    removal: str
    baseline: str
    quick: bool = True


@dataclass
class Bench:
    """What one page knows of its tests: the latest results, the job that runs, and what the visitor decided."""

    results: OrderedDict = field(default_factory=OrderedDict)
    problems: dict = field(default_factory=dict)
    asked: set = field(default_factory=set)
    stopped: set = field(default_factory=set)
    running: tuple | None = None

    @staticmethod
    def of(modality: str) -> Bench:
        return st.session_state.setdefault(f"bench-{modality}", Bench())

    def ask(self, question: Question) -> None:
        """Have it tested, also if it was stopped or failed before."""
        self.asked.add(question)
        self.stopped.discard(question)
        self.problems.pop(question, None)

    def give_up(self, question: Question) -> None:
        self.stopped.add(question)
        self.asked.discard(question)
        self._end()

    def job(self, question: Question, work) -> Job:
        """The job on that question: the one that already runs, or a new one, which ends any other."""
        if self.running is None or self.running[0] != question or isinstance(self.running[1].error, Cancelled):
            self._end()
            self.running = question, Job(work, alone=_ALONE)
        return self.running[1]

    def keep(self, question: Question, trust) -> None:
        self.running = None
        self.results[question] = trust
        while len(self.results) > _KEPT:
            self.results.popitem(last=False)

    def latest(self, explanation: Explanation):
        """The `Trust` of an explanation's most probable label, if it has been tested here, else `None`."""
        wanted = _question(explanation, int(explanation.ranking()[0]))
        return self.results.get(dataclasses.replace(wanted, quick=False)) or self.results.get(wanted)

    def _end(self):
        if self.running is not None:
            self.running[1].stop.set()
            self.running = None


def section(desk: Desk) -> None:
    """The whole section on what the desk shows. Call it last on the page, in a container where it belongs.

    Everything else is then on the page already. Any action there ends the wait but not the tests: the
    page's next run waits for them again. (A fragment would not do: while it runs, Streamlit keeps a
    press of “Cancel” inside it waiting.)
    """
    explanation, modality = desk.shown, desk.modality
    if not len(explanation.units):
        return
    st.markdown("#### Does this map deserve belief?" if explanation.attention else "#### What does the answer rest on?")
    bench = Bench.of(modality)
    with st.container(horizontal=True, gap="large"):
        label, map_ = _label(explanation), _map(explanation)
    removal, baseline = (st.session_state.get(key) for key in (f"{modality}-removal", _baseline_key(explanation)))
    first = _question(explanation, label, map_, removal, baseline)
    more = dataclasses.replace(first, quick=False)
    if cancelled(f"{modality}-trust"):
        bench.give_up(more if more in bench.asked else first)
    question = more if more in bench.asked or more in bench.results else first
    waiting, tests, ideas = st.container(), st.container(), st.container()
    known = bench.results.get(question) or bench.results.get(first)
    if known is not None:
        with tests:
            _result(known, explanation, bench, more)
    with ideas:
        whatif.section(desk)
    if question not in bench.results:
        with waiting:
            trust = _tested(desk, bench, question)
        if trust is not None and known is not None:
            st.rerun()
        if trust is not None:
            with tests:
                _result(trust, explanation, bench, more)


def _result(trust, explanation, bench, more):
    _verdict(trust, explanation)
    _panel(trust, explanation, bench, more)


def _question(explanation, label, map_=None, removal=None, baseline=None):
    came, modality = explanation.provenance, explanation.modality
    if not explanation.attention:
        # There is no pattern to move.
        map_, baseline = None, "scattered"
    return Question(
        came.checkpoint_hash,
        came.input_hash,
        explanation.changed,
        label,
        map_ or next((m.name for m in explanation.attention), None),
        removal or REMOVALS[modality][0],
        baseline or _baselines(explanation)[0],
    )


def _baselines(explanation):
    return baselines_of(explanation.modality, len(explanation.units))


def _baseline_key(explanation):
    """Inputs with another default have a choice of their own."""
    return f"{explanation.modality}-baseline-{_baselines(explanation)[0]}"


def _label(explanation):
    """The label under test: the visitor chooses, and the most probable one comes first."""
    several = any("label" in map_.axes for map_ in explanation.attention)
    return st.selectbox(
        "Label under test",
        explanation.ranking().tolist(),
        format_func=lambda i: f"{explanation.labels[i]} ({probability(explanation.probabilities[i])})",
        key=f"{explanation.modality}-tested-{_shown(explanation)}",
        help=(
            "Each label has a map of its own. The tests are about one of them."
            if several
            else "The tests watch the probability of one label."
        ),
        persist_state="session",
        width=360,
    )


def _map(explanation):
    """The map under test; where there are several, the visitor chooses, and the first one comes first."""
    names = [map_.name for map_ in explanation.attention]
    if len(names) < 2:
        return None
    return st.selectbox(
        "Map under test",
        names,
        key=f"{explanation.modality}-tested-map-{_shown(explanation)}",
        help="This network has several attention layers. The tests are about one of them, its heads averaged.",
        persist_state="session",
        width=360,
    )


def _shown(explanation):
    came = explanation.provenance
    return f"{came.checkpoint_hash[:8]}-{came.input_hash[:16]}-{explanation.changed}"


def _tested(desk, bench, question):
    """The tests' result, waited for with words and a bar; `None` where there is none (yet), with a word on why."""
    explanation = desk.shown
    if question in bench.problems:
        st.error(plain(bench.problems[question]), icon=":material/error:")
        st.button("Try again", on_click=bench.ask, args=(question,), key=f"{desk.modality}-again")
        return None
    if question in bench.stopped or not (question in bench.asked or trust_reading.brief(explanation)):
        _offer(explanation, bench, question)
        return None
    try:
        what = "the map on" if explanation.attention else "the network on"
        words = f"Testing {what} this very {'clip' if desk.modality == 'speech' else 'text'} …"
        job = bench.job(question, lambda progress: _assess(desk, explanation, question, progress))
        trust = attend(words, job, key=f"{desk.modality}-trust", parts="{done} of about {total} tests")
    except Cancelled:
        bench.give_up(question)
        _offer(explanation, bench, question)
    except EarmarkError as error:
        _failed(desk, bench, question, str(error))
    except Exception as error:
        did = f"Testing an answer of checkpoint {explanation.provenance.checkpoint}"
        _failed(desk, bench, question, own_failure(error, did, "in these tests", "the map above is not affected"))
    else:
        bench.keep(question, trust)
        return trust
    return None


def _failed(desk, bench, question, sentence):
    bench.running = None
    bench.problems[question] = sentence
    _tested(desk, bench, question)


def _assess(desk, explanation, question, progress):
    from models.trust import assess

    def step(done, total):
        # Whoever asks for another input wants the computer for that one.
        if desk.pending is not None or desk.shown is not explanation:
            raise Cancelled("Stopped.")
        progress(done, total)

    checkpoint = shelf().get(explanation.provenance.checkpoint)
    return assess(
        checkpoint,
        explanation,
        label=question.label,
        map_name=question.map,
        removal=question.removal,
        baseline=question.baseline,
        quick=question.quick,
        progress=step,
    )


def _offer(explanation, bench, question):
    modality = explanation.modality
    if question in bench.stopped:
        st.markdown("The tests were stopped, as you asked.")
    else:
        what = "clip" if modality == "speech" else "text"
        duration = trust_reading.duration(explanation)
        st.markdown(f"This is a long {what}: testing it takes {duration}, so it starts when you say so.")
    asked = "Test this map" if explanation.attention else "Run the tests"
    st.button(asked, icon=":material/science:", on_click=bench.ask, args=(question,), key=f"{modality}-test")


def _verdict(trust, explanation):
    """The judgement in a word and the sentence with its figures; then every reason for doubt."""
    word, icon, colour = trust_wording.LOOKS[trust.verdict.judgement]
    st.badge(word, icon=icon, color=colour)
    st.markdown(plain(trust_wording.verdict(trust)))
    for alarm in trust.alarms:
        st.warning(f"**{plain(alarm.seen)}** {plain(alarm.why)} {plain(alarm.advice)}", icon=":material/warning:")


def _panel(trust, explanation, bench, more):
    modality = trust.modality
    panel = st.expander(
        "The tests behind this sentence", icon=":material/science:", key=f"{modality}-tests", on_change="rerun"
    )
    if not panel.open:
        return
    with panel:
        with st.container(horizontal=True, vertical_alignment="bottom", gap="large"):
            st.segmented_control(
                f"How {trust_reading.STEPS[modality]} are taken away",
                REMOVALS[modality],
                format_func=trust_reading.REMOVALS.get,
                default=REMOVALS[modality][0],
                required=True,
                key=f"{modality}-removal",
                help=trust_reading.REMOVAL_HELP[modality],
                wrap=True,
                persist_state="session",
            )
            if trust.attention and len(_baselines(explanation)) > 1:
                st.segmented_control(
                    "Held against",
                    _baselines(explanation),
                    format_func=trust_reading.BASELINES.get,
                    default=_baselines(explanation)[0],
                    required=True,
                    key=_baseline_key(explanation),
                    help=trust_reading.BASELINE_HELP,
                    wrap=True,
                    persist_state="session",
                )
            if trust.quick:
                st.button(
                    "Test more thoroughly",
                    icon=":material/search:",
                    on_click=bench.ask,
                    args=(more,),
                    key=f"{modality}-more",
                    help="Five points on each curve instead of two, up to 100 random tries, and every witness that "
                    "the network allows. It takes several times as long. Shuffles of the weights are 100 either way.",
                )
        dark = st.context.theme.type == "dark"
        tabs = {
            "Taking away": lambda: _taking(trust, dark),
            "Other witnesses": lambda: _others(trust, explanation, dark),
        }
        if trust.attention:
            tabs["Is it needed?"] = lambda: _need(trust, explanation, dark)
            tabs["Plain figures"] = lambda: _plain_figures(trust, explanation)
        drawn = st.tabs(list(tabs), key=f"{modality}-tests-tab-{len(tabs)}")
        if trust.quick:
            st.caption(trust_reading.QUICK)
        for tab, draw in zip(drawn, tabs.values(), strict=True):
            with tab:
                draw()
        _files(trust, explanation)


def _taking(trust, dark):
    steps = trust_reading.STEPS[trust.modality]
    st.markdown(trust_reading.band(trust))
    for kind, column in zip(("deletion", "insertion"), st.columns(2, gap="medium"), strict=True):
        with column:
            said = trust_reading.DELETION if kind == "deletion" else trust_reading.INSERTION
            st.caption(said.format(steps=steps))
            st.plotly_chart(
                trust_figures.curves(trust, kind, dark=dark),
                key=f"{trust.modality}-{kind}",
                alt=trust_reading.curves(trust, kind),
            )
    st.caption(trust_reading.scores(trust))
    _table(trust_tables.orders_table(trust), _ORDERS)
    if _numbers(trust, "curves"):
        _table(trust_tables.curves_table(trust), _CURVES)


def _others(trust, explanation, dark):
    steps = trust_reading.STEPS[trust.modality]
    st.markdown(trust_reading.WITNESS.format(steps=steps))
    st.plotly_chart(
        trust_figures.witnesses(trust, explanation, dark=dark),
        key=f"{trust.modality}-witnesses",
        alt=trust_reading.witnesses(trust),
    )
    st.caption(trust_reading.rows(trust))
    if trust.attention:
        _table(trust_tables.agreement_table(trust), _AGREEMENT)
        st.caption(trust_reading.AGREEMENT)
    st.caption(trust_reading.completeness(trust))
    if _numbers(trust, "witnesses"):
        _table(trust_tables.scores_table(trust, explanation), {})


def _need(trust, explanation, dark):
    if trust.needed is None:
        st.markdown(trust_reading.NO_NEED)
        return
    st.markdown(trust_reading.NEEDED)
    st.plotly_chart(
        trust_figures.needed(trust, dark=dark), key=f"{trust.modality}-needed", alt=trust_reading.needed(trust)
    )
    st.markdown(plain(trust_wording.needed(trust)))
    st.caption(trust_reading.SHUFFLED if explanation.thresholds is None else trust_reading.SHUFFLED_ONE)
    st.caption(
        trust_reading.ALTERNATIVE.format(tolerance=trust.needed.tolerance, steps=trust_reading.STEPS[trust.modality])
    )
    st.plotly_chart(
        trust_figures.alternative(trust, explanation, dark=dark),
        key=f"{trust.modality}-alternative",
        alt=trust_reading.alternative(trust),
    )
    if _numbers(trust, "needed"):
        _table(trust_tables.needed_table(trust), _NEEDED)
        _table(trust_tables.scores_table(trust, explanation)[["step", "attention", "most_different"]], {})


def _plain_figures(trust, explanation):
    st.markdown(plain(trust_reading.plain_figures(trust)))
    _table(trust_tables.figures_table(trust), _FIGURES)
    st.caption(f"{trust_reading.PLAIN} {trust_reading.UNHEARD[trust.modality]}")
    labels = trust_tables.labels_table(trust, explanation)
    if len(labels):
        st.caption("The same for the map of every label:")
        _table(labels, _FIGURES)


def _files(trust, explanation):
    kinds = (
        ("Tests (JSON)", "tests.json", "application/json", trust.to_json, ":material/data_object:"),
        ("Scores of every step (CSV)", "tests.csv", "text/csv",
         lambda: trust_tables.to_csv(trust, explanation), ":material/table:"),
        ("Curves (CSV)", "curves.csv", "text/csv", lambda: trust_tables.curves_csv(trust), ":material/show_chart:"),
    )  # fmt: skip
    with st.container(horizontal=True):
        for label, suffix, mime, make, icon in kinds:
            st.download_button(
                label, make, file_name(explanation, suffix), mime,
                key=f"{trust.modality}-{suffix}", icon=icon, on_click="ignore",
            )  # fmt: skip


def _numbers(trust, name):
    return st.toggle("Show the numbers as a table", key=f"{trust.modality}-{name}-numbers")


def _table(frame, columns):
    height = "auto" if len(frame) < 11 else 400
    st.dataframe(frame, hide_index=True, column_config=columns, height=height, placeholder="–")
