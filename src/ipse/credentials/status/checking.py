"""Checking a credential's status: every entry, on lists that are themselves verified first.

Nothing fails open: a list that is out of reach, unsigned, another's, about another URL, out of date or
malformed leaves the status undetermined. A list is never the reason to fetch another one.

Both specifications let somebody else than the credential's issuer keep its list; here the issuer must be
the same, since nothing in the credential names the other one. A status list token with certificates (`x5c`)
is the exception: they say whether its signer may publish lists.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeAlias

from ipse.credentials import jws
from ipse.credentials.jws import VerificationKey
from ipse.credentials.report import NotApplicable, Rejected
from ipse.credentials.signers import check_certified
from ipse.credentials.status import bitstring, status_list_cwt, token_status_list
from ipse.credentials.status.bitstring import BitstringList
from ipse.credentials.status.entries import STATUS_LIST, Entry, StatusEntry, UnknownEntry
from ipse.credentials.status.published import CREDENTIAL, CWT, JWT, Published
from ipse.credentials.status.token_status_list import TokenStatusList
from ipse.encoding import strict_json
from ipse.encoding.strict_json import JsonObject, excerpt
from ipse.encoding.timestamps import format_timestamp
from ipse.errors import (
    IpseError,
    MalformedInput,
    TooMuchWork,
    Undetermined,
    UnusableKey,
    VerificationFailed,
)

if TYPE_CHECKING:
    from ipse.keys.certificates import Certificate

__all__ = [
    "DEFAULT_TTL",
    "MAX_TTL",
    "REVOKED",
    "SUSPENDED",
    "Authority",
    "CertifiedKey",
    "Fetch",
    "Keep",
    "Listed",
    "ResolveKey",
    "StatusList",
    "StatusOutcome",
    "VerifyCredential",
    "check",
    "check_status",
    "fresh_until",
    "open_list",
]

StatusList: TypeAlias = BitstringList | TokenStatusList

Fetch: TypeAlias = Callable[[str], Published]
"""From the URL of a list to what is published there. Raises Undetermined."""
Keep: TypeAlias = Callable[[Published, datetime | None], None]
"""Told of each list that was fetched: until when it may be kept, None for one that did not verify."""
VerifyCredential: TypeAlias = Callable[[JsonObject | str], "Listed"]
"""From a secured credential (JSON with an embedded proof, or a compact JWS) to what is signed, after its
data model rules, its issuer's proof and the proof's purpose were checked. It must not look at the status
of the list. Whatever error of ipse it raises, Rejected too, leaves the status undetermined."""
ResolveKey: TypeAlias = Callable[[str, str | None, datetime | None], VerificationKey]
"""From an issuer, the `kid` of a status list token, None where it has none, and when it says to be issued, to
a key with which that issuer asserted then. A `kid` that is a DID URL is the issuer's; others are for the
resolver to make sense of. Raises Undetermined, NotFound, MalformedInput, UnusableKey."""

CertifiedKey: TypeAlias = Callable[[object], "Certificate"]
"""From the `x5c` of a status list token to the certificate of its signer, once it was checked that it may
publish this list. Raises CertificateRejected, UntrustedCertificate, Undetermined."""

DEFAULT_TTL: Final = timedelta(minutes=5)
MAX_TTL: Final = timedelta(hours=24)

REVOKED: Final = "revoked"
SUSPENDED: Final = "suspended"
"""Codes of the check `status` of a credential that its issuer took back."""

_SET: Final = {"revocation": REVOKED, "suspension": SUSPENDED}
_REMARKS: Final = ("message", "refresh")
"""Purposes that do not touch the validity of the credential."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A status list credential whose proof holds: the document that is signed, and who signed it."""

    document: JsonObject
    issuer: str


@dataclass(frozen=True, slots=True)
class Authority:
    """Whose lists count, how they are verified, and at which time (`now` is aware)."""

    issuer: str
    verify_credential: VerifyCredential
    resolve_key: ResolveKey
    now: datetime
    leeway: timedelta
    certified_key: CertifiedKey | None = None


@dataclass(frozen=True, slots=True)
class StatusOutcome:
    """The value of an entry, and in words what it means for a credential that it leaves valid."""

    value: int
    reason: str


def check_status(
    entries: Sequence[Entry],
    issuer: str,
    fetch: Fetch,
    verify_credential: VerifyCredential,
    resolve_key: ResolveKey,
    now: datetime,
    leeway: timedelta,
    *,
    keep: Keep | None = None,
    certified_key: CertifiedKey | None = None,
) -> tuple[str, object]:
    """The status of a credential of `issuer`, as a step of a verification: (reason, the entries).

    Every entry is looked at, and each list fetched once. Raises NotApplicable where there are no entries,
    Rejected for a revoked or suspended credential, also where another entry is undetermined, and
    Undetermined where any entry is.
    """
    if not entries:
        raise NotApplicable("no-status", "it has no status")
    authority = Authority(issuer, verify_credential, resolve_key, now, leeway, certified_key)
    lists = _Lists(authority, fetch, keep)
    reasons: list[str] = []
    open_questions: list[Undetermined] = []
    for entry in entries:
        try:
            reasons.append(lists.check(entry).reason)
        except Undetermined as error:
            open_questions.append(error)
    if open_questions:
        raise open_questions[0]
    places = (entry.place for entry in entries if isinstance(entry, StatusEntry))
    return ", ".join(dict.fromkeys(reasons)), ", ".join(places)


def check(entry: Entry, published: Published, authority: Authority) -> StatusOutcome:
    """What `published` says of `entry`. Raises Rejected, Undetermined."""
    if isinstance(entry, UnknownEntry):
        raise _unknown(entry)
    return _judge(entry, open_list(entry, published, authority))


def open_list(entry: StatusEntry, published: Published, authority: Authority) -> StatusList:
    """The list that `entry` points into, verified; `published` is what was found there.

    Raises Undetermined, TooMuchWork.
    """
    if published.url != entry.url:
        raise _undetermined(entry.url, f"it was fetched from {excerpt(published.url)}")
    try:
        opened = _OPEN[entry.mechanism == STATUS_LIST](published, authority)
    except Rejected as rejection:
        raise _undetermined(published.url, rejection.reason) from rejection
    except NotApplicable as nothing:
        raise _undetermined(published.url, nothing.reason) from nothing
    except TooMuchWork:
        raise
    except (UnusableKey, Undetermined) as error:
        raise _undetermined(published.url, error.message, error.code) from error
    except IpseError as error:
        raise _undetermined(published.url, error.message) from error
    return opened


def fresh_until(opened: StatusList, fetched: datetime) -> datetime:
    """Until when a list that was fetched at `fetched` need not be fetched again.

    Its own ttl, DEFAULT_TTL where it has none, MAX_TTL at most, and no longer than it is valid.
    """
    ttl = DEFAULT_TTL if opened.ttl is None else min(opened.ttl, MAX_TTL)
    end = _end(opened)
    return fetched + ttl if end is None else min(fetched + ttl, end)


class _Lists:
    """The lists of one check: each is fetched and verified once, with one outcome for all its entries."""

    def __init__(self, authority: Authority, fetch: Fetch, keep: Keep | None) -> None:
        self._authority = authority
        self._fetch = fetch
        self._keep = keep
        self._opened: dict[tuple[bool, str], StatusList | Undetermined] = {}

    def check(self, entry: Entry) -> StatusOutcome:
        if isinstance(entry, UnknownEntry):
            raise _unknown(entry)
        key = (entry.mechanism == STATUS_LIST, entry.url)
        if key not in self._opened:
            try:
                self._opened[key] = self._open(entry)
            except Undetermined as error:
                self._opened[key] = error
        opened = self._opened[key]
        if isinstance(opened, Undetermined):
            raise opened
        return _judge(entry, opened)

    def _open(self, entry: StatusEntry) -> StatusList:
        try:
            published = self._fetch(entry.url)
        except TooMuchWork:
            raise
        except IpseError as error:
            raise Undetermined(
                f"the status list {entry.url[:100]} is out of reach: {error.message}"
            ) from error
        until: datetime | None = None
        try:
            opened = open_list(entry, published, self._authority)
            until = fresh_until(opened, published.fetched)
            return opened
        finally:
            if self._keep is not None:
                self._keep(published, until)


def _open_w3c(published: Published, authority: Authority) -> BitstringList:
    listed = authority.verify_credential(_secured(published))
    _refuse_own_status(listed.document)
    opened = bitstring.read(listed.document)
    _check_names(opened.url, listed.issuer, published, authority)
    _check_names(opened.url, opened.issuer, published, authority)
    _check_period(opened.valid_from, opened.valid_until, authority)
    return opened


def _open_token(published: Published, authority: Authority) -> TokenStatusList:
    if published.media_type == JWT:
        token = token_status_list.read_jwt(_text(published))
        issued = token_status_list.issued(token.payload)
        signer = _certified(authority, token.header.get("x5c"), token.header.get("kid"))
        jws.check_signature(
            token, lambda: signer.key if signer else _key(authority, token.header.get("kid"), issued)
        )
        opened = token_status_list.from_claims(token.payload)
    elif published.media_type == CWT:
        cwt = status_list_cwt.read(published.body)
        status_list_cwt.check_type(cwt)
        issued = token_status_list.issued(status_list_cwt.names_of(cwt.claims))
        signer = _certified(authority, cwt.x5c, cwt.key_id)
        status_list_cwt.check_signature(
            cwt, lambda: signer.key if signer else _key(authority, cwt.key_id, issued)
        )
        opened = status_list_cwt.from_claims(cwt.claims)
    else:
        raise MalformedInput("it is a JSON object, not a signed token")
    if signer is None:
        _check_names(opened.uri, opened.issuer or authority.issuer, published, authority)
    else:
        check_certified(signer, opened.issuer)
        _check_url(opened.uri, published)
    _check_period(opened.issued, opened.expires, authority)
    _check_period(opened.not_before, None, authority)
    return opened


_OPEN: Final[dict[bool, Callable[[Published, Authority], StatusList]]] = {True: _open_token, False: _open_w3c}


def _secured(published: Published) -> JsonObject | str:
    """A credential with an embedded proof or a compact JWS, which has no status of its own to look up."""
    if published.media_type == CREDENTIAL:
        secured = strict_json.parse_object(published.body, what="the status list credential")
        _refuse_own_status(secured)
        return secured
    if published.media_type == CWT:
        raise MalformedInput("it is neither a JSON object nor a JWS")
    text = _text(published)
    _refuse_own_status(jws.read(text, what="the status list credential").payload)
    return text


def _certified(authority: Authority, x5c: object, key_id: object) -> Certificate | None:
    """The certificate of who signed the token; None where it has none, or names a key of the issuer's DID."""
    own = isinstance(key_id, str) and key_id.startswith(f"{authority.issuer}#")
    if x5c is None or own or authority.certified_key is None:
        return None
    return authority.certified_key(x5c)


def _key(authority: Authority, key_id: object, issued: datetime) -> VerificationKey:
    if key_id is not None and not isinstance(key_id, str):
        raise MalformedInput(f"kid is {excerpt(key_id)}, not a string")
    if key_id is not None and key_id.startswith("did:") and key_id.partition("#")[0] != authority.issuer:
        raise VerificationFailed(
            f"it is signed with {excerpt(key_id)}, the issuer is {authority.issuer[:100]}"
        )
    return authority.resolve_key(authority.issuer, key_id, issued)


def _refuse_own_status(document: JsonObject) -> None:
    for name in ("credentialStatus", "status"):
        if name in document:
            raise MalformedInput(f"it has a {name} of its own, which is not looked up")


def _check_names(url: str, issuer: str, published: Published, authority: Authority) -> None:
    if issuer != authority.issuer:
        raise VerificationFailed(
            f"it is issued by {excerpt(issuer)}, the credential by {authority.issuer[:100]}"
        )
    _check_url(url, published)


def _check_url(url: str, published: Published) -> None:
    if url != published.url:
        raise VerificationFailed(f"it says that it is the list {excerpt(url)}")


def _check_period(start: datetime | None, end: datetime | None, authority: Authority) -> None:
    if start is not None and authority.now + authority.leeway < start:
        raise VerificationFailed(f"it is not valid before {format_timestamp(start)}")
    if end is not None and authority.now - authority.leeway > end:
        raise VerificationFailed(f"it expired at {format_timestamp(end)}")


def _judge(entry: StatusEntry, opened: StatusList) -> StatusOutcome:
    try:
        if isinstance(opened, TokenStatusList):
            return _judge_token(entry, opened.status(entry.index))
        if entry.purpose not in opened.purposes:
            purposes = excerpt(", ".join(sorted(opened.purposes)))
            raise MalformedInput(f"it is for {purposes}, the entry for {excerpt(entry.purpose)}")
        return _judge_w3c(entry, opened.status(entry.index, entry.size))
    except MalformedInput as error:
        raise _undetermined(entry.url, error.message) from error


def _judge_w3c(entry: StatusEntry, value: int) -> StatusOutcome:
    meaning = f" {excerpt(entry.messages[value])}" if entry.messages else ""
    if entry.purpose in _REMARKS:
        return StatusOutcome(value, f"{entry.purpose} {value:#x}{meaning}")
    word = _SET.get(entry.purpose)
    if value and word is None:
        raise Undetermined(
            f"the issuer set {excerpt(entry.purpose)} to {value:#x}{meaning}, which ipse can't judge"
        )
    if value and word is not None:
        raise Rejected(word, f"the issuer has {word} it{meaning}", f"{entry.place} is {value:#x}")
    return StatusOutcome(value, f"not {word}" if word else f"no {excerpt(entry.purpose)}")


def _judge_token(entry: StatusEntry, value: int) -> StatusOutcome:
    if value == token_status_list.INVALID:
        raise Rejected(REVOKED, "the issuer has revoked it", f"{entry.place} is INVALID (0x1)")
    if value == token_status_list.SUSPENDED:
        raise Rejected(SUSPENDED, "the issuer has suspended it", f"{entry.place} is SUSPENDED (0x2)")
    if value != token_status_list.VALID:
        raise Undetermined(
            f"the status at {entry.place[:100]} is {value:#x}, which only its application knows"
        )
    return StatusOutcome(value, "not revoked, not suspended")


def _end(opened: StatusList) -> datetime | None:
    return opened.expires if isinstance(opened, TokenStatusList) else opened.valid_until


def _text(published: Published) -> str:
    try:
        return published.body.decode("ascii").strip()
    except UnicodeDecodeError as error:
        raise MalformedInput(f"it is not a compact JWS: byte {error.start} is not ASCII") from error


def _unknown(entry: UnknownEntry) -> Undetermined:
    return Undetermined(f"ipse does not know the status mechanism {entry.mechanism}")


def _undetermined(url: str, reason: str, code: str = "") -> Undetermined:
    return Undetermined(f"the status list {url[:100]} can't be relied on: {reason}", code=code)
