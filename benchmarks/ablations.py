"""README's table of what each means of training pays: `bilstm-query` by the compared recipe with one thing changed.

`python -m models compare-train NAME --data FOLDER --seed N` trains a row (names: `ABLATIONS` in `models/recipes.py`).
Run: `python -m benchmarks.ablations`; with `--collect` the figures of `data/ablations` are first kept in
`ablations.json`, next to those already there.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from models import checkpoints
from models.recipes import ABLATIONS, COMPARED

KEPT = Path(__file__).with_name("ablations.json")
RUNS = Path("data/ablations")
BASE = "bilstm-query"


def collect(runs: Path, kept: Path) -> None:
    """Add every finished run's `results.json` below `runs` to the list in `kept`; a recipe and seed is kept once."""
    found = {(r["recipe"], r["seed"]): r for r in _read(kept)}
    for file in sorted(runs.glob("*/results.json")):
        result = json.loads(file.read_text(encoding="utf-8"))
        found[result["recipe"], result["seed"]] = result
    rows = [found[key] for key in sorted(found)]
    kept.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def table(base: list[dict], results: list[dict]) -> str:
    """Markdown: each recipe's mean UAR over its seeds, and how far that is from the base's.

    A difference of no more than both spreads (standard deviations over seeds) together counts as none; the base's
    stands in for that of a recipe with a single seed.
    """
    reference = [r["uar"] for r in base]
    lines = [
        "| changed | seeds | UAR | difference | paid? |",
        "| --- | ---: | ---: | ---: | --- |",
        f"| nothing | {len(reference)} | {_figure(reference)} | | |",
    ]
    for name, recipe in ABLATIONS.items():
        own = [r["uar"] for r in results if r["recipe"] == name]
        if own:
            gain = float(np.mean(own) - np.mean(reference))
            noise = _spread(reference) + _spread(own if len(own) > 1 else reference)
            said = "no difference" if abs(gain) <= noise else "yes" if gain > 0 else "no, it harms"
            title = recipe.title.removeprefix(f"{COMPARED[BASE].title}, ")
            lines.append(f"| {title} | {len(own)} | {_figure(own)} | {gain:+.3f} | {said} |")
    return "\n".join(lines)


def _figure(values):
    return f"{np.mean(values):.3f}" + (f" ± {_spread(values):.3f}" if len(values) > 1 else "")


def _spread(values):
    return float(np.std(values, ddof=1))


def _read(file):
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else []


def main(arguments):
    if "--collect" in arguments:
        collect(RUNS, KEPT)
    print(table(_read(checkpoints.root() / BASE / "results.json"), _read(KEPT)))


if __name__ == "__main__":
    main(sys.argv[1:])
