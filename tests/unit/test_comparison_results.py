"""The table of all checkpoints: only what files say, and no difference smaller than the spread."""

import dataclasses
import json
import math

import numpy as np
import pytest

from components import comparison_tables, comparison_wording
from models import comparison_results as results


def folder(root, name, *, modality="speech", order=1, card="", **files):
    """A checkpoint folder that can be listed, if not loaded."""
    path = root / name
    path.mkdir(parents=True)
    config = {
        "format": "earmark-checkpoint", "format_version": 1, "title": f"Title of {name}", "order": order,
        "modality": modality, "task": "single-label", "labels": ["x"], "frontend": {}, "hyperparameters": {},
        "architecture": "bilstm-query" if modality == "speech" else "rcnn",
    }  # fmt: skip
    (path / "config.json").write_text(json.dumps(config))
    head = json.dumps({"__metadata__": {}, "a": {"shape": [3, 4]}, "b": {"shape": []}}).encode()
    (path / "weights.safetensors").write_bytes(len(head).to_bytes(8, "little") + head)
    (path / "card.md").write_text(card)
    for file, content in files.items():
        text = content if isinstance(content, str) else json.dumps(content)
        (path / f"{file.replace('_', '-')}.json").write_text(text)
    return path


def run(seed, uar, **more):
    return {"recipe": "bilstm-query", "seed": seed, "split": "s", "uar": uar} | more


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("EARMARK_CHECKPOINTS", str(tmp_path))
    return tmp_path


def test_one_object_a_list_siblings_and_other_folders_are_seeds_of_one_recipe(root):
    folder(root, "bilstm-query", results=[run(1, 0.5, milliseconds=4.0), run(2, 0.6, milliseconds=6.0)],
           results_2=run(2, 0.99), results_3=run(3, 0.7, parameters=12))  # fmt: skip
    folder(root, "bilstm-query-seed4", order=2, results=run(4, 0.8))
    (found,) = results.summaries("speech")
    assert found.metrics == {"uar": (0.5, 0.6, 0.7, 0.8)}  # seed 2 counts once
    assert found.mean("uar") == pytest.approx(0.65)
    assert found.spread("uar") == pytest.approx(np.std([0.5, 0.6, 0.7, 0.8], ddof=1))
    assert (found.count, found.over, found.main) == (4, "seeds", "uar")
    assert (found.parameters, found.milliseconds, found.epochs) == (12, 5.0, None)
    assert found.checkpoints == ("bilstm-query", "bilstm-query-seed4")
    assert found.title == "Title of bilstm-query"


def test_figures_on_different_splits_are_never_averaged(root):
    folder(root, "bilstm-query", results=[run(1, 0.5), run(2, 0.9) | {"split": "other"}])
    assert sorted((s.split, s.mean("uar")) for s in results.summaries()) == [("other", 0.9), ("s", 0.5)]


@pytest.mark.parametrize(
    "content",
    ["", "not JSON", "[]", "[1, null]", '{"uar": "0.9"}', '{"uar": NaN}', '{"uar": true}', "{}", '{"seed": 1}'],
)
def test_what_is_no_figure_is_absent(root, content):
    folder(root, "bilstm-query", results=content)
    assert results.summaries() == []


def test_a_single_run_has_no_spread(root):
    folder(root, "bilstm-query", results=run(1, 0.5))
    (found,) = results.summaries()
    assert found.spread("uar") is None and found.spread("accuracy") is None and found.mean("accuracy") is None
    assert found.parameters == 13  # counted in the weights' file: 3 × 4 and one scalar


def test_folds_that_cross_validation_wrote(root):
    folds = [{"fold": i, "seed": 1, "uar": u, "n": 240, "command": "x"} for i, u in enumerate((0.5, 0.7))]
    folder(root, "ravdess", folds=folds)
    (found,) = results.summaries()
    assert found.metrics == {"uar": (0.5, 0.7)} and found.over == "folds" and "cross-validated" in found.split


def test_networks_scored_on_the_same_folds_are_compared_fold_by_fold(root):
    """Speakers differ more than networks do: a gain on every fold is a gain, though the ranges overlap."""
    for name, uars in (("better", (0.5, 0.7, 0.6)), ("worse", (0.4, 0.59, 0.51)), ("other", (0.45, 0.75, 0.55))):
        folder(root, name, folds=[{"fold": i, "uar": u, "n": 240} for i, u in enumerate(uars)])
    found = {summary.recipe: summary for summary in results.summaries()}
    gap = results.between(found["worse"], found["better"])
    assert gap.verdict == "lower" and gap.paired and gap.means == pytest.approx(-0.1)
    assert gap.spread == pytest.approx(0.01)
    assert results.difference(*(found[name].metrics["uar"] for name in ("worse", "better"))).verdict == "none"
    said = comparison_wording.between(found["worse"], found["better"], gap, "UAR")
    assert "the first is lower; on the same folds of speakers they lie 0.100 apart" in said and "(0.010)" in said
    none = results.between(found["other"], found["better"])
    assert none.verdict == "none"
    assert none.spread == pytest.approx(np.std([-0.05, 0.05, -0.05], ddof=1))
    said = comparison_wording.between(found["other"], found["better"], none, "UAR")
    assert "no difference; on the same folds of speakers they lie 0.017 apart" in said and said.endswith("by 0.058.")
    missing = dataclasses.replace(found["worse"], numbers=(0, 1, 7))
    assert not results.between(missing, found["better"]).paired


CARD = """# A card
| split | n | micro-F1 | macro-F1 |
| --- | ---: | ---: | ---: |
| validation | 777 | 0.9067 | 0.4650 |
| test | 3,019 | **0.9024** | 0.5159 |

| setting | value |
| --- | --- |
| corpus | reuters |
"""


def test_the_table_of_a_card_that_training_wrote(root):
    folder(root, "reuters", modality="text", card=CARD)
    (found,) = results.summaries("text")
    assert found.metrics == {"micro_f1": (0.9024,), "macro_f1": (0.5159,)} and found.split == "reuters, test"
    folder(root, "other", modality="text", card=CARD.replace("| test |", "| later |"))
    assert {s.split for s in results.summaries("text")} == {"reuters, test", "reuters, validation"}


def test_results_come_before_folds_and_card(root):
    folder(root, "a", results=run(1, 0.5), folds=[{"fold": 0, "uar": 0.9}], card=CARD)
    assert [s.metrics for s in results.summaries()] == [{"uar": (0.5,)}]


def test_the_shipped_checkpoints_say_what_their_files_say(monkeypatch):
    monkeypatch.delenv("EARMARK_CHECKPOINTS", raising=False)
    for found in results.summaries():
        assert all(math.isfinite(v) and 0 <= v <= 1 for values in found.metrics.values() for v in values)
        assert found.parameters > 1000
    assert {s.modality for s in results.summaries()} == {"speech", "text"}


def test_a_difference_smaller_than_the_spreads_together_is_none():
    # Both deviations are 0.01: means 0.015 apart are none, 0.025 apart are one.
    a = (0.50, 0.51, 0.52)
    near, far = tuple(v + 0.015 for v in a), tuple(v + 0.025 for v in a)
    found = results.difference(near, a)
    assert found.verdict == "none" and found.means == pytest.approx(0.015) and found.spread == pytest.approx(0.02)
    assert results.difference(far, a).verdict == "higher" and results.difference(a, far).verdict == "lower"
    assert results.difference(a, a).verdict == "none"
    # Seeds that give the same figure to the last digit: any difference is larger than no spread, and none is none.
    assert results.difference((0.5, 0.5), (0.5, 0.5)).verdict == "none"
    assert results.difference((0.6,), a).verdict == "unknown" and results.difference((0.6,), a).spread is None


def test_standing_against_the_best_of_the_same_split(root):
    folder(root, "a", results=[run(s, v) | {"recipe": "a"} for s, v in enumerate((0.50, 0.52, 0.54))])
    folder(root, "b", results=[run(s, v) | {"recipe": "b"} for s, v in enumerate((0.49, 0.51, 0.53))])
    folder(root, "c", results=[run(s, v) | {"recipe": "c"} for s, v in enumerate((0.30, 0.31, 0.32))])
    folder(root, "d", results=run(1, 0.2) | {"recipe": "d"})
    folder(root, "e", results=run(1, 0.9) | {"recipe": "e", "split": "elsewhere"})
    found = results.summaries()
    table = comparison_tables.results_table(found, results.against_best(found), results.METRICS)
    stands = dict(zip(table["checkpoint"], table["against the highest"], strict=True))
    assert stands == {
        "a": "highest mean", "b": "no difference from “Title of a”", "c": "lower than “Title of a”",
        "d": "unknown: a single run (“Title of a”)",
        "e": "nothing to compare with",
    }  # fmt: skip
    assert "accuracy" not in table and "milliseconds" not in table  # no file says
    assert table["spread of UAR"].isna().sum() == 2
    lines = comparison_tables.results_csv(found).splitlines()
    assert lines[0] == "checkpoint,scored_on,metric,over,run,value" and len(lines) == 1 + 3 + 3 + 3 + 1 + 1
    names = {s.recipe: s for s in found}
    assert [s.recipe for s in results.peers(names["b"], found)] == ["a", "c", "d"]
    assert results.peers(names["e"], found) == []
    gap = results.difference(names["b"].metrics["uar"], names["a"].metrics["uar"])
    said = comparison_wording.between(names["b"], names["a"], gap, "UAR")
    assert said == (
        "“Title of b” 0.510, “Title of a” 0.520 UAR: no difference; "
        "they lie 0.010 apart, and the spreads add up to 0.040."
    )
