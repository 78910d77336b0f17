"""did:web against a real HTTPS server: what resolves, and each fault with its own error."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from tests.conftest import EXAMPLES, Ipse
from tests.network_peer.certificates import Authority
from tests.network_peer.server import Answer, HttpsPeer, body, drip, redirect, status


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """A certificate authority of this test alone."""
    folder = tmp_path / "authority"
    folder.mkdir()
    return Authority(folder)


def _did(peer: HttpsPeer, path: str) -> str:
    return f"did:web:localhost%3A{peer.url('/').split(':')[2].strip('/')}:{path}"


def _options(authority: Authority) -> tuple[str, ...]:
    return ("--allow-loopback", "--ca-file", str(authority.ca_file))


def test_a_published_did_web_resolves_and_its_credentials_verify(
    ipse: Ipse, authority: Authority, tmp_path: Path
) -> None:
    with HttpsPeer(authority.issue("localhost"), {}) as peer:
        domain = _did(peer, "alice").removeprefix("did:web:").replace("%3A", ":").replace(":alice", "/alice")
        file = tmp_path / "did.json"
        did = ipse(
            "did", "create", "--name", "site", "--method", "web", "--domain", domain, "-o", file
        ).out.strip()
        assert did == _did(peer, "alice")
        peer.routes["/alice/did.json"] = body(file.read_bytes())
        assert ipse("did", "resolve", did, *_options(authority)).json == ipse("did", "document", "site").json
        issued = ipse(
            "vc", "issue", "--issuer", "site", "--type", "T", "--claims", EXAMPLES / "claims.json"
        ).out
        verify = ("vc", "verify", "-", "--issuer", did)
        ipse(*verify, *_options(authority), stdin=issued)
        ipse("did", "rotate", "site", "-o", file, "--force")
        peer.routes["/alice/did.json"] = body(file.read_bytes())
        ipse(*verify, *_options(authority), stdin=issued)
        ipse("did", "rotate", "site", "--retire", "-o", file, "--force")
        peer.routes["/alice/did.json"] = body(file.read_bytes())
        ipse(*verify, *_options(authority), stdin=issued, code=3)
    ipse(*verify, *_options(authority), stdin=issued, code=9)
    ipse(*verify, stdin=issued, code=9)


_HEAD = b"HTTP/1.1 200 OK\r\n\r\n"
_FAULTS: dict[str, tuple[Answer, str]] = {
    "another DID's document": (body(b'{"id": "did:web:example.com"}'), "did-document-mismatch"),
    "no document": (body(b"hello"), "did-document-unusable"),
    "gone": (status("404 Not Found"), "network-status"),
    "a redirect to itself": (redirect("/x/did.json"), "network-redirect-loop"),
    "a redirect to plain http": (redirect("http://localhost/did.json"), "network-redirect-to-http"),
    "a redirect inwards": (redirect("https://169.254.169.254/did.json"), "network-private-address"),
    "too large": (body(b" " * (2 << 20)), "network-too-large"),
    "a drip": (drip(_HEAD, itertools.repeat(b" ", 10_000), 0.05), "network-too-slow"),
}


def _faults() -> list[object]:
    """Each fault by its name; a drip is waited for until the deadline."""
    return [pytest.param(name, id=name, marks=[pytest.mark.slow] * (name == "a drip")) for name in _FAULTS]


@pytest.mark.parametrize("fault", _faults())
def test_each_fault_is_undetermined_with_its_own_code(
    fault: str, authority: Authority, no_wallet: Ipse
) -> None:
    answer, code = _FAULTS[fault]
    with HttpsPeer(authority.issue("localhost"), {"/x/did.json": answer}) as peer:
        resolve = ("did", "resolve", _did(peer, "x"), *_options(authority), "--json")
        run = no_wallet(*resolve, code=9)
    assert run.error["code"] == code
    assert run.out == ""


def test_this_machine_is_not_asked_unless_told_so(authority: Authority, no_wallet: Ipse) -> None:
    with HttpsPeer(authority.issue("localhost"), {"/x/did.json": body(b"{}")}) as peer:
        run = no_wallet("did", "resolve", _did(peer, "x"), "--json", code=9)
        assert peer.requests == []
    assert run.error["code"] == "network-private-address"


def test_a_certificate_of_nobody_known_is_refused(authority: Authority, no_wallet: Ipse) -> None:
    with HttpsPeer(authority.issue("localhost"), {"/x/did.json": body(b"{}")}) as peer:
        run = no_wallet("did", "resolve", _did(peer, "x"), "--allow-loopback", "--json", code=9)
    assert run.error["code"] == "network-certificate"


def test_methods_that_are_not_known_are_undetermined_and_nonsense_is_malformed(no_wallet: Ipse) -> None:
    no_wallet("did", "resolve", "did:ion:EiClkZMDxPKqC9c", code=9)
    no_wallet("did", "resolve", "hello", code=6)
