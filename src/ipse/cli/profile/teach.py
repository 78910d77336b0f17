"""`ipse profile like | dislike | import`: what the profile learns from."""

from __future__ import annotations

from typing import Annotated

import typer

from ipse.cli import inputs
from ipse.cli.profile.shown import progress_bar
from ipse.cli.session import Session, session_of
from ipse.errors import UsageError
from ipse.storage.statements import NewStatement

__all__ = ["dislike", "import_", "like"]

_Text = Annotated[str, typer.Argument(metavar="TEXT", help="In your own words.")]
_Strength = Annotated[int, typer.Option(metavar="1..5", min=1, max=5, help="How much.")]
_Sensitivity = Annotated[
    str,
    typer.Option(
        metavar="public|private|secret",
        help="A secret statement never has a part in what an application gets.",
    ),
]


def like(
    context: typer.Context, text: _Text, strength: _Strength = 4, sensitivity: _Sensitivity = "private"
) -> None:
    """Tell the profile something you like."""
    _say(session_of(context), text, strength / 5, sensitivity)


def dislike(
    context: typer.Context, text: _Text, strength: _Strength = 4, sensitivity: _Sensitivity = "private"
) -> None:
    """Tell the profile something you don't like."""
    _say(session_of(context), text, -strength / 5, sensitivity)


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
    with session.wallet() as wallet, progress_bar(session.console, "embedding") as progress:
        numbers = profile.remember(wallet, embedder, new, now=session.now, progress=progress)
    facts = {"read": len(new), "added": len(numbers)}
    session.console.result(f"{len(new)} statements read, {len(numbers)} of them new", facts)


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
