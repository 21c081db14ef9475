"""Pictures of every screen in its states: ``python -m vdx_plugin.ui.gallery OUTDIR``.

Renders offscreen, without desk, network or devices, so that a picture of a change can be looked at before it is done.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

# Must be chosen before Qt looks for a screen.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication, QWidget

from vdx_plugin import texts
from vdx_plugin.domain.consultation import Stage
from vdx_plugin.domain.parties import PartyRole, Purpose
from vdx_plugin.domain.plan import Plan
from vdx_plugin.ports import (
    Health,
    HealthState,
    LineQuality,
    MediaChoice,
    Reach,
    ReachState,
    Slides,
    SlidesChanged,
    TextName,
)
from vdx_plugin.service.correspondence_view import NOTHING_WAITS, CorrespondenceView
from vdx_plugin.service.partners import TeamChoice
from vdx_plugin.service.view import (
    AgendaView,
    CallView,
    ConsultationView,
    DeskView,
    DiagnosisView,
    EntryAction,
    Problem,
    RoomState,
    StepKind,
)
from vdx_plugin.texts import _
from vdx_plugin.ui import device_scenes, partner_scenes, party_scenes, scenes, text_scenes
from vdx_plugin.ui.about import AboutDialog
from vdx_plugin.ui.adapter_form import AdapterForm
from vdx_plugin.ui.adapters_page import AdaptersPage
from vdx_plugin.ui.calendar_window import CalendarWindow
from vdx_plugin.ui.call_window import CallWindow
from vdx_plugin.ui.cancel_dialog import CancelDialog
from vdx_plugin.ui.delay_dialog import DelayDialog
from vdx_plugin.ui.device_names import DeviceNames
from vdx_plugin.ui.devices import DevicesPage
from vdx_plugin.ui.diagnosis_window import DiagnosisWindow
from vdx_plugin.ui.dock import Dock
from vdx_plugin.ui.hang_up_dialog import HangUpDialog
from vdx_plugin.ui.import_dialog import ImportDialog
from vdx_plugin.ui.interpreter_card import InterpreterCardDialog
from vdx_plugin.ui.menu import Choices, DockMenu
from vdx_plugin.ui.message_texts_page import MessageTextsPage
from vdx_plugin.ui.messages_window import MessagesWindow
from vdx_plugin.ui.move_dialog import MoveDialog
from vdx_plugin.ui.partner_dialog import PartnerDialog
from vdx_plugin.ui.partners_window import PartnersWindow
from vdx_plugin.ui.plan_window import PlanWindow
from vdx_plugin.ui.quit_dialog import QuitDialog
from vdx_plugin.ui.screen_capture import Shown
from vdx_plugin.ui.share_dialog import ShareDialog
from vdx_plugin.ui.small_window import SmallWindow
from vdx_plugin.ui.teams_dialog import TeamsDialog
from vdx_plugin.ui.templates_dialog import TemplatesDialog
from vdx_plugin.ui.theme import DARK, LIGHT, Theme
from vdx_plugin.ui.video_frames import image
from vdx_plugin.ui.windows import dress

ROLES = {partner.gln: partner.role for partner in scenes.PARTNERS if partner.gln}
Screen = tuple[str, Callable[[Theme], QWidget], tuple[int, int]]


class _NoDevices:
    """Stands for the machine's devices: two cameras, one headset."""

    def names(self) -> DeviceNames:
        return DeviceNames(("Logitech Brio", "Integreret kamera"), ("Jabra Evolve2 40",), ("Jabra Evolve2 40",))

    def on_change(self, listener: Callable[[], None]) -> None:
        pass

    def start(self, choice: MediaChoice, on_picture: object, on_level: object) -> None:
        pass

    def stop(self) -> None:
        pass

    def play_tone(self, choice: MediaChoice) -> None:
        pass

    def record(self, choice: MediaChoice, on_done: object) -> None:
        pass


def dock(view: DeskView) -> Callable[[Theme], QWidget]:
    def make(theme: Theme) -> QWidget:
        window = Dock(theme)
        roles: dict[str, PartyRole] = ROLES
        window.show_view(view, scenes.NOW, roles)
        return window

    return make


def call(
    consultation: ConsultationView, *, panel: str = "", is_open: bool = False, **changes: object
) -> Callable[[Theme], QWidget]:
    def make(theme: Theme) -> QWidget:
        window = CallWindow(theme)
        view = replace(scenes.idle(scenes.context()), consultation=consultation, **changes)  # type: ignore[arg-type]  # by name
        window.show_view(view, scenes.NOW, can_write=bool(view.adapters) and view.camera != "no-write")
        if consultation.call is not None and consultation.call.remote_video:
            window.call.show_remote(scenes.picture(1280, 720))
            window.call.show_own(scenes.picture(320, 180, phase=1.5))
        for row in window.call.parties.parties.values() if is_open else ():
            row.story.click()
        if panel:
            {"chat": window.call.bar.chat, "phone": window.call.bar.phone}[panel].click()
        return window

    return make


def slides(*, is_swapped: bool = False) -> Callable[[Theme], QWidget]:
    def make(theme: Theme) -> QWidget:
        shown = SlidesChanged(Slides.THEIRS, "Ældremedicinsk Afsnit")
        window = call(scenes.in_call(replace(scenes.call(), slides=shown)))(theme)
        assert isinstance(window, CallWindow)
        stage = window.call.stage
        if is_swapped:
            stage.swap()
        stage.show_slide(scenes.picture(1280, 960, phase=2.5))
        stage.show_people(scenes.picture(1280, 720))
        return window

    return make


def share_dialog(*, is_chosen: bool = False) -> Callable[[Theme], QWidget]:
    def make(theme: Theme) -> QWidget:
        screens = [Shown("HDMI-1 (1920 x 1080)", True, 0), Shown("HDMI-2 (1920 x 1080)", True, 1)]
        titles = ("Vejledning om insulin.pdf – Dokumentviser", "Røntgen, eksempel", "Patienthåndbogen – Firefox")
        dialog = ShareDialog(theme, [*screens, *(Shown(title, False, 0) for title in titles)])
        if is_chosen:
            dialog.list.setCurrentRow(2)
            dialog.show_image(image(scenes.picture(1280, 960, phase=2.5)))
        return dialog

    return make


def small(consultation: ConsultationView) -> Callable[[Theme], QWidget]:
    def make(theme: Theme) -> QWidget:
        window = SmallWindow(theme)
        window.resize(theme.px(360), theme.px(240))
        window.show_consultation(consultation)
        if consultation.call is not None and consultation.call.remote_video:
            window.show_remote(scenes.picture())
        return window

    return make


def plan(
    *, is_searching: bool = False, is_later: bool = False, is_empty: bool = False, is_bad: bool = False
) -> Callable[[Theme], QWidget]:
    def complaints(_start: datetime, _end: datetime, organised_by: str) -> dict[str, str]:
        bad_name = {"organizedByEmail": _("Skrivemåden er ikke gyldig.")} if organised_by else {}
        return {"startTime": _("Tiden er allerede gået."), **bad_name} if is_bad else {}

    def make(theme: Theme) -> QWidget:
        window = PlanWindow(theme, lambda: "k-new", complaints)
        partners = () if is_empty else (scenes.HOSPITAL, scenes.AGENCY)
        proposed = scenes.plan(*partners)
        if is_empty:
            proposed = proposed.without("k-patient")
        window.can_text = True
        window.show_plan(proposed, scenes.context(), scenes.NOW)
        window.team.show_choice(TeamChoice(scenes.TEAMS, "solgaarden", scenes.PARTNERS))
        if is_searching:
            window.search.field.setText("kommune")
            window.show_found((scenes.HOME_CARE, scenes.NURSING_HOME))
        window.when.later.setChecked(is_later or is_bad)
        if is_bad:
            window.when.more.setChecked(True)
            window.when.every.setCurrentIndex(1)
            window.when.colleague.setText("kollega")
        return window

    return make


def partners(
    *, chosen: str = "", faults: Mapping[str, str] | None = None, new: bool = False, is_empty: bool = False
) -> Callable[[Theme], QWidget]:
    def make(theme: Theme) -> QWidget:
        window = PartnersWindow(theme, lambda: "new", lambda _partner: faults or {})
        view = partner_scenes.directory(is_empty=is_empty)
        window.show_view(view)
        found = next((one for one in view.found.partners if one.id == chosen), None)
        if found is not None:
            window.show_partner(found)
            window.show_view(view)
        if chosen == "municipality-homecare":
            window.form.show_reach(Reach(ReachState.CAN, "5790000000302"))
        if new:
            window.new.click()
            window.form.save.click()
        return window

    return make


def messages(view: CorrespondenceView) -> Callable[[Theme], QWidget]:
    def make(theme: Theme) -> QWidget:
        window = MessagesWindow(theme)
        window.show_view(view)
        return window

    return make


def teams(theme: Theme) -> QWidget:
    dialog = TeamsDialog(theme, lambda: "new", lambda _team: {})
    dialog.show_view(partner_scenes.directory())
    return dialog


def calendar(agenda: AgendaView, *, searched: str = "") -> Callable[[Theme], QWidget]:
    def make(theme: Theme) -> QWidget:
        window = CalendarWindow(theme)
        window.show_agenda(agenda, scenes.NOW)
        window.show_day(agenda.day or scenes.NOW.date())
        if searched:
            window.search.setText(searched)
            window.show_found(agenda.entries[1:4])
        return window

    return make


def diagnosis(view: DiagnosisView) -> Callable[[Theme], QWidget]:
    def make(theme: Theme) -> QWidget:
        window = DiagnosisWindow(theme)
        window.show_diagnosis(view)
        return window

    return make


def adapters(view: DeskView) -> Callable[[Theme], QWidget]:
    def make(theme: Theme) -> QWidget:
        window = AdaptersPage(theme)
        window.show_adapters(view.adapters)
        return window

    return make


def texts_page(language: str, name: TextName, *, typed: str = "") -> Callable[[Theme], QWidget]:
    def make(theme: Theme) -> QWidget:
        page = MessageTextsPage(theme, text_scenes.SceneTexts())
        page.choice.choose(language, name)
        if typed:
            page.edit.setPlainText(typed)
        return page

    return make


def adapter_form(*, is_bad: bool = False) -> Callable[[Theme], QWidget]:
    def make(theme: Theme) -> QWidget:
        form = AdapterForm(theme, scenes.adapters()[0])
        if is_bad:
            form.fields["server"].input.setText("journal")  # type: ignore[attr-defined]  # a line, by its kind
            form.fields["wait"].input.setText("længe")  # type: ignore[attr-defined]  # as above
            form.show_health(Health(HealthState.BAD, "writeback.unavailable"))
        else:
            form.show_health(Health(HealthState.GOOD))
        return form

    return make


def devices(theme: Theme) -> QWidget:
    stand_in = _NoDevices()
    return DevicesPage(theme, stand_in, stand_in, MediaChoice(camera="Logitech Brio", speaker="Højttaler på dockingen"))


def devices_checked(theme: Theme) -> QWidget:
    stand_in = _NoDevices()
    page = DevicesPage(theme, stand_in, stand_in, MediaChoice(camera="Logitech Brio"))
    page.picture.show_picture(scenes.picture(640, 360))
    page.meter.setValue(62)
    page.checks.show_checks(device_scenes.checks(scenes.NOW))
    return page


def screens() -> Iterator[Screen]:
    """Every screen: its name, how to make it, and its size at 100 %."""
    strip, large, page = (320, 860), (1120, 720), (600, 760)
    patient = scenes.context()
    muted = replace(scenes.call(LineQuality.UNSTABLE), microphone_on=False, camera_on=False, locked=False)
    lost = replace(scenes.call(LineQuality.LOST, problems=(Problem("media.no_camera"),)))
    alone = replace(scenes.in_call(CallView(locked=True)), parties=scenes.starting().parties)
    yield "dock-empty", dock(DeskView("production")), strip
    yield "dock-normal", dock(scenes.idle(patient)), strip
    yield "dock-no-patient", dock(scenes.idle()), strip
    yield "dock-busy", dock(replace(scenes.idle(patient), consultation=scenes.in_call())), strip
    yield "dock-troubled", dock(scenes.troubled()), strip
    yield "plan-normal", plan(), page
    yield "plan-search", plan(is_searching=True), page
    yield "plan-later", plan(is_later=True), (600, 1000)
    yield "plan-later-faults", plan(is_bad=True), (600, 1000)
    yield "plan-empty", plan(is_empty=True), page
    yield from _party_screens()
    yield from _calendar_screens()
    yield from _partner_screens()
    yield "starting-busy", call(scenes.starting()), large
    yield "starting-failed", call(scenes.starting(StepKind.ROOM, done=0)), large
    yield "call-alone", call(alone), large
    yield "call-normal", call(scenes.in_call()), large
    yield "call-narrow", call(scenes.in_call(guests=scenes.waiting())), (680, 720)
    yield "call-waiting", call(scenes.in_call(guests=scenes.waiting())), large
    yield "call-muted-chat", call(scenes.in_call(muted), panel="chat"), large
    yield "call-phone", call(scenes.in_call(), panel="phone"), large
    yield "call-wrong-patient", call(scenes.in_call(lost), record_shows_other=True), large
    sharing = replace(scenes.call(), slides=SlidesChanged(Slides.OURS))
    yield "call-sharing", call(scenes.in_call(sharing)), large
    yield "call-slides", slides(), large
    yield "call-slides-swapped", slides(is_swapped=True), large
    yield "call-held", call(scenes.in_call(replace(scenes.call(), held="call.moving"))), large
    yield "share-choice", share_dialog(), (760, 480)
    yield "share-chosen", share_dialog(is_chosen=True), (760, 480)
    yield "small-sharing", small(scenes.in_call(sharing)), (360, 240)
    yield "small-normal", small(scenes.in_call()), (360, 240)
    yield "small-waiting", small(scenes.in_call(guests=scenes.waiting())), (360, 240)
    yield "small-muted", small(scenes.in_call(replace(muted, remote_video=False))), (360, 240)
    yield "after-normal", call(scenes.ended()), large
    failures = ("invite.gave_up", "media.no_path")
    yield "after-failed", call(scenes.ended("writeback.unavailable", failures)), large
    yield "after-cannot-write", call(scenes.ended(), camera="no-write"), large
    yield "devices", devices, (860, 620)
    yield "devices-checked", devices_checked, (860, 820)
    yield "adapters", adapters(scenes.idle()), (560, 1240)
    yield "adapters-empty", adapters(DeskView("production")), (560, 340)
    yield "adapter-form", adapter_form(), (520, 800)
    yield "adapter-form-faults", adapter_form(is_bad=True), (520, 840)
    yield "texts-normal", texts_page("da", text_scenes.SMS), (880, 720)
    yield "texts-mail", texts_page("da", text_scenes.BODY), (880, 720)
    yield "texts-right-to-left", texts_page("ar", text_scenes.SMS), (880, 720)
    yield "texts-right-to-left-mail", texts_page("ar", text_scenes.BODY), (880, 720)
    yield "texts-fault", texts_page("da", text_scenes.SMS, typed="Kom {time}"), (880, 720)
    yield "interpreter-card", lambda theme: InterpreterCardDialog(theme, text_scenes.CARD), (560, 720)
    yield "hang-up", lambda theme: HangUpDialog(theme, ("Inger Eksempelsen", scenes.HOSPITAL.name)), (400, 320)
    yield "quit", QuitDialog, (400, 260)
    yield "about", AboutDialog, (400, 200)
    yield "menu", lambda theme: DockMenu(Choices(), is_busy=True), (320, 340)


def _partner_screens() -> Iterator[Screen]:
    page = (880, 760)
    gln = _("Kontrolcifferet i lokationsnummeret passer ikke, så et ciffer er forkert eller byttet om.")
    bad = {"gln": " ".join((gln, _("Slå det op i SOR, og skriv det helt.")))}
    yield "partners-empty", partners(is_empty=True), page
    yield "partners-normal", partners(chosen="municipality-homecare"), page
    yield "partners-served", partners(chosen="nursing-home-unit"), page
    yield "partners-fixed", partners(chosen="interpreter-agency"), page
    yield "partners-new-faults", partners(new=True, faults=bad), (880, 900)
    yield "partners-import", lambda theme: ImportDialog(theme, partner_scenes.import_preview()), (560, 620)
    yield "partners-teams", teams, (760, 720)
    yield "messages-empty", messages(NOTHING_WAITS), (600, 420)
    yield "messages-normal", messages(partner_scenes.correspondence()), (600, 980)
    waiting = replace(scenes.idle(scenes.context()), correspondence=partner_scenes.correspondence())
    yield "messages-dock", dock(waiting), (320, 860)


def _party_screens() -> Iterator[Screen]:
    large, tall = (1120, 760), (600, 1180)
    yield "plan-parties", plan_of(party_scenes.five()), tall
    yield "plan-no-channel", plan_of(party_scenes.five(is_unreachable=True)), tall
    yield "status-sent", call(party_scenes.starting(party_scenes.fresh())), large
    yield "status-mixed", call(party_scenes.invited(party_scenes.mixed(), is_undoable=True)), (1120, 1180)
    yield "status-troubled", call(party_scenes.starting(party_scenes.broken(), is_failed=True)), (1120, 1180)
    yield "status-in-call", call(party_scenes.in_call(party_scenes.gathered())), (1120, 1000)
    yield "status-history", call(party_scenes.invited(party_scenes.mixed()), is_open=True), (1120, 1180)
    yield "status-booked", calendar(party_scenes.booked()), (680, 1000)
    yield "dock-answers", dock(replace(scenes.idle(scenes.context()), agenda=party_scenes.booked())), (320, 860)
    names = ", ".join(partner.name for partner in (scenes.HOSPITAL, scenes.HOME_CARE))
    yield "delay", lambda theme: DelayDialog(theme, names, "Inger Eksempelsen"), (440, 420)
    yield "invite-further", partner_dialog(""), (480, 560)
    yield "replace", partner_dialog(scenes.HOSPITAL.name), (480, 560)


def plan_of(proposed: Plan) -> Callable[[Theme], QWidget]:
    def make(theme: Theme) -> QWidget:
        window = PlanWindow(theme, lambda: "k-new")
        window.show_plan(replace(proposed, purpose=Purpose.DISCHARGE), scenes.context(), scenes.NOW)
        return window

    return make


def partner_dialog(instead_of: str) -> Callable[[Theme], QWidget]:
    def make(theme: Theme) -> QWidget:
        dialog = PartnerDialog(theme, lambda: "k-new", instead_of)
        dialog.show_found((scenes.HOME_CARE, scenes.NURSING_HOME))
        if instead_of:
            dialog.search.partner_chosen.emit(replace(scenes.HOSPITAL, name=_("Andet afsnit, Eksempel Sygehus")))
        return dialog

    return make


def _calendar_screens() -> Iterator[Screen]:
    page = (680, 760)
    day, nobody = scenes.day(), AgendaView(scenes.NOW.date(), asked_at=scenes.NOW)
    busy = replace(day, entries=tuple(replace(one, is_busy=True, actions=frozenset()) for one in day.entries[1:3]))
    stuck = scenes.entry(
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
    yield "dock-calendar", dock(today), (320, 860)
    yield "calendar-normal", calendar(day), page
    yield "calendar-empty", calendar(nobody), page
    yield "calendar-asking", calendar(AgendaView(scenes.NOW.date())), page
    yield "calendar-busy", calendar(busy), page
    yield "calendar-troubled", calendar(troubled), page
    yield "calendar-search", calendar(day, searched="arne"), page
    yield "calendar-move", lambda theme: MoveDialog(theme, day.entries[1]), (520, 400)
    yield "calendar-cancel", lambda theme: CancelDialog(theme, day.entries[2]), (440, 440)
    yield "calendar-templates", lambda theme: TemplatesDialog(theme, scenes.templates()), (520, 560)
    poor = replace(scenes.call(LineQuality.UNSTABLE), advice=(Problem("media.line_poor"),))
    yield "call-line-good", call(scenes.in_call()), (1120, 720)
    yield "call-line-poor", call(scenes.in_call(poor)), (1120, 720)
    yield "call-line-lost", call(scenes.in_call(scenes.call(LineQuality.LOST))), (1120, 720)
    advised = replace(scenes.call(), microphone_on=False, advice=device_scenes.advice())
    yield "call-advice", call(scenes.in_call(advised)), (1120, 720)
    yield "figures", device_scenes.figures_window(device_scenes.figures()), (640, 620)
    yield "figures-no-call", device_scenes.figures_window(None), (640, 620)
    yield "diagnosis-empty", diagnosis(DiagnosisView()), (560, 760)
    yield "diagnosis-running", diagnosis(scenes.diagnosis(steps=3)), (560, 760)
    yield "diagnosis-good", diagnosis(scenes.diagnosis()), (560, 760)
    yield "diagnosis-bad", diagnosis(scenes.diagnosis(is_bad=True)), (560, 760)


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
