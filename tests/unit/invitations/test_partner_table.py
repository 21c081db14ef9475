"""Partners and teams as tables: what comes back, who receives for whom, and what the report of refused rows says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from vdx_plugin.domain.parties import Channel, LetterFormat, Partner, PartyRole, Purpose, Unit
from vdx_plugin.domain.teams import Team
from vdx_plugin.errors import Unreadable
from vdx_plugin.invitations.partner_table import (
    read_partners,
    read_teams,
    write_partners,
    write_teams,
)
from vdx_plugin.invitations.sor_walk import address_of, with_receivers

TOWN = Partner(
    "town",
    "Hjemmesygeplejen, Eksempel Kommune",
    PartyRole.MUNICIPALITY,
    Channel.MEDCOM,
    sor="953741000016009",
    gln="5790000000302",
    parent="953700000016001",
    format=LetterFormat.CONVERTED,
    phone="35000020",
    mobile="+45 20123456",
    category="nursing",
    categories=((Purpose.DISCHARGE, "discharge"), (Purpose.NETWORK, "carecoordination")),
    wants_pin=False,
)
HOME = Partner(
    "home", "Plejehjemmet Skovly", PartyRole.NURSING_HOME, Channel.MEDCOM, sor="953751000016006", parent=TOWN.sor
)
WARD = replace(HOME, id="ward", name="Skovly, afsnit B", sor="953751000016014", parent=HOME.sor)
AGENCY = Partner("agency", "Eksempel Tolkebureau", PartyRole.INTERPRETER, Channel.EMAIL, email="tolk@tolk.example")
UNIT = Unit(TOWN.name, "953741000016009", "5790000000302")


def test_every_field_comes_back_from_the_table() -> None:
    """The table is also how the directory is kept, so what it forgets is lost."""
    partners = with_receivers((TOWN, HOME, AGENCY))
    read = read_partners(write_partners(partners))
    assert read.partners == partners
    assert read.refused == ()


def test_a_nursing_home_without_a_number_is_served_by_the_nearest_level_that_has_one() -> None:
    """Pitfall 6 of the message: an organisation with SOR id and no location number makes it invalid."""
    assert read_partners(write_partners((WARD, HOME, TOWN))).partners[0].receiver == UNIT
    assert address_of(HOME, {str(TOWN.sor): TOWN}) == UNIT


def test_a_partner_with_a_number_of_its_own_receives_itself() -> None:
    """The walk is for those who need it."""
    assert with_receivers((TOWN,))[0].receiver == UNIT
    assert with_receivers((TOWN,))[0].served_by is None


@pytest.mark.parametrize(
    "levels",
    [{}, {HOME.sor: HOME}, {WARD.sor: WARD, HOME.sor: replace(HOME, parent=WARD.sor)}],
    ids=["unknown level", "the tree ends", "a circle"],
)
def test_a_tree_without_a_number_leads_nowhere(levels: dict[str, Partner]) -> None:
    """Nobody can receive: that is told when the table is read, and not by a rejection hours later."""
    assert address_of(WARD, levels) is None
    read = read_partners(write_partners(tuple(levels.values()) or (WARD,)))
    assert read.partners == ()
    assert {row.column for row in read.refused} == {"parent"}


def test_a_refused_row_tells_line_column_kind_of_value_and_what_to_do_but_not_the_value() -> None:
    """Whoever keeps the table must find the place; the report may be sent on by mail."""
    table = "id;name;role;channel;email;phone\na;A;hospital;email;sofie-at-home;\nb;B;other;phone;;12ab\n"
    refused = read_partners(table.encode()).refused
    assert [(row.line, row.column, row.found) for row in refused] == [(2, "email", "13 tegn"), (3, "phone", "4 tegn")]
    assert all(row.sentence.endswith(".") and row.advice.endswith(".") for row in refused)
    assert "sofie" not in repr(refused)


def test_each_fault_of_a_row_is_told_at_once() -> None:
    """Mending one and being refused for the next wastes an afternoon."""
    table = "id;name;role;channel;sor;gln\na;;hospital;medcom;12;57900\n"
    assert [row.column for row in read_partners(table.encode()).refused] == ["name", "gln", "sor"]


def test_a_word_that_is_not_known_may_be_told() -> None:
    """A misspelt role is no secret, unless it looks like something else."""
    table = "id;name;role;channel\na;A;sygehus;link\nb;B;lis@privat.example;link\nc;C;35000010;link\n"
    refused = read_partners(table.encode()).refused
    assert [row.found for row in refused] == ["»sygehus«", "en e-mailadresse", "8 cifre"]


def test_what_is_no_table_names_the_columns_that_are_missing() -> None:
    """The wrong file was chosen, or the headings were translated."""
    with pytest.raises(Unreadable) as caught:
        read_partners(b"id;navn\n1;2\n")
    assert caught.value.facts == {"columns": "name, role, channel"}


TEAM = Team("skovly", "Skovly", ("home", "agency"), Purpose.NETWORK, timedelta(minutes=45), "ar", "Plejehjemmet Skovly")


def test_teams_come_back_and_a_team_with_a_stranger_is_refused() -> None:
    """A team is nothing without its partners."""
    known = {"home": HOME, "agency": AGENCY}
    assert read_teams(write_teams((TEAM,)), known) == ((TEAM,), ())
    teams, refused = read_teams(write_teams((TEAM,)), {"home": HOME})
    assert teams == ()
    assert [row.column for row in refused] == ["partners"]


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("s;S;home;party;30", "purpose"),
        ("s;S;home;;lang", "minutes"),
        ("s;S;home;;0", "minutes"),
        ("s;S;;;30", "partners"),
        ("s;;home;;30", "name"),
    ],
)
def test_a_team_row_that_cannot_be_used_is_refused(row: str, column: str) -> None:
    """The same report as for partners."""
    table = f"id;name;partners;purpose;minutes\n{row}\n".encode()
    assert [refused.column for refused in read_teams(table, {"home": HOME})[1]] == [column]
