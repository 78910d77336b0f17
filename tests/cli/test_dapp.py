"""An application asks, a grant answers, the application verifies."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ipse.disclosure.methods.private import window_of
from ipse.encoding import base64url
from tests.conftest import EXAMPLES, Ipse, Preparation
from tests.waiting import PATIENCE, eventually

_CANDIDATES = EXAMPLES / "candidates.txt"
"""Books, which topics hardly tell apart."""
_THINGS = (
    "a novel about a voyage to another planet",
    "a course in business management",
    "an evening of live jazz",
    "a hiking tour in the mountains",
    "a class in baking bread",
    "a weekend of chess",
    "a garden full of roses",
    "a lecture on the French Revolution",
)
"""Things that topics tell apart, so that a private summary says something of them."""
_ORIGIN = "https://shop.example"
_TOPICS = "science-fiction,business-and-start-ups"


@pytest.fixture(autouse=True)
def _in_one_window() -> None:
    """No test begins shortly before the next window of private summaries does."""
    soon = timedelta(seconds=PATIENCE)

    def lasts() -> bool:
        now = datetime.now(UTC)
        return window_of(now.date()) == window_of((now + soon).date())

    assert eventually(lasts, within=2 * PATIENCE)


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


def _things(folder: Path) -> Path:
    file = folder / "things.txt"
    file.write_text("".join(f"{thing}\n" for thing in _THINGS))
    return file


def _request(ipse: Ipse, file: Path, *options: str | Path, audience: str = _ORIGIN) -> None:
    what = () if "--level" in options else ("--candidates", _things(file.parent), "--top", "3")
    ipse(
        "dapp", "request", "--audience", audience, "--purpose", "to show you three things", *what,
        "-o", file, "--force", *options,
    )  # fmt: skip


def _granted(ipse: Ipse, *options: str, level: str = "choose", to: str = _ORIGIN) -> None:
    ipse("dapp", "grant", to, "--level", level, "--allow-unsigned", *options)


def _summary(ipse: Ipse, *options: str) -> Any:
    return ipse("dapp", "summary", *options, "--json").json


def _twin(ipse: Ipse, home: Path) -> Ipse:
    """The same wallet in another place."""
    shutil.copytree(ipse.home, home)
    return Ipse(home, ipse.environment)


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
    assert question["purpose"] == "to show you three things"
    assert question["retention"] == 30 * 86400
    assert [candidate["text"] for candidate in question["candidates"]] == list(_THINGS)
    assert question["top"] == 3


@pytest.mark.parametrize(
    ("level", "options", "member"),
    [
        ("bands", ("--topics", "hiking,Jazz and blues"), {"topics": ["hiking", "jazz-and-blues"]}),
        ("topics", ("--topics", "hiking"), {"topics": ["hiking"]}),
        ("choose", ("--candidates", str(_CANDIDATES)), {"top": 3}),
        ("order", ("--candidates", str(_CANDIDATES)), {}),
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
        (("--level", "order"), 2),
        (("--level", "order", "--candidates", str(_CANDIDATES), "--top", "3"), 2),
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
    assert set(chosen.out.splitlines()) <= set(_THINGS)
    report = application("dapp", "verify", answer, "--request", request, "--json").json
    assert report["outcome"] == "passed"
    assert (report["level"], report["method"]) == ("choose", "private")
    assert report["window"] == _payload(run.out)["window"]
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


def test_an_exact_grant_tells_what_the_profile_would_tick_until_its_cap(
    asked: tuple[Ipse, Path], application: Ipse, tmp_path: Path
) -> None:
    ipse, request = asked
    _granted(ipse, "--exact", "--cap", "11")  # one of the 56 choices of three among eight tells 5.8 bits
    answer = ipse("dapp", "answer", request).out
    best = ipse("profile", "rank", _things(tmp_path), "--top", "3", "--json").json["ranking"]
    report = application("dapp", "verify", "-", "--request", request, "--json", stdin=answer).json
    assert (report["method"], report["window"]) == ("owner", "")
    assert {entry["text"] for entry in report["choices"]} == {entry["text"] for entry in best}
    _request(ipse, request)
    silent = ipse("dapp", "answer", request, "--json", code=7)
    assert silent.json["reason_code"] == "cap-reached"
    assert len(silent.json["answer"] + "\n") == len(answer)
    told, withheld = _log(ipse)
    assert ipse("dapp", "exposure", "--json").json["exposure"][0]["answers"] == 1
    assert (told["method"], told["window"], told["bits"], told["edited"]) == ("owner", None, 5.8, False)
    assert (withheld["said"], withheld["bits"], withheld["consent"]) == (False, 0, "grant 1")
    assert _summary(ipse)["ever"] == 0


def test_an_order_is_told_under_an_exact_grant_and_verified(asked: tuple[Ipse, Path], tmp_path: Path) -> None:
    ipse, _ = asked
    request, things = tmp_path / "order.json", _things(tmp_path)
    _request(ipse, request, "--level", "order", "--candidates", things)
    _granted(ipse, "--exact", level="order")
    answer = ipse("dapp", "answer", request).out
    told = ipse("dapp", "verify", "-", "--request", request, stdin=answer).out.splitlines()
    ranked = ipse("profile", "rank", things, "--json").json["ranking"]
    assert told == [entry["text"] for entry in ranked]
    assert _payload(answer)["method"] == "owner"


def test_bands_and_topics_are_told_under_a_grant_and_verified(taught: Ipse, tmp_path: Path) -> None:
    for number in range(12):
        taught("profile", "like", f"science fiction about planet {number}", "--strength", "5", "-q")
    for level, exact in (("topics", ["--exact"]), ("bands", ["--exact"]), ("bands", [])):
        request = tmp_path / f"{level}.json"
        _request(taught, request, "--level", level, "--topics", _TOPICS)
        _granted(taught, "--topics", _TOPICS, *exact, level=level)
        answer = taught("dapp", "answer", request, code=0 if exact else None)
        assert answer.code in (0, 7)  # twelve votes may be lost in the noise of a summary
        run = taught("dapp", "verify", "-", "--request", request, stdin=answer.out)
        report = taught("dapp", "verify", "-", "--request", request, "--json", stdin=answer.out).json
        assert report["method"] == ("owner" if exact else "private")
        if level == "topics":
            assert run.out == "science-fiction\n"
            assert report["topics"] == ["science-fiction"]
        else:
            lines = [f"{topic}: {band}" for topic, band in report["bands"].items()]
            assert run.out.splitlines() == lines
            assert set(report["bands"]) <= set(_TOPICS.split(","))
        if level == "bands" and exact:
            assert report["bands"]["science-fiction"] == "high"


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
        "--until", "2100-01-01",
    )  # fmt: skip
    assert given.out == (
        f"{_ORIGIN} may ask at level bands until 2100-01-01T00:00:00Z; only about Hiking, Jazz and blues; "
        "2 a day; from the private summary; signed requests only\n"
    )
    exact = ipse(
        "dapp", "grant", _ORIGIN, "--level", "order", "--until", "2100-01-01", "--exact", "--allow-unsigned"
    )
    assert exact.out.startswith(
        f"{_ORIGIN} may ask at level order until 2100-01-01T00:00:00Z; exact, up to 260 bits"
    )
    assert exact.out.endswith("; unsigned requests too\n")
    rows = ipse("dapp", "grants", "--json").json["grants"]
    members = ("topics", "per_day", "exact", "cap")
    assert [[row[name] for name in members] for row in rows] == [
        [["hiking", "jazz-and-blues"], 2, False, None],
        [[], None, True, 260],
    ]
    listed = ipse("dapp", "grants").out
    assert "2 a day" in listed
    assert "exact, up to 260 bits" in listed


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--level", "statements"), 2),
        (("--level", "all"), 2),
        (("--level", "choose", "--until", "2020-01-01"), 2),
        (("--level", "choose", "--until", "tomorrow"), 2),
        (("--level", "choose", "--exact", "--cap", "much"), 2),
        (("--level", "choose", "--exact", "--cap", "0"), 2),
        (("--level", "choose", "--cap", "100"), 2),
        (("--level", "choose", "--per-day", "0"), 2),
        (("--level", "order"), 2),
        (("--level", "topics", "--topics", "hiking"), 2),
        (("--level", "topics", "--exact"), 2),
        (("--level", "topics", "--exact", "--topics", "no such thing"), 5),
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


def test_the_log_holds_exactly_what_left_and_all_answers_of_a_window_cost_one_summary(
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
    assert {(entry["method"], entry["bits"]) for entry in entries} == {("private", 0)}
    said = {(answer["window"], *answer["choices"]) for answer in map(_payload, left)}
    windows = {window for window, *_ in said}
    assert len(said) == len(windows), "the same summary says the same"
    assert {entry["window"] for entry in entries} == windows
    summary = _summary(ipse)
    assert summary["ever"] == summary["this_year"] == 0.4 * len(windows)
    assert (summary["window"], summary["parties"]) == (max(windows), [_ORIGIN])
    assert ipse("log", "verify", "--json").json["entries"] == 2
    assert ipse("log", "show", "2").json["released"] == left[1]
    ipse("log", "show", "3", code=5)


def test_where_limits_allow_no_summary_the_answer_says_nothing_in_the_same_size(
    asked: tuple[Ipse, Path], tmp_path: Path
) -> None:
    ipse, request = asked
    _granted(ipse)
    strict = _twin(ipse, tmp_path / "strict")
    strict("dapp", "summary", "--year", "0.3")
    told = ipse("dapp", "answer", request)
    silent = strict("dapp", "answer", request, "--json", code=7)
    assert silent.error["code"] == "consent-refused"
    facts = silent.json
    assert (facts["said"], facts["entry"]) == (False, 1)
    assert facts["reason_code"] == "limit-reached"
    assert facts["reason"] in silent.error["message"]
    assert len(facts["answer"] + "\n") == len(told.out)
    assert _payload(facts["answer"]).keys() == _payload(told.out).keys()
    run = strict("dapp", "verify", "-", "--request", request, stdin=facts["answer"])
    assert run.out == ""
    assert "the answer says nothing" in run.err
    assert _log(strict)[0]["released"] == facts["answer"]
    assert _summary(strict)["ever"] == 0


def test_a_third_application_of_a_window_is_told_nothing(taught: Ipse, tmp_path: Path) -> None:
    origins = [f"https://{name}.example" for name in ("one", "two", "three")]
    requests = [tmp_path / f"{number}.json" for number in range(3)]
    for origin, request in zip(origins, requests, strict=True):
        _request(taught, request, audience=origin)
        _granted(taught, to=origin)
    for request in requests[:2]:
        taught("dapp", "answer", request)
    third = taught("dapp", "answer", requests[2], "--json", code=7)
    assert third.json["reason_code"] == "applications-told"
    summary = _summary(taught)
    assert (summary["ever"], summary["parties"]) == (0.4, origins[:2])
    told = taught("dapp", "summary").out
    assert [line.split()[-1] for line in told.splitlines() if line.startswith("told:")] == origins[:2]


def test_what_topics_can_not_tell_apart_gets_an_answer_that_says_nothing(
    asked: tuple[Ipse, Path], tmp_path: Path
) -> None:
    ipse, request = asked
    alike = tmp_path / "alike.txt"
    alike.write_text("".join(f"hiking tour number {number}\n" for number in range(8)))
    ipse(
        "dapp", "request", "--audience", _ORIGIN, "--purpose", "p", "--candidates", alike,
        "-o", request, "--force",
    )  # fmt: skip
    _granted(ipse)
    assert ipse("dapp", "answer", request, "--json", code=7).json["reason_code"] == "alike"


def test_an_answer_that_says_nothing_comes_before_the_reason_and_a_pipe_gets_it_whole(
    asked: tuple[Ipse, Path],
) -> None:
    ipse, request = asked
    _granted(ipse)
    ipse("dapp", "summary", "--year", "0")
    run = ipse("dapp", "answer", request, code=7)
    assert run.out.count("~") == 1
    assert run.out.endswith("\n")
    assert run.err.splitlines()[-2].startswith("error: the answer says nothing: ")
    assert run.err.splitlines()[-1].startswith("hint: nothing was disclosed")


def test_a_private_grant_says_what_all_of_them_add_up_to(ipse: Ipse) -> None:
    granted = ("dapp", "grant", "https://shop.example", "--level", "bands")
    assert "at most 0.8 in a year and 0.8 in five years" in " ".join(ipse(*granted).err.split())
    ipse("dapp", "summary", "--year", "0.4", "--life", "4")
    said = " ".join(ipse(*granted).err.split())
    assert "at most 0.4 in a year and 2.0 in five years" in said
    assert "can become 60% and 88% sure of it" in said
    assert ipse(*granted, "--exact").err == ""


def test_the_limits_of_summaries_are_shown_and_set(ipse: Ipse) -> None:
    first = _summary(ipse)
    assert (first["ever"], first["this_year"], first["window"], first["parties"]) == (0, 0, None, [])
    assert first["limits"] == {"year": 0.8, "life": 0.8}
    assert first["date_confirmed"]
    changed = _summary(ipse, "--year", "0.75", "--life", "4")
    assert changed["limits"] == {"year": 0.75, "life": 4.0}
    assert _summary(ipse) == changed
    shown = ipse("dapp", "summary").out
    assert "0.0 of at most 0.75 is spent" in shown
    assert "nothing was drawn yet" in shown
    for options in (
        ("--year", "5"),
        ("--life", "0.5"),
        ("--life", "-1"),
        ("--year", "lots"),
        ("--life", "101"),
    ):
        assert ipse("dapp", "summary", *options, code=2).out == ""
    assert _summary(ipse) == changed


def test_a_summary_is_renewed_within_the_limits_alone(asked: tuple[Ipse, Path]) -> None:
    ipse, request = asked
    _granted(ipse)
    ipse("dapp", "answer", request)
    before = _summary(ipse)
    renewed = ipse("dapp", "summary", "renew", "--json").json
    assert (before["ever"], renewed["ever"], renewed["this_year"]) == (0.4, 0.8, 0.8)
    assert renewed["parties"] == [_ORIGIN]
    refused = ipse("dapp", "summary", "renew", "--json", code=2)
    ipse("dapp", "summary", "--life", "9", "renew", code=2)
    assert "your limits have no room" in refused.error["message"]
    assert _summary(ipse) == renewed
    _request(ipse, request)
    ipse("dapp", "answer", request)
    assert _summary(ipse)["ever"] == 0.8


def test_what_applications_could_foretell_is_shown_for_each_and_for_all(
    asked: tuple[Ipse, Path], tmp_path: Path
) -> None:
    ipse, request = asked
    run = ipse("dapp", "exposure")
    assert (run.out, run.err) == ("", "nothing was told exactly yet\n")
    _granted(ipse)
    ipse("dapp", "answer", request)
    assert ipse("dapp", "exposure", "--json").json == {"exposure": []}
    for number in range(2):
        other = tmp_path / f"{number}.json"
        _request(ipse, other, audience="https://other.example")
        _granted(ipse, "--exact", to="https://other.example")
        ipse("dapp", "answer", other)
    rows = ipse("dapp", "exposure", "--json").json["exposure"]
    assert [(row["application"], row["answers"], row["bits"]) for row in rows] == [
        ("https://other.example", 2, 12),
        ("all together", 2, 12),
    ]
    for row in rows:
        assert all(0 <= row[name] <= 1 for name in ("rho", "share", "stranger"))
    last = ipse("dapp", "exposure").out.splitlines()[-1]
    assert last.startswith("all together: ")
    assert "of your next three choices it could name" in last


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
    assert "to show you three things" in signed.err
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
