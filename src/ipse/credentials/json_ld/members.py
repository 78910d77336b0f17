"""Members of the data model under other names, where every byte is signed and readers differ.

Some readers look members up by their names in the JSON, others by what JSON-LD says that these mean. A
`credentialStatus` under its IRI, or a type under an alias of `@type`, exists only for the second kind.

Source: JSON-LD 1.1 sections 3.2, 4.1.2 and 4.1.7; VCDM 2.0 section 4.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from ipse.credentials.json_ld import vocabulary
from ipse.credentials.json_ld.contexts import ContextFault, Contexts, Scope
from ipse.credentials.json_ld.statements import UnknownContext
from ipse.credentials.json_ld.subjects import known_part
from ipse.credentials.json_ld.terms import KEYWORDS, ActiveContext, Term, expand_iri
from ipse.encoding.strict_json import Json, JsonObject

__all__ = ["misnamed"]

_ELSEWHERE: Final = frozenset({"credentialSubject", "proof", "name", "description"})
"""Whom it is about is read by its meaning; the others decide nothing under another name."""
_NAMES: Final = {
    "@type": "type",
    **{iri: name for name, iri in vocabulary.CORE.items() if name not in _ELSEWHERE},
}
"""What decides whether a credential is accepted, by its IRI or keyword."""
_HARMLESS: Final = frozenset({"@id", "@context", "@index"})
"""Keywords under which no member of the document can stand."""
_PARTIES: Final = ("issuer", "holder")
_PLAIN: Final = Term()


def misnamed(document: JsonObject, contexts: Contexts) -> tuple[str, str] | None:
    """The first member of the data model that stands under another name: (that name, the member).

    Names of a context that is not known are not told; where the others can't be read without it, or are at
    fault, only names that are IRIs or keywords are. Raises TooMuchWork, and CorruptData where a packaged
    context was altered.
    """
    try:
        with suppress(UnknownContext):
            return next(_misnamed(document, Scope(contexts)), None)
        return next(_misnamed(known_part(document, contexts), Scope(contexts)), None)
    except (UnknownContext, ContextFault, RecursionError):
        return next(_named_in_full(document), None)


def _misnamed(document: JsonObject, scope: Scope) -> Iterator[tuple[str, str]]:
    _, active = scope.of_object(document, scope.initial, _PLAIN)
    for name in document:
        yield from _told(name, _meaning(name, active))
    for party in _PARTIES:
        if isinstance(document.get(party), dict):
            yield from _second_ids(document[party], active.terms.get(party, _PLAIN), active, scope)


def _second_ids(
    party: JsonObject, term: Term, active: ActiveContext, scope: Scope
) -> Iterator[tuple[str, str]]:
    _, active = scope.of_object(party, active, term)
    for name in party:
        if name != "id" and _meaning(name, active) == "@id":
            yield name, "id"


def _named_in_full(document: JsonObject) -> Iterator[tuple[str, str]]:
    parties: list[Json] = [document.get(party) for party in _PARTIES]
    for name in document:
        yield from _told(name, name)
    if any(isinstance(party, dict) and "@id" in party for party in parties):
        yield "@id", "id"


def _told(name: str, meaning: str | None) -> Iterator[tuple[str, str]]:
    member = _NAMES.get(meaning or "", name)
    if member == name and meaning in KEYWORDS and meaning not in _HARMLESS | {"@type"}:
        member = "any member"
    if member != name:
        yield name, member


def _meaning(name: str, active: ActiveContext) -> str | None:
    term = active.terms.get(name)
    return expand_iri(active, name, vocab=True) if term is None else term.iri
