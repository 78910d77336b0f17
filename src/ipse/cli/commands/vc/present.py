"""`ipse vc present`: presents credentials to one verifier, with selected claims only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ipse.cli import params
from ipse.cli.completion import complete_did
from ipse.cli.context import context_of
from ipse.cli.output import printable
from ipse.cli.params import Force, OutputFile
from ipse.encoding import strict_json

if TYPE_CHECKING:
    from ipse.wallet.presenting import Prepared

__all__ = ["present"]


def present(
    ctx: typer.Context,
    identifiers: Annotated[
        list[str], typer.Argument(metavar="ID…", help="The ids of credentials in the wallet.")
    ],
    audience: Annotated[str, typer.Option(metavar="NAME", help="The verifier, as it calls itself.")],
    nonce: Annotated[str, typer.Option(metavar="TEXT", help="The nonce that the verifier gave.")],
    disclose: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATH",
            help="A claim of an SD-JWT to show, like address.street, or `all`; may be repeated.",
        ),
    ] = None,
    holder: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|DID",
            help="Your DID that presents; the credentials' subject where not given.",
            autocompletion=complete_did,
        ),
    ] = None,
    preview: Annotated[
        bool, typer.Option("--preview", help="Only print what would be revealed; sign nothing.")
    ] = False,
    output: OutputFile = "-",
    force: Force = False,
) -> None:
    """Present credentials, bound to a verifier's challenge.

    Of an SD-JWT only the claims that you name are shown.
    """
    from ipse.credentials.policy import Challenge
    from ipse.wallet import presenting

    context = context_of(ctx)
    challenge = Challenge(audience, nonce)
    params.check_output(output, force=force)
    with context.wallet() as wallet:
        prepared = presenting.prepare(wallet, identifiers, disclose=disclose or (), holder=holder)
        if preview:
            context.output.result(_preview(prepared, audience), _preview_json(prepared))
            return
        context.output.message(_preview(prepared, audience))
        made = presenting.release(wallet, prepared, challenge, now=context.now)
    text = made if isinstance(made, str) else strict_json.pretty(made)
    params.deliver(context, output, text, {"presentation": made}, force=force)


def _preview(prepared: Prepared, audience: str) -> str:
    lines = [f"{printable(audience)} gets to read:"]
    for credential in prepared.selection.revealed:
        lines += ["  " + printable(line) for line in strict_json.pretty(credential).splitlines()]
    if prepared.selection.withheld:
        lines.append("and not: " + ", ".join(map(printable, prepared.selection.withheld)))
    return "\n".join(lines)


def _preview_json(prepared: Prepared) -> strict_json.JsonObject:
    return {
        "format": prepared.format,
        "holder": prepared.holder.did if prepared.holder else None,
        "revealed": list(prepared.selection.revealed),
        "withheld": list(prepared.selection.withheld),
    }
