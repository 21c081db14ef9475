"""The main job from the open patient to the note, as a script whose every step checks what it claims.

It drives the real program: the clinic sends HL7, hands the context over, the desk books, locks and invites, two
synthetic guests decode what they receive. Exit status 0 means that all of it was seen.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

import httpx

from vdx_plugin import log
from vdx_plugin.adapters.local import redeem_in_running_program
from vdx_plugin.app import Program, assemble
from vdx_plugin.demo.evidence import Evidence, leaks
from vdx_plugin.demo.guests import target_of
from vdx_plugin.demo.world import HOSPITAL_GLN, FileVault, World
from vdx_plugin.domain.consultation import Stage
from vdx_plugin.domain.parties import InvitationState, PartyRole, PartyStatus, Presence
from vdx_plugin.errors import Refused, VdxError
from vdx_plugin.media.bot import Bot
from vdx_plugin.ports import MediaChoice, VideoPicture
from vdx_plugin.service.view import ConsultationView, DeskView
from vdx_plugin.settings import Transport

Say = Callable[[str], None]
T = TypeVar("T")
STEP_LIMIT_S = 40.0
LOOK_EVERY_S = 0.05
FRAMES_WANTED = 30
SOUND_WANTED_S = 1.0
_LINK = re.compile(r"https?://\S+/guest/\S+")


class NotSeen(AssertionError):
    """A step did not show what it should."""


def check(holds: bool, what: str) -> None:
    """Raise NotSeen with ``what`` unless it holds."""
    if not holds:
        raise NotSeen(what)


async def named(step: str, work: Awaitable[T]) -> T:
    """Await one step of the job. Raises NotSeen that names the step, whatever kept it from being seen."""
    try:
        return await work
    except (NotSeen, TimeoutError, VdxError) as failure:
        raise NotSeen(f"{step}: {str(failure) or type(failure).__name__}") from failure


class Script:
    """The run: the world, the program in it, and what has been seen so far."""

    def __init__(self, world: World, program: Program, say: Say, *, limit_s: float = STEP_LIMIT_S) -> None:
        self._limit_s = limit_s
        self._world = world
        self._program = program
        self._desk = program.desk
        self._say = say
        self._began = time.monotonic()
        self._pictures = 0
        self._words: list[str] = []
        self._stack = AsyncExitStack()
        program.desk.on_remote_picture(self._on_picture)

    def _on_picture(self, _picture: VideoPicture) -> None:
        self._pictures += 1

    # --- seeing -------------------------------------------------------------------------------------------------

    @property
    def view(self) -> DeskView:
        return self._desk.view

    @property
    def consultation(self) -> ConsultationView:
        consultation = self.view.consultation
        if consultation is None:
            raise NotSeen("no consultation")
        return consultation

    def party(self, role: PartyRole) -> PartyStatus:
        """Return the party of a role."""
        return next(status for status in self.consultation.parties if status.party.role is role)

    async def until(self, seen: Callable[[], bool], what: str) -> None:
        """Wait until ``seen`` holds. Raises NotSeen with ``what`` after a while."""
        deadline = time.monotonic() + self._limit_s
        while not seen():
            check(time.monotonic() < deadline, what)
            await asyncio.sleep(LOOK_EVERY_S)

    def done(self, text: str) -> None:
        """Print one step with the time since the start."""
        self._say(f"{time.monotonic() - self._began:7.2f} s  {text}")

    # --- the job ------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Do the whole job. Raises NotSeen at the first thing that is not as it should be."""
        async with self._stack:
            await named("context", self.take_context())
            await named("start", self.book_lock_and_invite())
            hospital, patient = await named("guests", self.let_guests_in())
            await named("strangers", self.keep_strangers_out())
            await named("picture and sound", self.see_and_hear(hospital, patient))
            await named("end", self.end(hospital, patient))
            await named("note", self.write_the_note())

    async def take_context(self) -> None:
        """Patients and appointments come by HL7, the open patient by the local call."""
        await self._world.clinic.send_directory()
        wanted = len(self._world.clinic.slots)
        await self.until(lambda: len(self.view.appointments) == wanted, "not every appointment came by HL7")
        self.done(f"journalen har sendt HL7: {len(self.view.appointments)} aftaler i dag")
        await self._world.clinic.open_patient(0)
        await self.until(lambda: self.view.context is not None, "no context came")
        context = self.view.context
        check(context is not None and context.patient.is_complete, "the context is incomplete")
        if context and context.patient.name:
            national = context.patient.national_id
            self._words += [context.patient.name.family, context.patient.name.given]
            self._words += [national.value] if national else []
        self.done("patient åben i journalen, konteksten modtaget")

    async def book_lock_and_invite(self) -> None:
        """One click in the record does the rest: it opens a ``vdx://`` link with a ticket that is good once."""
        await self._desk.set_media_choice(MediaChoice(use_test_card=True))
        link = f"vdx://start/v1?ticket={await self._world.clinic.ticket(0)}"
        await asyncio.to_thread(redeem_in_running_program, link, self._world.clinic.config.handshake)
        await self.until(lambda: self.view.consultation is not None, "the click in the record did nothing")
        await self.until(
            lambda: self.consultation.stage is Stage.IN_CALL or self.consultation.problem is not None, "not in the call"
        )
        problem = self.consultation.problem
        check(problem is None, f"the start failed: {problem.code if problem else ''}")
        self.done("engangsbilletten fra journalens link er indløst")
        await self._refuse_the_ticket_again(link)
        for step in self.consultation.steps:
            spent = (step.ended_at - step.started_at).total_seconds() if step.ended_at and step.started_at else 0.0
            self.done(f"trin {step.kind}: {spent:.2f} s")
        await self.until(lambda: bool(self.consultation.call and self.consultation.call.locked), "not locked")
        self.done("rummet er booket og låst")
        await self.until(
            lambda: self.party(PartyRole.HOSPITAL).invitation is InvitationState.DELIVERED, "no acknowledgement"
        )
        count = self._world.sandbox.partners.count(HOSPITAL_GLN)
        check(count.distinct == 1, "the hospital has not got exactly one letter")
        self.done("sygehuset har kvitteret for invitationen (MedCom Acknowledgement ok)")

    async def _refuse_the_ticket_again(self, link: str) -> None:
        try:
            await asyncio.to_thread(redeem_in_running_program, link, self._world.clinic.config.handshake)
        except Refused as refusal:
            check(refusal.code == "ticket.used", "a used ticket was refused for another reason")
            self.done("samme billet igen er afvist")
        else:
            raise NotSeen("a used ticket was taken again")

    async def let_guests_in(self) -> tuple[Bot, Bot]:
        """The hospital follows the link in its letter, the patient the link in the mail; both wait and are let in."""
        (letter,) = self._world.sandbox.partners.letters(HOSPITAL_GLN)
        hospital = await self._enter(_attached_link(letter.bundle), "sygehuset")
        await self._admit("sygehuset")
        mails = await self._world.sandbox.mail.wait_for(1, self._limit_s)
        patient = await self._enter(_first_link(mails[0].text), "patienten")
        await self._admit("patienten")
        await self.until(self._both_are_in, "the two guests were not recognised as the parties invited")
        return hospital, patient

    def _both_are_in(self) -> bool:
        return all(status.presence is Presence.IN_CALL for status in self.consultation.parties)

    async def _enter(self, link: str, who: str) -> Bot:
        target = target_of(link, self._world.sandbox.node_url)
        bot = await self._stack.enter_async_context(Bot(target))
        await bot.wait_until(lambda report: report.waited, timeout_s=self._limit_s)
        self.done(f"{who} har fulgt sit link og venter foran det låste rum")
        return bot

    async def _admit(self, who: str) -> None:
        await self.until(lambda: bool(self.consultation.waiting), f"{who} is not on the waiting list")
        await self._desk.admit(self.consultation.waiting[0].participant_id)
        await self.until(lambda: not self.consultation.waiting, f"{who} was not let in")
        self.done(f"{who} er lukket ind")

    async def keep_strangers_out(self) -> None:
        """A wrong PIN is refused; a right PIN without invitation waits and is turned away."""
        link = next(iter(self.consultation.links.values())).reveal()
        target = target_of(link, self._world.sandbox.node_url)
        async with httpx.AsyncClient(base_url=target.node, trust_env=False) as client:
            path = f"/api/client/v2/conferences/{target.alias}/request_token"
            wrong = await client.post(path, json={"display_name": "Fremmed"}, headers={"pin": "000000"})
            check(wrong.status_code == 403, "a wrong PIN was let through")
            self.done("forkert PIN er afvist")
            pin = {"pin": target.pin.reveal()}
            late = await client.post(path, json={"display_name": "Fremmed"}, headers=pin)
            check(late.json()["result"]["current_service_type"] == "waiting_room", "the stranger is in the room")
            await self.until(lambda: bool(self.consultation.waiting), "the stranger is not shown")
            stranger = self.consultation.waiting[0]
            check(stranger.party_key is None, "the stranger was taken for a party")
            await self._desk.put_out(stranger.participant_id)
            await self.until(lambda: not self.consultation.waiting, "the stranger was not turned away")
        self.done("en sen fremmed med rigtig PIN måtte vente og er vist bort")

    async def see_and_hear(self, *guests: Bot) -> None:
        """Frames and non-silent sound are decoded at both ends."""
        for guest in guests:
            await guest.wait_until(
                lambda report: report.frames >= FRAMES_WANTED and report.audible_s >= SOUND_WANTED_S,
                timeout_s=self._limit_s,
            )
        await self.until(lambda: self._pictures >= FRAMES_WANTED, "the doctor sees no picture")
        call = self.consultation.call
        await self.until(lambda: bool(self.consultation.call and self.consultation.call.remote_audio), "no sound")
        report = guests[0].report
        self.done(
            f"billede og lyd i begge ender: lægen {self._pictures} billeder ({'lyd' if call else ''}), "
            f"sygehuset {report.frames} billeder og {report.audible_s:.1f} s lyd"
        )
        await self._desk.send_chat("Kan I høre mig?")
        await guests[0].wait_until(lambda seen: bool(seen.chat), timeout_s=self._limit_s)
        self.done("chatten er nået frem")

    async def end(self, *guests: Bot) -> None:
        """Ending for all puts everybody out and closes the room."""
        await self._desk.end_for_all()
        for guest in guests:
            await guest.wait_until(lambda report: report.over_code is not None, timeout_s=self._limit_s)
        check(self.consultation.stage is Stage.ENDED, "the consultation did not end")
        self.done("samtalen er afsluttet for alle")

    async def write_the_note(self) -> None:
        """The note reaches the patient's record in the clinic system, once."""
        summary = self.consultation.summary
        if summary is None:
            raise NotSeen("no summary")
        fee = summary.fee.fee.code if summary.fee.fee else "ingen"
        self.done(f"forslag til ydelse: {fee} ({summary.fee.rule})")
        await self._desk.write_back(summary.note, fee if summary.fee.fee else None)
        check(self.consultation.written_back, "the note was not written")
        await self.until(lambda: len(self._world.clinic.notes_of(0)) == 1, "the note is not in the record")
        self.done("notatet står i journalen")

    def check_nothing_leaked(self, evidence: Evidence) -> None:
        """Neither number nor name stands in a log line, an address or a room name."""
        rooms = [str(meeting) for meeting in self._world.sandbox.room_names()]
        addresses = self._world.sandbox.addresses_asked_for()
        found = leaks([*evidence.lines, *addresses, *rooms], self._words)
        check(not found, f"patient data in a log line, an address or a room name: {', '.join(found)}")
        self.done(
            f"hverken CPR eller navn i {len(evidence.lines)} loglinjer, {len(addresses)} adresser "
            f"og {len(rooms)} rumnavne"
        )


def _attached_link(bundle: Mapping[str, Any]) -> str:
    """Return the link attached to a letter."""
    letters = [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == "Communication"]
    attachments = [part["contentAttachment"] for part in letters[0]["payload"] if "contentAttachment" in part]
    check(len(attachments) == 1, "no link attached to the letter")
    return str(attachments[0]["url"])


def _first_link(text: str) -> str:
    found = _LINK.search(text)
    if found is None:
        raise NotSeen("no link in the mail")
    return found.group()


async def run_headless(
    say: Say,
    data: Path | None = None,
    *,
    limit_s: float = STEP_LIMIT_S,
    prepare: Callable[[World], None] = lambda _world: None,
    transport: Transport = "hub",
) -> int:
    """Run the whole job and print each step. Return 0 when everything was seen, 1 otherwise.

    ``limit_s`` is how long anything is waited for. ``prepare`` may change the world that has just been started.
    """
    with tempfile.TemporaryDirectory(prefix="vdx-demo-") as folder, Evidence() as evidence:
        world = World(data or Path(folder), transport=transport)
        await world.start()
        prepare(world)
        program = await assemble(world.settings(), secrets=world.secret, vault=FileVault())
        script = Script(world, program, say, limit_s=limit_s)
        try:
            await program.desk.start()
            script.done("sandkassen og programmet kører")
            await script.run()
            script.check_nothing_leaked(evidence)
        except NotSeen as failure:
            say(f"IKKE SET: {log.mask(str(failure))}")
            return 1
        finally:
            await program.close()
            await world.stop()
    say("Alt er set.")
    return 0
