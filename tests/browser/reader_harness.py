"""A Streamlit page with nothing but the reader on it, for test_reader_component.py.

`?case=NAME` picks one of `CASES`. The "model" here is arithmetic: a masked word gets no weight, and every
probability is halved by it, so that the tests can tell one prediction from another.
"""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import numpy as np
import streamlit as st

sys.path.insert(0, str(Path(__file__).parents[2]))

from components.reader import reader  # noqa: E402
from models.explanation import AttentionMap, Explanation, Provenance, Units  # noqa: E402
from models.frontend.tokenizer import tokenize  # noqa: E402

REPORT = (
    "OPEC ministers meet in Vienna on Monday to talk about oil prices 🛢️.\n"
    "“We cut output by 2 pct,” said a delegate; crude rose 30 cents a barrel.\r\n"
    "\n"
    "    Grain shipments were unchanged. قال الوزير إن إنتاج النفط سينخفض (قليلا) هذا العام.\n"
    "Analysts 👩‍👩‍👧 expect oil to stay firm, oil traders less so."
)
TOPICS = ("crude", "grain", "earn", "ship", "nat-gas")
HOSTILE = 'before <script>window.pwned = 1</script> <img src=x onerror="window.pwned = 2"> <b>bold</b> &amp; after'


def softmax(scores):
    scores = np.exp(scores - scores.max(-1, keepdims=True))
    return scores / scores.sum(-1, keepdims=True)


def explain(text, labels=TOPICS, *, maps=None, thresholds=0.4, sharpness=2.0, seed=1, name="note.txt"):
    starts, ends = tokenize(text)
    draw = np.random.default_rng(seed)
    steps = len(starts)
    if maps is None:
        weights = softmax(sharpness * draw.normal(size=(len(labels), steps)))
        maps = [AttentionMap("label_attention", weights, ("label", "step"))]
    probabilities = np.sort(draw.beta(0.4, 1.2, len(labels)))[::-1]
    return Explanation(
        modality="text",
        task="single-label" if thresholds is None else "multi-label",
        units=Units("token", starts, ends, draw.random(steps) > 0.1),
        labels=labels,
        probabilities=probabilities,
        thresholds=None if thresholds is None else np.full(len(labels), thresholds),
        attention=maps,
        provenance=Provenance("reuters-demo", "0123456789abcdef", name, "f00d", "0.1.0"),
        text=text,
    )


def long_text(words, seed=3):
    """Sentences and paragraphs of made-up words."""
    draw = np.random.default_rng(seed)
    syllables = np.array("ba co du fe gri lo ma ni os per qua ro sti tu ven".split())
    bag = ["".join(draw.choice(syllables, draw.integers(1, 4))) for _ in range(800)]
    text, left = [], words
    while left > 0:
        sentence = [bag[i] for i in draw.integers(0, len(bag), min(left, draw.integers(6, 20)))]
        left -= len(sentence)
        text.append(" ".join(sentence).capitalize() + (".\n\n" if draw.random() < 0.2 else ". "))
    return "".join(text).replace(".", "")


def hot(labels, steps, seed=5):
    """Label attention with a few hot passages each, as a trained model has on a long text."""
    draw = np.random.default_rng(seed)
    scores = draw.normal(size=(labels, steps))
    for row in scores:
        for centre in draw.integers(0, steps, 5):
            row[centre : centre + draw.integers(5, 30)] += 4
    return [AttentionMap("label_attention", softmax(scores), ("label", "step"), "One row of weights for every label.")]


def long_case(words, labels):
    text = long_text(words)
    names = tuple(f"topic {i:02d}" for i in range(labels))
    return explain(text, names, maps=hot(labels, len(tokenize(text)[0])), name="A long note")


def heads():
    steps = len(tokenize(REPORT)[0])
    weights = softmax(3 * np.random.default_rng(8).normal(size=(4, steps, steps)))
    map_ = AttentionMap("self_attention", weights, ("head", "query", "step"), "Words look at words.")
    return explain(REPORT, maps=[map_])


def uniform():
    steps = len(tokenize(REPORT)[0])
    return explain(REPORT, maps=[AttentionMap("even", np.full(steps, 1 / steps), ("step",))])


def empty_row():
    steps = len(tokenize(REPORT)[0])
    weights = softmax(np.random.default_rng(2).normal(size=(len(TOPICS), steps)))
    weights[0] = 0
    return explain(REPORT, maps=[AttentionMap("label_attention", weights, ("label", "step"))])


CASES = {
    "report": lambda: explain(REPORT),
    "hostile": lambda: explain(HOSTILE, labels=("<b>one</b>", "two")),
    "emoji": lambda: explain("😀", labels=("joy", "anger")),
    "single": lambda: explain(REPORT, thresholds=None),
    "heads": heads,
    "uniform": uniform,
    "empty": empty_row,
    "word": lambda: explain("short " + "x" * 5000 + " end"),
    "long": lambda: long_case(3000, 90),
    "longest": lambda: long_case(20_000, 90),
    "oneline": lambda: dataclasses.replace(long_case(20_000, 28), text=long_case(20_000, 28).text.replace("\n", " ")),
}


def mask(explanation, masked):
    gone = np.zeros(len(explanation.units), bool)
    gone[masked] = True
    maps = [dataclasses.replace(m, weights=np.where(gone, 0, m.weights)) for m in explanation.attention]
    return dataclasses.replace(
        explanation,
        probabilities=explanation.probabilities * 0.5 ** len(masked),
        attention=maps,
        changed=[(i, i + 1) for i in masked],
    )


def main():
    st.set_page_config(layout="wide")
    case = st.query_params.get("case", "report")
    if "case" not in st.session_state:
        st.session_state.case = CASES[case]()
        st.session_state.masked = []
        st.session_state.events = []
    original = st.session_state.case
    masked = st.session_state.masked
    shown = mask(original, masked) if masked else original
    event = reader(shown, before=original if masked else None, key="reader")
    st.button("Run again")
    st.text(f"events: {st.session_state.events}")
    if event:
        st.session_state.events.append(event)
        st.session_state.masked = event.get("masked", [])
        st.rerun()


if __name__ == "__main__":
    main()
