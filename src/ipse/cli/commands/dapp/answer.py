"""`ipse dapp answer`: shows the consent page and prints the signed answer."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ipse.cli.commands.dapp import options
from ipse.cli.context import Context, context_of
from ipse.cli.params import AllowLoopback, CaFile
from ipse.errors import ConsentRefused

if TYPE_CHECKING:
    from ipse.disclosure.proposals import Decision, Proposal

__all__ = ["answer"]


def answer(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="The application's request.")],
    origin: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where it came from, as the browser or the transport says."),
    ] = None,
    ca_file: CaFile = None,
    allow_loopback: AllowLoopback = False,
) -> None:
    """Show what an application asks, and with your consent print the signed answer.

    Your no is an answer too: one that says nothing, printed with exit code 7.
    """
    from ipse.wallet import disclosure
    from ipse.wallet.resolution import Reach

    context = context_of(ctx)
    asked = options.read_request(file)
    with context.wallet(embeds=True) as wallet:
        options.tell_of_summaries(context, wallet)
        answered = disclosure.ask(
            wallet,
            lambda: context.embedder(wallet),
            asked,
            consent=lambda proposal: _consent(context, proposal),
            now=context.now,
            origin=origin,
            reach=Reach(ca_file, allow_loopback),
        )
    reason = answered.reason
    facts = {
        "answer": answered.text,
        "said": answered.said,
        "entry": answered.entry,
        "reason": reason.text if reason else "",
        "reason_code": reason.code if reason else "",
    }
    context.output.document(answered.text, facts)
    if reason is not None:
        sys.stdout.flush()
        raise ConsentRefused(
            f"the answer says nothing: {reason.text}",
            hint=f"nothing was disclosed; `ipse log show {answered.entry}` shows the bytes that say so",
        )


def _consent(context: Context, proposal: Proposal) -> Decision:
    """Ask the owner, where no grant covers the question."""
    from ipse.cli.commands.dapp import consent

    return consent.ask(context, proposal)
