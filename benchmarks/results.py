"""How good the shipped checkpoints are: README's table of results.

Text checkpoints are scored here and now on their corpus' test split; the speech checkpoint was
trained on every actor we have, so its figures are those of its folds, as `cross-validate` wrote them.
Run: `python -m benchmarks.results ../shared/data`
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from models import checkpoints
from models.evaluation import evaluate


def main(data):
    print("| checkpoint | corpus and split | n | measure | value |\n| --- | --- | ---: | --- | ---: |")
    for entry in checkpoints.available():
        folds = entry.path / "folds.json"
        if folds.is_file():
            results = json.loads(folds.read_text(encoding="utf-8"))
            n = sum(r["n"] for r in results)
            split = f"RAVDESS, {len(results)} folds by speaker"
            for measure, name in (("uar", "mean UAR"), ("accuracy", "mean accuracy")):
                values = np.array([r[measure] for r in results])
                value = f"{values.mean():.3f} ± {values.std():.3f} over folds{_over_seeds(results, measure)}"
                print(f"| `{entry.name}` | {split} | {n:,} | {name} | {value} |")
        elif entry.modality == "text" and (data / entry.name).is_dir():
            scores = evaluate(checkpoints.load(entry.name), data / entry.name)
            for measure, name in (("micro_f1", "micro-F1"), ("macro_f1", "macro-F1")):
                print(f"| `{entry.name}` | test split | {scores['n']:,} | {name} | {scores[measure]:.3f} |")


def _over_seeds(results, measure):
    """The deviation of the seeds' means over the folds, in words; nothing of a single seed."""
    if "runs" not in results[0]:
        return ""
    by_seed = np.array([[run[measure] for run in r["runs"]] for r in results]).mean(axis=0)
    return f", ± {by_seed.std(ddof=1):.3f} over {len(by_seed)} seeds"


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data"))
