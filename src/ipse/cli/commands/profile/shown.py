"""How the profile commands show statements, disclosures and progress."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ipse.cli import tty
from ipse.cli.output import Output, printable
from ipse.encoding.strict_json import JsonObject

if TYPE_CHECKING:
    from ipse.preferences.embedding import Embedder
    from ipse.wallet.profile import Statement
    from ipse.wallet.profile.forgetting import Disclosed
    from ipse.wallet.wallet import Wallet

__all__ = ["disclosure_lines", "plural", "progress_bar", "statement_row", "tell_contradictions"]


def statement_row(statement: Statement) -> JsonObject:
    """A statement as a row of a table."""
    return {**asdict(statement), "weight": round(statement.weight, 2)}


def plural(count: int, what: str) -> str:
    """1 statement, 2 statements."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def disclosure_lines(disclosed: Sequence[Disclosed]) -> list[str]:
    """Return a line for each application that was told, and one that says it can't be recalled."""
    lines = []
    for heard in disclosed:
        origin = printable(heard.origin)
        if heard.verbatim:
            lines.append(f"said verbatim to {origin} on {printable(', '.join(heard.verbatim))}")
        if heard.answers:
            lines.append(f"may have had a part in {plural(heard.answers, 'answer')} to {origin}")
    if lines:
        lines.append("what was disclosed can't be recalled")
    return lines


def tell_contradictions(output: Output, wallet: Wallet, embedder: Embedder, numbers: Collection[int]) -> None:
    """Say on stderr if a new statement contradicts an earlier one; the owner decides."""
    from ipse.wallet.profile.interests import contradictions_of

    found = contradictions_of(wallet, embedder, numbers)
    if found:
        output.message(
            f"{plural(len(found), 'contradiction')} with what the profile knows: "
            "`ipse profile contradictions` shows what and how to decide"
        )


@contextmanager
def progress_bar(output: Output, what: str) -> Iterator[Any]:
    """Show a progress bar on stderr if a person is at the terminal, else nothing."""
    if output.quiet or not tty.present():
        yield None
        return
    from rich.console import Console as RichConsole
    from rich.progress import Progress

    with Progress(console=RichConsole(stderr=True, no_color=output.is_plain), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
