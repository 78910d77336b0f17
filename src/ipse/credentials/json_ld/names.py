"""One name for each meaning: what a name in a document could have been when the document was signed.

RDF keeps IRIs and not the names that stand for them, and contexts are not signed. Where two names stand for
one IRI, whoever hands a document on may write either, and the signature holds. So each name has a rank, and a
name is safe where no other of its rank or a better one could say the same:

    rank    property                          type, value of an @vocab term, datatype
    0       a term in lower case: image       a term in upper case: Image
    1       a term in upper case: Image       a term in lower case: image
    2       an IRI, in full or compact        an IRI, in full or compact

Of two names that say the same, one at most is then safe, and which one is known without the other. Terms with
different coercions are rivals where both can hold the value: the plain string of a term for dates can't stand
under one for texts. A value that is spelled out (`{"@value": ..., "@type": ...}`) could stand under each.

Whoever hands a document on also chooses its contexts: one that undoes a term, or another one that ipse knows.
So a term that is not the last part of its IRI must be the only such one in all known contexts; a name that is
the last part says itself what was signed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Final

from ipse.credentials.json_ld import values, vocabulary
from ipse.credentials.json_ld.contexts import ContextFault, Contexts, Scope
from ipse.credentials.json_ld.statements import (
    AMBIGUOUS,
    ROOT,
    SWAPPABLE,
    Enough,
    Finding,
    Lossy,
    Statements,
    UnknownContext,
    Where,
)
from ipse.credentials.json_ld.terms import ABSENT, KEYWORDS, ActiveContext, Term, expand_iri
from ipse.credentials.json_ld.vocabulary import is_self_named, is_type, only_name
from ipse.encoding.strict_json import Json, JsonObject, as_list, excerpt
from ipse.errors import MalformedInput

__all__ = ["Member", "ambiguous", "property_faults", "reference_fault", "type_faults", "value_fault"]

Member = tuple[str, str, Term]
"""A property: its name, its IRI and its term, which has no name where the name is no term."""

_NATIVE: Final = tuple(f"^^<{values.XSD}{name}>" for name in ("boolean", "integer", "double"))
_SHAPES: Final = frozenset(("@list", "@graph"))
_PLAIN: Final = Term()


def property_faults(
    element: JsonObject,
    members: Sequence[Member],
    active: ActiveContext,
    kinds: Collection[str],
    known: Contexts,
) -> Iterable[tuple[str, Lossy]]:
    """What is wrong with the names of an object's properties: the name, and why another could stand there.

    `members` are the properties, `active` is the context of their names, `kinds` are the IRIs of its types.
    """
    single = active.single_properties
    for name, _, _ in members:
        if name not in single:
            return _property_faults(element, members, active, kinds, known)
    return ()


def _property_faults(
    element: JsonObject,
    members: Sequence[Member],
    active: ActiveContext,
    kinds: Collection[str],
    known: Contexts,
) -> Iterator[tuple[str, Lossy]]:
    written: dict[str, Member] = {}
    for member in members:
        name, iri, term = member
        earlier = written.setdefault(iri, member)
        if earlier is not member and _both_hold(earlier, member, element, active):
            yield name, _swappable(earlier[0], iri)
        if _is_single(name, iri, term, active, known):
            active.single_properties.add(name)
            continue
        rivals = [
            rival.name
            for rival in _rivals(name, iri, term, active, as_type=False)
            if rival.name not in element and _could_hold(rival, term, element[name], active)
        ]
        if not rivals:
            rivals = _elsewhere(name, iri, term, active, kinds, known, as_type=False)
        if rivals:
            yield name, _ambiguous(rivals[0], iri)


def type_faults(value: Json, active: ActiveContext, known: Contexts) -> Iterator[tuple[str, Lossy]]:
    """What is wrong with the names of an object's types: the name, and why another could stand there."""
    written: dict[str, str] = {}
    for name in as_list(value):
        if not isinstance(name, str) or name in active.single_types:
            continue
        fault = value_fault(name, active, known)
        if fault is not None:
            yield name, fault
        iri = expand_iri(active, name, vocab=True) or name
        if written.setdefault(iri, name) != name:
            yield name, _swappable(written[iri], iri)


def value_fault(name: Json, active: ActiveContext, known: Contexts) -> Lossy | None:
    """What is wrong with `name` as a type, a datatype or the value of an @vocab term; None if nothing is."""
    if not isinstance(name, str) or name in active.single_types:
        return None
    iri = expand_iri(active, name, vocab=True)
    if iri is None:
        return None
    term = active.terms.get(name) or _PLAIN
    if _is_single(name, iri, term, active, known):
        active.single_types.add(name)
        return None
    rivals = [rival.name for rival in _rivals(name, iri, term, active, as_type=True)]
    if not rivals:
        rivals = _elsewhere(name, iri, term, active, (), known, as_type=True)
    return _ambiguous(rivals[0], iri) if rivals else None


def reference_fault(
    item: Json, term: Term, active: ActiveContext, scope: Scope, known: Contexts
) -> Lossy | None:
    """What is wrong with the name in a value of `term`, where that is an @vocab term; None if nothing is.

    An object with nothing but an id could be written as that name too.
    """
    if term.type != "@vocab":
        return None
    name = item
    if isinstance(item, dict) and item.keys() <= {"@context", "@id", "id"}:
        name = item.get("id", item.get("@id"))
    if term.context is not ABSENT:
        try:
            active = scope.scoped(active, term, of_type=False)
        except ContextFault:
            return None  # found where the value is expanded
    return value_fault(name, active, known)


def _swappable(other: str, iri: str) -> Lossy:
    return Lossy(
        f"is another name for a member that is here already, {excerpt(other)}: both stand for {iri[:100]}",
        SWAPPABLE,
    )


def _ambiguous(other: str, iri: str) -> Lossy:
    return Lossy(f"could be {excerpt(other)} as well: both stand for {iri[:100]}", AMBIGUOUS)


def _rank(name: str, *, is_term: bool, as_type: bool) -> int:
    if not is_term and ":" in name:
        return 2
    return int(name[:1].isupper() is not as_type)


def _is_single(name: str, iri: str, term: Term, active: ActiveContext, known: Contexts) -> bool:
    """Whether `name` is a term without any rival, whatever it stands for here; to be known once."""
    if term.name != name or _others(name, iri, active):
        return False
    return (
        is_self_named(name, iri)
        or only_name(iri) is not None
        or all(other == name for other, _ in _names_in(known).get(iri, ()))
    )


def _others(name: str, iri: str, active: ActiveContext) -> list[Term]:
    """The terms of `active` that stand for `iri`, besides `name`; what @vocab makes of a name is one too."""
    if only_name(iri) is not None:
        return []
    found = [
        each
        for each in active.terms_of(iri)
        if each.name != name and next(vocabulary.property_faults(each.name, iri, each), None) is None
    ]
    if active.vocab is not None and iri.startswith(active.vocab):
        rest = iri[len(active.vocab) :]
        if rest and rest != name and rest[0] != "@" and ":" not in rest and rest not in active.terms:
            found.append(Term(rest, iri))
    return found


def _rivals(name: str, iri: str, term: Term, active: ActiveContext, *, as_type: bool) -> list[Term]:
    """The other terms that stand for `iri` and are not of a worse rank than `name`."""
    rank = _rank(name, is_term=term.name == name, as_type=as_type)
    return [
        other
        for other in _others(name, iri, active)
        if _rank(other.name, is_term=True, as_type=as_type) <= rank
    ]


def _elsewhere(
    name: str,
    iri: str,
    term: Term,
    active: ActiveContext,
    kinds: Collection[str],
    known: Contexts,
    *,
    as_type: bool,
) -> list[str]:
    """Other names of `iri` in any known context, where `name` does not say itself what it stands for.

    Those that `active` has are left to `_rivals`, which knows what they can hold.
    """
    if term.name != name or is_self_named(name, iri) or only_name(iri) is not None:
        return []
    rank = _rank(name, is_term=True, as_type=as_type)
    here = {rival.name for rival in active.terms_of(iri)}
    return sorted(
        other
        for other, kind in _names_in(known).get(iri, ())
        if other not in here
        and (kind is None or kind in kinds)
        and _rank(other, is_term=True, as_type=as_type) <= rank
    )


@lru_cache(maxsize=16)
def _names_in(known: Contexts) -> dict[str, set[tuple[str, str | None]]]:
    """The terms that are not the last part of their IRI, in all known contexts, by IRI.

    With each stands the IRI of the type in whose context it is defined, None where that is no type's.
    """
    found: dict[str, set[tuple[str, str | None]]] = defaultdict(set)
    for url in known:
        scope = Scope(known)
        with suppress(ContextFault, UnknownContext):
            _gather(scope.local(known.initial, url), None, scope, found, set())
    return dict(found)


def _gather(
    active: ActiveContext,
    kind: str | None,
    scope: Scope,
    found: dict[str, set[tuple[str, str | None]]],
    seen: set[int],
) -> None:
    """Note the terms of `active` and of the contexts in their definitions, each definition once."""
    inner: list[Term] = []
    for term in active.terms.values():
        if term.serial in seen or term.iri is None:
            continue
        seen.add(term.serial)
        if term.iri not in KEYWORDS and not is_self_named(term.name, term.iri):
            found[term.iri].add((term.name, kind))
        if term.context is not ABSENT:
            inner.append(term)
    for term in inner:
        is_class = _rank(term.name, is_term=True, as_type=True) == 0
        for of_type in (is_class, not is_class):
            with suppress(ContextFault, UnknownContext):
                within = kind or (term.iri if is_class else None)
                _gather(scope.scoped(active, term, of_type=of_type), within, scope, found, seen)
                break


# What a term can hold


def _both_hold(one: Member, other: Member, element: JsonObject, active: ActiveContext) -> bool:
    """Whether a value of one of two members could stand under the name of the other."""
    return _could_hold(one[2], other[2], element[other[0]], active) or _could_hold(
        other[2], one[2], element[one[0]], active
    )


def _could_hold(rival: Term, term: Term, value: Json, active: ActiveContext) -> bool:
    """Whether a value of `term`, or one of its items, could be written under `rival`."""
    if rival.reverse != term.reverse or rival.container & _SHAPES != term.container & _SHAPES:
        return False
    items = [value] if term.type == "@json" else as_list(value)
    fitting = (_item_fits(item, term, rival, active) for item in items)
    return all(fitting) if "@list" in term.container else any(fitting)


def _item_fits(item: Json, term: Term, rival: Term, active: ActiveContext) -> bool:
    spelled_out = isinstance(item, (dict, list)) and term.type != "@json"
    if spelled_out or item is None or not (term.context is rival.context is ABSENT):
        return True
    try:
        literal = values.scalar(item, term, active)
    except (Lossy, MalformedInput):
        return True
    return _makes(rival, literal, active)


def _makes(term: Term, literal: str, active: ActiveContext) -> bool:
    """Whether a string, number or boolean of `term` can be this N-Quads node or literal."""
    if literal[0] == "<":
        return term.type in ("@id", "@vocab")
    suffix = literal[literal.rindex('"') + 1 :]
    if term.type in (None, "@none") and not suffix.startswith("^^"):
        language = active.language if term.language is ABSENT else term.language
        return suffix == ("" if language is None else f"@{language}".lower())
    if not suffix:
        return term.type == values.XSD + "string"
    if suffix == f"^^<{values.RDF}JSON>":
        return term.type == "@json"
    return suffix == f"^^<{term.type}>" or (
        suffix in _NATIVE and term.type in (None, "@id", "@vocab", "@none")
    )


# Documents that other programs expand


def ambiguous(document: JsonObject, contexts: Contexts) -> tuple[Finding, ...]:
    """The names in `document` that could have been others; every object is looked at.

    For RDF that another program makes of it: what that would lose is not found here. A context that is not
    understood is a finding too. Raises UnknownContext, TooMuchWork, CorruptData.
    """
    found = Statements()
    walk = _Walk(found, contexts)
    with suppress(Enough):
        walk.object(document, walk.scope.initial, _PLAIN, ROOT)
    return tuple(found.findings)


class _Walk:
    def __init__(self, found: Statements, contexts: Contexts) -> None:
        self._found = found
        self._known = contexts
        self.scope = Scope(contexts)

    def object(self, element: JsonObject, active: ActiveContext, holder: Term, where: Where) -> None:
        """Find what is ambiguous in an object and in all that it holds."""
        try:
            typed, active = self.scope.of_object(element, active, holder)
        except ContextFault as fault:
            self._found.find(where, Lossy(f"has a context that {fault}", AMBIGUOUS))
            return
        members: list[Member] = []
        kinds: list[str] = []
        for name in element.keys() - {"@context"}:
            iri = expand_iri(active, name, vocab=True)
            if is_type(name, typed):
                kinds += self._types(element[name], typed, (where, name))
            elif iri in KEYWORDS:
                if name not in ("id", iri):
                    self._found.find((where, name), Lossy(f"is another name for {iri}", AMBIGUOUS))
            elif iri is not None:
                members.append((name, iri, active.terms.get(name) or _PLAIN))
                if only_name(iri) not in (None, name):
                    self._found.find((where, name), _ambiguous(str(only_name(iri)), iri))
        for name, wrong in property_faults(element, members, active, kinds, self._known):
            self._found.find((where, name), wrong)
        for name in element.keys() - {"@context"}:
            self._value(element[name], active, active.terms.get(name) or _PLAIN, (where, name))

    def _types(self, value: Json, typed: ActiveContext, where: Where) -> list[str]:
        for _, fault in type_faults(value, typed, self._known):
            self._found.find(where, fault)
        names = [expand_iri(typed, name, vocab=True) for name in as_list(value) if isinstance(name, str)]
        return [iri for iri in names if iri is not None]

    def _value(self, value: Json, active: ActiveContext, term: Term, where: Where) -> None:
        if isinstance(value, list):
            for position, item in enumerate(value):
                self._value(item, active, term, (where, position))
            return
        fault = reference_fault(value, term, active, self.scope, self._known)
        if fault is not None:
            self._found.find(where, fault)
        if isinstance(value, dict):
            self.object(value, active, term, where)
