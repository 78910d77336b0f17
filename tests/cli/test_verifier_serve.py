"""`ipse verifier serve` end to end: real processes, HTTPS on loopback, wallets that are not ours."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ipse.cli.app import Group, application
from ipse.dids import resolver
from ipse.protocols import openid4vp
from tests.cli.verifier_serving import Pki, Serving, call, raw
from tests.conftest import REPOSITORY, Ipse, at
from tests.openid_peer.certificates import SigningAuthority, public_jwk
from tests.openid_peer.sd_jwt import identity_credential
from tests.openid_peer.wallet import Lie, Wallet
from tests.unit.servers.verifying import QUERY, TYPE


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki.make(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def asks(pki: Pki) -> list[str]:
    """The options of a server that asks for a name."""
    return [*pki.options(), "--type", TYPE, "--claim", "given_name", "--issuer", pki.around.issuer.did]


def _request_uri(link: str) -> str:
    return parse_qs(urlsplit(link).query)["request_uri"][0]


# One answer


def test_one_answer_is_verified_and_printed(ipse: Ipse, pki: Pki, asks: list[str]) -> None:
    with Serving(ipse, *asks, "--once", "--json") as serving:
        wallet = pki.wallet()
        reply = wallet.send(wallet.fetch(serving.link()))
        run = serving.ended()
    assert (reply.status, run.code) == (200, 0), run.err
    assert reply.json["redirect_uri"].startswith("https://127.0.0.1:")
    assert run.json["status"] == "verified"
    assert [each["claims"] for each in run.json["credentials"]["credential"]] == [{"given_name": "Ada"}]


def test_a_person_reads_the_claims_and_the_checks_under_a_qr_code(
    ipse: Ipse, pki: Pki, asks: list[str]
) -> None:
    with Serving(ipse, *asks, "--once") as serving:
        wallet = pki.wallet()
        wallet.send(wallet.fetch(serving.link()))
        run = serving.ended()
    assert run.code == 0
    assert run.out.startswith("VALID  ")
    assert "given_name" in run.out
    assert "holder-binding" in run.out
    assert "█" in run.err
    assert "Lovelace" not in run.out + run.err


def test_an_answer_that_does_not_hold_ends_with_3_and_its_report(
    ipse: Ipse, pki: Pki, asks: list[str]
) -> None:
    with Serving(ipse, *asks, "--once", "--json") as serving:
        wallet = pki.wallet()
        assert wallet.send(wallet.fetch(serving.link()), Lie(nonce="n" * 43)).status == 400
        run = serving.ended()
    assert run.code == 3
    assert run.json["status"] == "failed"
    assert run.json["reports"]["credential"][0]["outcome"] == "failed"
    assert run.error["message"].startswith("the answer is not valid: ")


def test_a_wallet_that_says_no_ends_with_7_and_its_words_do_not_steer_the_terminal(
    ipse: Ipse, pki: Pki, asks: list[str]
) -> None:
    with Serving(ipse, *asks, "--once") as serving:
        wallet = pki.wallet()
        asked = wallet.fetch(serving.link())
        form = {"error": "access_denied", "error_description": "\x1b[2Jno", "state": asked.payload["state"]}
        assert wallet.call(asked.payload["response_uri"], form).status == 200
        run = serving.ended()
    assert (run.code, run.out) == (7, "")
    assert "the wallet answered access_denied" in run.err
    assert "\x1b[2J" not in run.err


def test_an_issuer_is_known_by_an_authority_that_the_wallet_trusts(
    ipse: Ipse, pki: Pki, asks: list[str], tmp_path: Path
) -> None:
    issuers = SigningAuthority("Identity authority", tmp_path)
    holder = pki.around.holder
    credential = identity_credential(issuers.signer("pid-issuer.example"), public_jwk(holder), vct=TYPE)
    wallet = Wallet(holder, credential, pki.around.verifiers, pki.tls.ca_file, reveal=["given_name"])
    place = asks.index("--issuer")
    trusting = [*asks[:place], *asks[place + 2 :], "--once", "--json"]
    for code, status in ((9, "undetermined"), (0, "verified")):
        with Serving(ipse, *trusting) as serving:
            wallet.send(wallet.fetch(serving.link()))
            run = serving.ended()
        assert (run.code, run.json["status"]) == (code, status), run.err
        ipse("trust", "add", "--ca", str(issuers.ca_file), "--for", "issuer")


def test_a_registration_certificate_goes_with_the_request(
    ipse: Ipse, pki: Pki, asks: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "registration.jwt"
    signed = pki.around.access.sign({"sub": "LEIXG-529900T8BM49AURSDO55"}, typ="rc-wrp+jwt")
    file.write_text(signed + "\n")
    with Serving(ipse, *asks, "--registration", str(file)) as serving:
        asked = pki.wallet().fetch(serving.link())
        assert asked.payload["verifier_info"] == [{"format": "registration_cert", "data": signed}]
    file.write_text(pki.around.access.sign({}, typ="JWT"))
    refused = ipse("verifier", "serve", *asks, "--listen", "127.0.0.1:0", "--registration", file, code=6)
    assert "of the type 'JWT', not rc-wrp+jwt" in refused.err


def test_nobody_answers_in_time(ipse: Ipse, asks: list[str]) -> None:
    with Serving(ipse, *asks, "--once", "--timeout", "1s", "--json") as serving:
        run = serving.ended()
    assert (run.code, run.out) == (9, "")
    assert run.error["code"] == "no-answer"


def test_on_a_terminal_the_link_is_in_one_piece(ipse: Ipse, asks: list[str]) -> None:
    run = ipse.talk(
        "verifier", "serve", "--listen", "127.0.0.1:0", *asks, "--once", "--timeout", "1s", code=9
    )
    (link,) = (line.strip() for line in run.err.splitlines() if line.startswith("openid4vp://"))
    assert len(link) > 160
    assert link.endswith("&request_uri_method=post")
    assert "▀" in run.err


def test_a_wallet_did_asks(ipse: Ipse, pki: Pki, asks: list[str]) -> None:
    place = asks.index("--certificate")
    by_did = [*asks[:place], "--did", "me", *asks[place + 4 :]]
    did = next(each["did"] for each in ipse("did", "list", "--json").json["dids"] if each["name"] == "me")
    with Serving(ipse, *by_did, "--once") as serving:
        link = serving.link()
        text = pki.wallet().call(_request_uri(link)).body.decode()
        request = openid4vp.parse_request(text, resolve=resolver.resolve)
        assert request.did == did
        assert request.client_id == f"decentralized_identifier:{did}"
        run = serving.stop(signal.SIGINT)
    assert run.code == 130


# A service


class Service:
    """A service with an API, and how it is called."""

    def __init__(self, ipse: Ipse, pki: Pki, token: Path, *more: str) -> None:
        query = token.parent / "query.json"
        query.write_text(json.dumps(QUERY))
        arguments = ["--issuer", pki.around.issuer.did, "--api", "0", "--token-file", str(token)]
        named = ["--query", f"membership={query}", "--origin", "https://shop.example"]
        self.token = token.read_text().strip()
        self.serving = Serving(ipse, *pki.options(), *arguments, *named, *more)
        self.url = self.serving.line("applications ask at ").rpartition(" ")[2]
        self.serving.line("listening for ")

    def ask(self, **body: Any) -> Any:
        status, told = call("POST", self.url, self.token, body)
        assert status == 201, told
        return told

    def poll(self, identifier: str) -> Any:
        return call("GET", f"{self.url}/{identifier}", self.token)[1]


@pytest.fixture(scope="module")
def home(_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Ipse:
    folder = tmp_path_factory.mktemp("service") / "wallet"
    shutil.copytree(_template, folder)
    return at(folder)


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("token") / "token"
    path.touch(mode=0o600)
    path.write_text("a-token-of-more-than-32-characters\n")
    return path


@pytest.fixture(scope="module")
def service(home: Ipse, pki: Pki, token: Path) -> Iterator[Service]:
    made = Service(home, pki, token)
    with made.serving:
        yield made


def test_applications_ask_through_a_service(service: Service, pki: Pki) -> None:
    asked = service.ask(query="membership", redirect_uri="https://shop.example/done")
    assert service.poll(asked["id"]) == {"status": "pending"}
    wallet = pki.wallet()
    reply = wallet.send(wallet.fetch(asked["link"]))
    assert reply.json["redirect_uri"].startswith("https://shop.example/done#response_code=")
    assert service.poll(asked["id"])["credentials"]["membership"][0]["claims"] == {"given_name": "Ada"}


def test_a_replay_is_refused_and_changes_nothing(service: Service, pki: Pki) -> None:
    asked, wallet = service.ask(), pki.wallet()
    request = wallet.fetch(asked["link"])
    form = wallet.answer(request)
    statuses = [wallet.call(request.payload["response_uri"], form).status for _ in range(2)]
    assert statuses == [200, 400]
    assert service.poll(asked["id"])["status"] == "verified"


def test_the_two_ports_serve_different_people(service: Service, pki: Pki) -> None:
    asked, wallet = service.ask(), pki.wallet()
    public = "{0.scheme}://{0.netloc}".format(urlsplit(_request_uri(asked["link"])))
    assert wallet.call(f"{public}/sessions/{asked['id']}").status == 404
    local = "{0.scheme}://{0.netloc}".format(urlsplit(service.url))
    path = urlsplit(_request_uri(asked["link"])).path
    assert call("GET", f"{local}{path}", service.token)[0] == 404
    assert call("GET", f"{service.url}/{asked['id']}", "wrong" * 8)[0] == 401


@pytest.mark.parametrize(
    ("request_line", "headers", "status"),
    [
        ("POST {path} HTTP/1.1", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", 400),
        ("POST {path} HTTP/1.1", "Content-Length: 99999999\r\n", 413),
        ("POST {path} HTTP/1.1", "Content-Length: 2\r\nContent-Type: text/plain\r\n", 415),
        ("DELETE {path} HTTP/1.1", "", 405),
        ("GET /../..{path} HTTP/1.1", "", 404),
        ("GET /etc/passwd HTTP/1.1", "", 404),
    ],
)
def test_strangers_are_refused_over_tls(
    service: Service, pki: Pki, request_line: str, headers: str, status: int
) -> None:
    url = _request_uri(service.ask()["link"])
    parts = urlsplit(url)
    line = request_line.format(path=parts.path)
    data = f"{line}\r\nHost: {parts.netloc}\r\n{headers}\r\n{{}}".encode()
    assert raw(url, data, pki.tls.ca_file).startswith(f"HTTP/1.1 {status} ".encode())


@pytest.mark.skipif(
    not os.access("/proc/1/fd", os.R_OK), reason="the files of a process that can't be dumped"
)
def test_a_running_server_has_its_own_database_open_and_nothing_of_the_vault(
    service: Service, home: Ipse
) -> None:
    service.ask()
    folder = Path(f"/proc/{service.serving.process.pid}/fd")
    opened = set()
    for entry in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):  # a connection that was closed meanwhile
            opened.add(entry.readlink())
    inside = {path.name for path in opened if home.home in path.parents}
    assert inside == {"verifier.db", "verifier.db-wal", "verifier.db-shm"}
    for name in inside:
        assert stat.S_IMODE((home.home / name).stat().st_mode) == 0o600


def test_the_wallet_is_used_while_a_server_runs(service: Service, home: Ipse) -> None:
    service.ask()
    home("trust", "add", "did:web:issuer.example", "--for", TYPE)
    assert "did:web:issuer.example" in home("trust", "list").out


def test_what_was_settled_is_there_after_a_kill(ipse: Ipse, pki: Pki, token: Path) -> None:
    first = Service(ipse, pki, token)
    with first.serving:
        asked, wallet = first.ask(), pki.wallet()
        assert wallet.send(wallet.fetch(asked["link"])).status == 200
        first.serving.stop(signal.SIGKILL)
    second = Service(ipse, pki, token)
    with second.serving:
        assert second.poll(asked["id"])["status"] == "verified"
        assert second.serving.stop().code == 0


def test_a_token_that_others_can_read_or_guess_is_told(ipse: Ipse, asks: list[str], tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("too short")
    token.chmod(0o644)
    given = ["--listen", "127.0.0.1:0", "--api", "0", "--token-file", str(token)]
    run = ipse("verifier", "serve", *asks, *given, code=2)
    assert "warning: others can read" in run.err
    assert "less than 32 characters" in run.err
    assert "too short" not in run.err


def test_a_service_shows_no_claims(service: Service, pki: Pki) -> None:
    asked, wallet = service.ask(), pki.wallet(given_name="Marked")
    wallet.send(wallet.fetch(asked["link"]))
    assert service.serving.line("a session ended: ") == "a session ended: verified"
    assert "Marked" in json.dumps(service.poll(asked["id"]))
    assert service.serving.so_far() == ""


def test_many_wallets_answer_at_once_and_each_is_told_its_own(service: Service, pki: Pki) -> None:
    def answer(number: int) -> tuple[str, Any]:
        wallet = pki.wallet(given_name=f"Ada {number}")
        asked = service.ask()
        wallet.send(wallet.fetch(asked["link"]))
        return f"Ada {number}", service.poll(asked["id"])

    with ThreadPoolExecutor(8) as wallets:
        for name, told in wallets.map(answer, range(24)):
            assert told["credentials"]["membership"][0]["claims"] == {"given_name": name}


def test_a_server_without_an_api_asks_again_after_each_answer(ipse: Ipse, pki: Pki, asks: list[str]) -> None:
    with Serving(ipse, *asks, "--json") as serving:
        wallet = pki.wallet()
        sessions = []
        for _ in range(2):
            wallet.send(wallet.fetch(serving.link()))
            sessions.append(serving.printed()["session"])
        serving.link()
        run = serving.stop()
    assert run.code == 0
    assert len(set(sessions)) == 2


# What is refused before anything is served


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        (["--once", "--api", "0"], 2, "--once asks one question"),
        (["--timeout", "5s"], 2, "--timeout is for --once"),
        (["--origin", "https://a.example"], 2, "are for --api"),
        (["--api", "192.0.2.1:80"], 2, "is reached by others"),
        (["--api", "0", "--origin", "http://a.example"], 2, "is not the origin of a page"),
        (["--query", "nothing.json"], 2, "contradicts --type"),
        (["--any-issuer"], 2, "contradict each other"),
        (["--lifetime", "2h"], 2, "within 1h"),
        (["--retention", "30d"], 2, "--retention is said with a purpose"),
        (["--purpose", "x" * 301], 6, "the purpose"),
        (["--scheme", "javascript"], 2, "is none that --scheme takes"),
        (["--response-mode", "fragment"], 2, "is none that --response-mode takes"),
        (["--client-id", "x"], 2, "is no prefix"),
        (["--client-id", "x509_san_dns"], 2, "the certificate is not for 127.0.0.1"),
        (["--public-url", "http://a.example"], 2, "is not an https URL"),
        (["--public-url", "https://a.example/?x"], 2, "is not an https URL"),
        (["--redirect", "javascript:x"], 2, "is no https page"),
        (["--claim", "a..b"], 2, "is no path"),
        (["--format", "mso_mdoc"], 2, "is no format"),
        (["--listen", "example.org:80"], 2, "is not an address to listen at"),
        (["--listen", "0.0.0.0:0"], 2, "no wallet finds a server at 0.0.0.0"),
        (["--tls-key", "none.pem"], 6, "can't read"),
    ],
    ids=str,
)
def test_options_that_make_no_sense_are_refused(
    ipse: Ipse, asks: list[str], change: list[str], code: int, message: str
) -> None:
    run = ipse("verifier", "serve", "--listen", "127.0.0.1:0", *asks, *change, code=code)
    assert message in run.err


@pytest.mark.parametrize(
    ("without", "change", "message"),
    [
        ("--type", [], "there is nothing to ask"),
        ("--certificate", [], "nothing says who asks"),
        ("--certificate-key", [], "the certificate has one key"),
        ("--tls-key", [], "give both --tls-cert and --tls-key"),
        ("--certificate-key", ["--did", "me"], "the key is for EdDSA"),
    ],
)
def test_what_is_missing_is_named(
    ipse: Ipse, asks: list[str], without: str, change: list[str], message: str
) -> None:
    place = asks.index(without)
    left = [*asks[:place], *asks[place + 2 :]]
    if without == "--type":
        claim = left.index("--claim")
        left = [*left[:claim], *left[claim + 2 :]]
    run = ipse("verifier", "serve", "--listen", "127.0.0.1:0", *left, *change, code=2)
    assert message in run.err + run.out or message in run.err.replace("\nhint: ", " ")


def test_a_wallet_that_stays_locked_serves_nobody(ipse: Ipse, asks: list[str]) -> None:
    locked = Ipse(ipse.home)
    run = locked("verifier", "serve", "--listen", "127.0.0.1:0", *asks, "--no-input", code=4)
    assert "needs its passphrase" in run.err
    assert not (ipse.home / "verifier.db").exists()


@pytest.mark.parametrize("listen", ["127.0.0.1:0", "0.0.0.0:0"])
def test_plain_http_needs_a_public_url(ipse: Ipse, asks: list[str], listen: str) -> None:
    plain = asks[asks.index("--certificate") :]
    run = ipse("verifier", "serve", *plain, "--listen", listen, code=2)
    assert "wallets connect over TLS alone" in run.err


def test_behind_a_proxy_the_public_url_is_told(ipse: Ipse, pki: Pki, asks: list[str]) -> None:
    plain = asks[asks.index("--certificate") :]
    with Serving(ipse, *plain, "--public-url", "https://verifier.example/ask", "--behind-proxy") as serving:
        assert _request_uri(serving.link()).startswith("https://verifier.example/ask/request/")
        assert serving.stop().code == 0


def test_the_guide_names_options_that_there_are() -> None:
    text = (REPOSITORY / "docs" / "verifier.md").read_text()
    used = set(re.findall(r"(?<![\w-])--[a-z-]+", " ".join(re.findall(r"ipse verifier serve[^`]*", text))))
    family = application().get_command(None, "verifier")
    assert isinstance(family, Group)
    command = family.get_command(None, "serve")
    assert command is not None
    assert used <= {name for parameter in command.params for name in parameter.opts}
    assert {"--public-url", "--api", "--certificate-key"} <= used
