"""Are the sample texts our own? No run of ten words of theirs may occur in the news the network learned from.

Needs the corpus, which a test may not rely on. Run: `python -m benchmarks.originality ../shared/data/reuters`
"""

from __future__ import annotations

import sys
from pathlib import Path

from models import datasets

SAMPLES = Path(__file__).resolve().parent.parent / "assets" / "samples"
RUN = 10  # words


def runs_of(text):
    words = text.lower().split()
    return {" ".join(words[i : i + RUN]) for i in range(len(words) - RUN + 1)}


def main(corpus):
    own = {path.name: runs_of(path.read_text(encoding="utf-8")) for path in sorted(SAMPLES.glob("*.txt"))}
    stories = [item.text for split in ("train", "test") for item in datasets.reuters(corpus, split)[0]]
    copied = [(name, run) for story in stories for name, runs in own.items() for run in runs & runs_of(story)]
    for name, run in copied:
        print(f"{name}: {run}")
    print(f"{len(copied)} of {sum(map(len, own.values())):,} runs of {RUN} words occur in {len(stories):,} stories")
    return 1 if copied else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "../shared/data/reuters"))
