"""What stands on the report's page, as values: sentences, cards, tables and drawings. The template only sets it out.

``page_of`` is the whole; each section that has nothing to show is left out rather than shown empty.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vdx_plugin.domain.parties import PartyRole
from vdx_plugin.monitoring import plots
from vdx_plugin.monitoring.aggregation import ALL, Aggregate, Figures, LineClass, Outcome
from vdx_plugin.monitoring.catalogue import catalogue, figure
from vdx_plugin.monitoring.figure import Unit
from vdx_plugin.monitoring.goals import GOALS, Goal, Verdict
from vdx_plugin.monitoring.timeline import Timeline
from vdx_plugin.monitoring.wording import (
    group_name,
    line_name,
    number,
    outcome_name,
    reason_name,
    short_day,
    shown,
    step_name,
    verdict_name,
)
from vdx_plugin.texts import _

_FAILURES_DRAWN = 8
_PRACTICES_DRAWN = 20
_OUTCOME_LOOKS = {
    Outcome.VIDEO: ("#0a5c88", ""),
    Outcome.PHONE: ("#8fc3de", ""),
    Outcome.FAILED: ("#b3261e", "///"),
    Outcome.NOBODY_CAME: ("#e0b44c", ""),
    Outcome.BROKEN_OFF: ("#ccd4db", ""),
}
_LINE_LOOKS = {
    LineClass.GOOD: ("#0a5c88", ""),
    LineClass.FAIR: ("#8fc3de", ""),
    LineClass.POOR: ("#b3261e", "///"),
    LineClass.UNMEASURED: ("#ccd4db", ""),
}


@dataclass(frozen=True, slots=True)
class Card:
    """One figure at the top, with its goal. ``verdict`` is for the look, ``verdict_text`` for the reader."""

    label: str
    value: str
    goal: str
    verdict: Verdict
    verdict_text: str
    basis: str


@dataclass(frozen=True, slots=True)
class Row:
    head: str
    cells: tuple[str, ...]
    small: str = ""
    """A code for support, under the head."""
    is_total: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    caption: str
    columns: tuple[str, ...]
    """The first is that of the row heads."""
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Section:
    id: str
    title: str
    lead: str
    table: Table
    drawing: str = ""
    note: str = ""
    folds: bool = False
    """The table is long and only for looking up: folded until wanted, open in print."""


@dataclass(frozen=True, slots=True)
class Definition:
    names: str
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    lead: str
    cards: tuple[Card, ...]
    sections: tuple[Section, ...]
    definitions: tuple[Definition, ...]


def page_of(aggregate: Aggregate, line: Timeline) -> Page:
    """Put the page together in the language in use."""
    if not aggregate.total.attempts:
        return Page(_("Der er ingen videosamtaler i perioden."), (), (), _definitions())
    sections = (
        _outcomes(aggregate),
        _over_time(line),
        _start_times(aggregate),
        _failures(aggregate.total),
        _lines(aggregate),
        _invitations(aggregate),
        _interpreters(aggregate.group(PartyRole.INTERPRETER)),
        _practices(aggregate),
    )
    return Page(
        _lead(aggregate),
        tuple(_card(goal, aggregate.total) for goal in GOALS),
        tuple(section for section in sections if section is not None),
        _definitions(),
    )


def _definitions() -> tuple[Definition, ...]:
    """Return each definition once, with all that it defines."""
    names: dict[str, dict[str, None]] = {}
    for each in catalogue():
        names.setdefault(each.definition, {})[each.name] = None
    return tuple(Definition(" · ".join(of), text) for text, of in names.items())


def _lead(aggregate: Aggregate) -> str:
    total = aggregate.total
    sentence = _(
        "{attempts} forsøg: {video} holdt på video, {phone} på telefon i stedet, {failed} mislykkedes, "
        "{other} uden samtale (ingen kom, aflyst eller afbrudt)."
    ).format(
        attempts=number(total.attempts, 0),
        video=number(total.succeeded, 0),
        phone=number(total.outcomes.get(Outcome.PHONE, 0), 0),
        failed=number(total.outcomes.get(Outcome.FAILED, 0), 0),
        other=number(total.attempts - total.with_contact_wanted, 0),
    )
    if not aggregate.tests_left_out:
        return sentence
    return f"{sentence} " + _("{tests} testkald er udeladt.").format(tests=number(aggregate.tests_left_out, 0))


def _card(goal: Goal, total: Figures) -> Card:
    what = figure(goal.key)
    value, n = what.value(total), what.n(total)
    verdict = goal.judge(value, n)
    bound = shown(goal.bound, what.unit)
    return Card(
        what.label,
        shown(value, what.unit),
        (_("Mål: mindst {bound}") if goal.at_least else _("Mål: højst {bound}")).format(bound=bound),
        verdict,
        verdict_name(verdict),
        _("af {n}").format(n=number(n, 0)) if what.unit is Unit.SHARE else _("{n} målt").format(n=number(n, 0)),
    )


def _by_group(groups: Iterable[Figures], keys: Iterable[str]) -> tuple[Row, ...]:
    """Return one row a group with the figures of those keys."""
    chosen = [figure(key) for key in keys]
    return tuple(
        Row(
            group_name(each.group),
            tuple(shown(what.value(each), what.unit) for what in chosen),
            is_total=each.group == ALL,
        )
        for each in groups
    )


def _headed(first: str, keys: Iterable[str]) -> tuple[str, ...]:
    return (first, *(figure(key).label for key in keys))


def _outcomes(aggregate: Aggregate) -> Section:
    keys = ("attempts", "meetings", *Outcome, "success_share", "participants", "minutes")
    groups = [each for each in aggregate.groups if each.attempts]
    without = [group_name(each.group) for each in aggregate.groups if not each.attempts]
    series = [
        plots.Series(outcome_name(each), [f.outcomes.get(each, 0) for f in groups], *_OUTCOME_LOOKS[each])
        for each in Outcome
    ]
    title = _("Hvad forsøgene blev til")
    return Section(
        "outcomes",
        title,
        _("Andel af forsøgene for hver slags partner. En samtale med flere slags partnere står under hver af dem."),
        Table(title, _headed(_("Partner"), keys), _by_group(groups, keys)),
        plots.shares([group_name(f.group) for f in groups], series, key="outcomes"),
        note=_("Ingen forsøg med: {partners}.").format(partners=", ".join(without).lower()) if without else "",
    )


def _over_time(line: Timeline) -> Section:
    labels = [short_day(stretch.first, by_week=line.by_week) for stretch in line.stretches]
    series = [
        plots.Series(outcome_name(each), [s.outcomes.get(each, 0) for s in line.stretches], *_OUTCOME_LOOKS[each])
        for each in Outcome
    ]
    rows = tuple(
        Row(label, (number(s.attempts, 0), *(number(s.outcomes.get(each, 0), 0) for each in Outcome)))
        for label, s in zip(labels, line.stretches, strict=True)
    )
    title = _("Forsøg pr. uge") if line.by_week else _("Forsøg pr. måned")
    first = _("Uge fra") if line.by_week else _("Måned")
    return Section(
        "time",
        title,
        _("Uger begynder mandag.") if line.by_week else "",
        Table(title, (first, _("Forsøg"), *(outcome_name(each) for each in Outcome)), rows),
        plots.columns(labels, series, key="time"),
        folds=True,
    )


def _start_times(aggregate: Aggregate) -> Section | None:
    total = aggregate.total
    goals = {"room_ready_ms": 2.0}
    ranges = []
    for key in ("room_ready_ms", "join_ms", "first_audio_ms", "first_video_ms"):
        middle, slow = figure(f"{key}_p50"), figure(f"{key}_p95")
        p50, p95 = middle.value(total), slow.value(total)
        if p50 is not None and p95 is not None:
            ranges.append(plots.Range(middle.name, p50 / 1000, p95 / 1000, goals.get(key)))
    if not ranges:
        return None
    rows = tuple(Row(each.name, (shown(each.p50 * 1000, Unit.MS), shown(each.p95 * 1000, Unit.MS))) for each in ranges)
    title = _("Tid fra klik til samtale")
    return Section(
        "start",
        title,
        _("Prik: halvdelen gik hurtigere. Ring: 95 % gik hurtigere. De to sidste rummer ventetid på den anden."),
        Table(title, (_("Fra klikket til"), _("Median"), _("95 % inden for")), rows),
        plots.ranges(ranges, unit=_("sekunder"), goal_name=_("mål"), key="start"),
    )


def _failures(total: Figures) -> Section | None:
    if not total.failures:
        return None
    rows = tuple(
        Row(
            f"{step_name(each.step)}: {reason_name(each.reason)}",
            (number(each.count, 0), number(each.held_anyway, 0)),
            small=each.reason,
        )
        for each in total.failures
    )
    drawn = [
        (f"{step_name(each.step)}: {_shortened(reason_name(each.reason))}", float(each.count), number(each.count, 0))
        for each in total.failures[:_FAILURES_DRAWN]
    ]
    title = _("Fejl efter trin og årsag")
    return Section(
        "failures",
        title,
        _("Hver fejl, også hvor samtalen blev holdt alligevel på video eller telefon."),
        Table(title, (_("Trin og årsag"), _("Gange"), _("Holdt alligevel")), rows),
        plots.bars(drawn, key="failures"),
    )


def _shortened(text: str) -> str:
    return text if len(text) <= 44 else f"{text[:43].rsplit(' ', 1)[0]} …"


def _lines(aggregate: Aggregate) -> Section | None:
    groups = [each for each in aggregate.groups if each.meetings]
    if not groups:
        return None
    keys = ("mos_p50", "heard_well_share", *(f"line_{line}" for line in LineClass), "reconnects")
    series = [
        plots.Series(line_name(each), [f.lines.get(each, 0) for f in groups], *_LINE_LOOKS[each]) for each in LineClass
    ]
    title = _("Linje og lyd i møderne")
    return Section(
        "line",
        title,
        _("Andel af møderne efter linjens dårligste mål: tab, svartid og jitter."),
        Table(title, _headed(_("Partner"), keys), _by_group(groups, keys)),
        plots.shares([group_name(f.group) for f in groups], series, key="line"),
        note=_("Lydkvalitet er et skøn fra 1 til 4,4. Det sammenligner linjer og dage, ikke enkelte samtaler."),
    )


def _invitations(aggregate: Aggregate) -> Section | None:
    groups = [each for each in aggregate.groups if each.expected_parties or each.delivery_s.n]
    if not groups:
        return None
    keys = (
        "delivery_s_p50",
        "delivery_s_p95",
        "answer_s_p50",
        "answer_s_p95",
        "expected_parties",
        "no_shows",
        "no_show_share",
    )
    title = _("Invitationer og fremmøde")
    return Section(
        "invitations",
        title,
        _("Bekræftet er et systems ord, svar er et menneskes. E-mail og link bliver ikke bekræftet."),
        Table(title, _headed(_("Partner"), keys), _by_group(groups, keys)),
    )


def _interpreters(group: Figures) -> Section | None:
    if not group.interpreters.ordered:
        return None
    keys = ("came", "by_phone", "absent", "absent_share", "late", "late_min_p50", "late_min_p95")
    chosen = [figure(f"interpreter_{key}") for key in ("ordered", *keys)]
    title = _("Tolke")
    rows = tuple(Row(what.label, (shown(what.value(group), what.unit),)) for what in chosen)
    return Section(
        "interpreters",
        title,
        _("En tolk, der kommer mere end 15 minutter for sent, tæller som udeblevet."),
        Table(title, (_("Tal"), _("Værdi")), rows),
    )


def _practices(aggregate: Aggregate) -> Section | None:
    """Show practices beside each other; one practice alone has nobody to be compared with."""
    own = aggregate.practices
    if len(own) < 2:
        return None
    rows = tuple(
        Row(
            each.practice,
            (
                number(each.attempts, 0),
                number(each.meetings, 0),
                number(each.succeeded, 0),
                shown(each.succeeded / each.attempts, Unit.SHARE),
                number(each.fallbacks, 0),
                shown(each.minutes, Unit.MINUTES),
            ),
        )
        for each in own
    )
    drawn = [
        (each.practice, float(each.attempts), f"{each.attempts} ({shown(each.succeeded / each.attempts, Unit.SHARE)})")
        for each in own[:_PRACTICES_DRAWN]
    ]
    title = _("Praksis ved praksis")
    keys = ("attempts", "meetings", "video", "success_share", "fallbacks", "minutes")
    ordered = sorted(each.attempts for each in own)
    middle = ordered[len(ordered) // 2]
    return Section(
        "practices",
        title,
        _("{count} praksisser: fra {least} til {most} forsøg, den midterste {middle}.").format(
            count=len(own), least=ordered[0], middle=middle, most=ordered[-1]
        ),
        Table(title, _headed(_("Praksis"), keys), rows),
        plots.bars(drawn, key="practices"),
        note=_("Tallet ved stregen er forsøg, i parentes andelen holdt på video."),
    )
