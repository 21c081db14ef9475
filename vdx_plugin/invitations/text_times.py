"""Times in the reader's own language, always by the clock on a Danish wall.

Danish and English as ``spoken_time`` says them; the others in the form that Unicode's locale data gives their dates.
"""

from __future__ import annotations

from datetime import datetime

from vdx_plugin.invitations import spoken_time
from vdx_plugin.invitations.text_files import LanguageFile


def long_span(start: datetime, end: datetime, language: LanguageFile) -> str:
    """Say when something is, with weekday, date and the word for Danish time."""
    if language.code in ("da", "en"):
        return spoken_time.span(start, end, language.code)
    start, end = spoken_time.local(start), spoken_time.local(end)
    begins = f"{_long_date(start, language)} {_clock(start, language)}"
    is_one_day = end.date() == start.date()
    ends = f"-{end:%H:%M}" if is_one_day else f" - {_long_date(end, language)} {_clock(end, language)}"
    return f"{begins}{ends} ({', '.join([language.words['zone'], *_season(start, language)])})"


def short_start(start: datetime, language: LanguageFile) -> str:
    """Say when something begins in few characters."""
    start = spoken_time.local(start)
    return " ".join(
        [_short_date(start, language), _clock(start, language), *(f"({word})" for word in _season(start, language))]
    )


def _clock(time: datetime, language: LanguageFile) -> str:
    return f"{language.words['at']} {time.strftime('%H.%M' if language.code == 'da' else '%H:%M')}"


def _season(start: datetime, language: LanguageFile) -> list[str]:
    """Say which of the two, in the hour that a night in October has twice."""
    if start.replace(fold=0).utcoffset() == start.replace(fold=1).utcoffset():
        return []
    return [language.words["summer" if start.dst() else "winter"]]


def _long_date(time: datetime, language: LanguageFile) -> str:
    # Babel takes 60 ms to import, so a practice that writes in Danish only never pays for it.
    from babel.dates import format_date

    return format_date(time.date(), "full", locale=language.code)


def _short_date(time: datetime, language: LanguageFile) -> str:
    if language.code == "da":
        weekday, month = spoken_time.day(time).split()[0], spoken_time.day(time).split()[3]
        return f"{weekday} {time.day}. {month}"
    from babel.dates import format_skeleton

    return format_skeleton("MMMEd", time, locale="en_GB" if language.code == "en" else language.code)
