"""Issuing many credentials by one of the owner's DIDs: template, key, status entries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from ipse.encoding.strict_json import Json, JsonObject
from ipse.errors import Undetermined, UsageError
from ipse.wallet import batch, drafting, identities, issuing, status
from ipse.wallet.batch import Progress, Rows, Summary
from ipse.wallet.issuing import Securing
from ipse.wallet.wallet import Wallet

__all__ = ["issue", "undefined_terms"]


def issue(
    wallet: Wallet,
    issuer: str | None,
    template: JsonObject,
    securing: Securing,
    rows: Rows,
    output: Path | BinaryIO,
    *,
    row_schema: JsonObject | None = None,
    now: datetime,
    resume: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> Summary:
    """A credential for every row, in the order of the rows. See `ipse.wallet.batch.issue`.

    Raises what that does, and NotFound, KeystoreError, UsageError for status lists of another DID or kind.
    """
    which = issuer or identities.default(wallet).name
    record, place, key = identities.signing_key(wallet, which)
    for name in securing.status_lists:
        issuing.check_list(wallet, name, form=securing.form, did=record.did)
    if len(securing.status_lists) > 1 and securing.form == "sd-jwt":
        raise UsageError("a token has one status", hint="give --status once")
    job = batch.Job(
        form=securing.form,
        issuer=record.did,
        verification_method=place.id,
        template=drafting.with_undefined_terms(template) if securing.undefined_terms else template,
        schema=row_schema,
        cryptosuite=securing.suite,
        disclosable=_paths(template, securing),
        decoys=securing.decoys,
        contexts={} if securing.contexts is None else dict(securing.contexts.extra),
    )
    return batch.issue(
        job,
        key,
        rows,
        output,
        now=now,
        resume=resume,
        status=_entries(wallet, securing, now) if securing.status_lists else None,
        progress=progress,
    )


def undefined_terms(template: JsonObject, securing: Securing) -> tuple[str, ...]:
    """What JSON-LD would lose of every row, whatever stands in it: a line to warn with, or none.

    Raises MalformedInput where RDF is what gets signed, Undetermined there for an unknown context.
    """
    from ipse.credentials import json_ld

    if securing.form not in ("w3c", "jwt"):
        return ()
    document = drafting.with_undefined_terms(template) if securing.undefined_terms else template
    found: list[json_ld.Finding] = []
    signs_rdf = securing.suite is not None and "-rdfc-" in securing.suite
    try:
        found += json_ld.findings(_with_samples(document), securing.contexts or json_ld.known())
    except Undetermined:
        if signs_rdf:
            raise
    lost = tuple(finding for finding in found if "no context defines" in finding.reason)
    if lost and signs_rdf:
        raise json_ld.UnsafeDocument(lost)
    shown = ", ".join(finding.pointer for finding in lost[:3])
    return (f"JSON-LD would lose {shown}; --undefined-terms gives undefined terms a meaning",) if lost else ()


def _with_samples(value: Json) -> Json:
    """A template with something in its places that can stand for text and for an identifier."""
    if isinstance(value, dict):
        return {name: _with_samples(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_with_samples(item) for item in value]
    return "urn:example:place" if isinstance(value, str) and "{{" in value else value


def _paths(template: JsonObject, securing: Securing) -> tuple[tuple[str | int, ...], ...]:
    return drafting.disclosable_paths(template, securing.disclosable) if securing.form == "sd-jwt" else ()


def _entries(wallet: Wallet, securing: Securing, now: datetime) -> Callable[[Sequence[str]], list[Json]]:
    """What the credentials with these ids get: their entries in the status lists."""

    def give(ids: Sequence[str]) -> list[Json]:
        columns = [status.allocate_many(wallet, name, ids, now=now) for name in securing.status_lists]
        rows = zip(*columns, strict=True)
        return [next(iter(status.attach({}, allocations).values())) for allocations in rows]

    return give
