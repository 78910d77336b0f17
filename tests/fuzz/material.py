"""Good documents that runs start from: those of the corpus, and what else there is to read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from ipse.credentials.status import Published
from ipse.errors import Undetermined
from tests.corpus.building import NOW, credential

__all__ = [
    "ALL_KEYS_FIT",
    "METADATA_ISSUER",
    "AnyKey",
    "good",
    "good_objects",
    "open_json",
    "published",
    "published_lists",
    "schemas",
]

_CORPUS: Final = Path(__file__).parent.parent / "corpus"
_MANIFEST: Final = json.loads((_CORPUS / "manifest.json").read_text())
METADATA_ISSUER: Final = "https://issuer.example"


class AnyKey:
    """A key that every signature fits, for what is behind the signature."""

    algorithm = "EdDSA"

    def verify(self, _message: bytes, _signature: bytes, /) -> bool:
        """Always true."""
        return True


ALL_KEYS_FIT: Final = AnyKey()


def good(*families: str) -> list[bytes]:
    """The good documents of the corpus whose names begin so, a few bad ones of the same kind beside them."""
    paths = sorted((_CORPUS / "good").iterdir())
    found = [path.read_bytes().strip() for path in paths if path.name.startswith(families)]
    for family in families:
        folders = sorted((_CORPUS / "bad").glob(f"{family}*"))
        bad = [path for folder in folders for path in sorted(folder.iterdir())]
        found += [path.read_bytes().strip() for path in bad[::4] if path.stat().st_size < 8192]
    return found


def good_objects() -> list[bytes]:
    """Credentials and presentations as JSON objects, signed or not, of both data models."""
    objects = [
        document for document in good("w3c", "vp-w3c", "vp-mixed", "jwt-enveloped") if document[:1] == b"{"
    ]
    return [*objects, json.dumps(_full_credential()).encode()]


def open_json(document: bytes) -> Any:
    """The payload of a JWT, unverified."""
    from ipse.credentials import jws

    return jws.read(document.decode("ascii").strip(), what="seed").payload


def schemas() -> dict[str, Any]:
    """The JSON Schemas of the corpus by URL."""
    return {url: json.loads((_CORPUS / place).read_text()) for url, place in _MANIFEST["schemas"].items()}


def published(url: str) -> Published:
    """What the corpus publishes at `url`. Raises Undetermined; bombs are left out, as they take long."""
    place = _MANIFEST["published"].get(url)
    if place is None or "bomb" in place:
        raise Undetermined(f"{url[:100]} does not answer")
    return Published(url, (_CORPUS / place).read_bytes(), NOW)


def published_lists(kind: str) -> Iterator[bytes]:
    """The published status lists of a kind, `w3c` or `token`, bombs left out."""
    for path in sorted((_CORPUS / "published").glob(f"{kind}-*")):
        if "bomb" not in path.name:
            yield path.read_bytes().strip()


def _full_credential() -> dict[str, Any]:
    """A credential with every member that the data model knows."""
    return credential(
        name={"@value": "Degree", "@language": "en", "@direction": "ltr"},
        description=["Degree", {"@value": "Abschluss", "@language": "de"}],
        credentialStatus=[
            {
                "id": "https://issuer.example/status/1#7",
                "type": "BitstringStatusListEntry",
                "statusPurpose": "message",
                "statusSize": 2,
                "statusMessage": [{"status": f"0x{value}", "message": "said"} for value in range(4)],
                "statusListIndex": "7",
                "statusListCredential": "https://issuer.example/status/1",
            }
        ],
        credentialSchema={"id": "https://issuer.example/schemas/degree.json", "type": "JsonSchema"},
        termsOfUse={"type": "TrustFrameworkPolicy", "id": "urn:terms"},
        evidence=[{"type": "Evidence", "id": "urn:evidence"}],
        refreshService={"type": "Refresh", "id": "https://issuer.example/refresh"},
        relatedResource={
            "id": "https://issuer.example/schemas/degree.json",
            "digestMultibase": "uEiBZlVztZpfWHgPyslVv6-UwirFoQoRvW1htfx963sknNA",
            "mediaType": "application/json",
        },
        confidenceMethod={"type": "Confidence"},
        status={"status_list": {"idx": 3, "uri": "https://issuer.example/status/token"}},
    )
