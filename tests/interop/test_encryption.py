"""Encrypted answers against the JWE of polaris-oid4vp, a certified verifier: each opens the other's."""

from __future__ import annotations

from typing import Any

import pytest

from ipse.encoding import base64url
from ipse.errors import IpseError
from ipse.keys import encryption

jwe = pytest.importorskip("polaris_oid4vp.jwe")
ec = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ec")

KEY = encryption.new_key("k1")
PUBLIC = {name: value for name, value in KEY.items() if name != "d"}
PAYLOAD = b'{"vp_token":{"pid":["a~b~"]},"state":"s"}'


def theirs() -> Any:
    """KEY as the peer holds it."""
    return ec.derive_private_key(int.from_bytes(base64url.decode(KEY["d"]), "big"), ec.SECP256R1())


@pytest.mark.parametrize("enc", encryption.ENCODINGS)
@pytest.mark.parametrize(
    "parties", [{}, {"apu": b"wallet", "apv": b"n-0S6_WzA2Mj"}], ids=["plain", "parties"]
)
class TestBothWays:
    def test_the_peer_opens_what_ipse_encrypts(self, enc: str, parties: dict[str, bytes]) -> None:
        sealed = encryption.encrypt(PAYLOAD, PUBLIC, enc=enc, kid="k1", **parties)  # type: ignore[arg-type]
        assert jwe.decrypt_response(sealed, theirs()) == {"vp_token": {"pid": ["a~b~"]}, "state": "s"}

    def test_ipse_opens_what_the_peer_encrypts(self, enc: str, parties: dict[str, bytes]) -> None:
        sealed = jwe.encrypt_compact(
            PAYLOAD, theirs().public_key(), enc, **parties, extra_header={"kid": "k1"}
        )
        header, payload = encryption.decrypt(sealed, KEY)
        assert (payload, header["kid"], header["enc"]) == (PAYLOAD, "k1", enc)


def test_both_refuse_what_was_changed() -> None:
    sealed = encryption.encrypt(PAYLOAD, PUBLIC, enc="A128GCM", kid="k1")
    for position in range(0, len(sealed), 11):
        changed = sealed[:position] + ("A" if sealed[position] != "A" else "B") + sealed[position + 1 :]
        with pytest.raises(IpseError):
            encryption.decrypt(changed, KEY)
        with pytest.raises(jwe.JweError):
            jwe.decrypt_response(changed, theirs())
