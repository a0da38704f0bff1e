"""The attention mechanisms, written with `keras.ops` only."""

from models.layers.label_attention import LabelAttention
from models.layers.softmax import masked_softmax
from models.layers.universal_query import UniversalQueryAttention

__all__ = ["LabelAttention", "UniversalQueryAttention", "masked_softmax"]
