"""Every document of the corpus is refused for its one fault, and its twin without it passes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from ipse.cli import main
from ipse.credentials import verifier
from ipse.credentials.formats.vcdm11 import didkit_process
from ipse.credentials.policy import Challenge, Policy, Sources
from ipse.credentials.report import CHECKS, NOT_MADE, NOT_REACHED, Check, Outcome, Report
from ipse.credentials.status import Published
from ipse.credentials.verifier import Verification
from ipse.encoding.timestamps import parse_timestamp
from ipse.errors import TooMuchWork, Undetermined
from ipse.network import guarded_client
from tests.corpus import generate

FOLDER: Final = Path(__file__).parent
MANIFEST: Final = json.loads((FOLDER / "manifest.json").read_text())
NOW: Final = parse_timestamp(MANIFEST["at"])
FINE: Final = (Outcome.PASSED, Outcome.NOT_APPLICABLE)


def entries(kind: str) -> list[Any]:
    return [
        pytest.param(
            entry,
            id=Path(entry["file"]).relative_to(kind).with_suffix("").as_posix(),
            marks=_without_didkit if "1.1" in entry["family"] else (),
        )
        for entry in MANIFEST[kind]
    ]


def one_of_each(params: list[Any]) -> list[Any]:
    """The same, all but the first of each family, check and exit code being slow."""
    seen: set[tuple[Any, ...]] = set()
    chosen = []
    for param in params:
        kind = tuple(param.values[0].get(member) for member in ("family", "check", "exit"))
        slow = [pytest.mark.slow] if kind in seen else []
        chosen.append(pytest.param(*param.values, id=param.id, marks=[*param.marks, *slow]))
        seen.add(kind)
    return chosen


_without_didkit = pytest.mark.skipif(not didkit_process.available(), reason="didkit is not installed")
GOOD, BAD = entries("good"), entries("bad")


def text_of(entry: dict[str, Any]) -> str:
    return Path(FOLDER, entry["file"]).read_text(encoding="utf-8")


def fetch(url: str) -> Published:
    """What the corpus says is published; everything else is out of reach."""
    if url not in MANIFEST["published"]:
        raise Undetermined(f"{url[:100]} does not answer")
    return Published(url, (FOLDER / MANIFEST["published"][url]).read_bytes(), NOW)


def of_anybody(entry: dict[str, Any]) -> bool:
    """Whether issuers are accepted whoever they are: else nothing is done to find one who is not trusted."""
    return entry.get("check") == "issuer"


def verified(entry: dict[str, Any]) -> Verification:
    schemas = {url: json.loads((FOLDER / place).read_text()) for url, place in MANIFEST["schemas"].items()}
    anybody = of_anybody(entry)
    policy = Policy(
        issuers=frozenset() if anybody else frozenset(MANIFEST["issuers"]),
        any_issuer=anybody,
        challenge=Challenge(MANIFEST["audience"], MANIFEST["nonce"]) if entry["challenge"] else None,
    )
    sources = Sources(fetch=fetch, schemas=schemas)
    return verifier.verify(text_of(entry), policy=policy, now=NOW, sources=sources)


def checks_of(report: Report) -> Iterator[Check]:
    yield from report.checks
    for part in report.credentials:
        yield from checks_of(part)


class TestEveryDocument:
    @pytest.mark.parametrize("entry", GOOD)
    def test_without_a_fault_passes_every_check(self, entry: dict[str, Any]) -> None:
        found = verified(entry)
        assert {check.outcome for check in checks_of(found.report)} <= set(FINE)
        assert found.report.outcome is Outcome.PASSED
        assert found.content is not None

    @pytest.mark.parametrize("entry", [one for one in BAD if one.values[0]["check"] is not None])
    def test_with_a_fault_is_refused_by_the_one_check_for_it(self, entry: dict[str, Any]) -> None:
        report = verified(entry).report
        where = report.credentials[entry["credential"] - 1] if entry["credential"] else report
        decisive = where.checks[CHECKS.index(entry["check"])]
        assert (decisive.name, decisive.outcome) == (entry["check"], entry["outcome"]), report
        assert report.outcome is Outcome(entry["outcome"])
        assert report.decisive == decisive
        touched = [check for check in where.checks if check.name in entry["also"]]
        assert {check.outcome for check in touched} <= {decisive.outcome}
        others = [check for check in checks_of(report) if check is not decisive and check not in touched]
        assert [check for check in others if check.outcome not in FINE and not _not_reached(check)] == []

    @pytest.mark.slow
    @pytest.mark.parametrize("entry", [one for one in BAD if one.values[0]["check"] is None])
    def test_made_to_be_costly_gets_no_verdict(self, entry: dict[str, Any]) -> None:
        with pytest.raises(TooMuchWork):
            verified(entry)


def _not_reached(check: Check) -> bool:
    return check.outcome is Outcome.UNDETERMINED and check.code in (NOT_REACHED, NOT_MADE)


def test_no_two_faults_are_the_same_document() -> None:
    contents = [(entry["family"], text_of(entry)) for kind in ("good", "bad") for entry in MANIFEST[kind]]
    assert len(set(contents)) == len(contents)


def test_every_family_has_a_good_document_and_every_check_a_fault() -> None:
    families = {entry["family"] for entry in MANIFEST["good"]}
    assert {entry["family"] for entry in MANIFEST["bad"]} == families
    assert {entry["check"] for entry in MANIFEST["bad"]} == {*CHECKS, None}


class TestGenerator:
    """The files are what the generator writes."""

    def test_the_files_are_those_of_the_generator(self) -> None:
        there = {
            path.relative_to(FOLDER).as_posix()
            for folder in ("good", "bad", "published", "schemas")
            for path in (FOLDER / folder).rglob("*")
            if path.is_file()
        }
        assert there | {"manifest.json"} == set(generate.files())

    def test_it_writes_the_same_bytes_again(self) -> None:
        for place, text in generate.files().items():
            if generate.is_reproducible(place):
                assert (FOLDER / place).read_bytes() == text.encode(), place


def arguments(entry: dict[str, Any], folder: Path = FOLDER) -> list[str]:
    """The command line that verifies a document of the corpus."""
    said = ["vc", "verify", str(folder / entry["file"]), "--at", MANIFEST["at"], "--json"]
    for issuer in MANIFEST["issuers"] if not of_anybody(entry) else ():
        said += ["--issuer", issuer]
    if of_anybody(entry):
        said.append("--any-issuer")
    if entry["challenge"]:
        said += ["--audience", MANIFEST["audience"], "--nonce", MANIFEST["nonce"]]
    for url, place in MANIFEST["schemas"].items():
        said += ["--schema", f"{url}={folder / place}"]
    return said


class TestCommandLine:
    """The same through the program, whose network answers with what the corpus publishes."""

    @pytest.fixture(autouse=True)
    def _network(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr(guarded_client, "fetch", lambda url, **_: fetch(url).body)
        monkeypatch.setenv("IPSE_HOME", str(tmp_path / "none"))

    @pytest.mark.parametrize("entry", one_of_each(GOOD))
    def test_a_good_document_ends_with_0(
        self, entry: dict[str, Any], capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main.run(arguments(entry)) == 0
        captured = capsys.readouterr()
        assert (json.loads(captured.out)["outcome"], captured.err) == ("passed", "")

    @pytest.mark.parametrize("entry", one_of_each(BAD))
    def test_a_bad_document_ends_with_the_code_of_its_fault(
        self, entry: dict[str, Any], capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main.run(arguments(entry)) == entry["exit"]
        captured = capsys.readouterr()
        error = json.loads(captured.err)["error"]
        assert error["message"] == error["message"].splitlines()[0]
        if entry["check"] is not None:
            assert json.loads(captured.out)["outcome"] == entry["outcome"]
            if entry["exit"] != 6:
                assert f"{entry['check']}: " in error["message"]


def test_the_time_of_the_manifest_is_fixed() -> None:
    assert datetime(2026, 7, 1, 12, tzinfo=UTC) == NOW
