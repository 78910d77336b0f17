"""`ipse profile search | rank`: searches statements and ranks candidates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ipse.cli import params
from ipse.cli.commands.profile.shown import statement_row
from ipse.cli.context import context_of
from ipse.cli.output import Output, printable
from ipse.encoding.strict_json import JsonObject

if TYPE_CHECKING:
    from ipse.wallet.profile.ranking import Placed

__all__ = ["rank", "search"]


def search(
    ctx: typer.Context,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What to look for, by meaning.")],
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many to show.")] = 5,
) -> None:
    """Find the statements that are nearest in meaning."""
    from ipse.wallet.profile import ranking

    context = context_of(ctx)
    with context.wallet(embeds=True) as wallet:
        found = ranking.search(wallet, context.embedder(wallet), text, limit=limit)
    rows = [{**statement_row(statement), "similarity": round(cosine, 3)} for statement, cosine in found]
    columns = ("similarity", "weight", "text")
    context.output.table("statements", rows, columns, empty="nothing found", cuts=("text",))


def rank(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="Candidates, one a line.")],
    top: Annotated[int | None, typer.Option("--top", min=1, help="Show this many.")] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Show the statements that moved each.")] = False,
) -> None:
    """Rank candidates as you would like them, best first."""
    context = context_of(ctx)
    candidates = params.read_lines(file)
    with context.wallet(embeds=True) as wallet:
        embedder = context.embedder(wallet)
        from ipse.wallet.profile import ranking

        places = ranking.rank(
            wallet,
            embedder,
            candidates,
            now=context.now,
            explain=(top or len(candidates)) if explain else 0,
        )
        number = ranking.keep_ranking(wallet, places, now=context.now)
    shown = list(enumerate(places[:top], 1))
    lines = [line for place, entry in shown for line in _lines(context.output, place, entry)]
    rows = [_row(place, entry, explain=explain) for place, entry in shown]
    context.output.result("\n".join(lines), {"number": number, "ranking": rows})


def _lines(output: Output, place: int, entry: Placed) -> list[str]:
    return [
        output.listed(f"{place:>3}  {entry.score:+.2f}  ", printable(entry.text)),
        *(
            output.listed(f"       {mover.amount:+.2f}  ", printable(mover.statement.text))
            for mover in entry.movers
        ),
    ]


def _row(place: int, entry: Placed, *, explain: bool) -> JsonObject:
    row: JsonObject = {"place": place, "score": round(entry.score, 4), "text": entry.text}
    if explain:
        row["movers"] = [
            {
                "number": mover.statement.number,
                "amount": round(mover.amount, 4),
                "text": mover.statement.text,
            }
            for mover in entry.movers
        ]
    return row
