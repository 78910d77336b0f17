"""`ipse profile list | show | export`: shows and exports statements."""

from __future__ import annotations

from typing import Annotated

import typer

from ipse.cli import params
from ipse.cli.commands.profile.shown import disclosure_lines, plural, statement_row
from ipse.cli.context import context_of
from ipse.cli.output import printable
from ipse.cli.params import Force, OutputFile
from ipse.wallet import output_files

__all__ = ["export", "list_", "show"]

_All = Annotated[bool, typer.Option("--all", help="Also statements that have ended.")]
_Number = Annotated[int, typer.Argument(metavar="NUMBER", help="The statement's number in `profile list`.")]


def list_(
    ctx: typer.Context,
    every: _All = False,
    liked: Annotated[bool, typer.Option("--liked", help="Only what you like.")] = False,
    disliked: Annotated[bool, typer.Option("--disliked", help="Only what you dislike.")] = False,
    facts: Annotated[bool, typer.Option("--facts", help="Only neutral facts.")] = False,
    source: Annotated[
        str | None, typer.Option("--source", metavar="NAME", help="Only from this source.")
    ] = None,
    sensitivity: Annotated[
        str | None,
        typer.Option("--sensitivity", metavar="public|private|secret", help="Only with this sensitivity."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="DATE", help="Only what holds since this day or later."),
    ] = None,
    match: Annotated[
        str | None, typer.Option("--match", metavar="TEXT", help="Only texts with this in them.")
    ] = None,
) -> None:
    """List statements."""
    from ipse.wallet.profile.remembering import check_sensitivity
    from ipse.wallet.profile.statements import Selection, select

    context = context_of(ctx)
    if sensitivity is not None:
        check_sensitivity(sensitivity)
    feelings = {"liked": liked, "disliked": disliked, "fact": facts}
    selection = Selection(
        ended=every,
        feelings=frozenset(name for name, asked in feelings.items() if asked),
        source=source,
        sensitivity=sensitivity,
        since=None if since is None else params.timestamp(since),
        match=match,
    )
    with context.wallet(doubt=context.warn) as wallet:
        rows = [statement_row(statement) for statement in select(wallet, selection)]
    columns = ("number", "weight", "sensitivity", "text")
    context.output.table(
        "statements",
        rows,
        ("number", "weight", "sensitivity", "valid_from", "valid_to", "text") if every else columns,
        empty="no such statements" if selection != Selection() else 'nothing yet: `ipse profile like "…"`',
        cuts=("text",),
    )


def show(ctx: typer.Context, number: _Number) -> None:
    """Show one statement, its history, and who was told of it."""
    from ipse.wallet.profile import statements

    context = context_of(ctx)
    with context.wallet(doubt=context.warn) as wallet:
        found = statements.detail(wallet, number)
    facts = {
        **statement_row(found.statement),
        "embedded_by": list(found.models),
        "history": [statement_row(version) for version in found.versions],
        "disclosed": [entry.to_json() for entry in found.disclosed],
    }
    if context.output.json:
        context.output.result("", facts)
        return
    del facts["history"], facts["disclosed"]
    context.output.facts(facts)
    output = context.output
    lines = [
        output.timed(
            f"{version.number}  {version.weight:+.2f}  {version.valid_from} to {version.valid_to or 'now'}  "
        )
        + printable(version.text)
        for version in found.versions
        if len(found.versions) > 1
    ]
    for line in (*lines, *disclosure_lines(found.disclosed)):
        context.output.result(line, {})


def export(
    ctx: typer.Context,
    output: OutputFile = "-",
    force: Force = False,
    form: Annotated[str, typer.Option("--format", metavar="ndjson|csv", help="The file format.")] = "ndjson",
    every: _All = False,
    no_secret: Annotated[bool, typer.Option("--no-secret", help="Leave out what is secret.")] = False,
) -> None:
    """Export the statements, to keep or to import elsewhere.

    Their vectors never leave.
    A text that starts like a formula is written as you said it: a spreadsheet may run it.
    """
    from ipse.wallet.profile import statements
    from ipse.wallet.profile.statements import Selection, select

    context = context_of(ctx)
    statements.check_format(form)
    params.check_output(output, force=force)
    with context.wallet(doubt=context.warn) as wallet:
        chosen = select(wallet, Selection(ended=every))
    chosen = [said for said in chosen if not (no_secret and said.sensitivity == "secret")]
    text = statements.export(chosen, form)
    secret = sum(said.sensitivity == "secret" for said in chosen)
    if secret:
        context.output.message(f"secret among these: {secret}; --no-secret leaves them out")
    if output != "-":
        output_files.write_text(output, text, replace=force)
        context.output.result(
            f"{plural(len(chosen), 'statement')} in {output}", {"exported": len(chosen), "output": output}
        )
    elif context.output.json:
        context.output.result("", {"exported": len(chosen), "statements": list(map(statement_row, chosen))})
    elif text:
        show = context.output.exact if form == "csv" else context.output.document
        show(text.removesuffix("\n"), {})
