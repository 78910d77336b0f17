"""`ipse vc` as issuers, holders and verifiers use it: claims and prepared documents, issued and verified."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import pexpect
import pytest

from ipse.cli.main import run as run_here
from tests.conftest import EXAMPLES, Ipse, Run
from tests.waiting import PATIENCE

V2 = "https://www.w3.org/ns/credentials/v2"
UNDEFINED_TERMS = "https://www.w3.org/ns/credentials/undefined-terms/v2"


class InProcess(Ipse):
    """Runs commands inside of this process: for tables of cases that would take too many processes."""

    __slots__ = ()

    def __call__(self, *arguments: str | Path, stdin: bytes | str = b"", code: int | None = 0) -> Run:
        """Run a command; `code` is the exit code it must end with, None for any."""
        read = io.TextIOWrapper(io.BytesIO(stdin.encode() if isinstance(stdin, str) else stdin))
        out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.StringIO()
        with (
            mock.patch.dict(os.environ, self.variables, clear=True),
            mock.patch("sys.stdin", read),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            ended = run_here([str(argument) for argument in arguments])
        out.flush()
        out.seek(0)
        run = Run(ended, out.read(), err.getvalue())
        assert code is None or run.code == code, f"exit {run.code}: {run.out}{run.err}"
        return run


def in_process(ipse: Ipse) -> Ipse:
    """The same wallet, for commands inside of this process."""
    return InProcess(ipse.home, ipse.environment)


def did_of(ipse: Ipse, name: str) -> str:
    """The DID that the wallet calls `name`."""
    return str(ipse("did", "show", name, "--json").json["did"])


def issued(ipse: Ipse, *options: str | Path, issuer: str = "university", subject: str | None = None) -> str:
    """A credential of the example claims, issued without a word on stderr."""
    about = ("--subject", subject) if subject is not None else ()
    run = ipse(
        "vc", "issue", "--issuer", issuer, "--type", "DegreeCredential", "--claims", EXAMPLES / "claims.json",
        *about, *options, "-q",
    )  # fmt: skip
    assert run.err == ""
    return run.out


def checks(report: Any) -> dict[str, str]:
    """The outcome of every check of a report by its name."""
    return {check["name"]: check["outcome"] for check in report["checks"]}


def reason(report: Any, name: str) -> str:
    """Why a check of a report came out as it did."""
    return next(str(check["reason"]) for check in report["checks"] if check["name"] == name)


def assert_told(run: Run, *words: str) -> None:
    """One error line that has these words, and one hint line."""
    lines = run.err.splitlines()
    assert [line.partition(": ")[0] for line in lines] == ["error", "hint"], run.err
    for word in words:
        assert word in run.err


def prepared(ipse: Ipse, document: dict[str, Any], *options: str, code: int = 0) -> Run:
    """What comes of issuing a prepared document from standard input."""
    return ipse("vc", "issue", "--credential", "-", *options, stdin=json.dumps(document), code=code)


_DOCUMENT = {
    "@context": [V2],
    "type": ["VerifiableCredential"],
    "credentialSubject": {"id": "did:example:ada", "name": "Ada"},
}


def test_an_issued_credential_verifies_through_a_pipe(ipse: Ipse) -> None:
    run = ipse("vc", "verify", "-", "--issuer", did_of(ipse, "university"), stdin=issued(ipse))
    assert run.err == ""
    for name in ("data-model", "issuer", "proof", "purpose", "time", "status", "schema", "trust"):
        assert name in run.out


def test_claims_become_members_of_the_subject(ipse: Ipse) -> None:
    me = did_of(ipse, "me")
    credential = json.loads(issued(ipse, "--id", "urn:example:1", "--valid-until", "2999-01-01", subject=me))
    claims = json.loads((EXAMPLES / "claims.json").read_text())
    assert credential["credentialSubject"] == {"id": me, **claims}
    assert credential["type"] == ["VerifiableCredential", "DegreeCredential"]
    assert credential["id"] == "urn:example:1"
    assert credential["validUntil"] == "2999-01-01T00:00:00Z"
    assert credential["proof"]["cryptosuite"] == "eddsa-jcs-2022"


def test_the_subject_may_be_the_name_of_a_did_of_the_owner(ipse: Ipse) -> None:
    credential = json.loads(issued(ipse, subject="me"))
    assert credential["credentialSubject"]["id"] == did_of(ipse, "me")
    claims = EXAMPLES / "claims.json"
    refused = ipse("vc", "issue", "--subject", "nobody", "--type", "Card", "--claims", claims, code=5)
    assert "'nobody'" in refused.err


def test_another_issuer_fails_trust_by_name(ipse: Ipse) -> None:
    run = ipse("vc", "verify", "-", "--issuer", did_of(ipse, "me"), "--json", stdin=issued(ipse), code=3)
    failed = [name for name, outcome in checks(run.json).items() if outcome == "failed"]
    assert failed == ["trust"]


def test_without_saying_whom_to_trust_it_is_undetermined(ipse: Ipse) -> None:
    text = issued(ipse)
    run = ipse("vc", "verify", "-", "--json", stdin=text, code=9)
    assert checks(run.json)["trust"] == "undetermined"
    assert "--issuer" in run.error["message"]
    ipse("vc", "verify", "-", "--any-issuer", stdin=text)


def test_time_is_judged_as_of_the_moment_asked_for_within_the_leeway(ipse: Ipse) -> None:
    ipse = in_process(ipse)
    text = issued(ipse, "--valid-from", "2001-01-01", "--valid-until", "2002-01-01")
    for options, outcome in (
        ((), "failed"),
        (("--at", "2001-06-01"), "passed"),
        (("--at", "2000-06-01"), "failed"),
        (("--at", "2002-01-01T00:00:59Z"), "passed"),
        (("--at", "2002-01-01T00:00:59Z", "--leeway", "0"), "failed"),
    ):
        code = 0 if outcome == "passed" else 3
        run = ipse("vc", "verify", "-", "--any-issuer", "--json", *options, stdin=text, code=code)
        assert checks(run.json)["time"] == outcome, options
        assert checks(run.json)["proof"] == "passed"


def test_verify_needs_no_wallet(ipse: Ipse, no_wallet: Ipse) -> None:
    elsewhere = Ipse(no_wallet.home.parent / "nowhere")
    elsewhere("vc", "verify", "-", "--any-issuer", stdin=issued(ipse))
    assert not elsewhere.home.exists()


def test_whom_to_trust_and_which_file_are_said_once(ipse: Ipse) -> None:
    ipse = in_process(ipse)
    for options in (
        ("-", "--issuer", "did:key:z6Mk", "--any-issuer"),
        ("--any-issuer",),
        ("-", "--batch", "-", "--any-issuer"),
        ("-", "--any-issuer", "--resume"),
        ("-", "--any-issuer", "-o", "report"),
        ("-", "--any-issuer", "--audience", "shop"),
        ("-", "--any-issuer", "--insecure-no-challenge", "--audience", "shop", "--nonce", "n"),
    ):
        assert_told(ipse("vc", "verify", *options, code=2))


def test_claims_cannot_change_whom_it_is_about(ipse: Ipse, tmp_path: Path) -> None:
    claims = tmp_path / "claims.json"
    claims.write_text('{"id": "did:example:other", "degree": "x"}')
    run = ipse(
        "vc", "issue", "--issuer", "university", "--subject", did_of(ipse, "me"),
        "--type", "T", "--claims", claims, "--json", code=6,
    )  # fmt: skip
    assert run.error["code"] == "malformed"


def test_a_credential_takes_claims_or_is_prepared_or_is_a_batch(ipse: Ipse) -> None:
    ipse = in_process(ipse)
    claims = EXAMPLES / "claims.json"
    for options in (
        (),
        ("--type", "T"),
        ("--claims", claims),
        ("--credential", claims, "--claims", claims),
        ("--credential", claims, "--subject", "did:example:ada"),
        ("--credential", claims, "--id", "urn:example:1"),
        ("--credential", claims, "--valid-until", "2999-01-01"),
        ("--credential", claims, "--template", claims),
        ("--type", "T", "--claims", claims, "--resume"),
        ("--type", "T", "--claims", claims, "--disclosable", "degree"),
        ("--type", "T", "--claims", claims, "--format", "paper"),
        ("--batch", claims, "--type", "T", "--template", claims),
        ("--batch", claims),
    ):
        run = ipse("vc", "issue", *options, code=2)
        assert_told(run)
        assert run.out == ""


def test_a_file_that_can_not_be_written_is_found_before_anything_is_signed(
    ipse: Ipse, tmp_path: Path
) -> None:
    missing = tmp_path / "nothing" / "vc.json"
    run = ipse("vc", "issue", "--type", "T", "--claims", EXAMPLES / "claims.json", "-o", missing, code=6)
    assert_told(run, str(missing))
    ipse("vc", "issue", "--type", "T", "--claims", EXAMPLES / "claims.json", "-o", tmp_path, code=6)
    file = tmp_path / "vc.json"
    assert issued(ipse, "-o", file) == f"{file}\n"
    assert file.stat().st_mode & 0o777 == 0o600
    ipse("vc", "verify", file, "--any-issuer")


def test_a_prepared_document_gets_its_issuer_and_its_proof_and_nothing_else(ipse: Ipse) -> None:
    run = prepared(ipse, _DOCUMENT, "--issuer", "university")
    university = did_of(ipse, "university")
    proof = run.json.pop("proof")
    signed = json.loads(run.out)
    assert {name: value for name, value in signed.items() if name != "proof"} == {
        **_DOCUMENT,
        "issuer": university,
    }
    assert list(signed)[:3] == list(_DOCUMENT)
    assert proof["verificationMethod"].startswith(university)
    ipse("vc", "verify", "-", "--issuer", university, stdin=run.out)


def test_a_prepared_issuer_object_keeps_its_members(ipse: Ipse) -> None:
    run = prepared(ipse, {**_DOCUMENT, "issuer": {"name": "The university"}}, "--issuer", "university")
    assert run.json["issuer"] == {"name": "The university", "id": did_of(ipse, "university")}


@pytest.mark.parametrize(
    "member",
    [
        {"issuer": "did:example:other"},
        {"issuer": {"id": "did:example:other"}},
        {"issuer": None},
        {"proof": {}},
        {"proof": None},
    ],
    ids=json.dumps,
)
def test_a_prepared_document_of_another_issuer_or_with_a_proof_is_refused(
    ipse: Ipse, member: dict[str, Any]
) -> None:
    ipse = in_process(ipse)
    run = prepared(ipse, {**_DOCUMENT, **member}, code=6)
    assert_told(run, next(iter(member)))
    assert run.out == ""


def test_a_prepared_sd_jwt_keeps_its_claims_and_gets_iss_and_iat(ipse: Ipse) -> None:
    claims = {"vct": "https://example.org/badge", "name": "Ada", "exp": 32503680000}
    run = prepared(ipse, claims, "--format", "sd-jwt", "--disclosable", "none")
    report = ipse("vc", "verify", "-", "--any-issuer", "--json", stdin=run.out).json
    assert checks(report)["time"] == "passed"
    foreign = prepared(ipse, {**claims, "iss": "did:example:other"}, "--format", "sd-jwt", code=6)
    assert_told(foreign, "iss", "did:example:other")


def test_a_prepared_document_that_breaks_the_data_model_is_refused_with_the_place(ipse: Ipse) -> None:
    ipse = in_process(ipse)
    for member, place in (
        ({"credentialSubject": {}}, "/credentialSubject"),
        ({"validFrom": "yesterday"}, "/validFrom"),
        ({"@context": ["https://example.org/other"]}, "/@context"),
    ):
        for form in ("w3c", "jwt"):
            assert_told(prepared(ipse, {**_DOCUMENT, **member}, "--format", form, code=6), place)


def test_a_schema_is_judged_where_its_file_is_given(ipse: Ipse, tmp_path: Path) -> None:
    ipse, url, file = in_process(ipse), "https://example.org/person.json", tmp_path / "person.json"
    document = {**_DOCUMENT, "credentialSchema": {"id": url, "type": "JsonSchema"}}
    signed = prepared(ipse, document).out
    verify = ("vc", "verify", "-", "--any-issuer", "--json")
    run = ipse(*verify, stdin=signed, code=9)
    assert checks(run.json)["schema"] == "undetermined"
    for schema, outcome, code in (
        ({"required": ["credentialSubject"]}, "passed", 0),
        ({"required": ["shoeSize"]}, "failed", 3),
    ):
        file.write_text(json.dumps(schema))
        run = ipse(*verify, "--schema", f"{url}={file}", stdin=signed, code=code)
        assert checks(run.json)["schema"] == outcome
    for content in ("Dear wallet", "", "[]"):
        file.write_text(content)
        run = ipse(*verify, "--schema", f"{url}={file}", stdin=signed, code=None)
        assert run.code in (3, 6, 9), run.out
        assert checks(run.json)["schema"] in ("failed", "undetermined")


@pytest.mark.parametrize("colours", [True, False])
def test_on_a_terminal_the_verdict_is_coloured_and_every_line_fits(
    ipse: Ipse, tmp_path: Path, colours: bool
) -> None:
    file = tmp_path / "degree.json"
    file.write_text(issued(ipse, "--undefined-terms"))
    plain = {} if colours else {"NO_COLOR": "1"}
    child = pexpect.spawn(
        sys.executable,
        ["-m", "ipse", "vc", "verify", str(file), "--any-issuer"],
        env={**ipse.variables, "TERM": "xterm", "LC_ALL": "C.UTF-8", **plain},
        encoding="utf-8",
        timeout=PATIENCE,
        dimensions=(40, 60),
    )
    shown = child.read()
    child.close()
    assert child.exitstatus == 0
    assert ("\x1b[32mVALID\x1b[0m  " in shown) is colours
    assert ("\x1b" in shown) is colours
    assert "✓" in shown
    lines = re.sub(r"\x1b\[[0-9]*m", "", shown).splitlines()
    assert max(map(len, lines)) <= 60
