"""The practice's own report: one page to read and print, and one table to calculate on.

Nothing is held back here, because a practice may see its own figures; what leaves it goes through ``export``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import jinja2
from markupsafe import Markup

from vdx_plugin import __version__, texts
from vdx_plugin.domain.measures import PartyMeasure, UseMeasure
from vdx_plugin.monitoring.aggregation import Period, aggregate
from vdx_plugin.monitoring.page import Page, page_of
from vdx_plugin.monitoring.table_file import rows_of, write_rows
from vdx_plugin.monitoring.timeline import first_and_last_day, timeline
from vdx_plugin.monitoring.wording import day, moment


class ReportPaths(NamedTuple):
    page: Path
    table: Path


def write_report(
    uses: Sequence[UseMeasure],
    parties: Sequence[PartyMeasure],
    out_dir: Path,
    period: Period,
    *,
    practice_name: str = "",
    made_at: datetime | None = None,
) -> ReportPaths:
    """Write the page and the table of the visits begun in ``period`` into ``out_dir`` (made if missing).

    The names carry the days, so that a second run of the same period replaces the first. ``practice_name`` stands at
    the top. The page is in the language in use and asks for nothing from the network. Raises OSError.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    figures = aggregate(uses, parties, period)
    first, last = first_and_last_day(period)
    stem = f"vdx-report-{first:%Y%m%d}-{last:%Y%m%d}"
    paths = ReportPaths(out_dir / f"{stem}.html", out_dir / f"{stem}.csv")
    page = page_of(figures, timeline(uses, period))
    paths.page.write_text(render(page, period, practice_name, made_at), encoding="utf-8")
    write_rows(rows_of(figures), paths.table)
    return paths


def render(page: Page, period: Period, practice_name: str = "", made_at: datetime | None = None) -> str:
    """Return the page as HTML."""
    first, last = first_and_last_day(period)
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("vdx_plugin.monitoring"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["_"] = texts._
    # The drawings are our own and hold no text from outside.
    environment.filters["drawing"] = Markup
    return environment.get_template("report.html.j2").render(
        page=page,
        language=texts.language(),
        practice_name=practice_name,
        first_day=day(first),
        last_day=day(last),
        made_at=moment(made_at) if made_at else "",
        version=__version__,
    )
