"""What the compared networks have in common: read, encode, attend."""

import keras


class System(keras.Model):
    """A network with at most one attention layer, in three parts that can be called one by one.

    `embed` gives the continuous input that gradients are taken by, `encode` what attention looks at,
    `attend` the probabilities and the weights; given weights replace the layer's own there.

    Args:
        hyperparameters: what `get_config` returns: the arguments of the subclass.
    """

    attention_axes = {}
    attention_descriptions = {}

    def __init__(self, hyperparameters, **kwargs):
        super().__init__(**kwargs)
        self.hyperparameters = hyperparameters

    def build(self, input_shape):
        """Nothing: the first call builds the layers. Keras would trace it before, which takes longer than the call."""

    def valid(self, features):
        """Bool mask of the features; `None` leaves it to `encode`."""
        return None

    def embed(self, features):
        """The continuous input, float `(batch, steps, size)`."""
        return features

    def encode(self, embedded, mask=None, training=False):
        """What attention looks at.

        Returns:
            `(states, mask)`: float `(batch, steps, size)` and bool `(batch, steps)`.
        """
        raise NotImplementedError

    def attend(self, states, mask=None, attention_weights=None, training=False):
        """Probabilities `(batch, L)` and attention weights; the weights are `None` where nothing attends."""
        raise NotImplementedError

    def call(self, features, mask=None, training=False, return_attention=False):
        mask = self.valid(features) if mask is None else mask
        states, mask = self.encode(self.embed(features), mask, training=training)
        probabilities, weights = self.attend(states, mask, training=training)
        return (probabilities, dict.fromkeys(self.attention_axes, weights)) if return_attention else probabilities

    def get_config(self):
        return dict(self.hyperparameters)
