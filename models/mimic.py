"""MIMIC-III-50 in the CAML layout, for those who hold the credential; nothing of it is shipped.

The layout is what Mullenbach et al. 2018 ("Explainable Prediction of Medical Codes from Clinical
Text") write: `train_50.csv`, `dev_50.csv` and `test_50.csv` with the columns `SUBJECT_ID`,
`HADM_ID`, `TEXT`, `LABELS` (codes joined by `;`) and `length`.
"""

from __future__ import annotations

import csv
from pathlib import Path

from models.datasets import TextItem
from models.errors import InputError

SPLITS = ("train", "dev", "test")
_COLUMNS = ("TEXT", "LABELS")
_LONGEST_NOTE = 10_000_000  # characters; Python's csv refuses fields over 131,072 by itself


def mimic50(folder, split, labels=None) -> tuple[list[TextItem], tuple[str, ...]]:
    """Discharge notes of one split of MIMIC-III-50 and their codes.

    Args:
        folder: folder of the three files.
        split: `"train"`, `"dev"` or `"test"`.
        labels: codes in index order; `None` takes all codes of the training split, sorted. Codes
            outside them are ignored.

    Returns:
        The notes, in the file's order, and the codes.

    Raises:
        InputError: a file is missing, lacks a column, or holds a row that is cut off.
    """
    folder = Path(folder)
    if split not in SPLITS:
        raise InputError(f"There is no split “{split}”; MIMIC-III-50 has {', '.join(SPLITS)}.")
    if labels is None:
        labels = sorted({code for _, codes in _rows(folder / "train_50.csv") for code in codes})
    index = {code: i for i, code in enumerate(labels)}
    items = [
        TextItem(text, tuple(sorted(index[code] for code in codes if code in index)))
        for text, codes in _rows(folder / f"{split}_50.csv")
    ]
    return items, tuple(labels)


def _rows(path):
    """Text and set of codes of every row."""
    if not path.is_file():
        raise InputError(
            f"{path} is missing. MIMIC-III-50 may not be passed on: make it from your own copy with CAML's notebooks."
        )
    before = csv.field_size_limit(_LONGEST_NOTE)
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            lacking = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
            if lacking:
                raise InputError(f"{path.name} lacks the column {lacking[0]}; it is not in the CAML layout.")
            rows = []
            for row in reader:
                if row["TEXT"] is None or row["LABELS"] is None:
                    raise InputError(f"{path.name} is cut off in line {reader.line_num}.")
                rows.append((row["TEXT"], {code.strip() for code in row["LABELS"].split(";") if code.strip()}))
            return rows
    except (csv.Error, UnicodeDecodeError) as error:
        raise InputError(f"{path.name} cannot be read as a table: {error}.") from error
    finally:
        csv.field_size_limit(before)
