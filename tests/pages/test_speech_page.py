"""The speech page: real clips through the shipped checkpoint, and everything that is no clip."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
import soundfile

from components.downloads import steps_table


def wav(samples, rate=16_000, subtype="PCM_16"):
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format="WAV", subtype=subtype)
    return buffer.getvalue()


def speechlike(seconds=1.0, rate=16_000, channels=1):
    time = np.arange(int(seconds * rate)) / rate
    voice = 0.3 * np.sin(2 * np.pi * 180 * time) * (0.5 + 0.5 * np.sin(2 * np.pi * 4 * time))
    return np.repeat(voice[:, None], channels, axis=1)


def use_upload(visitor):
    at = visitor.open("speech")
    at.segmented_control("speech-source").set_value("file")
    return visitor.run()


def test_the_first_view_already_shows_an_explained_clip(visitor):
    at = visitor.open("speech")
    shown = visitor.desk("speech").shown
    assert shown.provenance.input_name == "two_moods.flac"
    assert shown.attention[0].select().sum() == pytest.approx(1, abs=1e-4)
    assert any("The network answers" in m.value for m in at.markdown)
    assert any("Each step hears:** 85 ms of sound" in m.value for m in at.markdown)
    assert not at.error


def test_a_sample_is_explained_with_one_click(visitor):
    at = visitor.open("speech")
    at.pills("speech-sample").set_value("flat.flac")
    visitor.run()
    assert visitor.desk("speech").shown.provenance.input_name == "flat.flac"
    assert at.query_params["sample"] == "flat.flac"


def test_an_uploaded_clip_is_explained_and_what_the_network_got_is_stated(visitor):
    use_upload(visitor)
    at = visitor.upload("speech-file", "mine.wav", wav(speechlike(1.5, 44_100, 2), 44_100))
    text = "\n".join(m.value for m in at.markdown)
    assert "44,100 Hz" in text and "stereo" in text and "16,000 Hz mono" in text and r"1\.50 s" in text
    assert "quiet studio" in text
    assert "sample" not in at.query_params


def test_a_recording_is_explained(visitor):
    at = visitor.open("speech")
    at.segmented_control("speech-source").set_value("recording")
    at = visitor.run()
    at.audio_input("speech-recording").set_value(("recording.wav", wav(speechlike(2)), "audio/wav"))
    visitor.run()
    assert visitor.desk("speech").shown.provenance.input_name == "Recording"


BAD = {
    "empty": b"",
    "a few bytes": b"RIFF",
    "a text renamed": b"Dear diary, this is no sound at all.\n" * 50,
    "a picture renamed": b"\x89PNG\r\n\x1a\n" + bytes(500),
    "no samples": wav(np.zeros((0, 1))),
    "silence": wav(np.zeros((16_000, 1))),
    "not a number": wav(np.full((16_000, 1), np.nan), subtype="FLOAT"),
    "too short": wav(speechlike(0.1)),
    "a zip": b"PK\x03\x04" + bytes(900),
    "a header without a clip": b"RIFF" + struct.pack("<I", 2**32 - 1) + b"WAVEfmt " + bytes(4),
    "script tags": b"<script>alert(1)</script>",
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
def test_bad_input_gets_one_sentence_and_the_earlier_result_stays(visitor, data):
    use_upload(visitor)
    earlier = visitor.desk("speech").shown
    at = visitor.upload("speech-file", "clip.wav", data)
    (message,) = visitor.errors()
    assert "Traceback" not in message and len(message) < 400
    assert message.endswith("The result below is the earlier one.")
    assert visitor.desk("speech").shown is earlier
    assert any("two" in c.value for c in at.caption)
    # And the page goes on.
    at.segmented_control("speech-source").set_value("sample")
    at = visitor.run()
    at.pills("speech-sample").set_value("flat.flac")
    visitor.run()
    assert visitor.desk("speech").shown.provenance.input_name == "flat.flac" and not at.error


@pytest.mark.parametrize(
    ("rate", "channels", "subtype"),
    [(8_000, 1, "PCM_16"), (192_000, 1, "PCM_24"), (48_000, 8, "PCM_16"), (22_050, 1, "FLOAT"), (16_000, 1, "PCM_U8")],
)
def test_any_rate_depth_and_number_of_channels(visitor, rate, channels, subtype):
    use_upload(visitor)
    at = visitor.upload("speech-file", "clip.wav", wav(speechlike(1, rate, channels), rate, subtype))
    assert not at.error
    audio = visitor.desk("speech").shown.audio
    assert (audio.sample_rate, audio.channels) == (rate, channels)


def test_a_file_name_is_text_and_nothing_else(visitor):
    use_upload(visitor)
    name = "<img src=x onerror=alert(1)> **bold** ![x](http://example.com/x.png) $x$.wav"
    at = visitor.upload("speech-file", name, wav(speechlike()))
    caption = next(c.value for c in at.caption if "img" in c.value)
    assert r"\!\[x\]\(http\:" in caption and r"\*\*bold" in caption and r"\<img" in caption


def test_a_link_restores_checkpoint_sample_and_muted_parts(visitor):
    at = visitor.open("speech", checkpoint="ravdess", sample="flat.flac", muted="0.5-0.9,1.2-1.5")
    desk = visitor.desk("speech")
    assert desk.shown.changed == ((0.5, 0.9), (1.2, 1.5))
    assert desk.before.changed == () and desk.before.provenance.input_name == "flat.flac"
    assert any("muted" in m.value for m in at.markdown)
    # The page writes the same link again.
    assert at.query_params["muted"] == "0.500-0.900,1.200-1.500"
    assert not at.error


@pytest.mark.parametrize(
    "query",
    [
        {"checkpoint": "no-such"},
        {"checkpoint": "../../etc", "sample": "flat.flac"},
        {"sample": "no_such.flac"},
        {"sample": "../../../etc/passwd"},
        {"sample": "wheat_exports.txt"},
        {"sample": "flat.flac", "muted": "nonsense"},
        {"sample": "flat.flac", "muted": "5000-6000"},
        {"corpus": "no-such", "item": "x"},
    ],
    ids=str,
)
def test_a_link_to_what_is_not_here_gets_a_sentence_and_still_shows_something(visitor, query):
    visitor.open("speech", **query)
    assert len(visitor.errors()) == 1
    assert visitor.desk("speech").shown is not None


def test_switching_pages_loses_nothing(visitor):
    use_upload(visitor)
    visitor.upload("speech-file", "mine.wav", wav(speechlike()))
    visitor.open("text")
    at = visitor.open("speech")
    assert visitor.desk("speech").shown.provenance.input_name == "mine.wav"
    assert at.segmented_control("speech-source").value == "file"


def test_all_moments_as_a_table(visitor):
    at = visitor.open("speech")
    at.toggle("speech-table").set_value(True)
    at = visitor.run()
    (table,) = at.dataframe
    expected = steps_table(visitor.desk("speech").shown)
    assert len(table.value) == len(expected)
    np.testing.assert_allclose(table.value["weight"], expected["universal_query"])
