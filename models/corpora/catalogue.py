"""The corpora that Earmark knows: where they come from, under which terms, and what they look like on the disk.

Sizes and checksums are not ours: each was taken from public sources that downloaded the very file,
named beside it, and at least two agree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from models.corpora import tidy
from models.corpora.transfer import Source

_GOEMOTIONS = (
    "https://raw.githubusercontent.com/google-research/google-research/master/goemotions/data/",
    "https://github.com/google-research/google-research/raw/master/goemotions/data/",
)


@dataclass(frozen=True)
class Corpus:
    """One corpus.

    Args:
        name: of its folder, of `--data`, and in links.
        modality: `"speech"` or `"text"`.
        about, licence: sentences for the page.
        page: address of its official page.
        expected: patterns of files, relative to its folder, without which it is not there.
        by_hand: how to bring it in without the download, one sentence.
        sources: the files to download by name; empty where no checksum could be established.
        tidy: `tidy(files, into, progress)` brings the downloaded files to our layout.
        unpacked: bytes on the disk afterwards, roughly.
        checkpoint: the shipped checkpoint that learned from it and can be scored on it.
    """

    name: str
    title: str
    modality: str
    about: str
    licence: str
    page: str
    expected: tuple[str, ...]
    by_hand: str
    sources: dict[str, Source] = field(default_factory=dict)
    tidy: Callable | None = None
    unpacked: int = 0
    checkpoint: str = ""

    @property
    def size(self) -> int:
        """Bytes to download."""
        return sum(source.size for source in self.sources.values())


def _goemotions(name, size, digest):
    return Source(tuple(base + name for base in _GOEMOTIONS), size, "sha256", digest)


CORPORA = (
    Corpus(
        name="ravdess",
        title="RAVDESS",
        modality="speech",
        about="1,440 clips by 24 actors who say two short English sentences in eight moods. The speech network that "
        "comes with Earmark learned from actors 1 to 20; actors 21 to 24 are new to it.",
        licence="CC BY-NC-SA 4.0: not for commercial use; name Livingstone & Russo (2018).",
        page="https://zenodo.org/records/1188976",
        expected=("**/03-01-*",),
        by_hand="Download “Audio_Speech_Actors_01-24.zip” from its page and unpack the folders Actor_01 to Actor_24 "
        "into the folder below.",
        sources={
            # Zenodo publishes the MD5; several projects on GitHub state it, and the size, for the file they fetched.
            "Audio_Speech_Actors_01-24.zip": Source(
                ("https://zenodo.org/records/1188976/files/Audio_Speech_Actors_01-24.zip?download=1",),
                208_468_073,
                "md5",
                "bc696df654c87fed845eb13823edef8a",
            )
        },
        tidy=tidy.ravdess,
        unpacked=600_000_000,
        checkpoint="ravdess",
    ),
    Corpus(
        name="emodb",
        title="EMO-DB (Berlin)",
        modality="speech",
        about="535 clips by ten actors who say everyday German sentences in seven moods: a language that the speech "
        "network that comes with Earmark has never heard.",
        licence="Free for research; cite Burkhardt et al. (2005).",
        page="http://emodb.bilderbar.info/",
        expected=("wav/*",),
        # Its host offers no https, and no two sources name a checksum.
        by_hand="Its host offers no encrypted connection, so Earmark does not fetch it: download the archive from its "
        "page and unpack the folder “wav” into the folder below.",
    ),
    Corpus(
        name="goemotions",
        title="GoEmotions",
        modality="text",
        about="54,263 Reddit comments marked with 27 emotions or as neutral. Contains offensive language, as people "
        "wrote it.",
        licence="CC BY 4.0: name Demszky et al. (2020).",
        page="https://github.com/google-research/google-research/tree/master/goemotions",
        expected=("labels.txt", "*.tsv"),
        by_hand="Download train.tsv, dev.tsv, test.tsv and emotions.txt from the folder “data” of its page into the "
        "folder below, and rename emotions.txt to labels.txt.",
        sources={
            # TensorFlow Datasets (url_checksums/goemotions.txt) and Hugging Face Datasets (dataset_infos.json);
            # emotions.txt from the file in the google-research repository itself.
            "train.tsv": _goemotions(
                "train.tsv", 3_519_053, "1c254a142be5c00e80d819b9ae1bbd36d94b2eeb8f4b1271846508d57e57d9c5"
            ),
            "dev.tsv": _goemotions(
                "dev.tsv", 439_059, "575489c079c9de1097062a01738f998590d6b7ead66dd1c9fd1d2ba01fd8bc62"
            ),
            "test.tsv": _goemotions(
                "test.tsv", 436_706, "0587b2dd8b27b97352adbfc3fb083d46005c8946657fdc2b1ca8b1cc7f1f8be4"
            ),
            "emotions.txt": _goemotions(
                "emotions.txt", 248, "45c3ef86782d2a4d7fedcd6d8c111aa0d0e94720689bd164fac94fefb4495a89"
            ),
        },
        tidy=tidy.goemotions,
        unpacked=4_400_000,
        checkpoint="goemotions",
    ),
    Corpus(
        name="reuters",
        title="Reuters-21578",
        modality="text",
        about="10,789 newswire stories of 1987, sorted into 90 topics such as wheat, crude oil or interest rates "
        "(the ModApte split: 7,770 to learn from, 3,019 to test with).",
        licence="Free for research; see the notice of the collection (Lewis 1997).",
        page="https://kdd.ics.uci.edu/databases/reuters21578/reuters21578.html",
        expected=("labels.txt", "*.jsonl"),
        by_hand="It has to be converted, so fetch it with the button above on a computer that is online, and copy "
        "the folder from there.",
        sources={
            # Hugging Face Datasets (reuters21578/dataset_infos.json) and scikit-learn's out-of-core example.
            "reuters21578.tar.gz": Source(
                (
                    "https://kdd.ics.uci.edu/databases/reuters21578/reuters21578.tar.gz",
                    "https://archive.ics.uci.edu/ml/machine-learning-databases/reuters21578-mld/reuters21578.tar.gz",
                ),
                8_150_596,
                "sha256",
                "3bae43c9b14e387f76a61b6d82bf98a4fb5d3ef99ef7e7075ff2ccbcf59f9d30",
            )
        },
        tidy=tidy.reuters,
        unpacked=9_300_000,
        checkpoint="reuters",
    ),
    Corpus(
        name="movies",
        title="ERASER movie reviews",
        modality="text",
        about="2,000 long film reviews, for or against, in which people marked the passages that decide: what a "
        "person attends to, to compare with a network.",
        licence="For research; cite Pang & Lee (2004), Zaidan et al. (2007) and DeYoung et al. (2020).",
        page="https://www.eraserbenchmark.com/",
        expected=("*.jsonl",),
        by_hand="It has to be converted, so fetch it with the button above on a computer that is online, and copy "
        "the folder from there.",
        sources={
            # TensorFlow Datasets (url_checksums/movie_rationales.txt) and Hugging Face Datasets (dataset_infos.json).
            "movies.tar.gz": Source(
                ("https://www.eraserbenchmark.com/zipped/movies.tar.gz",),
                3_899_487,
                "sha256",
                "66e18d4e6c9df9e9f5544572b0bfe92a39673f74ecbfc3859b46cedb2f5b2dee",
            )
        },
        tidy=tidy.movies,
        unpacked=14_000_000,
        checkpoint="movies",
    ),
)
