"""Takes the pictures of the README from the running program: ``python -m tests.pictures [FOLDER]``.

The whole demo runs: sandbox, clinic, program, two synthetic guests, and Chromium for the pages. Nothing is staged but
the order of the clicks. Works without a screen (Qt's offscreen platform).
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from uuid import UUID

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from playwright.sync_api import Page, sync_playwright
from PySide6.QtWidgets import QApplication, QWidget

from tests.chromium import ARGUMENTS, find_chromium
from vdx_plugin import log
from vdx_plugin.app import Program, assemble
from vdx_plugin.demo.guests import target_of
from vdx_plugin.demo.world import HOSPITAL_GLN, FileVault, World
from vdx_plugin.domain.consultation import Stage
from vdx_plugin.domain.danish_time import danish_day, instant_of
from vdx_plugin.domain.parties import InvitationState, PartyRole, PartyStatus, Presence, Purpose
from vdx_plugin.domain.plan import Plan, partner_party
from vdx_plugin.media.bot import Bot
from vdx_plugin.ports import MediaChoice
from vdx_plugin.runtime import Runtime
from vdx_plugin.sandbox.partners import Behaviour
from vdx_plugin.service.view import AgendaEntry, ConsultationView, RoomState
from vdx_plugin.ui import gallery
from vdx_plugin.ui.interpreter_card import InterpreterCardDialog
from vdx_plugin.ui.main import Desktop
from vdx_plugin.ui.windows import Windows, theme_of

LIMIT_S = 40.0
OLD_GLN = "5790000000500"
PLAN_SIZE = (600, 900)
PARTIES_SIZE = (600, 1180)
STATUS_SIZE = (1120, 1080)
CONFERENCE = ("municipality-homecare", "nursing-home", "interpreter-agency")
CARD_SIZE = (560, 720)
POSED = {
    "call-line-good": "line-good",
    "call-line-poor": "line-poor",
    "call-line-lost": "line-lost",
    "call-advice": "call-advice",
    "devices-checked": "devices",
    "figures": "figures",
}
CALL_SIZE = (1120, 720)
"""As on a screen of ordinary size; Qt's offscreen one is 800 pixels wide."""


class Photographer:
    """The program with its windows, and a camera."""

    def __init__(self, app: QApplication, world: World, program: Program, runtime: Runtime, folder: Path) -> None:
        self._app, self._world, self._program, self._runtime, self._folder = app, world, program, runtime, folder
        self._desktop = Desktop(app, program.desk, runtime, world.data_dir / "windows.ini")

    @property
    def _consultation(self) -> ConsultationView | None:
        return self._program.desk.view.consultation

    def until(self, seen: Callable[[], bool], what: str) -> None:
        """Let Qt work until ``seen`` holds."""
        deadline = time.monotonic() + LIMIT_S
        while not seen():
            if time.monotonic() > deadline:
                raise TimeoutError(what)
            self._app.processEvents()
            time.sleep(0.02)

    def let_pass(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        self.until(lambda: time.monotonic() > end, "time")

    def take(self, window: QWidget, name: str) -> None:
        """Save the window as it is."""
        self.let_pass(0.3)
        window.grab().save(str(self._folder / f"{name}.png"))

    def party(self, role: PartyRole) -> str:
        consultation = self._consultation
        assert consultation is not None
        return next(status.party.key for status in consultation.parties if status.party.role is role)

    def take_all(self) -> None:
        """Go through the main job and take a picture at each stop."""
        desk, windows, run = self._program.desk, self._desktop.windows, self._runtime.submit
        self._desktop.open()
        self.take(windows.dock, "dock-empty")
        run(self._world.clinic.send_directory()).result(10)
        run(self._world.clinic.open_patient(0)).result(10)
        self.until(lambda: desk.view.context is not None and bool(desk.view.appointments), "context")
        run(desk.set_media_choice(MediaChoice(use_test_card=True))).result()
        self.take(windows.dock, "dock")
        windows.dock.plan_wanted.emit()
        self.until(windows.plan.isVisible, "plan")
        self.take(windows.plan, "plan")
        windows.plan.close()
        windows.dock.start_wanted.emit()
        self.until(lambda: self._consultation is not None and windows.call.isVisible(), "starting")
        windows.call.resize(*CALL_SIZE)
        self.take(windows.call, "starting")
        self.until(lambda: self._stage() is Stage.IN_CALL, "in call")
        self.until(lambda: self._invitation(PartyRole.HOSPITAL) is InvitationState.DELIVERED, "acknowledgement")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
            self._pages(browser.new_page(viewport={"width": 1000, "height": 900}))
            phone = browser.new_context(viewport={"width": 390, "height": 844}, permissions=["camera", "microphone"])
            self._call(phone.new_page(), windows)
            self._after(browser.new_page(viewport={"width": 1000, "height": 700}), windows)
            browser.close()
        self._states()
        self._later(windows)
        self._conference(windows)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
            self._mail(browser.new_page(viewport={"width": 1000, "height": 900}))
            self._partners(browser.new_page(viewport={"width": 1000, "height": 1000}))
            browser.close()
        self._desktop.close()

    def _states(self) -> None:
        """Take what no demo can be brought to at will: lines, troubles and checks, as the gallery poses them."""
        wanted = {name: (make, size) for name, make, size in gallery.screens() if name in POSED}
        for name, file in POSED.items():
            make, size = wanted[name]
            gallery.render(self._app, (name, make, size), theme_of(self._desktop.choices), self._folder / f"{file}.png")

    def _stage(self) -> Stage | None:
        return self._consultation.stage if self._consultation else None

    def _invitation(self, role: PartyRole) -> InvitationState | None:
        consultation = self._consultation
        if consultation is None:
            return None
        return next(status.invitation for status in consultation.parties if status.party.role is role)

    def _pages(self, page: Page) -> None:
        (letter,) = self._world.sandbox.partners.letters(HOSPITAL_GLN)
        page.goto(f"{self._world.hospital_url}{letter.header_id}")
        page.screenshot(path=self._folder / "partner-inbox.png")
        page.goto(f"{self._world.sandbox.base_url}/")
        page.screenshot(path=self._folder / "sandbox.png")

    def _call(self, page: Page, windows: Windows) -> None:
        desk, run, consultation = self._program.desk, self._runtime.submit, self._consultation
        assert consultation is not None
        hospital = consultation.links[self.party(PartyRole.HOSPITAL)].reveal()
        patient = consultation.links[self.party(PartyRole.PATIENT)].reveal()
        stack = AsyncExitStack()
        bot = Bot(target_of(hospital, self._world.sandbox.node_url))
        run(stack.enter_async_context(bot)).result(LIMIT_S)
        self.until(lambda: bool(self._waiting()), "the hospital waits")
        page.goto(patient)
        page.wait_for_timeout(1500)
        page.screenshot(path=self._folder / "guest-page.png")
        page.get_by_role("button", name="Deltag").click()
        self.until(lambda: len(self._waiting()) == 2, "the patient waits")
        page.wait_for_timeout(500)
        page.screenshot(path=self._folder / "guest-waiting.png")
        self.take(windows.call, "waiting")
        for guest in self._waiting():
            run(desk.admit(guest)).result(10)
        self.until(lambda: self._present() == 2, "both are in")
        self.until(
            lambda: bool(self._consultation and self._consultation.call and self._consultation.call.remote_video),
            "picture",
        )
        self.let_pass(4.0)
        self.take(windows.call, "call-window")
        page.screenshot(path=self._folder / "guest-call.png")
        windows.call.call.bar.small_wanted.emit()
        self.let_pass(1.0)
        self.take(windows.small, "small-window")
        windows.small.large_wanted.emit()
        run(self._world.clinic.open_patient(1)).result(10)
        self.until(lambda: desk.view.record_shows_other, "other patient")
        self.take(windows.call, "other-patient")
        run(desk.end_for_all()).result(20)
        run(stack.aclose()).result(20)

    def _waiting(self) -> list[str]:
        return [guest.participant_id for guest in self._consultation.waiting] if self._consultation else []

    def _present(self) -> int:
        consultation = self._consultation
        return sum(1 for s in consultation.parties if s.presence is Presence.IN_CALL) if consultation else 0

    def _after(self, page: Page, windows: Windows) -> None:
        desk, run = self._program.desk, self._runtime.submit
        self.until(lambda: self._stage() is Stage.ENDED, "ended")
        self.take(windows.call, "summary")
        consultation = self._consultation
        assert consultation is not None
        assert consultation.summary is not None
        run(desk.write_back(consultation.summary.note, None)).result(20)
        self.until(lambda: bool(self._world.clinic.notes_of(0)), "note")
        page.goto(f"{self._world.clinic_url}0")
        page.screenshot(path=self._folder / "record.png")

    def _later(self, windows: Windows) -> None:
        """Book for tomorrow, look at it in the calendar, and ask whether VDX can be reached."""
        desk, run = self._program.desk, self._runtime.submit
        run(desk.decline_note()).result(10)
        run(self._world.clinic.open_patient(0)).result(10)
        self.until(lambda: desk.view.context is not None and not windows.call.isVisible(), "the first patient again")
        self.let_pass(1.0)
        windows.dock.plan_wanted.emit()
        self.until(windows.plan.isVisible, "plan")
        windows.plan.resize(*PLAN_SIZE)
        begins = instant_of(danish_day(datetime.now(UTC)) + timedelta(days=1), clock_time(10, 30))
        assert begins is not None
        windows.plan.when.later.setChecked(True)
        windows.plan.when.form.set_span(begins, begins + timedelta(minutes=20))
        self.take(windows.plan, "plan-later")
        windows.plan.go.click()
        windows.dock.calendar_wanted.emit()
        self.until(windows.calendar.isVisible, "calendar")
        windows.calendar.show_day(danish_day(begins))
        self.until(lambda: any(_is_told(entry) for entry in desk.view.agenda.entries), "booked and told")
        self.take(windows.calendar, "calendar")
        windows.calendar.close()
        windows.dock.diagnosis_wanted.emit()
        self.until(lambda: bool(desk.view.diagnosis.text), "diagnosis")
        self.take(windows.diagnosis, "diagnosis")

    def _conference(self, windows: Windows) -> None:
        """Five parties in one plan, and how each stands: just written to, answered, refused, and in the call."""
        desk, run, hub = self._program.desk, self._runtime.submit, self._world.sandbox.partners
        found = {partner.id: partner for partner in self._program.outside.partners.all()}
        hub.behave(found["municipality-homecare"].gln or "", Behaviour.REJECT)
        windows.dock.plan_wanted.emit()
        self.until(windows.plan.isVisible, "plan")
        windows.plan.resize(*PARTIES_SIZE)
        windows.plan.purpose.chips[Purpose.DISCHARGE].click()
        for key in CONFERENCE:
            windows.plan.search.partner_chosen.emit(found[key])
        self.take(windows.plan, "plan-parties")
        windows.plan.go.click()
        self.until(lambda: self._consultation is not None and windows.call.isVisible(), "starting")
        windows.call.resize(*STATUS_SIZE)
        self.until(lambda: self._invitation(PartyRole.NURSING_HOME) is not InvitationState.PLANNED, "written to")
        self.take(windows.call, "status-sent")
        self.until(lambda: self._stage() is Stage.IN_CALL, "in call")
        self.until(lambda: self._invitation(PartyRole.NURSING_HOME) is InvitationState.DELIVERED, "acknowledged")
        self.until(lambda: self._invitation(PartyRole.MUNICIPALITY) is InvitationState.REJECTED, "refused")
        self.take(windows.call, "status-troubled")
        newest = max(hub.letters(HOSPITAL_GLN), key=lambda one: one.arrived_at)
        words = "Afdelingssygeplejersken er med. Vi kommer 5 minutter senere."
        run(hub.reply(HOSPITAL_GLN, newest.header_id, words, "Sygeplejerske Test")).result(LIMIT_S)
        self.until(lambda: any(one.has_unread_answer for one in self._parties()), "answered")
        consultation = self._consultation
        assert consultation is not None
        run(desk.telling.tell_delay(consultation.id, 10)).result(LIMIT_S)
        self.take(windows.call, "status-answered")
        windows.call.call.parties.parties[self.party(PartyRole.HOSPITAL)].story.click()
        self.take(windows.call, "status-history")
        bot = Bot(target_of(consultation.links[self.party(PartyRole.HOSPITAL)].reveal(), self._world.sandbox.node_url))
        stack = AsyncExitStack()
        run(stack.enter_async_context(bot)).result(LIMIT_S)
        self.until(lambda: bool(self._waiting()), "the ward waits")
        run(desk.admit(self._waiting()[0])).result(LIMIT_S)
        self.let_pass(3.0)
        self.take(windows.call, "status-in-call")
        self._card(consultation.id, windows)
        self.take_of(windows.texts, "texts")
        run(stack.aclose()).result(LIMIT_S)
        run(desk.cancel()).result(LIMIT_S)

    def _card(self, consultation_id: UUID, windows: Windows) -> None:
        """What goes into the interpreter agency's portal."""
        key = self.party(PartyRole.INTERPRETER)
        card = self._runtime.submit(self._program.desk.interpreter_card(consultation_id, key)).result(LIMIT_S)
        dialog = InterpreterCardDialog(windows.theme, card, windows.call)
        dialog.resize(*CARD_SIZE)
        self.take_of(dialog, "interpreter-card")

    def take_of(self, window: QWidget, name: str) -> None:
        """Open a window, take its picture, and close it again."""
        window.show()
        self.take(window, name)
        window.close()

    def _parties(self) -> tuple[PartyStatus, ...]:
        return self._consultation.parties if self._consultation else ()

    def _mail(self, page: Page) -> None:
        """The mail of an interpreter agency as its reader sees it."""
        page.goto(f"{self._world.sandbox.base_url}/mail/")
        page.locator("a.line", has_text="tolk").first.click()
        page.screenshot(path=self._folder / "mail.png")

    def _partners(self, page: Page) -> None:
        """What a ward reads when a meeting is booked, moved and called off, and what the old format leaves of it."""
        desk, run = self._program.desk, self._runtime.submit
        begins = instant_of(danish_day(datetime.now(UTC)) + timedelta(days=2), clock_time(9, 15))
        assert begins is not None
        length, moved_to = timedelta(minutes=20), begins + timedelta(days=1, hours=4)
        found = {partner.id: partner for partner in self._program.outside.partners.all()}
        parties = tuple(partner_party(found[one], one) for one in ("hospital-geriatrics", "hospital-orthopaedics"))
        before = {letter.header_id for letter in self._world.sandbox.partners.letters(HOSPITAL_GLN)}
        run(desk.plan_for_later(Plan(begins, begins + length, parties))).result(LIMIT_S)
        run(desk.show_agenda(danish_day(begins))).result(LIMIT_S)
        self.until(lambda: any(entry.start == begins for entry in desk.view.agenda.entries), "booked")
        booked = next(entry.consultation_id for entry in desk.view.agenda.entries if entry.start == begins)
        assert booked is not None
        self._newest_letter(page, before, "partner-invitation")
        run(desk.move(booked, moved_to, moved_to + length)).result(LIMIT_S)
        self._newest_letter(page, before, "partner-moved")
        run(desk.cancel_scheduled(booked)).result(LIMIT_S)
        self._newest_letter(page, before, "partner-cancelled")
        old = self._world.sandbox.partners.letters(OLD_GLN)
        page.goto(f"{self._world.partners_url}{OLD_GLN}/{old[-1].header_id}?vis=xdis91")
        page.screenshot(path=self._folder / "partner-old-format.png", full_page=True)

    def _newest_letter(self, page: Page, before: set[str], name: str) -> None:
        """Picture the one letter at the hospital that was not there ``before``, once it has been acknowledged."""
        hub = self._world.sandbox.partners

        def fresh() -> list[str]:
            return [one.header_id for one in hub.letters(HOSPITAL_GLN) if one.header_id not in before]

        self.until(lambda: bool(fresh()) and bool(hub.said(HOSPITAL_GLN, fresh()[0])), name)
        page.goto(f"{self._world.hospital_url}{fresh()[0]}")
        page.screenshot(path=self._folder / f"{name}.png")
        before.update(fresh())


def _is_told(entry: AgendaEntry) -> bool:
    """True once VDX has been asked about the meeting and the hospital's system has its letter."""
    states = {status.party.role: status.invitation for status in entry.parties}
    return entry.room is RoomState.AWAITS and states.get(PartyRole.HOSPITAL) is InvitationState.DELIVERED


def main(folder: Path) -> None:
    """Take every picture into ``folder``."""
    log.setup(level=30)
    folder.mkdir(parents=True, exist_ok=True)
    app = QApplication([])
    runtime = Runtime()
    runtime.start()
    with tempfile.TemporaryDirectory() as data:
        world = World(Path(data))
        runtime.submit(world.start()).result()
        program = runtime.submit(assemble(world.settings(), secrets=world.secret, vault=FileVault())).result()
        runtime.submit(program.desk.start()).result()
        try:
            Photographer(app, world, program, runtime, folder).take_all()
        finally:
            runtime.submit(program.close()).result(20)
            runtime.submit(world.stop()).result(20)
            runtime.close()
    for picture in sorted(folder.glob("*.png")):
        print(picture)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("docs/images"))
