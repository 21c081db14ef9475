"""What both ends are given to send: a moving picture that numbers itself, and generated Danish speech.

Six seconds of picture without a seam: somebody before a wall, drawn, who moves as people do, with the noise of a small
camera. Blocks in the upper left corner say the number of the picture, so that its way is timed at the far end. The
speech is espeak-ng's (only its sound, made when needed and kept in the temporary folder), or where that is missing the
program's own babble.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vdx_plugin.media.sound import RATE_HZ, Samples, speechlike

WIDTH, HEIGHT, FPS = 1280, 720, 30
PICTURES = 6 * FPS
_HEADER = f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{FPS}:1 Ip A1:1 C420jpeg\n".encode()
_MARK = b"FRAME\n"
_SIZE = WIDTH * HEIGHT * 3 // 2

BLOCK = 32
_NUMBER_BITS, _CHECK_BITS = 8, 4

_SENTENCES = (
    "Goddag, det er lægen. Kan du høre mig, og er der god forbindelse hos dig?",
    "Du har haft ondt i halsen i tre dage, og i nat begyndte du at hoste.",
    "Tag en tablet morgen og aften, og ring til os, hvis det ikke bliver bedre.",
    "Blodprøven fra i torsdags viser, at dit stofskifte er, som det skal være.",
    "Vi ses igen om fjorten dage, og så ser vi på, hvordan det er gået.",
)


def folder() -> Path:
    """Return where made content is kept between runs."""
    made = Path(tempfile.gettempdir()) / "vdx-bench-content-3"
    made.mkdir(exist_ok=True)
    return made


# --- pictures ---------------------------------------------------------------------------------------------------


def check_of(number: int) -> int:
    """Return the check digit of a picture's number."""
    return (number * 7 + number // 16 + 5) % 16


def stamp(luma: npt.NDArray[np.uint8], number: int) -> None:
    """Write a picture's number into its corner."""
    word = number << _CHECK_BITS | check_of(number)
    for place in range(_NUMBER_BITS + _CHECK_BITS):
        bright = word >> (_NUMBER_BITS + _CHECK_BITS - 1 - place) & 1
        luma[:BLOCK, place * BLOCK : (place + 1) * BLOCK] = 235 if bright else 16


def number_of(luma: npt.NDArray[np.uint8]) -> int | None:
    """Return the number in a picture of any size; None where it cannot be read."""
    block = luma.shape[1] * BLOCK / WIDTH
    row = int(block / 2)
    places = [int((place + 0.5) * block) for place in range(_NUMBER_BITS + _CHECK_BITS)]
    word = 0
    for place in places:
        word = word << 1 | int(luma[row - 1 : row + 2, place - 1 : place + 2].mean() > 126)
    number = word >> _CHECK_BITS
    return number if word & (1 << _CHECK_BITS) - 1 == check_of(number) and number < PICTURES else None


def picture_file() -> Path:
    """Return the file of pictures (y4m), made the first time; takes some ten seconds then."""
    path = folder() / f"person-{WIDTH}x{HEIGHT}.y4m"
    if not path.exists():
        with tempfile.NamedTemporaryFile(dir=folder(), delete=False) as out:
            out.write(_HEADER)
            for number, picture in enumerate(_draw_all()):
                stamp(picture[:HEIGHT], number)
                out.write(_MARK + picture.tobytes())
        Path(out.name).rename(path)
    return path


def pictures() -> npt.NDArray[np.uint8]:
    """Return all pictures, (number, rows, columns) of planar 4:2:0, as a view of the file."""
    raw = np.memmap(picture_file(), dtype=np.uint8, mode="r", offset=len(_HEADER))
    return raw.reshape(PICTURES, _SIZE + len(_MARK))[:, len(_MARK) :].reshape(PICTURES, HEIGHT * 3 // 2, WIDTH)


def _draw_all() -> list[npt.NDArray[np.uint8]]:
    chance = np.random.default_rng(20261126)
    wall = 70 + 24 * _texture(chance, HEIGHT + 16, WIDTH + 16, 1.4)
    person = 140 + 24 * _texture(chance, HEIGHT, WIDTH, 1.2)
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    found = []
    for number in range(PICTURES):
        turn = 2 * np.pi * number / PICTURES
        shake_x, shake_y = round(8 + 3 * np.sin(2 * turn)), round(8 + 2 * np.sin(3 * turn))
        luma = wall[shake_y : shake_y + HEIGHT, shake_x : shake_x + WIDTH].copy()
        left, up = 40 * np.sin(turn) + 14 * np.sin(3 * turn), 12 * np.sin(2 * turn) + 5 * np.sin(7 * turn)
        head = ((columns - 640 - left) / 130) ** 2 + ((rows - 280 - up) / 170) ** 2 < 1
        body = ((columns - 640 - left / 3) / 330) ** 2 + ((rows - 760) / 330) ** 2 < 1
        hand_x, hand_y = 900 + 120 * np.sin(4 * turn), 560 + 90 * np.cos(3 * turn)
        hand = (columns - hand_x) ** 2 + (rows - hand_y) ** 2 < 60**2
        mouth = ((columns - 640 - left) / 42) ** 2 + ((rows - 365 - up) / (6 + 14 * abs(np.sin(9 * turn)))) ** 2 < 1
        moved = np.roll(person, (round(up), round(left)), axis=(0, 1))
        for shape, level in ((body, -70), (head, 20), (hand, 15)):
            luma[shape] = moved[shape] + level
        luma[mouth] = 45
        luma += chance.normal(0, 1.0, luma.shape)
        picture = np.full((HEIGHT * 3 // 2, WIDTH), 128, dtype=np.uint8)
        picture[:HEIGHT] = np.clip(luma, 16, 235)
        skin = (head | hand)[::2, ::2]
        colours = picture[HEIGHT:].reshape(2, HEIGHT // 2, WIDTH // 2)
        colours[0][skin], colours[1][skin] = 112, 150
        found.append(picture)
    return found


def _texture(chance: np.random.Generator, rows: int, columns: int, fall: float) -> npt.NDArray[np.float64]:
    """Return noise whose strength falls with its fineness, as in pictures of real things."""
    spectrum = np.fft.rfft2(chance.normal(size=(rows, columns)))
    pitch = np.hypot(*np.meshgrid(np.fft.fftfreq(rows), np.fft.rfftfreq(columns), indexing="ij"))
    spectrum /= np.maximum(pitch, 1 / columns) ** fall
    noise = np.fft.irfft2(spectrum, s=(rows, columns))
    found: npt.NDArray[np.float64] = np.clip(noise / noise.std(), -2.5, 2.5)
    return found


# --- sound ------------------------------------------------------------------------------------------------------


def sound_file() -> Path:
    """Return the file of speech: mono, 48 kHz, 16 bit."""
    espeak = shutil.which("espeak-ng")
    path = folder() / ("speech.wav" if espeak else "babble.wav")
    if not path.exists():
        samples = np.concatenate([_spoken(espeak, sentence) for sentence in _SENTENCES]) if espeak else speechlike()
        with wave.open(str(path), "wb") as out:
            out.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
            out.writeframes(samples.tobytes())
    return path


def sound() -> Samples:
    """Return all the speech."""
    with wave.open(str(sound_file())) as source:
        return np.frombuffer(source.readframes(source.getnframes()), dtype=np.int16)


def _spoken(espeak: str, sentence: str) -> Samples:
    with tempfile.NamedTemporaryFile(suffix=".wav") as out:
        subprocess.run([espeak, "-v", "da", "-s", "150", "-w", out.name, sentence], check=True)
        with wave.open(out.name) as source:
            rate_hz = source.getframerate()
            heard = np.frombuffer(source.readframes(source.getnframes()), dtype=np.int16).astype(np.float64)
    at = np.arange(int(heard.size * RATE_HZ / rate_hz)) * rate_hz / RATE_HZ
    # Rate by the spectrum: straight lines between samples would add tones that no voice has.
    spectrum = np.fft.rfft(heard)
    wide = np.zeros(at.size // 2 + 1, dtype=complex)
    wide[: spectrum.size] = spectrum
    raised = np.fft.irfft(wide, n=at.size) * at.size / heard.size
    found: Samples = (raised / np.abs(raised).max() * 15_000).astype(np.int16)
    return np.concatenate([found, np.zeros(RATE_HZ // 3, dtype=np.int16)])
