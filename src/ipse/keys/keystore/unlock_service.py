"""The protocol of the unlock service: what the service and the commands that ask it agree on.

The service is a process that keeps the derived key (never the passphrase) of one keystore file for a
limited time and listens on a Unix-domain socket in a folder of its owner alone. A connection carries one
request, a JSON line, and one reply: a JSON line, followed by the key's bytes where it is handed out.

    {"version": 1, "op": "key", "kdf": {...}}   the key, if it was derived with exactly these parameters
    {"version": 1, "op": "status"}              the seconds left and the service's process id
    {"version": 1, "op": "lock"}                the service forgets the key and ends
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ipse.encoding.strict_json import JsonObject

if TYPE_CHECKING:
    import socket

__all__ = [
    "KEY_LENGTH",
    "MAX_LINE",
    "VERSION",
    "address",
    "folders",
    "line",
    "peer_is_owner",
    "private",
    "socket_name",
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
