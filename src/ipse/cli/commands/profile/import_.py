"""`ipse profile import`: imports ratings and likes from other programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ipse.cli import params
from ipse.cli.commands.profile.shown import progress_bar
from ipse.cli.context import context_of
from ipse.cli.output import Output, printable
from ipse.encoding.safe_text import is_printable
from ipse.encoding.strict_json import JsonObject
from ipse.errors import UsageError
from ipse.preferences.sources import FORMATS
from ipse.wallet.profile import Added, NewStatement

if TYPE_CHECKING:
    from ipse.preferences.sources import Found, Reading

__all__ = ["import_"]

_EXAMPLES: Final = 3
_WIDTH: Final = 100
"""Characters of an example."""
_LONGEST_SOURCE: Final = 64
_RESUME: Final = "the same command again finishes the import and doubles nothing"


def import_(
    ctx: typer.Context,
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE|-",
            help="A table with a title and a rating, JSON, bookmarks, or a service's export: see --format.",
        ),
    ],
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help=f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}; without it the content tells.",
        ),
    ] = None,
    scale: Annotated[
        str | None,
        typer.Option("--scale", metavar="SCALE", help='Of the ratings in csv and ndjson, like "0 to 10".'),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be added; add nothing.")
    ] = False,
    source: Annotated[
        str | None,
        typer.Option("--source", metavar="NAME", help="Keep it under this name, not the format's."),
    ] = None,
    sensitivity: Annotated[
        str | None,
        typer.Option(
            "--sensitivity",
            metavar="public|private|secret",
            help="Of everything imported; what the format makes secret stays secret.",
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option("--limit", metavar="N", min=1, help="Take the newest N, or the first without dates."),
    ] = None,
) -> None:
    """Import ratings and likes from another program.

    Importing them again adds nothing twice.
    """
    from ipse.preferences import sources
    from ipse.wallet.profile.remembering import foresee, remember

    context = context_of(ctx)
    _check(source, sensitivity)
    name = "standard input" if file == "-" else file
    data = params.read_bytes(file, limit=sources.MAX_BYTES)
    reading = sources.read(data, name=name, format=form, scale=scale)
    found = _newest(reading.found, limit)
    _show(context.output, reading, found)
    new = [_statement(entry, source or entry.source or reading.format, sensitivity) for entry in found]
    facts: JsonObject = {"format": reading.format, "read": len(new)}
    if dry_run:
        with context.wallet() as wallet:
            added = foresee(wallet, new, now=context.now)
    else:
        context.when_interrupted = _RESUME
        with context.wallet(embeds=True) as wallet, progress_bar(context.output, "embedding") as progress:
            embedder = context.embedder(wallet)
            added = remember(wallet, embedder, new, now=context.now, progress=progress)
    facts |= _counts(added)
    facts["skipped"] = dict(reading.skipped)
    would = "would be " if dry_run else ""
    context.output.result(
        f"{len(new)} statements read: {facts['added']} {would}added, {facts['changed']} {would}changed,"
        f" {facts['known']} known already",
        facts,
    )


def _check(source: str | None, sensitivity: str | None) -> None:
    if source is not None and not (is_printable(source) and 0 < len(source.strip()) <= _LONGEST_SOURCE):
        raise UsageError(
            f"{source[:80]!r} can't name a source", hint=f"--source takes 1 to {_LONGEST_SOURCE} characters"
        )
    if sensitivity not in (None, "public", "private", "secret"):
        raise UsageError(
            f"{sensitivity!r} is no sensitivity", hint="--sensitivity takes public, private or secret"
        )


def _newest(found: Sequence[Found], limit: int | None) -> Sequence[Found]:
    """Return at most `limit` entries: the newest first, then those without a date in file order."""
    if limit is None or limit >= len(found):
        return found
    dated = sorted(found, key=lambda entry: -entry.at.timestamp() if entry.at else float("inf"))
    return dated[:limit]


def _statement(found: Found, source: str, sensitivity: str | None) -> NewStatement:
    from ipse.encoding.timestamps import format_timestamp

    return NewStatement(
        found.text,
        found.weight,
        source,
        sensitivity=found.sensitivity
        if sensitivity is None or found.sensitivity == "secret"
        else sensitivity,
        kind=found.kind,
        valid_from=format_timestamp(found.at) if found.at else None,
    )


def _counts(added: Added) -> JsonObject:
    """Return the counts of an import. A replaced statement is not counted as added."""
    return {"added": len(added.numbers) - added.changed, "changed": added.changed, "known": added.known}


def _show(output: Output, reading: Reading, found: Sequence[Found]) -> None:
    """Show what was detected, before anything is imported."""
    output.message(f"format: {reading.format}")
    for role, taken in reading.fields.items():
        output.message(f"  {role}: {printable(taken)}")
    of = "" if len(found) == len(reading.found) else f" of {len(reading.found)}"
    output.message(f"found: {len(found)}{of}")
    for reason, count in (*reading.notes.items(), *reading.skipped.items()):
        left_out = "left out, " if reason in reading.skipped else ""
        output.message(f"  {left_out}{reason}: {count}")
    for entry in found[:_EXAMPLES]:
        text = entry.text if len(entry.text) <= _WIDTH else entry.text[: _WIDTH - 1] + "…"
        output.message(f"  {entry.weight:+.2f}  {printable(text)}")
