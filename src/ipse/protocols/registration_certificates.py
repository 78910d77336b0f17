"""Registration certificates: what a registrar says a verifier may ask for, and why.

They come in the `verifier_info` of a request (OpenID4VP 1.0 section 5.1) as a JWT of the type `rc-wrp+jwt`
(ETSI TS 119 475 clause 5.2: WRPRC). The JWT is signed under a certificate of the registrar, and names the
verifier by the identifier that its access certificate has (clause 5.1.1). Members are read as version 1.2.1
spells them, and as 1.1.1 did. The CWT form and the German `rc-rp+jwt` are not read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, NoReturn

from ipse.credentials import jws
from ipse.credentials.jws import Jws
from ipse.credentials.report import NotApplicable, Rejected
from ipse.credentials.status import Published, check_status, entries_of
from ipse.encoding.strict_json import Json, JsonObject, excerpt
from ipse.encoding.timestamps import format_timestamp, from_numeric_date
from ipse.errors import (
    InputTooLarge,
    IpseError,
    MalformedInput,
    RegistrationRejected,
    TooMuchWork,
    Undetermined,
    VerificationFailed,
)
from ipse.keys.certificates import Certificate, Chain, check_chain
from ipse.protocols.registered_use import RegisteredUse, read_use, words

__all__ = ["FORMATS", "TYPE", "Registration", "Registrations", "check", "read_all"]

TYPE: Final = "rc-wrp+jwt"
"""The `typ` of a registration certificate."""
FORMATS: Final = ("registration_cert", TYPE)
"""The `format` of an entry of `verifier_info` that holds one."""

_OTHER_TYPES: Final = ("rc-wrp+cwt", "rc-rp+jwt")
_UNDERSTOOD: Final = ("alg", "b64", "sigT", "iat")
"""Header members of JAdES signatures that may be critical (ETSI TS 119 182-1)."""
_MAX_LENGTH: Final = 128 * 1024
_MAX_ENTRIES: Final = 8
"""Registration certificates of one request that are looked at."""
_LONGEST: Final = timedelta(days=366)
"""ETSI TS 119 475, GEN-5.2.4-08: twelve months at most."""
_LEEWAY: Final = timedelta(seconds=60)
_ORGANIZATION_IDENTIFIER: Final = "2.5.4.97"
_SERIAL_NUMBER: Final = "2.5.4.5"

Fetch = Callable[[str], Published]
"""From the URL of a status list to what is published there. Raises Undetermined."""


@dataclass(frozen=True, slots=True)
class Registration:
    """A registration certificate that was checked.

    - `subject`: the registered identifier of the verifier, such as `LEIXG-529900T8BM49AURSDO55`
    - `name`, `legal_name`: what the verifier is called, as the registrar wrote it
    - `use`: what it may ask for, and why
    - `query_ids`: the credential queries of the request that this is about; None for all of them
    - `intermediary`: who asks in the name of the verifier, identifier and name; None where it asks itself
    - `registrar`: the checked certificates of who signed it
    - `expires`: None where it does not say
    - `status_unknown`: why its revocation could not be looked up; empty where it is known to be valid
    """

    subject: str
    name: str
    legal_name: str | None
    use: RegisteredUse
    registrar: Chain = field(repr=False)
    issued: datetime
    expires: datetime | None
    intermediary: tuple[str, str] | None = None
    query_ids: tuple[str, ...] | None = None
    status_unknown: str = ""


@dataclass(frozen=True, slots=True)
class Registrations:
    """The registrations of a request that hold, and why others were refused: code and sentence of each."""

    valid: tuple[Registration, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()

    def of(self, query_id: str) -> tuple[Registration, ...]:
        """Those that are about the credential query with this id."""
        return tuple(entry for entry in self.valid if entry.query_ids is None or query_id in entry.query_ids)


def read_all(
    verifier_info: Sequence[JsonObject],
    *,
    access: Certificate | None,
    anchors: Sequence[Certificate],
    now: datetime,
    fetch: Fetch | None = None,
    status_anchors: Sequence[Certificate] = (),
) -> Registrations:
    """The registration certificates in `verifier_info`, each checked as `check` does.

    Entries in other formats are left alone. `access` is the certificate that proves who asks, None where
    another proof does. Never raises for what a verifier sent, except TooMuchWork.
    """
    valid: list[Registration] = []
    refused: list[tuple[str, str]] = []
    entries = [entry for entry in verifier_info if _is_registration(entry)]
    for entry in entries[:_MAX_ENTRIES]:
        try:
            if access is None:
                raise _refused(
                    "registration-unbound", "no certificate proves that the registration is the verifier's"
                )
            found = check(
                entry.get("data"),
                access=access,
                anchors=anchors,
                now=now,
                fetch=fetch,
                status_anchors=status_anchors,
            )
            valid.append(replace(found, query_ids=_query_ids(entry)))
        except TooMuchWork:
            raise
        except IpseError as error:
            refused.append((error.code, error.message))
    if len(entries) > _MAX_ENTRIES:
        refused.append(("registration-too-many", f"it sends more than {_MAX_ENTRIES} registrations"))
    return Registrations(tuple(valid), tuple(refused))


def check(
    token: Json,
    *,
    access: Certificate,
    anchors: Sequence[Certificate],
    now: datetime,
    fetch: Fetch | None = None,
    status_anchors: Sequence[Certificate] = (),
) -> Registration:
    """The registration certificate `token`, bound to the access certificate `access`, at `now` (aware).

    - `anchors`: the authorities that are trusted for registrars. They are not those of verifiers, each of
      which could register itself then
    - `fetch`: finds its status list, which a certificate below `anchors` or `status_anchors` signs. Without
      it, or where the list can't be relied on, `status_unknown` says so

    Raises RegistrationRejected, CertificateRejected, MalformedInput; UntrustedCertificate and Undetermined.
    """
    signed = _read(token)
    chain = check_chain(signed.header.get("x5c"), anchors, now=now)
    if chain.leaf.key == access.key or chain.leaf.subject == access.subject:
        raise _refused("registration-self-signed", "the verifier that asks signed its registration itself")
    _check_signature(signed, chain.leaf)
    registration = _values(signed.payload, chain)
    _check_times(registration, signed.payload, now)
    registration = _bound(registration, signed.payload, access)
    unknown = _status(signed.payload, (*anchors, *status_anchors), fetch, now)
    return replace(registration, status_unknown=unknown)


def _is_registration(entry: JsonObject) -> bool:
    """Whether it says so, or holds a JWT of that type."""
    if entry.get("format") in FORMATS:
        return True
    try:
        return _read(entry.get("data")).header.get("typ") == TYPE
    except IpseError:
        return False


def _query_ids(entry: JsonObject) -> tuple[str, ...] | None:
    ids = entry.get("credential_ids")
    return None if ids is None else words(ids)


def _read(token: Json) -> Jws:
    """The unverified JWT, known to be of the type that is read here."""
    if not isinstance(token, str):
        raise MalformedInput("the registration certificate is not a text")
    if len(token) > _MAX_LENGTH:
        raise InputTooLarge(f"the registration certificate has more than {_MAX_LENGTH} characters")
    signed = jws.read(token, what="the registration certificate")
    typ = signed.header.get("typ")
    if typ in _OTHER_TYPES:
        raise Undetermined(f"registration certificates of the type {typ} are not read")
    if typ != TYPE:
        raise MalformedInput(f"the typ of the registration certificate is {excerpt(typ)}, not {TYPE}")
    return signed


def _check_signature(signed: Jws, signer: Certificate) -> None:
    """JAdES baseline B: `b64` and `sigT` are understood, and any other critical member is refused."""
    header = signed.header
    critical = header.get("crit", ["alg"])
    if not (isinstance(critical, list) and critical) or not all(
        isinstance(name, str) and name in _UNDERSTOOD and name in header for name in critical
    ):
        raise _refused("registration-signature", "the header has a critical member that is not understood")
    if header.get("b64", True) not in (True, "true"):
        raise _refused("registration-signature", "the registration certificate is not encoded as base64url")
    plain = {name: value for name, value in header.items() if name != "crit"}
    try:
        jws.check_signature(replace(signed, header=plain), lambda: signer.key)
    except VerificationFailed as error:
        raise RegistrationRejected(
            f"the registration certificate: {error.message}", code="registration-signature"
        ) from error


def _values(claims: JsonObject, chain: Chain) -> Registration:
    identifiers = _identifiers(claims.get("sub"))
    subject = claims.get("sub")
    legal = claims.get("sub_ln")
    if isinstance(subject, dict):
        legal = subject.get("legal_name")
    names = words(legal)
    person = " ".join(word for name in ("sub_gn", "sub_fn") for word in words(claims.get(name)))
    return Registration(
        subject=identifiers[0],
        name=next(iter(words(claims.get("name"))), ""),
        legal_name=next(iter(names), None) or person or None,
        use=read_use(claims),
        registrar=chain,
        issued=_moment(claims, "iat", required=True),
        expires=_moment(claims, "exp") if "exp" in claims else None,
    )


def _identifiers(subject: Json) -> tuple[str, ...]:
    """The identifiers of the verifier: a text, or as version 1.1.1 had them, an object with `id`."""
    found = words(subject)
    if isinstance(subject, dict):
        listed = subject.get("id")
        found = words(listed)
        if isinstance(listed, list):
            found = tuple(
                word for entry in listed if isinstance(entry, dict) for word in words(entry.get("identifier"))
            )
    if not found:
        raise MalformedInput("the registration certificate names no verifier (sub)")
    return found


def _moment(claims: JsonObject, name: str, *, required: bool = False) -> datetime:
    if required and name not in claims:
        raise MalformedInput(f"the registration certificate has no {name}")
    return from_numeric_date(claims[name], f"{name} of the registration certificate")


def _check_times(registration: Registration, claims: JsonObject, now: datetime) -> None:
    starts = registration.issued
    if "nbf" in claims:
        starts = max(starts, _moment(claims, "nbf"))
    if now + _LEEWAY < starts:
        raise _refused(
            "registration-not-yet-valid", f"the registration is not valid before {format_timestamp(starts)}"
        )
    ends = registration.expires
    if ends is None:
        return
    if now - _LEEWAY >= ends:
        raise _refused("registration-expired", f"the registration expired at {format_timestamp(ends)}")
    if ends - registration.issued > _LONGEST:
        raise _refused("registration-too-long", "the registration is valid for longer than twelve months")


def _bound(registration: Registration, claims: JsonObject, access: Certificate) -> Registration:
    """The registration, if it is of who holds the access certificate, or of whom that one asks for.

    The certificate of an intermediary names the intermediary, and the registration names both.
    """
    held = {
        value
        for identifier, value in access.attributes
        if identifier in (_ORGANIZATION_IDENTIFIER, _SERIAL_NUMBER) and value
    }
    identifiers = _identifiers(claims.get("sub"))
    own = [identifier for identifier in identifiers if identifier in held]
    if own:
        return replace(registration, subject=own[0])
    intermediary = _intermediary(claims)
    if intermediary is not None and intermediary[0] in held:
        return replace(registration, intermediary=intermediary)
    raise _refused("registration-unbound", "the registration is of another verifier than the one that asks")


def _intermediary(claims: JsonObject) -> tuple[str, str] | None:
    """Identifier and name: member `intermediary`, or `act` (version 1.1.1)."""
    said = claims.get("intermediary")
    actor = claims.get("act")
    if said is None and isinstance(actor, dict):
        said = actor.get("sub")
    if not isinstance(said, dict):
        return None
    identifiers = words(said.get("sub")) or words(said.get("id"))
    names = words(said.get("sname")) or words(said.get("name"))
    return (identifiers[0], next(iter(names), identifiers[0])) if identifiers else None


def _status(claims: JsonObject, anchors: Sequence[Certificate], fetch: Fetch | None, now: datetime) -> str:
    """Why the status is not known, empty where it is known to be valid. Raises RegistrationRejected."""
    if fetch is None:
        return "its status was not looked up"
    try:
        check_status(
            entries_of({"status": claims["status"]} if "status" in claims else {}),
            "",
            fetch,
            lambda _secured: _no_issuer(),
            lambda _issuer, _key_id, _issued: _no_issuer(),
            now,
            _LEEWAY,
            certified_key=lambda x5c: check_chain(x5c, anchors, now=now).leaf,
        )
    except Rejected as rejection:
        raise RegistrationRejected(
            "the registrar has withdrawn the registration", code=f"registration-{rejection.code}"
        ) from rejection
    except NotApplicable:
        return "it names no status list"
    except TooMuchWork:
        raise
    except IpseError as error:
        return error.message
    return ""


def _no_issuer() -> NoReturn:
    raise Undetermined("no certificate says who signed it")


def _refused(code: str, message: str) -> RegistrationRejected:
    return RegistrationRejected(message, code=code)
