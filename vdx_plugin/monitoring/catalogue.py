"""Every figure once: its key, unit, label and definition, and how it is read off the group's figures.

The page, the table for spreadsheets, the export and ``docs/data-dictionary.md`` all follow this list, so that a word
means the same everywhere. Keys are stable: a figure that comes to be counted otherwise gets a new key.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from vdx_plugin.monitoring.aggregation import Figures, LineClass, Outcome
from vdx_plugin.monitoring.spread import Spread
from vdx_plugin.texts import _


class Unit(StrEnum):
    COUNT = "count"
    SHARE = "share"
    """0..1 in files, per cent on the page."""
    MS = "ms"
    SECONDS = "s"
    MINUTES = "min"
    MOS = "mos"


@dataclass(frozen=True, slots=True)
class Figure:
    """``value`` is None where nothing was measured; ``n`` is the number of visits or parties it rests on."""

    key: str
    unit: Unit
    label: str
    definition: str
    value: Callable[[Figures], float | None]
    n: Callable[[Figures], int]


def catalogue() -> tuple[Figure, ...]:
    """Return all figures in the order in which they are shown, in the language in use."""
    return (*_counts(), *_shares(), *_volume(), *_times(), *_invitation(), *_quality(), *_interpreter())


def figure(key: str) -> Figure:
    """Return one figure of the catalogue. Raises KeyError for an unknown key."""
    return {each.key: each for each in catalogue()}[key]


def _count(key: str, label: str, definition: str, value: Callable[[Figures], int]) -> Figure:
    return Figure(key, Unit.COUNT, label, definition, value, value)


def _share(
    key: str, label: str, definition: str, part: Callable[[Figures], int], whole: Callable[[Figures], int]
) -> Figure:
    def value(figures: Figures) -> float | None:
        return part(figures) / whole(figures) if whole(figures) else None

    return Figure(key, Unit.SHARE, label, definition, value, whole)


def _outcome(outcome: Outcome) -> Callable[[Figures], int]:
    return lambda figures: figures.outcomes.get(outcome, 0)


def _line(line: LineClass) -> Callable[[Figures], int]:
    return lambda figures: figures.lines.get(line, 0)


def _counts() -> tuple[Figure, ...]:
    return (
        _count(
            "attempts",
            _("Forsøg"),
            _("Hver gang en videosamtale blev sat i gang eller planlagt, også når den ikke lykkedes. Test er udeladt."),
            lambda f: f.attempts,
        ),
        _count(
            "meetings",
            _("Møder (som VDX tæller)"),
            _("Forsøg med mindst to deltagere på samme tid. Samme regel som i MedComs egen VDX-statistik."),
            lambda f: f.meetings,
        ),
        _count(
            "video",
            _("Holdt på video"),
            _("Møder med billede eller lyd begge veje i mindst 60 sekunder."),
            _outcome(Outcome.VIDEO),
        ),
        _count(
            "phone",
            _("Holdt på telefon i stedet"),
            _("Forsøg, der ikke blev til video, men fortsatte på telefon fra programmet."),
            _outcome(Outcome.PHONE),
        ),
        _count(
            "failed",
            _("Mislykket af tekniske grunde"),
            _("Forsøg med en registreret fejl, som hverken endte på video eller telefon."),
            _outcome(Outcome.FAILED),
        ),
        _count(
            "nobody_came",
            _("Ingen kom"),
            _("Lægen var i rummet uden fejl, men ingen anden kom ind."),
            _outcome(Outcome.NOBODY_CAME),
        ),
        _count(
            "broken_off",
            _("Aflyst eller afbrudt"),
            _("Aflyst, eller afsluttet før der var gået et minut, uden registreret fejl."),
            _outcome(Outcome.BROKEN_OFF),
        ),
        _count(
            "fallbacks",
            _("Skift til telefon"),
            _("Alle samtaler, der fortsatte på telefon, også efter at en del var holdt på video."),
            lambda f: f.fallbacks,
        ),
    )


def _shares() -> tuple[Figure, ...]:
    return (
        _share(
            "success_share",
            _("Holdt på video, af alle forsøg"),
            _("Holdt på video divideret med forsøg."),
            lambda f: f.succeeded,
            lambda f: f.attempts,
        ),
        _share(
            "video_share",
            _("Videoen virkede"),
            _(
                "Holdt på video divideret med summen af holdt på video, holdt på telefon og mislykket. "
                "Forsøg, hvor ingen kom, eller som blev aflyst, er ikke med."
            ),
            lambda f: f.succeeded,
            lambda f: f.with_contact_wanted,
        ),
        _share(
            "contact_share",
            _("Kontakt på video eller telefon"),
            _("Holdt på video eller telefon divideret med summen af holdt på video, holdt på telefon og mislykket."),
            lambda f: f.succeeded + f.outcomes.get(Outcome.PHONE, 0),
            lambda f: f.with_contact_wanted,
        ),
    )


def _volume() -> tuple[Figure, ...]:
    return (
        Figure(
            "participants",
            Unit.COUNT,
            _("Deltagere"),
            _("Summen over møderne af det største antal, der var i rummet på samme tid, lægen medregnet."),
            lambda f: f.participants,
            lambda f: f.meetings,
        ),
        Figure(
            "minutes",
            Unit.MINUTES,
            _("Minutter"),
            _("Tid med billede eller lyd begge veje, lagt sammen over møderne, én gang pr. møde og ikke pr. deltager."),
            lambda f: f.minutes,
            lambda f: f.meetings,
        ),
        Figure(
            "minutes_per_meeting",
            Unit.MINUTES,
            _("Minutter pr. møde"),
            _("Minutter divideret med møder."),
            lambda f: f.minutes / f.meetings if f.meetings else None,
            lambda f: f.meetings,
        ),
    )


def _pair(
    key: str, unit: Unit, label: str, definition: str, read: Callable[[Figures], Spread]
) -> tuple[Figure, Figure]:
    """Make the median and the 95th percentile of one spread."""

    def n(figures: Figures) -> int:
        return read(figures).n

    middle = Figure(f"{key}_p50", unit, f"{label}, {_('median')}", definition, lambda f: read(f).p50, n)
    slow = Figure(f"{key}_p95", unit, f"{label}, {_('95 % inden for')}", definition, lambda f: read(f).p95, n)
    return middle, slow


def _times() -> tuple[Figure, ...]:
    from_click = _("Tid fra klikket på Start video.")
    return (
        *_pair("room_ready_ms", Unit.MS, _("Rummet klar"), from_click, lambda f: f.room_ready_ms),
        *_pair("join_ms", Unit.MS, _("Lægen inde i rummet"), from_click, lambda f: f.join_ms),
        *_pair(
            "first_audio_ms",
            Unit.MS,
            _("Første lyd fra den anden"),
            f"{from_click} {_('Ventetiden, til den anden kommer, er med.')}",
            lambda f: f.first_audio_ms,
        ),
        *_pair(
            "first_video_ms",
            Unit.MS,
            _("Første billede fra den anden"),
            f"{from_click} {_('Ventetiden, til den anden kommer, er med.')}",
            lambda f: f.first_video_ms,
        ),
    )


def _invitation() -> tuple[Figure, ...]:
    return (
        *_pair(
            "delivery_s",
            Unit.SECONDS,
            _("Invitation bekræftet"),
            _("Tid, fra invitationen lå klar til afsendelse, til modtagerens system bekræftede den."),
            lambda f: f.delivery_s,
        ),
        *_pair(
            "answer_s",
            Unit.SECONDS,
            _("Svar fra et menneske"),
            _("Tid fra bekræftet invitation til svar."),
            lambda f: f.answer_s,
        ),
        _count(
            "expected_parties",
            _("Ventede parter"),
            _("Parter, der kunne være kommet: lægen var i rummet, og parten blev ikke nået på telefon i stedet."),
            lambda f: f.expected_parties,
        ),
        _count(
            "no_shows",
            _("Udeblevne parter"),
            _("Ventede parter, der hverken nåede venterum eller samtale."),
            lambda f: f.no_shows,
        ),
        _share(
            "no_show_share",
            _("Udeblivelse"),
            _("Udeblevne parter divideret med ventede parter."),
            lambda f: f.no_shows,
            lambda f: f.expected_parties,
        ),
    )


def _quality() -> tuple[Figure, ...]:
    mos = _("Skøn efter E-modellen (ITU-T G.107) ud fra tab, jitter og svartid, 1 til 4,4. Højere er bedre.")
    line = _(
        "Linjens dårligste mål i mødet. God: tab under 1 %, svartid under 50 ms og jitter under 30 ms i 95 % af tiden. "
        "Dårlig: tab over 2,5 %, svartid over 150 ms eller jitter over 80 ms."
    )
    return (
        Figure("mos_p50", Unit.MOS, _("Lydkvalitet, median"), mos, lambda f: f.mos.p50, lambda f: f.mos.n),
        _share(
            "heard_well_share",
            _("Møder med god lyd"),
            _("Møder med skønnet lydkvalitet på mindst 3,6 divideret med møder, hvor den er målt."),
            lambda f: f.heard_well,
            lambda f: f.mos.n,
        ),
        _count("line_good", _("God linje"), line, _line(LineClass.GOOD)),
        _count("line_fair", _("Nogenlunde linje"), line, _line(LineClass.FAIR)),
        _count("line_poor", _("Dårlig linje"), line, _line(LineClass.POOR)),
        _count("line_unmeasured", _("Linje ikke målt"), line, _line(LineClass.UNMEASURED)),
        Figure(
            "reconnects",
            Unit.COUNT,
            _("Genopkoblinger"),
            _("Gange forbindelsen blev tabt og kom igen af sig selv under et møde."),
            lambda f: f.reconnects,
            lambda f: f.meetings,
        ),
    )


def _interpreter() -> tuple[Figure, ...]:
    return (
        _count(
            "interpreter_ordered",
            _("Tolke bestilt"),
            _("Tolke i samtaler, hvor lægen var i rummet."),
            lambda f: f.interpreters.ordered,
        ),
        _count(
            "interpreter_came",
            _("Tolke kom"),
            _("Kom på video senest 15 minutter efter aftalt tid."),
            lambda f: f.interpreters.came,
        ),
        _count(
            "interpreter_by_phone",
            _("Tolkning på telefon"),
            _("Tolken kom ikke på video, og samtalen fortsatte på telefon."),
            lambda f: f.interpreters.by_phone,
        ),
        _count(
            "interpreter_absent",
            _("Tolke udeblevet"),
            _("Kom ikke, eller kom mere end 15 minutter for sent."),
            lambda f: f.interpreters.absent,
        ),
        _share(
            "interpreter_absent_share",
            _("Tolkens udeblivelse"),
            _("Tolke udeblevet divideret med tolke bestilt."),
            lambda f: f.interpreters.absent,
            lambda f: f.interpreters.ordered,
        ),
        _count(
            "interpreter_late",
            _("Tolke forsinket"),
            _("Tolke, der kom mere end 5 og højst 15 minutter for sent."),
            lambda f: f.interpreters.late,
        ),
        *_pair(
            "interpreter_late_min",
            Unit.MINUTES,
            _("Tolkens forsinkelse"),
            _("Minutter efter aftalt tid, for tolke, der kom. Under et minut tæller som 0."),
            lambda f: f.interpreters.late_minutes,
        ),
    )
