"""Pictures, tables and sentences of the tests on an input: they say what the tests found, and nothing else."""

from __future__ import annotations

import csv
import dataclasses
import io
import json

import explanations
import numpy as np
import pytest
import trusts

from components import colours, trust_figures, trust_reading, trust_tables
from models.explanation import AttentionMap, Units

RUDE = "<b>oil</b> <img src=x> &lt; 50 % done"


@pytest.fixture(params=["speech", "text"])
def case(request):
    """A hand-made explanation and its tests."""
    made = getattr(explanations, request.param)()
    return made, trusts.trust(made)


def drawn(figure, name):
    (trace,) = [t for t in figure.data if t.name == name]
    return trace


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("kind", ["deletion", "insertion"])
def test_curves_are_those_of_the_tests_against_their_random_band(case, kind, dark):
    _, trust = case
    figure = trust_figures.curves(trust, kind, dark=dark)
    title = trust_figures.names(trust)
    for curve in trust.curves:
        trace = drawn(figure, title[curve.name])
        np.testing.assert_allclose(trace.x, 100 * curve.fractions)
        np.testing.assert_array_equal(trace.y, getattr(curve, kind))
    mean = drawn(figure, "Random order (mean of 30)")
    np.testing.assert_array_equal(mean.y, getattr(trust.random, kind).mean)
    high, low = figure.data[0], drawn(figure, "95 % of random orders")
    assert low.fill == "tonexty", "the band lies between the trace before it and this one"
    np.testing.assert_allclose(high.y, np.clip(getattr(trust.random, kind).high, 0, 1))
    np.testing.assert_allclose(low.y, np.clip(getattr(trust.random, kind).low, 0, 1))
    looks = {(t.line.color, t.line.dash, t.marker.symbol) for t in figure.data if t.mode == "lines+markers"}
    assert len(looks) == len({dash for _, dash, _ in looks}) == len(trust.curves), "told apart without colour"
    assert drawn(figure, "Attention").line.color == (colours.DARK_LINE if dark else colours.LIGHT_LINE)


def test_every_witness_has_a_row_on_attentions_axis_with_its_own_top_marked(case):
    explanation, trust = case
    figure = trust_figures.witnesses(trust, explanation)
    scores = [trust.attention.scores, *(w.scores for w in trust.witnesses)]
    assert len(figure.data) == len(scores)
    for trace, values in zip(figure.data, scores, strict=True):
        np.testing.assert_array_equal(trace.x, figure.data[0].x)
        np.testing.assert_array_equal(trace.y, values)
        full = np.flatnonzero(np.asarray(trace.marker.opacity) == 1)
        assert len(full) == trust.verdict.count
        assert np.abs(values[full]).min() >= np.abs(np.delete(values, full)).max()
    units = explanation.units
    if explanation.modality == "speech":
        np.testing.assert_allclose(figure.data[0].x, (units.starts + units.ends) / 2)
    else:
        assert list(figure.data[0].x) == list(range(1, len(units) + 1))
        assert list(figure.layout[f"xaxis{len(scores)}"].ticktext)[0] == "OPEC"


def test_users_words_are_never_tags_to_plotly():
    explanation = explanations.text(RUDE)
    figure = trust_figures.witnesses(trusts.trust(explanation), explanation)
    shown = [*figure.data[0].customdata, *figure.layout.xaxis5.ticktext]
    assert not any("<" in word for word in shown)
    assert any("&lt;" in word for word in shown)


@pytest.mark.parametrize("steps", [900, 4_321])
def test_long_inputs_are_lines_that_keep_every_extreme(steps):
    units = Units("token", np.arange(steps) * 5, np.arange(steps) * 5 + 4)
    one_map = AttentionMap("label_attention", explanations.weights(3, steps), ("label", "step"))
    explanation = explanations.text(text="word " * steps, units=units, attention=(one_map,))
    trust = trusts.trust(explanation)
    group = trust_figures.thinning(steps)
    figure = trust_figures.witnesses(trust, explanation)
    trace, scores = figure.data[1], trust.witnesses[0].scores
    assert trace.type == "scatter" and len(trace.x) == -(-steps // group) <= 2_000
    np.testing.assert_array_equal(scores[np.asarray(trace.x) - 1], trace.y)
    assert np.abs(trace.y).max() == np.abs(scores).max()
    said = trust_reading.rows(trust)
    assert "Full colour" not in said and (f"every {group} steps" in said) == (group > 1)


def test_needed_draws_every_shuffle_and_uniform_weights(case):
    _, trust = case
    box, uniform = trust_figures.needed(trust).data
    np.testing.assert_array_equal(box.x, trust.needed.shuffled)
    assert box.boxpoints == "all" and list(uniform.x) == [trust.needed.uniform]


def test_alternative_weights_share_one_scale_with_attention(case):
    explanation, trust = case
    figure = trust_figures.alternative(trust, explanation)
    np.testing.assert_array_equal(figure.data[0].y, trust.attention.scores)
    np.testing.assert_array_equal(figure.data[1].y, trust.needed.alternative)
    assert figure.layout.yaxis.range == figure.layout.yaxis2.range
    assert figure.layout.yaxis.range[1] > max(trust.attention.scores.max(), trust.needed.alternative.max())


@pytest.mark.parametrize("dark", [False, True])
def test_a_single_step_and_quick_tests_with_one_witness_are_drawn(dark):
    explanation = explanations.text("oil")
    trust = trusts.trust(explanation)
    trust = dataclasses.replace(
        trust, witnesses=trust.witnesses[:1], agreement=trust.agreement[:1], curves=trust.curves[:2], quick=True
    )
    for kind in ("deletion", "insertion"):
        assert len(trust_figures.curves(trust, kind, dark=dark).data) == 5
    assert len(trust_figures.witnesses(trust, explanation, dark=dark).data) == 2
    assert len(trust_figures.alternative(trust, explanation, dark=dark).data) == 2
    trust_figures.needed(trust, dark=dark)


def test_the_table_of_steps_holds_every_score(case):
    explanation, trust = case
    table = trust_tables.scores_table(trust, explanation)
    assert len(table) == len(explanation.units)
    np.testing.assert_array_equal(table["attention"], trust.attention.scores)
    for witness in trust.witnesses:
        np.testing.assert_array_equal(table[witness.name.replace("-", "_")], witness.scores)
    np.testing.assert_array_equal(table["most_different"], trust.needed.alternative)
    rows = list(csv.DictReader(io.StringIO(trust_tables.to_csv(trust, explanation), newline="")))
    assert [float(row["occlusion"]) for row in rows] == pytest.approx(trust.witnesses[2].scores.tolist())
    if explanation.modality == "text":
        units = explanation.units
        words = [explanation.text[a:b] for a, b in zip(units.starts, units.ends, strict=True)]
        assert [row["token"] for row in rows] == words


def test_the_table_of_curves_holds_every_point_and_the_random_band(case):
    _, trust = case
    rows = list(csv.DictReader(io.StringIO(trust_tables.curves_csv(trust))))
    assert len(rows) == (len(trust.curves) + 3) * len(trusts.FRACTIONS)
    own = [float(row["deletion"]) for row in rows if row["order"] == "Attention"]
    assert own == pytest.approx(trust.curves[0].deletion.tolist())
    low = [float(row["insertion"]) for row in rows if row["order"] == "random: low"]
    assert low == pytest.approx(trust.random.insertion.low.tolist())
    table = trust_tables.orders_table(trust).set_index("order")
    assert table.loc["Attention", "aopc_comprehensiveness"] == trust.curves[0].aopc_comprehensiveness
    assert table.loc["random: high", "deletion_area"] == trust.random.deletion_area.high


def test_the_small_tables_hold_their_figures(case):
    explanation, trust = case
    agreement = trust_tables.agreement_table(trust)
    assert agreement["witness"].tolist() == [w.title for w in trust.witnesses]
    assert agreement["spearman"].isna().tolist() == [a.spearman is None for a in trust.agreement]
    assert agreement["overlap"].tolist() == [a.overlap for a in trust.agreement]
    needed = trust_tables.needed_table(trust).set_index("weights")["moved"]
    assert needed["shuffled"] == trust.needed.shuffled_mean and needed["all steps alike"] == trust.needed.uniform
    figures = trust_tables.figures_table(trust)
    expected = [
        name
        for f in trust.figures
        for name in (
            f.map,
            *(f"{f.map}, head {i + 1}" for i in range(len(f.heads))),
        )
    ]
    assert figures["map"].tolist() == expected
    labels = trust_tables.labels_table(trust, explanation)
    if explanation.modality == "speech":
        assert len(labels) == 0
    else:
        by_name = dict(zip(explanation.labels, trust.figures[0].labels, strict=True))
        assert dict(zip(labels["label"], labels["effective"], strict=True)) == by_name


def test_pictures_can_be_read_out(case):
    _, trust = case
    said = trust_reading.curves(trust, "deletion")
    at = list(trusts.FRACTIONS).index(np.float32(0.2))
    assert f"Attention {trust.curves[0].deletion[at]:.2f}" in said and trust.label_name in said
    assert f"{trust.random.deletion.low[at]:.2f} to {trust.random.deletion.high[at]:.2f}" in said
    assert "rank correlation 0.60, overlap 20 %" in trust_reading.witnesses(trust)
    assert "cannot be had" in trust_reading.witnesses(trust), "one witness is constant"
    assert f"by {trust.needed.uniform:.3f}" in trust_reading.needed(trust)
    assert "misses that by 1.3 %" in trust_reading.completeness(trust)
    assert trust_reading.completeness(dataclasses.replace(trust, witnesses=())) == ""
    assert "12.4" in trust_reading.plain_figures(trust)


def test_single_figures_name_the_shares_they_are_means_over(case):
    _, trust = case
    assert "mean over 1, 5, 10, 20 and 50 % of the steps" in trust_reading.scores(trust)
    for fractions, words in (((0, 0.01, 0.2, 1), "mean over 1 and 20 % of"), ((0, 0.2, 1), "mean over 20 % of")):
        random = dataclasses.replace(trust.random, fractions=np.array(fractions, np.float32))
        assert words in trust_reading.scores(dataclasses.replace(trust, random=random))


def test_not_found_is_never_called_a_proof(case):
    _, trust = case
    assert "87 % of the weight" in trust_reading.alternative(trust)
    lost = dataclasses.replace(trust, needed=dataclasses.replace(trust.needed, found=False, difference=0.3))
    assert "30 %" in trust_reading.alternative(lost) and "no proof" in trust_reading.alternative(lost)


def test_the_saved_tests_are_plain_json(case):
    _, trust = case
    body = json.loads(trust.to_json())
    assert body["verdict"]["judgement"] == "supported"
    assert body["needed"]["shuffled"] == pytest.approx(trust.needed.shuffled.tolist())


@pytest.mark.parametrize(
    ("made", "brief"),
    [
        (explanations.speech(seconds=12.3), True),
        (explanations.speech(seconds=12.6), False),
        (explanations.text("word " * 600), True),
        (explanations.text("word " * 601), False),
    ],
)
def test_short_inputs_are_tested_at_once(made, brief):
    # Of a clip counts the part that the network hears: 0.2 s at either end are not.
    assert trust_reading.brief(made) is brief
