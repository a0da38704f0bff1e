"""Results of the tests on an input, made by hand, for tests that need no model."""

from __future__ import annotations

import dataclasses

import numpy as np

from models.alarms import Alarm
from models.attribution import Attribution
from models.explanation import Explanation
from models.faithfulness import Band, Curve, RandomOrders
from models.needed import Needed
from models.trust import Agreement, Figures, Trust, Verdict

FRACTIONS = np.array([0, 0.01, 0.05, 0.1, 0.2, 0.5, 1], np.float32)
WITNESSES = {
    "gradient-input": "Gradient × input",
    "integrated-gradients": "Integrated gradients",
    "occlusion": "Occlusion",
    "smoothgrad": "SmoothGrad",
}


def _curve(name, probability, speed):
    deletion = (probability * (1 - FRACTIONS) ** speed).astype(np.float32)
    insertion = (probability * (1 - (1 - FRACTIONS) ** speed)).astype(np.float32)
    return Curve(
        name=name, fractions=FRACTIONS, counts=np.arange(len(FRACTIONS)), deletion=deletion, insertion=insertion,
        comprehensiveness=probability - deletion, sufficiency=probability - insertion,
        aopc_comprehensiveness=0.4, aopc_sufficiency=0.1, deletion_area=0.2, insertion_area=0.8,
    )  # fmt: skip


def _band(values):
    values = np.asarray(values, np.float32)
    return Band(values, values * 0 + 0.05, values - 0.1, values + 0.1, values - 0.02, values + 0.02)


def trust(explanation: Explanation, *, label: int | None = None, seed: int = 0, **changes) -> Trust:
    """A supported map, four witnesses, and an alarm; every array has its own values."""
    draw = np.random.default_rng(seed)
    steps = len(explanation.units)
    label = int(explanation.ranking()[0]) if label is None else label
    probability = float(explanation.probabilities[label])
    speech = explanation.modality == "speech"
    scores = explanation.attention[0].select(label=label)
    found = tuple(
        Attribution(
            name, title, label, draw.normal(0, 0.1, steps) + scores, f"{title} asks in its own way.",
            0.013 if name == "integrated-gradients" else None,
        )
        for name, title in WITNESSES.items()
    )  # fmt: skip
    line = _curve("random", probability, 1)
    single = Band(0.1, 0.05, 0.0, 0.2, 0.08, 0.12)
    shuffled = np.sort(draw.uniform(0.01, 0.3, 100)).astype(np.float32)
    low, high = np.quantile(shuffled, (0.025, 0.975))
    count = max(1, round(0.2 * steps))
    made = Trust(
        modality=explanation.modality,
        label=label,
        label_name=explanation.labels[label],
        probability=probability,
        emptied=0.01,
        map=explanation.attention[0].name,
        removal="mute" if speech else "mask",
        verdict=Verdict("supported", "", 0.2, count, 0.5, 0.1, 0.2, 0.05, 0.6, 0.05, 1 / 31, 1 / 31, 30),
        attention=Attribution("attention", "Attention", label, scores, "The weights of the map."),
        witnesses=found,
        agreement=tuple(
            Agreement(w.name, None if i == 3 else 0.6 - 0.5 * i, 0.2 + 0.2 * i) for i, w in enumerate(found)
        ),
        curves=tuple(_curve(n, probability, 8 - i) for i, n in enumerate(["attention", *WITNESSES])),
        random=RandomOrders(
            baseline="scattered", orders=30, seed=7, distinct=True, taken=np.full(30, 0.2), kept=np.full(30, 0.6),
            taken_aopc=np.full(30, 0.2), kept_aopc=np.full(30, 0.6), fractions=FRACTIONS,
            deletion=_band(line.deletion), insertion=_band(line.insertion),
            comprehensiveness=_band(line.comprehensiveness), sufficiency=_band(line.sufficiency),
            aopc_comprehensiveness=single, aopc_sufficiency=single, deletion_area=single, insertion_area=single,
        ),
        needed=Needed(
            shuffles=100, seed=7, shuffled=shuffled, shuffled_mean=float(shuffled.mean()),
            shuffled_deviation=float(shuffled.std()), shuffled_low=float(low), shuffled_high=float(high), uniform=0.22,
            found=True, difference=0.87, tolerance=0.01, tried=64,
            alternative=draw.dirichlet(np.ones(steps)).astype(np.float32),
        ),
        figures=tuple(
            Figures(
                m.name, steps, 0.71, 12.4, 0.09, 0.15,
                tuple(2.0 + i for i in range(m.weights.shape[m.axes.index("head")])) if "head" in m.axes else (),
                tuple(3.0 + i for i in range(len(explanation.labels))) if "label" in m.axes else (),
            )
            for m in explanation.attention
        ),
        alarms=(
            Alarm(
                "silence" if speech else "unknown-words", "The map puts 40 % of its weight there.",
                "It cannot tell anything.", "Do not read it.", 0.4, 0.25,
            ),
        ),
        quick=False,
        seed=7,
        evaluations=500,
        milliseconds=1234.5,
        checkpoint=explanation.provenance.checkpoint,
        checkpoint_hash=explanation.provenance.checkpoint_hash,
        input_hash=explanation.provenance.input_hash,
    )  # fmt: skip
    return dataclasses.replace(made, **changes)
