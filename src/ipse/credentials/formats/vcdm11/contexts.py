"""The JSON-LD contexts that didkit carries and credentials of data model 1.1 may name.

Some of these documents changed over time under one URL. What is signed here must be what didkit and its kin
read, so these versions are theirs, and they are known to this format alone. None is ever fetched. Each was
read: none hides a member or gives a member of the data model a second name. Claims do have second names in
some.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from ipse.credentials.json_ld.contexts import PACKAGED, Contexts
from ipse.credentials.model import vcdm11

__all__ = ["JWS_2020", "KNOWN_CONTEXTS", "carried"]

JWS_2020: Final = "https://w3id.org/security/suites/jws-2020/v1"
"""Defines JsonWebSignature2020 and its members."""

_ODRL: Final = "https://www.w3.org/ns/odrl.jsonld"
_STATUS_LIST: Final = "https://w3id.org/vc/status-list/2021/v1"
_CARRIED: Final[dict[str, tuple[str, str] | tuple[str, str, str]]] = {
    **{url: PACKAGED[url] for url in (vcdm11.CONTEXT, vcdm11.SUITE_CONTEXT, _STATUS_LIST)},
    "https://identity.foundation/.well-known/contexts/did-configuration-v0.0.jsonld": (
        "did-configuration-v0.0.jsonld",
        "a79a83be7d93e5e1f2183a240bafb3281b5327c3787113d7bc67fb1e8a767a71",
        __package__,
    ),
    "https://purl.imsglobal.org/spec/ob/v3p0/context.json": (
        "open-badges-v3p0.jsonld",
        "9f1c8f9f361ba2994b9b50701f41149919542c50c7b7455b2846d87959295d72",
        __package__,
    ),
    "https://schema.org/": (
        "schema-org.jsonld",
        "57b051448b484c9ef6f4470e960f33cf48f555b3f610f795780d64cc090735c8",
        __package__,
    ),
    "https://w3c-ccg.github.io/lds-jws2020/contexts/lds-jws2020-v1.json": (
        "jws-2020-v1.jsonld",
        "d648e05ddc6577827ca2bfd5e931f53e9ebc6e52a57a8da81df4ec8c46ffcd1e",
        __package__,
    ),
    "https://w3c-ccg.github.io/vc-ed/plugfest-1-2022/jff-vc-edu-plugfest-1-context.json": (
        "jff-plugfest-1.jsonld",
        "3bc63c2ac768b6c3ae9a1beeb2564b3156b47c4a3ffae1ae49b553d3664f2749",
        __package__,
    ),
    "https://w3id.org/citizenship/v1": (
        "citizenship-v1.jsonld",
        "9ffdc9e92801959e8f7416744aca720d06e0a4702dd83043c02c74700c161d93",
        __package__,
    ),
    "https://w3id.org/security/bbs/v1": (
        "bbs-v1.jsonld",
        "65f03b15242ee97861039faec7a73297da4dd6880257fe4fd18edf1fc363a58d",
        __package__,
    ),
    JWS_2020: (
        "jws-2020-v1.jsonld",
        "d648e05ddc6577827ca2bfd5e931f53e9ebc6e52a57a8da81df4ec8c46ffcd1e",
        __package__,
    ),
    "https://w3id.org/security/suites/secp256k1recovery-2020/v2": (
        "secp256k1-recovery-2020-v2.jsonld",
        "442e5eb94f2a5108373120fc01f86bdd1c6fbb71ad11ec44546d1eabe603562f",
        __package__,
    ),
    "https://w3id.org/traceability/v1": (
        "traceability-v1.jsonld",
        "7c3424884ce260d834ee2f4e9a6c056f7d9d99236483f5a740637cd9db87d5d6",
        __package__,
    ),
    "https://w3id.org/vaccination/v1": (
        "vaccination-v1.jsonld",
        "7ac5b56ba313ee3b8dc0ff445f3c256d8921ec05f4db20219b1c6fb4aae5760c",
        __package__,
    ),
    "https://w3id.org/vc-revocation-list-2020/v1": (
        "revocation-list-2020-v1.jsonld",
        "9fe1e5bd6d2f709e4628947c86455f2d97204e07ed7b7ae51d559e35e5238e9d",
        __package__,
    ),
    "https://w3id.org/vdl/v1": (
        "vdl-v1.jsonld",
        "cffad76ba3d700ce7aa4007602e5996210e834dd1cb6074de762264eac939d3d",
        __package__,
    ),
    "https://www.w3.org/2018/credentials/examples/v1": (
        "credentials-examples-v1.jsonld",
        "2070ae4e75bc3b4c2cfe2b8b6e86ec45119672bbb5da283f0399ea96c60a0104",
        __package__,
    ),
    _ODRL: (
        "odrl.jsonld",
        "88e7f9f9048f7c4997ecdd09dd82f864f92eb267ef3d4297dd7db971132583c1",
        __package__,
    ),
}

KNOWN_CONTEXTS: Final = tuple(url for url in _CARRIED if url != _ODRL)
"""What a credential may name; the context of ODRL is only a part of another."""


@cache
def carried() -> Contexts:
    """The documents of all of them."""
    return Contexts(packaged=_CARRIED)
