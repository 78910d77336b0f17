"""`ipse handler`: links in the browser open the wallet in a terminal."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Annotated

import typer

from ipse.cli import tty
from ipse.cli.context import context_of

__all__ = ["install", "open_", "remove"]


def install(ctx: typer.Context) -> None:
    """Make ipse open the links of verifiers, in a terminal.

    These are links that begin with openid4vp:, haip-vp:, eu-eaap: or haip:.
    """
    from ipse.wallet.handler import registration

    done = registration.install()
    names = ", ".join(f"{scheme}:" for scheme in done.schemes)
    context_of(ctx).output.result(
        f"{names} links open with ipse now: {done.place}",
        {"installed": True, "schemes": list(done.schemes), "place": done.place},
    )


def remove(ctx: typer.Context) -> None:
    """Take that back: links open as they did before."""
    from ipse.wallet.handler import registration

    removed = registration.remove()
    context_of(ctx).output.result(
        "links open as they did before" if removed else "links did not open with ipse; nothing is changed",
        {"removed": removed},
    )


def open_(
    ctx: typer.Context,
    link: Annotated[str, typer.Argument(metavar="LINK", help="A link of one of these kinds.")],
    home: Annotated[
        str | None, typer.Option("--home", metavar="DIR", help="The folder of the wallet, like IPSE_HOME.")
    ] = None,
) -> None:
    """Answer a link, and wait for Enter before the window closes. The desktop runs this."""
    from ipse.cli.main import INTERRUPTED, run
    from ipse.wallet.handler import registration

    context = context_of(ctx)
    registration.check_link(link)
    if home is not None:
        os.environ["IPSE_HOME"] = home
    code = run(["answer", "--", link])
    if code == INTERRUPTED:  # that was said already, and the owner wants the window closed
        raise typer.Exit(1)
    if context.can_ask:
        with suppress(KeyboardInterrupt):
            tty.ask("press Enter to close this window ")
    raise typer.Exit(code)
