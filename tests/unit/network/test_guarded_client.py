"""The guarded client against a real HTTPS server: each thing it refuses has a code of its own."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from ipse.errors import Undetermined
from ipse.network import connection, errors, guarded_client
from ipse.network.connection import Lookup
from ipse.network.guarded_client import LIMIT, fetch
from tests.network_peer.certificates import Authority, self_signed
from tests.network_peer.server import Answer, HttpsPeer, SlowRelay, body, drip, raw, redirect, status
from tests.waiting import PATIENCE

_DRAWING = [line for line in (errors.__doc__ or "").splitlines() if " network" in line and ":" not in line]
OK = b"HTTP/1.1 200 OK\r\n"


@dataclass(frozen=True, slots=True)
class Net:
    """A server with a good certificate, and a client that trusts its authority."""

    peer: HttpsPeer
    authority: Authority

    def get(self, answer: Answer, *, deadline: float = PATIENCE, limit: int = LIMIT) -> bytes:
        """What the client makes of `answer`."""
        self.peer.routes["/it"] = answer
        return fetch(
            self.peer.url("/it"),
            allow_loopback=True,
            ca_file=self.authority.ca_file,
            deadline=deadline,
            limit=limit,
        )


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def certificate(authority: Authority) -> Path:
    return authority.issue("localhost", "named.example")


@pytest.fixture
def net(authority: Authority, certificate: Path) -> Iterator[Net]:
    """A server of one test alone: a client that gave up may still be read from when its test is over."""
    with HttpsPeer(certificate, {}) as peer:
        yield Net(peer, authority)


def always(*addresses: str) -> Lookup:
    """A resolver that knows one answer."""

    def lookup(host: str, port: int) -> Sequence[str]:
        return addresses

    return lookup


def chunked(*chunks: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)


CHUNKS = OK + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(body(b"hello"), id="with a length"),
        pytest.param(raw(OK + b"\r\nhello"), id="until the end of the connection"),
        pytest.param(raw(CHUNKS + chunked(b"he", b"llo", b"")), id="in chunks"),
        pytest.param(body(b"hello", "Content-Type: image/png"), id="as another content type"),
        pytest.param(body(b"hello", "Content-Encoding: identity"), id="in no encoding, by name"),
        pytest.param(raw(b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"\r\nhello"), id="after an interim answer"),
        pytest.param(drip(OK + b"\r\n", [b"h", b"ello"]), id="a little late"),
    ],
)
def test_a_body_with_status_200_is_the_answer(net: Net, answer: Answer) -> None:
    assert net.get(answer) == b"hello"


def test_a_request_says_little_about_who_asks(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    net.peer.routes["/first"] = status("302 Found", "Location: /it", "Set-Cookie: a=b")
    net.peer.routes["/it"] = body(b"hello")
    fetch(net.peer.url("/first"), allow_loopback=True, ca_file=net.authority.ca_file)
    assert net.peer.requests[1].decode() == (
        "GET /it HTTP/1.1\r\n"
        f"Host: localhost:{net.peer.port}\r\n"
        "Accept: */*\r\n"
        "Accept-Encoding: identity\r\n"
        "User-Agent: ipse\r\n"
        "Connection: close\r\n\r\n"
    )


@pytest.mark.parametrize(
    "line", ["204 No Content", "206 Partial Content", "304 Not Modified", "404 No", "500 No"]
)
def test_no_status_but_200_is_a_success(net: Net, line: str) -> None:
    with pytest.raises(errors.StatusRefused) as caught:
        net.get(status(line))
    assert caught.value.status == int(line[:3])
    assert line[:3] in caught.value.message


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(body(bytes(LIMIT + 1)), id="an honest length"),
        pytest.param(raw(OK + b"Content-Length: 99999999999\r\n\r\n"), id="a length that promises too much"),
        pytest.param(raw(OK + b"\r\n", bytes(LIMIT + 1)), id="no length"),
        pytest.param(raw(CHUNKS + chunked(bytes(LIMIT), b"x", b"")), id="chunks"),
        pytest.param(
            raw(
                OK
                + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n"
                + chunked(bytes(LIMIT + 1), b"")
            ),
            id="chunks with a length that lies",
        ),
        pytest.param(drip(CHUNKS, itertools.repeat(chunked(bytes(200_000))), 0.01), id="chunks without end"),
    ],
)
def test_a_body_over_the_limit_is_refused(net: Net, answer: Answer) -> None:
    with pytest.raises(errors.TooLarge, match="more than 1048576 bytes"):
        net.get(answer)


def test_a_body_of_exactly_the_limit_is_taken(net: Net) -> None:
    assert len(net.get(raw(OK + b"\r\n", bytes(LIMIT)))) == LIMIT
    assert net.get(body(b"12345"), limit=5) == b"12345"
    with pytest.raises(errors.TooLarge):
        net.get(body(b"123456"), limit=5)


def test_what_follows_the_stated_length_is_not_read(net: Net) -> None:
    assert net.get(raw(OK + b"Content-Length: 2\r\n\r\nhello")) == b"he"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(raw(), id="no answer"),
        pytest.param(raw(OK + b"Content-Length: 9\r\n\r\nhello"), id="short of its length"),
        pytest.param(raw(CHUNKS + b"9\r\nhello"), id="in the middle of a chunk"),
        pytest.param(raw(CHUNKS + chunked(b"hello")), id="before the last chunk"),
    ],
)
def test_an_answer_that_breaks_off_is_no_answer(net: Net, answer: Answer) -> None:
    with pytest.raises(errors.ClosedEarly):
        net.get(answer)


def test_an_end_that_tls_does_not_vouch_for_is_a_break(authority: Authority) -> None:
    routes = {"/it": raw(OK + b"\r\nhello")}
    with (
        HttpsPeer(authority.issue("localhost"), routes, polite=False) as peer,
        pytest.raises(errors.ClosedEarly),
    ):
        fetch(peer.url("/it"), allow_loopback=True, ca_file=authority.ca_file)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(raw(b"SSH-2.0-OpenSSH_9.9\r\n"), id="another protocol"),
        pytest.param(raw(b"\x00\xff\x1b[31m garbage\r\n\r\n"), id="garbage"),
        pytest.param(raw(b"HTTP/1.1 2OO OK\r\n\r\n"), id="a status in letters"),
        pytest.param(raw(b"HTTP/1.1 " + b"2" * 70_000 + b"\r\n\r\n"), id="an endless status line"),
        pytest.param(raw(OK + b"A: " + b"b" * 70_000 + b"\r\n\r\n"), id="an endless header"),
        pytest.param(raw(OK + b"A: b\r\n" * 200 + b"\r\n"), id="headers without number"),
        pytest.param(body(b"\x1f\x8b", "Content-Encoding: gzip"), id="gzip that nobody asked for"),
        pytest.param(
            body(b"", "Content-Encoding: identity", "Content-Encoding: br"), id="an encoding behind another"
        ),
        pytest.param(raw(OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n"), id="another transfer encoding"),
        pytest.param(raw(OK + b"Content-Length: -1\r\n\r\n"), id="a negative length"),
        pytest.param(raw(OK + b"Content-Length: +5\r\n\r\nhello"), id="a signed length"),
        pytest.param(raw(OK + b"Content-Length: five\r\n\r\nhello"), id="a length in letters"),
        pytest.param(raw(OK + b"Content-Length: 5\r\nContent-Length: 2\r\n\r\nhello"), id="two lengths"),
    ],
)
def test_what_is_no_plain_http_is_refused(net: Net, answer: Answer) -> None:
    with pytest.raises(errors.BadResponse) as caught:
        net.get(answer)
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 300


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(drip(b"", itertools.repeat(b"H")), id="a status line"),
        pytest.param(drip(OK, (b"A%d: b\r\n" % number for number in itertools.count())), id="headers"),
        pytest.param(drip(OK + b"Content-Length: 9999\r\n\r\n", itertools.repeat(b"x")), id="a body"),
        pytest.param(drip(CHUNKS, itertools.repeat(b"1\r\nx\r\n")), id="chunks"),
        pytest.param(drip(CHUNKS + b"0\r\n", itertools.repeat(b"A: b\r\n")), id="trailers"),
        pytest.param(
            drip(b"", itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n")), id="interim answers without end"
        ),
        pytest.param(drip(b"", [b"x"], 2 * PATIENCE), id="nothing at all"),
    ],
)
def test_a_drip_ends_at_the_deadline(net: Net, answer: Answer) -> None:
    started = time.monotonic()
    with pytest.raises(errors.TooSlow):
        net.get(answer, deadline=0.6)
    assert 0.5 < time.monotonic() - started < PATIENCE


@pytest.mark.sampled(1)
@pytest.mark.parametrize("fast", [0, 2], ids=["the handshake", "what is inside a TLS record"])
def test_a_drip_below_http_ends_at_the_deadline(net: Net, fast: int) -> None:
    net.peer.routes["/it"] = body(bytes(10_000))
    deadline = 1 + 2 * fast  # what is fast has to be over by then
    with SlowRelay(net.peer.port, fast=fast) as relay:
        started = time.monotonic()
        with pytest.raises(errors.TooSlow):
            fetch(
                f"https://localhost:{relay.port}/it",
                allow_loopback=True,
                ca_file=net.authority.ca_file,
                deadline=deadline,
            )
        assert deadline - 0.1 < time.monotonic() - started < PATIENCE
    assert len(net.peer.requests) == fast // 2


def test_redirects_and_what_follows_share_one_deadline(net: Net) -> None:
    for number in range(3):
        net.peer.routes[f"/{number}"] = drip(
            b"", [f"HTTP/1.1 302 Found\r\nLocation: /{number + 1}\r\n\r\n".encode()], 0.3
        )
    started = time.monotonic()
    with pytest.raises(errors.TooSlow):
        fetch(net.peer.url("/0"), allow_loopback=True, ca_file=net.authority.ca_file, deadline=0.7)
    assert time.monotonic() - started < PATIENCE


def test_a_server_that_never_shakes_hands_is_too_slow() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        with pytest.raises(errors.TooSlow):
            fetch(f"https://localhost:{silent.getsockname()[1]}/", allow_loopback=True, deadline=0.5)
        assert time.monotonic() - started < PATIENCE


def test_a_resolver_that_never_answers_is_too_slow() -> None:
    def sleepy(host: str, port: int) -> Sequence[str]:
        answered.wait()
        return ["127.0.0.1"]

    answered = threading.Event()
    started = time.monotonic()
    with pytest.raises(errors.TooSlow):
        fetch("https://example.com/", deadline=0.3, lookup=sleepy)
    assert time.monotonic() - started < PATIENCE
    answered.set()


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed_three_times_at_most(net: Net, code: int) -> None:
    for number in range(4):
        net.peer.routes[f"/{number}"] = redirect(f"/{number + 1}#part", code)
    net.peer.routes["/4"] = body(b"there")
    get = partial(fetch, allow_loopback=True, ca_file=net.authority.ca_file)
    assert get(net.peer.url("/1")) == b"there"
    with pytest.raises(errors.TooManyRedirects):
        get(net.peer.url("/0"))


@pytest.mark.parametrize("way", [["/a"], ["/a", "/b"], ["/a", "/b", "/c"]])
def test_a_redirect_in_a_circle_is_refused(net: Net, way: list[str]) -> None:
    for start, target in zip(way, [*way[1:], way[0]], strict=True):
        net.peer.routes[start] = redirect(target)
    with pytest.raises(errors.RedirectLoop):
        fetch(net.peer.url("/a"), allow_loopback=True, ca_file=net.authority.ca_file)
    assert len(net.peer.requests) == len(way)


@pytest.mark.parametrize(
    "target",
    ["http://localhost/", "HTTP://localhost/", "file:///etc/passwd", "ftp://a/", "data:,x", "gopher://a/"],
)
def test_a_redirect_away_from_https_is_refused(net: Net, target: str) -> None:
    with pytest.raises(errors.RedirectToHttp):
        net.get(redirect(target))
    assert len(net.peer.requests) == 1


@pytest.mark.parametrize(
    "target",
    ["", "https://a:b@localhost/", "https://localhost:0/", "https://[::1/", "/a b", "/\x7f", "/\xe9"],
)
def test_a_redirect_to_no_url_is_refused(net: Net, target: str) -> None:
    with pytest.raises(errors.RedirectRefused) as caught:
        net.get(redirect(target))
    assert caught.type is errors.RedirectRefused
    assert caught.value.message.isprintable()


def test_the_target_of_a_redirect_is_checked_anew(net: Net) -> None:
    lookups: list[str] = []

    def lookup(host: str, port: int) -> Sequence[str]:
        lookups.append(host)
        return ["127.0.0.1"] if host == "localhost" else ["10.0.0.1"]

    net.peer.routes["/"] = redirect("https://inside.example/")
    with pytest.raises(errors.PrivateAddress, match=r"inside\.example"):
        fetch(net.peer.url("/"), allow_loopback=True, ca_file=net.authority.ca_file, lookup=lookup)
    assert lookups == ["localhost", "inside.example"]


@pytest.mark.parametrize(
    "found",
    [
        ["127.0.0.1"],
        ["10.1.2.3"],
        ["169.254.169.254"],
        ["::1"],
        ["fd00::1"],
        ["::ffff:127.0.0.1"],
        ["93.184.215.14", "127.0.0.1"],
        ["2606:2800:21f:cb07:6820:80da:af6b:8b2c", "10.0.0.1"],
        ["fe80::1%lo"],
    ],
)
def test_a_name_that_leads_inside_is_refused_before_anything_is_sent(
    found: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guarded_client, "connect", lambda *_, **__: pytest.fail("it connected"))
    with pytest.raises(errors.PrivateAddress, match="not on the public internet"):
        fetch("https://example.com/", lookup=always(*found))


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "[::1]", "2130706433", "0x7f.1", "127.1", "[::]", "0"]
)
def test_this_machine_is_not_reached_under_any_spelling(host: str) -> None:
    with pytest.raises((errors.PrivateAddress, errors.NameNotFound)):
        fetch(f"https://{host}/")


def test_loopback_for_tests_opens_nothing_else() -> None:
    for found in ("10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1", "fe80::1", "0.0.0.0"):
        with pytest.raises(errors.PrivateAddress):
            fetch("https://example.com/", allow_loopback=True, lookup=always(found))


def test_the_address_that_was_checked_is_the_one_connected_to(
    net: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])

    def rebinding(host: str, port: int) -> Sequence[str]:
        return next(answers)

    def never(*_: object, **__: object) -> None:
        pytest.fail("the name was resolved a second time")

    monkeypatch.setattr(socket, "getaddrinfo", never)
    net.peer.routes["/it"] = body(b"hello")
    got = fetch(
        net.peer.url("/it", "named.example"),
        allow_loopback=True,
        ca_file=net.authority.ca_file,
        lookup=rebinding,
    )
    assert got == b"hello"
    assert next(answers) == ["10.0.0.1"]


def test_the_next_address_is_tried_where_nobody_answers(net: Net) -> None:
    net.peer.routes["/it"] = body(b"hello")
    got = fetch(
        net.peer.url("/it"),
        allow_loopback=True,
        ca_file=net.authority.ca_file,
        lookup=always("127.0.0.9", "127.0.0.1"),
    )
    assert got == b"hello"


def test_nobody_at_the_address_is_a_failed_connection() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # nobody listens there, and nobody else can
        with pytest.raises(errors.ConnectionFailed, match="nobody answers"):
            fetch(f"https://localhost:{silent.getsockname()[1]}/", allow_loopback=True)


def test_a_name_that_does_not_resolve_is_said_so() -> None:
    def unknown(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    for lookup in (unknown, always()):
        with pytest.raises(errors.NameNotFound):
            fetch("https://example.com/", lookup=lookup)


def test_plain_http_on_the_other_side_is_a_failed_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://localhost:{listener.getsockname()[1]}/"

        def answer() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.recv(4096)
                peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        with pytest.raises(errors.ConnectionFailed, match="does not speak TLS"):
            fetch(url, allow_loopback=True)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("another name", "localhost"),
        ("the address alone", "localhost"),
        ("expired", "expired"),
        ("self-signed", "self"),
        ("an unknown authority", "issuer|signature"),
    ],
)
def test_a_wrong_certificate_is_refused_and_says_why(
    fault: str, reason: str, authority: Authority, tmp_path: Path
) -> None:
    makers: dict[str, Callable[[], Path]] = {
        "another name": partial(authority.issue, "other.example"),
        "the address alone": partial(authority.issue, "127.0.0.1"),
        "expired": partial(authority.issue, "localhost", expired=True),
        "self-signed": partial(self_signed, tmp_path, "localhost"),
        "an unknown authority": partial(Authority(tmp_path).issue, "localhost"),
    }
    with HttpsPeer(makers[fault](), {"/": body(b"hello")}) as peer:
        with pytest.raises(errors.CertificateWrong, match=reason):
            fetch(peer.url("/"), allow_loopback=True, ca_file=authority.ca_file)
        assert peer.requests == []


def test_the_authorities_of_the_system_do_not_vouch_for_a_test_server(net: Net) -> None:
    with pytest.raises(errors.CertificateWrong):
        fetch(net.peer.url("/"), allow_loopback=True)


def test_the_keys_of_a_connection_are_not_logged(
    net: Net, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    assert net.get(body(b"hello")) == b"hello"
    assert list(tmp_path.iterdir()) == []


def test_every_error_is_undetermined_with_a_code_of_its_own() -> None:
    found = [getattr(errors, name) for name in errors.__all__]
    assert all(issubclass(error, Undetermined) and error.exit_code == 9 for error in found)
    assert len({error.code for error in found}) == len(found)
    drawn = [line.replace("├─", "").replace("└─", "").replace("│", "").split() for line in _DRAWING]
    assert {(words[0], words[1]) for words in drawn} == {(error.__name__, error.code) for error in found}


def test_the_system_resolver_gives_addresses() -> None:
    assert set(connection.system_lookup("localhost", 443)) <= {"127.0.0.1", "::1"}
