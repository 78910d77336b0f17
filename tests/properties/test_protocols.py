"""Requests and answers under generated attack: any text or JSON is read, refused or reported."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ipse.credentials import jws
from ipse.credentials.report import Outcome
from ipse.dids import did_key
from ipse.disclosure import receipts
from ipse.disclosure.answers import CHECKS, build_answer, nothing, verify_answer
from ipse.disclosure.levels import NAMES
from ipse.disclosure.levels.bands import BANDS, Bands
from ipse.disclosure.levels.candidates import Candidate
from ipse.disclosure.levels.choose import Choose
from ipse.disclosure.levels.level import Asked, written_length
from ipse.disclosure.levels.order import Order
from ipse.disclosure.levels.statements import MAX_STATEMENT, Statements
from ipse.disclosure.levels.topics import Topics
from ipse.disclosure.methods import OWNER, PRIVATE
from ipse.disclosure.offers import Content
from ipse.disclosure.questions import Question, build_request, parse_question, type_of
from ipse.encoding import base64url, strict_json
from ipse.encoding.safe_text import as_seen, plain_text
from ipse.encoding.strict_json import JsonObject
from ipse.errors import IpseError, MalformedInput
from ipse.keys import derivation
from ipse.keys.ed25519 import PrivateKey
from ipse.protocols import openid4vp
from ipse.protocols.dcql.query import parse_query
from tests.examples import examples
from tests.properties.documents import Path, json_values, paths, replaced

KEY: Final = PrivateKey(b"k" * 32)
SHOP_KEY: Final = PrivateKey(b"x" * 32)
SHOP_DID: Final = did_key.from_public_key(SHOP_KEY.public())
SIGNER: Final = (SHOP_DID, did_key.verification_method_id(SHOP_DID), SHOP_KEY)
ISSUED: Final = datetime(2026, 7, 1, 12, tzinfo=UTC)
NOW: Final = ISSUED + timedelta(minutes=10)

# Text that can be read as it is, of any language; and identifiers and texts of which no two look the same.
LEGIBLE = st.text(st.characters(exclude_categories=["C", "Z", "M", "Lo", "So"]), min_size=1, max_size=30)
TOPICS = st.lists(st.from_regex("[a-z0-9-]{1,64}", fullmatch=True), min_size=1, max_size=20, unique=True)


HOW: Final = st.sampled_from([(OWNER, "")]) | st.tuples(st.just(PRIVATE), st.dates().map(str))
"""A method, and the window where there is one."""


@st.composite
def candidates_of(draw: st.DrawFn) -> tuple[Candidate, ...]:
    ids = draw(st.lists(LEGIBLE, min_size=2, max_size=20, unique=True))
    texts = draw(st.lists(LEGIBLE, min_size=len(ids), max_size=len(ids), unique_by=as_seen))
    return tuple(map(Candidate, ids, texts))


@st.composite
def choices(draw: st.DrawFn) -> Choose:
    candidates = draw(candidates_of())
    return Choose(candidates, draw(st.integers(1, len(candidates) - 1)))


QUESTIONS: Final[dict[str, st.SearchStrategy[Asked]]] = {
    "choose": choices(),
    "order": candidates_of().map(Order),
    "bands": TOPICS.map(lambda ids: Bands(tuple(ids))),
    "topics": TOPICS.map(lambda ids: Topics(tuple(ids))),
    "statements": st.builds(Statements, LEGIBLE, st.integers(1, 10)),
}


@st.composite
def statements(draw: st.DrawFn) -> str:
    """A text of any characters that takes up to MAX_STATEMENT bytes, often nearly all of them."""
    letters = draw(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12))
    text = letters * draw(st.integers(1, 1000 // len(letters)))
    while written_length(text) > MAX_STATEMENT:
        text = text[: len(text) // 2]
    return text


def contents(asked: Asked) -> st.SearchStrategy[Content]:
    """Everything that an answer to `asked` can say."""
    match asked:
        case Choose(candidates, top):
            every = st.permutations([candidate.id for candidate in candidates])
            return st.tuples(every, st.integers(0, top)).map(lambda drawn: {"choices": drawn[0][: drawn[1]]})
        case Order(candidates):
            every = st.permutations([candidate.id for candidate in candidates])
            return st.tuples(every, st.integers(0, len(candidates))).map(
                lambda drawn: {"order": drawn[0][: drawn[1]]}
            )
        case Topics(topics):
            return st.lists(st.sampled_from(topics), unique=True).map(lambda ids: {"topics": ids})
        case Bands(topics):
            return st.dictionaries(st.sampled_from(topics), st.sampled_from(BANDS)).map(
                lambda told: {"bands": told}
            )
        case Statements(_, limit):
            return st.lists(statements(), max_size=limit, unique=True).map(
                lambda texts: {"statements": texts}
            )
        case _:
            raise AssertionError(f"no contents are drawn for the level {asked.level}")


def made(asked: Asked, *, address: str = "https://shop.example/answers", signer: Any = None) -> Any:
    return build_request(
        address=address,
        purpose="Choose",
        asked=asked,
        retention=timedelta(days=7),
        issued=ISSUED,
        lifetime=timedelta(hours=1),
        signer=signer,
    )


def answered(
    question: Question, content: Content, how: tuple[str, str] = (OWNER, ""), key: PrivateKey = KEY
) -> str:
    method, window = how
    return build_answer(question, content, key=key, now=NOW, method=method, window=window)


BOOKS: Final = tuple(Candidate(str(n), text) for n, text in enumerate(["Dune", "Emma", "Solaris"]))
ASKED: Final[dict[str, Asked]] = {
    "choose": Choose(BOOKS, 2),
    "order": Order(BOOKS),
    "bands": Bands(("cooking", "jazz")),
    "topics": Topics(("cooking", "jazz")),
    "statements": Statements("novels", 3),
}
SAID: Final[dict[str, Content]] = {
    "choose": {"choices": ["0", "2"]},
    "order": {"order": ["2", "0"]},
    "bands": {"bands": {"jazz": "high"}},
    "topics": {"topics": ["jazz"]},
    "statements": {"statements": ["I like Dune"]},
}
REQUEST_OBJECTS: Final[dict[str, JsonObject]] = {level: made(asked) for level, asked in ASKED.items()}
REQUEST_OBJECT: Final = REQUEST_OBJECTS["choose"]
REQUESTS: Final = {level: parse_question(request) for level, request in REQUEST_OBJECTS.items()}
REQUEST: Final = REQUESTS["choose"]
ANSWERS: Final = {level: answered(question, SAID[level]) for level, question in REQUESTS.items()}
ANSWER: Final = ANSWERS["choose"]
SIGNED: Final[str] = made(ASKED["choose"], signer=SIGNER)
TRANSACTIONS: Final = {
    level: strict_json.parse_object(base64url.decode(request["transaction_data"][0]))
    for level, request in REQUEST_OBJECTS.items()
}

VALUES = json_values(
    [
        "vp_token",
        "redirect_uri:https://shop.example",
        type_of("choose"),
        "answer",
        "dc+sd-jwt",
        "e30",
        SHOP_DID,
    ],
    ["id", "text", "type"],
)


def assert_all_different(candidates: tuple[Candidate, ...]) -> None:
    assert 2 <= len(candidates) <= 500
    assert len({candidate.id for candidate in candidates}) == len(candidates)
    assert len({as_seen(candidate.text) for candidate in candidates}) == len(candidates)


def assert_sound(question: Question) -> None:
    """What every question that was read must hold, whoever wrote it."""
    match question.asked:
        case Choose(candidates, top):
            assert 1 <= top < len(candidates)
            assert_all_different(candidates)
        case Order(candidates):
            assert_all_different(candidates)
        case Topics(topics) | Bands(topics):
            assert 1 <= len(set(topics)) == len(topics) <= 200
        case Statements(about, limit):
            assert about.strip()
            assert 1 <= limit <= 10
        case other:
            raise AssertionError(f"it is not known what holds at the level {other.level}")
    assert question.purpose.strip()
    assert timedelta(hours=1) <= question.retention <= timedelta(days=3653)
    assert question.authorization.origin.startswith(
        ("https://", "http://localhost", "http://127.0.0.1", "http://[")
    )
    assert question.party == (question.authorization.did or question.authorization.origin)
    issued, expires = question.authorization.issued, question.authorization.expires
    if issued is not None and expires is not None:
        assert timedelta(0) < expires - issued <= timedelta(days=31)


@examples(300)
@given(st.sampled_from(list(paths(REQUEST_OBJECT))), VALUES)
def test_a_request_with_any_json_in_it_is_read_or_refused(path: Path, value: Any) -> None:
    try:
        question = parse_question(replaced(REQUEST_OBJECT, path, value))
    except IpseError:
        return
    assert_sound(question)


@examples(300)
@given(st.data())
def test_a_signed_request_with_any_json_in_it_is_read_or_refused(data: st.DataObject) -> None:
    token = jws.read(SIGNED, what="a request")
    parts = {"header": token.header, "payload": token.payload}
    changed = replaced(parts, data.draw(st.sampled_from(list(paths(parts)))), data.draw(VALUES))
    try:
        protected, body = (base64url.encode(strict_json.canonical(part)) for part in changed.values())
        signature = base64url.encode(SHOP_KEY.sign(f"{protected}.{body}".encode()))
        question = parse_question(f"{protected}.{body}.{signature}")
    except IpseError:
        return
    assert_sound(question)
    assert question.authorization.did == SHOP_DID


@examples(300)
@given(st.integers(0, len(SIGNED) - 1), st.integers(0, 8), st.text(max_size=8))
def test_a_signed_request_with_any_part_replaced_is_refused(start: int, length: int, text: str) -> None:
    forged = SIGNED[:start] + text + SIGNED[start + length :]
    try:
        parse_question(forged)
    except IpseError:
        assert forged != SIGNED
    else:
        assert forged == SIGNED


@examples(400)
@given(st.sampled_from(NAMES), st.data())
def test_a_question_with_any_json_in_it_is_read_or_refused(level: str, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(list(paths(TRANSACTIONS[level]))))
    try:
        encoded = base64url.encode(
            strict_json.canonical(replaced(TRANSACTIONS[level], path, data.draw(VALUES)))
        )
        question = parse_question({**REQUEST_OBJECTS[level], "transaction_data": [encoded]})
    except IpseError:
        return
    assert_sound(question)


@examples(250)
@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_transaction_data_of_any_bytes_is_read_or_refused(data: bytes) -> None:
    try:
        parse_question({**REQUEST_OBJECT, "transaction_data": [base64url.encode(data)]})
    except IpseError:
        return
    raise AssertionError("no such bytes are a question")


@examples(100)
@given(VALUES)
def test_a_query_of_any_json_is_read_or_refused(query: Any) -> None:
    try:
        parsed = parse_query(query)
    except IpseError:
        return
    assert parsed.credentials


@examples(100)
@given(st.dictionaries(st.sampled_from(list(REQUEST_OBJECT)), VALUES))
def test_a_request_made_of_any_json_is_refused(members: dict[str, Any]) -> None:
    try:
        parse_question(members)
    except IpseError:
        return
    raise AssertionError("no such object is a request")


HOST = r"[a-z]([a-z0-9-]{0,10}[a-z0-9])?(\.[a-z]([a-z0-9-]{0,10}[a-z0-9])?){0,3}"


@examples(300)
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


@examples(300)
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


@pytest.mark.parametrize("level", NAMES)
@examples(60)
@given(st.data(), st.booleans(), HOW)
def test_a_question_survives_the_way_there_and_its_answer_the_way_back(
    level: str, data: st.DataObject, signed: bool, how: tuple[str, str]
) -> None:
    asked = data.draw(QUESTIONS[level])
    request = made(asked, address="http://localhost:8080/", signer=SIGNER if signed else None)
    if not signed:
        request = strict_json.parse_object(strict_json.pretty(request))
    question = parse_question(request)
    assert question.asked == asked
    content = data.draw(contents(asked))
    verification = verify_answer(answered(question, content, how), question, NOW)
    assert verification.report.outcome is Outcome.PASSED
    assert (verification.method, verification.window) == how
    assert verification.content is not None
    ((member, said),) = content.items()
    told = verification.content[member]
    if isinstance(asked, Order) or isinstance(said, dict):
        assert told == said
    else:
        assert sorted(told) == sorted(said)


@pytest.mark.parametrize("level", NAMES)
@examples(60)
@given(st.data(), st.booleans(), HOW)
def test_all_answers_to_one_request_by_one_method_have_the_same_number_of_bytes(
    level: str, data: st.DataObject, signed: bool, how: tuple[str, str]
) -> None:
    asked = data.draw(QUESTIONS[level])
    question = parse_question(made(asked, signer=SIGNER if signed else None))
    refusal = len(answered(question, nothing(question), how).encode())
    for _ in range(3):
        assert len(answered(question, data.draw(contents(asked)), how).encode()) == refusal


@examples(100)
@given(st.sampled_from(NAMES), st.data())
def test_questions_that_ask_the_same_have_one_identity_whoever_asks_in_whichever_order(
    level: str, data: st.DataObject
) -> None:
    asked = data.draw(QUESTIONS[level])
    match asked:
        case Choose(candidates, top):
            texts = data.draw(st.permutations([candidate.text for candidate in candidates]))
            same: Asked = Choose(
                tuple(Candidate(f"x{number}", text) for number, text in enumerate(texts)), top
            )
        case Order(candidates):
            texts = data.draw(st.permutations([candidate.text for candidate in candidates]))
            same = Order(tuple(Candidate(f"x{number}", text) for number, text in enumerate(texts)))
        case Topics(topics):
            same = Topics(tuple(data.draw(st.permutations(topics))))
        case Bands(topics):
            same = Bands(tuple(data.draw(st.permutations(topics))))
        case Statements(about, limit):
            same = Statements(f" {about} ", limit)
        case _:
            raise AssertionError(f"nothing is the same at the level {level}")
    other = parse_question(made(same, address="https://other.example", signer=SIGNER))
    assert other.identity == parse_question(made(asked)).identity


@examples(60)
@given(st.sampled_from(NAMES), st.data())
def test_two_parties_find_no_key_and_no_identifier_in_common(level: str, data: st.DataObject) -> None:
    one, two = data.draw(st.lists(st.from_regex(HOST, fullmatch=True), min_size=2, max_size=2, unique=True))
    got: list[set[str]] = []
    for host in (one, two):
        question = parse_question(made(ASKED[level], address=f"https://{host}/"))
        key = derivation.pairwise_key(b"r" * 32, question.party)
        answer = answered(question, nothing(question), key=key)
        receipt = receipts.build_receipt(question, answer, number=1, key=key, now=NOW)
        verified = verify_answer(answer, question, NOW)
        assert verified.report.outcome is Outcome.PASSED
        got.append({receipts.verify_receipt(receipt).wallet_did, question.authorization.nonce})
        got[-1] |= {answer.split("~")[1].split(".")[1], answer.split(".")[1], key.public().raw.hex()}
    assert got[0].isdisjoint(got[1])


@examples(300)
@given(st.text(max_size=40))
@example("\u18f6")
@example("a \u00b4b")
@example("\u1100\u200d\u1161")
def test_what_is_seen_of_a_text_is_one_line_and_is_seen_the_same(text: str) -> None:
    seen = as_seen(text)
    assert as_seen(seen) == seen
    try:
        plain_text(text, "the text", 40)
    except MalformedInput:
        return
    assert seen
    assert seen.splitlines() == [seen]


RECEIPT: Final = receipts.countersign(
    receipts.build_receipt(
        parse_question(SIGNED),
        answered(parse_question(SIGNED), SAID["choose"]),
        number=1,
        key=KEY,
        now=NOW,
    ),
    *SIGNER,
)


@examples(300)
@given(st.integers(0, len(RECEIPT) - 1), st.integers(0, 8), st.text(max_size=8))
def test_a_receipt_with_any_part_replaced_says_the_same_or_is_refused(
    start: int, length: int, text: str
) -> None:
    try:
        verified = receipts.verify_receipt(RECEIPT[:start] + text + RECEIPT[start + length :])
    except IpseError:
        return
    assert verified.payload == receipts.verify_receipt(RECEIPT).payload  # white space between members
    assert verified.countersigner == SHOP_DID


@examples(300)
@given(st.data())
def test_a_receipt_with_any_json_in_it_is_read_or_refused(data: st.DataObject) -> None:
    whole = strict_json.parse_object(RECEIPT)
    path = data.draw(st.sampled_from(list(paths(whole))))
    try:
        receipts.verify_receipt(strict_json.canonical(replaced(whole, path, data.draw(VALUES))).decode())
    except IpseError:
        return
    raise AssertionError("nothing in a receipt can be anything else")


@examples(300)
@given(
    st.text(max_size=80)
    | st.text(alphabet="eyJ0A9-_.~", max_size=80)
    | st.lists(st.binary(max_size=20).map(base64url.encode), max_size=6).map(".".join)
    | VALUES.map(repr)
)
def test_an_answer_of_any_text_is_reported_and_says_nothing(answer: str) -> None:
    for question in REQUESTS.values():
        assert_says_nothing(answer, question)


def assert_says_nothing(answer: str, question: Question) -> None:
    verification = verify_answer(answer, question, NOW)
    assert [check.name for check in verification.report.checks] == list(CHECKS)
    assert verification.report.outcome is Outcome.FAILED
    assert verification.content is None


@examples(300)
@given(st.integers(0, len(ANSWER) - 1), st.integers(0, 8), st.text(max_size=8))
def test_an_answer_with_any_part_replaced_never_passes(start: int, length: int, text: str) -> None:
    forged = ANSWER[:start] + text + ANSWER[start + length :]
    verification = verify_answer(forged, REQUEST, NOW)
    assert (verification.report.outcome is Outcome.PASSED) == (forged == ANSWER)
    assert (verification.content is not None) == (forged == ANSWER)


@examples(100)
@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001
def test_at_no_other_time_does_an_answer_pass_than_within_its_day(moment: datetime) -> None:
    now = moment.replace(tzinfo=UTC)
    passed = verify_answer(ANSWER, REQUEST, now).report.outcome is Outcome.PASSED
    leeway = timedelta(seconds=60)
    assert passed == (NOW - leeway <= now < NOW + timedelta(days=1) + leeway)
