"""What the three operating systems are told, as values. Pure."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

SCHEME = "vdx"
TITLE = "VDX video"
DESKTOP_FILE = "vdx-plugin-link.desktop"
MIME = f"x-scheme-handler/{SCHEME}"
BUNDLE = "VDX video link.app"
BUNDLE_ID = "dk.vdx-plugin.link"
WINDOWS_KEY = rf"Software\Classes\{SCHEME}"

# Desktop Entry Specification 1.5, "The Exec key": these must be quoted, and of them four escaped.
_RESERVED = re.compile(r"""[\s"'\\><~|&;$*?#()`]""")


# --- Linux --------------------------------------------------------------------------------------------------------


def desktop_entry(command: Sequence[str]) -> str:
    """Return the desktop file. ``%u`` stands alone, so that it becomes one argument whatever is in it.

    ``xdg-open`` outside a desktop environment cannot read quotes, so a program whose path holds a blank starts only
    where a desktop environment does the starting.
    """
    arguments = " ".join(_exec_argument(part) for part in command)
    return (
        "[Desktop Entry]\n"
        "Type=Application\n"
        f"Name={TITLE}\n"
        f"Exec={arguments} %u\n"
        "Terminal=false\n"
        "NoDisplay=true\n"
        f"MimeType={MIME};\n"
    )


def _exec_argument(part: str) -> str:
    escaped = part.replace("%", "%%")
    if _RESERVED.search(escaped):
        escaped = '"' + re.sub(r'(["`$\\])', r"\\\1", escaped) + '"'
    # The value itself is a string of the desktop file, in which a backslash is escaped once more.
    return escaped.replace("\\", "\\\\")


def without_default(mimeapps: str, desktop_file: str = DESKTOP_FILE) -> str:
    """Return a ``mimeapps.list`` in which ``desktop_file`` no longer stands for the scheme."""
    kept = []
    for line in mimeapps.splitlines(keepends=True):
        name, equals, value = line.partition("=")
        if name.strip() == MIME and equals:
            others = [one for one in value.strip().split(";") if one and one != desktop_file]
            if not others:
                continue
            line = f"{name}={';'.join(others)};\n"
        kept.append(line)
    return "".join(kept)


# --- Windows ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RegistryValue:
    """One text value below HKEY_CURRENT_USER; ``name`` is empty for a key's own."""

    key: str
    name: str
    text: str


def registry_values(command: Sequence[str]) -> tuple[RegistryValue, ...]:
    """Return what makes the scheme known to Windows for one user."""
    return (
        RegistryValue(WINDOWS_KEY, "", f"URL:{TITLE}"),
        RegistryValue(WINDOWS_KEY, "URL Protocol", ""),
        RegistryValue(rf"{WINDOWS_KEY}\shell\open\command", "", windows_command(command)),
    )


def windows_command(command: Sequence[str]) -> str:
    """Return the command line. ``"%1"`` in quotes: an address with a blank stays one argument."""
    return f'{subprocess.list2cmdline(command)} "%1"'


# --- macOS --------------------------------------------------------------------------------------------------------


def applet(command: Sequence[str]) -> str:
    """Return the AppleScript of the small app that macOS hands the address to, as an event and not as an argument.

    It starts the program by NSTask with a list of arguments; ``do shell script`` would put a shell between.
    """
    program, *arguments = (_applescript(part) for part in command)
    return (
        'use framework "Foundation"\n'
        "use scripting additions\n"
        "on open location theAddress\n"
        f"    set theArguments to {{{', '.join(arguments)}, theAddress}}\n"
        "    current application's NSTask's "
        f"launchedTaskWithLaunchPath:{program} arguments:theArguments\n"
        "end open location\n"
    )


def _applescript(part: str) -> str:
    escaped = part.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def bundle_facts() -> dict[str, object]:
    """Return what the app's ``Info.plist`` must say besides what it says already."""
    return {
        "CFBundleIdentifier": BUNDLE_ID,
        "CFBundleName": TITLE,
        "LSUIElement": True,
        "CFBundleURLTypes": [{"CFBundleURLName": BUNDLE_ID, "CFBundleURLSchemes": [SCHEME]}],
    }
