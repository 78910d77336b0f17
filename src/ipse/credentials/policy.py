"""What a verifier asks for: policy and challenge, and where it may look things up."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, NoReturn

from ipse.credentials.budget import Budget
from ipse.credentials.model.rules import URL
from ipse.dids import resolver
from ipse.dids.resolver import Resolve, UsedMethod
from ipse.encoding.strict_json import JsonObject
from ipse.errors import Undetermined, UsageError

if TYPE_CHECKING:
    from ipse.credentials.json_ld import Contexts
    from ipse.credentials.status import Keep, Published
    from ipse.keys.certificates import Certificate

__all__ = [
    "ANY_TYPE",
    "NO_CHALLENGE",
    "Challenge",
    "NoChallenge",
    "Policy",
    "Sources",
    "VerificationContext",
    "check_issuer",
    "require_challenge",
]


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a verifier asked the holder to sign: its own name, a nonce used once, and for how long.

    `max_age` is in seconds. Raises UsageError for an empty audience or nonce.
    """

    audience: str
    nonce: str
    max_age: float = 300

    def __post_init__(self) -> None:
        if not (self.audience and self.nonce):
            raise UsageError(
                "a challenge needs an audience and a nonce, neither of them empty",
                hint="give both --audience and --nonce",
            )


@dataclass(frozen=True, slots=True)
class NoChallenge:
    """The verifier asked the holder for no proof of possession."""


NO_CHALLENGE: Final = NoChallenge()


ANY_TYPE: Final = "*"
"""In a trust list: every type of credential."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What the verifier asks for beyond the signature.

    - `issuers`: the DIDs whose credentials are accepted, whatever their type; any collection of them
    - `trusted`: DID to the types it may issue, for where `issuers` is empty; ANY_TYPE stands for all
    - `any_issuer`: gives that check up, and is said out loud
    - `issuer_anchors`: authorities (CAs) whose certificates name issuers; where `issuers` is empty,
      credentials of these issuers are accepted, whatever their type
    - `status_anchors`: authorities whose certificates name who may publish status lists, of any issuer
    - `leeway`: how far clocks may differ
    - `challenge`: what a presentation must answer; NO_CHALLENGE gives that up, and None has not said, so
      that no presentation is looked at
    - `any_holder`: credentials may be presented by others than their subject

    Raises UsageError for a text where a collection of texts belongs.
    """

    issuers: Collection[str] = frozenset()
    trusted: Mapping[str, Collection[str]] = field(default_factory=dict)
    any_issuer: bool = False
    issuer_anchors: tuple[Certificate, ...] = ()
    status_anchors: tuple[Certificate, ...] = ()
    leeway: timedelta = field(default=timedelta(seconds=60))
    challenge: Challenge | NoChallenge | None = None
    any_holder: bool = False

    @property
    def names_nobody(self) -> bool:
        """Whether nobody said whose credentials are accepted."""
        return not (self.issuers or self.trusted or self.any_issuer or self.issuer_anchors)

    def names(self, issuer: str) -> bool:
        """Whether credentials of `issuer` may be accepted for its name alone."""
        return self.any_issuer or issuer in self.issuers or (not self.issuers and issuer in self.trusted)

    def __post_init__(self) -> None:
        trusted = {did: _texts(types, "the types of an issuer") for did, types in self.trusted.items()}
        object.__setattr__(self, "issuers", _texts(self.issuers, "issuers"))
        object.__setattr__(self, "trusted", trusted)


def _texts(given: Collection[str], what: str) -> frozenset[str]:
    if isinstance(given, str):
        raise UsageError(f"{what} are a collection of texts, not one text", hint=f"write {{{given[:80]!r}}}")
    return frozenset(given)


def _not_for_nobody(url: str) -> NoReturn:
    raise Undetermined(
        f"{url[:200]} is not fetched where nobody said whose credentials to accept",
        hint="give --issuer DID, or trust an issuer",
        code="no-trust-policy",
    )


def _no_network(url: str) -> Published:
    raise Undetermined(f"{url[:200]} is not looked up here")


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a verifier may look things up; by default nowhere but in what is at hand.

    - `resolve`: DID to DID document
    - `contexts`: JSON-LD contexts, None for those that ipse carries
    - `schemas`: URL to JSON Schema, as the bytes that digests are taken over where those are at hand
    - `fetch`: URL to what is published there, for status lists and issuer metadata. Raises Undetermined
    - `keep`: told of each status list, and until when it may be kept
    - `budget`: what all of it may use together; of a batch, each line has one of its own
    """

    resolve: Resolve = resolver.resolve
    contexts: Contexts | None = None
    schemas: Mapping[str, bytes | JsonObject] = field(default_factory=dict)
    fetch: Callable[[str], Published] = _no_network
    keep: Keep | None = None
    budget: Budget = field(default_factory=Budget)

    def without_fetching(self) -> Sources:
        """The same, for a credential of nobody in particular: a stranger's URLs are left alone."""
        return replace(
            self, resolve=lambda did: resolver.resolve(did, fetch=_not_for_nobody), fetch=_not_for_nobody
        )

    def known_contexts(self) -> Contexts:
        """`contexts`, or those that ipse carries."""
        from ipse.credentials import json_ld

        return self.contexts if self.contexts is not None else json_ld.known()


@dataclass(frozen=True, slots=True)
class VerificationContext:
    """Under which terms something is verified: policy, time (aware), sources, and what is around it.

    `presenter` is the DID that presents a credential in a presentation, None for a credential on its own, and
    `presented_with` are the verification methods of that DID which prove the presentation.
    `is_status_list` marks a status list, whose own status is not looked up, and `is_ruled_out` a credential
    in a presentation that can't pass any more, because another one is of somebody who is not trusted.
    """

    policy: Policy
    now: datetime
    sources: Sources
    presenter: str | None = None
    presented_with: tuple[UsedMethod, ...] = ()
    is_status_list: bool = False
    is_ruled_out: bool = False

    def inside(self, presenter: str, methods: Iterable[UsedMethod]) -> VerificationContext:
        """The terms for a credential that `presenter` presents; `methods` prove the presentation."""
        own = tuple(used for used in methods if used.controller.get("id") == presenter)
        return replace(self, presenter=presenter, presented_with=own)

    def ruled_out(self) -> VerificationContext:
        """The terms for a credential in a presentation that can't pass any more; nobody presents it yet."""
        return replace(self, presenter="", is_ruled_out=True)

    def for_status_list(self, issuer: str) -> VerificationContext:
        """The terms for a status list of `issuer`."""
        policy = Policy(issuers=frozenset({issuer}), leeway=self.policy.leeway)
        return VerificationContext(policy, self.now, self.sources, is_status_list=True)


def require_challenge(policy: Policy) -> Challenge | NoChallenge:
    """What a presentation must answer. Raises UsageError where the verifier has not said."""
    if policy.challenge is None:
        raise UsageError(
            "a presentation is verified against the challenge it answers, and none is given",
            hint="give --audience and --nonce, as you gave them to the one who presents",
        )
    return policy.challenge


def check_issuer(issuer: str) -> str:
    """`issuer` if it can be one: a DID, or an https URL that publishes keys. Raises MalformedInput."""
    if issuer.startswith("https://") and URL.fullmatch(issuer):
        return issuer
    return resolver.check_did(issuer)
