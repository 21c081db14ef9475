"""The HTML part of a mail: the same words as the plain text, with the way in as something to press. Pure.

Mail programs know little CSS and load nothing, so everything stands in ``style`` and there is no picture. Right-to-left
languages are marked as such, and addresses and numbers keep their own direction.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from vdx_plugin.invitations.text_files import LanguageFile

_FONT = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','Noto Sans Arabic',Arial,sans-serif"
_BODY = f"margin:0;padding:24px 12px;background:#f3f5f7;color:#1b242c;{_FONT};font-size:16px;line-height:1.5"
_CARD = "max-width:560px;margin:0 auto;padding:24px;background:#ffffff;border-radius:8px"
_BUTTON = (
    "display:inline-block;padding:12px 20px;border-radius:6px;background:#0b5c8a;color:#ffffff;"
    "font-weight:600;text-decoration:none"
)
_ADDRESS = "font-size:13px;color:#51606d;word-break:break-all"


@dataclass(frozen=True, slots=True)
class Manner:
    """How a language is written on a page. ``open`` stands on what is pressed to get in."""

    code: str
    is_right_to_left: bool
    open: str

    @property
    def direction(self) -> str:
        return "rtl" if self.is_right_to_left else "ltr"

    @classmethod
    def of(cls, language: LanguageFile) -> Manner:
        """Return the manner of a language."""
        return cls(language.code, language.is_right_to_left, language.words["open"])


def html(text: str, link: str, manner: Manner) -> str:
    """Return the page; ``link`` is the line of ``text`` that becomes the way in, empty for none."""
    direction = manner.direction
    first, *others = text.split("\n\n")
    blocks = "\n".join([_first(first, link, manner), *(_block(block, link, manner) for block in others)])
    return (
        f'<!doctype html>\n<html lang="{manner.code}" dir="{direction}">\n'
        '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"></head>\n'
        f'<body style="{_BODY}">\n<div style="{_CARD}" dir="{direction}">\n{blocks}\n</div>\n</body>\n</html>\n'
    )


def _block(block: str, link: str, manner: Manner) -> str:
    lines = [_way_in(link, manner) if link and line == link else _line(line, manner) for line in block.split("\n")]
    return f'<p style="margin:0 0 16px">{"<br>".join(lines)}</p>'


def _first(block: str, link: str, manner: Manner) -> str:
    """A short first line that is no sentence says what has changed: NEW TIME, CANCELLED. It must not be overlooked."""
    if "\n" in block or block == link or block[-1:] in ".:!?" or len(block) > 60:
        return _block(block, link, manner)
    return f'<p style="margin:0 0 16px"><strong style="font-size:20px">{_line(block, manner)}</strong></p>'


def _line(line: str, manner: Manner) -> str:
    # Not left to the first letter, which may be the clinic's.
    return f'<bdi dir="{manner.direction}">{escape(line)}</bdi>'


def _way_in(link: str, manner: Manner) -> str:
    address = escape(link)
    pressed = f'<a href="{address}" style="{_BUTTON}">{escape(manner.open)}</a>'
    return (
        f'<span style="display:block;margin:8px 0">{pressed}</span>'
        f'<a href="{address}" style="{_ADDRESS}"><bdi dir="ltr">{address}</bdi></a>'
    )
