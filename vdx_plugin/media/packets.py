"""What passes between a connection and whoever makes sound or pictures of it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class MediaPacket:
    """One packet of a stream, decrypted, with a retransmission unwrapped (RFC 4588).

    ``sequence`` 16 and ``timestamp`` 32 bits as on the wire, ``codec`` the format's name in upper case, ``arrived_s``
    seconds of the steady clock. ``payload`` may be empty: senders probe a line with padding alone.
    """

    ssrc: int
    sequence: int
    timestamp: int
    marker: bool
    payload: bytes
    codec: str
    clock_hz: int
    arrived_s: float
    is_retransmission: bool = False


@dataclass(frozen=True, slots=True)
class SenderReport:
    """When a stream's sender said that ``timestamp`` was taken (RFC 3550 6.4.1): its own clock, seconds since 1900."""

    ssrc: int
    ntp_s: float
    timestamp: int
    arrived_s: float


class Feedback(Protocol):
    """How a sink asks the other side. Calls never wait and never fail; before the line stands they do nothing."""

    @property
    def rtt_s(self) -> float | None:
        """The line's round trip; None while it is not known."""
        ...

    def nack(self, ssrc: int, sequences: Sequence[int]) -> None:
        """Ask for lost packets again (RFC 4585 6.2.1)."""
        ...

    def pli(self, ssrc: int) -> None:
        """Ask for a whole picture (RFC 4585 6.3.1)."""
        ...


class Sink(Protocol):
    """Takes one line's packets, on the event loop: every method returns at once and raises nothing."""

    def begin(self, feedback: Feedback) -> None:
        """The line stands; packets follow."""
        ...

    def take(self, packet: MediaPacket) -> None: ...

    def take_report(self, report: SenderReport) -> None: ...

    def end(self) -> None:
        """Nothing follows. Called once, also when ``begin`` never was."""
        ...
