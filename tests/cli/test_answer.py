"""`ipse answer`: a real HTTPS verifier asks, a person at a terminal decides, and what leaves arrives."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ipse.encoding import base64url
from tests.conftest import Ipse, Run, at
from tests.network_peer.certificates import Authority
from tests.network_peer.server import redirect, status
from tests.openid_peer.certificates import Signer, SigningAuthority
from tests.openid_peer.verifier import Change, Verifier, query_for
from tests.waiting import PATIENCE

_TYPE = "https://issuer.example/person"
_PERSON = {"given_name": "Ada", "family_name": "Lovelace", "birthdate": "1815-12-10"}
_SEND = "type yes or no: "
_YES = ((_SEND, "yes\r"),)
_NO = ((_SEND, "no\r"),)


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pki")


@pytest.fixture(scope="module")
def tls(pki: Path) -> Authority:
    return Authority(pki)


@pytest.fixture(scope="module")
def verifiers(pki: Path) -> SigningAuthority:
    return SigningAuthority("Access authority", pki)


@pytest.fixture(scope="module")
def access(verifiers: SigningAuthority) -> Signer:
    return verifiers.signer("localhost")


@pytest.fixture(scope="module")
def _holder(_template: Path, verifiers: SigningAuthority, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wallet with one credential that is bound to a key of its own, and the verifiers' authority."""
    home = tmp_path_factory.mktemp("holder") / "wallet"
    shutil.copytree(_template, home)
    ipse = at(home)
    ipse("trust", "add", "--ca", verifiers.ca_file, "--for", "verifier")
    subject = ipse("vc", "holder-key").out.strip()
    assert subject.startswith("did:jwk:")
    ipse("did", "create", "--name", "issuer", "--key-type", "P-256")
    made = ipse(
        *("vc", "issue", "--format", "sd-jwt", "--issuer", "issuer", "--type", _TYPE),
        *("--subject", subject, "--claims", "-"),
        stdin=json.dumps(_PERSON),
    ).out
    ipse("vc", "add", "-", stdin=made)
    return home


@pytest.fixture
def holder(_holder: Path, tmp_path: Path) -> Ipse:
    """A copy for one test, with a browser that writes down what it is to open."""
    home = tmp_path / "wallet"
    shutil.copytree(_holder, home)
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" >> {tmp_path}/opened\n')
    browser.chmod(0o700)
    found = at(home)
    return Ipse(home, {**found.environment, "BROWSER": f"{browser} %s"})


@pytest.fixture
def verifier(tls: Authority, access: Signer, verifiers: SigningAuthority) -> Verifier:
    """Asks for two of three claims."""
    return Verifier(tls, access, verifiers, query=query_for(["given_name"], ["family_name"], vct=_TYPE))


def answer(
    holder: Ipse, tls: Authority, request: str | Path, *options: str, conversation: Any = (), code: int = 0
) -> Run:
    given = ("--allow-loopback", "--ca-file", str(tls.ca_file), *options)
    return holder.talk("answer", request, *given, conversation=conversation, code=code)


def opened(holder: Ipse) -> list[str]:
    file = holder.home.parent / "opened"
    return file.read_text().split() if file.exists() else []


def disclosed(verifier: Verifier) -> dict[str, Any]:
    """The claims that were disclosed in the one presentation that came."""
    ((text,),) = verifier.answer()["vp_token"].values()
    found = [json.loads(base64url.decode(part)) for part in text.split("~")[1:-1]]
    return {name: value for _, name, value in found}


def test_a_person_reads_who_asks_and_what_leaves_and_it_arrives(
    holder: Ipse, tls: Authority, verifier: Verifier
) -> None:
    verifier.redirect_uri = "https://verifier.example/done#code=4711"
    with verifier:
        run = answer(holder, tls, verifier.link(), conversation=_YES)
        assert disclosed(verifier) == {"given_name": "Ada", "family_name": "Lovelace"}
        # The same link again is a replay, which the verifier is told.
        again = answer(holder, tls, verifier.link(), code=3)
    assert "had an answer to this request already" in again.err
    assert "they were told no more than: invalid_request" in again.err
    page = " ".join(run.err.split())
    assert 'who asks: "localhost" verified: certified by "Access authority", which you trust' in page
    assert "it asks for the first time" in page
    assert "they state no purpose" in page
    assert f'from "{_TYPE}"' in page
    assert '- given_name: "Ada" - family_name: "Lovelace" - sub: "did:jwk:' in page
    assert "birthdate" not in page
    assert "stays here: 1 other claim of these, and your other credentials" in page
    assert run.out == "https://verifier.example/done#code=4711\n"
    assert opened(holder) == ["https://verifier.example/done#code=4711"]
    (entry,) = holder("log", "list", "--json").json["disclosures"]
    assert entry["level"] == "credentials"
    assert entry["disclosed"][0]["claims"] == ["given_name", "family_name", "sub"]


def test_a_no_is_exit_7_and_access_denied_and_the_next_page_knows(
    holder: Ipse, tls: Authority, verifier: Verifier
) -> None:
    verifier.method = "post"
    with verifier:
        run = answer(holder, tls, verifier.link(), "--json", conversation=_NO, code=7)
        assert verifier.error() == "access_denied"
        assert run.out == ""
        assert '"code": "consent-refused"' in run.err
        assert opened(holder) == []
        verifier.nonce, verifier.forms[:] = "another-nonce-0123456789", []
        run = answer(holder, tls, verifier.link(), "--no-open", "--json", conversation=_YES)
        assert disclosed(verifier) == {"given_name": "Ada", "family_name": "Lovelace"}
    assert 'refused: "given_name, family_name"' in " ".join(run.err.split())
    facts = json.loads(run.out)
    assert (facts["sent"], facts["said"], facts["redirect_uri"]) == (True, True, None)
    assert list(facts["vp_token"]) == ["pid"]


def test_without_a_person_nothing_leaves_and_they_are_told_the_same(
    holder: Ipse, tls: Authority, verifier: Verifier
) -> None:
    with verifier:
        given = ("--allow-loopback", "--ca-file", str(tls.ca_file), "--json")
        run = holder("answer", verifier.link(), *given, code=7)
        assert verifier.error() == "access_denied"
    assert run.error["code"] == "consent-needed"
    assert holder("log", "list", "--json").json["disclosures"] == []


def test_where_nothing_fits_they_are_told_only_after_the_owner_looked(
    holder: Ipse, tls: Authority, verifier: Verifier
) -> None:
    verifier.query = query_for(["given_name"], vct="https://issuer.example/nobody-has-this")
    with verifier:
        enter = (("nothing will be sent; Enter tells them no: ", "\r"),)
        run = answer(holder, tls, verifier.link(), "--json", conversation=enter, code=7)
        assert verifier.error() == "access_denied"
    assert "nothing: no credential in this wallet is what they ask for" in " ".join(run.err.split())
    assert '"code": "no-credential"' in run.err


@pytest.mark.parametrize("where", ["request", "response"])
def test_no_redirect_is_followed(holder: Ipse, tls: Authority, verifier: Verifier, where: str) -> None:
    with verifier:
        elsewhere = redirect(verifier.endpoint.url("/elsewhere"))
        at_request = Change(request_answer=elsewhere)
        verifier.change = at_request if where == "request" else Change(response_answer=elsewhere)
        conversation = _YES if where == "response" else ()
        run = answer(holder, tls, verifier.link(), conversation=conversation, code=9)
        assert verifier.strays == []
    assert "which is not followed" in run.err


def test_an_answer_that_is_not_taken_is_reported_and_stands_in_the_log(
    holder: Ipse, tls: Authority, verifier: Verifier
) -> None:
    verifier.change = Change(response_answer=status("400 Bad Request"))
    with verifier:
        run = answer(holder, tls, verifier.link(), conversation=_YES, code=9)
        assert len(verifier.posts) == 1
    assert "answers with status 400" in run.err
    (entry,) = holder("log", "list", "--json").json["disclosures"]
    assert entry["said"] is True


def test_a_response_uri_elsewhere_gets_nothing(holder: Ipse, tls: Authority, verifier: Verifier) -> None:
    """The certificate names localhost; an answer may not go to another host by its DNS name."""
    verifier.change = Change(
        payload=lambda payload: payload.update(
            client_id="x509_san_dns:localhost", response_uri="https://elsewhere.example/response"
        ),
        link=lambda parameters: parameters.update(client_id="x509_san_dns:localhost"),
    )
    with verifier:
        run = answer(holder, tls, verifier.link(), code=3)
        assert verifier.posts == []
    assert "elsewhere.example" in run.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_whoever_ends_the_program_while_it_asks_the_verifier_is_told(
    holder: Ipse, tls: Authority, verifier: Verifier, number: signal.Signals
) -> None:
    pexpect = pytest.importorskip("pexpect", reason="pexpect is not installed")
    with verifier:
        words = ["-m", "ipse", "answer", verifier.link(), "--allow-loopback", "--ca-file", str(tls.ca_file)]
        child = pexpect.spawn(sys.executable, words, env=holder.variables, timeout=PATIENCE)
        child.expect_exact(_SEND)
        os.kill(child.pid, number)
        child.expect(pexpect.EOF)
        child.close()
        assert child.exitstatus == 130
        assert verifier.error() == "access_denied"


def test_a_request_in_a_file_without_an_address_to_send_to_is_answered_on_stdout(holder: Ipse) -> None:
    from ipse.protocols.openid4vp import building

    client = building.by_address("https://shop.example/cb")
    query = query_for(["given_name"], vct=_TYPE)
    request = building.build_request(
        client,
        query=query,
        nonce="nonce-0123456789abcdef",
        reply_to="https://shop.example/cb",
        response_mode="fragment",
    )
    file = holder.home.parent / "request.json"
    file.write_text(json.dumps(request))
    run = holder.talk("answer", file, conversation=_YES)
    assert run.out.startswith("https://shop.example/cb#vp_token=")
    assert "nothing proves that they ask" in run.err
    assert opened(holder) == []
    link = building.build_request(
        client, query=query, nonce="another-0123456789abcdef", reply_to="https://shop.example/cb",
        response_mode="fragment",
    )  # fmt: skip
    from ipse.protocols.openid4vp.links import build_link

    assert isinstance(link, dict)
    text = build_link(link.pop("client_id"), request=link)
    run = holder.talk("dapp", "answer", text, conversation=_YES)
    assert opened(holder) == [run.out.strip()]
    denied = build_link(client.client_id, request={**link, "nonce": "a-third-0123456789abcdef"})
    holder.talk("answer", denied, "--no-open", conversation=_NO, code=7)
    assert len(opened(holder)) == 1
    denied = build_link(client.client_id, request={**link, "nonce": "a-fourth-0123456789abcdef"})
    holder.talk("answer", denied, conversation=_NO, code=7)
    assert opened(holder)[1:] == ["https://shop.example/cb#error=access_denied"]


def test_a_qr_code_in_a_screenshot_is_answered_like_its_link(
    holder: Ipse, tls: Authority, verifier: Verifier
) -> None:
    pytest.importorskip("zxingcpp", reason="the extra qr is not installed")
    import segno

    image = holder.home.parent / "screenshot.png"
    with verifier:
        segno.make(verifier.link()).save(str(image), scale=4)
        answer(holder, tls, image, conversation=_YES)
        assert disclosed(verifier) == {"given_name": "Ada", "family_name": "Lovelace"}


def test_the_help_of_both_doors_is_the_same() -> None:
    found = [
        subprocess.run(
            [sys.executable, "-m", "ipse", *words, "--help"], capture_output=True, check=True
        ).stdout
        for words in (["answer"], ["dapp", "answer"])
    ]
    pages = [page.partition(b"[OPTIONS]")[2].partition(b"Examples:")[0] for page in found]
    assert pages[0] == pages[1]
