"""How the shipped checkpoints are trained: every choice in one place, nothing hidden in code."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace

from models.augmentation import SpeechAugmentation

# RAVDESS: actors 1 to 4 are fold 0, 5 to 8 fold 1 and so on; odd actors are men, even ones women.
ACTORS_A_FOLD = 4


@dataclass(frozen=True)
class SpeechRecipe:
    """A speech checkpoint: network, features and training.

    Args:
        name, title, order: of the checkpoint; `order` is its place in the app's list.
        corpus: which reader of `models.datasets`.
        architecture, hyperparameters: of the network; see `models.registry`.
        log_mel: arguments of `LogMel` that differ from its defaults.
        augmentation: see `SpeechAugmentation`.
        epochs, batch_size, learning_rate, weight_decay: of AdamW under a cosine schedule. The
            number of epochs is fixed beforehand: no epoch is chosen by looking at a fold.
        label_smoothing: share of a target spread evenly over all labels.
        mixup: strength of mixup; see `Batches`.
        weights: sample weight by label; RAVDESS has half as many neutral clips.
    """

    name: str
    title: str
    order: int
    corpus: str = "ravdess"
    architecture: str = "attentive-speech"
    hyperparameters: dict = field(default_factory=dict)
    log_mel: dict = field(default_factory=dict)
    augmentation: SpeechAugmentation = SpeechAugmentation()
    epochs: int = 80
    batch_size: int = 16
    learning_rate: float = 2e-3
    weight_decay: float = 1e-3
    label_smoothing: float = 0.1
    mixup: float = 0.0
    weights: dict = field(default_factory=lambda: {"neutral": 1.6})
    modality: str = "speech"

    # What only some recipes change; no fields, so that cards of the others do not list them.
    halved = False
    task = "single-label"
    loss = "categorical_crossentropy"
    stop_metric = None
    averaged = 0.0
    beside = None


@dataclass(frozen=True)
class PretrainedSpeech(SpeechRecipe):
    """A speech checkpoint whose encoder is the first block of Whisper's and stays as it is; its heads are trained.

    Args:
        halved: store every weight as a float16; scored is what is stored.
    """

    architecture: str = "whisper-speech"
    # What Whisper reads: 80 bands from 0 Hz, windows of 25 ms without padding.
    log_mel: dict = field(default_factory=lambda: {"fft": 400, "bands": 80, "low_hz": 0.0})
    epochs: int = 30
    halved: bool = True


@dataclass(frozen=True)
class TextRecipe:
    """A text checkpoint: network, vocabulary and training.

    Args:
        name, title, order, corpus, architecture, hyperparameters: as in `SpeechRecipe`.
        family: which of our samples suit it.
        threshold: `"global"` or `"per-label"`; see `best_thresholds`.
        fewest: a word seen less often in training is known only if it has a pretrained vector.
        extra_words: so many of the most frequent words with a vector join the vocabulary unseen.
        most_words: the vocabulary keeps so many of the words seen, the most frequent ones; `None` keeps all.
        halved: store every weight as a float16, not only the word vectors; scored is what is stored.
        longest: training documents are cut to this many tokens; none is cut when predicting.
        word_dropout: chance that a training token is replaced by the unknown word.
        validation_share: where the corpus has no validation split, this share of the training documents.
    """

    name: str
    title: str
    order: int
    corpus: str
    family: str
    threshold: str
    architecture: str = "label-attention"
    hyperparameters: dict = field(default_factory=dict)
    fewest: int = 2
    extra_words: int = 0
    most_words: int | None = None
    halved: bool = False
    longest: int = 300
    word_dropout: float = 0.05
    validation_share: float = 0.1
    epochs: int = 12
    batch_size: int = 16
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    modality: str = "text"


RECIPES = {
    recipe.name: recipe
    for recipe in (
        PretrainedSpeech("ravdess", "Emotion in speech (RAVDESS)", 1),
        SpeechRecipe("ravdess-scratch", "Emotion in speech, without pretraining (RAVDESS)", 20),
        TextRecipe(
            "reuters",
            "Topics of news (Reuters-21578)",
            2,
            corpus="reuters",
            family="topics",
            threshold="global",
            hyperparameters={"units": 128, "recurrent_layers": 1, "embedding_dropout": 0.3, "dropout": 0.4},
            epochs=14,
            batch_size=32,
            learning_rate=2e-3,
        ),
        TextRecipe(
            "goemotions",
            "Emotions in comments (GoEmotions)",
            3,
            corpus="goemotions",
            family="emotions",
            threshold="per-label",
            hyperparameters={"units": 128, "recurrent_layers": 1, "embedding_dropout": 0.4, "dropout": 0.3},
            extra_words=15_000,
            word_dropout=0.0,
            epochs=6,
            batch_size=64,
        ),
        TextRecipe(
            "movies",
            "Verdicts of film reviews (ERASER movies)",
            4,
            corpus="movies",
            family="reviews",
            threshold="global",
            hyperparameters={"units": 64, "recurrent_layers": 1, "embedding_dropout": 0.4, "dropout": 0.4},
            longest=1000,
            epochs=5,
            learning_rate=2e-3,
        ),
    )
}

# For `cross-validate` alone, to see what the heads of `ravdess` pay; not shipped.
ONE_HEAD = PretrainedSpeech("ravdess-one-head", "Emotion in speech, one head", 1, hyperparameters={"readers": 1})


_STEPS = {"step_frames": 8}  # of 80 ms: half the steps train in half the time


@dataclass(frozen=True)
class ComparedSpeech(SpeechRecipe):
    """The one recipe by which speech systems are compared: short, and the same for all.

    Trained on actors 5 to 20 of RAVDESS, scored on actors 1 to 4 after the last epoch. One speed of
    every clip, so that the corpus is read once; the other augmentations as for the shipped network.

    Args:
        task, loss: of the network's config and training.
        stop_metric, stop_value: training stops early once the figure Keras logs by this name
            reaches the value; `None` trains all epochs.
    """

    augmentation: SpeechAugmentation = SpeechAugmentation(changed_speed=0.0)
    hyperparameters: dict = field(default_factory=lambda: dict(_STEPS))
    epochs: int = 25
    batch_size: int = 32
    learning_rate: float = 2.5e-3
    task: str = "single-label"
    loss: str = "categorical_crossentropy"
    stop_metric: str | None = None
    stop_value: float = 0.99


@dataclass(frozen=True)
class AblatedSpeech(ComparedSpeech):
    """The compared recipe with one thing changed, to see what it pays; its networks are not shipped.

    Args:
        averaged: the weights in the end are their exponential moving average over the updates, with
            this share kept each time (Polyak & Juditsky 1992); 0 takes the last ones.
        beside: a second corpus to learn from, standardised by itself; never scored on.
    """

    averaged: float = 0.0
    beside: str | None = None


@dataclass(frozen=True)
class ComparedText(TextRecipe):
    """The one recipe by which text systems are compared: short, and the same for all.

    Trained on nine tenths of Reuters-21578's training documents, thresholds from the last tenth, scored on its
    test split. Few words and halved weights keep the shipped folders small.
    """

    corpus: str = "reuters"
    family: str = "topics"
    threshold: str = "global"
    most_words: int | None = 10_000
    halved: bool = True
    longest: int = 100
    epochs: int = 6
    batch_size: int = 64
    learning_rate: float = 3e-3


def _speech_systems():
    titles = {
        "bilstm-last": "BiLSTM, last state (no attention)",
        "bilstm-mean": "BiLSTM, mean over steps",
        "bilstm-keras-attention": "BiLSTM, Keras Attention with a trained query",
        "bilstm-query": "BiLSTM, attentive pooling",
        "bilstm-raffel": "BiLSTM, feed-forward attention",
        "bilstm-hops": "BiLSTM, several hops",
        "bilstm-per-step": "BiLSTM, a label for every step",
        "mha-bilstm": "Multi-head self-attention, then BiLSTM",
    }
    for order, (name, title) in enumerate(titles.items(), start=20):
        task = "per-step" if name == "bilstm-per-step" else "single-label"
        yield ComparedSpeech(name, title, order, architecture=name, task=task)
    last = {"order": 40, "architecture": "bilstm-last"}
    # The thread's two mistakes, and the stop rule as it was meant.
    yield ComparedSpeech(
        "bilstm-last-binary-loss", "BiLSTM, last state; binary cross-entropy", loss="binary_crossentropy", **last
    )
    yield ComparedSpeech("bilstm-last-stop-acc", "BiLSTM, last state; stop rule reads acc", stop_metric="acc", **last)
    yield ComparedSpeech(
        "bilstm-last-stop-accuracy", "BiLSTM, last state; stop rule reads accuracy", stop_metric="accuracy", **last
    )
    keras_attention = {"order": 41, "architecture": "bilstm-keras-attention"}
    yield ComparedSpeech(
        "bilstm-keras-attention-concat",
        "BiLSTM, Keras Attention, scores by concat",
        hyperparameters=_STEPS | {"score_mode": "concat"},
        **keras_attention,
    )
    yield ComparedSpeech(
        "bilstm-per-step-causal",
        "BiLSTM, a label for every step, looking back only",
        42,
        architecture="bilstm-per-step",
        task="per-step",
        hyperparameters=_STEPS | {"use_causal_mask": True},
    )


def _text_systems():
    for order, (name, title, changes) in enumerate(
        (
            ("rcnn", "RCNN (no attention)", {}),
            ("rcnn-frozen", "RCNN, frozen word vectors", {"embedding_trainable": False}),
            ("rcnn-one-step", "RCNN, attention over one step", {}),
            ("rcnn-attention", "RCNN, attention over the words", {}),
            ("mha-residual", "Multi-head attention, residual blocks", {}),
            ("mha-residual-first", "Multi-head attention, blocks as answered", {"fifth_reads_first": True}),
            ("mha-residual-no-l1", "Multi-head attention, residual blocks, no L1", {"l1": 0.0}),
        ),
        start=50,
    ):
        architecture = name.removesuffix("-frozen").removesuffix("-first").removesuffix("-no-l1")
        yield ComparedText(name, title, order, architecture=architecture, hyperparameters=changes)
    same = {"units": 128, "recurrent_layers": 2, "embedding_dropout": 0.5, "dropout": 0.0}
    yield ComparedText("label-attention", "One query per label", 60, hyperparameters=same)
    yield ComparedText(
        "rcnn-attention-3000", "RCNN, attention over 3,000 words", 61, architecture="rcnn-attention", longest=3000
    )
    yield TextRecipe(
        "mimic-50",
        "Codes of discharge notes (MIMIC-III-50)",
        62,
        corpus="mimic-50",
        family="clinical",
        threshold="global",
        hyperparameters={"units": 128, "recurrent_layers": 1},
        longest=3000,
    )


# One fixed recipe a modality; the systems differ in the network, the variants in what their names say.
COMPARED = {recipe.name: recipe for recipe in (*_speech_systems(), *_text_systems())}


def _ablations():
    base = COMPARED["bilstm-query"]
    whole, bare = base.augmentation, SpeechAugmentation(0.0, 0, 0.0, shift_bands=0, equalizer_db=0.0, masks=0)
    for name, title, changes in (
        ("no-augmentation", "without any augmentation", {"augmentation": bare}),
        ("speeds", "with changed speeds", {"augmentation": replace(whole, changed_speed=0.6)}),
        ("no-smoothing", "without label smoothing", {"label_smoothing": 0.0}),
        ("mixup", "with mixup", {"mixup": 0.3}),
        ("averaged", "with averaged weights", {"averaged": 0.99}),
        ("emodb", "with EMO-DB beside", {"beside": "emodb"}),
        ("small-batches", "with batches half as large", {"batch_size": base.batch_size // 2}),
    ):
        yield AblatedSpeech(
            f"bilstm-query-{name}", f"{base.title}, {title}", 43, architecture=base.architecture, **changes
        )


# What each means of training pays, one at a time; `python -m benchmarks.ablations` has the table.
ABLATIONS = {recipe.name: recipe for recipe in _ablations()}


def described(recipe) -> dict[str, object]:
    """A recipe as a flat dict of numbers and words, for the card."""
    values = asdict(recipe)
    for nested in ("augmentation", "hyperparameters", "log_mel"):
        for key, value in (values.pop(nested, None) or {}).items():
            values[f"{nested} {key}"] = value
    return values
