"""GNUmed's own client on a screen in memory: someone logs in at its dialog, then it is driven by its remote control.

``--slave`` makes the client listen for XML-RPC on this machine. A caller attaches once, by the name the client was
given, and gets a cookie; a patient whose record is open can be locked, which gives the cookie that unlocks it.

The patient is named in an xDT file and loaded from that, since GNUmed then opens the record in the thread of its
windows. ``lock_into_patient`` opens it in the thread that listens, and the windows may take the whole client down.
"""

from __future__ import annotations

import shutil
import subprocess
import time
import xmlrpc.client
from collections.abc import Callable, Iterator
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
_LIMIT_S = 900
_STEP_S = 120
"""How long a look at the screen may take. A machine that does much else has been seen to take over twenty seconds."""
_WANTED = "wanted.xdt"
_HOOKS = "hooks"
"""The file in which our hook script names each hook it has done its work at."""
_UP, _OPENED = "startup-after-GUI-init", "post_patient_activation"
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
XDT profiles = $XDT profiles$
nightly
$XDT profiles$

[XDT profile nightly]
filename = {wanted}
source = nightly
encoding = ascii
"""


class Refused(Exception):
    """GNUmed said no, in its own words."""


@dataclass
class Remote:
    """The remote control of a running client, attached. ``folder`` is where its hook leaves files."""

    folder: Path
    hooks: Path
    wanted: Path
    """The xDT file in which GNUmed is told whom to open."""
    calls: xmlrpc.client.ServerProxy
    screen: dict[str, str]
    """The environment in which its windows are reached."""
    cookie: str = ""

    def attach(self) -> None:
        """Take the client over. Raises Refused."""
        self.cookie = _granted(self.calls.attach(_NAMED))

    def lock_into(self, family: str, given: str) -> str:
        """Open the one man of that name; return the cookie that unlocks his record. Raises Refused."""
        self.wanted.write_text(_xdt(("3101", family), ("3102", given), ("3110", "1")), encoding="ascii", newline="")
        before = _times(self.hooks, _OPENED)
        loading = _granted(self.calls.load_patient_from_external_source(self.cookie))
        self._settle_until(self._has_loaded)
        # The windows follow by and by, the hook last.
        self._settle_until(lambda: _times(self.hooks, _OPENED) > before)
        return _granted(self.calls.lock_loaded_patient(self.cookie, loading))

    def unlock(self, lock: str) -> None:
        """Let go of the patient, who stays open. Raises Refused."""
        _granted(self.calls.unlock_patient(self.cookie, lock))

    def _has_loaded(self) -> bool:
        """Tell whether loading has come to its end, which is to be an open record."""
        answer = self.calls.get_user_answer()
        assert isinstance(answer, list)
        ended, outcome = answer
        assert not ended or outcome == 1, "GNUmed opened nobody"
        return bool(ended)

    def _settle_until(self, done: Callable[[], bool]) -> None:
        """Put away questions and reminders that come up while records change, as their reader does."""
        until = time.monotonic() + _LIMIT_S
        while not done():
            assert time.monotonic() < until, "GNUmed did not come to an end"
            _answer(self.screen)
            time.sleep(1)  # GNUmed tells nobody that it is done: one looks again, up to the limit above


def _xdt(*fields: tuple[str, str]) -> str:
    """Write lines as GNUmed reads them: the length of the line with its end, the field, what it holds."""
    return "".join(f"{len(held) + 9:03}{field}{held}\r\n" for field, held in fields)


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
            calls = xmlrpc.client.ServerProxy(f"http://127.0.0.1:{remote}")
            _let_in(environment, place, client)
            control = Remote(place / "gdt", place / _HOOKS, place / _WANTED, calls, environment)
            control.attach()
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
    told["wanted"] = place / _WANTED
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
        "VDX_GNUMED_HOOKS": str(place / _HOOKS),
    }


@contextmanager
def _screen(place: Path) -> Iterator[str]:
    """Run Xvfb on a number of its own choice and give that."""
    # Without -noreset it starts anew whenever its only client leaves. That client is xdotool, once a second, until
    # GNUmed is there, and GNUmed does not start on a screen that is just going away.
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp", "-noreset"]
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


def _let_in(environment: dict[str, str], place: Path, client: subprocess.Popen[bytes]) -> None:
    """Answer what the client asks, login and words of welcome, until it is up: it listens before it has windows.

    The database trusts whatever word is typed, once or twice.
    """
    until = time.monotonic() + _LIMIT_S
    while not _times(place / _HOOKS, _UP):
        assert client.poll() is None, f"GNUmed ended: {_last_words(place)}"
        assert time.monotonic() < until, f"GNUmed did not come up: {_last_words(place)}"
        _answer(environment)
        time.sleep(1)  # nor that it is up


def _times(hooks: Path, name: str) -> int:
    """Tell how often the hook of that name has run."""
    return hooks.read_text(encoding="ascii").split().count(name) if hooks.exists() else 0


def _last_words(place: Path) -> str:
    return (place / "output").read_text(errors="replace")[-2000:]


def _answer(environment: dict[str, str]) -> None:
    """Press the button that the window shown offers first, after the word if it is the login."""
    for window in _xdotool(environment, "search", "--onlyvisible", "--name", _ASKS).split():
        _xdotool(environment, "windowfocus", window)
        if _xdotool(environment, "getwindowname", window) == _LOGIN:
            _xdotool(environment, "type", _ACCOUNT)
        _xdotool(environment, "key", "Return")


def _xdotool(environment: dict[str, str], *steps: str) -> str:
    """Return what it says; that it found nothing is no failure."""
    done = subprocess.run(
        ["xdotool", *steps], env=environment, check=False, timeout=_STEP_S, capture_output=True, text=True
    )
    return done.stdout.strip()
