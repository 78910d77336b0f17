"""Requests and answers under generated attack: any text or JSON is read, refused or reported."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from ipse.credentials.report import Outcome
from ipse.encoding import base64url, strict_json
from ipse.errors import IpseError, MalformedInput
from ipse.keys.ed25519 import PrivateKey
from ipse.protocols import dcql, openid4vp
from ipse.protocols.preference_choice import (
    CHECKS,
    TYPE,
    ChoiceRequest,
    build_answer,
    build_request,
    parse_request,
    verify_answer,
)
from tests.properties.documents import Path, json_values, paths, replaced

KEY = PrivateKey(b"k" * 32)
ISSUED = datetime(2026, 7, 1, 12, tzinfo=UTC)
NOW = ISSUED + timedelta(minutes=10)
CANDIDATES = ["Dune", "Emma", "Solaris", "Ulysses"]
REQUEST_OBJECT = build_request(
    address="https://shop.example/answers",
    purpose="Choose",
    candidates=CANDIDATES,
    top=2,
    issued=ISSUED,
    lifetime=timedelta(hours=1),
)
REQUEST = parse_request(REQUEST_OBJECT)
ANSWER = build_answer(REQUEST, REQUEST.candidates[1:3], KEY, NOW)
QUESTION = strict_json.parse_object(base64url.decode(REQUEST_OBJECT["transaction_data"][0]))

VALUES = json_values(
    ["vp_token", "redirect_uri:https://shop.example", TYPE, "choice", "dc+sd-jwt", "e30"],
    ["id", "text", "type"],
)


def assert_sound(request: ChoiceRequest) -> None:
    """What every request that was read must hold, whoever wrote it."""
    assert 1 <= request.top < len(request.candidates)
    assert len({candidate.id for candidate in request.candidates}) == len(request.candidates)
    assert len({candidate.text for candidate in request.candidates}) == len(request.candidates)
    assert request.purpose.strip()
    assert request.authorization.origin.startswith(
        ("https://", "http://localhost", "http://127.0.0.1", "http://[")
    )
    life = request.authorization.expires - request.authorization.issued
    assert timedelta(0) < life <= timedelta(days=31)


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(list(paths(REQUEST_OBJECT))), VALUES)
def test_a_request_with_any_json_in_it_is_read_or_refused(path: Path, value: Any) -> None:
    try:
        request = parse_request(replaced(REQUEST_OBJECT, path, value))
    except IpseError:
        return
    assert_sound(request)


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(list(paths(QUESTION))), VALUES)
def test_a_question_with_any_json_in_it_is_read_or_refused(path: Path, value: Any) -> None:
    try:
        encoded = base64url.encode(strict_json.canonical(replaced(QUESTION, path, value)))
        request = parse_request({**REQUEST_OBJECT, "transaction_data": [encoded]})
    except IpseError:
        return
    assert_sound(request)


@settings(deadline=None, max_examples=250)
@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_transaction_data_of_any_bytes_is_read_or_refused(data: bytes) -> None:
    try:
        parse_request({**REQUEST_OBJECT, "transaction_data": [base64url.encode(data)]})
    except IpseError:
        return
    raise AssertionError("no such bytes are a question")


@settings(deadline=None, max_examples=100)
@given(VALUES)
def test_a_query_of_any_json_is_read_or_refused(query: Any) -> None:
    try:
        queries = dcql.parse(query)
    except IpseError:
        return
    assert queries


@settings(deadline=None, max_examples=100)
@given(st.dictionaries(st.sampled_from(list(REQUEST_OBJECT)), VALUES))
def test_a_request_made_of_any_json_is_refused(members: dict[str, Any]) -> None:
    try:
        parse_request(members)
    except IpseError:
        return
    raise AssertionError("no such object is a request")


HOST = r"[a-z]([a-z0-9-]{0,10}[a-z0-9])?(\.[a-z]([a-z0-9-]{0,10}[a-z0-9])?){0,3}"


@settings(deadline=None, max_examples=300)
@given(
    st.from_regex(HOST, fullmatch=True),
    st.none() | st.integers(1, 65535),
    st.text(alphabet="abcXYZ019-._~!$&'()*+,;=:@/?#%", max_size=20),
)
def test_the_origin_depends_on_host_and_port_alone_and_is_its_own_origin(
    host: str, port: int | None, rest: str
) -> None:
    spelled = f"https://{host}" + (f":{port}" if port else "")
    origin = openid4vp.origin_of(spelled)
    assert origin == (spelled if port != 443 else f"https://{host}")
    assert openid4vp.origin_of(origin) == origin
    assert openid4vp.origin_of(f"{spelled}/{rest}") == origin
    assert openid4vp.origin_of(f"HTTPS://{host.upper()}" + (f":{port}" if port else "")) == origin


@settings(deadline=None, max_examples=300)
@given(
    st.text(max_size=40)
    | st.text(alphabet="htps:/@[]\\?#.%:0123456789abcdefx", max_size=40).map("https://".__add__)
    | st.text(alphabet="localhst127.0:/@[]\\?#%", max_size=30).map("http://".__add__)
)
@example("https://[::1]]")
@example("https://[[::1]")
def test_any_text_has_an_origin_of_plain_letters_or_is_refused(address: str) -> None:
    try:
        origin = openid4vp.origin_of(address)
    except MalformedInput:
        return
    assert address.isascii()
    scheme, _, authority = origin.partition("://")
    assert scheme in ("http", "https")
    assert authority
    assert set(authority) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-_:[]")
    assert openid4vp.origin_of(origin) == origin


@settings(deadline=None, max_examples=100)
@given(
    st.lists(
        st.text(st.characters(exclude_categories=["C", "Z", "M", "Lo", "So"]), min_size=1, max_size=30),
        min_size=2,
        max_size=20,
        unique_by=str.casefold,
    ),
    st.data(),
)
def test_a_question_survives_the_way_there_and_its_answer_the_way_back(
    texts: list[str], data: st.DataObject
) -> None:
    top = data.draw(st.integers(1, len(texts) - 1))
    made = build_request(
        address="http://localhost:8080/",
        purpose="Choose",
        candidates=texts,
        top=top,
        issued=ISSUED,
        lifetime=timedelta(hours=1),
    )
    request = parse_request(strict_json.parse_object(strict_json.pretty(made)))
    assert [candidate.text for candidate in request.candidates] == texts
    chosen = tuple(data.draw(st.permutations(request.candidates))[:top])
    verification = verify_answer(build_answer(request, chosen, KEY, NOW), request, NOW)
    assert verification.report.outcome is Outcome.PASSED
    assert verification.chosen == chosen


@settings(deadline=None, max_examples=300)
@given(
    st.text(max_size=80)
    | st.text(alphabet="eyJ0A9-_.~", max_size=80)
    | st.lists(st.binary(max_size=20).map(base64url.encode), max_size=6).map(".".join)
    | VALUES.map(repr)
)
def test_an_answer_of_any_text_is_reported_and_chooses_nothing(answer: str) -> None:
    verification = verify_answer(answer, REQUEST, NOW)
    assert [check.name for check in verification.report.checks] == list(CHECKS)
    assert verification.report.outcome is Outcome.FAILED
    assert verification.chosen == ()


@settings(deadline=None, max_examples=300)
@given(st.integers(0, len(ANSWER) - 1), st.integers(0, 8), st.text(max_size=8))
def test_an_answer_with_any_part_replaced_never_passes(start: int, length: int, text: str) -> None:
    forged = ANSWER[:start] + text + ANSWER[start + length :]
    verification = verify_answer(forged, REQUEST, NOW)
    assert (verification.report.outcome is Outcome.PASSED) == (forged == ANSWER)
    assert bool(verification.chosen) == (forged == ANSWER)


@settings(deadline=None, max_examples=100)
@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001
def test_at_no_other_time_does_an_answer_pass_than_within_its_day(moment: datetime) -> None:
    now = moment.replace(tzinfo=UTC)
    passed = verify_answer(ANSWER, REQUEST, now).report.outcome is Outcome.PASSED
    leeway = timedelta(seconds=60)
    assert passed == (NOW - leeway <= now < NOW + timedelta(days=1) + leeway)
