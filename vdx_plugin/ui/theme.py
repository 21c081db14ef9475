"""Every colour, size and distance of the user interface, for light and dark.

Widgets hold no colour and no size of their own; they ask the ``Theme`` they were given. One accent, one warning,
one danger; the environment strip has a colour that means nothing else. Distances are multiples of 4 px.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

MIN_CONTRAST = 4.5
"""WCAG 2.1 AA, success criterion 1.4.3, for text of ordinary size."""
MIN_CONTROL_CONTRAST = 3.0
"""WCAG 2.1 AA, success criterion 1.4.11, for what is needed to find a control."""

SCALES = (1.0, 1.25, 1.5, 2.0)
TARGET = 32
CALL_TARGET = 44
DOCK_WIDTH = 320
SMALL_WINDOW = (360, 240)


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours by what they are for, as ``#rrggbb``. ``on_x`` is text and symbols upon ``x``."""

    name: str
    ground: str
    surface: str
    text: str
    quiet: str
    line: str
    border: str
    hover: str
    accent: str
    accent_hover: str
    on_accent: str
    accent_soft: str
    on_accent_soft: str
    warning_soft: str
    on_warning_soft: str
    danger: str
    danger_hover: str
    on_danger: str
    danger_soft: str
    on_danger_soft: str
    environment: str
    on_environment: str
    stage: str
    """Behind the picture, dark in both themes so that the picture keeps its contrast."""
    on_stage: str
    stage_quiet: str
    stage_control: str
    stage_hover: str
    stage_danger: str
    on_stage_danger: str
    stage_off: str
    on_stage_off: str
    focus: str
    stage_focus: str


LIGHT = Palette(
    name="light",
    ground="#f3f5f7",
    surface="#ffffff",
    text="#16212b",
    quiet="#4f5d6a",
    line="#d9dfe5",
    border="#7b8894",
    hover="#e9eef2",
    accent="#0a5c88",
    accent_hover="#084a6e",
    on_accent="#ffffff",
    accent_soft="#e2eff7",
    on_accent_soft="#0a4c70",
    warning_soft="#fff0cc",
    on_warning_soft="#5f3c00",
    danger="#b3261e",
    danger_hover="#8f1d17",
    on_danger="#ffffff",
    danger_soft="#fce6e4",
    on_danger_soft="#84180f",
    environment="#5a3a8a",
    on_environment="#ffffff",
    stage="#0e1318",
    on_stage="#f2f5f7",
    stage_quiet="#aeb9c3",
    stage_control="#28323b",
    stage_hover="#37434e",
    stage_danger="#c9342b",
    on_stage_danger="#ffffff",
    stage_off="#f2f5f7",
    on_stage_off="#16212b",
    focus="#16212b",
    stage_focus="#8fd0f5",
)

DARK = Palette(
    name="dark",
    ground="#12181d",
    surface="#1b232a",
    text="#e9eef2",
    quiet="#a9b5c0",
    line="#333e48",
    border="#76838f",
    hover="#27313a",
    accent="#7cc1e8",
    accent_hover="#a1d5f2",
    on_accent="#06202e",
    accent_soft="#173546",
    on_accent_soft="#bfe2f6",
    warning_soft="#3b2e0d",
    on_warning_soft="#ffdc92",
    danger="#ff8f85",
    danger_hover="#ffb0a9",
    on_danger="#3a0905",
    danger_soft="#3f1916",
    on_danger_soft="#ffc0ba",
    environment="#b79ae6",
    on_environment="#1f1038",
    stage="#0a0e12",
    on_stage="#f2f5f7",
    stage_quiet="#aeb9c3",
    stage_control="#28323b",
    stage_hover="#37434e",
    stage_danger="#c9342b",
    on_stage_danger="#ffffff",
    stage_off="#f2f5f7",
    on_stage_off="#16212b",
    focus="#e9eef2",
    stage_focus="#8fd0f5",
)

TEXT_PAIRS: tuple[tuple[str, str], ...] = (
    ("text", "ground"),
    ("text", "surface"),
    ("text", "hover"),
    ("quiet", "ground"),
    ("quiet", "surface"),
    ("accent", "surface"),
    ("accent", "ground"),
    ("on_accent", "accent"),
    ("on_accent", "accent_hover"),
    ("on_accent_soft", "accent_soft"),
    ("on_warning_soft", "warning_soft"),
    ("danger", "surface"),
    ("on_danger", "danger"),
    ("on_danger", "danger_hover"),
    ("on_danger_soft", "danger_soft"),
    ("on_environment", "environment"),
    ("on_stage", "stage"),
    ("stage_quiet", "stage"),
    ("on_stage", "stage_control"),
    ("on_stage", "stage_hover"),
    ("on_stage_off", "stage_off"),
    ("on_stage_danger", "stage_danger"),
)
"""(text, background) wherever the style sheet puts one upon the other."""

CONTROL_PAIRS: tuple[tuple[str, str], ...] = (
    ("border", "surface"),
    ("border", "ground"),
    ("focus", "ground"),
    ("focus", "surface"),
    ("stage_focus", "stage"),
    ("stage_danger", "stage"),
    ("stage_focus", "stage_control"),
)
"""(edge or symbol, background) for which the lower bar holds."""


@dataclass(frozen=True, slots=True)
class Theme:
    """A palette and a scale. ``px`` gives lengths of the 4 px grid, the properties give the type scale in px."""

    palette: Palette = LIGHT
    scale: float = 1.0

    def px(self, length: float) -> int:
        """Return a length in pixels at this scale."""
        return round(length * self.scale)

    @property
    def small(self) -> int:
        return self.px(12)

    @property
    def body(self) -> int:
        return self.px(14)

    @property
    def heading(self) -> int:
        return self.px(16)

    @property
    def title(self) -> int:
        return self.px(21)

    def color(self, role: str) -> str:
        """Return the colour of a role. Raises KeyError for an unknown one."""
        if role not in _ROLES:
            raise KeyError(role)
        return str(getattr(self.palette, role))


_ROLES = frozenset(field.name for field in fields(Palette)) - {"name"}


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two ``#rrggbb`` colours, 1..21 (WCAG 2.1, "contrast ratio")."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    red, green, blue = (_linear(int(color[i : i + 2], 16) / 255) for i in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
