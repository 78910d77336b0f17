"""`ipse trust`: whose credentials you accept, and which authorities' certificates count."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ipse.cli import params
from ipse.cli.context import context_of
from ipse.encoding.safe_text import one_line
from ipse.encoding.strict_json import JsonObject
from ipse.encoding.timestamps import format_timestamp
from ipse.errors import UsageError

if TYPE_CHECKING:
    from ipse.wallet.trust import Authority

__all__ = ["add", "delete", "list_"]

_FINGERPRINT: Final = re.compile(r"[0-9A-Fa-f:]+")
_SHOWN: Final = 16
"""Digits of a fingerprint in the list, enough to delete by."""


def add(
    ctx: typer.Context,
    issuer: Annotated[
        str | None, typer.Argument(metavar="DID", help="An issuer, or an https URL that publishes keys.")
    ] = None,
    purposes: Annotated[
        list[str] | None,
        typer.Option(
            "--for",
            metavar="TYPE",
            help="A type it may issue, `*` for all; with --ca: verifier, registrar, issuer or status.",
        ),
    ] = None,
    authority: Annotated[
        str | None,
        typer.Option("--ca", metavar="FILE|-", help="Trust the authorities whose certificates are in FILE."),
    ] = None,
) -> None:
    """Accept an issuer's credentials, or an authority's certificates."""
    from ipse.wallet import trust

    if (issuer is None) is (authority is None):
        raise UsageError("give one DID, or --ca FILE", hint="`ipse trust add --help` shows both")
    if not purposes:
        raise UsageError("nothing is said of what it is trusted for", hint="give --for")
    context = context_of(ctx)
    if issuer is not None:
        with context.wallet() as wallet:
            trust.add(wallet, issuer, purposes, now=context.now)
        text = f"{issuer} is trusted for {', '.join(purposes)}"
        context.output.result(text, {"issuer": issuer, "types": purposes})
        return
    from ipse.keys.certificates import read_certificates

    certificates = read_certificates(params.read_bytes(authority or ""))
    with context.wallet() as wallet:
        trust.add_authority(wallet, certificates, purposes, now=context.now)
    lines = [
        f"{one_line(entry.subject, 200)} is trusted for {', '.join(purposes)}\n"
        f"SHA-256 {entry.fingerprint.hex()}"
        for entry in certificates
    ]
    fingerprints = [entry.fingerprint.hex() for entry in certificates]
    context.output.result("\n".join(lines), {"authorities": fingerprints, "purposes": purposes})


def list_(ctx: typer.Context) -> None:
    """List the issuers and the authorities you trust."""
    from ipse.wallet import trust

    context = context_of(ctx)
    with context.wallet(doubt=context.warn) as wallet:
        issuers = [asdict(entry) for entry in trust.listed(wallet)]
        authorities = [_row(entry) for entry in trust.authorities(wallet)]
    output = context.output
    if output.json:
        output.result("", {"issuers": issuers, "authorities": authorities})
        return
    if issuers or not authorities:
        empty = "nobody yet: `ipse trust add DID --for TYPE`, `ipse trust add --ca FILE --for verifier`"
        output.table("issuers", issuers, ("did", "type", "added"), empty=empty, cuts=("did", "type"))
    if authorities:
        short = [{**row, "fingerprint": str(row["fingerprint"])[:_SHOWN]} for row in authorities]
        columns = ("fingerprint", "purposes", "valid_until", "subject")
        output.table("authorities", short, columns, empty="", cuts=("purposes", "subject"))


def _row(entry: Authority) -> JsonObject:
    certificate = entry.certificate
    return {
        "fingerprint": entry.fingerprint,
        "subject": certificate.subject,
        "valid_from": format_timestamp(certificate.not_before),
        "valid_until": format_timestamp(certificate.not_after),
        "purposes": list(entry.purposes),
        "added": entry.added,
    }


def delete(
    ctx: typer.Context,
    which: Annotated[
        str,
        typer.Argument(metavar="DID|FINGERPRINT", help="An issuer, or the beginning of a fingerprint."),
    ],
    purposes: Annotated[
        list[str] | None,
        typer.Option("--for", metavar="TYPE", help="Only for this type or purpose; for all where not given."),
    ] = None,
) -> None:
    """Delete an issuer or an authority from the trust list."""
    from ipse.wallet import trust

    context = context_of(ctx)
    with context.wallet() as wallet:
        if _FINGERPRINT.fullmatch(which):
            deleted = trust.remove_authority(wallet, which, purposes)
        else:
            deleted = trust.remove(wallet, which, purposes)
    context.output.result(
        f"{which}: {deleted} {'entry' if deleted == 1 else 'entries'} deleted", {"deleted": deleted}
    )
