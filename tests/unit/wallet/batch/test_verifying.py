"""Verifying in batches: a report for each line, whatever is on it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ipse.errors import StorageError, Undetermined
from ipse.wallet.batch import Summary, VerifyJob, verify
from ipse.wallet.batch.rows import MAX_ROW_BYTES
from tests.unit.wallet.batch.jobs import NOW, lines, ndjson, people, reading, run

_VERIFIERS = "tests.unit.wallet.batch.verifiers"


def check(data: bytes, output: Path, verifier: str, settings: Any = None, **options: Any) -> Summary:
    which = VerifyJob(f"{_VERIFIERS}:{verifier}", settings, {"settings": settings})
    return verify(which, reading(data), output, **{"now": NOW, "workers": 1, **options})


def test_what_a_batch_issued_a_batch_verifies_line_by_line(tmp_path: Path) -> None:
    issued, reports = tmp_path / "out.ndjson", tmp_path / "reports.ndjson"
    run(ndjson([*people(2), {}, *people(600)]), issued)
    data = issued.read_bytes().replace(b"Ada 2", b"Bob 2", 1)
    summary = check(data, reports, "by_key", "x", workers=2)
    found = lines(reports)
    assert summary.counts == Counter(passed=601, error=2)
    assert found[0] == {
        "row": 1, "report": {"outcome": "passed", "settings": "x", "at": "2026-01-31T12:00:00+00:00"}
    }  # fmt: skip
    assert found[1]["error"]["code"] == "verification-failed"
    assert found[2]["error"]["message"] == "the line holds no credential: its row failed when it was issued"


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (b'{"a": 1}', '{"a": 1}'),
        (b'  {"a": 1} \r', '{"a": 1}'),
        (b"eyJ.e.s", "eyJ.e.s"),
        (b'"eyJ.e.s~d~"', "eyJ.e.s~d~"),
        (b'{"row":17,"credential":{"a":1}}', '{"a":1}'),
        (b'{"row":17,"credential":"eyJ.e.s"}', "eyJ.e.s"),
        (b'{"row":1,"credential":{"a":1},"more":{}}', '{"a":1},"more":{}'),
        (b'{"row":1, "credential":{}}', '{"row":1, "credential":{}}'),
    ],
)
def test_a_line_is_a_credential_a_json_string_or_a_line_of_a_batch(
    tmp_path: Path, line: bytes, text: str
) -> None:
    check(line + b"\n", tmp_path / "out.ndjson", "echo")
    assert lines(tmp_path / "out.ndjson") == [{"row": 1, "report": {"outcome": "passed", "text": text}}]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"", "the line is empty"),
        (b"  ", "the line is empty"),
        (b"\xff", "the line is not UTF-8 text"),
        (b'"open', "the line is not JSON"),
        (b'"a" 1', "the line is not JSON"),
        (b'"\\ud800"', "surrogate"),
        (b"x" * (MAX_ROW_BYTES + 1), "the line has more than"),
    ],
)
def test_a_line_that_holds_no_credential_is_its_own_error(tmp_path: Path, line: bytes, message: str) -> None:
    summary = check(line + b"\neyJ.e.s\n", tmp_path / "out.ndjson", "echo")
    assert summary.counts == Counter(passed=1, error=1)
    assert message in lines(tmp_path / "out.ndjson")[0]["error"]["message"]


def test_a_resumed_run_keeps_the_time_and_counts_what_was_there(tmp_path: Path) -> None:
    from datetime import timedelta

    issued, reports = tmp_path / "out.ndjson", tmp_path / "reports.ndjson"
    run(ndjson(people(1000)), issued)

    def stop(_: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check(issued.read_bytes(), reports, "by_key", progress=stop)
    summary = check(issued.read_bytes(), reports, "by_key", resume=True, now=NOW + timedelta(days=1))
    assert summary.resumed_at == 250
    assert summary.counts == Counter(passed=1000)
    assert {line["report"]["at"] for line in lines(reports)} == {"2026-01-31T12:00:00+00:00"}


def test_a_verifier_that_cannot_be_prepared_says_why(tmp_path: Path) -> None:
    with pytest.raises(Undetermined, match="the trust list is out of reach") as caught:
        check(b"x\n", tmp_path / "out.ndjson", "refusing")
    assert caught.value.hint == "try later"


def test_a_bug_is_never_taken_for_a_line_s_own_error(tmp_path: Path) -> None:
    assert check(b"malformed\n", tmp_path / "a.ndjson", "buggy").counts == Counter(error=1)
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        check(b"bug\n", tmp_path / "b.ndjson", "buggy")


def test_a_worker_that_is_killed_ends_the_batch_and_what_it_prints_does_not_reach_the_lines(
    tmp_path: Path,
) -> None:
    output = tmp_path / "out.ndjson"
    data = b"x\n" * 1000 + b"kill\n" + b"x\n" * 1000
    with pytest.raises(StorageError, match="a worker process was ended by SIGKILL") as caught:
        check(data, output, "dying", workers=2)
    assert "--resume" in caught.value.hint
    assert {json.dumps(line["report"]) for line in lines(output)} <= {'{"outcome": "passed"}'}
