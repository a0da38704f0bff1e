"""Feed-forward attention, as the threads' askers used it, mended."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("earmark")
class RaffelAttention(keras.layers.Layer):
    """Pools a sequence by one score a step that looks at nothing but that step.

    Raffel & Ellis 2015, "Feed-Forward Networks with Attention Can Solve Some Long-Term Memory
    Problems", equations 1 and 2, in the form passed around in questions about Keras:
    `e_t = tanh(w . h_t + b_t)`, `a_t = exp(e_t) / (sum_t exp(e_t) + epsilon)` over valid steps,
    `output = sum_t a_t h_t`. The score is bounded by tanh: no weight is more than e^2 = 7.4 times another.

    What that code got wrong, and what is done here:

    - it forgot its arguments on reload: `get_config` returns every one of them;
    - it ignored its kernel regulariser: given, it adds to the loss;
    - it ignored its kernel constraint: given, it holds after every update;
    - it promised a shape it did not return: shape and symbolic outputs follow `return_attention`;
    - its bias, one number for each of T steps, tied it to inputs of T steps: ours is a table of
      `bias_steps` numbers whose last one serves all later steps.

    Args:
        bias_steps: numbers in the bias: 0 none, 1 one for all steps, n one for each of the first n
            steps, the last of them for every step behind.
        return_attention: what a call without `return_attention` does.
        kernel_regularizer, bias_regularizer, kernel_constraint, bias_constraint: as in `keras.layers.Dense`;
            the thread's `W_regularizer`, `b_regularizer`, `W_constraint`, `b_constraint`.

    Call arguments:
        inputs: float tensor of shape `(batch, steps, features)`.
        mask: bool tensor of shape `(batch, steps)`, `True` at valid steps.
        return_attention: whether to return `(output, weights)`; `None` is the layer's own setting.
        attention_weights: weights to pool with in place of the layer's own.

    Returns:
        Tensor of shape `(batch, features)`; with `return_attention=True` also the weights, shape
        `(batch, steps)`, which sum to 1 over the valid steps up to epsilon (to 0 if there is none).
    """

    def __init__(
        self,
        bias_steps=1,
        return_attention=False,
        kernel_regularizer=None,
        bias_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.bias_steps = bias_steps
        self.return_attention = return_attention
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.bias_regularizer = keras.regularizers.get(bias_regularizer)
        self.kernel_constraint = keras.constraints.get(kernel_constraint)
        self.bias_constraint = keras.constraints.get(bias_constraint)
        self.supports_masking = True

    def build(self, input_shape):
        self.kernel = self.add_weight(
            shape=(input_shape[-1], 1),
            initializer="glorot_uniform",
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        if self.bias_steps:
            self.bias = self.add_weight(
                shape=(self.bias_steps,),
                initializer="zeros",
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )

    def call(self, inputs, mask=None, training=False, return_attention=None, attention_weights=None):
        weights = attention_weights
        if weights is None:
            scores = ops.squeeze(ops.matmul(inputs, self.kernel), axis=-1)
            if self.bias_steps == 1:
                scores = scores + self.bias
            elif self.bias_steps:
                position = ops.minimum(ops.arange(ops.shape(inputs)[1]), self.bias_steps - 1)
                scores = scores + ops.take(self.bias, position)
            weights = ops.exp(ops.tanh(scores))
            if mask is not None:
                weights = weights * ops.cast(mask, weights.dtype)
            weights = weights / (ops.sum(weights, axis=-1, keepdims=True) + keras.config.epsilon())
        output = ops.einsum("bt,btf->bf", weights, inputs)
        return (output, weights) if self._returns_attention(return_attention) else output

    def _returns_attention(self, asked):
        return self.return_attention if asked is None else asked

    def compute_mask(self, inputs, mask=None):
        return (None, None) if self.return_attention else None

    def compute_output_shape(self, input_shape):
        output = (input_shape[0], input_shape[-1])
        return (output, tuple(input_shape[:2])) if self.return_attention else output

    def compute_output_spec(self, inputs, mask=None, training=False, return_attention=None, attention_weights=None):
        output = keras.KerasTensor((inputs.shape[0], inputs.shape[-1]), self.compute_dtype)
        if not self._returns_attention(return_attention):
            return output
        return output, keras.KerasTensor(tuple(inputs.shape[:2]), self.compute_dtype)

    def get_config(self):
        return super().get_config() | {
            "bias_steps": self.bias_steps,
            "return_attention": self.return_attention,
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": keras.regularizers.serialize(self.bias_regularizer),
            "kernel_constraint": keras.constraints.serialize(self.kernel_constraint),
            "bias_constraint": keras.constraints.serialize(self.bias_constraint),
        }
