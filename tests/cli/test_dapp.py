"""An application asks, a grant answers, the application verifies."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ipse.encoding import base64url
from tests.conftest import EXAMPLES, Ipse, Preparation

_CANDIDATES = EXAMPLES / "candidates.txt"
_ORIGIN = "https://shop.example"
_TOPICS = "science-fiction,business-and-start-ups"


def _taste(ipse: Ipse) -> None:
    ipse("profile", "like", "science fiction about other planets", "-q")
    ipse("profile", "dislike", "business books and management advice", "-q")


@pytest.fixture
def asked(taught_after: Callable[[Preparation], Ipse], tmp_path: Path) -> tuple[Ipse, Path]:
    """A wallet with a taste and a request to it."""
    taught = taught_after(_taste)
    request = tmp_path / "request.json"
    _request(taught, request)
    return taught, request


@pytest.fixture
def application(tmp_path: Path) -> Ipse:
    """The program as an application runs it: without a wallet."""
    return Ipse(tmp_path / "application")


def _request(ipse: Ipse, file: Path, *options: str | Path) -> None:
    ipse(
        "dapp", "request", "--audience", _ORIGIN, "--purpose", "to show you three books",
        "--candidates", _CANDIDATES, "--top", "3", "-o", file, "--force", *options,
    )  # fmt: skip


def _granted(ipse: Ipse, *options: str, level: str = "choose") -> None:
    ipse("dapp", "grant", _ORIGIN, "--level", level, "--allow-unsigned", *options)


def _payload(part: str) -> Any:
    return json.loads(base64url.decode(part.split(".")[1]))


def _log(ipse: Ipse) -> Any:
    return ipse("log", "list", "--json").json["disclosures"]


def _altered(request: Path, **changed: Any) -> str:
    return json.dumps({**json.loads(request.read_text()), **changed})


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
    assert question["retention"] == 30 * 86400
    assert len(question["candidates"]) == 20
    assert question["top"] == 3


@pytest.mark.parametrize(
    ("level", "options", "member"),
    [
        ("bands", ("--topics", "hiking,Jazz and blues"), {"topics": ["hiking", "jazz-and-blues"]}),
        ("topics", ("--topics", "hiking"), {"topics": ["hiking"]}),
        ("statements", ("--about", "novels"), {"about": "novels", "limit": 3}),
        ("statements", ("--about", "novels", "--limit", "7"), {"about": "novels", "limit": 7}),
    ],
)
def test_each_level_has_a_request_that_needs_no_wallet(
    level: str, options: tuple[str, ...], member: dict[str, Any], application: Ipse
) -> None:
    base = ("dapp", "request", "--audience", _ORIGIN, "--purpose", "p", "--level", level, "--retention", "7d")
    request = application(*base, *options).json
    question = json.loads(base64url.decode(request["transaction_data"][0]))
    assert question["type"] == f"urn:ipse:preferences:{level}:1"
    assert question.items() >= member.items()
    assert question["retention"] == 7 * 86400
    assert not application.home.exists()


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--level", "choose"), 2),
        (("--level", "bands"), 2),
        (("--level", "statements"), 2),
        (("--level", "everything"), 2),
        (("--level", "topics", "--topics", "hiking", "--top", "3"), 2),
        (("--level", "statements", "--about", "x", "--topics", "hiking"), 2),
        (("--level", "statements", "--about", "x", "--limit", "0"), 2),
        (("--level", "statements", "--about", "x", "--limit", "11"), 6),
        (("--level", "topics", "--topics", "hiking,hiking"), 2),
        (("--level", "topics", "--topics", " , "), 2),
        (("--level", "topics", "--topics", "no such thing"), 5),
        (("--level", "topics", "--topics", "hiking", "--retention", "4000d"), 6),
        (("--level", "topics", "--topics", "hiking", "--retention", "soon"), 2),
    ],
)
def test_a_request_that_makes_no_sense_is_not_made(
    options: tuple[str, ...], code: int, application: Ipse, tmp_path: Path
) -> None:
    file = tmp_path / "request.json"
    base = ("dapp", "request", "--audience", _ORIGIN, "--purpose", "p", "-o", file)
    run = application(*base, *options, code=code)
    assert run.err.startswith("error: ")
    assert not file.exists()


def test_a_signed_request_is_a_token_by_one_of_the_wallets_dids(ipse: Ipse, tmp_path: Path) -> None:
    file = tmp_path / "request.jwt"
    _request(ipse, file, "--as", "university")
    token = file.read_text().strip()
    did = ipse("did", "show", "university", "--json").json["did"]
    assert _payload(token)["client_id"] == f"decentralized_identifier:{did}"
    printed = ipse(
        "dapp", "request", "--audience", _ORIGIN, "--purpose", "p", "--level", "topics", "--topics", "hiking",
        "--as", did,
    )  # fmt: skip
    assert printed.out.count(".") == 2
    ipse(
        "dapp",
        "request",
        "--audience",
        _ORIGIN,
        "--purpose",
        "p",
        "--candidates",
        _CANDIDATES,
        "--as",
        "x",
        code=5,
    )


def test_under_a_grant_a_script_gets_an_answer_and_the_application_verifies_it(
    asked: tuple[Ipse, Path], application: Ipse, tmp_path: Path
) -> None:
    ipse, request = asked
    _granted(ipse)
    run = ipse("dapp", "answer", request)
    answer = tmp_path / "answer"
    answer.write_text(run.out)
    chosen = application("dapp", "verify", answer, "--request", request)
    assert len(chosen.out.splitlines()) == 3
    assert set(chosen.out.splitlines()) <= set(_CANDIDATES.read_text().splitlines())
    report = application("dapp", "verify", answer, "--request", request, "--json").json
    assert report["outcome"] == "passed"
    assert report["level"] == "choose"
    assert [entry["text"] for entry in report["choices"]] == chosen.out.splitlines()


def test_a_signed_request_is_answered_under_a_grant_to_its_did_and_verified(
    asked: tuple[Ipse, Path], tmp_path: Path
) -> None:
    ipse, _ = asked
    request = tmp_path / "request.jwt"
    _request(ipse, request, "--as", "university")
    did = ipse("did", "show", "university", "--json").json["did"]
    ipse("dapp", "grant", did, "--level", "choose")
    answer = ipse("dapp", "answer", request, "--origin", f"{_ORIGIN}/somewhere").out
    assert len(ipse("dapp", "verify", "-", "--request", request, stdin=answer).out.splitlines()) == 3
    assert _log(ipse)[0]["application"] == did


def test_bands_and_topics_are_told_under_a_grant_and_verified(taught: Ipse, tmp_path: Path) -> None:
    for number in range(12):
        taught("profile", "like", f"science fiction about planet {number}", "--strength", "5", "-q")
    for level in ("bands", "topics"):
        request = tmp_path / f"{level}.json"
        taught(
            "dapp", "request", "--audience", _ORIGIN, "--purpose", "p", "--level", level,
            "--topics", _TOPICS, "-o", request,
        )  # fmt: skip
        _granted(taught, "--topics", _TOPICS, level=level)
        answer = taught("dapp", "answer", request, code=None)
        assert answer.code in (0, 7)
        run = taught("dapp", "verify", "-", "--request", request, stdin=answer.out)
        report = taught("dapp", "verify", "-", "--request", request, "--json", stdin=answer.out).json
        if level == "topics":
            assert run.out == "science-fiction\n"
            assert report["topics"] == ["science-fiction"]
        else:
            lines = [f"{topic}: {band}" for topic, band in report["bands"].items()]
            assert run.out.splitlines() == lines
            assert set(report["bands"]) <= set(_TOPICS.split(","))


def test_without_consent_or_grant_nothing_leaves(asked: tuple[Ipse, Path]) -> None:
    ipse, request = asked
    for options in ((), ("--no-input",)):
        run = ipse("dapp", "answer", request, "--json", *options, code=7)
        assert run.out == ""
        assert run.error["code"] == "consent-needed"
        assert run.error["hint"] == "run it in a terminal; nothing proves who sent this request"
    assert _log(ipse) == []


@pytest.mark.sampled(1)
@pytest.mark.parametrize("level", ["bands", "topics", "statements"])
def test_the_hint_speaks_of_grants_only_where_there_can_be_one_and_hands_none_out(
    level: str, taught: Ipse, tmp_path: Path
) -> None:
    request = tmp_path / "request"
    what = ("--about", "novels") if level == "statements" else ("--topics", "hiking,jazz-and-blues")
    taught(
        "dapp", "request", "--audience", _ORIGIN, "--purpose", "p", "--level", level, *what,
        "--as", "university", "-o", request,
    )  # fmt: skip
    hint = taught("dapp", "answer", request, "--json", code=7).error["hint"]
    if level == "statements":
        assert "dapp grant" not in hint
    else:
        assert "`ipse dapp grant --help`" in hint


def test_a_grant_of_another_party_or_an_ended_or_narrower_one_is_none(asked: tuple[Ipse, Path]) -> None:
    ipse, request = asked
    ipse("dapp", "grant", "https://other.example", "--level", "choose", "--allow-unsigned")
    ipse("dapp", "answer", request, code=7)
    ipse("dapp", "grant", _ORIGIN, "--level", "choose")
    assert ipse("dapp", "answer", request, "--json", code=7).error["code"] == "consent-needed"
    _granted(ipse)
    ipse("dapp", "revoke", _ORIGIN)
    ipse("dapp", "answer", request, code=7)
    ipse("dapp", "revoke", _ORIGIN, code=5)
    rows = ipse("dapp", "grants", "--json").json["grants"]
    assert [(row["party"], row["unsigned"], row["revoked"] is None) for row in rows] == [
        ("https://other.example", True, True),
        (_ORIGIN, False, False),
        (_ORIGIN, True, False),
    ]
    assert _log(ipse) == []


def test_a_grant_says_all_its_limits(ipse: Ipse) -> None:
    given = ipse(
        "dapp", "grant", _ORIGIN, "--level", "bands", "--topics", "Hiking,jazz-and-blues", "--per-day", "2",
        "--until", "2100-01-01", "--epsilon", "0.5",
    )  # fmt: skip
    assert given.out == (
        f"{_ORIGIN} may ask at level bands until 2100-01-01T00:00:00Z; only about Hiking, Jazz and blues; "
        "2 a day; epsilon 0.5 in 30 days; signed requests only\n"
    )
    row = ipse("dapp", "grants", "--json").json["grants"][0]
    assert (row["topics"], row["per_day"], row["epsilon"]) == (["hiking", "jazz-and-blues"], 2, 0.5)
    assert "2 a day" in ipse("dapp", "grants").out


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--level", "statements"), 2),
        (("--level", "all"), 2),
        (("--level", "choose", "--until", "2020-01-01"), 2),
        (("--level", "choose", "--until", "tomorrow"), 2),
        (("--level", "choose", "--epsilon", "much"), 2),
        (("--level", "choose", "--epsilon", "0"), 2),
        (("--level", "choose", "--per-day", "0"), 2),
        (("--level", "topics"), 2),
        (("--level", "topics", "--topics", "no such thing"), 5),
    ],
)
def test_a_grant_that_makes_no_sense_is_not_given(options: tuple[str, ...], code: int, ipse: Ipse) -> None:
    ipse("dapp", "grant", _ORIGIN, *options, code=code)
    assert ipse("dapp", "grants", "--json").json["grants"] == []


def test_each_fault_of_a_request_has_its_own_code_and_nothing_leaves(
    asked: tuple[Ipse, Path], tmp_path: Path
) -> None:
    ipse, request = asked
    _granted(ipse)
    signed = tmp_path / "request.jwt"
    _request(ipse, signed, "--as", "university")
    header, body, signature = signed.read_text().strip().split(".")
    other = base64url.encode(json.dumps({**_payload(signed.read_text()), "nonce": "n" * 43}).encode())
    content = json.loads(request.read_text())
    past = {"iat": content["iat"] - 7200, "exp": content["exp"] - 7200}
    future = {"iat": content["iat"] + 7200, "exp": content["exp"] + 7200}
    faults = {
        "request-tampered": [f"{header}.{other}.{signature}", f"{header}.{body}.{'A' * len(signature)}"],
        "request-expired": [_altered(request, **past), _altered(request, **future)],
        "request-wrong-audience": [_altered(request, aud="https://somebody.example")],
    }
    for code, texts in faults.items():
        for text in texts:
            run = ipse("dapp", "answer", "-", "--json", stdin=text, code=3)
            assert (run.out, run.error["code"]) == ("", code)
    run = ipse("dapp", "answer", request, "--origin", "https://evil.example", "--json", code=3)
    assert (run.out, run.error["code"]) == ("", "request-wrong-origin")
    run = ipse("dapp", "answer", "-", "--json", stdin=f"{header}.{body}.", code=None)
    assert (run.out, run.code in (3, 6)) == ("", True)
    assert _log(ipse) == []


def test_a_request_is_answered_once(asked: tuple[Ipse, Path]) -> None:
    ipse, request = asked
    _granted(ipse)
    ipse("dapp", "answer", request)
    run = ipse("dapp", "answer", request, "--json", code=3)
    assert (run.out, run.error["code"]) == ("", "request-replayed")
    assert len(_log(ipse)) == 1


def test_an_answer_to_another_request_is_refused(asked: tuple[Ipse, Path], tmp_path: Path) -> None:
    ipse, request = asked
    _granted(ipse)
    answer = ipse("dapp", "answer", request).out
    other = tmp_path / "other.json"
    _request(ipse, other)
    run = ipse("dapp", "verify", "-", "--request", other, "--json", stdin=answer, code=3)
    failed = {check["name"] for check in run.json["checks"] if check["outcome"] == "failed"}
    assert failed == {"holder-binding"}
    assert run.json["choices"] == []
    assert ipse("dapp", "verify", "-", "--request", other, stdin=answer, code=3).out == ""


def test_the_answer_is_bound_to_audience_and_nonce_and_made_by_no_known_did(asked: tuple[Ipse, Path]) -> None:
    ipse, request = asked
    _granted(ipse)
    jwt, binding = ipse("dapp", "answer", request).out.strip().split("~")
    assert _payload(jwt)["iss"] not in {row["did"] for row in ipse("did", "list", "--json").json["dids"]}
    sent = json.loads(request.read_text())
    assert _payload(binding)["aud"] == sent["client_id"]
    assert _payload(binding)["nonce"] == sent["nonce"]


def test_the_log_holds_exactly_what_left_and_the_same_question_costs_nothing_again(
    asked: tuple[Ipse, Path], tmp_path: Path
) -> None:
    ipse, request = asked
    again = tmp_path / "again.json"
    _request(ipse, again)
    _granted(ipse)
    left = [ipse("dapp", "answer", file).out.strip() for file in (request, again)]
    entries = _log(ipse)
    assert [entry["released"] for entry in entries] == left
    assert {entry["application"] for entry in entries} == {_ORIGIN}
    assert {entry["consent"] for entry in entries} == {"grant 1"}
    assert _payload(left[0])["choices"] == _payload(left[1])["choices"]
    budget = ipse("dapp", "budget", "--json").json
    assert budget["overall"] - budget["left"] == budget["answer"]
    assert budget["parties"] == [{"party": _ORIGIN, "left": budget["application"] - budget["answer"]}]
    assert ipse("log", "verify", "--json").json["entries"] == 2
    assert ipse("log", "show", "2").json["released"] == left[1]
    ipse("log", "show", "3", code=5)


def test_a_spent_budget_is_an_answer_that_says_nothing_of_the_same_size(
    asked: tuple[Ipse, Path], tmp_path: Path
) -> None:
    ipse, request = asked
    _granted(ipse)
    poor = Ipse(tmp_path / "poor", ipse.environment)
    shutil.copytree(ipse.home, poor.home, symlinks=True)
    poor("dapp", "budget", "--application", "0.1")
    told = ipse("dapp", "answer", request)
    silent = poor("dapp", "answer", request, "--json", code=7)
    assert silent.error["code"] == "consent-refused"
    facts = silent.json
    assert (facts["said"], facts["entry"]) == (False, 1)
    assert facts["reason_code"] == "budget-spent"
    assert facts["reason"] in silent.error["message"]
    assert len(facts["answer"] + "\n") == len(told.out)
    run = poor("dapp", "verify", "-", "--request", request, stdin=facts["answer"])
    assert run.out == ""
    assert "the answer says nothing" in run.err
    assert _log(poor)[0]["released"] == facts["answer"]


def test_an_answer_that_says_nothing_comes_before_the_reason_and_a_pipe_gets_it_whole(
    asked: tuple[Ipse, Path],
) -> None:
    ipse, request = asked
    _granted(ipse)
    ipse("dapp", "budget", "--application", "0")
    run = ipse("dapp", "answer", request, code=7)
    assert run.out.count("~") == 1
    assert run.out.endswith("\n")
    assert run.err.splitlines()[-2].startswith("error: the answer says nothing: ")
    assert run.err.splitlines()[-1].startswith("hint: nothing was disclosed")


def test_the_budget_is_shown_and_set(ipse: Ipse) -> None:
    first = ipse("dapp", "budget", "--json").json
    assert first["left"] == first["overall"]
    assert first["parties"] == []
    changed = ipse("dapp", "budget", "--application", "0.75", "--overall", "4", "--json").json
    assert (changed["application"], changed["overall"], changed["left"]) == (0.75, 4.0, 4.0)
    assert ipse("dapp", "budget", "--json").json == changed
    assert "0.75 in 30 days" in ipse("dapp", "budget").out
    for options in (("--application", "5"), ("--overall", "-1"), ("--overall", "lots")):
        ipse("dapp", "budget", *options, code=2)
    assert ipse("dapp", "budget", "--json").json == changed


def test_the_application_signs_the_receipt_and_the_wallet_keeps_it(
    asked: tuple[Ipse, Path], tmp_path: Path
) -> None:
    ipse, _ = asked
    request = tmp_path / "request.jwt"
    _request(ipse, request, "--as", "university")
    did = ipse("did", "show", "university", "--json").json["did"]
    ipse("dapp", "grant", did, "--level", "choose")
    answer = tmp_path / "answer"
    answer.write_text(ipse("dapp", "answer", request).out)
    receipt = ipse("log", "receipts", "1").out
    terms = ("--request", request, "--answer", answer)
    signed = ipse("dapp", "receipt", "-", *terms, "--as", "university", stdin=receipt)
    assert len(json.loads(signed.out)["signatures"]) == 2
    assert "to show you three books" in signed.err
    ipse("log", "receipts", "1", "--countersigned", "-", stdin=signed.out)
    assert ipse("dapp", "receipt", "-", *terms, "--as", "me", stdin=receipt, code=2).out == ""
    assert ipse("dapp", "receipt", "-", *terms, "--as", "university", stdin=signed.out, code=2).out == ""
    forged = json.loads(receipt)
    signature = forged["signatures"][0]["signature"]
    forged["signatures"][0]["signature"] = base64url.encode(base64url.decode(signature)[::-1])
    run = ipse("dapp", "receipt", "-", *terms, "--as", "university", stdin=json.dumps(forged), code=3)
    assert run.out == ""
    _request(ipse, request, "--as", "university")
    run = ipse("dapp", "receipt", "-", *terms, "--as", "university", stdin=receipt, code=3)
    assert run.out == ""
    assert "receipt's request" in run.err


def test_an_owner_can_have_fewer_and_better_answers(taught: Ipse) -> None:
    shown = taught("dapp", "budget", "--answer", "1", "--json").json
    assert (shown["answer"], shown["application"], shown["overall"]) == (1.0, 1.0, 2.0)
    assert "would tell who you are" in taught("dapp", "budget", "--answer", "0.437", code=2).err
    assert taught("dapp", "budget", "--json").json["answer"] == 1.0
