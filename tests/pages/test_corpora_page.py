"""The page of the corpora: what is here, a download that may fail or be stopped, and items to explain."""

from __future__ import annotations

import dataclasses
import io
import threading

import numpy as np
import pytest
import soundfile

from models import corpora
from models.corpora import transfer

RUDE = "<img src=x onerror=alert(1)> **bold** $x$"


@pytest.fixture
def data(monkeypatch, tmp_path):
    monkeypatch.setenv("EARMARK_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def add_clips(folder):
    buffer = io.BytesIO()
    soundfile.write(buffer, 0.3 * np.sin(np.arange(16_000) * 0.1), 16_000, format="FLAC")
    for actor in (1, 22):
        (folder / f"Actor_{actor:02}").mkdir(parents=True)
        (folder / f"Actor_{actor:02}" / f"03-01-05-02-01-02-{actor:02}.flac").write_bytes(buffer.getvalue())


def add_comments(folder):
    folder.mkdir(parents=True)
    (folder / "labels.txt").write_text("joy\nfear")
    (folder / "test.tsv").write_text(f"{RUDE}\t1\ta\nSecond\t0,1\tb\n")


def badges(at):
    return [m.value for m in at.markdown if "-badge[" in m.value]


def links(at):
    return [link.proto for link in at.get("page_link")]


def test_nothing_is_here(visitor, data):
    at = visitor.open("corpora")
    assert not at.error and not links(at)
    assert sum("Not here" in b for b in badges(at)) == len(corpora.CORPORA)
    shown = {b.key for b in at.button}
    assert shown == {f"download-{c.name}" for c in corpora.CORPORA if c.sources}
    page = "\n".join(m.value for m in (*at.markdown, *at.caption))
    for corpus in corpora.CORPORA:
        assert corpus.about in page and corpus.licence in page and corpus.page in page
    assert {str(corpora.folder(c.name)) for c in corpora.CORPORA} <= {code.value for code in at.code}
    assert not data.exists(), "looking at the page makes no folder"


def test_a_clip_and_a_text_can_be_picked_and_lead_to_their_pages(visitor, data):
    add_clips(data / "ravdess")
    add_comments(data / "goemotions")
    at = visitor.open("corpora")
    assert sum(":material/check:" in b for b in badges(at)) == 2
    box = at.selectbox("corpora-item-ravdess")
    assert box.options[0].startswith("Actor 22: angry, strong") and len(box.options) == 2
    assert len(at.get("audio")) == 1
    (link,) = links(at)
    assert link.page.endswith("speech") and link.query_string == "corpus=ravdess&item=03-01-05-02-01-02-22"
    box.set_value("03-01-05-02-01-02-01")
    visitor.run()
    assert links(at)[0].query_string.endswith("item=03-01-05-02-01-02-01")
    assert any("**angry**" in m.value for m in at.markdown)

    at.segmented_control("corpora-browsed").set_value("goemotions")
    visitor.run()
    # The words of strangers are shown as they are, and nowhere as markup.
    assert RUDE in [t.value for t in at.text] and not at.get("audio")
    assert not any("onerror" in m.value for m in at.markdown)
    (link,) = links(at)
    assert link.page.endswith("text") and link.query_string == "corpus=goemotions&item=test-1"
    assert any("--checkpoint goemotions" in code.value for code in at.code)


def test_a_damaged_corpus_leaves_the_page_usable(visitor, data):
    add_comments(data / "goemotions")
    (data / "goemotions" / "test.tsv").write_text("no labels here\n")
    at = visitor.open("corpora")
    assert len(at.error) == 1 and "damaged" in at.error[0].value
    assert any("Not here" in b for b in badges(at))


def test_offline_says_so_and_goes_on(visitor, data, monkeypatch):
    monkeypatch.setattr(transfer, "SCHEMES", {"http", "https"})
    monkeypatch.setenv("no_proxy", "*")
    known = corpora.corpus_named("movies")
    source = dataclasses.replace(known.sources["movies.tar.gz"], urls=("http://localhost:1/movies.tar.gz",))
    lost = dataclasses.replace(known, sources={"movies.tar.gz": source})
    monkeypatch.setattr(corpora, "CORPORA", tuple(lost if c is known else c for c in corpora.CORPORA))
    at = visitor.open("corpora")
    at.button("download-movies").click()
    visitor.run()
    assert len(at.error) == 1 and "cannot reach localhost" in at.error[0].value
    assert "Everything else in Earmark works without it" in at.error[0].value
    assert not any(b.disabled for b in at.button), "another try is open"
    at.button("download-movies").click()
    visitor.run()
    assert len(at.error) == 1


def test_a_download_arrives(visitor, data, monkeypatch):
    def download(name, progress):
        for done in range(4):
            progress(done * 10**6, 4 * 10**6)
        add_clips(corpora.folder(name))

    monkeypatch.setattr(corpora, "download", download)
    at = visitor.open("corpora")
    at.button("download-ravdess").click()
    visitor.run()
    assert len(at.success) == 1 and "RAVDESS has arrived" in at.success[0].value and not at.error
    assert "download-ravdess" not in {b.key for b in at.button} and len(links(at)) == 1


def test_a_stopped_download_says_so_and_can_go_on(visitor, data, monkeypatch):
    asked = threading.Event()
    monkeypatch.setattr(corpora, "download", lambda name, progress: asked.set())
    place = data / ".incoming" / "goemotions"
    place.mkdir(parents=True)
    transfer.partial(place / "train.tsv").write_bytes(b"x" * 1_200_000)
    at = visitor.open("corpora")
    # What a press of “Cancel” leaves behind.
    at.session_state["corpora-wanted"] = "goemotions"
    at.session_state["corpora-work-was-cancelled"] = True
    visitor.run()
    assert len(at.success) == 1 and "Stopped, as you asked" in at.success[0].value
    assert not asked.is_set()
    button = at.button("download-goemotions")
    assert button.label == "Go on downloading (1.2 MB of 4.4 MB are here)" and not button.disabled
    button.click()
    visitor.run()
    assert asked.is_set()
