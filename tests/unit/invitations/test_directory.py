"""The partners' table: what is taken, what is refused and told, and search as one types."""

from __future__ import annotations

from pathlib import Path

import pytest

import vdx_plugin
from vdx_plugin.domain.parties import Channel, Partner, PartyRole
from vdx_plugin.errors import Misconfigured
from vdx_plugin.invitations.directory import TableDirectory, read_directory

HEAD = "id,name,role,sor,gln,channel,email,phone,category,wants_pin\n"
GOOD = "h1,Ældremedicinsk Afsnit,hospital,441211000016000,5790000000203,medcom,,35000010,,\n"


def demo() -> TableDirectory:
    # The demo's own table: this test may read the file, the package does not.
    return read_directory((Path(vdx_plugin.__file__).parent / "sandbox" / "demo_partners.csv").read_bytes())


def names(found: object) -> list[str]:
    return [partner.id for partner in found]  # type: ignore[attr-defined]


def test_the_demo_partners_are_all_taken_and_the_practice_is_none_of_them() -> None:
    """The same table feeds the sandbox."""
    directory = demo()
    assert names(directory.all()) == [
        "hospital-geriatrics",
        "hospital-orthopaedics",
        "municipality-homecare",
        "nursing-home",
        "nursing-home-unit",
        "neighbour-practice",
        "dental-care",
        "interpreter-agency",
    ]
    assert directory.refused == ()


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("sygehus", ["hospital-orthopaedics", "hospital-geriatrics"]),
        ("ÆLDRE", ["hospital-geriatrics"]),
        ("aeldre eks", ["hospital-geriatrics"]),
        ("solga", ["nursing-home"]),
        ("solgaarden", ["nursing-home"]),
        ("tolk", ["interpreter-agency"]),
        ("kommune hjemme", ["municipality-homecare"]),
        ("hjemmepleje", ["municipality-homecare"]),
        ("nowhere", []),
        ("eksempel nowhere", []),
    ],
)
def test_every_word_typed_must_begin_a_word_of_name_or_role(typed: str, found: list[str]) -> None:
    """Search as you type, without case, with Danish letters or without."""
    assert names(demo().search(typed)) == found


def test_a_name_that_begins_so_comes_before_one_that_only_has_the_role() -> None:
    """Best first: the doctor takes the top one."""
    assert names(demo().search("kommune"))[0] == "municipality-homecare"
    assert names(demo().search("plejehjem"))[0] == "nursing-home"
    assert names(demo().search("eksempel"))[0] == "interpreter-agency"
    assert len(demo().search("", limit=2)) == 2


@pytest.mark.parametrize(
    ("row", "word"),
    [
        ("h2,X,hospital,441211000016000,5790000000204,medcom,,,,", "Kontrolciffer"),
        ("h2,X,hospital,1234567890,5790000000203,medcom,,,,", "SOR"),
        ("h1,X,hospital,441211000016000,5790000000203,medcom,,,,", "brugt før"),
        ("h2,X,hospital,,5790000000203,medcom,,,,", "skal have både"),
        ("h2,X,ward,,,link,,,,", "Rollen"),
        ("h2,X,hospital,,,fax,,,,", "Kanalen"),
        ("h2,X,hospital,,,email,,,,", "E-mail"),
        ("h2,,hospital,,,link,,,,", "Navnet"),
        (",X,hospital,,,link,,,,", "Id"),
        ("h2,X,interpreter,441211000016000,5790000000203,medcom,,,,", "Tolke"),
        ("h2,X,hospital,441211000016000,5790000000203,medcom,,,video,", "Kategorien"),
        ("h2,X,hospital,441211000016000,5790000000203,medcom,,,,maybe", "ja eller nej"),
    ],
)
def test_a_row_that_cannot_be_used_is_refused_with_its_line_and_reason(row: str, word: str) -> None:
    """One wrong number must neither be used nor hide the other partners."""
    directory = read_directory((HEAD + GOOD + row + "\n").encode())
    assert names(directory.all()) == ["h1"]
    assert [refused.line for refused in directory.refused] == [3]
    assert word in directory.refused[0].sentence


def test_a_table_as_a_danish_spreadsheet_writes_it_is_read() -> None:
    """Semicolons, a byte order mark or Windows' character set."""
    for encoding in ("utf-8-sig", "cp1252"):
        content = (HEAD + GOOD).replace(",", ";").encode(encoding)
        partner = read_directory(content).all()[0]
        assert partner.name == "Ældremedicinsk Afsnit"
        assert (partner.role, partner.channel) == (PartyRole.HOSPITAL, Channel.MEDCOM)


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\x00\x01"])
def test_what_is_no_such_table_is_a_matter_of_settings(content: bytes) -> None:
    """Whoever runs the machines must act, not the doctor."""
    with pytest.raises(Misconfigured):
        read_directory(content)


def test_own_columns_say_category_and_pin() -> None:
    """A partner decides how it routes and whether it wants the PIN told."""
    row = "h1,X,hospital,441211000016000,5790000000203,medcom,,,discharge,nej\n"
    partner = read_directory((HEAD + row).encode()).all()[0]
    assert partner.category == "discharge"
    assert not partner.wants_pin


def test_the_order_is_first_word_then_any_word_then_role_and_the_alphabet_within() -> None:
    """Whatever the alphabet says: the doctor types the beginning of the name."""
    given = ("Aaby Hjemmepleje", "Børglum kommune", "Kommune Øst", "Kommune Ærø", "Kommune Åby")
    partners = [Partner(name, name, PartyRole.MUNICIPALITY, Channel.LINK) for name in given]
    found = TableDirectory(partners).find("kommune", limit=4)
    assert [partner.name for partner in found.partners] == [
        "Kommune Ærø",
        "Kommune Øst",
        "Kommune Åby",
        "Børglum kommune",
    ]
    assert found.total == 5
    assert TableDirectory(partners).find("kommune", role=PartyRole.HOSPITAL).total == 0
