"""All windows of one theme and language, and their places. Changing either builds them anew."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget

from vdx_plugin.ports import MessageTexts
from vdx_plugin.ui.adapters_page import AdaptersPage
from vdx_plugin.ui.calendar_window import CalendarWindow
from vdx_plugin.ui.call_window import CallWindow
from vdx_plugin.ui.diagnosis_window import DiagnosisWindow
from vdx_plugin.ui.dock import Dock
from vdx_plugin.ui.figures_window import FiguresWindow
from vdx_plugin.ui.menu import Choices
from vdx_plugin.ui.message_texts_page import MessageTextsPage
from vdx_plugin.ui.messages_window import MessagesWindow
from vdx_plugin.ui.partner_form import Check as PartnerCheck
from vdx_plugin.ui.partners_window import PartnersWindow
from vdx_plugin.ui.placement import Placement, screens
from vdx_plugin.ui.plan_window import PlanWindow
from vdx_plugin.ui.small_window import SmallWindow
from vdx_plugin.ui.stylesheet import qt_palette, stylesheet
from vdx_plugin.ui.theme import DARK, DOCK_WIDTH, LIGHT, SMALL_WINDOW, Theme
from vdx_plugin.ui.time_form import Check
from vdx_plugin.ui.tray import Tray


def theme_of(choices: Choices) -> Theme:
    """Return the theme the user has chosen; ``system`` follows the desktop's colour scheme."""
    is_dark = choices.colours == "dark"
    if choices.colours == "system":
        is_dark = QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark
    return Theme(DARK if is_dark else LIGHT, choices.scale)


def dress(app: QApplication, theme: Theme) -> None:
    """Give the whole application the theme."""
    # One style on every system, because only then do the style sheet's sizes and focus frames hold everywhere.
    app.setStyle("Fusion")
    app.setPalette(qt_palette(theme))
    app.setStyleSheet(stylesheet(theme))


class Windows:
    """The windows, made but not shown. ``places`` remembers where they were."""

    def __init__(
        self,
        theme: Theme,
        places: Placement,
        new_key: Callable[[], str],
        check: Check,
        check_partner: PartnerCheck,
        texts: MessageTexts,
    ) -> None:
        self.theme = theme
        self._places = places
        self.dock = Dock(theme)
        self.plan = PlanWindow(theme, new_key, check)
        self.calendar = CalendarWindow(theme)
        self.diagnosis = DiagnosisWindow(theme)
        self.call = CallWindow(theme)
        self.small = SmallWindow(theme)
        self.figures = FiguresWindow(theme)
        self.adapters = AdaptersPage(theme)
        self.messages = MessagesWindow(theme)
        self.partners = PartnersWindow(theme, new_key, check_partner)
        self.texts = MessageTextsPage(theme, texts)
        self.tray = Tray(theme)
        self._named = {
            "dock": self.dock,
            "plan": self.plan,
            "call": self.call,
            "small": self.small,
            "adapters": self.adapters,
            "calendar": self.calendar,
            "diagnosis": self.diagnosis,
            "figures": self.figures,
            "partners": self.partners,
            "messages": self.messages,
            "texts": self.texts,
        }
        self._place()
        self.call.call.stage.own.set_corner(places.read("self_view", "bottom-right"))
        self.call.call.stage.own.moved_to.connect(lambda corner: places.write("self_view", corner))

    def _place(self) -> None:
        px = self.theme.px
        screen = (screens() or [QRect(0, 0, 1280, 800)])[0]
        strip = px(DOCK_WIDTH)
        left = screen.right() + 1 - strip
        width, height = (px(side) for side in SMALL_WINDOW)
        free = max(px(640), screen.width() - strip)
        defaults = {
            "dock": QRect(left, screen.top(), strip, screen.height()),
            "plan": QRect(left - px(600), screen.top() + px(48), px(600), px(720)),
            "call": QRect(screen.left(), screen.top() + px(32), min(px(1120), free), px(720)),
            "small": QRect(left - width - px(16), screen.bottom() - height - px(48), width, height),
            "adapters": QRect(left - px(560), screen.top() + px(48), px(560), px(760)),
            "calendar": QRect(left - px(680), screen.top() + px(48), px(680), px(760)),
            "diagnosis": QRect(left - px(560), screen.top() + px(48), px(560), px(760)),
            "figures": QRect(left - px(720), screen.top() + px(48), px(720), px(580)),
            "messages": QRect(left - px(600), screen.top() + px(48), px(600), px(720)),
            "partners": QRect(left - px(880), screen.top() + px(48), px(880), px(760)),
            "texts": QRect(left - px(880), screen.top() + px(48), px(880), px(760)),
        }
        for name, window in self._named.items():
            self._places.restore(window, name, defaults[name])

    def set_on_top(self, *, on: bool) -> None:
        """Keep the strip above the record, or not; it stays where it is and takes no focus."""
        was_visible = self.dock.isVisible()
        self.dock.setWindowFlag(Qt.WindowType.WindowStaysOnTopHint, on)
        # Changing a flag hides the window.
        if was_visible:
            present(self.dock, is_active=False)

    def keep_places(self) -> None:
        """Remember where the windows are."""
        for name, window in self._named.items():
            self._places.keep(window, name)
        self._places.save()

    def close(self) -> None:
        """Remember the places and take the windows down."""
        self.keep_places()
        self.tray.close()
        self.tray.deleteLater()
        for window in self._named.values():
            window.hide()
            window.deleteLater()


def present(window: QWidget, *, is_active: bool) -> None:
    """Show a window, in front and with the focus only if ``is_active``."""
    window.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating, not is_active)
    window.show()
    if is_active:
        window.raise_()
        window.activateWindow()
