"""The entry of PortAudio's list that a person means."""

from __future__ import annotations

from typing import Any

import pytest

from vdx_plugin.media.sound_cards import SoundCard, default_card, find_card, names_of, sound_cards

WINDOWS_INTERFACES = [
    {"name": "MME", "default_input_device": 0, "default_output_device": 2},
    {"name": "Windows DirectSound", "default_input_device": 3, "default_output_device": -1},
    {"name": "Windows WASAPI", "default_input_device": 5, "default_output_device": 7},
    {"name": "Windows WDM-KS", "default_input_device": 8, "default_output_device": -1},
]


def row(name: str, interface: int, inputs: int, outputs: int, rate_hz: float = 48000.0) -> dict[str, Any]:
    return {
        "name": name,
        "hostapi": interface,
        "max_input_channels": inputs,
        "max_output_channels": outputs,
        "default_samplerate": rate_hz,
    }


WINDOWS = sound_cards(
    [
        row("Microphone (Jabra Evolve2 65 Mo", 0, 2, 0, 44100.0),
        row("Mikrofon (Realtek(R) Audio)", 0, 2, 0, 44100.0),
        row("Headset (Jabra Evolve2 65 Mono)", 0, 0, 2, 44100.0),
        row("Microphone (Jabra Evolve2 65 Mono)", 1, 2, 0, 44100.0),
        row("Mikrofon (Realtek(R) Audio)", 1, 2, 0, 44100.0),
        row("Microphone (Jabra Evolve2 65 Mono)", 2, 1, 0, 16000.0),
        row("Mikrofon (Realtek(R) Audio)", 2, 2, 0),
        row("Headset (Jabra Evolve2 65 Mono)", 2, 0, 2),
        row("Microphone (Jabra Evolve2 65 Mono)", 3, 1, 0, 16000.0),
    ],
    WINDOWS_INTERFACES,
)
LINUX = sound_cards(
    [
        row("HDA Intel PCH: ALC257 Analog (hw:0,0)", 0, 2, 2),
        row("Jabra Evolve2 65: USB Audio (hw:1,0)", 0, 1, 2, 16000.0),
        row("default", 0, 32, 32),
    ],
    [{"name": "ALSA", "default_input_device": 2, "default_output_device": 2}],
)


def test_a_device_listed_four_times_is_offered_once_and_opened_by_the_fastest_interface() -> None:
    """By its bare name PortAudio refuses: it is ambiguous."""
    assert names_of(WINDOWS, is_input=True) == ("Microphone (Jabra Evolve2 65 Mono)", "Mikrofon (Realtek(R) Audio)")
    assert find_card("Microphone (Jabra Evolve2 65 Mono)", WINDOWS, is_input=True) == WINDOWS[5]


def test_a_name_that_only_mme_knows_is_found_although_it_is_cut_off() -> None:
    """Some drivers serve MME alone."""
    only = [WINDOWS[0]]
    assert find_card("Microphone (Jabra Evolve2 65 Mono)", only, is_input=True) == WINDOWS[0]


@pytest.mark.parametrize(
    ("wanted", "cards", "index"),
    [
        ("Jabra Evolve2 65 Mono", LINUX, 1),
        ("HDA Intel PCH: ALC257 Analog (hw:0,0)", LINUX, 0),
        ("Realtek(R) Audio", WINDOWS, 6),
    ],
)
def test_the_names_of_qt_find_the_entries_of_portaudio(wanted: str, cards: list[SoundCard], index: int) -> None:
    """The page of devices shows Qt's names; the call opens PortAudio's devices."""
    found = find_card(wanted, cards, is_input=True)
    assert found is not None
    assert found.index == index


def test_a_device_that_is_not_there_is_not_mistaken_for_another() -> None:
    """The wrong microphone in another room would be worse than none."""
    assert find_card("Poly Sync 20", LINUX, is_input=True) is None
    assert find_card("Headset (Jabra Evolve2 65 Mono)", [WINDOWS[5]], is_input=True) is None


def test_the_default_is_that_of_the_best_interface() -> None:
    """PortAudio's own is MME's on Windows, with a tenth of a second of delay."""
    found = default_card(WINDOWS, WINDOWS_INTERFACES, is_input=False)
    assert found == WINDOWS[7]
    assert default_card([], WINDOWS_INTERFACES, is_input=False) is None
