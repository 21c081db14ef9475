"""Direct media: who offers, who answers and who gives way. Pure: what happened in, what to do out.

The first in the room finds its offer ignored; it becomes the polite one and waits for the other's. When both offer at
once, the polite one gives way and the other says that it ignores what came ("perfect negotiation", W3C WebRTC 10.7).
Source: client REST API v2, direct media; the vendor's client library.
"""

from __future__ import annotations

from enum import StrEnum


class Stage(StrEnum):
    IDLE = "idle"
    OFFERING = "offering"
    WAITING = "waiting"
    """For the other side to come and offer."""
    STANDING = "standing"


class Do(StrEnum):
    ACCEPT = "accept"
    """Take the answer."""
    WAIT = "wait"
    """Let go of the connection that was offered; another will be made when the other side offers."""
    TAKE_BACK = "take_back"
    """Take the new offer back; the connection stands as before."""
    ANSWER_NEW = "answer_new"
    """Answer with a new connection, whatever stood before."""
    ANSWER = "answer"
    """Answer on the connection that stands."""
    GIVE_WAY = "give_way"
    """Take our own offer back, then answer on the connection that stands."""
    IGNORE = "ignore"
    """Tell the other side that its offer is ignored."""
    OFFER_ANEW = "offer_anew"
    NOTHING = "nothing"


class Negotiation:
    """One call's. ``ufrag`` tells a connection that stands from a new one."""

    def __init__(self) -> None:
        self.stage = Stage.IDLE
        self.is_polite = False
        self._stands = False
        self._ufrag = ""
        self._round = 0

    def offering(self, *, anew: bool) -> int:
        """We offer, on a new connection or on the one that stands. Return a number to say with the answer."""
        self.stage, self._round = Stage.OFFERING, self._round + 1
        self._stands = self._stands and not anew
        return self._round

    def answered(self, number: int, *, ignored: bool) -> Do:
        """The answer to our offer has come, perhaps that it was ignored."""
        if number != self._round or self.stage is not Stage.OFFERING:
            return Do.NOTHING
        if not ignored:
            self.stage, self._stands = Stage.STANDING, True
            return Do.ACCEPT
        if self._stands:
            self.stage = Stage.STANDING
            return Do.TAKE_BACK
        self.stage, self.is_polite = Stage.WAITING, True
        return Do.WAIT

    def failed(self, number: int) -> Do:
        """Our offer came to nothing."""
        if number != self._round or self.stage is not Stage.OFFERING:
            return Do.NOTHING
        self.stage = Stage.STANDING if self._stands else Stage.IDLE
        return Do.TAKE_BACK if self._stands else Do.WAIT

    def agreed(self, ufrag: str) -> None:
        """Remember which connection of the other side stands."""
        self._ufrag = ufrag

    def offer_came(self, ufrag: str) -> Do:
        """The other side offers."""
        is_same = self._stands and ufrag == self._ufrag
        if self.stage is Stage.OFFERING:
            if not self.is_polite:
                return Do.IGNORE
            found = Do.GIVE_WAY if is_same else Do.ANSWER_NEW
        else:
            found = Do.ANSWER if is_same else Do.ANSWER_NEW
        self.stage, self._stands, self._ufrag = Stage.STANDING, True, ufrag
        self._round += 1
        return found

    def other_gone(self) -> Do:
        """The other side left, or came in: a call is to be offered anew."""
        if self.stage is Stage.OFFERING:
            return Do.NOTHING
        self.stage, self._stands = Stage.IDLE, False
        self._round += 1
        return Do.OFFER_ANEW
