"""Rules of the domain: rooms, fees, life of a consultation, identifiers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from vdx_plugin.domain import consultation, fees
from vdx_plugin.domain.consultation import Event, NotAllowed, Stage, advance
from vdx_plugin.domain.context import ClinicContext, ClinicUser, Organisation
from vdx_plugin.domain.parties import Channel, Party, PartyRole
from vdx_plugin.domain.patients import CPR, X_ECPR, Identifier, Patient, PersonName, age_on, cpr
from vdx_plugin.domain.plan import Plan
from vdx_plugin.domain.room import ProvisionStatus, Room, RoomFault, fault_of, guest_link
from vdx_plugin.domain.secret import Secret


def a_room(host: str | None, guest: str | None, status: ProvisionStatus = ProvisionStatus.PROVISIONED_OK) -> Room:
    return Room(
        UUID(int=1), "12@rooms.example", Secret(host) if host else None, Secret(guest) if guest else None, status
    )


@pytest.mark.parametrize(
    ("host", "guest", "status", "fault"),
    [
        ("111111", "222222", ProvisionStatus.PROVISIONED_OK, None),
        (None, "222222", ProvisionStatus.PROVISIONED_OK, RoomFault.NO_HOST_PIN),
        ("111111", None, ProvisionStatus.PROVISIONED_OK, RoomFault.NO_GUEST_PIN),
        ("111111", "111111", ProvisionStatus.PROVISIONED_OK, RoomFault.SAME_PINS),
        ("111", "222222", ProvisionStatus.PROVISIONED_OK, RoomFault.SHORT_PIN),
        ("111111", "222222", ProvisionStatus.AWAITS_PROVISION, RoomFault.NOT_READY),
    ],
)
def test_only_a_ready_room_with_two_different_pins_is_safe(
    host: str | None, guest: str | None, status: ProvisionStatus, fault: RoomFault | None
) -> None:
    """A room without host PIN makes everybody a host (Pexip, PINs and roles)."""
    assert fault_of(a_room(host, guest, status)) is fault


def test_the_guest_link_carries_the_guest_pin_and_never_the_host_pin() -> None:
    """VDX's own portal link can carry the host PIN; ours is built from the parts."""
    link = guest_link(
        a_room("111111", "222222"), portal="http://portal.example/guest/", tag="k1", name="Sygehus"
    ).reveal()
    query = parse_qs(urlsplit(link).query)
    assert query == {"conference": ["12@rooms.example"], "pin": ["222222"], "name": ["Sygehus"], "tag": ["k1"]}
    assert "111111" not in link


@pytest.mark.parametrize(
    ("video_s", "actors", "professional", "phone", "code"),
    [
        (600, 2, 1, False, "0125"),
        (600, 3, 2, False, "0126"),
        (600, 3, 1, False, "0125"),
        (0, 1, 1, True, "0201"),
        (600, 2, 1, True, "0125"),
        (30, 2, 1, False, None),
    ],
)
def test_the_fee_follows_from_what_was_seen(
    video_s: float, actors: int, professional: int, phone: bool, code: str | None
) -> None:
    """Rules of OK22: consultation, conference with three actors, telephone after a failed connection."""
    facts = fees.CallFacts(date(2026, 11, 23), video_s, actors, professional, went_to_phone=phone)
    proposal = fees.propose(facts)
    assert (proposal.fee.code if proposal.fee else None) == code


def test_a_fee_code_is_not_proposed_before_it_came_into_force() -> None:
    """Codes are data with dates."""
    facts = fees.CallFacts(date(2021, 12, 31), 600, 2, 1, went_to_phone=False)
    assert fees.propose(facts) == fees.FeeProposal(None, "fee.no_code_that_day")


def test_from_every_stage_a_consultation_can_come_to_an_end() -> None:
    """Nothing may get stuck half-way."""
    ends = {stage: {stage} for stage in Stage}
    for _round in Stage:
        for stage in Stage:
            for event in Event:
                try:
                    ends[stage] |= ends[advance(stage, event)]
                except NotAllowed:
                    continue
    assert all(reached & consultation.FINISHED for reached in ends.values())


def test_a_scheduled_consultation_enters_its_call_without_inviting_again() -> None:
    """Everybody has the link already; a second letter would only confuse."""
    stage = Stage.READY
    for event in (Event.SCHEDULED, Event.SCHEDULED, Event.ROOM_LOCKED, Event.MEDIA_STARTED):
        stage = advance(stage, event)
    assert stage is Stage.IN_CALL
    assert advance(Stage.SCHEDULED, Event.CANCEL_WANTED) is Stage.CANCELLING
    with pytest.raises(NotAllowed):
        advance(Stage.SCHEDULED, Event.PARTIES_INVITED)


@pytest.mark.parametrize(
    ("stage", "ahead_min", "waits"),
    [
        (Stage.BOOKING, 60, True),
        (Stage.READY, 60, True),
        (Stage.SCHEDULED, 60, True),
        (Stage.SCHEDULED, -5, True),
        (Stage.BOOKING, 0, False),
        (Stage.READY, 0, False),
        (Stage.INVITED, 60, False),
        (Stage.CANCELLING, 60, False),
    ],
)
def test_the_calendar_owns_what_is_booked_ahead_and_not_begun(stage: Stage, ahead_min: int, waits: bool) -> None:
    """After a crash it must not be offered as an interrupted call, nor an interrupted call be left in the calendar."""
    now = datetime(2026, 11, 23, tzinfo=UTC)
    start = now + timedelta(minutes=ahead_min)
    context = ClinicContext("x", Patient(()), ClinicUser("u"), Organisation("o"), now)
    found = consultation.Consultation(UUID(int=1), UUID(int=2), stage, context, Plan(start, start, ()), now)
    assert found.waits_for_its_time is waits


def test_an_event_out_of_place_is_a_mistake_of_ours() -> None:
    """Invitations before the lock would be a safety fault."""
    with pytest.raises(NotAllowed):
        advance(Stage.READY, Event.PARTIES_INVITED)


@pytest.mark.parametrize(
    "value",
    [
        Secret("482913"),
        cpr("999999-0001"),
        PersonName("Eksempelsen", "Asta"),
        Patient((cpr("9999990001"),), PersonName("Eksempelsen", "Asta"), date(1948, 12, 25)),
        Party("k", PartyRole.PATIENT, Channel.EMAIL, address="asta@example.test"),
        a_room("482913", "482914"),
    ],
)
def test_sensitive_values_do_not_print_themselves(value: object) -> None:
    """A careless log line or traceback must not tell."""
    shown = f"{value} {value!r} {[value]}"
    for secret in ("999999", "Eksempelsen", "Asta", "48291", "example.test"):
        assert secret not in shown


def test_a_context_holding_a_patient_does_not_print_the_patient() -> None:
    """Dataclasses print their fields; the sensitive ones mask themselves."""
    patient = Patient((cpr("9999990001"),), PersonName("Eksempelsen", "Asta"), date(1948, 12, 25))
    now = datetime(2026, 11, 23, tzinfo=UTC)
    context = ClinicContext("x", patient, ClinicUser("u"), Organisation("o"), now)
    plan = Plan(now, now, ())
    text = repr(consultation.Consultation(UUID(int=1), UUID(int=2), Stage.PLANNED, context, plan, now))
    assert "Eksempelsen" not in text
    assert "999999" not in text


def test_a_number_is_masked_for_the_screen_but_keeps_the_birth_date() -> None:
    """The dock shows the date part only."""
    assert cpr("251248-9996").masked == "251248-****"
    assert Identifier("urn:other", "12345").masked == "****"


def test_a_replacement_number_may_hold_letters_and_a_cpr_number_may_not() -> None:
    """X-eCPR and D-eCPR are real patients; ten digits are the form of CPR only."""
    assert Identifier(X_ECPR, "0703921VJ5").is_well_formed
    assert not Identifier(CPR, "0703921VJ5").is_well_formed


def test_age_counts_whole_years() -> None:
    """The day before the birthday is still the younger age."""
    assert age_on(date(1948, 12, 25), date(2026, 12, 24)) == 77
    assert age_on(date(1948, 12, 25), date(2026, 12, 25)) == 78
