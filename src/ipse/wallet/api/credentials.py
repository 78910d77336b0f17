"""The credentials that the owner holds, as `ipse.Wallet.credentials`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from ipse.credentials.content import VerifiedCredential
from ipse.credentials.policy import Challenge
from ipse.encoding import strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.errors import ConsentRefused
from ipse.storage.credential_store import StoredCredential
from ipse.wallet import held_credentials, presenting
from ipse.wallet.clock import time_or_now
from ipse.wallet.held_credentials import Filter
from ipse.wallet.presenting import Prepared
from ipse.wallet.verifier import Lookup
from ipse.wallet.wallet import Wallet

__all__ = ["Credentials"]


class Credentials:
    """The credentials that the owner holds. One is named by its id in the wallet or the beginning of it."""

    def __init__(self, wallet: Wallet) -> None:
        self._wallet = wallet

    def add(
        self,
        credential: str | JsonObject,
        *,
        keep_unverified: bool = False,
        lookup: Lookup | None = None,
        now: datetime | None = None,
    ) -> StoredCredential:
        """Verify a credential, whoever issued it, and keep it.

        Raises VerificationFailed and Undetermined unless `keep_unverified`, AlreadyExists, MalformedInput,
        UsageError for a presentation.
        """
        text = _text(credential)
        return held_credentials.add(
            self._wallet, text, keep_unverified=keep_unverified, lookup=lookup, now=time_or_now(now)
        )

    def every(
        self,
        *,
        type: str | None = None,  # noqa: A002 - what the filter is called
        issuer: str | None = None,
        expires_before: datetime | None = None,
        state: str | None = None,
        now: datetime | None = None,
    ) -> list[StoredCredential]:
        """The credentials that all filters let through, the oldest first.

        `state` is `valid`, `expired`, `early`, `unverified`, `revoked` or `suspended`. Raises UsageError.
        """
        wanted = Filter(type, issuer, expires_before, state)
        return [held for held, _ in held_credentials.listed(self._wallet, wanted, now=time_or_now(now))]

    def state(self, credential: StoredCredential, *, now: datetime | None = None) -> str:
        """The state of a credential by its dates and what its status list last said; see `every`."""
        return held_credentials.state(credential, time_or_now(now))

    def find(self, identifier: str) -> StoredCredential:
        """One credential. Raises NotFound, UsageError where several ids begin so."""
        return held_credentials.find(self._wallet, identifier)

    def check(
        self, identifier: str, *, lookup: Lookup | None = None, now: datetime | None = None
    ) -> VerifiedCredential:
        """Verify a credential again, its status included, and note what was found.

        Raises NotFound; VerificationFailed and Undetermined with the report, after it was noted.
        """
        found = held_credentials.check(self._wallet, identifier, lookup=lookup, now=time_or_now(now))
        found.report.raise_unless_passed("the credential")
        assert isinstance(found.verified, VerifiedCredential)
        return found.verified

    def remove(self, identifier: str) -> None:
        """Delete a credential. Raises NotFound."""
        held_credentials.remove(self._wallet, self.find(identifier).id)

    def present(
        self,
        identifiers: Sequence[str],
        challenge: Challenge,
        *,
        consent: Callable[[Prepared], bool],
        disclose: Sequence[str] = (),
        holder: str | None = None,
        now: datetime | None = None,
    ) -> str:
        """The presentation of credentials for a verifier's challenge: JSON or a token.

        `consent` is shown what would leave, and nothing is signed unless it returns True. `disclose` are the
        claims of an SD-JWT that are shown, as paths, or `all`; no others are. `holder` is one of the owner's
        DIDs, by default the subject of the credentials. What leaves is entered in the disclosure log first.

        Raises NotFound, UsageError for credentials that can't go into one presentation, ConsentRefused,
        KeystoreError, MissingFeature, VerificationFailed where the log is broken.
        """
        prepared = presenting.prepare(self._wallet, identifiers, disclose=disclose, holder=holder)
        if consent(prepared) is not True:
            raise ConsentRefused("the owner did not agree to the presentation")
        return _text(presenting.release(self._wallet, prepared, challenge, now=time_or_now(now)))


def _text(content: str | JsonObject) -> str:
    return content if isinstance(content, str) else strict_json.canonical(content).decode()
