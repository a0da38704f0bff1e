"""Does this map deserve belief? Tests that run on the very input, and what they found.

`assess` takes a checkpoint and an `Explanation` and gives a `Trust`: everything the panel draws
and the verdict line says. `Trust.to_json` needs neither model nor TensorFlow to be read.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass

import numpy as np

from models.alarms import Alarm
from models.attribution import Attribution
from models.faithfulness import Curve, Needed, RandomOrders

FORMAT = "earmark-trust"
FORMAT_VERSION = 1

JUDGEMENTS = ("supported", "partly", "not supported", "untestable")


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
        reason: for `"untestable"`: `"short"` (too few steps for 30 different random sets), `"improbable"`
            (the label's probability is too low to fall noticeably); else `""`.
        fraction: share of the steps taken away or kept, 0.2.
        count: number of steps that is.
        taken: how far the label's probability falls when the most attended `fraction` is taken
            away (comprehensiveness; negative: it rises).
        kept: how far it falls when only they are kept (sufficiency; small is good).
        taken_mean, taken_deviation: of the same with random steps taken (standard deviation over orders).
        kept_mean, kept_deviation: of the same with only random steps kept.
        taken_chance: chance that random steps do at least as well: (1 + orders with a fall as large) / (1 + orders).
        kept_chance: the same for kept (orders with a fall as small).
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
    """Everything that was tested on one input, for one label and the explanation's first map.

    Probabilities and their changes are 0 to 1 (multiply by 100 for points). "Steps" are the
    explanation's units. Which curve or witness is which goes by `name`.

    Args:
        modality: `"speech"` or `"text"`.
        label, label_name: the label under test: index and name.
        probability: the label's, of the input as explained (with its changes, if any).
        emptied: the label's probability with every step taken away.
        map: name of the attention map under test.
        removal: how steps were taken away: `"mute"` (silence in the waveform), `"mean"` (the training
            clips' mean spectrum), `"mask"` (the unknown word), `"delete"`.
        verdict: see `Verdict`.
        attention: the map's weights of the label, as an `Attribution` named `"attention"`.
        witnesses: the other ways to ask which steps mattered (`Attribution`: `name`, `title`, `label`,
            `scores` float32 `(steps,)` in probability, positive speaks for the label, `description`,
            `completeness_gap`). Names: `"gradient-input"`, `"integrated-gradients"`, `"occlusion"`, `"smoothgrad"`.
            Quick runs have fewer.
        agreement: one for each witness, same order.
        curves: attention's first, then each witness' (`Curve`: `name`, `fractions` `(F,)`,
            `deletion` `(F,)`: the label's probability with that fraction of the steps taken, most important
            first; `insertion` `(F,)`: with only that fraction kept; `comprehensiveness`, `sufficiency`
            `(F,)` = `probability` minus these; `aopc_comprehensiveness`, `aopc_sufficiency`,
            `deletion_area`, `insertion_area`).
        random: the same for random orders (`RandomOrders`: `fractions`, and for each of
            `deletion`, `insertion`, `comprehensiveness`, `sufficiency` a `Band` of arrays `(F,)`; for the
            four single figures a `Band` of floats. `Band`: `mean`, `deviation`, `low`, `high` (where 95 %
            of random orders fall), `mean_low`, `mean_high` (95 % interval of the mean)).
        needed: is this very attention needed (`Needed`)?
        figures: one `Figures` for each map of the explanation.
        alarms: see `models.alarms`; may be empty.
        quick: whether this was the short set of tests.
        seed: of the random orders, shuffles and noise.
        evaluations: how many variants of the input ran through the whole network.
        milliseconds: how long it took.
        checkpoint, checkpoint_hash, input_hash: as in the explanation's provenance.
    """

    modality: str
    label: int
    label_name: str
    probability: float
    emptied: float
    map: str
    removal: str
    verdict: Verdict
    attention: Attribution
    witnesses: tuple[Attribution, ...]
    agreement: tuple[Agreement, ...]
    curves: tuple[Curve, ...]
    random: RandomOrders
    needed: Needed
    figures: tuple[Figures, ...]
    alarms: tuple[Alarm, ...]
    quick: bool
    seed: int
    evaluations: int
    milliseconds: float
    checkpoint: str
    checkpoint_hash: str
    input_hash: str

    def to_json(self) -> str:
        """One JSON object; arrays as lists, keys as the fields here."""
        body = {"format": FORMAT, "format_version": FORMAT_VERSION} | dataclasses.asdict(self)
        return json.dumps(body, ensure_ascii=False, allow_nan=False, default=_plain)


def _plain(value):
    if isinstance(value, np.ndarray):
        return [float(str(v)) for v in value] if value.dtype.kind == "f" else value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON.")
