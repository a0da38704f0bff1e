"""Which mechanism is honest? The tests of `models.trust`, run on a whole validation set and summed up.

`measure` takes a checkpoint and its validation items; every figure is that of the page's tests, averaged over
the items, with a bootstrap interval. A checkpoint's figures are kept in its folder as `honesty.json`.
"""

from __future__ import annotations

import datetime
import functools
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from models import __version__, checkpoints, typed
from models.datasets import MarkedItem, SpeechItem
from models.errors import InputError
from models.explain import explain_clip, explain_text
from models.faithfulness import FRACTIONS, ORDERS, SHIFTS, curves
from models.needed import TOLERANCE
from models.subjects import subject
from models.trust import JUDGEMENTS, QUICK_FRACTIONS, THOROUGH_ORDERS, assess, judge

FORMAT = "earmark-honesty"
FORMAT_VERSION = 1
FILE = "honesty.json"
_RESAMPLES = 1000
# Scores within this share of the largest are all alike: they differ by rounding.
_EVEN = 1e-4


@dataclass(frozen=True)
class Mean:
    """A mean over `n` inputs and its bootstrap 95 % interval (inputs drawn with replacement)."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Evidence:
    """How one order of the steps (attention's or a witness') did against chance.

    Scores that are all alike order nothing, and what comes first is then the start of the input: such inputs count as
    untestable and have no gain.

    Args:
        taken: how much farther the label's probability falls when the order's top steps are taken away than when
            chance's are: AOPC of comprehensiveness minus its mean over the chance orders. Positive is good; `None`
            where no input has an order.
        kept: how much less far it falls when only they are kept: the chance orders' mean AOPC of sufficiency
            minus the order's. Positive is good; `None` as of `taken`.
        judgements: number of inputs by `models.trust.JUDGEMENTS`.
        agreement: mean rank correlation with attention; `None` for attention itself, without attention, and
            where no input has one (a map that is even has no ranks).
    """

    taken: Mean | None
    kept: Mean | None
    judgements: dict[str, int]
    agreement: Mean | None

    @property
    def testable(self) -> int:
        """Inputs that could be judged."""
        return sum(self.judgements.values()) - self.judgements["untestable"]

    def share(self, judgement: str) -> float | None:
        """Of the inputs that could be judged, the share with that judgement."""
        return self.judgements[judgement] / self.testable if self.testable else None


@dataclass(frozen=True)
class Honesty:
    """What the tests say of one checkpoint over validation inputs.

    Args:
        checkpoint, title, checkpoint_hash, modality: of the checkpoint.
        map: name of the attention map under test, the explanation's first; empty without attention.
        inputs: in words, which inputs.
        seen: whether the network learned from these very inputs; `None` where that is not known.
        of, n, skipped: inputs there are, were tested, and could not be read (too short, say).
        seed: of the draw of inputs, the random orders, shuffles and bootstrap.
        quick: whether the short set of tests ran, as by default on the page, or the thorough one.
        fractions: of the steps taken or kept; AOPC is the mean over them.
        orders: most random orders an input.
        evidence: by name, attention first if there is any, against scattered random steps.
        elsewhere: attention against its own pattern moved to other places (speech with attention only).
        shuffled: how far the answer moves when the weights are shuffled: mean total variation over 100 shuffles.
        uniform: how far it moves with all weights alike.
        uniform_keeps: share of the inputs on which it then moves by at most `TOLERANCE`.
        found: share of the inputs for which very different weights with the same answer were found.
        entropy: of the map, over its maximum: 0 all on one step, 1 even.
        marks: AUPRC of attention against people's marks; `None` where there are none.
        marks_by_chance: the same of random scores.
        alarms: number of inputs by the alarm's kind.
        seconds: processor time, all cores together.
        command, date, version: how it was made.
    """

    checkpoint: str
    title: str
    checkpoint_hash: str
    modality: str
    map: str
    inputs: str
    seen: bool | None
    of: int
    n: int
    skipped: int
    seed: int
    quick: bool
    fractions: tuple[float, ...]
    orders: int
    evidence: dict[str, Evidence]
    elsewhere: Evidence | None
    shuffled: Mean | None
    uniform: Mean | None
    uniform_keeps: Mean | None
    found: Mean | None
    entropy: Mean | None
    marks: Mean | None
    marks_by_chance: Mean | None
    alarms: dict[str, int]
    seconds: float
    command: str
    date: str
    version: str

    def to_json(self) -> str:
        """One JSON object, keys as the fields here."""
        return typed.write(self, FORMAT, FORMAT_VERSION)

    @classmethod
    def from_json(cls, text: str) -> Honesty:
        """Inverse of `to_json`.

        Raises:
            InputError: it is no such file, of another version, or damaged.
        """
        try:
            body = json.loads(text)
            if body["format"] != FORMAT or body["format_version"] != FORMAT_VERSION:
                raise ValueError("another format")
            found = typed.read(cls, body)
            orders = [*found.evidence.values(), *([found.elsewhere] if found.elsewhere else [])]
            if not found.evidence or any(set(order.judgements) != set(JUDGEMENTS) for order in orders):
                raise ValueError("judgements are missing")
            return found
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
            raise InputError(
                f"This is no {FILE} of this Earmark ({type(error).__name__}: {error}). Measure the checkpoint again."
            ) from error


@dataclass
class _Tally:
    """Figures of the inputs so far; lists in step, a missing figure is NaN."""

    taken: dict[str, list] = field(default_factory=dict)
    kept: dict[str, list] = field(default_factory=dict)
    said: dict[str, Counter] = field(default_factory=dict)
    figures: dict[str, list] = field(default_factory=dict)
    alarms: Counter = field(default_factory=Counter)
    marked: list = field(default_factory=list)

    def order(self, key, scores, curve, random):
        taken = curve.aopc_comprehensiveness - random.aopc_comprehensiveness.mean
        kept = random.aopc_sufficiency.mean - curve.aopc_sufficiency
        # Judged as attention is, so that networks without it have a row, too.
        judgement = judge(curve, random, len(scores)).judgement
        if np.ptp(scores) <= _EVEN * np.abs(scores).max():
            taken = kept = np.nan
            judgement = "untestable"
        self.taken.setdefault(key, []).append(taken)
        self.kept.setdefault(key, []).append(kept)
        self.said.setdefault(key, Counter())[judgement] += 1

    def figure(self, key, value):
        self.figures.setdefault(key, []).append(np.nan if value is None else value)


def measure(checkpoint, found, chosen=None, *, quick=True, orders=None, seed=0, command="", progress=None) -> Honesty:
    """Test a checkpoint's attention on validation inputs, one after the other.

    Of every input the most probable label and the first map are tested, with the page's own functions and limits.
    All orders are held against scattered random steps, so that networks with and without attention, and with
    steps of any length, stand side by side; a clip's attention also against its own pattern elsewhere
    (`models.trust.judge` says why both). Gains are means over all inputs, shares of judgements over those that
    could be judged. The interval speaks of other inputs like these; of other speakers or training seeds it does not.

    Args:
        checkpoint: a `Checkpoint`.
        found: `models.validation.Inputs`.
        chosen: indices of the items to test; `None` tests all.
        quick: the page's short set of tests (two fractions, one witness), or the thorough one (five, all witnesses).
        orders: random orders an input; by default the page's.
        seed: see `Honesty`; an input's own seed is this plus its index.
        command: what was typed.
        progress: called as `progress(done, total)` after every input; may raise.

    Raises:
        InputError: not one of the inputs could be read.
    """
    began = time.process_time()
    chosen = range(len(found.items)) if chosen is None else chosen
    tally, trust, problem = _Tally(), None, None
    tested = 0
    for done, index in enumerate(chosen, start=1):
        item = found.items[index]
        try:
            explanation = _explain(checkpoint, item)
        except InputError as error:
            problem = error
        else:
            trust = _test(checkpoint, explanation, tally, quick, orders, seed + index)
            tested += 1
            if isinstance(item, MarkedItem) and item.marked.any() and explanation.attention:
                tally.marked.append(item)
        if progress is not None:
            progress(done, len(chosen))
    if trust is None:
        raise InputError(f"Not one input could be tested. {problem or 'There is none.'}")
    estimate = functools.partial(_mean, seed=seed)
    figures = {name: estimate(values) for name, values in tally.figures.items()}
    evidence = {
        key: Evidence(
            estimate(tally.taken[key]),
            estimate(tally.kept[key]),
            {judgement: said[judgement] for judgement in JUDGEMENTS},
            figures.get(f"agreement {key}"),
        )
        for key, said in tally.said.items()
    }
    marks = _marks(checkpoint, tally.marked, seed)
    return Honesty(
        checkpoint=checkpoint.name,
        title=checkpoint.title,
        checkpoint_hash=checkpoint.hash,
        modality=checkpoint.modality,
        map=trust.map,
        inputs=found.what,
        seen=found.seen,
        of=len(found.items),
        n=tested,
        skipped=len(chosen) - tested,
        seed=seed,
        quick=quick,
        fractions=QUICK_FRACTIONS if quick else FRACTIONS,
        orders=orders or (ORDERS if quick else THOROUGH_ORDERS),
        evidence={key: value for key, value in evidence.items() if key != "elsewhere"},
        elsewhere=evidence.get("elsewhere"),
        **{name: figures.get(name) for name in ("shuffled", "uniform", "uniform_keeps", "found", "entropy")},
        marks=marks.get("attention"),
        marks_by_chance=marks.get("random"),
        alarms=dict(sorted(tally.alarms.items())),
        seconds=round(time.process_time() - began, 1),
        command=command,
        date=datetime.date.today().isoformat(),
        version=__version__,
    )


@dataclass(frozen=True)
class Shelved:
    """A checkpoint's `honesty.json`: its listing, the figures, and whether the network has changed since."""

    entry: checkpoints.Listing
    honesty: Honesty
    stale: bool


def shelved(modality: str) -> list[Shelved]:
    """What is kept in the checkpoints' folders, the most honest first; what cannot be read is left out.

    The order: by what they were measured on; there attention before none, then the share of inputs judged
    supported, then how far taking and keeping the top steps beat chance.
    """
    rows = []
    for entry in checkpoints.available(modality):
        file = entry.path / FILE
        if entry.problem is not None or not file.is_file():
            continue
        try:
            honesty = Honesty.from_json(file.read_text(encoding="utf-8"))
        except (InputError, OSError, UnicodeDecodeError):
            continue
        rows.append(Shelved(entry, honesty, honesty.checkpoint_hash != _hash(entry.path, _stamp(entry.path))))
    rows.sort(key=lambda row: _rank(row.honesty), reverse=True)
    return sorted(rows, key=lambda row: row.honesty.inputs)


def _rank(honesty):
    first = next(iter(honesty.evidence.values()))
    gain = first.taken.value + first.kept.value if first.taken else -1.0
    return bool(honesty.map), first.share("supported") or 0, gain


@functools.lru_cache(maxsize=256)
def _hash(folder, stamp):
    return checkpoints.hash_of(folder)


def _stamp(folder: Path):
    return tuple((file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in sorted(folder.iterdir()))


def _explain(checkpoint, item):
    if isinstance(item, SpeechItem):
        explanation = explain_clip(checkpoint, item.path.read_bytes(), name=item.path.name)
    else:
        explanation = explain_text(checkpoint, item.text)
    if not len(explanation.units):
        raise InputError("There is nothing in it to take away.")
    return explanation


def _test(checkpoint, explanation, tally, quick, orders, seed):
    """Run the page's tests on one input and note what they found."""
    trust = assess(checkpoint, explanation, baseline="scattered", quick=quick, orders=orders, seed=seed)
    scores = {asked.name: asked.scores for asked in (trust.attention, *trust.witnesses) if asked is not None}
    for curve in trust.curves:
        tally.order(curve.name, scores[curve.name], curve, trust.random)
    for agreement in trust.agreement:
        tally.figure(f"agreement {agreement.witness}", agreement.spearman)
    tally.alarms.update(alarm.kind for alarm in trust.alarms)
    if trust.attention is None:
        return trust
    tally.figure("entropy", next(figures.entropy for figures in trust.figures if figures.map == trust.map))
    if trust.needed is not None:
        tally.figure("shuffled", trust.needed.shuffled_mean)
        tally.figure("uniform", trust.needed.uniform)
        tally.figure("uniform_keeps", float(trust.needed.uniform <= TOLERANCE))
        tally.figure("found", float(trust.needed.found))
    if trust.modality == "speech":
        (curve,), moved = curves(
            subject(checkpoint, explanation),
            trust.label,
            {"attention": trust.attention.scores},
            trust.removal,
            QUICK_FRACTIONS if quick else FRACTIONS,
            orders or (SHIFTS if quick else THOROUGH_ORDERS),
            seed,
            baseline="shifted",
        )
        tally.order("elsewhere", trust.attention.scores, curve, moved)
    return trust


def _marks(checkpoint, items, seed):
    """AUPRC of attention and of chance against people's marks, by name; empty where there are none."""
    if not items:
        return {}
    from models.rationales import plausibility

    found = plausibility(checkpoint, items, ("attention",), seed)
    areas = {row.name: row.estimates["auprc"] for row in found.rows}
    return {name: Mean(area.value, area.low, area.high, len(items)) for name, area in areas.items()}


def _mean(values, seed) -> Mean | None:
    values = np.array(values, np.float64)
    values = values[~np.isnan(values)]
    if not len(values):
        return None
    draws = np.random.default_rng(seed).integers(len(values), size=(_RESAMPLES, len(values)))
    low, high = np.percentile(values[draws].mean(axis=1), [2.5, 97.5])
    return Mean(float(values.mean()), float(low), float(high), len(values))
