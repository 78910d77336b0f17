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
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

import ipse
from ipse.errors import MissingFeature
from ipse.preferences.embedding.runtime import onnxruntime
from tests.waiting import PATIENCE

__all__ = ["possible", "run"]

_LIBRARIES: Final = (
    "numpy", "tokenizers", "sqlcipher3", "nacl.bindings", "pyoxigraph",
    "jsonschema_rs", "cbor2", "filelock", "rfc8785", "typer", "rich.table", "rich.progress", "rich.markup",
    "cryptography.hazmat.primitives.asymmetric.ec", "cryptography.hazmat.primitives.asymmetric.ed25519",
    "cryptography.hazmat.primitives.kdf.hkdf", "keyring.backends.SecretService", "concurrent.futures",
)  # fmt: skip
_OF_THE_INTERPRETER: Final = ("PYTHON", "LANG", "LC_")
_LONGEST: Final = 1 << 20


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
    control = _server()
    pipes = [os.pipe() for _ in range(3)]
    theirs = (pipes[0][0], pipes[1][1], pipes[2][1])
    ours = (pipes[0][1], pipes[1][0], pipes[2][0])
    request = {
        "arguments": list(arguments),
        "environment": dict(environment),
        "folder": os.getcwd(),  # noqa: PTH109 - as it is
        "umask": _umask(),
    }
    socket.send_fds(control, [json.dumps(request).encode()], theirs)
    for descriptor in theirs:
        os.close(descriptor)
    out, err = _talk(*ours, stdin)
    control.settimeout(PATIENCE)
    status = json.loads(control.recv(_LONGEST) or b"null")
    assert status is not None, "the process that forks is gone"
    return subprocess.CompletedProcess(arguments, os.waitstatus_to_exitcode(status), out, err)


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
        message, descriptors, _, _ = socket.recv_fds(control, _LONGEST, 3)
        if not message:
            os._exit(0)
        child = os.fork()
        if not child:
            control.close()
            _become(json.loads(message), descriptors)
            return
        for descriptor in descriptors:
            os.close(descriptor)
        control.send(json.dumps(os.waitpid(child, 0)[1]).encode())


def _become(request: Mapping[str, Any], descriptors: Sequence[int]) -> None:
    """Turn this process into the one that was asked for."""
    os.setsid()
    streams = (sys.stdin, sys.stdout, sys.stderr)
    for descriptor, (number, mode, stream) in zip(
        descriptors, ((0, "rb", streams[0]), (1, "wb", streams[1]), (2, "wb", streams[2])), strict=True
    ):
        os.dup2(descriptor, number)
        os.close(descriptor)
        made = io.TextIOWrapper(
            open(number, mode, closefd=False),  # noqa: SIM115 - the process keeps it
            encoding=stream.encoding,
            errors=stream.errors,
            line_buffering=number == 2,
        )
        name = ("stdin", "stdout", "stderr")[number]
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
