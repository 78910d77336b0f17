"""Asking the owner: the consent page, and what is typed under it."""

from __future__ import annotations

import re
import shlex
from typing import Final

from ipse.cli import tty
from ipse.cli.commands.dapp.page import checklist, page
from ipse.cli.context import Context
from ipse.disclosure.proposals import Decision, Proposal
from ipse.disclosure.questions import Bands, Statements, Topics
from ipse.errors import ConsentNeeded

__all__ = ["ask"]

_SEND: Final = "send this? type yes: "
_SEND_NOTHING: Final = "send this answer that says nothing? type yes: "
_TICK: Final = "numbers tick or untick, yes sends what is ticked, no refuses: "
_NUMBERS: Final = re.compile(r"[0-9]{1,4}(?:[ ,]+[0-9]{1,4})*", re.ASCII)
_REFUSED: Final = Decision(False)


def ask(context: Context, proposal: Proposal) -> Decision:
    """Ask the owner at the terminal. Raises ConsentNeeded if there is none."""
    if not context.can_ask:
        raise _nobody(proposal)
    tty.forget_typed()  # a yes typed before the page was there is no answer to it
    context.output.page(page(proposal))
    if proposal.tickable and proposal.items:
        return _ticked(context, proposal)
    return _whole(context, _SEND if proposal.items else _SEND_NOTHING)


def _whole(context: Context, question: str) -> Decision:
    typed = tty.ask(question)
    if typed not in ("yes", "no", ""):
        context.output.page("only `yes` sends it")
    return Decision(typed == "yes")


def _ticked(context: Context, proposal: Proposal) -> Decision:
    """Tick and untick until the owner says yes, or anything that is no number."""
    ticked: frozenset[str] = frozenset()
    while True:
        context.output.page(checklist(proposal, ticked))
        typed = tty.ask(_TICK)
        if typed == "yes" and ticked:
            return Decision(True, ticked)
        if not _NUMBERS.fullmatch(typed):
            if typed == "yes":
                context.output.page("nothing is ticked: that refuses")
            elif typed not in ("no", ""):
                context.output.page("only numbers and `yes` are taken: that refuses")
            return _REFUSED
        ticked = _changed(context, proposal, ticked, {int(number) for number in re.findall("[0-9]+", typed)})


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
    if isinstance(asked, Statements) and len(changed) > asked.limit:
        context.output.page(f"they ask for at most {asked.limit}; nothing is changed")
        return ticked
    return changed


def _nobody(proposal: Proposal) -> ConsentNeeded:
    who = proposal.applicant.party
    asked = proposal.question.asked
    message = f"{who} needs your consent and there is nobody to ask"
    if isinstance(asked, Statements):
        return ConsentNeeded(message, hint="run it in a terminal; sentences leave by your tick alone")
    command = ["ipse", "dapp", "grant", who, "--level", proposal.question.level]
    if isinstance(asked, (Topics, Bands)):
        command += ["--topics", ",".join(asked.topics)]
    if not proposal.applicant.verified:
        command.append("--allow-unsigned")
    return ConsentNeeded(message, hint=f"run it in a terminal, or give a grant: `{shlex.join(command)}`")
