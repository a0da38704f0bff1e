"""Speech networks, each built from a config."""

import keras
from keras import ops

from models.layers import UniversalQueryAttention


@keras.saving.register_keras_serializable("earmark")
class AttentiveSpeechNetwork(keras.Model):
    """Masking, convolutions over the log-mel picture, stacked BiLSTMs, one trained query, softmax.

    Every convolution block is Conv2D 3 x 3 with stride 2 over the bands, batch normalisation and
    ReLU; padded frames are set to zero after each, so padding changes nothing.

    Args:
        labels: number of labels L.
        bands: mel bands a frame.
        filters: output channels of each convolution block.
        time_strides: stride of each block over time; the product is a step's length in frames.
        units: LSTM units per direction.
        recurrent_layers: number of stacked BiLSTMs.
        attention_units: hidden size of the attention.
        dropout, recurrent_dropout: rates while training.

    Call arguments:
        features: float tensor `(batch, frames, bands)`, `frames` a multiple of `step_frames`;
            an all-zero frame is padding (what `keras.layers.Masking` would skip).
        mask: bool tensor `(batch, frames)`; `None` reads it off the zeros.
        return_attention: whether to return `(probabilities, maps)`.

    Returns:
        Probabilities `(batch, L)`; with `return_attention=True` also
        `{"universal_query": weights}` of shape `(batch, frames / step_frames)`.
    """

    attention_axes = {"universal_query": ("step",)}
    attention_descriptions = {
        "universal_query": "One trained query looks at every moment of the clip; the weights say how much of each "
        "moment went into the summary that the emotions are read from."
    }

    def __init__(
        self,
        labels,
        bands=64,
        filters=(24, 32, 48),
        time_strides=(2, 2, 1),
        units=64,
        recurrent_layers=2,
        attention_units=64,
        dropout=0.3,
        recurrent_dropout=0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.hyperparameters = {
            "labels": labels,
            "bands": bands,
            "filters": list(filters),
            "time_strides": list(time_strides),
            "units": units,
            "recurrent_layers": recurrent_layers,
            "attention_units": attention_units,
            "dropout": dropout,
            "recurrent_dropout": recurrent_dropout,
        }
        self.step_frames = 1
        self.blocks = []
        for i, (channels, stride) in enumerate(zip(filters, time_strides, strict=True), start=1):
            self.step_frames *= stride
            self.blocks.append(
                (
                    keras.layers.Conv2D(
                        channels, 3, strides=(stride, 2), padding="same", use_bias=False, name=f"convolution_{i}"
                    ),
                    keras.layers.BatchNormalization(momentum=0.95, name=f"normalization_{i}"),
                    stride,
                )
            )
        self.convolutions = [block[0] for block in self.blocks]
        self.normalizations = [block[1] for block in self.blocks]
        self.convolution_drop = keras.layers.SpatialDropout2D(dropout / 2)
        self.recurrent = [
            keras.layers.Bidirectional(
                keras.layers.LSTM(units, return_sequences=True, recurrent_dropout=recurrent_dropout, name="lstm"),
                name=f"bilstm_{i + 1}",
            )
            for i in range(recurrent_layers)
        ]
        self.drops = [keras.layers.Dropout(dropout) for _ in range(recurrent_layers + 1)]
        self.attention = UniversalQueryAttention(attention_units, name="universal_query")
        self.classifier = keras.layers.Dense(labels, activation="softmax", name="classifier")

    @property
    def mixed_by(self):
        """Which layers carry sound from the whole window to what attention looks at, in words; else empty."""
        return "recurrent layers" if self.recurrent else ""

    @property
    def time_stages(self):
        """`(name, kernel, stride)` over time of every layer that widens or thins out time, in order."""
        return [(convolution.name, convolution.kernel_size[0], stride) for convolution, _, stride in self.blocks]

    def call(self, features, mask=None, training=False, return_attention=False):
        states, mask = self.encode(self.embed(features), mask, training=training)
        probabilities, weights = self.attend(states, mask, training=training)
        return (probabilities, {"universal_query": weights}) if return_attention else probabilities

    def embed(self, features):
        """The continuous input that gradients are taken by: the features themselves."""
        return features

    def encode(self, embedded, mask=None, training=False):
        """What attention looks at.

        Returns:
            `(states, mask)`: float `(batch, steps, 2 * units)` and bool `(batch, steps)`.
        """
        mask = ops.any(ops.not_equal(embedded, 0.0), axis=-1) if mask is None else ops.cast(mask, "bool")
        picture = ops.expand_dims(embedded, -1)
        for convolution, normalization, stride in self.blocks:
            picture = ops.relu(normalization(convolution(picture), training=training))
            mask = mask[:, ::stride]
            picture = picture * ops.cast(mask, picture.dtype)[:, :, None, None]
        picture = self.convolution_drop(picture, training=training)
        batch, steps = ops.shape(picture)[:2]
        states = ops.reshape(picture, (batch, steps, picture.shape[2] * picture.shape[3]))
        states = self.drops[0](states, training=training)
        for recurrent, drop in zip(self.recurrent, self.drops[1:], strict=True):
            states = drop(recurrent(states, mask=mask, training=training), training=training)
        return states, mask

    def attend(self, states, mask=None, attention_weights=None, training=False):
        """Probabilities and attention weights from `encode`'s states; given weights replace the layer's own."""
        summary, weights = self.attention(
            states, mask=mask, return_attention=True, training=training, attention_weights=attention_weights
        )
        return self.classifier(summary), weights

    def get_config(self):
        return dict(self.hyperparameters)
