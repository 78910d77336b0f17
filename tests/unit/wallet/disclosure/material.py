"""Applications, an owner's consent, and an embedder under which texts are about what their parts say."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from ipse.dids import did_key, did_web
from ipse.disclosure import answers
from ipse.disclosure.levels.bands import Bands
from ipse.disclosure.levels.candidates import Candidate, WithCandidates
from ipse.disclosure.levels.choose import Choose
from ipse.disclosure.levels.level import Asked
from ipse.disclosure.levels.order import Order
from ipse.disclosure.levels.statements import Statements
from ipse.disclosure.levels.topics import Topics
from ipse.disclosure.offers import Content
from ipse.disclosure.proposals import Consent, Decision, Proposal
from ipse.disclosure.questions import Question, build_request, parse_question
from ipse.disclosure.terms import Terms
from ipse.encoding import strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.keys.ed25519 import PrivateKey
from ipse.preferences import topics as listing
from ipse.protocols.openid4vp import RequestSigner
from ipse.protocols.parties import origin_of, party_of
from ipse.storage.statements import NewStatement
from ipse.wallet import disclosure
from ipse.wallet.disclosure import Answered
from ipse.wallet.profile.remembering import remember
from ipse.wallet.resolution import Reach, resolve
from ipse.wallet.wallet import Wallet
from tests.unit.wallet.profile.conftest import HashEmbedder

if TYPE_CHECKING:
    from ipse.preferences.embedding.embedder import Vectors

__all__ = [
    "APPLICATIONS",
    "ASKED",
    "BANDS",
    "CHOOSE",
    "CLUB",
    "DAY",
    "NOW",
    "ORDER",
    "PURPOSE",
    "REACH",
    "SENSITIVE",
    "SHOP",
    "SHOP_UNSIGNED",
    "SHOP_WEB",
    "STATEMENTS",
    "TOPICS",
    "Application",
    "Blending",
    "Reply",
    "about",
    "ask",
    "build",
    "candidates",
    "counted",
    "never",
    "no",
    "put",
    "signed_with",
    "teach",
    "ticking",
    "yes",
]

NOW: Final = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY: Final = timedelta(days=1)
PURPOSE: Final = "to show what suits you first"
SENSITIVE: Final = next(topic for topic in listing.published().topics if topic.sensitive)
_MEANS: Final = {topic.id: topic.means for topic in listing.published().topics}


@cache
def _row(part: str) -> Any:
    return HashEmbedder().embed([part])[0]


@dataclass(frozen=True, slots=True)
class Blending(HashEmbedder):
    """Like HashEmbedder; a text of parts between plus signs is as near to each of them as it can be."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """As the protocol says."""
        import numpy as np

        rows = np.zeros((len(texts), self.dimension), np.float32)
        for number, text in enumerate(texts):
            rows[number] = np.sum([_row(part) for part in text.split(" + ")], axis=0)
        vectors: Vectors = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.float32(1e-9))
        return vectors


def about(topic: str, detail: str) -> str:
    """A text about a published topic that no other text is like."""
    return f"{_MEANS[topic]} + {detail}"


@dataclass(frozen=True, slots=True)
class Application:
    """Who asks: an address, and the signer of its requests where they are signed."""

    address: str
    signer: RequestSigner | None = field(default=None, repr=False)

    @property
    def party(self) -> str:
        """Under which it is accounted."""
        return party_of(self.signer[0]) if self.signer else origin_of(self.address)


@dataclass(frozen=True, slots=True)
class _Published(Reach):
    """A network in which some documents can be found."""

    documents: Mapping[str, bytes] = field(default_factory=dict)

    def fetch(self, url: str, **_: Any) -> bytes:
        """The document at `url`."""
        return self.documents[url]


def signed_with(seed: bytes) -> RequestSigner:
    """The signer with the did:key of this private key."""
    key = PrivateKey(seed)
    did = did_key.from_public_key(key.public())
    return did, did_key.verification_method_id(did), key


_WEB: Final = "did:web:shop.example"
_WEB_KEY: Final = PrivateKey(b"w" * 32)
_DOCUMENT: Final = strict_json.canonical(did_web.document(_WEB, {"key-1": _WEB_KEY.public()}))
REACH: Final = _Published(documents={did_web.publish_url(_WEB): _DOCUMENT})

SHOP: Final = Application("https://shop.example/answers", signed_with(b"s" * 32))
CLUB: Final = Application("https://club.example/answers", signed_with(b"c" * 32))
SHOP_WEB: Final = Application("https://shop.example/answers", (_WEB, f"{_WEB}#key-1", _WEB_KEY))
SHOP_UNSIGNED: Final = Application("https://shop.example/answers")
APPLICATIONS: Final = (SHOP, CLUB, SHOP_WEB, SHOP_UNSIGNED)


def candidates(*texts: str, top: int = 1) -> Choose:
    """A choice among texts; their ids are of no use to anybody else."""
    return Choose(tuple(Candidate(f"c{number}", text) for number, text in enumerate(texts)), top)


CHOOSE: Final = candidates(*(f"candidate {number}" for number in range(20)), top=5)
ORDER: Final = Order(CHOOSE.candidates)
BANDS: Final = Bands(("hiking", "jazz-and-blues", "horror"))
TOPICS: Final = Topics(("horror", "jazz-and-blues", SENSITIVE.id))
STATEMENTS: Final = Statements("novels", 3)
ASKED: Final[Mapping[str, Asked]] = {
    "choose": CHOOSE, "order": ORDER, "bands": BANDS, "topics": TOPICS, "statements": STATEMENTS
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, and what the application reads in it, all of whose checks passed."""

    question: Question
    answered: Answered
    content: Content

    @property
    def said(self) -> Any:
        """What it says, without the name of the member."""
        (said,) = self.content.values()
        return said

    @property
    def texts(self) -> set[str]:
        """Of a choice the texts that were chosen."""
        return set(self.ordered)

    @property
    def ordered(self) -> list[str]:
        """The texts of the candidates that it names, in its order."""
        assert isinstance(self.question.asked, WithCandidates)
        texts = {one.id: one.text for one in self.question.asked.candidates}
        return [texts[named] for named in self.said]


def yes(proposal: Proposal) -> Decision:
    """The owner agrees to what the profile would answer."""
    return Decision(accepted=True, ticked=proposal.offer.chosen)


def no(proposal: Proposal) -> Decision:
    """The owner refuses."""
    return Decision(accepted=False)


def never(proposal: Proposal) -> Decision:
    """Nobody is to be asked."""
    raise AssertionError(f"{proposal.applicant.party} was shown to the owner")


def build(
    application: Application = SHOP,
    asked: Asked = CHOOSE,
    *,
    now: datetime = NOW,
    purpose: str = PURPOSE,
    lifetime: timedelta = timedelta(hours=1),
    terms: Terms | None = None,
) -> JsonObject | str:
    """A request, made `now`."""
    return build_request(
        address=application.address, purpose=purpose, asked=asked, retention=DAY, issued=now,
        lifetime=lifetime, signer=application.signer, terms=terms,
    )  # fmt: skip


def put(
    wallet: Wallet,
    request: JsonObject | str,
    *,
    consent: Consent = yes,
    now: datetime = NOW,
    embedder: Callable[[], HashEmbedder] = Blending,
) -> Reply:
    """Put a request to the wallet, and verify the answer as the application does."""
    question = parse_question(request, resolve=lambda did: resolve(did, REACH))
    answered = disclosure.ask(wallet, embedder, request, consent=consent, now=now, reach=REACH)
    verified = answers.verify_answer(answered.text, question, now)
    assert verified.content is not None, verified.report
    assert answered.said == (verified.content != answers.nothing(question))
    return Reply(question, answered, verified.content)


def ask(
    wallet: Wallet,
    application: Application = SHOP,
    asked: Asked = CHOOSE,
    *,
    consent: Consent = yes,
    now: datetime = NOW,
    purpose: str = PURPOSE,
) -> Reply:
    """The same with a request made `now`."""
    return put(wallet, build(application, asked, now=now, purpose=purpose), consent=consent, now=now)


def ticking(*keys: str) -> Consent:
    """An owner who agrees, and ticks these in this order."""
    return lambda _: Decision(accepted=True, ticked=keys)


def teach(wallet: Wallet, *texts: str, weight: float = 1.0, **changed: Any) -> tuple[int, ...]:
    """What the owner says: opinions of one weight; their numbers."""
    new = [NewStatement(text, weight, "said", **changed) for text in texts]
    return remember(wallet, Blending(), new, now=NOW - DAY).numbers


def counted(wallet: Wallet) -> dict[str, int | str]:
    """What there is of everything that an answer leaves behind in the vault, and of what it is made of."""
    tables = (
        "answers", "disclosures", "receipts", "state_heads", "grants", "statements", "settings", "summaries",
        "transcript", "readings",
    )  # fmt: skip
    found: dict[str, int | str] = {
        table: wallet.vault.rows(f"SELECT count(*) FROM {table}")[0][0] for table in tables
    }
    contents = repr(wallet.vault.rows("SELECT * FROM answers ORDER BY number"))
    return {**found, "contents": hashlib.sha256(contents.encode()).hexdigest()}
