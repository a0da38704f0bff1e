"""Corpora: fetched from a host of our own, checked, unpacked without trust, tidied, and read back."""

import dataclasses
import hashlib
import http.server
import io
import json
import re
import tarfile
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from models import corpora, datasets
from models.corpora import archives, catalogue, tidy, transfer
from models.corpora.transfer import Source
from models.errors import Cancelled, InputError

BODY = np.random.default_rng(1).bytes(300_000)


class Host:
    """A host on this machine: `files` by path; `cut` breaks each answer off after that many bytes."""

    def __init__(self, port):
        self.base = f"http://127.0.0.1:{port}/"
        self.files, self.cut, self.ranges, self.requests = {}, None, True, []

    def source(self, name, data, **changes):
        self.files[f"/{name}"] = data
        known = Source((self.base + name,), len(data), "sha256", hashlib.sha256(data).hexdigest())
        return dataclasses.replace(known, **changes)


@pytest.fixture
def host(monkeypatch):
    monkeypatch.setattr(transfer, "SCHEMES", {"http", "https"})
    monkeypatch.setattr(transfer, "TIMEOUT", 3.0)
    monkeypatch.setenv("no_proxy", "*")

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            here.requests.append((self.path, self.headers.get("Range")))
            data = here.files.get(self.path)
            if data is None:
                self.send_error(404)
                return
            if isinstance(data, str):
                self.send_response(302)
                self.send_header("Location", data)
                self.end_headers()
                return
            start = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", "")) if here.ranges else None
            first = int(start[1]) if start else 0
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {first}-{len(data) - 1}/{len(data)}")
            self.send_header("Content-Length", str(len(data) - first))
            self.end_headers()
            self.wfile.write(data[first:] if here.cut is None else data[first : first + here.cut])

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here = Host(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield here
    server.shutdown()
    server.server_close()


def stop_after(calls):
    def progress(done, total):
        nonlocal calls
        calls -= 1
        if calls <= 0:
            raise Cancelled("Stopped.")

    return progress


class TestTransfer:
    def test_a_file_arrives_whole_with_progress(self, host, tmp_path):
        seen = []
        transfer.fetch(host.source("a.bin", BODY), tmp_path / "a.bin", lambda done, total: seen.append((done, total)))
        assert (tmp_path / "a.bin").read_bytes() == BODY
        assert [p.name for p in tmp_path.iterdir()] == ["a.bin"]
        assert seen[-1] == (len(BODY), len(BODY)) and len(seen) > 2
        assert [done for done, _ in seen] == sorted(done for done, _ in seen)

    @pytest.mark.parametrize("algorithm", ["sha256", "md5"])
    def test_a_wrong_checksum_is_refused_and_thrown_away(self, host, tmp_path, algorithm):
        source = host.source("a.bin", BODY, algorithm=algorithm, digest="0" * 32)
        with pytest.raises(InputError, match=rf"^127\.0\.0\.1 sent another file.*{algorithm.upper()}"):
            transfer.fetch(source, tmp_path / "a.bin")
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize("size", [len(BODY) - 1, len(BODY) + 1])
    def test_another_size_is_refused_before_it_is_fetched(self, host, tmp_path, size):
        with pytest.raises(InputError, match="sent another file"):
            transfer.fetch(host.source("a.bin", BODY, size=size), tmp_path / "a.bin")
        assert not list(tmp_path.iterdir()) and len(host.requests) == 1

    def test_broken_connections_are_taken_up_again(self, host, tmp_path):
        host.cut = 100_001
        transfer.fetch(host.source("a.bin", BODY), tmp_path / "a.bin")
        assert (tmp_path / "a.bin").read_bytes() == BODY
        assert [r for _, r in host.requests] == [None, "bytes=100001-", "bytes=200002-"]

    def test_a_host_that_keeps_breaking_off_is_named_and_the_part_kept(self, host, tmp_path):
        host.cut = 100_000
        with pytest.raises(Cancelled):
            transfer.fetch(host.source("a.bin", BODY), tmp_path / "a.bin", stop_after(3))
        host.cut = 0
        with pytest.raises(InputError, match=r"broke off after 0\.\d of 0\.3 MB.*go on from there"):
            transfer.fetch(host.source("a.bin", BODY), tmp_path / "a.bin")
        part = transfer.partial(tmp_path / "a.bin")
        assert 0 < part.stat().st_size < len(BODY)

    @pytest.mark.parametrize("ranges", [True, False])
    def test_cancelled_midway_and_gone_on_later(self, host, tmp_path, ranges):
        host.ranges = ranges
        source, path = host.source("a.bin", BODY), tmp_path / "a.bin"
        with pytest.raises(Cancelled):
            transfer.fetch(source, path, stop_after(2))
        assert not path.exists()
        begun = transfer.partial(path).stat().st_size
        assert 0 < begun < len(BODY)
        transfer.fetch(source, path)
        assert path.read_bytes() == BODY and not transfer.partial(path).exists()
        assert host.requests[-1][1] == f"bytes={begun}-"

    def test_a_foreign_part_does_not_survive(self, host, tmp_path):
        part = transfer.partial(tmp_path / "a.bin")
        for rubbish in (b"x" * len(BODY), b"y" * (len(BODY) // 2)):
            part.write_bytes(rubbish)
            with pytest.raises(InputError, match="checksum"):
                transfer.fetch(host.source("a.bin", BODY), tmp_path / "a.bin")
            assert not part.exists()
        part.write_bytes(b"z" * (len(BODY) + 5))
        transfer.fetch(host.source("a.bin", BODY), tmp_path / "a.bin")
        assert (tmp_path / "a.bin").read_bytes() == BODY

    def test_offline_says_so_and_what_to_do(self, host, tmp_path):
        source = Source(("http://127.0.0.1:1/a.bin",), 10, "sha256", "")
        with pytest.raises(InputError) as caught:
            transfer.fetch(source, tmp_path / "a.bin")
        text = str(caught.value)
        assert text.startswith("Earmark cannot reach 127.0.0.1 (") and "\n" not in text
        assert "Check the connection" in text and text.endswith("Everything else in Earmark works without it.")

    def test_a_missing_file_names_the_answer(self, host, tmp_path):
        source = host.source("a.bin", BODY)
        host.files.clear()
        with pytest.raises(InputError, match="404 Not Found"):
            transfer.fetch(source, tmp_path / "a.bin")

    def test_a_mirror_stands_in_and_the_first_host_is_blamed(self, host, tmp_path):
        source = host.source("a.bin", BODY)
        both = dataclasses.replace(source, urls=("http://localhost:1/a.bin", *source.urls))
        transfer.fetch(both, tmp_path / "a.bin")
        assert (tmp_path / "a.bin").read_bytes() == BODY
        host.files.clear()
        with pytest.raises(InputError, match="cannot reach localhost"):
            transfer.fetch(both, tmp_path / "b.bin")

    def test_redirects_are_followed_but_not_to_an_unencrypted_place(self, host, tmp_path, monkeypatch):
        source = host.source("a.bin", BODY)
        moved = dataclasses.replace(source, urls=(host.base + "old",))
        host.files["/old"] = source.urls[0]
        transfer.fetch(moved, tmp_path / "a.bin")
        assert (tmp_path / "a.bin").read_bytes() == BODY
        host.files["/old"] = "ftp://127.0.0.1/a.bin"
        with pytest.raises(InputError, match="https"):
            transfer.fetch(moved, tmp_path / "b.bin")
        monkeypatch.setattr(transfer, "SCHEMES", {"https"})
        before = len(host.requests)
        with pytest.raises(InputError, match="https"):
            transfer.fetch(source, tmp_path / "c.bin")
        assert len(host.requests) == before


def zip_of(path, entries):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in entries.items():
            file.writestr(name, data)
    return path


def tar_of(path, entries):
    with tarfile.open(path, "w:gz") as file:
        for name, data in entries.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            file.addfile(entry, io.BytesIO(data))
    return path


PACKERS = pytest.mark.parametrize("pack", [zip_of, tar_of])


class TestArchives:
    @PACKERS
    def test_files_come_with_progress(self, pack, tmp_path):
        entries = {"a/b.txt": b"one", "c.txt": b"two" * 1000}
        seen = []
        found = dict(archives.members(pack(tmp_path / "x", entries), lambda *step: seen.append(step)))
        assert found == entries
        assert len(seen) == 2 and all(0 <= done <= total for done, total in seen)

    @PACKERS
    @pytest.mark.parametrize("name", ["../evil.txt", "a/../../evil.txt", "/etc/evil", "..\\evil.txt", "C:\\evil"])
    def test_a_name_that_leads_outside_refuses_the_archive(self, pack, tmp_path, name):
        path = pack(tmp_path / "x", {name: b"!"})
        with pytest.raises(InputError, match="outside its folder"):
            list(archives.members(path))

    def test_links_are_left_out(self, tmp_path):
        with tarfile.open(tmp_path / "x.tar.gz", "w:gz") as file:
            for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
                entry = tarfile.TarInfo(f"link{kind}")
                entry.type, entry.linkname = kind, "/etc/passwd"
                file.addfile(entry)
        assert list(archives.members(tmp_path / "x.tar.gz")) == []
        with zipfile.ZipFile(tmp_path / "x.zip", "w") as file:
            entry = zipfile.ZipInfo("link")
            entry.external_attr = 0o120777 << 16
            file.writestr(entry, "/etc/passwd")
        assert list(archives.members(tmp_path / "x.zip")) == []

    @PACKERS
    def test_a_bomb_is_refused(self, pack, tmp_path, monkeypatch):
        path = pack(tmp_path / "x", {"zeros": bytes(2_000_000)})
        assert path.stat().st_size < 10_000
        monkeypatch.setattr(archives, "MOST_BYTES", 1_000_000)
        with pytest.raises(InputError, match="far more than the corpus has"):
            list(archives.members(path))
        path = pack(tmp_path / "y", {str(i): b"" for i in range(20)})
        monkeypatch.setattr(archives, "MOST_FILES", 10)
        with pytest.raises(InputError, match="far more than the corpus has"):
            list(archives.members(path))

    @PACKERS
    def test_damage_is_one_sentence(self, pack, tmp_path):
        whole = pack(tmp_path / "x", {"a": BODY}).read_bytes()
        flipped = bytearray(whole)
        flipped[len(whole) // 2] ^= 255
        for data in (b"", b"rubbish", whole[: len(whole) // 2], bytes(flipped)):
            (tmp_path / "y").write_bytes(data)
            with pytest.raises(InputError, match="damaged"):
                list(archives.members(tmp_path / "y"))


CLIP = "03-01-05-02-01-02-{actor:02}"


def wav(seconds=0.4, rate=48_000):
    buffer = io.BytesIO()
    tone = 0.3 * np.sin(np.arange(int(seconds * rate)) * 0.05)
    soundfile.write(buffer, tone, rate, format="WAV", subtype="PCM_16")
    return buffer.getvalue()


def story(number, split, topics, content, *, yes="YES", kind=""):
    return (
        f'<REUTERS TOPICS="{yes}" LEWISSPLIT="{split}" CGISPLIT="TRAINING-SET" OLDID="7" NEWID="{number}">\n'
        "<DATE>26-FEB-1987 15:01:01.79</DATE>\n"
        f"<TOPICS>{''.join(f'<D>{t}</D>' for t in topics)}</TOPICS>\n<PLACES><D>usa</D></PLACES>\n"
        f"<TEXT{kind}>&#2;\n{content}\n&#3;</TEXT>\n</REUTERS>\n"
    )


NORMAL = (
    "<TITLE>SHOWERS &lt;CO> R&amp;D</TITLE>\n<AUTHOR>    By A. Body, Reuters</AUTHOR>\n"
    "<DATELINE>    SALVADOR, Feb 26 - </DATELINE><BODY>Showers &lt;MC.T> continued in\n"
    "Z\xfcrich.\n    More of it.\n Reuter\n&#3;</BODY>"
)


def reuters_archive(path):
    first = "<!DOCTYPE lewis SYSTEM>\n" + "".join(
        (
            story(5, "TRAIN", ["wheat", "odd"], NORMAL),
            story(2, "TRAIN", ["grain"], "******<TITLE>BRIEF</TITLE>Blah blah.\n", kind=' TYPE="BRIEF"'),
            story(3, "TRAIN", ["odd"], NORMAL),
            story(4, "TRAIN", [], NORMAL),
            story(6, "TRAIN", ["wheat"], NORMAL, yes="NO"),
            story(7, "NOT-USED", ["wheat"], NORMAL),
        )
    )
    second = story(9, "TEST", ["wheat", "grain"], "A TABLE\n  1   2\n", kind=' TYPE="UNPROC"')
    second += story(8, "TEST", ["late"], NORMAL)
    entries = {"reut2-000.sgm": first, "reut2-001.sgm": second, "README.txt": "<REUTERS"}
    return tar_of(path, {name: text.encode("latin-1") for name, text in entries.items()})


class TestTidy:
    def test_ravdess(self, tmp_path):
        clips = {f"Actor_{a:02}/{CLIP.format(actor=a)}.wav": wav() for a in (1, 22)}
        path = zip_of(
            tmp_path / "x.zip", {**clips, "Actor_01/notes.txt": b"", "Actor_01/03-02-05-02-01-02-01.wav": b""}
        )
        into = tmp_path / "into"
        into.mkdir()
        tidy.ravdess({"x.zip": path}, into)
        assert {str(p.relative_to(into)): p.read_bytes() for p in into.rglob("*.wav")} == clips
        assert [(c.label, c.speaker) for c in datasets.ravdess(into)] == [(4, 1), (4, 22)]

    def test_goemotions(self, tmp_path):
        for name, text in (("test.tsv", 'Say "hi\t0,1\tid1\n'), ("emotions.txt", "joy\nfear")):
            (tmp_path / name).write_text(text, encoding="utf-8")
        into = tmp_path / "into"
        into.mkdir()
        tidy.goemotions({name: tmp_path / name for name in ("test.tsv", "emotions.txt")}, into)
        assert datasets.goemotions(into, "test") == ([datasets.TextItem('Say "hi', (0, 1))], ("joy", "fear"))

    def test_reuters(self, tmp_path):
        tidy.reuters({"r.tar.gz": reuters_archive(tmp_path / "r.tar.gz")}, tmp_path)
        train, test = (
            [json.loads(line) for line in (tmp_path / f"{s}.jsonl").read_text(encoding="utf-8").splitlines()]
            for s in ("train", "test")
        )
        assert (tmp_path / "labels.txt").read_text() == "grain\nwheat\n"
        assert train == [
            {"id": 2, "title": "BRIEF", "text": "******Blah blah.", "topics": ["grain"]},
            {
                "id": 5,
                "title": "SHOWERS <CO> R&D",
                "text": "Showers <MC.T> continued in\nZürich.\n    More of it.",
                "topics": ["wheat"],
            },
        ]
        assert test == [{"id": 9, "title": "", "text": "A TABLE\n  1   2", "topics": ["wheat", "grain"]}]
        assert datasets.reuters(tmp_path, "test")[0][0].labels == (0, 1)

    def test_movies(self, tmp_path):
        evidence = {"docid": "posR_900.txt", "start_token": 2, "end_token": 4, "text": "a\ngood"}
        earlier = {**evidence, "start_token": 0, "end_token": 1}
        row = {
            "annotation_id": "posR_900.txt",
            "classification": "POS",
            "evidences": [[evidence], [earlier, evidence]],
            "query": "What is the sentiment?",
        }
        entries = {"movies/val.jsonl": json.dumps(row), "movies/docs/posR_900.txt": "this is\na good film .\n"}
        packed = {name: text.encode() for name, text in entries.items()} | {"movies/docs/._posR_900.txt": b"\xff\x00"}
        path = tar_of(tmp_path / "m.tar.gz", packed)
        tidy.movies({"m.tar.gz": path}, tmp_path)
        tokens = ["this", "is", "a", "good", "film", "."]
        assert [json.loads(line) for line in (tmp_path / "val.jsonl").read_text().splitlines()] == [
            {"id": "posR_900", "label": "POS", "tokens": tokens, "rationales": [[0, 1], [2, 4]]}
        ]
        assert tokens[2:4] == ["a", "good"]
        path = tar_of(tmp_path / "m.tar.gz", {"movies/val.jsonl": json.dumps(row).encode()})
        with pytest.raises(InputError, match="lacks the review posR_900"):
            tidy.movies({"m.tar.gz": path}, tmp_path)


@pytest.fixture
def data(monkeypatch, tmp_path):
    monkeypatch.setenv("EARMARK_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def ravdess(host, data, monkeypatch, tmp_path):
    """RAVDESS as the catalogue has it, but two clips small and from our own host."""
    clips = {f"Actor_{a:02}/{CLIP.format(actor=a)}.wav": wav(2.0) for a in (1, 22)}
    packed = zip_of(tmp_path / "x.zip", clips).read_bytes()
    known = corpora.corpus_named("ravdess")
    fake = dataclasses.replace(known, sources={"x.zip": host.source("x.zip", packed)}, unpacked=1000)
    monkeypatch.setattr(corpora, "CORPORA", tuple(fake if c is known else c for c in corpora.CORPORA))
    return fake


class TestDownload:
    def test_from_nothing_to_items(self, ravdess, data):
        assert not corpora.installed() and not corpora.is_installed("ravdess")
        with pytest.raises(InputError, match="RAVDESS is not here"):
            corpora.items("ravdess")
        seen = []
        assert corpora.download("ravdess", lambda *step: seen.append(step)) == data / "ravdess"
        assert corpora.installed() == (ravdess,)
        total = ravdess.size + ravdess.size // 10
        assert seen[-1] == (total, total) and [d for d, _ in seen] == sorted(d for d, _ in seen)
        assert {t for _, t in seen} == {total}
        assert not any((data / ".incoming").iterdir()), "nothing is left over"
        found = corpora.items("ravdess")
        # Actor 22 comes first: the shipped network has not learned from that voice.
        assert [i.title for i in found] == [
            f"Actor {a}: angry, strong, “Kids are talking by the door”, take 2" for a in (22, 1)
        ]
        assert soundfile.info(io.BytesIO(found[0].read())).samplerate == 48_000
        assert corpora.item("ravdess", found[1].name) == found[1] and found[1].labels == ("angry",)
        with pytest.raises(InputError, match="holds no “nobody”"):
            corpora.item("ravdess", "nobody")

    def test_a_second_download_asks_nobody(self, ravdess, host):
        corpora.download("ravdess")
        before = len(host.requests)
        corpora.download("ravdess")
        assert len(host.requests) == before

    def test_cancelled_while_loading_and_gone_on(self, ravdess, data, host):
        with pytest.raises(Cancelled):
            corpora.download("ravdess", stop_after(1))
        assert not (data / "ravdess").exists()
        assert 0 < corpora.fetched("ravdess") <= ravdess.size
        corpora.download("ravdess")
        assert corpora.is_installed("ravdess") and corpora.fetched("ravdess") == 0

    def test_cancelled_while_unpacking_leaves_nothing_half_done(self, ravdess, data, host):
        def progress(done, total):
            if done > ravdess.size:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            corpora.download("ravdess", progress)
        assert not (data / "ravdess").exists() and not list(data.rglob("*.wav"))
        assert corpora.fetched("ravdess") == ravdess.size
        before = len(host.requests)
        corpora.download("ravdess")
        assert corpora.is_installed("ravdess") and len(host.requests) == before

    def test_offline(self, ravdess, data, monkeypatch):
        gone = dataclasses.replace(ravdess.sources["x.zip"], urls=("http://localhost:1/x.zip",))
        lost = dataclasses.replace(ravdess, sources={"x.zip": gone})
        monkeypatch.setattr(corpora, "CORPORA", (lost,))
        with pytest.raises(InputError, match=r"cannot reach localhost .* Everything else in Earmark works"):
            corpora.download("ravdess")
        assert corpora.installed() == ()

    def test_two_at_once(self, ravdess, monkeypatch):
        monkeypatch.setattr(corpora, "_PATIENCE", 0.1)
        problems = []

        def progress(done, total):
            if not problems:
                with pytest.raises(InputError, match="being downloaded just now") as caught:
                    corpora.download("ravdess")
                problems.append(caught.value)

        corpora.download("ravdess", progress)
        assert problems and corpora.is_installed("ravdess")

    def test_what_lies_there_is_never_overwritten(self, ravdess, data):
        (data / "ravdess").mkdir(parents=True)
        (data / "ravdess" / "thesis.doc").write_text("mine")
        with pytest.raises(InputError, match="Move it away"):
            corpora.download("ravdess")
        assert (data / "ravdess" / "thesis.doc").read_text() == "mine"

    def test_a_full_disk_is_noticed_before(self, ravdess, host, monkeypatch):
        usage = type("Usage", (), {"free": 10_000})
        monkeypatch.setattr(corpora.shutil, "disk_usage", lambda place: usage)
        with pytest.raises(InputError, match="MB more room"):
            corpora.download("ravdess")
        assert not host.requests

    def test_a_folder_that_cannot_be_made(self, ravdess, data):
        data.write_text("a file where the folder should be")
        with pytest.raises(InputError, match="cannot be saved.*EARMARK_DATA"):
            corpora.download("ravdess")

    def test_an_archive_of_something_else(self, host, ravdess, data, monkeypatch, tmp_path):
        other = zip_of(tmp_path / "o.zip", {"readme.txt": b"hello"}).read_bytes()
        fake = dataclasses.replace(ravdess, sources={"o.zip": host.source("o.zip", other)})
        monkeypatch.setattr(corpora, "CORPORA", (fake,))
        with pytest.raises(InputError, match="do not hold what they should"):
            corpora.download("ravdess")
        assert not (data / "ravdess").exists()

    def test_a_file_of_another_form(self, ravdess, monkeypatch):
        def tidying(files, into, progress):
            raise KeyError("evidences")

        monkeypatch.setattr(corpora, "CORPORA", (dataclasses.replace(ravdess, tidy=tidying),))
        with pytest.raises(InputError, match="do not hold what they should"):
            corpora.download("ravdess")

    def test_by_hand_only(self, data):
        with pytest.raises(InputError, match=r"unpack the folder “wav”.*emodb\.bilderbar\.info"):
            corpora.download("emodb")

    def test_unknown(self):
        with pytest.raises(InputError, match="knows no corpus “mnist”"):
            corpora.download("mnist")

    def test_megabytes(self):
        seen = []
        corpora.in_megabytes(lambda *step: seen.append(step))(2_900_000, 208_468_073)
        corpora.in_megabytes(lambda *step: seen.append(step))(0, 10)
        assert seen == [(2, 208), (0, 1)]
        assert [corpora.megabytes(n) for n in (4_394_818, 208_468_073, 0)] == ["4.4 MB", "208 MB", "0.0 MB"]


class TestItems:
    def test_texts(self, data):
        (data / "goemotions").mkdir(parents=True)
        (data / "goemotions" / "labels.txt").write_text("joy\nfear")
        (data / "goemotions" / "train.tsv").write_text("learned\t0\ta\n")
        long = "word " * 30
        (data / "goemotions" / "test.tsv").write_text(f"first\t1\ta\n{long}\t0,1\tb\n", encoding="utf-8")
        found = corpora.items("goemotions")
        assert [(i.name, i.modality, i.labels) for i in found] == [
            ("test-1", "text", ("fear",)),
            ("test-2", "text", ("joy", "fear")),
        ]
        assert found[0].title == "first (fear)" and found[0].read() == b"first"
        assert len(found[1].title) < 80 and found[1].read() == long.encode()

    def test_a_corpus_that_changes_is_read_again(self, data):
        (data / "emodb" / "wav").mkdir(parents=True)
        (data / "emodb" / "wav" / "03a01Fa.wav").write_bytes(wav())
        (found,) = corpora.items("emodb")
        assert found.title == "Speaker 03: happiness, sentence a01, version a" and found.labels == ("happiness",)
        (data / "emodb" / "wav" / "03a01Fa.wav").unlink()
        with pytest.raises(InputError, match="cannot be read any more"):
            found.read()

    def test_damage_is_one_sentence(self, data):
        (data / "reuters").mkdir(parents=True)
        (data / "reuters" / "labels.txt").write_text("wheat\n")
        for text in ("{", '{"id": 1}', '["title"]'):
            (data / "reuters" / "test.jsonl").write_text(text)
            with pytest.raises(InputError, match="damaged"):
                corpora.items("reuters")


class TestCatalogue:
    def test_every_source_is_known_to_the_last_bit_and_encrypted(self):
        lengths = {"sha256": 64, "md5": 32}
        assert transfer.SCHEMES == {"https"}
        for corpus in catalogue.CORPORA:
            assert bool(corpus.sources) == (corpus.tidy is not None)
            assert corpus.checkpoint in ("", corpus.name)
            for source in corpus.sources.values():
                assert source.size > 0 and source.host
                assert re.fullmatch(r"[0-9a-f]+", source.digest) and len(source.digest) == lengths[source.algorithm]
                assert all(url.startswith("https://") for url in source.urls)
            assert Path(corpus.name).name == corpus.name and corpus.licence and corpus.by_hand.endswith(".")

    def test_the_folder_is_not_tracked(self, monkeypatch):
        monkeypatch.delenv("EARMARK_DATA", raising=False)
        repository = Path(__file__).resolve().parents[2]
        assert corpora.folder("ravdess") == repository / "data" / "ravdess"
        assert "/data/" in (repository / ".gitignore").read_text().splitlines()
