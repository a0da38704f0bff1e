"""How to add a checkpoint: one that Earmark trained, or a Keras model of one's own."""

from __future__ import annotations

import streamlit as st

from models import checkpoints

ADDING = """
Put it next to the others in the folder below and reload this page: nothing needs to be restarted. On another server,
the environment variable `EARMARK_CHECKPOINTS` names the folder.
"""
OURS = """
A folder as `python -m models train` writes it:

| file | what it holds |
|:--|:--|
| `config.json` | the architecture and its sizes, the labels, the front end |
| `weights.safetensors` | the numbers the network learned; names are Keras variable paths |
| `vocabulary.txt` | text only: the words it knows, one a line |
| `card.md` | what it was trained on, under which licence, how well it does, what it must not be used for |
| `history.csv` | one row an epoch |
| `epochs.safetensors` | attention on the samples after each epoch |

Nothing in it is ever run as a program: Earmark builds the network from its own code and reads only numbers from the
file, and refuses a damaged folder with the reason.
"""
FOREIGN = """
A network that you trained in Keras 3 yourself, saved with `model.save("NAME.keras")`. Make a folder that holds the
`.keras` file, a small `config.json`, and for text `vocabulary.txt`: the words, one a line, in the order of their
indices from 2 (0 is padding, 1 is every unknown word). Or put `NAME.keras`, `NAME.json` and `NAME.vocabulary.txt` into
the folder directly.

Earmark finds every `Attention`, `AdditiveAttention`, `MultiHeadAttention` and `GroupQueryAttention` layer of Keras in
it, and every layer of `models.layers`, and draws their weights. The network itself runs exactly as you saved it.
"""
TEXT_EXAMPLE = """{
  "title": "Film reviews",
  "modality": "text",
  "task": "single-label",
  "labels": ["negative", "positive"],
  "frontend": {"standardize": "lower_and_strip_punctuation", "length": 200, "padding": "post"}
}"""
SPEECH_EXAMPLE = """{
  "title": "Emotions, my BiLSTM",
  "modality": "speech",
  "task": "single-label",
  "labels": ["calm", "happy", "sad"],
  "frontend": {
    "log_mel": {"sample_rate": 16000, "window": 400, "hop": 160, "fft": 512, "bands": 64,
                "low_hz": 50, "high_hz": 8000, "range_db": 60},
    "mean": -20.0,
    "deviation": 15.0,
    "window_seconds": 5.0, "window_hop_seconds": 2.5
  }
}"""
FIELDS = """
| field | what it says |
|:--|:--|
| `modality` | `text`: the network reads word indices, (batch, words); `speech`: log-mel frames, (batch, frames, \
bands) |
| `task` | `single-label` (softmax), `multi-label` (a sigmoid for each label), `per-step` (speech: an answer for \
each step) |
| `labels` | their names, in the order of the outputs; two labels may share one sigmoid, which is then the second \
one's |
| `thresholds` | multi-label only: from which probability a label counts; 0.5 each if left out |
| `output` | `logits` if the network ends without softmax or sigmoid |
| `standardize` | text: as in `TextVectorization`, split at white space; left out, words are split as Earmark does. \
A `TextVectorization` layer inside the model is used by itself, without `vocabulary.txt` |
| `length`, `padding` | text: if the network was trained on texts cut or filled up to one length; `post` or `pre` |
| `log_mel`, `mean`, `deviation` | speech: how frames are made, and decibel values standardised: one number for \
each band, \
or one for all |
"""
REFUSED = """
- **Programs in the file.** A `Lambda` layer, a class of your own, or a subclassed model (`class MyModel(keras.Model)`)
  needs code that a file cannot bring safely. Build the same layers as `keras.Model(inputs, outputs)` or
  `keras.Sequential` and save that.
- **What does not fit together**: outputs and labels that differ in number, several inputs or outputs, an `.h5` file of
  older Keras, a missing or misspelt field, a damaged file.
- **Steps that cannot be told.** Convolutions and pooling in front are fine if they divide the input evenly (one step
  then covers several words or frames). One that cuts the edges is not: use `padding="same"`. Attention over anything
  but the input's steps is left out, and this page says so. Attention over a single step is shown, with its alarm: its
  weight is always 1.
"""


def section() -> None:
    """The part of the page that says what goes into the checkpoints' folder."""
    st.subheader("Add a checkpoint")
    st.markdown(ADDING)
    st.code(str(checkpoints.root()), language=None)
    with st.expander("Bring your own Keras model", icon=":material/upload_file:"):
        st.markdown(FOREIGN)
        st.markdown("**`config.json` for a text network, and for a speech network:**")
        text, speech = st.columns(2)
        text.code(TEXT_EXAMPLE, language="json")
        speech.code(SPEECH_EXAMPLE, language="json")
        st.markdown(FIELDS)
        st.markdown("**What is refused, and why**")
        st.markdown(REFUSED)
    with st.expander("A checkpoint that Earmark trained", icon=":material/model_training:"):
        st.markdown(OURS)
