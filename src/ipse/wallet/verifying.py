"""Verifying credentials and presentations, with the network and the trust list where they are wanted."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from ipse.credentials.report import Outcome, Report
from ipse.credentials.verification import Policy, Sources, Verification, verify
from ipse.encoding.strict_json import JsonObject
from ipse.errors import MalformedInput
from ipse.storage import trusted_issuers
from ipse.wallet import resolution
from ipse.wallet.resolution import Reach
from ipse.wallet.wallet import Wallet

if TYPE_CHECKING:
    from ipse.credentials.json_ld import Contexts
    from ipse.storage.vault import Vault

__all__ = ["Aids", "for_batch", "identity", "sources", "trusted", "verify_credential", "verify_presented"]

_KEPT: Final = 1024
"""DID documents that a batch keeps."""


@dataclass(frozen=True, slots=True)
class Aids:
    """What a verifier has at hand: how far it may look things up, JSON-LD contexts, JSON Schemas by URL."""

    reach: Reach = field(default_factory=Reach)
    contexts: Contexts | None = None
    schemas: Mapping[str, bytes] = field(default_factory=dict)


def sources(aids: Aids, vault: Vault | None = None) -> Sources:
    """Where verification looks things up; with a vault, status lists are kept there as long as they say."""
    from ipse.wallet.status import StatusSource

    lists = StatusSource(vault, aids.reach, lambda: datetime.now(UTC))
    return Sources(
        resolve=lambda did: resolution.resolve(did, aids.reach),
        contexts=aids.contexts,
        schemas=aids.schemas,
        fetch=lists.fetch,
        keep=lists.keep,
    )


def verify_presented(
    presented: str | JsonObject,
    policy: Policy,
    *,
    now: datetime,
    aids: Aids | None = None,
    vault: Vault | None = None,
) -> Verification:
    """Verify a credential or presentation in any of the formats. Needs no wallet.

    Raises UsageError for a presentation without a challenge in the policy, MissingFeature, TooMuchWork.
    """
    return verify(presented, policy=policy, now=now, sources=sources(aids or Aids(), vault))


def verify_credential(
    presented: str | JsonObject, policy: Policy, *, now: datetime, reach: Reach | None = None
) -> Report:
    """The report on a credential or presentation. Needs no wallet; what is on the network is looked up."""
    return verify_presented(presented, policy, now=now, aids=Aids(reach or Reach())).report


def trusted(wallet: Wallet) -> dict[str, frozenset[str]]:
    """The wallet's trust list: each issuer and the types it may issue."""
    return trusted_issuers.by_issuer(wallet.vault)


def for_batch(settings: tuple[Policy, Aids], now: datetime) -> Callable[[str], JsonObject]:
    """From the text of a credential to its report, each DID resolved and each status list fetched once.

    What comes back raises MalformedInput for what is no credential at all.
    """
    policy, aids = settings
    where = sources(aids)
    kept = replace(where, resolve=lru_cache(maxsize=_KEPT)(where.resolve))

    def report_on(text: str) -> JsonObject:
        report = verify(text, policy=policy, now=now, sources=kept).report
        if report.decisive.name == "parse" and report.outcome is Outcome.FAILED:
            raise MalformedInput(report.decisive.reason)
        return report.to_json()

    return report_on


def identity(policy: Policy, aids: Aids) -> JsonObject:
    """What a policy and its aids ask for, as JSON: a batch goes on under the same or not at all."""
    challenge = policy.challenge
    return {
        "issuers": sorted(policy.issuers),
        "trusted": {did: sorted(types) for did, types in policy.trusted.items()},
        "any-issuer": policy.any_issuer,
        "any-holder": policy.any_holder,
        "leeway": policy.leeway.total_seconds(),
        "challenge": None if challenge is None else repr(challenge),
        "schemas": {url: hashlib.sha256(data).hexdigest() for url, data in aids.schemas.items()},
        "contexts": {} if aids.contexts is None else dict(aids.contexts.extra),
    }
