"""What the owner types under a consent page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from ipse.cli import tty
from ipse.cli.context import Context
from ipse.cli.output import wrapped

__all__ = ["TRIES", "ask_again", "asked", "decided", "yes_or_no"]

_TYPED: Final = 3
"""Cells that are left behind a question for what is typed."""
TRIES: Final = 5
"""How often in a row the owner may type something else before the question counts as interrupted."""

_Decided = TypeVar("_Decided")


def asked(context: Context, question: str) -> str:
    """What is typed, behind a question that is broken between words where the terminal is narrow."""
    *before, last = wrapped(question.strip(), context.output.page_width - _TYPED)
    if before:
        context.output.page("\n".join(before))
    return tty.ask(f"{last} ")


def ask_again(context: Context, why: str) -> None:
    """Say why what was typed decides nothing, and forget what was typed before this was read."""
    tty.forget_typed()
    context.output.page(why)


def yes_or_no(context: Context, question: str, otherwise: str) -> bool:
    """Ask until the owner types yes or no; `otherwise` is said to anything else.

    Raises KeyboardInterrupt where neither comes.
    """
    return decided(context, question, {"yes": True, "no": False}.get, otherwise)


def decided(
    context: Context, question: str, read: Callable[[str], _Decided | None], otherwise: str
) -> _Decided:
    """Ask until `read` makes something of what is typed. Raises KeyboardInterrupt where it never does."""
    for _ in range(TRIES):
        found = read(asked(context, question))
        if found is not None:
            return found
        ask_again(context, otherwise)
    raise KeyboardInterrupt
