"""The contexts that credentials of data model 1.1 are signed under, as didkit carries them.

Some of these documents changed over time under one URL. What is signed here must be what didkit and its kin
read, so these versions are theirs, and they are known to this format alone. None is ever fetched.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from ipse.credentials.json_ld.contexts import Contexts, pinned
from ipse.encoding.strict_json import JsonObject

__all__ = ["CARRIED", "JWS_2020", "known"]

JWS_2020: Final = "https://w3id.org/security/suites/jws-2020/v1"
"""Defines JsonWebSignature2020 and its members."""

CARRIED: Final = {
    "https://identity.foundation/.well-known/contexts/did-configuration-v0.0.jsonld": (
        "did-configuration-v0.0.jsonld",
        "a79a83be7d93e5e1f2183a240bafb3281b5327c3787113d7bc67fb1e8a767a71",
    ),
    "https://purl.imsglobal.org/spec/ob/v3p0/context.json": (
        "open-badges-v3p0.jsonld",
        "9f1c8f9f361ba2994b9b50701f41149919542c50c7b7455b2846d87959295d72",
    ),
    "https://schema.org/": (
        "schema-org.jsonld",
        "57b051448b484c9ef6f4470e960f33cf48f555b3f610f795780d64cc090735c8",
    ),
    "https://w3c-ccg.github.io/lds-jws2020/contexts/lds-jws2020-v1.json": (
        "jws-2020-v1.jsonld",
        "d648e05ddc6577827ca2bfd5e931f53e9ebc6e52a57a8da81df4ec8c46ffcd1e",
    ),
    "https://w3c-ccg.github.io/vc-ed/plugfest-1-2022/jff-vc-edu-plugfest-1-context.json": (
        "jff-plugfest-1.jsonld",
        "3bc63c2ac768b6c3ae9a1beeb2564b3156b47c4a3ffae1ae49b553d3664f2749",
    ),
    "https://w3id.org/citizenship/v1": (
        "citizenship-v1.jsonld",
        "9ffdc9e92801959e8f7416744aca720d06e0a4702dd83043c02c74700c161d93",
    ),
    "https://w3id.org/security/bbs/v1": (
        "bbs-v1.jsonld",
        "65f03b15242ee97861039faec7a73297da4dd6880257fe4fd18edf1fc363a58d",
    ),
    "https://w3id.org/security/suites/jws-2020/v1": (
        "jws-2020-v1.jsonld",
        "d648e05ddc6577827ca2bfd5e931f53e9ebc6e52a57a8da81df4ec8c46ffcd1e",
    ),
    "https://w3id.org/security/suites/secp256k1recovery-2020/v2": (
        "secp256k1-recovery-2020-v2.jsonld",
        "442e5eb94f2a5108373120fc01f86bdd1c6fbb71ad11ec44546d1eabe603562f",
    ),
    "https://w3id.org/traceability/v1": (
        "traceability-v1.jsonld",
        "7c3424884ce260d834ee2f4e9a6c056f7d9d99236483f5a740637cd9db87d5d6",
    ),
    "https://w3id.org/vaccination/v1": (
        "vaccination-v1.jsonld",
        "7ac5b56ba313ee3b8dc0ff445f3c256d8921ec05f4db20219b1c6fb4aae5760c",
    ),
    "https://w3id.org/vc-revocation-list-2020/v1": (
        "revocation-list-2020-v1.jsonld",
        "9fe1e5bd6d2f709e4628947c86455f2d97204e07ed7b7ae51d559e35e5238e9d",
    ),
    "https://w3id.org/vdl/v1": (
        "vdl-v1.jsonld",
        "cffad76ba3d700ce7aa4007602e5996210e834dd1cb6074de762264eac939d3d",
    ),
    "https://www.w3.org/2018/credentials/examples/v1": (
        "credentials-examples-v1.jsonld",
        "2070ae4e75bc3b4c2cfe2b8b6e86ec45119672bbb5da283f0399ea96c60a0104",
    ),
    "https://www.w3.org/ns/odrl.jsonld": (
        "odrl.jsonld",
        "88e7f9f9048f7c4997ecdd09dd82f864f92eb267ef3d4297dd7db971132583c1",
    ),
}
"""The file and its SHA-256, by URL; the contexts of `json_ld` are known besides."""


class _Carried(Contexts):
    """The packaged contexts and the carried ones, each read when it is first named."""

    def __reduce__(self) -> tuple[Any, ...]:
        return known, ()

    def __contains__(self, url: object) -> bool:
        return url in CARRIED or super().__contains__(url)

    def document(self, url: str) -> JsonObject:
        if url not in CARRIED:
            return super().document(url)
        if url not in self._loaded:
            self._loaded[url] = pinned(__package__, *CARRIED[url])
        return self._loaded[url]


@cache
def known() -> Contexts:
    """The contexts of data model 1.1."""
    return _Carried()
