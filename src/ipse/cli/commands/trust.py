"""`ipse trust`: whose credentials you accept, and of which types."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from ipse.cli.context import context_of

__all__ = ["add", "delete", "list_"]

_Did = Annotated[str, typer.Argument(metavar="DID", help="An issuer, or an https URL that publishes keys.")]


def add(
    ctx: typer.Context,
    issuer: _Did,
    types: Annotated[
        list[str],
        typer.Option("--for", metavar="TYPE", help="A type it may issue, `*` for all; may be repeated."),
    ],
) -> None:
    """Accept credentials of these types from an issuer."""
    from ipse.wallet import trust

    context = context_of(ctx)
    with context.wallet() as wallet:
        trust.add(wallet, issuer, types, now=context.now)
    context.output.result(f"{issuer} is trusted for {', '.join(types)}", {"issuer": issuer, "types": types})


def list_(ctx: typer.Context) -> None:
    """List the issuers you trust."""
    from ipse.wallet import trust

    context = context_of(ctx)
    with context.wallet(doubt=context.warn) as wallet:
        rows = [asdict(entry) for entry in trust.listed(wallet)]
    context.output.table(
        "issuers", rows, ("did", "type", "added"), empty="nobody yet: `ipse trust add DID --for TYPE`"
    )


def delete(
    ctx: typer.Context,
    issuer: _Did,
    types: Annotated[
        list[str] | None,
        typer.Option("--for", metavar="TYPE", help="Only for this type; for all where not given."),
    ] = None,
) -> None:
    """Delete an issuer from the trust list."""
    from ipse.wallet import trust

    context = context_of(ctx)
    with context.wallet() as wallet:
        deleted = trust.remove(wallet, issuer, types)
    context.output.result(
        f"{issuer}: {deleted} {'entry' if deleted == 1 else 'entries'} deleted", {"deleted": deleted}
    )
