"""What is said of devices in the call's window."""

from __future__ import annotations

from vdx_plugin.ports import DeviceNotice
from vdx_plugin.service.device_troubles import after
from vdx_plugin.service.view import Problem


def codes(troubles: tuple[Problem, ...]) -> list[str]:
    return [each.code for each in troubles]


def test_a_device_that_is_back_takes_away_what_was_said_of_it_and_of_no_other() -> None:
    """The camera's return says nothing of the microphone."""
    troubles = after(after((), DeviceNotice("media.camera_lost")), DeviceNotice("media.microphone_replaced", "Laptop"))
    assert codes(after(troubles, DeviceNotice("media.camera_back"))) == ["media.microphone_replaced"]
    assert after(troubles, DeviceNotice("media.microphone_back")) == (Problem("media.camera_lost"),)


def test_one_device_has_one_sentence() -> None:
    """Lost and replaced by a stand-in is one thing, and the newest word counts."""
    troubles = after(
        after((), DeviceNotice("media.microphone_lost")), DeviceNotice("media.microphone_replaced", "Laptop")
    )
    assert troubles == (Problem("media.microphone_replaced", {"device": "Laptop"}),)


def test_a_workplace_without_any_device_gets_one_sentence_until_one_comes() -> None:
    """Three bands would hide the picture; and the rest is still missing when the first is put in."""
    troubles: tuple[Problem, ...] = ()
    for code in ("media.no_camera", "media.no_microphone", "media.no_speaker"):
        troubles = after(troubles, DeviceNotice(code))
    assert codes(troubles) == ["media.no_devices"]
    assert codes(after(troubles, DeviceNotice("media.microphone_back"))) == ["media.no_camera", "media.no_speaker"]


def test_the_same_is_said_once() -> None:
    """The echo canceller may fail again at each change of microphone."""
    assert codes(after(after((), DeviceNotice("media.no_canceller")), DeviceNotice("media.no_canceller"))) == [
        "media.no_canceller"
    ]


def test_a_picture_the_line_has_no_room_for_is_told_until_it_is_sent_again() -> None:
    """The doctor goes on talking to somebody who sees nothing, unless told."""
    troubles = after((), DeviceNotice("media.sound_only"))
    assert codes(after(troubles, DeviceNotice("media.camera_lost"))) == ["media.sound_only", "media.camera_lost"]
    assert after(troubles, DeviceNotice("media.picture_back")) == ()
