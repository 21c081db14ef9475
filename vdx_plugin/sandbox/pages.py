"""The sandbox's pages: one Jinja2 environment over ``templates/``, Danish forms of times, links made clickable."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse

_ZONE = ZoneInfo("Europe/Copenhagen")
_LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)]")
_DAYS = ("mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag")
_MONTHS = (
    "januar",
    "februar",
    "marts",
    "april",
    "maj",
    "juni",
    "juli",
    "august",
    "september",
    "oktober",
    "november",
    "december",
)


def danish_time(value: datetime | None) -> str:
    """Write a time as ``onsdag 14. oktober 2026 kl. 13.00`` in Danish time; empty for None."""
    if value is None:
        return ""
    local = value.astimezone(_ZONE)
    day = f"{_DAYS[local.weekday()]} {local.day}. {_MONTHS[local.month - 1]} {local.year}"
    return f"{day} kl. {local:%H.%M}"


def short_time(value: datetime | None) -> str:
    """Write a time as ``14.10.2026 13.00`` in Danish time; empty for None."""
    return "" if value is None else f"{value.astimezone(_ZONE):%d.%m.%Y %H.%M}"


def clickable(text: str) -> Markup:
    """Return text as safe HTML with its http links made clickable; line breaks are left to the style sheet."""
    parts: list[Markup] = []
    end = 0
    for found in _LINK.finditer(text):
        link = escape(found.group())
        parts.append(escape(text[end : found.start()]))
        parts.append(Markup('<a href="{0}" rel="noreferrer" target="_blank">{0}</a>').format(link))
        end = found.end()
    parts.append(escape(text[end:]))
    return Markup("").join(parts)


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("vdx_plugin.sandbox", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"danish": danish_time, "short_time": short_time, "clickable": clickable}
    return environment


_PAGES = _environment()
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'"
)
_HEADERS = {"Cache-Control": "no-store", "Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"}


def page(name: str, *, status_code: int = 200, **values: object) -> HTMLResponse:
    """Return the page made of the template ``name``; nobody keeps it, and it loads nothing from elsewhere."""
    html = _PAGES.get_template(name).render(**values)
    return HTMLResponse(html, status_code=status_code, headers=_HEADERS)
