"""Status lists over real HTTPS: given out, published, looked up, kept, and each fault undetermined."""

from __future__ import annotations

import json
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_vc import InProcess, assert_told, checks, in_process, issued, reason
from tests.conftest import EXAMPLES, Ipse, at
from tests.network_peer.certificates import Authority
from tests.network_peer.server import Answer, HttpsPeer, body, redirect, status

_CLAIMS = ("--type", "DegreeCredential", "--claims", EXAMPLES / "claims.json")
_SERVED = {"rev": "/rev", "sus": "/sus", "tok": "/tok"}


@dataclass(frozen=True, slots=True)
class _Issuer:
    """An issuer with the lists `rev`, `sus` and `tok`, and the server that they are published on."""

    ipse: Ipse
    peer: HttpsPeer
    network: tuple[str, ...]

    def publish(self, *lists: str, options: tuple[str, ...] = ()) -> None:
        """Put the lists on the server as they are now."""
        for name in lists:
            text = self.ipse("vc", "status", "publish", name, *options).out
            self.peer.routes[_SERVED[name]] = body(text.encode())

    def issue(self, identifier: str, form: str, *lists: str) -> str:
        """A credential with an entry in each of the lists."""
        options = [option for name in lists for option in ("--status", name)]
        return issued(self.ipse, "--format", form, "--id", identifier, *options)

    def verify(self, text: str, *options: str, code: int = 0) -> Any:
        """The report of a verifier without a wallet."""
        verifier = InProcess(self.ipse.home.parent / "nowhere")
        verify = ("vc", "verify", "-", "--any-issuer", "--json", *self.network)
        return verifier(*verify, *options, stdin=text, code=code).json


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A certificate authority of these tests."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def issuer(
    _template: Path, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[_Issuer]:
    """An issuer whose empty lists are published."""
    home = tmp_path_factory.mktemp("status") / "wallet"
    shutil.copytree(_template, home)
    with HttpsPeer(authority.issue("localhost"), {}) as peer:
        made = _Issuer(in_process(at(home)), peer, ("--allow-loopback", "--ca-file", str(authority.ca_file)))
        _make_lists(made.ipse, peer)
        made.publish("rev", "sus", "tok")
        yield made


def _make_lists(ipse: Ipse, peer: HttpsPeer, by: str = "university") -> None:
    options: tuple[str, ...]
    for name, options in (
        ("rev", ()),
        ("sus", ("--purpose", "suspension")),
        ("tok", ("--purpose", "suspension", "--kind", "token")),
    ):
        url = peer.url(_SERVED[name])
        made = ipse("vc", "status", "create", name, "--url", url, "--issuer", by, *options)
        assert made.out == f"{name}\n"


def _asked(issuer: _Issuer) -> list[str]:
    """The paths that were asked for."""
    return [request.split(b" ", 2)[1].decode() for request in issuer.peer.requests]


def _listed(ipse: Ipse, *options: str) -> list[Any]:
    return list(ipse("vc", "list", *options, "--json").json["credentials"])


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("form", "lists", "change", "word"),
    [
        ("w3c", ("rev", "sus"), "revoke", "revoked"),
        ("jwt", ("rev", "sus"), "suspend", "suspended"),
        ("sd-jwt", ("tok",), "revoke", "revoked"),
        ("sd-jwt", ("tok",), "suspend", "suspended"),
    ],
)
def test_a_credential_is_good_until_its_list_says_otherwise_and_again_when_reinstated(
    issuer: _Issuer, form: str, lists: tuple[str, ...], change: str, word: str
) -> None:
    identifier = f"urn:example:{form}:{change}"
    text = issuer.issue(identifier, form, *lists)
    issuer.publish(*lists)
    assert checks(issuer.verify(text))["status"] == "passed"
    run = issuer.ipse("vc", change, identifier)
    assert run.out == f"{identifier} is {word}\n"
    to_publish = [line.split()[-1].rstrip("`") for line in run.err.splitlines()]
    assert set(to_publish) <= set(lists)
    assert checks(issuer.verify(text))["status"] == "passed"  # nobody was told yet
    issuer.publish(*to_publish)
    report = issuer.verify(text, code=3)
    assert checks(report)["status"] == "failed"
    assert word in reason(report, "status")
    assert checks(report)["proof"] == "passed"
    again = issuer.ipse("vc", "reinstate", identifier, code=2 if change == "revoke" else 0)
    if change == "revoke":
        assert_told(again, "revoked", "final")
        return
    issuer.publish(*lists)
    assert checks(issuer.verify(text))["status"] == "passed"


@pytest.fixture(scope="module")
def texts(issuer: _Issuer) -> dict[str, str]:
    """A good credential for each kind of list."""
    return {
        "w3c": issuer.issue("urn:example:good", "w3c", "rev"),
        "token": issuer.issue("urn:example:good-token", "sd-jwt", "tok"),
    }


@pytest.fixture(scope="module")
def lists(issuer: _Issuer, texts: dict[str, str]) -> dict[str, bytes]:
    """The published list of each kind."""
    names = {"w3c": "rev", "token": "tok"}
    assert set(texts) == set(names)
    return {kind: issuer.ipse("vc", "status", "publish", name).out.encode() for kind, name in names.items()}


@pytest.fixture(scope="module")
def foreign(issuer: _Issuer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Lists for the same URLs, signed by somebody else."""
    other = in_process(at(tmp_path_factory.mktemp("foreign") / "wallet"))
    other("init", "--keystore", "file")
    other("did", "create", "--name", "university")
    _make_lists(other, issuer.peer)
    names = {"w3c": "rev", "token": "tok"}
    return {kind: other("vc", "status", "publish", name).out.encode() for kind, name in names.items()}


def _unsigned(kind: str, content: bytes) -> bytes:
    if kind == "token":
        return content.strip().rpartition(b".")[0] + b"."
    document = json.loads(content)
    del document["proof"]
    return json.dumps(document).encode()


def _forged(kind: str, content: bytes) -> bytes:
    if kind == "token":
        signed, _, signature = content.strip().rpartition(b".")
        return signed + b"." + signature[:-8] + b"AAAAAAAA"
    document = json.loads(content)
    document["validUntil"] = "2999-01-01T00:00:00Z"
    return json.dumps(document).encode()


_FAULTS: dict[str, Callable[[str, bytes, bytes], Answer]] = {
    "not found": lambda _kind, _mine, _theirs: status("404 Not Found"),
    "a server's fault": lambda _kind, _mine, _theirs: status("500 Internal Server Error"),
    "a redirect to plain http": lambda _kind, _mine, _theirs: redirect("http://localhost/rev"),
    "no list": lambda _kind, _mine, _theirs: body(b"hello"),
    "empty": lambda _kind, _mine, _theirs: body(b""),
    "too large": lambda _kind, _mine, _theirs: body(b" " * (3 << 20)),
    "unsigned": lambda kind, mine, _: body(_unsigned(kind, mine)),
    "forged": lambda kind, mine, _: body(_forged(kind, mine)),
    "another issuer's": lambda _kind, _mine, theirs: body(theirs),
}


@pytest.mark.parametrize("fault", _FAULTS)
@pytest.mark.parametrize("kind", ["w3c", "token"])
def test_a_list_that_can_not_be_relied_on_is_undetermined(
    issuer: _Issuer,
    texts: dict[str, str],
    lists: dict[str, bytes],
    foreign: dict[str, bytes],
    kind: str,
    fault: str,
) -> None:
    path = "/rev" if kind == "w3c" else "/tok"
    issuer.peer.routes[path] = _FAULTS[fault](kind, lists[kind], foreign[kind])
    report = issuer.verify(texts[kind], code=9)
    found = checks(report)
    assert (found["status"], found["proof"], found["trust"]) == ("undetermined", "passed", "passed")
    assert issuer.peer.url(path) in reason(report, "status")


@pytest.mark.parametrize("kind", ["w3c", "token"])
def test_a_list_is_not_relied_on_after_its_time_nor_for_another_url(
    issuer: _Issuer, texts: dict[str, str], lists: dict[str, bytes], kind: str
) -> None:
    path, other = ("/rev", "/sus") if kind == "w3c" else ("/tok", "/rev")
    issuer.peer.routes[path] = body(lists[kind])
    issuer.verify(texts[kind])
    report = issuer.verify(texts[kind], "--at", "2999-01-01", code=9)
    assert checks(report)["status"] == "undetermined"
    assert "expired" in reason(report, "status")
    moved = issuer.ipse("vc", "status", "publish", other.removeprefix("/")).out.encode()
    issuer.peer.routes[path] = body(moved)
    assert checks(issuer.verify(texts[kind], code=9))["status"] == "undetermined"


def test_a_server_that_is_down_is_undetermined_and_this_machine_is_not_asked_unless_told_so(
    issuer: _Issuer, authority: Authority, ipse: Ipse
) -> None:
    with HttpsPeer(authority.issue("localhost"), {}) as peer:
        _make_lists(ipse, peer)
        text = issued(ipse, "--status", "rev")
        run = ipse("vc", "verify", "-", "--any-issuer", "--json", stdin=text, code=9)
        assert checks(run.json)["status"] == "undetermined"
        assert peer.requests == []
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # it does not listen, and nobody else gets its port
        url = f"https://localhost:{silent.getsockname()[1]}/down"
        ipse("vc", "status", "create", "down", "--url", url, "--issuer", "university")
        report = issuer.verify(issued(ipse, "--status", "down"), code=9)
    assert checks(report)["status"] == "undetermined"
    assert "out of reach" in reason(report, "status")


def test_a_wallet_asks_for_a_list_once_while_it_is_fresh(issuer: _Issuer, ipse: Ipse) -> None:
    text = issuer.issue("urn:example:cached", "w3c", "rev", "sus")
    issuer.publish("rev", options=("--ttl", "1h"))
    issuer.publish("sus", options=("--ttl", "1s"))
    issuer.peer.requests.clear()
    identifier = ipse("vc", "add", "-", *issuer.network, stdin=text).out.strip()
    assert sorted(_asked(issuer)) == ["/rev", "/sus"]
    time.sleep(1.1)
    ipse("vc", "check", identifier, *issuer.network)
    assert sorted(_asked(issuer)) == ["/rev", "/sus", "/sus"]


def test_a_list_that_is_no_good_is_not_kept(issuer: _Issuer, ipse: Ipse) -> None:
    text = issuer.issue("urn:example:not-kept", "sd-jwt", "tok")
    issuer.peer.routes["/tok"] = body(b"hello")
    ipse("vc", "add", "-", *issuer.network, stdin=text, code=9)
    issuer.publish("tok")
    issuer.peer.requests.clear()
    ipse("vc", "add", "-", *issuer.network, stdin=text)
    assert _asked(issuer) == ["/tok"]


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("form", "change", "word"), [("w3c", "revoke", "revoked"), ("sd-jwt", "suspend", "suspended")]
)
def test_a_check_notes_how_a_credential_stands_and_the_list_shows_it(
    issuer: _Issuer, ipse: Ipse, form: str, change: str, word: str
) -> None:
    name = "tok" if form == "sd-jwt" else "rev"
    identifier = f"urn:example:{form}:noted"
    text = issuer.issue(identifier, form, name)
    issuer.publish(name, options=("--ttl", "1s"))
    shelved = ipse("vc", "add", "-", *issuer.network, stdin=text).out.strip()
    issuer.ipse("vc", change, identifier)
    issuer.publish(name, options=("--ttl", "1s"))
    time.sleep(1.1)
    assert [row["status"] for row in _listed(ipse)] == ["valid"]
    run = ipse("vc", "check", shelved, *issuer.network, "--json", code=3)
    assert checks(run.json)["status"] == "failed"
    assert [row["id"] for row in _listed(ipse, "--status", word)] == [shelved]
    assert _listed(ipse, "--status", "valid") == []


def test_a_check_that_can_not_find_out_leaves_what_was_noted(issuer: _Issuer, ipse: Ipse) -> None:
    text = issuer.issue("urn:example:noted:before", "w3c", "rev")
    issuer.publish("rev", options=("--ttl", "1s"))
    shelved = ipse("vc", "add", "-", *issuer.network, stdin=text).out.strip()
    issuer.ipse("vc", "revoke", "urn:example:noted:before")
    issuer.publish("rev", options=("--ttl", "1s"))
    time.sleep(1.1)
    ipse("vc", "check", shelved, *issuer.network, code=3)
    issuer.peer.routes["/rev"] = status("404 Not Found")
    time.sleep(1.1)
    ipse("vc", "check", shelved, *issuer.network, code=9)
    assert [row["status"] for row in _listed(ipse)] == ["revoked"]


def test_a_batch_of_verifications_asks_for_a_list_once_in_each_worker(issuer: _Issuer) -> None:
    issuer.publish("tok")
    tokens = [issuer.issue(f"urn:example:batch:{number}", "sd-jwt", "tok").strip() for number in range(2)]
    issuer.publish("tok")
    issuer.peer.requests.clear()
    lines = "\n".join(tokens * 10) + "\n"
    verify = ("vc", "verify", "--batch", "-", "--any-issuer", *issuer.network)
    run = Ipse(issuer.ipse.home.parent / "nowhere")(*verify, stdin=lines)
    reports = [json.loads(line)["report"] for line in run.out.splitlines()]
    assert [checks(report)["status"] for report in reports] == ["passed"] * 20
    assert len(issuer.peer.requests) < 20


def test_what_makes_no_list_is_a_usage_error(ipse: Ipse) -> None:
    ipse = in_process(ipse)
    create = ("vc", "status", "create")
    url = ("--url", "https://example.org/list")
    ipse(*create, "mine", *url)
    for options, word in (
        (("mine", "--url", "https://example.org/other"), "mine"),
        (("other", *url), "https://example.org/list"),
        (("other", "--url", "http://example.org/other"), "https"),
        (("other", "--url", "https://example.org/other#part"), "fragment"),
        (("other", "--url", "list"), "'list'"),
        (("other", "--url", "https://example.org/other", "--purpose", "revenge"), "'revenge'"),
        (("other", "--url", "https://example.org/other", "--kind", "paper"), "paper"),
        (("other", "--url", "https://example.org/other", "--size", "100"), "100"),
        (("a b/..", "--url", "https://example.org/other"), ""),
        (("other",), "--url"),
    ):
        run = ipse(*create, *options, code=2)
        assert_told(run, word)
    [row] = ipse("vc", "status", "list", "--json").json["lists"]
    assert (row["name"], row["purpose"], row["kind"], row["used"]) == ("mine", "revocation", "w3c", 0)
    assert_told(ipse(*create, "other", "--url", "https://example.org/other", "--issuer", "nobody", code=5))


def test_an_entry_is_given_in_ones_own_list_of_the_right_kind(ipse: Ipse) -> None:
    ipse = in_process(ipse)
    options: tuple[str, ...]
    for name, options in (
        ("rev", ("--issuer", "university")),
        ("tok", ("--kind", "token", "--issuer", "university")),
        ("more", ("--kind", "token", "--issuer", "university")),
        ("mine", ("--issuer", "me")),
    ):
        ipse("vc", "status", "create", name, "--url", f"https://example.org/{name}", *options)
    issue = ("vc", "issue", "--issuer", "university", *_CLAIMS)
    for options, code, word in (
        (("--status", "tok"), 2, "token list"),
        (("--status", "rev", "--format", "sd-jwt"), 2, "w3c list"),
        (("--status", "mine"), 2, "list of did:key:"),
        (("--status", "rev", "--format", "w3c-1.1"), 2, "VCDM 2.0"),
        (("--status", "tok", "--status", "more", "--format", "sd-jwt"), 2, "one status"),
        (("--status", "nothing"), 5, "'nothing'"),
    ):
        run = ipse(*issue, *options, code=code)
        assert_told(run, word)
        assert run.out == ""
    used = {row["name"]: row["used"] for row in ipse("vc", "status", "list", "--json").json["lists"]}
    assert used["rev"] == used["mine"] == 0


def test_only_what_has_an_entry_is_revoked_suspended_or_reinstated(ipse: Ipse) -> None:
    ipse = in_process(ipse)
    for name, purpose in (("rev", "revocation"), ("sus", "suspension")):
        ipse("vc", "status", "create", name, "--url", f"https://example.org/{name}", "--purpose", purpose)
    for identifier, name in (("urn:example:r", "rev"), ("urn:example:s", "sus")):
        ipse("vc", "issue", *_CLAIMS, "--id", identifier, "--status", name, "-q")
    for command, identifier, code, word in (
        ("revoke", "urn:example:nothing", 5, "urn:example:nothing"),
        ("suspend", "urn:example:r", 2, "revocation alone"),
        ("reinstate", "urn:example:r", 2, "revocation alone"),
        ("revoke", "urn:example:s", 2, "suspension alone"),
        ("reinstate", "urn:example:s", 2, "not suspended"),
    ):
        assert_told(ipse("vc", command, identifier, code=code), word)
    assert ipse("vc", "revoke", "urn:example:r", "--json").json["publish"] == ["rev"]
    ipse("vc", "revoke", "urn:example:r")
    assert_told(
        ipse("vc", "issue", *_CLAIMS, "--id", "urn:example:r", "--status", "rev", code=2), "urn:example:r"
    )


def test_what_is_published_says_how_long_it_is_good_for(ipse: Ipse, tmp_path: Path) -> None:
    ipse("vc", "status", "create", "rev", "--url", "https://example.org/rev")
    publish = ("vc", "status", "publish", "rev")
    document = ipse(*publish, "--ttl", "15m", "--valid-for", "2h").json
    assert document["credentialSubject"]["ttl"] == 15 * 60 * 1000
    assert document["validFrom"][:13] != document["validUntil"][:13]
    file = tmp_path / "list.json"
    assert ipse(*publish, "-o", file).out == f"{file}\n"
    assert json.loads(file.read_text())["id"] == "https://example.org/rev"
    for options in (("--ttl", "soon"), ("--valid-for", "0d"), ("--ttl", "0s")):
        assert_told(ipse(*publish, *options, code=2), options[1])
    assert_told(ipse("vc", "status", "publish", "nothing", code=5), "'nothing'")
