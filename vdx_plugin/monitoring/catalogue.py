"""Every figure once: its key, unit, label and definition, and how it is read off the group's figures.

The page, the table for spreadsheets, the export and ``docs/data-dictionary.md`` all follow this list, so that a word
means the same everywhere. Keys are stable: a figure that comes to be counted otherwise gets a new key.
"""

from __future__ import annotations

from collections.abc import Callable

from vdx_plugin.monitoring.aggregation import Figures, Outcome
from vdx_plugin.monitoring.course_figures import course_figures
from vdx_plugin.monitoring.figure import Figure, Unit, count, plain, share
from vdx_plugin.texts import _


def catalogue() -> tuple[Figure, ...]:
    """Return all figures in the order in which they are shown, in the language in use."""
    return (*_counts(), *_shares(), *_volume(), *course_figures())


def figure(key: str) -> Figure:
    """Return one figure of the catalogue. Raises KeyError for an unknown key."""
    return {each.key: each for each in catalogue()}[key]


def _outcome(outcome: Outcome) -> Callable[[Figures], int]:
    return lambda figures: figures.outcomes.get(outcome, 0)


def _counts() -> tuple[Figure, ...]:
    return (
        count(
            "attempts",
            _("Forsøg"),
            _("Hver gang en videosamtale blev sat i gang eller planlagt, også når den ikke lykkedes. Test er udeladt."),
            lambda f: f.attempts,
        ),
        count(
            "meetings",
            _("Møder (som VDX tæller)"),
            _("Forsøg med mindst to deltagere på samme tid. Samme regel som i MedComs egen VDX-statistik."),
            lambda f: f.meetings,
        ),
        count(
            "video",
            _("Holdt på video"),
            _("Møder med billede eller lyd begge veje i mindst 60 sekunder."),
            _outcome(Outcome.VIDEO),
        ),
        count(
            "phone",
            _("Holdt på telefon i stedet"),
            _("Forsøg, der ikke blev til video, men fortsatte på telefon fra programmet."),
            _outcome(Outcome.PHONE),
        ),
        count(
            "failed",
            _("Mislykket af tekniske grunde"),
            _("Forsøg med en registreret fejl, som hverken endte på video eller telefon."),
            _outcome(Outcome.FAILED),
        ),
        count(
            "nobody_came",
            _("Ingen kom"),
            _("Lægen var i rummet uden fejl, men ingen anden kom ind."),
            _outcome(Outcome.NOBODY_CAME),
        ),
        count(
            "broken_off",
            _("Aflyst eller afbrudt"),
            _("Aflyst, eller afsluttet før der var gået et minut, uden registreret fejl."),
            _outcome(Outcome.BROKEN_OFF),
        ),
        count(
            "fallbacks",
            _("Skift til telefon"),
            _("Alle samtaler, der fortsatte på telefon, også efter at en del var holdt på video."),
            lambda f: f.fallbacks,
        ),
    )


def _shares() -> tuple[Figure, ...]:
    return (
        share(
            "success_share",
            _("Holdt på video, af alle forsøg"),
            _("Holdt på video divideret med forsøg."),
            lambda f: f.succeeded,
            lambda f: f.attempts,
        ),
        share(
            "video_share",
            _("Videoen virkede"),
            _(
                "Holdt på video divideret med summen af holdt på video, holdt på telefon og mislykket. "
                "Forsøg, hvor ingen kom, eller som blev aflyst, er ikke med."
            ),
            lambda f: f.succeeded,
            lambda f: f.with_contact_wanted,
        ),
        share(
            "contact_share",
            _("Kontakt på video eller telefon"),
            _("Holdt på video eller telefon divideret med summen af holdt på video, holdt på telefon og mislykket."),
            lambda f: f.succeeded + f.outcomes.get(Outcome.PHONE, 0),
            lambda f: f.with_contact_wanted,
        ),
    )


def _volume() -> tuple[Figure, ...]:
    return (
        plain(
            "participants",
            Unit.COUNT,
            _("Deltagere"),
            _("Summen over møderne af det største antal, der var i rummet på samme tid, lægen medregnet."),
            lambda f: f.participants,
            lambda f: f.meetings,
        ),
        plain(
            "minutes",
            Unit.MINUTES,
            _("Minutter"),
            _("Tid med billede eller lyd begge veje, lagt sammen over møderne, én gang pr. møde og ikke pr. deltager."),
            lambda f: f.minutes,
            lambda f: f.meetings,
        ),
        plain(
            "minutes_per_meeting",
            Unit.MINUTES,
            _("Minutter pr. møde"),
            _("Minutter divideret med møder."),
            lambda f: f.minutes / f.meetings if f.meetings else None,
            lambda f: f.meetings,
        ),
    )
