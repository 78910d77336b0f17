"""Standing consent: the grants of the wallet, and which of them covers a question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from ipse.disclosure.exposure import CAP
from ipse.disclosure.grants import GrantTerms
from ipse.disclosure.questions import Question
from ipse.disclosure.reasons import DATE_UNCONFIRMED, Reason
from ipse.encoding.timestamps import format_timestamp
from ipse.errors import NotFound
from ipse.preferences.topics import called
from ipse.protocols.parties import party_of
from ipse.storage import answers, grants
from ipse.storage.grants import Grant
from ipse.wallet.disclosure.dates import Dates
from ipse.wallet.wallet import Wallet

__all__ = ["Grant", "Permission", "covering", "grant", "granted", "revoke"]

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Permission:
    """A grant that covers a question. `used_up` says why it allows no more for now, None where it does."""

    grant: Grant
    used_up: Reason | None = None


def covering(wallet: Wallet, question: Question, dates: Dates) -> Permission | None:
    """Return the grant under which `question` is answered without the owner, or None.

    It must be of this very party and level, not ended, and the request signed unless the owner said that
    unsigned ones will do. It ends by the clock; its bounds go by the time that is believed without the owner.
    Asked before anything is computed and again in the transaction that releases.
    """
    vault = wallet.vault
    now = format_timestamp(dates.clock)
    found = grants.active(vault, party=question.party, level=question.level, now=now)
    if found is None or not _terms_of(found).covers(question):
        return None
    used_up = _used_up(wallet, found, dates.unattended)
    if used_up and dates.in_doubt and not _used_up(wallet, found, dates.clock):
        used_up = DATE_UNCONFIRMED
    return Permission(found, used_up)


def _used_up(wallet: Wallet, grant: Grant, moment: datetime) -> Reason | None:
    """Why a grant allows no answer at `moment`, None where it does."""
    today = answers.count(wallet.vault, grant=grant.number, since=format_timestamp(moment - _DAY))
    return _terms_of(grant).used_up(today)


def grant(
    wallet: Wallet,
    asker: str,
    *,
    level: str,
    now: datetime,
    expires: datetime,
    topics: Sequence[str] = (),
    per_day: int | None = None,
    unsigned: bool = False,
    exact: bool = False,
    cap: int | None = None,
) -> Grant:
    """Let the application `asker`, an address or a DID, ask at `level` without the owner, until `expires`.

    `topics` are published ids or labels, `cap` the CAP of exact answers where it is None; for the others see
    GrantTerms. Raises UsageError, NotFound, MalformedInput.
    """
    cap = int(CAP) if exact and cap is None else cap
    GrantTerms(level, tuple(topics), exact=exact, cap=cap).check()
    named = tuple(dict.fromkeys(called(topic).id for topic in topics))
    given = Grant(
        0, party_of(asker), level, format_timestamp(now), format_timestamp(expires), None,
        named, per_day, unsigned, exact, cap,
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


def _terms_of(grant: Grant) -> GrantTerms:
    return GrantTerms(grant.level, grant.topics, grant.per_day, grant.unsigned, grant.exact, grant.cap)
