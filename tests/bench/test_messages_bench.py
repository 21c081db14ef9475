"""The messages' bench still measures what it says, counted and not timed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench import messages
from tests.bench.figures import Figures
from tests.bench.messages import BUILD, START
from tests.postgres import Server
from vdx_plugin.invitations.checks import check_outgoing
from vdx_plugin.invitations.message import read_message


def test_the_copies_that_are_sent_are_as_valid_as_the_letter_they_are_made_from() -> None:
    """Otherwise the bench would measure how fast letters are refused."""
    model = messages.model()
    one, other = messages.copy_of(model, 1), messages.copy_of(model, 2)
    letters = [read_message(draft.payload, draft.mime) for draft in (model, one, other)]
    assert [check_outgoing(letter) for letter in letters] == [[], [], []]
    assert len({letter.id for letter in letters}) == len({letter.bundle["id"] for letter in letters}) == 3
    assert [letter.id for letter in letters[1:]] == [one.message_id, other.message_id]


@pytest.mark.timeout(180)
async def test_every_part_has_its_figures(tmp_path: Path, database_server: Server) -> None:
    """Few messages; what came is counted at the receiver, and nothing came twice."""
    figures = Figures()
    await messages.measure_building(figures, 2, {"SQLite": tmp_path / "build.db"})
    await messages.measure_delivery(figures, 12, tmp_path / "one.db", 1, 1)
    await messages.measure_delivery(figures, 12, database_server.new_database(), 2, 2)
    assert {figure.part for figure in figures.all()} > {BUILD}
    assert sum(note.endswith("12 different messages counted, 0 of them twice.") for note in figures.notes) == 2
    assert START not in {figure.part for figure in figures.all()}
