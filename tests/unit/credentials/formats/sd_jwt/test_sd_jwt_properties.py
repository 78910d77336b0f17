"""What holds for any claims and any choice: nothing more is revealed, nothing can be changed."""

from __future__ import annotations

import string
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipse.credentials import jws
from ipse.credentials.formats.sd_jwt import (
    NO_CHALLENGE,
    Challenge,
    SdJwt,
    SdJwtInvalid,
    SdJwtUndetermined,
    VerifiedSdJwt,
    bind,
    disclosable_paths,
    issue,
    parse,
    select,
    verify,
)
from ipse.credentials.formats.sd_jwt.disclosures import RESERVED_NAMES
from ipse.credentials.formats.sd_jwt.registered_claims import NEVER_SELECTIVE
from ipse.keys.ed25519 import PrivateKey
from ipse.keys.key_types import public_to_jwk
from tests.examples import examples

if TYPE_CHECKING:
    from ipse.credentials.formats.sd_jwt import ClaimPath

NOW = 1_800_000_000
ISSUER, HOLDER = PrivateKey(b"i" * 32), PrivateKey(b"h" * 32)
HOLDER_JWK = public_to_jwk(HOLDER.public())
CHALLENGE = Challenge("https://verifier.example", "nonce-1")
REGISTERED = {*NEVER_SELECTIVE, "aud", "sub", "jti", "iat"}

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
)
names = st.text(max_size=6).filter(lambda name: name not in RESERVED_NAMES)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)
top_names = names.filter(lambda name: name not in REGISTERED)


@st.composite
def cases(draw: st.DrawFn) -> tuple[dict[str, Any], set[ClaimPath], set[ClaimPath]]:
    """Claims, the paths that are disclosable, and those of any path that the holder asks to reveal."""
    claims = draw(st.dictionaries(top_names, values, max_size=5))
    paths = sorted(every_path(claims), key=repr)
    subsets = st.sets(st.sampled_from(paths)) if paths else st.just(set[Any]())
    return claims, draw(subsets), draw(subsets)


@examples(150)
@given(cases(), st.integers(0, 3))
def test_verified_claims_are_exactly_all_minus_the_withheld(
    case: tuple[dict[str, Any], set[ClaimPath], set[ClaimPath]], decoys: int
) -> None:
    claims, disclosable, asked = case
    text = issue(claims, disclosable=disclosable, signer=ISSUER, typ="example+sd-jwt", decoys=decoys)
    credential = parse(text)
    assert exact(verified(text).claims) == exact(claims)
    assert set(disclosable_paths(credential)) == disclosable

    selection = select(credential, asked)
    shown = {path for path in disclosable if any(leads_to(path, wanted) for wanted in asked)}
    expected = without(claims, (), disclosable - shown)
    assert exact(verified(selection.presentation.compact).claims) == exact(expected)
    assert exact(selection.claims) == exact(expected)
    assert set(selection.disclosed) == shown
    assert set(selection.withheld) == disclosable - shown


@examples(50)
@given(cases())
def test_withheld_disclosures_are_not_in_what_is_sent(
    case: tuple[dict[str, Any], set[ClaimPath], set[ClaimPath]],
) -> None:
    claims, disclosable, asked = case
    credential = parse(issue(claims, disclosable=disclosable, signer=ISSUER, typ="example+sd-jwt"))
    selection = select(credential, asked)
    kept = set(selection.presentation.disclosures)
    assert len(kept) == len(selection.disclosed)
    assert kept <= set(credential.disclosures)


def signed_presentation() -> str:
    claims = {
        "iss": "did:web:issuer.example",
        "vct": "urn:example:identity",
        "exp": NOW + 1000,
        "cnf": {"jwk": HOLDER_JWK},
        "given_name": "Ada",
        "nationalities": ["DE", "FR"],
        "birthdate": "1815-12-10",
    }
    hidden: list[ClaimPath] = [("given_name",), ("nationalities", 0), ("birthdate",)]
    credential = parse(issue(claims, disclosable=hidden, signer=ISSUER, typ="dc+sd-jwt"))
    presentation = select(credential, hidden[:2]).presentation
    return bind(
        presentation, signer=HOLDER, audience=CHALLENGE.audience, nonce=CHALLENGE.nonce, issued_at=NOW
    ).compact


PRESENTATION = signed_presentation()


def test_the_presentation_that_is_changed_below_verifies_unchanged() -> None:
    assert verified(PRESENTATION, CHALLENGE).claims["given_name"] == "Ada"


@pytest.mark.parametrize("replacement", ["A", "B", "~", "."])
def test_no_character_of_a_presentation_can_be_replaced(replacement: str) -> None:
    for position, character in enumerate(PRESENTATION):
        if character != replacement:
            refused(PRESENTATION[:position] + replacement + PRESENTATION[position + 1 :])


def test_no_character_of_a_presentation_can_be_taken_out_or_doubled() -> None:
    for position, character in enumerate(PRESENTATION):
        refused(PRESENTATION[:position] + PRESENTATION[position + 1 :])
        refused(PRESENTATION[:position] + character + PRESENTATION[position:])


@examples(300)
@given(
    st.integers(0, len(PRESENTATION) - 1),
    st.sampled_from(string.printable) | st.characters(exclude_categories=()),
    st.booleans(),
)
def test_no_character_can_be_put_in_or_over_another(position: int, character: str, over: bool) -> None:
    changed = PRESENTATION[:position] + character + PRESENTATION[position + over :]
    if changed != PRESENTATION:
        refused(changed)


@examples(150)
@given(st.text(alphabet='~.{}"e30W10 AZ', max_size=40) | st.text(max_size=40))
def test_any_text_is_refused_in_an_orderly_way(text: str) -> None:
    refused(text)


SPECIAL = [
    "_sd",
    "...",
    "_sd_alg",
    "cnf",
    "jwk",
    "iss",
    "exp",
    "nbf",
    "iat",
    "aud",
    "vct",
    "aka_vcts",
    "status",
]
odd_values = st.recursive(
    scalars | st.just("sha-256") | st.just(HOLDER_JWK),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(SPECIAL), inner, max_size=3),
    max_leaves=8,
)
odd_objects = st.dictionaries(st.sampled_from(SPECIAL), odd_values, max_size=5)


@examples(300)
@given(odd_objects, odd_objects, st.booleans(), st.sampled_from(["dc+sd-jwt", "example+sd-jwt"]))
def test_whatever_was_signed_gets_a_verdict(
    payload: dict[str, Any], binding: dict[str, Any], with_binding: bool, typ: str
) -> None:
    credential = SdJwt(jws.sign({"typ": typ}, payload, ISSUER), ())
    if with_binding:
        credential = replace(credential, kb_jwt=jws.sign({"typ": "kb+jwt"}, binding, HOLDER).encoded)
    for challenge in (None, CHALLENGE):
        with suppress(SdJwtInvalid, SdJwtUndetermined):
            proof = verified(credential, challenge)
            assert proof.binding is None
            assert challenge is None


def refused(text: str) -> None:
    with pytest.raises(SdJwtInvalid):
        verified(text, CHALLENGE)


def verified(presented: str | SdJwt, challenge: Challenge | None = None) -> VerifiedSdJwt:
    return verify(
        presented,
        resolve_issuer_key=lambda *_: ISSUER.public(),
        types=("dc+sd-jwt", "example+sd-jwt"),
        challenge=challenge or NO_CHALLENGE,
        now=NOW,
    )


def every_path(value: Any, path: ClaimPath = ()) -> set[ClaimPath]:
    steps: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        steps = list(value.items())
    elif isinstance(value, list):
        steps = list(enumerate(value))
    found = {(*path, step) for step, _ in steps}
    return found.union(*(every_path(inner, (*path, step)) for step, inner in steps))


def leads_to(path: ClaimPath, wanted: ClaimPath) -> bool:
    return wanted[: len(path)] == path


def without(value: Any, path: ClaimPath, withheld: set[ClaimPath]) -> Any:
    if isinstance(value, dict):
        return {
            name: without(inner, (*path, name), withheld)
            for name, inner in value.items()
            if (*path, name) not in withheld
        }
    if isinstance(value, list):
        return [
            without(inner, (*path, position), withheld)
            for position, inner in enumerate(value)
            if (*path, position) not in withheld
        ]
    return value


def exact(value: Any) -> Any:
    """`value` with its types, since True == 1 == 1.0 in Python and not in JSON."""
    if isinstance(value, dict):
        return {name: exact(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [exact(inner) for inner in value]
    return (type(value).__name__, value)
