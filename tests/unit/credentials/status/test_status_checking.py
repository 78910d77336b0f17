"""Checking a status: revoked is a failure, and a list that can't be relied on never passes."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import cbor2
import pytest

from ipse.credentials import jws, model
from ipse.credentials.formats import data_integrity
from ipse.credentials.report import NotApplicable, Outcome, Rejected, ReportBuilder
from ipse.credentials.status import (
    Authority,
    Listed,
    Published,
    StatusEntry,
    StatusList,
    UnknownEntry,
    bitstring,
    check,
    check_status,
    entries_of,
    fresh_until,
    open_list,
    token_status_list,
)
from ipse.credentials.status.status_list_cwt import CWT_TYPE
from ipse.dids import did_key, resolver
from ipse.encoding import base64url
from ipse.errors import MissingFeature, NotFound, StorageError, Undetermined, VerificationFailed
from ipse.keys.ed25519 import PrivateKey
from ipse.keys.key_types import PublicKey, verifying

URL = "https://issuer.example/status/3"
OTHER_URL = "https://issuer.example/status/4"
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LEEWAY = timedelta(seconds=60)
KEY, THIEF = PrivateKey(bytes(range(32))), PrivateKey(bytes(range(1, 33)))
ISSUER, STRANGER = (did_key.from_public_key(key.public()) for key in (KEY, THIEF))
INDEX = 94567


def w3c_credential(
    statuses: dict[int, int] | None = None, *, purpose: str = "revocation", url: str = URL, **dates: Any
) -> dict[str, Any]:
    whole = bytearray(bitstring.MIN_ENTRIES)
    for index, status in (statuses or {}).items():
        whole[index] = status
    return bitstring.build_credential(
        **{"url": url, "issuer": ISSUER, "purpose": purpose, "bits": bitstring.pack(bytes(whole))}
        | {"valid_from": NOW - HOUR}
        | dates
    )


def signed(document: dict[str, Any], key: PrivateKey = KEY) -> bytes:
    """A secured credential, whoever it says its issuer is."""
    did = did_key.from_public_key(key.public())
    method = did_key.verification_method_id(did)
    return json.dumps(
        data_integrity.add_proof(document, key, verification_method=method, created=NOW)
    ).encode()


def token_claims(
    statuses: dict[int, int] | None = None, bits: int = 2, *, uri: str = URL, **changes: Any
) -> dict[str, Any]:
    whole = bytearray(100_000)
    for index, status in (statuses or {}).items():
        whole[index] = status
    packed = token_status_list.pack(bytes(whole), bits)
    made = token_status_list.build_claims(uri=uri, packed=packed, bits=bits, issued=NOW - HOUR, issuer=ISSUER)
    return {name: value for name, value in (made | changes).items() if value != "absent"}


def jwt(claims: dict[str, Any], key: PrivateKey = KEY, kid: str | None = None) -> bytes:
    return token_status_list.sign(claims, key, key_id=kid or did_key.verification_method_id(ISSUER)).encode()


def cwt(claims: dict[str, Any], key: PrivateKey = KEY) -> bytes:
    numbers = {"iss": 1, "sub": 2, "exp": 4, "nbf": 5, "iat": 6, "ttl": 65534, "status_list": 65533}
    lst = base64url.decode(claims["status_list"]["lst"])
    named = claims | {"status_list": claims["status_list"] | {"lst": lst}}
    payload = cbor2.dumps({numbers[name]: value for name, value in named.items()})
    protected = cbor2.dumps({1: -8, 16: CWT_TYPE})
    signature = key.sign(cbor2.dumps(["Signature1", protected, b"", payload]))
    return cbor2.dumps([protected, {}, payload, signature])


def w3c_entry(purpose: str = "revocation", url: str = URL, index: int = INDEX, **more: Any) -> dict[str, Any]:
    return bitstring.build_entry(url=url, index=index, purpose=purpose) | more


def w3c(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"credentialStatus": list(entries or [w3c_entry()])}


def token(index: int = INDEX, uri: str = URL) -> dict[str, Any]:
    return {"status": token_status_list.build_reference(uri=uri, index=index)}


def verify_w3c_list(secured: Any) -> Listed:
    """What a verifier does with any credential: data model, issuer, proof, purpose."""
    read = jws.read(secured, what="the credential") if isinstance(secured, str) else None
    claimed = secured if read is None else read.payload
    if model.violations({name: value for name, value in claimed.items() if name != "proof"}):
        raise Rejected("data-model", "breaks a rule of the data model")
    issuer = model.issuer_of(claimed)
    if read is not None:
        jws.check_signature(read, lambda: key_of(issuer, None))
        return Listed(read.payload, issuer)
    proof = data_integrity.proof_of(secured)
    method = resolver.find_method(resolver.resolve(issuer), proof["verificationMethod"], "assertionMethod")
    document = data_integrity.verify_proof(secured, proof, verifying(resolver.any_method_key(method)))
    return Listed(document, issuer)


def key_of(issuer: str, key_id: str | None, issued: datetime | None = None) -> PublicKey:
    """The one key of the issuer, whatever it is called."""
    return {ISSUER: KEY, STRANGER: THIEF}[issuer].public()


@dataclass
class World:
    """What is published where, and what was fetched and kept."""

    published: dict[str, bytes]
    fetched: list[str] = field(default_factory=list)
    kept: list[tuple[str, datetime | None]] = field(default_factory=list)

    def fetch(self, url: str) -> Published:
        self.fetched.append(url)
        if url not in self.published:
            raise Undetermined(f"{url} answers with status 404")
        return Published(url, self.published[url], NOW)

    def keep(self, published: Published, until: datetime | None) -> None:
        self.kept.append((published.url, until))

    def status(
        self, document: dict[str, Any], *, issuer: str = ISSUER, now: datetime = NOW
    ) -> tuple[str, object]:
        return check_status(
            entries_of(document), issuer, self.fetch, verify_w3c_list, key_of, now, LEEWAY, keep=self.keep
        )

    def outcome(self, document: dict[str, Any], **terms: Any) -> Outcome:
        builder = ReportBuilder(["status"])
        builder.judge("status", lambda: self.status(document, **terms))
        return builder.report().outcome


def world(body: bytes, **others: bytes) -> World:
    return World({URL: body, OTHER_URL: others["other"]} if others else {URL: body})


def refused(body: bytes, document: dict[str, Any], reason: str, **terms: Any) -> None:
    """The list is published and can't be relied on; the reason says so, and it is not kept."""
    there = world(body)
    with pytest.raises(Undetermined, match=reason):
        there.status(document, **terms)
    assert there.kept == [(URL, None)]


FORMS: dict[str, tuple[Callable[[dict[int, int]], bytes], dict[str, Any]]] = {
    "w3c": (lambda statuses: signed(w3c_credential(statuses)), w3c()),
    "w3c in a JWS": (lambda statuses: jws.sign({}, w3c_credential(statuses), KEY).encoded.encode(), w3c()),
    "jwt": (lambda statuses: jwt(token_claims(statuses)), token()),
    "cwt": (lambda statuses: cwt(token_claims(statuses)), token()),
}


class TestOutcome:
    @pytest.mark.parametrize("form", FORMS)
    def test_an_entry_that_is_not_set_passes(self, form: str) -> None:
        make, document = FORMS[form]
        there = world(make({INDEX - 1: 1, INDEX + 1: 1}))
        reason, places = there.status(document)
        assert reason.startswith("not revoked")
        assert places == f"{URL}#{INDEX}"
        assert there.kept == [(URL, NOW + timedelta(minutes=5))]

    @pytest.mark.parametrize("form", FORMS)
    def test_a_revoked_credential_is_rejected(self, form: str) -> None:
        make, document = FORMS[form]
        there = world(make({INDEX: 1}))
        with pytest.raises(Rejected, match="the issuer has revoked it") as caught:
            there.status(document)
        assert caught.value.value.startswith(f"{URL}#{INDEX} is ")
        assert there.outcome(document) is Outcome.FAILED

    def test_a_suspended_credential_is_rejected_as_suspended(self) -> None:
        for body, document in (
            (signed(w3c_credential({INDEX: 1}, purpose="suspension")), w3c(w3c_entry("suspension"))),
            (jwt(token_claims({INDEX: 2})), token()),
            (cwt(token_claims({INDEX: 2})), token()),
        ):
            with pytest.raises(Rejected, match="the issuer has suspended it"):
                world(body).status(document)

    @pytest.mark.parametrize("status", [3, 4, 0x0B, 0x0C, 0x0F, 0x10, 0xFF])
    def test_a_status_that_only_its_application_knows_is_undetermined(self, status: int) -> None:
        there = world(jwt(token_claims({INDEX: status}, bits=8)))
        with pytest.raises(Undetermined, match=f"is {status:#x}, which only its application knows"):
            there.status(token())

    def test_a_message_is_told_and_fails_nothing(self) -> None:
        made = [{"status": hex(value), "message": word} for value, word in enumerate(["open", "closed"])]
        there = world(signed(w3c_credential({INDEX: 1}, purpose="message")))
        reason, _ = there.status(w3c(w3c_entry("message", statusMessage=made)))
        assert reason == "message 0x1 'closed'"
        assert there.status(w3c(w3c_entry("message")))[0] == "message 0x1"

    def test_a_refresh_fails_nothing(self) -> None:
        there = world(signed(w3c_credential({INDEX: 1}, purpose="refresh")))
        assert there.status(w3c(w3c_entry("refresh")))[0] == "refresh 0x1"

    def test_a_purpose_of_ones_own_passes_unset_and_is_undetermined_set(self) -> None:
        there = world(signed(w3c_credential({INDEX: 1}, purpose="recall")))
        assert there.status(w3c(w3c_entry("recall", index=1)))[0] == "no 'recall'"
        with pytest.raises(Undetermined, match="set 'recall' to 0x1"):
            there.status(w3c(w3c_entry("recall")))

    def test_a_credential_without_a_status_has_nothing_to_check(self) -> None:
        with pytest.raises(NotApplicable):
            world(b"").status({})

    def test_one_entry_is_checked_against_what_was_published(self) -> None:
        authority = Authority(ISSUER, verify_w3c_list, key_of, NOW, LEEWAY)
        (entry,) = entries_of(w3c())
        body = signed(w3c_credential())
        assert check(entry, Published(URL, body, NOW), authority).value == 0
        with pytest.raises(Undetermined, match="it was fetched from"):
            check(entry, Published(OTHER_URL, body, NOW), authority)
        with pytest.raises(Undetermined, match="does not know the status mechanism"):
            check(UnknownEntry("x"), Published(URL, body, NOW), authority)


class TestSeveralEntries:
    def test_every_entry_is_checked_and_each_list_fetched_once(self) -> None:
        suspensions = signed(w3c_credential(purpose="suspension", url=OTHER_URL))
        there = world(signed(w3c_credential()), other=suspensions)
        entries = [w3c_entry(index=index) for index in range(7)]
        reason, _ = there.status(w3c(*entries, w3c_entry("suspension", OTHER_URL)))
        assert reason == "not revoked, not suspended"
        assert there.fetched == [URL, OTHER_URL]

    @pytest.mark.parametrize("order", [1, -1])
    def test_a_revocation_outweighs_an_entry_that_can_not_be_determined(self, order: int) -> None:
        there = world(signed(w3c_credential({INDEX: 1})))
        entries = [w3c_entry(), w3c_entry("suspension", OTHER_URL), {"type": "Unknown"}]
        assert there.outcome(w3c(*entries[::order])) is Outcome.FAILED

    @pytest.mark.parametrize("order", [1, -1])
    def test_an_entry_out_of_reach_keeps_the_others_from_passing(self, order: int) -> None:
        there = world(signed(w3c_credential()))
        assert there.outcome(w3c(*[w3c_entry(), w3c_entry("message", OTHER_URL)][::order])) is (
            Outcome.UNDETERMINED
        )
        assert there.outcome(w3c(*[w3c_entry(), {"type": "Unknown"}][::order])) is Outcome.UNDETERMINED

    def test_a_list_that_failed_once_is_not_fetched_for_the_next_entry(self) -> None:
        there = World({})
        assert there.outcome(w3c(w3c_entry(index=1), w3c_entry(index=2))) is Outcome.UNDETERMINED
        assert there.fetched == [URL]

    def test_a_credential_with_both_kinds_of_status_needs_both(self) -> None:
        both = w3c() | token(uri=OTHER_URL)
        assert world(signed(w3c_credential()), other=jwt(token_claims(uri=OTHER_URL))).outcome(both) is (
            Outcome.PASSED
        )
        revoked = jwt(token_claims({INDEX: 1}, uri=OTHER_URL))
        assert world(signed(w3c_credential()), other=revoked).outcome(both) is Outcome.FAILED


class TestListsThatCannotBeReliedOn:
    def test_a_list_out_of_reach(self) -> None:
        with pytest.raises(Undetermined, match=r"out of reach: .* 404"):
            World({}).status(w3c())

    @pytest.mark.parametrize("error", [StorageError("no"), NotFound("no"), VerificationFailed("no")])
    def test_whatever_keeps_a_list_from_being_fetched_is_no_verdict(self, error: Exception) -> None:
        def fetch(url: str) -> Published:
            raise error

        with pytest.raises(Undetermined, match="out of reach"):
            check_status(entries_of(w3c()), ISSUER, fetch, verify_w3c_list, key_of, NOW, LEEWAY)

    @pytest.mark.parametrize(
        "error",
        [Rejected("no", "no"), NotApplicable("no", "no"), VerificationFailed("no"), MissingFeature("no")],
    )
    def test_whatever_keeps_a_list_from_being_verified_is_no_verdict(self, error: Exception) -> None:
        def fail(*_: object) -> Any:
            raise error

        there = world(signed(w3c_credential({INDEX: 1})))
        with pytest.raises(Undetermined, match="can't be relied on: no"):
            check_status(entries_of(w3c()), ISSUER, there.fetch, fail, key_of, NOW, LEEWAY)
        there = world(jwt(token_claims({INDEX: 1})))
        with pytest.raises(Undetermined, match="can't be relied on: no"):
            check_status(entries_of(token()), ISSUER, there.fetch, verify_w3c_list, fail, NOW, LEEWAY)

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b" ",
            b"{}",
            b"[]",
            b"{",
            b'{"a":1,"a":2}',
            b"<html>",
            b"\xff" * 9,
            b"eyJ",
            b"eyJ.e30.",
            b"\xd2",
        ],
    )
    @pytest.mark.parametrize("document", [w3c(), token()], ids=["w3c", "token"])
    def test_what_is_no_list(self, body: bytes, document: dict[str, Any]) -> None:
        refused(body, document, "can't be relied on")

    def test_a_list_of_the_other_kind(self) -> None:
        refused(signed(w3c_credential()), token(), "a JSON object, not a signed token")
        refused(jwt(token_claims()), w3c(), "can't be relied on")
        refused(cwt(token_claims()), w3c(), "neither a JSON object nor a JWS")

    def test_a_list_without_a_signature(self) -> None:
        refused(json.dumps(w3c_credential()).encode(), w3c(), "no proof")
        unsigned = jws.sign({"typ": "statuslist+jwt"}, token_claims(), KEY)
        none = base64url.encode(b'{"alg":"none","typ":"statuslist+jwt"}')
        for text in (f"{none}.{unsigned.body}.", f"{none}.{unsigned.body}.AA"):
            refused(text.encode(), token(), "can't be relied on")
        refused(f"{unsigned.protected}.{unsigned.body}.".encode(), token(), "signature is empty")

    def test_a_list_that_was_altered_after_it_was_signed(self) -> None:
        altered = json.loads(signed(w3c_credential({INDEX: 1})))
        altered["credentialSubject"]["encodedList"] = w3c_credential()["credentialSubject"]["encodedList"]
        refused(json.dumps(altered).encode(), w3c(), "signature does not fit")
        revoked, clean = (jws.read(jwt(token_claims(made)).decode(), what="") for made in ({INDEX: 1}, {}))
        refused(f"{revoked.protected}.{clean.body}.{revoked.signature}".encode(), token(), "does not fit")
        body = bytearray(cwt(token_claims({INDEX: 1})))
        body[-1] ^= 1
        refused(bytes(body), token(), "does not fit")

    def test_a_list_that_somebody_else_signed_in_the_issuers_name(self) -> None:
        refused(signed(w3c_credential(), THIEF), w3c(), "can't be relied on")
        refused(jwt(token_claims(), THIEF), token(), "does not fit")
        refused(cwt(token_claims(), THIEF), token(), "does not fit")

    def test_a_list_that_somebody_else_issued(self) -> None:
        refused(signed(w3c_credential(issuer=STRANGER), THIEF), w3c(), "it is issued by")
        theirs = did_key.verification_method_id(STRANGER)
        refused(jwt(token_claims(iss=STRANGER), THIEF, theirs), token(), "it is signed with")
        refused(jwt(token_claims(iss="absent"), THIEF, theirs), token(), "it is signed with")
        refused(jwt(token_claims(iss=STRANGER)), token(), "it is issued by")

    def test_a_verified_list_counts_as_who_signed_it_and_as_who_it_says(self) -> None:
        for signer, said in ((STRANGER, ISSUER), (ISSUER, STRANGER)):
            listed = Listed(w3c_credential(issuer=said), signer)
            there = world(b"{}")

            def verify(_: object, made: Listed = listed) -> Listed:
                return made

            with pytest.raises(Undetermined, match="it is issued by"):
                check_status(entries_of(w3c()), ISSUER, there.fetch, verify, key_of, NOW, LEEWAY)

    def test_a_list_of_the_same_issuer_that_belongs_elsewhere(self) -> None:
        refused(signed(w3c_credential(url=OTHER_URL)), w3c(), "it says that it is the list")
        refused(jwt(token_claims(uri=OTHER_URL)), token(), "it says that it is the list")
        refused(cwt(token_claims(uri=OTHER_URL)), token(), "it says that it is the list")

    def test_a_list_that_does_not_say_where_it_belongs(self) -> None:
        nameless = w3c_credential()
        del nameless["id"], nameless["credentialSubject"]["id"]
        refused(signed(nameless), w3c(), "it says that it is the list ''")

    def test_a_list_for_another_purpose(self) -> None:
        there = world(signed(w3c_credential(purpose="suspension")))
        with pytest.raises(Undetermined, match="it is for 'suspension', the entry for 'revocation'"):
            there.status(w3c())

    def test_a_list_that_has_expired(self) -> None:
        end = NOW - LEEWAY - timedelta(seconds=1)
        refused(signed(w3c_credential(valid_until=end)), w3c(), "it expired at 2026-01-31T11:58:59Z")
        for make in (jwt, cwt):
            refused(make(token_claims(exp=int(end.timestamp()))), token(), "it expired at")
        assert world(signed(w3c_credential(valid_until=NOW - LEEWAY))).outcome(w3c()) is Outcome.PASSED

    def test_a_list_that_is_not_valid_yet(self) -> None:
        start = NOW + LEEWAY + timedelta(seconds=1)
        second = int(start.timestamp())
        refused(signed(w3c_credential(valid_from=start)), w3c(), "it is not valid before")
        for make in (jwt, cwt):
            refused(make(token_claims(iat=second)), token(), "it is not valid before")
            refused(make(token_claims(nbf=second)), token(), "it is not valid before")

    def test_a_list_with_a_status_of_its_own_leads_to_no_other_list(self) -> None:
        own = w3c_credential() | w3c(w3c_entry(url=OTHER_URL))
        refused(signed(own), w3c(), "it has a credentialStatus of its own")
        refused(jws.sign({}, own, KEY).encoded.encode(), w3c(), "it has a credentialStatus of its own")
        refused(jwt(token_claims(**token(uri=OTHER_URL))), token(), "status of its own")
        there = world(signed(own), other=signed(own))
        assert there.outcome(w3c()) is Outcome.UNDETERMINED
        assert there.fetched == [URL]

    @pytest.mark.parametrize("index", [bitstring.MIN_ENTRIES, 2**40])
    def test_an_entry_that_the_list_does_not_have(self, index: int) -> None:
        with pytest.raises(Undetermined, match=f"there is no entry {index}"):
            world(signed(w3c_credential())).status(w3c(w3c_entry(index=index)))
        with pytest.raises(Undetermined, match=f"there is no entry {index}"):
            world(jwt(token_claims())).status(token(index))

    def test_a_list_that_is_shorter_than_the_minimum(self) -> None:
        short = w3c_credential(bits=bytes(bitstring.MIN_ENTRIES // 8 - 1))
        assert world(signed(short)).outcome(w3c(w3c_entry(index=0))) is Outcome.UNDETERMINED

    def test_a_list_that_is_too_short_for_the_size_of_its_entries(self) -> None:
        made = [{"status": hex(value), "message": "x"} for value in range(4)]
        entry = w3c_entry("message", index=0, statusSize=2, statusMessage=made)
        assert world(signed(w3c_credential(purpose="message"))).outcome(w3c(entry)) is Outcome.UNDETERMINED

    def test_a_bomb(self) -> None:
        packed = base64url.encode(gzip.compress(bytes(64 * 1024 * 1024)))
        bomb = w3c_credential()
        bomb["credentialSubject"]["encodedList"] = "u" + packed
        refused(signed(bomb), w3c(), "more than 16 MiB")
        lst = base64url.encode(zlib.compress(bytes(64 * 1024 * 1024)))
        for make in (jwt, cwt):
            refused(make(token_claims(status_list={"bits": 1, "lst": lst})), token(), "more than 16 MiB")

    @pytest.mark.parametrize("encoded", ["zABC", "H4sIAAAA", "u", "uH4sIAAAA", "mH4sI", ""])
    def test_a_list_in_another_encoding(self, encoded: str) -> None:
        made = w3c_credential()
        made["credentialSubject"]["encodedList"] = encoded
        refused(signed(made), w3c(), "encodedList")

    @pytest.mark.parametrize("kid", [7, True, ["x"], {"a": 1}])
    def test_a_token_whose_key_has_no_name(self, kid: Any) -> None:
        text = jws.sign({"typ": "statuslist+jwt", "kid": kid}, token_claims(), KEY).encoded
        refused(text.encode(), token(), "kid is")

    def test_a_malformed_entry_is_the_fault_of_the_credential(self) -> None:
        there = world(signed(w3c_credential()))
        assert there.outcome(w3c(w3c_entry(statusListIndex="01"))) is Outcome.FAILED
        assert there.fetched == []


class TestFreshness:
    def opened(self, body: bytes, document: dict[str, Any]) -> StatusList:
        (entry,) = entries_of(document)
        assert isinstance(entry, StatusEntry)
        authority = Authority(ISSUER, verify_w3c_list, key_of, NOW, LEEWAY)
        return open_list(entry, Published(URL, body, NOW), authority)

    @pytest.mark.parametrize(
        ("ttl", "fresh"),
        [
            ("absent", timedelta(minutes=5)),
            (1, timedelta(seconds=1)),
            (0.5, timedelta(seconds=0.5)),
            (43200, timedelta(hours=12)),
            (86401, timedelta(hours=24)),
            (2**53 - 1, timedelta(hours=24)),
        ],
    )
    def test_a_list_is_fresh_for_its_ttl_but_not_for_more_than_a_day(
        self, ttl: Any, fresh: timedelta
    ) -> None:
        assert fresh_until(self.opened(jwt(token_claims(ttl=ttl)), token()), NOW) == NOW + fresh

    def test_the_ttl_of_a_w3c_list_is_in_milliseconds(self) -> None:
        made = w3c_credential(ttl=timedelta(seconds=90))
        assert fresh_until(self.opened(signed(made), w3c()), NOW) == NOW + timedelta(seconds=90)

    def test_a_list_is_not_fresh_for_longer_than_it_is_valid(self) -> None:
        end = NOW + timedelta(seconds=30)
        assert fresh_until(self.opened(signed(w3c_credential(valid_until=end)), w3c()), NOW) == end
        claims = token_claims(exp=int(end.timestamp()), ttl=3600)
        assert fresh_until(self.opened(jwt(claims), token()), NOW) == end

    def test_a_w3c_ttl_of_nothing_is_not_kept(self) -> None:
        made = w3c_credential(ttl=timedelta(0))
        assert fresh_until(self.opened(signed(made), w3c()), NOW) == NOW

    def test_the_time_of_fetching_counts_and_not_that_of_checking(self) -> None:
        opened = self.opened(signed(w3c_credential()), w3c())
        assert fresh_until(opened, NOW - HOUR) == NOW - HOUR + timedelta(minutes=5)
        assert isinstance(opened, bitstring.BitstringList)
        assert fresh_until(replace(opened, valid_until=NOW - HOUR), NOW) == NOW - HOUR
