"""Whom a credential is about: the subjects that it names in JSON-LD, under whatever name.

Source: JSON-LD 1.1 sections 3.3, 4.1 and 5.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from ipse.credentials.json_ld import vocabulary
from ipse.credentials.json_ld.contexts import ContextFault, Contexts, Scope
from ipse.credentials.json_ld.statements import UnknownContext
from ipse.credentials.json_ld.terms import KEYWORDS, ActiveContext, Term, expand_iri
from ipse.credentials.model.rules import is_url
from ipse.encoding.strict_json import Json, JsonObject, as_list, excerpt

__all__ = ["Subjects", "known_part", "subjects"]

_SUBJECT: Final = vocabulary.CORE["credentialSubject"]
_HARMLESS: Final = frozenset({"@type", "@index"})
"""Keywords that name nobody; under others (@nest, @graph, @reverse …) a name can stand."""
_PLAIN: Final = Term()


@dataclass(frozen=True, slots=True)
class Subjects:
    """The subjects of a credential.

    - `identifiers`: of those that it names, each once, in order
    - `unnamed`: whether it is about somebody whom it does not name
    - `unclear`: why it can't be told whom it names, empty where it can; then the others are what is known
    """

    identifiers: tuple[str, ...]
    unnamed: bool = False
    unclear: str = ""


class _Unclear(Exception):
    """Why it can't be told whom a credential names."""


def subjects(document: JsonObject, contexts: Contexts) -> Subjects:
    """The subjects that a credential names; it need not conform to any data model.

    Raises TooMuchWork, and CorruptData where a packaged context was altered.
    """
    try:
        named = list(_of_document(document, Scope(contexts)))
    except UnknownContext as error:
        return _beside_unknown(document, contexts, error.message)
    except ContextFault as fault:
        return _as_spelled(document, f"its @context {fault}")
    except RecursionError:
        return _as_spelled(document, "its contexts are nested too deep")
    except _Unclear as error:
        return Subjects((), unclear=str(error))
    return _told(named)


def _told(named: list[str | None]) -> Subjects:
    known = tuple(dict.fromkeys(name for name in named if name is not None))
    return Subjects(known, unnamed=None in named)


def _beside_unknown(document: JsonObject, contexts: Contexts, reason: str) -> Subjects:
    """Where one of its contexts is not known: whom it names by `id`, if the other contexts say the same."""
    spelled = _as_spelled(document, reason)
    try:
        by_others = _told(list(_of_document(known_part(document, contexts), Scope(contexts))))
    except (UnknownContext, ContextFault, RecursionError, _Unclear):
        by_others = None
    return spelled if by_others == spelled else replace(spelled, unclear=reason)


def known_part(document: JsonObject, contexts: Contexts) -> JsonObject:
    """Return `document` without the URLs in its own `@context` that are not known."""
    entries = as_list(document.get("@context", []))
    known = [entry for entry in entries if not isinstance(entry, str) or entry in contexts]
    return {**document, "@context": known}


def _as_spelled(document: JsonObject, reason: str) -> Subjects:
    """Where its contexts can't be read: every data model has `id` for a name, and protects that."""
    entries = list(_flat(document.get("credentialSubject")))
    names = [entry.get("id") if isinstance(entry, dict) else None for entry in entries]
    plain = all(isinstance(entry, dict) and not any(name[:1] == "@" for name in entry) for entry in entries)
    known = [name for name in names if isinstance(name, str) and is_url(name)]
    if plain and known and len(known) == len(names):
        return _told([*known])
    return Subjects(tuple(dict.fromkeys(known)), unclear=reason)


def _of_document(document: JsonObject, scope: Scope) -> Iterator[str | None]:
    _, active = scope.of_object(document, scope.initial, _PLAIN)
    if _meaning("credentialSubject", active)[1] != _SUBJECT:
        raise ContextFault("does not say what credentialSubject means, or something else")
    for name, value in document.items():
        term, iri = _meaning(name, active)
        if iri in KEYWORDS and iri not in _HARMLESS | {"@id", "@context"}:
            raise _Unclear(f"a subject could stand under {excerpt(name)}")
        if iri != _SUBJECT:
            continue
        if term.reverse or term.type == "@json" or not term.container <= {"@set"}:
            raise _Unclear(f"{excerpt(name)} is no plain list of subjects")
        for entry in _flat(value):
            yield _of_entry(entry, term, active, scope)


def _of_entry(entry: Json, term: Term, active: ActiveContext, scope: Scope) -> str | None:
    """The name of one subject, None where it has none."""
    if isinstance(entry, str) and term.type == "@id":
        return _identifier(entry, active)
    if not isinstance(entry, dict):
        raise _Unclear(f"{excerpt(entry)} stands where a subject belongs")
    _, active = scope.of_object(entry, active, term)
    names: list[Json] = []
    for name, value in entry.items():
        _, iri = _meaning(name, active)
        if iri == "@id":
            names.append(value)
        elif iri in KEYWORDS and iri not in _HARMLESS | {"@context"}:
            raise _Unclear(f"a name could stand under {excerpt(name)} of a subject")
    found = {_identifier(name, active) for name in names}
    if len(found) > 1:
        raise _Unclear(f"one subject is named {excerpt(min(found))} and {excerpt(max(found))}")
    return found.pop() if found else None


def _meaning(name: str, active: ActiveContext) -> tuple[Term, str | None]:
    """The term and the IRI or keyword that a member's name stands for."""
    term = active.terms.get(name)
    if term is None:
        return _PLAIN, expand_iri(active, name, vocab=True)
    return term, term.iri


def _identifier(value: Json, active: ActiveContext) -> str:
    """An identifier that is written in full; no two readers can take it for different ones."""
    if not isinstance(value, str) or not is_url(value) or expand_iri(active, value, vocab=False) != value:
        raise _Unclear(f"a subject is named {excerpt(value)}, which is no URL that is written in full")
    return value


def _flat(value: Json) -> Iterator[Json]:
    """The values in an array of any depth, which JSON-LD takes for one array; null is none."""
    waiting = [value]
    while waiting:
        entry = waiting.pop()
        if isinstance(entry, list):
            waiting.extend(reversed(entry))
        elif entry is not None:
            yield entry
