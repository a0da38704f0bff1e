"""Samples to log-mel windows: nothing lost, nothing that depends on loudness, nothing touched by a mute far away."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.frontend import audio
from models.frontend.features import LogMel
from models.frontend.speech import SpeechFrontend

RATE = 16_000
SPEC = LogMel()
REACH = SPEC.fft  # samples around a frame's own that can touch it, generously


def speech_like(seconds, seed=0):
    """Bursts of coloured noise with pauses, as loud as speech; float32."""
    rng = np.random.default_rng(seed)
    n = int(seconds * RATE)
    noise = np.convolve(rng.normal(size=n), [1, 0.9, 0.5], mode="same")
    beat = np.clip(np.sin(np.arange(n) * 2 * np.pi * 3 / RATE + seed), 0, None) + 0.01
    return (0.05 * noise * beat).astype(np.float32)


def frontend(**changes):
    arguments = {"log_mel": {}, "mean": np.linspace(-20, -40, 64), "deviation": np.linspace(8, 14, 64)}
    return SpeechFrontend(**{**arguments, **changes})


class TestPower:
    @settings(max_examples=60, deadline=None)
    @given(st.integers(1, 5_000))
    def test_one_frame_for_every_hop_begun(self, n):
        power = SPEC.power(np.ones(n, np.float32))
        assert power.shape == (-(-n // SPEC.hop), SPEC.bands) and power.dtype == np.float32
        assert (power >= 0).all()

    @settings(max_examples=40, deadline=None)
    @given(st.integers(0, 7_999))
    def test_a_click_is_loudest_in_the_frame_it_lies_in(self, at):
        samples = np.zeros(8_000, np.float32)
        samples[at] = 1
        energy = SPEC.power(samples).sum(axis=1)
        assert energy[at // SPEC.hop] >= energy.max() * (1 - 1e-5)
        far = np.abs(np.arange(len(energy)) * SPEC.hop + SPEC.hop / 2 - at) > SPEC.fft / 2 + 1
        assert not energy[far].any(), "frames that do not reach it do not hear it"

    @pytest.mark.parametrize("hz", [100, 440, 1000, 3000, 7000])
    def test_a_tone_is_loudest_in_its_band(self, hz):
        tone = np.sin(2 * np.pi * hz * np.arange(RATE) / RATE).astype(np.float32)
        loudest = int(SPEC.power(tone)[20:-20].mean(axis=0).argmax())
        assert abs(loudest - int(np.abs(SPEC.band_hz - hz).argmin())) <= 1

    def test_band_centres_rise_within_the_range(self):
        assert SPEC.band_hz.shape == (SPEC.bands,) and (np.diff(SPEC.band_hz) > 0).all()
        assert SPEC.low_hz < SPEC.band_hz[0] and SPEC.band_hz[-1] < SPEC.high_hz


class TestDecibel:
    def test_relative_to_the_mean_and_floored(self):
        power = np.array([[1.0, 3.0], [0.0, 4.0]])
        expected = np.array([[10 * np.log10(0.5), 10 * np.log10(1.5)], [-60, 10 * np.log10(2)]])
        np.testing.assert_allclose(SPEC.decibel(power), expected, rtol=1e-6)
        assert SPEC.decibel(power).dtype == np.float32
        np.testing.assert_allclose(SPEC.decibel(power, 4.0)[1], [-60, 0], atol=1e-6)

    def test_silence_is_the_floor_and_never_nan(self):
        assert (SPEC.decibel(np.zeros((3, 2))) == -SPEC.range_db).all()
        assert SPEC.decibel(np.zeros((0, 2))).shape == (0, 2)


class TestUsed:
    @settings(max_examples=30, deadline=None)
    @given(st.integers(0, 20_000), st.integers(0, 20_000))
    def test_silence_at_the_edges_is_left_out_and_nothing_else(self, before, behind):
        sound = 0.1 * np.sin(np.arange(8_000) * 0.3).astype(np.float32)
        samples = np.concatenate([np.zeros(before, np.float32), sound, np.zeros(behind, np.float32)])
        power = SPEC.power(samples)
        first, last = SPEC.used(power)
        assert 0 <= first * SPEC.hop <= before and before + len(sound) <= last * SPEC.hop + SPEC.hop
        # At most the margin, and the half window by which a frame hears the sound coming.
        slack = (SPEC.trim_margin + 2) * SPEC.hop + SPEC.fft // 2
        assert before - first * SPEC.hop <= slack
        assert last * SPEC.hop - (before + len(sound)) <= slack

    def test_digital_silence_is_used_whole(self):
        assert SPEC.used(np.zeros((7, 64))) == (0, 7)


class TestWindows:
    @settings(max_examples=25, deadline=None)
    @given(st.integers(4_800, 16 * RATE), st.integers(1, 8), st.integers(0, 3))
    def test_they_cover_the_whole_used_part_and_overlap(self, n, step, seed):
        samples = speech_like(16, seed)[:n]
        found = frontend()(samples, step)
        first, last = found.used
        assert (first, last) == SPEC.used(found.power) and len(found.power) == -(-n // SPEC.hop)
        size = 500 // step * step
        ends = [min(start + size, last) for start in found.starts]
        assert found.starts[0] == first and ends[-1] == last
        assert all(second < end for second, end in zip(found.starts[1:], ends, strict=False)), "no gap"
        assert len(found.windows) == len(found.starts) == len(found.voiced)
        for window, start, end, voiced in zip(found.windows, found.starts, ends, found.voiced, strict=True):
            assert window.dtype == np.float32 and window.shape[1] == 64 and np.isfinite(window).all()
            assert len(window) % step == 0 and 0 <= len(window) - (end - start) < step
            assert window[: end - start].any(axis=1).all(), "no frame of the clip looks like padding"
            assert not window[end - start :].any(), "padding is zeros"
            assert (start - first) % step == 0 and 1 <= voiced <= end - start

    def test_a_short_clip_is_one_window(self):
        assert len(frontend()(speech_like(4.9), 4).windows) == 1
        assert len(frontend(window_seconds=2.0, window_hop_seconds=1.0)(speech_like(4.9), 4).windows) == 4

    @settings(max_examples=10, deadline=None)
    @given(st.integers(-9, 0), st.integers(0, 5))
    def test_loudness_does_not_matter_at_all(self, exponent, seed):
        """Halving is exact in floating point, so the features must not change by a single bit."""
        samples = speech_like(7, seed)
        loud, quiet = frontend()(samples, 4), frontend()(samples * np.float32(2.0**exponent), 4)
        assert loud.starts == quiet.starts and loud.used == quiet.used
        np.testing.assert_array_equal(loud.voiced, quiet.voiced)
        for a, b in zip(loud.windows, quiet.windows, strict=True):
            np.testing.assert_array_equal(a, b)

    @pytest.mark.parametrize("gain", [0.9, 0.1, 0.0123])
    def test_nor_does_any_other_gain(self, gain):
        samples = speech_like(7)
        loud, quiet = frontend()(samples, 4), frontend()(samples * np.float32(gain), 4)
        assert loud.used == quiet.used
        for a, b in zip(loud.windows, quiet.windows, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-4)

    def test_a_quiet_sentence_is_heard_beside_a_loud_one_but_silence_stays_silence(self):
        """Each window has its own level, but none is raised by more than 15 dB."""
        sentence = speech_like(5, 1)
        alone = frontend()(sentence, 4).windows[0]
        for factor, same in ((10 ** (-10 / 20), True), (10 ** (-35 / 20), False)):
            clip = np.concatenate([sentence * 10 ** (10 / 20), sentence * np.float32(factor), sentence])
            found = frontend(window_hop_seconds=5.0)(clip, 4)
            middle = next(w for w, start in zip(found.windows, found.starts, strict=True) if 495 <= start <= 505)
            assert (abs(float(middle.mean() - alone.mean())) < 0.4) == same


class TestMute:
    @settings(max_examples=15, deadline=None)
    @given(st.floats(0.3, 5.0), st.floats(0.05, 1.5), st.integers(0, 3))
    def test_the_rest_is_unchanged(self, start, length, seed):
        samples = speech_like(7, seed)
        muted = audio.mute(samples, RATE, [(start, start + length)])
        whole, rest = frontend()(samples, 4), frontend()(muted, 4, untouched=samples)
        assert rest.starts == whole.starts and rest.used == whole.used
        np.testing.assert_array_equal(rest.voiced, whole.voiced)
        fade = 0.01
        for a, b, first in zip(whole.windows, rest.windows, whole.starts, strict=True):
            middle = (np.arange(len(a)) + first + 0.5) * SPEC.hop
            away = (middle + REACH < (start - fade) * RATE) | (middle - REACH > (start + length + fade) * RATE)
            np.testing.assert_array_equal(a[away], b[away])
            inside = (middle - REACH > start * RATE) & (middle + REACH < (start + length) * RATE)
            floor = (-SPEC.range_db - np.linspace(-20, -40, 64)) / np.linspace(8, 14, 64)
            inside[len(a) - (-(whole.used[1] - first) % 4) :] = False
            np.testing.assert_allclose(b[inside], np.broadcast_to(floor, b[inside].shape), rtol=1e-5)

    def test_all_of_it(self):
        samples = speech_like(2)
        muted = audio.mute(samples, RATE, [(0.0, 2.0)])
        found = frontend()(muted, 4, untouched=samples)
        assert all(np.isfinite(w).all() for w in found.windows) and found.used == frontend()(samples, 4).used


def test_digital_silence_gives_finite_features():
    found = frontend()(np.zeros(8_000, np.float32), 4)
    assert np.isfinite(found.windows[0]).all() and found.voiced.tolist() == [1] and found.used == (0, 50)
