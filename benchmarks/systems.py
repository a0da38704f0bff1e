"""Each system of the comparison: its figure over its seeds, and its time for one input (a 4 s clip, 300 words).

Times: all warm, taken in turn in one run, medians of 30, and as a ratio to the network without attention.
Run: `python -m benchmarks.systems`; with `--write` the milliseconds enter each checkpoint's `results.json`,
from which the page “Compare” reads them.
"""

from __future__ import annotations

import json
import sys

from benchmarks.explanation import clip_of, compare, text_of
from models import checkpoints, comparison_results
from models.frontend import audio
from models.frontend.tokenizer import tokenize

PLAIN = {"speech": "bilstm-last", "text": "rcnn"}
MEASURES = {"speech": "UAR", "text": "micro-F1"}


def forward(checkpoint, data, text):
    """A function that runs the network once, attention returned."""
    if checkpoint.modality == "speech":
        clip = audio.decode(data, sample_rate=checkpoint.frontend.log_mel.sample_rate)
        features = checkpoint.frontend(clip.samples, checkpoint.model.step_frames).windows[0][None]
    else:
        features = checkpoint.vocabulary.encode(text, *tokenize(text))[None]
    return lambda: checkpoint.forward(features)


def figure(summary):
    """Number of seeds, then mean and spread of the figure that counts."""
    spread = summary.spread(summary.main)
    return f"{summary.count} | {summary.mean(summary.main):.3f}" + ("" if spread is None else f" ± {spread:.3f}")


def main(write=False):
    data, text = clip_of(4), text_of(300)
    for modality, plain in PLAIN.items():
        figures = {summary.recipe: summary for summary in comparison_results.summaries(modality)}
        print(f"\n| {modality} system | seeds | {MEASURES[modality]} | parameters | forward pass, ms | ratio |")
        print("| --- | ---: | ---: | ---: | ---: | ---: |")
        names = [entry.name for entry in checkpoints.available(modality) if entry.group == "compared"]
        loaded = {name: checkpoints.load(name) for name in names}
        medians = compare(*(forward(checkpoint, data, text) for checkpoint in loaded.values()))
        times = dict(zip(loaded, medians, strict=True))
        for name, checkpoint in loaded.items():
            ratio = times[name] / times[plain]
            count = f"{checkpoint.model.count_params():,}"
            print(f"| `{name}` | {figure(figures[name])} | {count} | {times[name]:.1f} | {ratio:.2f} |")
            file = checkpoint.path / "results.json"
            if write and file.is_file():
                results = json.loads(file.read_text(encoding="utf-8"))
                for result in results if isinstance(results, list) else [results]:
                    result["milliseconds"] = round(times[name], 2)
                file.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main("--write" in sys.argv[1:])
