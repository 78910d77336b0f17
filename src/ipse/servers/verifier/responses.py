"""An answer of a wallet: read, its presentations verified, and held to what was asked.

Source: OpenID4VP 1.0 sections 8.1 to 8.6. What can't be read, or belongs to another request, is refused and
ends nothing; what can be is the one answer to its session. It is accepted as a whole or not at all.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ipse.credentials import verifier
from ipse.credentials.policy import NO_CHALLENGE, Challenge, NoChallenge, Policy, Sources
from ipse.credentials.report import Outcome as Judged
from ipse.credentials.verifier import Verification
from ipse.disclosure import answers, levels, questions
from ipse.encoding.strict_json import JsonObject
from ipse.errors import DataError, IpseError, TooMuchWork, VerificationFailed
from ipse.protocols import openid4vp
from ipse.protocols.dcql.matching import HeldCredential
from ipse.protocols.dcql.query import CredentialQuery, Query
from ipse.protocols.dcql.verifying import check_answer
from ipse.protocols.openid4vp import AuthorizationRequest, Response
from ipse.servers.http.messages import Refused
from ipse.servers.verifier import presented, transactions
from ipse.servers.verifier.outcomes import Outcome, State
from ipse.servers.verifier.requests import Requests
from ipse.servers.verifier.sessions import Session
from ipse.wallet.verifier import Lookup

__all__ = ["Responses"]

_MAX_TOLD: Final = 300
"""Characters of a wallet's own words that are kept."""
_UNBOUND: Final = frozenset({"key-binding-missing", "no-holder-proof"})
"""The codes with which a credential fails that nobody proves to hold, and nothing else is wrong with it."""


@dataclass(frozen=True, slots=True)
class Responses:
    """Reads and judges answers under one policy, whose challenge is that of each session."""

    requests: Requests
    policy: Policy
    lookup: Lookup

    def read(self, form: dict[str, str], session: Session) -> Response:
        """What a wallet sent for a session, not verified.

        Raises Refused for what is no answer, is not encrypted to this session's key, or has another state.
        """
        keys = () if session.key is None else (session.key,)
        try:
            response = openid4vp.read_response(form, mode=self.requests.mode, keys=keys)
        except IpseError as error:
            raise Refused(400, "this is no response to the request") from error
        if not hmac.compare_digest((response.state or "").encode(), session.state.encode()):
            raise Refused(400, "the state is not the one of this request")
        return response

    def judge(self, response: Response, session: Session) -> Outcome:
        """What the one answer to a session comes to."""
        if response.error is not None:
            told = (response.error_description or "")[:_MAX_TOLD]
            return Outcome(State.REFUSED, response.error[:_MAX_TOLD], told)
        asked = self.requests.asked(session)
        try:
            if session.request.get("preferences"):
                return self._preferences(response, asked)
            return self._credentials(response, asked)
        except _Unacceptable as error:
            return error.outcome
        except TooMuchWork as error:
            return Outcome(State.UNDETERMINED, error.code, error.message)
        except (VerificationFailed, DataError) as error:
            return Outcome(State.FAILED, error.code, error.message)
        except IpseError as error:  # such as a library that is missing
            return Outcome(State.UNDETERMINED, error.code, error.message)

    def _credentials(self, response: Response, asked: AuthorizationRequest) -> Outcome:
        sources = self.lookup.research().sources()  # one budget for the whole answer, whatever is in it
        found: dict[str, list[Verification]] = {}
        held: dict[str, list[HeldCredential]] = {}
        bindings = transactions.Bindings(asked.transaction_data)
        for name, sent in response.vp_token.items():
            query = asked.query.credential(name)
            if query is None:
                raise _failed("not-asked-for", "a presentation is of a credential that was not asked for")
            if len(sent) > 1 and not query.multiple:
                raise _failed("too-many", f"{len(sent)} presentations for {name}, one was asked for")
            found[name] = [self._verify(each, query, asked, sources) for each in sent]
            if all(each.report.outcome is Judged.PASSED for each in found[name]):
                pairs = zip(sent, found[name], strict=True)
                held[name] = [
                    presented.credential(f"{name}/{position}", each, verification)
                    for position, (each, verification) in enumerate(pairs)
                ]
                for each in sent:
                    bindings.add(name, each)
        if (problem := _worst(found)) is not None:
            return problem
        if reason := bindings.problem():
            return Outcome(State.FAILED, "other-answer", reason, found)
        return _held_to(asked.query, held, found)

    def _verify(
        self, sent: str | JsonObject, query: CredentialQuery, asked: AuthorizationRequest, sources: Sources
    ) -> Verification:
        """The verification of one presentation; without holder binding only where the query allows that."""
        lifetime = self.requests.lifetime.total_seconds()
        challenge = Challenge(asked.client_id, asked.nonce, max_age=lifetime)
        verification = self._examine(sent, challenge, sources)
        report = verification.report
        if query.require_holder_binding or report.decisive.code not in _UNBOUND:
            return verification
        return self._examine(sent, NO_CHALLENGE, sources)

    def _examine(
        self, sent: str | JsonObject, challenge: Challenge | NoChallenge, sources: Sources
    ) -> Verification:
        policy = replace(self.policy, challenge=challenge)
        return verifier.verify(sent, policy=policy, now=self.requests.now(), sources=sources)

    def _preferences(self, response: Response, asked: AuthorizationRequest) -> Outcome:
        question = questions.question_of(asked)
        (query,) = asked.query.credentials
        sent = response.vp_token.get(query.id, ())
        if len(response.vp_token) != 1 or len(sent) != 1 or not isinstance(sent[0], str):
            raise _failed("other-answer", "it is not one answer to the question")
        verified = answers.verify_answer(sent[0], question, self.requests.now())
        level = levels.of(question.asked)
        if verified.report.outcome is not Judged.PASSED or verified.content is None:
            decisive = verified.report.decisive
            undetermined = verified.report.outcome is Judged.UNDETERMINED
            state = State.UNDETERMINED if undetermined else State.FAILED
            return Outcome(state, decisive.code, decisive.reason)
        answer: JsonObject = {
            "level": level.name,
            "method": verified.method,
            "window": verified.window,
            **level.readable(question.asked, verified.content),
        }
        return Outcome(State.VERIFIED, answer=answer)


class _Unacceptable(Exception):
    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


def _failed(code: str, reason: str) -> _Unacceptable:
    return _Unacceptable(Outcome(State.FAILED, code, reason))


def _held_to(
    query: Query, held: Mapping[str, Sequence[HeldCredential]], found: Mapping[str, Sequence[Verification]]
) -> Outcome:
    """The outcome of valid presentations by whether they are what was asked for, each of them."""
    checked = check_answer(query, held)
    for finding in (*checked.discarded, *checked.problems):
        return Outcome(State.FAILED, "other-answer", finding.reason, found)
    for finding in checked.undetermined:
        return Outcome(State.UNDETERMINED, finding.code, finding.reason, found)
    return Outcome(State.VERIFIED, verifications=found)


def _worst(found: dict[str, list[Verification]]) -> Outcome | None:
    """The outcome of presentations that are not all valid, None where they are; the invalid come first."""
    every = [each.report for verifications in found.values() for each in verifications]
    for judged, state in ((Judged.FAILED, State.FAILED), (Judged.UNDETERMINED, State.UNDETERMINED)):
        report = next((report for report in every if report.outcome is judged), None)
        if report is not None:
            return Outcome(state, report.decisive.code, report.decisive.reason, found)
    return None
