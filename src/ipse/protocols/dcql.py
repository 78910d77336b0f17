"""The Digital Credentials Query Language (OpenID4VP 1.0, section 6)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ipse.encoding.strict_json import Json, JsonObject, excerpt, kind_of
from ipse.errors import MalformedInput, Undetermined

__all__ = ["CredentialQuery", "parse"]

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class CredentialQuery:
    """One credential that is asked for: its id in the query, its format and what `meta` says of it."""

    id: str
    format: str
    meta: JsonObject

    @property
    def types(self) -> tuple[str, ...]:
        """The acceptable `vct` values of an SD-JWT VC (`meta.vct_values`)."""
        values = self.meta.get("vct_values", [])
        return tuple(value for value in values if isinstance(value, str)) if isinstance(values, list) else ()


def parse(query: Json) -> tuple[CredentialQuery, ...]:
    """The credential queries of a DCQL query. Raises MalformedInput, Undetermined for credential sets."""
    if not isinstance(query, dict):
        raise MalformedInput(f"dcql_query is a JSON {kind_of(query)}, an object is expected")
    if "credential_sets" in query:
        raise Undetermined("dcql_query asks for credential sets, which are not supported")
    entries = query.get("credentials")
    if not isinstance(entries, list) or not entries:
        raise MalformedInput("dcql_query has no credentials")
    queries = tuple(_credential_query(entry) for entry in entries)
    if len({entry.id for entry in queries}) != len(queries):
        raise MalformedInput("dcql_query uses one id for two credentials")
    return queries


def _credential_query(entry: Json) -> CredentialQuery:
    if not isinstance(entry, dict):
        raise MalformedInput("a credential in dcql_query is not an object")
    identifier, form, meta = entry.get("id"), entry.get("format"), entry.get("meta")
    if not isinstance(identifier, str) or not _ID.fullmatch(identifier):
        raise MalformedInput(f"a credential in dcql_query has the id {excerpt(identifier)}")
    if not isinstance(form, str) or not isinstance(meta, dict):
        raise MalformedInput(f"the credential {identifier!r} in dcql_query lacks its format or meta")
    return CredentialQuery(identifier, form, meta)
