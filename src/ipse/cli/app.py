"""The root of the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

import typer

from ipse import __version__
from ipse.cli.commands import start, unlock
from ipse.cli.context import session_of
from ipse.cli.framework import Command, LazyGroup, application

__all__ = ["app"]


class _Root(LazyGroup):
    modules: ClassVar[Mapping[str, str]] = {
        "did": "ipse.cli.commands.did",
        "keystore": "ipse.cli.commands.keystore",
        "vc": "ipse.cli.commands.vc",
        "trust": "ipse.cli.commands.trust",
        "profile": "ipse.cli.commands.profile",
        "dapp": "ipse.cli.commands.dapp",
        "log": "ipse.cli.commands.log",
    }


app = application(
    name="ipse",
    help_text="A self-sovereign AI identity wallet: your DID keys, your credentials, and a profile of what "
    "you like that answers questions and never leaves.",
    cls=_Root,
)


def _version(context: typer.Context, value: bool) -> None:
    if value and not context.resilient_parsing:
        session_of(context).console.result(f"ipse {__version__}", {"version": __version__})
        raise typer.Exit


@app.callback(
    epilog="Examples: `ipse init`, `ME=$(ipse did create --name me)`, `ipse vc verify FILE --issuer DID`, "
    '`ipse profile like "quiet novels about the sea"`, `ipse dapp answer request.json`'
)
def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    pass


app.command("init", cls=Command)(start.init)
app.command("status", cls=Command)(start.status)
app.command("unlock", cls=Command)(unlock.unlock)
app.command("lock", cls=Command)(unlock.lock)
