"""The consent page for credentials: what the owner reads before any of them leaves.

The same page as for preferences (`page`), with the same labels. Whatever others wrote, claims included,
stands in quotation marks, and each further line of it begins with one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Final

from ipse.cli.commands.dapp.asker import duration, identity, quoted
from ipse.cli.commands.dapp.layout import WIDTH, cut, labelled, listed, marked, warning
from ipse.encoding.strict_json import Json
from ipse.protocols.dcql import paths
from ipse.protocols.dcql.query import ConcretePath
from ipse.wallet.answering.history import PastRequest
from ipse.wallet.answering.proposals import CredentialOption, CredentialProposal, Leaving

__all__ = ["leaving", "page", "ways"]

_SCREEN: Final = 24
_SHOWN_PAST: Final = 3
_MOST_PAST: Final = 60
_MOST_VALUE: Final = 2000
"""Cells of one value; longer ones, pictures above all, are cut, and how much is left out is said."""
_PLAIN: Final = re.compile(r"[A-Za-z0-9_.:/%\[\]-]{1,200}", re.ASCII)
"""Names that are one word: no blank in them, and no mark."""
_NOTHING: Final = "nothing: no credential in this wallet is what they ask for"


def page(proposal: CredentialProposal, width: int = WIDTH) -> str:
    """The page on a proposal and its first option, lines of at most `width` cells."""
    request = proposal.request
    who = identity(request.party, request.origin, request.did, request.client.proof)
    sections = [
        ("who asks", [*who, *_registered(proposal), *_past(proposal)]),
        ("purpose", _purpose(proposal)),
        ("question", _question(proposal)),
    ]
    lines = [
        "",
        *(line for found in proposal.findings for line in warning(found.text, width=width)),
        *listed("", "A verifier asks for credentials.", width=width),
        *(line for label, parts in sections for line in labelled(label, *parts, width=width, wrap=marked)),
    ]
    if proposal.options:
        lines += leaving(proposal, 0, width).splitlines()
    else:
        lines += labelled("would leave", _NOTHING, *_missing(proposal), width=width, wrap=marked)
    lines += labelled("how long", *_how_long(proposal), width=width, wrap=marked)
    if proposal.findings and len(lines) > _SCREEN:
        lines += warning("there are warnings at the top of this page", width=width)
    return "\n".join([*lines, ""])


def leaving(proposal: CredentialProposal, number: int, width: int = WIDTH) -> str:
    """What would leave by the option at the position `number`, and why that one."""
    option = proposal.options[number]
    parts = [line for each in option.leaving for line in _credential(each)]
    lines = labelled("would leave", *parts, width=width, wrap=marked)
    lines += labelled("why so", option.reason, width=width, wrap=marked)
    lines += labelled("stays here", _staying(option), width=width, wrap=marked)
    return "\n".join(lines)


def ways(proposal: CredentialProposal, chosen: int, width: int = WIDTH) -> str:
    """The options in a line each, numbered from 1, the chosen one ticked; empty where there is one."""
    if len(proposal.options) < 2:
        return ""
    lines = []
    for position, option in enumerate(proposal.options):
        tick = "x" if position == chosen else " "
        lines += listed(f"  {position + 1} [{tick}] ", _in_short(option), width=width, wrap=marked)
    return "\n".join(lines)


def _registered(proposal: CredentialProposal) -> list[str]:
    name = proposal.registered.name
    return [f"registered as {quoted(name)}"] if name else []


def _purpose(proposal: CredentialProposal) -> list[str]:
    """What it is for: what the verifier says itself, and what it is registered for."""
    said, known = proposal.purpose, proposal.registered
    lines = [quoted(said) if said else "they state no purpose"]
    if known.purpose:
        lines.append(f"registered for {quoted(known.purpose)}")
    if known.privacy_policy:
        lines.append(f"their privacy policy: {quoted(known.privacy_policy)}")
    return lines


def _past(proposal: CredentialProposal) -> list[str]:
    if not proposal.known_since:
        return ["it asks for the first time"]
    known = f"known since {cut(proposal.known_since[:10], 10)}"
    if not proposal.past:
        return [f"{known}; it asks for credentials for the first time"]
    times = "once" if len(proposal.past) == 1 else f"{len(proposal.past)} times"
    return [f"{known}; asked for credentials {times} before:", *map(_past_line, proposal.past[:_SHOWN_PAST])]


def _past_line(past: PastRequest) -> str:
    what = ", ".join(past.claims) or "no claims by name"
    done = "sent" if past.said else "refused"
    return f"{cut(past.time[:10], 10)} {done}: {quoted(what, _MOST_PAST)}"


def _question(proposal: CredentialProposal) -> list[str]:
    """What they ask for, in their own words: the types of credentials and the claims by name."""
    lines = []
    for query in proposal.request.query.credentials:
        types = [*query.types, *(name for names in query.type_sets for name in names[-1:])]
        claims = ", ".join(paths.show(claim.path) for claim in query.claims)
        of = f" with {quoted(claims)}" if claims else ""
        lines.append(f"{quoted(' or '.join(types) or 'any credential')}{of}")
    return lines


def _credential(each: Leaving) -> list[str]:
    """One presentation: of which credential, what is read from it, and whether its holder signs."""
    unverified = "" if each.verified else ", which was not verified when it came in"
    lines = [
        f"from {quoted(_type(each))} by {_name(each.issuer) if each.issuer else 'its issuer'}{unverified}:"
    ]
    lines += [f"- {_place(place)}: {_value(value)}" for place, value in each.revealed]
    if not each.revealed:
        lines.append("- none of its claims; that you have it")
    if each.whole:
        lines.append("all of it leaves, also what they did not ask for: it can't be shown in part")
    if each.bound:
        lines.append("signed with its key for them alone")
    else:
        lines.append("not signed by you: whoever gets it can show it to others")
    return lines


def _type(each: Leaving) -> str:
    return each.types[-1] if each.types else "a credential"


def _place(place: ConcretePath) -> str:
    """A claim's place as its issuer named it, `address.street`."""
    return _name(paths.show(place))


def _name(text: str) -> str:
    """A name that somebody else made: as it is where it can't be read as words of the page, else quoted."""
    return text if _PLAIN.fullmatch(text) else quoted(text, 120)


def _value(value: Json) -> str:
    if isinstance(value, str):
        text = value
    else:
        return json.dumps(value)
    if len(text) > _MOST_VALUE:
        return f"{quoted(text, _MOST_VALUE)} and {len(text) - _MOST_VALUE} characters more"
    return quoted(text, _MOST_VALUE)


def _staying(option: CredentialOption) -> str:
    count = sum(each.withheld for each in option.leaving)
    if not count:
        return "your other credentials"
    return f"{count} other {'claim' if count == 1 else 'claims'} of these, and your other credentials"


def _missing(proposal: CredentialProposal) -> Iterable[str]:
    """For each part of the request why nothing fits, in marks as it repeats names of the request."""
    return (f"{quoted(identifier, 40)}: {quoted(why)}" for identifier, why in proposal.missing)


def _in_short(option: CredentialOption) -> str:
    parts = [f"{quoted(_type(each), 40)} ({_count(each.revealed)})" for each in option.leaving]
    return " and ".join(parts)


def _count(revealed: Sequence[object]) -> str:
    return "1 claim" if len(revealed) == 1 else f"{len(revealed)} claims"


def _how_long(proposal: CredentialProposal) -> list[str]:
    expires = proposal.request.expires
    until = f"until {expires:%Y-%m-%d %H:%M} UTC it can be answered" if expires else ""
    kept = "they do not say for how long they keep the answer"
    if proposal.retention is not None:
        seconds = int(proposal.retention.total_seconds())
        kept = f"they say they keep the answer for {duration(seconds)}"
    return [part for part in (until, kept) if part]
