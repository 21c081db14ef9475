"""Rules about the frame of a message: Bundle, header, addresses, history. Each function is one rule or a close group.

Source: medcom-messaging 4.0.2, CareCommunication 5.0.2 (with the definition rule as repaired in 5.0.3),
Acknowledgement 2.0.3; FHIR R4 for bdl-12.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator

from fhir.resources.R4B.bundle import Bundle
from pydantic import ValidationError

from vdx_plugin.invitations import codes
from vdx_plugin.invitations.finding import Finding
from vdx_plugin.invitations.message import Json, Message, dig, extension, gln_of, rows, text_at, when

Rule = Callable[[Message], Iterator[Finding]]

_DEFINITION = re.compile(re.escape(codes.CARE_DEFINITION) + r"[|]5[.][0-9]{1,2}")


_MODELS = (
    "attachment codeableconcept coding communication contactpoint domainresource extension humanname identifier"
    " messageheader meta narrative organization patient practitioner practitionerrole provenance reference"
)
"""What a letter is made of. fhir.resources imports each of them when the first one is checked."""


def load_models() -> None:
    """Import what the first letter would otherwise wait for."""
    for name in _MODELS.split():
        importlib.import_module(f"fhir.resources.R4B.{name}")


def structure(message: Message) -> Iterator[Finding]:
    """FHIR itself: only known elements, of the right kind."""
    try:
        Bundle.model_validate(message.bundle)
    except ValidationError as error:
        for one in error.errors(include_input=False, include_url=False, include_context=False)[:10]:
            # Places name elements only: an unknown element's name could hold anything, so the last step is left out.
            steps = [str(step) for step in one["loc"][:-1]]
            yield Finding("fhir-structure", ".".join(steps), "elementet findes ikke i FHIR eller har forkert type")
    except (ValueError, TypeError, AttributeError, LookupError, AssertionError, RecursionError):
        yield Finding("fhir-structure", "Bundle", "beskeden kan ikke læses som FHIR")


def bundle(message: Message) -> Iterator[Finding]:
    """bdl-12 and the profile: a message whose first entry is the header."""
    if dig(message.bundle, "type") != "message":
        yield Finding("bundle-type", "Bundle.type", "skal være message")
    if not text_at(message.bundle, "id"):
        yield Finding("bundle-id", "Bundle.id", "mangler")
    if when(text_at(message.bundle, "timestamp")) is None:
        yield Finding("bundle-timestamp", "Bundle.timestamp", "mangler eller er uden tidszone")
    if dig(message.bundle, "entry", 0, "resource", "resourceType") != "MessageHeader":
        yield Finding("bdl-12", "Bundle.entry[0]", "beskedhovedet skal stå først")


def one_header(message: Message) -> Iterator[Finding]:
    if len(message.all("MessageHeader")) != 1:
        yield Finding("header-count", "Bundle.entry", "der skal være netop ét beskedhoved")


def bundled_references(message: Message) -> Iterator[Finding]:
    """Aggregation ``bundled``: what header and letter refer to travels along."""
    for kind in ("MessageHeader", "Communication", "PractitionerRole"):
        for resource in message.all(kind):
            for name, reference in _references(resource):
                if message.resolve(reference) is None:
                    yield Finding("bundled", f"{kind}.{name}", "det, der henvises til, er ikke med i beskeden")


def _references(resource: Json) -> Iterator[tuple[str, str]]:
    for name in ("sender", "subject", "encounter", "practitioner", "organization"):
        reference = text_at(resource, name, "reference")
        if reference:
            yield name, reference
    for name in ("focus", "recipient"):
        for row in rows(resource, name):
            yield name, text_at(row, "reference")


def destination(message: Message) -> Iterator[Finding]:
    """Closed slicing: exactly one primary destination, no copy."""
    destinations = rows(message.header, "destination")
    if len(destinations) != 1:
        yield Finding("destination", "MessageHeader.destination", "der skal være netop én modtager og ingen kopi")
    for one in destinations:
        use = extension(one, codes.DESTINATION_USE_EXTENSION)
        if text_at(use, "valueCoding", "code") != "primary":
            yield Finding("destination-use", "MessageHeader.destination", "modtageren skal være markeret som primær")
        if not text_at(one, "endpoint"):
            yield Finding("destination-endpoint", "MessageHeader.destination", "modtagerens adresse mangler")


def ends(message: Message) -> Iterator[Finding]:
    """Sender and receiver are organisations in the bundle, each with a location number and a SOR id."""
    if not text_at(message.header, "source", "endpoint"):
        yield Finding("source-endpoint", "MessageHeader.source", "afsenderens adresse mangler")
    for place, end in (("sender", message.sender), ("destination.receiver", message.receiver)):
        if end.get("resourceType") != "Organization":
            yield Finding("organization", f"MessageHeader.{place}", "skal være en organisation i beskeden")
            continue
        systems = [text_at(one, "system") for one in rows(end, "identifier")]
        if systems.count(codes.SOR) != 1 or not gln_of(end):
            yield Finding("organization", f"MessageHeader.{place}", "skal have både SOR-id og lokationsnummer")


def organization_numbers(message: Message) -> Iterator[Finding]:
    """dk-core-organization-mandatory-identifier: SOR, KOMBIT or CVR on every organisation."""
    for position, organization in enumerate(message.all("Organization")):
        systems = {text_at(one, "system") for one in rows(organization, "identifier")}
        if systems.isdisjoint((codes.SOR, codes.KOMBIT, codes.CVR_OID)):
            key = "dk-core-organization-mandatory-identifier"
            yield Finding(key, f"Organization[{position}].identifier", "skal have SOR-id, KOMBIT-id eller CVR-nummer")


def definition(message: Message) -> Iterator[Finding]:
    """medcom-carecommunication-definition-url, as repaired in 5.0.3."""
    if not _DEFINITION.fullmatch(text_at(message.header, "definition")):
        yield Finding("medcom-carecommunication-definition-url", "MessageHeader.definition", "skal være version 5")


def care_header_profile(message: Message) -> Iterator[Finding]:
    """medcom-careCommunication-1: the first entry is a header that says it is a letter's."""
    if not _profile(message.header).startswith(codes.CARE_HEADER):
        yield Finding("medcom-careCommunication-1", "MessageHeader.meta.profile", "skal være CareCommunication")


def event_system(message: Message) -> Iterator[Finding]:
    """The header's profile fixes the system of the event."""
    if dig(message.header, "eventCoding", "system") != codes.EVENT_CODES:
        yield Finding("event", "MessageHeader.eventCoding", "ukendt kodesystem")


def focus(message: Message) -> Iterator[Finding]:
    """The header points at the one Communication."""
    focus = rows(message.header, "focus")
    found = message.resolve(focus[0]) if len(focus) == 1 else None
    if found is None or found.get("resourceType") != "Communication" or len(message.all("Communication")) != 1:
        yield Finding("focus", "MessageHeader.focus", "skal pege på beskedens ene Communication")


def history_exists(message: Message) -> Iterator[Finding]:
    """medcom-messaging-2: no message without its history."""
    if not message.all("Provenance"):
        yield Finding("medcom-messaging-2", "Provenance", "historikken mangler")


def history_profiles(message: Message) -> Iterator[Finding]:
    """medcom-careCommunication-3: each entry of the history says that it is a letter's."""
    for history in message.all("Provenance"):
        if not _profile(history).startswith(codes.CARE_PROVENANCE):
            yield Finding("medcom-careCommunication-3", "Provenance.meta.profile", "skal være CareCommunication")


def care_history(message: Message) -> Iterator[Finding]:
    """Each entry of the history is whole, and one is about this very message."""
    histories = message.all("Provenance")
    for history in histories:
        yield from _history(history, codes.CARE_ACTIVITIES)
    own = [one for one in histories if _target(one) == f"MessageHeader/{message.id}"]
    if histories and len(own) != 1:
        yield Finding("provenance-target", "Provenance.target", "netop én historik skal gælde denne besked")


def _history(history: Json, activities: dict[str, str]) -> Iterator[Finding]:
    if len(rows(history, "target")) != 1:
        yield Finding("provenance-target", "Provenance.target", "skal pege på ét beskedhoved")
    for name in ("occurredDateTime", "recorded"):
        if when(text_at(history, name)) is None:
            yield Finding("provenance-time", f"Provenance.{name}", "mangler eller er uden tidszone")
    if text_at(history, "activity", "coding", 0, "code") not in activities:
        yield Finding("provenance-activity", "Provenance.activity", "aktiviteten er ikke tilladt i denne beskedtype")
    if not rows(history, "agent"):
        yield Finding("provenance-agent", "Provenance.agent", "mangler")


def history_entities(message: Message) -> Iterator[Finding]:
    """Closed slicing of entity: at least one payload (source) and at most one earlier message (revision)."""
    for history in message.all("Provenance"):
        roles = [text_at(entity, "role") for entity in rows(history, "entity")]
        if "source" not in roles or roles.count("revision") > 1 or not {*roles} <= {"source", "revision"}:
            yield Finding(
                "provenance-entity", "Provenance.entity", "skal nævne de nye tekster og højst én besvaret besked"
            )


def ack_header_profile(message: Message) -> Iterator[Finding]:
    """medcom-acknowledgement-2: the header says that it is an acknowledgement's."""
    if not _profile(message.header).startswith(codes.ACK_HEADER):
        yield Finding("medcom-acknowledgement-2", "MessageHeader.meta.profile", "skal være kvitteringens")


def ack_response(message: Message) -> Iterator[Finding]:
    """What is acknowledged, and how: one of three codes."""
    response = dig(message.header, "response")
    if not text_at(response, "identifier"):
        yield Finding("response-identifier", "MessageHeader.response", "mangler id på den besked, der kvitteres for")
    if text_at(response, "code") not in ("ok", "transient-error", "fatal-error"):
        yield Finding("response-code", "MessageHeader.response.code", "ukendt kode")


def ack_reason(message: Message) -> Iterator[Finding]:
    """medcom-acknowledgement-1: a failure says why."""
    code = text_at(message.header, "response", "code")
    if code != "ok" and not message.all("OperationOutcome"):
        yield Finding("medcom-acknowledgement-1", "OperationOutcome", "en fejlkvittering skal have en fejlbeskrivelse")


def ack_issue_codes(message: Message) -> Iterator[Finding]:
    """A reason in code is one of HL7's or MedCom's; a reason in words alone is allowed, and occurs."""
    for outcome in message.all("OperationOutcome"):
        for position, issue in enumerate(rows(outcome, "issue")):
            for coding in rows(issue, "details", "coding"):
                if not _is_issue_code(coding):
                    place = f"OperationOutcome.issue[{position}].details"
                    yield Finding("issue-code", place, "fejlkoden er ikke i MedComs eller HL7's liste")


def _is_issue_code(coding: Json) -> bool:
    system, code = text_at(coding, "system"), text_at(coding, "code")
    if system == codes.ACK_ERROR_CODES:
        return code in codes.ACK_ERRORS
    return system == codes.HL7_ERROR_CODES and code.startswith("MSG_")


def ack_history(message: Message) -> Iterator[Finding]:
    """Each entry of the history is whole; that of the acknowledged message travels along."""
    for history in message.all("Provenance"):
        yield from _history(history, codes.ACTIVITIES)


def ack_own_history(message: Message) -> Iterator[Finding]:
    """What only a sender owes: one entry of its own, which names the acknowledged message (Acknowledgement, 2.1).

    Not asked of others: MedCom's own examples name another message there.
    """
    own = [one for one in message.all("Provenance") if _target(one) == f"MessageHeader/{message.id}"]
    answered = f"MessageHeader/{text_at(message.header, 'response', 'identifier')}"
    named = [text_at(entity, "what", "reference") for one in own for entity in rows(one, "entity")]
    activities = [text_at(one, "activity", "coding", 0, "code") for one in own]
    if activities != ["acknowledgement"] or named != [answered]:
        yield Finding("ack-history", "Provenance", "skal have netop én kvittering for den besvarede besked")


def _profile(resource: Json) -> str:
    profiles = dig(resource, "meta", "profile")
    return profiles[0] if isinstance(profiles, list) and profiles and isinstance(profiles[0], str) else ""


def _target(history: Json) -> str:
    return text_at(history, "target", 0, "reference")


COMMON: tuple[Rule, ...] = (
    bundle,
    one_header,
    destination,
    ends,
    organization_numbers,
    event_system,
    bundled_references,
    history_exists,
)
CARE: tuple[Rule, ...] = (
    care_header_profile,
    focus,
    definition,
    history_profiles,
    care_history,
    history_entities,
)
ACK: tuple[Rule, ...] = (ack_header_profile, ack_response, ack_reason, ack_issue_codes, ack_history)
