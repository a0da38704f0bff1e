"""Structured self-attention: several views of one sequence, pushed apart."""

import keras
from keras import ops

from models.layers.softmax import masked_softmax


@keras.saving.register_keras_serializable("earmark")
class StructuredSelfAttention(keras.layers.Layer):
    """Pools a sequence into r vectors, one a hop, each with weights of its own.

    Lin et al. 2017, "A Structured Self-Attentive Sentence Embedding", equations 6 to 8:
    `A = softmax(W_2 tanh(W_1 H))`, `M = A H`, and the penalty `|| A A^T - I ||_F^2`, which is 0
    when every hop looks at one step and no two look at the same.

    Args:
        units: size of the hidden projection.
        hops: number of hops r.
        penalty: factor of the penalty, which is added to the loss as its mean over the batch.

    Call arguments:
        inputs: float tensor of shape `(batch, steps, features)`.
        mask: bool tensor of shape `(batch, steps)`, `True` at valid steps.
        return_attention: whether to return `(output, weights)`.
        attention_weights: weights to pool with in place of the layer's own.

    Returns:
        Tensor of shape `(batch, r, features)`; with `return_attention=True` also the weights,
        shape `(batch, r, steps)`; every hop's sum to 1 over the valid steps (to 0 if there is none).
    """

    def __init__(self, units=64, hops=4, penalty=0.0, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.hops = hops
        self.penalty = penalty
        self.supports_masking = True

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), initializer="glorot_uniform", name="kernel")
        self.queries = self.add_weight(shape=(self.units, self.hops), initializer="glorot_uniform", name="queries")

    def call(self, inputs, mask=None, training=False, return_attention=False, attention_weights=None):
        weights = attention_weights
        if weights is None:
            scores = ops.matmul(ops.tanh(ops.matmul(inputs, self.kernel)), self.queries)
            weights = masked_softmax(
                ops.transpose(scores, (0, 2, 1)), None if mask is None else ops.expand_dims(mask, 1)
            )
        if self.penalty and attention_weights is None:  # weights put in from outside have nothing to learn
            self.add_loss(self.penalty * ops.mean(redundancy(weights)))
        # A trained network is read from outside with weights whose number of hops is left open: here it is known.
        output = ops.reshape(ops.matmul(weights, inputs), (-1, self.hops, inputs.shape[-1]))
        return (output, weights) if return_attention else output

    def compute_mask(self, inputs, mask=None):
        return None

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.hops, input_shape[-1])

    def compute_output_spec(self, inputs, mask=None, training=False, return_attention=False, attention_weights=None):
        output = keras.KerasTensor(self.compute_output_shape(inputs.shape), self.compute_dtype)
        if not return_attention:
            return output
        return output, keras.KerasTensor((inputs.shape[0], self.hops, inputs.shape[1]), self.compute_dtype)

    def get_config(self):
        return super().get_config() | {"units": self.units, "hops": self.hops, "penalty": self.penalty}


def redundancy(weights):
    """How much the hops look at the same steps: `|| A A^T - I ||_F^2` of each row of `(batch, hops, steps)`."""
    overlap = ops.matmul(weights, ops.transpose(weights, (0, 2, 1)))
    return ops.sum(ops.square(overlap - ops.eye(weights.shape[1], dtype=overlap.dtype)), axis=(1, 2))
