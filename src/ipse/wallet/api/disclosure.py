"""Answers to applications and what bounds them, as `ipse.Wallet.disclosure`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from ipse.disclosure.methods.private import Limits
from ipse.disclosure.proposals import Consent
from ipse.disclosure.withdrawals import ReplyVerification
from ipse.encoding import strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.errors import UsageError
from ipse.preferences.embedding import Embedder
from ipse.storage.disclosure_log import Entry
from ipse.storage.grants import Grant
from ipse.wallet import disclosure, disclosure_log
from ipse.wallet.clock import time_or_now
from ipse.wallet.disclosure import Answered, metering, receipts, summaries, withdrawing
from ipse.wallet.disclosure.withdrawing import Withdrawal
from ipse.wallet.disclosure_log import Verified
from ipse.wallet.resolution import Reach
from ipse.wallet.wallet import Wallet

__all__ = ["Disclosure"]

_GRANTED: Final = timedelta(days=90)


class Disclosure:
    """Answers to applications: asked for, consented to, signed and logged; never the profile itself."""

    def __init__(self, wallet: Wallet, embedder: Callable[[], Embedder]) -> None:
        self._wallet = wallet
        self._embedder = embedder

    def answer(
        self,
        request: str | JsonObject,
        *,
        consent: Consent,
        origin: str | None = None,
        reach: Reach | None = None,
        now: datetime | None = None,
    ) -> Answered:
        """The signed answer to an application's request, after `consent` or under a grant.

        `request` is a signed request object, or the JSON of an unsigned one, as text or as an object.
        `consent` is shown a `Proposal` and returns a `Decision`. A refusal is an answer too, one that says
        nothing; send it like any other. `origin` is where the request came from, if that is known from
        elsewhere. Nothing leaves before it is in the log.

        Raises MalformedInput, RequestTampered, RequestReplayed, RequestExpired, WrongAudience, WrongOrigin,
        ConsentNeeded, KeystoreError, StorageError, MissingFeature.
        """
        if isinstance(request, str):
            request = request.strip()
            if request.startswith("{"):
                request = strict_json.parse_object(request, what="the request")
        return disclosure.ask(
            self._wallet,
            self._embedder,
            request,
            consent=consent,
            origin=origin,
            reach=reach,
            now=time_or_now(now),
        )

    def grant(
        self,
        application: str,
        *,
        level: str,
        topics: Sequence[str] = (),
        duration: timedelta = _GRANTED,
        per_day: int | None = None,
        unsigned: bool = False,
        exact: bool = False,
        cap: int | None = None,
        now: datetime | None = None,
    ) -> Grant:
        """Let an application, an address or a DID, ask at `level` without asking the owner.

        `level` is `choose`, `order`, `bands` or `topics`; `topics` are published ids or labels; `per_day`
        answers are the most it gets; `unsigned` is for requests that nobody signed. It is told from the
        private summary, or with `exact` what the owner would say, up to `cap` bits in all (260 if None).
        Raises UsageError, NotFound, MalformedInput.
        """
        if duration <= timedelta(0):
            raise UsageError("a grant lasts for some time", hint="give a duration above 0")
        moment = time_or_now(now)
        return disclosure.grant(
            self._wallet,
            application,
            level=level,
            now=moment,
            expires=moment + duration,
            topics=topics,
            per_day=per_day,
            unsigned=unsigned,
            exact=exact,
            cap=cap,
        )

    def grants(self) -> list[Grant]:
        """All grants, ended ones too, the oldest first."""
        return disclosure.granted(self._wallet)

    def revoke(self, application: str, *, now: datetime | None = None) -> int:
        """End the grants of an application; how many there were. Raises NotFound where there are none."""
        return disclosure.revoke(self._wallet, application, now=time_or_now(now))

    def limits(self) -> Limits:
        """What all private summaries may cost in a year and ever, in thousandths of epsilon."""
        return summaries.limits(self._wallet)

    def set_limits(self, *, year: int | None = None, life: int | None = None) -> Limits:
        """Change limits, in thousandths of epsilon; None leaves one as it is. Raises UsageError."""
        return summaries.change_limits(self._wallet, year=year, life=life)

    def exposure(self, *, now: datetime | None = None) -> list[metering.Entry]:
        """How well each application, and all together, could foretell the owner by exact answers."""
        return metering.table(self._wallet, self._embedder, time_or_now(now))

    def log(self) -> list[Entry]:
        """All that left, the oldest first, each with exactly the bytes. Raises CorruptData."""
        return disclosure_log.entries(self._wallet)

    def verify_log(self) -> Verified:
        """Hold the log against its signed head and what the keystore remembers.

        Raises VerificationFailed where something is missing or was altered, KeystoreError.
        """
        return disclosure_log.verify(self._wallet)

    def receipt(self, number: int) -> JsonObject:
        """The signed terms of the answer with this number in the log. Raises NotFound."""
        return receipts.receipt(self._wallet, number)

    def withdraw(self, number: int, *, now: datetime | None = None) -> Withdrawal:
        """Take back the answer with this number in the log; the withdrawal is made once and kept.

        Its `text` is for the application, `promised` says whether it promised to delete the answer. Raises
        NotFound where the answer has no receipt, VerificationFailed, KeystoreError, StorageError.
        """
        return withdrawing.withdraw(self._wallet, number, now=time_or_now(now))

    def keep_reply(
        self, number: int, reply: str, *, reach: Reach | None = None, now: datetime | None = None
    ) -> ReplyVerification:
        """Verify and keep the application's reply to a withdrawal: what it says it has done.

        Raises NotFound where the answer was not withdrawn, UsageError where a later reply is kept,
        VerificationFailed, MalformedInput, Undetermined.
        """
        return withdrawing.keep_reply(self._wallet, number, reply.strip(), reach=reach, now=time_or_now(now))
