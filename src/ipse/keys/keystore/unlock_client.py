"""Starting, asking and ending the agent of an unlock session.

Whatever is odd about a socket, its folder or who listens on it counts as if there were no agent: the
passphrase is asked for as usual.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ipse.encoding import strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.errors import MissingFeature, StorageError, UsageError
from ipse.keys.keystore import unlock_service

if TYPE_CHECKING:
    import socket

__all__ = ["MAX_SECONDS", "check", "key_for", "seconds_left", "start", "stop"]

MAX_SECONDS: Final = 24 * 60 * 60
_ANSWER_WAIT: Final = 2.0
"""Seconds for a whole question and answer."""
_START_WAIT: Final = 15.0
_BOOTSTRAP: Final = (
    "import sys; sys.path.append(sys.argv[1]); from ipse.keys.keystore.unlock_server import main; main()"
)


def check(seconds: float) -> None:
    """Raise UsageError unless a session may last that long, MissingFeature where there can be none."""
    if os.name == "nt":
        raise MissingFeature(
            "an unlock session needs Unix-domain sockets, which Python lacks on Windows",
            hint="give each command --passphrase-file FILE",
        )
    if not 0 < seconds <= MAX_SECONDS:
        raise UsageError("a wallet stays unlocked for 24 hours at most", hint="write it like --for 12h")


def start(keystore: Path, kdf: JsonObject, key: bytes, *, seconds: float) -> None:
    """Let a new agent, in place of any other, hold `key`, derived with `kdf`, of the file `keystore`.

    Raises UsageError, MissingFeature, StorageError where none can be started.
    """
    check(seconds)
    stop(keystore)
    setup = {"keystore": os.path.realpath(keystore), "kdf": kdf, "seconds": seconds}
    reasons: list[str] = []
    for folder in unlock_service.folders(keystore):
        try:
            with contextlib.suppress(FileExistsError):
                folder.mkdir(mode=0o700)
            with unlock_service.private(folder) as descriptor:
                _start_in(folder, descriptor, unlock_service.socket_name(keystore), key, setup)
                return
        except OSError as error:
            reasons.append(f"{folder}: {(error.strerror or str(error)).lower()}")
    raise StorageError(
        "no agent could be started (" + "; ".join(reasons) + ")",
        hint="set XDG_RUNTIME_DIR to a folder that you own with mode 0700",
    )


def key_for(keystore: Path, kdf: JsonObject) -> bytes | None:
    """The key that an agent holds for the file `keystore`, derived with exactly `kdf`; else None."""
    for _, key in _ask(keystore, {"op": "key", "kdf": kdf}):
        if len(key) == unlock_service.KEY_LENGTH:
            return key
    return None


def seconds_left(keystore: Path) -> int | None:
    """Seconds until the unlock session of `keystore` ends; None where there is none."""
    for reply, _ in _ask(keystore, {"op": "status"}):
        if type(reply.get("seconds")) is int:
            return int(reply["seconds"])
    return None


def stop(keystore: Path) -> bool:
    """End the unlock session of `keystore`; whether there was one."""
    ended = False
    for folder in unlock_service.folders(keystore):
        with contextlib.suppress(OSError), unlock_service.private(folder) as descriptor:
            ended |= _stop_in(folder, descriptor, unlock_service.socket_name(keystore))
    return ended


def _start_in(folder: Path, descriptor: int, name: str, key: bytes, setup: JsonObject) -> None:
    import secrets
    import socket

    temporary = f".{name}.{secrets.token_hex(4)}"
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener,
        _above_streams(listener.fileno()) as listening,
        _above_streams(descriptor) as held,
    ):
        listener.bind(unlock_service.address(folder, descriptor, temporary))
        try:
            listener.listen(128)
            given = {"listener": listening, "folder": held, "temporary": temporary, "name": name}
            _launch(key, {**setup, **given}, (listening, held))
        finally:
            with contextlib.suppress(OSError):
                os.unlink(temporary, dir_fd=descriptor)


@contextlib.contextmanager
def _above_streams(descriptor: int) -> Iterator[int]:
    """A copy that the agent's standard streams do not cover; with stdin closed, the original may be 0."""
    import fcntl

    copy = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 3)
    try:
        yield copy
    finally:
        os.close(copy)


def _launch(key: bytes, setup: JsonObject, descriptors: tuple[int, int]) -> None:
    """Start the agent's process and hand it the key through a pipe. OSError unless it says it is ready."""
    import json
    import subprocess

    library_path = os.environ.get("LD_LIBRARY_PATH")
    # Isolated and without `site`: nothing that an environment or a .pth file names runs in there.
    process = subprocess.Popen(  # noqa: S603 - this interpreter
        [sys.executable, "-I", "-S", "-c", _BOOTSTRAP, str(Path(__file__).parents[3])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pass_fds=descriptors,
        cwd="/",
        env={"LD_LIBRARY_PATH": library_path} if library_path else {},
        start_new_session=True,
    )
    with process:
        try:
            said, _ = process.communicate(key + json.dumps(setup).encode(), _START_WAIT)
        except subprocess.TimeoutExpired:
            process.kill()
            said = b""
    if said != b"ready\n":
        raise OSError(0, "the agent did not start")


def _ask(keystore: Path, request: JsonObject) -> Iterator[tuple[JsonObject, bytes]]:
    """What agents that grant the request reply, each with the bytes after its line."""
    for folder in unlock_service.folders(keystore):
        with contextlib.suppress(OSError), unlock_service.private(folder) as descriptor:
            reply = _ask_in(folder, descriptor, unlock_service.socket_name(keystore), request)
            if reply is not None:
                yield reply


def _ask_in(folder: Path, descriptor: int, name: str, request: JsonObject) -> tuple[JsonObject, bytes] | None:
    found = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
    if not stat.S_ISSOCK(found.st_mode) or found.st_uid != os.geteuid():
        return None
    import socket

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        try:
            _connect(connection, unlock_service.address(folder, descriptor, name))
        except ConnectionRefusedError:
            _remove_stale(descriptor, name, found.st_ino)
            return None
        if not unlock_service.peer_is_owner(connection):
            return None
        connection.sendall(unlock_service.line(request))
        text, _, rest = _whole_answer(connection).partition(b"\n")
    reply = _parsed(text)
    return (
        (reply, rest) if reply.get("version") == unlock_service.VERSION and reply.get("ok") is True else None
    )


def _connect(connection: socket.socket, address: str) -> None:
    until = time.monotonic() + _ANSWER_WAIT
    connection.settimeout(_ANSWER_WAIT)
    while True:
        try:
            return connection.connect(address)
        except BlockingIOError:  # Linux, where more clients wait than the socket's queue takes
            if time.monotonic() >= until:
                raise
            time.sleep(0.01)


def _stop_in(folder: Path, descriptor: int, name: str) -> bool:
    try:
        if _ask_in(folder, descriptor, name, {"op": "lock"}) is not None:
            return True
        hangs = False
    except FileNotFoundError:
        return False
    except OSError:
        hangs = True
    # An agent ends by itself, as soon as it wakes, where its socket is gone.
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name, dir_fd=descriptor)
    return hangs


def _remove_stale(descriptor: int, name: str, inode: int) -> None:
    """Take away the socket that a killed agent left, unless a new one is in its place by now."""
    if os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_ino == inode:
        os.unlink(name, dir_fd=descriptor)


def _whole_answer(connection: socket.socket) -> bytes:
    """What comes until the other side closes. TimeoutError where that takes too long, however it comes."""
    until = time.monotonic() + _ANSWER_WAIT
    answer = b""
    while len(answer) <= unlock_service.MAX_LINE:
        connection.settimeout(max(0.001, until - time.monotonic()))
        received = connection.recv(unlock_service.MAX_LINE)
        if not received:
            return answer
        if time.monotonic() >= until:
            break
        answer += received
    raise TimeoutError


def _parsed(text: bytes) -> JsonObject:
    from ipse.errors import MalformedInput

    try:
        return strict_json.parse_object(text)
    except MalformedInput:
        return {}
