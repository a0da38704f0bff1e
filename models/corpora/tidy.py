"""Corpora as their authors hand them out, brought to the layout that `models.datasets` reads.

Each function takes the downloaded files by name, the folder to fill, and a `progress(done, total)`.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from models.corpora.archives import members
from models.errors import InputError

_CLIP = re.compile(r"(?:^|/)(Actor_\d\d)/(03-01(?:-\d\d){5}\.wav)$")


def ravdess(files: dict[str, Path], into: Path, progress=None) -> None:
    """`Actor_NN/03-01-EE-II-SS-RR-NN.wav`, the 48 kHz clips as they are."""
    for archive in files.values():
        for name, data in members(archive, progress):
            if match := _CLIP.search(name):
                path = into / match[1] / match[2]
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)


def goemotions(files: dict[str, Path], into: Path, progress=None) -> None:
    """`{train,dev,test}.tsv` as they are, and `emotions.txt` as `labels.txt`."""
    for done, (name, path) in enumerate(files.items(), start=1):
        shutil.copyfile(path, into / ("labels.txt" if name == "emotions.txt" else name))
        if progress is not None:
            progress(done, len(files))


_STORY = re.compile(r"<REUTERS([^>]*)>(.*?)</REUTERS>", re.DOTALL)
_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')
_TOPICS = re.compile(r"<TOPICS>(.*?)</TOPICS>", re.DOTALL)
_TOPIC = re.compile(r"<D>(.*?)</D>")
_TEXT = re.compile(r"<TEXT[^>]*>(.*?)</TEXT>", re.DOTALL)
_TITLE = re.compile(r"<TITLE>(.*?)</TITLE>", re.DOTALL)
_BESIDES = re.compile(r"<(TITLE|DATELINE|AUTHOR)>.*?</\1>|</?BODY>", re.DOTALL)
_ENTITY = re.compile(r"&(lt|gt|amp|quot|#\d+);")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SIGNATURE = re.compile(r"\n\s*Reuter\s*\Z")


def reuters(files: dict[str, Path], into: Path, progress=None) -> None:
    """`{train,test}.jsonl` and `labels.txt`: the ModApte split, as the collection's README defines it.

    Kept are the topics that have a training and a test story, and the stories that have such a topic.
    """
    stories = {"TRAIN": [], "TEST": []}
    for archive in files.values():
        for name, data in members(archive, progress):
            if name.endswith(".sgm"):
                for attributes, body in _STORY.findall(data.decode("latin-1")):
                    about = dict(_ATTRIBUTE.findall(attributes))
                    if about.get("TOPICS") == "YES" and about.get("LEWISSPLIT") in stories:
                        stories[about["LEWISSPLIT"]].append(_story(int(about["NEWID"]), body))
    seen = [{topic for story in split for topic in story["topics"]} for split in stories.values()]
    labels = sorted(set.intersection(*seen))
    for split, found in stories.items():
        kept = [{**story, "topics": [t for t in story["topics"] if t in labels]} for story in found]
        _write_lines(into / f"{split.lower()}.jsonl", sorted((s for s in kept if s["topics"]), key=lambda s: s["id"]))
    (into / "labels.txt").write_text("".join(f"{label}\n" for label in labels), encoding="utf-8")


def _story(number, body):
    topics, text = _TOPICS.search(body), _TEXT.search(body)
    content = text[1] if text else ""
    title = _TITLE.search(content)
    return {
        "id": number,
        "title": _plain(title[1]) if title else "",
        "text": _SIGNATURE.sub("", _plain(_BESIDES.sub("", content))).strip(),
        "topics": _TOPIC.findall(topics[1]) if topics else [],
    }


def _plain(markup):
    text = _ENTITY.sub(lambda m: _NAMED.get(m[1]) or chr(min(int(m[1][1:]), 0x10FFFF)), markup)
    return _CONTROL.sub("", text.replace("\r\n", "\n")).strip()


def movies(files: dict[str, Path], into: Path, progress=None) -> None:
    """`{train,val,test}.jsonl` with id, label, tokens, and the rationales as [start, end) spans of tokens."""
    documents, splits = {}, {}
    for archive in files.values():
        for name, data in members(archive, progress):
            path = Path(name)
            if path.name.startswith("."):  # what a Mac adds to its archives
                continue
            if path.parent.name == "docs":
                documents[path.name] = data.decode("utf-8").split()
            elif path.stem in ("train", "val", "test") and path.suffix == ".jsonl":
                splits[path.stem] = [json.loads(line) for line in data.decode("utf-8").split("\n") if line]
    for split, rows in splits.items():
        _write_lines(into / f"{split}.jsonl", [_review(row, documents) for row in rows])


def _review(row, documents):
    name = row["annotation_id"]
    if name not in documents:
        raise InputError(f"The archive lacks the review {name}. Download it again.")
    spans = {(e["start_token"], e["end_token"]) for group in row["evidences"] for e in group}
    return {
        "id": name.removesuffix(".txt"),
        "label": row["classification"],
        "tokens": documents[name],
        "rationales": sorted(spans),
    }


def _write_lines(path, rows):
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
