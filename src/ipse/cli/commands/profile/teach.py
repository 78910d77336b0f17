"""`ipse profile like | dislike | add | feedback`: adds statements to the profile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ipse.cli import params
from ipse.cli.commands.profile.shown import plural, progress_bar, statement_row, tell_contradictions
from ipse.cli.context import Context, context_of
from ipse.cli.output import printable
from ipse.errors import UsageError
from ipse.wallet.profile import SAID, Added, NewStatement

if TYPE_CHECKING:
    from ipse.wallet.wallet import Wallet

__all__ = ["add", "dislike", "feedback", "like"]

_Text = Annotated[
    str, typer.Argument(metavar="TEXT|-", help="In your own words; - reads one statement a line.")
]
_Strength = Annotated[int, typer.Option(metavar="1..5", min=1, max=5, help="How much.")]
_Sensitivity = Annotated[
    str,
    typer.Option(
        metavar="public|private|secret",
        help="A secret statement never affects what an application gets.",
    ),
]
_Since = Annotated[
    str | None,
    typer.Option("--since", metavar="DATE", help="Since when it holds, like 2019-05-01; now if not given."),
]


def like(
    ctx: typer.Context,
    text: _Text,
    strength: _Strength = 4,
    sensitivity: _Sensitivity = "private",
    since: _Since = None,
) -> None:
    """Add something you like."""
    _say(context_of(ctx), text, strength / 5, sensitivity, since, kind="opinion")


def dislike(
    ctx: typer.Context,
    text: _Text,
    strength: _Strength = 4,
    sensitivity: _Sensitivity = "private",
    since: _Since = None,
) -> None:
    """Add something you dislike."""
    _say(context_of(ctx), text, -strength / 5, sensitivity, since, kind="opinion")


def add(ctx: typer.Context, text: _Text, sensitivity: _Sensitivity = "private", since: _Since = None) -> None:
    """Add a neutral fact about you.

    It can be searched and does not affect rankings.
    """
    _say(context_of(ctx), text, 0.0, sensitivity, since, kind="fact")


def feedback(
    ctx: typer.Context,
    places: Annotated[
        list[int] | None,
        typer.Argument(metavar="[PLACE]…", min=1, help="The places you took; 1 is the best."),
    ] = None,
    took: Annotated[
        list[int] | None, typer.Option("--took", metavar="PLACE", min=1, help="The same.")
    ] = None,
    refused: Annotated[
        str, typer.Option("--refused", metavar="PLACE,…", help="Places you would never take, like 1,2.")
    ] = "",
    none: Annotated[bool, typer.Option("--none", help="You took none of what was ranked.")] = False,
    ranking: Annotated[
        int | None,
        typer.Option("--ranking", metavar="NUMBER", min=1, help="Which ranking; the last one without it."),
    ] = None,
) -> None:
    """Say which places of a ranking you took.

    Places above them that you passed over count a little less.
    """
    from ipse.wallet.profile.feedback import learn

    context = context_of(ctx)
    taken, never = {*(places or ()), *(took or ())}, _places(refused)
    with context.wallet(embeds=True) as wallet:
        embedder = context.embedder(wallet)
        learned = learn(
            wallet, embedder, ranking=ranking, taken=taken, refused=never, none=none, now=context.now
        )
        taught = [said.number for said in learned.statements]
        tell_contradictions(context.output, wallet, embedder, taught)
    rows = [statement_row(statement) for statement in learned.statements]
    lines = [f"{said.number}  {said.weight:+.1f}  {printable(said.text)}" for said in learned.statements]
    context.output.result(
        "\n".join(lines) or "nothing new",
        {"ranking": learned.ranking, "statements": rows, "known": learned.known},
    )


def _places(listed: str) -> set[int]:
    try:
        return {int(place) for place in listed.split(",") if place.strip()}
    except ValueError as error:
        raise UsageError(f"{listed!r} is not a list of places", hint="write it like --refused 1,2") from error


def _say(
    context: Context, text: str, weight: float, sensitivity: str, since: str | None, *, kind: str
) -> None:
    from ipse.wallet.profile.remembering import check_sensitivity, remember

    check_sensitivity(sensitivity)
    valid_from = _beginning(context, since)
    texts = params.read_lines("-") if text == "-" else [text.strip()]
    new = [NewStatement(said, weight, SAID, sensitivity, kind, valid_from) for said in texts]
    with context.wallet(embeds=True) as wallet:
        embedder = context.embedder(wallet)
        with progress_bar(context.output, "embedding") as progress:
            added = remember(wallet, embedder, new, now=context.now, progress=progress)
        tell_contradictions(context.output, wallet, embedder, added.numbers)
        _tell_negations(context, [said for said in texts if weight > 0])
        told = _told(wallet, new, added)
    facts: dict[str, Any] = {
        "number": added.numbers[0] if len(added.numbers) == 1 else None,
        "numbers": list(added.numbers),
        "changed": added.changed,
        "known": added.known,
        "weight": weight,
    }
    context.output.result(told, facts)


def _tell_negations(context: Context, liked: Sequence[str]) -> None:
    """Warn where the words of a liked statement may say the opposite; the weight stays as given."""
    from ipse.preferences.negation import begins_turned

    if any(begins_turned(text) for text in liked):
        context.output.message(
            "what you like begins with a no, and is kept as liked: to be understood, dislike the thing itself"
        )


def _beginning(context: Context, since: str | None) -> str | None:
    if since is None:
        return None
    from ipse.encoding.timestamps import format_timestamp

    moment = params.timestamp(since)
    if moment > context.now:
        raise UsageError(f"--since {since} is in the future", hint="say it when it holds")
    return format_timestamp(moment)


def _told(wallet: Wallet, new: list[NewStatement], added: Added) -> str:
    from ipse.wallet.profile.remembering import repeated

    if len(new) > 1:
        return f"{plural(len(new), 'statement')} read, {len(added.numbers)} of them new"
    if added.numbers:
        return f"statement {added.numbers[0]}"
    known = repeated(wallet, new[0])
    if known is None:
        return "the profile knew that already"
    since = f"{known.sensitivity}, since {known.valid_from}"
    return f"the profile knew that already: statement {known.number}, {since}"
