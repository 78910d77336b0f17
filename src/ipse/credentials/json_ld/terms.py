"""Active contexts, the term definitions that a local context makes in them, and IRI expansion.

Source: JSON-LD 1.1 Processing Algorithms and API, sections 4.1, 4.2 and 5.2. Documents here have no base
IRI, so a relative IRI stays relative, and whoever meets one says so.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import Any, Final

from ipse.encoding.strict_json import Json, JsonObject, excerpt

__all__ = [
    "ABSENT",
    "KEYWORDS",
    "MAX_IRI",
    "ActiveContext",
    "ContextFault",
    "Definitions",
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
_MEMBERS: Final = frozenset(
    (
        "@id", "@reverse", "@container", "@context", "@direction", "@index", "@language", "@nest", "@prefix",
        "@protected", "@type",
    )
)  # fmt: skip
_CONTAINERS: Final = frozenset(("@graph", "@id", "@index", "@language", "@list", "@set", "@type"))
_DELIMITERS: Final = (":", "/", "?", "#", "[", "]", "@")
_MAX_CHAIN: Final = 64
MAX_IRI: Final = 1024


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
            for name in self.__slots__
            if name not in ("name", "protected", "origin", "serial")
        )


@dataclass(slots=True, eq=False)
class ActiveContext:
    """What the names in a part of a document mean. What they mean is never changed once it was handed out."""

    terms: dict[str, Term] = field(default_factory=dict)
    vocab: str | None = None
    language: str | None = None
    direction: str | None = None
    previous: ActiveContext | None = None
    serial: int = field(default_factory=lambda: next(_SERIALS))
    single_properties: set[str] = field(default_factory=set)  # kept by `names`, as the next one
    single_types: set[str] = field(default_factory=set)
    _by_iri: dict[str, list[Term]] | None = None

    def terms_of(self, iri: str) -> Sequence[Term]:
        """The terms that stand for `iri`; looked up in an index that is made once."""
        if self._by_iri is None:
            index: dict[str, list[Term]] = {}
            for term in self.terms.values():
                index.setdefault(term.iri or "", []).append(term)
            self._by_iri = index
        return self._by_iri.get(iri, ())

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


class ContextFault(Exception):
    """What is wrong with a context; becomes a finding, never leaves the package.

    `position` is that of the entry, where the context is an array.
    """

    position: int | None = None


class Definitions:
    """The definitions that `local` makes, put into `active`, which the caller owns."""

    def __init__(
        self, active: ActiveContext, local: JsonObject, *, override_protected: bool, origin: Origin
    ) -> None:
        self._active = active
        self._local = local
        self._override = override_protected
        self._origin = origin
        self._protected = boolean(local.get("@protected", False), "@protected")
        self._done: dict[str, bool] = {}
        self._depth = 0

    def create(self, term: str) -> None:
        """Define `term` as the local context says (section 4.2.2). Raises ContextFault."""
        if term in self._done:
            if not self._done[term]:
                raise ContextFault(f"defines {excerpt(term)} by itself")
            return
        if not term:
            raise ContextFault("defines the empty name")
        if self._depth >= _MAX_CHAIN:
            raise ContextFault(f"defines {excerpt(term)} through more than {_MAX_CHAIN} other terms")
        self._done[term] = False
        self._depth += 1
        value = self._local[term]
        if term == "@type":
            if not isinstance(value, dict) or not value or value.keys() - {"@container", "@protected"}:
                raise ContextFault("redefines the keyword @type")
            if value.get("@container", "@set") not in ("@set", ["@set"]):
                raise ContextFault("gives @type a container other than @set")
        elif term in KEYWORDS:
            raise ContextFault(f"redefines the keyword {term}")
        elif looks_like_keyword(term):
            raise ContextFault(f"defines {excerpt(term)}, which looks like a keyword")
        previous = self._active.terms.pop(term, None)
        definition = self._definition(term, value)
        if previous is not None and previous.protected and not self._override:
            if not definition.same(previous):
                raise ContextFault(f"redefines the protected term {excerpt(term)}")
            definition = previous
        self._active.terms[term] = definition
        self._done[term] = True
        self._depth -= 1

    def expand(self, value: str) -> str | None:
        """The IRI or keyword of `value`, after whatever it depends on was defined."""
        if value not in KEYWORDS and not looks_like_keyword(value):
            if value in self._local and not self._done.get(value, False):
                self.create(value)
            prefix, colon, suffix = value.partition(":")
            if colon and prefix != "_" and not suffix.startswith("//"):
                self._need(prefix)
        return expand_iri(self._active, value, vocab=True)

    def _need(self, prefix: str) -> None:
        if prefix in self._local and prefix not in KEYWORDS and not self._done.get(prefix, False):
            self.create(prefix)

    def _definition(self, term: str, value: Json) -> Term:
        simple = isinstance(value, str)
        if value is None or isinstance(value, str):
            value = {"@id": value}
        if not isinstance(value, dict):
            raise ContextFault(f"defines {excerpt(term)} by neither an IRI nor an object")
        if value.keys() - _MEMBERS:
            unknown = min(value.keys() - _MEMBERS)
            raise ContextFault(f"defines {excerpt(term)} with the unknown member {excerpt(unknown)}")
        made = Term(term, origin=self._origin)
        made.protected = boolean(value.get("@protected", self._protected), "@protected")
        if "@type" in value:
            made.type = self._type(term, value["@type"])
        if "@reverse" in value:
            self._reverse(term, value, made)
            return made
        made.iri = self._iri(term, value, simple, made)
        self._container(term, value, made)
        self._details(term, value, made)
        return made

    def _type(self, term: str, value: Json) -> str:
        iri = self.expand(value) if isinstance(value, str) else None
        if iri is None or (iri not in ("@id", "@vocab", "@json", "@none") and not is_iri(iri)):
            raise ContextFault(f"gives {excerpt(term)} the type {excerpt(value)}, which is no IRI")
        return iri

    def _reverse(self, term: str, value: JsonObject, made: Term) -> None:
        reverse = value["@reverse"]
        iri = self.expand(reverse) if isinstance(reverse, str) else None
        if "@id" in value or "@nest" in value or iri is None or not is_iri(iri):
            raise ContextFault(f"defines {excerpt(term)} as the reverse of {excerpt(reverse)}")
        if value.get("@container") not in (None, "@set", "@index"):
            raise ContextFault(f"gives the reverse term {excerpt(term)} a container")
        made.iri, made.reverse = iri, True

    def _iri(self, term: str, value: JsonObject, simple: bool, made: Term) -> str | None:
        inner_colon = ":" in term[1:]
        if "@id" in value and value["@id"] != term:
            if value["@id"] is None:
                return None
            return self._given_iri(term, value["@id"], simple, made)
        if inner_colon:
            prefix, _, suffix = term.partition(":")
            if not suffix.startswith("//"):
                self._need(prefix)
            base = self._active.terms.get(prefix)
            iri = term if base is None or base.iri is None or prefix == "_" else base.iri + suffix
        elif "/" in term:
            iri = self.expand(term) or ""
        elif term == "@type":
            return "@type"
        elif self._active.vocab is not None:
            iri = self._active.vocab + term
        else:
            raise ContextFault(f"defines {excerpt(term)} without an IRI")
        if not is_iri(iri):
            raise ContextFault(f"maps {excerpt(term)} to {excerpt(iri)}, which is no IRI")
        return iri

    def _given_iri(self, term: str, given: Json, simple: bool, made: Term) -> str:
        iri = self.expand(given) if isinstance(given, str) else None
        if iri == "@context":
            raise ContextFault(f"makes {excerpt(term)} an alias of @context")
        if iri is None or (iri not in KEYWORDS and not is_iri(iri)):
            raise ContextFault(f"maps {excerpt(term)} to {excerpt(given)}, which is no IRI")
        colon_or_slash = ":" in term[1:-1] or "/" in term
        if colon_or_slash:
            self._done[term] = True
            if self.expand(term) != iri:
                raise ContextFault(f"maps {excerpt(term)} to {excerpt(given)}, but it is an IRI itself")
        if len(iri) > MAX_IRI:
            raise ContextFault(f"maps {excerpt(term)} to more than {MAX_IRI} characters")
        made.prefix = ":" not in term and "/" not in term and simple and iri.endswith(_DELIMITERS)
        return iri

    def _container(self, term: str, value: JsonObject, made: Term) -> None:
        if "@container" in value:
            given = value["@container"]
            names = given if isinstance(given, list) else [given]
            if not all(isinstance(name, str) for name in names) or not _fits(frozenset(names), len(names)):
                raise ContextFault(f"gives {excerpt(term)} the container {excerpt(given)}")
            made.container = frozenset(names)
            if "@type" in made.container and made.type not in (None, "@id", "@vocab"):
                raise ContextFault(f"gives {excerpt(term)} a type that does not go with its container")
        if "@index" in value:
            index = value["@index"]
            iri = self.expand(index) if isinstance(index, str) else None
            if "@index" not in made.container or iri is None or not is_iri(iri):
                raise ContextFault(f"gives {excerpt(term)} the index {excerpt(index)}")
            made.index = index

    def _details(self, term: str, value: JsonObject, made: Term) -> None:
        if "@context" in value:
            made.context = value["@context"]
        if "@language" in value and "@type" not in value:
            made.language = language(value["@language"])
        if "@direction" in value and "@type" not in value:
            made.direction = direction(value["@direction"])
        if "@nest" in value:
            nest = value["@nest"]
            if not isinstance(nest, str) or (nest in KEYWORDS and nest != "@nest"):
                raise ContextFault(f"nests {excerpt(term)} under {excerpt(nest)}")
            made.nest = nest
        if "@prefix" in value:
            if ":" in term or "/" in term:
                raise ContextFault(f"makes {excerpt(term)} a prefix")
            made.prefix = boolean(value["@prefix"], "@prefix")
            if made.prefix and made.iri in KEYWORDS:
                raise ContextFault(f"makes the keyword {made.iri} a prefix")


def boolean(value: Json, name: str) -> bool:
    """`value` if it is true or false. Raises ContextFault."""
    if not isinstance(value, bool):
        raise ContextFault(f"has {name} {excerpt(value)}, which is neither true nor false")
    return value


def language(value: Json) -> str | None:
    """A language tag or null. Raises ContextFault."""
    if value is not None and not isinstance(value, str):
        raise ContextFault(f"has the language {excerpt(value)}")
    return value


def direction(value: Json) -> str | None:
    """A base direction or null. Raises ContextFault."""
    if value not in ("ltr", "rtl", None):
        raise ContextFault(f"has the direction {excerpt(value)}, which is neither ltr nor rtl")
    return None if value is None else str(value)


def _fits(names: frozenset[str], count: int) -> bool:
    """Whether the containers go together (section 4.2.2, step 19)."""
    if count != len(names) or not names or not names <= _CONTAINERS:
        return False
    if "@list" in names:
        return count == 1
    if "@graph" in names:
        return names <= {"@graph", "@id", "@index", "@set"} and not {"@id", "@index"} <= names
    return len(names - {"@set"}) <= 1
