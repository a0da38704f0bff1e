"""A foreign checkpoint, loaded: its model wired up, tried once, and made to answer like one of ours."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from functools import cached_property

import keras
import numpy as np

from models import foreign_graph
from models.checkpoints import Checkpoint
from models.errors import CheckpointError, InputError
from models.foreign import files, name_of
from models.foreign_file import contents
from models.foreign_words import STANDARDIZE, ForeignVocabulary

# A map of every step for every step grows with the square of their number: the longest input for such a network.
LONGEST = 3000
# Heads of vocabulary files that some tools write: our own two reserved words.
_RESERVED = ({"", "[pad]", "<pad>", "<padding>"}, {"[unk]", "<unk>", "<oov>"})
_TRIAL_STEPS = 64


class ForeignCheckpoint(Checkpoint):
    """See `Checkpoint`. There is no history and no film; a folder may hold a `card.md`."""

    def __init__(self, path, config, model, vocabulary, frontend):
        super().__init__(path, config, model, vocabulary, frontend)
        self.name = name_of(self.path)
        self.title = config.get("title", self.name)

    @cached_property
    def hash(self) -> str:
        digest = hashlib.sha256()
        for kind, file in files(self.path).items():
            if file.is_file():
                digest.update(kind.encode() + b"\0" + file.read_bytes())
        return digest.hexdigest()

    def forward(self, features):
        features = np.asarray(features)
        try:
            probabilities, maps, _ = self.model.explain(features)
        except (InputError, CheckpointError):
            raise
        except Exception as error:  # whatever the backend raises where somebody else's layers do not fit
            unit = "words" if self.modality == "text" else "frames"
            raise InputError(
                f"“{self.title}” could not read this input of {features.shape[1]} {unit} ({_short(error)}). Try a "
                "longer or a shorter one."
            ) from error
        return probabilities, maps

    def track(self, features):
        return self.model.explain(np.asarray(features))[2]

    def notices(self, steps: int) -> tuple[str, ...]:
        """Plain sentences on an input of so many words or frames."""
        length = self.model.length
        if length is None or steps == length:
            return ()
        unit = "words" if self.modality == "text" else "frames"
        if steps > length:
            return (
                f"This network reads exactly {length} {unit}: the last {steps - length} of this input were not read.",
            )
        return (
            f"This network reads exactly {length} {unit}: this input was filled up with {length - steps} empty ones, "
            "and attention on those is not drawn.",
        )


class ForeignNetwork:
    """The wired model, with what `models.explain` and the Trust panel ask of a network.

    Attributes:
        attention_axes, attention_descriptions, step_frames: as of our own networks.
        length: number of input steps where the network reads no other, else `None`.
        rest: shape of one input step: `()` for a word's index, `(bands,)` for a frame.
        notes: sentences on what was found and cannot be drawn.
        supports_replacement: `False`: the weights inside of a graph cannot be replaced.
        longest: most words, where a map holds one weight for each pair of them.
    """

    supports_replacement = False

    def __init__(self, model, config, length, rest):
        self._wired, self._config = foreign_graph.Wired(model), config
        self.length, self.rest = length, rest
        self._padding = config.get("frontend", {}).get("padding", "post")
        self._run = self._compiled()
        if not self._agrees():
            self._run = self._whole
        self._sizes(length or foreign_graph.LENGTH)
        self.found = found = self._wired.found
        layouts, refused = foreign_graph.layouts(self._sizes, found, len(config["labels"]), length)
        self.notes = tuple(f"Layer “{found[name].layer}” is not drawn: {why}." for name, why in refused.items())
        # A summary that the answer is read from comes first: it is the map that is shown and tested.
        order = sorted(layouts, key=lambda name: "query" in layouts[name].axes)
        self._layouts = {name: layouts[name] for name in order}
        step, self.multiple = foreign_graph.steps_of([layout.stride for layout in layouts.values()])
        self.step_frames = step if config["modality"] == "speech" else 1
        unit = "word" if config["modality"] == "text" else "moment"
        self.attention_axes = {name: layouts[name].axes for name in order}
        self.attention_descriptions = {
            name: _describe(found[name], layouts[name], unit, length is not None) for name in order
        }
        if length is None and any("query" in layout.axes for layout in layouts.values()):
            self.longest = LONGEST

    def _compiled(self):
        if keras.backend.backend() != "tensorflow":
            return self._whole
        import tensorflow as tf

        dtype = tf.int32 if self._config["modality"] == "text" else tf.float32
        signature = [tf.TensorSpec((None, self.length, *self.rest), dtype)]
        return tf.function(self._whole, input_signature=signature, autograph=False)

    def _agrees(self):
        """Whether the compiled network answers as the plain one; with an open length, some layers of Keras do not."""
        shape = (1, self.length or _TRIAL_STEPS, *self.rest)
        features = np.random.default_rng(0).integers(1, 3, shape)
        features = features.astype(np.int32 if self._config["modality"] == "text" else np.float32)
        (output, scores), (plain, plain_scores) = self._run(features), self._whole(features)
        shapes = [[tuple(values.shape) for values in found.values()] for found in (scores, plain_scores)]
        return shapes[0] == shapes[1] and np.allclose(np.asarray(output), np.asarray(plain), atol=1e-3)

    def _whole(self, features):
        if len(self._wired.model.inputs[0].shape) > len(features.shape):
            # A picture's channel, which a network of two-dimensional convolutions wants.
            features = features[..., None]
        return self._wired(features)

    def _sizes(self, length):
        dtype = np.int32 if self._config["modality"] == "text" else np.float32
        _, scores = self._run(np.ones((1, length, *self.rest), dtype))
        return {name: tuple(values.shape[1:]) for name, values in scores.items()}

    def count_params(self) -> int:
        return self._wired.model.count_params()

    def __call__(self, features, training=False, return_attention=False):
        probabilities, maps, _ = self.explain(np.asarray(features))
        return (probabilities, maps) if return_attention else probabilities

    def predict_on_batch(self, features):
        return self(features)

    def explain(self, features) -> tuple[np.ndarray, dict[str, np.ndarray], np.ndarray | None]:
        """Answers to a padded batch, each row read without its padding.

        Nobody knows whether somebody else's network ignores padding, so rows of one length run together.

        Args:
            features: `(batch, steps, *rest)`, zeros behind each row.

        Returns:
            Probabilities `(batch, labels)`; maps by name, `(batch, *axes)` over `steps / step_frames` steps, or over
            1 where the layer sees one; and for per-step tasks the track `(batch, steps / step_frames, labels)`.
        """
        steps = features.shape[1]
        valid = features.reshape(len(features), steps, -1).any(axis=-1)
        own = np.where(valid.any(axis=1), steps - valid[:, ::-1].argmax(axis=1), 1)
        groups = defaultdict(list)
        for row, size in enumerate(own):
            groups[self.length or -(-int(size) // self.multiple) * self.multiple].append(row)
        labels = len(self._config["labels"])
        answers = np.zeros((len(features), labels), np.float32)
        drawn = -(-steps // self.step_frames)
        maps = {}
        track = np.zeros((len(features), drawn, labels), np.float32) if self._config["task"] == "per-step" else None
        for size, rows in groups.items():
            batch = np.zeros((len(rows), size, *self.rest), features.dtype)
            places = []
            for target, row in zip(batch, rows, strict=True):
                taken = min(int(own[row]), size)
                start = size - taken if self._padding == "pre" else 0
                target[start : start + taken] = features[row, :taken]
                places.append((start // self.step_frames, -(-taken // self.step_frames)))
            output, scores = self._run(batch)
            output = np.asarray(output, np.float32)
            if track is None:
                answers[rows] = self.probabilities(output)
            else:
                each = self.probabilities(np.repeat(output, size // output.shape[1] // self.step_frames, axis=1))
                for place, row, (_, taken) in zip(each, rows, places, strict=True):
                    track[row, :taken] = place[:taken]
                    answers[row] = place[:taken].mean(axis=0)
            for name, layout in self._layouts.items():
                weights = layout.arrange(scores[name])
                for row, own_weights, place in zip(rows, weights, places, strict=True):
                    placed = self._place(own_weights, layout, place, drawn, size)
                    if name not in maps:
                        maps[name] = np.zeros((len(features), *placed.shape), np.float32)
                    maps[name][row] = placed
        return answers, maps, track

    def _place(self, weights, layout, place, steps, size):
        """One row's map over the drawn steps: each step looked at shares its weight among those it covers."""
        if not layout.stride:
            return weights
        start, taken = place
        share = layout.stride // self.step_frames
        weights = np.repeat(weights / share, share, axis=-1)[..., start : start + taken]
        if taken * self.step_frames < size:
            # Padding is not drawn; what lay on it is left out.
            total = weights.sum(axis=-1, keepdims=True)
            weights = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
        behind = [(0, 0)] * (weights.ndim - 1) + [(0, steps - taken)]
        if layout.query_stride:
            unit = max(1, layout.query_stride // self.step_frames)
            weights = np.repeat(weights, unit, axis=-2)
            if layout.query_stride < self.step_frames:
                # Finer than what is drawn: looks within one drawn step are averaged.
                fine = self.step_frames // layout.query_stride
                weights = weights.reshape(*weights.shape[:-2], -1, fine, weights.shape[-1]).mean(axis=-2)
            weights = weights[..., start : start + taken, :]
            behind[-2] = (0, steps - taken)
        return np.pad(weights, behind)

    def probabilities(self, output) -> np.ndarray:
        """The network's output `(..., outputs)` as probabilities `(..., labels)`."""
        config = self._config
        one_of_two = output.shape[-1] == 1 and len(config["labels"]) == 2
        if config.get("output", "probabilities") == "logits":
            if config["task"] == "multi-label" or one_of_two:
                output = 1 / (1 + np.exp(-output))
            else:
                output = np.exp(output - output.max(axis=-1, keepdims=True))
                output = output / output.sum(axis=-1, keepdims=True)
        return np.concatenate([1 - output, output], axis=-1) if one_of_two else output


def _describe(found, layout, unit, guessed):
    text = f"{found.kind} layer “{found.layer}”: "
    if not layout.stride:
        return text + "it sees a single step that holds the whole input, so its weight is always 1."
    if "query" in layout.axes:
        text += f"every {unit} looks at all {unit}s; a row is where one of them looked."
    elif "label" in layout.axes:
        text += f"each label has a query of its own: a label's row says which {unit}s it looked at."
    elif layout.query == "head":
        text += f"a fixed number of queries, each shown like a head, look at all {unit}s."
    else:
        text += f"one look at all {unit}s; the weights say how much of each went into the answer."
    if "head" in layout.axes and layout.query != "head":
        text += " Each head has weights of its own."
    if layout.query == "mean":
        text += " Shown is the average over its queries."
    if layout.stride > 1:
        text += f" Each of its steps covers {layout.stride} {'words' if unit == 'word' else 'frames'}."
    if guessed:
        text += f" The network's length is fixed; that what it looks at are the {unit}s in their order is assumed."
    return text


def loaded(path, given) -> ForeignCheckpoint:
    """The checkpoint at that path, whose config was checked; see `models.foreign.load`.

    Raises:
        CheckpointError: without the checkpoint's name.
    """
    found = files(path)
    file = found["model"].name
    try:
        model = keras.saving.load_model(found["model"], compile=False, safe_mode=True)
    except Exception as error:  # Keras raises of every kind
        raise CheckpointError(f"Keras cannot load {file} ({_short(error)}).") from error
    vocabulary = frontend = fixed = None
    if given["modality"] == "text":
        model, vocabulary, fixed = _words(model, given, found["vocabulary"], file)
    else:
        frontend = _frontend(given)
    shape, dtype = foreign_graph.input_of(model, file)
    length, rest = _input(given, shape, dtype, fixed, frontend, file)
    if len(model.outputs) > 1:
        raise CheckpointError(
            f"{file} has {len(model.outputs)} outputs; keep the answer alone, as keras.Model(model.inputs, "
            "model.outputs[0]), and save that."
        )
    _check_output(model, given, file)
    network = _network(model, given, length, rest, vocabulary, file)
    seen = {name.split("/")[-1] for name in network.found}
    inside = [
        f"Layer “{layer}” ({kind}) is not drawn: it is inside of another layer."
        for kind, layer in contents(found["model"]).attention
        if layer not in seen
    ]
    network.notes += tuple(inside)
    if network.notes and not network.attention_axes:
        raise CheckpointError(f"no attention layer of {file} can be drawn. {' '.join(network.notes)}")
    if not network.attention_axes:
        network.notes = ("No attention layer was found in it: it predicts, but there is no map to draw.",)
    if frontend is not None and length:
        # A network of one length reads a long clip in windows of that length.
        frontend.window_seconds = length * frontend.log_mel.hop_seconds
        frontend.window_hop_seconds = frontend.window_seconds / 2
    _try(network, given, vocabulary, file)
    return ForeignCheckpoint(path, given, network, vocabulary, frontend)


def _words(model, given, file, model_file):
    """The model on word indices, its vocabulary, and its length where it fixes one."""
    frontend = given.get("frontend", {})
    length = frontend.get("length")
    first = model.layers[0] if isinstance(model, keras.Sequential) else _first(model)
    if type(first).__name__ == "TextVectorization":
        own = first.get_config()
        simple = own["output_mode"] == "int" and own["split"] == "whitespace" and not own["ngrams"]
        if not simple or own["standardize"] not in STANDARDIZE:
            raise CheckpointError(
                f"the TextVectorization layer “{first.name}” of {model_file} splits in a way that cannot be followed "
                'back to the text; use output_mode="int", split="whitespace", no ngrams and a standardize of Keras.'
            )
        words = [str(word) for word in first.get_vocabulary()[2:]]
        length = own["output_sequence_length"] or length
        if isinstance(model, keras.Sequential):
            inputs = keras.Input((length,), dtype="int64")
            output = inputs
            for layer in model.layers[1:]:
                output = layer(output)
            model = keras.Model(inputs, output)
        else:
            model = keras.Model(first.output, model.output)
        return model, ForeignVocabulary(words, own["standardize"]), length
    try:
        # Not `splitlines`: a word of the vocabulary may be a rare line separator.
        words = file.read_text(encoding="utf-8").replace("\r\n", "\n").split("\n")
        words = words[:-1] if words[-1] == "" else words
        if len(words) > 1 and all(word.lower() in head for word, head in zip(words, _RESERVED, strict=False)):
            words = words[2:]
        return model, ForeignVocabulary(words, frontend.get("standardize", "earmark")), length
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{file.name} cannot be used ({_short(error)}).") from error


def _first(model):
    """The layer behind the model's input, if it is a single one."""
    behind = [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]
    return behind[0] if behind else None


def _frontend(given):
    from models.frontend.speech import SpeechFrontend

    try:
        frontend = SpeechFrontend(**given["frontend"])
        bands = frontend.log_mel.bands
        for name in ("mean", "deviation"):
            value = getattr(frontend, name)
            if value.shape not in ((), (bands,)) or not np.isfinite(value).all():
                raise CheckpointError(f"“{name}” must be {bands} numbers, one for each mel band, or one for all.")
            setattr(frontend, name, np.broadcast_to(value, (bands,)))
        if (frontend.deviation <= 0).any():
            raise CheckpointError("“deviation” must be above 0.")
    except (TypeError, ValueError) as error:
        raise CheckpointError(f"its “frontend” does not fit ({_short(error)}).") from error
    return frontend


def _input(given, shape, dtype, fixed, frontend, file):
    """The fixed length or `None`, and the shape of one step."""
    if given["modality"] == "text":
        if dtype == "string" or len(shape) != 1:
            raise CheckpointError(
                f"{file} reads {dtype} of shape (batch, {', '.join(map(str, shape))}), not word indices of shape "
                "(batch, words)."
            )
        if shape[0] and fixed and shape[0] != fixed:
            raise CheckpointError(f"{file} reads {shape[0]} words, the config says {fixed}.")
        return shape[0] or fixed, ()
    bands = frontend.log_mel.bands
    if len(shape) not in (2, 3) or shape[1] not in (None, bands) or (len(shape) == 3 and shape[2] != 1):
        listed = ", ".join("any" if size is None else str(size) for size in shape)
        raise CheckpointError(
            f"{file} reads features of shape ({listed}), the frontend makes (frames, {bands}); set log_mel's bands."
        )
    return shape[0], (bands,)


def _check_output(model, given, file):
    labels, per_step = given["labels"], given["task"] == "per-step"
    shape = tuple(model.outputs[0].shape)
    allowed = {len(labels), 1} if len(labels) == 2 and given["task"] == "single-label" else {len(labels)}
    if len(shape) != 2 + per_step:
        raise CheckpointError(
            f"{file} answers with shape {_shape(shape)}; the task {given['task']} needs "
            + ("(batch, steps, labels)." if per_step else "(batch, labels).")
        )
    if shape[-1] not in allowed:
        raise CheckpointError(
            f"{file} has {shape[-1]} outputs, the config {len(labels)} labels; name one for each, in order."
        )


def _network(model, given, length, rest, vocabulary, file):
    """The network, which runs once while it is made."""
    small = [
        layer
        for layer in model.layers[:2]
        if isinstance(layer, keras.layers.Embedding) and vocabulary and layer.input_dim < len(vocabulary)
    ]
    if small:
        raise CheckpointError(
            f"the vocabulary has {len(vocabulary)} words with padding and the unknown one, but the Embedding "
            f"“{small[0].name}” of {file} has only {small[0].input_dim} rows."
        )
    try:
        return ForeignNetwork(model, given, length, rest)
    except Exception as error:  # whatever the backend raises where layers do not fit
        raise CheckpointError(f"{file} failed on a trial input ({_short(error)}).") from error


def _try(network, given, vocabulary, file):
    """One run on made-up features: are the answers probabilities?"""
    rng = np.random.default_rng(0)
    steps = network.length or -(-_TRIAL_STEPS // network.multiple) * network.multiple
    if given["modality"] == "text":
        features = rng.integers(1, len(vocabulary), (1, steps)).astype(np.int32)
    else:
        features = rng.normal(size=(1, steps, *network.rest)).astype(np.float32)
    try:
        probabilities, maps, _ = network.explain(features)
    except Exception as error:
        raise CheckpointError(f"{file} failed on a trial input of {steps} steps ({_short(error)}).") from error
    if not np.isfinite(probabilities).all() or not all(np.isfinite(weights).all() for weights in maps.values()):
        raise CheckpointError(f"{file} answers with values that are not numbers.")
    sums = probabilities.sum(axis=-1)
    outside = probabilities.min() < -1e-3 or probabilities.max() > 1 + 1e-3
    if outside or (given["task"] != "multi-label" and np.abs(sums - 1).max() > 1e-2):
        what = f"from {probabilities.min():.2f} to {probabilities.max():.2f}, sum {sums[0]:.2f}"
        raise CheckpointError(
            f"{file} does not answer with probabilities ({what}). End it with a softmax (single-label) or a sigmoid "
            '(multi-label), or write "output": "logits" into the config.'
        )


def _shape(shape):
    return "(" + ", ".join("any" if size is None else str(size) for size in shape) + ")"


def _short(error):
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:160]}" if lines else type(error).__name__
