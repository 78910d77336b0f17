"""The wallet's own credentials: kept as they came, listed by what is asked, checked, exported, deleted."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pexpect
import pytest

from tests.cli.test_vc import assert_told, checks, did_of, in_process, issued
from tests.conftest import EXAMPLES, Ipse
from tests.waiting import PATIENCE


def _add(ipse: Ipse, text: str, *options: str) -> str:
    return ipse("vc", "add", "-", *options, stdin=text).out.strip()


def _listed(ipse: Ipse, *options: str) -> list[Any]:
    return list(ipse("vc", "list", *options, "--json").json["credentials"])


def _tampered(text: str) -> str:
    return text.replace("Oceanography", "Oceanographx")


@pytest.mark.parametrize("form", ["w3c", "jwt", "sd-jwt"])
def test_the_shelf_keeps_a_credential_as_it_came(ipse: Ipse, tmp_path: Path, form: str) -> None:
    text = issued(ipse, "--format", form, subject=did_of(ipse, "me"))
    file = tmp_path / "vc"
    file.write_text(text)
    identifier = ipse("vc", "add", file).out.strip()
    assert len(identifier) == 16
    assert ipse("vc", "show", identifier).out == text
    assert ipse("vc", "show", identifier[:6]).out == text
    exported = tmp_path / "exported"
    assert ipse("vc", "export", identifier, "-o", exported).out == f"{exported}\n"
    assert exported.read_bytes() == file.read_bytes()
    assert exported.stat().st_mode & 0o777 == 0o600
    [row] = _listed(ipse)
    assert (row["id"], row["verified"], row["types"]) == (identifier, True, ["DegreeCredential"])
    assert (row["issuer"], row["format"]) == (did_of(ipse, "university"), form)
    assert ipse("vc", "add", file, "--json", code=2).error["code"] == "already-exists"


def test_the_same_json_in_another_layout_is_the_same_credential(ipse: Ipse) -> None:
    ipse = in_process(ipse)
    text = issued(ipse)
    _add(ipse, text)
    members = json.loads(text)
    other = json.dumps({name: members[name] for name in sorted(members, reverse=True)}, indent=7)
    assert_told(ipse("vc", "add", "-", stdin=other, code=2))
    assert len(_listed(ipse)) == 1


def test_the_shelf_takes_a_bad_credential_only_when_told_so_and_marks_it(ipse: Ipse) -> None:
    ipse = in_process(ipse)
    tampered = _tampered(issued(ipse))
    assert ipse("vc", "add", "-", stdin=tampered, code=3).out == ""
    assert _listed(ipse) == []
    identifier = _add(ipse, tampered, "--unverified")
    [row] = _listed(ipse)
    assert (row["verified"], row["status"]) == (False, "unverified")
    run = ipse("vc", "check", identifier, "--json", code=3)
    assert checks(run.json)["proof"] == "failed"
    assert [row["status"] for row in _listed(ipse)] == ["unverified"]


@pytest.mark.parametrize(
    "form",
    [
        "w3c",
        "jwt",
        "sd-jwt",
    ],
)
def test_a_presentation_is_not_kept_as_a_credential(ipse: Ipse, form: str) -> None:
    ipse = in_process(ipse)
    identifier = _add(ipse, issued(ipse, "--format", form, subject=did_of(ipse, "me")))
    challenge = ("--audience", "https://shop.example", "--nonce", "n-1")
    presentation = ipse("vc", "present", identifier, *challenge, "-q").out
    for unverified in ((), ("--unverified",)):
        run = ipse("vc", "add", "-", *unverified, stdin=presentation, code=2)
        assert_told(run, "presentation")
    assert len(_listed(ipse)) == 1


def test_the_list_shows_what_is_asked_for(ipse: Ipse) -> None:
    ipse = in_process(ipse)
    now = _add(ipse, issued(ipse, "--valid-until", "2999-01-01"))
    other = _add(ipse, issued(ipse, "--valid-until", "2998-01-01", issuer="me"))
    past = _add(
        ipse, issued(ipse, "--valid-from", "2001-01-01", "--valid-until", "2002-01-01"), "--unverified"
    )
    early = _add(ipse, issued(ipse, "--valid-from", "2997-01-01"), "--unverified")
    token = _add(ipse, issued(ipse, "--format", "sd-jwt"))
    everything = [now, other, past, early, token]
    for options, found in (
        ((), everything),
        (("--type", "DegreeCredential"), everything),
        (("--type", "Passport"), []),
        (("--issuer", did_of(ipse, "me")), [other]),
        (("--status", "valid"), [now, other, token]),
        (("--status", "expired"), [past]),
        (("--status", "early"), [early]),
        (("--status", "revoked"), []),
        (("--expires-before", "2998-06-01"), [other, past]),
        (("--expires-before", "2998-06-01", "--status", "valid"), [other]),
    ):
        assert {row["id"] for row in _listed(ipse, *options)} == set(found), options
    assert_told(ipse("vc", "list", "--status", "lost", code=2), "'lost'")
    assert_told(ipse("vc", "list", "--expires-before", "soon", code=2), "'soon'")
    run = ipse("vc", "list", "--type", "Passport")
    assert (run.out, len(run.err.splitlines())) == ("", 1)


def test_what_a_credential_says_never_steers_the_terminal(ipse: Ipse) -> None:
    credential = ipse(
        "vc", "issue", "--type", "\u001b[31mred\u202e", "--claims", EXAMPLES / "claims.json",
        "--format", "sd-jwt", "-q",
    ).out  # fmt: skip
    _add(ipse, credential)
    shown = ipse("vc", "list").out
    assert "\u001b" not in shown
    assert "\u202e" not in shown
    assert "\\x1b[31mred\\u202e" in shown


def test_a_check_verifies_again(ipse: Ipse) -> None:
    identifier = _add(ipse, issued(ipse))
    report = ipse("vc", "check", identifier, "--json").json
    assert (report["outcome"], checks(report)["proof"]) == ("passed", "passed")
    [row] = _listed(ipse)
    assert row["checked"] is not None


@pytest.mark.parametrize("command", ["show", "check", "export", "delete"])
def test_what_is_not_there_is_exit_5(ipse: Ipse, command: str) -> None:
    ipse = in_process(ipse)
    for identifier in ("nothing", "", "%", "0123456789abcdef"):
        run = ipse("vc", command, identifier, code=5)
        assert_told(run)
        assert run.out == ""


def test_deleting_needs_the_whole_id_as_confirmation(ipse: Ipse) -> None:
    ipse = in_process(ipse)
    identifier = _add(ipse, issued(ipse))
    for options, word in (
        ((), "--confirm ID"),
        (("--no-input",), "--confirm ID"),
        (("--confirm", identifier[:6]), "not deleted"),
        (("--confirm", ""), "not deleted"),
    ):
        run = ipse("vc", "delete", identifier[:6], *options, code=7)
        assert_told(run, word)
    assert len(_listed(ipse)) == 1
    assert ipse("vc", "delete", identifier[:6], "--confirm", identifier).out == f"{identifier} is deleted\n"
    assert _listed(ipse) == []


@pytest.mark.skipif(os.name == "nt", reason="there is no pseudo-terminal on Windows")
@pytest.mark.parametrize(("typed", "code"), [("yes", 7), ("", 7), ("the id", 0)])
def test_the_owner_types_the_id_to_delete(ipse: Ipse, typed: str, code: int) -> None:
    identifier = _add(ipse, issued(ipse))
    child = pexpect.spawn(
        sys.executable,
        ["-m", "ipse", "vc", "delete", identifier[:8]],
        env=ipse.variables,
        encoding="utf-8",
        timeout=PATIENCE,
    )
    child.expect(f"type {identifier} to delete it: ")
    assert "DegreeCredential" in child.before
    child.sendline(identifier if typed == "the id" else typed)
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == code
    assert len(_listed(ipse)) == (0 if code == 0 else 1)


@pytest.mark.skipif(os.name == "nt", reason="there is no pseudo-terminal on Windows")
def test_with_no_input_nobody_is_asked_on_a_terminal_either(ipse: Ipse) -> None:
    identifier = _add(ipse, issued(ipse))
    output, code = pexpect.run(
        f"{sys.executable} -m ipse vc delete {identifier} --no-input",
        timeout=PATIENCE,
        env=ipse.variables,
        encoding="utf-8",
        withexitstatus=True,
    )
    assert code == 7
    assert "--confirm ID" in output
    assert len(_listed(ipse)) == 1
