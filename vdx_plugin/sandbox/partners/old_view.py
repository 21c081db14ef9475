"""A letter on the old form as its reader sees it: one subject, one text, references. No thread, no category."""

from __future__ import annotations

from vdx_plugin.sandbox.partners.letter_view import LetterAttachment, LetterPart, LetterView
from vdx_plugin.sandbox.partners.xdis91 import UNKNOWN_SUBJECT, OldReference, read


def old_view(source: str) -> LetterView:
    """Return the letter as read in a system that knows XDIS91 only."""
    letter = read(source.encode())
    return LetterView(
        topic=letter.subject or UNKNOWN_SUBJECT,
        category="",
        activity="Brev",
        sender=letter.sender.name or "Ukendt afsender",
        patient=f"{letter.given} {letter.family}".strip() or "Ukendt patient",
        patient_number=letter.patient_number,
        parts=(LetterPart(letter.words, letter.sent_at, letter.sender.name, letter.sender.phone),),
        attachments=tuple(_attachment(reference) for reference in letter.references),
    )


def _attachment(reference: OldReference) -> LetterAttachment:
    url = reference.url if reference.url.startswith(("https://", "http://")) else ""
    kind = f"Bilag {reference.object_id[:8]}" if reference.object_id else ""
    return LetterAttachment(reference.description or "Uden titel", url, kind)
