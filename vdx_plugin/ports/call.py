"""Being in a room: roster, picture, sound, chat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from vdx_plugin.domain.measures import LineFigures
from vdx_plugin.domain.secret import Secret


@dataclass(frozen=True, slots=True)
class JoinTarget:
    """Where and as whom to enter: ``node`` is the base address of a Pexip node, ``alias`` the room's."""

    node: str
    alias: str
    pin: Secret
    display_name: str
    call_tag: str = ""


@dataclass(frozen=True, slots=True)
class RoomParticipant:
    """One row of the room's roster. ``call_tag`` is what the participant's link carried."""

    id: str
    display_name: str
    is_host: bool
    is_waiting: bool
    is_self: bool
    has_media: bool
    call_tag: str = ""
    is_muted: bool = False

    def __repr__(self) -> str:
        return f"RoomParticipant({self.id!r}, waiting={self.is_waiting})"


class LineQuality(StrEnum):
    """The line in three states a doctor can act on, and one for before the call."""

    NONE = "none"
    GOOD = "good"
    UNSTABLE = "unstable"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class ChatMessage:
    at: datetime
    sender: str
    text: str
    is_own: bool

    def __repr__(self) -> str:
        return "ChatMessage(…)"


@dataclass(frozen=True, slots=True)
class RosterChanged:
    participants: tuple[RoomParticipant, ...]


@dataclass(frozen=True, slots=True)
class LockChanged:
    locked: bool


@dataclass(frozen=True, slots=True)
class ChatReceived:
    message: ChatMessage


@dataclass(frozen=True, slots=True)
class LineChanged:
    quality: LineQuality
    loss: float | None = None
    rtt_ms: float | None = None


@dataclass(frozen=True, slots=True)
class MediaFlowing:
    """First decoded picture or first non-silent sound from the other side. ``kind`` is ``audio`` or ``video``."""

    kind: str
    after_join_ms: int


@dataclass(frozen=True, slots=True)
class DeviceNotice:
    """A device went away or came back, or a test card stands in. ``code`` has its sentence in ``texts``."""

    code: str


@dataclass(frozen=True, slots=True)
class CallOver:
    """The room put us out or the line is gone for good. ``code`` as above; empty after our own hang-up."""

    code: str = ""


CallEvent = RosterChanged | LockChanged | ChatReceived | LineChanged | MediaFlowing | DeviceNotice | CallOver


@dataclass(frozen=True, slots=True)
class VideoPicture:
    """One decoded picture, planar YUV 4:2:0: three byte planes with their line lengths in bytes."""

    width: int
    height: int
    planes: tuple[bytes, bytes, bytes]
    strides: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class MediaChoice:
    """Devices by name; None takes the system's default, and a test card or silence when there is none."""

    camera: str | None = None
    microphone: str | None = None
    speaker: str | None = None
    use_test_card: bool = False
    video_codec: str = "H264"
    cancel_echo: bool = True
    """Take echo and noise out of our sound; off for those whose headset or sound card does it."""


class Call(Protocol):
    """One presence in one room. Made by ``CallEngine.enter``, over after ``leave`` or a CallOver event."""

    async def lock(self) -> None: ...

    async def unlock(self) -> None: ...

    async def admit(self, participant_id: str) -> None:
        """Let a waiting participant in."""
        ...

    async def put_out(self, participant_id: str) -> None:
        """Disconnect one participant."""
        ...

    async def start_media(self, choice: MediaChoice) -> None:
        """Open devices and the media path. Raises Unavailable(``media.*``)."""
        ...

    async def set_microphone(self, *, on: bool) -> None: ...

    async def set_camera(self, *, on: bool) -> None: ...

    async def send_chat(self, text: str) -> None:
        """Send a line to everybody inside. Once sent, it comes back as our own ChatReceived."""
        ...

    async def leave(self) -> None:
        """Leave alone; the room lives on."""
        ...

    async def end_for_all(self) -> None:
        """Put everybody out, then leave."""
        ...

    def figures(self) -> LineFigures:
        """Quality so far."""
        ...

    def two_way_media_s(self) -> float:
        """Seconds during which media came in and went out."""
        ...


class CallEngine(Protocol):
    """Enters rooms. ``on_event`` is called on the asyncio thread; the picture callbacks on any thread, newest wins."""

    async def prepare(self) -> None:
        """Load what a call needs, so that the first one need not wait for it. Early and often: safe to repeat."""
        ...

    async def enter(
        self,
        target: JoinTarget,
        on_event: Callable[[CallEvent], None],
        *,
        on_remote_picture: Callable[[VideoPicture], None],
        on_self_picture: Callable[[VideoPicture], None],
    ) -> Call:
        """Get a token and the roster; no media yet. Raises Refused(``call.wrong_pin``), NotFound, Unavailable."""
        ...
