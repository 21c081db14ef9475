"""Advice about sound and devices in the call's window: a quiet band each, with one button that mends it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from vdx_plugin.ports import LineQuality, MediaChoice
from vdx_plugin.service.view import Problem
from vdx_plugin.texts import _
from vdx_plugin.ui.bands import BandFact
from vdx_plugin.ui.device_names import DeviceNames
from vdx_plugin.ui.wording import trouble

POOR_AFTER = timedelta(seconds=10)
PREFIX = "advice:"
UNMUTE, DEVICES, USE_MICROPHONE, CANCEL_ECHO, WRITE, USE_NEW = (
    "unmute",
    "devices",
    "use_microphone",
    "cancel_echo",
    "write",
    "use_new",
)


def cure(code: str) -> tuple[str, str] | None:
    """Return action and words of the button that mends a problem; None where no button can."""
    return {
        "media.speaking_muted": (UNMUTE, _("Slå til")),
        "media.silent_microphone": (DEVICES, _("Vælg en anden")),
        "media.wrong_microphone": (USE_MICROPHONE, _("Brug den")),
        "media.own_echo": (DEVICES, _("Vælg headset")),
        "media.echo_not_cancelled": (CANCEL_ECHO, _("Slå ekkodæmpning til")),
        "media.their_echo": (WRITE, _("Skriv det til dem")),
        "media.line_poor": ("phone", _("Vis telefonnumre")),
        "media.new_device": (USE_NEW, _("Brug den")),
        "media.camera_lost": (DEVICES, _("Vælg en anden")),
        "media.no_microphone": (DEVICES, _("Vælg en anden")),
        "media.no_camera": (DEVICES, _("Vælg en anden")),
    }.get(code)


def request() -> str:
    """Return what is written to those whose loudspeaker sends our voice back."""
    return _("Jeg kan høre mig selv. Brug gerne høretelefoner, eller skru lidt ned for lyden.")


class Advice:
    """Which advice is shown: what the call and its devices say, without what the user has put aside.

    Advice that was put aside comes back when it has been away meanwhile, for then it is news.
    """

    def __init__(self) -> None:
        self._offer = DeviceNames()
        self._aside: set[str] = set()
        self._poor_since: datetime | None = None
        self._is_poor = False

    def offer(self, new: DeviceNames) -> None:
        """Offer devices that were put in; none takes the offer back."""
        self._offer = new
        self._aside.discard("media.new_device")

    def note_line(self, quality: LineQuality, now: datetime) -> None:
        """Say how the line is; a poor one is spoken of only when it stays so."""
        if quality is not LineQuality.UNSTABLE:
            self._poor_since = None
        elif self._poor_since is None:
            self._poor_since = now
        self._is_poor = self._poor_since is not None and now - self._poor_since >= POOR_AFTER

    def put_aside(self, key: str) -> None:
        """Show this no longer, until it comes up anew."""
        code = key.removeprefix(PREFIX)
        self._aside.add(code)
        if code == "media.new_device":
            self._offer = DeviceNames()

    def facts(self, advice: Sequence[Problem]) -> list[BandFact]:
        """Return the bands to show."""
        shown = list(advice)
        if self._is_poor:
            shown.append(Problem("media.line_poor"))
        name = next(iter((*self._offer.microphones, *self._offer.speakers, *self._offer.cameras)), "")
        if name:
            shown.append(Problem("media.new_device", {"device": name}))
        self._aside &= {each.code for each in shown}
        return [_band(each) for each in shown if each.code not in self._aside]

    def with_offer(self, choice: MediaChoice) -> MediaChoice:
        """Return the choice with the devices on offer, all that came: a headset is microphone and speaker."""
        new = self._offer
        return replace(
            choice,
            camera=next(iter(new.cameras), choice.camera),
            microphone=next(iter(new.microphones), choice.microphone),
            speaker=next(iter(new.speakers), choice.speaker),
            use_test_card=choice.use_test_card and not new.cameras,
        )


def _band(advice: Problem) -> BandFact:
    action = cure(advice.code)
    tone = "accent" if advice.code == "media.new_device" else "warning"
    return BandFact(
        PREFIX + advice.code,
        trouble(advice),
        tone,
        actions=(action,) if action else (),
        is_dismissable=True,
    )
