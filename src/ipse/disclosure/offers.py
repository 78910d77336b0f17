"""Compute what the owner could tell an application, from the profile as arrays.

The whole answer is computed even if nothing will leave, so that a refusal takes as long as an answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from ipse.disclosure import answers, reasons
from ipse.disclosure.answers import Content
from ipse.disclosure.questions import Asked, Bands, Choose, Question, Statements, Topics
from ipse.disclosure.reasons import Reason
from ipse.encoding.safe_text import as_seen
from ipse.encoding.strict_json import Json
from ipse.errors import MalformedInput
from ipse.preferences import topics
from ipse.preferences.embedding import Embedder
from ipse.preferences.privacy import bands, choice, randomness

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Doubles = NDArray[np.float64]

__all__ = [
    "FINGERPRINT",
    "Item",
    "Offer",
    "Profile",
    "embed_subjects",
    "fingerprints",
    "kept",
    "make",
    "repeated",
    "subject_texts",
    "voting_profile",
]

FINGERPRINT: Final = 8
"""Bytes of a candidate's SHA-256 that are kept, to recognise the candidate later."""
_DAY: Final = 86400.0
_HALF_LIFE: Final = 4 * 365.25
"""Days until an opinion has lost half of what time can take from it. One for all of them: a half-life that
is learned from the others would let one statement move more than its own vote."""
_LASTING: Final = 0.1
"""The share of an opinion that time does not touch."""
_UNRELATED: Final = 1.5
"""Spreads above the mean cosine of unrelated texts; what is below has nothing to do with each other."""
_LIKED: Final = 0.1
"""Affinity from which on a topic is one of the owner's."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that would leave: its key in the answer, and the text that the owner reads."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Offer:
    """An answer that could leave: its `content`, and its `items` as the owner reads them.

    `reason` says why it says nothing, None where it says something. `drawn` is True where a private
    mechanism drew it: that costs epsilon even if it says nothing.
    """

    content: Content
    items: tuple[Item, ...]
    reason: Reason | None = None
    drawn: bool = False

    def ticked(self, keys: Collection[str]) -> Offer:
        """Return the offer with only the items of these keys; for contents that are lists."""
        (member, told), left = *self.content.items(), [item for item in self.items if item.key in keys]
        places = {item.key: place for place, item in enumerate(self.items)}
        reason = self.reason if left or not self.items else reasons.NOTHING_TICKED
        return Offer({member: [told[places[item.key]] for item in left]}, tuple(left), reason)


@dataclass(frozen=True, slots=True)
class Profile:
    """The statements that may influence an answer: none is secret, none is about a closed topic.

    - `texts` and `vectors`, float32 (n, d), of the statements
    - `weights`: float64 (n,), as far as time has left them
    - `published`: float32 (t, d), the published topics
    - `closed`: float32 (c, d), the closed topics, the owner's own among them
    - `about`: float32 (n, t), how much each statement is about each published topic
    - `access`: whether each published topic is open, by its id
    - `unrelated`: the cosine up to which texts have nothing to do with each other
    """

    texts: Sequence[str]
    vectors: Floats
    weights: Doubles
    published: Floats
    closed: Floats
    about: Floats
    access: Mapping[str, bool]
    unrelated: float

    def __getitem__(self, rows: NDArray[np.bool_]) -> Profile:
        return replace(
            self,
            texts=[text for text, here in zip(self.texts, rows, strict=True) if here],
            vectors=self.vectors[rows],
            weights=self.weights[rows],
            about=self.about[rows],
        )


def voting_profile(
    texts: Sequence[str],
    vectors: Floats,
    weights: Sequence[float],
    times: Sequence[datetime],
    *,
    published: Floats,
    closed: Floats,
    access: Mapping[str, bool],
    now: datetime,
) -> Profile:
    """Return the statements that may influence an answer at `now`: those about no closed topic.

    The arguments describe n statements, none of them secret: `texts`, `vectors` float32 (n, d), `weights` in
    [-1, 1], and `times`, since when each holds. `published`, `closed` and `access` as in Profile.
    """
    background = topics.background(published)
    profile = Profile(
        texts=texts,
        vectors=vectors,
        weights=_faded(weights, times, now),
        published=published,
        closed=closed,
        about=topics.shares(published, published, vectors),
        access=access,
        unrelated=background.mean + _UNRELATED * background.spread,
    )
    return profile[~_touches(closed, published, vectors)]


def subject_texts(asked: Asked) -> list[str]:
    """Return the texts that say what is asked about; a topic that is not published is named by its id."""
    match asked:
        case Choose(candidates=candidates):
            return [as_seen(candidate.text) for candidate in candidates]
        case Topics(topics=ids) | Bands(topics=ids):
            means = {topic.id: topic.means for topic in topics.published().topics}
            return [means.get(topic, topic.replace("-", " ").strip() or topic) for topic in ids]
        case Statements(about=about):
            return [as_seen(about)]


def embed_subjects(asked: Asked, embedder: Embedder, published: Floats) -> Floats:
    """Embed what is asked about: float32 (n, d), in the order of `subject_texts`.

    `published` is float32 (t, d), the published topics, which are not embedded again. Raises MalformedInput
    for a text that can't be embedded.
    """
    import numpy as np

    rows = {topic.means: row for row, topic in enumerate(topics.published().topics)}
    texts = subject_texts(asked)
    new = [text for text in texts if text not in rows]
    if not new:
        return published[[rows[text] for text in texts]]
    every = np.concatenate((published, embedder.embed(new)))
    rows |= {text: len(published) + row for row, text in enumerate(new)}
    return every[[rows[text] for text in texts]]


def make(
    profile: Profile, question: Question, subjects: Floats, *, epsilon: int, granted: Sequence[str] = ()
) -> Offer:
    """Compute the offer for a question.

    - `subjects`: float32 (n, d), from `embed_subjects`
    - `epsilon`: what drawing the offer costs, in thousandths
    - `granted`: the topics of a grant, to which the answer is then limited; none for no limit

    Raises MissingFeature where OpenDP is not installed.
    """
    every = topics.published().topics
    # Topics that are on no list any more leave a grant that allows none, not one that allows all.
    rows = [row for row, topic in enumerate(every) if topic.id in granted] if granted else None
    match question.asked:
        case Choose():
            return _choices(question.asked, subjects, profile, rows, epsilon)
        case Bands(asked):
            return _bands(asked, profile, rows, epsilon)
        case Topics(asked):
            return _topics(asked, profile, rows)
        case Statements():
            return _sentences(question.asked, subjects[0], profile)


def fingerprints(question: Question) -> bytes:
    """Return FINGERPRINT bytes of the SHA-256 of each candidate, joined; empty at the other levels."""
    match question.asked:
        case Choose(candidates):
            return b"".join(bytes.fromhex(_digest(one.text))[:FINGERPRINT] for one in candidates)
        case _:
            return b""


def kept(question: Question, content: Content) -> Content | None:
    """Return what to store of an answer, to repeat it when the same question returns; None for nothing."""
    match question.asked:
        case Choose(candidates):
            told = {one.id: _digest(one.text) for one in candidates}
            return {"choices": [told[choice] for choice in content["choices"]]}
        case Bands():
            return content
        case _:
            return None


def repeated(question: Question, content: Content) -> Offer:
    """Return the offer that repeats a stored answer; its candidates may have other ids than before."""
    match question.asked:
        case Choose(candidates):
            found = [one for one in candidates if _digest(one.text) in content["choices"]]
            return _told_choices([(one.id, one.text) for one in found])
        case Bands():
            return _told_bands(content["bands"])
        case _:
            raise ValueError(f"answers at the level {question.level} are not repeated")


def _choices(
    asked: Choose, vectors: Floats, profile: Profile, granted: Sequence[int] | None, epsilon: int
) -> Offer:
    import numpy as np

    open_rows = np.flatnonzero(~_touches(profile.closed, profile.published, vectors))
    if granted is not None:
        profile = profile[_is_about(profile.about[:, granted])]
    counting = epsilon // randomness.SHARE
    voting = randomness.voters(len(profile.texts), randomness.VOTERS, counting)
    closed = len(open_rows) < asked.top
    if closed:  # drawn all the same, so that it takes as long
        open_rows = np.arange(len(vectors))
    votes = choice.count(
        profile.vectors[voting], profile.weights[voting], vectors[open_rows], unrelated=profile.unrelated
    )
    chosen = choice.choose(votes, asked.top, epsilon - counting)
    if closed:
        return Offer({"choices": []}, (), reasons.TOPICS_CLOSED, drawn=True)
    found = [asked.candidates[int(open_rows[place])] for place in chosen]
    return replace(_told_choices([(one.id, one.text) for one in found]), drawn=True)


def _told_choices(chosen: Sequence[tuple[str, str]]) -> Offer:
    items = tuple(Item(identifier, text) for identifier, text in chosen)
    return Offer({"choices": [item.key for item in items]}, items)


def _bands(asked: Sequence[str], profile: Profile, granted: Sequence[int] | None, epsilon: int) -> Offer:
    rows = _rows_of(asked, profile, granted)
    counting = epsilon // randomness.SHARE
    voting = randomness.voters(len(profile.texts), randomness.VOTERS, counting)
    columns = rows or list(range(len(profile.published)))[: len(asked)]  # so that none takes as long as some
    about = profile.about[voting][:, columns].astype("float64")
    told = bands.bands(about, profile.weights[voting], epsilon - counting)
    if not rows:
        return Offer({"bands": {}}, (), reasons.TOPICS_CLOSED, drawn=True)
    every = topics.published().topics
    found = {every[row].id: band for row, band in zip(rows, told, strict=True) if band is not None}
    return replace(_told_bands(found), reason=None if found else reasons.TOO_LITTLE_SAID, drawn=True)


def _told_bands(found: Json) -> Offer:
    labels = {topic.id: topic.label for topic in topics.published().topics}
    items = tuple(Item(topic, f"{labels.get(topic, topic)}: {band}") for topic, band in found.items())
    return Offer({"bands": dict(found)}, items)


def _topics(asked: Sequence[str], profile: Profile, granted: Sequence[int] | None) -> Offer:
    rows = _rows_of(asked, profile, granted)
    if not rows:
        return Offer({"topics": []}, (), reasons.TOPICS_CLOSED)
    affinities = topics.affinities(
        profile.published[rows], profile.published, profile.vectors, list(profile.weights)
    )
    every = topics.published().topics
    liked = [
        every[row]
        for row, affinity in zip(rows, affinities, strict=True)
        if affinity.value is not None and affinity.value >= _LIKED
    ]
    items = tuple(Item(topic.id, topic.label) for topic in liked)
    return Offer({"topics": [item.key for item in items]}, items, None if liked else reasons.NO_TOPIC_LIKED)


def _sentences(asked: Statements, subject: Floats, profile: Profile) -> Offer:
    import numpy as np

    cosines = profile.vectors @ subject
    order = np.argsort(-cosines, kind="stable")
    near = [profile.texts[row] for row in order if cosines[row] > profile.unrelated]
    texts = list(dict.fromkeys(text for text in near if _fits(text)))[: asked.limit]
    items = tuple(Item(str(number), text) for number, text in enumerate(texts, 1))
    return Offer({"statements": texts}, items, None if texts else reasons.NOTHING_SAID)


def _fits(text: str) -> bool:
    try:
        return answers.written_length(text) <= answers.MAX_STATEMENT
    except MalformedInput:
        return False


def _faded(weights: Sequence[float], times: Sequence[datetime], now: datetime) -> Doubles:
    """Return the weights, in [-1, 1], after decay over time."""
    import numpy as np

    days = np.array([max((now - time).total_seconds(), 0.0) / _DAY for time in times], np.float64)
    left = _LASTING + (1 - _LASTING) * np.exp2(-((days / _HALF_LIFE) ** 2))
    faded: Doubles = left * np.array(weights, np.float64)
    return faded


def _touches(some: Floats, published: Floats, vectors: Floats) -> NDArray[np.bool_]:
    """bool (n,): which of n texts are about one of some topics, be it ever so faintly.

    Of 45 everyday sentences on sensitive subjects the model takes 18 to be clearly about them, 28 at least
    faintly; of 487 candidates on other subjects 3 % and 9 %.
    """
    import numpy as np

    return np.asarray((topics.shares(some, published, vectors) > 0).any(axis=1), np.bool_)


def _is_about(shares: Floats) -> NDArray[np.bool_]:
    """bool (n,): which texts have a large enough share in one topic or another, of float32 (n, k)."""
    import numpy as np

    return np.asarray((shares >= topics.ABOUT).any(axis=1), np.bool_)


def _digest(text: str) -> str:
    """SHA-256 in hex. Stored answers use all of it: two candidates may be made whose first bytes agree."""
    return hashlib.sha256(as_seen(text).encode()).hexdigest()


def _rows_of(asked: Sequence[str], profile: Profile, granted: Sequence[int] | None) -> list[int]:
    """Return the rows of the asked topics in the published list, without closed and not granted ones."""
    wanted = set(asked)
    return [
        row
        for row, topic in enumerate(topics.published().topics)
        if topic.id in wanted and profile.access[topic.id] and (granted is None or row in granted)
    ]
