"""`ipse vc status`: the status lists that an issuer keeps and publishes."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal

import typer

from ipse.cli import params
from ipse.cli.completion import complete_did
from ipse.cli.context import context_of
from ipse.cli.params import Force, OutputFile

__all__ = ["create", "list_", "publish"]

_Name = Annotated[str, typer.Argument(metavar="LIST", help="The list's name in this wallet.")]


def create(
    ctx: typer.Context,
    name: _Name,
    url: Annotated[
        str | None,
        typer.Option("--url", metavar="URL", help="Where you will publish it; a did:web has a place for it."),
    ] = None,
    purpose: Annotated[
        str, typer.Option(metavar="revocation|suspension", help="What an entry says.")
    ] = "revocation",
    kind: Annotated[
        Literal["w3c", "token"],
        typer.Option(help="w3c for W3C credentials and JWTs, token for SD-JWT."),
    ] = "w3c",
    size: Annotated[int, typer.Option(metavar="N", help="How many credentials it has room for.")] = 131_072,
    issuer: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|DID",
            help="Your DID that signs it; the default if not given.",
            autocompletion=complete_did,
        ),
    ] = None,
) -> None:
    """Create a status list for credentials that you will issue."""
    from ipse.wallet import status

    context = context_of(ctx)
    with context.wallet() as wallet:
        record = status.create_list(
            wallet, name, purpose=purpose, url=url, kind=kind, size=size, issuer=issuer, now=context.now
        )
    context.output.result(record.name, asdict(record))


def list_(ctx: typer.Context) -> None:
    """List your status lists and how full they are."""
    from ipse.wallet import status

    context = context_of(ctx)
    with context.wallet(doubt=context.warn) as wallet:
        rows = [{**asdict(overview.record), "used": overview.used} for overview in status.every(wallet)]
    columns = ("name", "purpose", "kind", "used", "size", "url")
    empty = "no status lists yet: `ipse vc status create NAME`"
    context.output.table("lists", rows, columns, empty=empty, cuts=("url",))


def publish(
    ctx: typer.Context,
    name: _Name,
    ttl: Annotated[
        str | None, typer.Option(metavar="SPAN", help="How long readers may keep it, like 15m.")
    ] = None,
    valid_for: Annotated[
        str,
        typer.Option(metavar="SPAN", help="When it ends unless it is published again, like 30d."),
    ] = "30d",
    x5c: Annotated[
        str | None,
        typer.Option(
            "--x5c",
            metavar="FILE",
            help="For token lists: certificates of who signs it, its own first.",
        ),
    ] = None,
    output: OutputFile = "-",
    force: Force = False,
) -> None:
    """Sign a status list as it is now, to be put at its URL."""
    from ipse.wallet import status

    context = context_of(ctx)
    params.check_output(output, force=force)
    with context.wallet() as wallet:
        text = status.publish(
            wallet,
            name,
            now=context.now,
            ttl=params.span(ttl) if ttl else None,
            valid_until=context.now + params.span(valid_for),
            x5c=params.certificate_chain(x5c),
        )
    params.deliver(context, output, text, {"list": text}, force=force)
