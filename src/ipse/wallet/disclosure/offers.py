"""What the owner could tell an application: worked out from the profile, before anybody is asked.

Everything is worked out whether or not it will leave, so that a refusal takes the time of an answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from ipse.disclosure import answers
from ipse.disclosure.answers import Content
from ipse.disclosure.questions import Bands, Choose, Question, Statements, Topics
from ipse.encoding.safe_text import as_seen
from ipse.encoding.strict_json import Json
from ipse.encoding.timestamps import parse_timestamp
from ipse.errors import MalformedInput
from ipse.preferences import topics as listing
from ipse.preferences.embedding import Embedder
from ipse.preferences.privacy import bands, choice, subsample
from ipse.preferences.privacy.budget import VOTERS
from ipse.storage import own_topics, statement_vectors, statements
from ipse.storage.statements import Statement
from ipse.wallet.disclosure.proposal import Item
from ipse.wallet.profile.remembering import embed_missing
from ipse.wallet.profile.topics import access_by_topic
from ipse.wallet.wallet import Wallet

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Doubles = NDArray[np.float64]

__all__ = ["Offer", "basis", "fingerprints", "kept", "make", "repeated"]

_DAY: Final = 86400.0
_HALF_LIFE: Final = 4 * 365.25
"""Days until an opinion has lost half of what time can take from it. One for all of them: a half-life that
is learned from the others would let one statement move more than its own vote."""
_LASTING: Final = 0.1
_UNRELATED: Final = 1.5
"""Spreads above the mean cosine of unrelated texts; what is below has nothing to do with each other."""
_LIKED: Final = 0.1
"""Affinity from which on a topic is one of the owner's."""
_CLOSED: Final = "what is asked is about topics that you have closed"


@dataclass(frozen=True, slots=True)
class Offer:
    """What could leave: `content` in full, its `items` for the owner, or `because` of what there is none.

    `drawn` where it came out of a private mechanism: that costs epsilon even if it says nothing.
    """

    content: Content
    items: tuple[Item, ...]
    because: str = ""
    drawn: bool = False

    def ticked(self, keys: Collection[str]) -> Offer:
        """The part of it with these items. A list is cut; nothing else is ticked one by one."""
        (member, told), kept = *self.content.items(), [item for item in self.items if item.key in keys]
        places = {item.key: place for place, item in enumerate(self.items)}
        because = self.because if kept or not self.items else "you ticked nothing of it"
        return Offer({member: [told[places[item.key]] for item in kept]}, tuple(kept), because)


@dataclass(frozen=True, slots=True)
class _Profile:
    """What may have a part in an answer: no secret statement, none about a closed topic.

    `published`: float32 (t, d), the published topics; `closed`: float32 (c, d), those that are closed, the
    owner's own among them; `about`: float32 (n, t), how much each statement is about each published topic.
    """

    statements: list[Statement]
    vectors: Floats
    weights: Doubles
    published: Floats
    closed: Floats
    about: Floats
    access: dict[str, bool]
    unrelated: float

    def __getitem__(self, rows: NDArray[np.bool_]) -> _Profile:
        kept = [one for one, here in zip(self.statements, rows, strict=True) if here]
        return replace(
            self,
            statements=kept,
            vectors=self.vectors[rows],
            weights=self.weights[rows],
            about=self.about[rows],
        )


def make(
    wallet: Wallet,
    embedder: Embedder,
    question: Question,
    *,
    epsilon: int,
    topics: Sequence[str] = (),
    now: datetime,
) -> Offer:
    """The offer for a question. `topics` are those of the grant: all that is told is about them.

    `epsilon`, in thousandths, is what drawing it costs. Raises KeystoreError, StorageError.
    """
    profile = _profile(wallet, embedder, now)
    every = listing.published().topics
    # Topics that are on no list any more leave a grant that allows none, not one that allows all.
    granted = [row for row, topic in enumerate(every) if topic.id in topics] if topics else None
    match question.asked:
        case Choose():
            return _choices(question.asked, embedder, profile, granted, epsilon)
        case Bands(asked):
            return _bands(asked, profile, granted, epsilon)
        case Topics(asked):
            return _topics(asked, profile, granted)
        case Statements():
            return _sentences(question.asked, embedder, profile)


def basis(wallet: Wallet) -> bytes:
    """A digest of all that may have a part in answers; another one once something was said or withdrawn."""
    own = [(topic.label, topic.meaning) for topic in own_topics.every(wallet.vault)]
    access = repr((sorted(access_by_topic(wallet).items()), own))
    return hashlib.sha256(statements.digest(wallet.vault) + access.encode()).digest()


def fingerprints(question: Question) -> bytes:
    """What the candidates of a question are known by later: of each the first 8 bytes of a SHA-256."""
    match question.asked:
        case Choose(candidates):
            return b"".join(bytes.fromhex(_digest(one.text))[:8] for one in candidates)
        case _:
            return b""


def kept(question: Question, content: Content) -> Content | None:
    """What is kept of an answer so that the same question can have it again; None where it is not."""
    match question.asked:
        case Choose(candidates):
            told = {one.id: _digest(one.text) for one in candidates}
            return {"choices": [told[choice] for choice in content["choices"]]}
        case Bands():
            return content
        case _:
            return None


def repeated(question: Question, content: Content) -> Offer:
    """The offer that says again what was said to the same question, whatever its candidates' ids are now."""
    match question.asked:
        case Choose(candidates):
            found = [one for one in candidates if _digest(one.text) in content["choices"]]
            return Offer(
                {"choices": [one.id for one in found]}, tuple(Item(one.id, one.text) for one in found)
            )
        case Bands():
            return _told_bands(content["bands"])
        case _:
            raise ValueError(f"answers at the level {question.level} are not repeated")


def _choices(
    asked: Choose, embedder: Embedder, profile: _Profile, granted: Sequence[int] | None, epsilon: int
) -> Offer:
    import numpy as np

    vectors = embedder.embed([as_seen(candidate.text) for candidate in asked.candidates])
    open_rows = np.flatnonzero(~_touches(profile.closed, profile.published, vectors))
    if granted is not None:
        profile = profile[_is_about(profile.about[:, granted])]
    counting = epsilon // subsample.SHARE
    voting = subsample.voters(len(profile.statements), VOTERS, counting)
    closed = len(open_rows) < asked.top
    if closed:  # drawn all the same, so that it takes as long
        open_rows = np.arange(len(vectors))
    votes = choice.count(
        profile.vectors[voting], profile.weights[voting], vectors[open_rows], unrelated=profile.unrelated
    )
    chosen = choice.choose(votes, asked.top, epsilon - counting)
    if closed:
        return Offer({"choices": []}, (), _CLOSED, drawn=True)
    found = [asked.candidates[int(open_rows[place])] for place in chosen]
    items = tuple(Item(one.id, one.text) for one in found)
    return Offer({"choices": [one.id for one in found]}, items, drawn=True)


def _bands(asked: Sequence[str], profile: _Profile, granted: Sequence[int] | None, epsilon: int) -> Offer:
    rows = _rows_of(asked, profile, granted)
    counting = epsilon // subsample.SHARE
    voting = subsample.voters(len(profile.statements), VOTERS, counting)
    columns = rows or list(range(len(profile.published)))[: len(asked)]  # so that none takes as long as some
    about = profile.about[voting][:, columns].astype("float64")
    told = bands.bands(about, profile.weights[voting], epsilon - counting)
    if not rows:
        return Offer({"bands": {}}, (), _CLOSED, drawn=True)
    every = listing.published().topics
    found = {every[row].id: band for row, band in zip(rows, told, strict=True) if band is not None}
    because = "" if found else "too little was said about any of these topics to tell"
    return replace(_told_bands(found), because=because, drawn=True)


def _told_bands(found: Json) -> Offer:
    labels = {topic.id: topic.label for topic in listing.published().topics}
    items = tuple(Item(topic, f"{labels.get(topic, topic)}: {band}") for topic, band in found.items())
    return Offer({"bands": dict(found)}, items)


def _topics(asked: Sequence[str], profile: _Profile, granted: Sequence[int] | None) -> Offer:
    rows = _rows_of(asked, profile, granted)
    if not rows:
        return Offer({"topics": []}, (), _CLOSED)
    affinities = listing.affinities(
        profile.published[rows], profile.published, profile.vectors, list(profile.weights)
    )
    every = listing.published().topics
    liked = [
        every[row]
        for row, affinity in zip(rows, affinities, strict=True)
        if affinity.value is not None and affinity.value >= _LIKED
    ]
    because = "" if liked else "none of these topics is known to be yours"
    content: Content = {"topics": [topic.id for topic in liked]}
    return Offer(content, tuple(Item(topic.id, topic.label) for topic in liked), because)


def _sentences(asked: Statements, embedder: Embedder, profile: _Profile) -> Offer:
    import numpy as np

    cosines = profile.vectors @ embedder.embed([as_seen(asked.about)])[0]
    order = np.argsort(-cosines, kind="stable")
    near = [profile.statements[row] for row in order if cosines[row] > profile.unrelated]
    texts = list(dict.fromkeys(one.text for one in near if _fits(one.text)))[: asked.limit]
    items = tuple(Item(str(number), text) for number, text in enumerate(texts, 1))
    because = "" if texts else "nothing that you have said is about this"
    return Offer({"statements": texts}, items, because)


def _fits(text: str) -> bool:
    try:
        return answers.written_length(text) <= answers.MAX_STATEMENT
    except MalformedInput:
        return False


def _profile(wallet: Wallet, embedder: Embedder, now: datetime) -> _Profile:
    import numpy as np

    embed_missing(wallet, embedder)
    published = embedder.embed([topic.means for topic in listing.published().topics])
    access = access_by_topic(wallet)
    rows = [
        row
        for row in statement_vectors.every(wallet.vault, embedder.fingerprint, kind="opinion")
        if row[0].sensitivity != "secret"
    ]
    vectors = np.frombuffer(b"".join(vector for _, vector in rows), np.dtype("<f4"))
    vectors = vectors.reshape(len(rows), embedder.dimension)
    known = listing.background(published)
    profile = _Profile(
        statements=[statement for statement, _ in rows],
        vectors=vectors,
        weights=_faded([statement for statement, _ in rows], now),
        published=published,
        closed=_closed(wallet, embedder, published, access),
        about=listing.shares(published, published, vectors),
        access=access,
        unrelated=known.mean + _UNRELATED * known.spread,
    )
    return profile[~_touches(profile.closed, published, vectors)]


def _closed(wallet: Wallet, embedder: Embedder, published: Floats, access: dict[str, bool]) -> Floats:
    """The vectors of all closed topics, those of the owner's own among them."""
    import numpy as np

    own = [topic.meaning for topic in own_topics.every(wallet.vault) if not access[f"own:{topic.label}"]]
    rows = [row for row, topic in enumerate(listing.published().topics) if not access[topic.id]]
    return np.concatenate((published[rows], embedder.embed(own))) if own else published[rows]


def _faded(opinions: Sequence[Statement], now: datetime) -> Doubles:
    """Weights, in [-1, 1], as far as time has left them."""
    import numpy as np

    days = np.array(
        [
            max((now - parse_timestamp(statement.valid_from)).total_seconds(), 0.0) / _DAY
            for statement in opinions
        ],
        np.float64,
    )
    left = _LASTING + (1 - _LASTING) * np.exp2(-((days / _HALF_LIFE) ** 2))
    faded: Doubles = left * np.array([statement.weight for statement in opinions], np.float64)
    return faded


def _touches(topics: Floats, published: Floats, vectors: Floats) -> NDArray[np.bool_]:
    """bool (n,): which of n texts are about one of the topics, be it ever so faintly.

    Of 45 everyday sentences on sensitive subjects the model takes 18 to be clearly about them, 28 at least
    faintly; of 487 candidates on other subjects 3 % and 9 %.
    """
    import numpy as np

    return np.asarray((listing.shares(topics, published, vectors) > 0).any(axis=1), np.bool_)


def _is_about(shares: Floats) -> NDArray[np.bool_]:
    """bool (n,): which texts have a large enough share in one topic or another, of float32 (n, k)."""
    import numpy as np

    return np.asarray((shares >= listing.ABOUT).any(axis=1), np.bool_)


def _digest(text: str) -> str:
    """All of it where an answer is kept: an application could make two candidates whose first bytes agree."""
    return hashlib.sha256(as_seen(text).encode()).hexdigest()


def _rows_of(asked: Sequence[str], profile: _Profile, granted: Sequence[int] | None) -> list[int]:
    """The places in the published list of what was asked, but for what is closed or beyond the grant."""
    wanted = set(asked)
    return [
        row
        for row, topic in enumerate(listing.published().topics)
        if topic.id in wanted and profile.access[topic.id] and (granted is None or row in granted)
    ]
