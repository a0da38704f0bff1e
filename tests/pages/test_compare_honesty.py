"""The Compare page's table of whole validation sets, from what lies in the checkpoints' folders."""

from __future__ import annotations

import dataclasses
import io
import subprocess
import sys

import pandas as pd
import pytest

from components import comparison_honesty as tables
from models import checkpoints
from models.honesty import FILE, Evidence, Honesty, Mean, shelved
from models.trust import JUDGEMENTS
from tests.conftest import ROOT
from tests.unit import compared

NAMES = ("bilstm-query", "bilstm-hops", "bilstm-last")
HEADING = "Which mechanism is honest?"


def evidence(*judgements, gain=0.1, agreement=None):
    mean = Mean(gain, gain - 0.05, gain + 0.05, sum(judgements))
    return Evidence(mean, mean, dict(zip(JUDGEMENTS, judgements, strict=True)), agreement)


def made(**changes):
    mean = Mean(0.3, 0.2, 0.4, 40)
    found = Honesty(
        checkpoint="", title="", checkpoint_hash="", modality="speech", map="query", inputs="Clips of nobody",
        seen=False, of=240, n=40, skipped=0, seed=0, quick=True, fractions=(0.01, 0.2), orders=30,
        evidence={"attention": evidence(10, 10, 20, 0), "occlusion": evidence(5, 5, 30, 0, agreement=mean)},
        elsewhere=evidence(0, 4, 4, 32, gain=-0.2), shuffled=mean, uniform=mean, uniform_keeps=mean, found=mean,
        entropy=mean, marks=None, marks_by_chance=None, alarms={}, seconds=1.0, command="", date="", version="",
    )  # fmt: skip
    return dataclasses.replace(found, **changes)


def without_attention(**changes):
    none = dict.fromkeys(("elsewhere", "shuffled", "uniform", "uniform_keeps", "found", "entropy"))
    return made(map="", evidence={"occlusion": evidence(5, 5, 30, 0)}, **none | changes)


@pytest.fixture(scope="session")
def networks(tmp_path_factory):
    return compared.make(tmp_path_factory.mktemp("honest"), names=NAMES)


@pytest.fixture
def keep(networks, monkeypatch):
    """Write a checkpoint's figures; they are gone after the test."""
    monkeypatch.setenv("EARMARK_CHECKPOINTS", str(networks))
    files = []

    def keep(name, found):
        folder = networks / name
        files.append(folder / FILE)
        found = dataclasses.replace(found, checkpoint=name, checkpoint_hash=checkpoints.hash_of(folder))
        files[-1].write_text(found.to_json(), encoding="utf-8")

    yield keep
    for file in files:
        file.unlink()


@pytest.fixture
def visitor(visitor):
    visitor.at.switch_page("pages/compare.py")
    visitor.at.default_timeout = 600
    return visitor


def headings(at):
    return [heading.value for heading in at.subheader]


def words(at):
    return " ".join(element.value for element in (*at.markdown, *at.caption)).replace("\\", "")


def frame(at, *columns):
    (found,) = [d.value for d in at.dataframe if set(columns) <= set(d.value.columns)]
    return found


def test_nothing_is_shown_where_nothing_was_measured(visitor, keep):
    assert HEADING not in headings(visitor.run())


def test_the_table_says_what_the_files_do_and_what_attention_is_held_against_can_be_chosen(visitor, keep):
    keep("bilstm-hops", made())
    keep("bilstm-query", made(seen=True, evidence={"attention": evidence(30, 5, 5, 0)}))
    keep("bilstm-last", without_attention())
    at = visitor.run()
    assert HEADING in headings(at)
    table = frame(at, "supported", "uniform_keeps").set_index("network")
    assert list(table.index) == ["bilstm-query", "bilstm-hops", "bilstm-last"]
    assert table["supported"].tolist()[:2] == [75, 25] and table.loc["bilstm-last"].isna()["supported"]
    assert table["seen"].tolist() == ["yes", "no", "no"]
    assert table.loc["bilstm-hops", "taken_interval"] == "0.05 to 0.15"
    assert table.loc["bilstm-hops", "agreement occlusion"] == 0.3 and "marks" not in table
    said = words(at)
    # Who has learned from the clips is named, and takes no part.
    assert "most often supported" not in said and "supported is the map of bilstm-hops, on 10 of 40 clips" in said
    assert "these very clips taught bilstm-query" in said
    witnesses = frame(at, "witness")
    assert witnesses["witness"].tolist() == ["Attention", "Attention", "Occlusion", "Occlusion"]

    at.segmented_control("compare-honesty-speech-baseline").set_value("shifted")
    at = visitor.run()
    table = frame(at, "supported", "uniform_keeps").set_index("network")
    assert table.loc["bilstm-hops", ["judged", "partly", "taken_interval"]].tolist() == [8, 50, "−0.25 to −0.15"]
    assert "no map is supported on any input" in words(at)


def test_a_network_that_has_changed_since_is_named_and_left_out(visitor, keep, networks):
    keep("bilstm-query", made())
    file = networks / "bilstm-query" / FILE
    changed = dataclasses.replace(Honesty.from_json(file.read_text()), checkpoint_hash="another")
    file.write_text(changed.to_json())
    at = visitor.run()
    assert HEADING in headings(at) and not [d for d in at.dataframe if "uniform_keeps" in d.value]
    assert "Left out, as the network has changed since it was measured: bilstm-query." in words(at)


def test_csv_has_every_order_and_chance_with_its_interval(keep):
    keep("bilstm-hops", made())
    keep("bilstm-last", without_attention())
    table = pd.read_csv(io.StringIO(tables.to_csv(shelved("speech"))))
    assert list(zip(table["checkpoint"], table["order"], table["against"], strict=True)) == [
        ("bilstm-hops", "attention", "scattered"),
        ("bilstm-hops", "attention", "shifted"),
        ("bilstm-hops", "occlusion", "scattered"),
        ("bilstm-last", "occlusion", "scattered"),
    ]
    assert table["not_supported"].tolist() == [20, 4, 30, 30] and table["taken"].tolist() == [0.1, -0.2, 0.1, 0.1]
    assert (
        table["shuffled_low"].tolist()[:2] == [0.2, 0.2]
        and table["shuffled"].isna().tolist() == [False] * 2 + [True] * 2
    )
    assert table["agreement_with_attention_n"].tolist()[2] == 40


def test_marks_have_columns_where_there_are_marks(keep):
    keep("bilstm-hops", made(marks=Mean(0.5, 0.4, 0.6, 9), marks_by_chance=Mean(0.1, 0.1, 0.1, 9)))
    table = tables.attention_table(shelved("speech"), "scattered")
    assert table["marks"].tolist() == [0.5] and table["marks_by_chance"].tolist() == [0.1]
    assert "People’s marks" in tables.reading("text") and "People’s marks" not in tables.reading("speech")


def test_what_the_table_needs_does_not_load_keras():
    """The page comes first; loading TensorFlow goes on behind it."""
    program = (
        "import sys\n"
        "from pages.common import compare_honesty, compare_parts, trust\n"
        "loaded = [name for name in ('tensorflow', 'keras', 'sklearn') if name in sys.modules]\n"
        "assert not loaded, loaded\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
