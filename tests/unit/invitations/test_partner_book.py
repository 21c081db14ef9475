"""The kept directory: edited, imported, undone, and there again after a crash."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import vdx_plugin
from tests.unit.invitations.test_partner_table import AGENCY, HOME, TEAM, TOWN, UNIT
from vdx_plugin.domain.parties import LetterFormat, PartyRole
from vdx_plugin.errors import Refused, Unavailable, Unreadable
from vdx_plugin.invitations.partner_book import KeptPartners
from vdx_plugin.invitations.partner_files import KEPT, PartnerFiles
from vdx_plugin.invitations.partner_table import write_partners


def ids(book: KeptPartners) -> list[str]:
    return [partner.id for partner in book.all()]


async def filled(folder: Path) -> KeptPartners:
    book = KeptPartners(PartnerFiles(folder))
    for partner in (TOWN, HOME, AGENCY):
        await book.put(partner)
    await book.put_team(TEAM)
    return book


async def test_what_was_kept_is_there_at_the_next_start(tmp_path: Path) -> None:
    """Partners with who receives for them, and the teams."""
    book = await filled(tmp_path)
    again = KeptPartners(PartnerFiles(tmp_path))
    assert ids(again) == ids(book) == ["town", "home", "agency"]
    assert {partner.id: partner.receiver for partner in again.all()}["home"] == UNIT
    assert tuple(again.teams()) == (TEAM,)
    assert again.can_undo


async def test_each_change_can_be_undone_down_to_the_empty_directory(tmp_path: Path) -> None:
    """Act, show, offer undo."""
    book = await filled(tmp_path)
    await book.remove("home")
    assert ids(book) == ["town", "agency"]
    await book.undo()
    assert ids(book) == ["town", "home", "agency"]
    for _step in range(9):
        await book.undo()
    assert ids(book) == []
    assert not book.can_undo


async def test_a_change_after_an_undo_follows_what_was_gone_back_to(tmp_path: Path) -> None:
    """The history is a line: what was undone does not come back from behind."""
    book = await filled(tmp_path)
    await book.undo()
    await book.put(replace(AGENCY, name="Andet Tolkebureau"))
    await book.undo()
    assert ids(book) == ["town", "home", "agency"]
    assert {partner.name for partner in book.all()} == {TOWN.name, HOME.name, AGENCY.name}
    assert book.teams() == ()


async def test_a_partner_who_leaves_leaves_the_teams(tmp_path: Path) -> None:
    """And a team without anybody is none."""
    book = await filled(tmp_path)
    await book.remove("agency")
    assert [team.partner_ids for team in book.teams()] == [("home",)]
    await book.remove("home")
    assert book.teams() == ()


async def test_whose_level_above_was_removed_is_still_there_after_a_restart(tmp_path: Path) -> None:
    """To be phoned; a partner must not vanish because another did."""
    book = await filled(tmp_path)
    await book.remove("town")
    again = KeptPartners(PartnerFiles(tmp_path))
    assert {partner.id: partner.receiver for partner in again.all()} == {"home": None, "agency": None}


async def test_a_faulty_partner_is_refused_and_its_fields_are_named(tmp_path: Path) -> None:
    """The window asks for the same sentences as one types."""
    book = await filled(tmp_path)
    twisted = replace(TOWN, gln="5790000000320")
    assert "Kontrolcifferet" in book.faults(twisted)["gln"]
    assert "Ingen enhed ovenover" in book.faults(replace(HOME, parent="99999999999"))["parent"]
    assert book.faults(HOME) == {}
    with pytest.raises(Refused):
        await book.put(twisted)
    with pytest.raises(Refused):
        await book.put_team(replace(TEAM, partner_ids=("nobody",)))


async def test_an_import_is_first_shown_and_changes_nothing_until_accepted(tmp_path: Path) -> None:
    """New, changed, removed and refused, before anything happens."""
    book = await filled(tmp_path)
    moved = replace(AGENCY, email="ny@tolk.example")
    preview = await book.preview(write_partners((TOWN, moved, replace(TOWN, id="other", name="Ny"))))
    assert [partner.id for partner in preview.new] == ["other"]
    assert preview.changed == (moved,)
    assert [partner.id for partner in preview.removed] == ["home"]
    assert ids(book) == ["town", "home", "agency"]
    await book.accept(preview)
    assert ids(book) == ["town", "agency", "other"]
    await book.undo()
    assert ids(book) == ["town", "home", "agency"]


async def test_the_same_table_again_changes_nothing(tmp_path: Path) -> None:
    """Also for who is served by another level, which the table does not tell."""
    book = await filled(tmp_path)
    preview = await book.preview(write_partners(book.all()))
    assert not preview.changes_anything
    assert preview.refused == ()


async def test_a_partner_whose_row_is_refused_stays_as_it_was(tmp_path: Path) -> None:
    """A slip in the table must not take the ward out of the directory."""
    book = await filled(tmp_path)
    preview = await book.preview(write_partners((replace(TOWN, gln="5790000000320"), HOME, AGENCY)))
    assert "gln" in {row.column for row in preview.refused}
    assert preview.removed == ()
    await book.accept(preview)
    assert sorted(ids(book)) == ["agency", "home", "town"]


async def test_what_is_no_table_changes_nothing(tmp_path: Path) -> None:
    """The wrong file was chosen."""
    book = await filled(tmp_path)
    with pytest.raises(Unreadable):
        await book.preview(b"%PDF-1.7")
    assert ids(book) == ["town", "home", "agency"]


async def test_partners_of_the_settings_file_are_found_and_not_changed_here(tmp_path: Path) -> None:
    """A region may deliver the table; the practice adds its own, which go before."""
    book = KeptPartners(PartnerFiles(tmp_path), (TOWN,))
    await book.put(HOME)
    assert ids(book) == ["home", "town"]
    assert (book.is_fixed("town"), book.is_fixed("home")) == (True, False)
    again = KeptPartners(PartnerFiles(tmp_path), (TOWN,))
    assert [partner.receiver for partner in again.all()] == [UNIT, UNIT]
    await again.put(replace(TOWN, name="Vores navn"))
    assert [partner.name for partner in again.find("vores").partners] == ["Vores navn"]
    assert again.find("", role=PartyRole.MUNICIPALITY).total == 1


async def test_a_crash_before_the_version_holds_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk fills between the two writes."""
    book = await filled(tmp_path)

    def full(_self: PartnerFiles, _numbers: list[int]) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(PartnerFiles, "_hold", full)
        with pytest.raises(Unavailable) as caught:
            await book.remove("home")
    assert caught.value.code == "partners.disk"
    assert ids(book) == ["town", "home", "agency"]
    assert ids(KeptPartners(PartnerFiles(tmp_path))) == ["town", "home", "agency"]


def test_old_versions_are_cleared_away(tmp_path: Path) -> None:
    """A directory that is edited every day must not fill the disk."""
    files = PartnerFiles(tmp_path)
    for _number in range(KEPT + 5):
        files.add(b"p", b"t")
    assert files.count() == KEPT == len(list(tmp_path.glob("partners-*.csv")))


def test_the_demo_begins_with_partners_and_teams_that_are_all_taken(tmp_path: Path) -> None:
    """Hospital, municipality, a home it reads for, one on the old format, an agency, and two usual teams."""
    sandbox = Path(vdx_plugin.__file__).parent / "sandbox"
    files = PartnerFiles(tmp_path)
    files.add((sandbox / "demo_partners.csv").read_bytes(), (sandbox / "demo_teams.csv").read_bytes())
    book = KeptPartners(files)
    assert [team.id for team in book.teams()] == ["aadalen", "diabetes"]
    partners = {partner.id: partner for partner in book.all()}
    home, unit = partners["nursing-home-unit"], partners["municipality-homecare"]
    assert (home.gln, home.receiver) == (None, unit.receiver)
    assert partners["hospital-orthopaedics"].format is LetterFormat.CONVERTED
    assert not any(book.faults(partner) for partner in book.all())
