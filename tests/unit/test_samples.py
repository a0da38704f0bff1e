"""The samples: all indexed, all usable, none of them copied from a corpus."""

import json
from pathlib import Path

import pytest
import soundfile

FOLDER = Path(__file__).parents[2] / "assets" / "samples"
INDEX = json.loads((FOLDER / "index.json").read_text(encoding="utf-8"))


def test_every_file_is_indexed_once():
    files = sorted(p.name for p in FOLDER.iterdir() if p.suffix in (".flac", ".txt"))
    assert sorted(entry["file"] for entry in INDEX) == files


@pytest.mark.parametrize("entry", INDEX, ids=lambda entry: entry["file"])
def test_entry_is_complete(entry):
    assert set(entry) == {"file", "modality", "title", "about", "for", "licence"}
    assert entry["modality"] == ("speech" if entry["file"].endswith(".flac") else "text")
    assert entry["for"] and set(entry["for"]) <= {"speech", "topics", "emotions", "reviews"}
    assert entry["about"].endswith((".", "?"))
    assert entry["licence"] == "CC0-1.0"


def test_titles_are_unique_and_each_family_has_samples():
    assert len({entry["title"] for entry in INDEX}) == len(INDEX)
    assert {family for entry in INDEX for family in entry["for"]} == {"speech", "topics", "emotions", "reviews"}


def test_clips_are_small_16_khz_mono_and_one_is_long():
    infos = [soundfile.info(FOLDER / e["file"]) for e in INDEX if e["modality"] == "speech"]
    assert {(i.samplerate, i.channels, i.format, i.subtype) for i in infos} == {(16_000, 1, "FLAC", "PCM_16")}
    durations = sorted(i.duration for i in infos)
    assert 2 <= durations[0] and durations[-2] <= 6 and 40 <= durations[-1] <= 50
    assert sum((FOLDER / e["file"]).stat().st_size for e in INDEX) < 2_000_000


def test_the_long_text_is_long():
    words = len((FOLDER / "market_digest.txt").read_text(encoding="utf-8").split())
    assert 1_500 <= words <= 3_000
