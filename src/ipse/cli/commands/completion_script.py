"""`ipse completion`: prints the completion script of a shell."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from ipse.cli.context import context_of
from ipse.errors import UsageError

__all__ = ["completion"]

_SHELLS: Final = ("bash", "zsh", "fish")


def completion(
    ctx: typer.Context,
    shell: Annotated[str, typer.Argument(metavar="bash|zsh|fish", help="The shell to complete in.")],
) -> None:
    """Print the completion script for a shell.

    zsh reads it from a folder of its `fpath`, in a file named _ipse.
    """
    if shell not in _SHELLS:
        raise UsageError(f"there is no completion for {shell!r}", hint=f"give one of {', '.join(_SHELLS)}")
    from ipse.cli.completion import script

    text = script(shell)
    context_of(ctx).output.exact(text.rstrip("\n"), {"shell": shell, "script": text})
