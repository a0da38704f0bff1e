"""Train a text checkpoint from its recipe."""

from __future__ import annotations

import collections
import time
from pathlib import Path

import keras
import numpy as np

from models import cards, checkpoints, datasets
from models.evaluation import SPLIT_FILES, best_thresholds, encode, evaluate, text_scores
from models.frontend.tokenizer import UNKNOWN, Vocabulary, normalize, tokenize
from models.fused_lstm import fused_lstm
from models.mimic import mimic50
from models.training import Batches, EachEpoch, cosine_schedule, predict, stream
from models.vectors import load_vectors

_EMBEDDING = "embedding/embeddings"
_DEVIATION = 0.1  # of the random vectors of words that have no pretrained one


def train(recipe, folder, out, *, seed, vectors=None, epochs=None, samples=None, command="", report=print):
    """Train, choose thresholds on validation documents, save, and score the saved checkpoint on the test split.

    Args:
        recipe: a `TextRecipe`.
        folder: the corpus, in the layout of `shared/data/README.md`.
        out: folder of the new checkpoint.
        vectors: file of pretrained word vectors; see `load_vectors`. `None` starts from random ones.
        epochs: overrides the recipe's.
        samples: dict from a sample's name to its text; their attention is kept after every epoch.
        command: what was typed, for the card.

    Returns:
        The test scores; those on validation documents where the corpus has no test split.

    Raises:
        InputError: the corpus or the vectors are not there.
    """
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    epochs = epochs or recipe.epochs
    training, validation, labels = splits(recipe, Path(folder))
    words, start = _vocabulary(recipe, [item.text for item in training], vectors, rng)
    vocabulary = Vocabulary(words)
    hyperparameters = {"vocabulary_size": len(vocabulary), "labels": len(labels)} | recipe.hyperparameters
    config = {
        "title": recipe.title,
        "order": recipe.order,
        "family": recipe.family,
        "modality": "text",
        "task": "multi-label",
        "architecture": recipe.architecture,
        "hyperparameters": hyperparameters,
        "frontend": {"longest_in_training": recipe.longest},
        "labels": list(labels),
        "thresholds": [0.5] * len(labels),
        "stored_as_float16": [_EMBEDDING],
    }
    model = checkpoints.build(config)
    config["hyperparameters"] = model.get_config()
    if recipe.halved:
        config["stored_as_float16"] = checkpoints.names(model)
    model.embedding.set_weights([start])
    target = datasets.multi_hot(training, len(labels))
    _start_at_base_rates(model, target)
    rows = [encode(vocabulary, item.text, recipe.longest) for item in training]
    held_out = [encode(vocabulary, item.text) for item in validation]
    truth = datasets.multi_hot(validation, len(labels))

    def one(index, rng):
        row = rows[index]
        return np.where(rng.random(len(row)) < recipe.word_dropout, UNKNOWN, row).astype(np.int32)

    def score(model):
        probabilities = predict(model, held_out)
        scores = text_scores(truth, probabilities, best_thresholds(truth, probabilities, recipe.threshold))
        return {f"validation_{name}": value for name, value in scores.items() if name != "n"}

    batches = Batches(one, [len(row) for row in rows], target, recipe.batch_size, rng)
    model.compile(
        keras.optimizers.AdamW(
            cosine_schedule(recipe.learning_rate, len(batches), epochs), weight_decay=recipe.weight_decay
        ),
        "binary_crossentropy",
    )
    features = {name: encode(vocabulary, text)[None] for name, text in (samples or {}).items()}
    each_epoch = EachEpoch(score, features, report=report)
    began = time.time()
    with fused_lstm():
        model.fit(stream(batches), shuffle=False, epochs=epochs, verbose=0, callbacks=[each_epoch])
    minutes = (time.time() - began) / 60

    checkpoints.round_to_float16(model, config["stored_as_float16"])
    probabilities = predict(model, held_out)
    thresholds = best_thresholds(truth, probabilities, recipe.threshold)
    config["thresholds"] = [round(float(value), 4) for value in thresholds]
    checkpoints.save(
        out, config, model, card="", history=each_epoch.rows, epochs=each_epoch.stacked(), vocabulary=vocabulary
    )
    scores = {"validation": text_scores(truth, probabilities, thresholds)}
    if any((Path(folder) / f"test{suffix}").is_file() for suffix in SPLIT_FILES):
        scores["test"] = evaluate(checkpoints.load(Path(out).resolve()), folder, "test")
    card = cards.text_card(
        recipe, command=command, seed=seed, epochs=epochs, minutes=minutes, scores=scores,
        documents=(len(training), len(validation)), model=model, vectors=vectors,
    )  # fmt: skip
    (Path(out) / "card.md").write_text(card, encoding="utf-8")
    return scores.get("test", scores["validation"])


def splits(recipe, folder):
    """Training and validation documents, and the labels."""
    if recipe.corpus == "goemotions":
        training, labels = datasets.goemotions(folder, "train")
        return training, datasets.goemotions(folder, "dev")[0], labels
    if recipe.corpus == "mimic-50":
        training, labels = mimic50(folder, "train")
        return training, mimic50(folder, "dev", labels)[0], labels
    if recipe.corpus == "movies":
        training, labels = datasets.movies(folder, "train")
        validation = datasets.movies(folder, "val", labels)[0]
        held_out = {item.name for item in validation}
        return [item for item in training if item.name not in held_out], validation, labels
    items, labels = datasets.reuters(folder, "train")
    # The split does not depend on the training seed: runs with other seeds stay comparable.
    order = np.random.default_rng(0).permutation(len(items))
    held = max(1, round(len(items) * recipe.validation_share))
    return [items[i] for i in order[held:]], [items[i] for i in order[:held]], labels


def _vocabulary(recipe, texts, vectors, rng):
    """Words in index order, and the embedding to start from, `(words + 2, dimensions)`."""
    dimensions = recipe.hyperparameters.get("embedding_dim", 100)
    known, table = load_vectors(vectors, dimensions) if vectors else ([], np.zeros((0, dimensions), np.float32))
    row = {word: i for i, word in enumerate(known)}
    counts = collections.Counter()
    for text in texts:
        starts, ends = tokenize(text)
        counts.update(normalize(text[a:b]) for a, b in zip(starts.tolist(), ends.tolist(), strict=True))
    words = [word for word, count in counts.most_common() if count >= recipe.fewest or word in row]
    words = words[: recipe.most_words]
    have = set(words)
    words += [word for word in known[: recipe.extra_words] if word not in have and normalize(word) == word]
    embedding = rng.normal(0, _DEVIATION, (len(words) + 2, dimensions)).astype(np.float32)
    embedding[0] = 0
    for index, word in enumerate(words, start=2):
        if word in row:
            embedding[index] = table[row[word]]
    return words, embedding


def _start_at_base_rates(model, target):
    """Set the output bias so that every label starts at its share of the training documents."""
    share = np.clip(target.mean(axis=0), 1e-4, 1 - 1e-4)
    bias = model.output_bias if hasattr(model, "output_bias") else model.attention.output_bias
    bias.assign(np.log(share / (1 - share)).astype(np.float32))
