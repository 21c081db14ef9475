"""What is wrong with camera, microphone, speaker and our picture, as problems that a window has sentences for. Pure."""

from __future__ import annotations

from vdx_plugin.ports import DeviceNotice
from vdx_plugin.service.view import Problem

_KINDS = ("camera", "microphone", "speaker")
_NO_DEVICE = tuple(f"media.no_{kind}" for kind in _KINDS)
_NO_DEVICES = "media.no_devices"


def as_problem(notice: DeviceNotice) -> Problem:
    """Return a notice as what is shown of it."""
    return Problem(notice.code, {"device": notice.device} if notice.device else {})


def after(troubles: tuple[Problem, ...], notice: DeviceNotice) -> tuple[Problem, ...]:
    """Return the troubles once a notice was heard. Each device has one at a time, and none once it is back."""
    code = notice.code
    if code == "media.picture_back":
        return tuple(each for each in troubles if each.code != "media.sound_only")
    kind = next((each for each in _KINDS if each in code), "")
    if not kind:
        return troubles if any(each.code == code for each in troubles) else (*troubles, Problem(code))
    left = tuple(each for each in _apart(troubles) if kind not in each.code)
    if code == f"media.{kind}_back":
        return _in_one_sentence(left)
    return _in_one_sentence((*left, as_problem(notice)))


def _apart(troubles: tuple[Problem, ...]) -> tuple[Problem, ...]:
    if not any(each.code == _NO_DEVICES for each in troubles):
        return troubles
    return (*(each for each in troubles if each.code != _NO_DEVICES), *(Problem(code) for code in _NO_DEVICE))


def _in_one_sentence(troubles: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """A workplace without any device gets one sentence, not three."""
    if not {each.code for each in troubles} >= set(_NO_DEVICE):
        return troubles
    return (*(each for each in troubles if each.code not in _NO_DEVICE), Problem(_NO_DEVICES))
