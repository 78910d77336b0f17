"""Verifying in batches: a report for each line, whatever is on it."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ipse.credentials import verifier
from ipse.credentials.policy import Policy
from ipse.dids import did_key
from ipse.errors import StorageError, Undetermined, UsageError
from ipse.keys.ed25519 import PrivateKey
from ipse.wallet.batch import Summary, verify, verifying
from ipse.wallet.batch.rows import MAX_ROW_BYTES
from ipse.wallet.verifier import Verifier
from tests.unit.wallet.batch.jobs import DID, NOW, job, lines, ndjson, one_row, people, reading, run
from tests.unit.wallet.batch.verifiers import BUG, KILL, DeadlyLookup, UnreachableLookup, accepting

OTHER = did_key.from_public_key(PrivateKey(bytes(range(1, 33))).public())


def check(data: bytes, output: Path, by: Verifier | None = None, **options: Any) -> Summary:
    return verify(by or accepting(DID), reading(data), output, **{"now": NOW, "workers": 1, **options})


def credential_of(issuer: str) -> bytes:
    """A line with an unsigned credential that names `issuer`, which is where its verification ends."""
    document = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "issuer": issuer,
        "credentialSubject": {"id": "did:example:me"},
    }
    return json.dumps(document).encode() + b"\n"


def test_what_a_batch_issued_a_batch_verifies_line_by_line(tmp_path: Path) -> None:
    issued, reports = tmp_path / "out.ndjson", tmp_path / "reports.ndjson"
    run(ndjson([*people(2), {}, *people(600)]), issued)
    data = issued.read_bytes().replace(b"Ada 2", b"Bob 2", 1)
    summary = check(data, reports, workers=2)
    found = lines(reports)
    assert summary.counts == Counter(passed=601, failed=1, error=1)
    first = json.loads(data.splitlines()[0])["credential"]
    alone = verifier.verify(first, policy=Policy(issuers=frozenset({DID})), now=NOW)
    assert found[0] == {"row": 1, "report": alone.report.to_json()}
    assert alone.report.outcome == "passed"
    assert found[1]["report"]["outcome"] == "failed"
    assert [check["name"] for check in found[1]["report"]["checks"] if check["outcome"] == "failed"] == [
        "proof"
    ]
    assert found[2]["error"]["message"] == "the line holds no credential: its row failed when it was issued"


@pytest.mark.parametrize("form", ["w3c", "jwt", "sd-jwt"])
def test_each_format_is_verified_under_the_policy(tmp_path: Path, form: str) -> None:
    line = one_row(tmp_path, people(1)[0], job(form))["credential"]
    data = json.dumps(line).encode() + b"\n"
    for number, (issuer, outcome) in enumerate([(DID, "passed"), (OTHER, "failed")]):
        reports = tmp_path / f"{number}.ndjson"
        assert check(data, reports, accepting(issuer)).counts == Counter({outcome: 1})


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
def test_a_line_is_a_credential_a_json_string_or_a_line_of_a_batch(line: bytes, text: str) -> None:
    assert verifying._credential(line) == text


@pytest.mark.sampled(3)
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
        (b"eyJ.e.s", "JWT"),
        (b'"x"', "neither JSON nor a JWT nor an SD-JWT"),
    ],
)
def test_a_line_that_holds_no_credential_is_its_own_error(tmp_path: Path, line: bytes, message: str) -> None:
    good = json.dumps(one_row(tmp_path, people(1)[0])["credential"]).encode()
    summary = check(line + b"\n" + good + b"\n", tmp_path / "out.ndjson")
    assert summary.counts == Counter(passed=1, error=1)
    assert message in lines(tmp_path / "out.ndjson")[0]["error"]["message"]


def test_a_resumed_run_keeps_the_time_and_counts_what_was_there(tmp_path: Path) -> None:
    issued, reports = tmp_path / "out.ndjson", tmp_path / "reports.ndjson"
    template = {**job().template, "validUntil": "2026-01-31T12:00:00Z"}
    run(ndjson(people(1000)), issued, job(template=template))

    def stop(_: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check(issued.read_bytes(), reports, progress=stop)
    summary = check(issued.read_bytes(), reports, resume=True, now=NOW + timedelta(days=1))
    assert summary.resumed_at == 250
    # A day later, all of them have expired.
    assert summary.counts == Counter(passed=1000)
    late = check(issued.read_bytes(), tmp_path / "late.ndjson", now=NOW + timedelta(days=1))
    assert late.counts == Counter(failed=1000)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("other", [accepting(OTHER), accepting(DID, OTHER), accepting()])
def test_a_run_is_not_gone_on_with_under_another_policy(tmp_path: Path, other: Verifier) -> None:
    issued, reports = tmp_path / "out.ndjson", tmp_path / "reports.ndjson"
    run(ndjson(people(600)), issued)

    def stop(_: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check(issued.read_bytes(), reports, progress=stop)
    with pytest.raises(UsageError, match="begun with another job"):
        check(issued.read_bytes(), reports, other, resume=True)


def test_a_verifier_that_cannot_be_prepared_says_why(tmp_path: Path) -> None:
    with pytest.raises(Undetermined, match="the trust list is out of reach") as caught:
        check(b"x\n", tmp_path / "out.ndjson", accepting(lookup=UnreachableLookup()))
    assert caught.value.hint == "try later"


def test_a_bug_is_never_taken_for_a_line_s_own_error(tmp_path: Path) -> None:
    by = accepting(lookup=DeadlyLookup())
    assert check(b"malformed\n", tmp_path / "a.ndjson", by).counts == Counter(error=1)
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        check(credential_of(BUG), tmp_path / "b.ndjson", by)


def test_a_worker_that_is_killed_ends_the_batch_and_what_it_prints_does_not_reach_the_lines(
    tmp_path: Path,
) -> None:
    output = tmp_path / "out.ndjson"
    others = credential_of(DID) * 1000
    with pytest.raises(StorageError, match="a worker process was ended by SIGKILL") as caught:
        check(others + credential_of(KILL) + others, output, accepting(lookup=DeadlyLookup()), workers=2)
    assert "--resume" in caught.value.hint
    assert {line["report"]["checks"][3]["outcome"] for line in lines(output)} <= {"failed"}
