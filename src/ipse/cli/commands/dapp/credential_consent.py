"""Asking the owner for credentials: the page, and a yes to its warnings and to what would leave."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from ipse.cli import tty
from ipse.cli.commands.dapp.credential_page import leaving, page, ways
from ipse.cli.commands.dapp.layout import ISOLATES
from ipse.cli.commands.dapp.typed import TRIES, ask_again, asked
from ipse.cli.context import Context
from ipse.errors import ConsentNeeded
from ipse.wallet.answering.proposals import CredentialDecision, CredentialProposal

__all__ = ["ask"]

_NONE: Final = "nothing will be sent; Enter tells them no: "
_REFUSED: Final = CredentialDecision(accepted=False)


def ask(context: Context, proposal: CredentialProposal) -> CredentialDecision:
    """Ask the owner at the terminal. Raises ConsentNeeded if there is none."""
    if not context.can_ask:
        raise _nobody(proposal)
    tty.forget_typed()  # a yes typed before the page was there is no answer to it
    width = context.output.page_width
    context.output.page(page(proposal, width), keep=ISOLATES)
    if not proposal.options:
        with suppress(KeyboardInterrupt):  # whatever ends the wait, they are told the same
            asked(context, _NONE)  # at once it would tell them that there is no such credential
        return _REFUSED
    return _chosen(context, proposal)


def _chosen(context: Context, proposal: CredentialProposal) -> CredentialDecision:
    """Ask until the owner types yes or no; a number chooses. Raises KeyboardInterrupt where neither comes."""
    several, chosen, tries = len(proposal.options) > 1, 0, 0
    width = context.output.page_width
    while tries < TRIES:
        if several and not tries:
            context.output.page(ways(proposal, chosen, width), keep=ISOLATES)
        typed = asked(context, _prompt(proposal))
        if typed in ("yes", "no"):
            return CredentialDecision(accepted=typed == "yes", option=chosen)
        if several and typed.isascii() and typed.isdigit() and 0 < int(typed[:4]) <= len(proposal.options):
            chosen, tries = int(typed[:4]) - 1, 0
            tty.forget_typed()  # a yes typed before this way was shown does not count
            context.output.page(leaving(proposal, chosen, width), keep=ISOLATES)
            continue
        tries += 1
        ask_again(context, "only `yes` sends it and only `no` refuses; nothing is decided")
    raise KeyboardInterrupt


def _prompt(proposal: CredentialProposal) -> str:
    """The question under the page. Its yes is one to the warnings too, which it counts."""
    count = len(proposal.findings)
    despite = f" in spite of {count} {'warning' if count == 1 else 'warnings'}" if count else ""
    another = " a number shows another way;" if len(proposal.options) > 1 else ""
    return f"send this{despite}?{another} type yes or no: "


def _nobody(proposal: CredentialProposal) -> ConsentNeeded:
    who = proposal.request.party
    if not proposal.options:
        return ConsentNeeded(
            f"no credential in this wallet is what {who} asks for, and there is nobody to ask",
            hint="`ipse vc list` shows what there is",
        )
    return ConsentNeeded(
        f"{who} needs your consent and there is nobody to ask",
        hint="run it in a terminal; credentials leave by your own yes alone",
    )
