"""What an offer is made of: the profile as arrays, what is asked about, and what could leave.

The levels (`ipse.disclosure.levels`) compute offers. The whole answer is computed even if nothing will leave,
so that a refusal takes as long as an answer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Final, TypeAlias

from ipse.disclosure.reasons import Reason
from ipse.encoding.strict_json import JsonObject
from ipse.preferences import taste, topics

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ipse.preferences.embedding import Embedder

    Floats = NDArray[np.float32]
    Doubles = NDArray[np.float64]

__all__ = ["Content", "Item", "Offer", "Profile", "embed_subjects", "open_profile"]

Content: TypeAlias = JsonObject
"""What an answer says, in one member named by the level; an empty value says nothing.

    {"choices": [id, ...]}     {"bands": {topic: "low" | "medium" | "high", ...}}
    {"order": [id, ...]}       {"statements": [text, ...]}
    {"topics": [id, ...]}
"""

_UNRELATED: Final = 1.5
"""Spreads above the mean cosine of unrelated texts; what is below has nothing to do with each other."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that could leave: its key in the answer, and the text that the owner reads.

    `says` is what is said of it, where that is more than its key; `why`, which never leaves, is the statement
    that speaks most for it.
    """

    key: str
    text: str
    says: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """What could leave: `items`, in the order of the owner's taste where there is one.

    `chosen` are the keys of those that answer the question as the profile would. `reason` says why there is
    nothing to say, None where there is.
    """

    items: tuple[Item, ...]
    chosen: tuple[str, ...]
    reason: Reason | None = None

    @classmethod
    def nothing(cls, reason: Reason) -> Offer:
        """Nothing to say, for this reason."""
        return cls((), (), reason)

    def picked(self, keys: Iterable[str]) -> tuple[Item, ...]:
        """The items of these keys, in the order of the keys."""
        known = {item.key: item for item in self.items}
        return tuple(known[key] for key in keys if key in known)


@dataclass(frozen=True)
class Profile:
    """The opinions that may influence an answer: none is secret, none is about a closed topic.

    - `texts` and `vectors`, float32 (n, d), of the opinions
    - `weights`, in [-1, 1], and `times`, since when each holds
    - `published`: float32 (t, d), the published topics
    - `closed`: float32 (c, d), the closed topics, the owner's own among them
    - `access`: whether each published topic is open, by its id
    - `today`: the day that tastes are read on, since 1970-01-01
    """

    texts: Sequence[str]
    vectors: Floats
    weights: Sequence[float]
    times: Sequence[datetime]
    published: Floats
    closed: Floats
    access: Mapping[str, bool]
    today: float

    @cached_property
    def unrelated(self) -> float:
        """The cosine up to which texts have nothing to do with each other."""
        background = topics.background(self.published)
        return background.mean + _UNRELATED * background.spread

    @cached_property
    def evidence(self) -> taste.Evidence:
        """What a taste is learned from."""
        return taste.Evidence.of(self.texts, self.vectors, self.weights, self.times)

    @cached_property
    def taste(self) -> taste.Taste | None:
        """The taste that the opinions show, None where there are none."""
        return taste.fit(self.evidence) if self.texts else None

    def scores(self, texts: Sequence[str], vectors: Floats) -> Doubles:
        """float64 (n,): how much each of n texts would be liked, as `profile rank` says it."""
        import numpy as np

        learned = self.taste
        if learned is None:
            return np.zeros(len(texts))
        return learned.scores(taste.Texts.of(texts, vectors), self.today)

    def scores_by_meaning(self, groups: Sequence[Floats]) -> list[Doubles]:
        """The scores of groups of texts by their vectors, float32 (n, d) each; their words are not known."""
        import numpy as np

        if not groups:
            return []
        every = self.scores([""] * sum(map(len, groups)), np.concatenate(groups))
        return np.split(every, np.cumsum([len(group) for group in groups])[:-1])

    def whys(self, texts: Sequence[str], vectors: Floats) -> list[str]:
        """For each text the opinion that moved its score most; empty where there are none."""
        learned = self.taste
        if learned is None or not texts:
            return [""] * len(texts)
        moved = learned.movers(taste.Texts.of(texts, vectors), self.today, self.evidence, limit=1)
        return [self.texts[movers[0][0]] if movers else "" for movers in moved]

    def __getitem__(self, rows: NDArray[np.bool_]) -> Profile:
        """The opinions of these rows, bool (n,)."""
        some = [row for row, here in enumerate(rows) if here]
        return replace(
            self,
            texts=[self.texts[row] for row in some],
            vectors=self.vectors[rows],
            weights=[self.weights[row] for row in some],
            times=[self.times[row] for row in some],
        )

    def about_one_of(self, granted: Collection[str]) -> Profile:
        """Return the opinions with a large enough share in one of these topics, given by their ids.

        Topics that are on no list any more leave none, not all.
        """
        import numpy as np

        columns = [row for row, topic in enumerate(topics.published().topics) if topic.id in granted]
        about = topics.shares(self.published[columns], self.published, self.vectors)
        return self[np.asarray((about >= topics.ABOUT).any(axis=1), np.bool_)]

    def touches_closed(self, vectors: Floats) -> NDArray[np.bool_]:
        """bool (n,): which of n texts are about one of the closed topics, be it ever so faintly.

        Of 45 everyday sentences on sensitive subjects the model takes 18 to be clearly about them, 28 at
        least faintly; of 487 candidates on other subjects 3 % and 9 %.
        """
        import numpy as np

        shares = topics.shares(self.closed, self.published, vectors)
        return np.asarray((shares > 0).any(axis=1), np.bool_)


def open_profile(
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
    """Return the opinions that may influence an answer at `now`: those about no closed topic.

    The arguments describe n opinions, none of them secret, as in Profile.
    """
    profile = Profile(texts, vectors, weights, times, published, closed, access, taste.day(now))
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
