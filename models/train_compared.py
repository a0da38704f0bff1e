"""Train one system of the comparison with one seed: a checkpoint folder, and its figures in `results.json`."""

from __future__ import annotations

import datetime
import json
import shutil
import time
from pathlib import Path

import numpy as np

from models import cards, checkpoints, datasets
from models.errors import InputError
from models.evaluation import SPLIT_FILES, documents, encode, speech_scores
from models.recipes import ACTORS_A_FOLD
from models.training import predict

_TIMED = 20  # inputs
# What was measured on a network and lies beside it; each file names the network it speaks of.
_MEASURED = ("familiarity.json", "honesty.json")


def train(
    recipe, folder, out, *, seed, vectors=None, beside=None, epochs=None, samples=None, command="", report=print
) -> dict:
    """Train, save and score.

    Args:
        recipe: one of `models.recipes.COMPARED` or `ABLATIONS`.
        folder: the recipe's corpus.
        out: folder of the new checkpoint.
        beside: folder of the corpus that `recipe.beside` names, if it names one.
        vectors, epochs, samples, command: as in `models.train_text.train`.

    Returns:
        What `OUT/results.json` holds: `recipe`, `architecture`, `seed`, `split`, `n`, the scores (speech: `uar`,
        `accuracy`; text: `micro_f1`, `macro_f1`), `parameters`, `milliseconds` (median forward pass of one
        input), `epochs`, `minutes`, `command`, `date`.

    Raises:
        InputError: a corpus is not there, or lacks one side of the split.
    """
    out = Path(out)
    train_one, more = (_train_speech, beside) if recipe.modality == "speech" else (_train_text, vectors)
    began = time.time()
    scores, rows, split, trained = train_one(recipe, folder, out, seed, more, epochs, samples, command, report)
    checkpoint = checkpoints.load(out.resolve())
    result = {
        "recipe": recipe.name,
        "architecture": recipe.architecture,
        "seed": seed,
        "split": split,
        **scores,
        "parameters": checkpoint.model.count_params(),
        "milliseconds": round(_milliseconds(checkpoint, rows), 2),
        "epochs": trained,
        "minutes": round((time.time() - began) / 60, 1),
        "command": command,
        "date": datetime.date.today().isoformat(),
    }
    (out / "results.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return result


def collect(runs, out) -> dict[str, list[int]]:
    """Ship each system once: the checkpoint of its lowest seed, with the figures of all its seeds.

    Args:
        runs: folder of what `train` wrote, one folder a system and seed.
        out: folder of checkpoints; a system's folder of an earlier collection is replaced, but what was measured on
            the very same network (`honesty.json`, `familiarity.json`) stays.

    Returns:
        Names of the systems to the seeds found.

    Raises:
        InputError: no finished run is there.
    """
    found = {}
    for file in sorted(Path(runs).glob("*/results.json")):
        result = json.loads(file.read_text(encoding="utf-8"))
        found.setdefault(result["recipe"], {})[result["seed"]] = (file.parent, result)
    if not found:
        raise InputError(f"{runs} holds no finished run; `compare-train` writes them.")
    for name, seeds in found.items():
        shipped, run = Path(out) / name, seeds[min(seeds)][0]
        same = shipped.is_dir() and checkpoints.hash_of(shipped) == checkpoints.hash_of(run)
        # Made beside it, then put in its place: what took hours to measure is never in memory alone.
        made = shipped.with_name(f".{name}.part")
        shutil.rmtree(made, ignore_errors=True)
        shutil.copytree(run, made)
        for file in _MEASURED:
            if same and (shipped / file).is_file() and not (made / file).is_file():
                shutil.copy2(shipped / file, made / file)
        results = [seeds[seed][1] for seed in sorted(seeds)]
        if (made / "card.md").is_file():
            card = (made / "card.md").read_text(encoding="utf-8")
            (made / "card.md").write_text(cards.with_seeds(card, results), encoding="utf-8")
        (made / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        shutil.rmtree(shipped, ignore_errors=True)
        made.rename(shipped)
    return {name: sorted(seeds) for name, seeds in found.items()}


def _train_speech(recipe, folder, out, seed, beside, epochs, samples, command, report):
    from models.frontend.speech import SpeechFrontend
    from models.train_speech import fit, load_corpus

    if (beside is None) != (recipe.beside is None):
        raise InputError(
            f"{recipe.name} learns from {recipe.beside} too: name its folder with --beside."
            if recipe.beside
            else f"{recipe.name} learns from one corpus only: leave --beside out."
        )

    items, variants = load_corpus(recipe, folder, report)
    held = np.array([item.speaker <= ACTORS_A_FOLD for item in items])
    if held.all() or not held.any():
        raise InputError(f"{folder} needs clips of actors 1 to {ACTORS_A_FOLD}, to score, and of others, to train on.")
    inside, outside = np.flatnonzero(~held), np.flatnonzero(held)
    validation = [items[i] for i in outside], [variants[i] for i in outside]
    began = time.time()
    config, model, each_epoch = fit(
        recipe, [items[i] for i in inside], [variants[i] for i in inside],
        seed=seed, epochs=epochs, validation=validation, samples=samples, report=report,
        beside=load_corpus(recipe, beside, report, getattr(datasets, recipe.beside)) if recipe.beside else None,
    )  # fmt: skip
    minutes = (time.time() - began) / 60
    frontend = SpeechFrontend(**config["frontend"])
    rows = [frontend.standardize(row[0]) for row in validation[1]]
    truth = np.array([item.label for item in validation[0]])
    scores = speech_scores(truth, predict(model, rows, multiple=model.step_frames))
    speakers = [sorted({items[i].speaker for i in part}) for part in (inside, outside)]
    split = "trained on actors {}, scored on actors {}".format(*(", ".join(map(str, s)) for s in speakers))
    trained = len(each_epoch.rows)
    card = cards.compared_card(
        recipe, command=command, seed=seed, epochs=trained, minutes=minutes, split=split, scores=scores, model=model
    )
    checkpoints.save(out, config, model, card=card, history=each_epoch.rows, epochs=each_epoch.stacked())
    return scores, rows, split, trained


def _train_text(recipe, folder, out, seed, vectors, epochs, samples, command, report):
    from models.train_text import train as train_text

    scores = train_text(
        recipe, folder, out, seed=seed, vectors=vectors, epochs=epochs, samples=samples, command=command, report=report
    )
    checkpoint = checkpoints.load(out.resolve())
    folder = Path(folder)
    tested = any((folder / f"test{suffix}").is_file() for suffix in SPLIT_FILES)
    items, _ = documents(folder, "test" if tested else "train", checkpoint.labels)
    rows = [encode(checkpoint.vocabulary, item.text) for item in items[:_TIMED]]
    return scores, rows, f"{recipe.corpus}, {'test' if tested else 'validation'}", len(checkpoint.history)


def _milliseconds(checkpoint, rows):
    """Median time of one input through the network, explained, in milliseconds."""
    from models.training import pad

    multiple = getattr(checkpoint.model, "step_frames", 1)
    times = []
    for row in [rows[0], *rows[:_TIMED]]:  # the first builds the graph
        began = time.perf_counter()
        checkpoint.forward(pad([row], multiple))
        times.append((time.perf_counter() - began) * 1000)
    return float(np.median(times[1:]))
