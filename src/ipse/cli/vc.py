"""`ipse vc`: verifiable credentials, issued, verified and kept."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from ipse.cli import inputs
from ipse.cli.completion import complete_did
from ipse.cli.console import printable
from ipse.cli.framework import Command, application
from ipse.cli.network_options import AllowLoopback, CaFile
from ipse.cli.session import session_of
from ipse.encoding import strict_json
from ipse.errors import UsageError

__all__ = ["app"]

app = application(name="vc", help_text="Verifiable credentials: issue, verify, keep.")

_File = Annotated[str, typer.Argument(metavar="FILE|-", help="A credential, or `-` for standard input.")]


@app.command(cls=Command)
def issue(
    context: typer.Context,
    types: Annotated[list[str], typer.Option("--type", metavar="TYPE", help="Its type; may be repeated.")],
    claims: Annotated[
        str, typer.Option(metavar="FILE|-", help="A JSON object: what is claimed of the subject.")
    ],
    issuer: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|DID",
            help="Your DID that signs it; the default if not given.",
            autocompletion=complete_did,
        ),
    ] = None,
    subject: Annotated[str | None, typer.Option(metavar="DID", help="Whom it is about.")] = None,
    identifier: Annotated[
        str | None, typer.Option("--id", metavar="URL", help="Its id; a new urn:uuid where not given.")
    ] = None,
    valid_from: Annotated[
        str | None, typer.Option(metavar="TIME", help="Valid from this day or time on; now where not given.")
    ] = None,
    valid_until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Valid until this day or time.")
    ] = None,
    form: Annotated[
        str,
        typer.Option("--format", metavar="w3c|w3c-1.1", help="VCDM 2.0 with eddsa-jcs-2022, or VCDM 1.1."),
    ] = "w3c",
) -> None:
    """Sign a credential and print it."""
    from ipse.wallet import credentials

    session = session_of(context)
    draft = credentials.Draft(
        subject=subject,
        types=types,
        claims=inputs.read_object(claims),
        credential_id=identifier,
        valid_from=inputs.timestamp(valid_from) if valid_from else None,
        valid_until=inputs.timestamp(valid_until) if valid_until else None,
    )
    with session.wallet() as wallet:
        credential = credentials.issue(wallet, issuer, draft, form=form, now=session.now)
    session.console.result(strict_json.pretty(credential), credential)


@app.command(cls=Command)
def verify(
    context: typer.Context,
    file: _File,
    issuer: Annotated[
        list[str] | None,
        typer.Option(metavar="DID", help="Accept credentials of this issuer; may be repeated."),
    ] = None,
    any_issuer: Annotated[bool, typer.Option("--any-issuer", help="Accept any issuer.")] = False,
    ca_file: CaFile = None,
    allow_loopback: AllowLoopback = False,
) -> None:
    """Verify a credential and print the report of every check."""
    from ipse.credentials.verification import Policy
    from ipse.dids import resolver
    from ipse.wallet import credentials, resolution

    session = session_of(context)
    if issuer and any_issuer:
        raise UsageError("--issuer and --any-issuer contradict each other", hint="give one of them")
    policy = Policy(issuers=frozenset(map(resolver.check_did, issuer or ())), any_issuer=any_issuer)
    reach = resolution.Reach(ca_file, allow_loopback)
    report = credentials.verify(inputs.read_object(file), policy, now=session.now, reach=reach)
    lines = [
        f"{check.outcome:<14}  {check.name:<10}  {printable(check.reason)}"
        + (f" ({printable(check.value)})" if check.value else "")
        for check in report.checks
    ]
    session.console.result("\n".join(lines), report.to_json())
    report.raise_unless_passed("the credential")


@app.command(cls=Command)
def add(
    context: typer.Context,
    file: _File,
    unverified: Annotated[
        bool, typer.Option("--unverified", help="Keep it even if it can't be verified, marked so.")
    ] = False,
) -> None:
    """Verify a credential, keep it in the wallet and print its id there."""
    from ipse.wallet import credentials

    session = session_of(context)
    text = inputs.read_text(file)
    with session.wallet() as wallet:
        held = credentials.add(wallet, text, keep_unverified=unverified, now=session.now)
    session.console.result(held.id, {"id": held.id, "verified": held.verified})


@app.command("list", cls=Command)
def list_(context: typer.Context) -> None:
    """List the credentials in the wallet."""
    from ipse.storage import credential_shelf

    session = session_of(context)
    with session.wallet() as wallet:
        rows = [_row(held) for held in credential_shelf.every(wallet.vault)]
    columns = ("id", "types", "issuer", "valid_until", "verified")
    session.console.table("credentials", rows, columns, empty="no credentials yet: `ipse vc add FILE`")


@app.command(cls=Command)
def show(
    context: typer.Context,
    identifier: Annotated[str, typer.Argument(metavar="ID", help="Its id, or the beginning of it.")],
) -> None:
    """Print a credential as it was added."""
    from ipse.storage import credential_shelf

    session = session_of(context)
    with session.wallet() as wallet:
        held = credential_shelf.find(wallet.vault, identifier)
    whole = strict_json.parse_object(held.document) if held.document.startswith("{") else None
    session.console.result(held.document.rstrip("\n"), whole or {"credential": held.document})


def _row(held: Any) -> dict[str, Any]:
    members = asdict(held)
    del members["document"]
    members["types"] = [name for name in held.types if name != "VerifiableCredential"] or list(held.types)
    return members
