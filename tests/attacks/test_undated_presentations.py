"""A presentation that never gets old.

The attacker recorded a presentation, or had one made in advance for a nonce that they could foresee, and
wants it to be taken long after. A verifier keeps to five minutes; but a presentation that did not say when it
was made used to have no age at all, and some of ours were like that.

It cannot come back: under a challenge every format reports when the proof was made, and nothing but that
(`created`, `iat`); what reports no time fails in the same check as what is too old. `nbf` says from when a
token is valid, not when it was made.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import pytest

from ipse.credentials import formats
from ipse.credentials.formats.format import SigningKey
from ipse.credentials.formats.vcdm11 import didkit_process
from ipse.credentials.policy import NO_CHALLENGE
from ipse.credentials.report import Outcome
from ipse.encoding import strict_json
from tests.attacks.presenting import CHALLENGE, MADE, check, in_1_1, in_1_1_jwt, verify
from tests.corpus.building import HOLDER, NOW, Json, credential, jwt, w3c
from tests.corpus.jwt_faults import enveloped
from tests.corpus.old_faults import signed_credential, signed_token
from tests.corpus.sd_jwt_building import NOW_SECONDS, bound, key_binding

PASSED, FAILED = Outcome.PASSED, Outcome.FAILED
YEARS: Final = timedelta(days=180)
WITH_DIDKIT: Final = pytest.mark.skipif(not didkit_process.available(), reason="didkit is not installed")


def _kinds() -> list[Any]:
    """Each kind of presentation: how it is made, what it holds, and the name of the date of its making."""
    held: dict[str, tuple[Json | str, str]] = {
        "data-integrity": (w3c(credential()), "created"),
        "rdfc": (w3c(credential(), suite="eddsa-rdfc-2022"), "created"),
        "vp-jwt": (enveloped(jwt(credential())), "iat"),
        "1.1-jwt": (signed_token(), "iat"),
        "1.1": (signed_credential(), "created"),
    }
    return [
        pytest.param(MADE[name], *of, id=name, marks=WITH_DIDKIT if "1.1" in name else ())
        for name, of in held.items()
    ]


every = pytest.mark.parametrize(("make", "inside", "date"), _kinds())


@every
def test_without_a_date_it_fails_by_a_code_of_its_own(make: Any, inside: Any, date: str) -> None:
    for now in (NOW, NOW + YEARS):
        found = verify(make(inside, **{date: ...}), now=now)
        assert found.report.outcome is FAILED
        if make is not in_1_1:  # whose proofs have to be dated to be read at all
            assert check(found, "holder-binding") == (FAILED, "undated")


@every
def test_with_its_date_it_is_taken_for_as_long_as_that(make: Any, inside: Any, date: str) -> None:
    answer = make(inside)
    assert verify(answer).report.outcome is PASSED
    assert check(verify(answer, now=NOW + YEARS), "holder-binding") == (FAILED, "too-old")


@pytest.mark.sampled(2)
@pytest.mark.parametrize("make", [MADE["vp-jwt"], pytest.param(in_1_1_jwt, marks=WITH_DIDKIT)])
@pytest.mark.parametrize("nbf", [0, NOW_SECONDS - 10, NOW_SECONDS + 30])
def test_from_when_a_token_is_valid_is_no_date_of_its_making(make: Any, nbf: int) -> None:
    inside = enveloped(jwt(credential())) if make is MADE["vp-jwt"] else signed_token()
    assert check(verify(make(inside, iat=..., nbf=nbf)), "holder-binding") == (FAILED, "undated")
    fresh = make(inside, iat=NOW_SECONDS - 400, nbf=nbf)
    assert check(verify(fresh), "holder-binding") == (FAILED, "too-old")


@pytest.mark.parametrize("make", [MADE["vp-jwt"], pytest.param(in_1_1_jwt, marks=WITH_DIDKIT)])
def test_a_token_that_is_not_valid_yet_fails_all_the_same(make: Any) -> None:
    inside = enveloped(jwt(credential())) if make is MADE["vp-jwt"] else signed_token()
    assert check(verify(make(inside, nbf=NOW_SECONDS + 90)), "time") == (FAILED, "not-yet-valid")


class TestKeyBindings:
    @pytest.mark.parametrize("claims", [{"iat": ...}, {"iat": ..., "nbf": 0}, {"iat": ..., "exp": 2**40}])
    def test_without_iat_it_fails(self, claims: Json) -> None:
        found = verify(key_binding(bound(), **claims), now=NOW)
        assert check(found, "holder-binding") == (FAILED, "undated")

    def test_the_date_of_the_credential_is_none_of_its_presentation(self) -> None:
        found = verify(key_binding(bound(iat=NOW_SECONDS - 5), iat=...))
        assert check(found, "holder-binding") == (FAILED, "undated")

    def test_enveloped_in_a_dated_presentation_it_needs_its_own_date(self) -> None:
        inside = enveloped("", id=f"data:application/dc+sd-jwt,{key_binding(bound(), iat=...)}")
        assert check(verify(MADE["data-integrity"](inside)), "holder-binding", 1) == (FAILED, "undated")


def test_of_two_proofs_the_holders_first_one_is_dated_or_it_fails() -> None:
    undated, dated = (MADE["data-integrity"](w3c(credential()), **date) for date in ({"created": ...}, {}))
    assert isinstance(undated, dict)
    assert isinstance(dated, dict)
    for proofs in ([undated["proof"], dated["proof"]], [dated["proof"], undated["proof"]]):
        found = verify({**dated, "proof": proofs}, now=NOW + YEARS)
        assert check(found, "holder-binding")[0] is FAILED


def test_where_no_challenge_is_made_its_age_is_not_judged() -> None:
    undated = MADE["data-integrity"](w3c(credential()), created=...)
    assert verify(undated, challenge=NO_CHALLENGE).report.outcome is PASSED


@pytest.mark.parametrize(
    ("name", "held"),
    [
        ("w3c", lambda: strict_json.canonical(w3c(credential())).decode()),
        ("jwt", lambda: jwt(credential())),
        ("sd-jwt", bound),
        pytest.param("w3c-1.1", signed_token, marks=WITH_DIDKIT),
        pytest.param(
            "w3c-1.1", lambda: strict_json.canonical(signed_credential()).decode(), marks=WITH_DIDKIT
        ),
    ],
    ids=["w3c", "jwt", "sd-jwt", "1.1-jwt", "1.1"],
)
def test_ours_are_dated_in_every_format(name: str, held: Any) -> None:
    form = formats.named(name)
    disclose = ("all",) if name == "sd-jwt" else ()
    made = form.present(
        form.select([held()], disclose), SigningKey(HOLDER.did, HOLDER.method, HOLDER.key), CHALLENGE, now=NOW
    )
    assert verify(made, now=NOW + timedelta(seconds=359)).report.outcome is PASSED
    assert verify(made, now=NOW + timedelta(seconds=361)).report.outcome is FAILED
