"""The keyring of the operating system, by allow-listed backends only.

`keyring` would as happily use a plain-text file or a backend that forgets everything; here each backend
is named, instantiated and asked for by its class.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, TypeVar

from ipse.encoding import base64url
from ipse.errors import (
    AlreadyExists,
    CorruptData,
    KeystoreError,
    KeystoreLocked,
    KeystoreUnavailable,
    MalformedInput,
)

if TYPE_CHECKING:
    from jeepney.io.blocking import DBusConnection
    from keyring.backend import KeyringBackend
    from secretstorage import Collection

__all__ = ["ALLOWED_BACKENDS", "OsKeyring", "open_os_keyring"]

_log = logging.getLogger(__name__)

_FREEDESKTOP: Final = "keyring.backends.SecretService.Keyring"
ALLOWED_BACKENDS: Final = {
    _FREEDESKTOP: "Secret Service",
    "keyring.backends.kwallet.DBusKeyring": "KWallet",
    "keyring.backends.macOS.Keyring": "macOS Keychain",
    "keyring.backends.Windows.WinVaultKeyring": "Windows Credential Manager",
}
_ELSEWHERE: Final = {"macOS Keychain": "darwin", "Windows Credential Manager": "win32"}
"""Backends that only one system has, by its `sys.platform`."""
_SERVICE: Final = "ipse"
_NEXT: Final = ".next"
"""Ends the name under which a replacing item lies until it is in its place."""
_NO_ALIAS: Final = "ipse-greeting"
_PATIENCE: Final = 3.0
"""Seconds that a keyring gets for one call before it counts as hung."""

_Result = TypeVar("_Result")


class OsKeyring:
    """A keystore over one backend of `keyring`; items of one wallet share its id as a prefix."""

    def __init__(self, backend: KeyringBackend, name: str, wallet_id: str) -> None:
        self._backend = backend
        self._name = name
        self._wallet_id = wallet_id

    @property
    def description(self) -> str:
        """The backend's name."""
        return f"OS keyring ({self._name})"

    def add(self, item: str, secret: bytes) -> None:
        """Keep `secret` as the new `item` and read it back. Raises KeystoreError, AlreadyExists."""
        if self._read(item) is not None:
            raise AlreadyExists(f"the keyring already holds an item {item!r}")
        self._write(item, base64url.encode(secret))

    def get(self, item: str) -> bytes:
        """The secret kept as `item`. Raises KeystoreError, CorruptData where it is gone."""
        secret = self.find(item)
        if secret is None:
            raise CorruptData(f"{self._name} no longer holds the item {item!r} of this wallet")
        return secret

    def find(self, item: str) -> bytes | None:
        """Like get; None where there is no such item. Raises KeystoreError, CorruptData."""
        text = self._read(item)
        if text is None:
            text = self._read(item + _NEXT)
        if text is None:
            return None
        try:
            return base64url.decode(text)
        except MalformedInput as error:
            raise CorruptData(f"the item {item!r} in {self._name} is damaged") from error

    def replace(self, item: str, secret: bytes) -> None:
        """Keep `secret` as `item`, whatever that held, and read it back. Raises KeystoreError.

        Some keyrings overwrite by deleting first: the new one lies beside the old one until it is in place.
        """
        text = base64url.encode(secret)
        self._write(item + _NEXT, text)
        self._write(item, text)
        self._delete(item + _NEXT)

    def remove(self, item: str) -> None:
        """Forget `item`; nothing happens where it is gone already. Raises KeystoreError."""
        for name in (item + _NEXT, item):
            if self._read(name) is not None:
                self._delete(name)

    def _write(self, item: str, text: str) -> None:
        self._call(lambda: self._backend.set_password(_SERVICE, self._user(item), text))
        if self._read(item) != text:
            raise KeystoreUnavailable(f"{self._name} took an item and did not give it back unaltered")

    def _delete(self, item: str) -> None:
        self._call(lambda: self._backend.delete_password(_SERVICE, self._user(item)))

    def _read(self, item: str) -> str | None:
        return self._call(lambda: self._backend.get_password(_SERVICE, self._user(item)))

    def _user(self, item: str) -> str:
        return f"{self._wallet_id}/{item}"

    def _call(self, function: Callable[[], _Result]) -> _Result:
        with _translated(self._name):
            return _bounded(function, self._name)


def open_os_keyring(wallet_id: str) -> OsKeyring:
    """The first allow-listed backend that answers and is unlocked.

    Raises KeystoreUnavailable where none answers or a configured backend is not on the list,
    KeystoreLocked where the default collection is locked.
    """
    chosen = _chosen_backend()
    reasons: list[str] = []
    for path, name in ALLOWED_BACKENDS.items():
        if chosen not in (None, path) or sys.platform != _ELSEWHERE.get(name, sys.platform):
            continue
        backend = _bounded(lambda path=path: _instantiate(path), name)  # type: ignore[misc]
        if isinstance(backend, str):
            reasons.append(f"{name}: {backend}")
            _log.info("%s does not answer: %s", name, backend)
            continue
        if name == "Secret Service":
            with _translated(name):
                _bounded(lambda backend=backend: _check_collection(backend), name)  # type: ignore[misc]
        return OsKeyring(backend, name, wallet_id)
    raise KeystoreUnavailable("no OS keyring answers (" + "; ".join(reasons) + ")")


def _instantiate(path: str) -> KeyringBackend | str:
    """The backend, or why it can't be had here."""
    import importlib

    module_name, class_name = path.rsplit(".", 1)
    try:
        backend_class = getattr(importlib.import_module(module_name), class_name)
        backend_class.priority  # noqa: B018 - the property raises where the backend can't work
        backend: KeyringBackend = (_greeting() if path == _FREEDESKTOP else backend_class)()
    except Exception as error:
        return (str(error).splitlines() or [type(error).__name__])[0][:120]
    return backend


def _chosen_backend() -> str | None:
    """The backend configured for `keyring`, if any; one outside the allow-list is refused by name."""
    chosen = os.environ.get("PYTHON_KEYRING_BACKEND") or _configured_backend()
    if chosen and chosen not in ALLOWED_BACKENDS:
        raise KeystoreUnavailable(
            f"the keyring backend {chosen!r} is not one that ipse trusts",
            hint="unset PYTHON_KEYRING_BACKEND or the default-keyring of keyringrc.cfg, "
            "or make a wallet with `ipse init --keystore file`",
        )
    return chosen or None


def _configured_backend() -> str | None:
    import configparser
    from pathlib import Path

    from keyring.util.platform_ import config_root

    parser = configparser.RawConfigParser()
    with contextlib.suppress(OSError, ValueError, configparser.Error):
        parser.read(Path(config_root()) / "keyringrc.cfg", encoding="utf-8")
        return parser.get("backend", "default-keyring", fallback=None)
    return None


def _check_collection(backend: KeyringBackend) -> None:
    """Say that it is locked at once, where `keyring` would wait for a dialogue nobody may see."""
    collection = _collection(backend)
    with contextlib.closing(collection.connection):
        if collection.collection_path.endswith("/session"):
            raise KeystoreUnavailable("the Secret Service's keyring in use forgets everything at logout")
        if collection.is_locked():
            raise KeystoreLocked("the Secret Service's keyring is locked")


def _greeting() -> type[KeyringBackend]:
    """The Secret Service's backend of `keyring`, with connections that greet the service first."""
    from keyring.backends.SecretService import Keyring
    from keyring.errors import KeyringLocked

    class Greeting(Keyring):
        def get_preferred_collection(self) -> Collection:
            collection = _collection(self)
            if collection.is_locked():
                collection.unlock()
                if collection.is_locked():
                    raise KeyringLocked("Failed to unlock the collection!")
            return collection

    return Greeting


def _collection(backend: KeyringBackend) -> Collection:
    """The collection that `keyring` is told to use, or the default one, on a connection of its own."""
    import secretstorage

    bus = _connect()
    try:
        chosen = getattr(backend, "preferred_collection", None)
        return secretstorage.Collection(bus, chosen) if chosen else secretstorage.get_default_collection(bus)
    except BaseException:
        bus.close()
        raise


def _connect() -> DBusConnection:
    """A new connection to the session bus that has greeted the Secret Service.

    gnome-keyring (42 to 50 at least) makes a record of a connection when its first call arrives. On a busy
    machine it may handle the call before that. If the call needs the record, the daemon aborts, and every
    program of the session is without its keyring. Asking for an alias that nobody has needs no record, and
    whatever is sent after the answer finds one.
    """
    import secretstorage

    bus = secretstorage.dbus_init()
    with contextlib.suppress(Exception):  # the answer does not matter
        secretstorage.get_collection_by_alias(bus, _NO_ALIAS)
    return bus


@contextlib.contextmanager
def _translated(name: str) -> Iterator[None]:
    from keyring.errors import KeyringError, KeyringLocked

    try:
        yield
    except KeystoreError:
        raise
    except KeyringLocked as error:
        raise KeystoreLocked(f"{name} is locked") from error
    except KeyringError as error:
        raise KeystoreUnavailable(f"{name} failed: {error}") from error
    except Exception as error:
        raise KeystoreUnavailable(f"{name} failed: {type(error).__name__} {error}") from error


def _bounded(function: Callable[[], _Result], name: str) -> _Result:
    """`function()`, or KeystoreUnavailable after a few seconds; the call itself can't be cancelled."""
    answers: queue.SimpleQueue[tuple[bool, object]] = queue.SimpleQueue()

    def run() -> None:
        try:
            answers.put((True, function()))
        except BaseException as error:
            answers.put((False, error))

    threading.Thread(target=run, name="ipse-keyring", daemon=True).start()
    try:
        succeeded, answer = answers.get(timeout=_PATIENCE)
    except queue.Empty:
        raise KeystoreUnavailable(
            f"{name} does not answer",
            hint="unlock or restart your desktop's keyring, then run the command again",
        ) from None
    if not succeeded:
        raise answer  # type: ignore[misc]
    return answer  # type: ignore[return-value]
