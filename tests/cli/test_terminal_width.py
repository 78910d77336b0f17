"""On a terminal tables, reports and pages fit from 40 columns up; in a pipe they are whole."""

from __future__ import annotations

import io
import re
import shlex
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

import pytest

from ipse.cli.context import Context
from ipse.cli.main import run as run_program
from ipse.cli.output import cells
from tests.cli.test_vc import in_process, issued
from tests.conftest import Ipse
from tests.waiting import PATIENCE

_WIDTHS = (40, 80, 120)
_LONG = (
    "quiet novels about the sea, read in one sitting by a window that looks out on a harbour where nobody "
    "has ever been in a hurry"
)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class _Screen(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class Terminal:
    """Runs commands in this process before a terminal of some width."""

    def __init__(self, ipse: Ipse, patch: pytest.MonkeyPatch, width: int, **variables: str) -> None:
        self._ipse, self._patch = ipse, patch
        self._variables = {"TERM": "xterm", "TZ": "UTC", **variables, "COLUMNS": str(width)}

    def __call__(self, *arguments: str | Path, code: int = 0) -> str:
        """Run a command and return all that is on the screen."""
        screen = _Screen()
        with self._patch.context() as patch:
            for name in ("NO_COLOR",):
                patch.delenv(name, raising=False)
            for name, value in {**self._ipse.variables, **self._variables}.items():
                patch.setenv(name, value)
            time.tzset()
            patch.setattr(sys, "stdout", screen)
            patch.setattr(sys, "stderr", screen)
            ended = run_program([*map(str, arguments), "--no-input"])
        time.tzset()
        assert ended == code, screen.getvalue()
        return screen.getvalue()


def _fits(shown: str, width: int) -> None:
    for line in _COLOUR.sub("", shown).splitlines():
        assert cells(line) <= width, line


@pytest.fixture
def filled(ipse: Ipse, tmp_path: Path) -> Ipse:
    """A wallet with something in every list."""
    do = in_process(ipse)
    degree = tmp_path / "degree.json"
    me = do("did", "show", "me", "--json").json["did"]
    degree.write_text(issued(do, "--undefined-terms", "--valid-until", "2099-01-31T23:30:00Z", subject=me))
    do("vc", "add", degree)
    university = do("did", "show", "university", "--json").json["did"]
    do("trust", "add", university, "--for", "DegreeCredential")
    do("vc", "status", "create", "degrees", "--url", "https://university.example/" + "status/" * 12)
    do("dapp", "grant", "https://a-very-long-name-of-a-bookshop.example", "--level", "order", "--exact")
    return ipse


_LISTS = (
    ["did", "list"],
    ["did", "show", "me"],
    ["vc", "list"],
    ["vc", "status", "list"],
    ["trust", "list"],
    ["dapp", "grants"],
    ["dapp", "summary"],
    ["log", "list"],
    ["log", "receipts"],
    ["profile", "list"],
    ["profile", "model", "list"],
    ["status"],
    ["trust", "add", "--help"],
    ["vc", "issue", "--help"],
    ["--help"],
    ["did", "show", "nobody-of-this-name-is-in-this-wallet-at-all-or-ever-was"],
)


@pytest.mark.parametrize("width", _WIDTHS)
def test_every_list_fits_the_terminal(width: int, filled: Ipse, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = Terminal(filled, monkeypatch, width)
    for arguments in _LISTS:
        _fits(shown(*arguments, code=5 if "nobody" in arguments[-1] else 0), width)


@pytest.mark.parametrize("width", _WIDTHS)
def test_reports_fit_the_terminal(
    width: int, filled: Ipse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = Terminal(filled, monkeypatch, width)
    for plain in ((), ("--plain",)):
        _fits(shown("vc", "verify", tmp_path / "degree.json", *plain), width)


def test_a_table_has_headings_on_a_terminal_alone(ipse: Ipse, monkeypatch: pytest.MonkeyPatch) -> None:
    head, first, *_ = Terminal(ipse, monkeypatch, 80)("did", "list", "--plain").splitlines()
    assert head.split() == ["name", "did"]
    assert first.startswith("me ")
    assert in_process(ipse)("did", "list").out.startswith("me ")


def test_dids_are_short_on_a_terminal_and_whole_with_verbose_and_in_a_pipe(
    ipse: Ipse, monkeypatch: pytest.MonkeyPatch
) -> None:
    did = in_process(ipse)("did", "show", "me", "--json").json["did"]
    shown = Terminal(ipse, monkeypatch, 80)
    start, end = did[: len("did:key:") + 4], did[-4:]
    assert f"{start}…{end}" in shown("did", "list")
    assert did not in shown("did", "list")
    assert did in shown("did", "list", "-v")
    assert did in shown("did", "show", "me")
    assert did in in_process(ipse)("did", "list").out


def test_the_host_of_a_did_web_stays_whole(
    ipse: Ipse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_process(ipse)(
        "did", "create", "--name", "web", "--method", "web", "--domain",
        "issuers.university-of-somewhere.example/faculties/of/letters", "-o", tmp_path / "did.json",
    )  # fmt: skip
    assert "did:web:issuers.university-of-somewhere.example:facu…ters" in Terminal(ipse, monkeypatch, 90)(
        "did", "list"
    )


@pytest.mark.parametrize(("zone", "day"), [("UTC", "2026-01-31 23:30"), ("Asia/Tokyo", "2026-02-01 08:30")])
def test_times_are_in_the_readers_day_on_a_terminal_and_rfc_3339_in_a_pipe(
    zone: str, day: str, ipse: Ipse, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mock.patch.object(Context, "now", datetime(2026, 1, 31, 23, 30, 5, tzinfo=UTC)):
        in_process(ipse)("did", "create", "--name", "dated")
    assert day in Terminal(ipse, monkeypatch, 80, TZ=zone)("did", "show", "dated")
    assert "2026-01-31T23:30:05Z" in in_process(ipse)("did", "show", "dated").out


@pytest.mark.parametrize("without", ["NO_COLOR", "--plain", "TERM"])
def test_a_report_does_without_colours(
    without: str, filled: Ipse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    degree = tmp_path / "degree.json"
    assert "\x1b" in Terminal(filled, monkeypatch, 80)("vc", "verify", degree)
    variables = {"NO_COLOR": {"NO_COLOR": "1"}, "TERM": {"TERM": "dumb"}}.get(without, {})
    options = [without] if without.startswith("-") else []
    shown = Terminal(filled, monkeypatch, 80, **variables)("vc", "verify", degree, *options)
    assert "\x1b" not in shown
    assert ("✓" in shown) is (without == "NO_COLOR")
    assert "passed" in shown or "✓" in shown


def test_statements_are_cut_at_the_end_of_the_line(
    taught: Ipse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    do = in_process(taught)
    candidates = tmp_path / "candidates.txt"
    candidates.write_text(f"{_LONG}\nshort\n")
    do("profile", "like", _LONG)
    do("profile", "like", "short")
    shown = Terminal(taught, monkeypatch, 80)
    line = shown("profile", "list", "--plain").splitlines()[1]
    assert cells(line) <= 80
    assert line.endswith("...")
    assert shown("profile", "list").splitlines()[1].endswith("…")
    assert "".join(_LONG.split()) in "".join(shown("profile", "list", "-v").replace("text:", "").split())
    assert _LONG in do("profile", "list").out
    for width in _WIDTHS:
        narrow = Terminal(taught, monkeypatch, width)
        for arguments in (
            ["profile", "list", "--all"],
            ["profile", "show", "1"],
            ["profile", "search", "the sea"],
            ["profile", "rank", str(candidates), "--explain"],
            ["profile", "why", "the sea"],
            ["profile", "interests"],
            ["profile", "topics", "--all"],
            ["profile", "stats"],
        ):
            _fits(narrow(*arguments), width)


def test_a_real_terminal_of_forty_columns_breaks_no_line(ipse: Ipse) -> None:
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    socket = str(ipse.home.parent / "tmux")
    tmux = ["tmux", "-S", socket, "-f", "/dev/null"]
    command = shlex.join([sys.executable, "-m", "ipse", "did", "list"])
    variables = [word for name, value in ipse.variables.items() for word in ("-e", f"{name}={value}")]
    script = f"{command}; tmux -S {shlex.quote(socket)} wait-for -S done; read never"
    try:
        subprocess.run(
            [*tmux, "new-session", "-d", "-x", "40", "-y", "20", *variables, "sh", "-c", script],
            check=True, timeout=PATIENCE, env={**ipse.variables, "TERM": "xterm", "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
        subprocess.run([*tmux, "wait-for", "done"], check=True, timeout=PATIENCE)
        # -J joins lines that the terminal itself has broken.
        screen = subprocess.run(
            [*tmux, "capture-pane", "-p", "-J"], check=True, timeout=PATIENCE, capture_output=True, text=True
        ).stdout
    finally:
        subprocess.run([*tmux, "kill-server"], check=False, timeout=PATIENCE, capture_output=True)
    head, *rows = [line.rstrip() for line in screen.splitlines() if line.strip()]
    assert head.split() == ["name", "did"]
    assert [row.split()[0] for row in rows] == ["me", "university"]
    assert max(map(cells, (head, *rows))) <= 40
