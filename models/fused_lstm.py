"""LSTMs trained as one TensorFlow operation for all steps, instead of a loop of small operations for each."""

from __future__ import annotations

import contextlib

import keras


@contextlib.contextmanager
def fused_lstm():
    """Within it, Keras' LSTMs that it can replace run as `tf.raw_ops.BlockLSTM`.

    Same equations (Hochreiter & Schmidhuber 1997, with forget gates), same weights, same numbers but for rounding.
    `benchmarks/training.py` says what it saves. An LSTM with dropout inside its cell, other activations or no bias
    keeps Keras' loop, and so does every other backend. It holds for the whole process: for training commands, not for
    the app, whose threads build networks beside each other.

    Padding must lie behind the valid steps, as `models.training.pad` puts it.
    """
    if keras.backend.backend() != "tensorflow":
        yield
        return
    loop = keras.layers.LSTM.inner_loop

    def inner_loop(self, sequences, initial_state, mask, training=False):
        if not _replaceable(self):
            return loop(self, sequences, initial_state, mask, training=training)
        return _fused(self, sequences, initial_state, mask)

    keras.layers.LSTM.inner_loop = inner_loop
    try:
        yield
    finally:
        keras.layers.LSTM.inner_loop = loop


def _replaceable(layer):
    return (
        layer.activation is keras.activations.tanh
        and layer.recurrent_activation is keras.activations.sigmoid
        and layer.use_bias
        and not (layer.dropout or layer.recurrent_dropout or layer.unroll or layer.stateful)
    )


def _fused(layer, sequences, initial_state, mask):
    """What `LSTM.inner_loop` returns: the last output, all outputs, and the states."""
    import tensorflow as tf

    batch, steps = tf.shape(sequences)[0], tf.shape(sequences)[1]
    lengths = tf.fill([batch], steps) if mask is None else tf.reduce_sum(tf.cast(mask, tf.int32), axis=1)
    if layer.go_backwards:
        sequences = tf.reverse_sequence(sequences, lengths, seq_axis=1)
    # V1 of the operation, as the gradient that TensorFlow has for V2 reads the gates in V1's order.
    no_peephole = tf.zeros((layer.units,), sequences.dtype)
    result = tf.raw_ops.BlockLSTM(
        seq_len_max=tf.cast(steps, tf.int64),
        x=tf.transpose(sequences, (1, 0, 2)),
        h_prev=initial_state[0],
        cs_prev=initial_state[1],
        w=_gates(tf.concat([layer.cell.kernel, layer.cell.recurrent_kernel], axis=0)),
        b=_gates(layer.cell.bias),
        wci=no_peephole,
        wcf=no_peephole,
        wco=no_peephole,
        forget_bias=0.0,  # Keras keeps it in the bias
        cell_clip=-1.0,  # none
        use_peephole=False,
    )
    outputs, cells = (tf.transpose(values, (1, 0, 2)) for values in (result.h, result.cs))
    last = [
        tf.where((lengths > 0)[:, None], tf.gather(values, tf.maximum(lengths - 1, 0), axis=1, batch_dims=1), first)
        for values, first in zip((outputs, cells), initial_state, strict=True)
    ]
    valid = tf.sequence_mask(lengths, steps)[:, :, None]
    if layer.go_backwards:
        # Keras turns the padding round as well, and the steps before the first valid one say nothing.
        outputs = tf.reverse(tf.reverse_sequence(tf.where(valid, outputs, 0.0), lengths, seq_axis=1), axis=[1])
    else:
        outputs = tf.where(valid, outputs, 0.0 if layer.zero_output_for_mask else last[0][:, None])
    return last[0], outputs, last


def _gates(values):
    """From Keras' order of the gates (input, forget, cell, output) to the operation's (input, cell, forget, output)."""
    import tensorflow as tf

    entered, forgotten, cell, output = tf.split(values, 4, axis=-1)
    return tf.concat([entered, cell, forgotten, output], axis=-1)
