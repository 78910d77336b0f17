"""The unlock service: a process of its own that holds one keystore's key until its time is up.

It is started with a listening socket and the socket's folder as open descriptors, and reads the key from
its standard input. It imports nothing but the standard library, and keeps the key in one locked page.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import selectors
import signal
import socket
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NoReturn

from ipse.encoding import strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.errors import MalformedInput
from ipse.hardening import harden_process
from ipse.keys.keystore import unlock_service

__all__ = ["Deadline", "UnlockService", "main"]

_TICK: Final = 1.0
"""Seconds between two looks at whether there is still a reason to live."""
_PATIENCE: Final = 2.0
"""Seconds that a client has to say what it wants."""
_MAX_CLIENTS: Final = 64
_PR_SET_NAME: Final = 15


def _uptime() -> float:
    """Seconds on a clock that nobody can set and that goes on while the machine sleeps.

    CLOCK_MONOTONIC stops then on Linux; elsewhere it does not.
    """
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@dataclass(frozen=True, slots=True)
class Deadline:
    """An end on two clocks, whichever is there first: one may be set, the other may not count sleep."""

    uptime: float
    wall: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """The moment `seconds` from now."""
        return cls(_uptime() + seconds, time.time() + seconds)

    def left(self) -> float:
        """Seconds until then."""
        return min(self.uptime - _uptime(), self.wall - time.time())


@dataclass(slots=True, eq=False)
class _Client:
    connection: socket.socket
    give_up: float
    heard: bytearray = field(default_factory=bytearray)


class UnlockService:
    """Answers on `listener`, whose file is `name` in the open folder `folder`, until the deadline."""

    def __init__(
        self,
        listener: socket.socket,
        *,
        folder: int,
        name: str,
        keystore: Path,
        kdf: JsonObject,
        key: memoryview,
        deadline: Deadline,
    ) -> None:
        self._listener = listener
        self._folder = folder
        self._name = name
        self._keystore = keystore
        self._kdf = kdf
        self._key = key
        self._deadline = deadline
        self._inode = self._inode_in_place()
        self._locked = False
        self._clients: list[_Client] = []

    def serve(self) -> None:
        """Until `lock`, the deadline, or the keystore file or the socket's file is gone or replaced."""
        self._listener.setblocking(False)
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            while self._has_reason():
                for ready, _ in selector.select(max(0.0, min(_TICK, self._deadline.left()))):
                    if ready.fileobj is self._listener:
                        self._accept(selector)
                    else:
                        self._hear(selector, ready.data)
                for client in [client for client in self._clients if client.give_up < _uptime()]:
                    self._drop(selector, client)

    def end(self) -> None:
        """Forget the key; take the socket's file away unless another service's is in its place."""
        self._locked = True
        self._key[:] = bytes(len(self._key))
        if self._inode is not None and self._inode_in_place() == self._inode:
            with contextlib.suppress(OSError):
                os.unlink(self._name, dir_fd=self._folder)
        self._inode = None

    def _has_reason(self) -> bool:
        return (
            not self._locked
            and self._deadline.left() > 0
            and self._keystore.exists()
            and self._inode_in_place() == self._inode
        )

    def _inode_in_place(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self._name, dir_fd=self._folder, follow_symlinks=False)
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _accept(self, selector: selectors.BaseSelector) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        connection.setblocking(False)
        if not unlock_service.peer_is_owner(connection):
            connection.close()
            return
        if len(self._clients) >= _MAX_CLIENTS:
            self._drop(selector, self._clients[0])
        client = _Client(connection, _uptime() + _PATIENCE)
        self._clients.append(client)
        selector.register(connection, selectors.EVENT_READ, client)

    def _drop(self, selector: selectors.BaseSelector, client: _Client) -> None:
        selector.unregister(client.connection)
        self._clients.remove(client)
        client.connection.close()

    def _hear(self, selector: selectors.BaseSelector, client: _Client) -> None:
        if client not in self._clients:  # dropped for a newer one since it was found ready
            return
        with contextlib.suppress(OSError):
            heard = client.connection.recv(unlock_service.MAX_LINE)
            client.heard += heard
            request, end, _ = client.heard.partition(b"\n")
            if end and len(request) <= unlock_service.MAX_LINE:
                self._answer(client.connection, bytes(request))
            elif heard and len(client.heard) <= unlock_service.MAX_LINE:
                return
        self._drop(selector, client)

    def _answer(self, connection: socket.socket, text: bytes) -> None:
        try:
            request = strict_json.parse_object(text)
        except MalformedInput:
            request = {}
        version, op = request.get("version"), request.get("op")
        left = self._deadline.left()
        refused = version != unlock_service.VERSION or self._locked or left <= 0
        if not refused and op == "key" and request.get("kdf") == self._kdf:
            connection.sendmsg([unlock_service.line({"ok": True}), self._key])
        elif not refused and op == "status":
            connection.send(unlock_service.line({"ok": True, "seconds": int(left), "process": os.getpid()}))
        elif not refused and op == "lock":
            self.end()
            connection.send(unlock_service.line({"ok": True}))
        else:
            connection.send(unlock_service.line({"ok": False}))


def main() -> NoReturn:
    """Become the service that standard input describes, and say `ready` on standard output."""
    if os.fork():
        os._exit(0)  # whoever started this need not wait for it
    _shield()
    key = _locked_page()[: unlock_service.KEY_LENGTH]
    filled = 0
    while filled < len(key):
        filled += os.readv(0, [key[filled:]]) or sys.exit(1)
    with open(0, "rb", closefd=False) as source:
        setup = json.load(source)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    folder = setup["folder"]
    os.rename(setup["temporary"], setup["name"], src_dir_fd=folder, dst_dir_fd=folder)
    service = UnlockService(
        socket.socket(fileno=setup["listener"]),
        folder=folder,
        name=setup["name"],
        keystore=Path(setup["keystore"]),
        kdf=setup["kdf"],
        key=key,
        deadline=Deadline.after(setup["seconds"]),
    )
    try:
        os.write(1, b"ready\n")
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nowhere, descriptor)
        service.serve()
    finally:
        service.end()
    sys.exit(0)


def _shield() -> None:
    """Hold the key in no process that others can read; `ps` shows it under a name of its own."""
    if not harden_process():
        sys.exit(1)
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_NAME, b"ipse-unlock", 0, 0, 0)


def _locked_page() -> memoryview:
    """Memory that is not swapped out, where the system's limits allow that much."""
    import ctypes

    page = mmap.mmap(-1, mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    address = ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(page)))
    ctypes.CDLL(None).mlock(address, ctypes.c_size_t(mmap.PAGESIZE))
    return memoryview(page)
