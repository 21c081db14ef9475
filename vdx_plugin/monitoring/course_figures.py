"""The figures of how a visit went: times, invitations, line and sound, interpreters."""

from __future__ import annotations

from collections.abc import Callable

from vdx_plugin.monitoring.aggregation import Figures, LineClass
from vdx_plugin.monitoring.figure import Figure, Unit, count, pair, plain, share
from vdx_plugin.texts import _


def course_figures() -> tuple[Figure, ...]:
    """Return them in the order in which they are shown."""
    return (*_times(), *_invitation(), *_quality(), *_interpreter())


def _line(line: LineClass) -> Callable[[Figures], int]:
    return lambda figures: figures.lines.get(line, 0)


def _times() -> tuple[Figure, ...]:
    from_click = _("Tid fra klikket på Start video.")
    with_wait = from_click + " " + _("Ventetiden, til den anden kommer, er med.")
    return (
        *pair("room_ready_ms", Unit.MS, _("Rummet klar"), from_click, lambda f: f.room_ready_ms),
        *pair("join_ms", Unit.MS, _("Lægen inde i rummet"), from_click, lambda f: f.join_ms),
        *pair(
            "first_audio_ms",
            Unit.MS,
            _("Første lyd fra den anden"),
            with_wait,
            lambda f: f.first_audio_ms,
        ),
        *pair(
            "first_video_ms",
            Unit.MS,
            _("Første billede fra den anden"),
            with_wait,
            lambda f: f.first_video_ms,
        ),
    )


def _invitation() -> tuple[Figure, ...]:
    return (
        *pair(
            "delivery_s",
            Unit.SECONDS,
            _("Invitation bekræftet"),
            _("Tid, fra invitationen lå klar til afsendelse, til modtagerens system bekræftede den."),
            lambda f: f.delivery_s,
        ),
        *pair(
            "answer_s",
            Unit.SECONDS,
            _("Svar fra et menneske"),
            _("Tid fra bekræftet invitation til svar."),
            lambda f: f.answer_s,
        ),
        count(
            "expected_parties",
            _("Ventede parter"),
            _("Parter, der kunne være kommet: lægen var i rummet, og parten blev ikke nået på telefon i stedet."),
            lambda f: f.expected_parties,
        ),
        count(
            "no_shows",
            _("Udeblevne parter"),
            _("Ventede parter, der hverken nåede venterum eller samtale."),
            lambda f: f.no_shows,
        ),
        share(
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
        Figure(
            "mos_p50", Unit.MOS, _("Lydkvalitet"), _("Lydkvalitet, median"), mos, lambda f: f.mos.p50, lambda f: f.mos.n
        ),
        share(
            "heard_well_share",
            _("Møder med god lyd"),
            _("Møder med skønnet lydkvalitet på mindst 3,6 divideret med møder, hvor den er målt."),
            lambda f: f.heard_well,
            lambda f: f.mos.n,
        ),
        count("line_good", _("God linje"), line, _line(LineClass.GOOD)),
        count("line_fair", _("Nogenlunde linje"), line, _line(LineClass.FAIR)),
        count("line_poor", _("Dårlig linje"), line, _line(LineClass.POOR)),
        count("line_unmeasured", _("Linje ikke målt"), line, _line(LineClass.UNMEASURED)),
        plain(
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
        count(
            "interpreter_ordered",
            _("Tolke bestilt"),
            _("Tolke i samtaler, hvor lægen var i rummet."),
            lambda f: f.interpreters.ordered,
        ),
        count(
            "interpreter_came",
            _("Tolke kom"),
            _("Kom på video senest 15 minutter efter aftalt tid."),
            lambda f: f.interpreters.came,
        ),
        count(
            "interpreter_by_phone",
            _("Tolkning på telefon"),
            _("Tolken kom ikke på video, og samtalen fortsatte på telefon."),
            lambda f: f.interpreters.by_phone,
        ),
        count(
            "interpreter_absent",
            _("Tolke udeblevet"),
            _("Kom ikke, eller kom mere end 15 minutter for sent."),
            lambda f: f.interpreters.absent,
        ),
        share(
            "interpreter_absent_share",
            _("Tolkens udeblivelse"),
            _("Tolke udeblevet divideret med tolke bestilt."),
            lambda f: f.interpreters.absent,
            lambda f: f.interpreters.ordered,
        ),
        count(
            "interpreter_late",
            _("Tolke forsinket"),
            _("Tolke, der kom mere end 5 og højst 15 minutter for sent."),
            lambda f: f.interpreters.late,
        ),
        *pair(
            "interpreter_late_min",
            Unit.MINUTES,
            _("Tolkens forsinkelse"),
            _("Minutter efter aftalt tid, for tolke, der kom. Under et minut tæller som 0."),
            lambda f: f.interpreters.late_minutes,
        ),
    )
