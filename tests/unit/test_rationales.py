"""Plausibility: ERASER's measures on examples worked out by hand, and networks whose reasons are known."""

import dataclasses
import json
import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.rationales import table
from models import checkpoints, datasets, plausibility_kept
from models.__main__ import main
from models.errors import InputError
from models.explain import explain_text
from models.rationales import (
    MEASURES,
    TITLES,
    Match,
    combine,
    evenly,
    marked_share,
    match,
    plausibility,
    runs,
    token_scores,
    top,
    witnesses,
)
from models.regroup import regroup
from tests.unit import toys

LABELS = ("negative", "positive")
README = Path(__file__).parents[2] / "README.md"


def review(tokens, passages, name="r", label="POS"):
    line = json.dumps({"id": name, "label": label, "tokens": tokens, "rationales": passages})
    return datasets.marked_items(line, LABELS, "test")[0]


TEN = review([str(i) for i in range(10)], [[2, 4], [6, 9]])  # 5 of 10 marked


def chosen(*tokens, of=10):
    return np.isin(np.arange(of), tokens)


def test_regrouping_keeps_the_mass_and_shares_by_overlap():
    sums = regroup([0.4, 0.6], [0.0, 1.0], [1.0, 2.0], [0.0, 0.25, 1.5], [0.25, 1.5, 9.0])
    assert sums == pytest.approx([0.1, 0.3 + 0.3, 0.3])
    assert sums.sum() == pytest.approx(1)


def test_regrouping_leaves_out_what_lies_in_a_gap():
    assert regroup([1.0, 2.0, 4.0], [0, 1, 2], [1, 2, 2], [0.5], [3]) == pytest.approx([0.5 + 2.0])


def test_our_tokens_are_summed_on_the_corpus_tokens():
    item = review(["pre-med", "wo", "n't", "10.5%"], [[0, 1]])
    explanation = explain_text(toys._text_checkpoint("linear", None, 0.0), item.text)
    parts = [item.text[a:b] for a, b in zip(explanation.units.starts, explanation.units.ends, strict=True)]
    assert parts == ["pre", "-", "med", "wo", "n't", "10.5", "%"]
    assert token_scores(item, explanation, np.arange(1, 8)) == pytest.approx([6, 4, 5, 13])


def test_top_takes_as_many_as_the_share_says_rounded_up():
    assert top([3, 1, 2, 5], 0.5).tolist() == [True, False, False, True]
    assert top([3, 1, 2, 5], 0.51).sum() == 3
    assert top([0, 0, 0, 0], 0.25).tolist() == [True, False, False, False]


def test_runs():
    assert runs(chosen(0, 1, 5, 9)) == [(0, 2), (5, 6), (9, 10)]
    assert runs(chosen()) == []


def test_token_scores_by_hand():
    # 2 and 7 are right, 0 and 1 wrong: precision 2/4, recall 2/5, F1 4/9.
    found = match(TEN, np.zeros(10), chosen(0, 1, 2, 7))
    assert (found.precision, found.recall) == (0.5, 0.4)
    assert found.f1 == pytest.approx(4 / 9)


def test_passages_by_hand():
    # (1, 4) against (2, 4): 2 of 3; (5, 7) against (6, 9): 1 of 4; (9, 10) touches nothing.
    found = match(TEN, np.zeros(10), chosen(1, 2, 3, 5, 6, 9))
    assert found.passage_precision == pytest.approx(1 / 3)
    assert found.passage_recall == pytest.approx(1 / 2)
    # Exactly half is a match.
    assert match(TEN, np.zeros(10), chosen(2)).passage_precision == 1


def test_areas_by_hand():
    scores = np.array([9, 8, 7, 6, 0, 0, 0, 0, 0, 0])
    item = review([str(i) for i in range(10)], [[0, 1], [2, 3]])
    found = match(item, scores, chosen(0))
    # Points (recall, precision) from the top: (1/2, 1), (1/2, 1/2), (1, 2/3), then down to (1, 1/5).
    assert found.average_precision == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert found.auprc == pytest.approx(0.5 * 1 + 0.5 * (1 / 2 + 2 / 3) / 2)


def test_the_area_of_scores_all_alike_is_the_flattering_one_we_say_it_is():
    found = match(TEN, np.zeros(10), chosen())
    assert found.average_precision == pytest.approx(0.5)
    assert found.auprc == pytest.approx((1 + 0.5) / 2)


def test_a_review_without_marks_has_no_area_and_does_not_spoil_the_mean():
    nothing = match(review(["a", "b"], []), np.array([1, 2]), chosen(0, of=2))
    assert math.isnan(nothing.auprc) and nothing.f1 == 0 and nothing.passage_recall == 0
    perfect = match(TEN, TEN.marked.astype(float), TEN.marked)
    figures = combine([nothing, perfect])
    assert figures["auprc"].value == 1
    assert figures["token_f1"].value == 0.5


def test_iou_f1_is_the_f1_of_the_means():
    one = match(TEN, np.zeros(10), chosen(2, 3))  # precision 1, recall 1/2
    two = match(TEN, np.zeros(10), chosen(2, 3, 5, 0))  # precision 1/3, recall 1/2
    precision, recall = (1 + 1 / 3) / 2, 1 / 2
    assert combine([one, two])["iou_f1"].value == pytest.approx(2 * precision * recall / (precision + recall))


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    hits = 0
    for seed in range(100):
        matches = [Match(0.5, 0.5, 0.5, 0.5, 0.5, area, area) for area in rng.beta(2, 3, size=40)]
        estimate = combine(matches, seed)["auprc"]
        hits += estimate.low <= 0.4 <= estimate.high
    assert 88 <= hits <= 99


def test_the_share_is_the_mean_of_the_reviews_shares():
    assert marked_share([TEN, review(["a", "b"], [])]) == pytest.approx(0.25)


def test_a_limit_is_spread_over_the_corpus():
    assert evenly(list(range(10)), 3) == [0, 4, 9]
    assert evenly([1, 2], 5) == [1, 2] == evenly([1, 2], None)


def planted(n):
    """Reviews in which people marked exactly the words that a toy's probability rests on."""
    words = ["plain", "good", "shown", "plain", "good", "shown", "plain", "plain", "plain", "plain"]
    rng = np.random.default_rng(0)
    for i in range(n):
        tokens = rng.permutation(words).tolist()
        yield review(tokens, [[k, k + 1] for k, word in enumerate(tokens) if word == "good"], f"r{i}")


def test_witnesses_find_what_a_network_rests_on_and_attention_that_is_not_used_does_not():
    checkpoint = toys._text_checkpoint("linear", None, 0.0)
    found = plausibility(checkpoint, list(planted(6)))
    rows = {row.name: row.estimates for row in found.rows}
    assert found.n == 6 and found.share == pytest.approx(0.2)
    for name in ("gradient-input", "integrated-gradients", "occlusion", "smoothgrad"):
        assert rows[name]["auprc"].value == pytest.approx(1)
        assert rows[name]["token_f1"].value == pytest.approx(1)
    assert rows["attention"]["token_f1"].value == 0
    assert rows["attention"]["auprc"].value < rows["random"]["auprc"].value + 0.2
    assert rows["uniform"]["token_f1"].value == pytest.approx(2 * 0.2 / 1.2)
    assert rows["uniform"]["auprc"].value == pytest.approx(0.6)
    assert all(set(estimates) == set(MEASURES) for estimates in rows.values())
    assert all(e.low <= e.value <= e.high for estimates in rows.values() for e in estimates.values())


def test_a_network_without_maps_or_gradients_is_asked_what_it_can_answer():
    checkpoint = toys._text_checkpoint("none", None, 0.0)
    explanation = explain_text(checkpoint, "good plain")
    four = {"gradient-input", "integrated-gradients", "occlusion", "smoothgrad"}
    assert set(witnesses(checkpoint, explanation)) == four
    assert set(witnesses(checkpoint, explanation, only=("occlusion",))) == {"occlusion"}


def test_reviews_without_any_mark_are_refused():
    with pytest.raises(InputError, match="marked nothing"):
        plausibility(toys._text_checkpoint("linear", None, 0.0), [review(["good"], [])])
    with pytest.raises(InputError, match="marked nothing"):
        plausibility(toys._text_checkpoint("linear", None, 0.0), [])


@pytest.fixture
def command(monkeypatch, tmp_path, capsys):
    from models import checkpoints

    lines = [
        {"id": item.name, "label": "POS", "tokens": item.text.split(), "rationales": [list(p) for p in item.passages]}
        for item in planted(4)
    ]
    (tmp_path / "val.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    monkeypatch.setattr(checkpoints, "load", lambda name: toys._text_checkpoint("linear", None, 0.0))

    def run(*more):
        code = main(["evaluate", "--checkpoint", "toy", "--data", str(tmp_path), *more])
        return code, capsys.readouterr()

    return run


def test_the_command_prints_every_witness_and_the_published_figure(command):
    code, said = command("--rationales")
    assert code == 0
    lines = said.out.splitlines()
    assert lines[0].startswith("4 reviews")
    assert lines[1].split("\t") == ["marks of", *MEASURES]
    assert [line.split("\t")[0] for line in lines[2:-1]][0] == "Attention" and len(lines[2:-1]) == 7
    assert "0.417" in lines[-1] and "not checked" in lines[-1]


def test_the_command_writes_json_and_keeps_to_the_limit(command):
    code, said = command("--rationales", "--limit", "2", "--format", "json")
    found = json.loads(said.out)
    assert (code, found["n"]) == (0, 2)
    assert found["rows"][0]["estimates"]["auprc"].keys() == {"value", "low", "high"}
    assert found["published"]["verified"] is False


def test_the_command_asks_only_the_witnesses_named(command):
    code, said = command("--rationales", "--witnesses", "attention", "occlusion", "--format", "json")
    assert code == 0
    names = [row["name"] for row in json.loads(said.out)["rows"]]
    assert names == ["attention", "occlusion", "random", "uniform"]


def test_the_command_keeps_the_figures_for_the_page(command, tmp_path):
    file = tmp_path / "rationales.json"
    code, said = command("--rationales", "--limit", "2", "--format", "json", "--out", str(file))
    assert code == 0
    toy = toys._text_checkpoint("linear", None, 0.0)
    checkpoint = SimpleNamespace(path=tmp_path, hash=toy.hash)
    kept = plausibility_kept.read(checkpoint)
    assert kept.inputs == "2 reviews of the validation split" and kept.checkpoint == toy.name
    assert json.loads(said.out)["rows"] == json.loads(json.dumps([dataclasses.asdict(row) for row in kept.found.rows]))
    # Of another network, damaged, or gone: as if there were none.
    assert plausibility_kept.read(SimpleNamespace(path=tmp_path, hash="other")) is None
    file.write_text(file.read_text().replace('"share"', '"portion"'))
    assert plausibility_kept.read(checkpoint) is None
    file.unlink()
    assert plausibility_kept.read(checkpoint) is None


def test_the_command_refuses_what_does_not_fit(command):
    for wrong in (("--limit", "2"), ("--out", "x.json")):
        code, said = command(*wrong)
        assert code == 1 and "--rationales" in said.err
    code, said = command("--rationales", "--split", "test")
    assert code == 1 and "test.jsonl is missing" in said.err


def test_the_shipped_network_keeps_the_figures_that_readme_prints():
    kept = plausibility_kept.read(checkpoints.load("movies"))
    assert kept.found.n == 200 and [row.name for row in kept.found.rows] == list(TITLES)
    assert table(kept.found) in README.read_text(encoding="utf-8")
