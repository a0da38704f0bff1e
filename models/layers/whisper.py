"""The first layers of Whisper's encoder: what a speech recogniser learned to hear, before it turns to words."""

import math

import keras
from keras import ops

from models.layers.multi_head import MultiHeadSelfAttention


@keras.saving.register_keras_serializable("earmark")
class WhisperBlock(keras.layers.Layer):
    """One block of Whisper's encoder (Radford et al. 2022): self-attention and a hidden layer, each on a normalised
    copy of the states and added to them (pre-norm, Xiong et al. 2020).

    `x = x + attention(norm(x))`, then `x = x + W2 gelu(W1 norm(x))`.

    Args:
        heads: attention heads.
        hidden: size of the hidden layer.

    Call arguments:
        inputs: float tensor `(batch, steps, size)`, `size` a multiple of `heads`.
        mask: bool tensor `(batch, steps)`, `True` at valid steps; no step looks at padding.

    Returns:
        Tensor of the inputs' shape; what stands at padded steps means nothing.
    """

    def __init__(self, heads=6, hidden=1536, **kwargs):
        super().__init__(**kwargs)
        self.heads, self.hidden = heads, hidden
        self.supports_masking = True

    def build(self, input_shape):
        size = input_shape[-1]
        self.attention_norm = keras.layers.LayerNormalization(epsilon=1e-5, name="attention_norm")
        self.attention = MultiHeadSelfAttention(self.heads, size // self.heads, name="attention")
        self.hidden_norm = keras.layers.LayerNormalization(epsilon=1e-5, name="hidden_norm")
        self.widen = keras.layers.Dense(self.hidden, name="widen")
        self.narrow = keras.layers.Dense(size, name="narrow")
        for layer in (self.attention_norm, self.attention, self.hidden_norm, self.widen):
            layer.build(input_shape)
        self.narrow.build((*input_shape[:-1], self.hidden))

    def call(self, inputs, mask=None, training=False):
        states = inputs + self.attention(self.attention_norm(inputs), mask=mask, training=training)
        hidden = ops.gelu(self.widen(self.hidden_norm(states)), approximate=False)
        return states + self.narrow(hidden)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | {"heads": self.heads, "hidden": self.hidden}


@keras.saving.register_keras_serializable("earmark")
class WhisperEncoder(keras.layers.Layer):
    """Whisper's encoder (Radford et al. 2022) up to one of its first blocks, without the norm behind the last.

    Two convolutions of width 3, the second with stride 2, each with GELU; sines and cosines of the position are
    added; then the blocks. As in Whisper, but that padding is set to zero and never looked at (Whisper fills every clip
    up to 30 s with silence and hears that, too).

    Whisper reads `(log10(power) + 4) / 4` of each band, at most 2 under the loudest. This layer reads standardised
    decibel and turns them back by `scale` and `offset`, two weights that are set once (`models.whisper.set_scale`) and
    never trained.

    Args:
        size: channels and features of a step.
        blocks: number of blocks.
        heads, hidden: of each block.

    Call arguments:
        inputs: float tensor `(batch, frames, bands)`, `frames` even.
        mask: bool tensor `(batch, frames)`, `True` at valid frames.

    Returns:
        Float tensor `(batch, frames / 2, size)`, zeros at padded steps. A step is valid if its first frame is.
    """

    def __init__(self, size=384, blocks=1, heads=6, hidden=1536, **kwargs):
        super().__init__(**kwargs)
        self.size, self.heads, self.hidden = size, heads, hidden
        self.convolutions = [
            keras.layers.Conv1D(size, 3, strides=stride, padding="valid", name=f"convolution_{i}")
            for i, stride in ((1, 1), (2, 2))
        ]
        self.blocks = [WhisperBlock(heads, hidden, name=f"block_{i + 1}") for i in range(blocks)]

    def build(self, input_shape):
        self.scale, self.offset = (
            self.add_weight(shape=(input_shape[-1],), initializer=start, trainable=False, name=name)
            for name, start in (("scale", "ones"), ("offset", "zeros"))
        )
        shape = tuple(input_shape)
        for layer in (*self.convolutions, *self.blocks):
            layer.build(shape)
            shape = (*input_shape[:-1], self.size)

    def call(self, inputs, mask, training=False):
        states = _silenced(inputs * self.scale + self.offset, mask)
        for convolution in self.convolutions:
            # As PyTorch pads: one frame at either end, whatever the length; Keras' "same" pads by length.
            states = ops.gelu(convolution(ops.pad(states, ((0, 0), (1, 1), (0, 0)))), approximate=False)
            mask = mask[:, :: convolution.strides[0]]
            states = _silenced(states, mask)
        states = states + ops.cast(positions(ops.shape(states)[1], self.size), states.dtype)
        for block in self.blocks:
            states = block(states, mask=mask, training=training)
        return _silenced(states, mask)

    def compute_output_shape(self, input_shape):
        frames = input_shape[1]
        return (input_shape[0], None if frames is None else frames // 2, self.size)

    def get_config(self):
        own = {"size": self.size, "blocks": len(self.blocks), "heads": self.heads, "hidden": self.hidden}
        return super().get_config() | own


def positions(steps, size):
    """Sines, then cosines of each position, `(steps, size)`: frequencies from 1 down to 1 / 10,000, evenly in their
    logarithm (Vaswani et al. 2017, in Whisper's order)."""
    half = size // 2
    frequencies = ops.exp(ops.arange(half, dtype="float32") * (-math.log(10_000) / (half - 1)))
    angles = ops.expand_dims(ops.arange(steps, dtype="float32"), -1) * frequencies
    return ops.concatenate([ops.sin(angles), ops.cos(angles)], axis=-1)


def _silenced(states, mask):
    return states * ops.expand_dims(ops.cast(mask, states.dtype), -1)
