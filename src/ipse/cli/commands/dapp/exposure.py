"""`ipse dapp exposure`: how well applications could foretell you by what you told them exactly."""

from __future__ import annotations

import typer

from ipse.cli.context import context_of
from ipse.encoding.strict_json import JsonObject

__all__ = ["exposure"]

_COLUMNS = ("application", "answers", "bits", "rho", "share", "stranger")


def exposure(ctx: typer.Context) -> None:
    """Show how well applications could foretell you, each and all together, by what you told them exactly.

    bits: how much was told. rho: how like yours their order of unheard things would be, 1 for the same.
    share: how much of your next three choices of twenty they would name; stranger: the same of somebody who
    was told nothing.
    """
    from ipse.wallet.disclosure import metering

    context = context_of(ctx)
    with context.wallet(embeds=True) as wallet:
        rows: list[JsonObject] = [
            {
                "application": entry.party or "all together",
                "answers": entry.answers,
                "bits": round(entry.reading.bits),
                "rho": round(entry.reading.rho, 2),
                "share": round(entry.reading.share, 2),
                "stranger": round(entry.reading.stranger, 2),
            }
            for entry in metering.table(wallet, lambda: context.embedder(wallet), context.now)
        ]
    context.output.table("exposure", rows, _COLUMNS, empty="nothing was told exactly yet")
