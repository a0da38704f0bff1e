"""A folder of small untrained checkpoints of several systems, for tests of comparisons."""

from __future__ import annotations

import json
import shutil

from models import checkpoints
from models.frontend.tokenizer import Vocabulary
from tests.conftest import ROOT
from tests.unit.test_systems import TEXT, WORDS, config_of, shaken

# Two orders: the first of a modality is what a visitor sees first.
SPEECH_NAMES = ("bilstm-query", "bilstm-hops", "bilstm-per-step", "bilstm-mean", "bilstm-last")
TEXT_NAMES = ("rcnn-attention", "label-attention", "mha-residual", "rcnn-one-step", "rcnn")
OTHER_LABELS = ("x", "q")
SHIPPED = ("ravdess", "reuters")


def make(folder, *, names=SPEECH_NAMES + TEXT_NAMES, shipped=()):
    """Write the checkpoints; `label-attention` has the labels x and q, all other texts' x, y and z.

    `bilstm-query` steps in 64 ms, the others in 40 ms. Some have figures: see `RESULTS`.
    """
    for order, name in enumerate(names):
        config = _label_attention() if name == "label-attention" else config_of(name)
        config |= {"title": f"Small {name}", "order": order, "family": "topics" if _is_text(name) else "speech"}
        if name == "bilstm-query":
            config["hyperparameters"]["step_frames"] = 8
        model = shaken(checkpoints.build(config), seed=order)
        vocabulary = Vocabulary(WORDS) if _is_text(name) else None
        checkpoints.save(folder / name, config, model, card="", history=[], vocabulary=vocabulary)
        if name in RESULTS:
            (folder / name / "results.json").write_text(json.dumps(RESULTS[name]))
    for name in shipped:
        shutil.copytree(ROOT / "assets" / "checkpoints" / name, folder / name)
    return folder


def _is_text(name):
    return name in TEXT or name == "label-attention"


def _label_attention():
    sizes = {"vocabulary_size": 2 + len(WORDS), "labels": 2, "embedding_dim": 4, "units": 3, "attention_units": 3}
    return {
        "architecture": "label-attention",
        "modality": "text",
        "task": "multi-label",
        "labels": list(OTHER_LABELS),
        "thresholds": [0.5, 0.5],
        "hyperparameters": sizes | {"recurrent_layers": 1},
        "frontend": {},
    }


def _runs(recipe, metric, values, **more):
    return [{"recipe": recipe, "seed": s, "split": "held out", metric: v} | more for s, v in enumerate(values, 1)]


RESULTS = {
    "bilstm-query": _runs("bilstm-query", "uar", (0.50, 0.52, 0.54), parameters=1000, milliseconds=4.0, epochs=30),
    "bilstm-hops": _runs("bilstm-hops", "uar", (0.49, 0.51, 0.53), parameters=2000, milliseconds=5.0, epochs=30),
    "bilstm-last": _runs("bilstm-last", "uar", (0.30, 0.31, 0.32), parameters=900),
    "bilstm-mean": _runs("bilstm-mean", "uar", (0.51,))[0],
}
