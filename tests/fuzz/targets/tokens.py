"""Tokens: JWS, vc+jwt, SD-JWT, and the JWTs of VCDM 1.1."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final

from ipse.credentials import jws
from ipse.credentials.formats import envelope, sd_jwt
from ipse.credentials.formats.jose import vc_jwt
from ipse.credentials.formats.jose.format import FORMAT as JOSE
from ipse.credentials.formats.vcdm11 import jwt
from ipse.credentials.policy import Challenge
from ipse.encoding import strict_json
from ipse.errors import IpseError
from tests.corpus.building import AUDIENCE, NONCE, NOW
from tests.fuzz.material import ALL_KEYS_FIT, good, good_objects
from tests.fuzz.target import Target

__all__ = ["TARGETS"]


def _jws(data: bytes) -> None:
    token = jws.read(_text(data), what="the JWT")
    assert token.encoded == _text(data)
    jws.check_signature(token, lambda: ALL_KEYS_FIT)


def _vc_jose(data: bytes) -> None:
    text = _text(data)
    if text.startswith("{"):
        opened = envelope.opened(strict_json.parse_object(data))
        assert opened.media_type
        text = opened.secured.encoded if opened.format is JOSE else opened.secured.sd_jwt.compact
    with suppress(IpseError):
        assert envelope.opened(envelope.enveloped(text)).media_type
    token = vc_jwt.read(text, what="the JWT")
    assert token.controller
    vc_jwt.registered_period(token)


def _claims(data: bytes) -> None:
    token = vc_jwt.read(_text(data), what="the JWT")
    vc_jwt.check_claims(token, token.controller)


def _sd_jwt(data: bytes) -> None:
    text = _text(data)
    read = sd_jwt.parse(text)
    assert sd_jwt.parse(read.compact) == read
    try:
        paths = sd_jwt.disclosable_paths(read)
        for path in paths[:8]:
            sd_jwt.select(read, [path])
            sd_jwt.read_path(".".join(map(str, path)), read.jwt.payload)
    except IpseError:
        pass
    for challenge in (Challenge(AUDIENCE, NONCE), sd_jwt.NO_CHALLENGE):
        try:
            _verified(read, challenge)
        except IpseError:
            continue


def _verified(read: sd_jwt.SdJwt, challenge: Any) -> None:
    """With keys that every signature fits, so that what they cover is looked at."""
    verified = sd_jwt.verify(
        read,
        resolve_issuer_key=lambda *_: ALL_KEYS_FIT,
        types=("dc+sd-jwt", "example+sd-jwt"),
        challenge=challenge,
        now=NOW.timestamp(),
        resolve_holder_key=lambda _: ALL_KEYS_FIT,
    )
    strict_json.canonical(verified.claims)
    sd_jwt.holder_key(verified.claims.get("cnf", {}))


def _old_jwt(data: bytes) -> None:
    text = _text(data)
    for read in (jwt.credential_of, jwt.presentation_of):
        try:
            read(text)
        except IpseError:
            continue


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _tokens() -> Iterable[bytes]:
    return good("jwt", "vp-jwt", "w3c-1.1-jwt")


def _sd_jwts() -> Iterable[bytes]:
    return good("sd-jwt")


TARGETS: Final = (
    Target("jws", _jws, lambda: [one for one in _tokens() if one[:1] == b"e"], 5, 8192),
    Target("vc-jose", _vc_jose, lambda: [*_tokens(), *good_objects()[-3:], *_sd_jwts()], 5),
    Target("vc-jose-claims", _claims, lambda: [one for one in _tokens() if one[:1] == b"e"], 4),
    Target("sd-jwt", _sd_jwt, _sd_jwts, 6),
    Target("vcdm11-jwt", _old_jwt, lambda: good("w3c-1.1-jwt", "vp-w3c-1.1-jwt"), 4),
)
