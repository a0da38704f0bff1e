"""The scores of a Keras model's attention layers, and which input steps they are about."""

from __future__ import annotations

import functools
import math
import threading
from dataclasses import dataclass

import keras
import numpy as np

from models import layers as own
from models.errors import CheckpointError

_KERAS = "return_attention_scores"
_OURS = "return_attention"
# For each kind of layer: what its call names the switch, the dimensions of its scores behind the batch, and in words.
# A subclass stands before its parent.
_KINDS = (
    (keras.layers.AdditiveAttention, _KERAS, ("query", "step"), "Keras' AdditiveAttention"),
    (keras.layers.Attention, _KERAS, ("query", "step"), "Keras' Attention"),
    (keras.layers.MultiHeadAttention, _KERAS, ("head", "query", "step"), "Keras' MultiHeadAttention"),
    (keras.layers.GroupQueryAttention, _KERAS, ("head", "query", "step"), "Keras' GroupQueryAttention"),
    (own.UniversalQueryAttention, _OURS, ("step",), "Earmark's UniversalQueryAttention"),
    (own.TrainedQueryAttention, _OURS, ("step",), "Earmark's TrainedQueryAttention"),
    (own.RaffelAttention, _OURS, ("step",), "Earmark's RaffelAttention"),
    (own.StructuredSelfAttention, _OURS, ("head", "step"), "Earmark's StructuredSelfAttention"),
    (own.LabelAttention, _OURS, ("label", "step"), "Earmark's LabelAttention"),
    (own.SelfAttention, _OURS, ("query", "step"), "Earmark's SelfAttention"),
    (own.MultiHeadSelfAttention, _OURS, ("head", "query", "step"), "Earmark's MultiHeadSelfAttention"),
)
# A number of input steps that most strides divide.
LENGTH = 240


@dataclass(frozen=True)
class Found:
    """One call of an attention layer.

    Args:
        layer: its name in the model.
        kind: in words.
        roles: what the dimensions of its scores are, behind the batch; `"step"` is what is looked at.
    """

    layer: str
    kind: str
    roles: tuple[str, ...]


class Wired:
    """A model that hands out the scores of its attention layers beside its answer.

    The model itself runs as it was saved, to the last bit: only the call of each attention layer is followed by a
    second one, with the same arguments, that asks for its scores. (A rebuilt graph would not do: Keras passes masks
    along in the order of the graph, and asked for scores it may take a kernel that rounds differently.)

    Args:
        model: a built Functional or Sequential model with one input and one output.

    Attributes:
        found: what was found, by the names of its scores, in the order of the last run.
    """

    def __init__(self, model):
        self.model, self.found = model, {}
        self._scores, self._lock = None, threading.Lock()
        self._listen(model, "")

    def __call__(self, features) -> tuple:
        """`(output, scores)`: the model's answer, and scores by name."""
        with self._lock:
            self._scores, self.found = {}, {}
            try:
                return self.model(features, training=False), self._scores
            finally:
                self._scores = None

    def _listen(self, model, prefix):
        for layer in model.layers:
            kind = next((kind for kind in _KINDS if isinstance(layer, kind[0])), None)
            if kind is not None:
                layer.call = self._heard(layer.call, Found(layer.name, kind[3], kind[2]), kind[1], prefix + layer.name)
            elif isinstance(layer, keras.Model):
                self._listen(layer, f"{prefix}{layer.name}/")

    def _heard(self, call, found, switch, name):
        @functools.wraps(call)
        def heard(*args, **kwargs):
            output = call(*args, **kwargs)
            if self._scores is not None:
                # The model itself may ask for scores already.
                asked = output if isinstance(output, tuple) else call(*args, **(kwargs | {switch: True}))
                free = _free(name, self.found)
                self.found[free], self._scores[free] = found, asked[1]
            return output

        return heard


def _free(name, taken):
    """The name, numbered where the layer is called more than once."""
    if name not in taken:
        return name
    return next(f"{name}_{i}" for i in range(2, len(taken) + 3) if f"{name}_{i}" not in taken)


@dataclass(frozen=True)
class Layout:
    """How one call's scores lie over the input's steps.

    Args:
        axes: of the map that is made of them.
        stride: input steps under one step looked at; 0 where the layer looks at a single one, whatever the input.
        query_stride: the same of the looking steps; 0 where the map has no query axis.
        query: what happens to the scores' query dimension: `"keep"`, `"drop"` (there is one), `"mean"` or `"head"`
            (a fixed number of them: each is a head).
    """

    axes: tuple[str, ...]
    stride: int
    query_stride: int
    query: str

    def arrange(self, scores) -> np.ndarray:
        """Scores `(batch, ...)` as an array `(batch, *axes)`."""
        scores = np.asarray(scores, np.float32)
        if self.query == "drop":
            return scores[..., 0, :]
        if self.query == "mean":
            return scores.mean(axis=-2)
        if self.query == "head":
            return scores.reshape(len(scores), -1, scores.shape[-1])
        return scores


def layouts(sizes, found, labels, fixed=None) -> tuple[dict[str, Layout], dict[str, str]]:
    """Which input steps each call looks at, told from how its scores grow with the input.

    Args:
        sizes: a function from a number of input steps to the sizes of the scores behind the batch, by name.
        found: of `Wired`, after a run.
        labels: number of labels.
        fixed: the input's number of steps where the model reads no other. It is then assumed that what is looked at
            are the input's steps, in their order, evenly.

    Returns:
        Layouts by name; and for the other calls, a reason why they cannot be drawn.
    """
    lengths = (fixed,) if fixed else (LENGTH, 2 * LENGTH)
    seen = [sizes(length) for length in lengths]
    drawn, refused = {}, {}
    for name, what in found.items():
        shapes = [one[name] for one in seen]
        if len(shapes[0]) != len(what.roles):
            refused[name] = "its scores have further dimensions"
            continue
        strides = [
            _stride(list(zip(each, lengths, strict=True)), lambda n, p=position, name=name: sizes(n)[name][p])
            for position, each in enumerate(zip(*shapes, strict=True))
        ]
        layout = _layout(what.roles, shapes[0], strides, labels)
        if isinstance(layout, str):
            refused[name] = layout
        else:
            drawn[name] = layout
    return drawn, refused


def _stride(pairs, size_at):
    """Input steps for each entry of a dimension; 0 of a constant dimension, `None` where it does not divide evenly.

    Args:
        pairs: the dimension's size at one or two lengths of the input, `(size, length)`.
        size_at: a function from a length to the size.
    """
    (size, length), *more = pairs
    if not more:
        return 0 if size == 1 else length // size if length % size == 0 else None
    if size == more[0][0]:
        return 0
    stride = round(length / size)
    # With a length that the stride divides, the sizes must fit exactly.
    return stride if stride and all(size_at(stride * n) == n for n in (24, 48)) else None


def _layout(roles, sizes, strides, labels):
    at = len(roles) - 1
    stride, size = strides[at], sizes[at]
    if stride is None:
        return (
            "what it looks at does not divide evenly into steps of the input (a convolution or pooling in front cuts "
            'the edges: give it padding="same")'
        )
    if stride == 0 and size != 1:
        return f"it looks at {size} things that are not the input's steps"
    axes = list(roles)
    if "label" in axes and sizes[axes.index("label")] != labels:
        axes[axes.index("label")] = "head"
    if "query" not in axes:
        return Layout(tuple(axes), stride, 0, "keep")
    position = axes.index("query")
    query, count = strides[position], sizes[position]
    if count == 1 or stride == 0:
        # Where there is a single step to look at, every look is alike.
        axes.remove("query")
        return Layout(tuple(axes), stride, 0, "drop" if count == 1 else "mean")
    if query:
        return Layout(tuple(axes), stride, query, "keep")
    axes.remove("query")
    if query is None:
        return Layout(tuple(axes), stride, 0, "mean")
    return Layout(("head", "step"), stride, 0, "head")


def steps_of(strides) -> tuple[int, int]:
    """Input steps of one drawn step, and the number that an input's length must be a multiple of."""
    strides = [stride for stride in strides if stride] or [1]
    return math.gcd(*strides), math.lcm(*strides)


def input_of(model, name):
    """The model's only input, `(shape behind the batch, dtype)`.

    Raises:
        CheckpointError: it has several, a fixed batch, or was never built.
    """
    inputs = getattr(model, "inputs", None)
    if not inputs:
        raise CheckpointError(f"{name} was never built: call it once on data, or give it a keras.Input, and save it.")
    if len(inputs) > 1:
        listed = ", ".join(f"“{tensor.name}”" for tensor in inputs)
        raise CheckpointError(f"{name} has {len(inputs)} inputs ({listed}); Earmark feeds one: the text or the clip.")
    (tensor,) = inputs
    if tensor.shape[0] not in (None, 1):
        raise CheckpointError(f"{name} reads batches of exactly {tensor.shape[0]}; build it with an open batch size.")
    return tuple(tensor.shape[1:]), tensor.dtype
