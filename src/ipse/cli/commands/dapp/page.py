"""The consent page: what the owner reads before anything leaves.

Whatever an application wrote stands in quotation marks and ends its line, behind a label that is the
page's own: no text of another's can pass for a word of the wallet's.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Final

from ipse.cli.commands.dapp import options
from ipse.cli.commands.dapp.layout import cut, labelled, legible, listed
from ipse.disclosure import levels
from ipse.disclosure.proposals import Applicant, Proposal, UnconfirmedDate
from ipse.disclosure.questions import Question
from ipse.disclosure.warnings import PastAnswer
from ipse.encoding.safe_text import without_quotes

__all__ = ["checklist", "page"]

_SHOWN_PAST: Final = 3
_ITEM: Final = " " * 18
_MOST_SAID: Final = 320
"""Cells of an application's words; the protocol lets no more through than fit."""
_SCREEN: Final = 24


def page(proposal: Proposal) -> str:
    """The page on a proposal, lines of at most 80 cells, without the list of what can be ticked."""
    question = proposal.question
    level = levels.of(question.asked)
    lines = [
        "",
        *(line for warning in proposal.warnings for line in listed("! ", warning.text)),
        f"An application asks {level.asks}.",
        *_who(proposal.applicant),
        *labelled("purpose", _quoted(question.purpose)),
        *labelled("question", *level.question(question.asked, _quoted)),
        *_leaving(proposal),
        *labelled("how long", *_how_long(question)),
        *_promises(question),
        *labelled("costs", *_costs(proposal)),
        *_date(proposal.date),
        *labelled("stays here", level.stays if proposal.items else "everything"),
    ]
    if proposal.warnings and len(lines) + len(proposal.items) > _SCREEN:
        lines.append("! there are warnings at the top of this page")
    return "\n".join([*lines, ""])


def checklist(proposal: Proposal, ticked: Collection[str]) -> str:
    """The items of a tickable proposal, numbered from 1, each with whether it is ticked."""
    width = len(str(len(proposal.items)))
    lines = [
        line
        for number, item in enumerate(proposal.items, 1)
        for line in listed(f"  {number:>{width}} [{'x' if item.key in ticked else ' '}] ", item.text)
    ]
    return "\n".join([*lines, f"  ticked: {len(ticked)} of {len(proposal.items)}"])


def _who(applicant: Applicant) -> list[str]:
    return labelled("who asks", *_identity(applicant), *_past(applicant))


def _identity(applicant: Applicant) -> list[str]:
    if applicant.did is None:
        return [
            applicant.address,
            "nothing proves that they ask; the answer is for this address",
        ]
    if applicant.party == applicant.did:
        return [
            applicant.did,
            "verified: that DID signed the request",
            f"the answer goes to {applicant.address}; nothing proves that it is theirs",
        ]
    return [applicant.address, f"verified: its DID signed the request, {applicant.did}"]


def _past(applicant: Applicant) -> list[str]:
    past = applicant.past
    if not past:
        return ["it asks for the first time"]
    times = "once" if len(past) == 1 else f"{len(past)} times"
    newest = past[:_SHOWN_PAST]
    last = ":" if len(newest) == len(past) else f", the last {len(newest)}:"
    return [f"answered {times} before{last}", *map(_past_line, newest)]


def _past_line(asked: PastAnswer) -> str:
    return f"{cut(asked.time[:10], 10)} {cut(asked.level, 10)} {_marked(cut(asked.purpose, 36))}"


def _leaving(proposal: Proposal) -> list[str]:
    if not proposal.items:
        reason = proposal.reason.text if proposal.reason else "there is nothing to say"
        return labelled("would leave", f"an answer that says nothing: {reason}", "a refusal looks the same")
    signed = "signed under an identity for them alone"
    if proposal.tickable:
        return labelled("would leave", f"what you tick below, and no more, {signed}")
    head = labelled(
        "would leave", f"exactly this, {signed}", "drawn with some chance, which hides what you said"
    )
    quoted = levels.of(proposal.question.asked).quoted
    texts = [_marked(item.text) if quoted else item.text for item in proposal.items]
    return [*head, *(line for text in texts for line in listed(_ITEM, text))]


def _how_long(question: Question) -> list[str]:
    return [
        f"until {question.authorization.expires:%Y-%m-%d %H:%M} UTC it can be answered;",
        f"they say they keep the answer for {_duration(question.retention)}",
    ]


def _promises(question: Question) -> list[str]:
    return [] if question.terms is None else labelled("promises", *question.terms.in_words(_quoted))


def _costs(proposal: Proposal) -> list[str]:
    cost = proposal.cost
    whole, own, overall = map(options.show_epsilon, (cost.epsilon, cost.application_left, cost.overall_left))
    if cost.spent:
        room = f" until {legible(cost.returns[:10])}" if cost.returns else ""
        left = f"left: {own} for it, {overall} for all applications"
        return [f"nothing; its privacy budget has no room for more{room}", left]
    if not proposal.items and not cost.epsilon:
        return ["nothing of the privacy budget"]
    if cost.repeated is not None:
        return [f"nothing of the budget: the same answer as on {legible(cost.repeated[:10])}"]
    if cost.epsilon == 0:
        return ["nothing of the budget: what leaves is told as it is"]
    before = options.show_epsilon(cost.application_left + cost.epsilon)
    return [
        f"{whole} of the {before} that its privacy budget has left",
        f"then {own} stays for it, and {overall} for all applications",
    ]


def _date(date: UnconfirmedDate | None) -> list[str]:
    if date is None:
        return []
    return labelled(
        "date",
        f"today is {date.today:%Y-%m-%d}: yes confirms that too",
        f"it was last confirmed on {date.confirmed:%Y-%m-%d}, {date.days} days ago",
    )


def _quoted(text: str) -> str:
    return _marked(cut(text, _MOST_SAID))


def _marked(text: str) -> str:
    """The application's own words, which can't close the marks around them."""
    return f'"{without_quotes(text)}"'


def _duration(span: timedelta) -> str:
    """30 days; 1 day, 2 hours."""
    left, parts = int(span.total_seconds()), []
    for name, seconds in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        count, left = divmod(left, seconds)
        if count:
            parts.append(f"{count} {name}" if count == 1 else f"{count} {name}s")
    return ", ".join(parts) or "no time"
