"""Whether a credential or presentation keeps the rules of the data model its @context names.

Signatures, times and trust are not looked at: a document need not be signed to be linted. Source: W3C
Verifiable Credentials Data Model 2.0 and 1.1; JSON-LD 1.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from ipse.credentials import model
from ipse.credentials.budget import UNBOUNDED, Budget
from ipse.credentials.model import Violation, vcdm11
from ipse.encoding import strict_json
from ipse.encoding.strict_json import JsonObject, as_list
from ipse.errors import Undetermined

if TYPE_CHECKING:
    from ipse.credentials.json_ld import Contexts, Finding

__all__ = ["Kind", "Lint", "is_fault_of_context", "lint", "lint_vcdm2"]

Kind: TypeAlias = Literal["credential", "presentation"]

_OF_PRESENTATIONS: Final = {"VerifiablePresentation", "EnvelopedVerifiablePresentation"}
_CONTEXT_FAULT: Final = re.compile(r"(.*/)?@context(/\d+)?")
_JWT: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class Lint:
    """What was found in a document of the data model `version` ("2.0" or "1.1").

    `violations` are rules that it breaks; `warnings` are what it may do and likely does not mean, such as
    terms that no context defines, and what could not be checked.
    """

    kind: Kind
    version: Literal["1.1", "2.0"]
    violations: tuple[Violation, ...]
    warnings: tuple[Violation, ...]


def lint(
    document: JsonObject,
    contexts: Contexts | None = None,
    *,
    json_ld: bool = True,
    budget: Budget = UNBOUNDED,
) -> Lint:
    """The rules that a credential or presentation breaks, and what is doubtful in it.

    `contexts` are the JSON-LD contexts to go by, the built-in ones by default. Without `json_ld` they are
    left aside, for documents whose proofs look at them anyway. Raises MalformedInput for
    bottomless nesting, DataError for contexts that take too much work, and where the budget is used up.
    """
    if not vcdm11.is_vcdm11(document):
        return lint_vcdm2(document, contexts, json_ld=json_ld, budget=budget)
    strict_json.check_value(document, "the document")
    kind = _kind_of(document)
    broken = list(_presentation_11(document) if kind == "presentation" else _credential_11(document))
    return _with_json_ld(Lint(kind, "1.1", tuple(broken), ()), document, contexts, budget, json_ld=json_ld)


def lint_vcdm2(
    document: JsonObject,
    contexts: Contexts | None = None,
    *,
    json_ld: bool = True,
    budget: Budget = UNBOUNDED,
) -> Lint:
    """Like `lint`, by the rules of data model 2.0 whatever the document says it follows."""
    strict_json.check_value(document, "the document")
    kind = _kind_of(document)
    if kind == "presentation":
        broken = [*model.presentation_violations(document), *model.embedded_proof_violations(document)]
    else:
        broken = [*model.violations(document), *model.proof_violations(document)]
    return _with_json_ld(Lint(kind, "2.0", tuple(broken), ()), document, contexts, budget, json_ld=json_ld)


def _with_json_ld(
    found: Lint, document: JsonObject, contexts: Contexts | None, budget: Budget, *, json_ld: bool
) -> Lint:
    """`found`, and what JSON-LD finds in places where no rule was broken."""
    if not json_ld:
        return found
    faults, warnings = _json_ld(document, contexts, budget)
    broken = (*found.violations, *_elsewhere(faults, found.violations))
    return replace(found, violations=broken, warnings=tuple(_elsewhere(warnings, broken)))


def _kind_of(document: JsonObject) -> Kind:
    types = as_list(document.get("type"))
    names = {name for name in types if isinstance(name, str)}
    if names & _OF_PRESENTATIONS:
        return "presentation"
    if "verifiableCredential" in document and "VerifiableCredential" not in names:
        return "presentation"
    return "credential"


def _json_ld(
    document: JsonObject, contexts: Contexts | None, budget: Budget
) -> tuple[list[Violation], list[Violation]]:
    """What is wrong with the contexts themselves, and what in the document they leave without meaning."""
    from ipse.credentials import json_ld

    if "@context" not in document:
        return [], []
    try:
        findings = json_ld.findings(document, contexts or json_ld.known(), budget=budget)
    except Undetermined as error:
        return [], [Violation("/@context", f"was not checked as JSON-LD: {error.message}")]
    faults: list[Violation] = []
    warnings: list[Violation] = []
    for finding in findings:
        found = faults if is_fault_of_context(finding) else warnings
        found.append(Violation(finding.pointer, finding.reason))
    return faults, warnings


def is_fault_of_context(finding: Finding) -> bool:
    """Whether a context itself is wrong, rather than a value that it leaves without meaning."""
    return _CONTEXT_FAULT.fullmatch(finding.pointer) is not None


def _elsewhere(found: Iterable[Violation], told: Iterable[Violation]) -> list[Violation]:
    """What was found where nothing was told yet, neither of the place itself nor of one it is in."""
    places = {violation.pointer for violation in told} - {""}
    return [
        violation
        for violation in found
        if not places.intersection(accumulate(violation.pointer.split("/"), "{}/{}".format))
    ]


def _credential_11(credential: JsonObject) -> Iterator[Violation]:
    """The rules of a credential; it need not be signed to be linted."""
    yield from vcdm11.check_data_model(credential) if "proof" in credential else vcdm11.violations(credential)


def _presentation_11(presentation: JsonObject) -> Iterator[Violation]:
    """VCDM 1.1, section 4.10: credentials may be JWTs here, each a string."""
    types = as_list(presentation.get("type"))
    if "VerifiablePresentation" not in types or not all(isinstance(name, str) and name for name in types):
        yield Violation("/type", "must be names, VerifiablePresentation among them")
    yield from _uris(presentation)
    credentials = presentation.get("verifiableCredential", [])
    for position, entry in enumerate(as_list(credentials)):
        pointer = "/verifiableCredential" + (f"/{position}" if isinstance(credentials, list) else "")
        if isinstance(entry, dict):
            inside: Iterable[Violation] = _credential_11(entry)
            yield from (Violation(pointer + violation.pointer, violation.rule) for violation in inside)
        elif not isinstance(entry, str) or not _JWT.fullmatch(entry):
            yield Violation(pointer, "must be a credential, as an object or a JWT")


def _uris(presentation: JsonObject) -> Iterator[Violation]:
    holder = presentation.get("holder")
    for name, value in (
        ("id", presentation.get("id")),
        ("holder", holder.get("id") if isinstance(holder, dict) else holder),
    ):
        if name in presentation:
            yield from vcdm11.uri_faults(f"/{name}", value)
