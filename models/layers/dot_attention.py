"""`keras.layers.Attention` put to use: by one trained query, and by the steps themselves."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("earmark")
class TrainedQueryAttention(keras.layers.Layer):
    """Pools a sequence with `keras.layers.Attention` and one trained, input-independent query.

    Keras' layer (Luong et al. 2015) wants a query from its caller; a classifier has none, so it is
    a variable here. `score_mode="dot"`: `e_t = scale (q . h_t)`; `"concat"`:
    `e_t = weight sum(tanh(scale (q + h_t)))`.

    Args:
        use_scale, score_mode, dropout: as in `keras.layers.Attention`.

    Call arguments:
        inputs: float tensor of shape `(batch, steps, features)`.
        mask: bool tensor of shape `(batch, steps)`, `True` at valid steps.
        return_attention: whether to return `(output, weights)`; Keras calls it `return_attention_scores`.
        attention_weights: weights to pool with in place of the layer's own.

    Returns:
        Tensor of shape `(batch, features)`; with `return_attention=True` also the weights, shape
        `(batch, steps)`, which sum to 1 over the valid steps (to 0 if there is none; Keras alone
        would spread such a row over its padding).
    """

    def __init__(self, use_scale=True, score_mode="dot", dropout=0.0, **kwargs):
        super().__init__(**kwargs)
        self.use_scale = use_scale
        self.score_mode = score_mode
        self.dropout = dropout
        self.supports_masking = True
        self.attention = keras.layers.Attention(use_scale, score_mode, dropout, name="attention")

    def build(self, input_shape):
        self.query = self.add_weight(shape=(1, input_shape[-1]), initializer="glorot_uniform", name="query")
        self.attention.build([(input_shape[0], 1, input_shape[-1]), input_shape])

    def call(self, inputs, mask=None, training=False, return_attention=False, attention_weights=None):
        if attention_weights is None:
            query = ops.broadcast_to(self.query, (ops.shape(inputs)[0], 1, inputs.shape[-1]))
            output, weights = self.attention(
                [query, inputs], mask=[None, mask], training=training, return_attention_scores=True
            )
            output, weights = ops.squeeze(output, 1), ops.squeeze(weights, 1)
            if mask is not None:
                some = ops.cast(ops.any(mask, axis=-1, keepdims=True), weights.dtype)
                output, weights = output * some, weights * some
        else:
            weights = attention_weights
            output = ops.einsum("bt,btf->bf", weights, inputs)
        return (output, weights) if return_attention else output

    def compute_mask(self, inputs, mask=None):
        return None

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[-1])

    def compute_output_spec(self, inputs, mask=None, training=False, return_attention=False, attention_weights=None):
        output = keras.KerasTensor(self.compute_output_shape(inputs.shape), self.compute_dtype)
        return (output, keras.KerasTensor(tuple(inputs.shape[:2]), self.compute_dtype)) if return_attention else output

    def get_config(self):
        return super().get_config() | {
            "use_scale": self.use_scale,
            "score_mode": self.score_mode,
            "dropout": self.dropout,
        }


@keras.saving.register_keras_serializable("earmark")
class SelfAttention(keras.layers.Layer):
    """Every step looks at all steps with `keras.layers.Attention`: the states are query, key and value.

    Args:
        use_scale, score_mode, dropout: as in `keras.layers.Attention`.
        use_causal_mask: whether a step sees only itself and what came before it.

    Call arguments: as of `TrainedQueryAttention`.

    Returns:
        Tensor of shape `(batch, steps, features)`, zeros at padding; with `return_attention=True` also
        the weights, shape `(batch, query steps, steps)`: a valid step's row sums to 1 over the valid
        steps, a padded one's to 0.
    """

    def __init__(self, use_scale=True, score_mode="dot", dropout=0.0, use_causal_mask=False, **kwargs):
        super().__init__(**kwargs)
        self.use_scale = use_scale
        self.score_mode = score_mode
        self.dropout = dropout
        self.use_causal_mask = use_causal_mask
        self.supports_masking = True
        self.attention = keras.layers.Attention(use_scale, score_mode, dropout, name="attention")

    def build(self, input_shape):
        self.attention.build([input_shape, input_shape])

    def call(self, inputs, mask=None, training=False, return_attention=False, attention_weights=None):
        if attention_weights is None:
            output, weights = self.attention(
                [inputs, inputs],
                mask=None if mask is None else [mask, mask],
                training=training,
                return_attention_scores=True,
                use_causal_mask=self.use_causal_mask,
            )
            if mask is not None:
                weights = weights * ops.expand_dims(ops.cast(mask, weights.dtype), -1)
        else:
            weights = attention_weights
            output = ops.matmul(weights, inputs)
        return (output, weights) if return_attention else output

    def compute_mask(self, inputs, mask=None):
        return mask

    def compute_output_shape(self, input_shape):
        return input_shape

    def compute_output_spec(self, inputs, mask=None, training=False, return_attention=False, attention_weights=None):
        output = keras.KerasTensor(inputs.shape, self.compute_dtype)
        if not return_attention:
            return output
        return output, keras.KerasTensor((*inputs.shape[:2], inputs.shape[1]), self.compute_dtype)

    def get_config(self):
        return super().get_config() | {
            "use_scale": self.use_scale,
            "score_mode": self.score_mode,
            "dropout": self.dropout,
            "use_causal_mask": self.use_causal_mask,
        }
