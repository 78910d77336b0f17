"""The credentials in the wallet: add, list, show, check, export, delete."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from ipse.cli import params, tty
from ipse.cli.commands.vc.rendering import Reader, named, render
from ipse.cli.context import Context, context_of
from ipse.cli.output import printable
from ipse.cli.params import AllowLoopback, CaFile, ContextFiles, File, Force, OutputFile, SchemaFiles
from ipse.encoding import strict_json
from ipse.errors import ConsentNeeded, ConsentRefused

if TYPE_CHECKING:
    from ipse.wallet.held_credentials import StoredCredential

__all__ = ["add", "check", "delete", "export", "list_", "show"]

_Which: TypeAlias = Annotated[
    str, typer.Argument(metavar="ID", help="Its id in the wallet, or the beginning of it.")
]


def add(
    ctx: typer.Context,
    file: File,
    unverified: Annotated[
        bool, typer.Option("--unverified", help="Keep it even if it can't be verified, marked as unverified.")
    ] = False,
    context_files: ContextFiles = None,
    schema_files: SchemaFiles = None,
    ca_file: CaFile = None,
    allow_loopback: AllowLoopback = False,
) -> None:
    """Verify a credential, keep it in the wallet and print its id."""
    from ipse.wallet import held_credentials

    context = context_of(ctx)
    text = params.read_text(file)
    lookup = params.lookup(
        context_files=context_files, schema_files=schema_files, ca_file=ca_file, allow_loopback=allow_loopback
    )
    with context.wallet() as wallet:
        held = held_credentials.add(wallet, text, keep_unverified=unverified, lookup=lookup, now=context.now)
    context.output.result(held.id, {"id": held.id, "verified": held.verified})


def list_(
    ctx: typer.Context,
    kind: Annotated[
        str | None, typer.Option("--type", metavar="TYPE", help="Only those of this type.")
    ] = None,
    issuer: Annotated[str | None, typer.Option(metavar="DID", help="Only those of this issuer.")] = None,
    expires_before: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only those that expire before this day or time.")
    ] = None,
    status: Annotated[
        str | None,
        typer.Option(
            "--status",
            metavar="STATUS",
            help="Only valid, expired, early, unverified, revoked or suspended ones.",
        ),
    ] = None,
) -> None:
    """List the credentials, with their status when last checked."""
    from ipse.wallet import held_credentials

    context = context_of(ctx)
    before = params.timestamp(expires_before) if expires_before else None
    if issuer is not None:
        from ipse.credentials.policy import check_issuer

        with params.option("--issuer"):
            check_issuer(issuer)
    wanted = held_credentials.Filter(kind, issuer, before, status)
    with context.wallet(doubt=context.warn) as wallet:
        rows = [
            _row(held, stands) for held, stands in held_credentials.listed(wallet, wanted, now=context.now)
        ]
    columns = ("id", "types", "issuer", "valid_until", "status")
    empty = "no such credentials: `ipse vc add FILE`"
    context.output.table("credentials", rows, columns, empty=empty, cuts=("types", "issuer"))


def show(ctx: typer.Context, identifier: _Which) -> None:
    """Print a credential as it was added."""
    held = _held(context_of(ctx), identifier)
    text = held.document.rstrip("\n")
    whole = strict_json.parse_object(text) if text.lstrip().startswith("{") else {"credential": text}
    context_of(ctx).output.document(text, whole)


def check(
    ctx: typer.Context,
    identifier: _Which,
    context_files: ContextFiles = None,
    schema_files: SchemaFiles = None,
    ca_file: CaFile = None,
    allow_loopback: AllowLoopback = False,
) -> None:
    """Verify a credential in the wallet again and record its status."""
    from ipse.wallet import held_credentials

    context = context_of(ctx)
    lookup = params.lookup(
        context_files=context_files, schema_files=schema_files, ca_file=ca_file, allow_loopback=allow_loopback
    )
    with context.wallet() as wallet:
        found = held_credentials.check(wallet, identifier, lookup=lookup, now=context.now)
    reader = Reader(context.output, context.known_names)
    context.output.result("\n".join(render(found, reader)), found.to_json(), coloured=True)
    found.report.raise_unless_passed("the credential")


def export(ctx: typer.Context, identifier: _Which, output: OutputFile = "-", force: Force = False) -> None:
    """Write a credential out, byte for byte as it was added."""
    context = context_of(ctx)
    params.check_output(output, force=force)
    held = _held(context, identifier)
    text = held.document.rstrip("\n")
    params.deliver(context, output, text, {"credential": held.document}, force=force, exact=True)


def delete(
    ctx: typer.Context,
    identifier: _Which,
    confirm: Annotated[
        str | None, typer.Option("--confirm", metavar="ID", help="Confirm with its id, instead of typing it.")
    ] = None,
) -> None:
    """Delete a credential for good."""
    from ipse.wallet import held_credentials

    context = context_of(ctx)
    with context.wallet() as wallet:
        held = held_credentials.find(wallet, identifier)
        _confirm(context, held, confirm)
        held_credentials.remove(wallet, held.id)
    context.output.result(f"{held.id} is deleted", {"id": held.id})


def _confirm(context: Context, held: StoredCredential, typed: str | None) -> None:
    """Have the owner confirm a deletion with the id. Raises ConsentNeeded, ConsentRefused."""
    if typed is None:
        if not context.can_ask:
            raise ConsentNeeded(
                f"deleting {held.id} needs its id as confirmation",
                hint="run it in a terminal, or confirm with its id: --confirm ID",
            )
        context.output.page(f"{named(held.types)}, issued by {printable(held.issuer)}")
        typed = tty.ask(f"type {held.id} to delete it: ")
    if typed != held.id:
        raise ConsentRefused(f"{held.id} was not deleted", hint="the id that was typed is a different one")


def _held(context: Context, identifier: str) -> StoredCredential:
    from ipse.wallet import held_credentials

    with context.wallet(doubt=context.warn) as wallet:
        return held_credentials.find(wallet, identifier)


def _row(held: StoredCredential, stands: str) -> dict[str, Any]:
    members = asdict(held)
    del members["document"]
    members["types"] = [name for name in held.types if name != "VerifiableCredential"] or list(held.types)
    return {**members, "status": stands}
