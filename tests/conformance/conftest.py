"""The authorities and certificates that all modules share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.network_peer.certificates import Authority
from tests.openid_peer.certificates import Signer, SigningAuthority


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
