"""The unlock service: killed, hung, flooded, impersonated, and asked by strangers."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from ipse.keys.keystore import unlock_service
from ipse.keys.keystore.encrypted_file import EncryptedFile
from tests.conftest import PASSPHRASE
from tests.faults.processes import Process, Report, needs_fork, together
from tests.waiting import PATIENCE, eventually, is_running

SECRET = bytes(range(32))
SOURCE = Path(unlock_service.__file__).parents[3]
NOBODY = 65534

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="there are no Unix-domain sockets in Python there"),
]
as_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become another user"
)


def never_asked() -> NoReturn:
    raise AssertionError("the passphrase was asked for")


def opened(path: Path) -> EncryptedFile:
    """The keystore as a command without any passphrase sees it."""
    return EncryptedFile(path, never_asked)


def unlock(path: Path, seconds: float = 60) -> None:
    EncryptedFile(path, lambda: PASSPHRASE).unlock(seconds)


def service_of(path: Path) -> int:
    """The process id of the service of the keystore at `path`, however patient commands are."""
    with pytest.MonkeyPatch.context() as patient:
        patient.setattr(unlock_service, "_ANSWER_WAIT", PATIENCE / 2)
        ((reply, _),) = unlock_service._ask(path, {"op": "status"})
    return int(reply["process"])


def near(place: Path) -> str:
    """A socket's path from where the test runs: bind and connect take about a hundred bytes."""
    return os.path.relpath(place)


def asks(path: Path) -> bool:
    """Whether a command on the keystore asks for the passphrase. It never hangs."""
    asked: list[bool] = []

    def passphrase() -> bytes:
        asked.append(True)
        return PASSPHRASE

    before = time.monotonic()
    assert EncryptedFile(path, passphrase).get("root") == SECRET
    assert time.monotonic() - before < PATIENCE
    return bool(asked)


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's runtime folder, in the one that the test runs in."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    return folder


@pytest.fixture
def path(tmp_path: Path, runtime: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A keystore with the item `root`; its session ends with the test. A busy machine may answer late."""
    monkeypatch.setattr(unlock_service, "_ANSWER_WAIT", PATIENCE / 2)
    monkeypatch.setattr(unlock_service, "_START_WAIT", PATIENCE / 2)
    keystore = EncryptedFile(tmp_path / "keystore.json", lambda: PASSPHRASE)
    keystore.create()
    keystore.add("root", SECRET)
    yield keystore.path
    unlock_service.stop(keystore.path)


@pytest.fixture
def socket_file(path: Path, runtime: Path) -> Path:
    """Where the service of the keystore listens; it is unlocked for a minute."""
    unlock(path)
    (found,) = (runtime / "ipse").iterdir()
    return found


@pytest.fixture
def impatient(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands wait for a service for half a second."""
    monkeypatch.setattr(unlock_service, "_ANSWER_WAIT", 0.5)


def test_a_killed_services_socket_is_removed_by_the_next_command_which_asks(
    path: Path, socket_file: Path
) -> None:
    service = service_of(path)
    os.kill(service, signal.SIGKILL)
    assert eventually(lambda: not is_running(service))
    assert socket_file.exists()
    assert asks(path)
    assert not socket_file.exists()
    unlock(path)
    assert not asks(path)


def test_a_service_told_to_terminate_takes_its_socket_with_it(path: Path, socket_file: Path) -> None:
    os.kill(service_of(path), signal.SIGTERM)
    assert eventually(lambda: not socket_file.exists())
    assert asks(path)


def test_a_hung_service_holds_nobody_up_and_lock_still_ends_it(
    path: Path, socket_file: Path, impatient: None
) -> None:
    process = service_of(path)
    os.kill(process, signal.SIGSTOP)
    try:
        assert asks(path)
        assert unlock_service.stop(path)
        assert not socket_file.exists()
        assert asks(path)
    finally:
        os.kill(process, signal.SIGCONT)
    assert eventually(lambda: not is_running(process))
    assert asks(path)


def test_a_service_that_trickles_its_answer_holds_nobody_up(
    path: Path, socket_file: Path, impatient: None
) -> None:
    unlock_service.stop(path)
    with listening(socket_file) as listener:

        def trickle() -> None:
            connection, _ = listener.accept()
            with contextlib.suppress(OSError), connection:
                while True:
                    connection.sendall(b" ")
                    time.sleep(0.2)

        threading.Thread(target=trickle, daemon=True).start()
        assert asks(path)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"garbage",
        b"x" * 100_000,
        b'{"version": 1, "ok": true}\n' + bytes(31),
        b'{"version": 1, "ok": true}\n' + bytes(33),
        b'{"version": 1, "ok": true}\n' + bytes(32),
        b'{"version": 2, "ok": true}\n' + bytes(32),
        b'{"version": 1, "ok": false}\n' + bytes(32),
        b"[" * 4000 + b"\n",
    ],
    ids=["empty", "garbage", "long", "short-key", "long-key", "wrong-key", "version", "refusal", "deep"],
)
def test_an_odd_answer_counts_as_no_service(path: Path, socket_file: Path, answer: bytes) -> None:
    unlock_service.stop(path)
    with listening(socket_file) as listener:

        def reply() -> None:
            connection, _ = listener.accept()
            with contextlib.suppress(OSError), connection:
                connection.recv(unlock_service.MAX_LINE)
                connection.sendall(answer)

        threading.Thread(target=reply, daemon=True).start()
        assert asks(path)


@contextlib.contextmanager
def listening(place: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(near(place))
        listener.listen()
        yield listener
    place.unlink(missing_ok=True)


def test_clients_that_say_nothing_hold_nobody_up(path: Path, socket_file: Path) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(200):
            silent = stack.enter_context(socket.socket(socket.AF_UNIX))
            silent.connect(near(socket_file))
        assert not asks(path)


def test_endless_lines_and_garbage_hold_nobody_up(path: Path, socket_file: Path) -> None:
    with contextlib.ExitStack() as stack:
        for piece in (b"x", b"\0\xff", b'{"version": 1, "op": "key", "kdf": ', b"[" * 1000):
            endless = stack.enter_context(socket.socket(socket.AF_UNIX))
            endless.settimeout(PATIENCE)
            endless.connect(near(socket_file))
            with contextlib.suppress(OSError):
                for _ in range(1000):
                    endless.sendall(piece * 100)
            assert not asks(path)


def test_a_client_that_never_ends_its_line_is_dropped(path: Path, socket_file: Path) -> None:
    with socket.socket(socket.AF_UNIX) as slow:
        slow.settimeout(PATIENCE)
        slow.connect(near(socket_file))
        slow.sendall(b'{"version": 1,')
        assert slow.recv(1) == b""


def test_a_client_that_leaves_before_its_answer_harms_nobody(path: Path, socket_file: Path) -> None:
    for _ in range(50):
        with socket.socket(socket.AF_UNIX) as hasty:
            hasty.connect(near(socket_file))
            hasty.sendall(unlock_service.line({"op": "status"}))
    assert not asks(path)


@needs_fork
def test_commands_at_the_same_time_are_all_answered(path: Path, socket_file: Path) -> None:
    def read(report: Report) -> None:
        for _ in range(25):
            assert opened(path).get("root") == SECRET

    together(*[read] * 8)


@needs_fork
def test_commands_wait_while_more_of_them_ask_than_the_queue_takes(path: Path, socket_file: Path) -> None:
    process = service_of(path)
    os.kill(process, signal.SIGSTOP)
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(BlockingIOError):
            while True:
                waiting = stack.enter_context(socket.socket(socket.AF_UNIX))
                waiting.setblocking(False)
                waiting.connect(near(socket_file))
        threading.Timer(0.3, os.kill, (process, signal.SIGCONT)).start()
        assert opened(path).get("root") == SECRET


@needs_fork
def test_unlocks_in_a_race_leave_one_service_or_none_and_no_litter(path: Path, runtime: Path) -> None:
    def race(worker: int, report: Report) -> None:
        unlock(path, 30 + worker)

    together(*[functools.partial(race, worker) for worker in range(4)])

    def sockets() -> list[Path]:
        return list((runtime / "ipse").iterdir())

    assert eventually(lambda: len(services(path)) == len(sockets()) <= 1)  # the replaced have noticed
    assert asks(path) is (not sockets())
    assert len(services(path)) == len(sockets())


def services(path: Path) -> list[str]:
    """The processes that hold the folder of the keystore's socket open and look like services."""
    if sys.platform != "linux":
        pytest.skip("/proc is Linux's")
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if b"unlock_server" in (process / "cmdline").read_bytes():
                held = [str(link.readlink()) for link in (process / "fd").iterdir()]
                if any(str(path.parent) in target for target in held):
                    found.append(process.name)
    return found


def refuse_open_folder(folder: Path) -> None:
    folder.chmod(0o755)


def refuse_strangers_folder(folder: Path) -> None:
    os.chown(folder, NOBODY, NOBODY)


def refuse_linked_folder(folder: Path) -> None:
    moved = folder.rename(folder.with_name("moved"))
    folder.symlink_to(moved)


def refuse_file(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.touch()


spoilt = pytest.mark.parametrize(
    "spoil",
    [
        refuse_open_folder,
        pytest.param(refuse_strangers_folder, marks=as_root),
        refuse_linked_folder,
        refuse_file,
    ],
)


@spoilt
def test_a_doubtful_socket_folder_counts_as_no_service(
    path: Path, socket_file: Path, spoil: Callable[[Path], None]
) -> None:
    process = service_of(path)
    try:
        spoil(socket_file.parent)
        assert asks(path)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGTERM)


@spoilt
def test_no_service_is_started_in_a_doubtful_folder(
    path: Path, runtime: Path, spoil: Callable[[Path], None]
) -> None:
    (runtime / "ipse").mkdir(mode=0o700)
    spoil(runtime / "ipse")
    unlock(path)
    assert not asks(path)
    assert len(list((path.parent / "unlock").iterdir())) == 1
    if (runtime / "ipse").is_dir():
        assert list((runtime / "ipse").iterdir()) == []


@pytest.mark.parametrize("mode", [0o755, 0o777, 0o1777])
def test_a_runtime_folder_open_to_others_is_not_used(path: Path, runtime: Path, mode: int) -> None:
    runtime.chmod(mode)
    unlock(path)
    assert not asks(path)
    assert list(runtime.iterdir()) == []


def test_a_link_or_a_file_in_the_sockets_place_counts_as_no_service(
    path: Path, socket_file: Path, tmp_path: Path
) -> None:
    unlock_service.stop(path)
    with listening(tmp_path / "elsewhere") as listener:
        listener.settimeout(0.3)
        socket_file.symlink_to(tmp_path / "elsewhere")
        assert asks(path)
        with pytest.raises(TimeoutError):  # nobody has even connected
            listener.accept()
    socket_file.unlink()
    socket_file.write_bytes(b"")
    assert asks(path)


@needs_fork
@as_root
def test_another_user_gets_nothing_even_where_the_socket_is_within_reach(
    path: Path, socket_file: Path
) -> None:
    kdf = json.loads(path.read_bytes())["kdf"]
    folder = os.open(socket_file.parent, os.O_RDONLY)
    socket_file.parent.chmod(0o777)
    socket_file.chmod(0o777)

    def ask(report: Report) -> None:
        os.fchdir(folder)
        os.setgroups([])
        os.setresuid(NOBODY, NOBODY, NOBODY)
        for request in ({"op": "key", "kdf": kdf}, {"op": "status"}, {"op": "lock"}):
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(PATIENCE)
                connection.connect(socket_file.name)
                with contextlib.suppress(OSError):
                    connection.sendall(unlock_service.line(request))
                answer = b""
                with contextlib.suppress(ConnectionResetError):
                    answer = connection.recv(unlock_service.MAX_LINE)
                report(f"{len(answer)}")

    code, reported = Process(ask).end()
    os.close(folder)
    assert (code, reported) == (0, ["0", "0", "0"])
    socket_file.parent.chmod(0o700)
    assert not asks(path)


@needs_fork
@as_root
def test_another_users_service_is_not_believed(path: Path, socket_file: Path) -> None:
    kdf = json.loads(path.read_bytes())["kdf"]
    key = unlock_service.key_for(path, kdf)
    assert key is not None
    unlock_service.stop(path)

    def serve(report: Report) -> None:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(near(socket_file))
        os.setresuid(NOBODY, NOBODY, NOBODY)
        listener.listen()
        report("listening")
        while True:
            connection, _ = listener.accept()
            with contextlib.suppress(OSError), connection:
                connection.recv(unlock_service.MAX_LINE)
                connection.sendall(unlock_service.line({"ok": True}) + key)

    stranger = Process(serve)
    try:
        stranger.wait_for_report()
        assert unlock_service.key_for(path, kdf) is None
        assert asks(path)
    finally:
        stranger.kill()
        stranger.end()


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
@as_root
def test_another_process_of_the_same_user_can_neither_read_nor_trace_the_service() -> None:
    python, setpriv = "/usr/bin/python3", shutil.which("setpriv")
    if setpriv is None or not Path(python).exists():
        pytest.skip("there is no interpreter that another user may run")
    identity = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    with tempfile.TemporaryDirectory() as home:  # whose parents are open to that user
        os.chown(home, NOBODY, NOBODY)
        done = subprocess.run(
            [setpriv, *identity, python, "-c", _SPY, SOURCE],
            capture_output=True,
            text=True,
            env={"XDG_RUNTIME_DIR": "none"},
            cwd=home,
            check=False,
        )
    if done.returncode == 77:
        pytest.skip("the interpreter that another user may run is too old, or may not read the source")
    assert done.stdout.splitlines() == ["other: True", "service: False", "traced: False"], done.stderr


_SPY = """
import ctypes, os, subprocess, sys
from pathlib import Path
sys.path.append(sys.argv[1])
if sys.version_info < (3, 11) or not os.access(sys.argv[1], os.R_OK | os.X_OK):
    sys.exit(77)
from ipse.keys.keystore import unlock_service

def readable(process):
    def opens(name):
        try:
            return len(Path(f"/proc/{process}", name).read_bytes()) >= 0
        except PermissionError:
            return False
    return any(map(opens, ("environ", "maps", "auxv")))

keystore = Path("keystore.json")
keystore.touch()
unlock_service.start(keystore, {}, bytes(32), seconds=30)
((reply, _),) = unlock_service._ask(keystore, {"op": "status"})
other = subprocess.Popen(["sleep", "30"])
print("other:", readable(other.pid))
other.kill()
print("service:", readable(reply["process"]))
print("traced:", ctypes.CDLL(None).ptrace(16, reply["process"], 0, 0) == 0)
unlock_service.stop(keystore)
"""
