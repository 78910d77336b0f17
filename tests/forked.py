"""The program as a process that starts in no time: a fork of one that has imported all of it.

`run` gives it to the quick tests. The thorough ones start an interpreter for each command, as a shell does.
Importing is most of what a command does.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import json
import os
import pkgutil
import random
import selectors
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final, TypeAlias

import ipse
from ipse.errors import MissingFeature
from ipse.preferences.embedding.runtime import onnxruntime
from tests.waiting import PATIENCE

__all__ = ["Conversation", "possible", "run", "talk"]

_LIBRARIES: Final = (
    "numpy", "tokenizers", "sqlcipher3", "nacl.bindings", "pyoxigraph",
    "jsonschema_rs", "cbor2", "filelock", "rfc8785", "typer", "rich.table", "rich.progress", "rich.markup",
    "cryptography.hazmat.primitives.asymmetric.ec", "cryptography.hazmat.primitives.asymmetric.ed25519",
    "cryptography.hazmat.primitives.kdf.hkdf", "cryptography.x509", "joserfc.jwe", "joserfc.jwk",
    "keyring.backends.SecretService", "concurrent.futures",
)  # fmt: skip
_STREAMS: Final = ("stdin", "stdout", "stderr")
_OF_THE_INTERPRETER: Final = ("PYTHON", "LANG", "LC_")
_LONGEST: Final = 1 << 20

Conversation: TypeAlias = Mapping[str, str] | Sequence[tuple[str, str]]
"""What a person types at each prompt, as often as it is shown; of prompts that end alike the first counts."""


def possible(environment: Mapping[str, str]) -> bool:
    """Whether a fork is like a new process under this environment: Python must not read it at its start."""
    told = {name: value for name, value in environment.items() if name.startswith(_OF_THE_INTERPRETER)}
    return hasattr(os, "fork") and told == {
        name: value for name, value in os.environ.items() if name == "LANG"
    }


def run(
    arguments: Sequence[str], *, stdin: bytes, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[bytes]:
    """What `subprocess.run` gives for `python -m ipse` in a session of its own."""
    pipes = [os.pipe() for _ in range(3)]
    ours = (pipes[0][1], pipes[1][0], pipes[2][0])
    _start(arguments, environment, (pipes[0][0], pipes[1][1], pipes[2][1]))
    out, err = _talk(*ours, stdin)
    return subprocess.CompletedProcess(arguments, _ended(), out, err)


def talk(
    arguments: Sequence[str], conversation: Conversation, *, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[bytes]:
    """The same before a person at a terminal of 200 columns, which shows stderr; stdin is empty.

    `stderr` of what is returned is all that was shown.
    """
    import fcntl
    import termios

    terminal, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
    (nothing, unused), (out, theirs) = os.pipe(), os.pipe()
    os.close(unused)
    _start(arguments, environment, (nothing, theirs, slave, slave))
    try:
        written, shown = _converse(out, terminal, conversation)
    finally:
        os.close(out)
        os.close(terminal)
    return subprocess.CompletedProcess(arguments, _ended(), written, shown)


def _start(arguments: Sequence[str], environment: Mapping[str, str], theirs: Sequence[int]) -> None:
    request = {
        "arguments": list(arguments),
        "environment": dict(environment),
        "folder": os.getcwd(),  # noqa: PTH109 - as it is
        "umask": _umask(),
    }
    socket.send_fds(_server(), [json.dumps(request).encode()], theirs)
    for descriptor in set(theirs):
        os.close(descriptor)


def _ended() -> int:
    control = _server()
    control.settimeout(PATIENCE)
    status = json.loads(control.recv(_LONGEST) or b"null")
    assert status is not None, "the process that forks is gone"
    return os.waitstatus_to_exitcode(status)


def _converse(out: int, terminal: int, conversation: Conversation) -> tuple[bytes, bytes]:
    """What came on stdout and on the terminal until both are closed."""
    answers = dict(conversation)
    written, unread, end = {out: b"", terminal: b""}, b"", time.monotonic() + PATIENCE
    with selectors.DefaultSelector() as selector:
        for descriptor in written:
            selector.register(descriptor, selectors.EVENT_READ)
        while selector.get_map():
            for key, _ in selector.select(1):
                try:
                    received = os.read(key.fd, 65536)
                except OSError:  # a terminal that nobody has open any more
                    received = b""
                if not received:
                    selector.unregister(key.fd)
                written[key.fd] += received
                if key.fd == terminal:
                    unread += received
            keys = next((keys for prompt, keys in answers.items() if unread.endswith(prompt.encode())), "")
            if keys:
                unread = b""
                os.write(terminal, keys.encode())
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired(str(written), PATIENCE)
    return written[out], written[terminal]


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _talk(stdin: int, stdout: int, stderr: int, data: bytes) -> tuple[bytes, bytes]:
    """Write what the process reads and read what it writes, until it has closed both of its streams."""
    os.set_blocking(stdin, False)
    written = {stdout: b"", stderr: b""}
    end = time.monotonic() + 10 * PATIENCE
    with selectors.DefaultSelector() as selector:
        selector.register(stdin, selectors.EVENT_WRITE)
        for reading in written:
            selector.register(reading, selectors.EVENT_READ)
        while selector.get_map():
            for key, _ in selector.select(1):
                descriptor = key.fd
                if descriptor == stdin:
                    try:
                        data = data[os.write(stdin, data[:65536]) :] if data else b""
                    except BrokenPipeError:
                        data = b""
                    done = not data
                else:
                    received = os.read(descriptor, 65536)
                    written[descriptor] += received
                    done = not received
                if done:
                    selector.unregister(descriptor)
                    os.close(descriptor)
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired("ipse", 10 * PATIENCE)
    return written[stdout], written[stderr]


@cache
def _server() -> socket.socket:
    """The connection to the process that forks, which ends with this one."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for side in (ours, theirs):
        side.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _LONGEST)
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    with theirs:
        subprocess.Popen(
            [sys.executable, "-m", "tests.forked", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            env=kept,
        )
    return ours


def _serve(control: socket.socket) -> None:
    """Fork once for each request. Returns in the forks."""
    for library in _LIBRARIES:
        with contextlib.suppress(ImportError):
            importlib.import_module(library)
    with contextlib.suppress(MissingFeature):
        onnxruntime()
    for module in pkgutil.walk_packages(ipse.__path__, "ipse."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    gc.collect()
    gc.freeze()
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, _LONGEST, 4)
        if not message:
            os._exit(0)
        child = os.fork()
        if not child:
            control.close()
            _become(json.loads(message), descriptors)
            return
        for descriptor in set(descriptors):
            os.close(descriptor)
        control.send(json.dumps(os.waitpid(child, 0)[1]).encode())


def _become(request: Mapping[str, Any], descriptors: Sequence[int]) -> None:
    """Turn this process into the one that was asked for."""
    os.setsid()
    if len(descriptors) > len(_STREAMS):
        import fcntl
        import termios

        fcntl.ioctl(descriptors[-1], termios.TIOCSCTTY, 0)
        os.close(descriptors[-1])
    streams = (sys.stdin, sys.stdout, sys.stderr)
    for descriptor, (number, mode, stream) in zip(
        descriptors[: len(_STREAMS)],
        ((0, "rb", streams[0]), (1, "wb", streams[1]), (2, "wb", streams[2])),
        strict=True,
    ):
        os.dup2(descriptor, number)
        os.close(descriptor)
        made = io.TextIOWrapper(
            open(number, mode, closefd=False),  # noqa: SIM115 - the process keeps it
            encoding=stream.encoding,
            errors=stream.errors,
            line_buffering=number == 2,
        )
        name = _STREAMS[number]
        setattr(sys, name, made)
        setattr(sys, f"__{name}__", made)
    os.chdir(request["folder"])
    os.umask(request["umask"])
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    random.seed()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = ["ipse", *request["arguments"]]


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
    from ipse.cli.main import main

    main()
