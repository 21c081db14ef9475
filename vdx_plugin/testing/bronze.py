"""Bronze: what it is, context in, nothing left behind, nobody's data anywhere, old launches refused."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import subprocess
import sys
import threading
from datetime import timedelta
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from vdx_plugin import log, texts
from vdx_plugin.domain.patients import Patient
from vdx_plugin.errors import Misconfigured, VdxError
from vdx_plugin.host.manifests import manifest_of, manifest_path
from vdx_plugin.ports import Capability, ContextChange
from vdx_plugin.ports.manifest import API_VERSION, FILE, read_manifest
from vdx_plugin.testing.checks import Level
from vdx_plugin.testing.peer import NotOffered, Place
from vdx_plugin.testing.running_checks import DOES_NOT_APPLY, Conformant, check
from vdx_plugin.testing.stand_ins import KNOWN, STRANGER, TELL_TALES, context_of, summary_of
from vdx_plugin.testing.workplace import Overheard, Workplace, at_work, own_point

_log = log.get("testing")

ROUNDS = 20
IMPORT_CPU_S = 1.0
"""Three times what the largest of the built-in adapters takes: processor time doubles on a machine that is in use."""
LOOK = """
import importlib, sys, threading, time
from importlib.metadata import EntryPoint
import vdx_plugin.api.v1
from vdx_plugin.host.manifests import manifest_of, manifest_path
point = EntryPoint({name!r}, {value!r}, "vdx_plugin.adapters")
manifest_of(point)
assert point.module not in sys.modules, "reading the manifest imported the adapter"
opened = []
sys.addaudithook(lambda event, _: opened.append(event) if event in ("socket.connect", "socket.bind") else None)
threads, began = threading.active_count(), time.process_time()
importlib.import_module(point.module)
spent = time.process_time() - began
assert not opened, f"import opened the network: {{opened}}"
assert threading.active_count() == threads, "import started a thread"
print(spent)
"""
_RAISES = re.compile(
    r"\b(?:Unavailable|OutcomeUnknown|SignInNeeded|Refused|NotFound|Conflict|Unreadable|Unsupported|Misconfigured|Veto"
    r"|notice|Health)\((?:HealthState\.\w+, )?\s*\"([a-z][a-z0-9_-]*\.[a-z0-9_]+)\""
)


class Bronze(Conformant):
    """The checks of the level bronze."""

    @check(1, Level.BRONZE, "manifest without import; import quick, without network or thread", bare=True)
    async def test_01_the_manifest_is_read_without_import_and_the_import_is_quick_and_quiet(self, place: Place) -> None:
        """A package that is listed must not run, and one that is imported must not hold up the start of the day.

        Measured in a process of its own, in seconds of processor time, so that a busy machine does not count.
        """
        point = own_point(self.name)
        script = LOOK.format(name=self.name, value=point.value)
        spent = min([await asyncio.to_thread(_look, script) for _round in range(2)])
        assert spent < IMPORT_CPU_S, f"importing took {spent:.2f} s of processor time"

    @check(2, Level.BRONZE, f"{ROUNDS} starts and stops leave nothing behind", bare=True)
    async def test_02_starting_and_stopping_leaves_no_thread_socket_file_or_task(self, place: Place) -> None:
        """Adapters are switched off and on while the program runs for weeks."""
        peer = self.make_peer(place)
        async with at_work(self.name, peer, place, factory=self.factory()) as work:
            await work.host.disable(self.name)
            await work.settle()
            before = _left(work)
            for _round in range(ROUNDS):
                await work.host.enable(self.name)
                _ = work.adapter
                await work.host.disable(self.name)
            await work.settle()
            assert _left(work) == before, f"threads, sockets, tasks and files before and after: {before} {_left(work)}"
            await work.host.enable(self.name)
            await peer.ready(work.adapter)

    @check(3, Level.BRONZE, "the open record is told, confirmed and closed", Capability.CONTEXT)
    async def test_03_opening_and_closing_a_record_is_told(self, work: Workplace) -> None:
        """Patient, user, practice and time; and a start from a closed record would be a guess."""
        await work.peer.open_record(KNOWN)
        await work.until(lambda: work.vdx.context, "the record opened in the peer is open in the program")
        context = work.vdx.opened_contexts[-1]
        assert context.source == self.name
        assert context.patient.is_same_person(KNOWN), "another patient than the record's"
        assert context.user.id, "a context without a user"
        assert abs(work.clock.now() - context.opened_at) <= timedelta(minutes=1)
        assert await work.adapter.current() in (None, context)
        if work.can(Capability.CONFIRM):
            work.clock.pass_by(minutes=5)
            assert await work.host.confirm(context), "an open record is not confirmed"
        await work.peer.close_record()
        await work.until(lambda: work.vdx.closings, "the closing is told")
        assert work.vdx.closings[-1] in tuple(ContextChange)
        assert await work.adapter.current() is None
        assert not await work.host.confirm(context), "a closed record is confirmed"

    @check(4, Level.BRONZE, "patients' numbers carry their systems, appointments lie in the time asked for")
    async def test_04_every_number_of_a_patient_has_its_system(self, work: Workplace) -> None:
        """Ten digits without a system have been taken for a personal number before."""
        patient = await _some_patient(work)
        assert patient.identifiers
        assert all(re.match(r"[a-z][a-z0-9+.-]*:", number.system) for number in patient.identifiers)
        assert KNOWN.identifiers[0] in patient.identifiers
        if work.can(Capability.APPOINTMENTS):
            day, now = timedelta(days=1), work.clock.now()
            found = await work.host.appointments(now - day, now + day)
            assert found, "the record has no appointment today"
            assert all(each.start < now + day and each.end > now - day for each in found)
            assert await work.host.appointments(now - 400 * day, now - 399 * day) == []

    @check(5, Level.BRONZE, "a launch more than 60 s old is refused", Capability.START_ACTION)
    async def test_05_a_launch_older_than_a_minute_is_refused(self, work: Workplace) -> None:
        """The doctor has turned to the next patient since."""
        await work.peer.launch_late(timedelta(seconds=61))
        await work.settle()
        assert work.vdx.starts == []

    @check(6, Level.BRONZE, "the same launch twice is refused", Capability.START_ACTION)
    async def test_06_the_same_launch_starts_once(self, work: Workplace) -> None:
        """A link in a history or a repeated call must not open yesterday's patient."""
        await work.peer.launch_twice()
        await work.until(lambda: work.vdx.starts, "the first launch starts")
        await work.settle()
        assert len(work.vdx.starts) == 1

    @check(7, Level.BRONZE, "a launch for another user or workstation is refused", Capability.START_ACTION)
    async def test_07_a_launch_of_another_user_or_workstation_is_refused(self, work: Workplace) -> None:
        """On a shared server it is the neighbour's patient."""
        await work.peer.launch_foreign()
        await work.settle()
        assert work.vdx.starts == []

    @check(8, Level.BRONZE, "without name or birth date no consultation starts")
    async def test_08_a_patient_without_name_or_birth_date_stays_incomplete(self, work: Workplace) -> None:
        """Better no name than another's: nobody may start with a number alone."""
        await work.peer.fill()
        bare = Patient(STRANGER.identifiers)
        asked = context_of("other", bare)
        assert await work.host.complete(asked) == asked, "an unknown patient was given a name"
        if work.can(Capability.CONTEXT):
            await work.peer.open_record(bare)
            await work.until(lambda: work.vdx.context, "the record is open")
            told = work.vdx.opened_contexts[-1].patient
            assert (told.name, told.birth_date) == (None, None), "what the record does not know was made up"
            with pytest.raises(ValueError, match="no complete patient"):
                work.vdx.start_consultation()

    @check(12, Level.BRONZE, "garbage is refused, and not a byte of it is logged")
    async def test_12_garbage_is_refused_without_a_crash_or_its_content_in_the_log(self, work: Workplace) -> None:
        """Random bytes, ten megabytes, half a message: whoever can reach the adapter may send them."""
        overheard = _listen()
        try:
            for data in (b"\xff\x00tell-tale\xfe" * 40, b"tell-tale " * 1_000_000, b"\x0bMSH|^~\\&|tell-tale", b"{"):
                await work.peer.send_garbage(data)
            await work.settle()
        finally:
            logging.getLogger().removeHandler(overheard)
        assert "tell-tale" not in overheard.text
        assert (work.vdx.opened_contexts, work.vdx.starts) == ([], [])
        assert work.status.state == "running", f"{work.status.reason} {work.status.detail}"

    @check(20, Level.BRONZE, "no patient's number or name in log, file name, file or diagnosis")
    async def test_20_nothing_tells_who_the_patient_is(self, work: Workplace) -> None:
        """Whatever the adapter does, at any level of logging."""
        overheard = _listen()
        try:
            await _a_day(work)
        finally:
            logging.getLogger().removeHandler(overheard)
        told = overheard.text + await work.host.diagnostics() + " ".join(work.files())
        assert [word for word in TELL_TALES if word in told] == []
        files = b"\n".join(work.files().values()).decode("utf-8", "replace")
        assert [word for word in TELL_TALES if word in files] == [], "a file holds a patient"

    @check(22, Level.BRONZE, "another version of the contract gives one clear sentence", bare=True)
    async def test_22_a_manifest_for_another_version_is_refused_in_one_sentence(self, place: Place) -> None:
        """The vendor's release and the program's need not come on one day."""
        text = await asyncio.to_thread(_manifest_text, own_point(self.name))
        newer = re.sub(r"(?m)^api\s*=.*$", f"api = {API_VERSION + 1}", text)
        with pytest.raises(Misconfigured, match=r"adapter\.api") as refused:
            read_manifest(newer, self.name)
        sentence = texts.problem(refused.value.code, **refused.value.facts)
        assert self.name in sentence
        assert sentence.count(".") == 1

    @check(23, Level.BRONZE, "secrets lie in the keyring and in no file", bare=True)
    async def test_23_a_secret_setting_is_in_the_keyring_and_in_no_file(self, place: Place) -> None:
        """A settings file is copied to the next workplace, and mailed to support."""
        secrets = manifest_of(own_point(self.name)).secret_names()
        if not secrets:
            pytest.skip(DOES_NOT_APPLY + "no secret among its settings")
        peer = self.make_peer(place)
        async with at_work(self.name, peer, place, factory=self.factory()) as work:
            given = {name: f"tell-tale-{name}" for name in secrets}
            await work.host.configure(self.name, dict(peer.settings), given)
            assert sorted(given.values()) == sorted(work.host.keyring.values())
            assert not any(b"tell-tale-" in data for data in work.files().values())
            assert "tell-tale-" not in await work.host.diagnostics()

    @check(24, Level.BRONZE, "every text is there in Danish and in English", bare=True)
    async def test_24_the_texts_are_complete_in_both_languages(self, place: Place) -> None:
        """A connection half in another language looks like half a connection."""
        point = own_point(self.name)
        manifest = manifest_of(point)
        texts.learn({code: (words.da, words.en) for code, words in manifest.problems.items()})
        labels = [manifest.title, *(setting.label for setting in manifest.settings)]
        labels += [choice.label for setting in manifest.settings for choice in setting.choices]
        assert all(words.is_complete for words in (*labels, *manifest.problems.values()))
        assert all(bool(setting.help.da) == bool(setting.help.en) for setting in manifest.settings)
        unknown = {code for code in _codes(point) if texts.problem(code).endswith(f"({code})")}
        assert sorted(unknown) == [], "problem codes without a sentence"


def _look(script: str) -> float:
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr.strip().splitlines()[-1:]
    return float(done.stdout)


def _left(work: Workplace) -> tuple[int, int, int, frozenset[str]]:
    """Count threads, open sockets and tasks, and name the files. The loop's own pool of threads is not counted."""
    threads = [thread for thread in threading.enumerate() if not thread.name.startswith("asyncio_")]
    files = frozenset(name for name in work.files() if name != "adapters.json")
    return len(threads), _sockets(), len(asyncio.all_tasks()), files


def _sockets() -> int:
    folder = Path("/proc/self/fd")
    if not folder.exists():
        return 0
    count = 0
    for link in folder.iterdir():
        try:
            count += os.readlink(link).startswith("socket:")
        except OSError:
            continue
    return count


async def _some_patient(work: Workplace) -> Patient:
    """Return the known patient as the adapter tells of it, by whatever way it does."""
    if work.can(Capability.CONTEXT):
        await work.peer.open_record(KNOWN)
        await work.until(lambda: work.vdx.context, "the record is open")
        return work.vdx.opened_contexts[-1].patient
    if work.can(Capability.DIRECTORY):
        await work.peer.fill()
        completed = await work.host.complete(context_of("other", Patient(KNOWN.identifiers)))
        assert completed.patient.is_complete, "the known patient was not completed"
        return completed.patient
    pytest.skip(DOES_NOT_APPLY + "it tells of no patients")


async def _a_day(work: Workplace) -> None:
    """Do everything once that the peer and the adapter can do."""
    for act in (work.peer.fill, work.peer.open_record, work.peer.click_start, work.peer.close_record):
        try:
            await act()
        except NotOffered:
            continue
    if work.can(Capability.WRITE_BACK):
        try:
            await work.host.write_back(context_of(work.name), summary_of())
        except VdxError as error:
            _log.info("note not written: %s", error)
    await work.host.look()
    await work.settle()


def _listen() -> Overheard:
    overheard, root = Overheard(), logging.getLogger()
    root.addHandler(overheard)
    logging.getLogger("vdx_plugin").setLevel(logging.DEBUG)
    return overheard


def _manifest_text(point: EntryPoint) -> str:
    path = manifest_path(point.module)
    assert path is not None
    return path.read_text(encoding="utf-8")


def _codes(point: EntryPoint) -> set[str]:
    """Return the problem codes that the adapter's own source raises."""
    path = manifest_path(point.module)
    if path is None:
        return set()
    module = path.parent / f"{point.module.rsplit('.', 1)[-1]}.py"
    files = path.parent.rglob("*.py") if path.name == FILE else [module]
    return {code for file in files for code in _RAISES.findall(file.read_text(encoding="utf-8"))}
