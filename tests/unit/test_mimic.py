"""MIMIC-III-50's loader, on invented notes in the CAML layout."""

import csv

import pytest

from models.datasets import multi_hot
from models.errors import InputError
from models.evaluation import documents
from models.mimic import mimic50
from models.recipes import COMPARED
from models.train_text import splits

LONG = "patient was seen " * 20_000  # 340,000 characters: over the csv module's own limit
NOTES = {
    "train": [(1, 11, 'chest pain, on aspirin\nand "rest"', "410.71;401.9"), (2, 12, LONG, "401.9;38.93")],
    "dev": [(3, 13, "fever", "038.9;401.9")],
    "test": [(4, 14, "well", "")],
}


@pytest.fixture
def folder(tmp_path):
    for split, rows in NOTES.items():
        with (tmp_path / f"{split}_50.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["SUBJECT_ID", "HADM_ID", "TEXT", "LABELS", "length"])
            writer.writerows([*row, len(row[2].split())] for row in rows)
    return tmp_path


def test_notes_and_codes_are_read(folder):
    items, labels = mimic50(folder, "train")
    assert labels == ("38.93", "401.9", "410.71")
    assert items[0].text == 'chest pain, on aspirin\nand "rest"' and items[1].text == LONG
    assert multi_hot(items, 3).tolist() == [[0, 1, 1], [1, 1, 0]]


def test_codes_are_those_of_training_and_others_are_ignored(folder):
    items, labels = mimic50(folder, "dev")
    assert labels == ("38.93", "401.9", "410.71") and items[0].labels == (1,)
    assert mimic50(folder, "test")[0][0].labels == ()
    items, labels = mimic50(folder, "dev", labels=["038.9"])
    assert labels == ("038.9",) and items[0].labels == (0,)


def test_the_csv_modules_limit_is_left_as_it_was(folder):
    before = csv.field_size_limit()
    mimic50(folder, "train")
    assert csv.field_size_limit() == before


def test_what_is_wrong_is_said(folder):
    with pytest.raises(InputError, match="no split “val”; MIMIC-III-50 has train, dev, test"):
        mimic50(folder, "val")
    (folder / "dev_50.csv").write_text("SUBJECT_ID,TEXT\n1,fever\n")
    with pytest.raises(InputError, match="dev_50.csv lacks the column LABELS"):
        mimic50(folder, "dev")
    (folder / "dev_50.csv").write_text("SUBJECT_ID,HADM_ID,TEXT,LABELS,length\n1,2,fever\n")
    with pytest.raises(InputError, match="dev_50.csv is cut off in line 2"):
        mimic50(folder, "dev")
    (folder / "dev_50.csv").write_bytes(b"TEXT,LABELS\n\xff,1\n")
    with pytest.raises(InputError, match="dev_50.csv cannot be read as a table"):
        mimic50(folder, "dev")
    (folder / "dev_50.csv").unlink()
    with pytest.raises(InputError, match="dev_50.csv is missing. MIMIC-III-50 may not be passed on"):
        mimic50(folder, "dev")


def test_the_recipe_trains_on_them_and_scores_the_test_split(folder):
    training, validation, labels = splits(COMPARED["mimic-50"], folder)
    assert labels == ("38.93", "401.9", "410.71") and (len(training), len(validation)) == (2, 1)
    items, own = documents(folder, "test", labels)
    assert own == labels and [item.text for item in items] == ["well"]
