"""Issuing credentials by the owner's DIDs: one, or one for each row of a batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from ipse.credentials import formats
from ipse.credentials.issuer import Draft, Issued, IssueOptions, Issuer, SigningKey
from ipse.dids import resolver
from ipse.encoding.strict_json import Json, JsonObject
from ipse.errors import UsageError
from ipse.storage import status_lists
from ipse.wallet import batch, identities, resolution, status
from ipse.wallet.batch import Progress, Rows, Summary
from ipse.wallet.resolution import Reach
from ipse.wallet.wallet import Wallet

__all__ = ["issue", "issue_batch", "issuer_of", "signing_key"]


def issue(
    wallet: Wallet,
    issuer: str | None,
    content: Draft | JsonObject,
    options: IssueOptions,
    *,
    lists: Sequence[str] = (),
    now: datetime,
    reach: Reach | None = None,
) -> Issued:
    """The credential of a draft, or of a whole prepared document, signed by the owner's DID.

    `issuer` is a name or DID, None for the default; the subject of a draft is a DID, or the name of one of
    the owner's. The credential gets an entry in each of the status `lists`. A prepared document has no proof,
    and no issuer or this one. Raises NotFound, MalformedInput (a rule of the data model, a term that would
    not be signed), UsageError, KeystoreError, MissingFeature.
    """
    if isinstance(content, Draft) and content.subject is not None:
        content = replace(content, subject=_subject(wallet, content.subject))
    maker = issuer_of(wallet, issuer, options, now=now)
    check_lists(wallet, lists, maker)
    unsigned = maker.unsigned(content, resolve=lambda did: resolution.resolve(did, reach or Reach()))
    if lists:
        unsigned = maker.identified(unsigned)
        identifier = unsigned[maker.format.identifier]
        given = [status.allocate(wallet, name, identifier, now=now) for name in lists]
        unsigned = status.attach(unsigned, given)
    return maker.sign(unsigned)


def _subject(wallet: Wallet, name_or_did: str) -> str:
    if name_or_did.startswith("did:"):
        return resolver.check_did(name_or_did)
    return wallet.manifest.find(name_or_did).did


def issue_batch(
    wallet: Wallet,
    issuer: str | None,
    template: JsonObject,
    options: IssueOptions,
    rows: Rows,
    output: Path | BinaryIO,
    *,
    lists: Sequence[str] = (),
    row_schema: JsonObject | None = None,
    now: datetime,
    resume: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> Summary:
    """A credential for every row, in the order of the rows. See `ipse.wallet.batch.issue`.

    Raises what that does and what `issue` does, all before the first row.
    """
    key = signing_key(wallet, issuer)
    check_lists(wallet, lists, Issuer(key, options, now=now))
    return batch.issue(
        batch.Job(key, options, template, row_schema),
        rows,
        output,
        now=now,
        resume=resume,
        status=_entries(wallet, lists, now) if lists else None,
        progress=progress,
    )


def issuer_of(wallet: Wallet, issuer: str | None, options: IssueOptions, *, now: datetime) -> Issuer:
    """An issuer with the key of one of the owner's DIDs, by name or DID, None for the default.

    Raises NotFound, UsageError, KeystoreError, MissingFeature.
    """
    formats.named(options.format)
    return Issuer(signing_key(wallet, issuer), options, now=now)


def check_lists(wallet: Wallet, lists: Sequence[str], issuer: Issuer) -> None:
    """Raise UsageError for status lists of another kind than the format has, or of another DID.

    NotFound where there is no such list.
    """
    form = issuer.format
    if lists and form.status_kind is None:
        raise UsageError(
            f"--format {form.name} has no status lists",
            hint="use a --format of VCDM 2.0, or sd-jwt",
        )
    if form.max_status_entries is not None and len(lists) > form.max_status_entries:
        raise UsageError(f"a credential of --format {form.name} has one status", hint="give --status once")
    for name in lists:
        record = status_lists.find(wallet.vault, name)
        if record.kind != form.status_kind:
            raise UsageError(
                f"{name!r} is a {record.kind} list, which {form.name} credentials don't use",
                hint=f"`ipse vc status create NAME --kind {form.status_kind}` makes one that they do",
            )
        if record.issuer != issuer.did:
            raise UsageError(
                f"{name!r} is a list of {record.issuer}, not of {issuer.did}",
                hint="a credential and its status list have the same issuer",
            )


def signing_key(wallet: Wallet, issuer: str | None) -> SigningKey:
    """The key of one of the owner's DIDs, by name or DID, None for the default.

    Raises NotFound, KeystoreError.
    """
    which = issuer or identities.default(wallet).name
    record, place, key = identities.signing_key(wallet, which)
    return SigningKey(record.did, place.id, key)


def _entries(wallet: Wallet, lists: Sequence[str], now: datetime) -> Callable[[Sequence[str]], list[Json]]:
    """What the credentials with these ids get: their entries in the status lists."""

    def give(ids: Sequence[str]) -> list[Json]:
        columns = [status.allocate_many(wallet, name, ids, now=now) for name in lists]
        rows = zip(*columns, strict=True)
        return [next(iter(status.attach({}, allocations).values())) for allocations in rows]

    return give
