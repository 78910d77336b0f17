"""Registration certificates of verifiers: what passes, and each fault on its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipse.credentials.status import Published, token_status_list
from ipse.errors import IpseError, Undetermined, UntrustedCertificate
from ipse.keys import key_types
from ipse.keys.certificates import Certificate
from ipse.protocols import registration_certificates
from ipse.protocols.registered_use import SupervisoryAuthority, Text
from ipse.protocols.registration_certificates import Registration, Registrations
from tests.authorities import DAY, NOW, Held, distinguished, leaf_plan, root
from tests.registrations import (
    ACCESS,
    IDENTIFIER,
    LIST,
    REGISTRAR,
    ROOT,
    VCT,
    claims,
    credential,
    entry,
    signed,
)


def status_list(value: int = 0, signer: Held = REGISTRAR, **changes: Any) -> str:
    content = token_status_list.build_claims(
        uri=LIST,
        packed=token_status_list.pack(bytes([0, value, 0]), 2),
        bits=2,
        issued=NOW,
        expires=NOW + DAY,
    )
    return token_status_list.sign({**content, **changes}, signer.signing_key, key_id=None, x5c=signer.x5c)


def publishes(text: str) -> Callable[[str], Published]:
    def fetch(url: str) -> Published:
        assert url == LIST
        return Published(url, text.encode(), NOW)

    return fetch


def check(token: Any, *, access: Certificate | None = None, fetch: Any = None) -> Registration:
    return registration_certificates.check(
        token,
        access=access or ACCESS.value,
        anchors=[ROOT.value],
        now=NOW,
        fetch=fetch or publishes(status_list()),
    )


def code(token: Any, **options: Any) -> str:
    with pytest.raises(IpseError) as caught:
        check(token, **options)
    assert not isinstance(caught.value, Undetermined)
    return caught.value.code


def read_all(*entries: dict[str, Any], access: Certificate | None = ACCESS.value) -> Registrations:
    return registration_certificates.read_all(
        entries, access=access, anchors=[ROOT.value], now=NOW, fetch=publishes(status_list())
    )


def test_nobody_registers_itself() -> None:
    assert code(signed(signer=ACCESS)) == "registration-self-signed"
    renewed = ROOT.issue(
        leaf_plan(distinguished("Example Books", IDENTIFIER, organization_name="Example Books Ltd"))
    )
    assert code(signed(signer=renewed)) == "registration-self-signed"


class TestWhatPasses:
    def test_everything_that_the_owner_should_know_is_read(self) -> None:
        found = check(signed())
        assert (found.subject, found.name, found.legal_name) == (
            IDENTIFIER,
            "Example Books",
            "Example Books Ltd",
        )
        assert (found.issued, found.expires) == (NOW - DAY, NOW + 30 * DAY)
        assert found.registrar.anchor == ROOT.value
        assert found.status_unknown == ""
        assert found.intermediary is None
        use = found.use
        assert use.purposes == (Text("de-DE", "Altersprüfung"), Text("en-IE", "To check your age"))
        assert use.purpose() == "To check your age"
        assert use.purpose(["de"]) == "Altersprüfung"
        assert use.purpose(["fr"]) == "Altersprüfung"
        assert use.services == (Text("en", "A book shop"),)
        assert use.credentials[0].paths == (("age_over_18",), ("address",), ("degrees", None, "type"))
        assert use.privacy_policy == ("https://books.example/privacy",)
        assert use.support == ("privacy@books.example",)
        assert use.supervisory_authority == SupervisoryAuthority(
            "Data Protection Commission", "IE", ("info@dpc.example",), (), ("https://dpc.example",)
        )

    def test_the_spelling_of_version_1_1_1_is_read(self) -> None:
        older = claims(
            sub={"legal_name": ["Example Books Ltd"], "id": [{"type": "LEI", "identifier": IDENTIFIER}]},
            sub_ln=...,
            srv_description=...,
            service=[{"lang": "en", "value": "A book shop"}],
            privacy_policy=[{"type": "x", "policyURI": "https://books.example/privacy"}],
            supervisory_authority=...,
            dpa={"country": "IE", "email": ["a@b.example"], "phone": ["1"], "uri": ["https://dpc.example"]},
            credentials=[{"format": "dc+sd-jwt", "meta": VCT, "claim": [{"path": "age_over_18"}]}],
        )
        found = check(signed(older))
        assert (found.subject, found.legal_name) == (IDENTIFIER, "Example Books Ltd")
        assert found.use.credentials[0].meta == {"vct_values": [VCT]}
        assert found.use.credentials[0].paths == (("age_over_18",),)
        assert found.use.services == (Text("en", "A book shop"),)
        assert found.use.privacy_policy == ("https://books.example/privacy",)
        assert found.use.supervisory_authority is not None
        assert found.use.supervisory_authority.phones == ("1",)
        assert check(signed(claims(sub={"id": IDENTIFIER}))).subject == IDENTIFIER

    def test_a_natural_person_is_bound_by_the_serial_number_of_its_certificate(self) -> None:
        person = claims(sub="TINIT-RSSMRC80A01H501U", sub_ln=..., sub_gn="Marco", sub_fn="Rossi")
        name = distinguished("Marco Rossi", serial_number="TINIT-RSSMRC80A01H501U")
        found = check(signed(person), access=ROOT.issue(leaf_plan(name)).value)
        assert found.legal_name == "Marco Rossi"

    def test_members_of_jades_signatures_may_be_critical(self) -> None:
        header: dict[str, Any] = {"b64": True, "sigT": "2026-05-31T12:00:00Z", "crit": ["sigT", "b64"]}
        assert check(signed(**header))
        assert check(signed(b64="true", cty="b64"))

    def test_without_an_end_it_holds_until_it_is_withdrawn(self) -> None:
        assert check(signed(claims(exp=...))).expires is None

    @pytest.mark.parametrize(
        "intermediary",
        [
            {"intermediary": {"sub": "LEIXG-AGENCY", "sname": "Agency"}},
            {"intermediary": {"sub": "LEIXG-AGENCY", "name": "Agency"}},
            {"act": {"sub": {"id": "LEIXG-AGENCY", "name": "Agency"}}},
        ],
    )
    def test_an_intermediary_that_the_registration_names_may_ask(self, intermediary: dict[str, Any]) -> None:
        access = ROOT.issue(leaf_plan(distinguished("Agency", "LEIXG-AGENCY"))).value
        found = check(signed(claims(**intermediary)), access=access)
        assert found.subject == IDENTIFIER
        assert found.intermediary == ("LEIXG-AGENCY", "Agency")
        assert check(signed(claims(**intermediary))).intermediary is None


FAULTS: dict[str, tuple[str, Callable[[], Any]]] = {
    "expired": ("registration-expired", lambda: signed(claims(exp=int(NOW.timestamp()) - 61))),
    "not-yet-valid": ("registration-not-yet-valid", lambda: signed(claims(iat=int(NOW.timestamp()) + 61))),
    "not-before": ("registration-not-yet-valid", lambda: signed(claims(nbf=int(NOW.timestamp()) + 61))),
    "longer-than-a-year": (
        "registration-too-long",
        lambda: signed(claims(exp=int((NOW + 367 * DAY).timestamp()))),
    ),
    "without-iat": ("malformed", lambda: signed(claims(iat=...))),
    "iat-of-text": ("malformed", lambda: signed(claims(iat="today"))),
    "exp-beyond-every-calendar": ("malformed", lambda: signed(claims(exp=1e300))),
    "of-another-verifier": ("registration-unbound", lambda: signed(claims(sub="LEIXG-OTHER"))),
    "intermediary-is-another": (
        "registration-unbound",
        lambda: signed(claims(sub="LEIXG-OTHER", intermediary={"sub": "LEIXG-THIRD"})),
    ),
    "without-sub": ("malformed", lambda: signed(claims(sub=...))),
    "empty-sub": ("malformed", lambda: signed(claims(sub=" "))),
    "sub-of-an-object-without-id": ("malformed", lambda: signed(claims(sub={"id": []}))),
    "signed-with-another-key": (
        "registration-signature",
        lambda: signed(key=key_types.generate("P-256")),
    ),
    "algorithm-of-another-curve": ("registration-signature", lambda: resigned({"alg": "ES384"})),
    "algorithm-none": ("registration-signature", lambda: resigned({"alg": "none"})),
    "unencoded-payload": ("registration-signature", lambda: signed(b64=False)),
    "critical-member-unknown": ("registration-signature", lambda: signed(crit=["exp"], exp=1)),
    "critical-member-missing": ("registration-signature", lambda: signed(crit=["sigT"])),
    "critical-list-empty": ("registration-signature", lambda: signed(crit=[])),
    "critical-no-list": ("registration-signature", lambda: signed(crit="sigT", sigT="x")),
    "critical-number": ("registration-signature", lambda: signed(crit=[1])),
    "registrar-expired": (
        "certificate-expired",
        lambda: signed(signer=ROOT.leaf(not_before=NOW - 9 * DAY, not_after=NOW - DAY)),
    ),
    "signed-by-the-verifier-itself": ("not-an-authority", lambda: signed(signer=ACCESS.leaf("Registrar"))),
    "without-x5c": ("chain-malformed", lambda: signed(x5c=...)),
    "another-type": ("malformed", lambda: signed(typ="JWT")),
    "withdrawn-is-text": ("malformed", lambda: "x.y.z"),
    "no-text": ("malformed", lambda: {"name": "x"}),
    "endless": ("too-large", lambda: "e" * 200_000),
}


def resigned(header: dict[str, Any]) -> str:
    """The token with other header members than its signer would write."""
    from ipse.credentials import jws
    from ipse.encoding import base64url

    token = jws.read(signed(), what="it")
    protected = base64url.encode(jws.encode_json({**token.header, **header}))
    return f"{protected}.{token.body}.{token.signature}"


@pytest.mark.parametrize("fault", FAULTS)
def test_a_registration_with_one_fault_is_refused(fault: str) -> None:
    expected, make = FAULTS[fault]
    found = code(make())
    assert found == expected or (expected == "too-large" and "large" in found)


def test_a_registrar_that_no_trusted_authority_names_is_undetermined() -> None:
    with pytest.raises(UntrustedCertificate):
        check(signed(signer=root("Nobody").leaf("Registrar")))


@pytest.mark.parametrize("typ", ["rc-rp+jwt", "rc-wrp+cwt"])
def test_other_registrations_are_undetermined(typ: str) -> None:
    with pytest.raises(Undetermined, match="are not read"):
        check(signed(typ=typ))


@given(st.integers(min_value=0), st.integers(0, 5))
def test_a_registration_with_one_character_changed_never_passes(position: int, shift: int) -> None:
    token = signed(claims(exp=...))
    at = position % len(token)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = alphabet[(alphabet.find(token[at]) + 1 + shift) % 64]
    with pytest.raises(IpseError):
        check(token[:at] + other + token[at + 1 :])


class TestStatus:
    @pytest.mark.parametrize(
        ("value", "expected"), [(1, "registration-revoked"), (2, "registration-suspended")]
    )
    def test_a_withdrawn_registration_is_refused(self, value: int, expected: str) -> None:
        assert code(signed(), fetch=publishes(status_list(value))) == expected

    @pytest.mark.parametrize(
        "text",
        [
            status_list(signer=root("Nobody").leaf()),
            status_list(sub="https://registrar.example/status/2"),
            status_list(exp=int((NOW - DAY).timestamp())),
            status_list(3),
            "e30.e30.",
            "",
        ],
        ids=["of-nobody", "another-list", "expired", "a-value-of-its-own", "no-token", "nothing"],
    )
    def test_a_list_that_can_not_be_relied_on_leaves_it_open(self, text: str) -> None:
        assert check(signed(), fetch=publishes(text)).status_unknown

    def test_where_it_can_not_be_looked_up_or_names_no_list_it_is_open(self) -> None:
        def down(url: str) -> Published:
            raise Undetermined(f"{url} does not answer")

        assert "does not answer" in check(signed(), fetch=down).status_unknown
        assert "names no status list" in check(signed(claims(status=...))).status_unknown
        found = registration_certificates.check(signed(), access=ACCESS.value, anchors=[ROOT.value], now=NOW)
        assert found.status_unknown == "its status was not looked up"

    def test_an_authority_for_status_lists_may_have_signed_the_list(self) -> None:
        lists = root("Status Root CA")
        found = registration_certificates.check(
            signed(),
            access=ACCESS.value,
            anchors=[ROOT.value],
            now=NOW,
            fetch=publishes(status_list(signer=lists.leaf("Lists"))),
            status_anchors=[lists.value],
        )
        assert found.status_unknown == ""


class TestVerifierInfo:
    def test_entries_in_other_formats_are_left_alone(self) -> None:
        others: list[dict[str, Any]] = [
            {"format": "jwt", "data": "eyJ0eXAiOiJKV1QifQ.e30.AA"},
            {"format": "x", "data": {"a": 1}},
            {},
        ]
        assert read_all(*others) == Registrations()

    @pytest.mark.parametrize("form", ["registration_cert", "rc-wrp+jwt", "jwt"])
    def test_a_registration_is_found_by_its_format_or_its_type(self, form: str) -> None:
        assert len(read_all({"format": form, "data": signed()}).valid) == 1

    def test_one_that_does_not_hold_is_named_and_does_not_hide_another(self) -> None:
        found = read_all(entry(signed(claims(sub="LEIXG-OTHER"))), entry(), entry("x"))
        assert [each.subject for each in found.valid] == [IDENTIFIER]
        assert [refusal[0] for refusal in found.refused] == ["registration-unbound", "malformed"]

    def test_it_is_about_the_queries_that_the_entry_names(self) -> None:
        found = read_all(entry(credential_ids=["pid"]), entry())
        assert [each.query_ids for each in found.valid] == [("pid",), None]
        assert len(found.of("pid")) == 2
        assert len(found.of("other")) == 1
        assert read_all(entry(credential_ids=7)).of("pid") == ()

    def test_a_verifier_that_no_certificate_proves_has_none(self) -> None:
        found = read_all(entry(), access=None)
        assert found.valid == ()
        assert found.refused[0][0] == "registration-unbound"

    def test_a_thousand_are_not_looked_at(self) -> None:
        found = read_all(*[entry("x")] * 1000)
        assert len(found.refused) == 9
        assert found.refused[-1][0] == "registration-too-many"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=8,
    ),
    st.sampled_from(["credentials", "purpose", "sub", "srv_description", "privacy_policy", "intermediary",
                     "supervisory_authority", "act", "status", "name", "entitlements", "exp", "iat"]),
)  # fmt: skip
def test_no_content_of_a_member_is_an_error_of_the_program(value: Any, member: str) -> None:
    try:
        found = check(signed(claims(**{member: value})))
    except IpseError:
        return
    assert found.subject


def test_a_part_that_can_not_be_read_grants_nothing() -> None:
    read = check(
        signed(
            claims(
                credentials=[
                    credential(["a"], meta=7),
                    {"format": "dc+sd-jwt", "claim": [{"path": ["a"]}]},
                    credential(["a"], []),
                    credential(format=7),
                    "x",
                    {**credential(["wide"]), "claim": [], "claims": [{"path": ["wide"]}]},
                ]
            )
        )
    ).use.credentials
    assert [entry.meta for entry in read] == [None, None, {"vct_values": [VCT]}, {"vct_values": [VCT]}]
    assert [entry.paths for entry in read] == [(("a",),), (("a",),), (("a",),), ()]
