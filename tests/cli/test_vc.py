"""`ipse vc` as issuers, holders and verifiers use it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import EXAMPLES, Ipse


def _did(ipse: Ipse, name: str) -> str:
    return str(ipse("did", "show", name, "--json").json["did"])


def _issue(ipse: Ipse, *options: str | Path, claims: str | Path = EXAMPLES / "claims.json") -> str:
    subject = _did(ipse, "me")
    run = ipse(
        "vc", "issue", "--issuer", "university", "--subject", subject,
        "--type", "DegreeCredential", "--claims", claims, *options,
    )  # fmt: skip
    assert run.err == ""
    return run.out


def _checks(report: Any) -> dict[str, str]:
    return {check["name"]: check["outcome"] for check in report["checks"]}


def test_an_issued_credential_verifies_through_a_pipe(ipse: Ipse) -> None:
    run = ipse("vc", "verify", "-", "--issuer", _did(ipse, "university"), stdin=_issue(ipse))
    assert run.err == ""
    for name in ("data-model", "issuer", "proof", "purpose", "time", "status", "schema", "trust"):
        assert name in run.out


def test_claims_become_members_of_the_subject(ipse: Ipse) -> None:
    credential = json.loads(_issue(ipse, "--id", "urn:example:1", "--valid-until", "2999-01-01"))
    claims = json.loads((EXAMPLES / "claims.json").read_text())
    assert credential["credentialSubject"] == {"id": _did(ipse, "me"), **claims}
    assert credential["type"] == ["VerifiableCredential", "DegreeCredential"]
    assert credential["id"] == "urn:example:1"
    assert credential["validUntil"] == "2999-01-01T00:00:00Z"
    assert credential["proof"]["cryptosuite"] == "eddsa-jcs-2022"


def test_a_changed_byte_fails_the_proof_by_name(ipse: Ipse) -> None:
    tampered = _issue(ipse).replace("Oceanography", "Oceanographx")
    run = ipse("vc", "verify", "-", "--issuer", _did(ipse, "university"), "--json", stdin=tampered, code=3)
    assert _checks(run.json)["proof"] == "failed"
    assert run.error["code"] == "verification-failed"
    assert "proof" in run.error["message"]


def test_another_issuer_fails_trust_by_name(ipse: Ipse) -> None:
    run = ipse("vc", "verify", "-", "--issuer", _did(ipse, "me"), "--json", stdin=_issue(ipse), code=3)
    assert _checks(run.json) | {"trust": "failed"} == _checks(run.json)


def test_without_saying_whom_to_trust_it_is_undetermined(ipse: Ipse) -> None:
    run = ipse("vc", "verify", "-", "--json", stdin=_issue(ipse), code=9)
    assert _checks(run.json)["trust"] == "undetermined"
    ipse("vc", "verify", "-", "--any-issuer", stdin=_issue(ipse))


def test_expired_and_early_credentials_fail_the_time(ipse: Ipse) -> None:
    for options in (
        ("--valid-from", "2001-01-01", "--valid-until", "2002-01-01"),
        ("--valid-from", "2999-01-01"),
    ):
        run = ipse("vc", "verify", "-", "--any-issuer", "--json", stdin=_issue(ipse, *options), code=3)
        assert _checks(run.json)["time"] == "failed"


def test_verify_needs_no_wallet(ipse: Ipse, no_wallet: Ipse) -> None:
    elsewhere = Ipse(no_wallet.home.parent / "nowhere")
    elsewhere("vc", "verify", "-", "--any-issuer", stdin=_issue(ipse))


def test_the_shelf_keeps_a_credential_as_it_came(ipse: Ipse, tmp_path: Path) -> None:
    text = _issue(ipse)
    file = tmp_path / "vc.json"
    file.write_text(text)
    identifier = ipse("vc", "add", file).out.strip()
    assert ipse("vc", "show", identifier).out == text
    assert ipse("vc", "show", identifier[:6]).out == text
    row = ipse("vc", "list", "--json").json["credentials"][0]
    assert (row["id"], row["verified"], row["types"]) == (identifier, True, ["DegreeCredential"])
    assert ipse("vc", "add", file, "--json", code=2).error["code"] == "already-exists"
    assert ipse("vc", "show", "nothing", code=5).out == ""


def test_the_shelf_takes_a_bad_credential_only_when_told_so_and_marks_it(ipse: Ipse) -> None:
    tampered = _issue(ipse).replace("Oceanography", "Oceanographx")
    ipse("vc", "add", "-", stdin=tampered, code=3)
    assert ipse("vc", "list", "--json").json["credentials"] == []
    ipse("vc", "add", "-", "--unverified", stdin=tampered)
    assert ipse("vc", "list", "--json").json["credentials"][0]["verified"] is False


def test_claims_cannot_change_whom_it_is_about(ipse: Ipse, tmp_path: Path) -> None:
    claims = tmp_path / "claims.json"
    claims.write_text('{"id": "did:example:other", "degree": "x"}')
    run = ipse(
        "vc", "issue", "--issuer", "university", "--subject", _did(ipse, "me"),
        "--type", "T", "--claims", claims, "--json", code=6,
    )  # fmt: skip
    assert run.error["code"] == "malformed"


def test_control_characters_of_a_credential_never_reach_the_terminal(ipse: Ipse, tmp_path: Path) -> None:
    credential = json.loads(_issue(ipse))
    credential["type"].append("\u001b[31mred\u202e")
    ipse("vc", "add", "-", "--unverified", stdin=json.dumps(credential))
    shown = ipse("vc", "list").out
    assert "\u001b" not in shown
    assert "\u202e" not in shown
    assert "\\x1b[31mred\\u202e" in shown


def test_the_old_data_model_is_issued_and_verified_too(ipse: Ipse) -> None:
    pytest.importorskip("didkit", reason="didkit has no wheels for this Python")
    text = _issue(ipse, "--format", "w3c-1.1", "--valid-until", "2999-01-01")
    credential = json.loads(text)
    assert credential["@context"][0] == "https://www.w3.org/2018/credentials/v1"
    assert "issuanceDate" in credential
    issuer = _did(ipse, "university")
    run = ipse("vc", "verify", "-", "--issuer", issuer, "--json", stdin=text)
    assert _checks(run.json)["proof"] == "passed"
    tampered = text.replace("Oceanography", "Oceanographx")
    run = ipse("vc", "verify", "-", "--issuer", issuer, "--json", stdin=tampered, code=3)
    assert _checks(run.json)["proof"] == "failed"
    assert ipse("vc", "verify", "-", "--issuer", _did(ipse, "me"), stdin=text, code=3).err
    ipse("vc", "add", "-", stdin=text)


def test_the_old_data_models_expiry_is_seen(ipse: Ipse) -> None:
    pytest.importorskip("didkit", reason="didkit has no wheels for this Python")
    text = _issue(ipse, "--format", "w3c-1.1", "--valid-from", "2001-01-01", "--valid-until", "2002-01-01")
    run = ipse("vc", "verify", "-", "--any-issuer", "--json", stdin=text, code=3)
    assert _checks(run.json)["time"] == "failed"
    assert _checks(run.json)["proof"] == "passed"
