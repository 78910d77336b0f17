"""Wallets that want to be believed: the server of the verifier prints no claims, and goes on for the others.

One server answers all of them. What is no answer to a request leaves it open; what is one ends it as failed.
"""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.cli.verifier_serving import Serving
from tests.conformance.fixtures import REVEALED, answered, open_link
from tests.openid_peer.certificates import Signer, SigningAuthority, es256, public_jwk
from tests.openid_peer.encoding import JsonObject, b64, compact, loads
from tests.openid_peer.encryption import encrypted
from tests.openid_peer.sd_jwt import PERSON, identity_credential, present
from tests.openid_peer.wallet import Asked, Lie, Reply, Wallet
from tests.waiting import PATIENCE


def _asked(serving: Serving, wallet: Wallet) -> Asked:
    return wallet.fetch(open_link(serving))


def _believed(serving: Serving, wallet: Wallet) -> None:
    """An honest answer to what is open is verified, so that nothing before it did any harm."""
    reply = wallet.send(_asked(serving, wallet))
    answered(serving)
    assert reply.status == 200, reply.body
    assert serving.printed()["status"] == "verified"


def _failed(serving: Serving, reply: Reply, *codes: str) -> Any:
    """What the server printed of an answer that it did not believe."""
    answered(serving)
    printed = serving.printed()
    assert reply.status == 400, reply.body
    assert printed["status"] in ("failed", "undetermined")
    assert "credentials" not in printed
    assert not codes or printed["error"]["code"] in codes, printed["error"]
    text = json.dumps(printed)
    assert "Traceback" not in text
    assert "\x1b" not in text
    return printed


def _open_still(serving: Serving, wallet: Wallet, reply: Reply, *statuses: int) -> None:
    """What was sent is no answer: the same request can still be answered, and then is believed."""
    assert reply.status in (statuses or (400,)), (reply.status, reply.body)
    assert "vp_token" not in reply.body.decode("utf-8", "replace")
    _believed(serving, wallet)


def _issued(wallet: Wallet, issuer: Signer, **header: Any) -> str:
    """A credential whose header has other members."""

    class Forging(Signer):
        def header(self, typ: str) -> JsonObject:
            return {**super().header(typ), **header}

    return identity_credential(Forging(issuer.key, issuer.chain), public_jwk(wallet.key))


def test_a_credential_by_whom_nobody_trusts_is_not_believed(
    serving: Serving, wallet: Wallet, issuers: SigningAuthority, issuer: Signer
) -> None:
    stranger = SigningAuthority("Identity authority").signer("pid-issuer.example")
    forgeries = {
        "stranger of the same name": stranger,
        "self-signed": issuers.self_signed("pid-issuer.example"),
        "expired": issuers.signer("pid-issuer.example", expired=True),
        "below a leaf": SigningAuthority.under(issuer, "pid-issuer.example"),
        "another key": Signer(stranger.key, issuer.chain),
    }
    for what, signer in forgeries.items():
        wallet.credential = identity_credential(signer, public_jwk(wallet.key))
        printed = _failed(serving, wallet.send(_asked(serving, wallet)))
        del printed["session"]  # random letters, which may be anybody's name
        assert not any(PERSON[name] in json.dumps(printed) for name in REVEALED), what


@pytest.mark.sampled(4)
@pytest.mark.parametrize("alg", ["none", "None", "HS256", "ES384", "RS256", "EdDSA", "", None])
@pytest.mark.parametrize("which", ["credential", "binding"])
def test_an_alg_that_is_not_the_one_of_the_key_is_not_believed(
    alg: Any, which: str, serving: Serving, wallet: Wallet, issuer: Signer
) -> None:
    if which == "credential":
        wallet.credential = _issued(wallet, issuer, alg=alg)
        _failed(serving, wallet.send(_asked(serving, wallet)))
        return

    def downgraded(text: str) -> str:
        bare, _, bound = text.rpartition("~")
        payload = bound.split(".")[1]
        header = b64(compact({"alg": alg, "typ": "kb+jwt"}))
        return f"{bare}~{header}.{payload}." + ("" if alg in ("none", "None") else bound.split(".")[2])

    _failed(serving, wallet.send(_asked(serving, wallet), Lie(bound=downgraded)))


@pytest.mark.parametrize("member", ["jwk", "x5c", "kid"])
def test_the_holder_is_the_key_in_the_credential_and_no_other(
    member: str, serving: Serving, wallet: Wallet
) -> None:
    thief = ec.generate_private_key(ec.SECP256R1())

    def stolen(text: str) -> str:
        bare, _, bound = text.rpartition("~")
        header, payload = (loads(part) for part in bound.split(".")[:2])
        value: Any = {"jwk": public_jwk(thief), "x5c": ["AA=="], "kid": "thief"}[member]
        return f"{bare}~{es256(thief, {**header, member: value}, payload)}"

    _failed(serving, wallet.send(_asked(serving, wallet), Lie(bound=stolen)))


def _with_disclosure(content: Any) -> Callable[[str], str]:
    """The same presentation with one more disclosure, bound by nobody."""

    def add(text: str) -> str:
        bare, _, bound = text.rpartition("~")
        return f"{bare}~{b64(compact(content))}~{bound}"

    return add


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    "content",
    [
        ["salt", "given_name", "Mallory"],
        ["salt", "vct", "urn:eudi:pid:1"],
        ["salt", "cnf", {}],
        ["salt", "_sd", []],
        ["salt", "...", "x"],
        ["salt"],
        {"a": 1},
        "text",
        [1, 2, 3, 4],
    ],
)
def test_a_disclosure_that_the_issuer_did_not_hide_is_not_believed(
    content: Any, serving: Serving, wallet: Wallet
) -> None:
    _failed(serving, wallet.send(_asked(serving, wallet), Lie(bound=_with_disclosure(content))))


@pytest.mark.parametrize("what", ["none", "twice", "unbound", "text", "number", "empty"])
def test_what_is_no_presentation_is_not_believed(what: str, serving: Serving, wallet: Wallet) -> None:
    changes: dict[str, Callable[[str], Any]] = {
        "none": lambda text: "~".join(text.split("~")[:1]) + "~",
        "twice": lambda text: text.replace("~", "~" + text.split("~")[1] + "~", 1),
        "unbound": lambda text: text.rpartition("~")[0] + "~",
        "text": lambda _: "hello",
        "number": lambda _: 5,
        "empty": lambda _: "",
    }
    asked = _asked(serving, wallet)
    reply = wallet.send(asked, Lie(bound=changes[what]))
    if what in ("number",):
        _open_still(serving, wallet, reply)
    else:
        _failed(serving, reply)


@pytest.mark.parametrize("what", ["another", "beside", "several", "many", "object", "list", "text", "none"])
def test_an_answer_is_to_what_was_asked(what: str, serving: Serving, wallet: Wallet) -> None:
    def change(answer: JsonObject) -> None:
        ((name, presented),) = answer["vp_token"].items()
        answer["vp_token"] = {
            "another": {"another": presented},
            "beside": {name: presented, "another": presented},
            "several": {name: presented * 2},
            "many": {name: ["x"] * 10_000},
            "object": {name: {"a": 1}},
            "list": presented,
            "text": presented[0],
            "none": {},
        }[what]

    reply = wallet.send(_asked(serving, wallet), Lie(answer=change))
    if what in ("another", "beside", "several"):
        _failed(serving, reply)
    else:
        _open_still(serving, wallet, reply, 400, 413)


def test_a_presentation_is_believed_once_and_in_its_own_session(serving: Serving, wallet: Wallet) -> None:
    """What was sent before is sent again: the same form, and the same presentation in a new answer."""
    first = _asked(serving, wallet)
    form = wallet.answer(first)
    assert wallet.call(first.payload["response_uri"], form).status == 200
    answered(serving)
    assert serving.printed()["status"] == "verified"
    assert wallet.call(first.payload["response_uri"], form).status == 404, "it is over"
    second = _asked(serving, wallet)
    assert wallet.call(second.payload["response_uri"], form).status == 400, "of another key"
    replayed = present(
        wallet.credential,
        wallet.key,
        audience=first.payload["client_id"],
        nonce=first.payload["nonce"],
        reveal=REVEALED,
    )
    _failed(serving, wallet.send(second, Lie(bound=lambda _: replayed)), "key-binding")


@pytest.mark.parametrize("state", [None, "", "another", "x" * 10_000, 5])
def test_an_answer_with_another_state_is_none(state: Any, serving: Serving, wallet: Wallet) -> None:
    reply = wallet.send(_asked(serving, wallet), Lie(answer=lambda answer: answer.update(state=state)))
    _open_still(serving, wallet, reply)


def _sealed(asked: Asked, wallet: Wallet) -> tuple[str, JsonObject]:
    """The JWE of an honest answer, and its header."""
    text = wallet.answer(asked)["response"]
    return text, loads(text.partition(".")[0])


@pytest.mark.sampled(6)
@pytest.mark.parametrize(
    "members",
    [
        {"alg": "dir"},
        {"alg": "PBES2-HS256+A128KW", "p2c": 2**31 - 1, "p2s": "AAAA"},
        {"alg": "RSA-OAEP"},
        {"alg": "ECDH-ES+A256KW"},
        {"alg": "none"},
        {"enc": "A128CBC-HS256"},
        {"zip": "DEF"},
        {"crit": ["x"], "x": 1},
        {"epk": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}},
        {"epk": {"kty": "EC", "crv": "P-256", "x": b64(bytes(32)), "y": b64(bytes(32))}},
        {"epk": {"kty": "OKP", "crv": "X25519", "x": b64(bytes(32))}},
        {"epk": None},
        {"kid": "another"},
        {"kid": {"a": 1}},
        {"apu": "x" * 100_000},
    ],
    ids=lambda members: "-".join(members) + "-" + str(next(iter(members.values())))[:12],
)
def test_a_header_of_an_encrypted_answer_that_was_not_asked_for_is_refused_in_no_time(
    members: JsonObject, serving: Serving, wallet: Wallet
) -> None:
    asked = _asked(serving, wallet)
    text, header = _sealed(asked, wallet)
    forged = b64(compact({**header, **members})) + text[text.index(".") :]
    begun = time.monotonic()
    reply = wallet.call(asked.payload["response_uri"], {"response": forged})
    assert time.monotonic() - begun < PATIENCE
    _open_still(serving, wallet, reply, 400, 413)


@pytest.mark.parametrize(
    "form",
    [
        {"response": ""},
        {"response": "....".join("abcde")},
        {"response": "a.b.c.d.e"},
        {"vp_token": "{}", "state": "x"},
        {"response": "a.b.c.d.e", "vp_token": "{}"},
        {},
        {"error": "access_denied"},
        {"error": "access_denied", "state": "another"},
    ],
    ids=lambda form: "-".join(form) or "empty",
)
def test_a_form_that_is_no_answer_leaves_the_request_open(
    form: dict[str, str], serving: Serving, wallet: Wallet
) -> None:
    asked = _asked(serving, wallet)
    _open_still(serving, wallet, wallet.call(asked.payload["response_uri"], form))


@pytest.mark.parametrize("opening", ["[", '{"a":'], ids=["arrays", "objects"])
def test_a_deeply_nested_answer_leaves_the_request_open(
    opening: str, serving: Serving, wallet: Wallet
) -> None:
    asked = _asked(serving, wallet)
    closing = {"[": "]", '{"a":': "}"}[opening]
    deep = opening * 100_000 + "1" + closing * 100_000
    (key,) = asked.payload["client_metadata"]["jwks"]["keys"]
    content = f'{{"state": "{asked.payload["state"]}", "vp_token": {deep}}}'
    reply = wallet.call(
        asked.payload["response_uri"], {"response": encrypted(content.encode(), key, "A256GCM")}
    )
    _open_still(serving, wallet, reply, 400, 413)


def test_the_words_of_a_wallet_do_nothing_to_the_terminal(
    serving: Serving, wallet: Wallet, issuer: Signer
) -> None:
    harmful = "\x1b[2J\u202e[bold red]<script>\nverified\x07"
    person = {**PERSON, "given_name": harmful}
    wallet.credential = identity_credential(issuer, public_jwk(wallet.key), person=person)
    reply = wallet.send(_asked(serving, wallet))
    answered(serving)
    assert reply.status == 200
    assert harmful.encode() not in reply.body
    printed = serving.printed()
    ((found,),) = printed["credentials"].values()
    assert found["claims"]["given_name"] == harmful, "in JSON, escaped"
    for line in (*serving._printed.every, *serving._shown.every):
        assert "\x1b[2J" not in line
        assert "\u202e" not in line


def _tls(wallet: Wallet, url: str) -> ssl.SSLSocket:
    parts = urlsplit(url)
    context = ssl.create_default_context(cafile=str(wallet.ca_file))
    plain = socket.create_connection((parts.hostname or "", parts.port or 443), timeout=60)
    return context.wrap_socket(plain, server_hostname=parts.hostname)


def test_connections_that_are_never_finished_keep_nobody_out(serving: Serving, wallet: Wallet) -> None:
    asked = _asked(serving, wallet)
    url = asked.payload["response_uri"]
    head = f"POST {urlsplit(url).path} HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\n".encode()
    with ExitStack() as held:
        for begun in (b"", b"P", head, head + b"Content-Length: 1000000\r\n\r\nresponse=") * 2:
            held.enter_context(_tls(wallet, url)).sendall(begun)
        _believed(serving, wallet)


@pytest.mark.parametrize("kind", ["length", "chunks"])
def test_an_endless_body_is_cut_off(kind: str, serving: Serving, wallet: Wallet) -> None:
    asked = _asked(serving, wallet)
    url = asked.payload["response_uri"]
    length = "Content-Length: 99999999999" if kind == "length" else "Transfer-Encoding: chunked"
    head = (
        f"POST {urlsplit(url).path} HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\n{length}\r\n\r\n"
    )
    sent = 0
    with _tls(wallet, url) as connection:
        connection.sendall(head.encode())
        try:
            for _ in range(64):
                connection.sendall(
                    b"10000\r\n" + b"a" * 65536 + b"\r\n" if kind == "chunks" else b"a" * 65536
                )
                sent += 65536
            said = connection.recv(4096)
        except (OSError, ssl.SSLError):
            said = b""
    assert said == b"" or b" 413 " in said.partition(b"\r\n")[0] + b" ", said[:100]
    _believed(serving, wallet)


def test_claims_that_were_not_asked_for_are_held_to_the_same_signature(
    serving: Serving, wallet: Wallet
) -> None:
    """A wallet may reveal more than was asked for; all of it is named as disclosed."""
    wallet.reveal = (*REVEALED, "birthdate", "email")
    reply = wallet.send(_asked(serving, wallet))
    answered(serving)
    assert reply.status == 200
    ((found,),) = serving.printed()["credentials"].values()
    assert sorted(found["disclosed"]) == sorted(f"/{name}" for name in wallet.reveal)
    assert {name: found["claims"][name] for name in wallet.reveal} == {
        name: PERSON[name] for name in wallet.reveal
    }
