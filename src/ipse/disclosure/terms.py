"""Terms that an application offers for an answer: no resale, deletion on demand, something in return.

They travel as an ODRL policy (W3C ODRL Information Model 2.2), beside the purpose and the retention, which
they repeat so that the policy can be read alone. In the request it is the member `terms` of the question, in
`transaction_data`, and of the class Request: a proposal by the assignee, which grants nothing. In the receipt
it is an Agreement between the owner's wallet and the application.

    {"@context": "http://www.w3.org/ns/odrl.jsonld",
     "@type": "Request",
     "uid": "ni:///sha-256;Xy…",
     "profile": "urn:ipse:terms:1",
     "assignee": "https://shop.example",
     "target": "urn:ipse:preferences:choose:1",
     "permission": [{
        "action": "use",
        "constraint": [{"leftOperand": "purpose", "operator": "eq", "rightOperand": "Choose a film"}],
        "duty": [{"action": [{"rdf:value": {"@id": "odrl:compensate"}, "refinement": [
            {"leftOperand": "product", "operator": "eq", "rightOperand": "Free delivery"}]}]}]}],
     "prohibition": [{"action": "sell"}],
     "obligation": [
        {"action": "delete", "constraint": [{"leftOperand": "elapsedTime", "operator": "lteq",
            "rightOperand": {"@value": "PT604800S", "@type": "xsd:duration"}}]},
        {"action": "delete", "constraint": [{"leftOperand": "event", "operator": "gt",
            "rightOperand": {"@id": "urn:ipse:withdrawal:1"}}]}]}

    member           in a Request                     in an Agreement
    assignee         who asks: a web origin or DID    the same
    assigner         none, it is not known yet        the wallet's DID for the assignee
    target           the type of the answer           the answer: ni URI (RFC 6920) of its SHA-256
    uid              ni URI of the SHA-256 over the canonical JSON of the policy without its uid

The first obligation is the retention, the second deletion on demand, the duty what is given in return.
`duty`, `prohibition` and the second obligation are there only if that is offered, one of them at least.
Actions and left operands are of the ODRL Common Vocabulary, which is why a profile has to be named (section
2.1 of the model). Under this profile `sell` includes to sell a copy, or access, and to keep the original.

A policy that says anything else is refused, whatever ODRL would make of it. Nothing is fetched: the context
has to be that URL, and is not loaded.

    terms-malformed            no policy of this form, or a text that may not be shown
    terms-unknown-member       a member that is not understood
    terms-unknown-action       an action that is not understood, or not as this kind of rule
    terms-unknown-constraint   a constraint or refinement that is not understood there
    terms-contradict           it says otherwise than the request or the receipt that it is in
    terms-empty                nothing is offered
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from ipse.encoding import base64url, strict_json
from ipse.encoding.safe_text import plain_text, without_quotes
from ipse.encoding.strict_json import Json, JsonObject, excerpt
from ipse.errors import MalformedInput

__all__ = [
    "MAX_IN_RETURN",
    "PROFILE",
    "WITHDRAWAL",
    "Subject",
    "Terms",
    "build_policy",
    "named_information",
    "parse_policy",
]

PROFILE: Final = "urn:ipse:terms:1"
WITHDRAWAL: Final = "urn:ipse:withdrawal:1"
"""The type of a withdrawal, which is the event after which an answer has to be deleted."""
MAX_IN_RETURN: Final = 300
"""Characters of what is given in return."""

_CONTEXT: Final = "http://www.w3.org/ns/odrl.jsonld"
_POLICY: Final = frozenset(
    {
        "@context",
        "@type",
        "uid",
        "profile",
        "assigner",
        "assignee",
        "target",
        "permission",
        "prohibition",
        "obligation",
    }
)
_CONSTRAINT: Final = frozenset({"leftOperand", "operator", "rightOperand"})
_ACTION_PREFIX: Final = "odrl:"


def _in_quotes(text: str) -> str:
    return f'"{without_quotes(text)}"'


@dataclass(frozen=True, slots=True)
class Terms:
    """What is offered beside purpose and retention; `in_return` is a price or a favour in words."""

    no_resale: bool = False
    deletion_on_demand: bool = False
    in_return: str | None = None

    def in_words(self, quote: Callable[[str], str] = _in_quotes) -> list[str]:
        """Lines for the owner, without full stops. An application's words end theirs; `quote` marks them."""
        lines = []
        if self.no_resale:
            lines.append("they promise not to sell your answer, nor a copy of it")
        if self.deletion_on_demand:
            lines.append("they promise to delete your answer when you withdraw it")
        if self.in_return is not None:
            lines.append(f"they promise you in return: {quote(self.in_return)}")
        return lines


@dataclass(frozen=True, slots=True)
class Subject:
    """What terms are about, as the request or the receipt says it.

    - `party`: who asks, a web origin or a DID
    - `target`: an IRI, the type of the answer in a request, `named_information` of the answer in a receipt
    - `assigner`: the wallet's DID for the party in a receipt, None in a request
    """

    party: str
    target: str
    purpose: str
    retention: timedelta
    assigner: str | None = None


@dataclass(frozen=True, slots=True)
class _Kind:
    """What is understood of one kind of rule."""

    members: frozenset[str]
    action: str
    operands: frozenset[str] = frozenset()


_KINDS: Final = {
    "permission": _Kind(frozenset({"action", "constraint", "duty"}), "use", frozenset({"purpose"})),
    "duty": _Kind(frozenset({"action"}), "compensate", frozenset({"product"})),
    "prohibition": _Kind(frozenset({"action"}), "sell"),
    "obligation": _Kind(frozenset({"action", "constraint"}), "delete", frozenset({"elapsedTime", "event"})),
}


def named_information(digest: bytes) -> str:
    """The ni URI (RFC 6920) of what has this SHA-256."""
    return f"ni:///sha-256;{base64url.encode(digest)}"


def build_policy(terms: Terms, subject: Subject) -> JsonObject:
    """The policy that says `terms` about `subject`: an Agreement if it has an assigner, else a Request.

    Raises MalformedInput for terms that offer nothing, and for a text that may not be shown.
    """
    if terms == Terms():
        raise MalformedInput(
            "the terms offer nothing",
            hint="offer no resale, deletion on demand or something in return, or leave the terms out",
            code="terms-empty",
        )
    permission: JsonObject = {"action": "use", "constraint": [_constraint("purpose", "eq", subject.purpose)]}
    if terms.in_return is not None:
        permission["duty"] = [_compensation(_checked(terms.in_return))]
    obligations = [_deletion("elapsedTime", "lteq", _duration(subject.retention))]
    if terms.deletion_on_demand:
        obligations.append(_deletion("event", "gt", {"@id": WITHDRAWAL}))
    policy: JsonObject = {
        "@context": _CONTEXT,
        "@type": "Request" if subject.assigner is None else "Agreement",
        "profile": PROFILE,
        "assignee": subject.party,
        "target": subject.target,
        "permission": [permission],
        "obligation": obligations,
    }
    if subject.assigner is not None:
        policy["assigner"] = subject.assigner
    if terms.no_resale:
        policy["prohibition"] = [{"action": "sell"}]
    policy["uid"] = named_information(hashlib.sha256(strict_json.canonical(policy)).digest())
    return policy


def parse_policy(policy: Json, subject: Subject) -> Terms:
    """The terms that `policy` says about `subject`, which it may not contradict.

    Raises MalformedInput, with one of the codes above.
    """
    _check_words(policy)
    terms = Terms(
        no_resale="prohibition" in policy,
        deletion_on_demand=any(_operands(rule) == ["event"] for rule in policy.get("obligation", [])),
        in_return=_in_return(policy),
    )
    for difference in _differences(policy, build_policy(terms, subject), "the terms"):
        raise MalformedInput(
            difference,
            hint="the terms have to repeat what is asked, by whom and what for",
            code="terms-contradict",
        )
    return terms


def _constraint(operand: str, operator: str, value: Json) -> JsonObject:
    return {"leftOperand": operand, "operator": operator, "rightOperand": value}


def _deletion(operand: str, operator: str, value: Json) -> JsonObject:
    return {"action": "delete", "constraint": [_constraint(operand, operator, value)]}


def _compensation(text: str) -> JsonObject:
    refinement = [_constraint("product", "eq", text)]
    return {"action": [{"rdf:value": {"@id": f"{_ACTION_PREFIX}compensate"}, "refinement": refinement}]}


def _duration(span: timedelta) -> JsonObject:
    return {"@value": f"PT{int(span.total_seconds())}S", "@type": "xsd:duration"}


def _checked(text: Json) -> str:
    try:
        return plain_text(text, "what the terms give in return", MAX_IN_RETURN)
    except MalformedInput as error:
        raise MalformedInput(error.message, code="terms-malformed") from error


def _check_words(policy: Json) -> None:
    """Raise MalformedInput where `policy` holds anything that is not understood, and name it."""
    _check_members(policy, _POLICY, "the terms")
    for name in ("permission", "prohibition", "obligation"):
        if name in policy:
            _check_rules(policy[name], name)


def _check_rules(rules: Json, name: str) -> None:
    kind = _KINDS[name]
    for rule in _objects(rules, f"{name} of the terms"):
        _check_members(rule, kind.members, f"a {name} of the terms")
        action, refinements = _action(rule.get("action"), name)
        if action != kind.action:
            raise MalformedInput(
                f"the terms have the {name} {excerpt(action)}, which is not understood",
                hint=f"the only {name} that a request may offer is {kind.action}",
                code="terms-unknown-action",
            )
        for constraint in [*refinements, *_objects(rule.get("constraint", []), "a constraint of the terms")]:
            _check_constraint(constraint, name, kind.operands)
        if "duty" in rule:
            _check_rules(rule["duty"], "duty")


def _action(action: Json, name: str) -> tuple[Json, list[JsonObject]]:
    """The action that a rule names, and the refinements of it."""
    if isinstance(action, str):
        return action, []
    refined = _objects(action, f"the action of a {name} of the terms")
    if len(refined) != 1:
        raise _malformed(f"a {name} of the terms has {len(refined)} actions, not one")
    _check_members(refined[0], frozenset({"rdf:value", "refinement"}), f"the action of a {name} of the terms")
    value = refined[0].get("rdf:value")
    if not isinstance(value, dict) or set(value) != {"@id"} or not isinstance(value["@id"], str):
        raise _malformed(f"the action of a {name} of the terms is {excerpt(value)}, not an @id")
    refinements = _objects(refined[0].get("refinement"), f"the refinement of a {name} of the terms")
    return value["@id"].removeprefix(_ACTION_PREFIX), refinements


def _check_constraint(constraint: JsonObject, name: str, known: Collection[str]) -> None:
    _check_members(constraint, _CONSTRAINT, f"a constraint on a {name} of the terms")
    operand = constraint.get("leftOperand")
    if not isinstance(operand, str) or operand not in known:
        allowed = " or ".join(sorted(known)) or "nothing"
        raise MalformedInput(
            f"the terms limit a {name} by {excerpt(operand)}, which is not understood",
            hint=f"a {name} can be limited by {allowed}",
            code="terms-unknown-constraint",
        )


def _check_members(value: Json, known: Collection[str], what: str) -> None:
    if not isinstance(value, dict):
        raise _malformed(f"{what} is {excerpt(value)}, not an object")
    unknown = value.keys() - known
    if unknown:
        raise MalformedInput(
            f"{what} has the member {excerpt(min(unknown))}, which is not understood",
            hint=f"leave it out; what is understood there: {', '.join(sorted(known))}",
            code="terms-unknown-member",
        )


def _objects(value: Json, what: str) -> list[JsonObject]:
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise _malformed(f"{what} is {excerpt(value)}, not an array of objects")
    return value


def _operands(rule: JsonObject) -> list[str]:
    return [constraint["leftOperand"] for constraint in rule.get("constraint", [])]


def _in_return(policy: JsonObject) -> str | None:
    """What is given in return, None where there is no such duty. Every word of `policy` is understood."""
    duties = [duty for permission in policy.get("permission", []) for duty in permission.get("duty", [])]
    for duty in duties:
        _, refinements = _action(duty["action"], "duty")
        if len(refinements) == 1:
            return _checked(refinements[0].get("rightOperand"))
        raise _malformed("the terms do not say with what the owner is compensated")
    return None


def _differences(said: Json, expected: Json, path: str) -> Iterator[str]:
    """What two policies say differently, each in a sentence."""
    if isinstance(said, dict) and isinstance(expected, dict):
        for name in sorted(said.keys() - expected.keys()):
            yield f"{path} has {excerpt(name)}, which does not belong there"
        for name in sorted(expected):
            if name in said:
                yield from _differences(said[name], expected[name], f"{name} of {path}")
            else:
                yield f"{name} of {path} is missing, it is {excerpt(expected[name])}"
    elif isinstance(said, list) and isinstance(expected, list) and len(said) == len(expected):
        # Arrays of ODRL are sets.
        pairs = zip(*(sorted(values, key=strict_json.canonical) for values in (said, expected)), strict=True)
        for one, other in pairs:
            yield from _differences(one, other, path)
    elif type(said) is not type(expected) or said != expected:
        yield f"{path} is {excerpt(said)}, not {excerpt(expected)}"


def _malformed(message: str) -> MalformedInput:
    return MalformedInput(message, hint="write the terms as `ipse dapp request` does", code="terms-malformed")
