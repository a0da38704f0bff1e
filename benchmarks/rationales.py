"""README's table of people's marks, from the `rationales.json` that `python -m models evaluate --rationales` left.

Run: `python -m benchmarks.rationales`. Nothing is measured here.
"""

from __future__ import annotations

from models import checkpoints, plausibility_kept
from models.rationales import MEASURES

CHECKPOINT = "movies"


def table(found) -> str:
    """Markdown of a `models.rationales.Plausibility`: a row a witness, each figure with its interval."""
    lines = [
        "| marks of | token F1 | IOU F1 | AUPRC | average precision |",
        "| --- |" + " ---: |" * len(MEASURES),
    ]
    for row in found.rows:
        figures = (row.estimates[name] for name in MEASURES)
        cells = (f"{e.value:.3f} [{e.low:.3f}, {e.high:.3f}]" for e in figures)
        lines.append("| " + " | ".join((row.title, *cells)) + " |")
    return "\n".join(lines)


def main():
    kept = plausibility_kept.read(checkpoints.load(CHECKPOINT))
    if kept is None:
        raise SystemExit(f"Checkpoint “{CHECKPOINT}” keeps no figures of its present network; evaluate it first.")
    print(f"{kept.inputs}, {kept.date}: {kept.command}\n\n{table(kept.found)}")


if __name__ == "__main__":
    main()
