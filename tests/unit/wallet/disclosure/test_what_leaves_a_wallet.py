"""All that leaves a wallet, walked to the last member: many answers and what goes with them."""

from __future__ import annotations

import os
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ipse.disclosure import answers as protocol
from ipse.disclosure import levels, methods, questions
from ipse.disclosure.exposure import Exposure
from ipse.disclosure.levels import NAMES
from ipse.disclosure.levels.bands import Bands
from ipse.disclosure.levels.candidates import numbered
from ipse.disclosure.levels.choose import Choose
from ipse.disclosure.levels.level import Asked
from ipse.disclosure.levels.order import Order
from ipse.disclosure.levels.statements import Statements
from ipse.disclosure.levels.topics import Topics
from ipse.disclosure.proposals import Decision, Proposal
from ipse.disclosure.questions import Question
from ipse.disclosure.reasons import ReasonCode
from ipse.disclosure.receipts import build_receipt
from ipse.encoding import base64url, strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.keys import derivation
from ipse.keys.keystore.encrypted_file import EncryptedFile
from ipse.preferences import purpose, taste
from ipse.preferences import topics as listing
from ipse.preferences.privacy import discrete_laplace, summary
from ipse.storage import answers as kept_answers
from ipse.storage import statements
from ipse.storage.places import Places
from ipse.storage.statements import NewStatement
from ipse.wallet import disclosure, disclosure_log, state
from ipse.wallet.disclosure import releasing
from ipse.wallet.disclosure.metering import Meter
from ipse.wallet.profile.remembering import remember
from ipse.wallet.wallet import Wallet
from tests.conftest import PASSPHRASE, Ipse
from tests.examples import thorough
from tests.unit.wallet.profile.conftest import HashEmbedder

if TYPE_CHECKING:
    from ipse.preferences.embedding.embedder import Vectors

MANY, SOME = 1000, 200
"""Answers: among the many are all levels for all reasons; the others are a sample of them."""
NOW = datetime(2026, 2, 2, 12, tzinfo=UTC)
PARTIES = [f"https://shop-{number}.example" for number in range(10, 30)]
PURPOSE = "to put together something that you will like"
OPEN = [topic for topic in listing.published().topics if not topic.sensitive]
SENSITIVE = [topic for topic in listing.published().topics if topic.sensitive]
WINDOW = "2025-09-09"
MEMBERS = {"choices", "order", "bands", "topics", "statements"}

VOCABULARY = {
    "header": {"alg", "typ", "kid"},
    "payload": {
        "iss", "sub", "vct", "iat", "exp", "cnf", "level", "method", "window", "terms", "pad",
        "_sd_alg", *MEMBERS,
    },
    "payload.cnf": {"jwk"},
    "payload.cnf.jwk": {"kty", "crv", "x"},
    "payload.terms": {"purpose", "expires", "retention"},
    "payload.bands": {topic.id for topic in listing.published().topics},
    "binding-header": {"alg", "typ"},
    "binding": {"iat", "aud", "nonce", "sd_hash", "transaction_data_hashes", "transaction_data_hashes_alg"},
    "receipt-header": {"alg", "typ", "kid"},
    "receipt": {
        "type", "number", "party", "audience", "level", "purpose", "issued", "expires", "retention_until",
        "request", "answer",
    },
    "entry": {
        "number", "previous", "time", "application", "address", "purpose", "level", "request", "consent",
        "method", "window", "bits", "edited", "grant", "said", "released", "answer",
    },
    "end": {"type", "head", "key"},
    "head-header": {"alg", "kid"},
    "head": {"type", "count", "digest", "time"},
    "result": {
        "answer", "said", "entry", "reason", "reason_code", "party", "sent", "vp_token", "url",
        "redirect_uri",
    },
}  # fmt: skip
"""The names that may stand in each object that leaves, and none else."""
WORK = (
    (statements, "digest"), (releasing, "build_answer"), (disclosure_log, "record"), (kept_answers, "add"),
    (releasing, "build_receipt"), (state, "settle"),
)  # fmt: skip
"""What takes time in answering, however the answer comes about."""
OF_THE_METHOD = {
    ("owner", "choose"): ((taste, "fit"), (listing, "shares"), (Meter, "reading")),
    ("owner", "bands"): ((listing, "shares"), (Meter, "reading")),
    ("owner", "topics"): ((listing, "shares"), (Meter, "reading")),
    ("private", "choose"): ((summary, "scores"), (summary, "resolution")),
    ("private", "bands"): ((summary, "band"),),
}
"""What takes time besides."""
LISTS = {
    "payload.choices", "payload.order", "payload.topics", "payload.statements",
    "binding.transaction_data_hashes",
}  # fmt: skip
FRACTIONS = {"entry.bits"}


def _saying(topic: str, number: int) -> str:
    return f"On the subject {topic}, my sentence {number} would be told to nobody but a very close friend"


SECRETS = [_saying(topic.id, 900 + number) for number, topic in enumerate(OPEN[:4])]
LIKED = [_saying(OPEN[0].id, number) for number in range(9, 60)]
"""So many that a private summary shows it."""
TEXTS = [_saying(topic.id, number) for topic in (*OPEN[:6], *SENSITIVE[:3]) for number in range(9)] + LIKED


_DIMENSION = 24
_SMALL = HashEmbedder(dimension=_DIMENSION)


@cache
def _vector(text: str) -> bytes:
    """That of the hash; a text on a subject lies near to that topic."""
    import numpy as np

    about = re.match(r"On the subject (\S+),", text)
    (row,) = _SMALL.embed([text])
    if about:
        (means,) = [topic.means for topic in listing.published().topics if topic.id == about[1]]
        row = _SMALL.embed([means])[0] + 0.3 * row
    unit: bytes = (row / np.linalg.norm(row)).astype("<f4").tobytes()
    return unit


@dataclass(frozen=True, slots=True)
class Embedder(HashEmbedder):
    """An embedder that knows some texts to be about topics, of few dimensions to be quick."""

    dimension: int = _DIMENSION

    def embed(self, texts: Sequence[str]) -> Vectors:
        """As the protocol says."""
        import numpy as np

        rows = b"".join(_vector(text) for text in texts)
        vectors: Vectors = np.frombuffer(rows, np.dtype("<f4")).reshape(len(texts), self.dimension)
        return vectors


def shapes() -> dict[str, list[Asked]]:
    """Ten questions at each level; some are about what is closed, one has nothing else in it."""
    draw = random.Random(1)
    about = [f"On the subject {topic.id}, something" for topic in (*OPEN[:8], *SENSITIVE[:2])]
    pool = [*about, *(f"the thing with the number {number}" for number in range(30))]
    closed = [f"On the subject {topic.id}, a thing" for topic in SENSITIVE[:5]]
    asked_topics = [
        tuple(topic.id for topic in draw.sample([*OPEN[:12], *SENSITIVE[:6]], draw.randint(1, 12)))
        for _ in range(9)
    ]
    asked_topics.append(tuple(topic.id for topic in SENSITIVE[:3]))
    choose = [
        Choose(numbered(draw.sample(pool, size)), draw.randint(1, min(5, size - 1)))
        for size in (2, 3, 5, 8, 12, 16, 20, 20, 20)
    ]
    return {
        "choose": [*choose, Choose(numbered(closed), 2)],
        "order": [Order(one.candidates) for one in (*choose, Choose(numbered(closed), 2))],
        "bands": [Bands(asked) for asked in asked_topics],
        "topics": [Topics(asked) for asked in asked_topics],
        "statements": [Statements(text, 1 + row % 7) for row, text in enumerate(about)],
    }


def request(party: str, asked: Asked, now: datetime = NOW) -> JsonObject | str:
    """A new request with this question."""
    return questions.build_request(
        address=party, purpose=PURPOSE, asked=asked, retention=timedelta(days=7), issued=now,
        lifetime=timedelta(hours=1),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """An answer that left; `ticked` are the sentences that the owner let go with it."""

    shape: tuple[str, int]
    question: Question
    text: str
    method: str
    said: bool
    reason: ReasonCode | None
    entry: int
    ticked: frozenset[str]


class Owner:
    """Ticks some, now and then says no, and remembers what was ticked."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed)
        self.ticked: frozenset[str] = frozenset()

    def __call__(self, proposal: Proposal) -> Decision:
        accepted = self._draw.random() > 0.2
        ticked = [item for item in proposal.offer.items if accepted and self._draw.random() > 0.4]
        self._draw.shuffle(ticked)
        asked = proposal.question.asked
        ticked = ticked[: levels.of(asked).most_ticked(asked)]
        self.ticked = frozenset(item.text for item in ticked)
        return Decision(accepted, tuple(item.key for item in ticked))


def ask(wallet: Wallet, owner: Owner, level: str, number: int, party: str, asked: Asked) -> Told:
    made = request(party, asked)
    owner.ticked = frozenset()
    answered = disclosure.ask(wallet, Embedder, made, consent=owner, now=NOW)
    return Told(
        (level, number),
        questions.parse_question(made),
        answered.text,
        parts_of_answer(answered.text)["payload"]["method"],
        answered.said,
        answered.reason.code if answered.reason else None,
        answered.entry,
        owner.ticked if level == "statements" else frozenset(),
    )


def fix_draws(patched: pytest.MonkeyPatch) -> None:
    """The noise from a seed: what is told is the same in every run."""
    draws, sample = random.Random(6), discrete_laplace.sample
    patched.setattr(discrete_laplace, "sample", lambda scale, *_: sample(scale, draws.randrange))


@pytest.fixture(scope="module")
def wallet(_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wallet]:
    """A wallet whose keys take no time, with a taste that nobody is told word for word.

    The templates of other wallets are made before keys take no time.
    """
    folder = tmp_path_factory.mktemp("what-leaves")
    with pytest.MonkeyPatch.context() as quick:
        quick.setattr(EncryptedFile, "_derive", lambda *_: bytes(32))
        quick.setattr(os, "fsync", lambda _: None)
        usual = listing.background(Embedder().embed([topic.means for topic in listing.published().topics]))
        for module in (listing, purpose):
            quick.setattr(module, "background", lambda _: usual)  # always of these topics
        fix_draws(quick)
        # What the meter reads grows with all that was told: that takes long, and none of it leaves.
        quick.setattr(Meter, "reading", lambda *_: Exposure(0.5, 0.5, 0.1, 0.0))
        places = Places(data=folder / "wallet", cache=folder / "cache")
        with Wallet.create(places, keystore="file", passphrase=lambda: PASSPHRASE, now=NOW) as made:
            made.vault.rows("PRAGMA synchronous = OFF")
            yield made


@pytest.fixture(scope="module")
def told(wallet: Wallet) -> list[Told]:
    """The answers: a few to an empty profile, then those of one; by grant, by the owner, and their no."""
    draw, owner, every = random.Random(6), Owner(6), shapes()
    for row, party in enumerate(PARTIES[::2]):
        for level in levels.grantable():
            exact = row % 2 == 0 or not levels.named(level).private
            disclosure.grant(
                wallet, party, level=level, now=NOW, expires=NOW + timedelta(days=9), unsigned=True,
                topics=[topic.id for topic in OPEN[:8]] if level == "topics" or row % 4 < 2 else (),
                per_day=9 if row % 3 else None, exact=exact, cap=20 if exact and row % 4 == 2 else None,
            )  # fmt: skip
    found = [
        ask(wallet, owner, level, number, PARTIES[-1], asked)
        for level in every
        for number, asked in enumerate(every[level][:5])
    ]
    said = [
        NewStatement(text, 1.0 if text in LIKED else draw.choice((-1.0, 0.5, 1.0)), "said") for text in TEXTS
    ]
    said += [NewStatement(text, 1.0, "said", sensitivity="secret") for text in SECRETS]
    remember(wallet, Embedder(), said, now=NOW)
    while len(found) < (MANY if thorough() else SOME):
        level, number = draw.choice(list(every)), draw.randrange(10)
        found.append(ask(wallet, owner, level, number, draw.choice(PARTIES), every[level][number]))
    return found


def decoded(part: str) -> Any:
    return strict_json.parse(base64url.decode(part))


def token(encoded: str, header: str, payload: str) -> dict[str, Any]:
    """The parts of a JWS, by the names that they have in VOCABULARY."""
    first, second, signature = encoded.split(".")
    assert len(base64url.decode(signature)) == 64
    return {header: decoded(first), payload: decoded(second)}


def parts_of_answer(text: str) -> dict[str, Any]:
    credential, binding = text.split("~")  # so there is no disclosure beside the claims
    return token(credential, "header", "payload") | token(binding, "binding-header", "binding")


def parts_of_receipt(text: str) -> dict[str, Any]:
    receipt = strict_json.parse_object(text)
    assert set(receipt) == {"payload", "signatures"}
    (signature,) = receipt["signatures"]
    assert set(signature) == {"protected", "signature"}
    compact = f"{signature['protected']}.{receipt['payload']}.{signature['signature']}"
    return token(compact, "receipt-header", "receipt")


def walk(path: str, value: Any) -> Iterator[str]:
    """All texts in what leaves; that nothing else is in it than may be is asserted on the way."""
    match value:
        case dict():
            assert set(value) <= VOCABULARY.get(path, set()), (path, sorted(value))
            for name, inner in value.items():
                yield from walk(f"{path}.{name}", inner)
        case list():
            assert path in LISTS, path
            assert all(isinstance(inner, str) for inner in value), (path, value)
            yield from value
        case str():
            yield value
        case float():
            assert path in FRACTIONS, (path, value)
        case _:
            assert value is None or isinstance(value, bool | int), (path, value)


def texts_in(parts: dict[str, Any]) -> list[str]:
    return [text for name, part in parts.items() for text in walk(name, part)]


def assert_harmless(texts: Sequence[str], ticked: frozenset[str] = frozenset()) -> None:
    """No score, and none of the owner's sentences but those that they ticked."""
    for text in texts:
        assert not re.search(r"\d[.,]\d", text), text
        for sentence in (*TEXTS, *SECRETS):
            assert sentence in ticked or sentence not in text, text


@pytest.mark.slow
def test_the_answers_are_of_all_levels_and_say_something_or_nothing_for_all_reasons(told: list[Told]) -> None:
    """Otherwise what follows would hold of little."""
    assert len(told) == MANY
    for level in NAMES:
        some = [one for one in told if one.shape[0] == level]
        assert len(some) > 150
        assert 40 < sum(one.said for one in some) < len(some) - 40
        if levels.named(level).private:
            private = [one.said for one in some if one.method == methods.PRIVATE]
            assert 5 < sum(private) < len(private) - 5
    assert {
        ReasonCode.REFUSED,
        ReasonCode.NOTHING_TICKED,
        ReasonCode.APPLICATIONS_TOLD,
        ReasonCode.CAP_REACHED,
        ReasonCode.GRANT_USED_UP,
        ReasonCode.TOPICS_CLOSED,
        ReasonCode.TOO_LITTLE_SAID,
        ReasonCode.NO_TOPIC_LIKED,
        ReasonCode.NOTHING_SAID,
    } <= {one.reason for one in told if not one.said}
    assert sum(len(one.ticked) for one in told) > 50


def test_every_member_of_every_answer_is_known_and_no_number_has_a_fraction(told: list[Told]) -> None:
    for one in told:
        parts = parts_of_answer(one.text)
        assert_harmless(texts_in(parts), one.ticked)
        payload, level = parts["payload"], one.question.level
        assert payload["method"] in methods.NAMES
        assert payload.get("window") == (WINDOW if payload["method"] == methods.PRIVATE else None)
        assert MEMBERS & payload.keys() == set(protocol.nothing(one.question))
        assert set(payload["pad"]) <= {"0"}
        if level == "statements":
            assert set(payload["statements"]) == one.ticked
            assert not set(payload["statements"]) & set(SECRETS)


def test_an_answer_is_made_of_the_question_what_it_says_the_time_and_the_key_alone(
    wallet: Wallet, told: list[Told]
) -> None:
    """Made again from these it has the same bytes: nothing hides in a signature, an order or a salt."""
    for one in told:
        payload = parts_of_answer(one.text)["payload"]
        content = {name: payload[name] for name in protocol.nothing(one.question)}
        again = protocol.build_answer(
            one.question,
            content,
            key=derivation.pairwise_key(wallet.root, one.question.party),
            now=NOW,
            method=payload["method"],
            window=payload.get("window", ""),
        )
        assert again == one.text
        assert one.said == (content != protocol.nothing(one.question))
        if isinstance(one.question.asked, Choose):
            asked = [candidate.id for candidate in one.question.asked.candidates]
            assert content["choices"] == sorted(content["choices"], key=asked.index)


def test_all_answers_to_one_shape_of_request_have_one_length(told: list[Told]) -> None:
    lengths = defaultdict(set)
    outcomes = defaultdict(set)
    for one in told:
        kind = (*one.shape, one.method)  # which an answer tells anyway
        lengths[kind].add(len(one.text.encode()))
        outcomes[kind].add(one.said)
    assert len({kind[:2] for kind in lengths}) > 45
    assert {shape: len(found) for shape, found in lengths.items() if len(found) > 1} == {}
    assert sum(found == {True, False} for found in outcomes.values()) > (25 if thorough() else 4)


def test_a_party_knows_the_wallet_by_one_did_that_no_other_party_knows(told: list[Told]) -> None:
    dids = defaultdict(set)
    for one in told:
        dids[one.question.party].add(parts_of_answer(one.text)["payload"]["iss"])
    assert {len(found) for found in dids.values()} == {1}
    assert len(set().union(*dids.values())) == len(PARTIES)


def test_receipts_hold_the_terms_alone(wallet: Wallet, told: list[Told]) -> None:
    # Other tests add more.
    rows = [row for row in kept_answers.receipts(wallet.vault) if row.number <= len(told)]
    kept = {row.number: row.receipt for row in rows}
    assert set(kept) == {one.entry for one in told}
    counted = Counter[str]()
    for one in told:
        counted[one.question.party] += 1
        assert_harmless(texts_in(parts_of_receipt(kept[one.entry])))
        again = build_receipt(
            one.question,
            one.text,
            number=counted[one.question.party],
            key=derivation.pairwise_key(wallet.root, one.question.party),
            now=NOW,
        )
        assert again == kept[one.entry]


def test_the_exported_log_holds_what_left_and_nothing_of_the_profile(
    wallet: Wallet, told: list[Told]
) -> None:
    *lines, end = disclosure_log.export(wallet, now=NOW)
    for one, line in zip(told, lines[: len(told)], strict=True):  # other tests add more
        entry = strict_json.parse_object(line)
        assert_harmless(list(walk("entry", {**entry, "released": ""})))
        assert entry["released"] == one.text
        assert (entry["method"], entry["said"]) == (one.method, one.said)
        assert entry["window"] == (WINDOW if one.method == methods.PRIVATE else None)
        assert (entry["bits"] > 0) is (one.said and one.method == methods.OWNER)
    last = strict_json.parse_object(end)
    head = token(last["head"], "head-header", "head")
    assert_harmless([*walk("end", {**last, "head": ""}), *texts_in(head)])


@pytest.mark.parametrize(("method", "level"), OF_THE_METHOD)
def test_an_answer_that_says_nothing_is_worked_out_like_one_that_does(
    wallet: Wallet, told: list[Told], monkeypatch: pytest.MonkeyPatch, method: str, level: str
) -> None:
    """Otherwise it would be known by how soon it comes."""
    calls = Counter[str]()
    work = (*WORK, *OF_THE_METHOD[method, level])

    def counted(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            calls[name] += 1
            return real(*arguments, **named)

        return call

    for module, name in work:
        monkeypatch.setattr(module, name, counted(f"{module.__name__}.{name}", getattr(module, name)))
    later = NOW + timedelta(days=20)
    told_one = next(one.question.party for one in told if one.method == methods.PRIVATE and one.said)
    untold = next(one.question.party for one in told if one.reason is ReasonCode.APPLICATIONS_TOLD)
    topics = {"open": [topic.id for topic in OPEN[:3]], "closed": [topic.id for topic in SENSITIVE[:3]]}
    cases: list[tuple[str, str, str, dict[str, Any]]] = (
        [
            ("told", told_one, "open", {}),
            ("closed", PARTIES[1], "closed", {}),
            ("cap", PARTIES[1], "open", {"cap": 1}),
        ]
        if method == methods.OWNER
        else [
            ("told", told_one, "open", {}),
            ("untold", untold, "open", {}),
            ("day", told_one, "open", {"per_day": 0}),
        ]
    )
    done = {}
    for case, party, which, bounds in cases:
        disclosure.grant(
            wallet, party, level=level, now=later, expires=later + timedelta(days=9), unsigned=True,
            exact=method == methods.OWNER, **bounds,
            topics=topics[which] if level == "topics" else (),
        )  # fmt: skip
        texts = [f"On the subject {topic}, a thing" for topic in topics[which]]
        asked: Asked = Choose(numbered(texts), 1)
        if level != "choose":
            asked = (Bands if level == "bands" else Topics)(tuple(topics[which]))
        calls.clear()
        answered = disclosure.ask(wallet, Embedder, request(party, asked, later), consent=Owner(1), now=later)
        assert answered.said is (case == "told"), case
        assert parts_of_answer(answered.text)["payload"]["method"] == method
        done[case] = dict(calls)
    assert list(done.values()) == [done["told"]] * 3
    assert len(done["told"]) == len(work)


def test_what_the_commands_print_holds_no_more(taught: Ipse, tmp_path: Path) -> None:
    party, asked = PARTIES[0], tmp_path / "request.json"
    for text in TEXTS[:3]:
        taught("profile", "like", text, "-q")
    candidates = tmp_path / "candidates.txt"
    candidates.write_text("a novel\na bicycle\na teapot\na map of the city\n")
    grant = ("dapp", "grant", party, "--level", "choose", "--allow-unsigned")
    for terms, said in ((["--exact", "--per-day", "1"], True), (["used up"], False), ([], True)):
        if said:
            taught(*grant, *terms)
        taught(
            "dapp", "request", "--audience", party, "--purpose", PURPOSE, "--candidates", candidates,
            "--top", "2", "-o", asked, "--force",
        )  # fmt: skip
        run = taught("dapp", "answer", asked, "--json", code=0 if said else 7)
        result = {name: value for name, value in run.json.items() if name in VOCABULARY["result"]}
        assert run.json.keys() - result.keys() <= {"schema"}
        assert_harmless([*walk("result", {**result, "answer": ""}), run.err])
        assert_harmless(texts_in(parts_of_answer(run.json["answer"])))
        shown = taught("log", "show", str(run.json["entry"]), "--json")
        entry = {name: value for name, value in shown.json.items() if name != "schema"}
        assert entry["released"] == run.json["answer"]
        assert entry["method"] == (methods.OWNER if terms else methods.PRIVATE)
        assert (entry["bits"] > 0) is (said and bool(terms))
        assert_harmless([*walk("entry", {**entry, "released": ""}), shown.err])
    exported = taught("log", "export", "--json").json
    assert exported.keys() - {"schema"} == {"entries", "end"}
    for entry in exported["entries"]:
        assert_harmless(list(walk("entry", {**entry, "released": ""})))
    assert_harmless([*walk("end", {**exported["end"], "head": ""})])
