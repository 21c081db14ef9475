"""Invented values for the store's tests. The personal number has an impossible day (61) and belongs to nobody."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid4

from vdx_plugin.domain.consultation import Consultation, EndReason, Stage
from vdx_plugin.domain.context import ClinicContext, ClinicUser, Organisation
from vdx_plugin.domain.measures import LineFigures, PartyMeasure, Replaces, StartPath, UseMeasure
from vdx_plugin.domain.parties import Channel, Interpreting, LetterFormat, Partner, Party, PartyRole, Purpose, Unit
from vdx_plugin.domain.patients import Patient, PersonName, cpr
from vdx_plugin.domain.plan import Plan
from vdx_plugin.domain.room import ProvisionStatus, Room
from vdx_plugin.domain.secret import Secret
from vdx_plugin.ports import MessageKind, OutboxDraft

NOW = datetime(2026, 3, 2, 9, 0, 0, 123_456, tzinfo=UTC)
NUMBER = "6101700007"


class TurnedClock:
    """A clock the test turns."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


PARTNER = Partner(
    id="p-1",
    name="Eksempel Sygehus",
    role=PartyRole.HOSPITAL,
    channel=Channel.MEDCOM,
    sor="1017421000016003",
    gln="5790000000012",
    email="post@sygehus.test",
    phone="+4500000001",
    category="carecoordination",
    wants_pin=False,
    format=LetterFormat.CONVERTED,
    mobile="+4500000002",
    categories=((Purpose.DISCHARGE, "discharge"), (Purpose.NETWORK, "carecoordination")),
    parent="1017421000016111",
    served_by=Unit("Eksempel Region", "1017421000016111", "5790000000203"),
)
CONTEXT = ClinicContext(
    source="dummy",
    patient=Patient(
        (cpr(NUMBER),), PersonName("Prøvesen", "Åse"), date(1970, 1, 1), "local-7", "aase@patient.test", "+4500000002"
    ),
    user=ClinicUser("u-1", "LL", PersonName("Læge", "Lis"), "laege", "lis@laegehus.test"),
    organisation=Organisation("Lægehuset Eksempel", "1017421000016003", "5790000000012", "000027", "+4500000003"),
    opened_at=NOW,
    expires_at=NOW + timedelta(minutes=1),
    appointment_id="a-1",
    encounter_id="e-1",
    version="v7",
)
INTERPRETING = Interpreting("female", "R-1", "klinikken")
PLAN = Plan(
    # Another zone than UTC, to see that it comes back as the same instant.
    start=NOW.astimezone(timezone(timedelta(hours=1))),
    end=NOW + timedelta(minutes=30),
    parties=(
        Party("k-1", PartyRole.PATIENT, Channel.EMAIL, address="aase@patient.test"),
        Party(
            "k-2",
            PartyRole.INTERPRETER,
            Channel.MEDCOM,
            PARTNER,
            "post@tolk.test",
            "ar",
            Interpreting("female", "R-1", "klinikken"),
        ),
    ),
    planned_ahead=True,
    organised_by="kollega@laegehus.test",
    purpose=Purpose.DISCHARGE,
    withdrawn=(Party("k-3", PartyRole.MUNICIPALITY, Channel.PHONE),),
)
ROOM = Room(
    meeting_id=UUID("6b2f1b7e-6f0e-4d0e-9f6e-0a4b6c1d2e3f"),
    alias="122081@rooms.vdx.test",
    host_pin=Secret("482913"),
    guest_pin=Secret("771204"),
    status=ProvisionStatus.PROVISIONED_OK,
    portal_link=Secret("https://portal.vdx.test/?pin=771204"),
    short_link=Secret("https://m.vdx.test/abcdefghijkl"),
    end=NOW + timedelta(minutes=30),
)


def consultation(**changes: Any) -> Consultation:
    whole = Consultation(
        id=uuid4(),
        meeting_id=uuid4(),
        stage=Stage.IN_CALL,
        context=CONTEXT,
        plan=PLAN,
        created_at=NOW,
        room=ROOM,
        started_at=NOW + timedelta(minutes=1),
        ended_at=NOW + timedelta(minutes=20),
        end_reason=EndReason.HELD,
        moving_to=(NOW + timedelta(hours=1), NOW + timedelta(hours=2)),
    )
    return replace(whole, **changes)


def message(key: str, **changes: Any) -> OutboxDraft:
    draft = OutboxDraft(
        key=key,
        consultation_id=UUID(int=1),
        party_key="k-2",
        kind=MessageKind.INVITATION,
        channel=Channel.MEDCOM,
        receiver="5790000000012",
        message_id=f"m-{key}",
        thread_id=f"t-{key}",
        mime="application/fhir+xml",
        payload=b"<Bundle>\x00\xff" + NUMBER.encode(),
        checked_by="1.2.3:0f",
    )
    return replace(draft, **changes)


LINE = LineFigures(0.01, 0.05, 30.5, 25.0, 80.0, 4.1, 1280, 720, 24.5, 2)
USE = UseMeasure(
    visit="v-1",
    practice="practice-7",
    created_at=NOW,
    planned_ahead=True,
    planned_minutes=30,
    start_path=StartPath.CALENDAR,
    replaces=Replaces.HOME_VISIT,
    region="1081",
    is_test=True,
    room_ready_ms=900,
    join_ms=400,
    first_audio_ms=1200,
    first_video_ms=1500,
    two_way_media_s=612.5,
    most_participants=3,
    line=LINE,
    headset=True,
    client_version="0.1.0",
    failed_step="video",
    reason_code="media.no_path",
    fallback="phone",
    actors=3,
    fee_proposed="0126",
    fee_chosen="0125",
    note_written=True,
    end_reason="held",
    ended_at=NOW + timedelta(minutes=20),
)
PARTY = PartyMeasure(
    visit="v-1",
    role=PartyRole.INTERPRETER,
    channel=Channel.MEDCOM,
    invited_at=NOW,
    delivered_at=NOW + timedelta(seconds=1),
    answered_at=NOW + timedelta(seconds=2),
    waiting_at=NOW + timedelta(seconds=3),
    admitted_at=NOW + timedelta(seconds=4),
    first_media_at=NOW + timedelta(seconds=5),
    left_at=NOW + timedelta(seconds=6),
    end_reason="held",
    late_minutes=2,
    replaced_by_phone=True,
    language="ar",
)
