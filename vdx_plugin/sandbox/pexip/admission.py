"""At the door: what a PIN is worth, how often it may be tried, and how long a token lives. No input or output.

Sources: Pexip client REST API v2, ``request_token`` and ``refresh_token``; "PINs, hosts and guests".
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from vdx_plugin.sandbox.pexip.state import Role
from vdx_plugin.sandbox.rooms import VirtualRoom


@dataclass(frozen=True)
class Asked:
    """Come back with a PIN; the two words stand in the 403 answer, each ``required`` or ``none``."""

    pin: str
    guest_pin: str


@dataclass(frozen=True)
class Passed:
    role: Role


@dataclass(frozen=True)
class Wrong:
    pass


Verdict: TypeAlias = Asked | Passed | Wrong


def judge(room: VirtualRoom, pin: str | None) -> Verdict:
    """Return what the ``pin`` header (None when absent, ``none`` for a guest without PIN) is worth here.

    A room without host PIN makes everybody a host; with only a guest PIN it still asks for that one.
    """
    if room.host_pin is None and room.guest_pin is None:
        return Passed(Role.CHAIR)
    if pin is None:
        return Asked(pin="required", guest_pin="required" if room.guest_pin and room.host_pin else "none")
    if room.host_pin is None:
        return Passed(Role.CHAIR) if _same(pin, room.guest_pin) else Wrong()
    if _same(pin, room.host_pin):
        return Passed(Role.CHAIR)
    if _same(pin, room.guest_pin) or (room.guest_pin is None and pin in ("none", "")):
        return Passed(Role.GUEST)
    return Wrong()


def _same(given: str, expected: str | None) -> bool:
    return expected is not None and secrets.compare_digest(given.encode(), expected.encode())


class PinGuard:
    """Counts wrong PINs per caller and shuts the door for a while after too many. Times are seconds."""

    def __init__(self, *, tries: int, lock_s: float) -> None:
        self._tries = tries
        self._lock_s = lock_s
        self._wrong: dict[tuple[str, ...], tuple[int, float]] = {}

    def is_shut(self, caller: tuple[str, ...], *, at: float) -> bool:
        """Whether ``caller`` must not try now, not even with the right PIN."""
        count, last = self._wrong.get(caller, (0, 0.0))
        if count and at - last >= self._lock_s:
            del self._wrong[caller]
            return False
        return count >= self._tries

    def note_wrong(self, caller: tuple[str, ...], *, at: float) -> None:
        """Count one wrong PIN."""
        count, _ = self._wrong.get(caller, (0, 0.0))
        self._wrong[caller] = (count + 1, at)

    def note_right(self, caller: tuple[str, ...]) -> None:
        """Forget the wrong ones."""
        self._wrong.pop(caller, None)


@dataclass(frozen=True)
class Holder:
    """Whose token it is; ``via`` is the reception they came through, if any, under whose alias they go on asking."""

    alias: str
    uuid: str
    via: str = ""


class TokenBook:
    """Tokens that are good now. A refresh replaces the old one at once. Times are seconds."""

    def __init__(self, *, life_s: float, mint: Callable[[], str] = lambda: secrets.token_urlsafe(32)) -> None:
        self._life_s = life_s
        self._mint = mint
        self._tokens: dict[str, tuple[Holder, float]] = {}

    def issue(self, holder: Holder, *, at: float) -> str:
        """Return a token for ``holder``; any earlier one dies."""
        self.revoke(holder.uuid)
        token = self._mint()
        self._tokens[token] = (holder, at + self._life_s)
        return token

    def holder(self, token: str, *, at: float) -> Holder | None:
        """Return whose token it is, or None when unknown or expired."""
        holder, expires = self._tokens.get(token, (None, 0.0))
        return holder if at < expires else None

    def revoke(self, uuid: str) -> None:
        """Make this participant's token worthless."""
        self._tokens = {token: entry for token, entry in self._tokens.items() if entry[0].uuid != uuid}

    def expired(self, *, at: float) -> list[Holder]:
        """Return those who have not refreshed in time; they remain listed until revoked."""
        return [holder for holder, expires in self._tokens.values() if at >= expires]


class Passes:
    """One-time tokens for whoever is sent to a room: they open it without a PIN. Times are seconds."""

    def __init__(self, *, life_s: float, mint: Callable[[], str] = lambda: secrets.token_urlsafe(32)) -> None:
        self._life_s = life_s
        self._mint = mint
        self._passes: dict[str, tuple[str, Role, float]] = {}

    def issue(self, alias: str, role: Role, *, at: float) -> str:
        """Return a token with which somebody may enter ``alias`` once as ``role``."""
        token = self._mint()
        self._passes = {key: entry for key, entry in self._passes.items() if at < entry[2]}
        self._passes[token] = (alias, role, at + self._life_s)
        return token

    def redeem(self, token: str, alias: str, *, at: float) -> Role | None:
        """Return the role the token gives in ``alias`` and use it up; None if it gives none."""
        known, role, expires = self._passes.get(token, ("", Role.GUEST, 0.0))
        if known != alias or at >= expires:
            return None
        del self._passes[token]
        return role
