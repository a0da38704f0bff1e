"""Label-wise attention: every label looks at the sequence with a query of its own."""

import keras
from keras import ops

from models.layers.softmax import masked_softmax


@keras.saving.register_keras_serializable("earmark")
class LabelAttention(keras.layers.Layer):
    """One query per label, and one output neuron per label on what that query found.

    LAAT (Vu et al. 2020, "A Label Attention Model for ICD Coding from Clinical Text"), equations
    6 to 10: `Z = tanh(W H)`, `A = softmax(U Z)`, `V = A H`, `logit_l = w_l . v_l + b_l`. Without
    the hidden projection it is CAML (Mullenbach et al. 2018).

    Args:
        labels: number of labels L.
        units: size of the hidden projection; 0 lets the queries act on the states (CAML).

    Call arguments:
        inputs: float tensor of shape `(batch, steps, features)`.
        mask: bool tensor of shape `(batch, steps)`, `True` at valid steps.
        return_attention: whether to return `(logits, weights)`.
        attention_weights: weights to use instead of the layer's own, shaped as those it returns
            (`mask` is then not looked at).

    Returns:
        Logits of shape `(batch, L)`; with `return_attention=True` also the weights, shape
        `(batch, L, steps)`, which sum to 1 over the valid steps (to 0 if there is none).
    """

    def __init__(self, labels, units=128, **kwargs):
        super().__init__(**kwargs)
        self.labels = labels
        self.units = units
        self.supports_masking = True

    def build(self, input_shape):
        features = input_shape[-1]
        if self.units:
            self.kernel = self.add_weight(shape=(features, self.units), initializer="glorot_uniform", name="kernel")
        self.queries = self.add_weight(
            shape=(self.units or features, self.labels), initializer="glorot_uniform", name="queries"
        )
        self.output_kernel = self.add_weight(
            shape=(self.labels, features), initializer="glorot_uniform", name="output_kernel"
        )
        self.output_bias = self.add_weight(shape=(self.labels,), initializer="zeros", name="output_bias")

    def call(self, inputs, mask=None, training=False, return_attention=False, attention_weights=None):
        weights = attention_weights
        if weights is None:
            hidden = ops.tanh(ops.matmul(inputs, self.kernel)) if self.units else inputs
            scores = ops.transpose(ops.matmul(hidden, self.queries), (0, 2, 1))
            weights = masked_softmax(scores, None if mask is None else ops.expand_dims(mask, 1))
        context = ops.matmul(weights, inputs)
        logits = ops.sum(context * self.output_kernel, axis=-1) + self.output_bias
        return (logits, weights) if return_attention else logits

    def compute_mask(self, inputs, mask=None):
        return None

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.labels)

    def compute_output_spec(self, inputs, mask=None, training=False, return_attention=False, attention_weights=None):
        output = keras.KerasTensor(self.compute_output_shape(inputs.shape), self.compute_dtype)
        if not return_attention:
            return output
        return output, keras.KerasTensor((inputs.shape[0], self.labels, inputs.shape[1]), self.compute_dtype)

    def get_config(self):
        return super().get_config() | {"labels": self.labels, "units": self.units}
