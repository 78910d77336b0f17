"""`ipse dapp reply`: an application's signed word on a withdrawal."""

from __future__ import annotations

from typing import Annotated

import typer

from ipse.cli import params
from ipse.cli.commands.dapp import options
from ipse.cli.completion import complete_did
from ipse.cli.context import context_of
from ipse.cli.output import printable
from ipse.cli.params import AllowLoopback, CaFile
from ipse.errors import UsageError, VerificationFailed

__all__ = ["reply"]


def reply(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="The withdrawal that the owner sent.")],
    receipt: Annotated[
        str, typer.Option(metavar="FILE", help="The receipt of the answer, with your signature.")
    ],
    signer: Annotated[
        str,
        typer.Option("--as", metavar="NAME|DID", help="The application's DID.", autocompletion=complete_did),
    ],
    deleted: Annotated[bool, typer.Option("--deleted", help="Say that the answer was deleted.")] = False,
    refused: Annotated[
        str | None, typer.Option(metavar="REASON", help="Refuse, for this reason; the owner reads it.")
    ] = None,
    ca_file: CaFile = None,
    allow_loopback: AllowLoopback = False,
) -> None:
    """Reply to an owner's withdrawal, as the application.

    It is verified first; the signed reply is printed.
    Delete the answer first: the reply is evidence of what you said.
    """
    from ipse.cli.commands.dapp.request import signing
    from ipse.disclosure import receipts, withdrawals
    from ipse.disclosure.withdrawals import ReplyOutcome

    if deleted == (refused is not None):
        raise UsageError(
            "a reply says either that the answer was deleted or why not",
            hint="give --deleted or --refused REASON",
        )
    context = context_of(ctx)
    resolve = options.resolver(ca_file, allow_loopback=allow_loopback)
    verified = receipts.verify_receipt(params.read_text(receipt), resolve, now=context.now)
    if verified.countersigner is None:
        raise VerificationFailed(
            "the receipt has the wallet's signature alone",
            hint="give the one that `ipse dapp receipt` printed; only that is known to be of your answer",
        )
    withdrawal = withdrawals.verify_withdrawal(params.read_text(file).strip(), verified, now=context.now)
    if refused is not None and verified.terms is not None and verified.terms.deletion_on_demand:
        context.output.message("warning: you promised to delete this answer on demand")
    did, method_id, key = signing(context, signer)
    made = withdrawals.build_reply(
        withdrawal,
        ReplyOutcome.DELETED if deleted else ReplyOutcome.REFUSED,
        did=did,
        method_id=method_id,
        signer=key,
        now=context.now,
        reason=refused or "",
    )
    context.output.message(
        f"signed: {printable(withdrawal.party)} {'deleted the answer' if deleted else 'refuses'}, "
        f"receipt {verified.payload['number']}"
    )
    context.output.document(made, {"reply": made})
