"""Status lists, to and from @digitalbazaar/vc-bitstring-status-list and @sd-jwt/jwt-status-list."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import EXAMPLES, Ipse
from tests.interop import ours
from tests.interop.material import CURVES, TOKEN_TAMPERING, document, payload_of
from tests.interop.peer import JsonObject, Peer, PeerKey
from tests.network_peer.certificates import Authority
from tests.network_peer.server import HttpsPeer, body


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """A certificate authority of this test alone."""
    folder = tmp_path / "authority"
    folder.mkdir()
    return Authority(folder)


@pytest.fixture
def server(authority: Authority) -> Iterator[HttpsPeer]:
    """An HTTPS server that serves nothing yet."""
    with HttpsPeer(authority.issue("localhost"), {}) as running:
        yield running


@pytest.fixture
def reach(authority: Authority) -> tuple[str, ...]:
    """The options with which the program asks that server."""
    return ("--any-issuer", "--ca-file", str(authority.ca_file), "--allow-loopback")


def _serve(
    server: HttpsPeer, path: str, content: JsonObject | str, media_type: str = "application/vc"
) -> None:
    text = content if isinstance(content, str) else json.dumps(content)
    server.routes[path] = body(text.encode(), f"Content-Type: {media_type}")


def _with_status(peer: Peer, issuer: PeerKey, suite: str, url: str, index: int) -> JsonObject:
    credential = document(suite, issuer.did, peer.key().did)
    credential["credentialStatus"] = {
        "id": f"{url}#{index}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": str(index),
        "statusListCredential": url,
    }
    return peer.issue(credential, suite)


def _create(ipse: Ipse, name: str, url: str, *options: str) -> None:
    """A status list `name` of our university, to be published at `url`."""
    purpose = ("--purpose", "revocation", "--url", url)
    ipse("vc", "status", "create", name, *purpose, "--issuer", "university", *options)


def _verifier(home: Path) -> Ipse:
    """The program as somebody else runs it, who has fetched nothing yet."""
    return Ipse(home)


@pytest.mark.parametrize("suite", CURVES)
def test_theirs_is_read_here(
    peer: Peer, server: HttpsPeer, reach: tuple[str, ...], tmp_path: Path, suite: str
) -> None:
    issuer, url, ipse = peer.key(CURVES[suite]), server.url("/status/1"), _verifier(tmp_path / "verifier")
    listed = peer.status_list(
        issuer, url, suite=suite, length=131072, indices=[7, 131071], purpose="revocation"
    )
    _serve(server, "/status/1", listed)
    for index, code, expected in ((7, 3, "failed"), (8, 0, "passed"), (131071, 3, "failed")):
        credential = _with_status(peer, issuer, suite, url, index)
        run = ours.verify(ipse, credential, *reach, code=code)
        assert ours.outcome(run, "status") == expected
        assert ours.outcome(run, "proof") == "passed"
        assert peer.verify(credential, {url: listed}).statuses == (code == 3,)


def test_a_list_that_is_forged_or_anothers_or_gone_says_nothing(
    peer: Peer, server: HttpsPeer, reach: tuple[str, ...], tmp_path: Path
) -> None:
    issuer, thief, url, suite = peer.key(), peer.key(), server.url("/status/1"), "eddsa-jcs-2022"

    def listed(by: PeerKey, purpose: str = "revocation", indices: tuple[int, ...] = ()) -> JsonObject:
        return peer.status_list(by, url, suite=suite, length=131072, indices=indices, purpose=purpose)

    credential = _with_status(peer, issuer, suite, url, 7)
    revoked, clean = listed(issuer, indices=(7,)), listed(issuer)
    wrong = {
        "forged": {**revoked, "credentialSubject": clean["credentialSubject"]},
        "anothers": listed(thief),
        "for-another-purpose": listed(issuer, "suspension"),
        "gone": None,
    }
    for what, served in wrong.items():
        server.routes.clear()
        if served:
            _serve(server, "/status/1", served)
        run = ours.verify(_verifier(tmp_path / what), credential, *reach, code=9)
        assert ours.outcome(run, "status") == "undetermined", what
        assert not peer.verify(credential, {url: served} if served else {}).verified, what


def test_ours_is_read_there_before_and_after_a_revocation(
    ipse: Ipse, peer: Peer, server: HttpsPeer, reach: tuple[str, ...], tmp_path: Path
) -> None:
    url = server.url("/status/1")
    _create(ipse, "degrees", url)
    issue = (
        "--issuer", "university", "--subject", peer.key().did, "--type", "DegreeCredential",
        "--claims", EXAMPLES / "claims.json", "--status", "degrees",
    )  # fmt: skip
    first, second = json.loads(ours.issue(ipse, *issue)), json.loads(ours.issue(ipse, *issue))

    def published() -> JsonObject:
        credential: JsonObject = json.loads(ipse("vc", "status", "publish", "degrees").out)
        _serve(server, "/status/1", credential)
        return credential

    unrevoked = published()
    length, indices = peer.read_status_list(unrevoked)
    assert (length >= 131072, indices) == (True, [])
    for credential in (first, second):
        verdict = peer.verify(credential, {url: unrevoked})
        assert (verdict.verified, verdict.statuses) == (True, (False,))
        ours.verify(_verifier(tmp_path / "before"), credential, *reach)

    ipse("vc", "revoke", first["id"])
    listed = published()
    index = int(first["credentialStatus"]["statusListIndex"])
    assert peer.read_status_list(listed) == (length, [index])
    for credential, revoked in ((first, True), (second, False)):
        verdict = peer.verify(credential, {url: listed})
        assert (verdict.verified, verdict.statuses) == (True, (revoked,))
        run = ours.verify(_verifier(tmp_path / "after"), credential, *reach, code=3 if revoked else 0)
        assert ours.outcome(run, "status") == ("failed" if revoked else "passed")

    forged = {**listed, "credentialSubject": unrevoked["credentialSubject"]}
    _serve(server, "/status/1", forged)
    assert not peer.verify(first, {url: forged}).verified
    ours.verify(_verifier(tmp_path / "forged"), first, *reach, code=9)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_their_token_status_list_is_read_here(
    peer: Peer, server: HttpsPeer, reach: tuple[str, ...], tmp_path: Path, bits: int
) -> None:
    issuer, url = peer.key(), server.url("/status/2")
    token = peer.token_status_list(issuer, url, bits=bits, length=1000, statuses={3: 1, 999: 1})
    changed = TOKEN_TAMPERING["a changed signature"](token)
    for index, served, code in ((3, token, 3), (4, token, 0), (999, token, 3), (4, changed, 9)):
        _serve(server, "/status/2", served, "application/statuslist+jwt")
        claims = {"vct": "https://credentials.example/degree"}
        status = {"status": {"status_list": {"idx": index, "uri": url}}}
        credential = peer.issue_sd_jwt(issuer, {**claims, **status}, {})
        options = (*reach, "--insecure-no-challenge")
        ours.verify(_verifier(tmp_path / f"{index}-{code}"), credential, *options, code=code)
        assert peer.verify_sd_jwt(credential, documents={url: served}).verified == (code == 0)


def test_our_token_status_list_is_read_there_before_and_after_a_revocation(
    ipse: Ipse, peer: Peer, server: HttpsPeer, reach: tuple[str, ...], tmp_path: Path
) -> None:
    url = server.url("/status/2")
    _create(ipse, "tokens", url, "--kind", "token")
    credential = ours.issue(
        ipse, "--issuer", "university", "--type", "https://credentials.example/degree", "--format", "sd-jwt",
        "--claims", EXAMPLES / "claims.json", "--status", "tokens",
    )  # fmt: skip

    def published() -> str:
        token = ipse("vc", "status", "publish", "tokens").out.strip()
        _serve(server, "/status/2", token, "application/statuslist+jwt")
        return token

    options = (*reach, "--insecure-no-challenge")
    assert peer.verify_sd_jwt(credential, documents={url: published()}).verified
    ours.verify(_verifier(tmp_path / "before"), credential, *options)
    ipse("vc", "revoke", payload_of(credential)["jti"])
    verdict = peer.verify_sd_jwt(credential, documents={url: published()})
    assert (verdict.verified, verdict.reason) == (False, "Status is not valid")
    run = ours.verify(_verifier(tmp_path / "after"), credential, *options, code=3)
    assert ours.outcome(run, "status") == "failed"
