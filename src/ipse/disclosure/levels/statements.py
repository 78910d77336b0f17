"""What does the owner say about this? The answer holds the sentences that the owner ticked, word for word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from ipse.disclosure import exposure, reasons
from ipse.disclosure.levels.level import MAX_TEXT, ExactOnly, Level, Quote, RequestOptions, written_length
from ipse.disclosure.offers import Content, Item, Offer, Profile
from ipse.encoding.safe_text import as_seen, plain_text
from ipse.encoding.strict_json import Json, JsonObject, excerpt
from ipse.errors import MalformedInput
from ipse.preferences.topics import published

if TYPE_CHECKING:
    from ipse.disclosure.exposure import Told
    from ipse.preferences.vectors import Floats

__all__ = ["LEVEL", "MAX_LIMIT", "MAX_STATEMENT", "Statements"]

MAX_LIMIT: Final = 10
"""Sentences that one question may ask for."""
MAX_STATEMENT: Final = 1000
"""Bytes of one statement as it is written in the answer (`written_length`)."""
_LIMIT: Final = 3
"""How many are asked for where the application does not say."""


@dataclass(frozen=True, slots=True)
class Statements:
    """What does the owner say about this, in at most `limit` sentences?"""

    level: ClassVar[str] = "statements"
    about: str
    limit: int


class _StatementsLevel(ExactOnly):
    name = Statements.level
    member = "statements"

    told = "sentences"
    asks = "for sentences of yours"
    kind = "statements, word for word,"
    stays = "every sentence that you don't tick; when and how strongly you said these"
    quoted = False

    grantable = False
    grant_names_topics = False
    preticked = False
    ordered = False
    verbatim = True
    sends_candidates = False

    options = frozenset({"about", "limit"})
    needs = "about"

    def ask(self, options: RequestOptions) -> Statements:
        return Statements(options.about, options.limit or _LIMIT)

    # The question

    def read(self, content: JsonObject) -> Statements:
        about = plain_text(content.get("about"), "what statements are asked about", MAX_TEXT)
        return Statements(about, _limit(content.get("limit")))

    def write(self, asked: Statements) -> JsonObject:
        return {"about": asked.about, "limit": asked.limit}

    def gist(self, asked: Statements) -> Json:
        return {"about": as_seen(asked.about), "limit": asked.limit}

    def subjects(self, asked: Statements) -> list[str]:
        return [as_seen(asked.about)]

    def topics(self, asked: Statements) -> tuple[str, ...]:
        return ()

    def fingerprints(self, asked: Statements) -> bytes:
        return b""

    def question(self, asked: Statements, quote: Quote) -> tuple[str, ...]:
        most = "one sentence" if asked.limit == 1 else f"up to {asked.limit} sentences"
        return (f"{most} of yours, word for word, about {quote(asked.about)}",)

    def most_ticked(self, asked: Statements) -> int:
        return asked.limit

    # The answer

    def offer(
        self, asked: Statements, profile: Profile, subjects: Floats, granted: Sequence[str] = ()
    ) -> Offer:
        import numpy as np

        cosines = profile.vectors @ subjects[0]
        order = np.argsort(-cosines, kind="stable")
        near = [profile.texts[row] for row in order if cosines[row] > profile.unrelated]
        texts = list(dict.fromkeys(text for text in near if _fits(text)))[: asked.limit]
        items = tuple(Item(str(number), text) for number, text in enumerate(texts, 1))
        return Offer(items, tuple(item.key for item in items), None if texts else reasons.NOTHING_SAID)

    def content(self, asked: Statements, items: Sequence[Item]) -> Content:
        return {self.member: [item.text for item in items]}

    def bits(self, asked: Statements, items: Sequence[Item]) -> float:
        return exposure.bits(len(published().topics), len(items))

    def usual_bits(self, granted: Sequence[str]) -> tuple[float, str]:
        return exposure.bits(len(published().topics), 1), "one sentence"

    def heard(
        self, asked: Statements, items: Sequence[Item], profile: Profile, subjects: Floats, *, edited: bool
    ) -> Told | None:
        """Sentences are nobody's candidates: what was not told are the published topics."""
        import numpy as np

        rows = [profile.texts.index(item.text) for item in items]
        if not rows:
            return None
        every = np.concatenate((profile.vectors[rows], profile.published))
        return exposure.remember(every, [range(len(rows))], self.bits(asked, items), edited=edited)

    def nothing(self) -> Content:
        return {self.member: []}

    def longest(self, asked: Statements) -> Content:
        return {self.member: ["." * (MAX_STATEMENT - written_length(""))] * asked.limit}

    def checked(self, asked: Statements, said: Json) -> list[str]:
        if not isinstance(said, list) or not all(isinstance(text, str) and text for text in said):
            raise MalformedInput("its statements are no texts")
        if len(said) > asked.limit or len(set(said)) != len(said):
            raise MalformedInput(f"it holds more than {asked.limit} statements, or one of them twice")
        for text in said:
            if written_length(text) > MAX_STATEMENT:
                raise MalformedInput(
                    f"a statement takes {written_length(text)} bytes; at most {MAX_STATEMENT} do"
                )
        return sorted(said)

    # What the application reads

    def readable(self, asked: Statements, content: Content) -> JsonObject:
        return content

    def lines(self, asked: Statements, content: Content) -> list[str]:
        return list(content[self.member])


def _limit(limit: Json) -> int:
    if type(limit) is not int or not 1 <= limit <= MAX_LIMIT:
        raise MalformedInput(f"the request asks for {excerpt(limit)} statements, not for 1 to {MAX_LIMIT}")
    return limit


def _fits(text: str) -> bool:
    try:
        return written_length(text) <= MAX_STATEMENT
    except MalformedInput:
        return False


LEVEL: Final[Level[Statements]] = _StatementsLevel()
