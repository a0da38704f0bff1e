"""Mean and maximum over valid steps."""

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
