"""The way of our voice: echo off, voice untouched, whatever the two sound cards' clocks say."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from tests.bench.echo import CASES, erle, run, stoi_of
from tests.bench.echo_room import Room, voice
from vdx_plugin.errors import Unsupported
from vdx_plugin.media.apm import FRAME, NoProcessor, WebrtcProcessor
from vdx_plugin.media.sound import RATE_HZ, Samples
from vdx_plugin.media.voice import VoicePath

QUIET: Samples = np.zeros(FRAME, dtype=np.int16)
LOUD: Samples = (4000 * np.sin(2 * np.pi * 500 * np.arange(FRAME) / RATE_HZ)).astype(np.int16)


@pytest.mark.parametrize(
    "case", ["delay 120 ms, echo -10 dB", "clock drift 100 ppm", "loud speaker, echo +3 dB", "delay 40 ms"]
)
def test_after_two_seconds_thirty_decibels_of_the_echo_are_gone(case: str) -> None:
    """The others must not hear themselves, with whatever sound cards."""
    far = voice(6.0, 120, seed=1)
    found = run(WebrtcProcessor(gain_control=False), far, np.zeros_like(far), CASES[case], seed=1)
    assert erle(found, 2.0, 6.0) >= 30


def test_with_gain_control_twenty_five_decibels_are_gone_after_a_change_of_the_delay() -> None:
    """A sound card may change its buffer in the middle of a call; gain control lifts what is left."""
    far = voice(12.0, 120, seed=1)
    room = Room(step_s=5.0)
    found = run(WebrtcProcessor(), far, np.zeros_like(far), room, seed=1)
    assert erle(found, 8.0, 12.0) >= 25


def test_our_voice_alone_comes_through_as_it_is() -> None:
    """A canceller that eats the doctor's words is worse than an echo."""
    ours = voice(6.0, 190, seed=2)
    found = run(WebrtcProcessor(), np.zeros_like(ours), ours, Room(noise_rms=3), seed=1)
    assert stoi_of(ours, found.sent, 2.0) >= 0.98


def test_a_refusing_library_leaves_the_microphone_as_it_is() -> None:
    """Sound with an echo is better than none."""

    class Refusing(NoProcessor):
        cancels_echo = True

        def clean(self, frame: Samples) -> Samples:
            raise Unsupported("media.no_canceller")

    path = VoicePath(Refusing())
    assert (path.clean_frame(LOUD, 0.0) == LOUD).all()
    assert not path.echo.is_on


def test_the_sender_reads_what_the_microphone_heard_whatever_the_size_of_its_blocks() -> None:
    """Drivers deliver 441 or 1024 samples as they like; the processing takes 480."""
    now = [0.0]
    path = VoicePath(NoProcessor(), lambda: now[0])
    sent = []
    for _ in range(200):
        now[0] += 441 / RATE_HZ
        path.on_captured(np.full(441, 1000, dtype=np.int16))
        if len(sent) * 960 < now[0] * RATE_HZ - 960:
            sent.append(path.read(960))
    assert (np.concatenate(sent)[-9600:] == 1000).all()


def test_levels_tell_what_was_heard_sent_and_played() -> None:
    """The watchers live on them."""
    now = [0.0]
    path = VoicePath(NoProcessor(), lambda: now[0])
    for _ in range(20):
        now[0] += 0.01
        path.on_played(LOUD)
        path.on_captured(QUIET)
    levels = path.take_levels()
    assert len(levels) == 20
    assert levels[-1].heard == levels[-1].sent == 0
    assert levels[-1].played == pytest.approx(2828, rel=0.01)
    assert path.take_levels() == []


def test_the_library_is_not_read_before_a_call_opens() -> None:
    """It takes a fifth of a second and starts threads of its own."""
    code = "import sys, vdx_plugin.media.voice, vdx_plugin.media.engine; print('livekit' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"


def test_the_library_leaves_no_python_thread_and_says_nothing() -> None:
    """Its own idle threads stay; nothing of ours may hang on them, and support reads the log."""
    code = (
        "import logging, threading; logging.basicConfig(level=logging.DEBUG)\n"
        "from vdx_plugin.media.apm import WebrtcProcessor, FRAME; import numpy as np\n"
        "p = WebrtcProcessor(); p.hear(np.zeros(FRAME, np.int16)); p.clean(np.zeros(FRAME, np.int16)); del p\n"
        "print([t.name for t in threading.enumerate()])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "['MainThread']"
    assert "livekit" not in answer.stderr
