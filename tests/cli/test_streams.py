"""Streams that are closed, full or without a reader end a command with a sentence, never as a bug."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from ipse.cli.examples import EXAMPLES
from ipse.cli.main import run
from tests.cli.test_help import _COMMANDS, _LEAVES
from tests.conftest import Ipse
from tests.waiting import PATIENCE

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="shells")

_ELSEWHERE = {
    ("did", "resolve"), ("verifier", "serve"), ("unlock",), ("handler", "install"), ("handler", "open"),
    ("profile", "model", "fetch"),
}  # fmt: skip
"""Commands whose examples serve, stay, or go over the network."""


def _shell(ipse: Ipse, words: str, redirections: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", f"exec {shlex.quote(sys.executable)} -m ipse {words} {redirections}"],
        capture_output=True, text=True, env=ipse.variables, timeout=PATIENCE, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "redirections", "code", "said"),
    [
        ("did list", ">&-", 6, "error: can't write to standard output: it is closed\n"),
        ("--help", ">&-", 6, "error: can't write to standard output: it is closed\n"),
        ("did list", ">/dev/full", 6, "error: can't write to standard output: no space left on device\n"),
        ("help", ">/dev/full", 6, "error: can't write to standard output: no space left on device\n"),
        ("did show nobody", ">&-", 5, "error: no DID is called 'nobody'\n"),
        ("did list", "2>&-", 0, ""),
        ("did show nobody", "2>&-", 5, ""),
        ("did show nobody", "2>/dev/full", 5, ""),
        ("did list", ">&- 2>&-", 6, ""),
        ("did list", "<&- >/dev/null", 0, ""),
        ("status", "<&- >/dev/null 2>&-", 0, ""),
        ("vc verify - --any-issuer", "<&-", 6, "error: can't read standard input: it is closed\n"),
        (
            "vc verify --batch - --any-issuer",
            "<&-",
            6,
            "error: can't read standard input: bad file descriptor\n",
        ),
    ],
)
def test_a_closed_or_full_stream_ends_with_a_sentence(
    words: str, redirections: str, code: int, said: str, ipse: Ipse
) -> None:
    if "/dev/full" in redirections and not Path("/dev/full").exists():
        pytest.skip("no /dev/full")
    done = _shell(ipse, words, redirections)
    assert (done.returncode, done.stderr.partition("hint:")[0]) == (code, said)


@pytest.mark.parametrize(
    ("stream", "words", "code"),
    [
        ("stdout", ["help"], 141),
        ("stdout", ["did", "document", "me"], 141),
        ("stdout", ["did", "list", "--json"], 141),
        ("stderr", ["did", "show", "nobody"], 5),
        ("stderr", ["did", "list"], 0),
    ],
)
def test_a_reader_that_is_gone_ends_it_quietly(stream: str, words: list[str], code: int, ipse: Ipse) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "ipse", *words],
            env=ipse.variables, timeout=PATIENCE, check=False,
            stdout=writer if stream == "stdout" else subprocess.PIPE,
            stderr=writer if stream == "stderr" else subprocess.PIPE,
        )  # fmt: skip
    finally:
        os.close(writer)
    assert done.returncode == code
    assert not done.stderr


def test_no_file_that_is_opened_takes_the_number_of_a_closed_stream(ipse: Ipse) -> None:
    before = (ipse.home / "vault.db").read_bytes()
    done = _shell(ipse, "status -v", "<&- >&- 2>&-")
    assert done.returncode == 6
    assert (ipse.home / "vault.db").read_bytes() == before


class _Failing(io.StringIO):
    """A stream that can't be written."""

    encoding = "utf-8"

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number

    @property
    def buffer(self) -> Any:
        return self

    def write(self, _: object) -> int:
        raise OSError(self._number, os.strerror(self._number))

    def flush(self) -> None:
        pass


@contextlib.contextmanager
def _streams(ipse: Ipse, out: io.StringIO, err: io.StringIO) -> Iterator[None]:
    with (
        mock.patch.dict(os.environ, ipse.variables, clear=True),
        mock.patch("sys.stdin", io.TextIOWrapper(io.BytesIO(b"tea\n"))),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        yield


@pytest.mark.parametrize("path", [path for path in _LEAVES if path not in _ELSEWHERE], ids=" ".join)
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EBADF])
def test_no_command_takes_a_stream_that_fails_for_a_bug(
    path: tuple[str, ...], number: int, ipse: Ipse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = shlex.split(EXAMPLES[" ".join(path)][0])[1:]
    err = io.StringIO()
    with _streams(ipse, _Failing(number), err):
        code = run([*words[: words.index(">") if ">" in words else None], "--no-input"])
    assert "a bug in ipse" not in err.getvalue()
    assert code != 1
    with _streams(ipse, _Failing(number), io.StringIO()):
        assert run([*path, "--help"]) == 6


@pytest.mark.parametrize("path", [path for path in _COMMANDS if path not in _LEAVES], ids=" ".join)
def test_the_page_of_a_family_is_no_bug_either(path: tuple[str, ...], ipse: Ipse) -> None:
    with _streams(ipse, _Failing(errno.ENOSPC), io.StringIO()):
        assert run([*path, "--help"]) == 6
