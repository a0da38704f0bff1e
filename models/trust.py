"""Does this map deserve belief? Tests that run on the very input, and what they found.

`assess` takes a checkpoint and an `Explanation` and gives a `Trust`: everything the panel draws
and the verdict line says. `Trust.to_json` needs neither model nor TensorFlow to be read, and `Trust.from_json`
is its inverse.
"""

from __future__ import annotations

import dataclasses
import json
import time
from dataclasses import dataclass

import numpy as np

from models import saved, typed
from models.alarms import Alarm, alarms
from models.attribution import (
    Attribution,
    gradient_input,
    has_gradients,
    integrated_gradients,
    occlusion,
    overlap,
    smoothgrad,
    spearman,
)
from models.errors import InputError
from models.faithfulness import (
    FRACTIONS,
    HEADLINE,
    ORDERS,
    SHIFTS,
    Curve,
    Ferret,
    RandomOrders,
    count_of,
    curves,
    ferret,
)
from models.needed import Needed, needed, replaceable
from models.subjects import subject as subject_of

FORMAT = "earmark-trust"
FORMAT_VERSION = 1

JUDGEMENTS = ("supported", "partly", "not supported", "untestable")
# A result counts when random steps do as well in at most this share of cases ...
CHANCE = 0.05
# ... and when it differs from theirs by at least this much probability: 5 points.
SMALLEST_EFFECT = 0.05
# The short set of tests: fractions besides none and all, and segments of the occlusion.
QUICK_FRACTIONS = (0.01, 0.2)
QUICK_SEGMENTS = 16
THOROUGH_ORDERS = 100


@dataclass(frozen=True)
class Agreement:
    """How far a witness and attention agree on which steps matter.

    Args:
        witness: the witness' name.
        spearman: rank correlation of its scores with the attention weights, -1 to 1; `None` where
            one of them is constant.
        overlap: share of attention's top 20 % of steps that are also in the witness' top 20 %, 0 to 1
            (chance gives 0.2).
    """

    witness: str
    spearman: float | None
    overlap: float


@dataclass(frozen=True)
class Figures:
    """Plain figures of one attention map's weights for the label under test (heads averaged).

    Args:
        map: the map's name.
        steps: number of steps.
        entropy: of the weights, over its maximum `log(steps)`: 0 all on one step, 1 uniform; 0 for one step.
        effective: exp(entropy in nats): "as many steps as if it looked evenly at so many".
        unheard_mass: share of the weight on near-silent steps (speech: every frame more than the
            front end's `trim_db` under the loudest) or on words the vocabulary lacks or that are
            masked (text), 0 to 1.
        unheard_share: share of the steps that are such, 0 to 1: what uniform weights would have there.
        heads: `effective` of each head, in order; empty where the map has no head axis.
        labels: `effective` of each label, in order; empty where the map has no label axis.
    """

    map: str
    steps: int
    entropy: float
    effective: float
    unheard_mass: float
    unheard_share: float
    heads: tuple[float, ...] = ()
    labels: tuple[float, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """What the verdict line is made of; the words are in `components.trust_wording`.

    Args:
        judgement: one of `JUDGEMENTS`; the rule is `judge`'s docstring.
        reason: for `"untestable"`: `"no-attention"` (the network has none; the figures are then those of the first
            witness), `"short"` (too few steps for 30 different random sets), `"improbable"` (the label's
            probability is too low to fall noticeably); else `""`.
        fraction: share of the steps taken away or kept, 0.2.
        count: number of steps that is.
        taken: how far the label's probability falls when the most attended `fraction` is taken
            away (comprehensiveness; negative: it rises).
        kept: how far it falls when only they are kept (sufficiency; small is good).
        taken_mean, taken_deviation: of the same with random steps taken (standard deviation over orders).
        kept_mean, kept_deviation: of the same with only random steps kept.
        taken_chance: chance that random steps do at least as well over all fractions:
            (1 + orders whose AOPC of comprehensiveness is as large) / (1 + orders).
        kept_chance: the same for kept (orders whose AOPC of sufficiency is as small).
        orders: number of random orders.
    """

    judgement: str
    reason: str
    fraction: float
    count: int
    taken: float
    kept: float
    taken_mean: float
    taken_deviation: float
    kept_mean: float
    kept_deviation: float
    taken_chance: float
    kept_chance: float
    orders: int


@dataclass(frozen=True)
class Trust:
    """Everything that was tested on one input, for one label and one map of the explanation.

    Probabilities and their changes are 0 to 1 (multiply by 100 for points). "Steps" are the
    explanation's units. Which curve or witness is which goes by `name`.

    Args:
        modality: `"speech"` or `"text"`.
        label, label_name: the label under test: index and name.
        probability: the label's, of the input as explained (with its changes, if any).
        emptied: the label's probability with every step taken away.
        map: name of the attention map under test; empty where the network has no attention.
        removal: how steps were taken away: `"mute"` (silence in the waveform), `"mean"` (the training
            clips' mean spectrum), `"mask"` (the unknown word), `"delete"`.
        verdict: see `Verdict`.
        attention: the map's weights of the label, as an `Attribution` named `"attention"`; `None` without a map.
        witnesses: the other ways to ask which steps mattered (`Attribution`: `name`, `title`, `label`,
            `scores` float32 `(steps,)` in probability, positive speaks for the label, `description`,
            `completeness_gap`). Names: `"gradient-input"`, `"integrated-gradients"`, `"occlusion"`, `"smoothgrad"`.
            Quick runs have occlusion only, and so have networks without gradients.
        agreement: one for each witness, same order; empty without a map.
        curves: attention's first (if there is a map), then each witness' (`Curve`: `name`, `fractions` `(F,)`,
            `deletion` `(F,)`: the label's probability with that fraction of the steps taken, most important
            first; `insertion` `(F,)`: with only that fraction kept; `comprehensiveness`, `sufficiency`
            `(F,)` = `probability` minus these; `aopc_comprehensiveness`, `aopc_sufficiency`,
            `deletion_area`, `insertion_area`). Fractions go from 0 to 1.
        random: the same for random orders (`RandomOrders`: `baseline`, `fractions`, and for each of
            `deletion`, `insertion`, `comprehensiveness`, `sufficiency` a `Band` of arrays `(F,)`; for the
            four single figures a `Band` of floats. `Band`: `mean`, `deviation`, `low`, `high` (where 95 %
            of random orders fall), `mean_low`, `mean_high` (95 % interval of the mean)).
        needed: is this very attention needed (`Needed`)? `None` without a map, or where the network does not let
            its weights be replaced.
        figures: one `Figures` for each map of the explanation.
        alarms: see `models.alarms`; may be empty.
        quick: whether this was the short set of tests.
        seed: of the random orders, shuffles and noise.
        evaluations: how many variants of the input ran through the whole network.
        milliseconds: how long it took.
        checkpoint, checkpoint_hash, input_hash: as in the explanation's provenance.
        ferret: the curves' orders by another definition of the same figures, in the same order; empty in quick runs.
    """

    modality: str
    label: int
    label_name: str
    probability: float
    emptied: float
    map: str
    removal: str
    verdict: Verdict
    attention: Attribution | None
    witnesses: tuple[Attribution, ...]
    agreement: tuple[Agreement, ...]
    curves: tuple[Curve, ...]
    random: RandomOrders
    needed: Needed | None
    figures: tuple[Figures, ...]
    alarms: tuple[Alarm, ...]
    quick: bool
    seed: int
    evaluations: int
    milliseconds: float
    checkpoint: str
    checkpoint_hash: str
    input_hash: str
    ferret: tuple[Ferret, ...] = ()

    def to_json(self) -> str:
        """One JSON object; arrays as lists, keys as the fields here."""
        body = {"format": FORMAT, "format_version": FORMAT_VERSION} | dataclasses.asdict(self)
        return json.dumps(body, ensure_ascii=False, allow_nan=False, default=_plain)

    @classmethod
    def from_json(cls, text: str | bytes) -> Trust:
        """Inverse of `to_json`.

        Raises:
            InputError: the text is not JSON, not the tests of a map, of another version, or damaged.
        """
        what, button = "tests of a map", "Tests (JSON)"
        body = saved.opened(text, format=FORMAT, version=FORMAT_VERSION, what=what, button=button)
        try:
            # Files saved before these figures were there lack them.
            return typed.read(cls, {"ferret": []} | body)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise InputError(
                f"The saved tests are damaged ({type(error).__name__}: {error}). Save them again from Earmark."
            ) from error


def assess(
    checkpoint,
    explanation,
    *,
    label=None,
    map_name=None,
    removal=None,
    baseline=None,
    quick=True,
    orders=None,
    seed=0,
    progress=None,
) -> Trust:
    """Test an attention map on the explanation's own input.

    Where the network has no attention, the witnesses are asked all the same, and the verdict says
    `"untestable"`.

    Args:
        checkpoint: the `Checkpoint` that the explanation was made with.
        explanation: an `Explanation`; what it has muted or masked stays so.
        label: index of the label to test; by default the most probable one.
        map_name: the map to test; by default the explanation's first.
        removal: `"mute"` or `"mean"` for speech, `"mask"` or `"delete"` for text; by default the first.
        baseline: `"shifted"` (speech only) or `"scattered"`; see `judge`. By default as `baselines_of` has it.
        quick: two fractions and 30 random orders (39 places), and of the witnesses only occlusion, which needs no
            gradients (their graph takes seconds to build); else every fraction of ERASER's, 100 orders and all four
            witnesses.
        orders: number of random orders; by default as said.
        seed: of random orders, shuffles and noise.
        progress: called as `progress(done, total)`; may raise to cancel.

    Raises:
        InputError: the explanation does not go with the checkpoint, or lacks its sound.
        ValueError: an unknown label, map, removal or baseline.
    """
    start = time.perf_counter()
    subject = subject_of(checkpoint, explanation)
    label = int(explanation.ranking()[0]) if label is None else int(label)
    map_ = _map(explanation, map_name)
    removal = removal or subject.removals[0]
    # Without a map there is no pattern to move.
    baseline = baseline or (subject.baselines[0] if map_ else "scattered")
    if removal not in subject.removals:
        raise ValueError(f"Steps of {explanation.modality} are removed by {subject.removals}, not {removal!r}.")
    if baseline not in subject.baselines:
        raise ValueError(f"Chance for {explanation.modality} is one of {subject.baselines}, not {baseline!r}.")
    if not 0 <= label < len(explanation.labels):
        raise ValueError(f"There is no label {label}; there are {len(explanation.labels)}.")
    fractions, segments = (QUICK_FRACTIONS, QUICK_SEGMENTS) if quick else (FRACTIONS, None)
    orders = orders or ((SHIFTS if baseline == "shifted" else ORDERS) if quick else THOROUGH_ORDERS)
    gradients = not quick and has_gradients(checkpoint.model)
    replaces = map_ is not None and replaceable(checkpoint.model, map_.name)
    stages = _Stages(
        progress,
        {
            "gradient": 3 if gradients else 0,
            "occlusion": min(segments or subject.steps, subject.steps),
            "integrated": 100 if gradients else 0,
            "smoothgrad": 60 if gradients else 0,
            "curves": 2 * (orders + (5 if gradients else 2)) * len(fractions),
            "ferret": 0 if quick else 20 * (5 if gradients else 2),
            "needed": 20 if replaces else 0,
        },
    )
    witnesses = [occlusion(subject, label, removal, segments, stages("occlusion"))]
    if gradients:
        witnesses = [
            gradient_input(subject, label, stages("gradient")),
            integrated_gradients(subject, label, stages("integrated")),
            *witnesses,
            smoothgrad(subject, label, stages("smoothgrad"), seed=seed),
        ]
    attention = map_ and Attribution("attention", "Attention", label, map_.select(label=label), map_.description)
    asked = [attention, *witnesses] if attention else witnesses
    scores = {witness.name: witness.scores for witness in asked}
    found, random = curves(subject, label, scores, removal, fractions, orders, seed, stages("curves"), baseline)
    other = () if quick else ferret(subject, label, scores, removal, stages("ferret"))
    figures = tuple(_figures(m, label, subject.unheard) for m in explanation.attention)
    tested = next((f for f in figures if f.map == map_.name), None) if map_ else None
    provenance = explanation.provenance
    return Trust(
        modality=explanation.modality,
        label=label,
        label_name=explanation.labels[label],
        probability=float(found[0].deletion[0]),
        emptied=float(found[0].deletion[-1]),
        map=map_.name if map_ else "",
        removal=removal,
        verdict=judge(found[0], random, subject.steps, attention=attention is not None),
        attention=attention,
        witnesses=tuple(witnesses),
        agreement=tuple(_agreement(attention, witness) for witness in witnesses) if attention else (),
        curves=found,
        random=random,
        needed=needed(subject, label, map_.name, seed=seed, progress=stages("needed")) if replaces else None,
        figures=figures,
        alarms=alarms(subject, label, tested),
        quick=quick,
        seed=seed,
        evaluations=subject.evaluations,
        milliseconds=(time.perf_counter() - start) * 1000,
        checkpoint=provenance.checkpoint,
        checkpoint_hash=provenance.checkpoint_hash,
        input_hash=provenance.input_hash,
        ferret=other,
    )


def judge(curve: Curve, random: RandomOrders, steps: int, attention: bool = True) -> Verdict:
    """The verdict on an order, from its curve and the random orders'.

    Two things are asked: does the probability fall farther when the order's top steps are taken than when
    random ones are, and does it fall less far when only they are kept? Both are asked of the mean over the
    curve's fractions (AOPC): at 20 % alone, an answer that hangs on one word could never be told from
    luck, as 20 % of random orders have that word in their top 20 %. An answer is yes if both hold:
      - random orders do as well in at most 5 % of cases, (1 + as good ones) / (1 + all): a permutation
        test, exact whatever the distribution. With 30 orders not a single one may do as well, with 39 one;
      - the difference to the random mean is at least 5 points of probability: with many steps a
        difference can be certain and still too small to matter to anyone.
    Two yes: "supported"; one: "partly"; none: "not supported". An order that knows nothing gets each yes with a
    chance of 1 in 31 (30 orders) or 1 in 20 (39). It is "untestable" if there are too few steps for 30 different
    sets (fewer than 9; fewer than 31 where patterns are moved), or if the probability is below 5 points, and so
    cannot fall by that.

    What "random" means. For text it is any order of the words. Of sound, scattered mutes of 40 ms are another kind of
    damage than the whole stretches that attention takes: they chop up every syllable. So a clip's attention is by
    default held against its own pattern moved to other places, round and round (`shifted_orders`): the
    same runs of steps elsewhere. Under the null hypothesis that the place does not matter every shift is alike, so
    this is a permutation test over the group of shifts, as it is used for autocorrelated records (Hope 1968 for
    tests with some of all permutations); its shifts are drawn without repetition.

    A clip of 30 steps or fewer (2.4 s at 80 ms) has too few other places; there scattered moments are the default.

    How this falls out (`python -m benchmarks.verdicts ../shared/data 40 40`, 21 November 2026; supported, partly and
    not supported). 40 RAVDESS clips (actors 1 to 4), patterns moved elsewhere, `ravdess-scratch` (that learned from
    these actors, too): 3, 9 and 28 for attention, 5, 15 and 20 for occlusion in its place, and of 120 smooth random
    patterns 0, 11 and 109: 9 % false positives, where two questions at 5 % each allow 10 %. Held against scattered
    moments, two questions at 1 in 31 allow 6 %: the same patterns get 1, 11 and 108 (10 %: in steps of 40 ms that
    baseline favours whatever keeps whole stretches), those of `bilstm-query` in steps of 80 ms, which has not learned
    from these actors, 0, 5 and 115 (4 %; its attention 4, 7 and 29, occlusion 4, 15 and 21). 40 validation stories
    of Reuters (40 to 200 tokens): 9, 20 and 11 for attention, 1, 15 and 24 for occlusion by stretches, and of 120
    random orders 0, 4 and 116 (3 %).
    """
    at = int(np.argmin(np.abs(curve.fractions - HEADLINE)))
    count = count_of(HEADLINE, steps)
    # As float32, like the random ones: equal sets must tie.
    taken, kept = np.float32(curve.aopc_comprehensiveness), np.float32(curve.aopc_sufficiency)
    taken_chance = (1 + int((random.taken_aopc >= taken).sum())) / (1 + random.orders)
    kept_chance = (1 + int((random.kept_aopc <= kept).sum())) / (1 + random.orders)
    yes = [
        taken_chance <= CHANCE and taken - random.taken_aopc.mean() >= SMALLEST_EFFECT,
        kept_chance <= CHANCE and random.kept_aopc.mean() - kept >= SMALLEST_EFFECT,
    ]
    reason = ""
    if not attention:
        reason = "no-attention"
    elif not random.distinct:
        reason = "short"
    elif curve.deletion[0] < SMALLEST_EFFECT:
        reason = "improbable"
    return Verdict(
        judgement="untestable" if reason else ("not supported", "partly", "supported")[sum(map(bool, yes))],
        reason=reason,
        fraction=HEADLINE,
        count=count,
        taken=float(curve.comprehensiveness[at]),
        kept=float(curve.sufficiency[at]),
        taken_mean=float(random.taken.mean()),
        taken_deviation=float(random.taken.std(ddof=1)),
        kept_mean=float(random.kept.mean()),
        kept_deviation=float(random.kept.std(ddof=1)),
        taken_chance=taken_chance,
        kept_chance=kept_chance,
        orders=random.orders,
    )


class _Stages:
    """One progress for several stages, each given its share by the rows it is expected to run."""

    def __init__(self, progress, sizes):
        self._progress, self._sizes, self._done = progress, sizes, 0

    def __call__(self, name):
        """`progress(done, total)` of one stage; stages come in any order, each once."""
        start, size, total = self._done, self._sizes[name], sum(self._sizes.values())
        self._done += size

        def tell(done, of):
            if self._progress is not None:
                self._progress(start + int(size * done / max(of, 1)), total)

        return tell


def _map(explanation, name):
    """The map of that name, by default the first; `None` where there is none at all."""
    if name is None:
        return next(iter(explanation.attention), None)
    for map_ in explanation.attention:
        if map_.name == name:
            return map_
    raise ValueError(f"There is no map {name!r}; there are {[m.name for m in explanation.attention]}.")


def _agreement(attention, witness):
    strength = np.abs(witness.scores)
    return Agreement(witness.name, spearman(attention.scores, strength), overlap(attention.scores, strength))


def _figures(map_, label, unheard):
    weights = map_.select(label=label).astype(np.float64)
    steps = len(weights)
    effective = _effective(weights)

    def along(axis):
        if axis not in map_.axes:
            return ()
        # A head is looked at for the label under test; a label with the heads averaged.
        fixed = {} if axis == "label" else {"label": label}
        size = map_.weights.shape[map_.axes.index(axis)]
        return tuple(_effective(map_.select(**fixed, **{axis: i})) for i in range(size))

    return Figures(
        map=map_.name,
        steps=steps,
        entropy=float(np.log(effective) / np.log(steps)) if steps > 1 else 0.0,
        effective=effective,
        unheard_mass=float(weights[unheard].sum()),
        unheard_share=float(unheard.mean()),
        heads=along("head"),
        labels=along("label"),
    )


def _effective(weights):
    weights = np.asarray(weights, np.float64)
    return float(np.exp(-(weights * np.log(np.maximum(weights, 1e-300))).sum()))


def _plain(value):
    if isinstance(value, np.ndarray):
        return [float(str(v)) for v in value] if value.dtype.kind == "f" else value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON.")
