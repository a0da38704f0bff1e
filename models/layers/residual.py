"""A residual connection that starts small."""

import keras


@keras.saving.register_keras_serializable("earmark")
class ResidualGain(keras.layers.Layer):
    """`inputs + gain * change`, with one trained gain a feature (LayerScale, Touvron et al. 2021).

    A layer in front of a recurrent trunk then first leaves the trunk's input nearly as it is, and is let in as far
    as it helps. Without it a large learning rate drowns the input before the trunk has learned to read it.

    Args:
        start: every gain before training.

    Call arguments:
        inputs, change: float tensors of one shape `(..., features)`.

    Returns:
        Tensor of that shape.
    """

    def __init__(self, start=0.1, **kwargs):
        super().__init__(**kwargs)
        self.start = start

    def build(self, inputs_shape, change_shape):
        self.gain = self.add_weight(
            shape=(inputs_shape[-1],), initializer=keras.initializers.Constant(self.start), name="gain"
        )

    def call(self, inputs, change):
        return inputs + self.gain * change

    def get_config(self):
        return super().get_config() | {"start": self.start}
