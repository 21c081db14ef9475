"""Who may do what: reading the caller out of a token, and access to a meeting or room."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vdx_plugin.sandbox.signin import EMAIL_CLAIM, ORGANISATION_CLAIM, ROLE_CLAIM, NotSignedIn
from vdx_plugin.sandbox.video_api.problems import ApiProblem, crashed, not_allowed
from vdx_plugin.sandbox.video_api.values import Caller, Meeting, Organisation, Role, Room

BOOKERS = (Role.ADMIN, Role.USER, Role.PLANNER, Role.PROVISIONER_USER)
PLANNERS = (Role.ADMIN, Role.PLANNER)
PROVISIONERS = (Role.PROVISIONER, Role.PROVISIONER_USER)

Organisations = Mapping[str, Organisation]


def read_caller(claims: Mapping[str, Any], organisations: Organisations) -> Caller:
    """Return who calls. Raises NotSignedIn without role, organisation or e-mail, and 403 for an unknown organisation.

    Organisation and e-mail are cast to text by the server, so a list (a common mapper setting) is its error 500.
    """
    organisation, email = claims.get(ORGANISATION_CLAIM), claims.get(EMAIL_CLAIM)
    if isinstance(organisation, list) or isinstance(email, list):
        raise crashed("class java.util.ArrayList cannot be cast to class java.lang.String")
    roles = _roles(claims.get(ROLE_CLAIM))
    if organisation is not None and organisation not in organisations:
        raise ApiProblem(403)
    if not roles:
        raise NotSignedIn
    if (organisation is None or email is None) and roles != {Role.PROVISIONER}:
        raise NotSignedIn
    return Caller(organisation or "", email, roles)


def _roles(claim: object) -> frozenset[Role]:
    values = claim if isinstance(claim, list) else [claim] if claim else []
    known = {role.value: role for role in Role if role is not Role.UNKNOWN}
    return frozenset(known.get(str(value), Role.UNKNOWN) for value in values)


def require(caller: Caller, *roles: Role) -> None:
    """Refuse a caller who has none of ``roles``; the server's body for this is not its own, so the plain one."""
    if not caller.has(*roles):
        raise ApiProblem(403)


def check_meeting(caller: Caller, meeting: Meeting) -> None:
    """Refuse a meeting of another organisation, and to a plain user one organised by somebody else."""
    if meeting.organisation != caller.organisation:
        raise not_allowed()
    if caller.is_only_user and meeting.organized_by.email != caller.email:
        raise not_allowed()


def check_room(caller: Caller, room: Room, organisations: Organisations) -> None:
    """Refuse a room out of reach, which is wider than for meetings: any role reads its own organisation."""
    if caller.has(*PROVISIONERS) or room.organisation == caller.organisation:
        return
    if caller.has(*PLANNERS) and caller.organisation in ancestors(room.organisation, organisations):
        return
    raise not_allowed()


def ancestors(code: str, organisations: Organisations) -> list[str]:
    """Return the codes from ``code`` itself up to the root."""
    chain: list[str] = []
    current: str | None = code
    while current is not None and current in organisations and current not in chain:
        chain.append(current)
        current = organisations[current].parent
    return chain
