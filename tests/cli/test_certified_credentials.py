"""Credentials and status lists under certificates, from issuing to verifying, by command."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ipse.dids import resolver
from ipse.keys import ecdsa
from tests.authorities import Held, root
from tests.cli.test_vc import assert_told, checks, did_of, in_process, reason
from tests.conftest import Ipse

AGES: dict[str, Any] = {
    "not_before": datetime(2020, 1, 1, tzinfo=UTC),
    "not_after": datetime(2050, 1, 1, tzinfo=UTC),
}


@pytest.fixture
def authority(tmp_path: Path) -> Held:
    """Its certificate is ca.pem."""
    held = root(**AGES)
    (tmp_path / "ca.pem").write_bytes(held.pem)
    return held


def certified(ipse: Ipse, authority: Held, tmp_path: Path) -> str:
    """Give the wallet a DID on P-256, and its key a certificate: chain.pem."""
    ipse("did", "create", "--name", "office", "--method", "jwk", "--key-type", "P-256")
    document = resolver.resolve(did_of(ipse, "office"))
    public = resolver.any_method_key(document["verificationMethod"][0])
    assert isinstance(public, ecdsa.PublicKey)
    (tmp_path / "chain.pem").write_bytes(authority.certify(public, "Example Office", **AGES))
    return str(tmp_path / "chain.pem")


def test_a_credential_under_certificates_is_trusted_through_their_authority(
    ipse: Ipse, authority: Held, tmp_path: Path
) -> None:
    ipse, claims, ca = in_process(ipse), tmp_path / "claims.json", str(tmp_path / "ca.pem")
    claims.write_text('{"level": "gold"}')
    chain = certified(ipse, authority, tmp_path)
    text = ipse(
        "vc", "issue", "--format", "sd-jwt", "--issuer", "office", "--type", "urn:example:badge",
        "--claims", str(claims), "--x5c", chain,
    ).out  # fmt: skip
    run = ipse("vc", "verify", "-", "--json", "--any-issuer", stdin=text, code=9)
    assert checks(run.json)["issuer"] == "undetermined"
    found = ipse("vc", "verify", "-", "--json", "--issuer-ca", ca, stdin=text).json
    assert found["verified"]["issuer"] == "CN=Example Office"
    lines = text.strip() + "\n" + text.strip()[:-9] + "A~\n"
    batch = ipse("vc", "verify", "--batch", "-", "--issuer-ca", ca, stdin=lines, code=3).out.splitlines()
    assert [json.loads(line)["report"]["outcome"] for line in batch] == ["passed", "failed"], batch
    assert_told(ipse("vc", "add", "-", stdin=text, code=9))
    ipse("trust", "add", "--ca", ca, "--for", "verifier", "--for", "status")
    assert_told(ipse("vc", "add", "-", stdin=text, code=9))
    ipse("trust", "add", "--ca", ca, "--for", "issuer")
    assert checks(ipse("vc", "verify", "-", "--json", stdin=text).json)["trust"] == "passed"
    ipse("vc", "add", "-", stdin=text)
    assert "Example Office" in ipse("vc", "list").out
    other = ipse(
        "vc", "verify", "-", "--json", "--issuer", "did:key:z6Mk", "--issuer-ca", ca, stdin=text, code=3
    )
    assert reason(other.json, "trust") == "its issuer is named by its certificate alone"


def test_a_status_list_under_certificates_is_published(ipse: Ipse, authority: Held, tmp_path: Path) -> None:
    ipse = in_process(ipse)
    chain = certified(ipse, authority, tmp_path)
    for kind in ("token", "w3c"):
        ipse(
            "vc", "status", "create", kind, "--kind", kind, "--url", f"https://lists.example/{kind}",
            "--issuer", "office",
        )  # fmt: skip
    token = ipse("vc", "status", "publish", "token", "--x5c", chain).out
    assert token.startswith("eyJ")
    assert_told(ipse("vc", "status", "publish", "w3c", "--x5c", chain, code=2))
    assert_told(ipse("vc", "status", "publish", "token", "--x5c", str(tmp_path / "ca.pem"), code=3))
