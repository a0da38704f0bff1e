"""The command line: `python -m models explain | train | cross-validate | compare-train | evaluate | honesty |
familiarity`."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
from pathlib import Path

from models.errors import EarmarkError

_FORMATS = ("json", "csv", "html")
_SAMPLES = Path(__file__).resolve().parent.parent / "assets" / "samples"
_SPLITS = {"val": "validation", "train": "training"}  # as the files are called
_LONGEST_SAMPLE = 2500  # characters; the film of a long text would outweigh the network


def main(arguments=None) -> int:
    """Run a command; returns the exit code: 0 done, 1 refused (one line on stderr), 2 wrong usage, 130 interrupted."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
        sys.stdout.flush()
    except EarmarkError as error:
        print(f"earmark: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader of our output (head, say) has had enough; Python must not try to flush again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        print(f"earmark: {error.filename or 'input'}: {error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m models", description="Explain, train and evaluate from the command line."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    explain = commands.add_parser("explain", help="explain a voice clip or a text")
    explain.add_argument("file", metavar="FILE", help="a wav, mp3, flac, ogg or txt file, or - for standard input")
    explain.add_argument("--checkpoint", metavar="NAME", help="default: the first one that suits the input")
    explain.add_argument("--format", choices=_FORMATS, default="json")
    explain.add_argument("--out", metavar="PATH", type=Path, help="default: standard output")
    explain.set_defaults(run=_explain)

    for name, run, text in (
        ("train", _train, "train a checkpoint from a recipe"),
        ("cross-validate", _cross_validate, "score a speech recipe on speakers it was not trained on"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("recipe", metavar="RECIPE", help="ravdess, reuters or goemotions; see models/recipes.py")
        command.add_argument("--data", metavar="FOLDER", type=Path, required=True, help="the recipe's corpus")
        command.add_argument("--out", metavar="FOLDER", type=Path, help="where the results go")
        command.add_argument("--seed", type=int, default=1)
        command.add_argument("--epochs", type=_positive, help="default: the recipe's")
        command.add_argument("--threads", type=_positive, help="CPU threads to use; default: all")
        command.add_argument(
            "--whisper", metavar="FILE", type=Path, help="speech: Whisper tiny.en, CTranslate2's model.bin (see README)"
        )
        if name == "train":
            command.add_argument("--vectors", metavar="FILE", type=Path, help="text: pretrained word vectors (GloVe)")
            command.add_argument(
                "--folds", metavar="FOLDER", type=Path, nargs="+", help="speech: results of cross-validate, one a seed"
            )
        else:
            command.add_argument("--folds", metavar="N", type=int, nargs="+", help="default: all")
        command.set_defaults(run=run)

    compare = commands.add_parser("compare-train", help="train one system of the comparison with one seed")
    compare.add_argument("recipe", metavar="RECIPE", help="a name in COMPARED or ABLATIONS of models/recipes.py")
    compare.add_argument("--data", metavar="FOLDER", type=Path, required=True, help="RAVDESS or Reuters-21578")
    compare.add_argument(
        "--out", metavar="FOLDER", type=Path, help="default: RECIPE-SEED below data/compared or data/ablations"
    )
    compare.add_argument("--seed", type=int, default=1)
    compare.add_argument("--epochs", type=_positive, help="default: the recipe's")
    compare.add_argument("--threads", type=_positive, help="CPU threads to use; default: all")
    compare.add_argument("--vectors", metavar="FILE", type=Path, help="text: pretrained word vectors (GloVe)")
    compare.add_argument("--beside", metavar="FOLDER", type=Path, help="speech: the recipe's second corpus (EMO-DB)")
    compare.set_defaults(run=_compare_train)

    collect = commands.add_parser("compare-collect", help="ship each compared system with the figures of all its seeds")
    collect.add_argument("--runs", type=Path, default=Path("data/compared"), metavar="FOLDER")
    collect.add_argument("--out", type=Path, default=None, metavar="FOLDER", help="default: the checkpoints' folder")
    collect.set_defaults(run=_compare_collect)

    evaluate = commands.add_parser("evaluate", help="score a checkpoint on a corpus folder")
    evaluate.add_argument("--checkpoint", metavar="NAME", required=True)
    evaluate.add_argument("--data", metavar="PATH", type=Path, required=True, help="corpus folder, or any part of it")
    evaluate.add_argument("--split", help="text: which file of the folder (default: test; with --rationales: val)")
    evaluate.add_argument(
        "--rationales", action="store_true", help="compare attention and the other witnesses with people's marks"
    )
    evaluate.add_argument("--limit", metavar="N", type=_positive, help="with --rationales: so many reviews at most")
    evaluate.add_argument(
        "--witnesses",
        metavar="NAME",
        nargs="+",
        choices=("attention", "gradient-input", "integrated-gradients", "occlusion", "smoothgrad"),
        help="with --rationales: only these (integrated gradients take the longest); default: all",
    )
    evaluate.add_argument(
        "--out", metavar="FILE", type=Path, help="with --rationales: keep the figures; as rationales.json in the "
        "checkpoint's folder they are shown on the page “Rationales”",
    )  # fmt: skip
    evaluate.add_argument("--format", choices=("text", "json"), default="text")
    evaluate.set_defaults(run=_evaluate)

    honesty = commands.add_parser("honesty", help="test a checkpoint's attention on a whole validation set")
    honesty.add_argument("--checkpoint", metavar="NAME", required=True, help="or the path of its folder")
    honesty.add_argument("--data", metavar="FOLDER", type=Path, required=True, help="the corpus")
    honesty.add_argument("--split", help="text: which file of the folder (default: that for validation; never test)")
    honesty.add_argument("--limit", metavar="N", type=_positive, help="so many inputs at most, drawn at random")
    honesty.add_argument("--seed", type=int, default=0)
    honesty.add_argument(
        "--thorough", action="store_true", help="every fraction of ERASER's and every witness; three times as long"
    )
    honesty.add_argument(
        "--orders", metavar="N", type=_several, help="random orders an input (default: 30; with --thorough 100)"
    )
    honesty.add_argument("--threads", type=_positive, help="CPU threads to use; default: all")
    honesty.add_argument("--format", choices=("text", "json"), default="text")
    honesty.add_argument(
        "--out", metavar="FILE", type=Path, help="keep the figures; as honesty.json in a checkpoint's folder they are "
        "shown on the page “Compare”",
    )  # fmt: skip
    honesty.set_defaults(run=_honesty)

    familiar = commands.add_parser("familiarity", help="keep how the inputs of its corpus look to a checkpoint")
    familiar.add_argument("--checkpoint", metavar="NAME", required=True, help="or the path of its folder")
    familiar.add_argument("--data", metavar="FOLDER", type=Path, required=True, help="the corpus it was trained on")
    familiar.set_defaults(run=_familiarity)
    return parser


def _several(text):
    value = _positive(text)
    if value < 2:
        raise argparse.ArgumentTypeError("must be 2 or more")
    return value


def _positive(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return value


def _explain(options):
    from models import checkpoints
    from models.explain import explain_clip, explain_text
    from models.frontend import plaintext

    data = sys.stdin.buffer.read() if options.file == "-" else Path(options.file).read_bytes()
    name = "standard input" if options.file == "-" else Path(options.file).name
    if options.checkpoint is None:
        modality = _modality(name, data)
        found = [entry for entry in checkpoints.available(modality) if entry.problem is None]
        if not found:
            raise EarmarkError(f"There is no {modality} checkpoint in {checkpoints.root()}.")
        checkpoint = checkpoints.load(found[0].name)
    else:
        checkpoint = checkpoints.load(options.checkpoint)
    if checkpoint.modality == "speech":
        explanation = explain_clip(checkpoint, data, name=name)
    else:
        explanation = explain_text(checkpoint, plaintext.decode(data), name=name)
    if options.format == "json":
        text = explanation.to_json() + "\n"
    elif options.format == "csv":
        from components.downloads import to_csv

        text = to_csv(explanation)
    else:
        from components.report import report

        text = report(explanation)
    if options.out is None:
        sys.stdout.buffer.write(text.encode())
    else:
        options.out.write_bytes(text.encode())


def _modality(name, data):
    """What a file holds: by its name where that says so, else by its first bytes."""
    from models.errors import InputError
    from models.frontend.containers import require_sound

    suffix = Path(name).suffix.lower()
    if suffix in (".txt", ".md"):
        return "text"
    if suffix in (".wav", ".mp3", ".flac", ".ogg"):
        return "speech"
    try:
        require_sound(data)
    except InputError:
        return "text"
    return "speech"


def _train(options):
    recipe, common = _training(options)
    from models import checkpoints

    out = options.out or checkpoints.root() / recipe.name
    samples = _samples(recipe)
    if recipe.modality == "speech":
        from models.train_speech import train

        scores = train(
            recipe, options.data, out, folds=options.folds, whisper=options.whisper, samples=samples, **common
        )
    else:
        from models.train_text import train

        scores = train(recipe, options.data, out, vectors=options.vectors, samples=samples, **common)
    _keep_familiarity(out, options.data, common["command"])
    print(f"{out}: " + ", ".join(f"{k} {v:.4f}" if isinstance(v, float) else f"{k} {v}" for k, v in scores.items()))


def _cross_validate(options):
    from models.recipes import ONE_HEAD, RECIPES

    recipe, common = _training(options, RECIPES | {ONE_HEAD.name: ONE_HEAD})
    if recipe.modality != "speech":
        raise EarmarkError(f"{recipe.name} has a test split; use train and evaluate.")
    from models.train_speech import cross_validate

    cross_validate(
        recipe, options.data, options.out or Path("folds"), folds=options.folds, whisper=options.whisper, **common
    )


def _compare_collect(options):
    from models import checkpoints
    from models.train_compared import collect

    for name, seeds in collect(options.runs, options.out or checkpoints.root()).items():
        print(f"{name}: seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}")


def _compare_train(options):
    from models.recipes import ABLATIONS, COMPARED

    recipe, common = _training(options, COMPARED | ABLATIONS)
    from models.train_compared import train

    # What is collected and shipped lies apart from what only the table of ablations is made of.
    runs = "compared" if recipe.name in COMPARED else "ablations"
    out = options.out or Path("data") / runs / f"{recipe.name}-{options.seed}"
    result = train(
        recipe, options.data, out, vectors=options.vectors, beside=options.beside, samples=_samples(recipe), **common
    )
    _keep_familiarity(out, options.data, common["command"])
    print(json.dumps(result))


def _training(options, recipes=None):
    """The recipe, and what every kind of training is told."""
    if recipes is None:
        from models.recipes import RECIPES as recipes

    if options.recipe not in recipes:
        raise EarmarkError(f"There is no recipe “{options.recipe}”; known are {', '.join(recipes)}.")
    if options.threads:
        _limit_threads(options.threads)
    return recipes[options.recipe], {
        "seed": options.seed,
        "epochs": options.epochs,
        "command": "python -m models " + shlex.join(sys.argv[1:]),
        "report": lambda line: print(line, file=sys.stderr, flush=True),
    }


def _limit_threads(count):
    import keras

    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(count)
        tf.config.threading.set_inter_op_parallelism_threads(count)


def _samples(recipe):
    """Our sample inputs that suit a recipe, by name: bytes of a clip, or a text."""
    family = getattr(recipe, "family", "speech")
    index = json.loads((_SAMPLES / "index.json").read_text(encoding="utf-8"))
    chosen = {e["file"]: (_SAMPLES / e["file"]).read_bytes() for e in index if family in e["for"]}
    if recipe.modality == "speech":
        return chosen
    texts = {name: data.decode("utf-8") for name, data in chosen.items()}
    return {name: text for name, text in texts.items() if len(text) <= _LONGEST_SAMPLE}


def _evaluate(options):
    from models import checkpoints

    checkpoint = checkpoints.load(options.checkpoint)
    from models.evaluation import evaluate  # after the checkpoint: a wrong name is told without loading Keras

    if options.rationales:
        print(_rationales(checkpoint, options, _progress("reviews")))
        return
    if options.limit or options.witnesses or options.out:
        raise EarmarkError("--limit, --witnesses and --out go with --rationales only.")
    scores = evaluate(checkpoint, options.data, options.split or "test", _progress("scored"))
    if options.format == "json":
        print(json.dumps(scores))
    else:
        for name, value in scores.items():
            print(f"{name}\t{value:.4f}" if isinstance(value, float) else f"{name}\t{value}")


def _rationales(checkpoint, options, progress):
    """Marks of people against those of the network, as text or JSON."""
    from dataclasses import asdict

    from models.evaluation import marked_reviews
    from models.plausibility_kept import keep
    from models.rationales import MEASURES, PUBLISHED, evenly, plausibility

    split = options.split or "val"
    reviews = evenly(marked_reviews(options.data, split), options.limit)
    found = plausibility(checkpoint, reviews, options.witnesses, progress=progress)
    if options.out is not None:
        inputs = f"{found.n:,} reviews of the {_SPLITS.get(split, split)} split"
        command = "python -m models " + shlex.join(sys.argv[1:])
        _write_whole(options.out, keep(checkpoint, found, inputs, command).to_json())
    if options.format == "json":
        return json.dumps(asdict(found) | {"published": PUBLISHED})
    lines = [
        f"{found.n:,} reviews, {found.accuracy:.3f} of them answered as people did; "
        f"{found.share:.4f} of the words chosen in each, as many as people marked",
        "\t".join(("marks of", *MEASURES)),
    ]
    for row in found.rows:
        figures = (row.estimates[name] for name in MEASURES)
        lines.append("\t".join((row.title, *(f"{e.value:.3f} [{e.low:.3f}, {e.high:.3f}]" for e in figures))))
    lines.append(f"Published: {PUBLISHED['system']}: auprc {PUBLISHED['auprc']} ({PUBLISHED['note']})")
    return "\n".join(lines)


def _keep_familiarity(folder, data, command):
    from models import checkpoints, familiarity

    found = familiarity.measure(checkpoints.load(Path(folder).resolve()), data, command, _progress("looked at"))
    _write_whole(Path(folder) / familiarity.FILE, found.to_json())
    return found


def _familiarity(options):
    from models import checkpoints, foreign

    checkpoint = checkpoints.load(options.checkpoint)
    if foreign.is_foreign(checkpoint.path):
        raise EarmarkError(f"Checkpoint “{checkpoint.name}” is a Keras model; only ours keep how their corpus looks.")
    found = _keep_familiarity(checkpoint.path, options.data, "python -m models " + shlex.join(sys.argv[1:]))
    print(f"{found.n:,} inputs ({found.inputs}): median {found.median}, 99 % within {found.limit}, all {found.most}")


def _honesty(options):
    from models import checkpoints

    if options.out is not None and not options.out.parent.is_dir():
        # Before the long work, not after it.
        raise EarmarkError(f"There is no folder {options.out.parent} for --out.")
    if options.threads:
        _limit_threads(options.threads)
    checkpoint = checkpoints.load(options.checkpoint)
    from models.honesty import measure  # after the checkpoint, as in `_evaluate`
    from models.honesty_text import table
    from models.validation import drawn, inputs

    found = inputs(checkpoint, options.data, options.split)
    chosen = drawn(len(found.items), options.limit, options.seed)

    command = "python -m models " + shlex.join(sys.argv[1:])
    honesty = measure(
        checkpoint, found, chosen, quick=not options.thorough, orders=options.orders, seed=options.seed,
        command=command, progress=_progress("tested"),
    )  # fmt: skip
    if options.out is not None:
        _write_whole(options.out, honesty.to_json())
    print(honesty.to_json() if options.format == "json" else table(honesty), end="")


def _progress(what):
    """`progress(done, total)` that tells standard error: over and over in a terminal, at every tenth in a log."""
    told = 0

    def progress(done, total):
        nonlocal told
        line = f"{what}: {done:,} of {total:,}"
        if sys.stderr.isatty():
            print(f"\r{line}", end="\n" if done == total else "", file=sys.stderr, flush=True)
        elif done * 10 // total > told:
            told = done * 10 // total
            print(line, file=sys.stderr, flush=True)

    return progress


def _write_whole(file, text):
    """Beside it first: nobody reads half a file, whatever happens."""
    beside = file.with_name(file.name + ".part")
    beside.write_text(text, encoding="utf-8")
    beside.replace(file)


def _silence_native_messages():
    """Keep TensorFlow's C++ notes, which no setting turns off, out of standard error; Python still writes there."""
    if "TF_CPP_MIN_LOG_LEVEL" in os.environ:  # whoever set it wants to see what it lets through
        return
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)


if __name__ == "__main__":
    _silence_native_messages()
    sys.exit(main())
