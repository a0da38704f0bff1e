"""The attention mechanisms, written with `keras.ops` only."""

from models.layers.dot_attention import SelfAttention, TrainedQueryAttention
from models.layers.hops import StructuredSelfAttention
from models.layers.label_attention import LabelAttention
from models.layers.multi_head import MultiHeadSelfAttention
from models.layers.pooling import masked_average, masked_max, masked_mean
from models.layers.raffel import RaffelAttention
from models.layers.residual import ResidualGain
from models.layers.softmax import masked_softmax
from models.layers.universal_query import UniversalQueryAttention

__all__ = [
    "LabelAttention",
    "MultiHeadSelfAttention",
    "RaffelAttention",
    "ResidualGain",
    "SelfAttention",
    "StructuredSelfAttention",
    "TrainedQueryAttention",
    "UniversalQueryAttention",
    "masked_average",
    "masked_max",
    "masked_mean",
    "masked_softmax",
]
