"""`ipse doctor`: looks at the wallet and at what it stands on, and says what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ipse.cli.context import Context, context_of
from ipse.cli.lines import wrapped
from ipse.cli.output import printable
from ipse.errors import IpseError, Undetermined, VerificationFailed

if TYPE_CHECKING:
    from ipse.wallet.doctor import Finding

__all__ = ["doctor"]

_MARKS: Final = {"ok": "✓", "problem": "✗", "unknown": "?"}
_COLOURS: Final = {"ok": "32", "problem": "31", "unknown": "33"}
_NAME: Final = 16


def doctor(
    ctx: typer.Context,
    fix: Annotated[
        bool, typer.Option("--fix", help="Put right what can be: permissions, left-over files, links.")
    ] = False,
) -> None:
    """Look for what is wrong, and say what to do about it.

    The passphrase is needed for the keystore and what lies behind it; without it these are unknown, and
    all else is looked at. Exit code 0 says that all is well.
    """
    from ipse.wallet.doctor import Outcome, folder, system

    context = context_of(ctx)
    findings = [*system(context.places, now=context.now, fix=fix)]
    findings += folder(context.places, now=context.now, fix=fix)
    if context.places.manifest.exists():
        findings += _contents(context, fix=fix)
    counts = {str(outcome): sum(found.outcome is outcome for found in findings) for outcome in Outcome}
    lines = [line for found in findings for line in _lines(context, found)]
    facts = {"findings": [found.to_json() for found in findings], **counts}
    context.output.result("\n".join(lines), facts, coloured=True)
    _conclude(findings)


def _contents(context: Context, *, fix: bool) -> list[Finding]:
    """What is found behind the keystore; what stops the wallet from being opened is found too."""
    from ipse.wallet.doctor import contents, unopened

    try:
        with context.wallet(doubt=lambda _: None) as wallet:
            return list(contents(wallet, now=context.now, fix=fix))
    except IpseError as error:
        return list(unopened(error))


def _conclude(findings: Sequence[Finding]) -> None:
    """Raise what the exit code is to say: a problem, or that not all could be looked at."""
    from ipse.wallet.doctor import Outcome

    for outcome, kind, code in (
        (Outcome.PROBLEM, VerificationFailed, "not-well"),
        (Outcome.UNKNOWN, Undetermined, "not-checked"),
    ):
        found = [finding for finding in findings if finding.outcome is outcome]
        if found:
            what = "is not well" if outcome is Outcome.PROBLEM else "could not be looked at"
            names = ", ".join(finding.check for finding in found)
            raise kind(f"{what}: {names}", hint=found[0].remedy, code=code)


def _lines(context: Context, found: Finding) -> Iterator[str]:
    output = context.output
    outcome, message = str(found.outcome), output.timed(printable(found.message))
    message = f"fixed: {message}" if found.fixed else message
    remedy = [f"{output.mark('→', 'do:')} {printable(found.remedy)}"] if found.remedy else []
    if output.width is None:
        head = f"{outcome:<7}  {found.check:<{_NAME}}"
        yield from (head + message, *(" " * len(head) + line for line in remedy))
        return
    mark = output.mark(_MARKS[outcome], f"{outcome:<7}")
    head = f"{mark} {found.check:<{_NAME}}"
    indent = " " * (len(head) if output.width >= 2 * len(head) else 4)
    first, *rest = wrapped(message, output.width, first=head, rest=indent)
    yield output.coloured(mark, _COLOURS[outcome]) + first[len(mark) :]
    yield from rest
    for line in remedy:
        yield from wrapped(line, output.width, first=indent, rest=indent)
