"""The paths of applications: who may ask, what they may ask, and what they are told."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from ipse.disclosure import answers, levels, questions
from ipse.keys import key_types
from ipse.keys.certificates import read_certificates
from ipse.protocols import openid4vp
from ipse.servers.http.messages import Request, Response
from tests.openid_peer.encoding import b64
from tests.openid_peer.wallet import Lie
from tests.unit.servers.verifying import ORIGIN, QUERY, TOKEN, TYPE, Around, LocalWallet, Server, served

BEARER = {"authorization": f"Bearer {TOKEN}"}
QUESTION = {
    "level": "choose",
    "purpose": "to order the shelf",
    "candidates": ["a red door", "a blue sea", "a green hill"],
    "top": 1,
}
UNBOUND = {"credentials": [QUERY["credentials"][0] | {"require_cryptographic_holder_binding": False}]}


@pytest.fixture(scope="module")
def around() -> Around:
    return Around.make()


@pytest.fixture
def server(around: Around, tmp_path: Path) -> Iterator[Server]:
    made = Server.make(tmp_path, around.access, [around.issuer.did], most=3)
    yield made
    made.sessions.close()


@pytest.fixture
def wallet(around: Around, server: Server) -> LocalWallet:
    return around.wallet(server)


def call(server: Server, method: str, path: str, body: Any = None, **headers: str) -> Response:
    """What an application is told."""
    data = b"" if body is None else json.dumps(body).encode()
    place, _, query = path.partition("?")
    given = BEARER | ({} if body is None else {"content-type": "application/json"})
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    return served(server.api, Request(method, place, query, given, data, "peer"))


def ask(server: Server, **body: Any) -> Any:
    """A new session: its id and its link."""
    response = call(server, "POST", "/sessions", body)
    assert response.status == 201, response.body
    return json.loads(response.body)


def poll(server: Server, identifier: str) -> Any:
    response = call(server, "GET", f"/sessions/{identifier}")
    assert response.status == 200, response.body
    return json.loads(response.body)


@pytest.mark.parametrize("body", [{}, {"query": "membership"}, {"dcql_query": QUERY}], ids=str)
def test_an_application_asks_and_finds_out(server: Server, wallet: LocalWallet, body: Any) -> None:
    asked = ask(server, **body)
    assert poll(server, asked["id"]) == {"status": "pending"}
    assert wallet.send(wallet.fetch(asked["link"])).status == 200
    result = poll(server, asked["id"])
    assert result["status"] == "verified"
    assert result["credentials"]["membership"][0]["claims"] == {"given_name": "Ada"}
    assert result["credentials"]["membership"][0]["types"] == [TYPE]


@pytest.mark.parametrize(
    "stated", [{"purpose": "to lend books"}, {"purpose": "to lend books", "retention": 0}]
)
def test_a_purpose_is_stated_in_what_the_holder_signs(server: Server, stated: Any) -> None:
    (entry,) = server.sessions.find(ask(server, **stated)["id"]).request["transaction_data"]
    assert entry == {"type": "urn:ipse:purpose:1", "credential_ids": ["membership"], **stated}


def test_the_page_of_an_application_brings_the_code_of_its_session(
    server: Server, wallet: LocalWallet
) -> None:
    asked = ask(server, redirect_uri=f"{ORIGIN}/done?a=b")
    reply = wallet.send(wallet.fetch(asked["link"]))
    page, _, code = reply.json["redirect_uri"].partition("#response_code=")
    assert page == f"{ORIGIN}/done?a=b"
    assert call(server, "GET", f"/sessions/{asked['id']}?response_code={code}").status == 200
    for wrong in ("A" * 43, "%C3%A9"):
        assert call(server, "GET", f"/sessions/{asked['id']}?response_code={wrong}").status == 403


def test_an_answer_authorizes_what_an_application_says(server: Server, wallet: LocalWallet) -> None:
    data = {"type": "urn:example:payment", "credential_ids": ["membership"], "amount": "12.00"}
    asked = ask(server, transaction_data=[data])
    fetched = wallet.fetch_unchecked(asked["link"])
    (entry,) = fetched.payload["transaction_data"]
    hashes = [b64(hashlib.sha256(entry.encode()).digest())]
    said = Lie(binding=lambda binding: binding.update(transaction_data_hashes=hashes))
    assert wallet.send(fetched, said).status == 200
    assert poll(server, asked["id"])["status"] == "verified"
    unsaid = ask(server, transaction_data=[data])
    assert wallet.send(wallet.fetch_unchecked(unsaid["link"])).status == 400
    assert poll(server, unsaid["id"])["status"] == "failed"


def test_a_session_is_deleted_by_its_application(server: Server) -> None:
    asked = ask(server)
    assert call(server, "DELETE", f"/sessions/{asked['id']}").status == 204
    assert call(server, "GET", f"/sessions/{asked['id']}").status == 404
    assert call(server, "DELETE", f"/sessions/{asked['id']}").status == 404


def test_a_session_is_not_found_by_the_name_that_wallets_know(server: Server) -> None:
    session, _ = server.ask()
    assert call(server, "GET", f"/sessions/{session.request_id}").status == 404


def test_no_more_sessions_than_are_kept(server: Server) -> None:
    for _ in range(3):
        ask(server)
    assert call(server, "POST", "/sessions", {}).status == 503


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer x", f"Basic {TOKEN}", f"Bearer {TOKEN}x", f"Bearer  x{TOKEN}", "Bearer \xe9"],
)
def test_nobody_asks_without_the_token(server: Server, header: str) -> None:
    session, _ = server.ask()
    for method, path in (
        ("POST", "/sessions"),
        ("GET", f"/sessions/{session.id}"),
        ("DELETE", f"/sessions/{session.id}"),
    ):
        response = call(server, method, path, {} if method == "POST" else None, authorization=header)
        assert response.status == 401
        assert dict(response.headers)["WWW-Authenticate"] == "Bearer"
    assert server.sessions.holds(session.id)


def test_a_page_of_a_named_origin_may_read_what_it_is_told(server: Server) -> None:
    response = call(server, "POST", "/sessions", {}, origin=ORIGIN)
    assert response.status == 201
    assert dict(response.headers)["Access-Control-Allow-Origin"] == ORIGIN
    refused = call(server, "POST", "/sessions", {}, origin=ORIGIN, authorization="")
    assert refused.status == 401
    assert dict(refused.headers)["Access-Control-Allow-Origin"] == ORIGIN


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", f"{ORIGIN}.evil.example", ORIGIN + "/", "*"]
)
def test_a_page_of_another_origin_is_refused(server: Server, origin: str) -> None:
    for method, path in (("POST", "/sessions"), ("OPTIONS", "/sessions")):
        response = call(server, method, path, {}, origin=origin)
        assert response.status == 403
        assert "Access-Control-Allow-Origin" not in dict(response.headers)


def test_a_browser_asks_first_without_the_token(server: Server) -> None:
    for path in ("/sessions", "/sessions/abc"):
        response = call(server, "OPTIONS", path, origin=ORIGIN, authorization="")
        headers = dict(response.headers)
        assert response.status == 204
        assert headers["Access-Control-Allow-Origin"] == ORIGIN
        assert "Authorization" in headers["Access-Control-Allow-Headers"]
        assert "Access-Control-Allow-Credentials" not in headers
    assert call(server, "OPTIONS", "/sessions").status == 400


@pytest.mark.parametrize(
    "body",
    [
        {"query": "none"},
        {"query": 7},
        {"query": "membership", "dcql_query": QUERY},
        {"dcql_query": "text"},
        {"dcql_query": {}},
        {"dcql_query": {"credentials": []}},
        {"unknown": 1},
        {"scheme": "javascript"},
        {"scheme": 1},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": f"{ORIGIN}@evil.example/"},
        {"redirect_uri": f"{ORIGIN}/#a"},
        {"redirect_uri": f"{ORIGIN}/ a"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": "https://[/"},
        {"redirect_uri": 1},
        {"preferences": {}},
        {"preferences": []},
        {"preferences": QUESTION | {"level": "everything"}},
        {"preferences": QUESTION | {"level": []}},
        {"preferences": QUESTION | {"purpose": ""}},
        {"preferences": QUESTION | {"purpose": "a\x1bb"}},
        {"preferences": QUESTION | {"candidates": []}},
        {"preferences": QUESTION | {"candidates": [1]}},
        {"preferences": QUESTION | {"candidates": "text"}},
        {"preferences": QUESTION | {"candidates": ["a"] * 100_000}},
        {"preferences": QUESTION | {"retention": 1}},
        {"preferences": QUESTION | {"retention": True}},
        {"preferences": QUESTION | {"top": "1"}},
        {"preferences": QUESTION | {"about": "x"}},
        {"preferences": QUESTION | {"more": 1}},
        {"preferences": QUESTION, "query": "membership"},
        {"preferences": QUESTION, "transaction_data": []},
        {"transaction_data": {}},
        {"transaction_data": ["text"]},
        {"transaction_data": [{"type": "a"}]},
        {"transaction_data": [{"type": "a", "credential_ids": ["other"]}]},
        {"preferences": QUESTION, "purpose": "to order the shelf"},
        {"purpose": ""},
        {"purpose": 1},
        {"purpose": "a\x1bb"},
        {"purpose": "a" * 301},
        {"retention": 86400},
        {"purpose": "to lend books", "retention": -1},
        {"purpose": "to lend books", "retention": True},
        {"purpose": "to lend books", "retention": "1d"},
        {"purpose": "to lend books", "dcql_query": UNBOUND},
        {"purpose": "to lend books", "dcql_query": {}},
    ],
    ids=lambda body: str(body)[:60],
)
def test_what_can_not_be_asked_is_refused(server: Server, body: Any) -> None:
    response = call(server, "POST", "/sessions", body)
    assert response.status == 400, response.body
    assert json.loads(response.body)["error"] == "invalid_request"


@pytest.mark.parametrize(
    ("kind", "data", "status"),
    [
        ("text/plain", b"{}", 415),
        ("application/x-www-form-urlencoded", b"a=1", 415),
        ("application/json", b"", 400),
        ("application/json", b"[]", 400),
        ("application/json", b"{", 400),
        ("application/json", b'{"query": "a", "query": "b"}', 400),
        ("application/json", b"[" * 20_000, 400),
        ("application/json", b"\xff", 400),
    ],
)
def test_what_is_no_json_object_is_refused(server: Server, kind: str, data: bytes, status: int) -> None:
    headers = BEARER | {"content-type": kind}
    assert served(server.api, Request("POST", "/sessions", "", headers, data, "peer")).status == status


# Questions about preferences


def _answered(around: Around, server: Server, link: str, *, choose: str) -> int:
    """Answer a question about preferences as this program's own wallet does; the status of the reply."""
    text = around.wallet(server).fetch_unchecked(link).text
    anchor = around.verifiers.certificate.public_bytes(serialization.Encoding.PEM)
    now = datetime.now(UTC)
    request = openid4vp.parse_request(text, anchors=read_certificates(anchor), now=now)
    question = questions.question_of(request)
    level = levels.of(question.asked)
    asked: Any = question.asked
    chosen = [each.id for each in asked.candidates if each.text == choose]
    content = {level.member: chosen}
    answer = answers.build_answer(question, content, key=key_types.generate(), now=now, method="owner")
    reply = openid4vp.build_response(request, {request.credentials[0].id: [answer]})
    return around.wallet(server).call(reply.url, reply.fields).status


def test_a_question_about_preferences_is_asked_and_answered(around: Around, server: Server) -> None:
    asked = ask(server, preferences=QUESTION)
    assert _answered(around, server, asked["link"], choose="a blue sea") == 200
    result = poll(server, asked["id"])
    assert result["status"] == "verified"
    assert result["answer"]["level"] == "choose"
    assert "a blue sea" in json.dumps(result["answer"])
    assert "a red door" not in json.dumps(result["answer"])


def test_a_credential_is_no_answer_to_a_question_about_preferences(
    around: Around, server: Server, wallet: LocalWallet
) -> None:
    asked = ask(server, preferences=QUESTION)
    assert wallet.send(wallet.fetch_unchecked(asked["link"])).status == 400
    assert poll(server, asked["id"])["status"] == "failed"
