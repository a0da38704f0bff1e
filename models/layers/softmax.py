"""Softmax over valid steps."""

from keras import ops


def masked_softmax(scores, mask=None):
    """Softmax over the last axis, counting only valid steps.

    The row maximum over valid steps is subtracted first, so large scores do not overflow. A row
    without a valid step gives zeros, never NaN.

    Args:
        scores: float tensor of shape `(..., steps)`.
        mask: bool tensor broadcastable to `scores`, `True` at valid steps; `None`: all valid.

    Returns:
        Tensor of the shape of `scores`; each row sums to 1, or to 0 where no step is valid.
    """
    if mask is None:
        exponentials = ops.exp(scores - ops.max(scores, axis=-1, keepdims=True))
        return exponentials / ops.sum(exponentials, axis=-1, keepdims=True)
    mask = ops.broadcast_to(ops.cast(mask, "bool"), ops.shape(scores))
    lowest = ops.full_like(scores, -1e30)
    scores = ops.where(mask, scores, lowest)
    exponentials = ops.exp(scores - ops.max(scores, axis=-1, keepdims=True))
    exponentials = exponentials * ops.cast(mask, exponentials.dtype)
    total = ops.sum(exponentials, axis=-1, keepdims=True)
    # A valid row's total is at least 1 (its maximum contributes exp(0)); only an empty row has 0.
    return exponentials / ops.maximum(total, 1e-30)
