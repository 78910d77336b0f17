"""The authorities, certificates and wallets that the modules and the attacks share."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.cli.verifier_serving import Serving
from tests.conformance.holder import Holder, new_holder_key
from tests.conftest import at
from tests.network_peer.certificates import Authority
from tests.openid_peer.certificates import Signer, SigningAuthority, public_jwk
from tests.openid_peer.sd_jwt import PID, identity_credential
from tests.openid_peer.verifier import Verifier, query_for
from tests.openid_peer.wallet import Wallet

__all__ = [
    "_holder_template",
    "access",
    "asking",
    "holder",
    "issuer",
    "issuers",
    "pki",
    "serving",
    "serving_options",
    "tls",
    "verifiers",
    "wallet",
]
"""The fixtures, which each `conftest.py` that wants them takes with `*`."""

Asking: TypeAlias = Callable[..., Verifier]
"""Makes a verifier that asks for ASKED, with what a test changes."""
REVEALED: Final = ("given_name", "family_name")
"""What `serving` asks for."""
ASKED: Final = ("given_name", "family_name", "birthdate")
_OPEN: dict[int, str] = {}
"""The link that each running server shows and that nobody has answered yet, by its process."""


def open_link(serving: Serving) -> str:
    """The link of a server that can be answered."""
    link = _OPEN.get(serving.process.pid) or serving.link()
    _OPEN[serving.process.pid] = link
    return link


def answered(serving: Serving) -> None:
    """Say that the open link has its answer, so that the server shows another one."""
    _OPEN.pop(serving.process.pid, None)


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the certificates."""
    return tmp_path_factory.mktemp("pki")


@pytest.fixture(scope="session")
def tls(pki: Path) -> Authority:
    """Vouches for the servers on loopback."""
    return Authority(pki)


@pytest.fixture(scope="session")
def verifiers(pki: Path) -> SigningAuthority:
    """Vouches for those who ask."""
    return SigningAuthority("Access authority", pki)


@pytest.fixture(scope="session")
def issuers(pki: Path) -> SigningAuthority:
    """Vouches for those who issue identity credentials."""
    return SigningAuthority("Identity authority", pki)


@pytest.fixture(scope="session")
def access(verifiers: SigningAuthority) -> Signer:
    """The certificate of one verifier."""
    return verifiers.signer("localhost")


@pytest.fixture(scope="session")
def issuer(issuers: SigningAuthority) -> Signer:
    """The certificate of one issuer."""
    return issuers.signer("pid-issuer.example", uris=["https://pid-issuer.example"])


@pytest.fixture(scope="session")
def _holder_template(
    _template: Path,
    tls: Authority,
    verifiers: SigningAuthority,
    issuers: SigningAuthority,
    issuer: Signer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    home = tmp_path_factory.mktemp("holder") / "wallet"
    shutil.copytree(_template, home)
    holder = Holder(at(home), tls.ca_file)
    holder.ipse("trust", "add", "--ca", issuers.ca_file, "--for", "issuer")
    holder.ipse("trust", "add", "--ca", verifiers.ca_file, "--for", "verifier")
    holder.keep(identity_credential(issuer, new_holder_key(holder.ipse)))
    return home


@pytest.fixture
def holder(_holder_template: Path, tls: Authority, tmp_path: Path) -> Holder:
    """A wallet of this test alone, with an identity credential that is bound to a key of its own."""
    home = tmp_path / "wallet"
    shutil.copytree(_holder_template, home)
    return Holder(at(home), tls.ca_file)


@pytest.fixture
def asking(tls: Authority, access: Signer, issuers: SigningAuthority) -> Asking:
    """Makes a verifier that asks for three claims, with what a test changes."""

    def make(**changes: Any) -> Verifier:
        query = query_for(*([name] for name in ASKED))
        usual = {"tls": tls, "access": access, "issuers": issuers, "query": query}
        return Verifier(**{**usual, **changes})

    return make


@pytest.fixture(scope="session")
def serving_options(pki: Path, tls: Authority, access: Signer) -> list[str]:
    """The options with which `ipse verifier serve` has its certificates."""
    pair = str(tls.issue("127.0.0.1", "localhost"))
    chain, key = map(str, access.write(pki))
    return ["--tls-cert", pair, "--tls-key", pair, "--certificate", chain, "--certificate-key", key]


@pytest.fixture(scope="module")
def serving(
    _template: Path,
    issuers: SigningAuthority,
    serving_options: list[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Serving]:
    """A server that asks for REVEALED of an identity credential, until it is stopped."""
    home = tmp_path_factory.mktemp("verifier") / "wallet"
    shutil.copytree(_template, home)
    ipse = at(home)
    ipse("trust", "add", "--ca", issuers.ca_file, "--for", "issuer")
    claims = [word for name in REVEALED for word in ("--claim", name)]
    with Serving(ipse, *serving_options, "--type", PID, *claims, "--json") as running:
        yield running


@pytest.fixture
def wallet(tls: Authority, verifiers: SigningAuthority, issuer: Signer) -> Wallet:
    """A wallet of the tests with an identity credential."""
    key = ec.generate_private_key(ec.SECP256R1())
    return Wallet(key, identity_credential(issuer, public_jwk(key)), verifiers, tls.ca_file, REVEALED)
