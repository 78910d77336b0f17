"""Over-asking: each finding by its code, beside a request that has none."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipse.credentials.status import Published
from ipse.encoding import base64url, strict_json
from ipse.keys.certificates import check_chain
from ipse.protocols import registration_certificates
from ipse.protocols.dcql.query import parse_query
from ipse.protocols.openid4vp.authorization_request import (
    AuthorizationRequest,
    CertificateProof,
    Client,
    NoProof,
    Proof,
)
from ipse.protocols.openid4vp.client_identifiers import parse_client_id
from ipse.protocols.openid4vp.client_metadata import ClientMetadata
from ipse.protocols.openid4vp.over_asking import AskedClaim, Finding, PastRequest, asked_claims, findings
from ipse.protocols.openid4vp.transaction_data import TransactionData
from ipse.protocols.registered_use import covers
from ipse.protocols.registration_certificates import Registrations
from tests.authorities import NOW, distinguished, leaf_plan
from tests.registrations import ACCESS, ROOT, VCT, claims, credential, entry, signed
from tests.unit.protocols.test_registration_certificates import status_list

PROOF = CertificateProof(check_chain(ACCESS.x5c, [ROOT.value], now=NOW))
MINE = "https://verifier.example"


def asks(*paths: Any, vct: str = VCT, **changes: Any) -> dict[str, Any]:
    """A credential query for these claims of an SD-JWT VC."""
    query: dict[str, Any] = {"id": "pid", "format": "dc+sd-jwt", "meta": {"vct_values": [vct]}}
    if paths:
        query["claims"] = [path if isinstance(path, dict) else {"path": path} for path in paths]
    return {**query, **changes}


def request(
    *queries: dict[str, Any], transaction: Any = None, proof: Proof = PROOF, party: str = MINE
) -> AuthorizationRequest:
    entries = []
    for content in transaction or ():
        whole = {"type": "payment", "credential_ids": ["pid"], **content}
        entries.append(TransactionData(whole, base64url.encode(strict_json.canonical(whole))))
    name = "x509_san_dns:verifier.example" if proof is PROOF else f"redirect_uri:{MINE}/cb"
    return AuthorizationRequest(
        client=Client(parse_client_id(name), proof),
        party=party,
        nonce="n",
        state=None,
        response_mode="direct_post",
        reply_to=f"{MINE}/answer",
        origin=MINE,
        query=parse_query({"credentials": list(queries or [asks(["age_over_18"])])}),
        transaction_data=tuple(entries),
        client_metadata=ClientMetadata(),
    )


def registered(*credentials: dict[str, Any], **changes: Any) -> Registrations:
    content = {"credentials": list(credentials)} if credentials else {}
    return registration_certificates.read_all(
        [entry(signed(claims(**content, **changes)))],
        access=ACCESS.value,
        anchors=[ROOT.value],
        now=NOW,
        fetch=lambda url: Published(url, status_list().encode(), NOW),
    )


REGISTERED = registered()


def found(
    asked: AuthorizationRequest, registrations: Registrations | None = REGISTERED, *history: PastRequest
) -> list[str]:
    every = findings(asked, registrations, history)
    for finding in every:
        assert finding.text.isprintable()
        assert finding.text[0].islower() or finding.text[0] == '"'
        assert not finding.text.endswith(".")
    return [finding.code for finding in every]


def texts(asked: AuthorizationRequest, registrations: Registrations | None = REGISTERED) -> str:
    return "; ".join(finding.text for finding in findings(asked, registrations))


def test_a_request_within_its_registration_has_no_findings() -> None:
    inside = asks(["age_over_18"], ["address"], ["address", "locality"], ["degrees", None, "type"])
    assert found(request(inside)) == []
    assert found(request(asks())) == []


class TestBeyondTheRegistration:
    @pytest.mark.parametrize(
        "path",
        [["family_name"], ["age"], ["degrees"], ["degrees", None], ["degrees", None, "level"], ["Address"]],
    )
    def test_each_claim_that_is_not_registered_is_named(self, path: list[Any]) -> None:
        asked = request(asks(["age_over_18"], path))
        assert found(asked) == ["claim-not-registered"]
        assert path[0] in texts(asked)

    def test_a_registered_null_includes_each_element_and_an_element_includes_no_null(self) -> None:
        assert found(request(asks(["degrees", 0, "type"]))) == []
        one = registered(credential(["degrees", 0, "type"]))
        assert found(request(asks(["degrees", None, "type"])), one) == ["claim-not-registered"]

    def test_claims_of_alternatives_count_too(self) -> None:
        asked = asks(
            {"id": "a", "path": ["age_over_18"]},
            {"id": "n", "path": ["family_name"]},
            claim_sets=[["a"], ["n"]],
        )
        assert found(request(asked)) == ["claim-not-registered"]

    @pytest.mark.parametrize(
        "changes",
        [
            {"meta": {"vct_values": ["urn:bank:account"]}},
            {"meta": {"vct_values": [VCT, "urn:bank:account"]}},
            {"meta": {}},
            {"format": "mso_mdoc", "meta": {"doctype_value": "org.iso.18013.5.1.mDL"}},
            {"format": "jwt_vc_json", "meta": {"type_values": [["https://example.org/Degree"]]}},
        ],
    )
    def test_a_credential_that_is_not_registered_is_named(self, changes: dict[str, Any]) -> None:
        assert found(request(asks(["age_over_18"], **changes))) == ["credential-not-registered"]

    @pytest.mark.parametrize(
        ("granted", "path"),
        [((), ("a",)), ((None,), ("a",)), ((0,), (None,)), (("a", "b"), ("a",)), (("a",), (0,))],
    )
    def test_a_path_includes_no_other(self, granted: tuple[Any, ...], path: tuple[Any, ...]) -> None:
        assert not covers(granted, path)

    @pytest.mark.parametrize("meta", [7, None, [], {"vct_values": VCT}, {"vct_values": [VCT], "more": 1}])
    def test_a_registration_whose_meta_can_not_be_read_or_says_more_fits_nothing(self, meta: Any) -> None:
        assert found(request(asks(["a"])), registered(credential(["a"], meta=meta))) == [
            "credential-not-registered"
        ]

    def test_entries_for_one_type_are_taken_together_and_none_is_borrowed(self) -> None:
        two = registered(credential(["a"]), credential(["b"]), credential(["c"], vct="urn:other"))
        assert found(request(asks(["a"], ["b"])), two) == []
        assert found(request(asks(["a"], ["c"])), two) == ["claim-not-registered"]

    def test_a_registration_without_claims_grants_none(self) -> None:
        assert found(request(asks(["a"])), registered(credential())) == ["claim-not-registered"]

    def test_a_registration_is_about_the_queries_that_it_names(self) -> None:
        about = registration_certificates.read_all(
            [entry(credential_ids=["pid"])],
            access=ACCESS.value,
            anchors=[ROOT.value],
            now=NOW,
            fetch=lambda url: Published(url, status_list().encode(), NOW),
        )
        assert found(request(asks(["address"])), about) == []
        assert found(request(asks(["address"]), asks(["address"], id="again")), about) == [
            "credential-not-registered"
        ]

    def test_a_whole_w3c_credential_is_more_than_some_of_its_claims(self) -> None:
        kind: dict[str, Any] = {
            "format": "jwt_vc_json",
            "meta": {"type_values": [["https://example.org/Degree"]]},
        }
        some = registered(credential(["credentialSubject", "degree"], **kind))
        assert found(request(asks(["credentialSubject", "degree"], **kind)), some) == []
        assert found(request(asks(**kind)), some) == ["claims-not-registered"]

    def test_a_registration_that_does_not_hold_counts_for_nothing_and_is_named(self) -> None:
        expired = registered(exp=int(NOW.timestamp()) - 100)
        assert found(request(), expired) == ["registration-expired", "no-registration"]

    def test_an_unknown_status_an_intermediary_and_a_missing_purpose_are_said(self) -> None:
        assert found(request(), registered(status=...)) == ["registration-status-unknown"]
        assert found(request(), registered(purpose=...)) == ["no-purpose"]
        agency = ROOT.issue(leaf_plan(distinguished("Agency", "LEIXG-AGENCY")))
        asked = request(proof=CertificateProof(check_chain(agency.x5c, [ROOT.value], now=NOW)))
        held = registration_certificates.read_all(
            [entry(signed(claims(intermediary={"sub": "LEIXG-AGENCY", "sname": "Agency"})))],
            access=agency.value,
            anchors=[ROOT.value],
            now=NOW,
            fetch=lambda url: Published(url, status_list().encode(), NOW),
        )
        assert found(asked, held) == ["intermediary"]
        assert '"Agency" asks in the name of "Example Books"' in texts(asked, held)


class TestWithoutRegistration:
    def test_a_verifier_known_by_its_certificate_is_expected_to_have_one(self) -> None:
        assert found(request(), None) == ["no-registration"]

    def test_any_other_states_no_purpose(self) -> None:
        assert found(request(proof=NoProof()), None) == ["no-purpose"]

    def test_values_tell_even_where_nothing_is_sent(self) -> None:
        asked = request(asks({"path": ["address", "country"], "values": ["IE", "FR"]}))
        assert found(asked) == ["values-tested"]
        assert "address.country" in texts(asked)
        assert '"IE" or "FR"' in texts(asked)
        many = request(asks({"path": ["address"], "values": list(range(900))}))
        assert "895 more" in texts(many)

    def test_a_credential_that_is_bound_to_nobody_can_be_passed_on(self) -> None:
        asked = request(asks(["address"], require_cryptographic_holder_binding=False))
        assert found(asked) == ["no-holder-binding"]


def past(*paths: Any, party: str = MINE, vct: str = VCT) -> PastRequest:
    return PastRequest(party, asked_claims(parse_query({"credentials": [asks(*paths, vct=vct)]})))


class TestHistory:
    def test_more_than_the_same_party_asked_before_is_named(self) -> None:
        asked = request(asks(["age_over_18"], ["address"]))
        assert found(asked, REGISTERED, past(["age_over_18"])) == ["more-than-before"]
        assert found(asked, REGISTERED, past(["age_over_18"], ["address"])) == []
        assert found(asked, REGISTERED, past(["age_over_18"]), past(["address"])) == []
        assert found(request(asks(["age_over_18"])), REGISTERED, past(["age_over_18"], ["address"])) == []

    def test_another_credential_than_before_is_more(self) -> None:
        two = registered(credential(["a"]), credential(["a"], vct="urn:other"))
        assert found(request(asks(["a"], vct="urn:other")), two, past(["a"])) == ["more-than-before"]

    def test_more_than_others_asked_of_the_same_type_is_named(self) -> None:
        asked = request(asks(["age_over_18"], ["address"]))
        others = [past(["age_over_18"], party=f"https://{name}.example") for name in "ab"]
        assert found(asked, REGISTERED, *others) == ["more-than-others"]
        said = findings(asked, REGISTERED, others)[0].text
        assert said == f'the 2 other verifiers that asked for "{VCT}" did not want address'
        assert found(asked, REGISTERED, past(["address"], ["age_over_18"], party="https://a.example")) == []

    def test_what_others_asked_of_other_types_says_nothing(self) -> None:
        other = past(["age_over_18"], party="https://a.example", vct="urn:other")
        assert found(request(asks(["address"])), REGISTERED, other) == []

    def test_the_history_keeps_types_and_paths_and_no_values(self) -> None:
        query = parse_query({"credentials": [asks({"path": ["a", None], "values": ["secret"]})]})
        assert asked_claims(query) == {AskedClaim(VCT), AskedClaim(VCT, "a[]")}


class TestTransactions:
    @pytest.mark.parametrize(
        "content",
        [
            {"payload": {"payee": {"name": "Example Books"}, "amount": "12"}},
            {"payload": {"payee": {"name": "example  books LTD"}}},
            {"payee": "Example Books Ltd"},
            {"payload": {"payee": {"website": "https://verifier.example/shop"}}},
            {"payload": {"name": "Anything", "note": "Thank you\nfor your order"}},
        ],
    )
    def test_one_with_who_asks_has_no_findings(self, content: dict[str, Any]) -> None:
        assert found(request(transaction=[content])) == []

    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            ({"payload": {"payee": {"name": "Evil Corp"}}}, "transaction-other-party"),
            ({"merchant": "Evil Corp"}, "transaction-other-party"),
            ({"payload": [{"creditor": {"legal_name": "Evil Corp"}}]}, "transaction-other-party"),
            ({"payload": {"website": "https://evil.example"}}, "transaction-elsewhere"),
            ({"payload": {"payee": {"name": "https://evil.example"}}}, "transaction-elsewhere"),
            ({"payload": {"website": "https://verifier.example.evil.example"}}, "transaction-elsewhere"),
            ({"payload": {"website": "https://verifier.example@evil.example"}}, "transaction-elsewhere"),
            ({"payload": {"website": "https://[x"}}, "transaction-elsewhere"),
            ({"payload": {"note": "pay \u202eelbategev"}}, "transaction-unreadable"),
            ({"payload": {"note": "\x1b[2J"}}, "transaction-unreadable"),
        ],
    )
    def test_one_that_says_other_than_the_page_is_named(self, content: dict[str, Any], expected: str) -> None:
        assert found(request(transaction=[{"payload": {"amount": "1"}}, content])) == [expected]


def test_the_reason_of_a_refused_registration_stands_in_marks_too() -> None:
    reason = """the certificate of 'O=x' reads "verified: your bank"."""
    said = texts(request(asks(["given_name"])), Registrations(refused=(("registration-signature", reason),)))
    assert "your bank" in said
    assert "your bank" not in "".join(said.split('"')[::2])


def test_names_of_others_stand_in_quotation_marks_that_they_can_not_close() -> None:
    asked = request(asks(["a"], vct='x" is fine. It is registered to ask for "everything'))
    assert texts(asked).count('"') == 2


@given(
    st.lists(st.sampled_from(["a", "b", 0, 1, None]), max_size=3),
    st.lists(st.sampled_from(["a", "b", 0, 1, None]), min_size=1, max_size=3),
    st.dictionaries(st.sampled_from("ab"), st.lists(st.dictionaries(st.sampled_from("ab"), st.none()))),
)
def test_what_is_covered_selects_no_more_than_what_is_registered(
    registered_path: list[Any], asked: list[Any], content: dict[str, Any]
) -> None:
    from ipse.protocols.dcql.paths import select

    if not covers(tuple(registered_path), tuple(asked)):
        return
    wanted, granted = select(tuple(asked), content), select(tuple(registered_path), content)
    if isinstance(wanted, str):
        return
    assert not isinstance(granted, str)
    places = [place for place, _ in granted]
    assert all(any(place[: len(one)] == one for one in places) for place, _ in wanted)


def test_findings_are_bounded() -> None:
    many = request(*[asks([str(number)], id=f"q{number}") for number in range(100)])
    assert len(findings(many, REGISTERED)) == 40
    assert isinstance(findings(many)[0], Finding)
