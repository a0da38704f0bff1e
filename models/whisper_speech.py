"""The speech network that hears through the first layers of Whisper's encoder."""

import keras
from keras import ops

from models.layers import UniversalQueryAttention, masked_average
from models.layers.whisper import WhisperEncoder
from models.system import System


class Reader(keras.layers.Layer):
    """Stacked BiLSTMs, one trained query, softmax: one head of `WhisperSpeechNetwork`.

    Args:
        labels, units, recurrent_layers, attention_units, dropout: as of `AttentiveSpeechNetwork`.
    """

    def __init__(self, labels, units=56, recurrent_layers=1, attention_units=64, dropout=0.3, **kwargs):
        super().__init__(**kwargs)
        # Its layers are called one by one, outside of its own name scope: their names say whose they are.
        self.recurrent = [
            keras.layers.Bidirectional(
                keras.layers.LSTM(units, return_sequences=True, name="lstm"), name=f"{self.name}_bilstm_{i + 1}"
            )
            for i in range(recurrent_layers)
        ]
        self.drops = [keras.layers.Dropout(dropout) for _ in range(recurrent_layers + 1)]
        self.attention = UniversalQueryAttention(attention_units, name=f"{self.name}_universal_query")
        self.classifier = keras.layers.Dense(labels, activation="softmax", name=f"{self.name}_classifier")

    def listen(self, states, mask, training=False):
        """What the query looks at: `(batch, steps, 2 * units)`."""
        states = self.drops[0](states, training=training)
        for recurrent, drop in zip(self.recurrent, self.drops[1:], strict=True):
            states = drop(recurrent(states, mask=mask, training=training), training=training)
        return states

    def answer(self, states, mask, attention_weights=None, training=False):
        """Probabilities `(batch, labels)` and weights `(batch, steps)`; given weights replace its own."""
        summary, weights = self.attention(
            states, mask=mask, return_attention=True, training=training, attention_weights=attention_weights
        )
        return self.classifier(summary), weights


@keras.saving.register_keras_serializable("earmark")
class WhisperSpeechNetwork(System):
    """Masking, the first layers of Whisper's encoder, several heads (BiLSTM, trained query, softmax), their mean.

    The encoder's states, normalised and averaged over `averaged` steps, are what the heads read. The encoder's own
    attention, over the whole window, is not among the maps: it mixes sounds and does not choose among them.
    While training every head has a loss of its own (and there can be no metrics beside it): heads that learn apart
    err apart, and their mean errs less (Hansen & Salamon 1990).

    Args:
        labels: number of labels L.
        bands: mel bands a frame.
        size, blocks, heads, hidden: of `WhisperEncoder`.
        averaged: steps of the encoder (two frames each) averaged into one.
        readers: number of heads K that answer.
        units, recurrent_layers, attention_units, dropout: of each; see `Reader`.

    Call arguments:
        features: float tensor `(batch, frames, bands)`, `frames` a multiple of `step_frames`;
            an all-zero frame is padding.
        mask: bool tensor `(batch, frames)`; `None` reads it off the zeros.
        return_attention: whether to return `(probabilities, maps)`.

    Returns:
        Probabilities `(batch, L)`, while training every head's own, `(batch, K, L)`; with
        `return_attention=True` also `{"universal_query": weights}` of shape `(batch, K, frames / step_frames)`.
    """

    attention_axes = {"universal_query": ("head", "step")}
    attention_descriptions = {
        "universal_query": "Several heads listen to the clip, each with recurrent layers and a trained query of its "
        "own. A head's weights say how much of each moment went into the summary that it reads the emotions from; the "
        "answer is the mean of theirs."
    }

    # Gradients of so many inputs at once: the encoder keeps about 20 MB of one window of 5 s.
    gradient_rows = 16

    def __init__(
        self,
        labels,
        bands=80,
        size=384,
        blocks=1,
        heads=6,
        hidden=1536,
        averaged=2,
        readers=3,
        units=56,
        recurrent_layers=1,
        attention_units=64,
        dropout=0.3,
        **kwargs,
    ):
        read = {
            "units": units,
            "recurrent_layers": recurrent_layers,
            "attention_units": attention_units,
            "dropout": dropout,
        }
        heard = {"size": size, "blocks": blocks, "heads": heads, "hidden": hidden}
        shape = {"labels": labels, "bands": bands, "averaged": averaged, "readers": readers}
        super().__init__(shape | heard | read, **kwargs)
        self.averaged = averaged
        self.step_frames = 2 * averaged
        self.encoder = WhisperEncoder(**heard, name="encoder")
        self.normalization = keras.layers.LayerNormalization(epsilon=1e-5, name="normalization")
        self.readers = [Reader(labels, **read, name=f"head_{i + 1}") for i in range(readers)]

    @property
    def mixed_by(self):
        """Which layers carry sound from the whole window to what attention looks at, in words; else empty."""
        encoder = "Whisper's self-attention" if self.encoder.blocks else ""
        recurrent = "recurrent layers" if self.readers[0].recurrent else ""
        return " and ".join(filter(None, (encoder, recurrent)))

    @property
    def time_stages(self):
        """`(name, kernel, stride)` over time of every layer that widens or thins out time, in order."""
        convolutions = [(c.name, c.kernel_size[0], c.strides[0]) for c in self.encoder.convolutions]
        return [*convolutions, ("averaging", self.averaged, self.averaged)]

    def call(self, features, mask=None, training=False, return_attention=False):
        states, mask = self.encode(self.embed(features), mask, training=training)
        answers, weights = self._answers(states, mask, training=training)
        probabilities = answers if training else ops.mean(answers, axis=1)
        return (probabilities, {"universal_query": weights}) if return_attention else probabilities

    def encode(self, embedded, mask=None, training=False):
        """What attention looks at, all heads' states side by side: `(batch, steps, K * 2 * units)`, and the mask."""
        mask = ops.any(ops.not_equal(embedded, 0.0), axis=-1) if mask is None else ops.cast(mask, "bool")
        states = self.normalization(self.encoder(embedded, mask, training=training))
        states, mask = masked_average(states, mask[:, ::2], self.averaged)
        return ops.concatenate([reader.listen(states, mask, training) for reader in self.readers], axis=-1), mask

    def attend(self, states, mask=None, attention_weights=None, training=False):
        answers, weights = self._answers(states, mask, attention_weights, training)
        return ops.mean(answers, axis=1), weights

    def _answers(self, states, mask, attention_weights=None, training=False):
        """Every head's probabilities `(batch, K, L)` and weights `(batch, K, steps)`."""
        parts = ops.split(states, len(self.readers), axis=-1)
        own = [None if attention_weights is None else attention_weights[:, i] for i in range(len(self.readers))]
        said = [r.answer(s, mask, w, training) for r, s, w in zip(self.readers, parts, own, strict=True)]
        return tuple(ops.stack(values, axis=1) for values in zip(*said, strict=True))

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The mean of the heads' losses where `y_pred` holds every head's answer, as it does while training."""
        if y_pred is not None and len(y_pred.shape) == 3:
            readers, labels = y_pred.shape[1:]
            y_pred, y = ops.reshape(y_pred, (-1, labels)), ops.repeat(y, readers, axis=0)
            sample_weight = None if sample_weight is None else ops.repeat(sample_weight, readers, axis=0)
        return super().compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=training)
