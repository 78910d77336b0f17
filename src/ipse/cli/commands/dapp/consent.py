"""Asking the owner: the consent page, and what is typed under it."""

from __future__ import annotations

import re
from typing import Final

from ipse.cli import tty
from ipse.cli.commands.dapp.layout import ISOLATES
from ipse.cli.commands.dapp.page import checklist, page
from ipse.cli.context import Context
from ipse.disclosure import levels
from ipse.disclosure.proposals import Decision, Proposal
from ipse.errors import ConsentNeeded

__all__ = ["ask"]

_SEND: Final = "send this? type yes or no: "
_SEND_NOTHING: Final = "send this answer that says nothing? type yes or no: "
_TICK: Final = "numbers tick or untick, yes sends what is ticked, no refuses: "
_NUMBERS: Final = re.compile(r"[0-9]{1,4}(?:[ ,]+[0-9]{1,4})*", re.ASCII)
_REFUSED: Final = Decision(False)
_TRIES: Final = 5
"""How often in a row the owner may type something else before the question counts as interrupted."""


def ask(context: Context, proposal: Proposal) -> Decision:
    """Ask the owner at the terminal. Raises ConsentNeeded if there is none."""
    if not context.can_ask:
        raise _nobody(proposal)
    tty.forget_typed()  # a yes typed before the page was there is no answer to it
    context.output.page(page(proposal), keep=ISOLATES)
    if proposal.tickable and proposal.items:
        return _ticked(context, proposal)
    return _whole(context, _SEND if proposal.items else _SEND_NOTHING)


def _whole(context: Context, question: str) -> Decision:
    """Ask until the owner types yes or no. Raises KeyboardInterrupt where neither comes."""
    for _ in range(_TRIES):
        typed = tty.ask(question)
        if typed in ("yes", "no"):
            return Decision(typed == "yes")
        _ask_again(context, "only `yes` sends it and only `no` refuses; nothing is decided")
    raise KeyboardInterrupt


def _ticked(context: Context, proposal: Proposal) -> Decision:
    """Tick and untick until the owner types yes or no. Raises KeyboardInterrupt where neither comes."""
    ticked: frozenset[str] = frozenset()
    tries = 0
    while tries < _TRIES:
        context.output.page(checklist(proposal, ticked), keep=ISOLATES)
        typed = tty.ask(_TICK)
        if typed == "no":
            return _REFUSED
        if typed == "yes" and ticked:
            return Decision(True, ticked)
        if _NUMBERS.fullmatch(typed):
            numbers = {int(number) for number in re.findall("[0-9]+", typed)}
            tries, ticked = 0, _changed(context, proposal, ticked, numbers)
            continue
        tries += 1
        if typed == "yes":
            _ask_again(context, "nothing is ticked: tick something, or type no")
        else:
            _ask_again(context, "only numbers, `yes` and `no` are taken; nothing is decided")
    raise KeyboardInterrupt


def _ask_again(context: Context, why: str) -> None:
    tty.forget_typed()  # what was typed before this was read is no answer to it
    context.output.page(why)


def _changed(
    context: Context, proposal: Proposal, ticked: frozenset[str], numbers: set[int]
) -> frozenset[str]:
    """The ticks after those of `numbers` are turned; the same where one can't be."""
    unknown = sorted(number for number in numbers if not 1 <= number <= len(proposal.items))
    if unknown:
        context.output.page(f"there is no {unknown[0]} in this list; nothing is changed")
        return ticked
    changed = ticked ^ {proposal.items[number - 1].key for number in numbers}
    asked = proposal.question.asked
    most = levels.of(asked).most_ticked(asked)
    if len(changed) > most:
        context.output.page(f"they ask for at most {most}; nothing is changed")
        return ticked
    return changed


def _nobody(proposal: Proposal) -> ConsentNeeded:
    who = proposal.applicant.party
    level = levels.of(proposal.question.asked)
    message = f"{who} needs your consent and there is nobody to ask"
    if not level.grantable:
        return ConsentNeeded(message, hint=f"run it in a terminal; {level.told} leave by your tick alone")
    if not proposal.applicant.verified:
        return ConsentNeeded(message, hint="run it in a terminal; nothing proves who sent this request")
    return ConsentNeeded(
        message, hint="run it in a terminal; what may leave without you: `ipse dapp grant --help`"
    )
