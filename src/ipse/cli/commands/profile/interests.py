"""`ipse profile interests | why | contradictions`: explains the profile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ipse.cli.commands.profile.shown import statement_row
from ipse.cli.context import context_of
from ipse.cli.output import Output, printable
from ipse.encoding.strict_json import JsonObject
from ipse.encoding.timestamps import format_day
from ipse.errors import UsageError

if TYPE_CHECKING:
    from ipse.wallet.profile.interests import Contradictory, NamedInterest
    from ipse.wallet.profile.ranking import Mover

__all__ = ["contradictions", "interests", "why"]

_STATEMENT = ("number", "weight", "valid_from", "text")

_LIKED, _DISLIKED = 0.1, -0.1
"""Scores from which a text is called liked and disliked."""


def interests(
    ctx: typer.Context,
    interest: Annotated[
        str | None,
        typer.Argument(metavar="INTEREST", help="Show what belongs to this one: its number or its name."),
    ] = None,
) -> None:
    """Show your interests: groups of similar opinions. They are computed each time, not stored."""
    from ipse.wallet.profile import interests

    context = context_of(ctx)
    with context.wallet(embeds=True) as wallet:
        every = interests.interests(wallet, context.embedder(wallet))
    if interest is not None:
        members = interests.interest_called(every, interest).members
        rows = [statement_row(statement) for statement in members]
        context.output.table("statements", rows, _STATEMENT, empty="none", cuts=("text",))
        return
    rows = [_interest_row(one) for one in every]
    columns = ("number", "affinity", "name", "statements", "since", "last", "half_life", "medoid")
    context.output.table("interests", rows, columns, empty="none", cuts=("name", "medoid"))


def why(
    ctx: typer.Context,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What to judge.")],
) -> None:
    """Show how much you would like something, and why."""
    from ipse.wallet.profile import interests

    context = context_of(ctx)
    with context.wallet(embeds=True) as wallet:
        answer = interests.why(wallet, context.embedder(wallet), text, now=context.now)
    verdict = "liked" if answer.score >= _LIKED else "disliked" if answer.score <= _DISLIKED else "neutral"
    up = [mover for mover in answer.movers if mover.amount > 0]
    down = [mover for mover in answer.movers if mover.amount < 0]
    output = context.output
    movers = (*_mover_lines(output, "up", up), *_mover_lines(output, "down", down))
    lines = [f"{verdict}, {answer.score:+.2f}", *movers]
    belongs = answer.interest
    lines.append(f"interest: {f'{belongs.number} {printable(belongs.name)}' if belongs else 'none'}")
    lines.append(f"topics: {', '.join(map(printable, answer.topics)) or 'none'}")
    value: JsonObject = {
        "text": text,
        "verdict": verdict,
        "score": round(answer.score, 4),
        "up": [_mover_row(mover) for mover in up],
        "down": [_mover_row(mover) for mover in down],
        "interest": belongs.name if belongs else None,
        "topics": list(answer.topics),
    }
    context.output.result("\n".join(lines), value)


def contradictions(
    ctx: typer.Context,
    both: Annotated[
        tuple[int, int] | None,
        typer.Option("--both", metavar="A B", help="Accept that both hold; they are no longer shown."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many to show.")] = 20,
) -> None:
    """Show statements that contradict each other.

    You decide; nothing is changed.
    """
    from ipse.wallet.profile import interests

    context = context_of(ctx)
    if both is not None:
        if both[0] == both[1]:
            raise UsageError(f"statement {both[0]} can't contradict itself", hint="give two numbers")
        with context.wallet(embeds=True) as wallet:
            interests.accept(wallet, *both, now=context.now)
        context.output.result(f"statements {both[0]} and {both[1]} both hold", {"both": list(both)})
        return
    with context.wallet(embeds=True) as wallet:
        pairs = interests.contradictions(wallet, context.embedder(wallet), limit=limit)
    if not pairs and not context.output.json:
        context.output.message("no contradictions")
        return
    lines = [line for pair in pairs for line in _pair_lines(context.output, pair)]
    context.output.result("\n".join(lines), {"contradictions": [_pair_row(pair) for pair in pairs]})


def _interest_row(interest: NamedInterest) -> JsonObject:
    medoid = interest.members[0]
    return {
        "number": interest.number,
        "affinity": round(interest.affinity, 2),
        "name": interest.name,
        "statements": len(interest.members),
        "since": format_day(interest.since),
        "last": format_day(interest.last),
        "half_life": round(interest.half_life),
        "medoid": medoid.text,
        "medoid_number": medoid.number,
    }


def _mover_lines(output: Output, way: str, movers: list[Mover]) -> list[str]:
    return [
        output.listed(
            f"{way + ':':<6}{mover.amount:+.2f}  {mover.statement.number}  ", printable(mover.statement.text)
        )
        for mover in movers
    ]


def _mover_row(mover: Mover) -> JsonObject:
    return {
        "number": mover.statement.number,
        "amount": round(mover.amount, 4),
        "text": mover.statement.text,
    }


def _pair_lines(output: Output, pair: Contradictory) -> list[str]:
    older, newer = pair.older, pair.newer
    return [
        *(
            output.listed(
                f"{one.number:>5}  {one.weight:+.2f}  {output.timed(one.valid_from)[:10]}  ",
                printable(one.text),
            )
            for one in (older, newer)
        ),
        f"       a change of mind:  ipse profile supersede {older.number} --by {newer.number}",
        f"       one is wrong:      ipse profile forget {older.number}, or {newer.number}",
        f"       both hold:         ipse profile contradictions --both {older.number} {newer.number}",
    ]


def _pair_row(pair: Contradictory) -> JsonObject:
    return {
        "older": statement_row(pair.older),
        "newer": statement_row(pair.newer),
        "similarity": round(pair.similarity, 3),
        "strength": round(pair.strength, 3),
    }
