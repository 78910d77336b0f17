"""What the owner likes, as `ipse.Wallet.profile`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from ipse.encoding.timestamps import format_timestamp
from ipse.errors import UsageError
from ipse.preferences.embedding import Embedder
from ipse.storage.statements import SAID, Added, NewStatement, Statement
from ipse.wallet.clock import time_or_now
from ipse.wallet.profile import feedback, forgetting, interests, ranking, remembering, topics
from ipse.wallet.profile.feedback import Learned
from ipse.wallet.profile.forgetting import Forgotten
from ipse.wallet.profile.interests import Contradictory, NamedInterest, Why
from ipse.wallet.profile.ranking import Placed
from ipse.wallet.profile.remembering import Progress
from ipse.wallet.profile.statements import Selection, select
from ipse.wallet.profile.topics import TopicAffinity
from ipse.wallet.wallet import Wallet

__all__ = ["Profile"]


class Profile:
    """What the owner says they like, and what follows from it. All of it at home.

    `sensitivity` is `public`, `private` or `secret`; a secret statement has no part in what an application
    gets. Whatever looks at the meaning of texts raises MissingFeature without the extra `profile`.
    """

    def __init__(self, wallet: Wallet, embedder: Callable[[], Embedder]) -> None:
        self._wallet = wallet
        self._embedder = embedder

    def like(
        self,
        text: str,
        *,
        weight: float = 0.8,
        sensitivity: str = "private",
        since: datetime | None = None,
        now: datetime | None = None,
    ) -> Added:
        """Keep something that the owner likes, with a weight above 0, at most 1.

        `since` is when it began to hold. Raises MalformedInput for text out of bounds, UsageError for a
        weight or a sensitivity that is none, StorageError.
        """
        return self._say(text, _strength(weight), sensitivity, "opinion", since, now)

    def dislike(
        self,
        text: str,
        *,
        weight: float = 0.8,
        sensitivity: str = "private",
        since: datetime | None = None,
        now: datetime | None = None,
    ) -> Added:
        """Keep something that the owner dislikes; `weight` is how much. Like `like`."""
        return self._say(text, -_strength(weight), sensitivity, "opinion", since, now)

    def add_fact(
        self,
        text: str,
        *,
        sensitivity: str = "private",
        since: datetime | None = None,
        now: datetime | None = None,
    ) -> Added:
        """Keep a neutral fact about the owner, which is found and never ranked by. Like `like`."""
        return self._say(text, 0.0, sensitivity, "fact", since, now)

    def remember(
        self,
        new: Sequence[NewStatement],
        *,
        now: datetime | None = None,
        progress: Progress | None = None,
    ) -> Added:
        """Keep many statements; `progress` is told how many of how many are embedded. Like `like`."""
        return remembering.remember(
            self._wallet, self._embedder(), new, now=time_or_now(now), progress=progress
        )

    def statements(self, selection: Selection | None = None) -> list[Statement]:
        """The statements that hold now, as far as they are asked for. Needs no model."""
        return select(self._wallet, selection or Selection())

    def forget(self, numbers: Collection[int]) -> Forgotten:
        """Delete statements, their earlier versions and all that was made of them, from the file as well.

        Raises NotFound, StorageError.
        """
        forgotten = forgetting.forget(self._wallet, numbers)
        forgetting.erase(self._wallet)
        return forgotten

    def search(self, query: str, *, limit: int = 5) -> list[tuple[Statement, float]]:
        """The statements nearest in meaning to `query`, nearest first, each with its cosine.

        Raises NotFound for an empty profile.
        """
        return ranking.search(self._wallet, self._embedder(), query, limit=limit)

    def rank(
        self, candidates: Sequence[str], *, explain: int = 0, now: datetime | None = None
    ) -> list[Placed]:
        """All candidates as the owner would like them, best first; ties keep their order.

        The first `explain` places come with the statements that moved them most. The ranking is kept, so that
        `feedback` can name its places. Raises NotFound for an empty profile, MalformedInput.
        """
        moment = time_or_now(now)
        places = ranking.rank(self._wallet, self._embedder(), candidates, now=moment, explain=explain)
        ranking.keep_ranking(self._wallet, places, now=moment)
        return places

    def feedback(
        self,
        taken: Collection[int] = (),
        *,
        refused: Collection[int] = (),
        none: bool = False,
        ranking: int | None = None,
        now: datetime | None = None,
    ) -> Learned:
        """Learn from places (1 is the best) in a ranking, the last one if it is None.

        `taken` are liked, `refused` disliked; with `none` the owner took nothing. Raises NotFound,
        UsageError.
        """
        return feedback.learn(
            self._wallet,
            self._embedder(),
            ranking=ranking,
            taken=taken,
            refused=refused,
            none=none,
            now=time_or_now(now),
        )

    def interests(self) -> list[NamedInterest]:
        """What the owner's opinions gather around, the largest first. Raises NotFound without any."""
        return interests.interests(self._wallet, self._embedder())

    def topics(self, *, now: datetime | None = None) -> list[TopicAffinity]:
        """The published topics and the owner's own: the most liked first, the unknown last."""
        return topics.topic_affinities(self._wallet, self._embedder(), now=time_or_now(now))

    def set_topic_access(self, label: str, *, open: bool) -> None:  # noqa: A002 - the word for it
        """Open or close a topic: no answer to an application is about a closed one. Raises NotFound."""
        topics.set_topic_access(self._wallet, label, open=open)

    def why(self, text: str, *, now: datetime | None = None) -> Why:
        """What is behind the score of one text. Raises NotFound for an empty profile, MalformedInput."""
        return interests.why(self._wallet, self._embedder(), text, now=time_or_now(now))

    def contradictions(self, *, limit: int = 50) -> list[Contradictory]:
        """The strongest contradictions between statements, for the owner to decide."""
        return interests.contradictions(self._wallet, self._embedder(), limit=limit)

    def _say(
        self,
        text: str,
        weight: float,
        sensitivity: str,
        kind: str,
        since: datetime | None,
        now: datetime | None,
    ) -> Added:
        remembering.check_sensitivity(sensitivity)
        valid_from = None if since is None else format_timestamp(since)
        new = NewStatement(text.strip(), weight, SAID, sensitivity, kind, valid_from)
        return self.remember([new], now=now)


def _strength(weight: float) -> float:
    """`weight` if it says how much something is liked or disliked. Raises UsageError."""
    if not 0 < weight <= 1:
        raise UsageError(
            f"the weight {weight} is not above 0 and at most 1", hint="`dislike` is for dislikes"
        )
    return weight
