"""Being in a room: roster, picture, sound, chat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from vdx_plugin.domain.measures import LineFigures
from vdx_plugin.domain.secret import Secret
from vdx_plugin.ports.checks import WorkplaceCheck
from vdx_plugin.ports.figures import CallFigures


@dataclass(frozen=True, slots=True)
class JoinTarget:
    """Where and as whom to enter: ``node`` is the base address of a Pexip node, ``alias`` the room's."""

    node: str
    alias: str
    pin: Secret
    display_name: str
    call_tag: str = ""
    extension: str = ""
    """Which room is wanted, where ``alias`` is a virtual reception that asks."""
    direct_media: bool = False
    """Two ends may send to each other without the node in between, if the node allows it."""


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
    is_spotlit: bool = False
    """Fills everybody's picture, whoever speaks."""
    is_presenting: bool = False
    is_called_up: bool = False
    """By telephone or a room system, from this room."""
    is_speaking: bool = False

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
class RoomRules:
    """What holds for everybody inside. ``layout`` is the node's own name for how it composes the picture."""

    guests_muted: bool = False
    layout: str = ""
    is_host: bool = True
    """We may do what a host may."""
    is_direct: bool = False
    """Picture and sound go straight between two ends."""


@dataclass(frozen=True, slots=True)
class RulesChanged:
    rules: RoomRules


class Slides(StrEnum):
    """Who shows something beside the faces."""

    NONE = "none"
    OURS = "ours"
    THEIRS = "theirs"


@dataclass(frozen=True, slots=True)
class SlidesChanged:
    """``presenter`` is the name of whoever shows something, when it is not us."""

    slides: Slides
    presenter: str = ""

    def __repr__(self) -> str:
        return f"SlidesChanged({self.slides})"


@dataclass(frozen=True, slots=True)
class Held:
    """Why nothing is to be seen or heard for a while; ``code`` has its sentence, empty when that is over."""

    code: str = ""


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
    """A device went away or came back, or another stands in. ``code`` has its sentence in ``texts``."""

    code: str
    device: str = ""
    """Its name, where the sentence has a place for one."""


@dataclass(frozen=True, slots=True)
class AdviceChanged:
    """What the user could do about the sound now, most urgent first; empty when all is well."""

    advice: tuple[DeviceNotice, ...] = ()


@dataclass(frozen=True, slots=True)
class CallOver:
    """The room put us out or the line is gone for good. ``code`` as above; empty after our own hang-up."""

    code: str = ""


CallEvent = (
    RosterChanged
    | LockChanged
    | RulesChanged
    | SlidesChanged
    | Held
    | ChatReceived
    | LineChanged
    | MediaFlowing
    | DeviceNotice
    | AdviceChanged
    | CallOver
)


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


@dataclass(frozen=True, slots=True)
class ScreenPicture:
    """One picture of a screen or window: rows of blue, green, red and one unused byte, ``stride`` bytes each."""

    width: int
    height: int
    stride: int
    pixels: bytes

    def __repr__(self) -> str:
        return f"ScreenPicture({self.width}x{self.height})"


@dataclass(frozen=True, slots=True)
class DialOut:
    """Somebody to call up into the room: a telephone number, a SIP or an H.323 address."""

    destination: str
    protocol: str = "auto"
    """``sip``, ``h323``, or ``auto`` to let the node choose."""
    sound_only: bool = False
    display_name: str = ""
    """What the others see; never the number."""
    tones: str = ""
    """Keys to press once they answer."""

    def __repr__(self) -> str:
        return f"DialOut({self.protocol!r}, sound_only={self.sound_only})"


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

    async def mute(self, participant_id: str, *, muted: bool) -> None:
        """Mute one participant for everybody, or lift that."""
        ...

    async def mute_guests(self, *, muted: bool) -> None: ...

    async def spotlight(self, participant_id: str, *, on: bool) -> None:
        """Let one participant fill everybody's picture, or let the node choose again."""
        ...

    async def set_host(self, participant_id: str, *, host: bool) -> None:
        """Make somebody a host beside us, or a guest again. Raises NotFound(``call.person_gone``)."""
        ...

    async def move(self, participant_id: str, alias: str, pin: Secret) -> None:
        """Send one participant to another room, as a guest there; ``pin`` is empty for a room without.

        Raises NotFound or Refused(``call.not_moved``): they are still here.
        """
        ...

    async def dial(self, call: DialOut) -> None:
        """Call somebody up into the room, once. Raises OutcomeUnknown(``call.dial_unknown``): do not repeat blindly."""
        ...

    async def layouts(self) -> tuple[str, ...]:
        """Return the layouts to choose from, none where there is no choice."""
        ...

    async def set_layout(self, name: str) -> None: ...

    async def present(self) -> None:
        """Begin to show pictures of a screen. Raises Refused(``call.no_floor``); needs media."""
        ...

    def show_screen(self, picture: ScreenPicture) -> None:
        """Send this picture from now on. On any thread; the newest wins. Without ``present`` it goes nowhere."""
        ...

    async def stop_presenting(self) -> None: ...

    async def start_media(self, choice: MediaChoice) -> None:
        """Open devices and the media path. Raises Unavailable(``media.*``)."""
        ...

    async def set_microphone(self, *, on: bool) -> None: ...

    async def set_camera(self, *, on: bool) -> None: ...

    async def use_devices(self, choice: MediaChoice) -> None:
        """Use other devices from now on, without connecting anew."""
        ...

    async def devices_changed(self) -> None:
        """The system says that devices came or went."""
        ...

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

    def now(self) -> CallFigures:
        """What is measured now, for support."""
        ...

    def two_way_media_s(self) -> float:
        """Seconds during which media came in and went out."""
        ...


def ignore_picture(picture: VideoPicture) -> None:
    """Look at nothing."""


class CallEngine(Protocol):
    """Enters rooms. ``on_event`` is called on the asyncio thread; the picture callbacks on any thread, newest wins."""

    async def prepare(self) -> None:
        """Load what a call needs, so that the first one need not wait for it. Early and often: safe to repeat."""
        ...

    async def check(self, choice: MediaChoice, target: JoinTarget | None) -> WorkplaceCheck:
        """Try the devices, and the line by a test call to ``target`` if there is one. Raises nothing of ours."""
        ...

    async def enter(
        self,
        target: JoinTarget,
        on_event: Callable[[CallEvent], None],
        *,
        on_remote_picture: Callable[[VideoPicture], None],
        on_self_picture: Callable[[VideoPicture], None],
        on_slide: Callable[[VideoPicture], None] = ignore_picture,
    ) -> Call:
        """Get a token and the roster; no media yet. Raises Refused(``call.wrong_pin``), NotFound, Unavailable."""
        ...
