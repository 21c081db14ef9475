"""Windows in a state, made from views without desk, network or devices: what ``gallery`` makes pictures of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from PySide6.QtWidgets import QMenu, QWidget

from vdx_plugin.domain.parties import PartyRole, Purpose
from vdx_plugin.domain.plan import Plan
from vdx_plugin.ports import (
    Health,
    HealthState,
    MediaChoice,
    Reach,
    ReachState,
    Slides,
    SlidesChanged,
    TextName,
)
from vdx_plugin.service.correspondence_view import CorrespondenceView
from vdx_plugin.service.partners import TeamChoice
from vdx_plugin.service.view import (
    AgendaView,
    ConsultationView,
    DeskView,
    DiagnosisView,
)
from vdx_plugin.texts import _
from vdx_plugin.ui import (
    adapter_scenes,
    device_scenes,
    partner_scenes,
    party_scenes,
    scenes,
    text_scenes,
)
from vdx_plugin.ui.adapter_form import AdapterForm
from vdx_plugin.ui.adapters_page import AdaptersPage
from vdx_plugin.ui.calendar_window import CalendarWindow
from vdx_plugin.ui.call_window import CallWindow
from vdx_plugin.ui.device_names import DeviceNames
from vdx_plugin.ui.devices import DevicesPage
from vdx_plugin.ui.diagnosis_window import DiagnosisWindow
from vdx_plugin.ui.dock import Dock
from vdx_plugin.ui.message_texts_page import MessageTextsPage
from vdx_plugin.ui.messages_window import MessagesWindow
from vdx_plugin.ui.partner_dialog import PartnerDialog
from vdx_plugin.ui.partners_window import PartnersWindow
from vdx_plugin.ui.person_dialogs import SendElsewhereDialog
from vdx_plugin.ui.plan_window import PlanWindow
from vdx_plugin.ui.room_menu import add_for_person
from vdx_plugin.ui.screen_capture import Shown
from vdx_plugin.ui.share_dialog import ShareDialog
from vdx_plugin.ui.small_window import SmallWindow
from vdx_plugin.ui.teams_dialog import TeamsDialog
from vdx_plugin.ui.theme import Theme
from vdx_plugin.ui.video_frames import image

ROLES = {partner.gln: partner.role for partner in scenes.PARTNERS if partner.gln}


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
            window.call.phone.form.ways.more.setChecked(is_open)
        return window

    return make


def person_menu(theme: Theme) -> QWidget:
    """What can be done with a party that is in the call."""
    window = call(party_scenes.led_by_two())(theme)
    assert isinstance(window, CallWindow)
    menu = window.call.parties.parties["k-patient"].menu()
    # Or the menu would go with its window.
    menu.setParent(None)
    return menu


def person_more_menu(theme: Theme) -> QWidget:
    menu = QMenu()
    add_for_person(menu, scenes.call().participants[1], "Patient", lambda wish: None)
    more = next(each.menu() for each in menu.actions() if each.menu() is not None)
    assert isinstance(more, QMenu)
    more.setParent(None)
    return more


def send_elsewhere(words: str) -> Callable[[Theme], QWidget]:
    def make(theme: Theme) -> QWidget:
        dialog = SendElsewhereDialog(theme, scenes.HOSPITAL.name)
        dialog.room.setText(words)
        return dialog

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
        form = AdapterForm(theme, adapter_scenes.adapters(scenes.NOW)[0])
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
