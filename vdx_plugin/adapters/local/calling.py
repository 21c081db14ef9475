"""What our second process does for a record: hand on a ticket or a Sentinel call to the program that runs, and end.

It takes the user's own socket where there is one, else the port.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import httpx

from vdx_plugin.adapters.local import handshake, tickets
from vdx_plugin.adapters.local.calls import SENTINEL_PATH, SentinelBody, read
from vdx_plugin.adapters.local.handshake import Handshake
from vdx_plugin.api.v1 import ContextChange, Refused, Unavailable, Unreadable, VdxError

_REFUSALS = ("ticket.unknown", "ticket.used", "ticket.stale", "ticket.foreign")
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
    _post("/v1/redeem", {"ticket": token, "workstation": handshake.workstation()}, handshake_file)


def open_record(call: bytes, handshake_file: Path) -> None:
    """Hand on Sentinel's ``AabnerJournal``, as JSON with its five arguments, to the program that runs.

    Raises Unreadable(``context.unreadable``) with the place and Unavailable(``ticket.no_program``).
    """
    body = read(SentinelBody, call.removeprefix(b"\xef\xbb\xbf"))
    _post(SENTINEL_PATH, body.model_dump(), handshake_file)


def close_record(reason: ContextChange, handshake_file: Path) -> None:
    """Tell the program that runs that the record was closed, or that its user left. Raises Unavailable."""
    _post("/v1/context/close", {"reason": str(reason)}, handshake_file)


def _post(path: str, body: Mapping[str, object], handshake_file: Path) -> None:
    running = handshake.read(handshake_file)
    headers = {"Authorization": f"Bearer {running.secret}"}
    try:
        with _client(running) as client:
            answer = client.post(path, json=body, headers=headers)
    except httpx.HTTPError as error:
        raise Unavailable("ticket.no_program", type(error).__name__) from error
    if answer.is_error:
        raise _refusal(answer)


def _client(running: Handshake) -> httpx.Client:
    # A pipe of Windows is for programs that have its calls; ours takes the port there.
    if running.socket.startswith("/"):
        way = httpx.HTTPTransport(uds=running.socket)
        return httpx.Client(transport=way, base_url="http://localhost", trust_env=False, timeout=LIMIT_S)
    return httpx.Client(base_url=f"http://127.0.0.1:{running.port}", trust_env=False, timeout=LIMIT_S)


def _refusal(answer: httpx.Response) -> VdxError:
    try:
        said = answer.json()
        code, place = str(said["code"]), str(said.get("place", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        code, place = "", ""
    if code in _REFUSALS:
        return Refused(code)
    if code == "context.unreadable":
        return Unreadable(code, "refused", place=place)
    return Unavailable("ticket.no_program", f"status {answer.status_code}")
