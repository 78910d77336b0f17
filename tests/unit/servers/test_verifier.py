"""A session from its link to its result, and every way in which an answer to it is refused."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ipse.credentials import formats
from ipse.credentials.issuer import Draft, IssueOptions, SigningKey
from ipse.credentials.issuer import Issuer as Issuance
from ipse.credentials.policy import Challenge, Sources
from ipse.dids import did_key
from ipse.keys import key_types
from ipse.servers.http.messages import Request
from ipse.servers.verifier.requests import Asked
from ipse.wallet.verifier import Research
from tests.openid_peer.encoding import b64
from tests.openid_peer.encryption import EncryptionKey, encrypted
from tests.openid_peer.sd_jwt import present
from tests.openid_peer.wallet import Lie
from tests.unit.servers.verifying import QUERY, TYPE, Around, Issuer, LocalWallet, Server, served

REFUSED = {"error": "invalid_request", "error_description": "the presentation was not accepted"}


@pytest.fixture(scope="module")
def around() -> Around:
    return Around.make()


@pytest.fixture
def server(around: Around, tmp_path: Path) -> Iterator[Server]:
    made = Server.make(tmp_path, around.access, [around.issuer.did])
    yield made
    made.sessions.close()


@pytest.fixture
def wallet(around: Around, server: Server) -> LocalWallet:
    return around.wallet(server)


def _claims(result: Any) -> Any:
    return [each["claims"] for each in result["credentials"]["membership"]]


# What a session is for


def test_an_answer_is_verified_and_its_browser_sent_on(server: Server, wallet: LocalWallet) -> None:
    session, link = server.ask()
    reply = wallet.send(wallet.fetch(link))
    result, settled = server.result(session), server.sessions.find(session.id)
    assert reply.status == 200
    assert reply.headers["content-type"] == "application/json"
    assert reply.json == {"redirect_uri": f"https://shop.example/done#response_code={settled.response_code}"}
    assert result["status"] == "verified"
    assert _claims(result) == [{"given_name": "Ada"}]
    assert [(ended.id, outcome.to_json()) for ended, outcome in server.ended] == [(session.id, result)]


def test_an_answer_without_a_page_to_go_to_is_an_empty_object(server: Server, wallet: LocalWallet) -> None:
    _, link = server.ask(Asked(QUERY))
    reply = wallet.send(wallet.fetch(link))
    assert (reply.status, reply.json) == (200, {})


def test_a_request_is_fetched_again_and_is_the_same(server: Server, wallet: LocalWallet) -> None:
    _, link = server.ask()
    first, second = wallet.fetch(link), wallet.fetch(link)
    changing = {"wallet_nonce"}
    assert {name: first.payload[name] for name in first.payload.keys() - changing} == {
        name: second.payload[name] for name in second.payload.keys() - changing
    }
    assert wallet.send(first).status == 200


def test_a_wallet_that_gets_the_request_sees_no_wallet_nonce(server: Server, wallet: LocalWallet) -> None:
    _, link = server.ask()
    asked = wallet.fetch(link.replace("&request_uri_method=post", ""))
    assert "wallet_nonce" not in asked.payload
    assert wallet.send(asked).status == 200


def test_each_session_has_a_nonce_a_state_and_a_key_of_its_own(server: Server, wallet: LocalWallet) -> None:
    payloads = [wallet.fetch(server.ask()[1]).payload for _ in range(3)]
    for names in (["nonce"], ["state"], ["response_uri"], ["client_metadata", "jwks", "keys"]):
        values = []
        for payload in payloads:
            value = payload
            for name in names:
                value = value[name]
            values.append(str(value))
        assert len(set(values)) == 3, names


def test_a_request_object_is_encrypted_to_a_wallet_that_sends_a_key(
    server: Server, wallet: LocalWallet
) -> None:
    key = EncryptionKey("w")
    session, link = server.ask()
    url = wallet.fetch(link).link["request_uri"]
    metadata = {
        "jwks": {"keys": [{"kty": "OKP", "crv": "X25519", "x": "AA"}, key.public]},
        "request_object_encryption_enc_values_supported": ["A256GCM"],
    }
    reply = wallet.call(url, {"wallet_nonce": "n" * 22, "wallet_metadata": json.dumps(metadata)})
    assert reply.status == 200
    assert reply.body.count(b".") == 4
    unusable = {"jwks": {"keys": [{"kty": "OKP", "crv": "X25519", "x": "AA"}]}}
    assert wallet.call(url, {"wallet_metadata": json.dumps(unusable)}).status == 400
    assert wallet.call(url, {"wallet_metadata": "[]"}).status == 400
    assert server.result(session) is None


def test_a_wallet_that_says_no_ends_the_session(server: Server, wallet: LocalWallet) -> None:
    session, link = server.ask()
    asked = wallet.fetch(link)
    form = {"error": "access_denied", "error_description": "<b>no", "state": asked.payload["state"]}
    reply = wallet.call(asked.payload["response_uri"], form)
    assert reply.status == 200
    assert server.result(session) == {
        "status": "refused",
        "error": {"code": "access_denied", "message": "<b>no"},
    }
    assert wallet.send(asked).status == 400


def test_the_words_of_a_wallet_are_kept_in_part(server: Server, wallet: LocalWallet) -> None:
    session, link = server.ask()
    asked = wallet.fetch(link)
    form = {"error": "e" * 5000, "error_description": "d" * 5000, "state": asked.payload["state"]}
    assert wallet.call(asked.payload["response_uri"], form).status == 200
    error = server.result(session)["error"]
    assert (len(error["code"]), len(error["message"])) == (300, 300)


def test_an_unencrypted_answer_is_taken_where_it_was_asked_for(around: Around, tmp_path: Path) -> None:
    server = Server.make(tmp_path, around.access, [around.issuer.did], mode="direct_post")
    session, link = server.ask()
    assert session.key is None
    wallet = around.wallet(server)
    payload = wallet.fetch_unchecked(link).payload
    presented = present(
        wallet.credential,
        wallet.key,
        audience=payload["client_id"],
        nonce=payload["nonce"],
        reveal=["given_name"],
    )
    form = {"vp_token": json.dumps({"membership": [presented]}), "state": payload["state"]}
    assert wallet.call(payload["response_uri"], form).status == 200
    assert _claims(server.result(session)) == [{"given_name": "Ada"}]
    server.sessions.close()


# What is refused and ends nothing: the right answer is still taken


_NO_ANSWERS: dict[str, Lie] = {
    "another-state": Lie(answer=lambda answer: answer.update(state="another")),
    "no-state": Lie(answer=lambda answer: answer.pop("state")),
    "state-in-array": Lie(answer=lambda answer: answer.update(state=["x"])),
    "no-vp-token": Lie(answer=lambda answer: answer.pop("vp_token")),
    "empty-vp-token": Lie(answer=lambda answer: answer.update(vp_token={})),
    "vp-token-text": Lie(answer=lambda answer: answer.update(vp_token="text")),
    "no-array": Lie(answer=lambda answer: answer.update(vp_token={"membership": "not an array"})),
    "empty-array": Lie(answer=lambda answer: answer.update(vp_token={"membership": []})),
    "number": Lie(answer=lambda answer: answer.update(vp_token={"membership": [7]})),
    "answer-and-error": Lie(answer=lambda answer: answer.update(error="access_denied")),
    "another-kid": Lie(header={"kid": "another"}),
}


@pytest.mark.parametrize("lie", _NO_ANSWERS.values(), ids=_NO_ANSWERS)
def test_what_is_no_answer_is_refused_and_the_session_waits(
    server: Server, wallet: LocalWallet, lie: Lie
) -> None:
    session, link = server.ask()
    asked = wallet.fetch(link)
    reply = wallet.send(asked, lie)
    assert (reply.status, reply.json["error"]) == (400, "invalid_request")
    assert server.result(session) is None
    assert wallet.send(asked).status == 200


def test_an_answer_in_clear_is_refused_where_encryption_was_asked_for(
    server: Server, wallet: LocalWallet
) -> None:
    session, link = server.ask()
    asked = wallet.fetch(link)
    form = {"vp_token": '{"membership": ["x"]}', "state": asked.payload["state"]}
    assert wallet.call(asked.payload["response_uri"], form).status == 400
    assert server.result(session) is None


def test_an_answer_to_another_session_is_refused_by_both(server: Server, wallet: LocalWallet) -> None:
    (one, first), (two, second) = server.ask(), server.ask()
    asked, other = wallet.fetch(first), wallet.fetch(second)
    assert wallet.call(other.payload["response_uri"], wallet.answer(asked)).status == 400
    moved = replace(asked, payload={**asked.payload, "client_metadata": other.payload["client_metadata"]})
    assert wallet.call(other.payload["response_uri"], wallet.answer(moved)).status == 400
    assert (server.result(one), server.result(two)) == (None, None)


def test_an_answer_with_the_state_of_one_session_and_the_nonce_of_another_fails(
    server: Server, wallet: LocalWallet
) -> None:
    (_, first), (session, second) = server.ask(), server.ask()
    asked, other = wallet.fetch(first), wallet.fetch(second)
    mixed = replace(other, payload={**other.payload, "nonce": asked.payload["nonce"]})
    assert wallet.send(mixed).status == 400
    assert server.result(session)["status"] == "failed"


def test_an_answer_that_came_before_is_refused(server: Server, wallet: LocalWallet) -> None:
    session, link = server.ask()
    asked = wallet.fetch(link)
    form = wallet.answer(asked)
    assert wallet.call(asked.payload["response_uri"], form).status == 200
    before = server.result(session)
    for again in (form, wallet.answer(asked)):
        reply = wallet.call(asked.payload["response_uri"], again)
        assert (reply.status, reply.json["error"]) == (400, "invalid_request")
    assert wallet.call(asked.link["request_uri"]).status == 400
    assert server.result(session) == before
    assert len(server.ended) == 1


def test_an_unknown_or_expired_request_is_not_served(server: Server, wallet: LocalWallet) -> None:
    _, link = server.ask()
    asked = wallet.fetch(link)
    url = asked.payload["response_uri"]
    assert wallet.call(url[:-1] + ("A" if url[-1] != "A" else "B"), wallet.answer(asked)).status == 404
    server.clock.ahead = timedelta(minutes=6)
    for place, form in ((url, wallet.answer(asked)), (asked.link["request_uri"], None)):
        assert wallet.call(place, form).status == 404


@pytest.mark.parametrize(
    ("method", "path", "kind", "status"),
    [
        ("GET", "/ask/response/{}", "", 405),
        ("PUT", "/ask/response/{}", "", 405),
        ("POST", "/response/{}", "application/x-www-form-urlencoded", 404),
        ("POST", "/ask/response/{}", "application/json", 415),
        ("POST", "/ask/response/{}", "multipart/form-data", 415),
        ("POST", "/ask/request/{}", "application/json", 415),
        ("GET", "/ask/response/{}/", "", 404),
        ("GET", "/ask/request/../request/{}", "", 404),
        ("POST", "/sessions", "application/json", 404),
    ],
)
def test_wallets_find_nothing_else(server: Server, method: str, path: str, kind: str, status: int) -> None:
    session, _ = server.ask()
    place = path.format(session.request_id)
    headers = {"content-type": kind}
    assert served(server.routes, Request(method, place, "", headers, b"", "peer")).status == status


# What is an answer, and is not accepted


def _year(seconds: int) -> Any:
    return lambda binding: binding.update(iat=int(time.time()) + seconds)


def _other_end(text: str) -> str:
    return text[:-8] + ("AAAAAAAA" if text[-8:] != "AAAAAAAA" else "BBBBBBBB")


_WRONG: dict[str, tuple[Lie, str | None]] = {
    "nonce": (Lie(nonce="n" * 43), None),
    "audience": (Lie(audience="x509_hash:other"), None),
    "audience-url": (Lie(audience="https://verifier.example"), None),
    "sd-hash": (Lie(binding=lambda binding: binding.update(sd_hash="A" * 43)), None),
    "no-nonce": (Lie(binding=lambda binding: binding.pop("nonce")), None),
    "a-year-ago": (Lie(binding=_year(-31_536_000)), None),
    "in-a-year": (Lie(binding=_year(31_536_000)), None),
    "binding-signature": (Lie(bound=_other_end), None),
    "no-binding": (Lie(bound=lambda text: text.rpartition("~")[0] + "~"), "key-binding-missing"),
    "credential-signature": (Lie(credential=_other_end), None),
    "another-query": (Lie(answer=lambda answer: answer["vp_token"].update(other=["x"])), "not-asked-for"),
    "two": (Lie(answer=lambda answer: answer["vp_token"]["membership"].append("x")), "too-many"),
}


@pytest.mark.parametrize(("lie", "code"), _WRONG.values(), ids=_WRONG)
def test_what_does_not_hold_ends_the_session_as_failed(
    server: Server, wallet: LocalWallet, lie: Lie, code: str | None
) -> None:
    session, link = server.ask()
    asked = wallet.fetch(link)
    reply = wallet.send(asked, lie)
    assert (reply.status, reply.json) == (400, REFUSED)
    result = server.result(session)
    assert result["status"] == "failed"
    assert "credentials" not in result
    assert code is None or result["error"]["code"] == code
    assert wallet.send(asked).status == 400


def test_a_credential_of_nobody_trusted_fails(around: Around, server: Server) -> None:
    wallet = around.wallet(server, Issuer().issue(around.holder))
    session, link = server.ask()
    assert wallet.send(wallet.fetch(link)).json == REFUSED
    assert server.result(session)["error"]["code"] == "issuer-not-asked-for"


def test_what_can_not_be_determined_is_not_called_invalid(around: Around, server: Server) -> None:
    status = {"status_list": {"idx": 1, "uri": "https://127.0.0.1:1/status"}}
    wallet = around.wallet(server, around.issuer.issue(around.holder, status=status))
    session, link = server.ask()
    assert wallet.send(wallet.fetch(link)).json == REFUSED
    assert server.result(session)["status"] == "undetermined"


def test_an_authority_that_can_not_be_looked_up_leaves_it_undetermined(
    server: Server, wallet: LocalWallet
) -> None:
    (entry,) = QUERY["credentials"]
    authorities = [{"type": "etsi_tl", "values": ["https://lists.example/tl.xml"]}]
    session, link = server.ask(Asked({"credentials": [entry | {"trusted_authorities": authorities}]}))
    assert wallet.send(wallet.fetch(link)).json == REFUSED
    assert server.result(session)["status"] == "undetermined"


@pytest.mark.parametrize(
    "asked",
    [
        {"claims": [{"path": ["given_name"]}, {"path": ["family_name"]}]},
        {"claims": [{"path": ["given_name"], "values": ["Grace"]}]},
        {"meta": {"vct_values": ["urn:example:other"]}},
        {"format": "jwt_vc_json", "meta": {"type_values": [["A"]]}},
    ],
)
def test_an_answer_that_is_not_what_was_asked_fails(
    server: Server, wallet: LocalWallet, asked: dict[str, Any]
) -> None:
    (entry,) = QUERY["credentials"]
    session, link = server.ask(Asked({"credentials": [entry | asked]}))
    assert wallet.send(wallet.fetch(link)).json == REFUSED
    result = server.result(session)
    assert (result["status"], result["error"]["code"]) == ("failed", "other-answer")


def test_a_credential_of_several_that_is_missing_fails(server: Server, wallet: LocalWallet) -> None:
    (entry,) = QUERY["credentials"]
    session, link = server.ask(Asked({"credentials": [entry, entry | {"id": "second"}]}))
    asked = wallet.fetch(link)
    one = replace(asked, payload={**asked.payload, "dcql_query": {"credentials": [entry]}})
    assert wallet.send(one).json == REFUSED
    assert server.result(session)["error"]["code"] == "other-answer"


def test_without_holder_binding_only_where_the_query_says_so(server: Server, wallet: LocalWallet) -> None:
    (entry,) = QUERY["credentials"]
    bare = Lie(bound=lambda text: text.rpartition("~")[0] + "~")
    session, link = server.ask(
        Asked({"credentials": [entry | {"require_cryptographic_holder_binding": False}]})
    )
    assert wallet.send(wallet.fetch(link), bare).status == 200
    assert server.result(session)["status"] == "verified"


def test_a_binding_to_another_nonce_fails_even_where_none_is_needed(
    server: Server, wallet: LocalWallet
) -> None:
    (entry,) = QUERY["credentials"]
    _, link = server.ask(Asked({"credentials": [entry | {"require_cryptographic_holder_binding": False}]}))
    assert wallet.send(wallet.fetch(link), Lie(nonce="n" * 43)).json == REFUSED


def test_an_answer_encrypted_to_another_key_is_refused(server: Server, wallet: LocalWallet) -> None:
    session, link = server.ask()
    asked = wallet.fetch(link)
    (key,) = asked.payload["client_metadata"]["jwks"]["keys"]
    other = EncryptionKey(key["kid"]).public
    form = {"response": encrypted({"state": asked.payload["state"], "vp_token": {}}, other, "A128GCM")}
    assert wallet.call(asked.payload["response_uri"], form).status == 400
    assert server.result(session) is None


def test_all_presentations_of_an_answer_share_one_budget_and_what_was_looked_up(
    around: Around, server: Server, wallet: LocalWallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[Research] = []
    sources = Research.sources

    def counted(research: Research) -> Sources:
        begun.append(research)
        return sources(research)

    monkeypatch.setattr(Research, "sources", counted)
    query = {"credentials": [{**QUERY["credentials"][0], "multiple": True}]}
    session, link = server.ask(Asked(query))

    def twice(answer: dict[str, Any]) -> None:
        answer["vp_token"]["membership"] *= 2

    wallet.send(wallet.fetch(link), Lie(answer=twice))
    assert server.result(session)["status"] == "verified"
    assert len(begun) == 1


# W3C presentations


def _w3c(around: Around, form: str, payload: Any, count: int, *, about: bool = True) -> Any:
    """A presentation of so many credentials by their subject, or `about` nobody, bound to a request."""
    key = key_types.generate("P-256")
    did = did_key.from_public_key(key.public())
    holder = SigningKey(did, did_key.verification_method_id(did), key)
    by = SigningKey(around.issuer.did, did_key.verification_method_id(around.issuer.did), around.issuer.key)
    now = datetime.now(UTC)
    issuer = Issuance(by, IssueOptions(form), now=now)
    draft = Draft(did if about else None, ("VerifiableCredential",), {"name": "Ada"})
    issued = [issuer.issue(draft).text for _ in range(count)]
    made = formats.named(form)
    challenge = Challenge(payload["client_id"], payload["nonce"])
    return made.present(made.select(issued, ()), holder, challenge, now=now)


@pytest.mark.parametrize(("form", "asked"), [("w3c", "ldp_vc"), ("jwt", "jwt_vc_json")])
@pytest.mark.parametrize("count", [1, 2])
def test_a_presentation_is_of_one_credential(
    around: Around, server: Server, wallet: LocalWallet, form: str, asked: str, count: int
) -> None:
    meta = {"type_values": [["https://www.w3.org/2018/credentials#VerifiableCredential"]]}
    session, link = server.ask(Asked({"credentials": [{"id": "a", "format": asked, "meta": meta}]}))
    fetched = wallet.fetch(link)
    sent = _w3c(around, form, fetched.payload, count)
    reply = wallet.send(fetched, Lie(answer=lambda answer: answer.update(vp_token={"a": [sent]})))
    result = server.result(session)
    assert (reply.status, result["status"]) == ((200, "verified") if count == 1 else (400, "failed")), result
    if count == 1:
        (presentation,) = result["credentials"]["a"]
        assert presentation["credentials"][0]["claims"]["name"] == "Ada"


@pytest.mark.parametrize(("form", "asked"), [("w3c", "ldp_vc"), ("jwt", "jwt_vc_json")])
@pytest.mark.parametrize("required", [True, False])
def test_whoever_presents_a_credential_about_nobody_is_not_its_holder(
    around: Around, server: Server, wallet: LocalWallet, form: str, asked: str, required: bool
) -> None:
    query = {"id": "a", "format": asked, "meta": {}, "require_cryptographic_holder_binding": required}
    session, link = server.ask(Asked({"credentials": [query]}))
    fetched = wallet.fetch(link)
    sent = _w3c(around, form, fetched.payload, 1, about=False)
    wallet.send(fetched, Lie(answer=lambda answer: answer.update(vp_token={"a": [sent]})))
    assert server.result(session)["status"] == ("failed" if required else "verified")


# Transaction data


DATA = {"type": "urn:example:payment", "credential_ids": ["membership"], "amount": "12.00"}


@pytest.mark.parametrize("said", ["right", "none", "other", "twice", "sha-512"])
def test_transaction_data_is_authorized_by_its_hash(around: Around, server: Server, said: str) -> None:
    session, link = server.ask(Asked(QUERY, (DATA,)))
    wallet = around.wallet(server)
    fetched = wallet.fetch_unchecked(link)
    (entry,) = fetched.payload["transaction_data"]
    digest = b64(hashlib.sha256(entry.encode()).digest())
    ways: dict[str, dict[str, Any]] = {
        "right": {"transaction_data_hashes": [digest]},
        "none": {},
        "other": {"transaction_data_hashes": ["A" * 43]},
        "twice": {"transaction_data_hashes": [digest, "A" * 43]},
        "sha-512": {
            "transaction_data_hashes": [b64(hashlib.sha512(entry.encode()).digest())],
            "transaction_data_hashes_alg": "sha-512",
        },
    }
    reply = wallet.send(fetched, Lie(binding=lambda binding: binding.update(ways[said])))
    assert reply.status == (200 if said == "right" else 400)
    assert server.result(session)["status"] == ("verified" if said == "right" else "failed")


def test_type_is_the_one_in_the_link(server: Server) -> None:
    _, link = server.ask()
    assert link.startswith("openid4vp://?client_id=x509_hash%3A")
    assert link.endswith("&request_uri_method=post")
    assert TYPE not in link
