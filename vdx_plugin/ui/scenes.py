"""Invented states of the desk, for the gallery's pictures and the tests of the windows.

All people are invented; the personal number has a day of birth that does not exist (day + 60, as test numbers do).
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from vdx_plugin.domain.consultation import EndReason, Stage
from vdx_plugin.domain.context import ClinicContext, ClinicUser, Organisation
from vdx_plugin.domain.fees import VIDEO_CONFERENCE, FeeProposal
from vdx_plugin.domain.parties import (
    Answer,
    Channel,
    InvitationState,
    Partner,
    Party,
    PartyEvent,
    PartyRole,
    PartyStatus,
    Presence,
    Purpose,
    Unit,
)
from vdx_plugin.domain.patients import Patient, PersonName, cpr
from vdx_plugin.domain.plan import Appointment, Plan, partner_party
from vdx_plugin.domain.secret import Secret
from vdx_plugin.domain.summary import Attendance, Summary
from vdx_plugin.domain.teams import Team
from vdx_plugin.ports import (
    ChatMessage,
    CheckState,
    DiagnosisLine,
    LineChanged,
    LineQuality,
    RoomParticipant,
    VideoPicture,
)
from vdx_plugin.service.view import (
    CallView,
    ConsultationView,
    DeskView,
    DiagnosisView,
    Notice,
    Problem,
    Recoverable,
    Severity,
    Step,
    StepKind,
    StepState,
    WaitingGuest,
)
from vdx_plugin.ui.adapter_scenes import adapters

NOW = datetime(2026, 3, 12, 9, 41, 20, tzinfo=UTC)
CONSULTATION_ID = UUID("00000000-0000-4000-8000-000000000001")

HOSPITAL = Partner(
    "hospital-geriatrics",
    "Ældremedicinsk Afsnit, Eksempel Sygehus",
    PartyRole.HOSPITAL,
    Channel.MEDCOM,
    sor="441211000016000",
    gln="5790000000203",
    phone="35000010",
)
HOME_CARE = Partner(
    "municipality-homecare",
    "Hjemmesygeplejen, Eksempel Kommune",
    PartyRole.MUNICIPALITY,
    Channel.MEDCOM,
    sor="953741000016009",
    gln="5790000000302",
    phone="35000020",
)
NURSING_HOME = Partner(
    "nursing-home",
    "Plejehjemmet Solgården (Eksempel Kommune)",
    PartyRole.NURSING_HOME,
    Channel.MEDCOM,
    sor="953751000016006",
    gln="5790000000401",
    phone="35000030",
)
AGENCY = Partner(
    "interpreter-agency",
    "Eksempel Tolkebureau",
    PartyRole.INTERPRETER,
    Channel.EMAIL,
    email="tolk@tolkebureau.example",
    phone="35000040",
)
PARTNERS = (HOSPITAL, HOME_CARE, NURSING_HOME, AGENCY)
TEAMS = (
    Team(
        "solgaarden",
        "Plejehjemmet Solgården",
        (NURSING_HOME.id, HOME_CARE.id),
        Purpose.NETWORK,
        timedelta(minutes=45),
        for_whom="Beboere på Solgården",
    ),
    Team("diabetes", "Diabetesteam", (HOSPITAL.id, AGENCY.id), language="ar", for_whom="Patienter med diabetes"),
)
HOME_UNIT = Partner(
    "nursing-home-unit",
    "Plejehjemmet Ådalen (Eksempel Kommune)",
    PartyRole.NURSING_HOME,
    Channel.MEDCOM,
    sor="953761000016003",
    parent="953741000016009",
    phone="35000031",
    served_by=Unit(HOME_CARE.name, "953741000016009", "5790000000302"),
)


def context(
    name: str = "Inger Eksempelsen", *, number: str = "8512489996", born: date = date(1948, 12, 25)
) -> ClinicContext:
    """Return an open record; another number is another patient."""
    given, _space, family = name.rpartition(" ")
    patient = Patient((cpr(number),), PersonName(family, given), born, local_id=f"p-{number[-4:]}", mobile="20000050")
    organisation = Organisation("Lægehuset Eksempel", gln="5790000000104")
    return ClinicContext("dummy", patient, ClinicUser("u1", "LE"), organisation, NOW)


def plan(*partners: Partner) -> Plan:
    """Return a plan with the patient by link, and these partners."""
    parties = [Party("k-patient", PartyRole.PATIENT, Channel.LINK)]
    parties += [partner_party(partner, f"k-{partner.id}") for partner in partners]
    return Plan(NOW, NOW + timedelta(minutes=30), tuple(parties))


def appointments() -> tuple[Appointment, ...]:
    """Return a morning: with a hospital, alone, and with an interpreter."""
    return (
        _appointment("a1", 9, "Arne Prøvesen", (), "fulfilled"),
        _appointment("a2", 10, "Inger Eksempelsen", ("5790000000203", "5790000000302"), "booked"),
        _appointment("a3", 11, "Mohamed Testmann-Eksempelberg", ("5790000000401",), "booked"),
    )


def _appointment(number: str, hour: int, name: str, glns: tuple[str, ...], status: str) -> Appointment:
    start = NOW.replace(hour=hour, minute=0, second=0)
    return Appointment(
        number,
        f"ref-{number}",
        start,
        start + timedelta(minutes=15),
        partner_glns=glns,
        status=status,
        patient_label=name,
    )


def idle(patient: ClinicContext | None = None) -> DeskView:
    """Return a desk where nothing runs."""
    return DeskView(
        "production",
        context=patient,
        appointments=appointments(),
        adapters=adapters(NOW),
        vdx_reachable=True,
        camera="Logitech Brio",
        microphone="Jabra Evolve2 40",
    )


def troubled() -> DeskView:
    """Return a desk with an interrupted consultation, notices, and VDX out of reach."""
    return DeskView(
        "sandbox",
        context=context("Anne-Margrethe Wilhelmine Testpersonsen-Eksempelgaard"),
        appointments=appointments(),
        recoverable=(Recoverable(CONSULTATION_ID, Stage.IN_CALL, NOW - timedelta(hours=1), "Arne Prøvesen (f. 1951)"),),
        notices=(
            Notice(1, Problem("vdx.unreachable"), Severity.DANGER, NOW),
            Notice(2, Problem("adapter.slow", {"name": "hl7v2"}), Severity.WARNING, NOW),
        ),
        adapters=adapters(NOW),
        vdx_reachable=False,
    )


def steps(failed: StepKind | None = None, *, done: int = 2, problem: str = "vdx.unreachable") -> tuple[Step, ...]:
    """Return the four steps with the first ``done`` ended, the next running or failed."""
    result = []
    for number, kind in enumerate(StepKind):
        begun = NOW - timedelta(seconds=12 - 3 * number)
        if number < done:
            result.append(Step(kind, StepState.DONE, begun, begun + timedelta(seconds=3)))
        elif number == done and failed is kind:
            ended = begun + timedelta(seconds=3)
            result.append(Step(kind, StepState.FAILED, begun, ended, Problem(problem)))
        elif number == done:
            result.append(Step(kind, StepState.RUNNING, begun))
        else:
            result.append(Step(kind))
    return tuple(result)


def starting(failed: StepKind | None = None, *, done: int = 2) -> ConsultationView:
    """Return a consultation on its way, or stuck at a step."""
    chosen = plan(HOSPITAL, HOME_CARE)
    statuses = tuple(PartyStatus(party) for party in chosen.parties)
    stage = (Stage.BOOKING, Stage.READY, Stage.LOCKED, Stage.INVITED)[min(done, 3)]
    return ConsultationView(CONSULTATION_ID, stage, context(), chosen, steps(failed, done=done), statuses)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def statuses() -> tuple[PartyStatus, ...]:
    """Return one party in each of the states that matter most."""
    parties = plan(HOSPITAL, HOME_CARE, NURSING_HOME, AGENCY).parties
    patient, hospital, home_care, nursing_home, agency = parties
    return (
        PartyStatus(patient, presence=Presence.IN_CALL, participant_id="r-2", history=(_event(3, Presence.IN_CALL),)),
        PartyStatus(
            hospital,
            InvitationState.DELIVERED,
            Presence.WAITING,
            (_event(9, InvitationState.SENT), _event(8, InvitationState.DELIVERED), _event(1, Presence.WAITING)),
            participant_id="r-3",
        ),
        PartyStatus(
            home_care,
            InvitationState.ANSWERED,
            history=(_event(9, InvitationState.SENT), _event(4, InvitationState.ANSWERED)),
            answers=(Answer("a-1", "Vi er med kl. 10, men 5 minutter forsinket.", ago(4)),),
        ),
        PartyStatus(
            nursing_home,
            InvitationState.FAILED,
            history=(_event(9, InvitationState.SENT), PartyEvent(ago(2), InvitationState.FAILED, "invite.gave_up")),
        ),
        PartyStatus(agency, InvitationState.SENT, history=(_event(9, InvitationState.SENT),)),
    )


def _event(minutes: float, what: InvitationState | Presence) -> PartyEvent:
    return PartyEvent(ago(minutes), what)


def waiting() -> tuple[WaitingGuest, ...]:
    """Return an expected guest and a stranger."""
    return (
        WaitingGuest("r-3", "Overlæge B. Test", ago(1), "k-hospital-geriatrics"),
        WaitingGuest("r-9", "iPhone", ago(0.2)),
    )


def call(line: LineQuality = LineQuality.GOOD, *, problems: tuple[Problem, ...] = ()) -> CallView:
    """Return a call of three minutes."""
    return CallView(
        locked=True,
        line=LineChanged(line, 0.01, 24),
        participants=(
            RoomParticipant("r-1", "Lægehuset Eksempel", True, False, True, True),
            RoomParticipant("r-2", "Patient", False, False, False, True, "k-patient"),
        ),
        chat=(
            ChatMessage(ago(2), "Patient", "Jeg kan ikke høre dig.", is_own=False),
            ChatMessage(ago(1), "Lægehuset Eksempel", "Prøv at skrue op for lyden på telefonen.", is_own=True),
        ),
        remote_video=True,
        remote_audio=True,
        problems=problems,
        connected_at=ago(3),
    )


def in_call(running: CallView | None = None, guests: tuple[WaitingGuest, ...] = ()) -> ConsultationView:
    """Return a consultation in its call."""
    chosen = plan(HOSPITAL, HOME_CARE, NURSING_HOME, AGENCY)
    links = {party.key: Secret("https://example.invalid/guest") for party in chosen.parties}
    return ConsultationView(
        CONSULTATION_ID,
        Stage.IN_CALL,
        context(),
        chosen,
        steps(done=4),
        statuses(),
        waiting=guests,
        call=running or call(),
        links=links,
    )


def ended(problem: str = "", failures: tuple[str, ...] = ()) -> ConsultationView:
    """Return a consultation whose note is to be written."""
    base = in_call()
    note = (
        "Videokonference 12.03.2026 kl. 09.20-09.41.\n"
        "Deltagere: egen læge, patient, sygehus (Ældremedicinsk Afsnit, Eksempel Sygehus).\n"
        "Ikke til stede: plejehjem (Plejehjemmet Solgården).\n"
    )
    summary = Summary(
        CONSULTATION_ID,
        True,
        ago(21),
        NOW,
        EndReason.HELD,
        (
            Attendance(PartyRole.PATIENT, 1200),
            Attendance(PartyRole.HOSPITAL, 900, HOSPITAL.name),
            Attendance(PartyRole.NURSING_HOME, 0, NURSING_HOME.name),
        ),
        FeeProposal(VIDEO_CONFERENCE, "fee.three_actors"),
        note,
        failures,
    )
    trouble = Problem(problem) if problem else None
    return ConsultationView(
        base.id, Stage.ENDED, base.context, base.plan, base.steps, base.parties, summary=summary, problem=trouble
    )


def diagnosis(*, steps: int = 6, is_bad: bool = False) -> DiagnosisView:
    """Return a diagnosis as far as its first ``steps``; all is well, or the role is missing."""
    role = ("Rolle", CheckState.GOOD, "I må booke for jer selv og for kolleger.")
    if is_bad:
        role = ("Rolle", CheckState.BAD, "I må ikke booke. Bed support om rollen mødebooker.")
    found = (
        ("Adresse", CheckState.GOOD, "videoapi.example.dk findes."),
        ("Log på", CheckState.GOOD, "VDX kender praksissens adgang."),
        ("Organisation", CheckState.GOOD, "Praksissen er oprettet i VDX."),
        role,
        ("Klar-rum", CheckState.WEAK, "Ingen af de 3 klar-rum er ledige. En start nu kan tage op til to minutter."),
        ("Ur", CheckState.UNKNOWN, "VDX fortalte ikke, hvad klokken er."),
    )
    lines = tuple(DiagnosisLine(*line) for line in found[:steps])
    return DiagnosisView(steps < len(found), lines, "rapport" if steps == len(found) else "")


def picture(width: int = 640, height: int = 360, *, phase: float = 0.0) -> VideoPicture:
    """Return a soft test picture with a round head before a wall, so that shape and colour can be judged."""
    luma = bytearray(width * height)
    center_x, center_y, radius = width * (0.5 + 0.1 * math.sin(phase)), height * 0.45, height * 0.25
    for y in range(height):
        wall = 96 + 64 * y // height
        row = bytearray([wall]) * width
        half = radius * radius - (y - center_y) ** 2
        if half > 0:
            reach = math.sqrt(half)
            left, right = int(center_x - reach), int(center_x + reach)
            row[left:right] = bytearray([200]) * (right - left)
        elif y > center_y + radius:
            reach = radius * 1.6
            left, right = int(center_x - reach), int(center_x + reach)
            row[left:right] = bytearray([70]) * (right - left)
        luma[y * width : (y + 1) * width] = row
    half_size = (width // 2) * (height // 2)
    planes = (bytes(luma), bytes([120]) * half_size, bytes([136]) * half_size)
    return VideoPicture(width, height, planes, (width, width // 2, width // 2))
