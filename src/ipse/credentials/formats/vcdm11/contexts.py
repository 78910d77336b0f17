"""The JSON-LD contexts that didkit carries and credentials of data model 1.1 may name.

didkit does not tell what a context defines, so ipse carries the same documents. Each of them was read: none
hides a member or gives a member of the data model a second name. Claims do have second names in some.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from ipse.credentials.json_ld.contexts import PACKAGED, Contexts
from ipse.credentials.model import vcdm11

__all__ = ["KNOWN_CONTEXTS", "carried"]

_ODRL: Final = "https://www.w3.org/ns/odrl.jsonld"
_STATUS_LIST: Final = "https://w3id.org/vc/status-list/2021/v1"
_JWS_2020: Final = (
    "jws-2020-v1.jsonld",
    "703c29d38a7cce3ac43536dd086ef3251f79877e0646831924cd3e3ac683759e",
)
_CARRIED: Final = {
    **{url: PACKAGED[url] for url in (vcdm11.CONTEXT, vcdm11.SUITE_CONTEXT, _STATUS_LIST)},
    "https://identity.foundation/.well-known/contexts/did-configuration-v0.0.jsonld": (
        "did-configuration-v0.0.jsonld",
        "be89c428185b67c92808c5a2e92f342b59b05300c11112c74b966d11ef67b6e2",
    ),
    "https://purl.imsglobal.org/spec/ob/v3p0/context.json": (
        "open-badges-v3p0-plugfest-2.jsonld",
        "c4a75b69d05ae3f072ca14ef03e5bb1435a4e3c6419cb6672b9ac46d0ee49a4f",
    ),
    "https://schema.org/": (
        "schema-org.jsonld",
        "380fd04feee58677480e0f970f15cbf96a67bf1233cbef27653adf73bb2ac865",
    ),
    "https://w3c-ccg.github.io/lds-jws2020/contexts/lds-jws2020-v1.json": _JWS_2020,
    "https://w3c-ccg.github.io/vc-ed/plugfest-1-2022/jff-vc-edu-plugfest-1-context.json": (
        "open-badges-plugfest-1.jsonld",
        "d1ff48861295398e28e74341df7b526e5ba9fe788317bfaa7df3a0c9c4146a2c",
    ),
    "https://w3id.org/citizenship/v1": (
        "citizenship-v1.jsonld",
        "182a1fc2bc3ed2ea6c17de9420236cc08cfeb026a7a7a8057c533c1c86564677",
    ),
    "https://w3id.org/security/bbs/v1": (
        "bbs-v1.jsonld",
        "df3ca56f7abfe2bfeec0a9fe6353dd653e6a43210fbf7bc117240921f2c21923",
    ),
    "https://w3id.org/security/suites/jws-2020/v1": _JWS_2020,
    "https://w3id.org/security/suites/secp256k1recovery-2020/v2": (
        "secp256k1recovery-2020-v2.jsonld",
        "75897745a63b5af68ebcf34ab9cb6008274d70567fbbfca6607f9fb01a73a5f4",
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
        "75562b6e92cdb732bd685863a13acacac22c16b463433a82602f1a957d5da3f4",
    ),
    "https://w3id.org/vdl/v1": (
        "vdl-v1.jsonld",
        "b069d7ad1fab36cdc811d6bfa46d8d897277635258b9b9ccb130e3ed76df28d6",
    ),
    "https://www.w3.org/2018/credentials/examples/v1": (
        "credentials-examples-v1.jsonld",
        "4dd731934c156aff734a0f3aaae6d01812a7d3cdbc80cd27b5923747f06b0e30",
    ),
    _ODRL: (
        "odrl.jsonld",
        "c202f00f48f23d4a45f00171a62f012aa6f6aaaf6ddd209c8015461e50c8ea5c",
    ),
}

KNOWN_CONTEXTS: Final = tuple(url for url in _CARRIED if url != _ODRL)
"""What a credential may name; the context of ODRL is only a part of another."""


@cache
def carried() -> Contexts:
    """The documents of all of them."""
    return Contexts(packaged=_CARRIED)
