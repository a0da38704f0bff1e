"""Regenerate the sample clips: `python assets/samples/make_samples.py`. Needs espeak-ng 1.51 or later.

Nobody's voice is in these files: espeak-ng (https://github.com/espeak-ng/espeak-ng) is a formant
synthesizer, and what it says here was written for Earmark. The clips, like the sample texts beside
them, are given to the public domain under CC0 1.0.

A clip is a list of parts. A part is either seconds of silence or the arguments of one command,

    espeak-ng -v VOICE -p PITCH -s SPEED -a AMPLITUDE -m --stdout '<speak>…</speak>'

(pitch 0 to 99, speed in words a minute, amplitude 0 to 200; `-m` reads SSML, whose `range` widens
the melody). The parts are joined at espeak-ng's 22,050 Hz, resampled to 16 kHz (soxr HQ), and saved
as 16-bit mono FLAC. A whisper of noise (-72 dBFS, fixed seed) lies under each clip, as no microphone
records exact zeros.
"""

from __future__ import annotations

import io
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

FOLDER = Path(__file__).parent
RATE = 16_000
NOISE = 10 ** (-72 / 20)


@dataclass(frozen=True)
class Say:
    """One espeak-ng command; `range_` is the melody's range in SSML's terms."""

    text: str
    voice: str = "en-gb"
    pitch: int = 50
    speed: int = 160
    amplitude: int = 100
    range_: str = "medium"

    def command(self) -> list[str]:
        ssml = f'<speak><prosody range="{self.range_}">{self.text}</prosody></speak>'
        options = ["-v", self.voice, "-p", str(self.pitch), "-s", str(self.speed), "-a", str(self.amplitude)]
        return ["espeak-ng", *options, "-m", "--stdout", ssml]


CLIPS: dict[str, list[Say | float]] = {
    "flat.flac": [
        0.2,
        Say("The parcel is on the table by the window.", pitch=40, speed=150, range_="x-low"),
        0.2,
    ],
    "fast_and_high.flac": [
        0.2,
        Say("Oh no, look! It is coming this way, we have to get out of here!", "en-us+f3", 90, 215, 150, "x-high"),
        0.2,
    ],
    "slow_and_low.flac": [
        0.2,
        Say("I waited all evening, and nobody came.", pitch=12, speed=105, amplitude=60, range_="low"),
        0.2,
    ],
    "long_pause.flac": [
        0.2,
        Say("I opened the envelope,", "en-us+f2", 55, 150),
        1.8,
        Say("and we had won!", "en-us+f2", 80, 175, 140, "x-high"),
        0.2,
    ],
    "silence_around.flac": [
        1.5,
        Say("Please close the door behind you.", "en-gb-scotland", 50, 160),
        1.5,
    ],
    "two_moods.flac": [
        0.2,
        Say("It was a quiet morning by the lake.", "en-gb+f4", 45, 135, 70, "low"),
        0.25,
        Say("Then somebody smashed the window!", "en-gb+f4", 80, 205, 180, "x-high"),
        0.2,
    ],
    "long_story.flac": [
        0.3,
        Say("The train left the station a little after six. It was still dark, and the carriage was nearly empty. "
            "An old man read his newspaper, and a child counted the lamps along the line.",
            pitch=45, speed=150, range_="low"),
        0.6,
        Say("Near the bridge the brakes screamed! Everybody jumped up! What was that? Is somebody hurt?",
            pitch=78, speed=205, amplitude=160, range_="x-high"),
        0.8,
        Say("For a long time nothing happened. The heating went off. It grew cold, and we sat, and we waited, "
            "and nobody told us anything.", pitch=18, speed=115, amplitude=70, range_="low"),
        0.7,
        Say("Then the driver laughed over the loudspeaker. A cow, ladies and gentlemen! A very fat, very healthy cow! "
            "She is fine, we are fine, and the tea is free!", pitch=66, speed=180, amplitude=130, range_="high"),
        0.5,
        Say("We reached the coast forty minutes late.", pitch=45, speed=150, range_="low"),
        0.3,
    ],
}  # fmt: skip


def spoken(part: Say | float) -> tuple[np.ndarray, int]:
    """Samples and rate of one part. The WAV on stdout claims an endless length, which soundfile reads to its end."""
    if isinstance(part, float):
        return np.zeros(round(part * 22_050)), 22_050
    wav = subprocess.run(part.command(), check=True, capture_output=True).stdout
    return soundfile.read(io.BytesIO(wav))


def make(name: str) -> float:
    """Write one clip and return its duration in seconds."""
    parts = [spoken(part) for part in CLIPS[name]]
    rates = {rate for _, rate in parts}
    if rates != {22_050}:
        raise SystemExit(f"espeak-ng gave {rates} Hz, expected 22,050.")
    samples = soxr.resample(np.concatenate([samples for samples, _ in parts]), 22_050, RATE, quality="HQ")
    samples *= min(1.0, 0.95 / np.abs(samples).max())
    samples += np.random.default_rng(0).normal(0, NOISE, len(samples))
    soundfile.write(FOLDER / name, samples, RATE, format="FLAC", subtype="PCM_16")
    return len(samples) / RATE


if __name__ == "__main__":
    for clip in CLIPS:
        print(f"{clip}: {make(clip):.1f} s")
