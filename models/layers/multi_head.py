"""Multi-head self-attention that shows its scores."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("earmark")
class MultiHeadSelfAttention(keras.layers.Layer):
    """`keras.layers.MultiHeadAttention` of a sequence with itself (Vaswani et al. 2017).

    Args:
        num_heads, key_dim, dropout, kernel_regularizer: as in `keras.layers.MultiHeadAttention`.

    Call arguments:
        inputs: float tensor of shape `(batch, steps, features)`.
        mask: bool tensor of shape `(batch, steps)`, `True` at valid steps.
        return_attention: whether to return `(output, weights)`; Keras calls it `return_attention_scores`.
        attention_weights: weights to mix the values with in place of the layer's own.

    Returns:
        Tensor of shape `(batch, steps, features)`, zeros at padding; with `return_attention=True` also
        the weights, shape `(batch, heads, query steps, steps)`: a valid step's row sums to 1 over the
        valid steps, a padded one's to 0 (Keras alone would spread it over everything).
    """

    def __init__(self, num_heads=8, key_dim=64, dropout=0.0, kernel_regularizer=None, **kwargs):
        super().__init__(**kwargs)
        self.num_heads = num_heads
        self.key_dim = key_dim
        self.dropout = dropout
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.supports_masking = True
        self.attention = keras.layers.MultiHeadAttention(
            num_heads, key_dim, dropout=dropout, kernel_regularizer=self.kernel_regularizer, name="attention"
        )

    def build(self, input_shape):
        self.attention.build(input_shape, input_shape)

    def call(self, inputs, mask=None, training=False, return_attention=False, attention_weights=None):
        valid = None if mask is None else ops.cast(mask, self.compute_dtype)
        if attention_weights is None:
            # The scores are always asked for: without them Keras may take a kernel that rounds differently.
            output, weights = self.attention(
                inputs,
                inputs,
                attention_mask=None if mask is None else ops.expand_dims(ops.cast(mask, "bool"), 1),
                training=training,
                return_attention_scores=True,
            )
            if valid is not None:
                weights = weights * valid[:, None, :, None]
        else:
            weights = attention_weights
            mixed = ops.einsum("bhqs,bshd->bqhd", weights, self.attention.value_dense(inputs))
            output = self.attention.output_dense(mixed)
        if valid is not None:
            output = output * ops.expand_dims(valid, -1)
        return (output, weights) if return_attention else output

    def compute_mask(self, inputs, mask=None):
        return mask

    def compute_output_shape(self, input_shape):
        return input_shape

    def compute_output_spec(self, inputs, mask=None, training=False, return_attention=False, attention_weights=None):
        output = keras.KerasTensor(inputs.shape, self.compute_dtype)
        if not return_attention:
            return output
        steps = inputs.shape[1]
        return output, keras.KerasTensor((inputs.shape[0], self.num_heads, steps, steps), self.compute_dtype)

    def get_config(self):
        return super().get_config() | {
            "num_heads": self.num_heads,
            "key_dim": self.key_dim,
            "dropout": self.dropout,
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
        }
