"""Verifiers that want more than the owner gives: nothing leaves, and the owner reads what is wrong."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.conformance.fixtures import Asking
from tests.conformance.holder import NO, PROMPT, YES, Holder, new_holder_key
from tests.conftest import Run
from tests.forked import Conversation
from tests.network_peer.server import Answer, body, drip, raw, redirect
from tests.openid_peer.certificates import Signer, SigningAuthority, es256, public_jwk
from tests.openid_peer.encoding import JsonObject, b64, compact, loads, same
from tests.openid_peer.encryption import EncryptionKey, encrypted
from tests.openid_peer.sd_jwt import PERSON, identity_credential
from tests.openid_peer.verifier import Change, Verifier, query_for

_TYPE: Final = "Content-Type: application/oauth-authz-req+jwt"


def _nothing_leaves(
    holder: Holder, verifier: Verifier, *why: str, code: int | None = None, conversation: Conversation = NO
) -> Run:
    """A run in which no credential is sent, and something of `why` is said."""
    with verifier:
        run = holder.answer(verifier.link(), conversation=conversation, code=code)
    assert run.code in (3, 6, 7, 9), run.err
    for part in why:
        assert part in run.err
    for post in verifier.posts:
        assert b"vp_token" not in post.body
        if "response" in post.form:
            _, payload = verifier.encryption.decrypt(post.form["response"])
            assert "vp_token" not in payload
    assert verifier.strays == []
    assert all(not entry["released"] for entry in holder.log)
    assert "Traceback" not in run.err
    assert "\x1b" not in run.err
    return run


def _signed_by(key: ec.EllipticCurvePrivateKey) -> Callable[[str], str]:
    """The same request object, signed by another key."""
    return lambda jws: es256(key, *(loads(part) for part in jws.split(".")[:2]))


def _by_hmac(secret: bytes) -> Callable[[str], str]:
    """The same request object under HS256, with what is public of a key as the secret."""

    def sign(jws: str) -> str:
        header, payload = (loads(part) for part in jws.split(".")[:2])
        signed = f"{b64(compact({**header, 'alg': 'HS256'}))}.{b64(compact(payload))}"
        return f"{signed}.{b64(hmac.digest(secret, signed.encode(), hashlib.sha256))}"

    return sign


def _under(alg: str, *, signature: str | None = None) -> Callable[[str], str]:
    """The same request object with another alg in its header, and perhaps with another signature."""

    def change(jws: str) -> str:
        head, payload, signed = jws.split(".")
        head = b64(compact({**loads(head), "alg": alg}))
        return f"{head}.{payload}.{signed if signature is None else signature}"

    return change


def _public(access: Signer, encoding: str) -> bytes:
    key = access.key.public_key()
    if encoding == "jwk":
        return compact(public_jwk(key))
    if encoding == "certificate":
        return access.der
    form = serialization.Encoding.PEM if encoding == "pem" else serialization.Encoding.DER
    return key.public_bytes(form, serialization.PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize("encoding", ["pem", "der", "jwk", "certificate"])
def test_a_public_key_is_no_secret(encoding: str, holder: Holder, asking: Asking, access: Signer) -> None:
    verifier = asking(change=Change(jws=_by_hmac(_public(access, encoding))))
    _nothing_leaves(holder, verifier, "HS256")


@pytest.mark.sampled(6)
@pytest.mark.parametrize("alg", ["none", "None", "NONE", "", "ES256K", "ES384", "EdDSA", "RS256"])
@pytest.mark.parametrize("signature", [None, ""], ids=["signed", "bare"])
def test_an_alg_that_is_not_the_one_of_the_key_is_refused(
    alg: str, signature: str | None, holder: Holder, asking: Asking
) -> None:
    _nothing_leaves(holder, asking(change=Change(jws=_under(alg, signature=signature))))


def test_the_request_object_of_another_verifier_is_not_taken_for_that_of_the_link(
    holder: Holder, asking: Asking, verifiers: SigningAuthority
) -> None:
    """Both have certificates of the same authority; the other one's is not the one that the link names."""
    another = verifiers.signer("another.example")
    own_name = Change(
        header=lambda header: header.update(x5c=another.x5c),
        payload=lambda payload: payload.update(client_id=another.x509_hash),
        jws=_signed_by(another.key),
    )
    _nothing_leaves(holder, asking(change=own_name), "the link is from", code=3)
    borrowed_name = Change(header=lambda header: header.update(x5c=another.x5c), jws=_signed_by(another.key))
    _nothing_leaves(holder, asking(change=borrowed_name), code=3)


def test_a_signature_of_another_key_is_refused(holder: Holder, asking: Asking) -> None:
    another = ec.generate_private_key(ec.SECP256R1())
    _nothing_leaves(holder, asking(change=Change(jws=_signed_by(another))), "signature", code=3)


@pytest.mark.parametrize("member", ["jwk", "jku", "x5u", "kid"])
def test_no_key_is_taken_from_the_header_but_by_the_certificate(
    member: str, holder: Holder, asking: Asking
) -> None:
    """The signer has no certificate, and says in the header where its key is."""
    another = ec.generate_private_key(ec.SECP256R1())
    values = {"jwk": public_jwk(another), "kid": "another"}

    def pointing(header: JsonObject) -> None:
        header[member] = values.get(member, "https://localhost/keys")

    _nothing_leaves(holder, asking(change=Change(header=pointing, jws=_signed_by(another))), code=3)


def test_an_expired_certificate_one_that_signed_itself_and_one_of_strangers_are_refused(
    holder: Holder, asking: Asking, verifiers: SigningAuthority
) -> None:
    expired = verifiers.signer("localhost", expired=True)
    _nothing_leaves(holder, asking(access=expired), "expired", code=3)
    _nothing_leaves(holder, asking(access=verifiers.self_signed("localhost")), code=3)
    stranger = SigningAuthority("Stranger").signer("localhost")
    _nothing_leaves(holder, asking(access=stranger), "trust", code=9)


def test_a_certificate_that_another_leaf_signed_is_refused(
    holder: Holder, asking: Asking, verifiers: SigningAuthority
) -> None:
    leaf = verifiers.signer("localhost")
    below = SigningAuthority.under(leaf, "localhost")
    _nothing_leaves(holder, asking(access=below), "authority", code=3)


def test_a_wallet_nonce_that_was_of_another_fetch_is_refused(holder: Holder, asking: Asking) -> None:
    """A request object that was recorded when somebody else fetched it."""
    recorded = asking(method="post")
    kept = recorded.request_object("kept-from-an-earlier-fetch")
    verifier = asking(method="post", change=Change(request_answer=body(kept.encode(), _TYPE)))
    verifier.change = Change(jws=lambda _: kept, link=lambda link: link.update(client_id=recorded.client_id))
    with recorded:
        _nothing_leaves(holder, verifier, "wallet_nonce", code=3)
    assert [recorded.encryption.decrypt(form["response"])[1]["error"] for form in recorded.forms] == [
        "invalid_request"
    ]
    swapped = Change(payload=lambda payload: payload.update(wallet_nonce=payload["wallet_nonce"][::-1]))
    _nothing_leaves(holder, asking(method="post", change=swapped), "wallet_nonce", code=3)
    dropped = Change(payload=lambda payload: payload.pop("wallet_nonce"))
    _nothing_leaves(holder, asking(method="post", change=dropped), "wallet_nonce", code=3)


def _wallet_key(verifier: Verifier) -> JsonObject:
    """The key that the wallet has just sent to have its request object encrypted to."""
    metadata = json.loads(verifier.fetches[-1].form["wallet_metadata"])
    (key,) = metadata["jwks"]["keys"]
    assert "d" not in key
    return dict(key)


def _sealing(
    verifier: Verifier, *, inside: Callable[[str], str] = same, key: JsonObject | None = None, **header: Any
) -> Change:
    """Encrypts the request object to the wallet's key, or to another one."""
    return Change(
        jws=lambda jws: encrypted(
            inside(jws).encode(), key or _wallet_key(verifier), "A256GCM", header={"cty": "JWT", **header}
        )
    )


def test_an_encrypted_request_object_is_read(holder: Holder, asking: Asking) -> None:
    with asking(method="post") as verifier:
        verifier.change = _sealing(verifier)
        holder.answer(verifier.link())
        verifier.presentation()


def test_an_encrypted_request_object_has_to_be_signed_all_the_same(holder: Holder, asking: Asking) -> None:
    another = ec.generate_private_key(ec.SECP256R1())
    for inside, why in (
        (_signed_by(another), "signature"),
        (_under("none", signature=""), "alg is none"),
        (lambda jws: json.dumps({"client_id": loads(jws.split(".")[1])["client_id"]}), "a signed one"),
    ):
        verifier = asking(method="post")
        verifier.change = _sealing(verifier, inside=inside)
        _nothing_leaves(holder, verifier, why)


def test_a_request_object_that_is_encrypted_to_another_key_or_without_being_asked_is_refused(
    holder: Holder, asking: Asking
) -> None:
    another = EncryptionKey("another").public
    verifier = asking(method="post")
    verifier.change = _sealing(verifier, key=another)
    _nothing_leaves(holder, verifier, code=3)
    verifier = asking(method="get")
    verifier.change = _sealing(verifier, key=another)
    _nothing_leaves(holder, verifier, "encrypted", code=9)


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "dir"},
        {"zip": "DEF"},
        {"alg": "PBES2-HS256+A128KW", "p2c": 2**31 - 1, "p2s": "AAAA"},
        {"crit": ["x"], "x": 1},
        {"enc": "A128CBC-HS256"},
    ],
    ids=lambda header: next(iter(header.values())) if "alg" in header else next(iter(header)),
)
def test_an_encryption_of_a_request_object_that_is_another_is_refused_in_no_time(
    header: JsonObject, holder: Holder, asking: Asking
) -> None:
    def forged(jws: str) -> str:
        text = encrypted(jws.encode(), _wallet_key(verifier), "A256GCM")
        return b64(compact({**loads(text.partition(".")[0]), **header})) + text[text.index(".") :]

    verifier = asking(method="post", change=Change(jws=forged))
    _nothing_leaves(holder, verifier)


def test_a_request_is_answered_once(holder: Holder, asking: Asking) -> None:
    """The same link again, which a page or an extension may open at will, brings the same nonce."""
    verifier = asking()
    with verifier:
        link = verifier.link()
        holder.answer(link)
        again = holder.answer(link, conversation=NO, code=None)
    assert again.code not in (0, 130), again.err
    answers = [verifier.encryption.decrypt(form["response"])[1] for form in verifier.forms]
    assert [answer.get("error") for answer in answers] == [None, "invalid_request"]
    assert len([entry for entry in holder.log if entry["released"]]) == 1


@pytest.mark.parametrize(
    "client_id",
    [
        "redirect_uri:https://verifier.example/response",
        "https://verifier.example",
        "x509_san_dns:localhost",
        "x509_san_dns:another.example",
        "decentralized_identifier:did:web:verifier.example",
        "verifier_attestation:verifier.example",
        "openid_federation:https://verifier.example",
        "origin:https://verifier.example",
        "web-origin:https://verifier.example",
        "X509_HASH:AAAA",
        "x509_hash:",
        "x509_hash",
        "",
        "verifier.example",
    ],
)
def test_a_name_that_the_certificate_does_not_prove_is_refused(
    client_id: str, holder: Holder, asking: Asking, verifiers: SigningAuthority
) -> None:
    """The same name is in the link and in the object, and the certificate is for other.example."""
    change = Change(
        payload=lambda payload: payload.update(client_id=client_id),
        link=lambda link: link.update(client_id=client_id),
    )
    _nothing_leaves(holder, asking(access=verifiers.signer("other.example"), change=change))


@pytest.mark.sampled(8)
@pytest.mark.parametrize(
    "response_uri",
    [
        "https://attacker.example/response",
        "http://localhost:1/response",
        "https://localhost@attacker.example/response",
        "https://localhost:1/response#fragment",
        "https://user:secret@localhost/response",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "//localhost/response",
        "https://localhost\\@attacker.example/",
        "https://LOCALHOST.attacker.example/",
        "https://[::1]/response",
        "https://127.0.0.1/response",
        "https://localhost./response",
        "",
        5,
        ["https://localhost/response"],
    ],
)
def test_an_answer_goes_nowhere_but_to_a_host_of_the_certificate(
    response_uri: Any, holder: Holder, asking: Asking, access: Signer
) -> None:
    client_id = "x509_san_dns:localhost"
    change = Change(
        payload=lambda payload: payload.update(client_id=client_id, response_uri=response_uri),
        link=lambda link: link.update(client_id=client_id),
    )
    run = _nothing_leaves(holder, asking(change=change))
    assert PROMPT not in run.err


def test_by_the_name_of_the_certificate_an_answer_goes_to_its_host(holder: Holder, asking: Asking) -> None:
    client_id = "x509_san_dns:localhost"
    change = Change(
        payload=lambda payload: payload.update(client_id=client_id),
        link=lambda link: link.update(client_id=client_id),
    )
    with asking(change=change) as verifier:
        holder.answer(verifier.link())
        verifier.presentation()


@pytest.mark.parametrize("audience", [None, "https://another.example", ["https://self-issued.me/v2", "x"], 5])
def test_a_request_for_another_wallet_is_refused(audience: Any, holder: Holder, asking: Asking) -> None:
    def change(payload: JsonObject) -> None:
        if audience is None:
            del payload["aud"]
        else:
            payload["aud"] = audience

    _nothing_leaves(holder, asking(change=Change(payload=change)))


@pytest.mark.sampled(7)
@pytest.mark.parametrize("seconds", [-3600, 10**12, 10**400, -(10**400), "soon", True, 1e308])
@pytest.mark.parametrize("member", ["exp", "nbf", "iat"])
def test_times_that_are_none_are_refused_or_mean_what_they_say(
    member: str, seconds: Any, holder: Holder, asking: Asking
) -> None:
    """An end in the past and a beginning in the far future are refused; nothing ends in a traceback."""
    verifier = asking(change=Change(payload=lambda payload: payload.update({member: seconds})))
    with verifier:
        run = holder.answer(verifier.link(), conversation=NO, code=None)
    assert "Traceback" not in run.err
    assert "internal error" not in run.err
    assert holder.log == [] or all(not entry["released"] for entry in holder.log)
    if (member, seconds) in {("exp", -3600), ("nbf", 10**12), ("iat", 10**12)} or seconds in ("soon", True):
        assert PROMPT not in run.err


def _many(count: int) -> dict[str, Callable[[JsonObject], object]]:
    """Requests in which one thing is there `count` times."""

    def credential(number: int) -> JsonObject:
        return {**query_for(["given_name"])["credentials"][0], "id": f"q{number}"}

    def claim(number: int) -> JsonObject:
        return {"id": f"c{number}", "path": [f"claim-{number}"]}

    def in_query(payload: JsonObject, **members: Any) -> None:
        payload["dcql_query"]["credentials"][0].update(members)

    key = {"kty": "EC", "crv": "P-256", "alg": "ECDH-ES", "use": "enc"}
    return {
        "credentials": lambda payload: payload["dcql_query"].update(
            credentials=[credential(number) for number in range(count)]
        ),
        "claims": lambda payload: in_query(payload, claims=[claim(number) for number in range(count)]),
        "claim sets": lambda payload: in_query(
            payload, claims=[claim(1)], claim_sets=[["c1"] for _ in range(count)]
        ),
        "claims in a set": lambda payload: in_query(payload, claims=[claim(1)], claim_sets=[["c1"] * count]),
        "values": lambda payload: in_query(
            payload, claims=[{"path": ["given_name"], "values": [str(number) for number in range(count)]}]
        ),
        "types": lambda payload: in_query(payload, meta={"vct_values": [f"urn:{n}" for n in range(count)]}),
        "path": lambda payload: in_query(payload, claims=[{"path": ["a"] * count}]),
        "authorities": lambda payload: in_query(
            payload, trusted_authorities=[{"type": "aki", "values": ["AA"] * count}]
        ),
        "sets": lambda payload: payload["dcql_query"].update(
            credential_sets=[{"options": [["pid"]]} for _ in range(count)]
        ),
        "options": lambda payload: payload["dcql_query"].update(
            credential_sets=[{"options": [["pid"]] * count}]
        ),
        "transactions": lambda payload: payload.update(
            transaction_data=[b64(compact({"type": "t", "credential_ids": ["pid"]}))] * count
        ),
        "attestations": lambda payload: payload.update(
            verifier_info=[{"format": "jwt", "data": "x"} for _ in range(count)]
        ),
        "keys": lambda payload: payload["client_metadata"]["jwks"].update(
            keys=[{**key, "kid": str(number), "x": "AA", "y": "AA"} for number in range(count)]
        ),
        "ciphers": lambda payload: payload["client_metadata"].update(
            encrypted_response_enc_values_supported=["A" * 10] * count
        ),
        "members": lambda payload: payload.update({f"member-{number}": number for number in range(count)}),
    }


@pytest.mark.parametrize("what", sorted(_many(1)))
def test_ten_thousand_of_anything_are_refused_or_ignored_in_no_time(
    what: str, holder: Holder, asking: Asking
) -> None:
    verifier = asking(change=Change(payload=_many(10_000)[what]))
    with verifier:
        run = holder.answer(verifier.link(), conversation=NO, code=None)
    assert run.code in (3, 6, 7, 9), run.err
    assert "Traceback" not in run.err
    assert len(run.err) < 20_000, "nobody reads that"
    assert not any("vp_token" in str(verifier.answer()) for _ in verifier.forms)


def _nested(depth: int, opening: str, closing: str) -> bytes:
    return (opening * depth + "1" + closing * depth).encode()


@pytest.mark.parametrize("part", ["header", "payload", "dcql_query", "client_metadata"])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")], ids=["arrays", "objects"])
def test_deep_nesting_is_refused(
    part: str, opening: str, closing: str, holder: Holder, asking: Asking, access: Signer
) -> None:
    deep = _nested(100_000, opening, closing)
    verifier = asking()

    def forged(_: str) -> str:
        header = compact(access.header("oauth-authz-req+jwt"))
        payload = compact(verifier.payload())
        if part == "header":
            header = header[:-1] + b',"deep":' + deep + b"}"
        elif part == "payload":
            payload = payload[:-1] + b',"deep":' + deep + b"}"
        else:
            content = {name: each for name, each in verifier.payload().items() if name != part}
            payload = compact(content)[:-1] + f',"{part}":'.encode() + deep + b"}"
        return _signed_bytes(access, header, payload)

    verifier.change = Change(jws=forged)
    _nothing_leaves(holder, verifier)


def _signed_bytes(signer: Signer, header: bytes, payload: bytes) -> str:
    """A compact JWS over bytes that need not be what a JSON library writes."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    signed = f"{b64(header)}.{b64(payload)}"
    r, s = decode_dss_signature(signer.key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{signed}.{b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


@pytest.mark.parametrize(
    "extra",
    [b',"nonce":"another-nonce-of-the-same-request"', b',"response_uri":"https://attacker.example/"'],
    ids=["nonce", "response_uri"],
)
def test_a_member_that_is_there_twice_is_refused(
    extra: bytes, holder: Holder, asking: Asking, access: Signer
) -> None:
    verifier = asking()
    header = compact(access.header("oauth-authz-req+jwt"))
    verifier.change = Change(
        jws=lambda _: _signed_bytes(access, header, compact(verifier.payload())[:-1] + extra + b"}")
    )
    _nothing_leaves(holder, verifier, code=6)


_HARMFUL: Final = {
    "escape": "\x1b[2J\x1b[1;1Hyou are safe\x1b]0;title\x07",
    "bidi": "\u202egnihtyreve\u2066",
    "lines": "a\nwho asks: your bank\r\nb",
    "markup": "[bold red]<script>alert(1)</script>[/]",
    "zero width": "a\u200bb\u200dc\ufeff",
    "surrogate": "\ud800",
    "long": "x" * 100_000,
    "combining": "e" + "\u0301" * 5_000,
}


def _placed(text: str) -> dict[str, Callable[[JsonObject], object]]:
    """Requests with a text of the attacker's in each place that may be shown."""
    return {
        "client_name": lambda payload: payload["client_metadata"].update(client_name=text, logo_uri=text),
        "state": lambda payload: payload.update(state=text),
        "nonce": lambda payload: payload.update(nonce=text),
        "vct": lambda payload: payload["dcql_query"]["credentials"][0].update(meta={"vct_values": [text]}),
        "format": lambda payload: payload["dcql_query"]["credentials"][0].update(format=text),
        "id": lambda payload: payload["dcql_query"]["credentials"][0].update(id=text),
        "path": lambda payload: payload["dcql_query"]["credentials"][0].update(claims=[{"path": [text]}]),
        "values": lambda payload: payload["dcql_query"]["credentials"][0].update(
            claims=[{"path": ["given_name"], "values": [text]}]
        ),
        "authority": lambda payload: payload["dcql_query"]["credentials"][0].update(
            trusted_authorities=[{"type": text, "values": [text]}]
        ),
        "response_mode": lambda payload: payload.update(response_mode=text),
        "response_type": lambda payload: payload.update(response_type=text),
        "scope": lambda payload: payload.update(scope=text),
        "transaction": lambda payload: payload.update(
            transaction_data=[b64(json.dumps({"type": text, "credential_ids": ["pid"]}).encode())]
        ),
        "purpose": lambda payload: payload.update(
            transaction_data=[
                b64(
                    json.dumps(
                        {"type": "urn:ipse:purpose:1", "credential_ids": ["pid"], "purpose": text}
                    ).encode()
                )
            ]
        ),
        "attestation": lambda payload: payload.update(verifier_info=[{"format": text, "data": text}]),
    }


@pytest.mark.sampled(16)
@pytest.mark.parametrize("name", sorted(_HARMFUL))
@pytest.mark.parametrize("place", sorted(_placed("")))
def test_texts_of_an_attacker_do_nothing_to_the_terminal(
    place: str, name: str, holder: Holder, asking: Asking
) -> None:
    verifier = asking(change=Change(payload=_placed(_HARMFUL[name])[place]))
    with verifier:
        run = holder.answer(verifier.link(), conversation=NO, code=None)
    assert run.code in (3, 6, 7, 9), (run.code, run.err)
    for harmful in ("\x1b", "\u202e", "\u200b", "\ufeff", "\n  who asks: your bank", "Traceback"):
        assert harmful not in run.err
    assert len(run.err) < 20_000
    assert not any("vp_token" in str(verifier.answer()) for _ in verifier.forms)


@pytest.mark.parametrize("name", ["escape", "bidi", "lines", "markup", "zero width"])
def test_the_names_of_a_certificate_do_nothing_to_the_terminal(
    name: str, holder: Holder, asking: Asking, verifiers: SigningAuthority
) -> None:
    signer = verifiers.named_signer(_HARMFUL[name][:60], "localhost")
    with asking(access=signer) as verifier:
        run = holder.answer(verifier.link(), conversation=NO, code=None)
    for harmful in ("\x1b", "\u202e", "\u200b", "\ufeff", "\n  who asks: your bank", "Traceback"):
        assert harmful not in run.err
    assert holder.log == [] or all(not entry["released"] for entry in holder.log)


@pytest.mark.parametrize("name", ["escape", "bidi", "lines", "markup", "zero width", "combining", "long"])
def test_the_claims_of_an_issuer_do_nothing_to_the_terminal(
    name: str, holder: Holder, asking: Asking, issuer: Signer
) -> None:
    """A credential by a trusted issuer whose values and type names are made to deceive its owner."""
    text = _HARMFUL[name]
    key = new_holder_key(holder.ipse)
    person = {**PERSON, "given_name": text, "nick": text}
    kept = holder.ipse(
        "vc", "add", "-", stdin=identity_credential(issuer, key, person=person, vct="urn:harmful"), code=None
    )
    if kept.code:
        assert "\x1b" not in kept.err
        return
    query = query_for(["given_name"], ["nick"], vct="urn:harmful")
    with asking(query=query) as verifier:
        run = holder.answer(verifier.link(), conversation=NO, code=7)
    for harmful in ("\x1b", "\u202e", "\u200b", "\ufeff", "\n  who asks: your bank", "Traceback"):
        assert harmful not in run.err
    assert len(run.err) < 20_000


@pytest.mark.sampled(3)
@pytest.mark.parametrize("code", [301, 302, 303, 307, 308, 300, 304, 399])
def test_no_redirect_of_a_request_is_followed(code: int, holder: Holder, asking: Asking) -> None:
    for method in ("get", "post"):
        verifier = asking(method=method)
        target = verifier.endpoint.url("/elsewhere")
        verifier.change = Change(request_answer=redirect(target, code))
        _nothing_leaves(holder, verifier, "redirect", code=9)
        assert len(verifier.fetches) == 1


@pytest.mark.sampled(2)
@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_no_redirect_of_an_answer_is_followed(code: int, holder: Holder, asking: Asking) -> None:
    """What was sent was sent to where the owner said yes to; it goes no further."""
    verifier = asking()
    verifier.change = Change(response_answer=redirect(verifier.endpoint.url("/elsewhere"), code))
    with verifier:
        run = holder.answer(verifier.link(), conversation=YES, code=None)
    assert run.code not in (0, 130)
    assert "redirect" in run.err
    assert verifier.strays == []
    assert len(verifier.posts) == 1


@pytest.mark.sampled(6)
@pytest.mark.parametrize(
    "redirect_uri",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "http://verifier.example/",
        "https://user:secret@verifier.example/",
        "https://verifier.example/\x1b[2J",
        "https://verifier.example/ second line",
        "openid4vp://?client_id=x",
        "-e /bin/sh",
        "x" * 100_000,
        5,
        {"a": 1},
    ],
)
def test_a_redirect_uri_of_the_answer_that_is_none_is_not_opened(
    redirect_uri: Any, holder: Holder, asking: Asking
) -> None:
    verifier = asking(redirect_uri=redirect_uri)
    with verifier:
        run = holder.answer(verifier.link(), code=None)
    shown = str(redirect_uri)
    assert shown not in run.out
    assert "\x1b" not in run.err
    assert "Traceback" not in run.err
    assert len(run.err) < 20_000
    assert verifier.strays == []


def _endless() -> Answer:
    def answer(connection: Any, stopped: Any) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + _TYPE.encode() + b"\r\n\r\n")
        while not stopped.is_set():
            connection.sendall(b"a" * 65536)

    return answer


_BODIES: Final[dict[str, Answer]] = {
    "endless": _endless(),
    "endless header": raw(b"HTTP/1.1 200 OK\r\n", b"X: " + b"a" * 1_000_000),
    "nothing": raw(),
    "no length": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n{}"),
    "not HTTP": raw(b"\x00\x01\x02"),
    "html": body(b"<html>sign in</html>", "Content-Type: text/html"),
    "gzip": body(b"\x1f\x8b" + bytes(100), "Content-Encoding: gzip", _TYPE),
    "error": raw(b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"),
}


@pytest.mark.parametrize("what", sorted(_BODIES))
def test_a_request_that_is_none_is_refused(what: str, holder: Holder, asking: Asking) -> None:
    _nothing_leaves(holder, asking(change=Change(request_answer=_BODIES[what])))


@pytest.mark.parametrize("what", sorted(_BODIES))
def test_after_an_answer_nothing_that_a_verifier_says_makes_the_wallet_send_more(
    what: str, holder: Holder, asking: Asking
) -> None:
    """What left is in the log whatever the verifier makes of it."""
    verifier = asking(change=Change(response_answer=_BODIES[what]))
    with verifier:
        run = holder.answer(verifier.link(), code=None)
    assert "Traceback" not in run.err
    assert len(verifier.posts) == 1
    (entry,) = holder.log
    assert entry["released"]


@pytest.mark.slow
@pytest.mark.parametrize("step", ["request", "response"])
def test_a_slow_verifier_is_left_in_time(step: str, holder: Holder, asking: Asking) -> None:
    """A byte at a time, for ever: the deadline is one for the whole exchange."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n" + _TYPE.encode() + b"\r\n\r\n"
    slow = drip(head, (b"a" for _ in range(1_000_000)))
    change = Change(request_answer=slow) if step == "request" else Change(response_answer=slow)
    verifier = asking(change=change)
    with verifier:
        run = holder.answer(verifier.link(), code=None)
    assert run.code not in (0, 130)
    assert "Traceback" not in run.err
