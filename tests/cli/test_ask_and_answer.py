"""Both ends are ours: `ipse answer` gives what `ipse verifier serve` asks for, in every format."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from tests.cli.verifier_serving import Pki, Serving
from tests.conftest import Ipse, at

_YES = (("type yes or no: ", "yes\r"),)
_MEMBERSHIP = "https://issuer.example/membership"
_W3C = "https://www.w3.org/2018/credentials#VerifiableCredential"


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki.make(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def issuer(_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Ipse:
    """The wallet of an issuer, which the verifier is run from as well."""
    home = tmp_path_factory.mktemp("issuer") / "wallet"
    shutil.copytree(_template, home)
    return at(home)


@pytest.fixture
def holder(_template: Path, pki: Pki, tmp_path: Path) -> Ipse:
    """A wallet that trusts those who certify verifiers."""
    home = tmp_path / "holder"
    shutil.copytree(_template, home)
    authority = tmp_path / "authority.pem"
    authority.write_bytes(pki.around.verifiers.certificate.public_bytes(serialization.Encoding.PEM))
    made = at(home)
    made("trust", "add", "--ca", authority, "--for", "verifier")
    return made


def _did(ipse: Ipse, name: str) -> str:
    return str(ipse("did", "show", name, "--json").json["did"])


def _issue(issuer: Ipse, holder: Ipse, form: str, claims: dict[str, Any]) -> None:
    """Issue a credential to the holder, who keeps it."""
    subject = holder("vc", "holder-key").out.strip() if form == "sd-jwt" else _did(holder, "me")
    kind = ["--type", _MEMBERSHIP if form == "sd-jwt" else "VerifiableCredential"]
    options = ["--format", form, "--issuer", "university", "--subject", subject, *kind]
    made = issuer("vc", "issue", *options, "--claims", "-", stdin=json.dumps(claims)).out
    holder("vc", "add", "-", stdin=made)


def _asked(issuer: Ipse, holder: Ipse, pki: Pki, *asks: str) -> tuple[Any, Any]:
    """Ask and answer; what the verifier printed, and how the wallet ended."""
    given = [*pki.options(), *asks, "--issuer", _did(issuer, "university"), "--once", "--json"]
    with Serving(issuer, *given) as serving:
        trusting = ["--allow-loopback", "--ca-file", str(pki.tls.ca_file), "--no-open"]
        answered = holder.talk("answer", serving.link(), *trusting, conversation=_YES)
        run = serving.ended()
    assert run.code == 0, (run.err, answered.err)
    return run.json, answered


def test_a_claim_of_an_sd_jwt_vc(issuer: Ipse, holder: Ipse, pki: Pki) -> None:
    _issue(issuer, holder, "sd-jwt", {"level": "gold", "number": "4711"})
    asks = ["--type", _MEMBERSHIP, "--claim", "level", "--purpose", "to open the door", "--retention", "12h"]
    result, answered = _asked(issuer, holder, pki, *asks)
    assert "to open the door" in answered.err
    (credential,) = result["credentials"]["credential"]
    assert credential["claims"] == {"level": "gold"}
    assert credential["types"] == [_MEMBERSHIP]


@pytest.mark.parametrize(("form", "asked"), [("w3c", "ldp_vc"), ("jwt", "jwt_vc_json")])
def test_a_w3c_credential(issuer: Ipse, holder: Ipse, pki: Pki, form: str, asked: str) -> None:
    _issue(issuer, holder, form, {"name": "Ada"})
    result, _ = _asked(issuer, holder, pki, "--type", _W3C, "--format", asked)
    (presentation,) = result["credentials"]["credential"]
    assert presentation["holder"] == _did(holder, "me")
    assert "Ada" in json.dumps(presentation["credentials"])
