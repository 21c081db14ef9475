"""What an adapter says of itself before any of its code is imported: its manifest. Pure.

The manifest is a TOML file beside the adapter's module: ``vdx-adapter.toml`` in a package, ``NAME.vdx-adapter.toml``
beside a module ``NAME.py``. It names the contract it was written for, what the adapter can do at most, and the settings
it wants, so that a list, a form and a refusal need no import.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from vdx_plugin.errors import Misconfigured
from vdx_plugin.ports.capability import Capability

API_VERSION = 1
"""The contract this program speaks. A manifest that names another is refused."""
FILE = "vdx-adapter.toml"
_NAME = re.compile(r"[a-z][a-z0-9_-]{1,29}")
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, slots=True)
class Words:
    """One text in both languages of the program."""

    da: str
    en: str

    def said(self, language: str) -> str:
        """Return the text in ``da`` or ``en``."""
        return self.en if language == "en" else self.da

    @property
    def is_complete(self) -> bool:
        return bool(self.da.strip() and self.en.strip())


class Runner(StrEnum):
    """Where an adapter runs."""

    PROGRAM = "program"
    """In our process, on our loop."""
    PROCESS = "process"
    """In a process of its own: for code that blocks, crashes or needs another architecture."""


class SettingKind(StrEnum):
    """What a setting holds, and so which field the form shows."""

    TEXT = "text"
    NUMBER = "number"
    SWITCH = "switch"
    """``yes`` or ``no``."""
    CHOICE = "choice"
    FOLDER = "folder"
    ADDRESS = "address"
    """An http or https address."""
    SECRET = "secret"
    """Lies in the keyring, never in a file."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a CHOICE and what the form calls it."""

    value: str
    label: Words


@dataclass(frozen=True, slots=True)
class Setting:
    """One field of an adapter's form. Values are text, as they are in a settings file."""

    name: str
    label: Words
    kind: SettingKind = SettingKind.TEXT
    help: Words = Words("", "")
    default: str = ""
    required: bool = False
    choices: tuple[Choice, ...] = ()
    least: int | None = None
    most: int | None = None
    """Limits of a NUMBER."""

    def fault(self, value: str) -> str:
        """Return the problem code for a value that cannot be used, empty when it can."""
        if not value:
            return "setting.missing" if self.required else ""
        return _FAULTS[self.kind](self, value)


def _no_number(setting: Setting, value: str) -> str:
    if not (value.isascii() and value.isdigit() and len(value) < 13):
        return "setting.number"
    number = int(value)
    too_small = setting.least is not None and number < setting.least
    too_large = setting.most is not None and number > setting.most
    return "setting.range" if too_small or too_large else ""


def _no_text(_setting: Setting, value: str) -> str:
    return "setting.text" if any(ord(letter) < 32 for letter in value) or len(value) > 2000 else ""


_FAULTS: dict[SettingKind, Callable[[Setting, str], str]] = {
    SettingKind.TEXT: _no_text,
    SettingKind.FOLDER: _no_text,
    SettingKind.SECRET: _no_text,
    SettingKind.NUMBER: _no_number,
    SettingKind.SWITCH: lambda _setting, value: "" if value in ("yes", "no") else "setting.choice",
    SettingKind.CHOICE: lambda setting, value: (
        "" if value in {choice.value for choice in setting.choices} else "setting.choice"
    ),
    SettingKind.ADDRESS: lambda _setting, value: "" if re.match(r"https?://[^\s/]+", value) else "setting.address",
}


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an adapter says of itself.

    ``capabilities`` is the most it can do; the adapter itself may offer less, as its settings allow, never more.
    ``problems`` are the sentences of its own problem codes, each of which begins with its name and a full stop.
    ``conformance`` names the module of its conformance tests, ``module:Class`` or ``module``.
    """

    name: str
    api: int
    title: Words
    capabilities: frozenset[Capability]
    vendor: str = ""
    licence: str = ""
    runner: Runner = Runner.PROGRAM
    settings: tuple[Setting, ...] = ()
    problems: Mapping[str, Words] = field(default_factory=dict)
    conformance: str = ""

    def faults(self, values: Mapping[str, str], secrets: Collection[str] = ()) -> dict[str, str]:
        """Return a problem code for each setting at fault, by its name; one that nobody declared is one.

        ``secrets`` names those that were given or lie in the keyring: they are never among ``values``.
        """
        known = {setting.name: setting for setting in self.settings}
        found = {name: "setting.unknown" for name in values if name not in known}
        for name, setting in known.items():
            code = setting.fault(values.get(name, setting.default))
            if code and name not in secrets:
                found[name] = code
        return found

    def filled(self, values: Mapping[str, str]) -> dict[str, str]:
        """Return the values with the defaults of what is not set; secrets are not among them."""
        plain = [setting for setting in self.settings if setting.kind is not SettingKind.SECRET]
        defaults = {setting.name: setting.default for setting in plain if setting.default}
        return defaults | {name: value for name, value in values.items() if value}

    def secret_names(self) -> tuple[str, ...]:
        """Return the settings that lie in the keyring."""
        return tuple(setting.name for setting in self.settings if setting.kind is SettingKind.SECRET)


def read_manifest(text: str, name: str) -> Manifest:
    """Read the manifest of the adapter ``name``.

    Raises Misconfigured: ``adapter.api`` when it was written for another contract (told before anything else is
    looked at, since that contract may have another form), else ``adapter.manifest`` with the place in ``detail``.
    """
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured("adapter.manifest", "not TOML", name=name) from error
    api = found.get("api")
    if api != API_VERSION or isinstance(api, bool):
        raise Misconfigured("adapter.api", f"api {api!r}"[:40], name=name, api=str(api)[:20], known=API_VERSION)
    try:
        return _manifest(found, name)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        place = error.args[0] if error.args else ""
        raise Misconfigured("adapter.manifest", f"{type(error).__name__}: {place}"[:120], name=name) from error


def _manifest(found: Mapping[str, Any], name: str) -> Manifest:
    if found["name"] != name or not _NAME.fullmatch(name):
        raise ValueError("name is not that of the entry point")
    problems = {code: _words(words, f"problems.{code}") for code, words in found.get("problems", {}).items()}
    if any(not code.startswith(f"{name}.") for code in problems):
        raise ValueError("problems must begin with the adapter's name")
    settings = tuple(_setting(given) for given in found.get("settings", ()))
    if len({setting.name for setting in settings}) < len(settings):
        raise ValueError("settings: a name twice")
    return Manifest(
        name=name,
        api=found["api"],
        title=_words(found.get("title", name), "title"),
        capabilities=frozenset(Capability(item) for item in found["capabilities"]),
        vendor=_text(found, "vendor"),
        licence=_text(found, "licence"),
        runner=Runner(found.get("runner", "program")),
        settings=settings,
        problems=problems,
        conformance=_text(found, "conformance"),
    )


def _setting(given: Mapping[str, Any]) -> Setting:
    name = given["name"]
    if not _FIELD.fullmatch(name):
        raise ValueError("settings: a name that is none")
    kind = SettingKind(given.get("kind", "text"))
    choices = tuple(
        Choice(str(item["value"]), _words(item.get("label", item["value"]), name)) for item in given.get("choices", ())
    )
    if (kind is SettingKind.CHOICE) != bool(choices):
        raise ValueError(f"settings.{name}: choices go with the kind choice")
    setting = Setting(
        name,
        _words(given["label"], name),
        kind,
        _words(given.get("help", ""), name),
        str(given.get("default", "")),
        given.get("required", False) is True,
        choices,
        given.get("least"),
        given.get("most"),
    )
    if setting.default and (kind is SettingKind.SECRET or setting.fault(setting.default)):
        raise ValueError(f"settings.{name}: a default that cannot be used")
    return setting


def _choice(given: Mapping[str, Any], name: str) -> Choice:
    value = str(given["value"])
    return Choice(value, _words(given.get("label", value), name))


def _words(given: Any, place: str) -> Words:
    """Read ``{da, en}``; a plain string is the same in both (a product's name)."""
    if isinstance(given, str):
        return Words(given, given)
    if set(given) != {"da", "en"}:
        raise ValueError(f"{place}: both da and en")
    return Words(str(given["da"]), str(given["en"]))


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name, "")
    if not isinstance(value, str):
        raise TypeError(name)
    return value
