"""What every disclosure level is to the rest of ipse.

Questions, answers, grants, warnings, wallet and command line know this protocol alone. A level is a module of
`ipse.disclosure.levels` that has one `LEVEL`, registered there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Protocol, TypeAlias, TypeVar

from ipse.credentials import jws
from ipse.encoding.strict_json import Json, JsonObject, excerpt
from ipse.errors import MalformedInput

if TYPE_CHECKING:
    from ipse.disclosure.exposure import Told
    from ipse.disclosure.offers import Content, Item, Offer, Profile
    from ipse.preferences.privacy.summary import NoisyCounts
    from ipse.preferences.vectors import Floats

__all__ = [
    "FINGERPRINT",
    "MAX_TEXT",
    "Asked",
    "ExactOnly",
    "Level",
    "Quote",
    "RequestOptions",
    "names_in_order",
    "written_length",
]

FINGERPRINT: Final = 8
"""Bytes of a candidate's SHA-256 that are kept, to recognise the candidate later."""
MAX_TEXT: Final = 300
"""Characters of a candidate, and of what statements are asked about."""

Quote: TypeAlias = Callable[[str], str]
"""Makes words of an application fit to be shown, in quotation marks."""


class Asked(Protocol):
    """What a question asks: a value that only the module of its level looks into."""

    level: ClassVar[str]
    """The name of its level."""


A = TypeVar("A", bound=Asked)


@dataclass(frozen=True, slots=True)
class RequestOptions:
    """What a question is made from; empty or None where not given. A level takes some of them.

    - `candidates`: the texts to choose from, `top`: how many are asked for
    - `topics`: ids of published topics
    - `about`: what sentences are asked about, `limit`: how many at the most
    """

    candidates: tuple[str, ...] = ()
    top: int | None = None
    topics: tuple[str, ...] = ()
    about: str = ""
    limit: int | None = None


class Level(Protocol[A]):
    """One kind of question and its answers. `A` is what it asks."""

    name: str
    """Its name in requests, answers, grants and the log."""
    member: str
    """The member of an answer that holds what it says."""

    # Words for the owner

    told: str
    """What an answer tells, as a plural word: sentences."""
    asks: str
    """The rest of `An application asks`."""
    kind: str
    """The rest of `it never asked for`."""
    stays: str
    """What stays with the owner where something is told."""
    quoted: bool
    """Whether its items are the application's own words."""

    # Consent

    private: bool
    """Whether an answer can be read from a private summary."""
    grantable: bool
    """Whether an application can be let ask without the owner."""
    grant_names_topics: bool
    """Whether a grant has to name the topics that it is about."""
    preticked: bool
    """Whether what the profile would answer is ticked before the owner ticks anything."""
    ordered: bool
    """Whether the order of what leaves is told."""
    verbatim: bool
    """Whether an answer holds statements of the owner word for word."""
    sends_candidates: bool
    """Whether an application sends candidates, whose fingerprints show that they were asked about before."""

    # Making a request

    options: frozenset[str]
    """The names of the `RequestOptions` that it takes."""
    needs: str
    """The one of them that has to be given."""

    def ask(self, options: RequestOptions) -> A:
        """What is asked with these options. `read` tells whether it can be asked."""
        ...

    # The question

    def read(self, content: JsonObject) -> A:
        """What the `transaction_data` of a request asks. Raises MalformedInput."""
        ...

    def write(self, asked: A) -> JsonObject:
        """The members of `transaction_data` that say what is asked."""
        ...

    def gist(self, asked: A) -> Json:
        """What makes a question the same as another of this level."""
        ...

    def subjects(self, asked: A) -> list[str]:
        """The texts that say what is asked about, at least one."""
        ...

    def topics(self, asked: A) -> tuple[str, ...]:
        """The ids of the topics that the question names; empty where it names none."""
        ...

    def fingerprints(self, asked: A) -> bytes:
        """FINGERPRINT bytes of the SHA-256 of each candidate, joined; empty where there are none."""
        ...

    def question(self, asked: A, quote: Quote) -> tuple[str, ...]:
        """The question in words for the owner, part by part; `quote` marks the application's own words."""
        ...

    def most_ticked(self, asked: A) -> int:
        """How many items may leave at the most."""
        ...

    # The answer

    def offer(self, asked: A, profile: Profile, subjects: Floats, granted: Sequence[str] = ()) -> Offer:
        """What the owner could answer exactly, computed even where the caller knows that nothing will leave.

        - `subjects`: float32 (n, d), unit length, the embedded `subjects` of what is asked
        - `granted`: the ids of the topics of a grant, to which the answer is limited; none for no limit
        """
        ...

    def offer_privately(
        self,
        asked: A,
        counts: NoisyCounts,
        published: Floats,
        subjects: Floats,
        granted: Sequence[str] = (),
    ) -> Offer:
        """What is answered from a private summary, all of which is chosen.

        - `counts`: of the published topics, whose vectors are `published`, float32 (t, d)
        A topic that the owner closed has noise alone there. Raises ValueError where `private` is False.
        """
        ...

    def content(self, asked: A, items: Sequence[Item]) -> Content:
        """The content of an answer that says these items."""
        ...

    def bits(self, asked: A, items: Sequence[Item]) -> float:
        """log2 of the number of exact answers of this kind; 0 where nothing is told."""
        ...

    def usual_bits(self, granted: Sequence[str]) -> tuple[float, str]:
        """What a usual exact answer under a grant of these topics counts, and what it is in words."""
        ...

    def heard(
        self, asked: A, items: Sequence[Item], profile: Profile, subjects: Floats, *, edited: bool
    ) -> Told | None:
        """What the meter keeps of an exact answer with these items; None where it tells nothing.

        `edited`: whether the owner told other than what the profile would answer.
        """
        ...

    def nothing(self) -> Content:
        """The content of an answer that says nothing."""
        ...

    def longest(self, asked: A) -> Content:
        """A content that no other content of an answer to this is longer than, as written."""
        ...

    def checked(self, asked: A, said: Json) -> Json:
        """What is said in an answer to this, in an order that tells nothing.

        Raises MalformedInput for what can't be an answer to it.
        """
        ...

    # What the application reads

    def readable(self, asked: A, content: Content) -> JsonObject:
        """What an answer says, with what its application knows of it: the texts of chosen candidates."""
        ...

    def lines(self, asked: A, content: Content) -> list[str]:
        """What an answer says, a line each."""
        ...


class ExactOnly:
    """What the levels have in common whose answers can't be read from a private summary."""

    name: str
    private = False

    def offer_privately(
        self,
        asked: Asked,
        counts: NoisyCounts,
        published: Floats,
        subjects: Floats,
        granted: Sequence[str] = (),
    ) -> Offer:
        """Raises ValueError."""
        raise ValueError(f"answers at the level {self.name} are not read from a summary")


def written_length(text: str) -> int:
    """The bytes that `text` takes in an answer: its JSON in UTF-8, quotes included. Raises MalformedInput."""
    return len(jws.encode_json(text))


def names_in_order(said: Json, known: Collection[str], what: str) -> list[str]:
    """The names that are `said`, in the order in which they are `known`.

    Raises MalformedInput where one is not among them, or is there twice; `what` is one of them, in words.
    """
    if not isinstance(said, list) or not all(isinstance(name, str) for name in said):
        raise MalformedInput(f"{excerpt(said)} are no names")
    for name in said:
        if name not in known:
            raise MalformedInput(f"{excerpt(name)} is not {what} that was asked about")
    if len(set(said)) != len(said):
        raise MalformedInput(f"it names {what} twice")
    return [name for name in known if name in said]
