"""Our dataclasses to JSON, and back again, checked field by field."""

from __future__ import annotations

import dataclasses
import json
import types
import typing

import numpy as np


def write(value, name: str, version: int) -> str:
    """One JSON object: `format` and `format_version`, then the fields of a dataclass of plain values.

    Raises:
        ValueError: a figure is NaN or infinite.
    """
    body = {"format": name, "format_version": version} | dataclasses.asdict(value)
    return json.dumps(body, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def read_file(kind, file, name: str, version: int):
    """What `write` left in a file; `None` where there is no such file, it is of another format, or damaged."""
    try:
        body = json.loads(file.read_text(encoding="utf-8"))
        if body["format"] != name or body["format_version"] != version:
            return None
        return read(kind, body)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError, OSError):
        return None


def read(kind, value):
    """A value of that type from what `json.loads` gave: dataclasses, tuples, dicts, arrays, plain values, or `None`.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: a field is missing or of another type.
    """
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return None if value is None else read(typing.get_args(kind)[0], value)
    if typing.get_origin(kind) is tuple:
        return tuple(read(typing.get_args(kind)[0], entry) for entry in value)
    if typing.get_origin(kind) is dict:
        return {str(key): read(typing.get_args(kind)[1], entry) for key, entry in value.items()}
    if dataclasses.is_dataclass(kind):
        fields = typing.get_type_hints(kind)
        return kind(**{name: read(of, value[name]) for name, of in fields.items()})
    if kind is np.ndarray:
        # A `Band` holds arrays, or single figures.
        whole = isinstance(value, list) and all(isinstance(entry, int) for entry in value)
        return np.array(value, np.int64 if whole else np.float32) if isinstance(value, list) else float(value)
    if not isinstance(value, (int, float) if kind is float else kind) or (kind is int and isinstance(value, bool)):
        raise TypeError(f"{value!r} is not {kind.__name__}")
    return kind(value)
