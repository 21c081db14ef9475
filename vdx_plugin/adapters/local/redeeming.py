"""What our second process does: hand a ticket to the program that already runs, and end."""

from __future__ import annotations

from pathlib import Path

import httpx

from vdx_plugin.adapters.local import handshake, tickets
from vdx_plugin.errors import Refused, Unavailable

_CODES = ("ticket.unknown", "ticket.used", "ticket.stale", "ticket.foreign")
LIMIT_S = 5.0


def redeem_in_running_program(ticket_or_url: str, handshake_file: Path) -> None:
    """Redeem a ticket, bare or in a ``vdx://`` address, in the program that runs on this workstation.

    ``handshake_file`` is the file or its folder. Raises Refused(``ticket.*``) and
    Unavailable(``ticket.no_program``).
    """
    try:
        token = tickets.token_in(ticket_or_url)
    except Refused:
        # Still let the running program show its quiet notice: the user clicked something and should see why not.
        token = ""
    running = handshake.read(handshake_file)
    try:
        with httpx.Client(trust_env=False, timeout=LIMIT_S) as client:
            answer = client.post(
                f"http://127.0.0.1:{running.port}/v1/redeem",
                json={"ticket": token, "workstation": handshake.workstation()},
                headers={"Authorization": f"Bearer {running.secret}"},
            )
    except httpx.HTTPError as error:
        raise Unavailable("ticket.no_program", type(error).__name__) from error
    if answer.status_code != httpx.codes.ACCEPTED:
        raise _refusal(answer)


def _refusal(answer: httpx.Response) -> Refused | Unavailable:
    try:
        code = answer.json()["code"]
    except (ValueError, KeyError, TypeError):
        code = ""
    if code in _CODES:
        return Refused(code)
    return Unavailable("ticket.no_program", f"status {answer.status_code}")
