"""A synthetic guest for the demo and for tests: it sends a labelled test card and generated babble, and counts.

It is the same client as the doctor's, entering as a guest, so whatever breaks for a guest breaks for the bot.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from vdx_plugin.media.call import PexipCall
from vdx_plugin.media.engine import PexipEngine
from vdx_plugin.media.local_media import MediaSettings
from vdx_plugin.media.testcard import CARD_FORMAT, PictureFormat
from vdx_plugin.ports import (
    CallEvent,
    CallOver,
    ChatReceived,
    JoinTarget,
    MediaChoice,
    MediaFlowing,
    RosterChanged,
    SlidesChanged,
    VideoPicture,
    ignore_picture,
)
from vdx_plugin.texts import _


@dataclass(frozen=True, slots=True)
class BotReport:
    """What the bot has seen and heard. Times are seconds since it began to enter; None for what has not happened."""

    frames: int = 0
    """Decoded pictures."""
    width: int = 0
    height: int = 0
    audible_s: float = 0.0
    """Decoded sound louder than silence."""
    waited: bool = False
    admitted_at_s: float | None = None
    first_video_at_s: float | None = None
    first_audio_at_s: float | None = None
    chat: tuple[str, ...] = ()
    slides: int = 0
    """Pictures of slides that were shown to it."""
    slides_of: str = ""
    """Who shows slides now."""
    over_code: str | None = None
    """Code of CallOver, None while the call lasts; empty when the bot left by itself."""


class Bot:
    """``async with Bot(target) as bot`` enters, sends and counts; leaving the block leaves the room.

    ``picture`` is what it sends; 640x360 at 15 pictures a second keeps a small machine quiet.
    """

    def __init__(
        self,
        target: JoinTarget,
        *,
        video_codec: str = "H264",
        picture: PictureFormat = CARD_FORMAT,
        voice_pitch_hz: float = 190.0,
        title: str = "",
    ) -> None:
        self._target = target
        self._choice = MediaChoice(use_test_card=True, video_codec=video_codec)
        settings = MediaSettings(card=picture, card_title=title or _("TESTGÆST"), voice_pitch_hz=voice_pitch_hz)
        self._engine = PexipEngine(settings=settings)
        self._call: PexipCall | None = None
        self._report = BotReport()
        self.slide: VideoPicture | None = None
        """The newest picture of slides."""
        self._changed = asyncio.Event()
        self._began_s = 0.0

    async def __aenter__(self) -> Self:
        self._began_s = time.monotonic()
        self._call = await self._engine.enter(
            self._target,
            self._on_event,
            on_remote_picture=self._on_picture,
            on_self_picture=ignore_picture,
            on_slide=self._on_slide,
        )
        try:
            await self._call.start_media(self._choice)
        except BaseException:
            await self._call.leave()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._call is not None:
            await self._call.leave()

    @property
    def call(self) -> PexipCall:
        """The bot's call, to act in the room with. RuntimeError before it has entered."""
        if self._call is None:
            raise RuntimeError("the bot has not entered")
        return self._call

    @property
    def report(self) -> BotReport:
        """What is known now."""
        if self._call is None:
            return self._report
        received = self._call.received()
        return replace(
            self._report,
            frames=received.frames,
            width=received.width,
            height=received.height,
            audible_s=received.audible_s,
        )

    async def wait_until(self, condition: Callable[[BotReport], bool], *, timeout_s: float = 20.0) -> BotReport:
        """Wait until ``condition`` holds of the report. Raises TimeoutError, with the report in its text."""
        try:
            async with asyncio.timeout(timeout_s):
                while not condition(self.report):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise TimeoutError(f"the bot saw only {self.report}") from None
        return self.report

    def _on_event(self, event: CallEvent) -> None:
        now_s = time.monotonic() - self._began_s
        if isinstance(event, RosterChanged):
            self._note_roster(event, now_s)
        elif isinstance(event, MediaFlowing) and event.kind == "video":
            self._report = replace(self._report, first_video_at_s=now_s)
        elif isinstance(event, MediaFlowing):
            self._report = replace(self._report, first_audio_at_s=now_s)
        elif isinstance(event, ChatReceived):
            self._report = replace(self._report, chat=(*self._report.chat[-99:], event.message.text))
        elif isinstance(event, SlidesChanged):
            self._report = replace(self._report, slides_of=event.presenter)
        elif isinstance(event, CallOver):
            self._report = replace(self._report, over_code=event.code)
        self._changed.set()

    def _note_roster(self, event: RosterChanged, now_s: float) -> None:
        own = next((row for row in event.participants if row.is_self), None)
        if own is None:
            return
        if own.is_waiting:
            self._report = replace(self._report, waited=True)
        elif self._report.admitted_at_s is None:
            self._report = replace(self._report, admitted_at_s=now_s)

    def _on_picture(self, picture: VideoPicture) -> None:
        self._changed.set()

    def _on_slide(self, picture: VideoPicture) -> None:
        self.slide = picture
        self._report = replace(self._report, slides=self._report.slides + 1)
        self._changed.set()
