"""Audio in: every format round-trips, every bad file gets one clear sentence."""

import io
import struct
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import InputError
from models.frontend import audio
from models.frontend.audio import LONGEST, SHORTEST, decode, encode_flac, mute

RATE = 16_000
SAMPLES = Path(__file__).parents[2] / "assets" / "samples"
LOSSLESS = [
    ("WAV", "PCM_U8", 2e-2),
    ("WAV", "PCM_16", 2e-4),
    ("WAV", "PCM_24", 1e-5),
    ("WAV", "PCM_32", 1e-5),
    ("WAV", "FLOAT", 1e-5),
    ("WAV", "DOUBLE", 1e-5),
    ("WAVEX", "PCM_16", 2e-4),
    ("RF64", "PCM_16", 2e-4),
    ("W64", "PCM_16", 2e-4),
    ("AIFF", "PCM_16", 2e-4),
    ("AIFF", "PCM_24", 1e-5),
    ("AU", "PCM_16", 2e-4),
    ("CAF", "PCM_16", 2e-4),
    ("FLAC", "PCM_S8", 2e-2),
    ("FLAC", "PCM_16", 2e-4),
    ("FLAC", "PCM_24", 1e-5),
]
LOSSY = [("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III"), ("WAV", "ULAW"), ("WAV", "IMA_ADPCM")]


def tone(seconds=1.0, rate=RATE, hertz=440.0, peak=0.5, channels=None):
    wave = peak * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    return wave if channels is None else np.repeat(wave[:, None], channels, axis=1)


def file(samples, rate=RATE, format_="WAV", subtype="PCM_16"):
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=format_, subtype=subtype)
    return buffer.getvalue()


def with_data_length(wav, length):
    """The same WAV with another length in its data chunk (and in the RIFF header)."""
    at = wav.index(b"data")
    riff = min(length + at, 2**32 - 1)
    return wav[:4] + struct.pack("<I", riff) + wav[8 : at + 4] + struct.pack("<I", length) + wav[at + 8 :]


def with_flac_length(flac, frames):
    """The same FLAC with another number of samples in its STREAMINFO (36 bits from byte 21.5)."""
    return flac[:21] + bytes([flac[21] & 0xF0 | frames >> 32 & 15]) + struct.pack(">I", frames % 2**32) + flac[26:]


def refusal(data, name=""):
    with pytest.raises(InputError) as caught:
        decode(data, sample_rate=RATE, name=name)
    message = str(caught.value)
    assert "\n" not in message and 20 < len(message) < 330 and message.endswith(".")
    return message


def sounds_like(clip, reference, tolerance):
    """Away from the ends, where the resampler's filter reaches beyond the clip."""
    n = min(len(clip.samples), len(reference))
    inner = slice(n // 8, n - n // 8)
    np.testing.assert_allclose(clip.samples[:n][inner], reference[:n][inner], atol=tolerance)


class TestFormats:
    @pytest.mark.parametrize("format_, subtype, tolerance", LOSSLESS)
    def test_lossless_formats_give_the_samples_back(self, format_, subtype, tolerance):
        clip = decode(file(tone(), format_=format_, subtype=subtype), sample_rate=RATE)
        assert (clip.sample_rate, clip.original_sample_rate, clip.channels) == (RATE, RATE, 1)
        assert clip.duration == 1.0 and len(clip.samples) == RATE and clip.notices == ()
        assert clip.samples.dtype == np.float32
        sounds_like(clip, tone(), tolerance)

    @pytest.mark.parametrize("format_, subtype", LOSSY)
    def test_lossy_formats_come_close(self, format_, subtype):
        clip = decode(file(tone(), format_=format_, subtype=subtype), sample_rate=RATE)
        assert clip.duration == pytest.approx(1.0, abs=0.03) and clip.notices == ()
        sounds_like(clip, tone(), 0.1)

    def test_encoding_is_said_in_words(self):
        assert decode(file(tone()), sample_rate=RATE).encoding == "WAV, 16-bit PCM"
        assert decode(file(tone(), subtype="FLOAT"), sample_rate=RATE).encoding == "WAV, 32-bit float"
        assert decode(file(tone(), format_="OGG", subtype="OPUS"), sample_rate=RATE).encoding == "OGG, Opus"
        assert decode(file(tone(channels=8), format_="WAVEX"), sample_rate=RATE).encoding == "WAV, 16-bit PCM"

    @settings(max_examples=60, deadline=None)
    @given(
        kind=st.sampled_from([k for k in LOSSLESS if k[0] != "RF64"]),
        rate=st.sampled_from([8_000, 11_025, 12_345, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000]),
        channels=st.integers(1, 8),
        seconds=st.floats(SHORTEST + 0.01, 1.2),
        model_rate=st.sampled_from([8_000, 16_000, 22_050]),
    )
    def test_any_rate_and_channels_keep_duration_and_sound(self, kind, rate, channels, seconds, model_rate):
        format_, subtype, tolerance = kind
        data = file(tone(seconds, rate, channels=channels), rate, format_, subtype)
        clip = decode(data, sample_rate=model_rate)
        frames = round(seconds * rate)
        assert clip.duration == frames / rate
        assert (clip.channels, clip.original_sample_rate) == (channels, rate)
        assert abs(len(clip.samples) - clip.duration * model_rate) <= 1
        sounds_like(clip, tone(seconds, model_rate), max(tolerance, 2e-3))

    def test_read_in_blocks_equals_read_at_once(self, monkeypatch):
        rng = np.random.default_rng(3)
        data = file(rng.uniform(-0.5, 0.5, (44_100, 2)), 44_100)
        whole = decode(data, sample_rate=RATE).samples
        monkeypatch.setattr(audio, "_BLOCK", 2_000)
        np.testing.assert_allclose(decode(data, sample_rate=RATE).samples, whole, atol=1e-6)

    def test_the_name_is_not_trusted(self):
        data = file(tone(), format_="FLAC")
        assert decode(data, sample_rate=RATE, name="song.mp3").encoding == "FLAC, 16-bit PCM"

    def test_samples_are_read_only_and_in_full_scale(self):
        clip = decode(file(tone(peak=0.999, rate=44_100), 44_100), sample_rate=RATE)
        assert not clip.samples.flags.writeable and np.abs(clip.samples).max() <= 1.0

    def test_every_sample_clip_decodes_without_notice(self):
        for path in SAMPLES.glob("*.flac"):
            assert decode(path.read_bytes(), sample_rate=RATE, name=path.name).notices == ()

    def test_mp3_after_a_tag(self):
        data = file(tone(2), format_="MP3", subtype="MPEG_LAYER_III")
        tag = b"ID3\x04\x00\x00" + bytes([0, 0, 8, 0]) + bytes(1024)
        assert decode(tag + data, sample_rate=RATE).duration == pytest.approx(2.0, abs=0.1)


class TestChannels:
    def test_mix_is_the_mean(self):
        stereo = np.stack([tone(hertz=300, peak=0.4), tone(hertz=700, peak=0.2)], axis=1)
        sounds_like(decode(file(stereo), sample_rate=RATE), stereo.mean(axis=1), 2e-4)

    def test_channels_that_cancel_out_are_not_mixed(self):
        wave = tone(peak=0.4)
        clip = decode(file(np.stack([wave * 0.5, -wave, wave * 0.5], axis=1)), sample_rate=RATE)
        assert "cancel" in clip.notices[0] and "channel 2" in clip.notices[0]
        assert clip.channels == 3
        sounds_like(clip, -wave, 2e-4)

    def test_seven_point_one_with_speech_in_the_centre(self):
        surround = np.zeros((RATE, 8))
        surround[:, 2] = tone()
        clip = decode(file(surround, format_="WAVEX"), sample_rate=RATE)
        assert clip.channels == 8 and clip.notices == ()
        sounds_like(clip, tone() / 8, 2e-4)


class TestNotices:
    def test_telephone(self):
        (notice,) = decode(file(tone(rate=8_000), 8_000), sample_rate=RATE).notices
        assert "above 4 kHz" in notice and "telephone" in notice and "up to 8 kHz" in notice

    def test_beyond_full_scale_is_scaled_down(self):
        clip = decode(file(tone(peak=4.0), subtype="FLOAT"), sample_rate=RATE)
        assert np.abs(clip.samples).max() == pytest.approx(1.0)
        sounds_like(clip, tone(peak=1.0), 1e-4)
        (notice,) = clip.notices
        assert "full scale" in notice and "4 times" in notice

    def test_clipping(self):
        (notice,) = decode(file(np.clip(tone(peak=3), -1, 1)), sample_rate=RATE).notices
        assert "overdriven" in notice
        assert decode(file(tone(peak=0.99)), sample_rate=RATE).notices == ()

    def test_dc_offset_is_no_reason_to_complain(self):
        clip = decode(file(tone(peak=0.1) + 0.5), sample_rate=RATE)
        assert clip.notices == ()

    @pytest.mark.parametrize("offset", [0.0, 0.6])
    def test_almost_silent(self, offset):
        hiss = np.random.default_rng(0).normal(0, 1e-4, RATE) + offset
        (notice,) = decode(file(hiss, subtype="PCM_24"), sample_rate=RATE).notices
        assert "almost silent" in notice and "80 dB" in notice

    def test_a_few_broken_samples_are_replaced(self):
        wave = tone()
        wave[[100, 5000]] = [np.nan, np.inf]
        clip = decode(file(wave, subtype="FLOAT"), sample_rate=RATE)
        assert np.isfinite(clip.samples).all() and clip.samples[5000] == 0
        assert "2 samples are not usable numbers" in clip.notices[0]


class TestLengths:
    @pytest.mark.parametrize("length", [0, 2**32 - 1, 0x7FFFF000])
    def test_streamed_wav_is_read_for_what_is_there(self, length):
        clip = decode(with_data_length(file(tone(2)), length), sample_rate=RATE)
        assert clip.duration == 2.0 and clip.notices == ()

    def test_header_that_claims_four_gigabytes_allocates_nothing(self):
        data = with_data_length(file(tone(2)), 4_000_000_000)
        tracemalloc.start()
        clip = decode(data, sample_rate=RATE)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert clip.duration == 2.0 and peak < 10_000_000

    def test_many_channels_at_a_high_rate_need_little_memory(self):
        data = file(np.zeros((48_000 * 20, 8), np.int16) + np.arange(48_000 * 20, dtype=np.int16)[:, None], 48_000)
        tracemalloc.start()
        decode(data, sample_rate=RATE)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        # As float32 at its own rate the clip would take 31 MB.
        assert peak < len(data) + 10_000_000

    def test_truncated_wav_is_used_with_a_notice(self):
        data = file(tone(4))
        clip = decode(data[: len(data) // 2], sample_rate=RATE)
        assert clip.duration == pytest.approx(2.0, abs=0.01)
        assert "only the first 2.0 s of 4.0 s" in clip.notices[0]

    def test_truncated_flac_keeps_every_whole_block(self):
        data = file(tone(4), format_="FLAC")
        clip = decode(data[: len(data) // 2], sample_rate=RATE)
        assert 1.5 < clip.duration < 2.5 and len(clip.samples) == round(clip.duration * RATE)
        assert "of 4.0 s" in clip.notices[0]
        sounds_like(clip, tone(clip.duration), 2e-4)

    def test_truncated_mp3_and_ogg(self):
        mp3 = file(tone(4), format_="MP3", subtype="MPEG_LAYER_III")
        assert "of 4.0 s" in decode(mp3[: len(mp3) // 2], sample_rate=RATE).notices[0]
        ogg = file(tone(20), format_="OGG", subtype="VORBIS")
        assert 2 < decode(ogg[: len(ogg) // 2], sample_rate=RATE).duration < 18

    @pytest.mark.parametrize("frames", [0, 2**36 - 1])
    def test_flac_of_unknown_or_absurd_length(self, frames):
        clip = decode(with_flac_length(file(tone(3), format_="FLAC"), frames), sample_rate=RATE)
        assert clip.duration == 3.0 and len(clip.samples) == 3 * RATE

    def test_too_short(self):
        message = refusal(file(tone(0.2)), "blip.wav")
        assert "“blip.wav” is 0.2 s long" in message and "0.3 s" in message
        assert decode(file(tone(SHORTEST)), sample_rate=RATE).duration == SHORTEST

    def test_too_long_says_how_long(self):
        data = file(tone(LONGEST + 65, 4_000), 4_000)
        assert "11 min 5 s long" in refusal(data) and "10 min" in refusal(data)
        assert decode(file(tone(LONGEST, 4_000), 4_000), sample_rate=4_000).duration == LONGEST

    def test_hours_in_a_small_file_are_not_decoded(self):
        """20 minutes of a FLAC whose header says nothing about its length: reading stops past the limit."""
        data = with_flac_length(file(np.zeros(4_000 * 1200, np.int16), 4_000, "FLAC"), 0)
        assert "longer than 10 min" in refusal(data)


class TestBadInput:
    @pytest.mark.parametrize(
        "data, says",
        [
            (b"", "empty"),
            (b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(500), "JPEG"),
            (b"\x89PNG\r\n\x1a\n" + bytes(500), "PNG"),
            (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3" + bytes(500), "PDF"),
            (b"Dear all,\n\nplease find attached.\n" * 20, "a text, not a sound"),
            ("Größe: 5 µm, 漢字\n".encode() * 300, "a text, not a sound"),
            (b"<!DOCTYPE html><html><script>alert(1)</script>", "a web page, not a sound"),
            (b"\x00\x00\x00\x20ftypM4A \x00\x00\x00\x00" + bytes(500), "M4A"),
            (b"\x1aE\xdf\xa3\x01\x00\x00\x00" + bytes(500), "WebM"),
            (b"\xff\xf1\x50\x80\x2e\x7f\xfc" + bytes(500), "AAC"),
            (b"#!AMR\n" + bytes(500), "AMR"),
            (b"RIFF\x00\x10\x00\x00AVI LIST" + bytes(500), "AVI"),
            (b"OggS" + bytes(24) + b"\x80theora" + bytes(500), "Ogg video"),
            (b"Salted__" + bytes(range(200)), "encrypted"),
            (bytes(5000), "only zeros"),
            (np.random.default_rng(5).bytes(20_000), "may be damaged or encrypted"),
            (b"\x00", "only zeros"),
            (b"RIFF", "text"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_not_a_sound(self, data, says):
        message = refusal(data, "clip.wav")
        assert says in message and "clip.wav" in message

    def test_zip(self):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("clip.wav", file(tone()))
        assert "ZIP archive" in refusal(buffer.getvalue())

    @pytest.mark.parametrize("kept", [12, 20, 43, 44])
    def test_nothing_but_a_header(self, kept):
        assert "header" in refusal(file(tone())[:kept])

    def test_breaks_off_too_early(self):
        data = file(tone(4))
        assert "breaks off after 0.1 s" in refusal(data[: 44 + 3200])

    @pytest.mark.parametrize("value", [0.0, 0.25])
    def test_digital_silence(self, value):
        assert "digital silence" in refusal(file(np.full(RATE, value)))
        assert "digital silence" in refusal(file(np.full((RATE, 2), value), format_="FLAC"))
        assert "digital silence" in refusal(file(np.full(RATE, value), subtype="PCM_U8"))

    def test_mostly_not_numbers(self):
        wave = tone()
        wave[::4] = np.nan
        assert "25%" in refusal(file(wave, subtype="FLOAT"))
        assert "100%" in refusal(file(np.full(RATE, np.inf), subtype="DOUBLE"))
        assert "100%" in refusal(file(np.full(RATE, 1e30), subtype="FLOAT"))

    def test_integers_saved_as_float(self):
        clip = decode(file(tone(peak=2.0**31), subtype="FLOAT"), sample_rate=RATE)
        sounds_like(clip, tone(peak=1.0), 1e-4)

    @pytest.mark.parametrize("rate", [0, 1, 3_000, 2**31 - 1, 2**32 - 1])
    def test_impossible_rates(self, rate):
        wav = file(tone())
        refusal(wav[:24] + struct.pack("<I", rate) + wav[28:])

    def test_hundreds_of_channels(self):
        assert "200 channels" in refusal(file(np.zeros((RATE, 200), np.int16)))

    def test_the_name_is_shortened_and_kept_on_one_line(self):
        message = refusal(b"", "<b>\n" + "x" * 500 + "end.wav")
        assert "“<b> xxx" in message and "end.wav”" in message and len(message) < 200

    @settings(max_examples=150, deadline=None)
    @given(
        format_=st.sampled_from([("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("MP3", "MPEG_LAYER_III"), ("AIFF", "PCM_16")]),
        cuts=st.lists(st.tuples(st.integers(0, 3_000), st.binary(min_size=1, max_size=12)), min_size=1, max_size=6),
        keep=st.floats(0, 1),
    )
    def test_damage_never_raises_anything_else(self, format_, cuts, keep):
        data = bytearray(file(tone(0.5), format_=format_[0], subtype=format_[1]))
        for at, junk in cuts:
            data[at : at + len(junk)] = junk
        try:
            clip = decode(bytes(data[: int(len(data) * keep)]), sample_rate=RATE)
        except InputError as error:
            assert str(error).endswith(".")
        else:
            assert np.isfinite(clip.samples).all() and np.abs(clip.samples).max() <= 1.0


class TestEncode:
    @settings(max_examples=25, deadline=None)
    @given(st.integers(0, 2**32 - 1), st.integers(RATE // 2, RATE))
    def test_sixteen_bits_survive_exactly(self, seed, length):
        whole = np.random.default_rng(seed).integers(-32768, 32768, length).astype(np.float32) / 32768
        clip = decode(encode_flac(whole, RATE), sample_rate=RATE)
        np.testing.assert_array_equal(clip.samples, whole)

    def test_over_full_scale_is_clipped_not_wrapped(self):
        back, _ = soundfile.read(io.BytesIO(encode_flac(np.array([1.5, -1.5] * 8_000), RATE)))
        assert back[0] > 0.99 and back[1] == -1.0


class TestMute:
    @settings(max_examples=100, deadline=None)
    @given(
        lengths=st.lists(st.tuples(st.floats(-0.5, 1.4), st.floats(0.001, 1)), max_size=4),
        fade=st.sampled_from([0.0, 0.01, 0.05]),
    )
    def test_silent_inside_faded_around_untouched_beyond(self, lengths, fade):
        spans = [(start, start + length) for start, length in lengths if start + length > 0.0001]
        wave = np.random.default_rng(1).uniform(0.2, 1, int(1.5 * RATE)).astype(np.float32)
        muted = mute(wave, RATE, spans, fade=fade)
        assert muted.dtype == np.float32 and muted is not wave
        times = np.arange(len(wave)) / RATE
        inside, near = np.zeros(len(wave), bool), np.zeros(len(wave), bool)
        for start, end in spans:
            inside |= (times >= start) & (times < end - 1e-9)
            near |= (times >= start - fade - 2 / RATE) & (times < end + fade + 2 / RATE)
        assert (muted[inside] == 0).all()
        np.testing.assert_array_equal(muted[~near], wave[~near])
        assert (np.abs(muted) <= np.abs(wave)).all()

    def test_sample_exact(self):
        muted = mute(np.ones(RATE, np.float32), RATE, [(0.1, 0.2)])
        silent = np.flatnonzero(muted == 0)
        assert (silent[0], silent[-1], len(silent)) == (1600, 3199, 1600)
        changed = np.flatnonzero(muted != 1)
        assert (changed[0], changed[-1]) == (1600 - 160, 3199 + 160)

    def test_fades_are_smooth_and_even(self):
        muted = mute(np.ones(RATE, np.float32), RATE, [(0.4, 0.6)])
        assert np.abs(np.diff(muted)).max() < 0.02
        np.testing.assert_allclose(muted[4800:6400], muted[11199:9599:-1], atol=1e-6)

    def test_the_original_is_untouched(self):
        clip = decode(file(tone()), sample_rate=RATE)
        before = clip.samples.copy()
        mute(clip.samples, RATE, [(0, 1)])
        np.testing.assert_array_equal(clip.samples, before)

    @pytest.mark.parametrize("span", [(0.5, 0.5), (0.6, 0.5), (float("nan"), 1), (0, float("inf")), ("a", 1), 3, (1,)])
    def test_senseless_spans(self, span):
        with pytest.raises(InputError, match="span"):
            mute(np.ones(RATE), RATE, [span])

    @pytest.mark.parametrize("span", [(1.0, 2.0), (-2.0, 0.0)])
    def test_spans_outside_the_clip(self, span):
        with pytest.raises(InputError, match="outside the clip, which is 1.0 s long"):
            mute(np.ones(RATE), RATE, [span])


@pytest.mark.parametrize(
    "seconds, spoken", [(0.1234, "0.12 s"), (4.5, "4.5 s"), (60, "1 min"), (725.4, "12 min 5 s"), (6000, "100 min")]
)
def test_spoken_duration(seconds, spoken):
    assert audio.spoken_duration(seconds) == spoken
