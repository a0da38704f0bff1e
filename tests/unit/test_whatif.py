"""Pictures, tables and sentences of what-ifs: they say what was found, and nothing else."""

import csv
import io

import explanations
import numpy as np
import pytest

from components import whatif_figures, whatif_tables, whatif_wording
from models.flips import Candidate, Flips
from models.sweeps import KINDS, Sweep, Variant

LABELS = ("calm", "<i>angry</i>", "sad", "happy", "neutral", "fearful")


def sweep(kind="pitch", values=(-2, 0, 2), original=1):
    rows = np.random.default_rng(0).dirichlet(np.ones(6), len(values)).astype(np.float32)
    rows[original] = [0.1, 0.6, 0.1, 0.1, 0.05, 0.05]
    rows[-1] = [0.7, 0.1, 0.1, 0.05, 0.03, 0.02]
    names = ["" if kind != "silence" else name for name in ("as it is", "most attended", "least attended")]
    spans = [((0.4, 0.8),) if kind == "silence" and i != original else () for i in range(len(values))]
    found = zip(values, names, rows, spans, strict=True)
    return Sweep(kind, "unit", LABELS, original, tuple(Variant(v, n, b"", p, s) for v, n, p, s in found))


def flips(found=True, threshold=0.4, candidates=((0, 2), (1, 2)), asserted=True):
    paths = [np.array([0.9, 0.6, 0.2 if found else 0.5], np.float32) for _ in candidates]
    made = tuple(Candidate(words, path, 1, found) for words, path in zip(candidates, paths, strict=True))
    return Flips(0, asserted, threshold, found, made, 10, 10, 321, 12)


@pytest.mark.parametrize("dark", [False, True])
def test_every_variant_has_its_place_and_the_winners_are_drawn(dark):
    made = sweep()
    figure = whatif_figures.sweep(made, dark=dark)
    assert len(figure.data) == whatif_figures.MOST_LABELS
    assert list(figure.data[0].x) == ["−2 semitones", "as it is", "+2 semitones"]
    top = whatif_figures.top_labels(made)
    assert top[0] == 1 and 0 in top, "the label of the clip as it is comes first; a winner elsewhere is among them"
    for trace, label in zip(figure.data, top, strict=True):
        np.testing.assert_allclose(trace.y, [v.probabilities[label] for v in made.variants])
        assert "<i>" not in trace.name and "<i>" not in trace.hovertemplate
    assert len({(t.line.dash, t.marker.symbol) for t in figure.data}) == len(figure.data), "told apart without colour"


def test_silenced_clips_are_points_and_not_a_line():
    assert {trace.mode for trace in whatif_figures.sweep(sweep("silence", (None,) * 3, 0)).data} == {"markers"}


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_variant_of_every_kind_has_a_name_of_its_own(kind):
    made = Sweep(kind, "", ("a",), 0, tuple(Variant(v, "", b"", np.ones(1), ()) for v in (None, *KINDS[kind].values)))
    names = [whatif_wording.variant_name(made, i) for i in range(len(made.variants))]
    assert len(set(names)) == len(names) and names[0] == "as it is" and kind in whatif_wording.KINDS


def test_a_sweep_in_words_has_every_figure_and_names_what_turned():
    said = whatif_wording.sweep(sweep())
    assert "as it is 0.60" in said and "+2 semitones 0.10" in said
    assert "calm (+2 semitones)" in said and "of 2 variants" in said
    steady = sweep()
    steady = Sweep("pitch", "", LABELS, 1, tuple(steady.variants[1] for _ in range(3)))
    assert "stays the most probable label throughout" in whatif_wording.sweep(steady)


def test_the_table_of_a_sweep_holds_every_probability():
    made = sweep("silence", (None,) * 3, 0)
    rows = list(csv.DictReader(io.StringIO(whatif_tables.to_csv(whatif_tables.sweep_table(made)))))
    assert [row["silenced"] for row in rows] == ["", "0.40-0.80", "0.40-0.80"]
    for row, variant in zip(rows, made.variants, strict=True):
        np.testing.assert_allclose([float(row[label]) for label in LABELS], variant.probabilities, rtol=1e-6)
    table = whatif_tables.sweep_table(sweep())
    assert table["value"].tolist() == [-2, 0, 2] and set(table["unit"]) == {"unit"}


def test_flips_in_words_never_claim_a_proof():
    explanation = explanations.text()
    found = whatif_wording.flips(flips(), explanation)
    assert found.startswith("When 2 words are masked") and "below its threshold of 0.40" in found
    assert "2 such sets" in found and "a smaller set may still exist" in found and "321" in found
    lost = whatif_wording.flips(flips(found=False), explanation)
    assert "No set of up to 12 words was found" in lost and "no proof" in lost and "0.90 to 0.50" in lost
    rival = whatif_wording.flips(flips(threshold=None), explanation)
    assert f"another label, {explanation.labels[1]}, wins" in rival
    raised = whatif_wording.flips(flips(asserted=False), explanation)
    assert "reaches its threshold" in raised
    assert "no word here" in whatif_wording.flips(flips(found=False, candidates=((),)), explanation)


def test_each_step_of_a_flip_is_drawn_told_and_tabled():
    explanation, made = explanations.text("<b>OPEC</b> agreed on oil quotas today, ministers said"), flips()
    candidate = made.candidates[0]
    figure = whatif_figures.flip(made, candidate, explanation)
    np.testing.assert_allclose(figure.data[0].y, candidate.probabilities)
    assert not any("<" in name for name in figure.data[0].x)
    typed = whatif_wording.words(candidate, explanation)
    units = explanation.units
    assert typed == [explanation.text[units.starts[i] : units.ends[i]] for i in (0, 2)]
    assert f"without “{typed[1]}” 0.20" in whatif_wording.path(made, candidate, explanation)
    table = whatif_tables.flips_table(made, explanation)
    assert table["candidate"].tolist() == [1, 1, 2, 2] and table["token"].tolist()[:2] == typed
    assert table["probability"].tolist() == pytest.approx([0.6, 0.2] * 2) and table["turned"].all()


def test_a_word_stands_among_its_neighbours():
    explanation = explanations.text("a b c\nd e f g h i j k l m")
    words = [explanation.text[a:b] for a, b in zip(explanation.units.starts, explanation.units.ends, strict=True)]
    before, word, behind = whatif_wording.context(explanation, 5)
    assert word == words[5] and before == "… " + " ".join(words[1:5]) and behind == " ".join(words[6:10]) + " …"
    first, last = whatif_wording.context(explanation, 0), whatif_wording.context(explanation, len(words) - 1)
    assert first[0] == "" and last[2] == ""
