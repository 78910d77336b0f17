"""An item that is replaced holds what it held before or the new one, whatever happens meanwhile."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest
from keyring.backend import KeyringBackend
from keyring.errors import PasswordSetError

from ipse.errors import CorruptData, KeystoreError, KeystoreLocked, KeystoreUnavailable, WrongPassphrase
from ipse.keys.keystore.encrypted_file import EncryptedFile
from ipse.keys.keystore.os_keyring import OsKeyring, open_os_keyring
from tests.conftest import PASSPHRASE
from tests.desktop import Desktop
from tests.faults.conftest import filled
from tests.faults.processes import Report, at_every, kill_at_line, needs_fork, together

ROOT, OLD, NEW = b"the root", b'{"count":1}', b'{"count":2}'


class TestTheEncryptedFile:
    @pytest.fixture
    def store(self, tmp_path: Path) -> EncryptedFile:
        """A keystore with a key and an item that is going to be replaced."""
        made = opened(tmp_path / "keystore.json")
        made.create()
        made.add("root", ROOT)
        made.replace("log", OLD)
        return made

    def test_gives_back_the_new_item_and_all_others(self, store: EncryptedFile) -> None:
        assert store.find("log") == OLD
        store.replace("log", NEW)
        again = opened(store.path)
        assert (again.get("log"), again.get("root")) == (NEW, ROOT)

    def test_has_no_item_that_was_never_kept_or_was_removed(self, store: EncryptedFile) -> None:
        assert store.find("other") is None
        store.remove("log")
        assert opened(store.path).find("log") is None

    def test_is_not_changed_by_a_wrong_passphrase(self, store: EncryptedFile) -> None:
        before = store.path.read_bytes()
        wrong = EncryptedFile(store.path, lambda: b"wrong")
        with pytest.raises(WrongPassphrase):
            wrong.replace("log", NEW)
        with pytest.raises(WrongPassphrase):
            wrong.find("log")
        assert store.path.read_bytes() == before

    @needs_fork
    @at_every(1)
    def test_holds_the_old_or_the_new_item_after_a_kill_at_any_line(
        self, store: EncryptedFile, step: int
    ) -> None:
        before = store.path.read_bytes()
        seen = set()
        for line in count(1, step):
            store.path.write_bytes(before)
            killed, reported = kill_at_line(line, functools.partial(_replace, store.path))
            again = opened(store.path)
            held = again.get("log")
            assert again.get("root") == ROOT
            assert held == NEW if reported else held in (OLD, NEW)
            seen.add(held)
            if not killed:
                break
        assert seen == {OLD, NEW}

    @needs_fork
    def test_loses_nothing_to_processes_that_write_at_the_same_time(self, store: EncryptedFile) -> None:
        def work(number: int, _: Report) -> None:
            mine = opened(store.path)
            for _round in range(5):
                mine.replace(f"item-{number}", bytes([number, _round]))

        together(*(functools.partial(work, number) for number in range(3)))
        again = opened(store.path)
        assert [again.get(f"item-{number}") for number in range(3)] == [bytes([n, 4]) for n in range(3)]
        assert (again.get("root"), again.get("log")) == (ROOT, OLD)


def opened(path: Path) -> EncryptedFile:
    return EncryptedFile(path, lambda: PASSPHRASE)


def _replace(path: Path, report: Report) -> None:
    opened(path).replace("log", NEW)
    report("done")


class TestARealSecretService:
    def test_gives_back_the_new_item_alone(self, desktop: Desktop) -> None:
        keystore = open_os_keyring("wallet-1")
        assert keystore.find("log") is None
        for secret in (OLD, NEW, bytes(range(256)), b""):
            keystore.replace("log", secret)
            assert open_os_keyring("wallet-1").get("log") == secret
            assert desktop.items() == ["wallet-1/log"]
        keystore.remove("log")
        assert desktop.items() == []
        with pytest.raises(CorruptData, match="no longer holds the item 'log'"):
            keystore.get("log")

    @pytest.mark.usefixtures("desktop")
    def test_keeps_the_items_of_two_wallets_apart(self) -> None:
        first, second = open_os_keyring("wallet-1"), open_os_keyring("wallet-2")
        first.replace("log", OLD)
        assert second.find("log") is None
        second.replace("log", NEW)
        assert first.get("log") == OLD

    def test_outlives_the_session(self, desktop: Desktop) -> None:
        for secret in (OLD, NEW):
            open_os_keyring("wallet-1").replace("log", secret)
        desktop.kill_keyring()
        desktop.start_keyring()
        assert open_os_keyring("wallet-1").get("log") == NEW

    @pytest.mark.parametrize(
        ("fault", "error"), [("lock", KeystoreLocked), ("kill_keyring", KeystoreUnavailable)]
    )
    def test_that_is_out_of_reach_is_said_to_be(
        self, desktop: Desktop, fault: str, error: type[KeystoreError]
    ) -> None:
        keystore = open_os_keyring("wallet-1")
        keystore.replace("log", OLD)
        getattr(desktop, fault)()
        with pytest.raises(error):
            keystore.replace("log", NEW)
        with pytest.raises(error):
            keystore.find("log")

    def test_on_a_full_disk_keeps_the_old_item(self, session: Desktop, small_disk: Path) -> None:
        session.environment["XDG_DATA_HOME"] = str(small_disk / "data")
        session.start_keyring()
        keystore = open_os_keyring("wallet-1")
        keystore.replace("log", OLD)
        with filled(small_disk), pytest.raises(KeystoreUnavailable):
            keystore.replace("log", NEW)
        session.kill_keyring()
        session.start_keyring()
        again = open_os_keyring("wallet-1")
        assert again.get("log") in (OLD, NEW)
        again.replace("log", NEW)
        assert again.get("log") == NEW


class DeletesFirst(KeyringBackend):
    """Overwrites as the macOS Keychain does under `keyring`; the power may fail before any of its steps."""

    priority = -1.0

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.items: dict[tuple[str, str], str] = {}
        self.steps_left = -1

    def step(self) -> None:
        if self.steps_left == 0:
            raise PasswordSetError("the power failed")
        self.steps_left -= 1

    def get_password(self, service: str, username: str) -> str | None:
        return self.items.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.step()
        self.items.pop((service, username), None)
        self.step()
        self.items[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self.step()
        del self.items[service, username]


@pytest.mark.parametrize("again", [False, True])
def test_a_keyring_that_deletes_before_it_writes_loses_no_item(again: bool) -> None:
    seen = []
    for steps in range(6):
        backend = DeletesFirst()
        keystore = OsKeyring(backend, "Test Keyring", "wallet-1")
        keystore.replace("log", OLD)
        for steps_left in (steps, steps) if again else (steps,):
            backend.steps_left = steps_left
            _ends_or_fails(lambda keystore=keystore: keystore.replace("log", NEW))  # type: ignore[misc]
        backend.steps_left = -1
        seen.append(keystore.get("log"))
        keystore.remove("log")
        assert backend.items == {}, "what an interrupted replacement left goes with the item"
    assert set(seen) == {OLD, NEW}
    assert seen[-1] == NEW


def _ends_or_fails(act: Callable[[], object]) -> None:
    with suppress(KeystoreUnavailable):
        act()


def test_a_keyring_that_does_not_keep_the_new_item_is_found_out() -> None:
    class Forgets(DeletesFirst):
        def set_password(self, service: str, username: str, password: str) -> None:
            pass

    with pytest.raises(KeystoreUnavailable, match="did not give it back"):
        OsKeyring(Forgets(), "Test Keyring", "wallet-1").replace("log", NEW)
