"""`ipse profile search | rank`: what the profile answers."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ipse.cli import inputs
from ipse.cli.console import printable
from ipse.cli.profile.shown import statement_row
from ipse.cli.session import session_of

__all__ = ["rank", "search"]


def search(
    context: typer.Context,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What to look for, by meaning.")],
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many to show.")] = 5,
) -> None:
    """Find what you said that is nearest in meaning."""
    from ipse.wallet import profile

    session = session_of(context)
    with session.wallet() as wallet:
        found = profile.search(wallet, session.embedder(), text, limit=limit)
    rows = [{**statement_row(statement), "similarity": round(cosine, 3)} for statement, cosine in found]
    session.console.table("statements", rows, ("similarity", "weight", "text"), empty="nothing found")


def rank(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="Candidates, one a line.")],
    top: Annotated[int | None, typer.Option("--top", min=1, help="Show this many.")] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Show the statements that moved each.")] = False,
) -> None:
    """Rank candidates as you would like them, best first."""
    from ipse.wallet import profile

    session = session_of(context)
    candidates = inputs.read_lines(file)
    with session.wallet() as wallet:
        places = profile.rank(wallet, session.embedder(), candidates, now=session.now)[:top]
    lines: list[str] = []
    rows: list[dict[str, Any]] = []
    for place, entry in enumerate(places, 1):
        lines.append(f"{place:>3}  {entry.score:+.2f}  {printable(entry.text)}")
        row: dict[str, Any] = {"place": place, "score": round(entry.score, 4), "text": entry.text}
        if explain:
            lines += [
                f"       {mover.amount:+.2f}  {printable(mover.statement.text)}" for mover in entry.movers
            ]
            row["movers"] = [
                {
                    "number": mover.statement.number,
                    "amount": round(mover.amount, 4),
                    "text": mover.statement.text,
                }
                for mover in entry.movers
            ]
        rows.append(row)
    session.console.result("\n".join(lines), {"ranking": rows})
