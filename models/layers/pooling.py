"""Mean and maximum over valid steps, and the mean of every few."""

from keras import ops


def masked_mean(states, mask=None):
    """Mean over the valid steps of `(batch, steps, features)`; zeros where there is none."""
    if mask is None:
        return ops.mean(states, axis=1)
    valid = ops.expand_dims(ops.cast(mask, states.dtype), -1)
    return ops.sum(states * valid, axis=1) / ops.maximum(ops.sum(valid, axis=1), 1)


def masked_max(states, mask=None):
    """Largest value over the valid steps of `(batch, steps, features)`; zeros where there is none."""
    if mask is None:
        return ops.max(states, axis=1)
    valid = ops.expand_dims(ops.cast(mask, "bool"), -1)
    largest = ops.max(ops.where(valid, states, ops.full_like(states, -1e30)), axis=1)
    return ops.where(ops.any(valid, axis=1), largest, ops.zeros_like(largest))


def masked_average(states, mask, size):
    """Mean of every `size` steps of `(batch, steps, features)`, padded ones left out.

    Args:
        mask: bool `(batch, steps)`.
        size: `steps` is a multiple of it.

    Returns:
        Tensor `(batch, steps / size, features)` and bool mask `(batch, steps / size)`: valid where any step was.
    """
    batch, steps = ops.shape(states)[:2]
    states = ops.reshape(states, (batch, steps // size, size, states.shape[2]))
    valid = ops.cast(ops.reshape(mask, (batch, steps // size, size)), states.dtype)
    count = ops.sum(valid, axis=2, keepdims=True)
    mean = ops.sum(states * ops.expand_dims(valid, -1), axis=2) / ops.maximum(count, 1)
    return mean, ops.squeeze(count, -1) > 0
