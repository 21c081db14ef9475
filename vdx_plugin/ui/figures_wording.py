"""A call's numbers as names and values, for support and for whoever asks why it stutters. Pure."""

from __future__ import annotations

from vdx_plugin.ports import CallFigures
from vdx_plugin.texts import _, language

Rows = tuple[tuple[str, str], ...]
"""Names and values."""


def groups(figures: CallFigures) -> tuple[tuple[str, Rows], ...]:
    """Return everything that is measured under its headings."""
    return (
        (_("Forbindelse"), _line(figures)),
        (_("Lyd"), _sound(figures)),
        (_("Billede"), _picture(figures)),
        (_("Enheder"), _devices(figures)),
    )


def report(figures: CallFigures, headline: str) -> str:
    """Return it all as text for support."""
    lines = [headline]
    for title, rows in groups(figures):
        lines += ["", title, *(f"  {name}: {value}" for name, value in rows)]
    return "\n".join(lines) + "\n"


def _line(figures: CallFigures) -> Rows:
    ways = {"direct": _("direkte"), "relay": _("gennem et relæ")}
    return (
        (_("Modtager"), _rate(figures.received_kbps)),
        (_("Sender"), _rate(figures.sent_kbps)),
        (_("Linjen kan bære"), _rate(figures.estimate_kbps)),
        (_("Tabt"), _share(figures.loss)),
        (_("Udsving"), _time(figures.jitter_ms)),
        (_("Svartid"), _time(figures.rtt_ms)),
        (_("Vej"), ways.get(figures.path, _unknown())),
        (_("Forbundet igen"), str(figures.reconnects)),
    )


def _sound(figures: CallFigures) -> Rows:
    return (
        (_("Forsinkelse her"), _time(figures.sound_delay_ms)),
        (_("Erstattet lyd"), _share(figures.concealed)),
        (_("Reddet lyd"), _seconds(figures.recovered_s)),
        (_("Ekkodæmpning"), _echo(figures)),
        (_("Forskel på lydkortenes ure"), f"{figures.drift_ppm:.0f} ppm"),
    )


def _picture(figures: CallFigures) -> Rows:
    size = f"{figures.width} x {figures.height}" if figures.width else _unknown()
    return (
        (_("Størrelse"), size),
        (_("Billeder i sekundet"), _unknown() if figures.fps is None else f"{figures.fps:.0f}"),
        (_("Kodning"), figures.video_codec or _unknown()),
        (_("Stod stille"), _stops(figures)),
        (_("Forsinkelse her"), _time(figures.picture_delay_ms)),
        (_("Bedt om igen"), _("{count} pakker").format(count=figures.asked_again)),
        (_("Vist af andre"), _slides(figures)),
    )


def _slides(figures: CallFigures) -> str:
    if not figures.slides_width:
        return _("intet")
    size = f"{figures.slides_width} x {figures.slides_height}"
    return _("{size}, {count} i sekundet").format(size=size, count=round(figures.slides_fps))


def _devices(figures: CallFigures) -> Rows:
    return (
        (_("Kamera"), figures.camera or _("testbillede")),
        (_("Mikrofon"), figures.microphone or _("systemets")),
        (_("Højttaler"), figures.speaker or _("systemets")),
    )


def _echo(figures: CallFigures) -> str:
    if not figures.cancels_echo:
        return _("slået fra")
    if figures.echo_loss_db is None:
        return _("til, ikke målt endnu")
    return _("til, fjerner {count} dB").format(count=round(figures.echo_loss_db))


def _stops(figures: CallFigures) -> str:
    return _("{count} gange, {seconds} i alt").format(count=figures.freezes, seconds=_seconds(figures.frozen_s))


def _unknown() -> str:
    return _("ukendt")


def _rate(kbps: float | None) -> str:
    return _unknown() if kbps is None else f"{kbps:.0f} kbit/s"


def _share(share: float | None) -> str:
    return _unknown() if share is None else f"{_comma(100 * share)} %"


def _time(ms: float | None) -> str:
    return _unknown() if ms is None else f"{ms:.0f} ms"


def _seconds(seconds: float) -> str:
    return _("{seconds} sek.").format(seconds=_comma(seconds))


def _comma(number: float) -> str:
    text = f"{number:.1f}"
    return text.replace(".", ",") if language() == "da" else text
