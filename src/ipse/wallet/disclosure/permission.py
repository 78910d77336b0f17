"""Standing consent: the one place where it is decided what a grant covers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from ipse.disclosure.questions import LEVELS, Question
from ipse.encoding.timestamps import format_timestamp
from ipse.errors import NotFound, UsageError
from ipse.preferences import topics as listing
from ipse.protocols.parties import party_of
from ipse.storage import answers, grants
from ipse.storage.grants import Grant
from ipse.wallet.disclosure import budgets
from ipse.wallet.wallet import Wallet

__all__ = ["Grant", "Permission", "covering", "grant", "granted", "revoke"]

_NEVER_GRANTED: Final = "statements"
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Permission:
    """A grant that covers a question. `exhausted` says why it allows no more for now, or nothing."""

    grant: Grant
    exhausted: str = ""


def covering(wallet: Wallet, question: Question, epsilon: int, moment: datetime) -> Permission | None:
    """The grant that answers `question` without the owner, if one does at `moment`.

    It must be of this very party and level, not ended, and the request signed unless the owner said that
    unsigned ones will do. Asked before anything is computed and again in the transaction that releases.
    """
    signed = question.authorization.signed
    now = format_timestamp(moment)
    found = grants.active(wallet.vault, party=question.party, level=question.level, now=now)
    if found is None or not (signed or found.unsigned) or question.level == _NEVER_GRANTED:
        return None
    today = answers.count(wallet.vault, grant=found.number, since=format_timestamp(moment - _DAY))
    if found.per_day is not None and today >= found.per_day:
        return Permission(found, f"the grant allows {_answers(found.per_day)} a day")
    spent = answers.spent(wallet.vault, since=budgets.since(moment), grant=found.number)
    if found.epsilon is not None and spent + epsilon > found.epsilon:
        return Permission(found, f"the grant allows an epsilon of {found.epsilon / 1000:g} in 30 days")
    return Permission(found)


def grant(
    wallet: Wallet,
    asker: str,
    *,
    level: str,
    now: datetime,
    expires: datetime,
    topics: Sequence[str] = (),
    per_day: int | None = None,
    epsilon: int | None = None,
    unsigned: bool = False,
) -> Grant:
    """Let the application `asker`, an address or a DID, ask at `level` without the owner, until `expires`.

    `topics` are published ids or labels: at the levels topics and bands those that it may ask about, at the
    level choose those whose statements vote. `per_day` answers and `epsilon` (thousandths, in 30 days) are
    the most it gets. Raises UsageError, NotFound, MalformedInput.
    """
    if level not in LEVELS:
        raise UsageError(f"{level!r} is no disclosure level", hint=f"--level takes {', '.join(LEVELS)}")
    if level == _NEVER_GRANTED:
        raise UsageError(
            "sentences are ticked one by one and can't be granted beforehand",
            hint="--level takes choose, bands or topics",
        )
    if level == "topics" and not topics:
        raise UsageError("a grant of topics names them one by one", hint="--topics jazz-and-blues,hiking")
    named = tuple(dict.fromkeys(listing.called(topic).id for topic in topics))
    given = Grant(
        0, party_of(asker), level, format_timestamp(now), format_timestamp(expires), None,
        named, per_day, epsilon, unsigned,
    )  # fmt: skip
    return replace(given, number=grants.add(wallet.vault, given))


def granted(wallet: Wallet) -> list[Grant]:
    """Return all grants, ended ones too, the oldest first."""
    return grants.every(wallet.vault)


def revoke(wallet: Wallet, asker: str, *, now: datetime) -> int:
    """End the grants of an application; how many. Raises NotFound where there are none."""
    party = party_of(asker)
    ended = grants.revoke(wallet.vault, party, now=format_timestamp(now))
    if not ended:
        raise NotFound(f"{party} has no grant", hint="`ipse dapp grants` lists them")
    return ended


def _answers(count: int) -> str:
    return "1 answer" if count == 1 else f"{count} answers"
