"""What one partner has: its letters, how often each came, what its system said, and what the other side said."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from vdx_plugin.sandbox.partners.bundle import GLN_SYSTEM, Message, identifier, items, payload_identifier, text
from vdx_plugin.sandbox.partners.checks import check, check_acknowledgement
from vdx_plugin.sandbox.partners.letter_view import newest_at
from vdx_plugin.sandbox.partners.tally import Tally
from vdx_plugin.sandbox.partners.values import Answer, Arrival, Finding, Letter, Parcel, Said

ToOld = Callable[[Message], str]
"""Turns a letter into what the partner's old system reads."""


@dataclass
class Inbox:
    """A partner's memory. Letters are kept by MessageHeader.id and shown once, however often they came."""

    letters: dict[str, Letter] = field(default_factory=dict)
    arrivals: dict[str, list[Arrival]] = field(default_factory=lambda: defaultdict(list))
    answers: dict[str, list[Answer]] = field(default_factory=lambda: defaultdict(list))
    said: dict[str, list[Said]] = field(default_factory=lambda: defaultdict(list))
    acknowledged: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    unreadable: int = 0
    written: int = 0
    last_at: datetime | None = None
    _bundles: dict[str, tuple[str, str]] = field(default_factory=dict)

    def count(self, message: Message, now: datetime) -> None:
        """Count one arrival, whatever becomes of it."""
        self.last_at = now
        self.tally.add(message.header_id, message.bundle_id, message.thread_id)

    def keep(self, message: Message, parcel: Parcel, now: datetime, to_old: ToOld | None = None) -> Letter:
        """Keep a letter, or find the one it repeats; returns it with everything found wrong with it."""
        key = message.header_id
        found = tuple(self._delivery_findings(message, parcel))
        self._bundles[message.bundle_id] = (key, parcel.envelope_id)
        self.arrivals[key].append(
            Arrival(now, parcel.envelope_id, message.bundle_id, parcel.document_name, parcel.mime, found)
        )
        if key not in self.letters:
            self.letters[key] = _letter(message, parcel, now, to_old)
        return self.letters[key]

    def take_acknowledgement(self, message: Message) -> None:
        """Note an acknowledgement of our own reply. Acknowledgements are never acknowledged."""
        self.findings.extend(check_acknowledgement(message))
        self.acknowledged.setdefault(*message.response)

    def newest_first(self) -> list[Letter]:
        """Return the letters by arrival, the newest first."""
        return sorted(self.letters.values(), key=lambda letter: letter.arrived_at, reverse=True)

    def thread(self, thread_id: str) -> list[Letter]:
        """Return a thread's letters by the time they were written, the newest first, however late they came."""
        letters = [letter for letter in self.letters.values() if letter.thread_id == thread_id]
        return sorted(letters, key=_age, reverse=True)

    def broken_rules(self) -> list[Finding]:
        """Return every broken rule in what was received, acknowledgements included."""
        in_letters = (found for letter in self.letters.values() for found in letter.findings)
        in_sendings = (found for came in self.arrivals.values() for arrival in came for found in arrival.findings)
        return [*in_letters, *in_sendings, *self.findings]

    def unanswered(self) -> int:
        """Return how many threads no person here has written in."""
        letters = self.letters.values()
        answered = {letter.thread_id for letter in letters if letter.outgoing}
        return len({letter.thread_id for letter in letters} - answered)

    def _forgotten(self, message: Message) -> bool:
        """Say whether a reply leaves out texts of the newest letter before it (governance, rule 3)."""
        if text(message.own_provenance, "activity", "coding", "code") != "reply-message":
            return False
        at = newest_at(message.raw)
        earlier = [letter for letter in self.thread(message.thread_id) if at and (newest_at(letter.bundle) or at) < at]
        return bool(earlier) and not _texts_of(Message(earlier[0].bundle)) <= _texts_of(message)

    def _delivery_findings(self, message: Message, parcel: Parcel) -> list[Finding]:
        """Return what is wrong with a message in the light of its envelope and of those that came before it."""
        findings = []
        earlier = self.letters.get(message.header_id)
        if earlier is not None and Message(earlier.bundle).first("Communication") != message.first("Communication"):
            findings.append(Finding("resend-changed", "Communication", "et andet indhold under samme MessageHeader.id"))
        if identifier(message.receiver, GLN_SYSTEM) not in ("", parcel.receiver_gln):
            findings.append(
                Finding("envelope-receiver", "MessageHeader.destination", "er ikke kuvertens modtager", is_error=False)
            )
        if self._forgotten(message):
            findings.append(
                Finding(
                    "thread-payloads",
                    "Communication.payload",
                    "gentager ikke trådens tidligere tekster",
                    is_error=False,
                )
            )
        header_id, envelope_id = self._bundles.get(message.bundle_id, ("", parcel.envelope_id))
        if envelope_id != parcel.envelope_id:
            same = header_id == message.header_id
            findings.append(Finding("bundle-id-reused", "Bundle.id", "er brugt før", is_error=not same))
        return findings


def _texts_of(message: Message) -> set[str]:
    payloads = items(message.first("Communication"), "payload")
    return {payload_identifier(payload) for payload in payloads if "contentString" in payload}


def _age(letter: Letter) -> tuple[datetime, datetime]:
    return newest_at(letter.bundle) or letter.arrived_at, letter.arrived_at


def _letter(message: Message, parcel: Parcel, now: datetime, to_old: ToOld | None) -> Letter:
    findings = check(message)
    # What the network refuses to convert never reaches the old system.
    is_converted = to_old is not None and not any(found.is_error for found in findings)
    return Letter(
        header_id=message.header_id,
        # In XDIS91 nothing says which thread a letter belongs to.
        thread_id=message.header_id if is_converted else message.thread_id,
        other_gln=parcel.sender_gln,
        arrived_at=now,
        bundle=message.raw,
        source=parcel.body.decode("utf-8", "replace"),
        mime=parcel.mime,
        findings=findings,
        old_source=to_old(message) if to_old is not None and is_converted else "",
    )
