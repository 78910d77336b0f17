"""The unlock service as a command sees it: its protocol, and how it is started, asked and ended.

The service is a process that keeps the derived key (never the passphrase) of one keystore file for a
limited time and listens on a Unix-domain socket in a folder of its owner alone. A connection carries one
request, a JSON line, and one reply: a JSON line, followed by the key's bytes where it is handed out.

    {"version": 1, "op": "key", "kdf": {...}}   the key, if it was derived with exactly these parameters
    {"version": 1, "op": "status"}              the seconds left and the service's process id
    {"version": 1, "op": "lock"}                the service forgets the key and ends

Whatever is odd about a socket, its folder or who listens on it counts as if there were no service: the
passphrase is asked for as usual.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import struct
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ipse.encoding import strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.errors import MissingFeature, StorageError, UsageError

if TYPE_CHECKING:
    import socket

__all__ = [
    "KEY_LENGTH",
    "MAX_LINE",
    "MAX_SECONDS",
    "VERSION",
    "address",
    "check",
    "folders",
    "key_for",
    "line",
    "may_hold",
    "peer_is_owner",
    "private",
    "socket_name",
    "start",
    "stop",
]

VERSION: Final = 1
KEY_LENGTH: Final = 32
MAX_LINE: Final = 4096
"""Bytes of a request or of a reply's line."""


def line(message: JsonObject) -> bytes:
    """`message` as it goes over the socket."""
    return json.dumps({"version": VERSION, **message}).encode() + b"\n"


def folders(keystore: Path) -> Iterator[Path]:
    """Where the socket may be: the user's runtime folder, which a logout empties, or beside the file.

    None on Windows, where Python has no such sockets.
    """
    if os.name == "nt":
        return
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.geteuid()}")
    if runtime.is_absolute():
        with contextlib.suppress(OSError), private(runtime):
            yield runtime / "ipse"
    yield Path(os.path.realpath(keystore)).parent / "unlock"


def socket_name(keystore: Path) -> str:
    """The file name of the socket: one for a keystore, however its path is written."""
    return hashlib.sha256(os.fsencode(os.path.realpath(keystore))).hexdigest()[:24]


@contextlib.contextmanager
def private(folder: Path) -> Iterator[int]:
    """The folder, open. OSError unless it is a folder, no link, ours, and closed to everybody else."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        found = os.fstat(descriptor)
        if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077:
            raise PermissionError(0, "it belongs to another user or is open to others")
        yield descriptor
    finally:
        os.close(descriptor)


def address(folder: Path, descriptor: int, name: str) -> str:
    """A path for bind and connect, which take about a hundred bytes; by descriptor where that is possible."""
    by_descriptor = f"/proc/self/fd/{descriptor}"
    return f"{by_descriptor}/{name}" if os.path.isdir(by_descriptor) else str(folder / name)  # noqa: PTH112 - no file of ours


def peer_is_owner(connection: socket.socket) -> bool:
    """Whether the process at the other end runs as the user that this one runs as.

    The kernel says so: SO_PEERCRED on Linux, getpeereid elsewhere.
    """
    import socket

    if hasattr(socket, "SO_PEERCRED"):
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        user: int = struct.unpack("3i", credentials)[1]
        return user == os.geteuid()
    import ctypes

    user_id, group_id = ctypes.c_uint32(), ctypes.c_uint32()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.getpeereid(connection.fileno(), ctypes.byref(user_id), ctypes.byref(group_id)) != 0:
        return False
    return user_id.value == os.geteuid()


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
    """Start a service, in place of any other, that holds `key`, derived with `kdf`, of the file `keystore`.

    Raises UsageError, MissingFeature, StorageError where none can be started.
    """
    check(seconds)
    stop(keystore)
    setup = {"keystore": os.path.realpath(keystore), "kdf": kdf, "seconds": seconds}
    reasons: list[str] = []
    for folder in folders(keystore):
        try:
            with contextlib.suppress(FileExistsError):
                folder.mkdir(mode=0o700)
            with private(folder) as descriptor:
                _start_in(folder, descriptor, socket_name(keystore), key, setup)
                return
        except OSError as error:
            reasons.append(f"{folder}: {(error.strerror or str(error)).lower()}")
    raise StorageError(
        "the unlock service could not be started (" + "; ".join(reasons) + ")",
        hint="set XDG_RUNTIME_DIR to a folder that you own with mode 0700",
    )


def key_for(keystore: Path, kdf: JsonObject) -> bytes | None:
    """The key that a service holds for the file `keystore`, derived with exactly `kdf`; else None."""
    for _, key in _ask(keystore, {"op": "key", "kdf": kdf}):
        if len(key) == KEY_LENGTH:
            return key
    return None


def may_hold(keystore: Path) -> bool:
    """Whether there is a socket of a service for the file `keystore`; nobody is asked."""
    return any((folder / socket_name(keystore)).exists() for folder in folders(keystore))


def stop(keystore: Path) -> bool:
    """End the unlock session of `keystore`; whether there was one."""
    ended = False
    for folder in folders(keystore):
        with contextlib.suppress(OSError), private(folder) as descriptor:
            ended |= _stop_in(folder, descriptor, socket_name(keystore))
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
        listener.bind(address(folder, descriptor, temporary))
        try:
            listener.listen(128)
            given = {"listener": listening, "folder": held, "temporary": temporary, "name": name}
            _launch(key, {**setup, **given}, (listening, held))
        finally:
            with contextlib.suppress(OSError):
                os.unlink(temporary, dir_fd=descriptor)


@contextlib.contextmanager
def _above_streams(descriptor: int) -> Iterator[int]:
    """A copy that the service's standard streams do not cover; with stdin closed, the original may be 0."""
    import fcntl

    copy = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 3)
    try:
        yield copy
    finally:
        os.close(copy)


def _launch(key: bytes, setup: JsonObject, descriptors: tuple[int, int]) -> None:
    """Start the service's process and hand it the key through a pipe. OSError unless it says it is ready."""
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
        raise OSError(0, "the service did not start")


def _ask(keystore: Path, request: JsonObject) -> Iterator[tuple[JsonObject, bytes]]:
    """What services that grant the request reply, each with the bytes after its line."""
    for folder in folders(keystore):
        with contextlib.suppress(OSError), private(folder) as descriptor:
            reply = _ask_in(folder, descriptor, socket_name(keystore), request)
            if reply is not None:
                yield reply


def _ask_in(folder: Path, descriptor: int, name: str, request: JsonObject) -> tuple[JsonObject, bytes] | None:
    found = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
    if not stat.S_ISSOCK(found.st_mode) or found.st_uid != os.geteuid():
        return None
    import socket

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        try:
            _connect(connection, address(folder, descriptor, name))
        except ConnectionRefusedError:
            _remove_stale(descriptor, name, found.st_ino)
            return None
        if not peer_is_owner(connection):
            return None
        connection.sendall(line(request))
        text, _, rest = _whole_answer(connection).partition(b"\n")
    reply = _parsed(text)
    return (reply, rest) if reply.get("version") == VERSION and reply.get("ok") is True else None


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
    # A service whose socket is gone ends by itself as soon as it wakes.
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name, dir_fd=descriptor)
    return hangs


def _remove_stale(descriptor: int, name: str, inode: int) -> None:
    """Take away the socket that a killed service left, unless a new one is in its place by now."""
    if os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_ino == inode:
        os.unlink(name, dir_fd=descriptor)


def _whole_answer(connection: socket.socket) -> bytes:
    """What comes until the other side closes. TimeoutError where that takes too long, however it comes."""
    until = time.monotonic() + _ANSWER_WAIT
    answer = b""
    while len(answer) <= MAX_LINE:
        connection.settimeout(max(0.001, until - time.monotonic()))
        received = connection.recv(MAX_LINE)
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
