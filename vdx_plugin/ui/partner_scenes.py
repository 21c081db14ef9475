"""Invented states of the directory, and of letters and answers that wait for a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from vdx_plugin.domain.parties import (
    Channel,
)
from vdx_plugin.domain.secret import Secret
from vdx_plugin.ports import (
    Found,
    ImportPreview,
    MessageKind,
    OutboxState,
    Refusal,
)
from vdx_plugin.service.correspondence_view import CorrespondenceView, DeadLetter, StrayLetter, Whereto
from vdx_plugin.service.partners import PartnersView
from vdx_plugin.ui.scenes import (
    AGENCY,
    CONSULTATION_ID,
    HOME_CARE,
    HOME_UNIT,
    HOSPITAL,
    NOW,
    NURSING_HOME,
    PARTNERS,
    TEAMS,
)


def directory(*, is_empty: bool = False) -> PartnersView:
    """The directory as its window shows it; the agency stands in the file of a setting."""
    found = () if is_empty else (HOSPITAL, HOME_CARE, NURSING_HOME, HOME_UNIT, AGENCY)
    return PartnersView(Found(found, len(found)), frozenset({AGENCY.id}), TEAMS, PARTNERS, not is_empty)


def correspondence() -> CorrespondenceView:
    """Something of everything that waits for a person."""
    patient, start = "Inger Eksempelsen (f. 1948)", NOW + timedelta(days=2)
    refused = DeadLetter(
        "d1",
        MessageKind.INVITATION,
        Channel.MEDCOM,
        OutboxState.IN_ERROR,
        NOW - timedelta(minutes=20),
        "invite.rejected",
        HOSPITAL.name,
        patient,
        start,
        "35000010",
        can_resend=False,
        others=(Channel.EMAIL, Channel.LINK),
        link=Secret("https://gaest.example/"),
    )
    unknown = replace(
        refused,
        key="d2",
        kind=MessageKind.CANCELLATION,
        channel=Channel.EMAIL,
        state=OutboxState.UNKNOWN,
        problem="invite.unknown",
        party=AGENCY.name,
        phone="35000040",
        can_resend=True,
        others=(),
    )
    fits = Whereto(CONSULTATION_ID, "k-h", HOSPITAL.name, patient, start, names_day=True, names_time=True)
    later = replace(fits, start=start + timedelta(days=7), names_day=False, names_time=False)
    text = "Kære kollega\nVi deltager med sygeplejerske lørdag den 14.03. kl. 10.41.\nMed venlig hilsen, afsnittet"
    stray = StrayLetter("s1", HOSPITAL.name, "Inger Eksempelsen", NOW, "Vedr. videomøde", text, (fits, later))
    nobody = replace(
        stray, message_id="s2", patient="Arne Eksempelsen", text="Hvilket møde drejer det sig om?", choices=()
    )
    return CorrespondenceView((refused, unknown), (stray, nobody), dealt_with="s3")


def import_preview() -> ImportPreview:
    """A table with something of everything."""
    refused = (
        Refusal(4, "gln", "13 cifre", "Kontrolcifferet passer ikke.", "Slå det op i SOR, og skriv det helt."),
        Refusal(9, "email", "tomt", "E-mailadressen mangler.", "Skriv adressen, eller vælg en anden kanal."),
    )
    return ImportPreview((HOSPITAL, HOME_CARE), (AGENCY,), (NURSING_HOME,), refused, (HOSPITAL, HOME_CARE, AGENCY))
