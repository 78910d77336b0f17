"""Files and locks: killed at any moment, written by several at once, on a full disk."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest

from ipse.errors import StorageError
from ipse.storage import files
from tests.faults.conftest import filled
from tests.faults.processes import Report, kill_at_line, kill_at_random, needs_fork, together

SIZE = 50_000


def payload(number: int) -> bytes:
    return f"{number}\n".encode() + bytes([number % 256]) * SIZE


def number_of(data: bytes) -> int:
    """Which payload it is; fails for a mixture or a part of one."""
    number = int(data.split(b"\n", 1)[0])
    assert data == payload(number)
    return number


@pytest.mark.slow
@needs_fork
def test_a_writer_killed_at_any_moment_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "file"

    def write_on(report: Report) -> None:
        for number in count():
            files.write_private(path, payload(number))
            report(str(number))

    for _ in range(40):
        reported = kill_at_random(write_on)
        assert number_of(files.read_private(path)) in (int(reported[-1]), int(reported[-1]) + 1)
    assert {entry.stat().st_mode & 0o777 for entry in tmp_path.iterdir()} == {0o600}


@needs_fork
def test_a_writer_killed_at_any_line_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "file"

    def write_once(report: Report) -> None:
        files.write_private(path, payload(2))
        report("written")

    for line in count(1):
        files.write_private(path, payload(1))
        killed, reported = kill_at_line(line, write_once)
        assert number_of(files.read_private(path)) in ((2,) if reported else (1, 2))
        if not killed:
            break
    assert line > 10


@needs_fork
def test_one_process_at_a_time_holds_a_lock(tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    counter.write_text("0")

    def count_up(report: Report) -> None:
        for _ in range(50):
            with files.exclusive(counter):
                number = int(counter.read_text())
                counter.write_text(str(number + 1))

    together(*[count_up] * 6)
    assert counter.read_text() == "300"


@needs_fork
def test_a_lock_whose_holder_was_killed_is_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_LOCK_WAIT", 1.0)

    def hold(report: Report) -> None:
        with files.exclusive(tmp_path / "file"):
            report("held")
            while True:
                pass

    for _ in range(3):
        assert kill_at_random(hold, within=0.001) == ["held"]
        with files.exclusive(tmp_path / "file"):
            pass


def test_a_full_disk_leaves_the_old_file_whole_and_nothing_beside_it(small_disk: Path) -> None:
    path = small_disk / "file"
    files.write_private(path, b"old")
    for free in (0, 4096):
        with filled(small_disk, but=free):
            before = sorted(entry.name for entry in small_disk.iterdir())
            with pytest.raises(StorageError, match="no space left on device"):
                files.write_private(path, b"x" * 20_000)
            assert sorted(entry.name for entry in small_disk.iterdir()) == before
        assert path.read_bytes() == b"old"
    files.write_private(path, b"new")
    assert path.read_bytes() == b"new"
