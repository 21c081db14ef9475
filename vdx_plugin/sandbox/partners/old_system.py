"""A partner's old system behind the network's converter: what it reads, what it answers, what of that gets through."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial

from vdx_plugin.sandbox.partners import conversion, xdis91
from vdx_plugin.sandbox.partners.bundle import GLN_SYSTEM, Message, identifier
from vdx_plugin.sandbox.partners.inbox import ToOld
from vdx_plugin.sandbox.partners.resources import Json, NewId
from vdx_plugin.sandbox.partners.values import Answer, Letter, Partner, PartnerFormat


def reader(partner: Partner, now: datetime) -> ToOld | None:
    """Return what turns letters into the form this partner reads; None if it reads FHIR."""
    return partial(_source, now=now) if partner.format is PartnerFormat.CONVERTED else None


def lets_through(partner: Partner, message: Message, letter: Letter, answer: Answer) -> bool:
    """Say whether an answer reaches the sender: what an old system says, the network must first turn into FHIR."""
    if not letter.old_source:
        return True
    receipts = conversion.receipts_of(answer, message, sends_positive=partner.conduct.receipts)
    return conversion.answer_of(receipts, message) is not None


def receipt(message: Message, letter: Letter, answer: Answer, now: datetime, new_id: NewId) -> str:
    """Return what the old system itself says about a letter, as XML."""
    first = conversion.receipts_of(answer, message, sends_positive=True)[0]
    return conversion.receipt_source(first, xdis91.read(letter.old_source.encode()), now, new_id)


def reply(newest: Letter, words: str, partner: Partner, author: str, now: datetime, new_id: NewId) -> tuple[Json, str]:
    """Return what the network makes of a person's answer, and the answer as the old system wrote it."""
    message = Message(newest.bundle)
    other = message.sender if identifier(message.sender, GLN_SYSTEM) != partner.gln else message.receiver
    old = conversion.answer_letter(_as_received(newest, partner), words, author, partner, now, new_id)
    return conversion.to_fhir(old, partner, other, author, now, new_id), xdis91.written(old).decode()


def _source(message: Message, now: datetime) -> str:
    return xdis91.written(xdis91.converted(message, now)).decode()


def _as_received(newest: Letter, partner: Partner) -> xdis91.OldLetter:
    """Return the letter with the partner as its receiver, also if the partner wrote it."""
    letter = xdis91.read(newest.old_source.encode())
    if letter.receiver.gln == partner.gln:
        return letter
    return replace(letter, sender=letter.receiver, receiver=letter.sender, subject=letter.subject.removeprefix("Sv: "))
