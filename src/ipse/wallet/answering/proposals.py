"""What the owner decides on when credentials are asked for, and the decision.

A proposal has several options where several satisfy the query; the first is the least revealing one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeAlias

from ipse.encoding.strict_json import Json
from ipse.protocols.dcql.query import ConcretePath
from ipse.protocols.openid4vp import AuthorizationRequest
from ipse.protocols.openid4vp.over_asking import Finding
from ipse.wallet.answering.history import PastRequest
from ipse.wallet.answering.over_asking import Registered
from ipse.wallet.presenting import Prepared

__all__ = [
    "CredentialConsent",
    "CredentialDecision",
    "CredentialOption",
    "CredentialProposal",
    "Leaving",
]


@dataclass(frozen=True, slots=True)
class Leaving:
    """One presentation that would leave.

    - `query_id`: which credential query it answers
    - `credential`: its id in the wallet
    - `types`, `issuer`: of the credential, as it names them itself
    - `revealed`: the claims about its subject that the verifier gets to read, each with its place
    - `withheld`: how many claims stay at home
    - `whole`: whether the format shows credentials only as a whole
    - `bound`: whether its holder signs for the verifier; without, whoever gets it can pass it on
    - `verified`: whether the credential was verified when it came in
    """

    query_id: str
    credential: str
    types: tuple[str, ...]
    issuer: str
    revealed: tuple[tuple[ConcretePath, Json], ...] = field(repr=False)
    withheld: int
    whole: bool
    bound: bool
    verified: bool
    prepared: Prepared = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class CredentialOption:
    """One way to satisfy the query, and why it stands where it does."""

    leaving: tuple[Leaving, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class CredentialProposal:
    """Who asks for credentials, what for, and what could be sent.

    - `options`: the least revealing first; none where nothing in the wallet satisfies the query
    - `missing`: for each credential query that nothing fits, its id and why
    - `purpose`: in the verifier's words, empty where it states none; `retention`: for how long it says it
      keeps the answer, None where it does not say
    - `registered`: what a registration certificate that was checked says
    - `past`: what the same party asked before, the newest first; `known_since`: when it was first answered or
      refused anything, empty for a new one
    - `findings`: what is odd about the request
    """

    request: AuthorizationRequest
    options: tuple[CredentialOption, ...]
    missing: tuple[tuple[str, str], ...] = ()
    purpose: str = ""
    retention: timedelta | None = None
    registered: Registered = field(default_factory=Registered)
    past: tuple[PastRequest, ...] = ()
    known_since: str = ""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class CredentialDecision:
    """The owner's decision; `option` is the position of the one that is sent."""

    accepted: bool
    option: int = 0


CredentialConsent: TypeAlias = Callable[[CredentialProposal], CredentialDecision]
"""Show a proposal to the owner and return the decision. Raises ConsentNeeded where nobody can be asked."""
