"""`ipse vc lint`, and the documents of the W3C test suite through the whole command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_vc import V2, assert_told, checks, in_process
from tests.conftest import Ipse
from tests.vectors.test_vcdm2 import ACCEPTED, REFUSED, REFUSED_AS_JSON_LD, document

_ISSUED = [name for name in ACCEPTED if name.startswith("credential-")]
_JUDGED = {
    "credential-schema-ok": (9, "schema", "undetermined"),
    "credential-schemas-ok": (9, "schema", "undetermined"),
    "credential-status-ok": (9, "status", "undetermined"),
    "credential-status-missing-id-ok": (9, "status", "undetermined"),
    "credential-validfrom-far-future-ok": (3, "time", "failed"),
    "credential-validuntil-ok": (3, "time", "failed"),
}
"""Good documents that name a schema or a kind of status that is nowhere to be found, or are out of date."""
_IN_TIME = {
    "credential-validfrom-far-future-ok": "4024-01-01",
    "credential-validuntil-ok": "2023-02-26T01:19:19Z",
}
"""A time at which those that are out of date are valid."""
_BROKEN = {**REFUSED, **{name: where for name, (where, _) in REFUSED_AS_JSON_LD.items()}}
_NOT_SIGNED = [name for name in _BROKEN if name.startswith("credential-")]


def _file(shared: Path, tmp_path: Path, name: str) -> Path:
    file = tmp_path / f"{name}.json"
    file.write_text(json.dumps(document(shared, name)))
    return file


def _unissued(shared: Path, tmp_path: Path, name: str) -> Path:
    """The document as the suite has it, with dates for its placeholders and without the issuer's name."""
    content = document(shared, name)
    if content.get("issuer") == "did:example:issuer":
        del content["issuer"]
    file = tmp_path / f"{name}.json"
    file.write_text(json.dumps(content))
    return file


def _lint(ipse: Ipse, file: Path) -> tuple[int, Any, str]:
    """Exit code, the JSON on stdout, and stderr."""
    run = in_process(ipse)("vc", "lint", file, "--json", code=None)
    return run.code, run.json, run.err


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_document_that_must_be_accepted_is(
    shared: Path, tmp_path: Path, no_wallet: Ipse, name: str
) -> None:
    code, found, err = _lint(no_wallet, _file(shared, tmp_path, name))
    assert (code, found["violations"], err) == (0, [], "")
    assert found["kind"] == name.split("-", maxsplit=1)[0]


@pytest.mark.parametrize(("name", "pointer"), _BROKEN.items(), ids=list(_BROKEN))
def test_a_document_that_must_be_refused_is_with_the_place(
    shared: Path, tmp_path: Path, no_wallet: Ipse, name: str, pointer: str
) -> None:
    code, found, err = _lint(no_wallet, _file(shared, tmp_path, name))
    assert code == 6
    assert pointer in [violation["pointer"] for violation in found["violations"]]
    error = json.loads(err)["error"]
    assert error["code"] == "malformed"
    assert error["message"].startswith(f"not a {found['kind']}: ")


def test_every_broken_rule_is_a_line_and_the_first_is_the_error(ipse: Ipse, tmp_path: Path) -> None:
    file = tmp_path / "document"
    file.write_text(json.dumps({"@context": [V2], "type": "VerifiableCredential", "validFrom": "today"}))
    run = ipse("vc", "lint", file, code=6)
    lines = run.out.splitlines()
    assert all(line.startswith(("broken: /", "warning: /")) for line in lines)
    broken = {line.split()[1] for line in lines if line.startswith("broken: ")}
    assert broken == {"/issuer", "/validFrom", "/credentialSubject"}
    assert_told(run, lines[0].removeprefix("broken: "))


def test_what_breaks_no_rule_is_said_to_and_terms_without_meaning_are_warnings(no_wallet: Ipse) -> None:
    whole: dict[str, Any] = {
        "@context": [V2],
        "type": ["VerifiableCredential"],
        "issuer": "did:example:issuer",
        "credentialSubject": {"name": "Ada"},
    }
    run = no_wallet("vc", "lint", "-", stdin=json.dumps(whole))
    assert (run.out, run.err) == ("a credential that breaks no rule\n", "")
    whole["credentialSubject"]["cheese"] = "old"
    run = no_wallet("vc", "lint", "-", stdin=json.dumps(whole))
    assert run.out.splitlines() == ["warning: /credentialSubject/cheese is a term that no context defines"]


def test_what_a_document_says_never_steers_the_terminal(no_wallet: Ipse) -> None:
    hostile = {
        "@context": [V2],
        "type": ["VerifiableCredential", "\x1b[31mred\u202e"],
        "issuer": "\x1b]0;title\x07",
        "credentialSubject": {"\x1b[2Jclear": 1},
    }
    run = no_wallet("vc", "lint", "-", stdin=json.dumps(hostile), code=6)
    for text in (run.out, run.err):
        assert not {"\x1b", "\u202e", "\x07"} & set(text)
    assert len(run.err.splitlines()) == 2


@pytest.mark.parametrize("name", _ISSUED)
def test_a_document_that_must_be_accepted_is_issued_and_verified(
    shared: Path, tmp_path: Path, ipse: Ipse, name: str
) -> None:
    ipse = in_process(ipse)
    signed = ipse("vc", "issue", "--credential", _unissued(shared, tmp_path, name), "-q").out
    code, judged, outcome = _JUDGED.get(name, (0, "time", "passed"))
    outcomes = checks(ipse("vc", "verify", "-", "--any-issuer", "--json", stdin=signed, code=code).json)
    assert (outcomes["proof"], outcomes[judged]) == ("passed", outcome)
    if name in _IN_TIME:
        ipse("vc", "verify", "-", "--any-issuer", "--at", _IN_TIME[name], stdin=signed)


@pytest.mark.parametrize("name", _NOT_SIGNED)
def test_a_document_that_must_be_refused_is_not_signed(
    shared: Path, tmp_path: Path, ipse: Ipse, name: str
) -> None:
    ipse = in_process(ipse)
    source = _unissued(shared, tmp_path, name)
    for suite in ("eddsa-jcs-2022", "eddsa-rdfc-2022"):
        run = ipse("vc", "issue", "--credential", source, "--suite", suite, code=6)
        assert run.out == ""
        assert_told(run, "issuer" if "issuer" in name else "not ")


@pytest.mark.parametrize("name", ["credential-ok", "credential-no-type-fail", "credential-redef-type-fail"])
def test_a_process_of_its_own_says_the_same(shared: Path, tmp_path: Path, ipse: Ipse, name: str) -> None:
    good = name in ACCEPTED
    ipse("vc", "lint", _file(shared, tmp_path, name), code=0 if good else 6)
    run = ipse("vc", "issue", "--credential", _unissued(shared, tmp_path, name), "-q", code=0 if good else 6)
    if good:
        ipse("vc", "verify", "-", "--any-issuer", stdin=run.out)
    else:
        assert_told(run, _BROKEN[name])


def test_a_presentation_is_not_issued_as_a_credential(shared: Path, tmp_path: Path, ipse: Ipse) -> None:
    run = ipse("vc", "issue", "--credential", _file(shared, tmp_path, "presentation-multiple-vc-ok"), code=6)
    assert_told(run, "not a credential")
    assert run.out == ""
