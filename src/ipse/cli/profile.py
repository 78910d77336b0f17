"""`ipse profile`: what the owner likes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from ipse.cli import inputs, terminal
from ipse.cli.console import Console, printable
from ipse.cli.framework import Command, application
from ipse.cli.session import Session, session_of
from ipse.errors import UsageError
from ipse.storage import statements
from ipse.storage.statements import NewStatement

__all__ = ["app"]

app = application(name="profile", help_text="What you like: taught, searched and ranked at home.")

_Text = Annotated[str, typer.Argument(metavar="TEXT", help="In your own words.")]
_Strength = Annotated[int, typer.Option(metavar="1..5", min=1, max=5, help="How much.")]
_Sensitivity = Annotated[
    str,
    typer.Option(
        metavar="public|private|secret",
        help="A secret statement never has a part in what an application gets.",
    ),
]


@app.command(cls=Command)
def like(
    context: typer.Context, text: _Text, strength: _Strength = 4, sensitivity: _Sensitivity = "private"
) -> None:
    """Tell the profile something you like."""
    _say(session_of(context), text, strength / 5, sensitivity)


@app.command(cls=Command)
def dislike(
    context: typer.Context, text: _Text, strength: _Strength = 4, sensitivity: _Sensitivity = "private"
) -> None:
    """Tell the profile something you don't like."""
    _say(session_of(context), text, -strength / 5, sensitivity)


@app.command("import", cls=Command)
def import_(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="CSV with a title and a rating of 1 to 5.")],
) -> None:
    """Import things with a rating; importing them again changes nothing."""
    from ipse.preferences import ratings_csv
    from ipse.wallet import profile

    session = session_of(context)
    name = "standard input" if file == "-" else file
    columns, rated = ratings_csv.read(inputs.read_text(file), what=name)
    session.console.detail(f"columns: {columns}")
    new = [NewStatement(entry.text, entry.weight, source="import") for entry in rated]
    embedder = session.embedder()
    with session.wallet() as wallet, _progress(session.console, "embedding") as progress:
        numbers = profile.remember(wallet, embedder, new, now=session.now, progress=progress)
    facts = {"read": len(new), "added": len(numbers)}
    session.console.result(f"{len(new)} statements read, {len(numbers)} of them new", facts)


@app.command("list", cls=Command)
def list_(context: typer.Context) -> None:
    """List what the profile holds."""
    session = session_of(context)
    with session.wallet() as wallet:
        rows = [_row(statement) for statement in statements.current(wallet.vault)]
    columns = ("number", "weight", "sensitivity", "text")
    session.console.table("statements", rows, columns, empty='nothing yet: `ipse profile like "…"`')


@app.command(cls=Command)
def forget(
    context: typer.Context,
    number: Annotated[
        int, typer.Argument(metavar="NUMBER", help="The statement's number in `profile list`.")
    ],
) -> None:
    """Delete a statement and its vector."""
    session = session_of(context)
    with session.wallet() as wallet:
        statements.forget(wallet.vault, number)
    session.console.result(f"statement {number} is gone", {"number": number})


@app.command(cls=Command)
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
    rows = [{**_row(statement), "similarity": round(cosine, 3)} for statement, cosine in found]
    session.console.table("statements", rows, ("similarity", "weight", "text"), empty="nothing found")


@app.command(cls=Command)
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


def _say(session: Session, text: str, weight: float, sensitivity: str) -> None:
    from ipse.wallet import profile

    if sensitivity not in ("public", "private", "secret"):
        raise UsageError(
            f"{sensitivity!r} is no sensitivity", hint="--sensitivity takes public, private or secret"
        )
    new = NewStatement(text.strip(), weight, source="said", sensitivity=sensitivity)
    with session.wallet() as wallet:
        numbers = profile.remember(wallet, session.embedder(), [new], now=session.now)
    said = f"statement {numbers[0]}" if numbers else "the profile knew that already"
    session.console.result(said, {"number": numbers[0] if numbers else None, "weight": weight})


def _row(statement: Any) -> dict[str, Any]:
    return {
        "number": statement.number,
        "text": statement.text,
        "weight": round(statement.weight, 2),
        "sensitivity": statement.sensitivity,
        "source": statement.source,
        "created": statement.created,
    }


@contextmanager
def _progress(console: Console, what: str) -> Iterator[Any]:
    """A progress bar on stderr where somebody watches, else nothing."""
    if console.quiet or not terminal.present():
        yield None
        return
    from rich.console import Console as RichConsole
    from rich.progress import Progress

    with Progress(console=RichConsole(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
