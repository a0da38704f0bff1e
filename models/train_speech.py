"""Cross-validate and train a speech checkpoint from its recipe."""

from __future__ import annotations

import json
import time
from pathlib import Path

import keras
import numpy as np
import soxr
from sklearn.metrics import confusion_matrix

from models import cards, checkpoints, datasets
from models.augmentation import SPEEDS
from models.errors import InputError
from models.evaluation import speech_scores
from models.frontend import audio
from models.frontend.features import LogMel
from models.frontend.speech import SpeechFrontend
from models.fused_lstm import fused_lstm
from models.recipes import ACTORS_A_FOLD
from models.training import Batches, EachEpoch, StopAt, cosine_schedule, predict, stream
from models.whisper import load_whisper, set_scale, start_encoder

_SCORED_EVERY = 5  # epochs, in cross-validation


def load_corpus(recipe, folder, report=print, read=datasets.ravdess):
    """Items of the corpus and the mel power of each, at every speed of `SPEEDS` that the recipe uses.

    Args:
        read: which reader of `models.datasets`.

    Returns:
        `(items, variants)`; `variants[i][k]` is float32 of shape `(frames, bands)`, silence at the ends cut.
    """
    items, spec = read(folder), LogMel(**recipe.log_mel)
    speeds = SPEEDS if recipe.augmentation.changed_speed else SPEEDS[:1]
    report(f"Reading {len(items)} clips at {len(speeds)} speeds")
    variants = []
    for item in items:
        clip = audio.decode(item.path.read_bytes(), sample_rate=spec.sample_rate, name=item.path.name)
        row = []
        for speed in speeds:
            samples = clip.samples
            if speed != 1:
                samples = soxr.resample(samples, spec.sample_rate * speed, spec.sample_rate)
            power = spec.power(samples)
            first, last = spec.used(power)
            row.append(power[first:last])
        variants.append(row)
    return items, variants


def fit(
    recipe, items, variants, *, seed, epochs=None, validation=None, samples=None, beside=None, pretrained=None,
    report=print,
):  # fmt: skip
    """Train one network.

    Args:
        items, variants: the training clips, as `load_corpus` gives them.
        beside: `(items, variants)` of a second corpus to learn from.
        pretrained: what `load_whisper` gives, for a network with such an encoder, which then stays as it is.
        validation: `(items, variants)` scored every few epochs, never trained or selected on.
        samples: dict from a sample's name to its bytes; their attention is kept after every epoch.

    Returns:
        `(config, model, each_epoch)`.
    """
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    epochs = epochs or recipe.epochs
    labels = datasets.RAVDESS_EMOTIONS
    spec = LogMel(**recipe.log_mel)
    frontend_config = _standard(recipe, spec, variants)
    frontends = [SpeechFrontend(**frontend_config)] * len(items)
    frontend = frontends[0]
    if beside is not None:
        # Another room, another microphone: each corpus by its own mean and deviation.
        frontends = frontends + [SpeechFrontend(**_standard(recipe, spec, beside[1]))] * len(beside[0])
        items, variants = [*items, *beside[0]], [*variants, *beside[1]]
    config = {
        "title": recipe.title,
        "order": recipe.order,
        "family": "speech",
        "modality": "speech",
        "task": recipe.task,
        "architecture": recipe.architecture,
        "hyperparameters": {"labels": len(labels), "bands": spec.bands} | recipe.hyperparameters,
        "frontend": frontend_config,
        "labels": list(labels),
        "thresholds": None,
    }
    model = checkpoints.build(config)
    config["hyperparameters"] = model.get_config()
    if recipe.halved:
        config["stored_as_float16"] = checkpoints.names(model)
    if pretrained is not None:
        start_encoder(model.encoder, pretrained)
        set_scale(model.encoder, frontend.mean, frontend.deviation)
        model.encoder.trainable = False
    truth = np.array([item.label for item in items])
    smooth = recipe.label_smoothing
    target = np.eye(len(labels), dtype=np.float32)[truth] * (1 - smooth) + smooth / len(labels)
    weight = np.array([recipe.weights.get(labels[label], 1.0) for label in truth], np.float32)

    def one(index, rng):
        power = recipe.augmentation.power(variants[index], rng)
        own = frontends[index]
        return recipe.augmentation.features(own.standardize(power), own.deviation, rng)

    step = model.step_frames
    batches = Batches(
        one, [len(row[0]) for row in variants], target, recipe.batch_size, rng, weight, multiple=step,
        mix=recipe.mixup,
    )  # fmt: skip
    model.compile(
        keras.optimizers.AdamW(
            cosine_schedule(recipe.learning_rate, len(batches), epochs),
            weight_decay=recipe.weight_decay,
            clipnorm=1.0,
            use_ema=recipe.averaged > 0,
            ema_momentum=recipe.averaged,
        ),
        recipe.loss,
        metrics=["accuracy"] if recipe.stop_metric else None,
    )
    score = None
    if validation is not None:
        held_truth = np.array([item.label for item in validation[0]])
        held = [frontend.standardize(row[0]) for row in validation[1]]

        def score(model):
            scores = speech_scores(held_truth, predict(model, held, multiple=step))
            return {"validation_uar": scores["uar"], "validation_accuracy": scores["accuracy"]}

    shown = {}
    for name, data in (samples or {}).items():
        clip = audio.decode(data, sample_rate=spec.sample_rate, name=name)
        windows = frontend(clip.samples, step).windows
        if len(windows) == 1:  # the film shows one window; a longer clip has no single map an epoch
            shown[name] = windows[0][None]
    each_epoch = EachEpoch(score, shown, every=_SCORED_EVERY, report=report)
    stop = [StopAt(recipe.stop_metric, recipe.stop_value)] if recipe.stop_metric else []
    with fused_lstm():
        model.fit(stream(batches), shuffle=False, epochs=epochs, verbose=0, callbacks=[each_epoch, *stop])
    # Behind the last epoch's row and map, which differ by rounding.
    checkpoints.round_to_float16(model, config.get("stored_as_float16", ()))
    return config, model, each_epoch


def _standard(recipe, spec, variants):
    """The frontend's config: its features, and their mean and deviation over the clips as they are."""
    frames = np.concatenate([spec.decibel(row[0]) for row in variants])
    return {
        "log_mel": {"sample_rate": spec.sample_rate} | recipe.log_mel,
        "mean": [round(float(value), 3) for value in frames.mean(axis=0)],
        "deviation": [round(float(value), 3) for value in frames.std(axis=0).clip(1)],
    }


def _pretrained(recipe, whisper):
    """The encoder's variables for a recipe that needs them; `None` for one that does not."""
    needed = recipe.architecture == "whisper-speech"
    if needed and whisper is None:
        raise InputError(f"{recipe.name} hears through an encoder of Whisper's. Name its file: --whisper FILE.")
    if whisper is not None and not needed:
        raise InputError(f"{recipe.name} learns from its corpus alone. Leave --whisper out.")
    return load_whisper(whisper) if needed else None


def cross_validate(recipe, folder, out, *, seed, folds=None, epochs=None, whisper=None, command="", report=print):
    """Train on all folds but one and score on that one, for each of `folds`; writes `OUT/fold-N.json`.

    No speaker is in two folds. The figures are those after the last epoch.

    Args:
        folds: which folds; `None` is all.
        whisper: file of a Whisper model, for a network that starts from one; see `load_whisper`.
    """
    pretrained = _pretrained(recipe, whisper)
    items, variants = load_corpus(recipe, folder, report)
    fold_of = np.array([(item.speaker - 1) // ACTORS_A_FOLD for item in items])
    known = sorted(set(fold_of.tolist()))
    if len(known) < 2:
        raise InputError(f"{folder} holds the speakers of one fold only; cross-validation needs at least two.")
    wrong = sorted(set(folds or ()) - set(known))
    if wrong:
        raise InputError(f"There is no fold {wrong[0]}; the corpus has {', '.join(map(str, known))}.")
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    for fold in folds or known:
        inside, outside = np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)
        held = [items[i] for i in outside], [variants[i] for i in outside]
        began = time.time()
        config, model, each_epoch = fit(
            recipe, [items[i] for i in inside], [variants[i] for i in inside],
            seed=seed * 100 + fold, epochs=epochs, validation=held, pretrained=pretrained,
            report=lambda s, f=fold: report(f"fold {f}  {s}"),
        )  # fmt: skip
        truth = np.array([item.label for item in held[0]])
        frontend = SpeechFrontend(**config["frontend"])
        probabilities = predict(model, [frontend.standardize(row[0]) for row in held[1]], multiple=model.step_frames)
        result = {
            "fold": fold,
            "speakers": sorted({item.speaker for item in held[0]}),
            **speech_scores(truth, probabilities),
            "confusion": confusion_matrix(
                truth, probabilities.argmax(axis=1), labels=range(len(config["labels"]))
            ).tolist(),
            "seed": seed,
            "command": command,
            "minutes": round((time.time() - began) / 60, 1),
            "history": each_epoch.rows,
        }
        (out / f"fold-{fold}.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        report(f"fold {fold}  UAR {result['uar']:.4f}  accuracy {result['accuracy']:.4f}")


def train(recipe, folder, out, *, seed, folds=None, epochs=None, whisper=None, samples=None, command="", report=print):
    """Train on every speaker of the corpus and save; the card's figures are the folds'.

    Args:
        folds: folders with the results of `cross_validate`, one a seed; `None` leaves the figures out of the card.
        whisper: as of `cross_validate`.

    Returns:
        The folds' means, empty if there are none.
    """
    if folds:
        read_folds(*folds)  # none there: say so before the long work
    pretrained = _pretrained(recipe, whisper)
    items, variants = load_corpus(recipe, folder, report)
    began = time.time()
    config, model, each_epoch = fit(
        recipe, items, variants, seed=seed, epochs=epochs, samples=samples, pretrained=pretrained, report=report
    )
    minutes = (time.time() - began) / 60
    results = read_folds(*folds) if folds else []  # now, as some may have been trained beside this run
    history = _with_fold_means(each_epoch.rows, results)
    card = cards.speech_card(
        recipe, command=command, seed=seed, epochs=epochs or recipe.epochs, minutes=minutes, folds=results,
        speakers=sorted({item.speaker for item in items}), clips=len(items), model=model,
    )  # fmt: skip
    checkpoints.save(out, config, model, card=card, history=history, epochs=each_epoch.stacked())
    if not results:
        return {}
    (Path(out) / "folds.json").write_text(json.dumps(results) + "\n", encoding="utf-8")
    return {name: float(np.mean([r[name] for r in results])) for name in ("uar", "accuracy")}


def read_folds(*folders) -> list[dict]:
    """The results that `cross_validate` left in a folder, or in one folder a seed, by fold.

    Returns:
        A list of dicts, one a fold. Of several seeds `uar`, `accuracy` and the figures of `history` are means,
        `confusion` is the sum, and `runs` has what each seed gave in place of `seed`, `command` and `minutes`.

    Raises:
        InputError: there are none, or a fold was not scored with every seed.
    """
    runs = {}
    for folder in folders:
        paths = sorted(Path(folder).glob("fold-*.json"))
        if not paths:
            raise InputError(f"{folder} holds no fold-*.json. Run cross-validate first.")
        for path in paths:
            result = json.loads(path.read_text(encoding="utf-8"))
            runs.setdefault(result["fold"], []).append(result)
    for fold, found in runs.items():
        if len({run["seed"] for run in found}) < len(found):
            raise InputError(f"Fold {fold} was scored twice with one seed. Name one folder a seed.")
    missing = [fold for fold, found in runs.items() if len(found) < len(folders)]
    if missing:
        raise InputError(f"Fold {missing[0]} is not in every one of the folders. Run cross-validate for it first.")
    return [_over_seeds(runs[fold]) for fold in sorted(runs)]


def _over_seeds(runs):
    if len(runs) == 1:
        return runs[0]
    figures = ("uar", "accuracy")
    kept = ("seed", *figures, "command", "minutes")
    rows = zip(*(run["history"] for run in runs), strict=False)  # of runs of different length, what all have
    alike = {name: value for name, value in runs[0].items() if name not in kept}
    return alike | {
        **{name: float(np.mean([run[name] for run in runs])) for name in figures},
        "confusion": np.sum([run["confusion"] for run in runs], axis=0).tolist(),
        "history": [
            {name: float(np.mean([row[name] for row in each])) for name in each[0] if all(name in row for row in each)}
            for each in rows
        ],
        "runs": [{name: run[name] for name in kept} for run in runs],
    }


def _with_fold_means(rows, results):
    """The history of the final run, with the folds' mean validation figures of the same epoch."""
    merged = []
    for row in rows:
        found = [h for r in results for h in r["history"] if h["epoch"] == row["epoch"]]
        extra = {}
        for name in ("validation_uar", "validation_accuracy"):
            values = [h[name] for h in found if name in h]
            if results and len(values) == len(results):
                extra[f"folds_mean_{name}"] = float(np.mean(values))
        merged.append(row | extra)
    return merged
