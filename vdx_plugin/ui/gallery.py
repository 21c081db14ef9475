"""Pictures of every screen in its states: ``python -m vdx_plugin.ui.gallery OUTDIR``.

Renders offscreen, without desk, network or devices, so that a picture of a change can be looked at before it is done.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

# Must be chosen before Qt looks for a screen.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication, QWidget

from vdx_plugin import texts
from vdx_plugin.domain.consultation import Stage
from vdx_plugin.ports import (
    LineQuality,
    Slides,
    SlidesChanged,
)
from vdx_plugin.service.correspondence_view import NOTHING_WAITS
from vdx_plugin.service.view import (
    AgendaView,
    CallView,
    DeskView,
    DiagnosisView,
    EntryAction,
    Problem,
    RoomState,
    StepKind,
)
from vdx_plugin.texts import _
from vdx_plugin.ui import agenda_scenes, device_scenes, partner_scenes, party_scenes, scenes, text_scenes
from vdx_plugin.ui import gallery_windows as made
from vdx_plugin.ui.about import AboutDialog
from vdx_plugin.ui.cancel_dialog import CancelDialog
from vdx_plugin.ui.delay_dialog import DelayDialog
from vdx_plugin.ui.hang_up_dialog import HangUpDialog
from vdx_plugin.ui.import_dialog import ImportDialog
from vdx_plugin.ui.interpreter_card import InterpreterCardDialog
from vdx_plugin.ui.menu import Choices, DockMenu
from vdx_plugin.ui.move_dialog import MoveDialog
from vdx_plugin.ui.person_dialogs import MakeHostDialog
from vdx_plugin.ui.quit_dialog import QuitDialog
from vdx_plugin.ui.templates_dialog import TemplatesDialog
from vdx_plugin.ui.theme import DARK, LIGHT, Theme
from vdx_plugin.ui.windows import dress

Screen = tuple[str, Callable[[Theme], QWidget], tuple[int, int]]


def screens() -> Iterator[Screen]:
    """Every screen: its name, how to make it, and its size at 100 %."""
    strip, large, page = (320, 860), (1120, 720), (600, 760)
    patient = scenes.context()
    muted = replace(scenes.call(LineQuality.UNSTABLE), microphone_on=False, camera_on=False, locked=False)
    lost = replace(scenes.call(LineQuality.LOST, problems=(Problem("media.no_camera"),)))
    alone = replace(scenes.in_call(CallView(locked=True)), parties=scenes.starting().parties)
    yield "dock-empty", made.dock(DeskView("production")), strip
    yield "dock-normal", made.dock(scenes.idle(patient)), strip
    yield "dock-no-patient", made.dock(scenes.idle()), strip
    yield "dock-busy", made.dock(replace(scenes.idle(patient), consultation=scenes.in_call())), strip
    yield "dock-troubled", made.dock(scenes.troubled()), strip
    yield "plan-normal", made.plan(), page
    yield "plan-search", made.plan(is_searching=True), page
    yield "plan-later", made.plan(is_later=True), (600, 1000)
    yield "plan-later-faults", made.plan(is_bad=True), (600, 1000)
    yield "plan-empty", made.plan(is_empty=True), page
    yield from _party_screens()
    yield from _calendar_screens()
    yield from _partner_screens()
    yield "starting-busy", made.call(scenes.starting()), large
    yield "starting-failed", made.call(scenes.starting(StepKind.ROOM, done=0)), large
    yield "call-alone", made.call(alone), large
    yield "call-normal", made.call(scenes.in_call()), large
    yield "call-narrow", made.call(scenes.in_call(guests=scenes.waiting())), (680, 720)
    yield "call-waiting", made.call(scenes.in_call(guests=scenes.waiting())), large
    yield "call-muted-chat", made.call(scenes.in_call(muted), panel="chat"), large
    yield "call-phone", made.call(scenes.in_call(), panel="phone"), large
    yield "call-phone-more", made.call(scenes.in_call(), panel="phone", is_open=True), large
    yield "call-hosts", made.call(party_scenes.led_by_two()), (1120, 1000)
    yield "call-person-menu", made.person_menu, (320, 300)
    yield "call-person-menu-more", made.person_more_menu, (320, 120)
    yield "person-make-host", lambda theme: MakeHostDialog(theme, scenes.HOSPITAL.name), (400, 300)
    yield "person-send-elsewhere", made.send_elsewhere(""), (440, 440)
    yield "person-send-elsewhere-link", made.send_elsewhere("https://video.example/?conference=1234&pin=0"), (440, 440)
    yield "person-send-elsewhere-fault", made.send_elsewhere("ring til tolken"), (440, 440)
    yield "call-wrong-patient", made.call(scenes.in_call(lost), record_shows_other=True), large
    sharing = replace(scenes.call(), slides=SlidesChanged(Slides.OURS))
    yield "call-sharing", made.call(scenes.in_call(sharing)), large
    yield "call-slides", made.slides(), large
    yield "call-slides-swapped", made.slides(is_swapped=True), large
    yield "call-held", made.call(scenes.in_call(replace(scenes.call(), held="call.moving"))), large
    yield "share-choice", made.share_dialog(), (760, 480)
    yield "share-chosen", made.share_dialog(is_chosen=True), (760, 480)
    yield "small-sharing", made.small(scenes.in_call(sharing)), (360, 240)
    yield "small-normal", made.small(scenes.in_call()), (360, 240)
    yield "small-waiting", made.small(scenes.in_call(guests=scenes.waiting())), (360, 240)
    yield "small-muted", made.small(scenes.in_call(replace(muted, remote_video=False))), (360, 240)
    yield "after-normal", made.call(scenes.ended()), large
    failures = ("invite.gave_up", "media.no_path")
    yield "after-failed", made.call(scenes.ended("writeback.unavailable", failures)), large
    yield "after-cannot-write", made.call(scenes.ended(), camera="no-write"), large
    yield "devices", made.devices, (860, 620)
    yield "devices-checked", made.devices_checked, (860, 820)
    yield "adapters", made.adapters(scenes.idle()), (560, 1240)
    yield "adapters-empty", made.adapters(DeskView("production")), (560, 340)
    yield "adapter-form", made.adapter_form(), (520, 800)
    yield "adapter-form-faults", made.adapter_form(is_bad=True), (520, 840)
    yield "texts-normal", made.texts_page("da", text_scenes.SMS), (880, 720)
    yield "texts-mail", made.texts_page("da", text_scenes.BODY), (880, 720)
    yield "texts-right-to-left", made.texts_page("ar", text_scenes.SMS), (880, 720)
    yield "texts-right-to-left-mail", made.texts_page("ar", text_scenes.BODY), (880, 720)
    yield "texts-fault", made.texts_page("da", text_scenes.SMS, typed="Kom {time}"), (880, 720)
    yield "interpreter-card", lambda theme: InterpreterCardDialog(theme, text_scenes.CARD), (560, 720)
    yield "hang-up", lambda theme: HangUpDialog(theme, ("Inger Eksempelsen", scenes.HOSPITAL.name)), (400, 320)
    yield "quit", QuitDialog, (400, 260)
    yield "about", AboutDialog, (400, 200)
    yield "menu", lambda theme: DockMenu(Choices(), is_busy=True), (320, 340)


def _partner_screens() -> Iterator[Screen]:
    page = (880, 760)
    gln = _("Kontrolcifferet i lokationsnummeret passer ikke, så et ciffer er forkert eller byttet om.")
    bad = {"gln": " ".join((gln, _("Slå det op i SOR, og skriv det helt.")))}
    yield "partners-empty", made.partners(is_empty=True), page
    yield "partners-normal", made.partners(chosen="municipality-homecare"), page
    yield "partners-served", made.partners(chosen="nursing-home-unit"), page
    yield "partners-fixed", made.partners(chosen="interpreter-agency"), page
    yield "partners-new-faults", made.partners(new=True, faults=bad), (880, 900)
    yield "partners-import", lambda theme: ImportDialog(theme, partner_scenes.import_preview()), (560, 620)
    yield "partners-teams", made.teams, (760, 720)
    yield "messages-empty", made.messages(NOTHING_WAITS), (600, 420)
    yield "messages-normal", made.messages(partner_scenes.correspondence()), (600, 980)
    waiting = replace(scenes.idle(scenes.context()), correspondence=partner_scenes.correspondence())
    yield "messages-dock", made.dock(waiting), (320, 860)


def _party_screens() -> Iterator[Screen]:
    large, tall = (1120, 760), (600, 1180)
    yield "plan-parties", made.plan_of(party_scenes.five()), tall
    yield "plan-no-channel", made.plan_of(party_scenes.five(is_unreachable=True)), tall
    yield "status-sent", made.call(party_scenes.starting(party_scenes.fresh())), large
    yield "status-mixed", made.call(party_scenes.invited(party_scenes.mixed(), is_undoable=True)), (1120, 1180)
    yield "status-troubled", made.call(party_scenes.starting(party_scenes.broken(), is_failed=True)), (1120, 1180)
    yield "status-in-call", made.call(party_scenes.in_call(party_scenes.gathered())), (1120, 1000)
    yield "status-history", made.call(party_scenes.invited(party_scenes.mixed()), is_open=True), (1120, 1180)
    yield "status-booked", made.calendar(party_scenes.booked()), (680, 1000)
    yield "dock-answers", made.dock(replace(scenes.idle(scenes.context()), agenda=party_scenes.booked())), (320, 860)
    names = ", ".join(partner.name for partner in (scenes.HOSPITAL, scenes.HOME_CARE))
    yield "delay", lambda theme: DelayDialog(theme, names, "Inger Eksempelsen"), (440, 420)
    yield "invite-further", made.partner_dialog(""), (480, 560)
    yield "replace", made.partner_dialog(scenes.HOSPITAL.name), (480, 560)


def _calendar_screens() -> Iterator[Screen]:
    page = (680, 760)
    day, nobody = agenda_scenes.day(), AgendaView(scenes.NOW.date(), asked_at=scenes.NOW)
    busy = replace(day, entries=tuple(replace(one, is_busy=True, actions=frozenset()) for one in day.entries[1:3]))
    stuck = agenda_scenes.entry(
        45,
        scenes.HOSPITAL,
        room=RoomState.UNASKED,
        stage=Stage.BOOKING,
        problem=Problem("vdx.outcome_unknown"),
        actions=frozenset({EntryAction.RETRY, EntryAction.CANCEL}),
        links={},
    )
    troubled = AgendaView(day.day, (stuck,), problem=Problem("vdx.unreachable"))
    today = replace(scenes.idle(scenes.context()), agenda=day)
    yield "dock-calendar", made.dock(today), (320, 860)
    yield "calendar-normal", made.calendar(day), page
    yield "calendar-empty", made.calendar(nobody), page
    yield "calendar-asking", made.calendar(AgendaView(scenes.NOW.date())), page
    yield "calendar-busy", made.calendar(busy), page
    yield "calendar-troubled", made.calendar(troubled), page
    yield "calendar-search", made.calendar(day, searched="arne"), page
    yield "calendar-move", lambda theme: MoveDialog(theme, day.entries[1]), (520, 400)
    yield "calendar-cancel", lambda theme: CancelDialog(theme, day.entries[2]), (440, 440)
    yield "calendar-templates", lambda theme: TemplatesDialog(theme, agenda_scenes.templates()), (520, 560)
    poor = replace(scenes.call(LineQuality.UNSTABLE), advice=(Problem("media.line_poor"),))
    yield "call-line-good", made.call(scenes.in_call()), (1120, 720)
    yield "call-line-poor", made.call(scenes.in_call(poor)), (1120, 720)
    yield "call-line-lost", made.call(scenes.in_call(scenes.call(LineQuality.LOST))), (1120, 720)
    advised = replace(scenes.call(), microphone_on=False, advice=device_scenes.advice())
    yield "call-advice", made.call(scenes.in_call(advised)), (1120, 720)
    yield "figures", device_scenes.figures_window(device_scenes.figures()), (720, 580)
    yield "figures-no-call", device_scenes.figures_window(None), (720, 580)
    yield "diagnosis-empty", made.diagnosis(DiagnosisView()), (560, 760)
    yield "diagnosis-running", made.diagnosis(scenes.diagnosis(steps=3)), (560, 760)
    yield "diagnosis-good", made.diagnosis(scenes.diagnosis()), (560, 760)
    yield "diagnosis-bad", made.diagnosis(scenes.diagnosis(is_bad=True)), (560, 760)


def render(app: QApplication, screen: Screen, theme: Theme, file: Path) -> None:
    """Make one screen and write its picture."""
    _name, make, size = screen
    window = make(theme)
    window.resize(theme.px(size[0]), theme.px(size[1]))
    window.show()
    # Twice: wrapping texts settle their heights in the first round and the layout in the second.
    for _round in range(2):
        app.processEvents()
    window.grab().save(str(file))
    window.hide()
    window.deleteLater()
    # No event loop runs here that would delete it, and the next style sheet would dress it again.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def _variants() -> Iterator[tuple[str, str, Theme]]:
    yield "da-light", "da", Theme(LIGHT)
    yield "da-dark", "da", Theme(DARK)
    yield "en-light", "en", Theme(LIGHT)
    yield "da-light-200", "da", Theme(LIGHT, 2.0)


def main(arguments: list[str]) -> int:
    """Render all into the folder named; further arguments choose screens by the beginning of their name."""
    if not arguments:
        sys.stderr.write("usage: python -m vdx_plugin.ui.gallery OUTDIR [SCREEN ...]\n")
        return 2
    folder, wanted = Path(arguments[0]), tuple(arguments[1:])
    app = QApplication.instance() or QApplication([])
    if not isinstance(app, QApplication):
        raise TypeError("an application without windows is running")
    for variant, language, theme in _variants():
        texts.set_language(language)
        dress(app, theme)
        (folder / variant).mkdir(parents=True, exist_ok=True)
        for name, make, size in screens():
            if not wanted or name.startswith(wanted):
                render(app, (name, make, size), theme, folder / variant / f"{name}.png")
    texts.set_language("da")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
