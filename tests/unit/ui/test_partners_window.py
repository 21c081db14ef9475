"""The directory of partners in the whole desktop, against a directory by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from tests.unit.ui.conftest import shown
from tests.unit.ui.fake_desk import FakeDesk
from vdx_plugin.domain.parties import Channel, PartyRole, Purpose
from vdx_plugin.errors import Unavailable
from vdx_plugin.ports import Reach, ReachState
from vdx_plugin.ui import partner_scenes, scenes
from vdx_plugin.ui.import_dialog import ImportDialog
from vdx_plugin.ui.main import Desktop
from vdx_plugin.ui.menu import DockMenu
from vdx_plugin.ui.partner_fields import PartnerFields
from vdx_plugin.ui.partners_window import PartnersWindow
from vdx_plugin.ui.teams_dialog import TeamsDialog
from vdx_plugin.ui.theme import Theme


def texts_of(window: QWidget) -> str:
    return "\n".join(each.text() for each in window.findChildren(QLabel) if each.isVisible())


@pytest.fixture
def window(desktop: Desktop, qtbot: QtBot) -> PartnersWindow:
    """The directory, opened and filled."""
    desktop.partners.open_partners()
    window = desktop.windows.partners
    qtbot.waitUntil(lambda: window.list.list.count() == 4)
    return window


def choose(window: PartnersWindow, row: int) -> None:
    window.list.list.setCurrentRow(row)


def test_typing_finds_and_a_role_narrows(window: PartnersWindow, qtbot: QtBot) -> None:
    """As everywhere where partners are looked for."""
    window.list.field.setText("kommune")
    qtbot.waitUntil(lambda: window.list.list.count() == 2)
    window.list.roles.setCurrentIndex(window.list.roles.findData(PartyRole.NURSING_HOME))
    qtbot.waitUntil(lambda: window.list.list.count() == 1)
    assert window.list.role is PartyRole.NURSING_HOME


def test_a_change_is_saved_and_can_be_undone(window: PartnersWindow, desk: FakeDesk, qtbot: QtBot) -> None:
    """Act, show, offer undo."""
    choose(window, 0)
    assert not window.undo.isEnabled()
    window.form.fields.text("phone").setText("35 00 00 99")
    window.form.save.click()
    qtbot.waitUntil(lambda: desk.book.partners["hospital-geriatrics"].phone == "35 00 00 99")
    qtbot.waitUntil(window.undo.isEnabled)
    window.undo.click()
    qtbot.waitUntil(lambda: desk.book.partners["hospital-geriatrics"].phone == "35000010")
    qtbot.waitUntil(lambda: window.form.fields.text("phone").text() == "35000010")


def test_a_fault_stands_beside_its_field_and_nothing_is_saved(
    window: PartnersWindow, desk: FakeDesk, qtbot: QtBot
) -> None:
    """The sentence says what is wrong and what to do; the field is read out with it."""
    choose(window, 0)
    desk.book.complaints = {"gln": "Kontrolcifferet passer ikke. Slå det op i SOR."}
    window.form.fields.text("gln").setText("5790000000204")
    window.form.save.click()
    assert window.form.fields.fields["gln"].note.startswith("Kontrolcifferet")
    assert window.form.fields.text("gln").accessibleDescription().startswith("Kontrolcifferet")
    assert not desk.book.before
    desk.book.complaints = {}
    window.form.save.click()
    qtbot.waitUntil(lambda: bool(desk.book.before))


def test_a_new_partner_is_not_blamed_before_it_is_saved(window: PartnersWindow, desk: FakeDesk, qtbot: QtBot) -> None:
    """An empty form is no mistake."""
    desk.book.complaints = {"name": "Navnet mangler."}
    window.new.click()
    window.form.fields.changed.emit()
    assert "Navnet mangler" not in texts_of(window)
    window.form.save.click()
    assert "Navnet mangler" in texts_of(window)
    desk.book.complaints = {}
    window.form.fields.text("name").setText("  Afsnit   X ")
    window.form.fields.text("gln").setText("579 0000000203")
    window.form.save.click()
    qtbot.waitUntil(lambda: len(desk.book.partners) == 5)
    added = list(desk.book.partners.values())[-1]
    assert (added.name, added.gln, added.role) == ("Afsnit X", "5790000000203", PartyRole.HOSPITAL)


def test_a_partner_can_be_removed_and_the_form_forgets_it(window: PartnersWindow, desk: FakeDesk, qtbot: QtBot) -> None:
    """No question before: it can be undone."""
    choose(window, 3)
    window.form.remove.click()
    qtbot.waitUntil(lambda: len(desk.book.partners) == 3)
    qtbot.waitUntil(lambda: window.form.partner is None)


def test_a_partner_of_the_settings_file_is_only_read(window: PartnersWindow, desk: FakeDesk, qtbot: QtBot) -> None:
    """It is changed where it comes from."""
    desk.book.fixed = {"hospital-geriatrics"}
    window.list.look_wanted.emit()
    qtbot.waitUntil(lambda: bool(window.view and window.view.fixed))
    choose(window, 0)
    assert not window.form.save.isVisible()
    assert not window.form.fields.text("name").isEnabled()


def test_the_register_can_be_asked_at_once(window: PartnersWindow, desk: FakeDesk, qtbot: QtBot) -> None:
    """Whoever keeps the directory sees whether it works before a patient depends on it."""
    desk.addresses.told = Reach(ReachState.CAN, str(scenes.HOSPITAL.gln))
    choose(window, 0)
    window.form.try_out.click()
    qtbot.waitUntil(lambda: "Kan modtage beskeden" in texts_of(window))


def test_what_could_not_be_kept_is_told(
    window: PartnersWindow, desk: FakeDesk, desktop: Desktop, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full: the form keeps what was typed."""

    async def full(_partner: object) -> None:
        raise Unavailable("partners.disk")

    monkeypatch.setattr(desk.book, "put", full)
    choose(window, 0)
    window.form.fields.text("phone").setText("35000099")
    window.form.save.click()
    qtbot.waitUntil(lambda: any(notice.problem.code == "partners.disk" for notice in desktop.notices.all))
    assert window.form.fields.text("phone").text() == "35000099"


def test_a_table_is_shown_before_it_is_taken_in(
    window: PartnersWindow, desk: FakeDesk, desktop: Desktop, qtbot: QtBot, tmp_path: Path
) -> None:
    """New, changed, gone and refused; then one click, and an undo after."""
    file = tmp_path / "table.csv"
    file.write_text("id,name\n", encoding="utf-8")
    desk.book.coming = partner_scenes.import_preview()
    desktop.partners.import_file(file)
    qtbot.waitUntil(lambda: bool(window.findChildren(ImportDialog)))
    dialog = window.findChildren(ImportDialog)[0]
    for words in ("Nye: 2", "Ændrede: 1", "Udgår: 1", "Afviste rækker: 2", "Linje 4, kolonne gln: 13 cifre"):
        assert words in texts_of(dialog)
    assert len(desk.book.partners) == 4
    dialog.go.click()
    qtbot.waitUntil(lambda: len(desk.book.partners) == 3)


def test_a_file_that_cannot_be_read_is_told(desktop: Desktop, window: PartnersWindow, tmp_path: Path) -> None:
    """Mostly because a spreadsheet has it open."""
    desktop.partners.import_file(tmp_path / "nowhere.csv")
    assert [notice.problem.code for notice in desktop.notices.all] == ["partners.no_file"]


def test_a_team_is_made_of_partners_that_were_found(window: PartnersWindow, desk: FakeDesk, qtbot: QtBot) -> None:
    """Name, purpose, length, members; and it is in the plan next time."""
    window.teams.click()
    dialog = window.findChildren(TeamsDialog)[0]
    qtbot.waitUntil(lambda: dialog.list.count() == 2)
    dialog.new.click()
    form = dialog.form
    form.save.click()
    assert "Navnet mangler" in texts_of(dialog)
    form.name.setText("Sårteam")
    form.purpose.setCurrentIndex(list(Purpose).index(Purpose.DISCHARGE))
    form.search.search_wanted.emit("hjemmesyge")
    qtbot.waitUntil(lambda: form.search.found.count() == 1)
    form.search.partner_chosen.emit(scenes.HOME_CARE)
    form.save.click()
    qtbot.waitUntil(lambda: len(desk.book.kept_teams) == 3)
    team = list(desk.book.kept_teams.values())[-1]
    assert (team.name, team.partner_ids, team.purpose) == ("Sårteam", ("municipality-homecare",), Purpose.DISCHARGE)
    qtbot.waitUntil(lambda: dialog.list.count() == 3)


def test_the_menu_leads_to_the_directory_and_the_plan_to_one_partner(
    desktop: Desktop, desk: FakeDesk, qtbot: QtBot
) -> None:
    """Both roads that a user looks for."""
    desktop.windows.dock.menu.click()
    menu = desktop.windows.dock.findChildren(DockMenu)[0]
    menu.partners_picked.emit()
    menu.close()
    assert desktop.windows.partners.isVisible()
    desktop.windows.partners.close()
    desktop.plan.edit_wanted.emit("nursing-home")
    form = desktop.windows.partners.form
    qtbot.waitUntil(lambda: form.partner is not None and form.partner.id == "nursing-home")


# --- the fields -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("partner", [*scenes.PARTNERS, scenes.HOME_UNIT])
def test_a_partner_comes_out_of_the_fields_as_it_went_in(partner: object, theme: Theme, qtbot: QtBot) -> None:
    """Looking at one must not change it."""
    assert isinstance(partner, type(scenes.HOSPITAL))
    whole = replace(
        partner,
        categories=((Purpose.CONSULTATION, "nursing"), (Purpose.DISCHARGE, "discharge")),
        wants_pin=False,
        mobile="20123456",
        served_by=None,
    )
    fields = PartnerFields(theme)
    shown(qtbot, fields)
    fields.show_partner(whole)
    assert fields.partner() == whole


def test_only_the_fields_of_the_channel_are_shown(theme: Theme, qtbot: QtBot) -> None:
    """An interpreter's agency has no location number to ask for."""
    fields = PartnerFields(theme)
    shown(qtbot, fields)
    fields.show_partner(scenes.AGENCY)
    assert not fields.text("gln").isVisible()
    channel = fields.choice("channel")
    channel.setCurrentIndex(channel.findData(Channel.MEDCOM))
    channel.activated.emit(channel.currentIndex())
    assert fields.text("gln").isVisible()
