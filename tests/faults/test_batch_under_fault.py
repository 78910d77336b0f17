"""Batches: killed at any moment, interrupted, on a full disk, two at once; resumed, no row twice."""

from __future__ import annotations

import contextlib
import os
import random
import select
import shutil
import signal
import stat
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ipse.encoding.strict_json import JsonObject
from ipse.errors import IpseError, StorageError
from ipse.wallet.batch import Progress, Summary
from tests.faults.conftest import filled
from tests.faults.processes import Process, Report, at_every, at_line, needs_fork
from tests.unit.wallet.batch.jobs import NOW, job, lines, ndjson, people, run
from tests.waiting import eventually

pytestmark = pytest.mark.skipif(shutil.which("ps") is None, reason="there is no ps to look for workers with")

ROWS = 4000
PEOPLE = ndjson([*people(ROWS - 1), {"n": "the last one has no name"}])


def issue(output: Path, rows: bytes = PEOPLE, **options: Any) -> Summary:
    return run(rows, output, job(), **options)


def begun(work: Callable[[Report], None]) -> Process:
    """A process that leads a group of its own, so that its workers can be told apart."""

    def alone(report: Report) -> None:
        os.setsid()
        work(report)

    return Process(alone)


def group(process: Process) -> list[int]:
    """The processes of its group that are alive."""
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,pgid=,stat="], capture_output=True, text=True, check=True
    ).stdout
    found = [line.split() for line in listed.splitlines()]
    return [int(pid) for pid, leader, state in found if int(leader) == process.id and state[0] != "Z"]


def wait_until_gone(process: Process) -> None:
    """Fails where workers outlive the process that started them."""
    assert eventually(lambda: not group(process)), f"workers are left: {group(process)}"


def complete(output: Path, rows: int = ROWS) -> None:
    """One line for each row, in order, each with the right content, and no note left beside the file.

    A kill may leave the empty lock, which stops nobody.
    """
    found = lines(output)
    assert len(found) == rows
    for line in found[: ROWS - 1]:
        assert line["credential"]["credentialSubject"]["name"] == f"Ada {line['row']}"
    assert len({line["credential"]["id"] for line in found[: ROWS - 1]}) == min(rows, ROWS - 1)
    left = {path.name for path in output.parent.iterdir() if "out.ndjson" in path.name}
    assert left - {".out.ndjson.resume.lock"} == {"out.ndjson"}


@needs_fork
def test_a_batch_killed_at_any_moment_is_resumed_without_a_row_or_a_status_index_twice(
    tmp_path: Path,
) -> None:
    output, counter = tmp_path / "out.ndjson", tmp_path / "counter"

    def allocate(ids: Sequence[str]) -> list[JsonObject]:
        first = counter.stat().st_size if counter.exists() else 0
        with counter.open("ab") as file:
            file.write(b"." * len(ids))
        return [{"type": "Entry", "index": first + position} for position in range(len(ids))]

    def work(_: Report) -> None:
        issue(output, resume=True, status=allocate)

    for _ in range(8):
        process = begun(work)
        time.sleep(random.uniform(0.05, 0.5))
        process.kill()
        process.end()
        wait_until_gone(process)
    later = NOW + timedelta(days=1)
    if output.with_name("out.ndjson.resume").exists() or not output.exists():
        issue(output, resume=True, status=allocate, now=later)
    complete(output)
    statuses = [line["credential"]["credentialStatus"]["index"] for line in lines(output)[: ROWS - 1]]
    assert len(set(statuses)) == ROWS - 1
    assert len({line["credential"]["validFrom"] for line in lines(output)[: ROWS - 1]}) == 1


@pytest.mark.slow
@needs_fork
@at_every(7)
def test_a_batch_killed_at_any_line_is_resumed(tmp_path: Path, step: int) -> None:
    rows, number = ndjson(people(5)), 1
    while True:
        output = tmp_path / f"{number}" / "out.ndjson"
        output.parent.mkdir()

        def stepped(report: Report, at: int = number, to: Path = output) -> None:
            with at_line(at, lambda: os.kill(os.getpid(), signal.SIGKILL)):
                issue(to, rows, workers=1)

        code, _ = begun(stepped).end()
        assert code in (0, -signal.SIGKILL)
        if code == 0:
            break
        if output.with_name("out.ndjson.resume").exists() or not output.exists():
            issue(output, rows, workers=1, resume=True)
        complete(output, 5)
        number += step
    assert number > 100


@needs_fork
def test_a_worker_that_is_killed_ends_the_batch_cleanly_and_it_is_resumed(tmp_path: Path) -> None:
    output = tmp_path / "out.ndjson"
    going_on, go_on = os.pipe()

    def work(report: Report) -> None:
        try:
            issue(output, progress=_paced(report, going_on))
        except StorageError as error:
            report(error.message)

    process = begun(work)
    process.wait_for_report()
    (worker, *_) = (pid for pid in group(process) if pid != process.id)
    os.kill(worker, signal.SIGKILL)
    os.write(go_on, bytes(ROWS))
    code, reported = process.end()
    os.close(going_on)
    os.close(go_on)
    assert code == 0
    assert reported[-1] == "a worker process was ended by SIGKILL"
    wait_until_gone(process)
    summary = issue(output, resume=True)
    assert 0 < summary.resumed_at < ROWS
    assert summary.counts == Counter(issued=ROWS - 1, error=1)
    complete(output)


@needs_fork
def test_an_interrupt_from_the_terminal_ends_all_of_it_and_it_is_resumed(tmp_path: Path) -> None:
    output = tmp_path / "out.ndjson"
    going_on, go_on = os.pipe()

    def work(report: Report) -> None:
        with contextlib.suppress(KeyboardInterrupt):
            issue(output, progress=_paced(report, going_on))
            report("not interrupted")

    process = begun(work)
    process.wait_for_report()
    os.killpg(process.id, signal.SIGINT)  # a terminal sends it to the workers as well
    code, reported = process.end()
    os.close(going_on)
    os.close(go_on)
    assert code == 0
    assert reported[-1] != "not interrupted"
    wait_until_gone(process)
    assert issue(output, resume=True).resumed_at > 0
    complete(output)


def _paced(report: Report, going_on: int) -> Callable[[Progress], None]:
    """Reports each step of the progress, and waits until a byte says that it may go on."""

    def step(progress: Progress) -> None:
        report(f"{progress.rows}")
        while not select.select([going_on], [], [], 0.05)[0]:
            pass  # a signal that came just before is seen here
        os.read(going_on, 1)

    return step


@needs_fork
def test_a_second_batch_into_the_same_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "out.ndjson"

    def stand(report: Report) -> None:
        report("running")
        time.sleep(600)

    def work(report: Report) -> None:
        issue(output, progress=lambda _: stand(report))

    process = begun(work)
    process.wait_for_report()
    try:
        monkeypatch.setattr("ipse.storage.files._LOCK_WAIT", 0.1)
        before = output.read_bytes()
        for resume in (False, True):
            with pytest.raises(IpseError, match="another process has held"):
                issue(output, resume=resume)
        assert output.read_bytes() == before
    finally:
        process.kill()
        process.end()
    wait_until_gone(process)
    issue(output, resume=True)
    complete(output)


def test_a_full_disk_stops_a_batch_and_it_is_resumed_when_there_is_room(small_disk: Path) -> None:
    output, rows = small_disk / "out.ndjson", ndjson(people(150))
    for free in (8192, 16384, 65536):
        with filled(small_disk, but=free), pytest.raises(StorageError, match="no space left") as caught:
            issue(output, rows, resume=True)
        assert "--resume" in caught.value.hint or not output.exists()
    issue(output, rows, resume=True)
    complete(output, 150)


def test_all_that_a_batch_writes_is_for_its_owner_alone(tmp_path: Path, open_umask: None) -> None:
    output = tmp_path / "out.ndjson"
    modes: set[int] = set()

    def look(_: Progress) -> None:
        modes.update(stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir())

    issue(output, progress=look)
    assert modes == {0o600}
