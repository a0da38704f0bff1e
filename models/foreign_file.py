"""A look into a `.keras` file before anything of it is loaded; needs no TensorFlow."""

from __future__ import annotations

import functools
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

from models.errors import CheckpointError

# Layers with attention that Earmark wires out: Keras' own, and ours (`models.layers`), as a file names them.
KERAS_ATTENTION = ("Attention", "AdditiveAttention", "MultiHeadAttention", "GroupedQueryAttention")
OWN_ATTENTION = (
    "LabelAttention",
    "MultiHeadSelfAttention",
    "RaffelAttention",
    "SelfAttention",
    "StructuredSelfAttention",
    "TrainedQueryAttention",
    "UniversalQueryAttention",
)
# Layers that hold, or fetch, a program of their own.
_PROGRAMS = ("TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer")
_LARGEST = 64 * 2**20  # bytes of a model's description; that of a network of thousands of layers has a few


@dataclass(frozen=True)
class Contents:
    """What a `.keras` file says of itself: its kind of model, its layers' number, and `(class, name)` of some.

    Args:
        kind: `"Functional"` or `"Sequential"`.
        layers: number of layers, those of models inside it included.
        attention: class and name of every layer of `KERAS_ATTENTION` and `OWN_ATTENTION`, in the file's order.
        vectorization: whether a `TextVectorization` layer is among them.
    """

    kind: str
    layers: int
    attention: tuple[tuple[str, str], ...]
    vectorization: bool


def contents(file: Path) -> Contents:
    """What is in the file.

    Raises:
        CheckpointError: it is damaged, no Keras 3 file, or holds what Earmark does not load: programs and classes
            that it does not know.
    """
    try:
        stat = file.stat()
    except OSError as error:
        raise CheckpointError(f"“{file.name}” cannot be read ({error.strerror}). Check its permissions.") from error
    return _contents(file, stat.st_mtime_ns, stat.st_size)


@functools.lru_cache(maxsize=256)
def _contents(file, modified, size):
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
            absent = [name for name in ("config.json", "metadata.json", "model.weights.h5") if name not in names]
            if absent:
                raise CheckpointError(
                    f"“{file.name}” is no Keras 3 model: {' and '.join(absent)} missing in it. Save it again with "
                    "model.save(…) in Keras 3."
                )
            if archive.getinfo("config.json").file_size > _LARGEST:
                raise CheckpointError(f"“{file.name}” describes a model too large to look at.")
            root = json.loads(archive.read("config.json"))
            version = str(json.loads(archive.read("metadata.json")).get("keras_version", ""))
    except (zipfile.BadZipFile, zipfile.LargeZipFile, OSError, EOFError) as error:
        with file.open("rb") as handle:
            hdf5 = handle.read(4) == b"\x89HDF"
        reason = (
            "it is an HDF5 file of older Keras" if hdf5 else "it is not a whole .keras file; the copy may have been cut"
        )
        raise CheckpointError(
            f"“{file.name}” cannot be opened: {reason}. Save it again with model.save(…) in Keras 3."
        ) from error
    except (ValueError, AttributeError, KeyError, NotImplementedError, RuntimeError) as error:
        raise CheckpointError(
            f"“{file.name}” is damaged: what it says of itself cannot be read. Save it again with model.save(…)."
        ) from error
    if version.startswith(("1.", "2.")):
        raise CheckpointError(f"“{file.name}” was saved by Keras {version}. Save it again with Keras 3.")
    return _checked(file, root)


def _checked(file, root):
    kind = root.get("class_name") if isinstance(root, dict) else None
    if not isinstance(kind, str) or not isinstance(root.get("config"), dict):
        raise CheckpointError(f"“{file.name}” is damaged: it names no model. Save it again with model.save(…).")
    if kind not in ("Functional", "Sequential") or root.get("registered_name") not in (None, kind):
        raise CheckpointError(
            f"“{file.name}” is a subclassed model ({kind}): its wiring is a program that the file does not hold. "
            "Build the same layers as keras.Model(inputs, outputs) or keras.Sequential, copy the weights over "
            "(set_weights) and save that."
        )
    found = list(_objects(root["config"]))
    for node in found:
        _refuse(file, node)
    layers = [node for node in found if "name" in node["config"] and isinstance(node["config"]["name"], str)]
    attention = tuple(
        (node["class_name"], node["config"]["name"])
        for node in layers
        if node["class_name"] in KERAS_ATTENTION + OWN_ATTENTION
    )
    vectorization = any(node["class_name"] == "TextVectorization" for node in layers)
    return Contents(kind, sum("build_config" in n or "inbound_nodes" in n for n in layers), attention, vectorization)


def _objects(value):
    """Every serialised object, parents first."""
    stack = [value]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            if isinstance(value.get("class_name"), str):
                yield value if isinstance(value.get("config"), dict) else {**value, "config": {}}
            stack.extend(reversed(list(value.values())))
        elif isinstance(value, list):
            stack.extend(reversed(value))


def _refuse(file, node):
    kind, module = node["class_name"], node.get("module")
    named = f"layer “{node['config']['name']}”" if isinstance(node["config"].get("name"), str) else "a part"
    if kind in ("Lambda", "__lambda__"):
        raise CheckpointError(
            f"“{file.name}” holds a program: {named} is a Lambda, and Earmark runs no code from a file. "
            "Replace it by a layer of Keras or by keras.ops, and save the model again."
        )
    if kind in _PROGRAMS:
        raise CheckpointError(
            f"“{file.name}” holds a program: {named} is a {kind}, and Earmark runs no code from a file. "
            "Replace it by layers of Keras, and save the model again."
        )
    registered = node.get("registered_name")
    ours = isinstance(registered, str) and registered.startswith("earmark>")
    if ours and kind in OWN_ATTENTION:
        return
    keras_own = module is None or module == "builtins" or module == "keras" or str(module).startswith("keras.")
    if ours or not keras_own or (registered not in (None, kind) and kind != "function"):
        raise CheckpointError(
            f"“{file.name}” needs a class that Earmark does not have: {named} is a {kind}, whose code is not in the "
            "file. Replace it by layers of Keras or of models.layers, and save the model again."
        )
