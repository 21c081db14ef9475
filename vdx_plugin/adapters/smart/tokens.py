"""The token end point: a code exchanged, an access renewed, a right given back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from vdx_plugin.adapters.smart import wire
from vdx_plugin.adapters.smart.scopes import Granted
from vdx_plugin.adapters.smart.signing_in import SigningIn, known_error
from vdx_plugin.api.v1 import Refused, Secret, SignInNeeded, Unreadable, VdxError, get_logger

_log = get_logger("adapters.smart")
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the token end point gave. Nothing of it is ever written down."""

    access: Secret
    granted: Granted
    refresh: Secret | None = None
    facts: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The rest of the answer: the launch context."""

    @property
    def patient(self) -> str:
        """The patient's id. Raises Refused(``smart.no_patient``): no other way leads to a patient."""
        found = resource_id(self.facts.get("patient"))
        if not found:
            raise Refused("smart.no_patient")
        return found

    @property
    def encounter(self) -> str | None:
        return resource_id(self.facts.get("encounter")) or None

    @property
    def appointment(self) -> str | None:
        """The one appointment of the launch; none where several are named, as it is not said which."""
        context = self.facts.get("fhirContext")
        named = [one.get("reference") for one in context if isinstance(one, dict)] if isinstance(context, list) else []
        found = [str(text).removeprefix("Appointment/") for text in named if str(text).startswith("Appointment/")]
        return resource_id(found[0]) or None if len(found) == 1 else None


def resource_id(value: object) -> str:
    """Return a FHIR id, empty for what is none: it becomes part of an address."""
    return value if isinstance(value, str) and _ID.fullmatch(value) and value.strip(".") else ""


async def exchange(http: httpx.AsyncClient, one: SigningIn, client_id: str, code: str) -> Tokens:
    """Exchange a code. Raises Refused(``smart.refused``), Unavailable, Unreadable."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": one.redirect,
        "client_id": client_id,
        "code_verifier": one.verifier,
    }
    answer = await wire.send(http, "POST", one.server.token, form=form)
    if not answer.is_good:
        raise Refused("smart.refused", _error_of(answer)) if answer.status < 500 else wire.away(f"{answer.status}")
    return read(wire.json_of(answer, "token answer"))


async def renew(http: httpx.AsyncClient, token_end: str, client_id: str, old: Tokens) -> Tokens:
    """Renew an access; a server that rotates gives a new refresh token, and the old one is then spent.

    Raises SignInNeeded(``smart.sign_in``) where there is no right to it any longer, Unavailable, Unreadable.
    """
    if old.refresh is None:
        raise SignInNeeded("smart.sign_in", "no refresh token")
    form = {"grant_type": "refresh_token", "refresh_token": old.refresh.reveal(), "client_id": client_id}
    answer = await wire.send(http, "POST", token_end, form=form)
    if answer.status >= 500:
        raise wire.away(f"status {answer.status}")
    if not answer.is_good:
        raise SignInNeeded("smart.sign_in", _error_of(answer))
    new = read(wire.json_of(answer, "token answer"), old)
    if "patient" in new.facts and new.facts["patient"] != old.facts.get("patient"):
        raise Refused("smart.other_patient", "after renewal")
    return new


async def revoke(http: httpx.AsyncClient, end: str, client_id: str, tokens: Tokens) -> None:
    """Give a right back as far as the server takes it; nothing is raised, as it ends by itself besides."""
    if not end:
        return
    form = {"token": (tokens.refresh or tokens.access).reveal(), "client_id": client_id}
    try:
        await wire.send(http, "POST", end, form=form)
    except VdxError as error:
        _log.info("the right was not given back: %s", error)


def read(found: Mapping[str, Any], old: Tokens | None = None) -> Tokens:
    """Read a token answer; what a renewal leaves out stays as it was. Pure. Raises Unreadable."""
    access, kind = found.get("access_token"), str(found.get("token_type", ""))
    if not isinstance(access, str) or not access.isascii() or not access.isprintable() or kind.lower() != "bearer":
        raise Unreadable("smart.unreadable", "no bearer", place="token answer")
    refresh = found.get("refresh_token")
    return Tokens(
        Secret(access),
        _granted(found.get("scope"), old),
        Secret(refresh) if isinstance(refresh, str) else (old.refresh if old else None),
        {name: value for name, value in found.items() if name not in ("access_token", "refresh_token")},
    )


def _granted(scope: object, old: Tokens | None) -> Granted:
    if isinstance(scope, str):
        return Granted.of(scope)
    if old is None:
        # SMART demands it; to take it for everything we asked would be to grant rights to ourselves.
        raise Unreadable("smart.unreadable", "no scope", place="token answer")
    return old.granted


def _error_of(answer: wire.Answer) -> str:
    try:
        return known_error(str(wire.json_of(answer, "token answer").get("error", "")))
    except Unreadable:
        return f"status {answer.status}"
