"""The contexts that come with ipse, each pinned by the SHA-256 of its file (see contexts/LICENCES.md)."""

from __future__ import annotations

import hashlib
from importlib import resources
from typing import Final

from ipse.encoding import strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.errors import CorruptData

__all__ = ["PACKAGED", "load"]

PACKAGED: Final = {
    "https://www.w3.org/2018/credentials/v1": (
        "credentials-v1.jsonld",
        "ab4ddd9a531758807a79a5b450510d61ae8d147eab966cc9a200c07095b0cdcc",  # VCDM 2.0, appendix B.1
    ),
    "https://www.w3.org/ns/credentials/v2": (
        "credentials-v2.jsonld",
        "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734",  # VCDM 2.0, appendix B.1
    ),
    "https://www.w3.org/ns/credentials/undefined-terms/v2": (
        "undefined-terms-v2.jsonld",
        "82dab514ba44eb18f5d1b0f638c5e140c6a556fbfb5089601bdc0fa5eb8b2581",
    ),
    "https://www.w3.org/ns/credentials/examples/v2": (
        "credentials-examples-v2.jsonld",
        "57393fbc69d6efb9b9b5dc9cb6b9880b0944360abfe2eaf459c9e58cf2279d7c",
    ),
    "https://www.w3.org/ns/credentials/status/v1": (
        "bitstring-status-list-v1.jsonld",
        "fd08cbf28ddd829ab2f1978c48f43ab07a112c1c90245a0cfac7ba721c65170c",
    ),
    "https://w3id.org/vc/status-list/2021/v1": (
        "status-list-2021-v1.jsonld",
        "634d71c159289f068c96012e4511c657fdf82ac4231900081bda3ba24e2e1160",
    ),
    "https://w3id.org/security/data-integrity/v1": (
        "data-integrity-v1.jsonld",
        "b5d829bd09aa7c42abc6efa0c8ed7635313b5487f37ccfce3ecd149ca9418554",
    ),
    "https://w3id.org/security/data-integrity/v2": (
        "data-integrity-v2.jsonld",
        "67f21e6e33a6c14e5ccfd2fc7865f7474fb71a04af7e94136cb399dfac8ae8f4",  # VC Data Integrity 1.0, 2.4
    ),
    "https://w3id.org/security/multikey/v1": (
        "multikey-v1.jsonld",
        "c5f3806f8286920573221938917988a18a4cc5a09e968d29649613c7a1c2b1f6",
    ),
    "https://w3id.org/security/suites/ed25519-2020/v1": (
        "ed25519-2020-v1.jsonld",
        "b9e1ab971fd8bf2c7553e0c4a9438e0b9450afde1ea1ca5b2492368b9f549588",
    ),
    "https://w3id.org/security/suites/ed25519-2018/v1": (
        "ed25519-2018-v1.jsonld",
        "166c6abb9e08176cee5f6c87c9c1bbfefa5717da391bcac525e5437f93eab809",
    ),
    "https://w3id.org/security/suites/x25519-2020/v1": (
        "x25519-2020-v1.jsonld",
        "b234f84fe7cebb0efef37cad82667eeacb6d414f6c51ac37f5dc803a4a0c728a",
    ),
    "https://w3id.org/security/v1": (
        "security-v1.jsonld",
        "e2d146cd556f6fa5f14996c6f1749667d5a14073fa30f0643990068e2c0b1bac",
    ),
    "https://w3id.org/security/v2": (
        "security-v2.jsonld",
        "4cb186bc29c08af6e40c58178c22dd84d542f2871a063afed6e648b47abc3cf6",
    ),
    "https://www.w3.org/ns/did/v1": (
        "did-v1.jsonld",
        "62c1054bf404d6dd3a4b26b64f830fd72095f6a26edc4469908c94351352ce5f",
    ),
}


def load(url: str) -> JsonObject:
    """The packaged document of `url`. Raises CorruptData where its file is not the pinned one."""
    name, expected = PACKAGED[url]
    try:
        data = resources.files(__package__).joinpath("contexts", name).read_bytes()
    except OSError as error:
        raise CorruptData(
            f"the packaged context {name} can't be read: {error.strerror}", hint="reinstall ipse"
        ) from error
    if hashlib.sha256(data).hexdigest() != expected:
        raise CorruptData(f"the packaged context {name} is not the one that ipse pins", hint="reinstall ipse")
    return strict_json.parse_object(data, what=name)
