"""The unlock session: one passphrase, one derivation, for a time, with nothing secret lying about."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn

import pytest

from ipse.encoding import base64url
from ipse.encoding.strict_json import JsonObject
from ipse.errors import AlreadyExists, MissingFeature, StorageError, UsageError, WrongPassphrase
from ipse.keys.keystore import unlock_service
from ipse.keys.keystore.encrypted_file import EncryptedFile
from tests.waiting import PATIENCE, eventually, is_running

PASSPHRASE = b"correct horse battery staple"
SECRET = b"a secret that nobody may ever read"
SOURCE = str(Path(unlock_service.__file__).parents[3])

pytestmark = pytest.mark.skipif(os.name == "nt", reason="there are no Unix-domain sockets in Python there")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")


def never_asked() -> NoReturn:
    raise AssertionError("the passphrase was asked for")


def opened(path: Path) -> EncryptedFile:
    """The keystore as a command without any passphrase sees it."""
    return EncryptedFile(path, never_asked)


def status_of(path: Path) -> JsonObject:
    """What the service of the keystore at `path` says of itself: `process` and `seconds`."""
    ((reply, _),) = unlock_service._ask(path, {"op": "status"})
    return reply


def service_of(path: Path) -> int:
    """The process id of the service of the keystore at `path`."""
    return int(status_of(path)["process"])


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's runtime folder."""
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    return folder


@pytest.fixture
def path(tmp_path: Path, runtime: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A keystore with the item `root`; its session ends with the test. A busy machine may answer late."""
    monkeypatch.setattr(unlock_service, "_ANSWER_WAIT", PATIENCE)
    folder = tmp_path / "wallet"
    folder.mkdir(mode=0o700)
    keystore = EncryptedFile(folder / "keystore.json", lambda: PASSPHRASE)
    keystore.create()
    keystore.add("root", SECRET)
    yield keystore.path
    unlock_service.stop(keystore.path)


@pytest.fixture
def unlocked(path: Path) -> Path:
    """The same, unlocked for a minute."""
    EncryptedFile(path, lambda: PASSPHRASE).unlock(60)
    return path


def derived_key(path: Path) -> bytes:
    keystore = EncryptedFile(path, lambda: PASSPHRASE)
    return keystore._derive(json.loads(path.read_bytes())["kdf"])


def test_a_hundred_readers_after_one_unlock_derive_nothing(
    unlocked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EncryptedFile, "_derive", lambda *_: never_asked())
    for _ in range(100):
        assert opened(unlocked).get("root") == SECRET


def test_no_session_begins_by_itself(path: Path) -> None:
    assert EncryptedFile(path, lambda: PASSPHRASE).get("root") == SECRET
    assert list(unlock_service._ask(path, {"op": "status"})) == []
    with pytest.raises(AssertionError, match="asked"):
        opened(path).get("root")


def test_what_is_written_within_a_session_opens_with_the_passphrase_and_within_it(unlocked: Path) -> None:
    before = json.loads(unlocked.read_bytes())
    opened(unlocked).add("did", b"another")
    after = json.loads(unlocked.read_bytes())
    assert after["nonce"] != before["nonce"]
    assert opened(unlocked).get("did") == b"another"
    unlock_service.stop(unlocked)
    assert EncryptedFile(unlocked, lambda: PASSPHRASE).get("did") == b"another"


def test_a_session_ends_at_its_time_and_its_socket_goes(path: Path, runtime: Path) -> None:
    EncryptedFile(path, lambda: PASSPHRASE).unlock(5)
    process = service_of(path)
    assert opened(path).get("root") == SECRET
    assert eventually(lambda: not is_running(process))
    assert list((runtime / "ipse").iterdir()) == []
    with pytest.raises(AssertionError, match="asked"):
        opened(path).get("root")


def test_a_deadline_holds_on_whichever_clock_gets_there_first(monkeypatch: pytest.MonkeyPatch) -> None:
    from ipse.keys.keystore import unlock_server

    uptime, wall = [1000.0], [5000.0]
    monkeypatch.setattr(unlock_server, "_uptime", lambda: uptime[0])
    monkeypatch.setattr(time, "time", lambda: wall[0])
    deadline = unlock_server.Deadline.after(60)
    wall[0] -= 3600  # somebody sets the clock back
    assert deadline.left() == 60
    uptime[0] += 61
    assert deadline.left() < 0
    uptime[0], wall[0] = 1000.0, 5061.0  # the machine slept and the first clock did not count it
    assert deadline.left() < 0


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="that clock is Linux's")
def test_the_first_clock_counts_the_time_that_the_machine_sleeps() -> None:
    from ipse.keys.keystore import unlock_server

    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    assert before <= unlock_server._uptime() <= time.clock_gettime(time.CLOCK_BOOTTIME)


def test_lock_ends_a_session_at_once(unlocked: Path, runtime: Path) -> None:
    process = service_of(unlocked)
    assert unlock_service.stop(unlocked)
    assert list((runtime / "ipse").iterdir()) == []
    assert unlock_service.key_for(unlocked, {}) is None
    assert eventually(lambda: not is_running(process))
    assert not unlock_service.stop(unlocked)


def test_a_session_ends_when_the_keystore_file_is_gone(unlocked: Path, runtime: Path) -> None:
    process = service_of(unlocked)
    unlocked.rename(unlocked.with_name("elsewhere.json"))
    assert eventually(lambda: not is_running(process))
    assert list((runtime / "ipse").iterdir()) == []


def test_a_session_ends_when_a_logout_empties_the_runtime_folder(unlocked: Path, runtime: Path) -> None:
    process = service_of(unlocked)
    (socket_file,) = (runtime / "ipse").iterdir()
    socket_file.unlink()
    assert eventually(lambda: not is_running(process))


def test_a_wrong_passphrase_begins_no_session_and_ends_none(unlocked: Path) -> None:
    with pytest.raises(WrongPassphrase):
        EncryptedFile(unlocked, lambda: b"wrong").unlock(60)
    assert opened(unlocked).get("root") == SECRET


def test_a_session_is_not_prolonged_without_the_passphrase(unlocked: Path) -> None:
    with pytest.raises(AssertionError, match="asked"):
        opened(unlocked).unlock(60)


@pytest.mark.parametrize("seconds", [0, -1, 24 * 60 * 60 + 1])
def test_a_session_lasts_a_day_at_most_and_this_is_said_before_asking(path: Path, seconds: float) -> None:
    with pytest.raises(UsageError):
        opened(path).unlock(seconds)


def test_a_system_without_such_sockets_is_told_so_before_asking(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (unlock_service, unlock_service):
        monkeypatch.setattr(module, "os", SimpleNamespace(name="nt"))
    with pytest.raises(MissingFeature, match="Windows"):
        opened(path).unlock(60)
    assert unlock_service.key_for(path, {}) is None
    assert not unlock_service.stop(path)
    monkeypatch.undo()


def test_nothing_is_imported_that_only_some_systems_have() -> None:
    program = (
        "import sys; sys.modules.update(dict.fromkeys(('resource', 'fcntl', 'termios', 'pwd')))\n"
        "from ipse.keys.keystore import unlock_server, unlock_service\n"
    )
    subprocess.run([sys.executable, "-S", "-c", program], env={"PYTHONPATH": SOURCE}, check=True)


def test_the_later_unlock_replaces_the_earlier(unlocked: Path, runtime: Path) -> None:
    earlier = service_of(unlocked)
    EncryptedFile(unlocked, lambda: PASSPHRASE).unlock(600)
    assert service_of(unlocked) != earlier
    assert status_of(unlocked)["seconds"] > 60
    assert eventually(lambda: not is_running(earlier))
    assert len(list((runtime / "ipse").iterdir())) == 1
    assert opened(unlocked).get("root") == SECRET


def test_another_derivation_header_gets_no_key(unlocked: Path) -> None:
    kdf = json.loads(unlocked.read_bytes())["kdf"]
    assert unlock_service.key_for(unlocked, kdf) == derived_key(unlocked)
    others = [
        {},
        None,
        {**kdf, "salt": base64url.encode(bytes(16))},
        {**kdf, "passes": 2},
        {**kdf, "more": 1},
    ]
    for other in others:
        assert unlock_service.key_for(unlocked, other) is None  # type: ignore[arg-type]


def test_a_keystore_made_anew_in_the_same_place_gets_no_key(unlocked: Path) -> None:
    unlocked.unlink()
    EncryptedFile(unlocked, lambda: b"another").create()
    with pytest.raises(AssertionError, match="asked"):
        opened(unlocked).add("root", SECRET)


def test_a_key_that_does_not_open_the_file_counts_as_none(path: Path) -> None:
    unlock_service.start(path, json.loads(path.read_bytes())["kdf"], bytes(32), seconds=60)
    assert EncryptedFile(path, lambda: PASSPHRASE).get("root") == SECRET
    with pytest.raises(AlreadyExists):
        EncryptedFile(path, lambda: PASSPHRASE).add("root", b"")
    with pytest.raises(WrongPassphrase):
        EncryptedFile(path, lambda: b"wrong").get("root")


def test_a_keystore_has_one_session_however_its_path_is_written(unlocked: Path) -> None:
    link = unlocked.parent.with_name("link")
    link.symlink_to(unlocked.parent)
    assert opened(link / "keystore.json").get("root") == SECRET
    assert opened(link / ".." / "wallet" / "keystore.json").get("root") == SECRET


def test_without_a_runtime_folder_the_socket_lies_beside_the_keystore(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "absent"))
    EncryptedFile(path, lambda: PASSPHRASE).unlock(60)
    assert stat.S_IMODE((path.parent / "unlock").stat().st_mode) == 0o700
    assert opened(path).get("root") == SECRET


@on_linux
def test_a_path_longer_than_a_socket_address_does(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "relative")
    folder = path.parent / ("long" * 30) / ("longer" * 30)
    folder.mkdir(parents=True)
    moved = path.rename(folder / "keystore.json")
    EncryptedFile(moved, lambda: PASSPHRASE).unlock(60)
    assert opened(moved).get("root") == SECRET
    assert unlock_service.stop(moved)


def test_where_no_service_can_start_it_is_said_why(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(StorageError, match="no such file"):
        EncryptedFile(path, lambda: PASSPHRASE).unlock(60)


@on_linux
def test_nothing_secret_is_in_the_services_arguments_or_environment(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_TOKEN", "value of a token")
    EncryptedFile(path, lambda: PASSPHRASE).unlock(60)
    process = Path(f"/proc/{service_of(path)}")
    arguments = (process / "cmdline").read_bytes()
    key = derived_key(path)
    assert b"unlock_server" in arguments
    for form in (PASSPHRASE, SECRET, key, key.hex().encode(), base64url.encode(key).encode()):
        assert form not in arguments
    with contextlib.suppress(PermissionError):  # even its owner may not look
        assert (process / "environ").read_bytes() in (
            b"",
            b"LD_LIBRARY_PATH=" + os.environb.get(b"LD_LIBRARY_PATH", b"") + b"\0",
        )


def test_nothing_secret_is_in_any_file(unlocked: Path, tmp_path: Path) -> None:
    opened(unlocked).add("did", b"another")
    key = derived_key(unlocked)
    forms = (PASSPHRASE, SECRET, key, key.hex().encode(), base64url.encode(key).encode())
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert unlocked in files
    for file in files:
        assert not [form for form in forms if form in file.read_bytes()]


@on_linux
def test_the_service_can_be_neither_traced_nor_dumped(unlocked: Path) -> None:
    process = Path(f"/proc/{service_of(unlocked)}")
    limits = (process / "limits").read_text()
    assert re.search(r"Max core file size +0 +0 ", limits)
    # The kernel gives the files of a process that is not dumpable to root.
    assert (process / "mem").stat().st_uid == 0
    if os.geteuid() != 0:
        with pytest.raises(PermissionError):
            (process / "mem").open("rb")


@on_linux
def test_shielding_takes_the_processs_dumpable_flag() -> None:
    program = (
        "import ctypes; from ipse.keys.keystore.unlock_server import _shield\n"
        "get = lambda: ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)\n"
        "before = get(); _shield(); print(before, get())\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "1 0\n"


@on_linux
def test_the_key_lies_in_locked_memory(unlocked: Path) -> None:
    status = Path(f"/proc/{service_of(unlocked)}/status").read_text()
    match = re.search(r"VmLck:\s+(\d+) kB", status)
    assert match
    if int(match[1]) == 0:
        pytest.skip("no memory may be locked here")


def test_the_socket_and_its_folder_are_the_owners_alone(unlocked: Path, runtime: Path) -> None:
    folder = runtime / "ipse"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (socket_file,) = folder.iterdir()
    assert socket_file.is_socket()
    assert socket_file.stat().st_uid == os.geteuid()


def test_a_session_outlives_the_shell_that_began_it_but_not_its_time(path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from ipse.keys.keystore.encrypted_file import EncryptedFile\n"
        f"EncryptedFile(Path({str(path)!r}), lambda: {PASSPHRASE!r}).unlock(10)\n"
    )
    shell = subprocess.run(
        ["sh", "-c", f'{sys.executable} -c "$PROGRAM"; kill -HUP 0'],
        env={**os.environ, "PROGRAM": program},
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),  # `nohup` has it ignored
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert shell.returncode != 0  # the hangup was real
    process = service_of(path)
    assert opened(path).get("root") == SECRET
    assert eventually(lambda: not is_running(process))


def test_the_service_holds_on_to_none_of_its_starters_streams(path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from ipse.keys.keystore.encrypted_file import EncryptedFile\n"
        f"EncryptedFile(Path({str(path)!r}), lambda: {PASSPHRASE!r}).unlock(60)\n"
    )
    subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=PATIENCE, check=True)
    assert opened(path).get("root") == SECRET


def test_an_unlock_with_its_streams_closed_works(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "relative")  # one open folder less: the socket gets a low number
    program = (
        "import os; from pathlib import Path; from ipse.keys.keystore.encrypted_file import EncryptedFile\n"
        "for descriptor in (0, 1, 2): os.close(descriptor)\n"
        f"EncryptedFile(Path({str(path)!r}), lambda: {PASSPHRASE!r}).unlock(60)\n"
        "os._exit(0)\n"
    )
    subprocess.run([sys.executable, "-c", program], timeout=PATIENCE, check=True)
    assert opened(path).get("root") == SECRET


def test_a_request_of_another_version_or_kind_is_refused(unlocked: Path, runtime: Path) -> None:
    (socket_file,) = (runtime / "ipse").iterdir()
    for request in (
        b'{"version": 2, "op": "status"}\n',
        b'{"op": "status"}\n',
        b'{"version": 1, "op": "passphrase"}\n',
        b'{"version": 1, "op": ["key"]}\n',
        b"[]\n",
        b"\xff\n",
        b"\n",
    ):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(socket_file))
            connection.sendall(request)
            assert json.loads(connection.recv(unlock_service.MAX_LINE)) == {
                "version": unlock_service.VERSION,
                "ok": False,
            }
