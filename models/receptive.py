"""How much sound one step of a speech network hears, after every layer that widens or thins out time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Stage:
    """After one layer.

    Args:
        name: the layer's.
        every: seconds from one step to the next.
        hears: seconds of sound that one step depends on, the analysis window of its frames included.
    """

    name: str
    every: float
    hears: float


@dataclass(frozen=True)
class ReceptiveField:
    """From the frames on, every stage up to what attention looks at.

    Args:
        stages: at least one, the log-mel frames.
        mixed_by: which layers before attention pass on sound from the whole window, in words for people ("recurrent
            layers"); empty where there are none.
    """

    stages: tuple[Stage, ...]
    mixed_by: str


def receptive_field(checkpoint) -> ReceptiveField | None:
    """From the architecture: kernels, strides and the front end's windows.

    Layer by layer, as usual: a kernel of k on steps that are j frames apart adds (k - 1) j frames to what a step
    hears, and a stride s makes the steps s j frames apart.

    Returns:
        `None` for text, and for a network that does not say what it does to time (`time_stages`).
    """
    layers = getattr(checkpoint.model, "time_stages", None)
    if checkpoint.frontend is None or layers is None:
        return None
    spec = checkpoint.frontend.log_mel
    apart, frames = 1, 1
    stages = [Stage("frames", spec.hop_seconds, spec.window / spec.sample_rate)]
    for name, kernel, stride in layers:
        frames += (kernel - 1) * apart
        apart *= stride
        heard = ((frames - 1) * spec.hop + spec.window) / spec.sample_rate
        stages.append(Stage(name, apart * spec.hop_seconds, heard))
    return ReceptiveField(tuple(stages), checkpoint.model.mixed_by)
