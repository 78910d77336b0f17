"""An application asks, the owner decides, the application verifies."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from ipse.encoding import base64url
from tests.conftest import EXAMPLES, Ipse

_CANDIDATES = EXAMPLES / "candidates.txt"
_ORIGIN = "https://shop.example"


@pytest.fixture
def asked(taught: Ipse, tmp_path: Path) -> tuple[Ipse, Path]:
    """A wallet with a taste and a request to it."""
    taught("profile", "like", "science fiction about other planets", "-q")
    taught("profile", "dislike", "business books and management advice", "-q")
    request = tmp_path / "request.json"
    _request(taught, request)
    return taught, request


def _request(ipse: Ipse, file: Path, *options: str) -> None:
    ipse(
        "dapp", "request", "--audience", _ORIGIN, "--purpose", "to show you three books",
        "--candidates", _CANDIDATES, "--top", "3", "-o", file, *options,
    )  # fmt: skip


def _payload(part: str) -> Any:
    return json.loads(base64url.decode(part.split(".")[1]))


def test_the_request_is_an_openid4vp_request_object(asked: tuple[Ipse, Path]) -> None:
    request = json.loads(asked[1].read_text())
    assert request["response_type"] == "vp_token"
    assert request["client_id"] == f"redirect_uri:{_ORIGIN}"
    query = request["dcql_query"]["credentials"][0]
    assert query["format"] == "dc+sd-jwt"
    assert query["meta"]["vct_values"] == ["urn:ipse:preferences:choose:1"]
    question = json.loads(base64url.decode(request["transaction_data"][0]))
    assert question["credential_ids"] == [query["id"]]
    assert question["purpose"] == "to show you three books"
    assert len(question["candidates"]) == 20
    assert question["top"] == 3


def test_under_a_grant_a_script_gets_an_answer_and_the_application_verifies_it(
    asked: tuple[Ipse, Path], tmp_path: Path
) -> None:
    ipse, request = asked
    ipse("dapp", "grant", _ORIGIN, "--level", "choose")
    run = ipse("dapp", "answer", request)
    answer = tmp_path / "answer"
    answer.write_text(run.out)
    application = Ipse(tmp_path / "application")
    chosen = application("dapp", "verify", answer, "--request", request)
    assert len(chosen.out.splitlines()) == 3
    assert set(chosen.out.splitlines()) <= set(_CANDIDATES.read_text().splitlines())
    report = application("dapp", "verify", answer, "--request", request, "--json").json
    assert report["outcome"] == "passed"
    assert [entry["text"] for entry in report["chosen"]] == chosen.out.splitlines()


def test_the_answer_is_bound_to_audience_and_nonce_and_holds_no_more_than_promised(
    asked: tuple[Ipse, Path],
) -> None:
    ipse, request = asked
    ipse("dapp", "grant", _ORIGIN, "--level", "choose")
    jwt, binding = ipse("dapp", "answer", request).out.strip().split("~")
    payload = _payload(jwt)
    assert set(payload) == {
        "iss", "sub", "vct", "iat", "exp", "cnf", "level", "choices", "_sd_alg",
    }  # fmt: skip
    assert payload["iss"] not in {row["did"] for row in ipse("did", "list", "--json").json["dids"]}
    sent = json.loads(request.read_text())
    assert _payload(binding)["aud"] == sent["client_id"]
    assert _payload(binding)["nonce"] == sent["nonce"]


def test_without_consent_or_grant_nothing_leaves(asked: tuple[Ipse, Path]) -> None:
    ipse, request = asked
    for options in ((), ("--no-input",)):
        run = ipse("dapp", "answer", request, "--json", *options, code=7)
        assert run.out == ""
        assert run.error["code"] == "consent-needed"
        assert "ipse dapp grant https://shop.example --level choose" in run.error["hint"]
    assert ipse("log", "list", "--json").json["disclosures"] == []


def test_a_grant_of_another_origin_or_an_ended_one_is_none(asked: tuple[Ipse, Path]) -> None:
    ipse, request = asked
    ipse("dapp", "grant", "https://other.example", "--level", "choose")
    ipse("dapp", "answer", request, code=7)
    ipse("dapp", "grant", _ORIGIN, "--level", "choose")
    ipse("dapp", "revoke", _ORIGIN)
    ipse("dapp", "answer", request, code=7)
    ipse("dapp", "revoke", _ORIGIN, code=5)
    rows = ipse("dapp", "grants", "--json").json["grants"]
    assert [(row["origin"], row["revoked"] is None) for row in rows] == [
        ("https://other.example", True),
        (_ORIGIN, False),
    ]


def test_an_expired_or_altered_request_is_refused_before_anything_is_computed(
    taught: Ipse, tmp_path: Path
) -> None:
    request = tmp_path / "request.json"
    _request(taught, request)
    content = json.loads(request.read_text())
    late = {**content, "iat": content["iat"] - 7200, "exp": content["exp"] - 7200}
    assert taught("dapp", "answer", "-", stdin=json.dumps(late), code=3).out == ""
    elsewhere = {**content, "redirect_uri": "https://evil.example"}
    assert taught("dapp", "answer", "-", stdin=json.dumps(elsewhere), code=6).out == ""


def test_an_answer_to_another_request_is_refused(asked: tuple[Ipse, Path], tmp_path: Path) -> None:
    ipse, request = asked
    ipse("dapp", "grant", _ORIGIN, "--level", "choose")
    answer = ipse("dapp", "answer", request).out
    other = tmp_path / "other.json"
    _request(ipse, other)
    run = ipse("dapp", "verify", "-", "--request", other, "--json", stdin=answer, code=3)
    failed = {check["name"] for check in run.json["checks"] if check["outcome"] == "failed"}
    assert failed == {"holder-binding"}
    assert run.json["chosen"] == []


def test_the_log_holds_exactly_what_left(asked: tuple[Ipse, Path]) -> None:
    ipse, request = asked
    ipse("dapp", "grant", _ORIGIN, "--level", "choose")
    first, second = (ipse("dapp", "answer", request).out.strip() for _ in range(2))
    entries = ipse("log", "list", "--json").json["disclosures"]
    assert [entry["released"] for entry in entries] == [first, second]
    assert {entry["application"] for entry in entries} == {_ORIGIN}
    assert {entry["consent"] for entry in entries} == {"grant 1"}
    assert ipse("log", "verify", "--json").json["entries"] == 2
    assert ipse("log", "show", "2").json["released"] == second
    ipse("log", "show", "3", code=5)


def test_a_secret_statement_has_no_part_in_an_answer(asked: tuple[Ipse, Path]) -> None:
    ipse, request = asked
    ipse("dapp", "grant", _ORIGIN, "--level", "choose")
    before = _payload(ipse("dapp", "answer", request).out.split("~")[0])["choices"]
    for text in _CANDIDATES.read_text().splitlines():
        ipse("profile", "dislike", text, "--strength", "5", "--sensitivity", "secret")
        break
    favourite = ipse("profile", "rank", _CANDIDATES, "--json").json["ranking"][-1]["text"]
    ipse("profile", "like", favourite, "--strength", "5", "--sensitivity", "secret")
    ranked = [row["text"] for row in ipse("profile", "rank", _CANDIDATES, "--json").json["ranking"]]
    assert ranked.index(favourite) < 5, "it does count for the owner"
    assert _payload(ipse("dapp", "answer", request).out.split("~")[0])["choices"] == before


@pytest.mark.parametrize(
    ("typed", "code"),
    [("yes\r", 0), ("no\r", 7), ("\r", 7), ("y\r", 7), ("YES\r", 7), ("\x04", 7), ("\x03", 130)],
    ids=["yes", "no", "return", "y", "YES", "end of input", "interrupt"],
)
def test_a_person_at_a_terminal_sees_the_page_and_decides(
    typed: str, code: int, asked: tuple[Ipse, Path], tmp_path: Path
) -> None:
    pexpect = pytest.importorskip("pexpect", reason="pexpect is not installed")
    ipse, request = asked
    out = tmp_path / "out"
    command = f"{sys.executable} -m ipse dapp answer {request} > {out}"
    child = pexpect.spawn("bash", ["-c", command], env=ipse.variables, encoding="utf-8", timeout=60)
    child.expect_exact("send this? type yes: ")
    page = child.before
    for part in (_ORIGIN, "to show you three books", "nothing proves", "would leave", "stays here"):
        assert part in page
    shown = [text for text in _CANDIDATES.read_text().splitlines() if text in page]
    assert len(shown) == 3
    child.send(typed)
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == code
    disclosures = ipse("log", "list", "--json").json["disclosures"]
    if code == 0:
        assert [entry["released"] for entry in disclosures] == [out.read_text().strip()]
        assert disclosures[0]["consent"] == "owner"
    else:
        assert out.read_text() == ""
        assert disclosures == []
