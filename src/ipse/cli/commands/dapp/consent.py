"""Asking the owner: the consent page, and what is typed under it."""

from __future__ import annotations

import re
from typing import Final

from ipse.cli import tty
from ipse.cli.commands.dapp.layout import ISOLATES
from ipse.cli.commands.dapp.page import FIRST, checklist, page
from ipse.cli.commands.dapp.typed import TRIES, ask_again, asked, yes_or_no
from ipse.cli.context import Context
from ipse.disclosure import levels
from ipse.disclosure.proposals import Decision, Proposal
from ipse.errors import ConsentNeeded

__all__ = ["ask"]

_SEND_NOTHING: Final = "send this answer that says nothing? type yes or no: "
_TICK: Final = "numbers tick or untick, yes sends what is ticked, no refuses: "
_ARRANGE: Final = "numbers tick or untick, move 3 1 moves, yes sends, no refuses: "
_KEEP: Final = "k lets your profile learn from what you ticked and unticked, Enter does not: "
_NUMBERS: Final = re.compile(r"[0-9]{1,4}(?:[ ,]+[0-9]{1,4})*", re.ASCII)
_MOVE: Final = re.compile(r"move +([0-9]{1,4}) +([0-9]{1,4})", re.ASCII)
_REFUSED: Final = Decision(accepted=False)


def ask(context: Context, proposal: Proposal) -> Decision:
    """Ask the owner at the terminal. Raises ConsentNeeded if there is none."""
    if not context.can_ask:
        raise _nobody(proposal)
    tty.forget_typed()  # a yes typed before the page was there is no answer to it
    context.output.page(page(proposal, context.output.page_width), keep=ISOLATES)
    return _Checklist(context, proposal).decided() if proposal.offer.items else _whole(context)


def _whole(context: Context) -> Decision:
    """Ask until the owner types yes or no. Raises KeyboardInterrupt where neither comes."""
    accepted = yes_or_no(
        context, _SEND_NOTHING, "only `yes` sends it and only `no` refuses; nothing is decided"
    )
    return Decision(accepted=accepted)


class _Checklist:
    """What the owner ticks and moves, until it is decided."""

    def __init__(self, context: Context, proposal: Proposal) -> None:
        self._context = context
        self._proposal = proposal
        self._level = levels.of(proposal.question.asked)
        self._items = list(proposal.offer.items)
        self._ticked = set(proposal.preticked)
        self._shown = max(FIRST, len(self._ticked))  # nothing leaves that was not shown

    def decided(self) -> Decision:
        """Ask until the owner types yes or no. Raises KeyboardInterrupt where neither comes."""
        tries = 0
        while tries < TRIES:
            self._say(
                checklist(
                    self._proposal,
                    self._items,
                    self._ticked,
                    self._shown,
                    self._context.output.page_width,
                )
            )
            typed = asked(self._context, _ARRANGE if self._level.ordered else _TICK)
            if typed == "no":
                return _REFUSED
            if typed == "yes" and self._ticked:
                ticked = tuple(item.key for item in self._items if item.key in self._ticked)
                return Decision(accepted=True, ticked=ticked, keep=self._keeps())
            if self._changed(typed):
                tries = 0
                continue
            tries += 1
            if typed == "yes":
                ask_again(self._context, "nothing is ticked: tick something, or type no")
            else:
                ask_again(self._context, "only numbers, `yes` and `no` are taken; nothing is decided")
        raise KeyboardInterrupt

    def _changed(self, typed: str) -> bool:
        """Whether what was typed is about the list; then that is done."""
        move = _MOVE.fullmatch(typed)
        if typed == "more":
            self._shown += FIRST
        elif self._level.ordered and move:
            self._move(int(move[1]), int(move[2]))
        elif _NUMBERS.fullmatch(typed):
            self._tick({int(number) for number in re.findall("[0-9]+", typed)})
        else:
            return False
        return True

    def _tick(self, numbers: set[int]) -> None:
        """Turn the ticks of these numbers, if all of them can be."""
        if not self._there(numbers):
            return
        changed = self._ticked ^ {self._items[number - 1].key for number in numbers}
        most = self._level.most_ticked(self._proposal.question.asked)
        if len(changed) > most:
            self._say(f"they ask for at most {most}; nothing is changed")
        else:
            self._ticked = changed

    def _move(self, number: int, place: int) -> None:
        if self._there({number, place}):
            self._items.insert(place - 1, self._items.pop(number - 1))

    def _there(self, numbers: set[int]) -> bool:
        here = min(self._shown, len(self._items))
        unknown = sorted(number for number in numbers if not 1 <= number <= here)
        if unknown:
            more = "; type more to see more" if here < unknown[0] <= len(self._items) else ""
            self._say(f"there is no {unknown[0]} in this list; nothing is changed{more}")
        return not unknown

    def _keeps(self) -> bool:
        return self._proposal.teaches and asked(self._context, _KEEP) == "k"

    def _say(self, text: str) -> None:
        self._context.output.page(text, keep=ISOLATES)


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
