"""A core file holds the root key, the key of the vault and the passphrase.

The attacker can make ipse end by a signal (Ctrl-\\ at a prompt that was left alone, a crash in a native
library, a kill) and read the files of the user, or runs as the user and reads the memory of ipse while it
runs. Each process of ipse gives both up in its first step: no core file, whatever the limits it was started
under, and no reading or tracing by programs of the same user. An exec takes the second back, so that each
child does it anew; the tests hold every process that ipse starts to it. They end by the kernel's own word on
whether a core was written, which covers files and programs that cores are piped to.
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import pytest

from ipse.credentials.formats.vcdm11 import didkit_process
from ipse.credentials.json_ld import canonicalization
from ipse.preferences.embedding import compile as compiling
from ipse.wallet.batch import workers
from tests.conftest import EXAMPLES, PASSPHRASE, Ipse, Preparation
from tests.waiting import PATIENCE, eventually

pexpect = pytest.importorskip("pexpect", reason="pexpect is not installed")
pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or (os.geteuid() == 0 and shutil.which("setpriv") is None),
    reason="looks at /proc, and as root needs setpriv",
)

_INTERPRETER: Final = [sys.executable, "-I", "-S", "-c"]
_PATHS: Final = [path for path in sys.path if path]
_CHILDREN: Final = {
    "batch worker": [*_INTERPRETER, workers._CHILD, *_PATHS],
    "didkit": [*_INTERPRETER, didkit_process._CHILD, *_PATHS],
    "canonicalization": [*_INTERPRETER, canonicalization._CHILD, "sha256", *_PATHS],
    "compiling": [sys.executable, "-P", "-m", compiling._WORKER],
}
"""The commands of the processes that ipse starts, each of which waits for its first message."""
_AS_ANYBODY: Final = (
    [
        str(shutil.which("setpriv")),
        "--bounding-set=-sys_ptrace,-perfmon,-sys_admin,-dac_override,-dac_read_search",
    ]
    if os.geteuid() == 0
    else []
)
"""Gives up what lets root read the memory of every process."""


def _with_cores() -> None:
    """Before an exec: allow core files of any size, as far as that is up to this process."""
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    with suppress(ValueError, OSError):
        hard = resource.RLIM_INFINITY
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


def _is_readable(process: int) -> bool:
    """Whether another program of the same user may read the memory of a process."""
    command = [*_AS_ANYBODY, "cat", f"/proc/{process}/environ"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _limit(process: int) -> list[str]:
    """The soft and the hard limit on core files."""
    found = re.search(r"Max core file size +(\S+) +(\S+)", Path(f"/proc/{process}/limits").read_text())
    assert found is not None
    return list(found.groups())


def _is_hardened(process: int) -> bool:
    return _limit(process) == ["0", "0"] and not _is_readable(process)


def _cores(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name.startswith("core")]


def _assert_no_core(status: int, number: int, folder: Path) -> None:
    assert os.WIFSIGNALED(status)
    assert os.WTERMSIG(status) == number
    assert not os.WCOREDUMP(status)
    assert _cores(folder) == []


@contextmanager
def _started(command: list[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [*_AS_ANYBODY, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        preexec_fn=_with_cores,
    )
    try:
        yield process
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.kill()
        process.wait()


def _status_after(process: subprocess.Popen[bytes], number: int) -> int:
    os.kill(process.pid, number)
    status = os.waitpid(process.pid, 0)[1]
    process.returncode = os.waitstatus_to_exitcode(status)
    return status


@contextmanager
def _at_a_terminal(ipse: Ipse, folder: Path, *arguments: str | Path) -> Iterator[Any]:
    """The program before a person, started where core files are allowed."""
    environment = {
        name: value for name, value in ipse.variables.items() if name != "IPSE_PASSPHRASE_FILE"
    } | {"PYTHONFAULTHANDLER": "1"}
    command = [*_AS_ANYBODY, sys.executable, "-m", "ipse", *map(str, arguments)]
    child = pexpect.spawn(
        command[0],
        command[1:],
        env=environment,
        cwd=str(folder),
        timeout=PATIENCE,
        preexec_fn=_with_cores,
    )
    try:
        yield child
    finally:
        child.close(force=True)


def _quits(child: Any, folder: Path) -> None:
    """Hold that Ctrl-\\ ends the program, and that nothing of its memory is left."""
    child.sendcontrol("\\")
    child.expect(pexpect.EOF)
    child.wait()
    _assert_no_core(child.status, signal.SIGQUIT, folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The empty working folder of the programs, where the kernel would put a core file."""
    made = tmp_path / "working"
    made.mkdir()
    return made


def test_an_unprotected_process_is_seen_to_be_one(folder: Path) -> None:
    with _started([sys.executable, "-c", "input()"], folder) as process:
        assert eventually(lambda: _is_readable(process.pid))
        assert _limit(process.pid) != ["0", "0"]
        status = _status_after(process, signal.SIGABRT)
    assert os.WIFSIGNALED(status)


@pytest.mark.parametrize(
    "command", [["did", "create", "--name", "shop"], ["did", "export", "me"], ["unlock"]], ids=" ".join
)
def test_quitting_at_a_passphrase_prompt_leaves_no_core(ipse: Ipse, folder: Path, command: list[str]) -> None:
    with _at_a_terminal(ipse, folder, *command) as child:
        child.expect("passphrase of the keystore: ")
        assert _is_hardened(child.pid)
        _quits(child, folder)


def test_quitting_after_the_passphrase_was_typed_leaves_no_core(ipse: Ipse, folder: Path) -> None:
    with _at_a_terminal(ipse, folder, "did", "export", "me") as child:
        child.expect("passphrase of the keystore: ")
        child.sendline(PASSPHRASE.decode())
        child.expect("new passphrase for ")
        assert _is_hardened(child.pid)
        _quits(child, folder)


def test_quitting_before_there_is_a_wallet_leaves_no_core(no_wallet: Ipse, folder: Path) -> None:
    with _at_a_terminal(no_wallet, folder, "init", "--keystore", "file") as child:
        child.expect("new passphrase for the keystore: ")
        child.sendline(PASSPHRASE.decode())
        child.expect("the same again: ")
        assert _is_hardened(child.pid)
        _quits(child, folder)


def _taste(ipse: Ipse) -> None:
    ipse("profile", "like", "science fiction about other planets", "-q")


@pytest.mark.usefixtures("takes_long")
def test_quitting_at_the_consent_prompt_leaves_no_core(
    taught_after: Callable[[Preparation], Ipse], folder: Path
) -> None:
    ipse = taught_after(_taste)
    request = ipse.home.parent / "request"
    ipse(
        "dapp", "request", "--audience", "https://shop.example", "--purpose", "to show you three books",
        "--candidates", EXAMPLES / "candidates.txt", "--top", "3", "-o", request,
    )  # fmt: skip
    with _at_a_terminal(ipse, folder, "dapp", "answer", request) as child:
        child.expect("passphrase of the keystore: ")
        child.sendline(PASSPHRASE.decode())
        child.expect_exact("no refuses: ")
        assert _is_hardened(child.pid)
        _quits(child, folder)


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    "number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGXCPU], ids=lambda number: number.name
)
def test_a_crash_at_a_prompt_leaves_no_core_and_tells_no_secret(
    ipse: Ipse, folder: Path, number: int
) -> None:
    with _at_a_terminal(ipse, folder, "did", "export", "me") as child:
        child.expect("passphrase of the keystore: ")
        child.sendline(PASSPHRASE.decode())
        child.expect("new passphrase for ")
        child.kill(number)
        child.expect(pexpect.EOF)
        child.wait()
        _assert_no_core(child.status, number, folder)
        assert PASSPHRASE not in child.before


@pytest.mark.sampled(2)
@pytest.mark.parametrize("number", [signal.SIGQUIT, signal.SIGSEGV], ids=lambda number: number.name)
@pytest.mark.parametrize("name", _CHILDREN)
def test_no_child_leaves_a_core(name: str, number: int, folder: Path) -> None:
    if name == "didkit" and not didkit_process.available():
        pytest.skip("didkit is not installed")
    if name == "compiling":
        pytest.importorskip("onnx", reason="the profile extra is not installed")
    with _started(_CHILDREN[name], folder) as process:
        assert eventually(lambda: _is_hardened(process.pid))
        _assert_no_core(_status_after(process, number), number, folder)


def test_debugging_shows_no_values(ipse: Ipse, folder: Path) -> None:
    wrong = folder / "wrong"
    wrong.touch(mode=0o600)
    wrong.write_text("not the passphrase but a secret\n")
    run = ipse("did", "create", "--name", "shop", "--debug", "--passphrase-file", wrong, code=4)
    assert "Traceback" in run.err
    assert "not the passphrase but a secret" not in run.err


def test_a_system_that_cannot_protect_the_memory_is_told_of(ipse: Ipse) -> None:
    program = (
        "import sys; sys.modules['_ctypes'] = None; from ipse.cli.main import main; "
        "sys.argv = ['ipse', '--version']; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=ipse.variables, check=True
    )
    assert done.stderr == "warning: this system does not let ipse keep its memory from other programs\n"
