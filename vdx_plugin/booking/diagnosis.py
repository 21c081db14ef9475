"""A diagnosis in words: for the window, for the command line, and as a report that may be sent to support.

The report holds environment, version, codes and numbers of rooms, and the host's name; no address below it, no
organisation, no person, no token, no meeting.
"""

from __future__ import annotations

from vdx_plugin import __version__
from vdx_plugin.booking.health import Diagnosis, Finding, State, Step
from vdx_plugin.texts import _


def title(step: Step) -> str:
    """Return the name of a step."""
    return {
        Step.NAME: _("Adresse"),
        Step.TOKEN: _("Log på"),
        Step.ORGANISATION: _("Organisation"),
        Step.ROLE: _("Rolle"),
        Step.TEMPLATE: _("Mødeskabelon"),
        Step.POOL: _("Klar-rum"),
        Step.CLOCK: _("Ur"),
    }[step]


def sentence(finding: Finding) -> str:
    """Return what was found and, where something is to be done, what."""
    return _sentences()[finding.code].format_map({"host": "", "seconds": "", "ready": "", "wanted": ""} | finding.facts)


def _sentences() -> dict[str, str]:
    return {
        "earlier": _("Ikke undersøgt, fordi noget tidligere svigtede."),
        "name.good": _("{host} findes."),
        "name.missing": _("Adressen på VDX er ikke udfyldt rigtigt. Ret indstillingen."),
        "name.unknown": _("{host} kan ikke findes. Tjek netforbindelsen og adressen i indstillingerne."),
        "token.good": _("VDX kender praksissens adgang."),
        "token.certificate": _("Certifikatet i den lokale proxy bruges."),
        "token.refused": _("VDX afviser adgangen. Bed support om at forny den."),
        "token.unreachable": _("VDX svarer ikke. Prøv igen om lidt, og tjek netforbindelsen."),
        "organisation.good": _("Praksissen er oprettet i VDX."),
        "organisation.unknown": _("Praksissen er ikke oprettet i VDX, eller adgangen gælder ikke. Ring til support."),
        "organisation.missing": _("Adgangen mangler organisation eller e-mail. Ring til support."),
        "organisation.misshapen": _("Adgangen har flere organisationer eller e-mails. Ring til support."),
        "role.good": _("I må booke for jer selv og for kolleger."),
        "role.own_only": _("I må booke for jer selv, men ikke for kolleger."),
        "role.none": _("I må ikke booke. Bed support om rollen mødebooker."),
        "role.untold": _("VDX fortæller ikke rollen gennem den lokale proxy."),
        "template.good": _("Nye rum får både værtskode og gæstekode."),
        "template.unsafe": _(
            "Nye rum får ikke begge koder. Programmet sætter dem selv. Bed support om at rette skabelonen."
        ),
        "template.none": _("Praksissen har ingen egen skabelon, så regionens bruges."),
        "template.unasked": _("Skabelonen kunne ikke læses."),
        "pool.good": _("{ready} af {wanted} klar-rum er ledige, så video starter straks."),
        "pool.empty": _("Ingen af de {wanted} klar-rum er ledige. En start nu kan tage op til to minutter."),
        "pool.none": _("Praksissen har ingen klar-rum. En start nu kan tage op til to minutter."),
        "pool.untold": _("VDX fortæller ikke om klar-rum."),
        "pool.unasked": _("Klar-rum kunne ikke læses."),
        "clock.good": _("Uret her og hos VDX går ens (forskel {seconds} s)."),
        "clock.ahead": _("Uret her er {seconds} s foran. Stil computerens ur."),
        "clock.behind": _("Uret her er {seconds} s bagud. Stil computerens ur."),
        "clock.untold": _("VDX fortalte ikke, hvad klokken er."),
    }


def mark(state: State) -> str:
    """Return the sign before a line, readable without colour."""
    return {State.GOOD: "+", State.BAD: "!", State.WEAK: "~", State.UNKNOWN: "?"}[state]


def lines(diagnosis: Diagnosis) -> list[str]:
    """Return one line for each step."""
    return [f"{mark(one.state)} {title(one.step)}: {sentence(one)}" for one in diagnosis.findings]


def report(diagnosis: Diagnosis) -> str:
    """Return the text to send to support."""
    head = [
        _("Kan jeg nå VDX?"),
        f"vdx-plugin {__version__}, {diagnosis.environment}, {diagnosis.version}",
        diagnosis.at.isoformat(timespec="seconds"),
        "",
    ]
    codes = [
        f"    {one.step}: {one.state} {one.code} {' '.join(f'{name}={value}' for name, value in one.facts.items())}"
        for one in diagnosis.findings
    ]
    return "\n".join([*head, *lines(diagnosis), "", *(code.rstrip() for code in codes), ""])
