"""did:web from end to end: the resolver, the guarded client and a real HTTPS server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from ipse.dids import did_web, resolver
from ipse.dids.document_shape import DocumentMismatch
from ipse.errors import Undetermined
from ipse.keys.ed25519 import PrivateKey
from ipse.network import guarded_client
from tests.network_peer.certificates import Authority
from tests.network_peer.server import HttpsPeer, body, redirect, status
from tests.waiting import PATIENCE

KEY = PrivateKey(bytes(range(32))).public()


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[tuple[HttpsPeer, resolver.Fetch]]:
    authority = Authority(tmp_path)
    fetch = partial(guarded_client.fetch, allow_loopback=True, ca_file=authority.ca_file, deadline=PATIENCE)
    with HttpsPeer(authority.issue("localhost"), {}) as server:
        yield server, fetch


def published(did: str) -> bytes:
    return json.dumps(did_web.document(did, {"key-1": KEY})).encode()


@pytest.mark.parametrize(("path", "place"), [("", "/.well-known"), (":user:alice", "/user/alice")])
def test_a_published_document_resolves_to_its_key(
    peer: tuple[HttpsPeer, resolver.Fetch], path: str, place: str
) -> None:
    server, fetch = peer
    did = f"did:web:localhost%3A{server.port}{path}"
    server.routes["/moved"] = body(published(did), "Content-Type: text/html")
    server.routes[f"{place}/did.json"] = redirect("/moved")
    document = resolver.resolve(did, fetch=fetch)
    method = resolver.find_method(document, f"{did}#key-1", "assertionMethod")
    assert resolver.method_key(method) == KEY


def test_the_document_of_another_did_is_not_taken_from_its_server(
    peer: tuple[HttpsPeer, resolver.Fetch],
) -> None:
    server, fetch = peer
    server.routes["/.well-known/did.json"] = body(published("did:web:localhost"))
    with pytest.raises(DocumentMismatch):
        resolver.resolve(f"did:web:localhost%3A{server.port}", fetch=fetch)


def test_a_document_that_is_not_there_is_undetermined(peer: tuple[HttpsPeer, resolver.Fetch]) -> None:
    server, fetch = peer
    server.routes["/.well-known/did.json"] = status("404 Not Found")
    with pytest.raises(Undetermined) as caught:
        resolver.resolve(f"did:web:localhost%3A{server.port}", fetch=fetch)
    assert caught.value.code == "network-status"


def test_this_machine_is_not_asked_without_leave(peer: tuple[HttpsPeer, resolver.Fetch]) -> None:
    server, _ = peer
    with pytest.raises(Undetermined) as caught:
        resolver.resolve(f"did:web:localhost%3A{server.port}", fetch=guarded_client.fetch)
    assert caught.value.code == "network-private-address"
    assert server.requests == []
