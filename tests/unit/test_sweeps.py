"""Changed clips: each change does to the sound what it says, and the answers are those to the very sounds."""

import io

import numpy as np
import pytest
import soundfile
from toys import RATE, clip, steps_slope, text

from models import sweeps
from models.errors import Cancelled, InputError
from models.explain import explain_clip

SLOPE = np.random.default_rng(1).normal(0, 3e-4, 400)


def heard(variant):
    samples, rate = soundfile.read(io.BytesIO(variant.sound), dtype="float32")
    assert rate == RATE
    return samples


def tone(hertz, seconds=1.0):
    return (0.3 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * RATE)) / RATE)).astype(np.float32)


def peak(samples):
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return np.fft.rfftfreq(len(samples), 1 / RATE)[spectrum.argmax()]


def rms(samples):
    return np.sqrt(np.mean(np.square(samples, dtype=np.float64)))


@pytest.mark.parametrize("kind", list(sweeps.KINDS))
def test_the_answers_are_those_to_the_very_sounds_that_are_played(kind):
    checkpoint, explanation = clip(SLOPE, seconds=1.6, window_seconds=1.0)
    values = sweeps.KINDS[kind].values[::3]
    found = sweeps.sweep(checkpoint, explanation, kind, values=values)
    assert found.kind == kind and len(found.variants) == len(values) + 1
    for variant in found.variants:
        again = explain_clip(checkpoint, variant.sound)
        np.testing.assert_allclose(variant.probabilities, again.probabilities, atol=5e-3)
    own = found.variants[found.original]
    np.testing.assert_allclose(own.probabilities, explanation.probabilities, atol=1e-5)
    asked = [variant.value for i, variant in enumerate(found.variants) if i != found.original]
    assert asked == (list(values) if kind == "noise" else sorted(values))
    assert any(not np.allclose(v.probabilities, own.probabilities, atol=1e-4) for v in found.variants)


def test_a_semitone_is_a_twelfth_of_an_octave():
    samples = tone(300)
    for value in (-6, 4):
        changed = sweeps.pitch(samples, RATE, value)(samples)
        assert len(changed) == len(samples) and peak(changed) == pytest.approx(300 * 2 ** (value / 12), rel=0.01)


def test_tempo_changes_the_length_and_not_the_pitch():
    samples = tone(300)
    changed = sweeps.tempo(samples, RATE, 1.25)(samples)
    assert len(changed) == pytest.approx(len(samples) / 1.25, rel=0.01) and peak(changed) == pytest.approx(300, abs=2)


def test_loudness_moves_nothing_until_it_is_cut_flat():
    checkpoint, explanation = clip(SLOPE)
    found = sweeps.sweep(checkpoint, explanation, "loudness", values=(-20, 40))
    quiet, own, loud = found.variants
    np.testing.assert_allclose(quiet.probabilities, own.probabilities, atol=1e-4)
    assert rms(heard(quiet)) == pytest.approx(rms(heard(own)) / 10, rel=0.01)
    assert np.abs(heard(loud)).max() >= 0.999 and np.mean(np.abs(heard(loud)) > 0.99) > 0.3
    assert not np.allclose(loud.probabilities, own.probabilities, atol=1e-4)


def test_noise_has_the_ratio_that_it_is_called_by_and_is_seeded():
    samples = tone(300)
    for value in (20, 0):
        added = sweeps.noise(samples, RATE, value, seed=3)(samples) - samples
        assert 20 * np.log10(rms(samples) / rms(added)) == pytest.approx(value, abs=0.2)
    again = sweeps.noise(samples, RATE, 0, seed=3)(samples) - samples
    np.testing.assert_array_equal(added, again)


@pytest.mark.parametrize("value", [0.3, 1.2])
def test_a_room_falls_by_60_decibel_in_its_time(value):
    click = np.zeros(int(2.5 * RATE), np.float32)
    click[0] = 1.0
    response = sweeps.reverberation(click, RATE, value)(click)
    energy = np.cumsum(np.square(response[1:], dtype=np.float64)[::-1])[::-1]
    decay = 10 * np.log10(np.maximum(energy / energy[0], 1e-12))
    # Schroeder's line between -5 and -25 dB, made three times as long (T20).
    first, last = np.argmax(decay <= -5), np.argmax(decay <= -25)
    assert 3 * (last - first) / RATE == pytest.approx(value, rel=0.1)
    assert rms(response) == pytest.approx(rms(click), rel=1e-3), "as loud as before"


def test_what_lies_above_the_limit_is_gone_and_a_telephone_lacks_the_depths_too():
    low, voice, high = tone(100), tone(1000), tone(5000)

    def left(samples, value):
        return rms(sweeps.band(samples, RATE, value)(samples)[RATE // 4 : -RATE // 4]) / rms(samples)

    assert left(voice, 2000) == pytest.approx(1, abs=0.01) and left(high, 2000) < 0.01
    assert left(low, 2000) == pytest.approx(1, abs=0.01) and left(low, 3400) < 0.01
    assert left(voice, 3400) == pytest.approx(1, abs=0.01)


def test_what_was_muted_is_muted_before_the_change():
    checkpoint, explanation = clip(SLOPE, muted=[(0.4, 0.8)])
    found = sweeps.sweep(checkpoint, explanation, "loudness", values=(-6,))
    for variant in found.variants:
        np.testing.assert_allclose(variant.probabilities, explanation.probabilities, atol=1e-4)
        assert not heard(variant)[int(0.45 * RATE) : int(0.75 * RATE)].any()


def test_silencing_what_is_attended_to_hurts_a_network_that_tells_the_truth():
    checkpoint, explanation = clip(steps_slope(range(12, 20), 1.5e-3, 40))
    found = sweeps.silenced(checkpoint, explanation, label=0)
    assert [v.name for v in found.variants] == ["as it is", "most attended", "moved elsewhere", "least attended"]
    own, most, moved, least = (float(v.probabilities[0]) for v in found.variants)
    assert own == pytest.approx(float(explanation.probabilities[0]), abs=1e-5)
    assert own - most > 0.3 and own - most > own - moved and abs(own - least) < 0.05
    for variant in found.variants:
        again = explain_clip(checkpoint, explanation.sound, muted=variant.spans)
        np.testing.assert_allclose(variant.probabilities, again.probabilities, atol=1e-5)
        samples = heard(variant)
        assert not any(samples[int(a * RATE) + 1 : int(b * RATE) - 1].any() for a, b in variant.spans)
    total = [sum(b - a for a, b in v.spans) for v in found.variants]
    assert total[0] == 0 and total[1:] == pytest.approx([8 * 0.04] * 3)
    assert found.variants[1].spans == (pytest.approx((12 * 0.04, 20 * 0.04)),)


def test_progress_rises_to_its_total_and_may_stop_the_work():
    checkpoint, explanation = clip(SLOPE)
    seen = []
    sweeps.sweep(checkpoint, explanation, "loudness", progress=lambda *at: seen.append(at))
    assert seen == sorted(seen) and seen[-1][0] == seen[-1][1]

    def stop(done, total):
        raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        sweeps.sweep(checkpoint, explanation, "loudness", progress=stop)


def test_what_cannot_be_changed_is_refused_with_a_reason(monkeypatch):
    with pytest.raises(InputError, match="no sound"):
        sweeps.sweep(*text("good"), "pitch")
    checkpoint, explanation = clip(SLOPE)
    monkeypatch.setattr(sweeps, "LONGEST", 1.0)
    with pytest.raises(InputError, match=r"up to 1 s here; this one has 2 s"):
        sweeps.sweep(checkpoint, explanation, "pitch")
