"""`ipse dapp summary`: the private summaries that applications are told from under grants."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from ipse.cli.commands.dapp import options
from ipse.cli.context import Context, context_of
from ipse.cli.output import printable
from ipse.errors import UsageError

if TYPE_CHECKING:
    from ipse.encoding.strict_json import JsonObject
    from ipse.wallet.disclosure.summaries import Drawn

__all__ = ["renew", "summary"]


def summary(
    ctx: typer.Context,
    year: Annotated[
        str | None, typer.Option(metavar="E", help="The most that all summaries of a year cost.")
    ] = None,
    life: Annotated[
        str | None, typer.Option(metavar="E", help="The most that all summaries ever drawn cost.")
    ] = None,
) -> None:
    """Show what applications are told from under grants and what it cost, or set the limits, in epsilon."""
    if ctx.invoked_subcommand is not None:
        if year is not None or life is not None:
            raise UsageError(
                "--year and --life go without another command",
                hint="`ipse dapp summary --year E --life E` sets the limits",
            )
        return
    from ipse.wallet import state
    from ipse.wallet.disclosure import dates, summaries

    context = context_of(ctx)
    given = {
        name: options.read_epsilon(text, f"--{name}")
        for name, text in (("year", year), ("life", life))
        if text is not None
    }
    with context.wallet() as wallet:
        options.tell_of_summaries(context, wallet)
        state.check(wallet)  # what was spent is told of the newest state, or not at all
        if given:
            summaries.change_limits(wallet, **given)
        date = dates.dates(wallet, context.now)
        drawn = summaries.drawn(wallet, date.unattended)
    if date.in_doubt:
        context.output.message("no new summary is drawn until you confirm the date: `ipse dapp date`")
    _show(context, drawn, date_confirmed=not date.in_doubt)


def renew(ctx: typer.Context) -> None:
    """Draw the summaries of today's window anew.

    They are drawn from your profile as it is now; that costs once more.
    """
    from ipse.preferences.purpose import EMPTY_PURPOSES
    from ipse.wallet import state
    from ipse.wallet.disclosure import dates, summaries
    from ipse.wallet.disclosure.profile import read_profile
    from ipse.wallet.profile.remembering import embed_missing
    from ipse.wallet.profile.topics import embed_topics

    context = context_of(ctx)
    with context.wallet(embeds=True) as wallet:
        state.check(wallet)
        date = dates.dates(wallet, context.now)
        model = context.embedder(wallet)
        embed_missing(wallet, model)
        topics = embed_topics(wallet, model, EMPTY_PURPOSES)
        profile = read_profile(wallet, model, topics, context.now)
        drawn = summaries.renew(wallet, profile, date.unattended)
    _show(context, drawn, date_confirmed=not date.in_doubt)


def _show(context: Context, drawn: Drawn, *, date_confirmed: bool) -> None:
    shown = options.show_epsilon
    limits = drawn.limits
    lines = [
        f"a year:  {shown(drawn.this_year)} of at most {shown(limits.year)} is spent",
        f"a life:  {shown(drawn.ever)} of at most {shown(limits.life)} is spent",
        f"window:  since {drawn.window}" if drawn.window else "window:  nothing was drawn yet",
        *(f"told:    {printable(party)}" for party in drawn.parties),
        f"next:    from {drawn.next_window}",
    ]
    facts: JsonObject = {
        **asdict(drawn),
        "limits": {"year": limits.year / 1000, "life": limits.life / 1000},
        "this_year": drawn.this_year / 1000,
        "ever": drawn.ever / 1000,
        "parties": list(drawn.parties),
        "date_confirmed": date_confirmed,
    }
    context.output.result("\n".join(lines), facts)
