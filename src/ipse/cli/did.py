"""`ipse did`: the owner's decentralized identifiers."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from ipse.cli.completion import complete_did
from ipse.cli.framework import Command, application
from ipse.cli.session import session_of
from ipse.encoding import strict_json
from ipse.storage import manifest
from ipse.storage.manifest import DidRecord

__all__ = ["app"]

app = application(name="did", help_text="Your decentralized identifiers and their keys.")

_Which = Annotated[
    str,
    typer.Argument(metavar="NAME|DID", help="One of your DIDs, or its name.", autocompletion=complete_did),
]


@app.command(cls=Command)
def create(
    context: typer.Context,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="What to call it; only you see this.")],
) -> None:
    """Make a DID with a new key and print the DID."""
    from ipse.wallet import identities

    session = session_of(context)
    with session.wallet() as wallet:
        record = identities.create(wallet, name, now=session.now)
    session.console.result(record.did, _public(record))


@app.command("list", cls=Command)
def list_(context: typer.Context) -> None:
    """List your DIDs. Needs no keystore."""
    session = session_of(context)
    rows = [_public(record) for record in manifest.read(session.places.manifest).dids]
    session.console.table("dids", rows, ("name", "did"), empty="no DIDs yet: `ipse did create --name me`")


@app.command(cls=Command)
def show(context: typer.Context, which: _Which) -> None:
    """Show one of your DIDs. Needs no keystore."""
    session = session_of(context)
    session.console.facts(_public(manifest.read(session.places.manifest).find(which)))


@app.command(cls=Command)
def document(context: typer.Context, which: _Which) -> None:
    """Print the DID document of one of your DIDs."""
    from ipse.dids import resolver

    session = session_of(context)
    content = resolver.resolve(manifest.read(session.places.manifest).find(which).did)
    session.console.result(strict_json.pretty(content), content)


def _public(record: DidRecord) -> dict[str, Any]:
    members = asdict(record)
    del members["item"]
    return members
