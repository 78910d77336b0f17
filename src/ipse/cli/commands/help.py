"""`ipse help`: the page of a command, and the topics that no command has a page for."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ipse.cli import help_topics
from ipse.cli.context import context_of
from ipse.cli.help_page import page_width
from ipse.cli.lines import fitted
from ipse.errors import NotFound

__all__ = ["help_"]


def help_(
    ctx: typer.Context,
    topic: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TOPIC|COMMAND]…", help="A command, or options, exit-codes, files, output."),
    ] = None,
) -> None:
    """Explain a command, or a topic such as exit-codes."""
    words = topic or []
    text = help_topics.page(" ".join(words), ctx) if len(words) == 1 else None
    if text is None:
        text = _page(ctx.find_root(), words)
    output = context_of(ctx).output
    output.exact("\n".join(fitted(text, page_width())), {"topic": " ".join(words), "text": text})


def _page(root: Any, words: list[str]) -> str:
    """The help page of a command, with the topics below that of the program. Raises NotFound."""
    at = root
    for word in words:
        find = getattr(at.command, "get_command", None)
        command = find(at, word) if find else None
        if command is None:
            raise NotFound(
                f"there is no help on {' '.join(words)!r}",
                hint=f"`ipse help` lists the commands; the topics are {', '.join(help_topics.TOPICS)}",
            )
        at = typer.Context(command, info_name=word, parent=at)
    page: str = at.command.get_help(at)
    if words:
        return page
    lines = "\n".join(f"  ipse help {name:<12}{what}" for name, what in help_topics.TOPICS.items())
    return f"{page}\n\nTopics:\n{lines}"
