"""How the shipped checkpoints are trained: every choice in one place, nothing hidden in code."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

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
    epochs: int = 60
    batch_size: int = 32
    learning_rate: float = 2.5e-3
    weight_decay: float = 1e-3
    label_smoothing: float = 0.1
    mixup: float = 0.0
    weights: dict = field(default_factory=lambda: {"neutral": 1.6})
    modality: str = "speech"


@dataclass(frozen=True)
class TextRecipe:
    """A text checkpoint: network, vocabulary and training.

    Args:
        name, title, order, corpus, architecture, hyperparameters: as in `SpeechRecipe`.
        family: which of our samples suit it.
        threshold: `"global"` or `"per-label"`; see `best_thresholds`.
        fewest: a word seen less often in training is known only if it has a pretrained vector.
        extra_words: so many of the most frequent words with a vector join the vocabulary unseen.
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
        SpeechRecipe("ravdess", "Emotion in speech (RAVDESS)", 1),
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
    )
}


def described(recipe) -> dict[str, object]:
    """A recipe as a flat dict of numbers and words, for the card."""
    values = asdict(recipe)
    for nested in ("augmentation", "hyperparameters", "log_mel"):
        for key, value in (values.pop(nested, None) or {}).items():
            values[f"{nested} {key}"] = value
    return values
