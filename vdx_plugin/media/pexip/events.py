"""Server-sent events as frozen values; ``event_reading`` makes them.

Source: client REST API v2, "Server sent events".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from vdx_plugin.domain.secret import Secret


@dataclass(frozen=True, slots=True)
class Row:
    """One participant as the node lists it; hosts see more of it than guests do."""

    id: str
    display_name: str
    is_host: bool
    is_waiting: bool
    has_media: bool
    is_muted: bool
    call_tag: str
    is_spotlit: bool = False
    is_presenting: bool = False
    is_called_up: bool = False

    def __repr__(self) -> str:
        return f"Row({self.id!r}, waiting={self.is_waiting})"


@dataclass(frozen=True, slots=True)
class SyncBegun:
    pass


@dataclass(frozen=True, slots=True)
class SyncEnded:
    pass


@dataclass(frozen=True, slots=True)
class RowSet:
    """A participant came or changed; the row is whole, not a difference."""

    row: Row


@dataclass(frozen=True, slots=True)
class RowGone:
    id: str


@dataclass(frozen=True, slots=True)
class ConferenceChanged:
    """The state of the room; a part the node left out is None."""

    locked: bool | None = None
    guests_muted: bool | None = None
    direct_media: bool | None = None


@dataclass(frozen=True, slots=True)
class SlidesBegan:
    """Somebody presents."""

    presenter_id: str
    presenter_name: str

    def __repr__(self) -> str:
        return f"SlidesBegan({self.presenter_id!r})"


@dataclass(frozen=True, slots=True)
class SlidesEnded:
    """There is nothing to receive any more. Comes to a new presenter too, of the one before."""


@dataclass(frozen=True, slots=True)
class SlidesRevoked:
    """Nobody presents, nor may we go on."""


@dataclass(frozen=True, slots=True)
class SlideReady:
    """A still of the slides can be fetched under this event's id."""

    id: str


@dataclass(frozen=True, slots=True)
class MessageCame:
    """A chat line; ``text`` may hold anything a person wrote."""

    sender_name: str
    sender_id: str
    text: str

    def __repr__(self) -> str:
        return "MessageCame(…)"


@dataclass(frozen=True, slots=True)
class SpeakersChanged:
    """Who has spoken lately, the latest first; ``speaking`` are those the node hears now."""

    order: tuple[str, ...]
    speaking: frozenset[str]


@dataclass(frozen=True, slots=True)
class LayoutChanged:
    """How the node composes the picture for hosts, by its own name, ``1:7`` for one."""

    view: str


@dataclass(frozen=True, slots=True)
class HoldChanged:
    on_hold: bool


@dataclass(frozen=True, slots=True)
class SplashShown:
    """What to show in place of a picture (direct media); ``key`` is the theme's name for it, empty for nothing."""

    key: str


@dataclass(frozen=True, slots=True)
class Referred:
    """Leave and enter ``alias`` with the one-time token. ``target`` says what for, ``transcoded`` for one."""

    alias: str
    token: Secret
    target: str


@dataclass(frozen=True, slots=True)
class PutOut:
    """The node ends our presence."""

    reason: str


@dataclass(frozen=True, slots=True)
class MediaCallEnded:
    """The node ended the media call, not the presence."""

    call_id: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RefreshWanted:
    pass


@dataclass(frozen=True, slots=True)
class OfferCame:
    """Direct media: the other side offers; ``is_update`` on a connection that stands."""

    sdp: str
    is_update: bool = False

    def __repr__(self) -> str:
        return f"OfferCame({len(self.sdp)} characters)"


@dataclass(frozen=True, slots=True)
class CandidateCame:
    """Direct media: one address of the other side. An empty ``candidate`` says that was all."""

    candidate: str
    mid: str
    ufrag: str

    def __repr__(self) -> str:
        return f"CandidateCame({self.mid!r})"


@dataclass(frozen=True, slots=True)
class OtherSideGone:
    """Direct media: the other side left, and its connection with it."""


PeerWord: TypeAlias = OfferCame | CandidateCame | OtherSideGone
"""What the other side of direct media says through the node."""

NodeEvent: TypeAlias = (
    SyncBegun
    | SyncEnded
    | RowSet
    | RowGone
    | ConferenceChanged
    | SlidesBegan
    | SlidesEnded
    | SlidesRevoked
    | SlideReady
    | MessageCame
    | SpeakersChanged
    | LayoutChanged
    | HoldChanged
    | SplashShown
    | Referred
    | PutOut
    | MediaCallEnded
    | RefreshWanted
    | OfferCame
    | CandidateCame
    | OtherSideGone
)
