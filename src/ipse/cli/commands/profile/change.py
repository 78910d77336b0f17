"""`ipse profile edit | supersede | forget`: corrects, replaces and deletes statements."""

from __future__ import annotations

from typing import Annotated

import typer

from ipse.cli import params, tty
from ipse.cli.commands.profile.shown import disclosure_lines, plural, statement_row
from ipse.cli.context import Context, context_of
from ipse.errors import ConsentNeeded, ConsentRefused, StorageError, UsageError
from ipse.wallet.profile import SAID, NewStatement, Statement

__all__ = ["edit", "forget", "supersede"]

_Number = Annotated[int, typer.Argument(metavar="NUMBER", help="The statement's number in `profile list`.")]
_Liked = Annotated[bool, typer.Option("--like", help="You like it.")]
_Disliked = Annotated[bool, typer.Option("--dislike", help="You dislike it.")]
_Strength = Annotated[int | None, typer.Option(metavar="1..5", min=1, max=5, help="How much.")]
_DEFAULT_STRENGTH = 4


def edit(
    ctx: typer.Context,
    numbers: Annotated[
        list[int] | None,
        typer.Argument(metavar="[NUMBER]…", help="The statement's number in `profile list`."),
    ] = None,
    text: Annotated[str | None, typer.Option("--text", metavar="TEXT", help="What it should say.")] = None,
    liked: _Liked = False,
    disliked: _Disliked = False,
    strength: _Strength = None,
    sensitivity: Annotated[
        str | None, typer.Option("--sensitivity", metavar="public|private|secret", help="Who may hear of it.")
    ] = None,
    since: Annotated[str | None, typer.Option("--since", metavar="DATE", help="Since when it holds.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All statements, for --sensitivity.")] = False,
) -> None:
    """Correct a statement in place; the old text is not kept.

    Of several statements, or of --all, the sensitivity alone can be changed.
    """
    from ipse.wallet.profile import changing, forgetting, remembering, statements

    context = context_of(ctx)
    sign = _sign(liked=liked, disliked=disliked)
    if text is None and sign is None and strength is None and sensitivity is None and since is None:
        raise UsageError("no change is given", hint="give --text, --strength, --sensitivity or --since")
    start = None if since is None else params.timestamp(since)
    if sensitivity is not None:
        remembering.check_sensitivity(sensitivity)
    if every == bool(numbers):
        raise UsageError("no statement is named", hint="give its number, or --all with --sensitivity")
    if every or len(numbers or ()) > 1:
        if sensitivity is None or text is not None or sign is not None or strength or since is not None:
            raise UsageError("of several statements only the sensitivity can be changed")
        with context.wallet() as wallet:
            changed = changing.set_sensitivity(
                wallet, sensitivity, numbers=None if every else numbers, now=context.now
            )
        facts = {"changed": changed, "sensitivity": sensitivity}
        context.output.result(f"{plural(changed, 'statement')} became {sensitivity}", facts)
        return
    assert numbers is not None
    (number,) = numbers
    with context.wallet() as wallet:
        before = statements.find(wallet, number)
        correction = changing.Correction(
            text=None if text is None else text.strip(),
            weight=_weight(before, sign, strength),
            sensitivity=sensitivity,
            since=start,
        )
        after = changing.correct(wallet, number, correction, now=context.now)
        if after.text != before.text:
            forgetting.erase(wallet)
            remembering.embed_missing(wallet, context.embedder(wallet))
    context.output.result(f"statement {number} is corrected", statement_row(after))


def supersede(
    ctx: typer.Context,
    old: Annotated[int, typer.Argument(metavar="OLD", help="The number of the statement that ends.")],
    text: Annotated[str | None, typer.Argument(metavar="[TEXT]", help="The new statement.")] = None,
    by: Annotated[
        int | None, typer.Option("--by", metavar="NEW", help="The number of the statement that replaces it.")
    ] = None,
    liked: _Liked = False,
    disliked: _Disliked = False,
    strength: _Strength = None,
) -> None:
    """Record a change of mind.

    The old statement ends, is kept, and points to the new one.
    """
    from ipse.wallet.profile import changing, statements

    context = context_of(ctx)
    if (text is None) == (by is None):
        raise UsageError(
            "give either the new TEXT or --by NEW",
            hint='`ipse profile supersede 3 --by 7`, or `ipse profile supersede 3 "TEXT" --like`',
        )
    with context.wallet() as wallet:
        ended = statements.find(wallet, old)
        if by is not None:
            if liked or disliked or strength is not None:
                raise UsageError(
                    "--by takes the other statement as it is", hint="`ipse profile edit` changes it"
                )
            changing.supersede(wallet, old, by)
            number = by
        else:
            new = _instead(ended, text or "", _sign(liked=liked, disliked=disliked), strength)
            number, _ = changing.supersede_with(wallet, context.embedder(wallet), old, new, now=context.now)
    context.output.result(f"statement {old} gave way to {number}", {"old": old, "number": number})


def forget(
    ctx: typer.Context,
    numbers: Annotated[
        list[int] | None,
        typer.Argument(metavar="[NUMBER]…", help="The statements' numbers in `profile list`."),
    ] = None,
    source: Annotated[
        str | None, typer.Option("--source", metavar="NAME", help="All that came from there.")
    ] = None,
    before: Annotated[
        str | None, typer.Option(metavar="DATE", help="All that began to hold before then.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All of the profile.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
) -> None:
    """Delete statements for good.

    Their earlier versions go too. Who was told of them is listed.
    """
    from ipse.wallet.profile import forgetting
    from ipse.wallet.profile.statements import Selection, select, with_earlier

    context = context_of(ctx)
    named = set(numbers or ())
    bulk = every or source is not None or before is not None
    if bulk == bool(named):
        raise UsageError("no statements are named", hint="numbers, or --source, --before or --all")
    if every and (source is not None or before is not None):
        raise UsageError(
            "--all contradicts --source and --before", hint="leave out --source and --before, or --all"
        )
    until = None if before is None else params.timestamp(before)
    with context.wallet() as wallet:
        if bulk:
            chosen = select(wallet, Selection(ended=True, source=source, before=until))
            named = {statement.number for statement in chosen}
            if named and not yes:
                doomed = with_earlier(wallet, named)
                _confirm(context, len(doomed))
        forgotten = forgetting.forget(wallet, named)
        failure: StorageError | None = None
        try:
            forgetting.erase(wallet)
        except StorageError as error:  # the rows are gone all the same: that is told first
            failure = error
    gone = [statement.number for statement in forgotten.statements]
    lines = [_gone(gone), *disclosure_lines(forgotten.disclosed)]
    context.output.result(
        "\n".join(lines),
        {
            "numbers": gone,
            "rankings": forgotten.rankings,
            "disclosed": [entry.to_json() for entry in forgotten.disclosed],
            "erased": failure is None,
        },
    )
    if failure is not None:
        raise failure


def _sign(*, liked: bool, disliked: bool) -> int | None:
    if liked and disliked:
        raise UsageError("it can't be both liked and disliked", hint="give --like or --dislike")
    return 1 if liked else -1 if disliked else None


def _weight(before: Statement, sign: int | None, strength: int | None) -> float | None:
    """Return the corrected weight, None to leave it; an option that is not given keeps its part."""
    if sign is None and strength is None:
        return None
    if sign is None and not before.weight:
        raise UsageError(
            f"statement {before.number} is neutral", hint="give --like or --dislike with --strength"
        )
    if sign is None:
        sign = 1 if before.weight > 0 else -1
    if strength is None:
        return sign * (abs(before.weight) or _DEFAULT_STRENGTH / 5)
    return sign * strength / 5


def _instead(ended: Statement, text: str, sign: int | None, strength: int | None) -> NewStatement:
    """Build the statement that replaces `ended`, of the same kind."""
    if ended.kind == "fact":
        if sign is not None or strength is not None:
            raise UsageError(
                f"statement {ended.number} is a fact, which is neither liked nor disliked",
                hint="leave out --like, --dislike and --strength",
            )
        return NewStatement(text.strip(), 0.0, SAID, ended.sensitivity, "fact")
    if sign is None:
        raise UsageError("--like or --dislike is missing", hint="say whether you like it")
    return NewStatement(text.strip(), sign * (strength or _DEFAULT_STRENGTH) / 5, SAID, ended.sensitivity)


def _confirm(context: Context, count: int) -> None:
    """Have the owner confirm with the number of statements. Raises ConsentNeeded, ConsentRefused."""
    what = plural(count, "statement")
    if not context.can_ask:
        raise ConsentNeeded(
            f"forgetting {what} is for good", hint="run it in a terminal, or see `ipse profile forget --help`"
        )
    context.output.page(f"{what} will be gone for good, the earlier versions included")
    if tty.ask(f"type {count} to forget them: ") != str(count):
        raise ConsentRefused("nothing was forgotten", hint="the number that was typed is another")


def _gone(numbers: list[int]) -> str:
    if not numbers:
        return "nothing was there to forget"
    if len(numbers) == 1:
        return f"statement {numbers[0]} is gone"
    return f"{plural(len(numbers), 'statement')} are gone"
