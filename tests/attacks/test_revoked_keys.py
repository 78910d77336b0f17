"""A key that its owner has given up, or whose time is over.

The attacker has a key that was stolen, and that its owner has revoked since: the DID document says `revoked`
or `expires` of it. They sign with it now, or date what they sign before the end. Both used to pass, since
nobody looked at the two members.

It cannot come back: every signature by a key of a DID document goes through one check, whoever reads it. What
is dated at the end or after it fails. What is dated before is its signer's own word, so it is undetermined,
unless the verifier judges it as of a time before the end; so is an end that can't be read. That no module
reaches a key by another way is held by a test on the source.
"""

from __future__ import annotations

import ast
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import cbor2
import pytest

from ipse.credentials import formats
from ipse.credentials.formats.format import Draft
from ipse.credentials.policy import Sources
from ipse.credentials.report import Outcome
from ipse.credentials.status.published import Published
from ipse.credentials.status.status_list_cwt import CWT_TYPE
from ipse.credentials.status.token_status_list import build_claims, pack, sign
from ipse.disclosure import receipts
from ipse.disclosure.answers import build_answer
from ipse.disclosure.methods import OWNER
from ipse.encoding import base64url
from ipse.encoding.timestamps import format_timestamp, to_numeric_date
from ipse.errors import IpseError, Undetermined, UnusableKey
from ipse.protocols import openid4vp
from tests.attacks.presenting import MADE, check, published, verify, web
from tests.corpus.building import (
    HOLDER,
    ISSUER,
    NOW,
    Json,
    Party,
    credential,
    jwt,
    presentation,
    presented,
    w3c,
)
from tests.corpus.jwt_faults import enveloped
from tests.corpus.sd_jwt_building import claims, key_binding, sd_jwt
from tests.unit.disclosure import material

PASSED, FAILED, UNDETERMINED = Outcome.PASSED, Outcome.FAILED, Outcome.UNDETERMINED
DAY: Final = timedelta(days=1)
END: Final = NOW - 10 * DAY
BEFORE, AFTER = END - DAY, END + DAY
CODES: Final = {"revoked": "key-revoked", "expires": "key-expired"}
every_end = pytest.mark.parametrize(("member", "code"), CODES.items())


def _credentials() -> dict[str, Any]:
    """Each kind of credential by a party, its signature dated, None for one that is not."""

    def in_data_integrity(by: Any, made: datetime | None, suite: str = "eddsa-jcs-2022") -> Json:
        return w3c(credential(by), by, suite=suite, created=... if made is None else format_timestamp(made))

    def in_jwt(by: Any, made: datetime | None) -> str:
        return jwt({**credential(by), **_iat(made)}, by)

    def in_sd_jwt(by: Any, made: datetime | None) -> str:
        return sd_jwt({**claims(iss=by.did, iat=...), **_iat(made)}, by=by)

    return {
        "jcs": in_data_integrity,
        "rdfc": lambda by, made: in_data_integrity(by, made, "eddsa-rdfc-2022"),
        "jwt": in_jwt,
        "sd-jwt": in_sd_jwt,
    }


def _iat(made: datetime | None) -> Json:
    return {} if made is None else {"iat": to_numeric_date(made)}


CREDENTIALS: Final = _credentials()
every_credential = pytest.mark.parametrize("make", CREDENTIALS.values(), ids=CREDENTIALS)


def ended(member: str, value: Any = None, did: str = "did:web:signer.example", party: Any = ISSUER) -> Any:
    """A party whose key has an end, and the documents."""
    ends: dict[str, Any] = {member: format_timestamp(END) if value is None else value}
    return web(party, did, **ends)


@every_credential
class TestCredentials:
    def purpose(self, make: Any, member: str, made: datetime | None, *, now: datetime = NOW) -> Any:
        by, documents = ended(member)
        found = verify(
            make(by, made), documents=documents, now=now, issuers=frozenset({by.did}), challenge=None
        )
        return *check(found, "purpose"), found.report.outcome

    @every_end
    @pytest.mark.parametrize("made", [END, END + timedelta(seconds=1), AFTER, NOW])
    def test_signed_after_the_end_fail(self, make: Any, member: str, code: str, made: datetime) -> None:
        assert self.purpose(make, member, made) == (FAILED, code, FAILED)

    @every_end
    @pytest.mark.parametrize("made", [BEFORE, END - timedelta(seconds=1), None])
    def test_dated_before_the_end_or_not_at_all_are_undetermined(
        self, make: Any, member: str, code: str, made: datetime | None
    ) -> None:
        assert self.purpose(make, member, made) == (UNDETERMINED, code, UNDETERMINED)

    @every_end
    def test_judged_as_of_a_time_before_the_end_pass(self, make: Any, member: str, code: str) -> None:
        outcome, found, _ = self.purpose(make, member, BEFORE, now=END - timedelta(hours=1))
        assert (outcome, found) == (PASSED, "")
        outcome, found, _ = self.purpose(make, member, AFTER, now=END - timedelta(hours=1))
        assert (outcome, found) == (FAILED, code)

    @pytest.mark.parametrize("member", CODES)
    def test_by_a_key_whose_end_is_still_to_come_pass(self, make: Any, member: str) -> None:
        by, documents = ended(member, format_timestamp(NOW + DAY))
        asked: dict[str, Any] = {"documents": documents, "issuers": frozenset({by.did}), "challenge": None}
        assert verify(make(by, BEFORE), **asked).report.outcome is PASSED

    @pytest.mark.parametrize("member", CODES)
    @pytest.mark.parametrize(
        "value", ["", "2024", "2024-01-01", "2024-01-01T00:00:00", 1, None, [], {}, "no"]
    )
    def test_whose_end_cant_be_read_are_undetermined(self, make: Any, member: str, value: Any) -> None:
        by, documents = web(ISSUER, **{member: value})
        asked: dict[str, Any] = {"documents": documents, "issuers": frozenset({by.did}), "challenge": None}
        found = verify(make(by, BEFORE), **asked)
        assert check(found, "purpose") == (UNDETERMINED, "key-dates-malformed")
        assert found.report.outcome is UNDETERMINED

    def test_the_end_that_decides_is_the_one_that_fails(self, make: Any) -> None:
        by, documents = web(ISSUER, revoked="never", expires=format_timestamp(END))
        asked: dict[str, Any] = {"documents": documents, "issuers": frozenset({by.did}), "challenge": None}
        assert check(verify(make(by, AFTER), **asked), "purpose") == (FAILED, "key-expired")

    def test_a_key_written_as_a_jwk_and_under_a_relationship_alone_has_its_end(self, make: Any) -> None:
        by, documents = web(ISSUER, jwk={}, revoked=format_timestamp(END))
        (document,) = documents.values()
        (method,) = document.pop("verificationMethod")
        document |= {"assertionMethod": [method], "authentication": []}
        asked: dict[str, Any] = {"documents": documents, "issuers": frozenset({by.did}), "challenge": None}
        assert check(verify(make(by, AFTER), **asked), "purpose") == (FAILED, "key-revoked")


class TestPresentations:
    @pytest.mark.parametrize("kind", ["data-integrity", "rdfc", "vp-jwt"])
    @every_end
    def test_by_a_holder_whose_key_has_ended_fail(self, kind: str, member: str, code: str) -> None:
        by, documents = ended(member, party=HOLDER)
        suite = "eddsa-rdfc-2022" if kind == "rdfc" else "eddsa-jcs-2022"
        about = w3c(credential(credentialSubject={"id": by.did, "degree": "x"}), suite=suite)
        found = verify(MADE[kind](about, by=by), documents=documents)
        assert check(found, "purpose") == (FAILED, code)
        assert found.report.outcome is FAILED

    @every_end
    def test_with_a_key_binding_by_such_a_key_fail(self, member: str, code: str) -> None:
        by, documents = ended(member, party=HOLDER)
        bare = sd_jwt(claims(sub=by.did, cnf={"kid": by.method}))
        found = verify(key_binding(bare), documents=documents)
        assert check(found, "holder-binding") == (FAILED, code)
        found = verify(key_binding(bare, iat=to_numeric_date(BEFORE)), documents=documents)
        assert check(found, "holder-binding")[0] is not PASSED

    def test_inside_of_them_a_key_binding_is_held_to_the_same(self) -> None:
        by, documents = ended("revoked", party=HOLDER)
        bare = sd_jwt(claims(cnf={"kid": by.method}))
        inside = enveloped("", id=f"data:application/dc+sd-jwt,{key_binding(bare)}")
        found = verify(MADE["data-integrity"](inside), documents=documents)
        assert check(found, "holder-binding", 1) == (FAILED, "key-revoked")

    def test_what_their_presenter_vouches_for_fails_with_them(self) -> None:
        by, documents = ended("revoked", party=HOLDER)
        own = credential(by, id=..., credentialSubject={"id": by.did, "degree": "x"})
        found = verify(
            presented(presentation(own, holder=by.did), by), documents=documents, issuers=frozenset({by.did})
        )
        assert check(found, "purpose", 1) == (FAILED, "key-revoked")

    def test_a_second_signer_is_held_to_it_too(self) -> None:
        other, documents = ended("revoked")
        document = credential()
        proofs = [w3c(document)["proof"], w3c(document, other, created=format_timestamp(NOW))["proof"]]
        found = verify({**document, "proof": proofs}, documents=documents, challenge=None)
        assert check(found, "purpose") == (FAILED, "key-revoked")


@pytest.mark.parametrize("form", ["jwt", "cwt"])
class TestStatusLists:
    URL: Final = "https://status.example/1"

    def status(self, form: str, issued: datetime, now: datetime) -> tuple[Outcome, str]:
        """The status of a credential by a key in use, whose list was signed at `issued` by one that ended."""
        by, documents = ended("revoked")
        (document,) = documents.values()
        new = {**document["verificationMethod"][0], "id": f"{by.did}#key-2"}
        del new["revoked"]
        document["verificationMethod"].append(new)
        document["assertionMethod"].append(new["id"])
        token = self.token(form, by, issued)
        sources = Sources(resolve=published(documents), fetch=lambda url: Published(url, token, NOW))
        content = claims(iss=by.did, status={"status_list": {"idx": 0, "uri": self.URL}})
        found = verify(
            sd_jwt(content, by=by, kid=new["id"]),
            sources=sources,
            issuers=frozenset({by.did}),
            challenge=None,
            now=now,
        )
        return check(found, "status")

    def token(self, form: str, by: Party, issued: datetime) -> bytes:
        content = build_claims(uri=self.URL, packed=pack(bytes(16), bits=1), bits=1, issued=issued)
        if form == "jwt":
            return sign(content, by.key, key_id=by.method).encode()
        lst = base64url.decode(content["status_list"]["lst"])
        payload = cbor2.dumps({2: self.URL, 6: to_numeric_date(issued), 65533: {"bits": 1, "lst": lst}})
        protected = cbor2.dumps({1: -8, 4: by.method.encode(), 16: CWT_TYPE})
        signature = by.key.sign(cbor2.dumps(["Signature1", protected, b"", payload]))
        return bytes(cbor2.dumps([protected, {}, payload, signature]))

    def test_signed_while_it_was_in_use_are_read_as_of_then(self, form: str) -> None:
        assert self.status(form, BEFORE, END - timedelta(hours=1)) == (PASSED, "")

    @pytest.mark.parametrize("issued", [BEFORE, AFTER, NOW])
    def test_signed_by_such_a_key_settle_nothing(self, form: str, issued: datetime) -> None:
        assert self.status(form, issued, NOW) == (UNDETERMINED, "key-revoked")


class TestRequests:
    def request(self, member: str, issued: datetime, value: Any = None) -> openid4vp.AuthorizationRequest:
        by, documents = ended(member, value, did="did:web:shop.example")
        payload = {
            "client_id": f"decentralized_identifier:{by.did}",
            "response_type": "vp_token",
            "redirect_uri": "https://shop.example/back",
            "aud": openid4vp.WALLET,
            "nonce": "n" * 32,
            "iat": to_numeric_date(issued),
            "exp": to_numeric_date(issued + 20 * DAY),
            "dcql_query": {"credentials": [{"id": "q", "format": "dc+sd-jwt", "meta": {}}]},
        }
        signed = jwt(payload, by, typ=openid4vp.TYPE)
        return openid4vp.parse_request(signed, resolve=published(documents))

    @every_end
    def test_of_applications_by_such_a_key_fail(self, member: str, code: str) -> None:
        with pytest.raises(UnusableKey) as raised:
            openid4vp.check_time(self.request(member, AFTER), NOW)
        assert raised.value.code == code

    @every_end
    def test_dated_before_the_end_are_undetermined(self, member: str, code: str) -> None:
        with pytest.raises(Undetermined) as raised:
            openid4vp.check_time(self.request(member, BEFORE), NOW)
        assert raised.value.code == code

    def test_by_a_key_still_in_use_are_read(self) -> None:
        openid4vp.check_time(self.request("revoked", AFTER, format_timestamp(NOW + DAY)), NOW)


class TestReceipts:
    @every_end
    def test_countersigned_by_such_a_key_are_undetermined(self, member: str, code: str) -> None:
        by, documents = ended(member, did="did:web:shop.example", party=Party(material.SHOP_KEY, "", ""))
        asked = material.question()
        answer = build_answer(
            asked, material.SAID["choose"], key=material.KEY, now=material.NOW, method=OWNER
        )
        made = receipts.build_receipt(asked, answer, number=1, key=material.KEY, now=material.NOW)
        both = receipts.countersign(made, by.did, by.method, by.key)
        early = receipts.verify_receipt(both, published(documents), now=END - DAY)
        assert early.countersigner == by.did
        for now in (END, NOW, None):
            with pytest.raises(Undetermined) as raised:
                receipts.verify_receipt(both, published(documents), now=now)
            assert raised.value.code == code


class TestIssuing:
    def key(self, *ends: str | None) -> Json:
        """The key that a credential is bound to, of a subject with a key for each of these ends."""
        by, documents = web(HOLDER)
        (document,) = documents.values()
        (method,) = document["verificationMethod"]
        methods = [
            {**method, "id": f"{by.did}#k{number}", **({} if end is None else {"revoked": end})}
            for number, end in enumerate(ends)
        ]
        document |= {"verificationMethod": methods, "authentication": [each["id"] for each in methods]}
        draft = Draft(by.did, ["https://issuer.example/degree"], {"degree": "x"})
        made = formats.named("sd-jwt").build(draft, ISSUER.did, now=NOW, resolve=published(documents))
        bound: Json = made["cnf"]["jwk"]
        return bound

    def test_nothing_is_bound_to_a_revoked_key(self) -> None:
        with pytest.raises(IpseError) as raised:
            self.key(format_timestamp(END))
        assert raised.value.code == "key-revoked"

    def test_it_is_bound_to_the_first_that_is_in_use(self) -> None:
        assert self.key(format_timestamp(END), None)["kty"] == "OKP"


def test_no_module_reaches_a_key_of_a_document_past_the_check() -> None:
    """Who reads a key out of a verification method also has it checked: each such module is known here."""
    source = Path(formats.__file__).parents[2]
    reading = {
        str(path.relative_to(source))
        for path in source.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute | ast.Name)
        and (node.attr if isinstance(node, ast.Attribute) else node.id) in ("method_key", "any_method_key")
    }
    checked = {
        "credentials/formats/data_integrity/format.py",
        "credentials/formats/jose/format.py",
        "credentials/formats/vcdm11/jwt.py",
        "credentials/formats/vcdm11/signing.py",  # whether it is the signer's own
        "credentials/signers.py",
        "dids/resolver.py",
        "dids/verification_methods.py",
        "disclosure/answers.py",
        "disclosure/signatures.py",
        "protocols/openid4vp/request_objects.py",
    }
    assert reading <= checked


def test_the_case_of_a_proof_of_today_by_a_key_of_2024() -> None:
    by, documents = web(ISSUER, revoked="2024-01-01T00:00:00Z")
    now = datetime(2026, 1, 1, tzinfo=UTC)
    signed = w3c(credential(by, validFrom="2025-01-01T00:00:00Z"), by, created=format_timestamp(now))
    asked: dict[str, Any] = {"documents": documents, "issuers": frozenset({by.did}), "challenge": None}
    found = verify(signed, now=now, **asked)
    assert check(found, "purpose") == (FAILED, "key-revoked")
    assert found.report.outcome is FAILED
