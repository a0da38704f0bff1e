"""Plotly figures: they draw the numbers they are given."""

from __future__ import annotations

import numpy as np
import pytest
from explanations import speech, weights

from components import colours, figures

HISTORY = [
    {"epoch": 1.0, "loss": 2.0, "validation_loss": 2.1, "uar": 0.2, "seconds": 9.0, "learning_rate": 0.1},
    {"epoch": 2.0, "loss": 1.0, "validation_loss": 1.4, "learning_rate": 0.05},
    {"epoch": 3.0, "loss": 0.5, "validation_loss": 1.6, "uar": 0.6, "learning_rate": 0.01},
]


def test_training_history_draws_losses_and_measures_apart_and_skips_what_is_neither():
    figure = figures.training_history(HISTORY)
    drawn = {trace.name: trace for trace in figure.data}
    assert set(drawn) == {"loss", "validation loss", "uar"}
    assert list(drawn["uar"].x) == [1, 3] and list(drawn["uar"].y) == [0.2, 0.6]
    assert drawn["loss"].xaxis == drawn["validation loss"].xaxis != drawn["uar"].xaxis
    assert drawn["loss"].line.color != drawn["validation loss"].line.color


def test_training_history_without_measures_has_one_picture():
    figure = figures.training_history([{"epoch": 1.0, "loss": 2.0}, {"epoch": 2.0, "loss": 1.0}])
    assert [a.text for a in figure.layout.annotations] == ["Loss<br>(lower is better)"]
    assert len(figures.training_history([]).data) == 0


@pytest.mark.parametrize("dark", [False, True])
def test_film_has_one_frame_an_epoch_of_the_chosen_label(dark):
    maps = np.random.default_rng(0).dirichlet(np.ones(7), size=(4, 3)).astype(np.float32)
    figure = figures.epochs_film(maps, label=2, axes=("label", "step"), dark=dark)
    assert figure.layout.shapes[0].line.color == "#808080"  # not Plotly's black, which the dark page swallows
    assert len(figure.frames) == 4
    for epoch, frame in enumerate(figure.frames):
        np.testing.assert_array_equal(frame.data[0].y, maps[epoch, 2])
    np.testing.assert_array_equal(figure.data[0].y, maps[-1, 2])
    assert figure.data[0].line.color == (colours.DARK_LINE if dark else colours.LIGHT_LINE)
    mean = figures.epochs_film(maps, axes=("label", "step"))
    np.testing.assert_allclose(mean.data[0].y, maps[-1].mean(axis=0), rtol=1e-6)


def test_emotion_track_stacks_every_steps_own_probabilities():
    track = weights(40, 3)
    explanation = speech(task="per-step", track=track)
    figure = figures.emotion_track(explanation)
    assert [trace.name for trace in figure.data] == ["happy", "calm", "sad"]  # the likeliest first
    for trace, index in zip(figure.data, (1, 0, 2), strict=True):
        np.testing.assert_array_equal(trace.y[:-1], track[:, index])
        np.testing.assert_array_equal(trace.x, [*explanation.units.starts, explanation.units.ends[-1]])
    with pytest.raises(ValueError):
        figures.emotion_track(speech())


def test_last_ranking():
    assert figures.last_ranking(np.array([[0.9, 0.1, 0.5], [0.2, 0.7, 0.2]])) == [1, 0, 2]
