"""What can be wrong with a partner, a field at a time: what is wrong, and what to do. Pure; texts for people."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from vdx_plugin.domain.parties import Channel, Partner, PartyRole
from vdx_plugin.domain.phone_numbers import text_number
from vdx_plugin.domain.teams import Team
from vdx_plugin.errors import Refused
from vdx_plugin.invitations import codes
from vdx_plugin.invitations.identifier_checks import is_gln, is_sor
from vdx_plugin.texts import _

_ADDRESS = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+")
_PHONE = re.compile(r"\+?[0-9 ]{8,20}", re.ASCII)
_SECRET_COLUMNS = frozenset({"email", "phone", "mobile"})
_WORD = re.compile(r"[a-zæøå_-]{1,30}")


@dataclass(frozen=True, slots=True)
class Fault:
    """``column`` is the field at fault by its name in the table; ``sentence`` what is wrong, ``advice`` what to do."""

    column: str
    sentence: str
    advice: str


def partner_faults(partner: Partner) -> Iterator[Fault]:
    """Yield what is wrong with a partner by itself; whether a level above can receive is for the whole directory."""
    if not partner.id or len(partner.id.split()) > 1:
        yield Fault(
            "id", _("Id mangler eller har mellemrum."), _("Giv rækken et kort navn i ét ord, som ingen anden har.")
        )
    if not partner.name:
        yield Fault("name", _("Navnet mangler."), _("Skriv det navn, I selv bruger om dem."))
    yield from _number_faults(partner)
    yield from _way_faults(partner)
    yield from _contact_faults(partner)
    chosen = (("category", partner.category), *((f"category_{one}", code) for one, code in partner.categories))
    for column, code in chosen:
        if code not in codes.CATEGORIES:
            yield Fault(column, _("Kategorien findes ikke hos MedCom."), _("Vælg en af MedComs kategorier."))


def team_faults(team: Team, known: Mapping[str, Partner]) -> Iterator[Fault]:
    """Yield what is wrong with a team. ``known`` are the directory's partners by id."""
    if not team.id:
        yield Fault(
            "id", _("Id mangler eller har mellemrum."), _("Giv rækken et kort navn i ét ord, som ingen anden har.")
        )
    if not team.name:
        yield Fault("name", _("Navnet mangler."), _("Skriv det navn, I selv bruger om dem."))
    if not team.partner_ids:
        yield Fault("partners", _("Holdet har ingen deltagere."), _("Tilføj mindst én partner."))
    elif any(one not in known for one in team.partner_ids):
        yield Fault("partners", _("En af deltagerne står ikke i kartoteket."), _("Tilføj partneren først."))
    if not 5 <= team.length.total_seconds() / 60 <= 480:
        yield Fault("minutes", _("Varigheden skal være mellem 5 og 480 minutter."), _("Ret antallet af minutter."))


def _number_faults(partner: Partner) -> Iterator[Fault]:
    gln, sor, parent = partner.gln or "", partner.sor or "", partner.parent or ""
    if gln and not (len(gln) == 13 and gln.isascii() and gln.isdigit()):
        yield Fault("gln", _("Lokationsnummeret skal have 13 cifre."), _("Slå det op i SOR, og skriv det helt."))
    elif gln and not is_gln(gln):
        yield Fault(
            "gln",
            _("Kontrolcifferet i lokationsnummeret passer ikke, så et ciffer er forkert eller byttet om."),
            _("Slå det op i SOR, og skriv det helt."),
        )
    for column, number in (("sor", sor), ("parent", parent)):
        if number and not is_sor(number):
            yield Fault(column, _("SOR-id skal være mindst 11 cifre."), _("Slå det op i SOR, og skriv det helt."))
    if gln and not sor:
        yield Fault(
            "sor",
            _("MedCom-beskeder skal have både SOR-id og lokationsnummer."),
            _("Slå enhedens SOR-id op, og skriv det her."),
        )


def _way_faults(partner: Partner) -> Iterator[Fault]:
    if partner.role is PartyRole.PATIENT:
        yield Fault("role", _("Patienter hører til i journalen, ikke her."), _("Vælg en anden rolle."))
    if partner.channel is not Channel.MEDCOM:
        return
    if partner.role is PartyRole.INTERPRETER:
        yield Fault(
            "channel",
            _("Tolke må ikke få patientens oplysninger, og det gør de med MedCom."),
            _("Vælg e-mail, sms eller link."),
        )
    elif not partner.gln and not partner.parent:
        yield Fault(
            "gln",
            _("MedCom kræver et lokationsnummer, eller en enhed ovenover, der har et."),
            _("Skriv lokationsnummeret, eller SOR-id på enheden ovenover."),
        )


def _contact_faults(partner: Partner) -> Iterator[Fault]:
    if (partner.email or partner.channel is Channel.EMAIL) and not _ADDRESS.fullmatch(partner.email or ""):
        yield Fault(
            "email",
            _("E-mailadressen mangler eller er ikke skrevet rigtigt."),
            _("Skriv adressen, eller vælg en anden kanal."),
        )
    if (partner.mobile or partner.channel is Channel.SMS) and not _takes_text(partner.mobile or ""):
        yield Fault(
            "mobile",
            _("Mobilnummeret mangler eller kan ikke modtage sms."),
            _("Skriv nummeret med otte cifre, eller vælg en anden kanal."),
        )
    if partner.phone and not _PHONE.fullmatch(partner.phone):
        yield Fault("phone", _("Telefonnummeret er ikke skrevet rigtigt."), _("Skriv nummeret med otte cifre."))


def _takes_text(number: str) -> bool:
    try:
        text_number(number)
    except Refused:
        return False
    return True


def kind_of_value(column: str, text: str) -> str:
    """Say what sort of thing stood in a cell, and never what: it may be an address, or in the wrong column."""
    if not text:
        return _("tomt")
    if text.isascii() and text.isdigit():
        return _("{count} cifre").format(count=len(text))
    if "@" in text:
        return _("en e-mailadresse")
    if column not in _SECRET_COLUMNS and _WORD.fullmatch(text):
        return f"»{text}«"
    return _("{count} tegn").format(count=len(text))
