"""Sealing what says who the patient is, and where the key lies.

AES-256 in Galois/counter mode (NIST SP 800-38D) with a fresh nonce of 96 bits for each piece. Each piece is bound to
the row it belongs to, so that none can be moved to another patient's row unnoticed. The key lies in the operating
system's keyring; where a machine has none, in a file beside the database that only its owner can read.
"""

from __future__ import annotations

import base64
import hmac
import os
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vdx_plugin import log
from vdx_plugin.errors import Misconfigured, Unavailable, Unreadable

_log = log.get("store.sealing")

KEY_BYTES = 32
_NONCE_BYTES = 12
_FORM = b"\x01"
_SERVICE = "vdx-plugin"
SHARED = "store.shared"
"""Name of the key of a database that several hosts share; that of this workplace's own file is another."""


class Sealer(Protocol):
    """Seals and opens pieces. ``place`` names the row (``consultation:<id>``) and must be the same for both."""

    def seal(self, plain: bytes, place: str) -> bytes: ...

    def open(self, sealed: bytes, place: str) -> bytes:
        """Return what was sealed. Raises Unreadable(``store.unreadable``) for anything else than just that."""
        ...

    def digest(self, text: str, place: str) -> bytes:
        """Return 32 bytes that stand for ``text``: always the same, and without the key no way back or to guess."""
        ...


class AesSealer:
    """The one sealer there is. ``key`` has 32 bytes."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes")
        self._cipher = AESGCM(key)
        # Not the same key for two purposes (NIST SP 800-57, 5.2).
        self._digest_key = hmac.digest(key, b"digest", "sha256")

    def digest(self, text: str, place: str) -> bytes:
        return hmac.digest(self._digest_key, f"{place}:{text}".encode(), "sha256")

    def seal(self, plain: bytes, place: str) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return _FORM + nonce + self._cipher.encrypt(nonce, plain, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        form, nonce, rest = sealed[:1], sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            if form != _FORM:
                raise ValueError("unknown form")
            return self._cipher.decrypt(nonce, rest, place.encode())
        except (InvalidTag, ValueError) as error:
            raise Unreadable("store.unreadable", "cannot be unsealed", place=place.partition(":")[0]) from error


class NoVault(Exception):
    """This machine has no keyring."""


class KeyVault(Protocol):
    """Keeps texts by name. Both methods raise NoVault, or Unavailable(``store.key_locked``)."""

    def get(self, name: str) -> str | None: ...

    def put(self, name: str, text: str) -> None: ...


class SystemVault:
    """The operating system's keyring."""

    def get(self, name: str) -> str | None:
        # keyring takes 60 ms to import and may talk to the desktop session.
        import keyring
        import keyring.errors

        try:
            return keyring.get_password(_SERVICE, name)
        except keyring.errors.NoKeyringError:
            raise NoVault from None
        except keyring.errors.KeyringError as error:
            raise Unavailable("store.key_locked", type(error).__name__) from error

    def put(self, name: str, text: str) -> None:
        import keyring
        import keyring.errors

        try:
            keyring.set_password(_SERVICE, name, text)
        except keyring.errors.NoKeyringError:
            raise NoVault from None
        except keyring.errors.KeyringError as error:
            raise Unavailable("store.key_locked", type(error).__name__) from error


def open_sealer(database: Path, *, name: str = "store", vault: KeyVault | None = None) -> Sealer:
    """Return the sealer of the database at ``database``; make its key the first time. Call it before ``open_store``.

    ``name`` tells the keys of several installations apart. It asks the keyring, which can take a second and may ask
    the user, so call it off the asyncio thread. Raises Misconfigured(``store.key_lost``) when a database exists and
    its key does not: a new key would hide what is in it. Raises Unavailable(``store.key_locked``).
    """
    vault = vault or SystemVault()
    file = database.with_suffix(".key")
    text = file.read_text("ascii") if file.exists() else _ask(vault, name)
    if text is not None:
        return AesSealer(_decoded(text))
    if database.exists() and database.stat().st_size:
        raise Misconfigured("store.key_lost", "the database is there, its key is not")
    key = os.urandom(KEY_BYTES)
    _keep(base64.b64encode(key).decode(), name, file, vault)
    return AesSealer(key)


def shared_sealer(vault: KeyVault | None = None) -> Sealer:
    """Return the sealer of a database that several hosts share; its key must have been brought to this one.

    Raises Misconfigured(``store.key_missing``), Unavailable(``store.key_locked``).
    """
    text = _ask(vault or SystemVault(), SHARED)
    if text is None:
        raise Misconfigured("store.key_missing", "the shared database's key is not in this host's keyring")
    return AesSealer(_decoded(text))


def new_key() -> str:
    """Return a new key, as it is carried to the hosts that share a database."""
    return base64.b64encode(os.urandom(KEY_BYTES)).decode()


def keep_shared_key(text: str, vault: KeyVault | None = None) -> None:
    """Put a key made by ``new_key`` into this host's keyring.

    Raises Misconfigured(``store.key_lost``) for a text that is no key, (``store.key_missing``) where there is no
    keyring, (``store.key_there``) where another key lies there, and Unavailable(``store.key_locked``).
    """
    _decoded(text)
    vault = vault or SystemVault()
    try:
        if vault.get(SHARED) not in (None, text):
            raise Misconfigured("store.key_there", "what another key has sealed would be lost")
        vault.put(SHARED, text)
    except NoVault:
        raise Misconfigured("store.key_missing", "this host has no keyring") from None


def _ask(vault: KeyVault, name: str) -> str | None:
    try:
        return vault.get(name)
    except NoVault:
        return None


def _keep(text: str, name: str, file: Path, vault: KeyVault) -> None:
    try:
        vault.put(name, text)
    except NoVault:
        _log.warning("this machine has no keyring; the key of the database lies in a file beside it")
        file.parent.mkdir(parents=True, exist_ok=True)
        # O_EXCL: two programs starting at once must not each write a key.
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as new:
            new.write(text)
            new.flush()
            os.fsync(new.fileno())


def _decoded(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise Misconfigured("store.key_lost", "the key cannot be read")
    return key
