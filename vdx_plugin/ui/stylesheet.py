"""The theme as one Qt style sheet and one QPalette.

Widgets say what they are through the dynamic properties ``kind`` (what it is) and ``tone`` (how urgent it is);
this module alone says what that looks like.
"""

from __future__ import annotations

from PySide6.QtGui import QColor, QPalette

from vdx_plugin.ui.theme import CALL_TARGET, LIGHT, TARGET, Theme


def stylesheet(theme: Theme) -> str:
    """Return the style sheet of the whole application."""
    parts = (_ground, _labels, _buttons, _fields, _lists, _bands, _stage)
    return "\n".join(part(theme) for part in parts)


def qt_palette(theme: Theme) -> QPalette:
    """Return the palette for what Qt draws without the style sheet (menus, selections, disabled text)."""
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: "ground",
        QPalette.ColorRole.WindowText: "text",
        QPalette.ColorRole.Base: "surface",
        QPalette.ColorRole.AlternateBase: "hover",
        QPalette.ColorRole.Text: "text",
        QPalette.ColorRole.Button: "surface",
        QPalette.ColorRole.ButtonText: "text",
        QPalette.ColorRole.Highlight: "accent",
        QPalette.ColorRole.HighlightedText: "on_accent",
        QPalette.ColorRole.ToolTipBase: "surface",
        QPalette.ColorRole.ToolTipText: "text",
        QPalette.ColorRole.PlaceholderText: "quiet",
        QPalette.ColorRole.Link: "accent",
    }
    for role, name in roles.items():
        palette.setColor(role, QColor(theme.color(name)))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText, QPalette.ColorRole.WindowText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(theme.color("quiet")))
    return palette


def _ground(theme: Theme) -> str:
    c, px = theme.color, theme.px
    return f"""
    QWidget {{ font-size: {theme.body}px; color: {c("text")}; }}
    QWidget[kind="window"], QDialog, QMenu {{ background: {c("ground")}; }}
    QFrame[kind="answer"] {{ background: {c("surface")}; border: 1px solid {c("line")};
        border-left: {px(3)}px solid {c("accent")}; border-radius: {px(4)}px; }}
    QFrame[kind="card"] {{ background: {c("surface")}; border: 1px solid {c("line")}; border-radius: {px(8)}px; }}
    QFrame[kind="rule"] {{ background: {c("line")}; border: none; max-height: 1px; min-height: 1px; }}
    QToolTip {{ background: {c("surface")}; color: {c("text")}; border: 1px solid {c("border")};
        padding: {px(4)}px; }}
    QMenu {{ border: 1px solid {c("border")}; padding: {px(4)}px; }}
    QMenu::item {{ padding: {px(8)}px {px(24)}px {px(8)}px {px(28)}px; border-radius: {px(4)}px; }}
    QMenu::item:selected {{ background: {c("accent")}; color: {c("on_accent")}; }}
    QMenu::item:disabled {{ color: {c("quiet")}; }}
    QMenu::separator {{ height: 1px; background: {c("line")}; margin: {px(4)}px {px(8)}px; }}
    """


def _labels(theme: Theme) -> str:
    c = theme.color
    return f"""
    QLabel {{ background: transparent; }}
    QLabel[kind="title"] {{ font-size: {theme.title}px; font-weight: 600; }}
    QLabel[kind="heading"] {{ font-size: {theme.heading}px; font-weight: 600; }}
    QLabel[kind="strong"] {{ font-weight: 600; }}
    QLabel[kind="quiet"] {{ color: {c("quiet")}; }}
    QLabel[kind="small"] {{ color: {c("quiet")}; font-size: {theme.small}px; }}
    QLabel[tone="accent"] {{ color: {c("accent")}; }}
    QLabel[tone="danger"] {{ color: {c("danger")}; }}
    QLabel[kind="environment"] {{ background: {c("environment")}; color: {c("on_environment")};
        font-weight: 600; padding: {theme.px(4)}px {theme.px(16)}px; }}
    """


def _buttons(theme: Theme) -> str:
    c, px = theme.color, theme.px
    pad = f"padding: {px(4)}px {px(12)}px"
    return f"""
    QPushButton, QToolButton {{ min-height: {px(TARGET - 12)}px; {pad}; border-radius: {px(6)}px;
        background: {c("surface")}; border: 2px solid {c("border")}; color: {c("text")}; }}
    QPushButton:hover, QToolButton:hover {{ background: {c("hover")}; }}
    QPushButton:disabled, QToolButton:disabled {{ color: {c("quiet")}; border-color: {c("line")};
        background: {c("ground")}; }}
    QPushButton:focus, QToolButton:focus {{ border-color: {c("focus")}; }}
    QPushButton[kind="primary"] {{ background: {c("accent")}; color: {c("on_accent")}; border-color: {c("accent")};
        font-weight: 600; min-height: {px(CALL_TARGET - 12)}px; }}
    QPushButton[kind="primary"]:hover {{ background: {c("accent_hover")}; }}
    QPushButton[kind="primary"]:focus {{ border-color: {c("focus")}; }}
    QPushButton[kind="primary"]:disabled {{ background: {c("hover")}; color: {c("quiet")};
        border-color: {c("line")}; }}
    QPushButton[kind="admit"] {{ background: {c("accent")}; color: {c("on_accent")}; border-color: {c("accent")};
        font-weight: 600; }}
    QPushButton[kind="admit"]:hover {{ background: {c("accent_hover")}; }}
    QPushButton[kind="admit"]:focus {{ border-color: {c("focus")}; }}
    QPushButton[kind="admit"]:disabled {{ background: {c("hover")}; color: {c("quiet")}; border-color: {c("line")}; }}
    QPushButton[kind="danger"] {{ background: {c("danger")}; color: {c("on_danger")}; border-color: {c("danger")};
        font-weight: 600; }}
    QPushButton[kind="danger"]:hover {{ background: {c("danger_hover")}; }}
    QPushButton[kind="danger"]:disabled {{ background: {c("hover")}; color: {c("quiet")}; border-color: {c("line")}; }}
    QPushButton[kind="danger"]:focus {{ border-color: {c("focus")}; }}
    QPushButton[kind="plain"], QToolButton[kind="plain"] {{ background: transparent; border-color: transparent;
        color: {c("accent")}; padding: {px(4)}px {px(8)}px; }}
    QPushButton[kind="plain"]:hover, QToolButton[kind="plain"]:hover {{ background: {c("hover")}; }}
    QPushButton[kind="plain"]:focus, QToolButton[kind="plain"]:focus {{ border-color: {c("focus")}; }}
    QPushButton[kind="plain"]:disabled, QToolButton[kind="plain"]:disabled {{ color: {c("quiet")}; }}
    QToolButton::menu-indicator {{ image: none; width: 0px; }}
    QPushButton[kind="chip"]:checked {{ background: {c("accent_soft")}; color: {c("on_accent_soft")};
        border-color: {c("accent")}; font-weight: 600; }}
    QPushButton[kind="chip"]:checked:focus {{ border-color: {c("focus")}; }}
    """


def _fields(theme: Theme) -> str:
    c, px = theme.color, theme.px
    return f"""
    QLineEdit, QPlainTextEdit, QComboBox, QDateTimeEdit, QSpinBox {{ background: {c("surface")}; color: {c("text")};
        border: 2px solid {c("border")}; border-radius: {px(6)}px; padding: {px(4)}px {px(8)}px;
        selection-background-color: {c("accent")}; selection-color: {c("on_accent")}; }}
    QLineEdit, QComboBox, QDateTimeEdit, QSpinBox {{ min-height: {px(TARGET - 12)}px; }}
    QLineEdit, QPlainTextEdit {{ placeholder-text-color: {c("quiet")}; }}
    QLineEdit:focus, QPlainTextEdit:focus, QComboBox:focus, QDateTimeEdit:focus, QSpinBox:focus {{
        border-color: {c("focus")}; }}
    QLineEdit:disabled, QPlainTextEdit:disabled, QComboBox:disabled {{ color: {c("quiet")};
        background: {c("ground")}; border-color: {c("line")}; }}
    QComboBox QLineEdit {{ border: none; padding: 0px; min-height: 0px; background: transparent; }}
    QComboBox::drop-down, QDateTimeEdit::drop-down {{ border: none; width: {px(24)}px; }}
    QTimeEdit::up-button, QTimeEdit::down-button, QSpinBox::up-button, QSpinBox::down-button {{
        border: none; width: 0px; }}
    QComboBox QAbstractItemView {{ background: {c("surface")}; color: {c("text")}; outline: none;
        selection-background-color: {c("accent")}; selection-color: {c("on_accent")}; }}
    QCheckBox, QRadioButton {{ spacing: {px(8)}px; min-height: {px(TARGET - 4)}px; border: 2px solid transparent;
        border-radius: {px(6)}px; background: transparent; padding-right: {px(4)}px; }}
    QCheckBox:focus, QRadioButton:focus {{ border-color: {c("focus")}; }}
    QRadioButton::indicator, QCheckBox::indicator {{ width: {px(14)}px; height: {px(14)}px;
        border: 2px solid {c("border")}; background: {c("surface")}; }}
    QRadioButton::indicator {{ border-radius: {px(7) + 2}px; }}
    QCheckBox::indicator {{ border-radius: {px(4)}px; }}
    QRadioButton::indicator:checked, QCheckBox::indicator:checked {{ border: {px(5)}px solid {c("accent")};
        width: {px(8)}px; height: {px(8)}px; }}
    QRadioButton::indicator:checked {{ border-radius: {px(9)}px; }}
    QProgressBar {{ background: {c("hover")}; border: 1px solid {c("border")}; border-radius: {px(4)}px;
        min-height: {px(8)}px; max-height: {px(12)}px; }}
    QProgressBar::chunk {{ background: {c("accent")}; border-radius: {px(3)}px; }}
    """


def _lists(theme: Theme) -> str:
    c, px = theme.color, theme.px
    return f"""
    QListWidget {{ background: {c("surface")}; border: 2px solid {c("line")}; border-radius: {px(6)}px;
        outline: none; }}
    QListWidget:focus {{ border-color: {c("focus")}; }}
    QListWidget::item {{ padding: {px(4)}px; min-height: {px(TARGET - 8)}px; color: {c("text")}; }}
    QListWidget::item:selected {{ background: {c("accent")}; color: {c("on_accent")}; }}
    QScrollArea {{ background: transparent; border: none; }}
    QScrollArea > QWidget > QWidget[kind="scrolled"] {{ background: transparent; }}
    QScrollBar:vertical {{ background: transparent; width: {px(12)}px; margin: 0px; }}
    QScrollBar::handle:vertical {{ background: {c("border")}; border-radius: {px(4)}px; min-height: {px(32)}px;
        margin: {px(2)}px; }}
    QScrollBar::add-line:vertical, QScrollBar::sub-line:vertical {{ height: 0px; }}
    QScrollBar::add-page:vertical, QScrollBar::sub-page:vertical {{ background: transparent; }}
    QTextBrowser[kind="paper"] {{ background: {LIGHT.surface}; color: {LIGHT.text}; border: 1px solid {c("line")};
        border-radius: {px(8)}px; }}
    QFrame[tone="bubble"] {{ background: {c("accent_soft")}; border: none; border-radius: {px(16)}px; }}
    QFrame[tone="bubble"] QLabel {{ color: {c("on_accent_soft")}; }}
    QPushButton[kind="row"] {{ text-align: left; background: transparent; border-color: transparent; }}
    QPushButton[kind="row"]:hover {{ background: {c("hover")}; }}
    QPushButton[kind="row"]:focus {{ border-color: {c("focus")}; }}
    """


def _bands(theme: Theme) -> str:
    c, px = theme.color, theme.px
    rules = []
    for tone in ("accent", "warning", "danger"):
        ground, ink = c(f"{tone}_soft"), c(f"on_{tone}_soft")
        rules.append(f"""
        QFrame[kind="band"][tone="{tone}"] {{ background: {ground}; border: none;
            border-left: {px(4)}px solid {ink}; border-radius: {px(4)}px; }}
        QFrame[kind="band"][tone="{tone}"] QLabel {{ color: {ink}; }}
        QFrame[kind="band"][tone="{tone}"] QPushButton[kind="band"] {{ background: transparent; color: {ink};
            border-color: {ink}; font-weight: 600; }}
        QFrame[kind="band"][tone="{tone}"] QPushButton[kind="band"]:hover {{ background: {c("surface")};
            color: {c("text")}; }}
        QFrame[kind="band"][tone="{tone}"] QPushButton[kind="band"]:focus {{ background: {c("surface")};
            color: {c("text")}; border-color: {c("focus")}; }}
        """)
    return "\n".join(rules)


def _stage(theme: Theme) -> str:
    c, px = theme.color, theme.px
    return f"""
    QWidget[kind="stage"] {{ background: {c("stage")}; }}
    QLabel[kind="stage"] {{ color: {c("on_stage")}; }}
    QLabel[kind="stage-heading"] {{ color: {c("on_stage")}; font-size: {theme.heading}px; font-weight: 600; }}
    QLabel[kind="stage-quiet"] {{ color: {c("stage_quiet")}; font-size: {theme.small}px; }}
    QPushButton[kind="call"] {{ background: {c("stage_control")}; color: {c("on_stage")};
        border: 2px solid {c("stage_control")}; border-radius: {px(8)}px; min-height: {px(CALL_TARGET - 8)}px;
        padding: {px(4)}px {px(8)}px; }}
    QPushButton[kind="call"]:hover {{ background: {c("stage_hover")}; }}
    QPushButton[kind="call"][tone="off"] {{ background: {c("stage_off")}; color: {c("on_stage_off")};
        border-color: {c("stage_off")}; font-weight: 600; }}
    QPushButton[kind="call"][tone="danger"] {{ background: {c("stage_danger")}; color: {c("on_stage_danger")};
        border-color: {c("stage_danger")}; font-weight: 600; }}
    QPushButton[kind="call"]:focus {{ border-color: {c("stage_focus")}; }}
    QPushButton[kind="call"]:disabled {{ color: {c("stage_quiet")}; background: {c("stage")};
        border-color: {c("stage_control")}; }}
    """
