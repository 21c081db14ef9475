"""Opening, migrating, failing and dying: the database as a file."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from vdx_plugin.errors import Misconfigured, Unavailable
from vdx_plugin.ports import OutboxState
from vdx_plugin.store import AesSealer, Store, migrating, open_store
from vdx_plugin.store import engine as engines
from vdx_plugin.store.schema import HEAD, metadata

from .samples import CONTEXT, NOW, NUMBER, TurnedClock, consultation, message

KEY = bytes(32)


async def opened(path: Path) -> Store:
    return await open_store(path, AesSealer(KEY), TurnedClock())


def files_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def run(script: str, path: Path) -> subprocess.CompletedProcess[str]:
    """Run a script in a program of its own, with the samples at hand."""
    return subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, timeout=60, check=False
    )


# --- migrating -------------------------------------------------------------------------------------------------------


def test_the_newest_step_is_the_schema_the_program_expects() -> None:
    """HEAD is looked at before Alembic is imported, so it is written down twice."""
    config = Config()
    config.set_main_option("script_location", str(migrating.MIGRATIONS))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


async def test_the_steps_lead_to_the_schema_the_program_uses(tmp_path: Path) -> None:
    """A column added to one and forgotten in the other."""
    store = await opened(tmp_path / "store.db")
    await store.close()
    engine = engines.make_engine(tmp_path / "store.db")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


async def test_a_database_of_a_newer_program_is_left_alone(tmp_path: Path) -> None:
    """Writing into it would damage what is not understood."""
    store = await opened(tmp_path / "store.db")
    await store.close()
    with sqlite3.connect(tmp_path / "store.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(Misconfigured) as caught:
        await opened(tmp_path / "store.db")
    assert caught.value.code == "store.newer"


async def test_an_up_to_date_database_opens_without_alembic(tmp_path: Path) -> None:
    """It costs a start a fifth of a second."""
    store = await opened(tmp_path / "store.db")
    await store.close()
    done = run(
        "import asyncio, pathlib, sys\n"
        "from vdx_plugin.store import AesSealer, open_store\n"
        "async def main():\n"
        "    store = await open_store(pathlib.Path(sys.argv[1]), AesSealer(bytes(32)), None)\n"
        "    await store.close()\n"
        "asyncio.run(main())\n"
        "print('alembic' in sys.modules)\n",
        tmp_path / "store.db",
    )
    assert (done.stdout.strip(), done.stderr) == ("False", "")


DIES_MIGRATING = """
import asyncio, os, pathlib, signal, sys
from sqlalchemy import Engine, event
from vdx_plugin.store import AesSealer, open_store

@event.listens_for(Engine, "before_cursor_execute")
def die(connection, cursor, statement, *rest):
    if "CREATE TABLE use_measure" in statement:
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(open_store(pathlib.Path(sys.argv[1]), AesSealer(bytes(32)), None))
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="signals of POSIX")
async def test_a_start_that_dies_while_migrating_leaves_nothing_half_made(tmp_path: Path) -> None:
    """Half the tables would make every later start fail."""
    done = run(DIES_MIGRATING, tmp_path / "store.db")
    assert done.returncode == -signal.SIGKILL, done.stderr
    with sqlite3.connect(tmp_path / "store.db") as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == []
    connection.close()
    store = await opened(tmp_path / "store.db")
    assert await store.consultations.unfinished() == []
    await store.close()


# --- the file --------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name != "posix", reason="rights of POSIX")
async def test_the_file_and_its_side_files_are_the_owners_alone(tmp_path: Path) -> None:
    """Others may use the machine."""
    (tmp_path / "store.db").touch(0o644)
    store = await opened(tmp_path / "store.db")
    await store.outbox.add([message("a")], NOW)
    modes = {file.name: file.stat().st_mode & 0o777 for file in files_in(tmp_path)}
    await store.close()
    assert modes == dict.fromkeys(modes, 0o600)
    assert len(modes) == 3


async def test_nothing_about_the_patient_lies_open_in_the_file(tmp_path: Path) -> None:
    """Number, name, addresses, PINs, the letter: none of it can be found by looking."""
    store = await opened(tmp_path / "store.db")
    whole = consultation()
    await store.consultations.save(whole, [message("a", consultation_id=whole.id, receiver="aase@patient.test")])
    content = b"".join(file.read_bytes() for file in files_in(tmp_path))
    await store.close()
    assert CONTEXT.patient.name is not None
    for text in (NUMBER, CONTEXT.patient.name.family, "aase@patient.test", "482913", "771204", "Bundle"):
        assert text.encode() not in content


async def test_the_database_is_used_on_a_thread_of_its_own_that_ends(tmp_path: Path) -> None:
    """Nothing blocks the loop, and nothing is left running."""
    store = await opened(tmp_path / "store.db")
    assert any(thread.name.startswith("store") for thread in threading.enumerate())
    await store.close()
    await store.close()
    assert not any(thread.name.startswith("store") for thread in threading.enumerate())


async def test_one_row_that_cannot_be_opened_does_not_hide_the_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The doctor must be able to take up the rest."""
    store = await opened(tmp_path / "store.db")
    good, bad = consultation(), consultation()
    await store.consultations.save(good)
    await store.consultations.save(bad)
    with sqlite3.connect(tmp_path / "store.db") as connection:
        connection.execute("UPDATE consultation SET sealed_content = x'01' WHERE id = ?", (bad.id.hex,))
    connection.close()
    assert [one.id for one in await store.consultations.unfinished()] == [good.id]
    assert str(bad.id) in caplog.text
    await store.close()


# --- failing ---------------------------------------------------------------------------------------------------------


async def test_a_full_disk_is_told_as_such_and_spoils_nothing(tmp_path: Path) -> None:
    """SQLite says FULL at its page limit just as at the disk's."""
    path = tmp_path / "store.db"
    store = await opened(path)
    kept = consultation()
    await store.consultations.save(kept)
    await store._thread.read(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count = 1"))
    with pytest.raises(Unavailable) as caught:
        await store.outbox.add([message("big", payload=bytes(1_000_000))], NOW)
    assert caught.value.code == "store.full"
    assert await store.consultations.get(kept.id) == kept
    await store.close()


@pytest.mark.skipif(os.name != "posix", reason="resource limits of POSIX")
async def test_a_disk_that_takes_no_more_bytes_is_told_by_a_code_of_ours(tmp_path: Path) -> None:
    """The operating system's own refusal, in a program of its own so that the limit binds nobody else."""
    path = tmp_path / "store.db"
    store = await opened(path)
    await store.close()
    done = run(
        "import asyncio, pathlib, resource, signal, sys\n"
        "from datetime import UTC, datetime\n"
        "from tests.unit.store.samples import message\n"
        "from vdx_plugin.errors import Unavailable\n"
        "from vdx_plugin.store import AesSealer, open_store\n"
        "async def main():\n"
        "    store = await open_store(pathlib.Path(sys.argv[1]), AesSealer(bytes(32)), None)\n"
        "    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))\n"
        "    try:\n"
        "        await store.outbox.add([message('big', payload=bytes(1_000_000))], datetime.now(UTC))\n"
        "    except Unavailable as error:\n"
        "        print(error.code)\n"
        "    await store.close()\n"
        "asyncio.run(main())\n",
        path,
    )
    assert done.stdout.strip() in ("store.full", "store.failed"), done.stderr


async def test_a_database_held_by_another_program_is_told_as_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the time limit, not at once; here it is short."""
    monkeypatch.setattr(engines, "BUSY_TIMEOUT_MS", 50)
    store = await opened(tmp_path / "store.db")
    other = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable) as caught:
        await store.outbox.add([message("a")], NOW)
    assert caught.value.code == "store.locked"
    other.execute("ROLLBACK")
    other.close()
    await store.outbox.add([message("a")], NOW)
    await store.close()


async def test_a_file_that_is_no_database_is_damaged(tmp_path: Path) -> None:
    """It must not be taken for an empty one."""
    (tmp_path / "store.db").write_bytes(b"this is not a database, whatever its name says" * 100)
    with pytest.raises(Unavailable) as caught:
        await opened(tmp_path / "store.db")
    assert caught.value.code == "store.damaged"
    assert (tmp_path / "store.db").read_bytes().startswith(b"this is not")


async def test_a_place_that_cannot_be_written_is_told_by_a_code_of_ours(tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "folder").write_text("x")
    with pytest.raises(Unavailable) as caught:
        await opened(tmp_path / "folder" / "store.db")
    assert caught.value.code == "store.failed"


# --- dying -----------------------------------------------------------------------------------------------------------

DIES_BETWEEN = """
import asyncio, os, pathlib, signal, sys
from sqlalchemy import Engine, event
from tests.unit.store.samples import TurnedClock, consultation, message
from vdx_plugin.store import AesSealer, open_store

async def main():
    store = await open_store(pathlib.Path(sys.argv[1]), AesSealer(bytes(32)), TurnedClock())
    first, second = consultation(), consultation()
    await store.consultations.save(first, [message("first", consultation_id=first.id)])

    @event.listens_for(Engine, "before_cursor_execute")
    def die(connection, cursor, statement, *rest):
        if statement.startswith("INSERT INTO outbox"):
            print(first.id, second.id, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)

    await store.consultations.save(second, [message("second", consultation_id=second.id)])

asyncio.run(main())
"""

DIES_SENDING = """
import asyncio, os, pathlib, signal, sys
from tests.unit.store.samples import NOW, TurnedClock, message
from vdx_plugin.store import AesSealer, open_store

async def main():
    store = await open_store(pathlib.Path(sys.argv[1]), AesSealer(bytes(32)), TurnedClock())
    await store.outbox.add([message("a")], NOW)
    await store.outbox.claim(NOW)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="signals of POSIX")
async def test_death_between_a_consultation_and_its_letters_leaves_neither(tmp_path: Path) -> None:
    """One transaction is one step: what was saved before is all there, the step that died is not."""
    done = run(DIES_BETWEEN, tmp_path / "store.db")
    assert done.returncode == -signal.SIGKILL, done.stderr
    first, second = done.stdout.split()
    store = await opened(tmp_path / "store.db")
    assert [str(one.id) for one in await store.consultations.unfinished()] == [first]
    assert second != first
    assert await store.outbox.by_message("m-first") is not None
    assert await store.outbox.by_message("m-second") is None
    await store.close()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="signals of POSIX")
async def test_death_while_sending_is_found_at_the_next_start(tmp_path: Path) -> None:
    """Nobody knows whether it arrived, and the row says so."""
    done = run(DIES_SENDING, tmp_path / "store.db")
    assert done.returncode == -signal.SIGKILL, done.stderr
    store = await opened(tmp_path / "store.db")
    assert [row.state for row in await store.outbox.recover(NOW)] == [OutboxState.WAITING_FOR_RETRY]
    await store.close()
