"""The data dictionary is what others calculate by: it must know every field, column and figure."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from vdx_plugin.domain.measures import LineFigures, PartyMeasure, UseMeasure
from vdx_plugin.monitoring.catalogue import catalogue
from vdx_plugin.monitoring.table_file import Row

TEXT = (Path(__file__).parents[3] / "docs" / "data-dictionary.md").read_text(encoding="utf-8")
DESCRIBED = set(re.findall(r"`([a-z0-9_]+)`", TEXT))


@pytest.mark.parametrize("kind", [UseMeasure, PartyMeasure, LineFigures, Row])
def test_every_field_is_described(kind: type) -> None:
    """A field nobody described is a field that two people count differently."""
    assert {each.name for each in fields(kind)} <= DESCRIBED


def test_every_figure_is_described() -> None:
    """The same list makes the page, the table and the export."""
    keys = [each.key for each in catalogue()]
    assert set(keys) <= DESCRIBED
    assert len(keys) == len(set(keys))
