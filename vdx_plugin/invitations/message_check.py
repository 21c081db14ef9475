"""Everything that looks at a message before it leaves or after it has come: our rules, profiles, a validator.

Three checkers in this order: the rules of ``checks``, always; the profiles that the site has installed; the official
validator that the settings name. A later one is asked only when the earlier ones found nothing wrong, except by
``examine``, which asks all. What is ``async`` here does not block the event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from vdx_plugin import log
from vdx_plugin.errors import Refused, Unavailable, VdxError
from vdx_plugin.invitations.checks import check, check_outgoing, mark
from vdx_plugin.invitations.finding import Finding
from vdx_plugin.invitations.message import Message, read_message
from vdx_plugin.invitations.validator import Validator
from vdx_plugin.ports import OutboxDraft

_log = log.get("invitations.check")


class Profiles(Protocol):
    """The profile checker; see ``profiles.checker``. Blocking."""

    def check(self, message: Message) -> list[Finding]: ...


class Checker(StrEnum):
    """Who looked."""

    RULES = "rules"
    PROFILES = "profiles"
    VALIDATOR = "validator"


class Verdict(StrEnum):
    """What came of it. ``NOT_CHECKED``: it should have looked and could not, which is neither of the others."""

    VALID = "valid"
    INVALID = "invalid"
    NOT_CHECKED = "not_checked"


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one checker says of one message."""

    checker: Checker
    verdict: Verdict
    findings: tuple[Finding, ...] = ()


class MessageCheck:
    """The checks of one workplace. ``must_validate``: nothing is sent while the validator cannot be reached."""

    def __init__(
        self,
        profiles: Profiles | None = None,
        validator: Validator | None = None,
        *,
        must_validate: bool = False,
    ) -> None:
        self._profiles = profiles
        self._validator = validator
        self._must_validate = must_validate
        self._is_lost = False

    async def before_sending(self, message: Message) -> None:
        """Raises Refused(``invite.invalid``) with the broken rules, Unavailable when it must wait for a check."""
        await asyncio.to_thread(self.refuse_faulty, message)
        _refuse(await self._by_validator(message))

    def has_passed(self, draft: OutboxDraft) -> bool:
        """Whether a draft needs no look before it leaves: these very rules have passed these very bytes, and there are
        no profiles that would say more."""
        return self._profiles is None and draft.checked_by == mark(draft.payload)

    def refuse_faulty(self, message: Message) -> None:
        """Hold a message to rules and profiles, for those who have a thread for it. Raises Refused."""
        _refuse(check_outgoing(message))
        _refuse(self._profiles.check(message) if self._profiles is not None else [])

    async def validate(self, payload: bytes, mime: str) -> None:
        """Ask the validator about a message as it is sent. Raises Refused, Unavailable; nothing without a validator."""
        if self._validator is not None:
            _refuse(await self._by_validator(await asyncio.to_thread(read_message, payload, mime)))

    async def of_incoming(self, message: Message) -> list[Finding]:
        """Return what a partner's message is turned down for. Warnings never count (Validation Governance, 2.1)."""
        faults = _errors(await asyncio.to_thread(check, message))
        return faults or _errors(await self._by_profiles(message))

    async def examine(self, message: Message, *, is_outgoing: bool = True) -> Sequence[Opinion]:
        """Return what each checker that there is says, warnings included."""
        found = await asyncio.to_thread(check_outgoing if is_outgoing else check, message)
        opinions = [_opinion(Checker.RULES, found)]
        if self._profiles is not None:
            opinions.append(_opinion(Checker.PROFILES, await self._by_profiles(message)))
        if self._validator is not None:
            try:
                opinions.append(_opinion(Checker.VALIDATOR, await self._validator.validate(message)))
            except VdxError:
                opinions.append(Opinion(Checker.VALIDATOR, Verdict.NOT_CHECKED))
        return opinions

    async def close(self) -> None:
        if self._validator is not None:
            await self._validator.close()

    async def _by_profiles(self, message: Message) -> list[Finding]:
        if self._profiles is None:
            return []
        return await asyncio.to_thread(self._profiles.check, message)

    async def _by_validator(self, message: Message) -> list[Finding]:
        if self._validator is None:
            return []
        try:
            found = await self._validator.validate(message)
        except VdxError as error:
            self._tell_lost(error)
            if self._must_validate:
                raise Unavailable("invite.validator", "held back until it has been checked") from error
            return []
        if self._is_lost:
            self._is_lost = False
            _log.info("the validator answers again")
        return found

    def _tell_lost(self, error: VdxError) -> None:
        """A lost service is told once when lost."""
        if not self._is_lost:
            self._is_lost = True
            _log.warning("the validator does not answer, messages are not checked by it: %s", error)


def _refuse(findings: Sequence[Finding]) -> None:
    faults = _errors(findings)
    if faults:
        raise Refused("invite.invalid", ", ".join(sorted({fault.rule for fault in faults})))


def _errors(findings: Sequence[Finding]) -> list[Finding]:
    return [one for one in findings if not one.is_warning]


def _opinion(checker: Checker, findings: Sequence[Finding]) -> Opinion:
    return Opinion(checker, Verdict.INVALID if _errors(findings) else Verdict.VALID, tuple(findings))
