"""What the service offers, and the card it answers. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from vdx_plugin.cds_hooks.calls import APPOINTMENT_BOOK, PATIENT_VIEW, Call
from vdx_plugin.texts import _

VERSION = "1.0.0"
REASON_SYSTEM = "urn:vdx-plugin:override-reason"
MAX_SUMMARY = 139
SERVICES = {PATIENT_VIEW: "vdx-video-patient", APPOINTMENT_BOOK: "vdx-video-booking"}
"""The service's id for each hook."""
HOOK_VERSIONS = {PATIENT_VIEW: "1.0", APPOINTMENT_BOOK: "1.0"}


@dataclass(frozen=True, slots=True)
class Links:
    """Where a card leads: ``page``, any https page, and ``launch``, the SMART launch address of the program."""

    page: str = ""
    launch: str = ""
    source: str = "VDX"


def hook_of(service: str) -> str | None:
    """Return the hook of a service, None for an unknown one."""
    return next((hook for hook, name in SERVICES.items() if name == service), None)


def discovery() -> dict[str, Any]:
    """Return what the service offers. It asks for no prefetch: a card needs nothing about the patient."""
    described = {
        PATIENT_VIEW: (_("Start video"), _("Viser i den åbne journal, at en videokonsultation kan startes.")),
        APPOINTMENT_BOOK: (_("Aftale på video"), _("Viser, mens en tid bookes, at aftalen kan holdes på video.")),
    }
    return {
        "services": [
            {
                "hook": hook,
                "id": SERVICES[hook],
                "title": title,
                "description": description,
                "version": VERSION,
                "hookVersion": HOOK_VERSIONS[hook],
            }
            for hook, (title, description) in described.items()
        ]
    }


def override_reasons() -> dict[str, str]:
    """Return the reasons offered for not using a card, by their code."""
    return {
        "not-now": _("Ikke nu"),
        "in-person": _("Fremmøde er bedre"),
        "no-equipment": _("Patienten kan ikke på video"),
    }


def cards(call: Call, links: Links, ids: Sequence[UUID]) -> dict[str, Any]:
    """Return the answer to a call: one card, or none where there is nothing to offer."""
    if call.hook == APPOINTMENT_BOOK and not call.appointments:
        return {"cards": []}
    return {"cards": [_card(call, links, ids[0])]}


def _card(call: Call, links: Links, card_id: UUID) -> dict[str, Any]:
    if call.hook == PATIENT_VIEW:
        summary = _("Start videokonsultation med patienten i den åbne journal")
        detail = _("Åbner videoprogrammet på denne maskine. Se efter, at navn og fødselsdato passer, før du starter.")
    else:
        summary = _("Aftalen kan holdes på video")
        detail = _("Vælg video som aftalens type. Den startes fra journalen, når tiden er inde.")
    return {
        "uuid": str(card_id),
        "summary": summary[:MAX_SUMMARY],
        "detail": detail,
        "indicator": "info",
        "source": {"label": links.source},
        "overrideReasons": [
            {"code": code, "system": REASON_SYSTEM, "display": words} for code, words in override_reasons().items()
        ],
        "links": _links(call, links),
    }


def _links(call: Call, links: Links) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if links.launch and call.hook == PATIENT_VIEW:
        # Never autolaunchable: nobody is called because a record was opened.
        context = json.dumps({"action": "start-video"})
        found.append({"label": _("Start video"), "url": links.launch, "type": "smart", "appContext": context})
    if links.page:
        found.append({"label": _("Åbn videosiden"), "url": links.page, "type": "absolute"})
    return found
