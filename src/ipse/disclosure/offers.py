"""What an offer is made of: the profile as arrays, what is asked about, and what could leave.

The levels (`ipse.disclosure.levels`) compute offers. The whole answer is computed even if nothing will leave,
so that a refusal takes as long as an answer.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeAlias

from ipse.disclosure import reasons
from ipse.disclosure.reasons import Reason
from ipse.encoding.strict_json import JsonObject
from ipse.preferences import topics

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ipse.preferences.embedding import Embedder

    Floats = NDArray[np.float32]
    Doubles = NDArray[np.float64]

__all__ = ["Content", "Item", "Offer", "Profile", "embed_subjects", "voting_profile"]

Content: TypeAlias = JsonObject
"""What an answer says, in one member named by the level; an empty value says nothing.

    {"choices": [id, ...]}     {"bands": {topic: "low" | "medium" | "high", ...}}
    {"topics": [id, ...]}      {"statements": [text, ...]}
"""

_DAY: Final = 86400.0
_HALF_LIFE: Final = 4 * 365.25
"""Days until an opinion has lost half of what time can take from it. One for all of them: a half-life that
is learned from the others would let one statement move more than its own vote."""
_LASTING: Final = 0.1
"""The share of an opinion that time does not touch."""
_UNRELATED: Final = 1.5
"""Spreads above the mean cosine of unrelated texts; what is below has nothing to do with each other."""


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

    def about_one_of(self, granted: Collection[str]) -> Profile:
        """Return the statements with a large enough share in one of these topics, given by their ids.

        Topics that are on no list any more leave none, not all.
        """
        import numpy as np

        columns = [row for row, topic in enumerate(topics.published().topics) if topic.id in granted]
        here = (self.about[:, columns] >= topics.ABOUT).any(axis=1)
        return self[np.asarray(here, np.bool_)]

    def touches_closed(self, vectors: Floats) -> NDArray[np.bool_]:
        """bool (n,): which of n texts are about one of the closed topics, be it ever so faintly.

        Of 45 everyday sentences on sensitive subjects the model takes 18 to be clearly about them, 28 at
        least faintly; of 487 candidates on other subjects 3 % and 9 %.
        """
        import numpy as np

        shares = topics.shares(self.closed, self.published, vectors)
        return np.asarray((shares > 0).any(axis=1), np.bool_)


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
    return profile[~profile.touches_closed(vectors)]


def embed_subjects(texts: Sequence[str], embedder: Embedder, published: Floats) -> Floats:
    """Embed what is asked about: float32 (n, d), unit length, for n `texts` (`subjects` of a level).

    `published` is float32 (t, d), the published topics, which are not embedded again. Raises MalformedInput
    for a text that can't be embedded.
    """
    import numpy as np

    rows = {topic.means: row for row, topic in enumerate(topics.published().topics)}
    new = [text for text in texts if text not in rows]
    if not new:
        return published[[rows[text] for text in texts]]
    every = np.concatenate((published, embedder.embed(new)))
    rows |= {text: len(published) + row for row, text in enumerate(new)}
    return every[[rows[text] for text in texts]]


def _faded(weights: Sequence[float], times: Sequence[datetime], now: datetime) -> Doubles:
    """Return the weights, in [-1, 1], after decay over time."""
    import numpy as np

    days = np.array([max((now - time).total_seconds(), 0.0) / _DAY for time in times], np.float64)
    left = _LASTING + (1 - _LASTING) * np.exp2(-((days / _HALF_LIFE) ** 2))
    faded: Doubles = left * np.array(weights, np.float64)
    return faded
