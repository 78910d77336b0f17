"""The wallet's own credentials: added, listed, shown, checked again, exported, deleted."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from ipse.cli import params, tty
from ipse.cli.commands.vc import options
from ipse.cli.commands.vc.options import ContextFiles, File, Output, SchemaFiles
from ipse.cli.commands.vc.verify import render
from ipse.cli.context import Session, session_of
from ipse.cli.network_options import AllowLoopback, CaFile
from ipse.encoding import strict_json
from ipse.encoding.safe_text import printable_json
from ipse.errors import ConsentNeeded, ConsentRefused

if TYPE_CHECKING:
    from ipse.storage.credential_store import StoredCredential

__all__ = ["add", "check", "delete", "export", "list_", "show"]

_Which: TypeAlias = Annotated[
    str, typer.Argument(metavar="ID", help="Its id in the wallet, or the beginning of it.")
]


def add(
    context: typer.Context,
    file: File,
    unverified: Annotated[
        bool, typer.Option("--unverified", help="Keep it even if it can't be verified, marked so.")
    ] = False,
    context_files: ContextFiles = None,
    schema_files: SchemaFiles = None,
    ca_file: CaFile = None,
    allow_loopback: AllowLoopback = False,
) -> None:
    """Verify a credential, keep it in the wallet and print its id there."""
    from ipse.wallet import held_credentials

    session = session_of(context)
    text = params.read_text(file)
    aids = options.aids(
        context_files=context_files, schema_files=schema_files, ca_file=ca_file, allow_loopback=allow_loopback
    )
    with session.wallet() as wallet:
        held = held_credentials.add(wallet, text, keep_unverified=unverified, aids=aids, now=session.now)
    session.console.result(held.id, {"id": held.id, "verified": held.verified})


def list_(
    context: typer.Context,
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
            help="Only those: valid, expired, early, unverified, revoked or suspended.",
        ),
    ] = None,
) -> None:
    """List the credentials in the wallet, and how they stood when they were last checked."""
    from ipse.wallet import held_credentials

    session = session_of(context)
    before = params.timestamp(expires_before) if expires_before else None
    wanted = held_credentials.Filter(kind, issuer, before, status)
    with session.wallet() as wallet:
        rows = [
            _row(held, stands) for held, stands in held_credentials.listed(wallet, wanted, now=session.now)
        ]
    columns = ("id", "types", "issuer", "valid_until", "status")
    session.console.table("credentials", rows, columns, empty="no such credentials: `ipse vc add FILE`")


def show(context: typer.Context, identifier: _Which) -> None:
    """Print a credential as it was added."""
    held = _held(session_of(context), identifier)
    text = held.document.rstrip("\n")
    whole = strict_json.parse_object(text) if text.lstrip().startswith("{") else {"credential": text}
    session_of(context).console.result(printable_json(text), whole)


def check(
    context: typer.Context,
    identifier: _Which,
    context_files: ContextFiles = None,
    schema_files: SchemaFiles = None,
    ca_file: CaFile = None,
    allow_loopback: AllowLoopback = False,
) -> None:
    """Verify a credential of the wallet again, its status too, and note how it stands."""
    from ipse.wallet import held_credentials

    session = session_of(context)
    aids = options.aids(
        context_files=context_files, schema_files=schema_files, ca_file=ca_file, allow_loopback=allow_loopback
    )
    with session.wallet() as wallet:
        report = held_credentials.check(wallet, identifier, aids=aids, now=session.now)
    session.console.result("\n".join(render(report)), report.to_json())
    report.raise_unless_passed("the credential")


def export(context: typer.Context, identifier: _Which, output: Output = "-") -> None:
    """Write a credential out, byte for byte as it was added."""
    session = session_of(context)
    options.check_output(output)
    held = _held(session, identifier)
    options.deliver(session, output, held.document.rstrip("\n"), {"credential": held.document})


def delete(
    context: typer.Context,
    identifier: _Which,
    confirm: Annotated[
        str | None, typer.Option("--confirm", metavar="ID", help="The id once more, instead of typing it.")
    ] = None,
) -> None:
    """Part with a credential, for good."""
    from ipse.storage import credential_store

    session = session_of(context)
    with session.wallet() as wallet:
        held = credential_store.find(wallet.vault, identifier)
        _confirm(session, held, confirm)
        credential_store.remove(wallet.vault, held.id)
    session.console.result(f"{held.id} is gone", {"id": held.id})


def _confirm(session: Session, held: StoredCredential, typed: str | None) -> None:
    """Deleting takes the id once more. Raises ConsentNeeded, ConsentRefused."""
    if typed is None:
        if not session.can_ask:
            raise ConsentNeeded(
                f"deleting {held.id} takes its id once more", hint=f"give --confirm {held.id}"
            )
        session.console.page(f"{', '.join(held.types)} of {held.issuer}")
        typed = tty.ask(f"type {held.id} to delete it: ")
    if typed != held.id:
        raise ConsentRefused(f"{held.id} was not deleted", hint="the id that was typed is another")


def _held(session: Session, identifier: str) -> StoredCredential:
    from ipse.storage import credential_store

    with session.wallet() as wallet:
        return credential_store.find(wallet.vault, identifier)


def _row(held: StoredCredential, stands: str) -> dict[str, Any]:
    members = asdict(held)
    del members["document"]
    members["types"] = [name for name in held.types if name != "VerifiableCredential"] or list(held.types)
    return {**members, "status": stands}
