"""The OS keyring: which backends are trusted, and what is made of a backend that misbehaves."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from keyring.backend import KeyringBackend
from keyring.errors import InitError, KeyringLocked, PasswordSetError

from ipse.errors import (
    AlreadyExists,
    CorruptData,
    IpseError,
    KeystoreError,
    KeystoreLocked,
    KeystoreUnavailable,
)
from ipse.keys.keystore import os_keyring
from ipse.keys.keystore.os_keyring import OsKeyring, open_os_keyring
from tests.waiting import PATIENCE

UNTRUSTED = [
    "keyring.backends.null.Keyring",
    "keyring.backends.fail.Keyring",
    "keyring.backends.chainer.ChainerBackend",
    "keyring.backends.libsecret.Keyring",
    "keyrings.alt.file.PlaintextKeyring",
    "keyrings.alt.file.EncryptedKeyring",
    "keyrings.cryptfile.cryptfile.CryptFileKeyring",
    "evil.Keyring",
    "Keyring",
    " ",
    "keyring.backends.SecretService.Keyring ",
    "keyring.backends.secretservice.Keyring",
]


linux = pytest.mark.skipif(sys.platform != "linux", reason="a system with one keyring of its own answers")


class Backend(KeyringBackend):
    """A keyring in memory, for one thing to go wrong in."""

    priority = -1.0

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.items: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.items.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.items[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.items[service, username]


def store(backend: KeyringBackend, wallet_id: str = "wallet-1") -> OsKeyring:
    return OsKeyring(backend, "Test Keyring", wallet_id)


@pytest.fixture
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The configuration file of `keyring`, not written yet; nothing else is configured.

    A busy machine may import the backends late.
    """
    monkeypatch.setattr(os_keyring, "_PATIENCE", PATIENCE)
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/nobody-listens-here")
    folder = tmp_path / "python_keyring"
    folder.mkdir()
    return folder / "keyringrc.cfg"


@pytest.mark.parametrize("backend", UNTRUSTED)
def test_an_untrusted_backend_in_the_environment_is_refused_by_name(
    configuration: Path, monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", backend)
    with pytest.raises(KeystoreUnavailable, match="is not one that ipse trusts") as caught:
        open_os_keyring("wallet-1")
    assert repr(backend) in caught.value.message
    assert "PYTHON_KEYRING_BACKEND" in caught.value.hint


@pytest.mark.parametrize("backend", [name for name in UNTRUSTED if name == name.strip()])
def test_an_untrusted_backend_in_the_configuration_is_refused_by_name(
    configuration: Path, backend: str
) -> None:
    configuration.write_text(f"[backend]\ndefault-keyring={backend}\n")
    with pytest.raises(KeystoreUnavailable, match="is not one that ipse trusts") as caught:
        open_os_keyring("wallet-1")
    assert repr(backend) in caught.value.message
    assert "keyringrc.cfg" in caught.value.hint


def test_an_untrusted_backend_is_not_even_imported(
    configuration: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "ipse_evil.py").write_text("raise SystemExit('imported')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    configuration.write_text(f"[backend]\ndefault-keyring=ipse_evil.Keyring\nkeyring-path={tmp_path}\n")
    with pytest.raises(KeystoreUnavailable, match="ipse_evil"):
        open_os_keyring("wallet-1")


@linux
def test_a_trusted_backend_that_is_configured_is_the_only_one_tried(
    configuration: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.kwallet.DBusKeyring")
    with pytest.raises(KeystoreUnavailable) as caught:
        open_os_keyring("wallet-1")
    assert "KWallet" in caught.value.message
    assert "Secret Service" not in caught.value.message


@linux
def test_where_no_backend_answers_each_is_named_with_its_reason(configuration: Path) -> None:
    with pytest.raises(KeystoreUnavailable, match=r"no OS keyring answers \(Secret Service: ") as caught:
        open_os_keyring("wallet-1")
    assert "--keystore file" in caught.value.hint
    assert caught.value.message.isprintable()


@linux
@pytest.mark.parametrize(
    "content",
    [b"", b"[backend]\n", b"[other]\nx=1\n", b"default-keyring=x\n", b"[backend\n", b"\xff\xfe\0", b"\xe9"],
)
def test_a_configuration_that_names_nothing_is_no_crash(configuration: Path, content: bytes) -> None:
    configuration.write_bytes(content)
    with pytest.raises(KeystoreUnavailable):
        open_os_keyring("wallet-1")


def test_an_item_is_written_read_back_and_removed() -> None:
    backend = Backend()
    keystore = store(backend)
    keystore.add("root", b"\0\xff secret")
    assert keystore.get("root") == b"\0\xff secret"
    assert list(backend.items) == [("ipse", "wallet-1/root")]
    keystore.remove("root")
    keystore.remove("root")
    assert not backend.items
    with pytest.raises(CorruptData, match="no longer holds the item 'root'"):
        keystore.get("root")


def test_an_item_is_never_overwritten() -> None:
    keystore = store(Backend())
    keystore.add("root", b"first")
    with pytest.raises(AlreadyExists):
        keystore.add("root", b"second")
    assert keystore.get("root") == b"first"


def test_the_items_of_two_wallets_do_not_mix() -> None:
    backend = Backend()
    first, second = store(backend, "wallet-1"), store(backend, "wallet-2")
    first.add("root", b"first")
    second.add("root", b"second")
    second.remove("root")
    assert first.get("root") == b"first"


def test_a_backend_that_forgets_is_found_by_reading_back() -> None:
    class Forgetful(Backend):
        def set_password(self, service: str, username: str, password: str) -> None:
            """As `keyring.backends.null` does."""

    with pytest.raises(KeystoreUnavailable, match="did not give it back unaltered"):
        store(Forgetful()).add("root", b"secret")


def test_a_backend_that_cuts_an_item_is_found_by_reading_back() -> None:
    class Short(Backend):
        def set_password(self, service: str, username: str, password: str) -> None:
            super().set_password(service, username, password[:10])

    with pytest.raises(KeystoreUnavailable, match="did not give it back unaltered"):
        store(Short()).add("root", b"a secret of some length")


@pytest.mark.parametrize("text", ["", "A", "not base64url!", "QUFB\n", "\ud800"])
def test_an_item_that_somebody_altered_is_corrupt_and_named(text: str) -> None:
    backend = Backend()
    backend.items["ipse", "wallet-1/root"] = text
    keystore = store(backend)
    if not text:
        assert keystore.get("root") == b""
        return
    with pytest.raises(CorruptData, match="root") as caught:
        keystore.get("root")
    assert text not in caught.value.message


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (KeyringLocked("no"), KeystoreLocked),
        (PasswordSetError("no"), KeystoreUnavailable),
        (InitError("no"), KeystoreUnavailable),
        (RuntimeError("no"), KeystoreUnavailable),
        (OSError(5, "no"), KeystoreUnavailable),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no"), KeystoreUnavailable),
    ],
)
def test_what_a_backend_raises_becomes_a_keystore_error(
    raised: Exception, expected: type[KeystoreError]
) -> None:
    class Failing(Backend):
        def get_password(self, service: str, username: str) -> str | None:  # noqa: ARG002
            raise raised

    actions: list[Callable[[OsKeyring], object]] = [
        lambda keystore: keystore.get("root"),
        lambda keystore: keystore.add("root", b"secret"),
        lambda keystore: keystore.remove("root"),
    ]
    for act in actions:
        with pytest.raises(expected, match="Test Keyring") as caught:
            act(store(Failing()))
        assert "secret" not in caught.value.message


def test_a_backend_that_hangs_is_given_up_after_a_few_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    class Hung(Backend):
        def get_password(self, service: str, username: str) -> str | None:  # noqa: ARG002
            released.wait()
            return None

    assert os_keyring._PATIENCE <= 5
    monkeypatch.setattr(os_keyring, "_PATIENCE", 0.05)
    started = time.perf_counter()
    try:
        with pytest.raises(KeystoreUnavailable, match="does not answer"):
            store(Hung()).get("root")
        assert time.perf_counter() - started < PATIENCE
    finally:
        released.set()


def test_an_error_never_names_the_secret() -> None:
    class Loud(Backend):
        def set_password(self, service: str, username: str, password: str) -> None:  # noqa: ARG002
            raise PasswordSetError("can't store it")

    with pytest.raises(IpseError) as caught:
        store(Loud()).add("root", b"secret")
    assert "c2VjcmV0" not in caught.value.message
