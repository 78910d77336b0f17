"""Keys for credentials: one each, never given twice, found again from the root alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ipse.credentials import formats, json_ld, verifier
from ipse.credentials.formats.vcdm11 import didkit_process
from ipse.credentials.issuer import Draft, IssueOptions
from ipse.credentials.policy import Challenge, Policy
from ipse.credentials.report import Outcome
from ipse.encoding import base64url, strict_json
from ipse.errors import NotFound, UsageError
from ipse.storage import settings
from ipse.storage.places import Places
from ipse.wallet import held_credentials, holder_keys, identities, issuing, presenting
from ipse.wallet.held_credentials import StoredCredential
from ipse.wallet.holder_keys import Holder, HolderKeys
from ipse.wallet.wallet import Wallet
from tests.made import empty_wallet

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
CHALLENGE = Challenge("x509_san_dns:verifier.example", "n-0S6_WzA2Mj-0123")
CLAIMS: dict[str, Any] = {
    "degree": "Oceanography",
    "address": {"street": "Harbour Road 1", "city": "Kiel"},
    "nationalities": ["DE", "FR"],
}
FORMATS = [
    "sd-jwt",
    "jwt",
    "w3c",
    pytest.param(
        "w3c-1.1", marks=pytest.mark.skipif(not didkit_process.available(), reason="didkit is not installed")
    ),
]


@pytest.fixture
def wallet(tmp_path: Path) -> Iterator[Wallet]:
    with empty_wallet(Places(tmp_path / "wallet", tmp_path / "cache"), now=NOW) as made:
        identities.create(made, "university", now=NOW)
        yield made


def held(wallet: Wallet, form: str, subject: str | None, number: int = 1) -> StoredCredential:
    """A new credential among those held."""
    said = Draft(
        subject=subject,
        types=["https://issuer.example/degree" if form == "sd-jwt" else "DegreeCredential"],
        claims=CLAIMS,
        credential_id=f"urn:uuid:{number}",
    )
    how = IssueOptions(form, undefined_terms=form in ("w3c", "jwt"))
    made = issuing.issue(wallet, "university", said, how, now=NOW).credential
    return held_credentials.add(wallet, made if isinstance(made, str) else strict_json.pretty(made), now=NOW)


def accepted(wallet: Wallet, answer: Any, challenge: Challenge = CHALLENGE) -> bool:
    asked = Policy(issuers=frozenset({wallet.manifest.find("university").did}), challenge=challenge)
    text = answer if isinstance(answer, str) else strict_json.pretty(answer)
    return verifier.verify(text, policy=asked, now=NOW).report.outcome is Outcome.PASSED


def test_no_key_is_given_out_twice(wallet: Wallet) -> None:
    made = [holder_keys.fresh(wallet) for _ in range(4)]
    assert [key.number for key in made] == [0, 1, 2, 3]
    assert len({key.did for key in made}) == 4
    assert all(key.jwk["crv"] == "P-256" and "d" not in key.jwk for key in made)


@pytest.mark.parametrize("form", FORMATS)
def test_a_credential_of_every_format_is_presented_with_the_key_it_is_bound_to(
    wallet: Wallet, form: str
) -> None:
    holder_keys.fresh(wallet)
    key = holder_keys.fresh(wallet)
    prepared = presenting.prepare(wallet, [held(wallet, form, key.did).id])
    assert prepared.holder == Holder(key=key)
    answer = presenting.release(wallet, prepared, CHALLENGE, now=NOW)
    assert accepted(wallet, answer)
    assert not accepted(wallet, answer, Challenge(CHALLENGE.audience, "n-another-0123456"))


def test_a_wallet_that_lost_count_finds_its_keys_and_goes_on_after_them(wallet: Wallet) -> None:
    keys = [holder_keys.fresh(wallet) for _ in range(8)]
    credential = held(wallet, "sd-jwt", keys[6].did)
    settings.remove(wallet.vault, settings.HOLDER_KEYS)
    assert presenting.prepare(wallet, [credential.id]).holder == Holder(key=keys[6])
    assert holder_keys.fresh(wallet).number == 7


def test_a_wallet_that_goes_on_from_an_older_vault_gives_no_key_again(wallet: Wallet) -> None:
    before = [holder_keys.fresh(wallet) for _ in range(3)]
    settings.put(wallet.vault, settings.HOLDER_KEYS, "0")
    with wallet.vault.transaction():
        holder_keys.skip(wallet)
    assert holder_keys.fresh(wallet).number > before[-1].number
    keys = HolderKeys(wallet)
    assert all(keys.bound({"jwk": key.jwk}) == Holder(key=key) for key in before)


def test_a_key_is_found_by_value_and_by_the_method_of_its_did(wallet: Wallet) -> None:
    key, own = holder_keys.fresh(wallet), wallet.manifest.find("university")
    keys = HolderKeys(wallet)
    assert keys.bound({"jwk": key.jwk}) == Holder(key=key)
    assert keys.bound({"jwk": {**key.jwk, "use": "sig"}}) == Holder(key=key)
    assert keys.bound({"kid": key.method_id}) == Holder(key=key)
    assert keys.bound({"kid": own.current.id}) == Holder(own)
    assert keys.bound({"kid": f"{key.did}#1"}) is None
    assert keys.bound({"kid": 7}) is None
    assert keys.named(key.did) == Holder(key=key)
    assert keys.named("did:web:elsewhere.example") is None


def test_the_key_of_somebody_else_is_not_found(wallet: Wallet, tmp_path: Path) -> None:
    stranger = identities.create(wallet, "stranger", key_type="P-256", now=NOW)
    credential = held(wallet, "sd-jwt", stranger.did)
    identities.delete(wallet, "stranger")
    with pytest.raises(NotFound, match="not in this wallet"):
        presenting.prepare(wallet, [credential.id])


class TestSelection:
    def test_only_what_is_named_is_shown_and_what_it_lies_in(self, wallet: Wallet) -> None:
        credential = held(wallet, "sd-jwt", holder_keys.fresh(wallet).did)
        form = formats.named("sd-jwt")
        selection = form.select_paths(credential.document, [("address", "city"), ("nationalities", 1)])
        (revealed,) = selection.revealed
        assert revealed["address"] == {"city": "Kiel"}
        assert revealed["nationalities"] == ["FR"]
        assert "degree" not in revealed

    def test_with_no_claims_only_what_can_not_be_withheld_is_shown(self, wallet: Wallet) -> None:
        credential = held(wallet, "sd-jwt", holder_keys.fresh(wallet).did)
        selection = formats.named("sd-jwt").select_paths(credential.document, [])
        assert not selection.revealed[0].keys() & CLAIMS.keys()

    def test_a_path_to_nothing_is_not_found(self, wallet: Wallet) -> None:
        credential = held(wallet, "sd-jwt", None)
        with pytest.raises(NotFound):
            formats.named("sd-jwt").select_paths(credential.document, [("height",)])

    @pytest.mark.parametrize("form", FORMATS[1:])
    def test_a_format_without_selective_disclosure_shows_all(self, wallet: Wallet, form: str) -> None:
        credential = held(wallet, form, None)
        selection = formats.named(form).select_paths(credential.document, [("credentialSubject", "degree")])
        assert selection.revealed[0]["credentialSubject"]["address"] == CLAIMS["address"]
        assert selection.withheld == ()


class TestWithoutAProofOfTheHolder:
    def test_an_sd_jwt_has_no_key_binding_and_the_chosen_claims_alone(self, wallet: Wallet) -> None:
        credential = held(wallet, "sd-jwt", holder_keys.fresh(wallet).did)
        prepared = presenting.prepare_paths(
            wallet, HolderKeys(wallet), credential, [("degree",)], bound=False
        )
        answer = presenting.sign(wallet, prepared, None, now=NOW)
        assert isinstance(answer, str)
        assert answer.endswith("~")
        assert answer.count("~") == 2

    @pytest.mark.parametrize("form", FORMATS[1:])
    def test_a_w3c_credential_is_sent_as_its_issuer_handed_it_out(self, wallet: Wallet, form: str) -> None:
        credential = held(wallet, form, "did:web:somebody.example")
        prepared = presenting.prepare_paths(wallet, HolderKeys(wallet), credential, [], bound=False)
        answer = presenting.sign(wallet, prepared, None, now=NOW)
        text = answer if isinstance(answer, str) else strict_json.pretty(answer)
        assert text == credential.document.strip()


class TestDataOfATransaction:
    def test_the_key_binding_of_an_sd_jwt_covers_it(self, wallet: Wallet) -> None:
        prepared = presenting.prepare(wallet, [held(wallet, "sd-jwt", holder_keys.fresh(wallet).did).id])
        data = {"transaction_data_hashes": ["abc"], "transaction_data_hashes_alg": "sha-256"}
        answer = presenting.sign(wallet, prepared, CHALLENGE, now=NOW, bound_data=data)
        assert isinstance(answer, str)
        payload = formats.read(answer).secured.sd_jwt.kb_jwt.split(".")[1]
        said = strict_json.parse_object(base64url.decode(payload))
        assert {name: said[name] for name in data} == data
        assert said["aud"] == CHALLENGE.audience

    @pytest.mark.parametrize("form", FORMATS[1:])
    def test_no_w3c_format_binds_any(self, wallet: Wallet, form: str) -> None:
        assert not formats.named(form).binds_data
        prepared = presenting.prepare(wallet, [held(wallet, form, holder_keys.fresh(wallet).did).id])
        with pytest.raises(UsageError, match="binds no data"):
            presenting.sign(wallet, prepared, CHALLENGE, now=NOW, bound_data={"x": 1})


class TestWhatAQueryFinds:
    def test_an_sd_jwt_by_its_vct(self, wallet: Wallet) -> None:
        found = formats.named("sd-jwt").presentable(held(wallet, "sd-jwt", None).document)
        assert found.format == "dc+sd-jwt"
        assert found.types == ("https://issuer.example/degree",)
        assert found.claims["address"] == CLAIMS["address"]
        assert found.disclosable is not None
        assert ("address", "city") in found.disclosable
        assert found.signed_by == {"sd_jwt_alg_values": "EdDSA"}
        assert found.holder_lists == ("kb_jwt_alg_values",)

    @pytest.mark.parametrize(("form", "name"), [("jwt", "jwt_vc_json"), ("w3c", "ldp_vc")])
    def test_a_w3c_credential_by_the_iris_of_its_types(self, wallet: Wallet, form: str, name: str) -> None:
        found = formats.named(form).presentable(held(wallet, form, None).document)
        assert found.format == name
        assert found.types[0] == "https://www.w3.org/2018/credentials#VerifiableCredential"
        assert found.types[1].endswith("DegreeCredential")
        assert found.disclosable is None
        assert found.claims["credentialSubject"]["degree"] == CLAIMS["degree"]
        assert (
            found.signed_by
            == {
                "jwt": {"alg_values": "EdDSA"},
                "w3c": {"proof_type_values": "DataIntegrityProof", "cryptosuite_values": "eddsa-jcs-2022"},
            }[form]
        )

    def test_a_type_that_no_context_defines_stays_as_it_is(self) -> None:
        document = {
            "@context": ["https://www.w3.org/2018/credentials/v1", "https://unknown.example/v1"],
            "type": ["VerifiableCredential", "IdentityCredential"],
        }
        assert json_ld.expanded_types(document, json_ld.known()) == (
            "https://www.w3.org/2018/credentials#VerifiableCredential",
            "IdentityCredential",
        )
