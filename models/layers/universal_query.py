"""Attentive pooling with one trained query."""

import keras
from keras import ops

from models.layers.softmax import masked_softmax


@keras.saving.register_keras_serializable("earmark")
class UniversalQueryAttention(keras.layers.Layer):
    """Pools a sequence into one vector with one trained, input-independent query.

    Additive attention (Bahdanau et al. 2015) with the context vector of Yang et al. 2016,
    "Hierarchical Attention Networks", equations 5 to 7:
    `u_t = tanh(W h_t + b)`, `a_t = softmax_t(u_t . q)`, `output = sum_t a_t h_t`.

    Args:
        units: size of the hidden projection `u_t`.
        dropout: rate of the attention weights dropped while training.

    Call arguments:
        inputs: float tensor of shape `(batch, steps, features)`.
        mask: bool tensor of shape `(batch, steps)`, `True` at valid steps.
        return_attention: whether to return `(output, weights)`; elsewhere in Keras the same
            switch is called `return_attention_scores`.
        attention_weights: weights to pool with instead of the layer's own, shaped as those it
            returns (`mask` is then not looked at).

    Returns:
        Tensor of shape `(batch, features)`; with `return_attention=True` also the weights,
        shape `(batch, steps)`, which sum to 1 over the valid steps (to 0 if there is none).
    """

    def __init__(self, units=128, dropout=0.0, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.dropout = dropout
        self.supports_masking = True

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), initializer="glorot_uniform", name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")
        self.query = self.add_weight(shape=(self.units, 1), initializer="glorot_uniform", name="query")
        self.drop = keras.layers.Dropout(self.dropout)
        self.drop.build((input_shape[0], input_shape[1]))

    def call(self, inputs, mask=None, training=False, return_attention=False, attention_weights=None):
        weights = attention_weights
        if weights is None:
            hidden = ops.tanh(ops.matmul(inputs, self.kernel) + self.bias)
            scores = ops.squeeze(ops.matmul(hidden, self.query), axis=-1)
            weights = masked_softmax(scores, mask)
        output = ops.einsum("bt,btf->bf", self.drop(weights, training=training), inputs)
        return (output, weights) if return_attention else output

    def compute_mask(self, inputs, mask=None):
        return None

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[-1])

    def compute_output_spec(self, inputs, mask=None, training=False, return_attention=False, attention_weights=None):
        output = keras.KerasTensor(self.compute_output_shape(inputs.shape), self.compute_dtype)
        return (output, keras.KerasTensor(tuple(inputs.shape[:2]), self.compute_dtype)) if return_attention else output

    def get_config(self):
        return super().get_config() | {"units": self.units, "dropout": self.dropout}
