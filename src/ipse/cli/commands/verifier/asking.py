"""What `ipse verifier serve` is told to ask: options and files to DCQL queries."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from ipse.cli import params
from ipse.encoding import strict_json
from ipse.encoding.strict_json import Json, JsonObject
from ipse.errors import MalformedInput, UsageError

__all__ = ["DEFAULT", "FORMATS", "queries"]

DEFAULT: Final = "default"
"""The name of the query that options make, and of the one in a file without a name."""
FORMATS: Final = ("dc+sd-jwt", "jwt_vc_json", "ldp_vc")
_ID: Final = "credential"


def queries(
    types: Sequence[str], claims: Sequence[str], form: str, files: Sequence[str]
) -> dict[str, JsonObject]:
    """The queries by name: one of the options, or those in `files`, each FILE or NAME=FILE.

    Raises UsageError for options that contradict each other, MalformedInput for what is no query.
    """
    if files and (types or claims):
        raise UsageError("--query contradicts --type and --claim", hint="put all of it into the query")
    if claims and not types:
        raise UsageError("--claim is of a credential of some type", hint="give --type as well")
    found: dict[str, JsonObject] = {}
    for entry in files:
        name, file = entry.split("=", 1) if "=" in entry else (DEFAULT, entry)
        if not name or name in found:
            raise UsageError(f"the query {name!r} is given twice", hint="--query NAME=FILE, each name once")
        found[name] = params.read_object(file)
    if types:
        found[DEFAULT] = _query(types, claims, form)
    for query in found.values():
        _check(query)
    return found


def _query(types: Sequence[str], claims: Sequence[str], form: str) -> JsonObject:
    """The query for one credential of one of `types`, with these claims of it."""
    if form not in FORMATS:
        raise UsageError(
            f"{form[:40]!r} is no format of a query", hint=f"--format takes {', '.join(FORMATS)}"
        )
    meta: JsonObject = {"vct_values": [*types]} if form == FORMATS[0] else {"type_values": [[*types]]}
    credential: JsonObject = {"id": _ID, "format": form, "meta": meta}
    if claims:
        credential["claims"] = [{"path": _path(text)} for text in claims]
    return {"credentials": [credential]}


def _path(text: str) -> list[Json]:
    """A claims path: names between dots, or a JSON array of names, positions and null (section 7)."""
    if text.startswith("["):
        try:
            path = json.loads(text)
        except ValueError as error:
            raise UsageError(
                f"{text[:100]!r} is no JSON array", hint='--claim \'["address", "city"]\''
            ) from error
        return list(path) if isinstance(path, list) else []
    if not all(text.split(".")):
        raise UsageError(f"{text[:100]!r} is no path of a claim", hint="--claim address.city")
    return [*text.split(".")]


def _check(query: JsonObject) -> None:
    from ipse.protocols.dcql.query import parse_query

    try:
        parse_query(query)
    except MalformedInput as error:
        shown = strict_json.excerpt(query)
        raise MalformedInput(f"the query {shown} can't be asked: {error.message}", hint=error.hint) from error
