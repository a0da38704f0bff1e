"""The command line, as a user of Unix tools runs it."""

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from models.__main__ import main
from models.explanation import Explanation

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "assets" / "samples"
# As a user's: the tests themselves let TensorFlow's warnings through.
ENVIRONMENT = {key: value for key, value in os.environ.items() if key != "TF_CPP_MIN_LOG_LEVEL"}


def run(*arguments, data=None):
    command = [sys.executable, "-m", "models", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, input=data, capture_output=True, timeout=120, env=ENVIRONMENT)


def test_explains_a_clip_from_standard_input_and_says_nothing_else():
    done = run("explain", "-", data=(SAMPLES / "flat.flac").read_bytes())
    assert done.returncode == 0 and done.stderr == b""
    explanation = Explanation.from_json(done.stdout.decode())
    assert explanation.modality == "speech" and explanation.provenance.input_name == "standard input"


def test_explains_a_text_as_csv(capsys):
    assert main(["explain", str(SAMPLES / "joy.txt"), "--checkpoint", "goemotions", "--format", "csv"]) == 0
    table = pd.read_csv(io.StringIO(capsys.readouterr().out), keep_default_na=False)
    text = (SAMPLES / "joy.txt").read_text(encoding="utf-8")
    assert [text[a:b] for a, b in zip(table["start"], table["end"], strict=True)] == table["token"].tolist()
    assert table["label_attention[joy]"].sum() == pytest.approx(1, abs=1e-4)


def test_writes_a_report(tmp_path):
    out = tmp_path / "report.html"
    assert main(["explain", str(SAMPLES / "wheat_exports.txt"), "--format", "html", "--out", str(out)]) == 0
    page = out.read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>") and "Content-Security-Policy" in page
    # Nothing to fetch: the only address is the name of SVG itself.
    assert set(re.findall(r"https?://[^\s\"'<>]+", page)) <= {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["explain", "missing.wav"], "missing.wav: No such file or directory"),
        (["explain", str(SAMPLES)], "Is a directory"),
        (["explain", str(SAMPLES / "joy.txt"), "--checkpoint", "nope"], "no checkpoint “nope”. Known checkpoints:"),
        (["explain", str(SAMPLES / "joy.txt"), "--checkpoint", "ravdess"], "is a text, not a sound"),
        (["evaluate", "--checkpoint", "nope", "--data", "."], "no checkpoint “nope”"),
        (["evaluate", "--checkpoint", "reuters", "--data", "missing"], "missing is not a folder"),
        (["train", "nothing", "--data", "."], "no recipe “nothing”; known are ravdess, ravdess-scratch, reuters"),
        (["cross-validate", "reuters", "--data", "."], "use train and evaluate"),
    ],
)
def test_refusals_are_one_line_and_exit_code_1(arguments, message, capsys):
    assert main(arguments) == 1
    printed = capsys.readouterr()
    assert printed.out == "" and message in printed.err
    assert printed.err.startswith("earmark: ") and printed.err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [[], ["explain"], ["explain", "x", "--format", "pdf"], ["train", "reuters", "--data", ".", "--epochs", "0"]],
)
def test_wrong_usage_is_exit_code_2(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2 and "usage:" in capsys.readouterr().err


def test_a_reader_that_leaves_early_is_no_error():
    command = (
        f"{sys.executable} -m models explain {SAMPLES / 'wheat_exports.txt'} | head -c 20; exit ${{PIPESTATUS[0]}}"
    )
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, timeout=120, env=ENVIRONMENT)
    assert done.returncode == 0 and done.stderr == b"" and len(done.stdout) == 20


def test_evaluate_prints_json(tmp_path, capsys):
    story = {"id": 1, "title": "WHEAT UP", "text": "Wheat prices rose.", "topics": ["grain", "wheat"]}
    (tmp_path / "test.jsonl").write_text(json.dumps(story))
    assert main(["evaluate", "--checkpoint", "reuters", "--data", str(tmp_path), "--format", "json"]) == 0
    scores = json.loads(capsys.readouterr().out)
    assert set(scores) == {"n", "micro_f1", "macro_f1"} and scores["n"] == 1


def test_trains_cross_validates_and_reads_back(tmp_path, capsys, monkeypatch):
    """The whole road of a text recipe on a tiny corpus: train, card, history, film, evaluate."""
    monkeypatch.setattr(sys, "argv", ["models", "train", "goemotions", "--epochs", "1"])
    rows = [f"I love this thing {i}, thank you!\t18\tx{i}" for i in range(30)]
    rows += [f"Bad {i}\t2\ty{i}" for i in range(30)]
    for split in ("train", "dev", "test"):
        (tmp_path / f"{split}.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    labels = [f"l{i}" for i in range(28)]
    (tmp_path / "labels.txt").write_text("\n".join(labels) + "\n")
    out = tmp_path / "out"
    assert main(["train", "goemotions", "--data", str(tmp_path), "--out", str(out), "--epochs", "1"]) == 0
    printed = capsys.readouterr()
    assert "micro_f1" in printed.out and "looked at: 60 of 60" in printed.err
    from models import checkpoints, familiarity

    loaded = checkpoints.load(out)
    assert familiarity.read(loaded).n == 60
    assert loaded.labels == tuple(labels) and len(loaded.history) == 1
    assert "python -m models train goemotions --epochs 1" in loaded.card and "| test | 60 |" in loaded.card
    film = loaded.epoch_maps()["joy.txt"]["label_attention"]
    assert film.shape[:2] == (1, 28)
    monkeypatch.setenv("EARMARK_CHECKPOINTS", str(tmp_path))
    assert main(["evaluate", "--checkpoint", "out", "--data", str(tmp_path), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["n"] == 60
