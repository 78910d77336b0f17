"""Over-asking: what a request asks beyond what its verifier is registered for, said, or asked before.

Each finding is a warning that the owner reads before anything is signed, and that takes an explicit yes. No
finding refuses a request: the owner decides.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from ipse.encoding.safe_text import is_printable, one_line, without_quotes
from ipse.encoding.strict_json import Json, JsonObject
from ipse.protocols.dcql.paths import show
from ipse.protocols.dcql.query import ClaimPath, CredentialQuery, Query
from ipse.protocols.openid4vp.authorization_request import AuthorizationRequest, CertificateProof
from ipse.protocols.registered_use import covers
from ipse.protocols.registration_certificates import Registration, Registrations

__all__ = ["AskedClaim", "Finding", "PastRequest", "asked_claims", "findings"]

_NOTHING: Final = Registrations()
_SHOWN: Final = 5
"""Claims or values that one sentence names."""
_MAX_FINDINGS: Final = 40
_MAX_TEXTS: Final = 1000
_PLAIN: Final = re.compile(r"[A-Za-z0-9_.\[\]-]{1,80}", re.ASCII)
"""Paths that are one word, as nearly all are."""
_PAYEES: Final = frozenset(
    {"payee", "merchant", "beneficiary", "creditor", "recipient", "seller", "relying_party", "verifier"}
)
"""Members of transaction data that name who profits from it."""
_NAMES: Final = frozenset({"name", "legal_name", "trade_name", *_PAYEES})


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that the owner should know before answering: a stable code, and one sentence."""

    code: str
    text: str


@dataclass(frozen=True, slots=True, order=True)
class AskedClaim:
    """A claim that was asked for: the type of the credential, and the claims path as people read it.

    The path is empty for the credential itself.
    """

    type: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class PastRequest:
    """An earlier request: the party that asked, and what for."""

    party: str
    asked: frozenset[AskedClaim]


def asked_claims(query: Query) -> frozenset[AskedClaim]:
    """What a query asks for, as the history keeps it: every credential, and every claim of it."""
    return frozenset(
        AskedClaim(kind, path)
        for credential in query.credentials
        for kind in _types(credential)
        for path in ("", *(show(claim.path) for claim in credential.claims))
    )


def findings(
    request: AuthorizationRequest,
    registrations: Registrations | None = None,
    history: Sequence[PastRequest] = (),
    *,
    states_purpose: bool = False,
) -> tuple[Finding, ...]:
    """What the owner should know about a request, the gravest first; empty where there is nothing.

    - `registrations`: those of the request that were checked (`registration_certificates.read_all`)
    - `history`: earlier requests of this party and of others
    - `states_purpose`: whether the request itself says what it is for, which the owner is shown
    """
    known = registrations or _NOTHING
    steps: tuple[Iterable[Finding], ...] = (
        _refused(known),
        _unregistered(request, known),
        _transactions(request, known),
        _without_registration(request, known, states_purpose),
        _oracles(request),
        _reusable(request),
        _more_than_before(request, history),
        _more_than_others(request, history),
    )
    found = dict.fromkeys(finding for step in steps for finding in step)
    return tuple(found)[:_MAX_FINDINGS]


def _refused(registrations: Registrations) -> Iterator[Finding]:
    """Registrations that do not hold, and those whose status or bearer has to be known."""
    for code, reason in registrations.refused:
        yield Finding(code, f"its registration can't be relied on: {_quoted(reason, 300)}")
    for entry in registrations.valid:
        if entry.status_unknown:
            yield Finding(
                "registration-status-unknown",
                f"whether its registration was withdrawn is not known: {_quoted(entry.status_unknown, 200)}",
            )
        if entry.intermediary is not None:
            yield Finding(
                "intermediary",
                f"{_quoted(entry.intermediary[1])} asks in the name of {_quoted(entry.name or entry.subject)}"
                " and gets to read the answer",
            )


def _unregistered(request: AuthorizationRequest, registrations: Registrations) -> Iterator[Finding]:
    """What no registration includes, path by path."""
    if not registrations.valid:
        return
    for query in request.credentials:
        about = registrations.of(query.id)
        grants = [entry for held in about for entry in held.use.credentials if entry.fits(query)]
        if not grants:
            yield Finding(
                "credential-not-registered", f"it is not registered to ask for {_kind(query)} at all"
            )
            continue
        paths = [path for grant in grants for path in grant.paths]
        for claim in query.claims:
            if not any(covers(path, claim.path) for path in paths):
                yield Finding(
                    "claim-not-registered",
                    f"it is not registered to ask for {_path(show(claim.path))} of {_kind(query)}",
                )
        if not query.claims and query.type_sets:
            yield Finding(
                "claims-not-registered",
                f"it asks for {_kind(query)} as a whole, and is registered for some of its claims",
            )


def _without_registration(
    request: AuthorizationRequest, registrations: Registrations, states_purpose: bool
) -> Iterator[Finding]:
    if registrations.valid:
        if not any(entry.use.purposes for entry in registrations.valid):
            yield Finding("no-purpose", "its registration states no purpose")
        return
    if isinstance(request.client.proof, CertificateProof):
        yield Finding(
            "no-registration",
            "it has no registration that can be relied on: nobody has looked at what it asks for"
            + ("" if states_purpose else ", and it states no purpose"),
        )
    elif not states_purpose:
        yield Finding("no-purpose", "it states no purpose, and nobody has looked at what it asks for")


def _oracles(request: AuthorizationRequest) -> Iterator[Finding]:
    """Claims whose value the verifier compares: it learns of it by whether it gets an answer."""
    for query in request.credentials:
        for claim in query.claims:
            if claim.values is not None:
                values = _listed(
                    _quoted(value) if isinstance(value, str) else str(value) for value in claim.values
                )
                yield Finding(
                    "values-tested",
                    f"whether you can answer tells it whether {_path(show(claim.path))} of {_kind(query)} is"
                    f" {values}, even if you send nothing",
                )


def _reusable(request: AuthorizationRequest) -> Iterator[Finding]:
    for query in request.credentials:
        if not query.require_holder_binding:
            yield Finding(
                "no-holder-binding",
                f"it asks for {_kind(query)} without proof that it is yours, so that it can pass on what it"
                " gets",
            )


def _more_than_before(request: AuthorizationRequest, history: Sequence[PastRequest]) -> Iterator[Finding]:
    before = _union(past.asked for past in history if past.party == request.party)
    asked = asked_claims(request.query)
    if before and (new := asked - before):
        yield Finding("more-than-before", f"it asks for more than before: {_claims(new)}")


def _more_than_others(request: AuthorizationRequest, history: Sequence[PastRequest]) -> Iterator[Finding]:
    """Claims of a type that others have asked for, none of whom wanted these claims of it."""
    others = [past for past in history if past.party != request.party]
    asked = asked_claims(request.query)
    for kind in sorted({claim.type for claim in asked}):
        same = [past for past in others if any(claim.type == kind for claim in past.asked)]
        known = _union(past.asked for past in same)
        new = {claim for claim in asked if claim.type == kind and claim.path} - known
        if same and new:
            parties = len({past.party for past in same})
            who = "the other verifier" if parties == 1 else f"the {parties} other verifiers"
            yield Finding(
                "more-than-others", f"{who} that asked for {_quoted(kind)} did not want {_claims(new)}"
            )


def _transactions(request: AuthorizationRequest, registrations: Registrations) -> Iterator[Finding]:
    """Transaction data that names somebody else than who asks, or says what can't be shown."""
    hosts = {urlsplit(request.origin).hostname or ""}
    names = {_plain(request.client.name)}
    if isinstance(request.client.proof, CertificateProof):
        leaf = request.client.proof.chain.leaf
        hosts.update(name.lower() for name in leaf.dns_names)
        names.update(_plain(value) for _, value in leaf.attributes)
    for entry in registrations.valid:
        names.update(_plain(name) for name in (entry.name, entry.legal_name or "", *_intermediary(entry)))
    for data in request.transaction_data:
        for path, text in _texts(data.content):
            where = _path(show(path))
            if not is_printable(text.replace("\n", "")):
                yield Finding(
                    "transaction-unreadable",
                    f"{where} of the transaction has characters that can't be shown as they are",
                )
            host = _host(text)
            if host is not None and host not in hosts:
                yield Finding(
                    "transaction-elsewhere",
                    f"{where} of the transaction is of {_quoted(host)}, which is not who asks",
                )
            if _names_payee(path) and host is None and _plain(text) not in names:
                yield Finding(
                    "transaction-other-party",
                    f"the transaction is with {_quoted(text)}, and {_quoted(request.client.name)} asks",
                )


def _names_payee(path: ClaimPath) -> bool:
    steps = [step for step in path if isinstance(step, str)]
    return bool(steps) and steps[-1] in _NAMES and any(step in _PAYEES for step in steps)


def _texts(content: JsonObject) -> Iterator[tuple[ClaimPath, str]]:
    """The texts of transaction data but for its own members, each with its place; a bounded number."""
    stack: list[tuple[ClaimPath, Json]] = [
        ((name,), value)
        for name, value in reversed(content.items())
        if name not in ("type", "credential_ids", "transaction_data_hashes_alg")
    ]
    for _ in range(_MAX_TEXTS):
        if not stack:
            return
        path, value = stack.pop()
        if isinstance(value, str):
            yield path, value
        elif isinstance(value, dict):
            stack.extend(((*path, name), inner) for name, inner in reversed(value.items()))
        elif isinstance(value, list):
            stack.extend(((*path, place), inner) for place, inner in reversed(list(enumerate(value))))


def _host(text: str) -> str | None:
    """The host of a text that is a web address, None for any other text."""
    if not text.lower().startswith(("https://", "http://")):
        return None
    try:
        return urlsplit(text).hostname or ""
    except ValueError:
        return ""


def _intermediary(entry: Registration) -> tuple[str, ...]:
    return () if entry.intermediary is None else (entry.intermediary[1],)


def _plain(name: str) -> str:
    """A name without what people do not hear: case and spaces."""
    return " ".join(name.casefold().split())


def _types(query: CredentialQuery) -> tuple[str, ...]:
    """The types that satisfy a query, the format where it names none."""
    sets = tuple(types[-1] for types in query.type_sets if types)
    doctype = query.meta.get("doctype_value")
    return query.types or sets or ((doctype,) if isinstance(doctype, str) else (query.format,))


def _kind(query: CredentialQuery) -> str:
    return _listed((_quoted(kind) for kind in _types(query)), last=" or ")


def _claims(asked: Collection[AskedClaim]) -> str:
    """The claims in words; a credential is named where nothing of it is."""
    with_claims = {claim.type for claim in asked if claim.path}
    return _listed(
        (
            _path(claim.path) if claim.path else _quoted(claim.type)
            for claim in sorted(asked)
            if claim.path or claim.type not in with_claims
        ),
        last=" and ",
    )


def _listed(entries: Iterable[str], *, last: str = " or ") -> str:
    every = list(dict.fromkeys(entries))
    shown = every[:_SHOWN]
    if len(every) > _SHOWN:
        return f"{', '.join(shown)}{last}{len(every) - _SHOWN} more"
    return last.join(filter(None, [", ".join(shown[:-1]), shown[-1] if shown else ""]))


def _path(shown: str) -> str:
    """A claim by its path, in quotation marks unless it is one plain word."""
    return shown if _PLAIN.fullmatch(shown) else _quoted(shown)


def _quoted(text: str, most: int = 80) -> str:
    return f'"{without_quotes(one_line(text, most))}"'


def _union(sets: Iterable[frozenset[AskedClaim]]) -> frozenset[AskedClaim]:
    return frozenset().union(*sets)
