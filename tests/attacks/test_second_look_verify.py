"""A second look at verification: what one reader finds in a credential and another does not.

The attacker issues under a narrow trust, presents what is not theirs, or serves what a credential names. They
want a type that nobody trusted them with, a revocation that nobody sees, more requests or bytes than a
verification may cost, or a credential that is nested, named, dated or hidden so that its checks pass.

Six attempts got through. A member of the data model under another name (its IRI, an alias, `@type`, a
keyword that others can stand under) was there for JSON-LD readers alone, wherever every byte is signed; now
that leaves the data model undetermined, and is not issued. A status beside `vc` of a JWT was not looked up;
now it is part of the credential. Other types of an SD-JWT VC (`aka_vcts`) were not held to the trust list. A
JWT could hold a credential that calls itself an envelope of another one. Redirects, and answers that broke
off, were not counted; now each request and each byte is. And a number such as 1e20 could be issued and not be
read again, as its canonical form is an integer beyond 2^53. The others were refused before, and stay so.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from ipse.credentials import formats, verifier
from ipse.credentials.budget import MAX_FETCHED, Budget
from ipse.credentials.formats.format import IssueOptions, SigningKey
from ipse.credentials.formats.vcdm11 import didkit_process
from ipse.credentials.issuer import Issuer
from ipse.credentials.model import vcdm11
from ipse.credentials.report import Outcome
from ipse.encoding import strict_json
from ipse.errors import MalformedInput, TooMuchWork
from tests import bombs
from tests.attacks.presenting import (
    check,
    in_1_1_jwt,
    in_data_integrity,
    in_vp_jwt,
    verify,
    web,
)
from tests.attacks.test_unbounded_verification import ANYBODY, peer, within
from tests.corpus.building import (
    AUDIENCE,
    CREATED,
    HOLDER,
    ISSUER,
    NONCE,
    NOW,
    STRANGER,
    TERMS,
    Json,
    compact,
    credential,
    jwt,
    presentation,
    presented,
    w3c,
)
from tests.corpus.jwt_faults import enveloped
from tests.corpus.sd_jwt_building import (
    CITY,
    DEGREE,
    FIRST,
    NOW_SECONDS,
    STREET,
    bound,
    claims,
    digest,
    disclosure,
    key_binding,
    sd_jwt,
)
from tests.network_peer.server import raw, redirect

PASSED, FAILED, OPEN = Outcome.PASSED, Outcome.FAILED, Outcome.UNDETERMINED
V2: Final = "https://www.w3.org/ns/credentials/v2"
CREDENTIALS: Final = "https://www.w3.org/2018/credentials#"
ENVELOPE: Final = "EnvelopedVerifiableCredential"
with_didkit = pytest.mark.skipif(not didkit_process.available(), reason="didkit is not installed")


def alone(document: Json | str, **options: Any) -> Any:
    """The verification of a credential that nobody presents."""
    return verify(document, **{"challenge": None, **options})


def old(**changes: Any) -> Json:
    """An unsigned credential of data model 1.1."""
    document: Json = {
        "@context": [vcdm11.CONTEXT],
        "type": ["VerifiableCredential"],
        "issuer": ISSUER.did,
        "issuanceDate": CREATED,
        "credentialSubject": {"id": HOLDER.did, "degree": "Oceanography"},
    }
    return {**document, **changes}


def old_jwt(by: Any = ISSUER, **payload: Any) -> str:
    return jwt({"iss": by.did, "vc": old(), **payload}, by, typ="JWT")


STATUS: Final = {
    "type": "BitstringStatusListEntry",
    "statusPurpose": "revocation",
    "statusListIndex": "1",
    "statusListCredential": "https://status.example/list",
}
ALIASES: Final = {
    **TERMS,
    "kind": "@type",
    "inner": "@nest",
    "key": "@id",
    "cred": CREDENTIALS,
    "state": {"@id": CREDENTIALS + "credentialStatus", "@type": "@id"},
}
OTHER_NAMES: Final[dict[str, Json]] = {
    "a type by its keyword": {"@type": "AdminCredential"},
    "a type by an alias": {"kind": "AdminCredential"},
    "a status by its IRI": {CREDENTIALS + "credentialStatus": STATUS},
    "a status by a compact IRI": {"cred:credentialStatus": STATUS},
    "a status by an alias": {"state": STATUS},
    "an end by its IRI": {CREDENTIALS + "validUntil": {"@value": CREATED}},
    "a schema by its IRI": {CREDENTIALS + "credentialSchema": {"id": "urn:x", "type": "JsonSchema"}},
    "a status in a nest": {"@nest": {"credentialStatus": STATUS}},
    "a status in an alias of one": {"inner": {"credentialStatus": STATUS}},
    "a second issuer": {CREDENTIALS + "issuer": {"id": STRANGER.did}},
    "an issuer of two names": {"issuer": {"id": ISSUER.did, "@id": STRANGER.did}},
    "an issuer of two names, by an alias": {"issuer": {"id": ISSUER.did, "key": STRANGER.did}},
}


class TestMembersUnderOtherNames:
    """What JSON-LD readers find and readers of the JSON do not; the proof covers every byte."""

    @pytest.mark.parametrize("members", OTHER_NAMES.values(), ids=OTHER_NAMES)
    def test_whatever_secures_it(self, members: Json) -> None:
        document = credential(at_context=[V2, ALIASES], **members)
        for made in (w3c(document), jwt(document)):
            found = alone(made, issuers=(), trusted={ISSUER.did: {"DegreeCredential"}})
            assert check(found, "data-model") == (OPEN, "member-by-other-name")
        rdf = alone(w3c(credential(at_context=[V2, ALIASES]), suite="eddsa-rdfc-2022") | members)
        assert rdf.report.outcome is not PASSED

    @pytest.mark.parametrize("members", OTHER_NAMES.values(), ids=OTHER_NAMES)
    def test_where_a_context_is_not_known_as_well(self, members: Json) -> None:
        document = credential(at_context=[V2, "https://unknown.example/v1", ALIASES], **members)
        assert check(alone(jwt(document)), "data-model") == (OPEN, "member-by-other-name")

    @with_didkit
    def test_of_data_model_1_1_in_a_jwt(self) -> None:
        for document in (old(**{"@type": "Admin"}), old(issuer={"id": ISSUER.did, "@id": STRANGER.did})):
            found = alone(old_jwt(vc=document))
            assert check(found, "data-model") == (OPEN, "member-by-other-name")

    def test_a_presentation_hides_no_credential_and_no_holder(self) -> None:
        hidden = {"more": {"@id": CREDENTIALS + "verifiableCredential", "@type": "@id"}}
        stranger = w3c(credential(STRANGER), STRANGER)
        for changes in (
            {"at_context": [V2, hidden], "more": stranger},
            {"holder": {"id": HOLDER.did, "@id": STRANGER.did}},
        ):
            found = verify(presented(presentation(w3c(credential()), **changes)))
            assert check(found, "data-model") == (OPEN, "member-by-other-name")

    def test_it_is_not_issued(self) -> None:
        named = [("w3c", None, credential()), ("jwt", None, credential()), ("w3c-1.1", "JWT", old())]
        for name, suite, document in named:
            form = formats.named(name)
            form.warnings(document, IssueOptions(format=name, suite=suite))
            with pytest.raises(MalformedInput) as refused:
                form.warnings({**document, "@type": "Admin"}, IssueOptions(format=name, suite=suite))
            assert refused.value.code == "member-by-other-name"

    def test_an_ordinary_credential_of_many_contexts_passes(self) -> None:
        named = {"id": ISSUER.did, "name": "University", "description": [{"@value": "x", "@language": "en"}]}
        document = credential(
            at_context=[V2, ALIASES], issuer=named, name="Degree", evidence={"type": "Note"}
        )
        assert alone(jwt(document)).report.outcome is PASSED


@with_didkit
def test_a_status_beside_vc_is_part_of_the_credential() -> None:
    claim = {"status_list": {"idx": 1, "uri": "https://status.example/list"}}
    entry = {"id": "urn:x#1", **STATUS}
    assert alone(old_jwt()).report.outcome is PASSED
    for payload in ({"status": claim}, {"credentialStatus": entry}):
        assert check(alone(old_jwt(**payload)), "status") == (OPEN, "undetermined")
    twice = old_jwt(vc=old(credentialStatus=entry), credentialStatus={**entry, "statusListIndex": "2"})
    assert check(alone(twice), "parse") == (FAILED, "malformed")


def test_other_types_of_an_sd_jwt_are_held_to_the_trust_list_too() -> None:
    degree, admin = "https://issuer.example/degree", "https://issuer.example/admin"
    token = sd_jwt(claims(aka_vcts=[admin]))
    found = alone(token, issuers=(), trusted={ISSUER.did: {degree}})
    assert check(found, "trust") == (FAILED, "type-not-trusted")
    both = alone(token, issuers=(), trusted={ISSUER.did: {degree, admin}})
    assert (both.report.outcome, both.content.types) == (PASSED, (degree, admin))


class TestRequestsAndBytes:
    """Over a real HTTPS server."""

    def entries(self, urls: list[str]) -> Json:
        return w3c(credential(credentialStatus=[{**STATUS, "statusListCredential": url} for url in urls]))

    def test_redirects_are_counted_as_fetches(self, tmp_path: Path) -> None:
        with peer(tmp_path, {f"/{n}": redirect(f"/{n}/x") for n in range(4)}) as (server, reach):
            document = self.entries([server.url(f"/{n}") for n in range(4)])
            with pytest.raises(TooMuchWork) as ended:
                verifier.verify(document, policy=ANYBODY, now=NOW, sources=within(Budget(fetches=5), reach))
            assert (ended.value.code, len(server.requests)) == ("fetches-used-up", 5)

    def test_a_circle_of_redirects_costs_what_it_asks(self, tmp_path: Path) -> None:
        with peer(tmp_path, {"/a": redirect("/b"), "/b": redirect("/a")}) as (server, reach):
            budget = Budget(fetches=2)
            found = verifier.verify(
                self.entries([server.url("/a")]), policy=ANYBODY, now=NOW, sources=within(budget, reach)
            )
            assert (check(found, "status")[0], len(server.requests)) == (OPEN, 2)

    def test_bytes_of_answers_that_break_off_are_counted(self, tmp_path: Path) -> None:
        answer = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 40000\r\n\r\n", b"x" * 30_000)
        with peer(tmp_path, {f"/{n}": answer for n in range(4)}) as (server, reach):
            document = self.entries([server.url(f"/{n}") for n in range(4)])
            budget = Budget(fetched=70_000)
            with pytest.raises(TooMuchWork) as ended:
                verifier.verify(document, policy=ANYBODY, now=NOW, sources=within(budget, reach))
            assert (ended.value.code, len(server.requests)) == ("fetched-bytes-used-up", 3)
        assert MAX_FETCHED == 16 * 1024**2

    def test_a_list_that_failed_for_one_is_not_absent_for_another(self, tmp_path: Path) -> None:
        with peer(tmp_path, {}) as (server, reach):
            one = self.entries([server.url("/list")])
            found = verifier.verify(
                bombs.together(one, one), policy=ANYBODY, now=NOW, sources=within(Budget(), reach)
            )
            assert [check(found, "status", part)[0] for part in (1, 2)] == [OPEN, OPEN]
            assert len(server.requests) == 1


def _envelope(kind: Any, media_type: str, text: str) -> Json:
    return {"@context": V2, "id": f"data:{media_type},{text}", "type": kind}


def test_no_nesting_of_envelopes_contradicts_itself() -> None:
    token, answer = jwt(credential()), in_vp_jwt(w3c(credential()))
    presents = "EnvelopedVerifiablePresentation"
    inner = {
        **credential(),
        "type": ["VerifiableCredential", ENVELOPE],
        "id": f"data:application/vc+jwt,{token}",
    }
    for inside, part, where in (
        (_envelope(ENVELOPE, "application/vc+jwt", answer), 1, "parse"),
        (_envelope(ENVELOPE, "application/vc+jwt", jwt(inner)), 1, "data-model"),
        (
            {**_envelope(ENVELOPE, "application/vc+jwt", token), "proof": w3c(credential())["proof"]},
            1,
            "parse",
        ),
        (_envelope(ENVELOPE, "application/vp+jwt", answer), 0, "data-model"),
        (_envelope(presents, "application/vp+jwt", answer), 0, "data-model"),
    ):
        found = verify(in_data_integrity(inside))
        assert (found.report.outcome, check(found, where, part)[0]) == (FAILED, FAILED)
    for whole in (
        _envelope([presents, ENVELOPE], "application/vp+jwt", answer),
        _envelope(presents, "application/vp+jwt", token),
        _envelope(ENVELOPE, "application/VC+JWT", token),
        _envelope(ENVELOPE, "application/vc+jwt;base64", token),
        _envelope(ENVELOPE, "application/vc+jwt", sd_jwt(claims())),
    ):
        assert check(verify(whole), "parse") == (FAILED, "malformed")


def test_a_stranger_is_found_in_whatever_form_they_stand_among_the_trusted() -> None:
    good, strange = w3c(credential()), w3c(credential(STRANGER), STRANGER)
    token = jwt(credential(STRANGER), STRANGER)
    named = w3c(credential(STRANGER, issuer={"id": STRANGER.did, "name": ISSUER.did}), STRANGER)
    makes: list[Callable[..., Any]] = [
        in_data_integrity,
        in_vp_jwt,
        *([in_1_1_jwt] if didkit_process.available() else []),
    ]
    others: list[Any] = [[strange], json.dumps(strange), token, 7, None, [[]]]
    for make in makes:
        for hidden in (strange, named, enveloped(token)):
            assert check(verify(make(good, hidden)), "trust", 2) == (FAILED, "issuer-not-asked-for")
        for other in others:
            assert verify(make(good, other)).report.outcome is FAILED


@pytest.mark.parametrize(
    "token",
    [
        sd_jwt(claims(iss=STRANGER.did, _sd=[digest(disclosure("iss", ISSUER.did))]),
               STREET, CITY, FIRST, disclosure("iss", ISSUER.did), by=STRANGER),
        sd_jwt(claims(iss=..., _sd=[digest(disclosure("iss", ISSUER.did))]),
               STREET, CITY, FIRST, disclosure("iss", ISSUER.did), by=STRANGER),
        sd_jwt(claims(vct=..., _sd=[digest(disclosure("vct", "degree"))]),
               STREET, CITY, FIRST, disclosure("vct", "degree")),
        sd_jwt(claims(iss={"_sd": [digest(DEGREE)]}), DEGREE),
        sd_jwt(claims(), by=STRANGER, kid=STRANGER.method),
        jwt(credential(), STRANGER),
        jwt(credential(), iss=STRANGER.did),
        jwt({**credential(), "iss": STRANGER.did}),
        old_jwt(STRANGER),
        old_jwt(STRANGER, iss=ISSUER.did),
    ],
    ids=["two iss", "hidden iss", "hidden vct", "iss of digests", "kid of another", "kid of another JWT",
         "iss of the header", "iss of the claims", "iss and issuer", "kid of another in 1.1"],
)  # fmt: skip
def test_the_claimed_issuer_is_the_one_that_the_proof_covers(token: str) -> None:
    if token.count(".") == 2 and "~" not in token and not didkit_process.available():
        pytest.skip("didkit is not installed")
    assert alone(token).report.outcome is not PASSED


def test_no_document_lends_a_method_of_anothers_name_and_none_lists_one_twice() -> None:
    party, documents = web(STRANGER, "did:web:evil.example")
    evil = documents[party.did]
    evil["verificationMethod"][0]["id"] = ISSUER.method
    evil["assertionMethod"] = [ISSUER.method]
    forged = w3c(credential(), STRANGER, verificationMethod=ISSUER.method)
    assert check(alone(forged, documents=documents), "proof") == (FAILED, "verification-failed")
    lent = sd_jwt(claims(iss=party.did), by=STRANGER, kid=ISSUER.method)
    assert check(alone(lent, documents=documents), "trust") == (FAILED, "issuer-not-asked-for")

    for spelled in ("did:web:signer.example#key-1", "#key-1"):
        signer, twice = web(ISSUER)
        document = twice[signer.did]
        method = document["verificationMethod"][0]
        again = {**method, "id": spelled, "revoked": CREATED}
        for changes in (
            {"verificationMethod": [method, again]},
            {"verificationMethod": [], "assertionMethod": [method], "authentication": [again]},
        ):
            changed = {signer.did: {**document, **changes}}
            found = alone(jwt(credential(signer), signer), issuers={signer.did}, documents=changed)
            assert check(found, "issuer") == (OPEN, "did-document-unusable")


@pytest.mark.parametrize(
    "change", ["{}#z", "{}?x=1", "{}/", "{}%20"], ids=["fragment", "query", "path", "an escape"]
)
def test_a_subject_by_nearly_the_same_name_is_another(change: str) -> None:
    names = [change.format(HOLDER.did), HOLDER.did.replace("z6", "z%36"), HOLDER.did.replace("did:", "DID:")]
    for name in names:
        for made in (w3c, lambda document: enveloped(jwt(document))):
            answer = in_data_integrity(made(credential(credentialSubject={"id": name, "degree": "x"})))
            assert check(verify(answer), "holder-binding", 1) == (FAILED, "foreign-holder")


def test_odd_times_make_no_presentation_younger() -> None:
    good = w3c(credential())
    for iat in (True, "1", -1, 1e300, None, [NOW_SECONDS], 1.5e9):
        assert verify(in_vp_jwt(good, iat=iat)).report.outcome is FAILED
        assert check(verify(key_binding(bound(), iat=iat)), "holder-binding")[0] is FAILED
    for created in ("11:59:60Z", "11:59:50", "11:59:50+24:00", "24:00:00Z", "11:59:50,5Z", "11:59:50+14:00"):
        assert verify(in_data_integrity(good, created=f"2026-07-01T{created}")).report.outcome is FAILED
    payload = json.dumps({"aud": AUDIENCE, "nonce": NONCE, **presentation(good)})[:-1].encode()
    header = {"alg": "EdDSA", "typ": "vp+jwt", "kid": HOLDER.method}
    for number, outcome in ((b"178290719e1", PASSED), (b"1e400", FAILED), (b"178290719e2", FAILED)):
        made = compact(header, payload + b',"iat":' + number + b"}", HOLDER.key)
        assert verify(made).report.outcome is outcome
    for start in ([CREATED], "-2026-01-01T00:00:00Z", {"@value": CREATED}, "2026-07-01T12:00:00-14:00"):
        assert alone(w3c(credential(validFrom=start))).report.outcome is FAILED


def test_a_digest_stands_in_one_place_alone() -> None:
    for changes in (
        {"_sd": [digest(DEGREE), digest(DEGREE)]},
        {"extra": {"_sd": [digest(DEGREE)]}},
        {"nationalities": [{"...": digest(DEGREE)}]},
    ):
        assert check(alone(sd_jwt(claims(**changes))), "proof")[0] is FAILED


def test_nothing_moves_out_of_a_credential_whose_rdf_is_signed() -> None:
    subject = {"id": HOLDER.did, "degree": "x", "knows": {"id": credential()["id"]}}
    signed = w3c(credential(credentialSubject=subject), suite="eddsa-rdfc-2022")
    assert alone(signed).report.outcome is PASSED
    end = {"id": signed["id"], "type": "VerifiableCredential", "validUntil": signed["validUntil"]}
    moved = copy.deepcopy(signed)
    moved["credentialSubject"]["knows"] = end
    for forged in (moved, {**signed, "@included": [end]}, {**signed, "@graph": [end]}):
        del forged["validUntil"]
        assert check(alone(forged), "proof") == (FAILED, "malformed")


def test_numbers_at_the_limits_are_read_as_they_were_signed() -> None:
    for number in (1e21, -0.0, 5e-324, 1.7976931348623157e308, 0.1 + 0.2, 2**53 - 1):
        subject = {"id": HOLDER.did, "degree": "x", "grade": number}
        signed = w3c(credential(credentialSubject=subject))
        text = strict_json.parse_object(strict_json.canonical(signed))
        for form in (signed, text, json.loads(json.dumps(signed))):
            assert alone(form).report.outcome is PASSED
    key = SigningKey(ISSUER.did, ISSUER.method, ISSUER.key)
    with pytest.raises(MalformedInput, match="beyond 2"):
        Issuer(key, IssueOptions(), now=NOW).sign(
            credential(credentialSubject={"id": HOLDER.did, "grade": 1e20})
        )
    for digits in ("1e309", "9007199254740993", "NaN", "-Infinity"):
        spelled = json.dumps(w3c(credential())).replace("1.5", digits)
        assert check(alone(spelled), "parse") == (FAILED, "malformed")


def test_a_type_in_another_normal_form_is_another_type() -> None:
    composed, decomposed = "Dipl\u00f4me", "Diplo\u0302me"
    context = [V2, {**TERMS, composed: "urn:x:a", decomposed: "urn:x:b"}]
    document = w3c(credential(at_context=context, type=["VerifiableCredential", composed]))
    for trusted, outcome in ((composed, PASSED), (decomposed, FAILED)):
        found = alone(document, issuers=(), trusted={ISSUER.did: {trusted}})
        assert check(found, "trust")[0] is outcome
