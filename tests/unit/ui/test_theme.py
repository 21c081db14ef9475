"""Colours and symbols."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

import vdx_plugin.ui
from vdx_plugin.ui import icons
from vdx_plugin.ui.stylesheet import stylesheet
from vdx_plugin.ui.theme import (
    CONTROL_PAIRS,
    DARK,
    LIGHT,
    MIN_CONTRAST,
    MIN_CONTROL_CONTRAST,
    TEXT_PAIRS,
    Palette,
    Theme,
    contrast,
)


def test_black_on_white_has_the_contrast_that_wcag_gives_it() -> None:
    """The arithmetic must be right before its result means anything."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=lambda palette: palette.name)
@pytest.mark.parametrize(("ink", "ground"), TEXT_PAIRS)
def test_every_text_can_be_read_on_its_ground(palette: Palette, ink: str, ground: str) -> None:
    """WCAG 2.1 AA, 1.4.3: 4.5:1 for text."""
    assert contrast(getattr(palette, ink), getattr(palette, ground)) >= MIN_CONTRAST


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=lambda palette: palette.name)
@pytest.mark.parametrize(("edge", "ground"), CONTROL_PAIRS)
def test_every_control_and_focus_can_be_found_on_its_ground(palette: Palette, edge: str, ground: str) -> None:
    """WCAG 2.1 AA, 1.4.11: 3:1 for what is needed to find a control."""
    assert contrast(getattr(palette, edge), getattr(palette, ground)) >= MIN_CONTROL_CONTRAST


def test_no_widget_holds_a_colour_of_its_own() -> None:
    """One theme module: a colour anywhere else would be missed by dark mode and by the contrast test."""
    folder = Path(vdx_plugin.ui.__file__).parent
    with_colours = [
        file.name
        for file in folder.glob("*.py")
        if file.name != "theme.py" and re.search(r"#[0-9a-fA-F]{6}\b|rgb\(", file.read_text("utf-8"))
    ]
    assert with_colours == []


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_the_style_sheet_fills_every_place(scale: float) -> None:
    """A place left empty would make Qt drop the whole rule without a word."""
    sheet = stylesheet(Theme(LIGHT, scale))
    assert sheet.count("{") == sheet.count("}")
    assert "{{" not in sheet
    assert ": ;" not in sheet


@pytest.mark.parametrize("name", sorted(icons.SHAPES))
def test_every_symbol_draws_something(qapp: QApplication, name: str) -> None:
    """A slip in a path draws nothing, and a state would stand there without its symbol."""
    drawn = icons.pixmap(name, "#ff0000", 24).toImage()
    inked = sum(
        QColor.fromRgba(drawn.pixel(x, y)).alpha() > 0 for x in range(drawn.width()) for y in range(drawn.height())
    )
    assert inked >= 8
