"""``python -m tests.bench.room_of_six``: what a room of six costs the sandbox's room server, and what its viewers get.

Six participants in a process of their own send speech and somebody before a wall; the room server composes and mixes
for them in this one. At the end one measures two, three and two again: the longest time without a picture.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from typing import Any

from starlette.applications import Starlette

from tests.bench import media_content as content
from tests.bench.child import Child
from tests.bench.figures import Figures
from tests.bench.usage import cpu_s
from vdx_plugin.loopback import LoopbackServer
from vdx_plugin.sandbox.pexip import RoomServer, RoomServerConfig
from vdx_plugin.sandbox.rooms import RoomDirectory, VirtualRoom

ROOM = VirtualRoom("710001@rooms.sandbox.test", "7711", "2233")
NAMES = ("Læge Ærø", "Åse Ødegård", "Tolk", "Sygeplejerske", "Pårørende", "Speciallæge")
SETTLE_S = 12.0
MEASURED_S = 15.0
BARS = {720: 1.2, 360: 0.4}


async def measure(figures: Figures, height: int, *, people: int = 6, measured_s: float = MEASURED_S) -> None:
    """Fill a room with pictures of ``height`` lines and add what was measured."""
    config = RoomServerConfig(mixed_height=height)
    async with Child("tests.bench.room_people") as child:
        rooms, web = await _serve(config)
        try:
            for name in NAMES[:people]:
                await _enter(child, web.port, name, height)
            await asyncio.sleep(SETTLE_S if measured_s > 5 else 3)
            await _add_room(figures, child, rooms, height, people, measured_s)
            await child.ask("leave")
        finally:
            await rooms.close()
            await web.stop()


async def measure_change(figures: Figures, height: int) -> None:
    """Let a third come and go, and add the longest time the first was without a picture and without a sound."""
    part = f"Two, three, two, {height} lines"
    async with Child("tests.bench.room_people") as child:
        rooms, web = await _serve(RoomServerConfig(mixed_height=height))
        try:
            for name in NAMES[:2]:
                await _enter(child, web.port, name, height)
            await asyncio.sleep(4)
            for title, change in (("two to three", True), ("three to two", False)):
                since = time.monotonic()
                if change:
                    await _enter(child, web.port, NAMES[2], height)
                else:
                    await child.ask("leave", last=True)
                await asyncio.sleep(4)
                first = (await child.ask("received", since=since))[0]
                figures.add(part, f"{title}: longest without a picture", "ms", first["pictures"]["longest_gap_s"] * 1e3)
                figures.add(part, f"{title}: longest without sound", "ms", first["sounds"]["longest_gap_s"] * 1e3)
            await child.ask("leave")
        finally:
            await rooms.close()
            await web.stop()


async def _serve(config: RoomServerConfig) -> tuple[RoomServer, LoopbackServer]:
    directory = RoomDirectory()
    directory.open(ROOM)
    rooms = RoomServer(directory, config)
    web = LoopbackServer(Starlette(routes=rooms.routes()), "bench-room-server")
    await rooms.start()
    await web.start()
    return rooms, web


async def _enter(child: Child, port: int, name: str, height: int) -> None:
    room = f"http://127.0.0.1:{port}/api/client/v2/conferences/{ROOM.alias.replace('@', '%40')}"
    pin = ROOM.host_pin if name == NAMES[0] else ROOM.guest_pin
    await child.ask("enter", room=room, name=name, pin=pin, height=height)


async def _add_room(
    figures: Figures, child: Child, rooms: RoomServer, height: int, people: int, measured_s: float
) -> None:
    part = f"Room of {people}, {height} lines asked for"
    since, before = time.monotonic(), cpu_s([os.getpid()])
    await asyncio.sleep(measured_s)
    cores = (cpu_s([os.getpid()]) - before) / (time.monotonic() - since)
    figures.add(part, "processor time of the server", "core", cores)
    for viewer in await child.ask("received", since=since):
        figures.add(part, "pictures a second, per viewer", "fps", viewer["pictures"]["fps"])
        figures.add(part, "longest without a picture, per viewer", "ms", viewer["pictures"]["longest_gap_s"] * 1e3)
        figures.add(part, "packets of sound a second, per viewer", "/s", viewer["sounds"]["fps"])
        figures.add(part, "lines of the composed picture", "px", viewer["size"][1])
    figures.add(part, "share of its time the mixer works", "%", _switch(rooms)._studio.load.busy * 100)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    figures.note(f"{part}: at most {BARS[height]} cores wanted, {cores:.2f} taken; load of the machine {load:.1f}.")


def _switch(rooms: RoomServer) -> Any:
    return rooms.meeting(ROOM.alias)._switch


async def run(heights: list[int]) -> Figures:
    """Measure each height, and the change between forwarding and mixing."""
    figures = Figures()
    for height in heights:
        await measure(figures, height)
    await measure_change(figures, max(heights))
    return figures


def main(arguments: list[str]) -> None:
    """Run and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.room_of_six", description=__doc__)
    parser.add_argument("--heights", default="720,360", help="720, 360 or both")
    asked = parser.parse_args(arguments)
    content.picture_file(), content.sound_file()
    print(asyncio.run(run([int(height) for height in asked.heights.split(",")])).table())


if __name__ == "__main__":
    main(sys.argv[1:])
