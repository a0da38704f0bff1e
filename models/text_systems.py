"""Text networks of the thread on attention in an RCNN: as asked, as asked about, and as answered."""

import keras
from keras import ops

from models.frontend.tokenizer import PADDING
from models.layers import MultiHeadSelfAttention, RaffelAttention, masked_max, masked_mean
from models.system import System

_WIDTHS = (1, 2, 3, 4, 5)


class TextSystem(System):
    """An embedding and its dropout; padding is token 0.

    Args:
        vocabulary_size: number of embedding rows, padding and unknown included.
        labels: number of labels L.
        embedding_dim: size of a word vector.
        embedding_trainable: whether word vectors learn; the thread froze pretrained ones.
        embedding_dropout: rate while training.
        own: a subclass' further hyperparameters.

    Call arguments:
        features: int32 tensor of token indices, shape `(batch, steps)`; 0 is padding.
        mask: bool tensor `(batch, steps)`; `None` reads it off the padding index.
        return_attention: whether to return `(probabilities, maps)`.

    Returns:
        Probabilities `(batch, L)`; with `return_attention=True` also a dict of the maps named in `attention_axes`.
    """

    def __init__(
        self,
        vocabulary_size,
        labels,
        embedding_dim=100,
        embedding_trainable=True,
        embedding_dropout=0.5,
        own=(),
        **kwargs,
    ):
        common = {
            "vocabulary_size": vocabulary_size,
            "labels": labels,
            "embedding_dim": embedding_dim,
            "embedding_trainable": embedding_trainable,
            "embedding_dropout": embedding_dropout,
        }
        super().__init__(common | dict(own), **kwargs)
        self.embedding = keras.layers.Embedding(
            vocabulary_size, embedding_dim, trainable=embedding_trainable, name="embedding"
        )
        self.embedding_drop = keras.layers.Dropout(embedding_dropout)

    def valid(self, features):
        return ops.not_equal(features, PADDING)

    def embed(self, features):
        return self.embedding(features)

    def _classifier(self, labels, kernel_regularizer=None):
        return keras.layers.Dense(
            labels, activation="sigmoid", kernel_regularizer=kernel_regularizer, name="classifier"
        )

    @property
    def output_bias(self):
        """The bias that training starts at the labels' base rates."""
        return self.classifier.bias


@keras.saving.register_keras_serializable("earmark")
class RCNN(TextSystem):
    """Embedding, two stacked BiLSTMs, convolutions of width 1 to 5 pooled by mean and maximum, sigmoid: no attention.

    The thread pooled over padding too; here padded steps are zero for the convolutions and left out of the pools.

    Args:
        units: LSTM units per direction.
        filters: output channels of each convolution; the pools give 10 times as many values.
    """

    def __init__(self, vocabulary_size, labels, units=128, filters=128, own=(), **common):
        super().__init__(vocabulary_size, labels, own={"units": units, "filters": filters} | dict(own), **common)
        self.recurrent = [
            keras.layers.Bidirectional(keras.layers.LSTM(units, return_sequences=True, name="lstm"), name=f"bilstm_{i}")
            for i in (1, 2)
        ]
        self.convolutions = [
            keras.layers.Conv1D(filters, width, padding="same", activation="relu", name=f"convolution_{width}")
            for width in _WIDTHS
        ]
        self.classifier = self._classifier(labels)

    def encode(self, embedded, mask=None, training=False):
        mask = ops.cast(mask, "bool")
        states = self.embedding_drop(embedded, training=training)
        for recurrent in self.recurrent:
            states = recurrent(states, mask=mask, training=training)
        return states * ops.expand_dims(ops.cast(mask, states.dtype), -1), mask

    def pooled(self, states, mask=None):
        """Mean and maximum of every convolution, `(batch, 10 * filters)`."""
        pools = []
        for convolution in self.convolutions:
            found = convolution(states)
            pools += [masked_mean(found, mask), masked_max(found, mask)]
        return ops.concatenate(pools, axis=-1)

    def attend(self, states, mask=None, attention_weights=None, training=False):
        return self.classifier(self.pooled(states, mask)), None


@keras.saving.register_keras_serializable("earmark")
class RCNNOneStep(RCNN):
    """The asker's RCNN with attention behind its pools: one step, whose weight is 1 whatever the text.

    `Reshape((1, 1280))`, feed-forward attention, batch normalisation, sigmoid. A softmax over one
    step is 1: the layer returns its input, it has nothing to learn, and it cannot matter.

    Args:
        use_attention: `False` leaves the attention layer's output unread; the output is the same.
    """

    attention_axes = {"one_step": ("step",)}
    attention_descriptions = {
        "one_step": "This attention sees a single step that holds the whole text already: its weight is 1 for every "
        "text, so it cannot matter. Drawn as what that means for the words: nothing tells them apart."
    }

    def __init__(self, vocabulary_size, labels, use_attention=True, **common):
        super().__init__(vocabulary_size, labels, own={"use_attention": use_attention}, **common)
        self.use_attention = use_attention
        self.attention = RaffelAttention(name="one_step")
        self.normalization = keras.layers.BatchNormalization(name="normalization")

    def attend(self, states, mask=None, attention_weights=None, training=False):
        pooled = self.pooled(states, mask)
        summary, weights = self.attention(
            ops.expand_dims(pooled, 1), training=training, return_attention=True, attention_weights=attention_weights
        )
        normal = self.normalization(summary if self.use_attention else pooled, training=training)
        return self.classifier(normal), weights


@keras.saving.register_keras_serializable("earmark")
class RCNNAttention(RCNN):
    """The RCNN with attention where it belongs: over the steps of the second BiLSTM, joined with the pools."""

    attention_axes = {"raffel": ("step",)}
    attention_descriptions = {
        "raffel": "Feed-forward attention over the words: each word gets a score from its own state, kept between -1 "
        "and 1, so no word weighs more than 7.4 times another. The convolutions beside it read the words, too."
    }

    def __init__(self, vocabulary_size, labels, **common):
        super().__init__(vocabulary_size, labels, **common)
        self.attention = RaffelAttention(name="raffel")

    def attend(self, states, mask=None, attention_weights=None, training=False):
        summary, weights = self.attention(
            states, mask=mask, training=training, return_attention=True, attention_weights=attention_weights
        )
        return self.classifier(ops.concatenate([self.pooled(states, mask), summary], axis=-1)), weights


@keras.saving.register_keras_serializable("earmark")
class MultiHeadResidual(TextSystem):
    """Multi-head self-attention over word vectors, two LSTMs, five residual convolutions, two pools, sigmoid.

    The answer in the thread: a block is `x + BatchNormalization(relu(Conv1D(x)))` of width 1;
    maximum over pairs of steps, then the mean of these.

    Args:
        num_heads, key_dim, attention_dropout: of `keras.layers.MultiHeadAttention`.
        units: LSTM units, and channels of the convolutions.
        fifth_reads_first: the thread's wiring, whose fifth block reads the first block's output: what
            blocks two to four compute reaches nothing. `False` chains all five.
        l1: factor of the L1 penalty on the attention's and the output's kernels. The thread's 0.1 drives
            the attention's kernels to zero, and with them every score: the maps become uniform.
        dropout: rate before the output while training.
    """

    attention_axes = {"multi_head": ("head", "query", "step")}
    attention_descriptions = {
        "multi_head": "Several heads over the word vectors: in each head every word looks at all words, before any "
        "layer has read them in order."
    }
    # The scores of every word for every word are held at once.
    longest = 3000

    def __init__(
        self,
        vocabulary_size,
        labels,
        num_heads=8,
        key_dim=100,
        attention_dropout=0.1,
        units=128,
        fifth_reads_first=False,
        l1=0.1,
        dropout=0.5,
        embedding_dropout=0.0,
        **common,
    ):
        own = {
            "num_heads": num_heads,
            "key_dim": key_dim,
            "attention_dropout": attention_dropout,
            "units": units,
            "fifth_reads_first": fifth_reads_first,
            "l1": l1,
            "dropout": dropout,
        }
        super().__init__(vocabulary_size, labels, embedding_dropout=embedding_dropout, own=own, **common)
        self.fifth_reads_first = fifth_reads_first
        self.attention = MultiHeadSelfAttention(
            num_heads, key_dim, attention_dropout, keras.regularizers.L1(l1) if l1 else None, name="multi_head"
        )
        self.recurrent = [keras.layers.LSTM(units, return_sequences=True, name=f"lstm_{i}") for i in (1, 2)]
        self.convolutions = [
            keras.layers.Conv1D(units, 1, activation="relu", name=f"convolution_{i}") for i in range(1, 6)
        ]
        self.normalizations = [keras.layers.BatchNormalization(name=f"normalization_{i}") for i in range(1, 6)]
        self.drop = keras.layers.Dropout(dropout)
        self.classifier = self._classifier(labels, keras.regularizers.L1(l1) if l1 else None)

    def encode(self, embedded, mask=None, training=False):
        return self.embedding_drop(embedded, training=training), ops.cast(mask, "bool")

    def attend(self, states, mask=None, attention_weights=None, training=False):
        states, weights = self.attention(
            states, mask=mask, training=training, return_attention=True, attention_weights=attention_weights
        )
        for recurrent in self.recurrent:
            states = recurrent(states, mask=mask, training=training)
        outputs = [states * ops.expand_dims(ops.cast(mask, states.dtype), -1)]
        for block, (convolution, normalization) in enumerate(
            zip(self.convolutions, self.normalizations, strict=True), start=1
        ):
            read = outputs[1] if block == 5 and self.fifth_reads_first else outputs[-1]
            outputs.append(read + normalization(convolution(read), mask=mask, training=training))
        pairs, either = _maximum_of_pairs(outputs[-1], mask)
        summary = self.drop(masked_mean(pairs, either), training=training)
        return self.classifier(summary), weights


def _maximum_of_pairs(states, mask):
    """`MaxPooling1D(2)` over valid steps: `(batch, ceil(steps / 2), features)` and which pairs hold any."""
    batch, steps = ops.shape(states)[:2]
    odd = steps % 2
    # One more step, cut off again where the number is even, so that the shape may be unknown to a graph.
    states = ops.pad(states, ((0, 0), (0, 1), (0, 0)))[:, : steps + odd]
    mask = ops.pad(mask, ((0, 0), (0, 1)))[:, : steps + odd]
    valid = ops.reshape(mask, (batch, (steps + odd) // 2, 2))
    states = ops.reshape(states, (batch, (steps + odd) // 2, 2, states.shape[2]))
    lowest = ops.full_like(states, -1e30)
    largest = ops.max(ops.where(ops.expand_dims(valid, -1), states, lowest), axis=2)
    either = ops.any(valid, axis=2)
    return ops.where(ops.expand_dims(either, -1), largest, ops.zeros_like(largest)), either
