"""What is wrong with camera, microphone and speaker, as codes that a window has sentences for. Pure."""

from __future__ import annotations

_NO_DEVICE = {"media.no_camera", "media.no_microphone", "media.no_speaker"}


def after(troubles: tuple[str, ...], code: str) -> tuple[str, ...]:
    """Return the troubles once ``code`` was heard; a device that is back takes away that one was lost."""
    if code == "media.device_back":
        return tuple(each for each in troubles if not each.endswith("_lost"))
    return troubles if code in troubles else _in_one_sentence((*troubles, code))


def _in_one_sentence(troubles: tuple[str, ...]) -> tuple[str, ...]:
    """A workplace without any device gets one sentence, not three."""
    if not set(troubles) >= _NO_DEVICE:
        return troubles
    return (*(each for each in troubles if each not in _NO_DEVICE), "media.no_devices")
