"""One beat of a room's pictures, decoded again and looked at."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from vdx_plugin.sandbox.pexip.mixing.canvas import new_frame, planes_of
from vdx_plugin.sandbox.pexip.mixing.codecs import PictureDecoder, PictureEncoder, Shape
from vdx_plugin.sandbox.pexip.mixing.frames import EncodedPicture, FrameAssembler
from vdx_plugin.sandbox.pexip.mixing.groups import Group
from vdx_plugin.sandbox.pexip.mixing.labels import mask_of
from vdx_plugin.sandbox.pexip.mixing.layout import places
from vdx_plugin.sandbox.pexip.mixing.load import LARGE, SMALL, Size
from vdx_plugin.sandbox.pexip.mixing.pictures import STALE_AFTER_S, Beat, Made, PictureMixer

LUMAS = {"a": 60, "b": 120, "c": 180, "d": 220}


def sent(codec: str, luma: int, *, width: int = 320, height: int = 180) -> EncodedPicture:
    """Return a key frame of one grey."""
    frame = new_frame(width, height)
    for plane, value in zip(planes_of(frame), (luma, 128, 128), strict=True):
        plane[:] = value
    frame.pts = 0
    payloads = PictureEncoder(Shape(codec, width, height, 25), 500_000, at=0).encode(frame, 500_000, key=True, at=0)
    return assembled(codec, payloads)


def assembled(codec: str, payloads: list[bytes]) -> EncodedPicture:
    assembler = FrameAssembler(codec)
    done = [p for n, data in enumerate(payloads) for p in assembler.add(n, 0, n == len(payloads) - 1, data, at=0)]
    (picture,) = done
    return picture


def seen(codec: str, payloads: list[bytes]) -> Any:
    """Return the luma of what a viewer sees."""
    frame = PictureDecoder(codec).decode(assembled(codec, payloads))
    return planes_of(frame).y.astype(int)


def beat(groups: tuple[Group, ...], *, at: float = 0.0, codec: str = "VP8", people: str = "abcd", **more: Any) -> Beat:
    incoming = {uuid: [sent(codec, LUMAS[uuid])] for uuid in people}
    return Beat(at, groups, incoming, dict.fromkeys(LUMAS, ""), **more)


def group(viewer: str, tiles: str, *, codec: str = "VP8", size: Size = SMALL, card: str = "") -> Group:
    return Group((viewer,), codec, tuple(tiles), 600_000, size, card)


def middle_of_place(luma: Any, index: int, count: int) -> int:
    place = places(count)[index].scaled(luma.shape[1])
    return int(luma[place.top + place.height // 3, place.left + place.width // 3])


@pytest.mark.parametrize("codec", ["VP8", "H264"])
@pytest.mark.parametrize("size", [LARGE, SMALL])
def test_everybody_is_where_the_layout_says(codec: str, size: Size) -> None:
    """Decoded, scaled, composed and encoded: each tile holds its own sender."""
    mixer = PictureMixer()
    made = mixer.beat(beat((group("x", "bcd", codec=codec, size=size),), codec=codec, keys=frozenset("x")))
    luma = seen(codec, list(made.payloads["x"]))
    assert luma.shape == (size.height, size.width)
    for index, uuid in enumerate("bcd"):
        assert abs(middle_of_place(luma, index, 3) - LUMAS[uuid]) < 8


def test_a_sender_is_decoded_once_for_all_viewers() -> None:
    """Two groups show the same person; a decoder fed twice would fail on the second picture."""
    mixer = PictureMixer()
    mixer.beat(beat((group("a", "bc"), group("b", "ac"), group("c", "ab")), people="abc"))
    assert set(mixer._sources) == set("abc")
    assert set(mixer._encoders) == set("abc")
    mixer.beat(beat((group("a", "b"),), people="b"))
    assert set(mixer._sources) == {"b"}
    assert set(mixer._encoders) == {"a"}


def test_who_shows_nothing_is_a_name() -> None:
    """Camera switched off, hidden by the host, or long since silent: a card and never the last picture."""
    mixer = PictureMixer()
    shown = (group("x", "b"),)
    key = frozenset("x")
    assert abs(middle_of_place(luma_of(mixer.beat(beat(shown, people="b", keys=key))), 0, 1) - LUMAS["b"]) < 8
    hidden = mixer.beat(beat(shown, people="b", at=0.1, keys=key, hidden=frozenset("b")))
    assert middle_of_place(luma_of(hidden), 0, 1) < 70
    stale = mixer.beat(beat(shown, people="", at=STALE_AFTER_S + 0.2, keys=key))
    assert middle_of_place(luma_of(stale), 0, 1) < 70


def luma_of(made: Made) -> Any:
    return seen("VP8", list(made.payloads["x"]))


def test_the_card_says_something_and_comes_less_often() -> None:
    """Those who wait see a sentence, which does not move and so costs little."""
    mixer = PictureMixer()
    waiting = (group("x", "", card="Venter på værten"),)
    first = mixer.beat(beat(waiting, people="", keys=frozenset("x")))
    luma = luma_of(first)
    assert luma.max() > 180
    assert luma[0, 0] < 70
    sent_later = [bool(mixer.beat(beat(waiting, people="", at=n / 25)).payloads) for n in range(1, 26)]
    assert sum(sent_later) == 5


def test_proportions_are_kept() -> None:
    """A telephone held upright is not drawn out to the sides."""
    mixer = PictureMixer()
    upright = Beat(0.0, (group("x", "b"),), {"b": [sent("VP8", 200, width=180, height=320)]}, {}, frozenset("x"))
    luma = luma_of(mixer.beat(upright))
    assert abs(int(luma[150, 320]) - 200) < 8
    assert luma[150, 60] < 30
    assert luma[150, 580] < 30


@pytest.mark.parametrize("name", ["Læge Åse Ørsted", "Æbleø", "x" * 500, "", "\n\t", "‮evil"])
def test_names_are_drawn_whatever_they_are(name: str) -> None:
    """Danish letters have ink of their own, and a name is never wider than its picture."""
    mask = mask_of(name, 20, 200)
    assert mask.shape[1] <= 204
    assert mask.shape[0] % 2 == mask.shape[1] % 2 == 0


def test_danish_letters_are_letters() -> None:
    """A font without them draws the same box for each."""
    drawn = {mask_of(letter, 24, 200).tobytes() for letter in "æøåÆØÅ"}
    assert len(drawn) == 6


def test_what_cannot_be_decoded_is_told_and_survived() -> None:
    """Fuzzed: a hostile sender costs nobody else their picture."""
    dice = random.Random(9)
    mixer = PictureMixer()
    for step in range(60):
        bad = [EncodedPicture(dice.choice(["VP8", "H264"]), dice.randbytes(dice.randint(1, 400)), 0)]
        incoming = {"a": bad, "b": [sent("VP8", LUMAS["b"])]}
        made = mixer.beat(Beat(step / 25, (group("x", "ab"),), incoming, {}, frozenset("x")))
        assert "b" not in made.broken
    luma = luma_of(made)
    place = places(2)[1].scaled(640)
    assert abs(int(luma[place.top + 60, place.left + 100]) - LUMAS["b"]) < 8


def test_the_rate_follows_without_a_key_frame_where_it_can() -> None:
    """x264 is told, libvpx must be opened anew and waits until the change is worth it."""
    dice = np.random.default_rng(1)
    for codec, keys in (("H264", 0), ("VP8", 1)):
        encoder = PictureEncoder(Shape(codec, 320, 180, 25), 800_000, at=0)
        found = 0
        for step in range(100):
            frame = new_frame(320, 180)
            planes = planes_of(frame)
            planes.y[:] = dice.integers(0, 255, planes.y.shape, np.uint8)
            planes.u[:], planes.v[:] = 128, 128
            frame.pts = step * 3600
            payloads = encoder.encode(frame, 800_000 if step < 50 else 300_000, key=step == 0, at=step / 25)
            found += step > 0 and bool(payloads) and _is_key(codec, payloads[0])
        assert found == keys, codec


def _is_key(codec: str, payload: bytes) -> bool:
    assembler = FrameAssembler(codec)
    assembler.add(0, 0, False, payload, at=0)
    return not assembler.needs_key_frame
