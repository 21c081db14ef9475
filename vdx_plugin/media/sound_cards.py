"""Which of PortAudio's many entries is the device a person means. Pure.

One headset is listed once for each of the system's interfaces: on Windows four times, under MME with its name cut off
after 31 letters. Qt, from which names are shown and chosen, calls it by a name of its own again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MME_LETTERS = 31
_INTERFACES = ("Windows WASAPI", "Core Audio", "PulseAudio", "PipeWire", "ALSA", "Windows DirectSound", "MME")
"""Best first: WASAPI has the shortest delay on Windows, and ALSA's default is the desktop's sound server."""


@dataclass(frozen=True, slots=True)
class SoundCard:
    """One entry. ``index`` is PortAudio's, ``rate_hz`` the entry's own."""

    index: int
    name: str
    interface: str
    inputs: int
    outputs: int
    rate_hz: int


def sound_cards(devices: Iterable[Mapping[str, Any]], interfaces: Sequence[Mapping[str, Any]]) -> list[SoundCard]:
    """Return PortAudio's tables as values."""
    return [
        SoundCard(
            number,
            str(device["name"]),
            str(interfaces[int(device["hostapi"])]["name"]),
            int(device["max_input_channels"]),
            int(device["max_output_channels"]),
            round(float(device["default_samplerate"])) or 48_000,
        )
        for number, device in enumerate(devices)
    ]


def names_of(cards: Sequence[SoundCard], *, is_input: bool) -> tuple[str, ...]:
    """Return the names to choose from: those of the best interface there is, each once, in the system's order."""
    rows = _usable(cards, is_input=is_input)
    best = min((_rank(card) for card in rows), default=0)
    return tuple(dict.fromkeys(card.name for card in rows if _rank(card) == best))


def find_card(name: str, cards: Sequence[SoundCard], *, is_input: bool) -> SoundCard | None:
    """Return the entry for a name a person has chosen, by the best interface; None if it is not there now."""
    rows = _usable(cards, is_input=is_input)
    for fits in (_is_same, _is_cut_off, _is_within, _shares_words):
        found = [card for card in rows if fits(name, card.name)]
        if found:
            return min(found, key=_rank)
    return None


def default_card(
    cards: Sequence[SoundCard], interfaces: Sequence[Mapping[str, Any]], *, is_input: bool
) -> SoundCard | None:
    """Return the system's default by the best interface; PortAudio's own default is MME's on Windows."""
    key = "default_input_device" if is_input else "default_output_device"
    indexes = {int(each[key]) for each in interfaces}
    rows = [card for card in _usable(cards, is_input=is_input) if card.index in indexes]
    return min(rows, key=_rank, default=None)


def _usable(cards: Sequence[SoundCard], *, is_input: bool) -> list[SoundCard]:
    return [
        card for card in cards if (card.inputs if is_input else card.outputs) > 0 and "WDM-KS" not in card.interface
    ]


def _rank(card: SoundCard) -> int:
    return _INTERFACES.index(card.interface) if card.interface in _INTERFACES else len(_INTERFACES)


def _is_same(wanted: str, name: str) -> bool:
    return wanted == name


def _is_cut_off(wanted: str, name: str) -> bool:
    return len(name) == MME_LETTERS and wanted.startswith(name)


def _is_within(wanted: str, name: str) -> bool:
    return wanted.casefold() in name.casefold() or (len(name) > 5 and name.casefold() in wanted.casefold())


def _shares_words(wanted: str, name: str) -> bool:
    """``Jabra Evolve2 65 Mono`` and ``Jabra Evolve2 65: USB Audio (hw:1,0)`` are one thing."""
    ours, theirs = _words(wanted), _words(name.partition(":")[0])
    return len(theirs) > 1 and theirs <= ours


def _words(name: str) -> set[str]:
    return set(re.findall(r"\w+", name.casefold()))
