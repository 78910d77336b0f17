"""Verifying a credential: each step alone, and what an attacker can do to a signed document."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ipse.credentials import model, verifier
from ipse.credentials.formats.data_integrity import hash_data
from ipse.credentials.policy import Policy, Sources
from ipse.credentials.report import CHECKS, NOT_MADE, Outcome, Report
from ipse.credentials.verifier import Verification
from ipse.dids import did_key, resolver
from ipse.encoding import multibase
from ipse.errors import MalformedInput, Undetermined
from ipse.keys.ed25519 import PrivateKey
from tests.corpus.found import document_of

KEY, OTHER_KEY = PrivateKey(b"i" * 32), PrivateKey(b"o" * 32)
ISSUER, OTHER = did_key.from_public_key(KEY.public()), did_key.from_public_key(OTHER_KEY.public())
METHOD, OTHER_METHOD = did_key.verification_method_id(ISSUER), did_key.verification_method_id(OTHER)
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
POLICY = Policy(issuers=frozenset({ISSUER}))
ANYBODY = Policy(any_issuer=True)
CREDENTIAL: dict[str, Any] = {
    "@context": [model.CONTEXT, "https://www.w3.org/ns/credentials/examples/v2"],
    "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
    "type": ["VerifiableCredential", "AlumniCredential"],
    "issuer": {"id": ISSUER, "name": "School"},
    "validFrom": "2026-01-01T00:00:00Z",
    "validUntil": "2027-01-01T00:00:00Z",
    "credentialSubject": {"id": "did:example:subject", "grades": [1, 2.5, -3], "degree": {"level": 7}},
}
ENTRY: dict[str, Any] = {
    "type": "BitstringStatusListEntry",
    "statusPurpose": "revocation",
    "statusListIndex": "1",
    "statusListCredential": "https://issuer.example/status/1",
}
PASSED, FAILED = Outcome.PASSED, Outcome.FAILED
NOT_APPLICABLE, UNDETERMINED = Outcome.NOT_APPLICABLE, Outcome.UNDETERMINED


def signed(
    changes: dict[str, Any] | None = None, *, key: PrivateKey = KEY, options: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The credential with `changes`, signed with the options changed. None leaves a member out."""
    document = {**copy.deepcopy(CREDENTIAL), **copy.deepcopy(changes or {})}
    document = {name: value for name, value in document.items() if value is not None}
    proof: dict[str, Any] = {
        "@context": document.get("@context"),
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-jcs-2022",
        "created": "2026-01-01T00:00:00Z",
        "verificationMethod": METHOD,
        "proofPurpose": "assertionMethod",
        **copy.deepcopy(options or {}),
    }
    proof = {name: value for name, value in proof.items() if value is not None}
    proof["proofValue"] = multibase.encode_base58btc(key.sign(hash_data(document, proof)))
    return {**document, "proof": proof}


def with_own_proof(document: dict[str, Any]) -> dict[str, Any]:
    """`document`, signed as it is."""
    options = {name: value for name, value in signed()["proof"].items() if name != "proofValue"}
    value = multibase.encode_base58btc(KEY.sign(hash_data(document, options)))
    return {**document, "proof": {**options, "proofValue": value}}


def with_proof(**changes: Any) -> dict[str, Any]:
    """The signed credential, its proof changed afterwards."""
    document = signed()
    document["proof"].update(changes)
    return document


def verify(document: dict[str, Any], *, policy: Policy = POLICY, now: datetime = NOW) -> Verification:
    return verifier.verify(document, policy=policy, now=now)


def outcomes(report: Report) -> dict[str, Outcome]:
    return {check.name: check.outcome for check in report.checks}


def assert_stops_at(
    name: str, outcome: Outcome, document: dict[str, Any], *, policy: Policy = POLICY
) -> None:
    """`name` is the one check with a verdict other than passed; what builds on it was not reached."""
    found = verify(document, policy=policy)
    position = CHECKS.index(name)
    assert [check.outcome for check in found.report.checks] == [
        *[PASSED] * position,
        outcome,
        *[UNDETERMINED] * (len(CHECKS) - position - 1),
    ]
    assert found.report.decisive.name == name
    assert {check.reason for check in found.report.checks[position + 1 :]} == {
        f"not reached, because of {name}"
    }
    assert document_of(found) is None


def assert_judged(name: str, outcome: Outcome, found: Verification) -> None:
    """`name` alone did not pass; all other checks were taken and hold or don't apply."""
    nothing = dict.fromkeys(("status", "schema", "holder-binding"), NOT_APPLICABLE)
    expected = {**dict.fromkeys(CHECKS, PASSED), **nothing}
    assert outcomes(found.report) == {**expected, name: outcome}


class TestAGoodCredential:
    def test_every_check_passes_or_does_not_apply(self) -> None:
        assert_judged("trust", PASSED, verify(signed()))
        assert verify(signed()).report.outcome is PASSED

    def test_what_comes_back_is_the_signed_document_without_its_proof(self) -> None:
        assert document_of(verify(signed())) == CREDENTIAL

    def test_nothing_is_changed_in_what_was_given(self) -> None:
        document = signed()
        before = copy.deepcopy(document)
        verify(document)
        assert document == before

    @pytest.mark.parametrize(
        "changes",
        [
            {"issuer": ISSUER},
            {"id": None},
            {"validFrom": None, "validUntil": None},
            {"type": "VerifiableCredential"},
            {"credentialSubject": [{"id": "did:example:a"}, {"name": "b"}]},
        ],
    )
    def test_every_form_the_data_model_allows_passes(self, changes: dict[str, Any]) -> None:
        assert verify(signed(changes)).report.outcome is PASSED

    def test_the_values_that_decided_are_in_the_report(self) -> None:
        values = {check.name: check.value for check in verify(signed()).report.checks}
        assert values == {
            "parse": "w3c",
            "data-model": "VerifiableCredential, AlumniCredential",
            "issuer": ISSUER,
            "proof": METHOD,
            "purpose": "assertionMethod",
            "time": "2026-01-01T00:00:00Z until 2027-01-01T00:00:00Z",
            "status": "",
            "schema": "",
            "trust": ISSUER,
            "holder-binding": "",
        }


class TestDataModel:
    @pytest.mark.parametrize(
        "changes",
        [
            {"@context": ["https://www.w3.org/ns/credentials/examples/v2"]},
            {"type": ["AlumniCredential"]},
            {"issuer": None},
            {"credentialSubject": {}},
            {"validFrom": "2026-01-01"},
            {"validUntil": "2025-01-01T00:00:00Z"},
        ],
    )
    def test_a_broken_rule_fails_even_where_the_signature_is_right(self, changes: dict[str, Any]) -> None:
        assert_stops_at("data-model", FAILED, signed(changes))

    def test_an_empty_object_fails(self) -> None:
        assert_stops_at("data-model", FAILED, {})

    @pytest.mark.parametrize("context", [model.CONTEXT, []])
    def test_the_rules_hold_for_what_was_signed_not_for_what_was_added_to_it(self, context: Any) -> None:
        # The proof's contexts are what was signed; a holder may append, and so mend what was broken.
        document = signed({"@context": context})
        document["@context"] = [model.CONTEXT]
        found = verify(document)
        assert found.report.outcome is FAILED
        left = document_of(found)
        assert left is None or model.violations(left) == []


class TestIssuer:
    @pytest.mark.parametrize("issuer", ["https://vc.example/issuers/5678", "urn:uuid:1", "DID:key:z6Mk"])
    def test_an_issuer_that_is_no_did_is_undetermined(self, issuer: str) -> None:
        assert_stops_at("issuer", UNDETERMINED, signed({"issuer": issuer}), policy=ANYBODY)

    @pytest.mark.parametrize("issuer", ["did:web:issuer.example", "did:example:issuer", "did:keys:z6Mk"])
    def test_an_unknown_did_method_is_undetermined(self, issuer: str) -> None:
        assert_stops_at("issuer", UNDETERMINED, signed({"issuer": issuer}), policy=ANYBODY)

    @pytest.mark.parametrize(
        "issuer",
        [
            "did:key:",
            "did:key:z",
            "did:key:" + multibase.encode_base58btc(b"\xed\x01" + bytes(31)),
            "did:key:" + multibase.encode_base58btc(b"\xed\x81\x00" + bytes(32)),
            "did:key:" + "z" * 3000,
            "did:Key:z6Mk",
            ISSUER + "#key",
            ISSUER + "?versionId=1",
            ISSUER + ":",
            "did::" + ISSUER[8:],
        ],
    )
    def test_a_malformed_did_fails(self, issuer: str) -> None:
        assert_stops_at("issuer", FAILED, signed({"issuer": issuer}), policy=ANYBODY)

    @pytest.mark.parametrize("codec", [0x1202, 0xFFFF])
    def test_a_key_type_that_is_not_read_is_undetermined(self, codec: int) -> None:
        key = multibase.encode_base58btc(multibase.encode_varint(codec) + bytes(32))
        assert_stops_at("issuer", UNDETERMINED, signed({"issuer": f"did:key:{key}"}), policy=ANYBODY)

    @pytest.mark.parametrize("codec", [0xE7, 0x1200, 0x1201])
    def test_a_key_that_is_no_point_of_its_curve_fails(self, codec: int) -> None:
        key = multibase.encode_base58btc(multibase.encode_varint(codec) + bytes(33))
        assert_stops_at("issuer", FAILED, signed({"issuer": f"did:key:{key}"}), policy=ANYBODY)

    def test_a_resolver_that_does_not_know_leaves_it_undetermined(self) -> None:
        def resolve(did: str) -> dict[str, Any]:
            raise Undetermined(f"{did} is out of reach")

        report = verifier.verify(signed(), policy=POLICY, now=NOW, sources=Sources(resolve=resolve)).report
        assert (report.outcome, report.decisive.name) == (UNDETERMINED, "issuer")


class TestProof:
    @pytest.mark.parametrize(
        "value",
        [
            pytest.param("", id="empty"),
            pytest.param("proof", id="no multibase"),
            pytest.param("u" + "A" * 86, id="base64url"),
            pytest.param("z0", id="no base 58"),
            pytest.param(multibase.encode_base58btc(bytes(63)), id="63 bytes"),
            pytest.param(multibase.encode_base58btc(bytes(65)), id="65 bytes"),
            pytest.param(multibase.encode_base58btc(bytes(64)), id="64 zeros"),
            pytest.param("z" + "2" * 5000, id="too long"),
        ],
    )
    def test_a_proof_value_that_is_no_signature_of_this_fails(self, value: str) -> None:
        assert_stops_at("proof", FAILED, with_proof(proofValue=value))

    def test_a_signature_by_another_key_fails(self) -> None:
        assert_stops_at("proof", FAILED, signed(key=OTHER_KEY))

    def test_a_verification_method_of_somebody_else_fails(self) -> None:
        document = signed(key=OTHER_KEY, options={"verificationMethod": OTHER_METHOD})
        assert_stops_at("proof", FAILED, document)
        assert (
            "no proof is by a verification method of the issuer's" in verify(document).report.decisive.reason
        )

    @pytest.mark.parametrize("method", [ISSUER, "#" + METHOD.split("#")[1], METHOD + "x", METHOD + "#", ""])
    def test_a_verification_method_that_the_issuer_does_not_list_fails(self, method: str) -> None:
        assert_stops_at("proof", FAILED, signed(options={"verificationMethod": method}))

    @pytest.mark.parametrize("cryptosuite", ["bbs-2023", "ecdsa-sd-2023", "eddsa-2022", "", None])
    def test_an_unknown_cryptosuite_is_undetermined(self, cryptosuite: str | None) -> None:
        assert_stops_at("proof", UNDETERMINED, signed(options={"cryptosuite": cryptosuite}))

    @pytest.mark.parametrize("cryptosuite", ["ecdsa-jcs-2019", "ecdsa-rdfc-2019"])
    def test_a_cryptosuite_of_another_key_type_fails(self, cryptosuite: str) -> None:
        assert_stops_at("proof", FAILED, signed(options={"cryptosuite": cryptosuite}))

    def test_what_jcs_signed_is_not_signed_for_another_canonicalisation(self) -> None:
        assert_stops_at("proof", FAILED, signed(options={"cryptosuite": "eddsa-rdfc-2022"}))

    @pytest.mark.parametrize("kind", ["JsonWebSignature2020", "Ed25519Signature2018", "DataIntegrityProo"])
    def test_an_unknown_proof_type_is_undetermined(self, kind: str) -> None:
        assert_stops_at("proof", UNDETERMINED, signed(options={"type": kind, "cryptosuite": None}))

    def test_a_proof_type_that_is_its_own_cryptosuite_has_no_other(self) -> None:
        assert_stops_at("proof", FAILED, signed(options={"type": "Ed25519Signature2020"}))

    @pytest.mark.parametrize("kind", ["", None, 5, ["DataIntegrityProof"]])
    def test_a_proof_without_one_type_breaks_the_data_model(self, kind: Any) -> None:
        assert_stops_at("data-model", FAILED, signed(options={"type": kind}))

    def test_no_proof_fails(self) -> None:
        assert_stops_at("proof", FAILED, CREDENTIAL)

    @pytest.mark.parametrize("proof", [[], None, "x", [None], [[]], 5])
    def test_a_proof_that_is_none_fails(self, proof: Any) -> None:
        assert_stops_at("data-model", FAILED, {**CREDENTIAL, "proof": proof})

    def test_one_proof_in_an_array_is_that_proof(self) -> None:
        document = signed()
        assert document_of(verify({**document, "proof": [document["proof"]]})) == CREDENTIAL

    def test_the_proof_of_another_credential_fails(self) -> None:
        other = signed({"id": "urn:uuid:2"})
        assert_stops_at("proof", FAILED, {**CREDENTIAL, "proof": other["proof"]})


class TestPurpose:
    @pytest.mark.parametrize("purpose", ["authentication", "capabilityInvocation", "AssertionMethod", "id"])
    def test_a_proof_made_for_something_else_fails(self, purpose: str) -> None:
        assert_judged("purpose", FAILED, verify(signed(options={"proofPurpose": purpose})))

    @pytest.mark.parametrize("purpose", ["", None, 5, ["assertionMethod"]])
    def test_a_proof_without_one_purpose_fails(self, purpose: Any) -> None:
        assert_stops_at("proof", FAILED, signed(options={"proofPurpose": purpose}))

    def resolved(self, **changes: Any) -> Report:
        """The report where the issuer's DID document is the usual one with `changes`."""
        document = {**resolver.resolve(ISSUER), **changes}
        return verifier.verify(
            signed(), policy=POLICY, now=NOW, sources=Sources(resolve=lambda _: document)
        ).report

    def test_a_key_the_issuer_does_not_list_for_assertions_fails(self) -> None:
        assert outcomes(self.resolved(assertionMethod=[]))["purpose"] is FAILED
        assert outcomes(self.resolved(assertionMethod=[OTHER_METHOD]))["purpose"] is FAILED

    def test_a_key_that_somebody_else_controls_fails(self) -> None:
        method = {**resolver.resolve(ISSUER)["verificationMethod"][0], "controller": OTHER}
        assert outcomes(self.resolved(verificationMethod=[method]))["purpose"] is FAILED

    def test_a_key_that_stands_under_assertion_method_alone_is_the_issuers(self) -> None:
        # DID Core 5.3.1: a verification method may be embedded in a verification relationship.
        method = resolver.resolve(ISSUER)["verificationMethod"][0]
        report = self.resolved(verificationMethod=[], assertionMethod=[method], authentication=[])
        assert report.outcome is PASSED

    def test_the_key_that_signed_is_the_one_that_may_assert(self) -> None:
        # One id for two keys: the listed one may assert, the other one signed.
        method = resolver.resolve(ISSUER)["verificationMethod"][0]
        other = {**method, "publicKeyMultibase": OTHER.removeprefix(did_key.PREFIX)}
        assert self.resolved(assertionMethod=[other]).outcome is not PASSED


class TestTime:
    @pytest.mark.parametrize(
        ("now", "outcome"),
        [
            (datetime(2026, 1, 1, tzinfo=UTC) - 61 * SECOND, FAILED),
            (datetime(2026, 1, 1, tzinfo=UTC) - 60 * SECOND, PASSED),
            (datetime(2026, 1, 1, tzinfo=UTC), PASSED),
            (datetime(2027, 1, 1, tzinfo=UTC), PASSED),
            (datetime(2027, 1, 1, tzinfo=UTC) + 60 * SECOND, PASSED),
            (datetime(2027, 1, 1, tzinfo=UTC) + 60 * SECOND + timedelta(microseconds=1), FAILED),
        ],
    )
    def test_it_holds_from_valid_from_to_valid_until_and_a_leeway_around(
        self, now: datetime, outcome: Outcome
    ) -> None:
        assert_judged("time", outcome, verify(signed(), now=now))

    def test_without_leeway_the_edges_are_exact(self) -> None:
        policy = Policy(issuers=frozenset({ISSUER}), leeway=timedelta(0))
        for now, outcome in [
            (datetime(2026, 1, 1, tzinfo=UTC) - SECOND, FAILED),
            (datetime(2026, 1, 1, tzinfo=UTC), PASSED),
            (datetime(2027, 1, 1, tzinfo=UTC), PASSED),
            (datetime(2027, 1, 1, tzinfo=UTC) + SECOND, FAILED),
        ]:
            assert_judged("time", outcome, verify(signed(), policy=policy, now=now))

    def test_not_yet_valid_and_expired_are_told_apart(self) -> None:
        early = verify(signed(), now=datetime(2020, 1, 1, tzinfo=UTC)).report.decisive
        late = verify(signed(), now=datetime(2030, 1, 1, tzinfo=UTC)).report.decisive
        assert (early.name, early.reason) == ("time", "not valid yet")
        assert (late.name, late.reason) == ("time", "expired")

    def test_zones_are_moments_not_spellings(self) -> None:
        bounds = {"validFrom": "2026-07-01T13:00:00+02:00", "validUntil": "2026-07-01T09:00:00-04:00"}
        assert_judged("time", PASSED, verify(signed(bounds)))
        assert_judged("time", FAILED, verify(signed({**bounds, "validUntil": "2026-07-01T13:30:00+02:00"})))

    @pytest.mark.parametrize(
        ("expires", "outcome"),
        [
            ("2026-07-01T12:00:00Z", PASSED),
            ("2026-07-01T11:59:00Z", PASSED),
            ("2026-07-01T11:58:59Z", FAILED),
        ],
    )
    def test_a_proof_that_has_expired_fails(self, expires: str, outcome: Outcome) -> None:
        assert_judged("time", outcome, verify(signed(options={"expires": expires})))

    @pytest.mark.parametrize("expires", ["2026-07-01", "never", "", 5, {}, ["2027-01-01T00:00:00Z"]])
    def test_a_proof_that_expires_at_no_moment_fails(self, expires: Any) -> None:
        assert_stops_at("proof", FAILED, signed(options={"expires": expires}))


class TestStatusAndSchema:
    @pytest.mark.parametrize(
        "status",
        [
            pytest.param([{"type": "X"}], id="an unknown mechanism"),
            pytest.param({"type": "RevocationList2020Status"}, id="an old mechanism"),
            pytest.param(ENTRY, id="a list out of reach"),
            pytest.param([ENTRY, {**ENTRY, "statusListIndex": "2"}], id="two entries"),
            pytest.param([ENTRY, {"type": "X"}], id="one of each"),
        ],
    )
    def test_a_status_that_can_not_be_looked_up_is_undetermined(self, status: Any) -> None:
        assert_judged("status", UNDETERMINED, verify(signed({"credentialStatus": status})))

    @pytest.mark.parametrize(
        "change",
        [
            {"statusListCredential": None},
            {"statusListCredential": "no url"},
            {"statusListIndex": None},
            {"statusListIndex": 5},
            {"statusListIndex": "-1"},
            {"statusListIndex": "5.0"},
            {"statusPurpose": None},
            {"statusSize": 0},
            {"statusSize": 2},
        ],
    )
    def test_a_status_entry_that_breaks_the_rules_of_its_mechanism_fails(
        self, change: dict[str, Any]
    ) -> None:
        assert_judged("status", FAILED, verify(signed({"credentialStatus": {**ENTRY, **change}})))

    @pytest.mark.parametrize("member", ["credentialStatus", "credentialSchema"])
    @pytest.mark.parametrize("value", [[], None, {}, "x", [[]], {"type": 5}])
    def test_what_is_no_status_or_schema_at_all_breaks_the_data_model(self, member: str, value: Any) -> None:
        document = {**CREDENTIAL, member: value}
        assert_stops_at("data-model", FAILED, with_own_proof(document))

    def test_a_schema_that_is_not_at_hand_is_undetermined(self) -> None:
        schema = {"type": "JsonSchema", "id": "https://example.org/s"}
        assert_judged("schema", UNDETERMINED, verify(signed({"credentialSchema": schema})))

    def test_a_status_can_not_be_taken_away(self) -> None:
        document = signed({"credentialStatus": {"type": "BitstringStatusListEntry"}})
        del document["credentialStatus"]
        assert_stops_at("proof", FAILED, document)


class TestTrust:
    @pytest.mark.parametrize(
        ("policy", "outcome"),
        [
            (Policy(issuers=frozenset({ISSUER, OTHER})), PASSED),
            (Policy(issuers=frozenset({OTHER})), FAILED),
            (Policy(issuers=frozenset({OTHER}), any_issuer=True), FAILED),
            (Policy(issuers=frozenset({METHOD})), FAILED),
            (Policy(issuers=frozenset({ISSUER[:-1]})), FAILED),
            (Policy(any_issuer=True), PASSED),
            (Policy(), UNDETERMINED),
        ],
    )
    def test_only_who_was_asked_for_is_trusted_and_nobody_by_default(
        self, policy: Policy, outcome: Outcome
    ) -> None:
        found = verify(signed(), policy=policy)
        if outcome is not FAILED:
            assert_judged("trust", outcome, found)
            return
        assert found.report.decisive.name == "trust"
        left_out = [check.name for check in found.report.checks if check.code == NOT_MADE]
        assert left_out == [name for name in CHECKS[2:] if name != "trust"]


# What an attacker does to a credential that was signed


def nodes(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every value in a document with the path to it, itself first."""
    yield path, value
    if isinstance(value, (dict, list)):
        for step, child in value.items() if isinstance(value, dict) else enumerate(value):
            yield from nodes(child, (*path, step))


def parent(document: Any, path: tuple[Any, ...]) -> Any:
    for step in path[:-1]:
        document = document[step]
    return document


def replaced(document: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(document)
    parent(changed, path)[path[-1]] = value
    return changed


STRINGS = [(path, value) for path, value in nodes(signed()) if isinstance(value, str)]
NUMBERS = [(path, value) for path, value in nodes(signed()) if type(value) in (int, float)]
CONTAINERS = [(path, value) for path, value in nodes(signed()) if isinstance(value, (dict, list))]
ODD_VALUES: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
    10**30,
    float("nan"),
    "",
    "x",
    "\ud800",
    [],
    [[]],
    {},
    {"": 0},
]


def pointer(path: tuple[Any, ...]) -> str:
    return "/" + "/".join(str(step) for step in path)


def assert_never_passes(document: dict[str, Any]) -> None:
    found = verify(document, policy=Policy(any_issuer=True))
    assert found.report.outcome is not PASSED, document


@pytest.mark.sampled(6)
@pytest.mark.parametrize(("path", "value"), STRINGS, ids=[pointer(path) for path, _ in STRINGS])
def test_no_character_can_be_changed_added_or_removed(path: tuple[Any, ...], value: str) -> None:
    document = signed()
    for position, character in enumerate(value):
        flipped = chr(ord(character) ^ 1)
        for spelling in (flipped, character * 2, "", character.swapcase(), character + "\u200b"):
            changed = value[:position] + spelling + value[position + 1 :]
            if changed != value:
                assert_never_passes(replaced(document, path, changed))


@pytest.mark.parametrize(("path", "value"), NUMBERS, ids=[pointer(path) for path, _ in NUMBERS])
def test_no_number_can_be_changed(path: tuple[Any, ...], value: float) -> None:
    for number in (value + 1, -value, value * 10, value + 1e-9, str(value), [value], bool(value), None):
        assert_never_passes(replaced(signed(), path, number))


@pytest.mark.parametrize(("path", "value"), CONTAINERS, ids=[pointer(path) for path, _ in CONTAINERS])
def test_no_member_can_be_added_removed_renamed_or_moved(path: tuple[Any, ...], value: Any) -> None:
    for position in range(len(value)):
        changed = copy.deepcopy(signed())
        container = parent(changed, (*path, None))
        if isinstance(container, dict):
            name = list(container)[position]
            for other in (name + " ", name.swapcase(), "x" + name):
                container[other] = container.pop(name)
                assert_never_passes(changed)
                container[name] = container.pop(other)
            del container[name]
        else:
            container.insert(position, container[position])
            assert_never_passes(changed)
            del container[position : position + 2]
        assert_never_passes(changed)


@pytest.mark.parametrize("path", [path for path, value in CONTAINERS if isinstance(value, dict)], ids=pointer)
@pytest.mark.parametrize("name", ["x", "", "@type", "credentialStatus", "validUntil", "proofPurpose ", "id "])
def test_no_member_can_be_added_to_any_object(path: tuple[Any, ...], name: str) -> None:
    changed = copy.deepcopy(signed())
    target = parent(changed, (*path, None))
    values: list[Any] = [None, "x", [], {}]
    for value in values:
        target[name] = value
        assert_never_passes(changed)


def test_no_order_of_values_can_be_changed() -> None:
    for path, value in CONTAINERS:
        if isinstance(value, list) and len(value) > 1:
            assert_never_passes(replaced(signed(), path, value[::-1]))


@pytest.mark.parametrize(
    "extra", [["https://evil.example/v1"], [{"degree": "https://evil.example/#degree"}], [{}, "urn:x"]]
)
def test_a_context_appended_after_the_signed_ones_is_not_in_what_comes_back(extra: list[Any]) -> None:
    document = signed()
    document["@context"] = [*document["@context"], *extra]
    found = verify(document)
    assert found.report.outcome is PASSED
    assert document_of(found) == CREDENTIAL


class TestHostileInput:
    """Whatever the document holds, the answer is a report."""

    @pytest.mark.parametrize("path", [path for path, _ in nodes(signed()) if path], ids=pointer)
    def test_a_value_of_any_type_anywhere_is_reported_not_raised(self, path: tuple[Any, ...]) -> None:
        for value in ODD_VALUES:
            assert_never_passes(replaced(signed(), path, value))

    @pytest.mark.sampled(11)
    @pytest.mark.parametrize(
        ("in_proof", "name"),
        [
            *itertools.product([False], [*CREDENTIAL, "proof", "credentialStatus", "evidence", "name", "x"]),
            *itertools.product([True], [*signed()["proof"], "expires", "previousProof", "x"]),
        ],
    )
    @pytest.mark.parametrize("kind", [list, dict])
    def test_bottomless_nesting_is_reported_not_raised(self, in_proof: bool, name: str, kind: type) -> None:
        deep: Any = "x"
        for _ in range(20_000):
            deep = [deep] if kind is list else {"id": deep}
        document = signed()
        (document["proof"] if in_proof else document)[name] = deep
        outcome = verify(document).report.outcome
        # An assertion on the document itself would print it, and printing is recursive.
        assert outcome is not PASSED

    def test_a_context_nested_as_deeply_in_the_proof_as_in_the_document_is_reported(self) -> None:
        document = signed()
        for holder in (document, document["proof"]):
            deep: Any = "x"
            for _ in range(20_000):
                deep = {"x": deep}
            holder["@context"] = [model.CONTEXT, deep]
        outcome = verify(document).report.outcome
        assert outcome is not PASSED

    def test_very_long_values_are_not_quoted_whole(self) -> None:
        long = "did:key:" + "z" * 1_000_000
        for document in (
            signed({"issuer": long}),
            signed({"issuer": "https:" + long}),
            signed({"validFrom": long}),
            signed(options={"cryptosuite": long}),
            signed(options={"type": long}),
            signed(options={"expires": long}),
        ):
            assert max(len(check.reason) for check in verify(document).report.checks) < 500


class TestHostileDidDocument:
    """A DID document comes from whoever controls the DID."""

    @pytest.mark.parametrize("member", ["verificationMethod", "assertionMethod", "id"])
    @pytest.mark.parametrize("value", [None, True, 5, "x", METHOD, {}, {"id": METHOD}, [], [None], [[]], [5]])
    def test_a_member_of_any_type_is_reported_not_raised(self, member: str, value: Any) -> None:
        document = {**resolver.resolve(ISSUER), member: value}
        report = verifier.verify(
            signed(), policy=POLICY, now=NOW, sources=Sources(resolve=lambda _: document)
        ).report
        assert report.outcome is not PASSED

    @pytest.mark.parametrize("member", ["id", "type", "controller", "publicKeyMultibase"])
    @pytest.mark.parametrize("value", [None, True, 5, "", "z", [], {}, ["x"]])
    def test_a_method_of_any_shape_is_reported_not_raised(self, member: str, value: Any) -> None:
        document = copy.deepcopy(resolver.resolve(ISSUER))
        document["verificationMethod"][0][member] = value
        report = verifier.verify(
            signed(), policy=POLICY, now=NOW, sources=Sources(resolve=lambda _: document)
        ).report
        assert report.outcome is not PASSED

    def test_no_document_at_all_is_reported_not_raised(self) -> None:
        report = verifier.verify(
            signed(), policy=POLICY, now=NOW, sources=Sources(resolve=lambda _: {})
        ).report
        assert report.outcome is not PASSED

    def test_an_error_of_the_resolver_is_a_verdict_on_the_issuer(self) -> None:
        def resolve(did: str) -> dict[str, Any]:
            raise MalformedInput("the DID document is not JSON")

        report = verifier.verify(signed(), policy=POLICY, now=NOW, sources=Sources(resolve=resolve)).report
        assert (report.outcome, report.decisive.name) == (FAILED, "issuer")
