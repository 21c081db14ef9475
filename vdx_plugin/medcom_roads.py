"""The road of MedCom messages that the settings name: carrier and mailbox in one."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol
from uuid import uuid4

import httpx

from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import Misconfigured
from vdx_plugin.invitations import hub, record_mail, vans, vans_folder, vans_http
from vdx_plugin.invitations.transport import Carrier, Mailbox
from vdx_plugin.ports import Clock
from vdx_plugin.settings import Partners, Secrets, Vans


class Road(Carrier, Mailbox, Protocol):
    """What carries messages out and brings them in."""


def medcom(chosen: Partners, gln: str, clock: Clock, secrets: Secrets, systems: record_mail.Systems) -> Road | None:
    """Return the road; None where none is set up. Raises Misconfigured for one that is set up by half."""
    if chosen.transport == "record":
        return record_mail.RecordMail(systems)
    if chosen.transport == "hub":
        if not chosen.hub_url:
            return None
        return hub.MessageHub(hub.HubSettings(chosen.hub_url, gln), open_client(), uuid4)
    envelopes = vans.Envelopes(vans.Rules(gln, chosen.vans.final_codes), clock.now, uuid4)
    if chosen.transport == "vans-folder":
        return vans_folder.VansFolder(_folders(chosen.vans), envelopes)
    if not chosen.vans.url:
        raise _missing("partners.vans.url")
    client = vans_http.open_client(_access(chosen.vans, secrets))
    return vans_http.VansSupplier(chosen.vans.url, gln, envelopes, client)


def open_client() -> httpx.AsyncClient:
    """Return the client of a message endpoint. Each line is kept: opening another costs more than a letter does."""
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
    return httpx.AsyncClient(timeout=30.0, limits=limits)


def _folders(chosen: Vans) -> vans_folder.FolderSettings:
    return vans_folder.FolderSettings(
        _needed(chosen.out, "partners.vans.out"),
        _needed(chosen.into, "partners.vans.into"),
        keep_days=chosen.keep_days,
    )


def _access(chosen: Vans, secrets: Secrets) -> vans_http.Access:
    return vans_http.Access(
        token=secrets("vans.token"),
        user=chosen.user,
        password=secrets("vans.password") if chosen.user else Secret(""),
        certificate=chosen.certificate,
        key=chosen.key,
        authority=chosen.authority,
    )


def _needed(path: Path | None, name: str) -> Path:
    if path is None:
        raise _missing(name)
    return path


def _missing(name: str) -> Misconfigured:
    return Misconfigured("settings.value", "missing", setting=name)
