"""Text networks, each built from a config."""

import keras
from keras import ops

from models.frontend.tokenizer import PADDING
from models.layers import LabelAttention


@keras.saving.register_keras_serializable("earmark")
class LabelAttentionNetwork(keras.Model):
    """Embedding, bidirectional LSTMs (one or several), one attention query per label, sigmoid.

    The label attention is LAAT's (Vu et al. 2020); see `models.layers.LabelAttention`.

    Args:
        vocabulary_size: number of embedding rows, padding and unknown included.
        labels: number of labels L.
        embedding_dim, units, recurrent_layers: sizes; `units` is per direction.
        attention_units: hidden size of the attention; 0 gives CAML's.
        embedding_dropout, dropout, recurrent_dropout: rates while training.

    Call arguments:
        features: int32 tensor of token indices, shape `(batch, steps)`; 0 is padding.
        mask: bool tensor `(batch, steps)`; `None` reads it off the padding index.
        return_attention: whether to return `(probabilities, maps)`.

    Returns:
        Probabilities `(batch, L)`; with `return_attention=True` also
        `{"label_attention": weights}` of shape `(batch, L, steps)`.
    """

    attention_axes = {"label_attention": ("label", "step")}
    attention_descriptions = {
        "label_attention": "Each label has a query of its own: a label's row says which words that label looked at."
    }

    def __init__(
        self,
        vocabulary_size,
        labels,
        embedding_dim=100,
        units=128,
        recurrent_layers=2,
        attention_units=128,
        embedding_dropout=0.3,
        dropout=0.3,
        recurrent_dropout=0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.hyperparameters = {
            "vocabulary_size": vocabulary_size,
            "labels": labels,
            "embedding_dim": embedding_dim,
            "units": units,
            "recurrent_layers": recurrent_layers,
            "attention_units": attention_units,
            "embedding_dropout": embedding_dropout,
            "dropout": dropout,
            "recurrent_dropout": recurrent_dropout,
        }
        self.embedding = keras.layers.Embedding(vocabulary_size, embedding_dim, name="embedding")
        self.embedding_drop = keras.layers.Dropout(embedding_dropout)
        self.recurrent = [
            keras.layers.Bidirectional(
                keras.layers.LSTM(units, return_sequences=True, recurrent_dropout=recurrent_dropout, name="lstm"),
                name=f"bilstm_{i + 1}",
            )
            for i in range(recurrent_layers)
        ]
        self.drops = [keras.layers.Dropout(dropout) for _ in range(recurrent_layers)]
        self.attention = LabelAttention(labels, attention_units, name="label_attention")

    def call(self, features, mask=None, training=False, return_attention=False):
        mask = ops.not_equal(features, PADDING) if mask is None else mask
        states, mask = self.encode(self.embed(features), mask, training=training)
        probabilities, weights = self.attend(states, mask)
        return (probabilities, {"label_attention": weights}) if return_attention else probabilities

    def embed(self, features):
        """The continuous input that gradients are taken by: word vectors, `(batch, steps, embedding_dim)`."""
        return self.embedding(features)

    def encode(self, embedded, mask, training=False):
        """What attention looks at.

        Returns:
            `(states, mask)`: float `(batch, steps, 2 * units)` and bool `(batch, steps)`.
        """
        mask = ops.cast(mask, "bool")
        states = self.embedding_drop(embedded, training=training)
        for recurrent, drop in zip(self.recurrent, self.drops, strict=True):
            states = drop(recurrent(states, mask=mask, training=training), training=training)
        return states, mask

    def attend(self, states, mask=None, attention_weights=None):
        """Probabilities and attention weights from `encode`'s states; given weights replace the layer's own."""
        logits, weights = self.attention(states, mask=mask, return_attention=True, attention_weights=attention_weights)
        return ops.sigmoid(logits), weights

    def get_config(self):
        return dict(self.hyperparameters)
