"""What a verifier is registered to ask for, and why, as its registration certificate says it.

Source: ETSI TS 119 475 clauses 5.2.4 and B.2.6 to B.2.10. A registration that can't be read in a part grants
nothing by that part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from ipse.encoding.strict_json import Json, JsonObject
from ipse.protocols.dcql.query import SD_JWT_VC, ClaimPath, CredentialQuery

__all__ = [
    "RegisteredCredential",
    "RegisteredUse",
    "SupervisoryAuthority",
    "Text",
    "covers",
    "read_use",
    "texts",
    "words",
]

_MAX_ENTRIES: Final = 100
_MAX_PATHS: Final = 500


@dataclass(frozen=True, slots=True)
class Text:
    """A text in one language (RFC 5646), empty where it does not say which."""

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class SupervisoryAuthority:
    """The data protection authority to complain to."""

    name: str
    country: str
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    uris: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RegisteredCredential:
    """Credentials of one kind that may be asked for, and which of their claims.

    `meta` is as in DCQL, None where it can't be read, so that nothing fits.
    """

    format: str
    meta: JsonObject | None
    paths: tuple[ClaimPath, ...]

    def fits(self, query: CredentialQuery) -> bool:
        """Whether every credential that satisfies the query is of this kind."""
        if self.meta is None or query.format != self.format:
            return False
        return all(
            name in query.meta and _within(query.meta[name], value) for name, value in self.meta.items()
        )


@dataclass(frozen=True, slots=True)
class RegisteredUse:
    """What may be asked for, and what the owner should know about it; all of it is the registrar's word.

    - `purposes`, `services`: in the languages of the registration
    - `identifier`: of the intended use, at the registrar
    - `privacy_policy`, `information`, `support`: addresses
    """

    credentials: tuple[RegisteredCredential, ...] = ()
    purposes: tuple[Text, ...] = ()
    services: tuple[Text, ...] = ()
    identifier: str | None = None
    entitlements: tuple[str, ...] = ()
    privacy_policy: tuple[str, ...] = ()
    information: tuple[str, ...] = ()
    support: tuple[str, ...] = ()
    supervisory_authority: SupervisoryAuthority | None = None
    is_public_body: bool = False
    country: str = field(default="")

    def purpose(self, languages: Sequence[str] = ("en",)) -> str:
        """The purpose in the first of `languages` that there is, else in any; empty where there is none."""
        for language in languages:
            for entry in self.purposes:
                if entry.language.lower().split("-")[0] == language.lower().split("-")[0]:
                    return entry.text
        return self.purposes[0].text if self.purposes else ""


def covers(registered: ClaimPath, asked: ClaimPath) -> bool:
    """Whether a registered path includes what a path asks for: itself, and everything below it.

    A registered null stands for every element of an array; a null that is asked for is included by that
    alone. An empty path includes nothing.
    """
    if not registered or len(registered) > len(asked):
        return False
    return all(
        part == wanted or (part is None and not isinstance(wanted, str))
        for part, wanted in zip(registered, asked, strict=False)
    )


def read_use(claims: JsonObject) -> RegisteredUse:
    """The use that the claims of a registration certificate register."""
    authority = claims.get("supervisory_authority", claims.get("dpa"))
    return RegisteredUse(
        credentials=tuple(
            found for entry in _objects(claims.get("credentials")) if (found := _credential(entry))
        ),
        purposes=texts(claims.get("purpose")),
        services=texts(claims.get("srv_description", claims.get("service"))),
        identifier=next(iter(words(claims.get("intended_use_id"))), None),
        entitlements=words(claims.get("entitlements")),
        privacy_policy=_policies(claims.get("privacy_policy")),
        information=words(claims.get("info_uri")),
        support=words(claims.get("support_uri")),
        supervisory_authority=_authority(authority) if isinstance(authority, dict) else None,
        is_public_body=claims.get("public_body") is True,
        country=next(iter(words(claims.get("country"))), ""),
    )


def words(value: Json) -> tuple[str, ...]:
    """The texts that are in a text or in an array of texts; those with nothing in them are left out."""
    entries = value if isinstance(value, list) else [value]
    return tuple(
        entry.strip() for entry in entries[:_MAX_ENTRIES] if isinstance(entry, str) and entry.strip()
    )


def texts(value: Json) -> tuple[Text, ...]:
    """Texts with their languages, also where arrays are nested in the array."""
    found: list[Text] = []
    entries = value if isinstance(value, list) else [value]
    flat = [
        inner for entry in entries[:_MAX_ENTRIES] for inner in (entry if isinstance(entry, list) else [entry])
    ]
    for entry in flat[:_MAX_ENTRIES]:
        if isinstance(entry, dict):
            said = words(entry.get("value")) or words(entry.get("content"))
            language = next(iter(words(entry.get("lang"))), "")
            found.extend(Text(language, text) for text in said[:1])
    return tuple(found)


def _within(asked: Json, registered: Json) -> bool:
    """Whether what is asked for is no more than what is registered: a part of a list, or the same."""
    if isinstance(asked, list) and isinstance(registered, list):
        return bool(asked) and all(any(_same(each, one) for one in registered) for each in asked)
    return _same(asked, registered)


def _same(one: Json, other: Json) -> bool:
    return type(one) is type(other) and one == other


def _credential(entry: JsonObject) -> RegisteredCredential | None:
    form = entry.get("format")
    if not isinstance(form, str):
        return None
    claims = entry["claim"] if "claim" in entry else entry.get("claims")
    found = (_path(claim.get("path")) for claim in _objects(claims, _MAX_PATHS))
    return RegisteredCredential(form, _meta(form, entry.get("meta")), tuple(path for path in found if path))


def _meta(form: str, meta: Json) -> JsonObject | None:
    """The meta as DCQL has it; version 1.1.1 had the type alone, as a text."""
    if isinstance(meta, str) and meta:
        return {"vct_values": [meta]} if form == SD_JWT_VC else {"doctype_value": meta}
    return meta if isinstance(meta, dict) else None


def _path(path: Json) -> ClaimPath:
    """A claims path; version 1.1.1 had a text. Empty where it can't be read."""
    parts = [path] if isinstance(path, str) else path
    if not isinstance(parts, list):
        return ()
    read: list[str | int | None] = []
    for part in parts:
        if part is not None and not isinstance(part, str) and type(part) is not int:
            return ()
        read.append(part)
    return tuple(read)


def _objects(value: Json, limit: int = _MAX_ENTRIES) -> list[JsonObject]:
    return [entry for entry in value[:limit] if isinstance(entry, dict)] if isinstance(value, list) else []


def _policies(value: Json) -> tuple[str, ...]:
    """Addresses of privacy policies, also where they are objects with `policyURI` (version 1.1.1)."""
    listed = tuple(
        word
        for entry in _objects(value)
        for name in ("policyURI", "policy_uri")
        for word in words(entry.get(name))
    )
    return words(value) or listed


def _authority(said: JsonObject) -> SupervisoryAuthority:
    return SupervisoryAuthority(
        name=next(iter(words(said.get("name"))), ""),
        country=next(iter(words(said.get("country"))), ""),
        emails=words(said.get("email")),
        phones=words(said.get("phone")),
        uris=words(said.get("uri")) or words(said.get("form_uri")),
    )
