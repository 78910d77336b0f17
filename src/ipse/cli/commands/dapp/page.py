"""The consent page: what the owner reads before anything leaves.

Whatever an application wrote stands in quotation marks and ends its line, behind a label that is the
page's own: no text of another's can pass for a word of the wallet's.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from ipse.cli.commands.dapp.asker import duration, identity, quoted
from ipse.cli.commands.dapp.layout import WIDTH, cut, labelled, listed, marked, warning, wrapped
from ipse.disclosure import exposure, levels
from ipse.disclosure.offers import Item
from ipse.disclosure.proposals import Applicant, Exposed, Proposal, UnconfirmedDate
from ipse.disclosure.questions import Question
from ipse.disclosure.warnings import PastAnswer
from ipse.encoding.safe_text import without_quotes

__all__ = ["FIRST", "checklist", "page"]

FIRST: Final = 12
"""Items that the list of what can be ticked begins with; `more` shows as many more."""
_SHOWN_PAST: Final = 3
_MOST_WHY: Final = 120
_SCREEN: Final = 24
_KNOWN, _KNOWN_TO_ALL = 0.5, 0.7
"""Rho of a reading from which on the page speaks up: of one application, and of all that share."""


def page(proposal: Proposal, width: int = WIDTH) -> str:
    """The page on a proposal, lines of at most `width` cells, without the list of what can be ticked."""
    question = proposal.question
    level = levels.of(question.asked)
    items = proposal.offer.picked(proposal.offer.chosen)
    exposed = proposal.exposed(items)
    warnings = [*(warning.text for warning in proposal.warnings), *_exposing(exposed)]
    sections = [
        ("who asks", _who(proposal.applicant)),
        ("purpose", [quoted(question.purpose)]),
        ("question", level.question(question.asked, quoted)),
        ("would leave", _leaving(proposal)),
        ("gives away", _given_away(proposal, exposed, items)),
        ("how long", _how_long(question)),
        *([("promises", question.terms.in_words(quoted))] if question.terms else []),
        *([("date", _date(proposal.date))] if proposal.date else []),
        ("stays here", [level.stays if proposal.offer.items else "everything"]),
    ]
    lines = [
        "",
        *(line for text in warnings for line in warning(text, width=width)),
        *listed("", f"An application asks {level.asks}.", width=width),
        *(line for label, parts in sections for line in labelled(label, *parts, width=width, wrap=marked)),
    ]
    ticks = checklist(proposal, proposal.offer.items, proposal.preticked, FIRST, width).splitlines()
    if warnings and len(lines) + len(ticks) > _SCREEN:
        lines += warning("there are warnings at the top of this page", width=width)
    return "\n".join([*lines, ""])


def checklist(
    proposal: Proposal, items: Sequence[Item], ticked: Collection[str], shown: int, width: int = WIDTH
) -> str:
    """The first `shown` items, numbered from 1 in this order, each with whether it is ticked and why."""
    level = levels.of(proposal.question.asked)
    digits = len(str(len(items)))
    lines = []
    for number, item in enumerate(items[:shown], 1):
        head = f"  {number:>{digits}} [{'x' if item.key in ticked else ' '}] "
        lines += _quote(head, item.text, width) if level.quoted else listed(head, item.text, width=width)
        if item.why:
            lines += listed(" " * len(head), f"for you said: {cut(item.why, _MOST_WHY)}", width=width)
    if shown < len(items):
        lines += listed("  ", f"and {len(items) - shown} more: type more", width=width)
    most = level.most_ticked(proposal.question.asked)
    lines += listed("  ", f"ticked: {len(ticked)} of {len(items)}, at most {most} can be", width=width)
    return "\n".join(lines)


def _who(applicant: Applicant) -> list[str]:
    who = identity(applicant.party, applicant.address, applicant.did, applicant.proof)
    return [*who, *_past(applicant)]


def _past(applicant: Applicant) -> list[str]:
    past = applicant.past
    if not past:
        return ["it asks for the first time"]
    times = "once" if len(past) == 1 else f"{len(past)} times"
    newest = past[:_SHOWN_PAST]
    last = ":" if len(newest) == len(past) else f", the last {len(newest)}:"
    return [f"answered {times} before{last}", *map(_past_line, newest)]


def _past_line(asked: PastAnswer) -> str:
    return f"{cut(asked.time[:10], 10)} {cut(asked.level, 10)} {quoted(asked.purpose, 36)}"


def _leaving(proposal: Proposal) -> list[str]:
    signed = "signed under an identity for them alone"
    if not proposal.offer.items:
        reason = proposal.offer.reason.text if proposal.offer.reason else "there is nothing to say"
        return [f"an answer that says nothing: {reason}", "a refusal looks the same"]
    if proposal.preticked:
        order = ", in this order" if levels.of(proposal.question.asked).ordered else ""
        return [f"what is ticked below{order}, as your own choice, {signed}"]
    return [f"what you tick below, and no more, {signed}"]


def _given_away(proposal: Proposal, exposed: Exposed, items: Sequence[Item]) -> list[str]:
    if not items:
        ticking = ", as long as you tick nothing" if proposal.offer.items else ""
        return [f"nothing more than before{ticking}"]
    own, shared = exposed.own, exposed.shared
    lines = [
        exposure.in_words(own),
        f"somebody who was told nothing: {exposure.named(own.stranger)}",
    ]
    if exposure.named(shared.share) != exposure.named(own.share):
        lines.append(f"all applications together: {exposure.named(shared.share)}")
    return lines


def _exposing(exposed: Exposed) -> list[str]:
    found = []
    if exposed.answer > exposure.LONG:
        found.append(f"this answer alone tells a lot: {exposure.in_words(exposed.own)}")
    elif exposed.own.rho >= _KNOWN:
        found.append(f"with this answer it would know you well: {exposure.in_words(exposed.own)}")
    if exposed.shared.rho >= _KNOWN_TO_ALL:
        found.append("applications that share what they were told would know you very well")
    return found


def _how_long(question: Question) -> list[str]:
    expires = question.authorization.expires
    return [
        f"until {expires:%Y-%m-%d %H:%M} UTC it can be answered;"
        if expires
        else "it does not say until when it can be answered;",
        f"they say they keep the answer for {duration(int(question.retention.total_seconds()))}",
    ]


def _date(date: UnconfirmedDate) -> list[str]:
    return [
        f"today is {date.today:%Y-%m-%d}: yes confirms that too",
        f"it was last confirmed on {date.confirmed:%Y-%m-%d}, {date.days} days ago",
    ]


def _quote(head: str, text: str, width: int) -> list[str]:
    """The application's words behind `head`. Each line begins with a mark: none can pass for the page's."""
    first, *others = wrapped(f'"{without_quotes(text)}"', width - len(head) - 1)
    return [head + first, *(" " * len(head) + '"' + line for line in others)]
