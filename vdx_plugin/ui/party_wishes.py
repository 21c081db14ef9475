"""What a user can want to be done with the parties of one consultation, as the windows tell it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from vdx_plugin.domain.parties import AnswerMark, Party


class Act(StrEnum):
    """With one party, by its key; from ``REMIND_ALL`` on with all of them."""

    COPY = "copy"
    RESEND = "resend"
    TOLD = "told"
    PUT_OUT = "put_out"
    REMIND = "remind"
    EXCHANGE = "exchange"
    UNINVITE = "uninvite"
    SEND_ANEW = "send_anew"
    MARK = "mark"
    CARD = "card"
    """What goes into an interpreters' agency's portal."""
    REMIND_ALL = "remind_all"
    DELAY = "delay"
    """``minutes`` is 0 where the user is to be asked."""
    INVITE = "invite"
    UNDO = "undo"
    MOVE = "move"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Wish:
    """``party`` is the party as it is to be invited, ``message_id`` and ``mark`` are of an answer."""

    act: Act
    key: str = ""
    party: Party | None = None
    message_id: str = ""
    mark: AnswerMark = AnswerMark.UNREAD
    minutes: int = 0
