"""What the levels share whose questions name topics of the published list."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Generic, TypeVar

from ipse.disclosure.levels.level import RequestOptions
from ipse.disclosure.offers import Content, Profile
from ipse.encoding.strict_json import Json, JsonObject, excerpt
from ipse.errors import MalformedInput
from ipse.preferences.topics import affinities, label_of, published

if TYPE_CHECKING:
    from ipse.preferences.topics import Affinity

__all__ = ["MAX_TOPICS", "NamedTopics", "NamedTopicsLevel", "in_words", "open_affinities", "open_rows"]

MAX_TOPICS: Final = 200
_TOPIC: Final = re.compile(r"[a-z0-9-]{1,64}")
_MOST_NAMED: Final = 12
"""Topics that the owner reads of a question at the most."""


@dataclass(frozen=True, slots=True)
class NamedTopics:
    """The ids of the topics that a question names."""

    level: ClassVar[str]
    topics: tuple[str, ...]


T = TypeVar("T", bound=NamedTopics)


class NamedTopicsLevel(Generic[T]):
    """What is the same in all levels whose questions name topics; `asked` is what they ask."""

    asked: type[T]
    member: str

    quoted = False
    grantable = True
    preticked = False
    ordered = False
    verbatim = False
    sends_candidates = False
    options = frozenset({"topics"})
    needs = "topics"

    def ask(self, options: RequestOptions) -> T:
        return self.asked(options.topics)

    def read(self, content: JsonObject) -> T:
        return self.asked(_topics(content.get("topics")))

    def write(self, asked: T) -> JsonObject:
        return {"topics": list(asked.topics)}

    def gist(self, asked: T) -> Json:
        return sorted(asked.topics)

    def subjects(self, asked: T) -> list[str]:
        """What each topic means; one that is not published is named by its id."""
        means = {topic.id: topic.means for topic in published().topics}
        return [means.get(topic, topic.replace("-", " ").strip() or topic) for topic in asked.topics]

    def topics(self, asked: T) -> tuple[str, ...]:
        return asked.topics

    def fingerprints(self, asked: T) -> bytes:
        return b""

    def most_ticked(self, asked: T) -> int:
        return len(asked.topics)

    def readable(self, asked: T, content: Content) -> JsonObject:
        return content


def in_words(topics: Sequence[str]) -> str:
    """The labels of topics, as the owner reads them."""
    names = ", ".join(label_of(topic) for topic in topics[:_MOST_NAMED])
    more = len(topics) - _MOST_NAMED
    return names if more <= 0 else f"{names} and {more} more"


def open_rows(asked: NamedTopics, access: Mapping[str, bool] | None, granted: Sequence[str]) -> list[int]:
    """The rows of the asked topics in the published list, without those that are closed or not granted.

    `access` is whether each is open, by its id, None for all of them. `granted` are ids, none for no limit.
    Topics that are on no list any more leave a grant that allows none.
    """
    wanted = set(asked.topics)
    return [
        row
        for row, topic in enumerate(published().topics)
        if topic.id in wanted
        and (access is None or access[topic.id])
        and (not granted or topic.id in granted)
    ]


def open_affinities(
    asked: NamedTopics, profile: Profile, granted: Sequence[str]
) -> list[tuple[int, Affinity]]:
    """The `open_rows` and how much each topic is liked.

    Computed for all that is asked about, so that what is closed takes as long.
    """
    rows, here = open_rows(asked, None, ()), open_rows(asked, profile.access, granted)
    found = affinities(profile.published[rows], profile.published, profile.vectors, profile.weights)
    return [(row, affinity) for row, affinity in zip(rows, found, strict=True) if row in here]


def _topics(entries: Json) -> tuple[str, ...]:
    if not isinstance(entries, list) or not 1 <= len(entries) <= MAX_TOPICS:
        raise MalformedInput(f"a request has 1 to {MAX_TOPICS} topics")
    for entry in entries:
        if not isinstance(entry, str) or not _TOPIC.fullmatch(entry):
            raise MalformedInput(f"{excerpt(entry)} is not the id of a topic")
    if len(set(entries)) != len(entries):
        raise MalformedInput("the request names a topic twice")
    return tuple(entries)
