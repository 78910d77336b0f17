"""`ipse dapp exposure`: how well applications could foretell you by what you told them exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from ipse.cli.context import context_of
from ipse.cli.output import printable
from ipse.encoding.strict_json import JsonObject

if TYPE_CHECKING:
    from ipse.wallet.disclosure.metering import Entry

__all__ = ["exposure"]


def exposure(ctx: typer.Context) -> None:
    """Show how well applications could foretell you.

    Each is listed, and all together, by what you told them exactly.
    The bits are how much was told. rho is how like yours their order of unheard things would be, 1 for the
    same. A stranger is somebody who was told nothing.
    """
    from ipse.wallet.disclosure import metering

    context = context_of(ctx)
    with context.wallet(embeds=True) as wallet:
        table = metering.table(wallet, lambda: context.embedder(wallet), context.now)
    if not table and not context.output.json:
        context.output.message("nothing was told exactly yet")
        return
    context.output.result("\n".join(map(_line, table)), {"exposure": [_row(entry) for entry in table]})


def _line(entry: Entry) -> str:
    from ipse.disclosure.exposure import in_words, named

    found = entry.reading
    answers = "1 answer" if entry.answers == 1 else f"{entry.answers} answers"
    return (
        f"{printable(_name(entry))}: {answers}, {found.bits:.0f} bits; {in_words(found)},"
        f" a stranger {named(found.stranger)}; rho {found.rho:.2f}"
    )


def _row(entry: Entry) -> JsonObject:
    found = entry.reading
    return {
        "application": _name(entry),
        "answers": entry.answers,
        "bits": round(found.bits),
        "rho": round(found.rho, 2),
        "share": round(found.share, 2),
        "stranger": round(found.stranger, 2),
    }


def _name(entry: Entry) -> str:
    return entry.party or "all together"
