"""GNUmed's own client on a screen in memory: someone logs in at its dialog, then it is driven by its remote control.

``--slave`` makes the client listen for XML-RPC on this machine. A caller attaches once, by the name the client was
given, and gets a cookie; opening a patient locks the client into that record, and gives the cookie that unlocks it.
"""

from __future__ import annotations

import shutil
import subprocess
import time
import xmlrpc.client
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.peers.gnumed import database

_HOOK = Path(__file__).with_name("hook_script.py")
_PROGRAM = Path("/usr/share/gnumed")
_ACCOUNT = "any-doc"
_LOGIN = "Welcome to"
_ASKS = f"^({_LOGIN}|GMd: .*)$"
"""Titles of dialogs: the login and those that follow it."""
_NAMED = "vdx-nightly"
_LIMIT_S = 300
_SOCKETS = Path("/tmp/.X11-unix")  # X's own place
_SETTINGS = """\
[preferences]
profile = nightly ({database}@127.0.0.1)
login = {account}

[backend]
logins = $logins$
{account}
$logins$
profiles = $profiles$
nightly
$profiles$

[profile nightly]
host = 127.0.0.1
port = {port}
database = {database}
public/open access = 0
help desk = none

[workplace]
name = GNUmed Default
xml-rpc port = {remote}
slave personality = {named}
"""


class Refused(Exception):
    """GNUmed said no, in its own words."""


@dataclass
class Remote:
    """The remote control of a running client, attached. ``folder`` is where its hook leaves files."""

    folder: Path
    calls: xmlrpc.client.ServerProxy
    screen: dict[str, str]
    """The environment in which its windows are reached."""
    cookie: str = ""

    def attach(self) -> None:
        """Take the client over. Raises Refused."""
        self.cookie = _granted(self.calls.attach(_NAMED))

    def lock_into(self, search: str) -> str:
        """Open the one patient that the search finds; return the cookie that unlocks it. Raises Refused."""
        with ThreadPoolExecutor(1) as aside:
            answer = aside.submit(self.calls.lock_into_patient, self.cookie, search)
            while not answer.done():
                self._settle()
        self._settle()
        return _granted(answer.result())

    def unlock(self, lock: str) -> None:
        """Let go of the patient, who stays open. Raises Refused."""
        _granted(self.calls.unlock_patient(self.cookie, lock))

    def _settle(self) -> None:
        """Put away questions and reminders that come up while records change, as their reader does."""
        time.sleep(1)
        _answer(self.screen)


def _granted(answer: object) -> str:
    assert isinstance(answer, list)
    granted, words = answer
    if not granted:
        raise Refused(words)
    return str(words)


@contextmanager
def running(place: Path, port: int) -> Iterator[Remote]:
    """Start the client on the database at ``port``, log in, and give its remote control."""
    remote = database.free_port()
    _furnish(place, port, remote)
    with _screen(place) as display, (place / "output").open("wb") as words:
        environment = _environment(place, display)
        command = ["/usr/bin/python3", "-m", "Gnumed.gnumed", "--slave", "--skip-update-check"]
        files = [f"--conf-file={place / 'gnumed.conf'}", f"--log-file={place / 'client.log'}"]
        client = subprocess.Popen(
            [*command, *files], cwd=place, env=environment, user=database.user(), stdout=words, stderr=words
        )
        try:
            control = Remote(place / "gdt", xmlrpc.client.ServerProxy(f"http://127.0.0.1:{remote}"), environment)
            _let_in(environment, control, client, place / "output")
            yield control
        finally:
            client.kill()
            client.wait()


def _furnish(place: Path, port: int, remote: int) -> None:
    """Make the client's home with our hook script, which GNUmed runs only if nobody else can read it."""
    scripts = place / "home" / ".gnumed" / "scripts"
    for folder in (scripts, place / "gdt", place / "temporary"):
        folder.mkdir(parents=True)
    shutil.copy(_HOOK, scripts)
    (scripts / _HOOK.name).chmod(0o600)
    told = {"database": database.NAME, "account": _ACCOUNT, "port": port, "remote": remote, "named": _NAMED}
    (place / "gnumed.conf").write_text(_SETTINGS.format(**told), encoding="utf-8")
    if (user := database.user()) is not None:
        for path in (place, *place.rglob("*")):
            shutil.chown(path, user)


def _environment(place: Path, display: str) -> dict[str, str]:
    return {
        "PATH": "/usr/bin:/bin",
        # GNUmed needs it to be there, and tells days of birth by the clock of the place.
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        "DISPLAY": display,
        "HOME": str(place / "home"),
        "TMPDIR": str(place / "temporary"),
        "PYTHONPATH": str(_PROGRAM),
        "VDX_GDT_FOLDER": str(place / "gdt"),
    }


@contextmanager
def _screen(place: Path) -> Iterator[str]:
    """Run Xvfb on a number of its own choice and give that."""
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp"]
    # Where no X server has run yet, only root may make the folder of the sockets.
    if not _SOCKETS.exists():
        _SOCKETS.mkdir()
        _SOCKETS.chmod(0o1777)
    with (place / "screen").open("wb") as words:
        server = subprocess.Popen(command, user=database.user(), cwd=place, stdout=subprocess.PIPE, stderr=words)
    assert server.stdout is not None
    try:
        number = server.stdout.readline().decode().strip()
        assert number, f"no screen: {(place / 'screen').read_text(errors='replace')}"
        yield f":{number}"
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()


def _let_in(environment: dict[str, str], remote: Remote, client: subprocess.Popen[bytes], words: Path) -> None:
    """Answer what the client asks, login and words of welcome, until its remote control lets us attach.

    The database trusts whatever word is typed, once or twice.
    """
    until = time.monotonic() + _LIMIT_S
    while True:
        try:
            remote.attach()
        except ConnectionRefusedError:
            assert client.poll() is None, f"GNUmed ended: {words.read_text(errors='replace')[-2000:]}"
            if time.monotonic() > until:
                raise
            _answer(environment)
            time.sleep(1)
        else:
            return


def _answer(environment: dict[str, str]) -> None:
    """Press the button that the window shown offers first, after the word if it is the login."""
    for window in _xdotool(environment, "search", "--onlyvisible", "--name", _ASKS).split():
        _xdotool(environment, "windowfocus", window)
        if _xdotool(environment, "getwindowname", window) == _LOGIN:
            _xdotool(environment, "type", _ACCOUNT)
        _xdotool(environment, "key", "Return")


def _xdotool(environment: dict[str, str], *steps: str) -> str:
    """Return what it says; that it found nothing is no failure."""
    done = subprocess.run(["xdotool", *steps], env=environment, check=False, timeout=20, capture_output=True, text=True)
    return done.stdout.strip()
