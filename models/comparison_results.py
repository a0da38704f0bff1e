"""The figures of all checkpoints, as training and evaluation wrote them, and what their spread allows to say.

Read are `results.json` and `results-*.json` (an object, or a list with one a seed), and where a folder holds
neither, the `folds.json` that cross-validation writes or the table of figures on the card that training writes.
A figure that no file holds is absent here, too.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from models import checkpoints

# The first of these that a result holds is the figure its table is sorted by.
METRICS = {
    "uar": "UAR",
    "micro_f1": "micro-F1",
    "macro_f1": "macro-F1",
    "accuracy": "accuracy",
}
_MAIN = {"speech": ("uar", "accuracy"), "text": ("micro_f1", "macro_f1")}
_SPLITS = ("test", "validation")


@dataclass(frozen=True)
class Summary:
    """What is known of one recipe on one split.

    Args:
        recipe: its name; checkpoints of one recipe differ in the seed.
        title: of the first checkpoint of that recipe.
        modality: `"speech"` or `"text"`.
        split: what it was scored on, in words.
        over: what the figures below are one of each: `"seeds"` or `"folds"`.
        metrics: name to the figures, one a seed or fold, in the order read.
        parameters, milliseconds, epochs: of one seed, or their mean; `None` where no file says.
        checkpoints: names of the folders read.
        architecture: as in the config.
        numbers: of the seeds or folds, in the order of the figures; `None` where a file does not say.
    """

    recipe: str
    title: str
    modality: str
    split: str
    over: str
    metrics: dict[str, tuple[float, ...]]
    parameters: float | None = None
    milliseconds: float | None = None
    epochs: float | None = None
    checkpoints: tuple[str, ...] = ()
    architecture: str = ""
    numbers: tuple = ()

    @property
    def main(self) -> str:
        """The metric that counts for this modality, or else the first there is."""
        wanted = [name for name in _MAIN[self.modality] if name in self.metrics]
        return (wanted or list(self.metrics))[0]

    @property
    def count(self) -> int:
        return len(self.metrics[self.main])

    def mean(self, metric: str) -> float | None:
        return float(np.mean(self.metrics[metric])) if metric in self.metrics else None

    def spread(self, metric: str) -> float | None:
        """Standard deviation over the seeds (divided by n - 1); `None` for a single one."""
        return spread(self.metrics.get(metric, ()))


@dataclass(frozen=True)
class Difference:
    """Of two recipes' figures. `verdict`: `"higher"` (the first is), `"lower"`, `"none"` or `"unknown"`.

    Args:
        means: of the first minus the second.
        spread: both standard deviations together, or where `paired` that of the pairs' differences; `None` where a
            recipe has one seed only.
        paired: whether the figures were compared fold by fold.
    """

    means: float
    spread: float | None
    verdict: str
    paired: bool = False


@dataclass
class _Group:
    recipe: str
    split: str
    entry: checkpoints.Listing
    architecture: str
    over: str = "seeds"
    results: list = field(default_factory=list)
    folders: list = field(default_factory=list)


def spread(values) -> float | None:
    """Standard deviation of the figures (divided by n - 1); `None` for fewer than two."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else None


def difference(first, second) -> Difference:
    """Whether two recipes differ by more than their seeds do.

    They do where the ranges mean ± standard deviation lie apart: where the means differ by more than both
    deviations together. What is smaller is reported as none.

    Args:
        first, second: the figures of each, one a seed.
    """
    each = spread(first), spread(second)
    return _difference(np.mean(first) - np.mean(second), None if None in each else sum(each))


def between(first: Summary, second: Summary) -> Difference:
    """Whether two recipes' main figures differ: fold by fold where both have the same folds, else by `difference`.

    Folds differ in their speakers, some easier to read than others, and that is most of their spread. It goes when
    the two are compared on each fold; they differ if the mean of these differences is larger than their deviation.
    """
    own, others = first.metrics[first.main], second.metrics[second.main]
    if not first.over == second.over == "folds" or first.numbers != second.numbers or len(own) != len(others):
        return difference(own, others)
    gaps = np.subtract(own, others)
    return _difference(gaps.mean(), spread(gaps), paired=True)


def _difference(gap, both, paired=False):
    gap = float(gap)
    if both is None:
        return Difference(gap, None, "unknown", paired)
    if abs(gap) <= both:
        return Difference(gap, both, "none", paired)
    return Difference(gap, both, "higher" if gap > 0 else "lower", paired)


def against_best(summaries) -> list[tuple[str, Difference | None]]:
    """For each summary: `(its difference from the best of its modality, split and kind)`; the best itself has `None`.

    Returns:
        A list of `(recipe of the best, difference)`, in the summaries' order.
    """
    best = {}
    for summary in summaries:
        key = _peers(summary)
        if key not in best or summary.mean(summary.main) > best[key].mean(summary.main):
            best[key] = summary
    rows = []
    for summary in summaries:
        top = best[_peers(summary)]
        rows.append((top.recipe, None if top is summary else between(summary, top)))
    return rows


def summaries(modality: str | None = None) -> list[Summary]:
    """Every recipe of which a checkpoint below `checkpoints.root()` holds figures; the best of each split first."""
    groups: dict[tuple, _Group] = {}
    for entry in checkpoints.available(modality):
        if entry.problem is not None:
            continue
        config = _json(entry.path / "config.json")
        found = _results(entry.path) or _folds(entry) or _card(entry)
        for over, result in found:
            recipe, split = str(result.get("recipe", entry.name)), str(result.get("split", ""))
            architecture = str(result.get("architecture") or config.get("architecture", ""))
            group = groups.setdefault((recipe, split, over), _Group(recipe, split, entry, architecture, over))
            number = result.get("seed") if over == "seeds" else result.get("fold")
            if number is not None and any(known == number for known, _ in group.results):
                continue  # one seed read from two files is still one seed
            group.results.append((number, result))
            if entry.name not in group.folders:
                group.folders.append(entry.name)
    made = [_summary(group) for group in groups.values()]
    return sorted(made, key=lambda s: (s.modality, s.split, s.over, -s.mean(s.main)))


def peers(summary: Summary, found: list[Summary]) -> list[Summary]:
    """Those of `found` that it can be held against: scored on the same split, and over seeds or folds like it."""
    return [other for other in found if _peers(other) == _peers(summary) and other is not summary]


def _summary(group):
    results = [result for _, result in group.results]
    metrics = {name: tuple(r[name] for r in results if name in r) for name in METRICS}

    def mean(key):
        known = [r[key] for r in results if key in r]
        return float(np.mean(known)) if known else None

    parameters = mean("parameters")
    return Summary(
        group.recipe,
        group.entry.title,
        group.entry.modality,
        group.split,
        group.over,
        {name: values for name, values in metrics.items() if values},
        parameters if parameters is not None else _parameters(group.entry.path),
        mean("milliseconds"),
        mean("epochs"),
        tuple(group.folders),
        group.architecture,
        tuple(number for number, _ in group.results),
    )


def _results(folder):
    """`("seeds", result)` for each good result of a folder; what holds no figure is left out."""
    found = []
    for path in (folder / "results.json", *sorted(folder.glob("results-*.json"))):
        content = _json(path)
        for result in content if isinstance(content, list) else [content]:
            if isinstance(result, dict) and any(name in (kept := _numbers(result)) for name in METRICS):
                found.append(("seeds", kept))
    return found


def _folds(entry):
    content = _json(entry.path / "folds.json")
    found = []
    for result in content if isinstance(content, list) else []:
        if isinstance(result, dict) and "fold" in result:
            kept = _numbers(result)
            if any(name in kept for name in METRICS):
                held = {"recipe": entry.name, "split": "cross-validated, each fold's speakers held out"}
                found.append(("folds", {k: v for k, v in kept.items() if k != "n"} | held))
    return found


def _card(entry):
    """The first table of a card whose first column is `split`: its row of the test split, or else of validation."""
    path = entry.path / "card.md"
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []
    rows = [[cell.strip(" *") for cell in line.strip().strip("|").split("|")] for line in lines]
    head = next((i for i, row in enumerate(rows) if row[0] == "split" and len(row) > 1), None)
    if head is None:
        return []
    names = {title: name for name, title in METRICS.items()}
    table = {}
    for row in rows[head + 2 :]:
        if len(row) != len(rows[head]):
            break
        values = {names[t]: _number(v) for t, v in zip(rows[head], row, strict=True) if t in names}
        table[row[0]] = {name: value for name, value in values.items() if value is not None}
    split = next((name for name in _SPLITS if table.get(name)), None)
    if split is None:
        return []
    corpus = next((row[1] for row in rows if len(row) == 2 and row[0] == "corpus"), entry.name)
    seed = next((row[1] for row in rows if len(row) == 2 and row[0] == "seed"), None)
    return [("seeds", {"recipe": entry.name, "split": f"{corpus}, {split}", "seed": seed} | table[split])]


def _numbers(result):
    """A result without figures that are no numbers."""
    figures = (*METRICS, "parameters", "milliseconds", "epochs", "minutes")
    return {k: v for k, v in result.items() if k not in figures or _finite(v)}


def _finite(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _number(text):
    return float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else None


def _parameters(folder):
    """How many numbers a checkpoint stores, from the head of its weights' file."""
    try:
        with (folder / "weights.safetensors").open("rb") as file:
            head = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        return float(sum(math.prod(t["shape"]) for name, t in head.items() if name != "__metadata__"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, MemoryError, OverflowError):
        return None


def _json(path: Path):
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}


def _peers(summary):
    return summary.modality, summary.split, summary.over
