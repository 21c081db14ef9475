"""One beat of a room's pictures: decode what came, compose for each group, encode. No clock and no loop.

A ``PictureMixer`` belongs to one thread, which may be given a pool: the parts that take time then run beside each
other, since PyAV lets go of Python's lock while it works.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from vdx_plugin.sandbox.pexip.mixing.canvas import Planes, Scaler, card, compose, name_tile, new_frame
from vdx_plugin.sandbox.pexip.mixing.codecs import PictureDecoder, PictureEncoder, Shape
from vdx_plugin.sandbox.pexip.mixing.frames import EncodedPicture
from vdx_plugin.sandbox.pexip.mixing.groups import Group
from vdx_plugin.sandbox.pexip.mixing.layout import Place, places
from vdx_plugin.sandbox.pexip.mixing.load import Size

Map = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
STALE_AFTER_S = 3.0
CARD_EVERY = 5


@dataclass(frozen=True)
class Beat:
    """What one beat is made of. ``incoming`` are each sender's pictures since the last; ``keys`` the leads whose
    encoders must begin anew; ``names`` stand in the picture if its group wants them, which a whole room does or does
    not; ``hidden`` are shown as a name only."""

    at: float
    groups: tuple[Group, ...]
    incoming: Mapping[str, list[EncodedPicture]]
    names: Mapping[str, str]
    keys: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Made:
    """What a beat gave: payloads by lead, and the senders whose stream could not be read."""

    payloads: Mapping[str, list[bytes]]
    broken: frozenset[str]


@dataclass
class _Source:
    decoder: PictureDecoder
    frame: Any = None
    seen_at: float = float("-inf")
    scalers: dict[tuple[int, int], Scaler] = field(default_factory=dict)


class PictureMixer:
    """Keeps decoders, scalers and encoders from beat to beat; what no longer takes part is let go."""

    def __init__(self, run: Map = map) -> None:
        self._run = run
        self._sources: dict[str, _Source] = {}
        self._encoders: dict[str, PictureEncoder] = {}
        self._cards: dict[tuple[str, int], Planes] = {}
        self._count = 0

    def beat(self, beat: Beat) -> Made:
        """Do one beat."""
        self._count += 1
        self._forget(beat)
        broken = frozenset(
            filter(None, self._run(lambda item: self._decode(item[0], item[1], beat.at), beat.incoming.items()))
        )
        placed = [found for group in beat.groups for found in _placed(group)]
        distinct = {(uuid, place.width, place.height): (uuid, place) for place, uuid in placed}
        named = any(group.names for group in beat.groups)
        names = beat.names if named else {}
        tiles = dict(self._run(lambda item: self._tile(item[0], item[1], names, beat), distinct.values()))
        due = [group for group in beat.groups if self._is_due(group, beat)]
        made = self._run(lambda group: (group.lead, self._encode(group, tiles, beat)), due)
        return Made(dict(made), broken)

    def _forget(self, beat: Beat) -> None:
        shown = {uuid for group in beat.groups for uuid in group.tiles} | beat.incoming.keys()
        leads = {group.lead for group in beat.groups}
        self._sources = {uuid: source for uuid, source in self._sources.items() if uuid in shown}
        self._encoders = {lead: encoder for lead, encoder in self._encoders.items() if lead in leads}

    def _decode(self, uuid: str, pictures: list[EncodedPicture], at: float) -> str | None:
        """Decode a sender's pictures and keep the last; return the uuid when they could not be read."""
        for picture in pictures:
            source = self._sources.get(uuid)
            if source is None or source.decoder.codec != picture.codec:
                source = self._sources[uuid] = _Source(PictureDecoder(picture.codec))
            frame = source.decoder.decode(picture)
            if frame is not None:
                source.frame, source.seen_at = frame, at
        return uuid if pictures and self._sources[uuid].decoder.broken else None

    def _tile(
        self, uuid: str, place: Place, names: Mapping[str, str], beat: Beat
    ) -> tuple[tuple[str, int, int], Planes]:
        key = (uuid, place.width, place.height)
        name = names.get(uuid, "")
        source = self._sources.get(uuid)
        if source is None or uuid in beat.hidden or beat.at - source.seen_at > STALE_AFTER_S:
            return key, name_tile(place, name)
        scaler = source.scalers.setdefault((place.width, place.height), Scaler())
        return key, scaler.tile(source.frame, place, name)

    def _is_due(self, group: Group, beat: Beat) -> bool:
        """A card stands still: it need not be sent with every beat."""
        return not group.card or group.lead in beat.keys or self._count % CARD_EVERY == 0

    def _encode(self, group: Group, tiles: dict[tuple[str, int, int], Planes], beat: Beat) -> list[bytes]:
        size = group.size
        if group.card:
            laid = [(Place(0, 0, size.width, size.height), self._card(group.card, size))]
        else:
            laid = [(place, tiles[uuid, place.width, place.height]) for place, uuid in _placed(group)]
        frame = compose(new_frame(size.width, size.height), laid)
        frame.pts = int(beat.at * 90_000) & 0x7FFFFFFFFFFF
        encoder = self._encoder(group, beat.at)
        return encoder.encode(frame, group.bps, key=group.lead in beat.keys, at=beat.at)

    def _encoder(self, group: Group, at: float) -> PictureEncoder:
        shape = Shape(group.codec, group.size.width, group.size.height, group.size.fps)
        encoder = self._encoders.get(group.lead)
        if encoder is None or encoder.shape != shape:
            encoder = self._encoders[group.lead] = PictureEncoder(shape, group.bps, at=at)
        return encoder

    def _card(self, text: str, size: Size) -> Planes:
        key = (text, size.width)
        if key not in self._cards:
            self._cards[key] = card(size.width, size.height, text)
        return self._cards[key]


def _placed(group: Group) -> list[tuple[Place, str]]:
    found = [place.scaled(group.size.width) for place in places(len(group.tiles), group.view)]
    return list(zip(found, group.tiles, strict=False))
