"""The page and the table of a practice."""

from __future__ import annotations

import csv
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.unit.monitoring.measured import MARCH, held, party, use
from vdx_plugin import texts
from vdx_plugin.domain.measures import LineFigures, PartyMeasure, UseMeasure
from vdx_plugin.domain.parties import PartyRole
from vdx_plugin.monitoring.aggregation import aggregate
from vdx_plugin.monitoring.figure import Unit
from vdx_plugin.monitoring.page import page_of
from vdx_plugin.monitoring.report import ReportPaths, write_report
from vdx_plugin.monitoring.timeline import timeline
from vdx_plugin.monitoring.wording import duration, shown

LINE = LineFigures(loss_p50=0.0, loss_p95=0.0, jitter_ms_p95=5, rtt_ms_p50=20, rtt_ms_p95=30)
_EMPTY = {"meta", "br", "link", "img", "hr", "input"}


class Outline(HTMLParser):
    """Reads the page as a browser would: unclosed elements, ids used twice, and what it would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.fetched: list[str] = []
        self.headless_columns = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag not in _EMPTY:
            self.open.append(tag)
        if named.get("id"):
            self.ids.append(str(named["id"]))
        if tag == "th" and "scope" not in named:
            self.headless_columns += 1
        for attribute in ("src", "href", "xlink:href"):
            target = named.get(attribute) or "#"
            if not target.startswith("#"):
                self.fetched.append(target)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def some_of_everything() -> tuple[list[UseMeasure], list[PartyMeasure]]:
    good = {"line": LINE, "room_ready_ms": 900, "first_audio_ms": 4000, "first_video_ms": 4500}
    uses = [
        *(held(n, **good) for n in range(1, 12)),
        use(12, fallback="phone", failed_step="video", reason_code="media.no_path"),
        use(13, join_ms=None, failed_step="room", reason_code="vdx.unreachable", practice="practice-2"),
        use(14, most_participants=1),
        held(15, is_test=True),
    ]
    parties = [party(n) for n in range(1, 15)]
    parties += [party(1, PartyRole.INTERPRETER), party(2, PartyRole.HOSPITAL, came=False)]
    return uses, parties


@pytest.fixture
def report(tmp_path: Path) -> ReportPaths:
    uses, parties = some_of_everything()
    return write_report(uses, parties, tmp_path / "new", MARCH, practice_name="Lægehuset <Eksempel>")


@pytest.fixture
def _danish_again() -> Iterator[None]:
    yield
    texts.set_language("da")


def test_the_page_is_sound_and_asks_the_network_for_nothing(report: ReportPaths) -> None:
    """It is opened years later, on a machine that may have no network, and by screen readers."""
    outline = Outline()
    text = report.page.read_text(encoding="utf-8")
    outline.feed(text)
    assert outline.open == []
    assert outline.fetched == []
    assert len(outline.ids) == len(set(outline.ids))
    assert outline.headless_columns == 0
    assert "url(http" not in text
    assert "&lt;Eksempel&gt;" in text


def test_every_drawing_is_whole_and_stands_beside_a_table(report: ReportPaths) -> None:
    """A drawing alone tells a blind reader nothing, and half an SVG swallows the rest of the page."""
    text = report.page.read_text(encoding="utf-8")
    drawings = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert len(drawings) == 6
    for drawing in drawings:
        ET.fromstring(drawing)
    assert text.count("<table>") >= len(drawings)


def test_the_same_measures_make_the_same_page(tmp_path: Path, report: ReportPaths) -> None:
    """A page that changes by itself cannot be compared with last month's."""
    uses, parties = some_of_everything()
    again = write_report(uses[::-1], parties[::-1], tmp_path / "again", MARCH, practice_name="Lægehuset <Eksempel>")
    assert again.page.read_bytes() == report.page.read_bytes()
    assert again.table.read_bytes() == report.table.read_bytes()


def test_files_are_named_by_danish_days(report: ReportPaths) -> None:
    """The last of March ends at 22 UTC; a name in UTC would say April, or leave a day out."""
    assert report.page.name == "vdx-report-20260301-20260401.html"
    assert report.table.name == "vdx-report-20260301-20260401.csv"


def test_the_table_opens_in_a_danish_spreadsheet_and_in_a_program(report: ReportPaths) -> None:
    """Byte order mark and semicolons for the one, a point in decimals for the other."""
    raw = report.table.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(raw.decode("utf-8-sig").splitlines(), delimiter=";"))
    values = {(row["group"], row["practice"], row["figure"], row["detail"]): row["value"] for row in rows}
    assert values["all", "", "attempts", ""] == "14"
    assert values["all", "", "success_share", ""] == "0.7857"
    assert values["hospital", "", "no_shows", ""] == "1"
    assert values["all", "", "failures", "room/vdx.unreachable"] == "1"
    assert values["all", "practice-2", "attempts", ""] == "1"
    assert values["municipality", "", "room_ready_ms_p50", ""] == ""
    assert not any("," in row["value"] for row in rows)


def test_a_goal_is_judged_only_when_there_is_enough_to_judge() -> None:
    """One failure of two is not "the goal is missed", and no call at all is not a goal reached."""
    uses, parties = some_of_everything()
    cards = page_of(aggregate(uses, parties, MARCH), timeline(uses, MARCH)).cards
    assert [card.verdict for card in cards] == ["missed", "missed", "met", "met"]
    few = page_of(aggregate(uses[:4], parties[:4], MARCH), timeline(uses[:4], MARCH)).cards
    assert {card.verdict for card in few} == {"too_few"}
    assert few[0].value == "100\N{NO-BREAK SPACE}%"


def test_a_period_without_a_call_says_so(tmp_path: Path) -> None:
    """Empty axes and zeros would look like a fault."""
    text = write_report([], [], tmp_path, MARCH).page.read_text(encoding="utf-8")
    assert "Der er ingen videosamtaler i perioden." in text
    assert "<svg" not in text


def test_failures_alone_still_make_a_page(tmp_path: Path) -> None:
    """The page matters most on the day when nothing worked, and then there is no line and no time to show."""
    uses = [use(n, join_ms=None, failed_step="room", reason_code="vdx.unreachable") for n in range(1, 7)]
    text = write_report(uses, [], tmp_path, MARCH).page.read_text(encoding="utf-8")
    assert "6 mislykkedes" in text
    assert "VDX svarer ikke" in text
    assert 'id="line"' not in text


def test_a_reason_without_a_text_is_shown_by_its_code(tmp_path: Path) -> None:
    """Better a code for support than an empty line."""
    uses = [
        replace(use(1, join_ms=None), failed_step="room", reason_code="vdx.brand_new"),
        use(2, end_reason="technical"),
    ]
    assert "vdx.brand_new" in write_report(uses, [], tmp_path, MARCH).page.read_text(encoding="utf-8")


@pytest.mark.usefixtures("_danish_again")
def test_numbers_follow_the_language() -> None:
    """1.234 is a thousand in one language and one and a bit in the other."""
    danish = [shown(1234, Unit.COUNT), shown(0.996, Unit.SHARE), shown(1849, Unit.MS), shown(None, Unit.MS)]
    assert danish == ["1.234", "99,6\N{NO-BREAK SPACE}%", "1,8\N{NO-BREAK SPACE}s", "–"]
    texts.set_language("en")
    assert shown(1234, Unit.COUNT) == "1,234"
    assert shown(4.25, Unit.MOS) == "4.2"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "120 min"), (7200, "2 t"), (172800, "2 døgn")],
)
def test_a_time_is_told_in_the_unit_that_fits_it(seconds: float, text: str) -> None:
    """Nobody reads 28,800 seconds."""
    assert duration(seconds).replace("\N{NO-BREAK SPACE}", " ") == text


def test_the_moment_of_making_is_told_in_danish_time(tmp_path: Path) -> None:
    """Two printouts of one month must be told apart by those who hold them."""
    made = datetime(2026, 4, 1, 6, 30, tzinfo=UTC)
    text = write_report([], [], tmp_path, MARCH, made_at=made).page.read_text(encoding="utf-8")
    assert "1. april 2026 08:30" in text


@pytest.mark.usefixtures("_danish_again")
def test_english_dates_are_british(tmp_path: Path) -> None:
    """Day before month in both languages; 3/1 and March 1 have been misread before."""
    texts.set_language("en")
    made = datetime(2026, 4, 1, 6, 30, tzinfo=UTC)
    text = write_report([], [], tmp_path, MARCH, made_at=made).page.read_text(encoding="utf-8")
    assert "1 March 2026" in text
    assert "1 April 2026 08:30" in text
