"""Speech networks that differ in one thing: how a BiLSTM's states become one answer.

All read log-mel frames stacked to longer steps through one trunk, as asked in the thread on
attention with stacked bidirectional LSTMs: Masking, two BiLSTMs with dropout and recurrent
dropout 0.2, Dense softmax.
"""

import keras
from keras import ops

from models.layers import (
    MultiHeadSelfAttention,
    RaffelAttention,
    ResidualGain,
    SelfAttention,
    StructuredSelfAttention,
    TrainedQueryAttention,
    UniversalQueryAttention,
    masked_mean,
)
from models.system import System


class BiLSTMSystem(System):
    """The trunk: stacked frames, Masking, two BiLSTMs; a subclass says how to attend to their states.

    Args:
        labels: number of labels L.
        bands: mel bands a frame.
        step_frames: frames stacked into one step; 4 of 10 ms make steps of 40 ms.
        units: LSTM units per direction.
        dropout, recurrent_dropout: of both LSTMs while training.
        own: a subclass' further hyperparameters.

    Call arguments:
        features: float tensor `(batch, frames, bands)`, `frames` a multiple of `step_frames`;
            an all-zero step is padding.
        mask: bool tensor `(batch, frames)`; `None` reads it off the zeros, as `keras.layers.Masking` does.
        return_attention: whether to return `(probabilities, maps)`.

    Returns:
        Probabilities `(batch, L)`; with `return_attention=True` also a dict of the maps named in
        `attention_axes`, whose last axis has `frames / step_frames` steps.
    """

    last_returns_sequences = True
    mixed_by = "recurrent layers"

    @property
    def time_stages(self):
        """`(name, kernel, stride)` over time of every layer that widens or thins out time, in order."""
        return [("stacking", self.step_frames, self.step_frames)]

    def __init__(self, labels, bands=64, step_frames=4, units=64, dropout=0.2, recurrent_dropout=0.2, own=(), **kwargs):
        trunk = {
            "labels": labels,
            "bands": bands,
            "step_frames": step_frames,
            "units": units,
            "dropout": dropout,
            "recurrent_dropout": recurrent_dropout,
        }
        super().__init__(trunk | dict(own), **kwargs)
        self.step_frames = step_frames
        self.masking = keras.layers.Masking(0.0)
        self.recurrent = [
            keras.layers.Bidirectional(
                keras.layers.LSTM(
                    units,
                    return_sequences=sequences,
                    dropout=dropout,
                    recurrent_dropout=recurrent_dropout,
                    name="lstm",
                ),
                name=f"bilstm_{i}",
            )
            for i, sequences in ((1, True), (2, self.last_returns_sequences))
        ]
        self.classifier = keras.layers.Dense(labels, activation="softmax", name="classifier")

    def _stack(self, features, mask):
        """Frames side by side, `(batch, steps, step_frames * bands)`, and which steps hold any frame."""
        batch, frames = ops.shape(features)[:2]
        steps = frames // self.step_frames
        stacked = ops.reshape(features, (batch, steps, self.step_frames * features.shape[2]))
        if mask is None:
            return stacked, self.masking.compute_mask(stacked)
        mask = ops.reshape(ops.cast(mask, "bool"), (batch, steps, self.step_frames))
        return stacked, ops.any(mask, axis=-1)

    def _recur(self, states, mask, training):
        for recurrent in self.recurrent:
            states = recurrent(states, mask=mask, training=training)
        return states

    def encode(self, embedded, mask=None, training=False):
        stacked, mask = self._stack(embedded, mask)
        return self._recur(stacked, mask, training), mask


@keras.saving.register_keras_serializable("earmark")
class BiLSTMLast(BiLSTMSystem):
    """Masking, two stacked BiLSTMs, the last state of each direction, softmax: no attention at all."""

    last_returns_sequences = False

    def attend(self, states, mask=None, attention_weights=None, training=False):
        return self.classifier(states), None


@keras.saving.register_keras_serializable("earmark")
class BiLSTMMean(BiLSTMSystem):
    """Masking, two stacked BiLSTMs, the mean over valid steps, softmax: what uniform attention would do."""

    attention_axes = {"mean": ("step",)}
    attention_descriptions = {
        "mean": "No attention: the mean gives every moment the same weight. Shown as the map that others must beat."
    }

    def attend(self, states, mask=None, attention_weights=None, training=False):
        weights = attention_weights
        if weights is None:
            weights = ops.cast(mask, states.dtype)
            weights = weights / ops.maximum(ops.sum(weights, axis=-1, keepdims=True), 1)
        return self.classifier(ops.einsum("bt,btf->bf", weights, states)), weights


class _Pooled(BiLSTMSystem):
    """A trunk whose states are pooled by one layer, `self.attention`."""

    def attend(self, states, mask=None, attention_weights=None, training=False):
        summary, weights = self.attention(
            states, mask=mask, training=training, return_attention=True, attention_weights=attention_weights
        )
        if len(summary.shape) == 3:  # one vector a hop
            summary = ops.reshape(summary, (ops.shape(summary)[0], summary.shape[1] * summary.shape[2]))
        return self.classifier(summary), weights


@keras.saving.register_keras_serializable("earmark")
class BiLSTMKerasAttention(_Pooled):
    """Masking, two stacked BiLSTMs, `keras.layers.Attention` with one trained query, softmax.

    Args:
        use_scale, score_mode, attention_dropout: of `keras.layers.Attention`.
    """

    attention_axes = {"keras_attention": ("step",)}
    attention_descriptions = {
        "keras_attention": "Keras' own Attention layer with one trained query: each moment is scored by how well its "
        "state matches the query."
    }

    def __init__(self, labels, use_scale=True, score_mode="dot", attention_dropout=0.0, **trunk):
        own = {"use_scale": use_scale, "score_mode": score_mode, "attention_dropout": attention_dropout}
        super().__init__(labels, own=own, **trunk)
        self.attention = TrainedQueryAttention(use_scale, score_mode, attention_dropout, name="keras_attention")


@keras.saving.register_keras_serializable("earmark")
class BiLSTMQuery(_Pooled):
    """Masking, two stacked BiLSTMs, attentive pooling with one trained query (Yang et al. 2016), softmax.

    Args:
        attention_units: hidden size of the attention.
        attention_dropout: rate of the weights dropped while training.
    """

    attention_axes = {"universal_query": ("step",)}
    attention_descriptions = {
        "universal_query": "One trained query looks at every moment of the clip through a small hidden layer; the "
        "weights say how much of each moment went into the summary that the emotions are read from."
    }

    def __init__(self, labels, attention_units=64, attention_dropout=0.0, **trunk):
        own = {"attention_units": attention_units, "attention_dropout": attention_dropout}
        super().__init__(labels, own=own, **trunk)
        self.attention = UniversalQueryAttention(attention_units, attention_dropout, name="universal_query")


@keras.saving.register_keras_serializable("earmark")
class BiLSTMRaffel(_Pooled):
    """Masking, two stacked BiLSTMs, the thread's feed-forward attention (Raffel & Ellis 2015), softmax.

    Args:
        bias_steps: of `RaffelAttention`.
    """

    attention_axes = {"raffel": ("step",)}
    attention_descriptions = {
        "raffel": "Feed-forward attention: each moment gets a score from itself alone, kept between -1 and 1, so no "
        "moment weighs more than 7.4 times another."
    }

    def __init__(self, labels, bias_steps=1, **trunk):
        super().__init__(labels, own={"bias_steps": bias_steps}, **trunk)
        self.attention = RaffelAttention(bias_steps, name="raffel")


@keras.saving.register_keras_serializable("earmark")
class BiLSTMHops(_Pooled):
    """Masking, two stacked BiLSTMs, structured self-attention with several hops (Lin et al. 2017), softmax.

    Args:
        attention_units: hidden size of the attention.
        hops: number of hops r.
        penalty: factor of the redundancy penalty.
    """

    attention_axes = {"hops": ("head", "step")}
    attention_descriptions = {
        "hops": "Several hops, each a view of the clip with weights of its own; a penalty while training pushes them "
        "to look at different moments."
    }

    def __init__(self, labels, attention_units=64, hops=4, penalty=0.1, **trunk):
        super().__init__(labels, own={"attention_units": attention_units, "hops": hops, "penalty": penalty}, **trunk)
        self.attention = StructuredSelfAttention(attention_units, hops, penalty, name="hops")


@keras.saving.register_keras_serializable("earmark")
class BiLSTMPerStep(BiLSTMSystem):
    """Masking, two stacked BiLSTMs, self-attention over their states, a softmax for every step.

    Trained from labels of whole clips: the clip's probabilities are the mean of its steps'. Each
    step reads its own state beside what it attended to.

    Args:
        use_scale, score_mode, attention_dropout, use_causal_mask: of `keras.layers.Attention`; with
            `use_causal_mask` a step attends to itself and what came before. (The BiLSTM below it still
            hears the whole clip.)
    """

    attention_axes = {"self_attention": ("query", "step")}
    attention_descriptions = {
        "self_attention": "Every moment looks at all moments and then says its own emotion: a row is where one moment "
        "looked."
    }

    def __init__(self, labels, use_scale=True, score_mode="dot", attention_dropout=0.0, use_causal_mask=False, **trunk):
        own = {
            "use_scale": use_scale,
            "score_mode": score_mode,
            "attention_dropout": attention_dropout,
            "use_causal_mask": use_causal_mask,
        }
        super().__init__(labels, own=own, **trunk)
        self.attention = SelfAttention(use_scale, score_mode, attention_dropout, use_causal_mask, name="self_attention")

    def _answers(self, states, mask, attention_weights, training):
        context, weights = self.attention(
            states, mask=mask, training=training, return_attention=True, attention_weights=attention_weights
        )
        return self.classifier(ops.concatenate([states, context], axis=-1)), weights

    def attend(self, states, mask=None, attention_weights=None, training=False):
        answers, weights = self._answers(states, mask, attention_weights, training)
        return masked_mean(answers, mask), weights

    def track(self, features):
        """The emotion track: probabilities of every step, `(batch, steps, L)`; their mean is `call`'s answer."""
        states, mask = self.encode(self.embed(features))
        return self._answers(states, mask, None, False)[0]


@keras.saving.register_keras_serializable("earmark")
class MultiHeadBiLSTM(BiLSTMSystem):
    """Masking, multi-head self-attention over the frames, two stacked BiLSTMs, the last states, softmax.

    The frames also go round the heads, which add to them (`ResidualGain`).

    Args:
        num_heads, key_dim, attention_dropout: of `keras.layers.MultiHeadAttention`.
        gain: what the heads found is added to the frames, times a trained gain that starts here.
    """

    attention_axes = {"multi_head": ("head", "query", "step")}
    attention_descriptions = {
        "multi_head": "Several heads in front of the recurrent layers: in each head every moment looks at all moments. "
        "What they find is scaled down and added to the sound, which also reaches the recurrent layers directly."
    }
    last_returns_sequences = False
    mixed_by = ""

    def __init__(self, labels, num_heads=4, key_dim=32, attention_dropout=0.0, gain=0.1, **trunk):
        own = {
            "num_heads": num_heads,
            "key_dim": key_dim,
            "attention_dropout": attention_dropout,
            "gain": gain,
        }
        super().__init__(labels, own=own, **trunk)
        self.residual = ResidualGain(gain, name="residual")
        self.attention = MultiHeadSelfAttention(num_heads, key_dim, attention_dropout, name="multi_head")

    def encode(self, embedded, mask=None, training=False):
        return self._stack(embedded, mask)

    def attend(self, states, mask=None, attention_weights=None, training=False):
        mixed, weights = self.attention(
            states, mask=mask, training=training, return_attention=True, attention_weights=attention_weights
        )
        return self.classifier(self._recur(self.residual(states, mixed), mask, training)), weights
