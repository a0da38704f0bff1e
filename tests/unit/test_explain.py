"""From bytes or text to an Explanation, with the shipped networks on our own samples."""

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from models import checkpoints
from models.errors import InputError
from models.explain import MAXIMUM_CHARACTERS, MAXIMUM_WORDS, explain_clip, explain_text
from models.explanation import Explanation
from models.frontend import audio

SAMPLES = Path(__file__).parents[2] / "assets" / "samples"


@pytest.fixture(scope="module")
def speech():
    return checkpoints.load("ravdess")


@pytest.fixture(scope="module")
def topics():
    return checkpoints.load("reuters")


def clip(name):
    return (SAMPLES / f"{name}.flac").read_bytes()


def wav(samples, rate=16000, **kwargs):
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format="WAV", **kwargs)
    return buffer.getvalue()


def samples_of(name):
    return soundfile.read(SAMPLES / f"{name}.flac", dtype="float32")


def test_a_clip_is_explained_completely(speech):
    explanation = explain_clip(speech, clip("flat"), name="flat.flac")
    weights = explanation.attention[0].select()
    assert explanation.probabilities.sum() == pytest.approx(1, abs=1e-5)
    assert weights.sum() == pytest.approx(1, abs=1e-5) and (weights >= 0).all()
    assert len(weights) == len(explanation.units)
    used = explanation.audio.used
    assert explanation.units.starts[0] == used[0] and explanation.units.ends[-1] == used[1]
    np.testing.assert_allclose(explanation.units.starts[1:], explanation.units.ends[:-1])
    assert explanation.provenance.checkpoint == "ravdess" and len(explanation.provenance.input_hash) == 64
    assert {"decode", "features", "forward", "total"} <= explanation.provenance.milliseconds.keys()
    sound, rate = soundfile.read(io.BytesIO(explanation.sound))
    assert rate == 16000 and len(sound) / rate == pytest.approx(explanation.audio.duration, abs=0.001)


def test_an_explanation_survives_json(speech, topics):
    for explanation in (
        explain_clip(speech, clip("two_moods"), muted=[(0.5, 0.9)]),
        explain_text(topics, "Wheat 🌾 exports\r\nrose. " * 3, masked=[0]),
    ):
        again = Explanation.from_json(explanation.to_json())
        assert again.to_json() == explanation.to_json()


def test_the_same_clip_padded_with_silence_gives_the_same_answer(speech):
    samples, rate = samples_of("flat")
    alone = explain_clip(speech, wav(samples, rate))
    # Digital silence at the end is trimmed off; what is left is the same clip.
    padded = explain_clip(speech, wav(np.concatenate([samples, np.zeros_like(samples)]), rate))
    np.testing.assert_allclose(padded.probabilities, alone.probabilities, atol=1e-5)
    np.testing.assert_allclose(padded.attention[0].weights, alone.attention[0].weights, atol=1e-5)


def test_loudness_does_not_matter(speech):
    samples, rate = samples_of("flat")
    loud = explain_clip(speech, wav(samples, rate, subtype="FLOAT"))
    quiet = explain_clip(speech, wav(samples * 0.1, rate, subtype="FLOAT"))
    np.testing.assert_allclose(quiet.probabilities, loud.probabilities, atol=1e-3)


def test_a_long_clip_is_covered_whole_by_overlapping_windows(speech):
    seen = []
    explanation = explain_clip(speech, clip("long_story"), progress=lambda done, total: seen.append((done, total)))
    windows = explanation.windows
    assert len(windows) > 5
    assert windows[0].start == pytest.approx(explanation.audio.used[0])
    assert windows[-1].end == pytest.approx(explanation.audio.used[1])
    assert all(b.start < a.end for a, b in zip(windows, windows[1:], strict=False))
    for window in windows:
        assert window.probabilities.sum() == pytest.approx(1, abs=1e-5)
    stack = np.stack([w.probabilities for w in windows])
    assert (explanation.probabilities >= stack.min(axis=0) - 1e-6).all()
    assert (explanation.probabilities <= stack.max(axis=0) + 1e-6).all()
    weights = explanation.attention[0].select()
    assert weights.sum() == pytest.approx(1, abs=1e-5) and len(weights) == len(explanation.units)
    assert seen[-1][0] == seen[-1][1] == len(windows) and seen == sorted(seen)


def test_a_long_clip_can_be_cancelled(speech):
    class Stop(Exception):
        pass

    def progress(done, total):
        raise Stop

    with pytest.raises(Stop):
        explain_clip(speech, clip("long_story"), progress=progress)


def test_muting_changes_the_answer_and_not_the_clip(speech):
    before = explain_clip(speech, clip("two_moods"))
    middle = np.mean(before.audio.used)
    after = explain_clip(speech, clip("two_moods"), muted=[(before.audio.used[0], middle)])
    assert np.abs(after.probabilities - before.probabilities).max() > 0.01
    assert after.audio.used == before.audio.used and len(after.units) == len(before.units)
    assert after.sound == before.sound and after.changed == ((before.audio.used[0], middle),)


def test_muting_nothing_that_sounds_changes_hardly_anything(speech):
    before = explain_clip(speech, clip("silence_around"))
    after = explain_clip(speech, clip("silence_around"), muted=[(0.0, before.audio.used[0] / 2)])
    np.testing.assert_allclose(after.probabilities, before.probabilities, atol=1e-4)


def test_silence_is_left_out_and_said_so(speech):
    explanation = explain_clip(speech, clip("silence_around"))
    assert explanation.audio.used[0] > 1.2 and explanation.audio.used[1] < explanation.audio.duration - 1.2


@pytest.mark.parametrize(
    ("rate", "channels", "subtype"),
    [(8000, 1, "PCM_U8"), (44100, 2, "PCM_24"), (192000, 1, "FLOAT"), (48000, 8, "PCM_16")],
)
def test_any_rate_and_channel_count_gives_about_the_same_map(speech, rate, channels, subtype):
    import soxr

    samples, own = samples_of("flat")
    reference = explain_clip(speech, wav(samples, own))
    changed = soxr.resample(samples, own, rate)
    explanation = explain_clip(speech, wav(np.stack([changed] * channels, axis=1), rate, subtype=subtype))
    assert explanation.audio.sample_rate == rate and explanation.audio.channels == channels
    assert explanation.audio.duration == pytest.approx(reference.audio.duration, abs=0.01)
    assert np.isfinite(explanation.attention[0].weights).all()
    if rate > 16000:  # 8 kHz holds half of what the network hears
        np.testing.assert_allclose(explanation.probabilities, reference.probabilities, atol=0.1)


@pytest.mark.parametrize("seconds", [0.3, 0.31, 1.0])
def test_the_shortest_clips_are_explained(speech, seconds):
    samples, rate = samples_of("flat")
    part = samples[8000 : 8000 + int(seconds * rate)]
    explanation = explain_clip(speech, wav(part, rate))
    assert explanation.attention[0].select().sum() == pytest.approx(1, abs=1e-5)


def test_ten_minutes_are_explained_in_one_go(speech):
    samples, rate = samples_of("long_story")
    whole = np.tile(samples, int(600 * rate / len(samples)) + 1)[: 600 * rate]
    explanation = explain_clip(speech, wav(whole, rate))
    assert explanation.audio.duration == pytest.approx(600)
    assert explanation.attention[0].select().sum() == pytest.approx(1, abs=1e-4)
    assert explanation.picture.envelope.shape[1] <= 12_000


def test_a_text_keeps_its_offsets(topics):
    text = "Wheat exports 🌾 rose\r\n\r\nin “CHICAGO”… قمح"
    explanation = explain_text(topics, text)
    tokens = [text[a:b] for a, b in zip(explanation.units.starts, explanation.units.ends, strict=True)]
    assert tokens == ["Wheat", "exports", "🌾", "rose", "in", "“", "CHICAGO", "”", "…", "قمح"]
    known = explanation.units.known
    assert known[0] and not known[2] and not known[9]
    weights = explanation.attention[0].weights
    assert weights.shape == (90, 10)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-5)
    assert ((explanation.probabilities >= 0) & (explanation.probabilities <= 1)).all()


def test_wheat_is_found_where_it_stands(topics):
    """The network reads, not the page: on a plain wheat story it answers wheat and attends to wheat words."""
    text = (SAMPLES / "wheat_exports.txt").read_text(encoding="utf-8")
    explanation = explain_text(topics, text)
    wheat = explanation.labels.index("wheat")
    assert explanation.predicted()[wheat]
    weights = explanation.attention[0].select(label=wheat)
    top = [text[explanation.units.starts[i] : explanation.units.ends[i]].lower() for i in np.argsort(-weights)[:10]]
    assert "wheat" in top


def test_masking_a_word_makes_it_unknown_to_the_network_only(topics):
    text = "Wheat exports rose."
    before, after = explain_text(topics, text), explain_text(topics, text, masked=[0])
    assert after.text == text and after.changed == ((0, 1),)
    assert after.units.known.tolist() == before.units.known.tolist()
    wheat = before.labels.index("wheat")
    assert after.probabilities[wheat] < before.probabilities[wheat]


@pytest.mark.parametrize(
    "text",
    ["😀", "<script>alert(1)</script>", "שלום עולם", "a" * 5000, "\x00\x07 bell", "e\u0301\u0301\u0301"],
)
def test_odd_texts_are_explained(topics, text):
    explanation = explain_text(topics, text)
    assert np.isfinite(explanation.probabilities).all() and len(explanation.units) >= 1
    assert Explanation.from_json(explanation.to_json()).text == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no words"),
        (" \n\t\u3000", "no words"),
        ("half \ud83d a smile", "half of a character"),
        ("word " * (MAXIMUM_WORDS + 1), "20,001 words; the limit is 20,000"),
        ("x" * (MAXIMUM_CHARACTERS + 1), "1,000,001 characters; the limit is 1,000,000"),
    ],
)
def test_texts_that_cannot_be_read_are_refused_with_a_sentence(topics, text, reason):
    with pytest.raises(InputError, match=reason):
        explain_text(topics, text)


def test_twenty_thousand_words_are_explained(topics):
    explanation = explain_text(topics, "wheat " * MAXIMUM_WORDS)
    assert explanation.attention[0].weights.shape == (90, MAXIMUM_WORDS)


def test_a_masked_word_outside_the_text_is_refused(topics):
    with pytest.raises(InputError, match="Word 7 cannot be masked: the text has 2 words"):
        explain_text(topics, "two words", masked=[7])


def test_the_wrong_kind_of_checkpoint_is_refused(speech, topics):
    with pytest.raises(InputError, match="ravdess"):
        explain_text(speech, "words")
    with pytest.raises(InputError, match="reuters"):
        explain_clip(topics, clip("flat"))


def test_a_mostly_unknown_text_says_so(topics):
    assert any("unknown" in notice for notice in explain_text(topics, "жук лук стол").notices)
    assert not explain_text(topics, "The company said its profits rose.").notices


def test_ragged_mutes_are_refused(speech):
    with pytest.raises(InputError):
        explain_clip(speech, clip("flat"), muted=[(2.0, 1.0)])
    assert audio.mute(np.ones(16000, np.float32), 16000, [(0.2, 0.4)]).min() == 0
