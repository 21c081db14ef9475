"""What the store keeps of a consultation's parties: read in one go, and written where no message carries it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vdx_plugin.domain.consultation import Consultation
from vdx_plugin.domain.parties import InvitationState, Party, PartyStatus
from vdx_plugin.ports import IncomingLetter, InvitationNews, OutboxRow
from vdx_plugin.service.outside import Outside
from vdx_plugin.service.standing import TELL_BY_HAND, standings


@dataclass(frozen=True, slots=True)
class Kept:
    """Messages, news and letters, oldest first."""

    rows: Sequence[OutboxRow]
    news: Sequence[InvitationNews]
    letters: Sequence[IncomingLetter]


async def read(consultation: Consultation, outside: Outside) -> Kept:
    """Read everything that tells how the parties stand. Raises Unavailable(``store.*``)."""
    rows = await outside.outbox.of_consultation(consultation.id)
    news = await outside.consultations.news_of(consultation.id)
    # Letters last: what is written next repeats every text of its thread, also of one that comes just now.
    return Kept(rows, news, await outside.letters.of_consultation(consultation.id))


async def parties_of(consultation: Consultation, outside: Outside) -> tuple[PartyStatus, ...]:
    """Return the parties with what is known of their invitations. Raises Unavailable(``store.*``)."""
    kept = await read(consultation, outside)
    return standings(consultation.plan, kept.rows, kept.news, kept.letters)


async def write_news(outside: Outside, news: Iterable[InvitationNews]) -> None:
    """Write down what no message tells. Raises Unavailable(``store.*``)."""
    for one in news:
        await outside.consultations.set_answer(one)


def by_hand(consultation: Consultation, parties: Iterable[Party], outside: Outside) -> list[InvitationNews]:
    """Return the news that these do not know the new time until the user has told them."""
    now, planned = outside.clock.now(), InvitationState.PLANNED
    return [InvitationNews(consultation.id, party.key, planned, now, TELL_BY_HAND) for party in parties]
