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
from models.recipes import ABLATIONS

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
    """Markdown: UAR of each recipe by seed, its mean, and how far it is from the base's over the seeds both have.

    Whether that pays is left open where it is no more than the base's spread over its seeds.
    """
    reference = {r["seed"]: r["uar"] for r in base}
    spread = float(np.std(list(reference.values()), ddof=1))
    seeds = sorted(reference)
    lines = [
        "| changed | " + " | ".join(f"seed {seed}" for seed in seeds) + " | difference | paid? |",
        "| --- |" + " ---: |" * (len(seeds) + 1) + " --- |",
        _row("nothing", reference, seeds, "", f"spread over seeds {spread:.3f}"),
    ]
    for name, recipe in ABLATIONS.items():
        own = {r["seed"]: r["uar"] for r in results if r["recipe"] == name and r["seed"] in reference}
        if own:
            gain = float(np.mean([own[seed] - reference[seed] for seed in own]))
            said = "no more than the spread" if abs(gain) <= spread else "more" if gain > 0 else "less"
            lines.append(_row(recipe.title.split(", ")[-1], own, seeds, f"{gain:+.3f}", said))
    return "\n".join(lines)


def _row(title, figures, seeds, gain, said):
    cells = [f"{figures[seed]:.3f}" if seed in figures else "–" for seed in seeds]
    return "| " + " | ".join([title, *cells, gain, said]) + " |"


def _read(file):
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else []


def main(arguments):
    if "--collect" in arguments:
        collect(RUNS, KEPT)
    print(table(_read(checkpoints.root() / BASE / "results.json"), _read(KEPT)))


if __name__ == "__main__":
    main(sys.argv[1:])
