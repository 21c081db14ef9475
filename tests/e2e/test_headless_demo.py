"""The main job from the command line, and proof that the script looks: with a part broken it says which step failed."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable

import pytest

from vdx_plugin.demo.script import run_headless
from vdx_plugin.demo.world import HOSPITAL_GLN, World
from vdx_plugin.sandbox.faults import Fault
from vdx_plugin.sandbox.partners import Behaviour

WHOLE_JOB = (
    "sandkassen og programmet kører",
    "journalen har sendt HL7",
    "patient åben i journalen",
    "engangsbilletten fra journalens link er indløst",
    "samme billet igen er afvist",
    "trin room",
    "trin lock",
    "trin invitations",
    "trin video",
    "rummet er booket og låst",
    "sygehuset har kvitteret",
    "sygehuset har fulgt sit link",
    "sygehuset er lukket ind",
    "patienten har fulgt sit link",
    "patienten er lukket ind",
    "forkert PIN er afvist",
    "en sen fremmed",
    "billede og lyd i begge ender",
    "chatten er nået frem",
    "samtalen er afsluttet for alle",
    "forslag til ydelse",
    "notatet står i journalen",
    "hverken CPR eller navn",
    "Alt er set.",
)
LIMIT_S = 90.0
BROKEN_LIMIT_S = 4.0


async def test_the_whole_job_is_seen_from_the_command_line() -> None:
    """What a clinic's IT department runs first: every line of the job, in its order, and exit status 0."""
    demo = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "vdx_plugin",
        "demo",
        "--headless",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(LIMIT_S):
        out, err = await demo.communicate()
    printed = out.decode().splitlines()
    assert demo.returncode == 0, f"{printed[-1:]} {err.decode()[-2000:]}"
    assert len(printed) == len(WHOLE_JOB)
    for line, part in zip(printed, WHOLE_JOB, strict=True):
        assert part in line
    assert "Traceback" not in err.decode()


def hospital_is_silent(world: World) -> None:
    world.sandbox.partners.behave(HOSPITAL_GLN, Behaviour.SILENT)


def vdx_is_out_of_order(world: World) -> None:
    world.sandbox.faults.add(Fault("status", path="/videoapi", status=401, times=None))


def lock_is_refused(world: World) -> None:
    world.sandbox.faults.add(Fault("status", "POST", "/api/client/v2/", times=None, status=403))


@pytest.mark.parametrize(
    ("breaks", "step"),
    [
        (hospital_is_silent, "start: no acknowledgement"),
        (vdx_is_out_of_order, "start: the start failed: vdx.sign_in"),
        (lock_is_refused, "start: the start failed: call."),
    ],
)
async def test_with_a_part_broken_the_script_fails_and_names_the_step(
    breaks: Callable[[World], None], step: str
) -> None:
    """A check that cannot fail proves nothing."""
    printed: list[str] = []
    status = await run_headless(printed.append, limit_s=BROKEN_LIMIT_S, prepare=breaks)
    assert status == 1
    assert printed[-1].startswith(f"IKKE SET: {step}")
    assert "Alt er set." not in printed


async def test_the_whole_job_is_done_with_the_records_own_mail() -> None:
    """The usual road in Denmark: the record is on the network already, and carries letters for the program too."""
    worlds: list[World] = []
    printed: list[str] = []
    status = await run_headless(printed.append, prepare=worlds.append, transport="record")
    assert (status, printed[-1]) == (0, "Alt er set.")
    post = worlds[0].clinic.post
    assert post is not None
    assert len(post.carried) == len(set(post.carried)) >= 1
