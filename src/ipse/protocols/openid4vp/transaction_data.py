"""Transaction data: what an answer is to authorize, and the hashes by which a key binding repeats it.

OpenID4VP 1.0 sections 5.1 and 8.4, and the profile for SD-JWT VCs in Appendix B.3.3.1.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from ipse.encoding import base64url, strict_json
from ipse.encoding.strict_json import Json, JsonObject, excerpt
from ipse.errors import IpseError, MalformedInput, Undetermined
from ipse.protocols.dcql.query import Query
from ipse.protocols.openid4vp.refusals import INVALID_TRANSACTION_DATA, refused_with

__all__ = ["HASHES", "TransactionData", "binding_claims", "check_types", "parse_transaction_data"]

HASHES: Final = {"sha-256": "sha256", "sha-384": "sha384", "sha-512": "sha512"}
"""Names of hashes in the Named Information registry, the preferred one first, and Python's names."""
DEFAULT_HASH: Final = "sha-256"

_MAX_ENTRIES: Final = 100


@dataclass(frozen=True, slots=True)
class TransactionData:
    """One entry of `transaction_data`: the object, and the string that it travels as and is hashed as."""

    content: JsonObject
    encoded: str

    @property
    def type(self) -> str:
        """What kind of transaction it is, in its sender's words."""
        return str(self.content["type"])

    @property
    def credential_ids(self) -> tuple[str, ...]:
        """The ids of the credential queries one of which is to authorize it."""
        return tuple(self.content["credential_ids"])

    @property
    def hash_names(self) -> tuple[str, ...] | None:
        """The hashes that the verifier accepts (`transaction_data_hashes_alg`), None where it names none."""
        names = self.content.get("transaction_data_hashes_alg")
        return None if names is None else tuple(names)

    @property
    def digest(self) -> str:
        """Base64url SHA-256 over the string, what the key binding repeats (Appendix B.3.3.1)."""
        return self.digest_by(DEFAULT_HASH)

    def digest_by(self, name: str) -> str:
        """The base64url hash over the string by the hash called `name`, one of HASHES."""
        return base64url.encode(hashlib.new(HASHES[name], self.encoded.encode()).digest())


def binding_claims(entries: Sequence[TransactionData]) -> JsonObject:
    """The claims with which a key binding repeats `entries`; empty where there are none.

    Raises Undetermined where the entries share no hash that is supported.
    """
    if not entries:
        return {}
    name = _common_hash(entries)
    claims: JsonObject = {"transaction_data_hashes": [entry.digest_by(name) for entry in entries]}
    if any(entry.hash_names is not None for entry in entries):
        claims["transaction_data_hashes_alg"] = name
    return claims


def check_types(entries: Sequence[TransactionData], known: Collection[str]) -> None:
    """Raise Undetermined (invalid_transaction_data) where an entry is of none of the `known` types."""
    for entry in entries:
        if entry.type not in known:
            raise refused_with(
                Undetermined(f"transaction data of the type {excerpt(entry.type)} is not supported"),
                INVALID_TRANSACTION_DATA,
            )


def parse_transaction_data(value: Json, query: Query) -> tuple[TransactionData, ...]:
    """The entries of `transaction_data`, which refer to credentials of `query`; none where it is absent.

    Raises MalformedInput and Undetermined, told as invalid_transaction_data.
    """
    if value is None:
        return ()
    try:
        return _parse(value, query)
    except IpseError as error:
        raise refused_with(error, INVALID_TRANSACTION_DATA) from error.__cause__


def _parse(value: Json, query: Query) -> tuple[TransactionData, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(entry, str) for entry in value):
        raise MalformedInput("the request's transaction_data is not an array of strings")
    if len(value) > _MAX_ENTRIES:
        raise MalformedInput(f"transaction_data has {len(value)} entries; at most {_MAX_ENTRIES} are read")
    entries = tuple(_entry(entry, query) for entry in value)
    _common_hash(entries)
    return entries


def _entry(encoded: str, query: Query) -> TransactionData:
    try:
        content = strict_json.parse_object(base64url.decode(encoded), what="an entry of transaction_data")
    except MalformedInput as error:
        raise MalformedInput(f"an entry of transaction_data can't be read: {error.message}") from error
    if not isinstance(content.get("type"), str) or not content["type"]:
        raise MalformedInput(f"an entry of transaction_data has the type {excerpt(content.get('type'))}")
    ids = _texts(content.get("credential_ids"), "credential_ids")
    for identifier in ids:
        asked = query.credential(identifier)
        if asked is None:
            raise MalformedInput(f"transaction_data is for {excerpt(identifier)}, which is not asked for")
        if not asked.require_holder_binding:
            raise MalformedInput(
                f"transaction_data is for the credential {excerpt(identifier)}, "
                "which is asked for without holder binding"
            )
    if "transaction_data_hashes_alg" in content:
        _texts(content["transaction_data_hashes_alg"], "transaction_data_hashes_alg")
    return TransactionData(content, encoded)


def _texts(value: Json, name: str) -> list[str]:
    if not isinstance(value, list) or not value or not all(isinstance(entry, str) for entry in value):
        raise MalformedInput(f"{name} in transaction_data is not an array of strings")
    return value


def _common_hash(entries: Sequence[TransactionData]) -> str:
    """The hash for all of `entries`, since a key binding names one."""
    for name in HASHES:
        if all(name in (entry.hash_names or (DEFAULT_HASH,)) for entry in entries):
            return name
    raise Undetermined(
        "the entries of transaction_data name no hash that is supported for all of them",
        hint=f"ipse hashes with {', '.join(HASHES)}",
    )
