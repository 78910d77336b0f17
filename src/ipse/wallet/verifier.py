"""Verifying credentials and presentations, with the network where a policy needs it. Needs no wallet."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ipse.credentials import verifier
from ipse.credentials.content import VerifiedCredential, VerifiedPresentation
from ipse.credentials.policy import Policy, Sources
from ipse.credentials.verifier import Verification
from ipse.encoding.strict_json import JsonObject
from ipse.errors import UsageError
from ipse.wallet import resolution
from ipse.wallet.clock import new_budget, time_or_now
from ipse.wallet.resolution import Fetches, Reach

if TYPE_CHECKING:
    from ipse.credentials.json_ld import Contexts
    from ipse.storage.vault import Vault
    from ipse.wallet.status import StatusSource

__all__ = ["Lookup", "Verifier"]


@dataclass(frozen=True, slots=True)
class Lookup:
    """What a verifier may consult beside the credential.

    - `reach`: how far it may go on the network
    - `contexts`: JSON-LD contexts, None for those that ipse carries
    - `schemas`: JSON Schemas by URL, as bytes
    """

    reach: Reach = field(default_factory=Reach)
    contexts: Contexts | None = None
    schemas: Mapping[str, bytes] = field(default_factory=dict)

    def research(self, vault: Vault | None = None) -> Research:
        """Looks things up in these; with a vault, status lists are kept there while they last."""
        return Research(self, vault)


class Research:
    """Looks things up for one verification after the other. Not for several threads at once.

    Status lists are kept while they last, in the vault, or without one as long as this object.
    """

    def __init__(self, lookup: Lookup, vault: Vault | None = None) -> None:
        self._lookup = lookup
        self._vault = vault
        self._lists: StatusSource | None = None
        self._begin()

    def sources(self) -> Sources:
        """For the next verification, with a budget of its own that begins now."""
        self._begin()
        return Sources(
            resolve=self.resolve,
            contexts=self._lookup.contexts,
            schemas=self._lookup.schemas,
            fetch=lambda url: self._status_lists().fetch(url),
            keep=lambda published, until: self._status_lists().keep(published, until),
            budget=self._budget,
        )

    def resolve(self, did: str) -> JsonObject:
        """The DID document of `did`, at the cost of the verification that is under way."""
        return resolution.resolve(did, self._lookup.reach, fetch=self._fetches.fetch, budget=self._budget)

    def _begin(self) -> None:
        self._budget = new_budget()
        self._fetches = Fetches(self._lookup.reach, self._budget)

    def _status_lists(self) -> StatusSource:
        from ipse.wallet.status import StatusSource

        if self._lists is None:
            self._lists = StatusSource(
                self._vault, lambda url: self._fetches.fetch(url), lambda: datetime.now(UTC)
            )
        return self._lists


@dataclass(frozen=True, slots=True)
class Verifier:
    """Verifies under one policy. It opens neither vault nor keystore."""

    policy: Policy
    lookup: Lookup = field(default_factory=Lookup)

    def verify(self, credential: str | JsonObject, *, now: datetime | None = None) -> VerifiedCredential:
        """The credential, in any format, if every check passed. `now` (aware) is the present by default.

        Raises VerificationFailed or Undetermined, both with the `report`, MalformedInput for what can't be
        read, UsageError for a presentation, MissingFeature, TooMuchWork.
        """
        found = self.examine(credential, now=now)
        found.report.raise_unless_passed("the credential")
        if not isinstance(found.verified, VerifiedCredential):
            raise UsageError("this is a presentation", hint="call `verify_presentation`")
        return found.verified

    def verify_presentation(
        self, presentation: str | JsonObject, *, now: datetime | None = None
    ) -> VerifiedPresentation:
        """The presentation, if every check passed, its own and those of the credentials in it.

        The policy has the challenge that it answers. An SD-JWT with a key binding counts as the presentation
        of one credential by its subject. Raises as `verify` does, and UsageError for a credential.
        """
        found = self.examine(presentation, now=now)
        found.report.raise_unless_passed("the presentation")
        verified = found.verified
        if isinstance(verified, VerifiedPresentation):
            return verified
        if isinstance(verified, VerifiedCredential) and found.report.check("holder-binding").value:
            return VerifiedPresentation(verified.subject or "", (verified,), verified.report)
        raise UsageError("this is a credential, not a presentation", hint="call `verify`")

    def examine(
        self, presented: str | JsonObject, *, now: datetime | None = None, vault: Vault | None = None
    ) -> Verification:
        """The verification of a credential or presentation, with its report, whatever the outcome.

        Raises UsageError for a presentation without a challenge in the policy, MissingFeature, TooMuchWork.
        """
        return verifier.verify(
            presented,
            policy=self.policy,
            now=time_or_now(now),
            sources=self.lookup.research(vault).sources(),
        )

    def identity(self) -> JsonObject:
        """What is asked for, as JSON: a batch goes on under the same or not at all."""
        policy, lookup = self.policy, self.lookup
        challenge = policy.challenge
        return {
            "issuers": sorted(policy.issuers),
            "trusted": {did: sorted(types) for did, types in policy.trusted.items()},
            "any-issuer": policy.any_issuer,
            "issuer-anchors": [anchor.fingerprint.hex() for anchor in policy.issuer_anchors],
            "status-anchors": [anchor.fingerprint.hex() for anchor in policy.status_anchors],
            "any-holder": policy.any_holder,
            "leeway": policy.leeway.total_seconds(),
            "challenge": None if challenge is None else repr(challenge),
            "schemas": {url: hashlib.sha256(data).hexdigest() for url, data in lookup.schemas.items()},
            "contexts": {} if lookup.contexts is None else dict(lookup.contexts.extra),
        }
