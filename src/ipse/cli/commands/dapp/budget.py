"""`ipse dapp budget`: the privacy budget, a limit for all answers together."""

from __future__ import annotations

from typing import Annotated

import typer

from ipse.cli.commands.dapp import options
from ipse.cli.context import context_of
from ipse.cli.output import printable

__all__ = ["budget"]


def budget(
    ctx: typer.Context,
    answer: Annotated[
        str | None,
        typer.Option(metavar="E", help="What one answer costs; a higher cost gives better, fewer answers."),
    ] = None,
    application: Annotated[
        str | None, typer.Option(metavar="E", help="What one application may use up in 30 days.")
    ] = None,
    overall: Annotated[
        str | None, typer.Option(metavar="E", help="What all together may use up in 30 days.")
    ] = None,
) -> None:
    """Show or set the privacy budget, in epsilon: how much answers may tell in 30 days, and what is left."""
    from ipse.wallet import state
    from ipse.wallet.disclosure import budgets

    context = context_of(ctx)
    amounts = {"answer": answer, "application": application, "overall": overall}
    given = {
        name: options.read_epsilon(text, f"--{name}") for name, text in amounts.items() if text is not None
    }
    now = context.now
    with context.wallet() as wallet:
        state.check(wallet)  # what is left is told of the newest state, or not at all
        if given:
            budgets.change(wallet, **given)
        limits = budgets.read(wallet)
        rests = {party: budgets.left(wallet, party, now)[0] for party in budgets.spenders(wallet, now)}
        left = budgets.left(wallet, None, now)[1]
        in_doubt = budgets.dates(wallet, now).in_doubt
    if in_doubt:
        context.output.message("under grants nothing comes back until you confirm the date: `ipse dapp date`")
    all_left = f"{options.show_epsilon(limits.overall)} in 30 days, {options.show_epsilon(left)} of it left"
    lines = [
        f"an answer costs:   {options.show_epsilon(limits.answer)}",
        f"each application:  {options.show_epsilon(limits.application)} in 30 days",
        f"all together:      {all_left}",
        *(f"left for {printable(party)}: {options.show_epsilon(rest)}" for party, rest in rests.items()),
    ]
    facts = {
        "answer": limits.answer / 1000,
        "application": limits.application / 1000,
        "overall": limits.overall / 1000,
        "left": left / 1000,
        "date_confirmed": not in_doubt,
        "parties": [{"party": party, "left": rest / 1000} for party, rest in rests.items()],
    }
    context.output.result("\n".join(lines), facts)
