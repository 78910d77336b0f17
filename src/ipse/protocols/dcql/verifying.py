"""Check whether verified presentations satisfy a DCQL query: the verifier's side (OpenID4VP 1.0 section 8.6).

The wallet's word is not taken for anything: every constraint of the query is checked again on what was
presented (section 14.11). That signatures, holder binding, issuers and status hold was verified before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ipse.encoding.strict_json import excerpt
from ipse.protocols.dcql.matching import (
    CLAIMS,
    TRUSTED_AUTHORITY_UNDETERMINED,
    HeldCredential,
    claim_ways,
    metadata_problem,
)
from ipse.protocols.dcql.query import CredentialQuery, Query

__all__ = [
    "MISSING",
    "NOT_ASKED",
    "NO_PRESENTATION",
    "SET_UNSATISFIED",
    "TOO_MANY",
    "AnswerCheck",
    "Finding",
    "check_answer",
]

NOT_ASKED: Final = "not-asked"
NO_PRESENTATION: Final = "no-presentation"
TOO_MANY: Final = "too-many"
MISSING: Final = "missing"
SET_UNSATISFIED: Final = "set-unsatisfied"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with an answer: a stable code, one line for people, and where it is.

    - `query_id`: the id in the answer, empty for a finding about a credential set
    - `presentation`: the position among the presentations of that id, None where it is about none of them
    """

    code: str
    reason: str
    query_id: str = ""
    presentation: int | None = None


@dataclass(frozen=True, slots=True)
class AnswerCheck:
    """Whether an answer satisfies a query.

    - `problems`: why it does not
    - `discarded`: presentations that do not meet their credential query, and are not to be relied on. The
      others may satisfy the query all the same
    - `undetermined`: what could not be found out, such as whether a trusted list names the issuer
    """

    problems: tuple[Finding, ...] = ()
    discarded: tuple[Finding, ...] = ()
    undetermined: tuple[Finding, ...] = ()

    @property
    def satisfied(self) -> bool | None:
        """True or False, or None where something could not be found out and nothing is wrong."""
        if self.problems:
            return False
        return None if self.undetermined else True


def check_answer(query: Query, presented: Mapping[str, Sequence[HeldCredential]]) -> AnswerCheck:
    """Whether verified presentations, by the ids of the answer, satisfy the query (section 6.4).

    Of each presentation `claims` are what it discloses, and `holder_bound` says whether its holder binding
    was verified. It may disclose more than was asked for, since not everything can be withheld.
    """
    problems: list[Finding] = []
    discarded: list[Finding] = []
    undetermined: list[Finding] = []
    answered: set[str] = set()
    for query_id, presentations in presented.items():
        asked = _asked(query, query_id)
        if asked is None:
            reason = f"a presentation came for {excerpt(query_id)}, which was not asked for"
            problems.append(Finding(NOT_ASKED, reason, query_id))
            continue
        problems.extend(_check_number(asked, len(presentations)))
        for position, presentation in enumerate(presentations):
            finding = _check_presentation(asked, presentation, position)
            if finding is not None and finding.code != TRUSTED_AUTHORITY_UNDETERMINED:
                discarded.append(finding)
                continue
            answered.add(query_id)
            undetermined.extend([finding] if finding is not None else [])
    problems.extend(_missing(query, answered))
    return AnswerCheck(tuple(problems), tuple(discarded), tuple(undetermined))


def _asked(query: Query, query_id: str) -> CredentialQuery | None:
    """The credential query with this id, if it is asked for: with credential sets, in one of them."""
    if query.sets and not any(query_id in option for entry in query.sets for option in entry.options):
        return None
    return query.credential(query_id)


def _check_number(query: CredentialQuery, number: int) -> list[Finding]:
    if number == 0:
        return [Finding(NO_PRESENTATION, f"the answer for {query.id!r} is empty", query.id)]
    if number > 1 and not query.multiple:
        reason = f"{number} presentations came for {query.id!r}, one was asked for"
        return [Finding(TOO_MANY, reason, query.id)]
    return []


def _check_presentation(
    query: CredentialQuery, presentation: HeldCredential, position: int
) -> Finding | None:
    """What is wrong with one presentation for a credential query, or can't be found out."""
    problem = metadata_problem(query, presentation)
    if problem is None or problem[0] == TRUSTED_AUTHORITY_UNDETERMINED:
        ways, reason = claim_ways(query, presentation.claims, presented=True)
        problem = problem if ways else (CLAIMS, reason)
    if problem is None:
        return None
    code, reason = problem
    return Finding(code, f"the presentation for {query.id!r}: {reason}", query.id, position)


def _missing(query: Query, answered: set[str]) -> list[Finding]:
    """What is asked for (section 6.4.2), and is answered by no presentation that can be relied on."""
    if not query.sets:
        return [
            Finding(MISSING, f"there is no usable presentation for {entry.id!r}", entry.id)
            for entry in query.credentials
            if entry.id not in answered
        ]
    return [
        Finding(SET_UNSATISFIED, f"the presentations satisfy no option of credential set {position}")
        for position, entry in enumerate(query.sets, 1)
        if entry.required and not any(answered.issuperset(option) for option in entry.options)
    ]
