"""`ipse unlock` and `ipse lock`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from ipse.cli import params
from ipse.cli.context import context_of

__all__ = ["lock", "unlock"]


def unlock(
    ctx: typer.Context,
    duration: Annotated[
        str, typer.Option("--for", metavar="SPAN", help="How long, 24h at most: 30m, 12h.")
    ] = "15m",
) -> None:
    """Unlock the wallet for a while.

    Until then commands don't ask for the passphrase.
    """
    context = context_of(ctx)
    span = params.span(duration)
    from ipse.encoding.timestamps import format_timestamp
    from ipse.wallet import unlocking

    now = context.now
    with context.wallet() as wallet:
        until = unlocking.unlock(wallet, span, now=now)
    if until is None:
        context.output.result(
            "nothing to unlock: the keys are in the OS keyring, which your desktop session unlocks",
            {"unlocked": False, "until": None},
        )
        return
    context.output.result(
        f"unlocked until {_spoken(until, now)}", {"unlocked": True, "until": format_timestamp(until)}
    )


def lock(ctx: typer.Context) -> None:
    """Lock the wallet: commands ask for the passphrase again."""
    context = context_of(ctx)
    from ipse.wallet import unlocking

    ended = unlocking.lock(context.places)
    context.output.result(
        "locked" if ended else "locked; it was not unlocked", {"unlocked": False, "ended": ended}
    )


def _spoken(until: datetime, now: datetime) -> str:
    """Return the local time, with the date if it is not today."""
    here, today = until.astimezone(), now.astimezone().date()
    return here.strftime("%H:%M" if here.date() == today else "%Y-%m-%d %H:%M")
