"""The Python reference of SD-JWT: credentials issued and verified per second, as JSON on stdout.

Runs in a virtual environment of its own. Usage: sd_jwt_reference.py SECONDS NAME,NAME,... < claims.json
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

from jwcrypto.jwk import JWK  # type: ignore[import-not-found,import-untyped,unused-ignore]
from sd_jwt.common import SDObj  # type: ignore[import-not-found,unused-ignore]
from sd_jwt.issuer import SDJWTIssuer  # type: ignore[import-not-found,unused-ignore]
from sd_jwt.verifier import SDJWTVerifier  # type: ignore[import-not-found,unused-ignore]


def _rate(seconds: float, work: Callable[[], Any]) -> float:
    done, start = 0, time.perf_counter()
    while (spent := time.perf_counter() - start) < seconds:
        work()
        done += 1
    return done / spent


def main() -> None:
    """Warm up for a fifth of the time, then measure, both for issuing and for verifying."""
    seconds, hidden, claims = float(sys.argv[1]), sys.argv[2].split(","), json.load(sys.stdin)
    key = JWK.generate(kty="OKP", crv="Ed25519")
    public = JWK.from_json(key.export_public())

    def issue() -> str:
        chosen = {SDObj(name) if name in hidden else name: value for name, value in claims.items()}
        compact: str = SDJWTIssuer(chosen, key, sign_alg="EdDSA").sd_jwt_issuance
        return compact

    issued = issue()

    def verify() -> Any:
        return SDJWTVerifier(issued, lambda *_, **__: public).get_verified_payload()

    rates = {}
    for name, work in (("issue", issue), ("verify", verify)):
        _rate(seconds / 5, work)
        rates[name] = _rate(seconds, work)
    print(json.dumps(rates))


if __name__ == "__main__":
    main()
