"""Active contexts, their term definitions, and IRI expansion.

Source: JSON-LD 1.1 Processing Algorithms and API, sections 4.1 and 5.2. Documents here have no base IRI,
so a relative IRI stays relative, and whoever meets one says so.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import Any, Final

from ipse.encoding.strict_json import Json

__all__ = [
    "ABSENT",
    "KEYWORDS",
    "ActiveContext",
    "Origin",
    "Term",
    "expand_iri",
    "is_iri",
    "looks_like_keyword",
]

KEYWORDS: Final = frozenset(
    (
        "@base", "@container", "@context", "@direction", "@graph", "@id", "@import", "@included", "@index",
        "@json", "@language", "@list", "@nest", "@none", "@prefix", "@propagate", "@protected", "@reverse",
        "@set", "@type", "@value", "@version", "@vocab",
    )
)  # fmt: skip

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S*")
_KEYWORD_FORM: Final = re.compile(r"@[A-Za-z]+")
_SERIALS: Final = itertools.count()


class _Absent:
    """The sign for a member that is not there, where null means something else."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()


class Origin(Enum):
    """Who says what a term means."""

    DOCUMENT = "the document itself, in contexts that no signature covers"
    USER = "a context that the user gave"
    PACKAGED = "a context that comes with ipse"


@dataclass(slots=True, eq=False)
class Term:
    """A term definition (section 4.1). `iri` is None where the term is mapped to null."""

    name: str = ""
    iri: str | None = None
    prefix: bool = False
    protected: bool = False
    reverse: bool = False
    type: str | None = None
    container: frozenset[str] = frozenset()
    index: str | None = None
    language: str | _Absent | None = ABSENT
    direction: str | _Absent | None = ABSENT
    nest: str | None = None
    context: Json = ABSENT
    origin: Origin = Origin.DOCUMENT
    serial: int = field(default_factory=lambda: next(_SERIALS))

    def same(self, other: Term) -> bool:
        """Whether both say the same, protection aside."""
        return all(
            _equal(getattr(self, name), getattr(other, name))
            for name in (
                "iri", "prefix", "reverse", "type", "container", "index", "language", "direction", "nest",
                "context",
            )
        )  # fmt: skip


@dataclass(slots=True, eq=False)
class ActiveContext:
    """What the names in a part of a document mean. Never changed once it was handed out."""

    terms: dict[str, Term] = field(default_factory=dict)
    vocab: str | None = None
    language: str | None = None
    direction: str | None = None
    previous: ActiveContext | None = None
    serial: int = field(default_factory=lambda: next(_SERIALS))

    def copy(self) -> ActiveContext:
        """One with the same content, to be changed."""
        return ActiveContext(dict(self.terms), self.vocab, self.language, self.direction, self.previous)


def expand_iri(active: ActiveContext, value: str, *, vocab: bool) -> str | None:
    """The IRI or keyword that `value` stands for (section 5.2); None where it stands for nothing.

    What comes back may still be relative. `vocab` is for names of properties and types.
    """
    if value in KEYWORDS:
        return value
    if value[:1] == "@" and looks_like_keyword(value):
        return None
    term = active.terms.get(value)
    if term is not None and (vocab or term.iri in KEYWORDS):
        return term.iri
    colon = value.find(":", 1)
    if colon > 0:
        prefix, suffix = value[:colon], value[colon + 1 :]
        if prefix == "_" or suffix.startswith("//"):
            return value
        term = active.terms.get(prefix)
        if term is not None and term.prefix and term.iri is not None:
            return term.iri + suffix
        if _SCHEME.fullmatch(value) or not vocab:
            return value
        return None  # with a colon and no scheme, over which processors disagree
    if vocab and active.vocab is not None:
        return active.vocab + value
    return value


def is_iri(value: str) -> bool:
    """Whether `value` is an absolute IRI (RFC 3987) as RDF takes it."""
    return _is_short_iri(value) if len(value) < 512 else _is_any_iri(value)


def _is_any_iri(value: str) -> bool:
    import pyoxigraph

    try:
        pyoxigraph.NamedNode(value)
    except ValueError:  # a lone surrogate raises UnicodeEncodeError, which is one
        return False
    return True


_is_short_iri: Final = lru_cache(maxsize=8192)(_is_any_iri)


def looks_like_keyword(value: str) -> bool:
    """Whether `value` has the form that JSON-LD keeps for keywords to come."""
    return _KEYWORD_FORM.fullmatch(value) is not None


def _equal(one: Any, other: Any) -> bool:
    """Equality of JSON values, in which true is not 1."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_equal(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    return type(one) is type(other) and bool(one == other)
