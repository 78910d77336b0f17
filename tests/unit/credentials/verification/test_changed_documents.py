"""No byte, number or member of anything that was signed can be another, whatever the format."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

import pytest

from ipse.credentials import model, verifier
from ipse.credentials.policy import NO_CHALLENGE, Challenge, Policy
from ipse.credentials.report import Outcome
from ipse.encoding import base64url
from tests.corpus import mutations
from tests.corpus.building import (
    AUDIENCE,
    HOLDER,
    ISSUER,
    MINTER,
    NONCE,
    NOW,
    Json,
    Party,
    credential,
    jwt,
    presentation,
    presented,
    w3c,
)
from tests.corpus.found import document_of
from tests.corpus.jwt_faults import enveloped
from tests.corpus.sd_jwt_building import (
    CITY,
    DEGREE,
    HOLDER_KEY,
    NOW_SECONDS,
    bound,
    claims,
    key_binding,
    sd_jwt,
)

CHALLENGE: Final = Challenge(AUDIENCE, NONCE)
ALONE: Final = Policy(any_issuer=True, challenge=NO_CHALLENGE)
ANSWERED: Final = Policy(any_issuer=True, challenge=CHALLENGE)
EXAMPLES: Final = "https://www.w3.org/ns/credentials/examples/v2"
SUBJECT: Final[Json] = {
    "id": HOLDER.did,
    "grades": [1, 2.5, -3],
    "degree": {"level": 7, "honours": True},
    "name": {"@value": "Meer", "@language": "de"},
}


def linked(by: Party = ISSUER) -> Json:
    """A credential in which every term is one of the vocabulary, whatever its name."""
    return credential(by, at_context=[model.CONTEXT, EXAMPLES], credentialSubject=SUBJECT)


def outcome(presented: str | Json, policy: Policy) -> Outcome:
    return verifier.verify(presented, policy=policy, now=NOW).report.outcome


def vp_jwt(*credentials: Any) -> str:
    answer = {"aud": AUDIENCE, "nonce": NONCE, "iat": NOW_SECONDS - 10}
    return jwt({**presentation(*credentials), **answer}, HOLDER, typ="vp+jwt")


DOCUMENTS: Final[dict[str, tuple[Json, Policy]]] = {
    "eddsa-jcs-2022": (w3c(credential()), ALONE),
    "ecdsa-jcs-2019": (w3c(credential(MINTER), MINTER, suite="ecdsa-jcs-2019"), ALONE),
    "eddsa-rdfc-2022": (w3c(linked(), suite="eddsa-rdfc-2022"), ALONE),
    "ecdsa-rdfc-2019": (w3c(linked(MINTER), MINTER, suite="ecdsa-rdfc-2019"), ALONE),
    "a presentation": (presented(presentation(w3c(credential()))), ANSWERED),
    "a presentation as RDF": (
        presented(presentation(w3c(linked(), suite="eddsa-rdfc-2022")), suite="eddsa-rdfc-2022"),
        ANSWERED,
    ),
    "a presentation of a token": (presented(presentation(enveloped(jwt(credential())))), ANSWERED),
}
TOKENS: Final[dict[str, tuple[str, Policy]]] = {
    "vc+jwt": (jwt(credential()), ALONE),
    "vc+jwt, ES256": (jwt(credential(MINTER), MINTER), ALONE),
    "SD-JWT": (sd_jwt(claims()), ALONE),
    "SD-JWT with a key binding": (key_binding(bound()), ANSWERED),
    "vp+jwt": (vp_jwt(enveloped(jwt({**credential(), "credentialSubject": {"id": HOLDER.did}}))), ANSWERED),
}
EVERY: Final[dict[str, tuple[Json | str, Policy]]] = {**DOCUMENTS, **TOKENS}


def is_linked(name: str) -> bool:
    return "rdfc" in name or "RDF" in name


@pytest.mark.parametrize("name", EVERY)
def test_unchanged_it_passes(name: str) -> None:
    assert outcome(*EVERY[name]) is Outcome.PASSED


@pytest.mark.slow
@pytest.mark.parametrize("change", [mutations.characters, mutations.numbers, mutations.members])
@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_character_number_or_member_of_a_document_can_be_another(
    name: str, change: Callable[..., Any]
) -> None:
    document, policy = DOCUMENTS[name]
    options = {"in_order": False} if is_linked(name) and change is mutations.members else {}
    for path, changed in change(document, **options):
        if outcome(changed, policy) is Outcome.PASSED:
            assert is_a_context_named_twice(path, document, changed), changed


def is_a_context_named_twice(path: tuple[Any, ...], document: Json, changed: Json) -> bool:
    """A JCS proof says itself which contexts it signed; to RDF, a context that is read twice is one."""
    contexts, more = document, changed
    for step in path:
        contexts, more = contexts[step], more[step]
    alike = [context for context in more if context not in contexts] == []
    rest = mutations.replaced(changed, path, contexts) == document
    return path[-1:] == ("@context",) and alike and rest and len(more) > len(contexts)


def test_what_comes_back_has_the_contexts_that_jcs_signed() -> None:
    document = w3c(credential())
    document["@context"] = [*document["@context"], *document["@context"], "https://evil.example/v1"]
    found = verifier.verify(document, policy=ALONE, now=NOW)
    assert document_of(found) == credential()


@pytest.mark.parametrize("path", [("type",), ("credentialSubject", "grades")])
def test_of_rdf_the_order_in_a_set_is_not_signed_and_nothing_else(path: tuple[str, ...]) -> None:
    document, policy = DOCUMENTS["eddsa-rdfc-2022"]
    inside: Any = document
    for step in path:
        inside = inside[step]
    assert outcome(mutations.replaced(document, path, inside[::-1]), policy) is Outcome.PASSED
    for others in (inside[1:], [*inside, inside[0]], [*inside, "x"], [inside], inside[0]):
        assert outcome(mutations.replaced(document, path, others), policy) is Outcome.FAILED


@pytest.mark.slow
@pytest.mark.parametrize("name", TOKENS)
def test_no_character_of_a_token_can_be_another(name: str) -> None:
    text, policy = TOKENS[name]
    passed = [changed for changed in mutations.tokens(text) if outcome(changed, policy) is Outcome.PASSED]
    assert passed == []


@pytest.mark.sampled(6)
@pytest.mark.parametrize("change", [mutations.characters, mutations.numbers, mutations.members])
@pytest.mark.parametrize("part", [0, 1], ids=["header", "payload"])
@pytest.mark.parametrize("name", TOKENS)
def test_nothing_in_a_token_can_be_another_under_the_old_signature(
    name: str, part: int, change: Callable[..., Any]
) -> None:
    text, policy = TOKENS[name]
    token, tilde, rest = text.partition("~")
    parts = token.split(".")
    content = json.loads(base64url.decode(parts[part]))
    for _, changed in change(content):
        parts[part] = base64url.encode(json.dumps(changed, separators=(",", ":")).encode())
        assert outcome(".".join(parts) + tilde + rest, policy) is not Outcome.PASSED, changed


@pytest.mark.parametrize("change", [mutations.characters, mutations.numbers, mutations.members])
@pytest.mark.parametrize("part", [0, 1], ids=["header", "payload"])
def test_nothing_in_a_key_binding_can_be_another(part: int, change: Callable[..., Any]) -> None:
    bare, _, binding = key_binding(bound()).rpartition("~")
    parts = binding.split(".")
    content = json.loads(base64url.decode(parts[part]))
    for _, changed in change(content):
        parts[part] = base64url.encode(json.dumps(changed, separators=(",", ":")).encode())
        assert outcome(f"{bare}~{'.'.join(parts)}", ANSWERED) is not Outcome.PASSED, changed


@pytest.mark.parametrize("change", [mutations.characters, mutations.members])
def test_nothing_in_a_disclosure_can_be_another(change: Callable[..., Any]) -> None:
    for disclosure in (DEGREE, CITY):
        content = json.loads(base64url.decode(disclosure))
        for _, changed in change(content):
            encoded = base64url.encode(json.dumps(changed, separators=(",", ":")).encode())
            text = sd_jwt(claims()).replace(disclosure, encoded)
            assert outcome(text, ALONE) is not Outcome.PASSED, changed


def test_a_disclosure_may_be_withheld_and_its_claim_is_gone() -> None:
    found = verifier.verify(sd_jwt(claims(), CITY), policy=ALONE, now=NOW)
    assert found.report.outcome is Outcome.PASSED
    document = document_of(found)
    assert document is not None
    assert "degree" not in document
    assert document["address"] == {"country": "DE", "city": "Kiel"}


def test_disclosures_may_come_in_any_order() -> None:
    one, other = sd_jwt(claims(), DEGREE, CITY), sd_jwt(claims(), CITY, DEGREE)
    found = [document_of(verifier.verify(text, policy=ALONE, now=NOW)) for text in (one, other)]
    assert found[0] == found[1]
    assert found[0] is not None


def test_nothing_of_a_key_binding_binds_another_set_of_disclosures() -> None:
    whole = key_binding(sd_jwt(claims(cnf=HOLDER_KEY), DEGREE, CITY))
    assert outcome(whole, ANSWERED) is Outcome.PASSED
    for changed in (
        whole.replace(f"{DEGREE}~", ""),
        whole.replace(f"{CITY}~", ""),
        whole.replace(f"{DEGREE}~{CITY}~", f"{CITY}~{DEGREE}~"),
    ):
        assert outcome(changed, ANSWERED) is Outcome.FAILED
