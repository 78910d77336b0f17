"""Registration certificates for tests, as a registrar signs them."""

from __future__ import annotations

from typing import Any

from ipse.credentials import jws
from tests.authorities import DAY, NOW, Held, distinguished, leaf_plan, root

IDENTIFIER = "LEIXG-529900T8BM49AURSDO55"
VCT = "urn:eudi:pid:1"
LIST = "https://registrar.example/status/1"

ROOT = root("Access Root CA")
REGISTRAR = ROOT.authority("Registrar CA").leaf("Example Registrar", dns_names=())
ACCESS = ROOT.issue(
    leaf_plan(distinguished("Example Books", IDENTIFIER, organization_name="Example Books Ltd"))
)


def credential(*paths: list[Any], vct: str = VCT, **changes: Any) -> dict[str, Any]:
    """An entry of `credentials`: these claims of this type."""
    entry = {
        "format": "dc+sd-jwt",
        "meta": {"vct_values": [vct]},
        "claim": [{"path": path} for path in paths],
    }
    return {**entry, **changes}


def claims(**changes: Any) -> dict[str, Any]:
    """The claims of a registration of Example Books, in the spelling of version 1.2.1."""
    said = {
        "name": "Example Books",
        "sub": IDENTIFIER,
        "sub_ln": "Example Books Ltd",
        "country": "IE",
        "registry_uri": "https://registrar.example/api",
        "srv_description": [[{"lang": "en", "value": "A book shop"}]],
        "entitlements": ["https://uri.etsi.org/19475/Entitlement/Service_Provider"],
        "purpose": [
            {"lang": "de-DE", "value": "Altersprüfung"},
            {"lang": "en-IE", "value": "To check your age"},
        ],
        "credentials": [credential(["age_over_18"], ["address"], ["degrees", None, "type"])],
        "privacy_policy": "https://books.example/privacy",
        "info_uri": "https://books.example",
        "support_uri": "privacy@books.example",
        "supervisory_authority": {
            "name": "Data Protection Commission",
            "country": "IE",
            "email": "info@dpc.example",
            "uri": "https://dpc.example",
        },
        "public_body": False,
        "iat": int((NOW - DAY).timestamp()),
        "exp": int((NOW + 30 * DAY).timestamp()),
        "status": {"status_list": {"idx": 1, "uri": LIST}},
    }
    merged = {**said, **changes}
    return {name: value for name, value in merged.items() if value is not ...}


def signed(
    content: dict[str, Any] | None = None, *, signer: Held = REGISTRAR, key: Any = None, **header: Any
) -> str:
    """The registration certificate with these claims."""
    full = {"typ": "rc-wrp+jwt", "x5c": signer.x5c, **header}
    return jws.sign(
        {name: value for name, value in full.items() if value is not ...},
        claims() if content is None else content,
        key or signer.signing_key,
    ).encoded


def entry(token: str | None = None, **more: Any) -> dict[str, Any]:
    """An entry of `verifier_info`."""
    return {"format": "registration_cert", "data": token or signed(), **more}
