"""`ipse dapp date`: the owner confirms the date, by which grants and private summaries go."""

from __future__ import annotations

import typer

from ipse.cli import tty
from ipse.cli.context import context_of
from ipse.errors import ConsentNeeded, ConsentRefused

__all__ = ["date"]


def date(ctx: typer.Context) -> None:
    """Confirm the date, by which grants and private summaries go.

    Without you the clock counts for 30 days after you last confirmed it, on a consent page or here.
    """
    from ipse.wallet.disclosure import dates

    context = context_of(ctx)
    with context.wallet() as wallet:
        clock, last = dates.clock(wallet, context.now), dates.dates(wallet, context.now).confirmed
        if not context.can_ask:
            raise ConsentNeeded(
                "the date takes your own word, and there is nobody to ask",
                hint="run `ipse dapp date` in a terminal",
            )
        tty.forget_typed()
        context.output.page(
            f"The clock says {clock:%Y-%m-%d %H:%M} UTC.\n"
            f"You last confirmed the date on {last:%Y-%m-%d},"
            f" {f'{(clock - last).days} days ago' if clock >= last else 'which is later'}."
        )
        if tty.ask("is that today? type yes: ") != "yes":
            raise ConsentRefused("the date is not confirmed", hint="only `yes` does; nothing was changed")
        after = dates.confirm_date(wallet, context.now)
    day = f"{after.confirmed:%Y-%m-%d}"
    context.output.result(f"the date is confirmed: {day}", {"confirmed": day})
