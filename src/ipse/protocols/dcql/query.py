"""The value of a DCQL query and its parser (OpenID4VP 1.0 sections 6 and 7, Appendix B).

The parser refuses what the specification forbids, and what is larger than any query needs to be. It ignores
unknown members, as section 6 demands. A query for an unsupported format is read as well: it can't be
answered, but other parts of the same request may be.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, TypeVar

from ipse.encoding import base64url
from ipse.encoding.strict_json import Json, JsonObject, excerpt, kind_of
from ipse.errors import InputTooLarge, MalformedInput

__all__ = [
    "AUTHORITY_KEY_ID",
    "MAX_DEPTH",
    "MAX_ENTRIES",
    "MAX_ID",
    "MAX_NODES",
    "MAX_PATH",
    "MAX_VALUES",
    "SD_JWT_VC",
    "SUPPORTED_FORMATS",
    "W3C_FORMATS",
    "ClaimPath",
    "ClaimQuery",
    "ConcretePath",
    "CredentialQuery",
    "CredentialSet",
    "Query",
    "TrustedAuthority",
    "parse_query",
]

ClaimPath: TypeAlias = tuple[str | int | None, ...]
"""A claims path pointer (section 7): a name, an index from 0, or None for all elements of an array."""
ConcretePath: TypeAlias = tuple[str | int, ...]
"""The place of one claim in one credential: a claims path pointer without None."""

SD_JWT_VC: Final = "dc+sd-jwt"
W3C_FORMATS: Final = ("jwt_vc_json", "ldp_vc")
SUPPORTED_FORMATS: Final = (SD_JWT_VC, *W3C_FORMATS)
"""The credential format identifiers (Appendix B) that can be answered."""
AUTHORITY_KEY_ID: Final = "aki"
"""The type of trusted authority that can be decided without the network (section 6.1.1.1)."""

MAX_NODES: Final = 20_000
"""JSON values in a query, counting objects, arrays and everything in them."""
MAX_DEPTH: Final = 32
"""Levels of objects and arrays in a query; the language itself needs seven."""
MAX_ENTRIES: Final = 100
"""Entries of an array in a query, if no other limit is named for it."""
MAX_VALUES: Final = 1_000
"""Values that one claim may have: every country fits."""
MAX_PATH: Final = 16
"""Components of a claims path pointer."""
MAX_ID: Final = 256
"""Characters of an identifier."""

_ID: Final = re.compile(r"[A-Za-z0-9_-]+")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class ClaimQuery:
    """A claim that is asked for (section 6.3).

    `values` are strings, integers and booleans, one of which the claim has to equal; None for any value.
    """

    id: str | None
    path: ClaimPath
    values: tuple[Json, ...] | None = None


@dataclass(frozen=True, slots=True)
class TrustedAuthority:
    """A kind of authority, and those of it that the verifier accepts (section 6.1.1)."""

    type: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CredentialQuery:
    """A credential that is asked for (section 6.1).

    - `claims`: empty where no selectively disclosable claim is asked for
    - `claim_sets`: ids of `claims`, the verifier's preference first; empty where all claims are asked for
    - `multiple`: whether several credentials may be returned
    - `trusted_authorities`: empty where any issuer is accepted
    """

    id: str
    format: str
    meta: JsonObject
    claims: tuple[ClaimQuery, ...] = ()
    claim_sets: tuple[tuple[str, ...], ...] = ()
    multiple: bool = False
    trusted_authorities: tuple[TrustedAuthority, ...] = ()
    require_holder_binding: bool = True

    @property
    def is_supported(self) -> bool:
        """Whether credentials of this format can be presented."""
        return self.format in SUPPORTED_FORMATS

    @property
    def types(self) -> tuple[str, ...]:
        """The acceptable `vct` values of an SD-JWT VC (`meta.vct_values`); empty where any is accepted."""
        return _strings(self.meta.get("vct_values"))

    @property
    def type_sets(self) -> tuple[tuple[str, ...], ...]:
        """The alternatives of fully expanded types of a W3C credential (`meta.type_values`).

        A credential needs all types of one alternative. Empty where any type is accepted.
        """
        values = self.meta.get("type_values")
        return tuple(map(_strings, values)) if isinstance(values, list) else ()

    def claims_of(self, claim_set: Collection[str]) -> tuple[ClaimQuery, ...]:
        """The claims that one of the `claim_sets` combines, in the order of `claims`."""
        return tuple(claim for claim in self.claims if claim.id in claim_set)


@dataclass(frozen=True, slots=True)
class CredentialSet:
    """A use case (section 6.2): one of `options`, each some ids of credential queries, satisfies it."""

    options: tuple[tuple[str, ...], ...]
    required: bool = True


@dataclass(frozen=True, slots=True)
class Query:
    """What a verifier asks for (section 6). Without `sets`, all of `credentials` are asked for."""

    credentials: tuple[CredentialQuery, ...]
    sets: tuple[CredentialSet, ...] = ()

    def credential(self, query_id: str) -> CredentialQuery | None:
        """The credential query with this id, or None."""
        return next((entry for entry in self.credentials if entry.id == query_id), None)


def parse_query(query: Json) -> Query:
    """The value of a DCQL query (section 6).

    Raises MalformedInput for what the specification forbids, InputTooLarge over the limits of this module.
    """
    if not isinstance(query, dict):
        raise MalformedInput(f"dcql_query is a JSON {kind_of(query)}, an object is expected")
    _check_size(query)
    credentials = _entries(query, "credentials", "dcql_query", _credential_query, required=True)
    _check_unique([entry.id for entry in credentials], "two credentials in dcql_query")
    known = {entry.id for entry in credentials}
    sets = _entries(query, "credential_sets", "dcql_query", lambda entry, where: _set(entry, where, known))
    return Query(credentials, sets)


def _check_size(query: JsonObject) -> None:
    """Raise InputTooLarge before anything is read that has too many parts or is nested too deep."""
    level: list[Json] = [query]
    nodes = 0
    for _ in range(MAX_DEPTH + 1):
        nodes += len(level)
        if nodes > MAX_NODES:
            raise InputTooLarge(f"dcql_query has more than {MAX_NODES} values")
        inner: list[Json] = []
        for node in level:
            if isinstance(node, (dict, list)):
                if nodes + len(inner) + len(node) > MAX_NODES:
                    raise InputTooLarge(f"dcql_query has more than {MAX_NODES} values")
                inner.extend(node.values() if isinstance(node, dict) else node)
        if not inner:
            return
        level = inner
    raise InputTooLarge(f"dcql_query is nested deeper than {MAX_DEPTH} levels")


def _credential_query(entry: Json, where: str) -> CredentialQuery:
    if not isinstance(entry, dict):
        raise MalformedInput(f"{where} is a JSON {kind_of(entry)}, an object is expected")
    identifier = _identifier(entry.get("id"), where)
    where = f"the credential query {identifier[:80]!r}"
    form, meta = entry.get("format"), entry.get("meta")
    if not isinstance(form, str) or not form:
        raise MalformedInput(
            f"{where} has the format {excerpt(form)}, a credential format identifier is expected"
        )
    if not isinstance(meta, dict):
        raise MalformedInput(f"{where} has no object meta; an empty one asks for nothing in particular")
    _check_meta(form, meta, where)
    claims = _entries(entry, "claims", where, _claim_query)
    return CredentialQuery(
        id=identifier,
        format=form,
        meta=meta,
        claims=claims,
        claim_sets=_claim_sets(entry, claims, where),
        multiple=_flag(entry, "multiple", where, default=False),
        trusted_authorities=_entries(entry, "trusted_authorities", where, _authority),
        require_holder_binding=_flag(entry, "require_cryptographic_holder_binding", where, default=True),
    )


def _check_meta(form: str, meta: JsonObject, where: str) -> None:
    """The parameters of a supported format (Appendix B.1.1 and B.3.5); others are not looked at."""
    if form == SD_JWT_VC and "vct_values" in meta:
        _entries(meta, "vct_values", f"meta of {where}", _text)
    if form in W3C_FORMATS and "type_values" in meta:
        _entries(meta, "type_values", f"meta of {where}", lambda entry, at: _array(entry, at, _text))


def _claim_query(entry: Json, where: str) -> ClaimQuery:
    if not isinstance(entry, dict):
        raise MalformedInput(f"{where} is a JSON {kind_of(entry)}, an object is expected")
    identifier = _identifier(entry["id"], where) if "id" in entry else None
    path = _entries(entry, "path", where, _component, required=True, most=MAX_PATH)
    values = None
    if "values" in entry:
        values = _entries(entry, "values", where, _value, most=MAX_VALUES)
    return ClaimQuery(identifier, path, values)


def _component(entry: Json, where: str) -> str | int | None:
    if entry is None or isinstance(entry, str):
        return entry
    number = _integer(entry)
    if number is None or number < 0:
        raise MalformedInput(f"{where} is {excerpt(entry)}, not a string, null or an integer from 0")
    return number


def _value(entry: Json, where: str) -> Json:
    if isinstance(entry, (str, bool)):
        return entry
    number = _integer(entry)
    if number is None:
        raise MalformedInput(f"{where} is {excerpt(entry)}, not a string, an integer or a boolean")
    return number


def _integer(value: Json) -> int | None:
    """The integer that a JSON number is, in whatever spelling (1, 1.0, 1e0); None for everything else."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if type(value) is int else None


def _claim_sets(entry: JsonObject, claims: Sequence[ClaimQuery], where: str) -> tuple[tuple[str, ...], ...]:
    ids = [claim.id for claim in claims if claim.id is not None]
    _check_unique(ids, f"two claims of {where}")
    if "claim_sets" not in entry:
        return ()
    if not claims:
        raise MalformedInput(f"{where} has claim_sets and no claims")
    if len(ids) < len(claims):
        raise MalformedInput(f"{where} has claim_sets, and a claim without an id that they could name")
    known = frozenset(ids)
    return _entries(
        entry, "claim_sets", where, lambda names, at: _array(names, at, _reference(known, "claim"))
    )


def _authority(entry: Json, where: str) -> TrustedAuthority:
    if not isinstance(entry, dict):
        raise MalformedInput(f"{where} is a JSON {kind_of(entry)}, an object is expected")
    kind = _text(entry.get("type"), f"the type of {where}")
    values = _entries(entry, "values", where, _text, required=True)
    if kind == AUTHORITY_KEY_ID:
        values = tuple(_key_identifier(value, where) for value in values)
    return TrustedAuthority(kind, values)


def _key_identifier(value: str, where: str) -> str:
    """The one spelling of a key identifier: base64url without the padding that RFC 4648 allows."""
    try:
        return base64url.encode(base64url.decode(value.rstrip("=")))
    except MalformedInput as error:
        raise MalformedInput(f"{where} has the key identifier {excerpt(value)}: {error.message}") from error


def _set(entry: Json, where: str, known: Collection[str]) -> CredentialSet:
    if not isinstance(entry, dict):
        raise MalformedInput(f"{where} is a JSON {kind_of(entry)}, an object is expected")
    reference = _reference(known, "credential query")
    options = _entries(entry, "options", where, lambda names, at: _array(names, at, reference), required=True)
    return CredentialSet(options, _flag(entry, "required", where, default=True))


def _reference(known: Collection[str], kind: str) -> Callable[[Json, str], str]:
    """A reader of ids that are to be among the `known` ones."""

    def read(entry: Json, where: str) -> str:
        if not isinstance(entry, str) or entry not in known:
            raise MalformedInput(f"{where} is {excerpt(entry)}, which is the id of no {kind}")
        return entry

    return read


def _entries(
    entry: JsonObject,
    name: str,
    where: str,
    read: Callable[[Json, str], _T],
    *,
    required: bool = False,
    most: int = MAX_ENTRIES,
) -> tuple[_T, ...]:
    """What `read` makes of each entry of the member `name`, a non-empty array; empty where it is absent."""
    if name not in entry:
        if required:
            raise MalformedInput(f"{where} has no {name}, a non-empty array is expected")
        return ()
    return _array(entry[name], f"{name} of {where}", read, most=most)


def _array(
    values: Json, where: str, read: Callable[[Json, str], _T], *, most: int = MAX_ENTRIES
) -> tuple[_T, ...]:
    if not isinstance(values, list):
        raise MalformedInput(f"{where} is a JSON {kind_of(values)}, a non-empty array is expected")
    if not values:
        raise MalformedInput(f"{where} is an empty array, at least one entry is expected")
    if len(values) > most:
        raise InputTooLarge(f"{where} has {len(values)} entries; at most {most} are read")
    return tuple(read(value, f"entry {number} of {where}") for number, value in enumerate(values, 1))


def _identifier(value: Json, where: str) -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise MalformedInput(
            f"{where} has the id {excerpt(value)}",
            hint="an id has letters, digits, hyphens and underscores, at least one",
        )
    if len(value) > MAX_ID:
        raise InputTooLarge(f"{where} has an id of {len(value)} characters; at most {MAX_ID} are read")
    return value


def _text(value: Json, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise MalformedInput(f"{where} is {excerpt(value)}, a non-empty string is expected")
    return value


def _flag(entry: JsonObject, name: str, where: str, *, default: bool) -> bool:
    value = entry.get(name, default)
    if not isinstance(value, bool):
        raise MalformedInput(f"{name} of {where} is {excerpt(value)}, true or false is expected")
    return value


def _check_unique(ids: Sequence[str], what: str) -> None:
    seen: set[str] = set()
    for identifier in ids:
        if identifier in seen:
            raise MalformedInput(f"the id {identifier[:80]!r} is used for {what}")
        seen.add(identifier)


def _strings(values: Json) -> tuple[str, ...]:
    """The strings of an array, for `meta` that was not read by the parser."""
    return tuple(value for value in values if isinstance(value, str)) if isinstance(values, list) else ()
