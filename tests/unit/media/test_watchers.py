"""Watchers of sound: they find what is wrong, and never cry wolf at somebody who speaks with pauses."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from tests.bench.echo_room import Floats, voice
from vdx_plugin.media.sound import RATE_HZ
from vdx_plugin.media.voice import Level
from vdx_plugin.media.watchers import SoundWatch
from vdx_plugin.ports import DeviceNotice

FRAME = 480
MINUTE = 60.0


def levels(sound: Floats) -> Floats:
    frames = sound[: sound.size // FRAME * FRAME].reshape(-1, FRAME)
    return np.asarray(np.sqrt(np.mean(frames**2, axis=1)))


def seconds(heard: Floats, sent: Floats, played: Floats) -> Iterator[list[Level]]:
    """Cut three series of levels into seconds."""
    rows = [Level(float(a), float(b), float(c)) for a, b, c in zip(heard, sent, played, strict=True)]
    for at in range(0, len(rows), 100):
        yield rows[at : at + 100]


def advice(
    heard: Floats, sent: Floats, played: Floats, *, is_on: bool = True, cancels_echo: bool = True
) -> list[tuple[DeviceNotice, ...]]:
    """Return what a watch says in each second."""
    watch = SoundWatch()
    return [
        watch.tick(part, is_on=is_on, are_others_there=True, cancels_echo=cancels_echo)
        for part in seconds(heard, sent, played)
    ]


def codes(said: list[tuple[DeviceNotice, ...]]) -> set[str]:
    return {notice.code for second in said for notice in second}


def turns(length_s: float, seed: int) -> tuple[Floats, Floats]:
    """Return two voices of a conversation: now one, now the other, with pauses, sometimes both."""
    dice = np.random.default_rng(seed)
    ours, theirs = voice(length_s, 120, seed), voice(length_s, 190, seed + 100)
    at = 0
    while at < ours.size:
        span = int(dice.uniform(1.5, 6.0) * RATE_HZ)
        quiet = (ours, theirs)[int(dice.integers(0, 2))]
        if dice.random() < 0.9:
            quiet[at : at + span] = 0
        at += span
    return ours, theirs


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("has_gate", [False, True], ids=["open microphone", "headset with a gate"])
def test_a_conversation_with_pauses_gives_no_advice(seed: int, has_gate: bool) -> None:
    """Two minutes of turns, pauses and talk at once; a gate makes each pause wholly silent."""
    ours, theirs = (levels(part) for part in turns(2 * MINUTE, seed))
    heard = ours if has_gate else np.maximum(ours, 8.0)
    assert codes(advice(heard, ours, theirs)) == set()


def test_a_patient_who_tells_a_long_story_is_no_silent_microphone() -> None:
    """The doctor listens for a minute and a half; the microphone has its noise."""
    theirs = levels(voice(90.0, 190, 1))
    quiet = np.full(theirs.size, 6.0)
    assert codes(advice(quiet, quiet, theirs)) == set()


def test_a_microphone_without_any_signal_is_told_within_five_seconds() -> None:
    """Blocked by the system, or off at the headset: nobody hears the doctor's first words."""
    dead, theirs = np.zeros(1000), np.zeros(1000)
    said = advice(dead, dead, theirs)
    assert codes(said[:3]) == set()
    assert said[4] == (DeviceNotice("media.silent_microphone"),)


def test_the_advice_goes_away_with_the_first_sound() -> None:
    """It was heeded."""
    heard = np.concatenate((np.zeros(600), levels(voice(3.0, 120, 1))))
    said = advice(heard, heard, np.zeros(heard.size))
    assert said[5]
    assert not said[-1]


def test_who_speaks_while_muted_is_told_within_three_seconds_and_only_then() -> None:
    """The most common accident of all; a chair or a cough is none of it."""
    ours = levels(voice(10.0, 120, 1))
    quiet = np.zeros(ours.size)
    assert ("media.speaking_muted",) in [
        tuple(n.code for n in second) for second in advice(ours, ours, quiet, is_on=False)[:4]
    ]
    assert "media.speaking_muted" not in codes(advice(ours, ours, quiet))
    cough = np.full(1000, 8.0)
    cough[200:240] = cough[500:560] = 4000.0
    assert codes(advice(cough, cough, np.zeros(1000), is_on=False)) == set()


def test_others_who_speak_are_not_taken_for_us_while_we_are_muted() -> None:
    """Without an echo canceller the microphone hears them all the time."""
    theirs = levels(voice(30.0, 190, 1))
    heard = 0.5 * theirs
    assert "media.speaking_muted" not in codes(advice(heard, heard, theirs, is_on=False, cancels_echo=False))


@pytest.mark.parametrize(("cancels_echo", "code"), [(True, "media.own_echo"), (False, "media.echo_not_cancelled")])
def test_the_others_sound_in_what_we_send_is_an_echo_of_ours(cancels_echo: bool, code: str) -> None:
    """They hear themselves and do not know why; only this end can mend it."""
    theirs = levels(voice(40.0, 190, 1))
    heard = 0.3 * np.concatenate((np.zeros(12), theirs))[: theirs.size] + 8.0
    assert codes(advice(heard, heard, theirs, cancels_echo=cancels_echo)) == {code}


def test_our_own_voice_coming_back_is_an_echo_of_theirs() -> None:
    """A tablet on a table at the nursing home; they must be told, for they do not hear it."""
    ours = levels(voice(40.0, 120, 1))
    back = 0.4 * np.concatenate((np.zeros(45), ours))[: ours.size]
    assert codes(advice(ours + 8.0, ours, back)) == {"media.their_echo"}


def test_an_echo_that_is_taken_off_is_none() -> None:
    """What the canceller leaves is far below what anybody hears."""
    theirs = levels(voice(40.0, 190, 1))
    heard = 0.3 * np.concatenate((np.zeros(12), theirs))[: theirs.size] + 8.0
    assert codes(advice(heard, heard * 0.02, theirs)) == set()


def test_other_microphones_are_listened_to_after_twenty_seconds_without_a_word() -> None:
    """Not sooner, and ever more seldom, for opening them is a disturbance of its own."""
    watch, quiet = SoundWatch(), [Level(6.0, 6.0, 0.0)] * 100
    wanted = []
    for second in range(200):
        watch.tick(quiet, is_on=True, are_others_there=True, cancels_echo=True)
        if watch.wants_search:
            wanted.append(second + 1)
    assert wanted == [20, 60, 180]


def test_a_microphone_that_hears_us_better_is_offered_until_ours_hears_us() -> None:
    """The chosen one may be in the drawer, and is then taken out."""
    watch, quiet, loud = SoundWatch(), [Level(6.0, 6.0, 0.0)] * 100, [Level(900.0, 900.0, 0.0)] * 100
    watch.found_better("Headset")
    state = {"is_on": True, "are_others_there": True, "cancels_echo": True}
    assert watch.tick(quiet, **state) == (DeviceNotice("media.wrong_microphone", "Headset"),)
    assert watch.tick(loud, **state) == ()
