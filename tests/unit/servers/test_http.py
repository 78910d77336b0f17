"""The HTTP server beside clients that mean it harm: each is refused with the right status, and none stays."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ipse.errors import IpseError
from ipse.servers.http.messages import Refused, Request, Response, read_form
from ipse.servers.http.rates import Rate
from ipse.servers.http.routing import Route
from ipse.servers.http.server import Limits
from ipse.servers.http.sockets import tls_context
from tests.network_peer.certificates import Authority
from tests.unit.servers.serving import connected, received, request, send, serving
from tests.waiting import PATIENCE

Address = tuple[str, int]
PLENTY = Rate(1e6, 10**6)
PATIENT = Limits(seconds=PATIENCE, linger_seconds=0.2, each=PLENTY, together=PLENTY)
QUICK = Limits(seconds=1, linger_seconds=0.2, each=PLENTY, together=PLENTY)
"""For what is to run into its deadline."""


def _echo(request: Request) -> Response:
    return Response.of_json({"body": request.body.decode(), "peer": request.peer, **request.parameters})


def _form(request: Request) -> Response:
    return Response.of_json(dict(read_form(request)))


def _fails(request: Request) -> Response:
    raise RuntimeError(f"secret of {request.path}")


def _refuses(_: Request) -> Response:
    raise Refused(403, "not you", error="access_denied")


ROUTES = (
    Route("GET", "/", _echo),
    Route("POST", "/echo/{name}", _echo, max_body=100),
    Route("POST", "/form", _form),
    Route("GET", "/fails", _fails),
    Route("GET", "/refuses", _refuses),
)


@pytest.fixture(scope="module")
def address() -> Iterator[Address]:
    with serving(ROUTES, PATIENT) as found:
        yield found


@pytest.fixture
def hurried() -> Iterator[Address]:
    """A server whose deadline is soon."""
    with serving(ROUTES, QUICK) as found:
        yield found


def _host(address: Address) -> bytes:
    return f"Host: 127.0.0.1:{address[1]}\r\n".encode()


def test_a_request_is_served_and_its_connection_closed(address: Address) -> None:
    reply = request(address, "POST", "/echo/a-_9", b"text")
    assert (reply.status, reply.body) == (200, b'{"body": "text", "peer": "127.0.0.1", "name": "a-_9"}')
    assert reply.headers["connection"] == "close"
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "server" not in reply.headers


def test_a_chunked_body_is_read(address: Address) -> None:
    head = b"POST /echo/x HTTP/1.1\r\n" + _host(address) + b"Transfer-Encoding: chunked\r\n\r\n"
    assert send(address, head + b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n").status == 200


def test_a_client_that_waits_for_100_is_told_to_go_on(address: Address) -> None:
    head = (
        b"POST /echo/x HTTP/1.1\r\n" + _host(address) + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    )
    with connected(address) as client:
        client.sendall(head)
        assert client.recv(4096).startswith(b"HTTP/1.1 100")
        client.sendall(b"ok")
        assert received(client).status == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nothing", 404),
        ("/echo/x/", 404),
        ("/echo/../form", 404),
        ("//form", 404),
        ("/./form", 404),
        ("/%66orm", 404),
        ("/form%00", 404),
        ("/form;a", 404),
        ("/FORM", 404),
        ("http://127.0.0.1/form", 404),
        ("*", 404),
        ("/" + "a" * 3000, 414),
    ],
)
def test_a_path_is_taken_as_it_is_written(address: Address, path: str, status: int) -> None:
    assert request(address, "POST", path).status == status


def test_another_method_is_told_which_are_allowed(address: Address) -> None:
    reply = request(address, "PUT", "/form")
    assert (reply.status, reply.headers["allow"]) == (405, "POST")


def test_a_head_request_gets_no_body(address: Address) -> None:
    with connected(address) as client:
        client.sendall(b"HEAD / HTTP/1.1\r\n" + _host(address) + b"\r\n")
        data = b"".join(iter(lambda: client.recv(4096), b""))
    assert data.startswith(b"HTTP/1.1 405 ")
    assert data.endswith(b"\r\n\r\n")


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", ""])
def test_another_host_is_not_served(address: Address, host: str) -> None:
    assert request(address, host=host).status == 421


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", 400),
        (b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", 400),
        (b"Transfer-Encoding: gzip, chunked\r\n", 501),
        (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 501),
        (b"Transfer-Encoding: xchunked\r\n", 501),
        (b"Transfer-Encoding : chunked\r\n", 400),
        (b"Content-Length: 4\r\nContent-Length: 5\r\n", 400),
        (b"Content-Length: 4, 5\r\n", 400),
        (b"Content-Length: -1\r\n", 400),
        (b"Content-Length: +4\r\n", 400),
        (b"Content-Length: 4_0\r\n", 400),
        (b"Content-Length: 99999999999999999999999\r\n", 400),
        (b"Content-Length: 101\r\n", 413),
        (b"Host: other.example\r\n", 400),
        (b"X: a\r\n folded\r\nContent-Length: 1_\r\n", 400),
        (b"X: a\x00b\r\n", 400),
        (b"Content-Type: a/b\r\nContent-Type: c/d\r\n", 400),
        (b"Content-Encoding: gzip\r\nContent-Length: 1\r\n", 415),
    ],
)
def test_what_two_programs_could_read_differently_is_refused(
    address: Address, lines: bytes, status: int
) -> None:
    head = b"POST /echo/x HTTP/1.1\r\n" + _host(address) + lines + b"\r\n"
    assert send(address, head + b"0\r\n\r\nGET /fails HTTP/1.1\r\n\r\n").status == status


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00", 400),
        (b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET /\r\n\r\n", 400),
        (b"G\xc3\xa9T / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 4000 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 20_000, 431),
    ],
)
def test_what_is_no_request_is_refused(address: Address, data: bytes, status: int) -> None:
    with connected(address) as client:
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        assert received(client).status == status


def test_a_transfer_coding_in_http_1_0_is_refused(address: Address) -> None:
    head = b"POST /echo/x HTTP/1.0\r\n" + _host(address) + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    assert send(address, head).status == 400


def test_a_second_request_on_the_connection_is_not_looked_at(address: Address) -> None:
    one = b"GET / HTTP/1.1\r\n" + _host(address) + b"\r\n"
    assert send(address, one * 50).status == 200  # and `send` sees that it is the only response


def test_slow_headers_end_with_408(hurried: Address) -> None:
    with connected(hurried) as client:
        client.sendall(b"GET / HTTP/1.1\r\n")
        assert received(client).status == 408


def test_a_slow_body_ends_with_408(hurried: Address) -> None:
    with connected(hurried) as client:
        client.sendall(b"POST /echo/x HTTP/1.1\r\n" + _host(hurried) + b"Content-Length: 9\r\n\r\nab")
        assert received(client).status == 408


def test_bytes_that_trickle_in_do_not_move_the_deadline(hurried: Address) -> None:
    with connected(hurried) as client:
        client.sendall(b"POST /echo/x HTTP/1.1\r\n" + _host(hurried) + b"Content-Length: 99\r\n\r\n")
        done = threading.Event()

        def trickle() -> None:
            while not done.wait(0.02):
                try:
                    client.send(b"a")
                except OSError:
                    return

        thread = threading.Thread(target=trickle)
        thread.start()
        try:
            assert received(client).status == 408
        finally:
            done.set()
            thread.join()


def test_an_endless_chunked_body_ends_with_413(address: Address) -> None:
    head = b"POST /echo/x HTTP/1.1\r\n" + _host(address) + b"Transfer-Encoding: chunked\r\n\r\n"
    assert (
        send(address, head + b"40\r\n" + b"a" * 64 + b"\r\n" + b"40\r\n" + b"a" * 64 + b"\r\n").status == 413
    )


def test_a_chunk_of_huge_extensions_is_refused(address: Address) -> None:
    head = b"POST /echo/x HTTP/1.1\r\n" + _host(address) + b"Transfer-Encoding: chunked\r\n\r\n"
    assert send(address, head + b"1;" + b"x" * 20_000).status in (400, 413, 431)


def test_a_client_that_leaves_leaves_nothing_behind(address: Address) -> None:
    for data in (b"", b"GET", b"POST /echo/x HTTP/1.1\r\n" + _host(address) + b"Content-Length: 9\r\n\r\nab"):
        with connected(address) as client:
            client.sendall(data)
    assert request(address).status == 200


@pytest.mark.parametrize(
    ("body", "status", "answer"),
    [
        (b"a=1&b=", 200, b'{"a": "1"}'),
        (b"", 200, b"{}"),
        (b"a=%C3%A9", 200, '{"a": "é"}'.encode()),
        (b"a=1&a=2", 400, None),
        (b"a=%FF", 400, None),
        (b"\xc3\xa9=1", 400, None),
        (b"a=%zz", 400, None),
        (b"a=1 2", 400, None),
        (b"&".join(b"f%d=1" % number for number in range(100)), 400, None),
    ],
)
def test_forms(address: Address, body: bytes, status: int, answer: bytes | None) -> None:
    reply = request(address, "POST", "/form", body, content_type="application/x-www-form-urlencoded")
    assert reply.status == status
    assert answer is None or reply.body == answer


@pytest.mark.parametrize("kind", ["", "application/json", "multipart/form-data; boundary=x", "text/plain"])
def test_another_content_type_is_no_form(address: Address, kind: str) -> None:
    assert request(address, "POST", "/form", b"a=1", content_type=kind).status == 415


def test_a_refusal_is_an_oauth_error(address: Address) -> None:
    reply = request(address, path="/refuses")
    assert (reply.status, reply.body) == (403, b'{"error": "access_denied", "error_description": "not you"}')
    assert reply.headers["content-type"] == "application/json"


def test_a_failure_tells_the_stranger_and_the_log_nothing(
    address: Address, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "ipse"):
        reply = request(address, path="/fails")
    assert reply.status == 500
    assert b"secret" not in reply.body
    assert "RuntimeError at" in caplog.text
    assert "secret" not in caplog.text


def test_nothing_that_a_stranger_sent_is_logged(address: Address, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        request(
            address, "POST", "/echo/marker-1?marker-2", b"marker-3", x_marker="marker-4", cookie="marker-5"
        )
        request(address, path="/marker-6")
        request(address, host="marker-7.example")
    assert "POST /echo/{name}: 200" in caplog.text
    assert "marker" not in caplog.text


def test_the_last_address_of_the_proxy_is_the_peer_only_where_it_is_trusted(address: Address) -> None:
    given = "1.1.1.1, 203.0.113.9"
    assert b'"peer": "127.0.0.1"' in request(address, x_forwarded_for=given).body
    with serving(ROUTES, PATIENT, forwarded=True) as behind:
        assert b'"peer": "203.0.113.9"' in request(behind, x_forwarded_for=given).body
        assert b'"peer": "127.0.0.1"' in request(behind, x_forwarded_for="<b>").body
        assert b'"peer": "127.0.0.1"' in request(behind).body


def test_whoever_asks_too_often_is_told_to_wait() -> None:
    limits = Limits(each=Rate(0.001, 2), together=PLENTY, linger_seconds=0.2)
    with serving(ROUTES, limits, forwarded=True) as address:
        replies = [request(address, x_forwarded_for="198.51.100.1") for _ in range(3)]
        assert [reply.status for reply in replies] == [200, 200, 429]
        assert int(replies[2].headers["retry-after"]) > 1
        assert request(address, x_forwarded_for="198.51.100.2").status == 200


def test_paths_that_are_not_there_count_as_well() -> None:
    limits = Limits(each=Rate(0.001, 1), together=PLENTY, linger_seconds=0.2)
    with serving(ROUTES, limits) as address:
        assert [request(address, path="/none").status for _ in range(2)] == [404, 429]


def test_one_address_holds_only_so_many_connections() -> None:
    with serving(ROUTES, Limits(connections_each=2, linger_seconds=0.2)) as address:
        held = [connected(address) for _ in range(2)]
        for each in held:  # each has been accepted once its request is answered
            each.sendall(b"GET / HTTP/1.1\r\nHost: wait\r\n")
        with connected(address) as third:
            assert third.recv(1) == b""
        for each in held:
            each.close()


def test_the_server_waits_for_room_and_goes_on() -> None:
    limits = Limits(connections=1, seconds=1, linger_seconds=0.1)
    with serving(ROUTES, limits) as address, connected(address) as idle:
        assert request(address).status == 200  # once the first has run into its deadline
        assert received(idle).status == 408


def test_stopping_lets_a_request_finish() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(_: Request) -> Response:
        begun.set()
        go_on.wait(PATIENCE)
        return Response(204)

    with serving([Route("GET", "/slow", slow)], Limits()) as address:
        client = connected(address)
        client.sendall(b"GET /slow HTTP/1.1\r\n" + _host(address) + b"\r\n")
        assert begun.wait(PATIENCE)
        threading.Timer(0.1, go_on.set).start()
    assert received(client).status == 204
    client.close()


def _tls(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    authority = Authority(tmp_path)
    pair = str(authority.issue("127.0.0.1"))
    return tls_context(pair, pair), ssl.create_default_context(cafile=str(authority.ca_file))


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1")
def test_tls_is_spoken_from_1_2_on(tmp_path: Path) -> None:
    server, client = _tls(tmp_path)
    assert server.minimum_version is ssl.TLSVersion.TLSv1_2
    with serving(ROUTES, PATIENT, tls=server) as address:
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            client.minimum_version = client.maximum_version = version
            with client.wrap_socket(connected(address), server_hostname="127.0.0.1") as one:
                one.sendall(b"GET / HTTP/1.1\r\n" + _host(address) + b"\r\n")
                assert received(one).status == 200
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.set_ciphers("ALL:@SECLEVEL=0")
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        with connected(address) as plain, pytest.raises(ssl.SSLError):
            old.wrap_socket(plain)


def test_a_handshake_that_never_comes_ends(tmp_path: Path) -> None:
    with serving(ROUTES, QUICK, tls=_tls(tmp_path)[0]) as address:
        with connected(address) as silent:
            assert silent.recv(1) == b""
        with connected(address) as garbage:
            garbage.sendall(b"GET / HTTP/1.1\r\n\r\n")
            while garbage.recv(4096):
                pass


@pytest.mark.parametrize("fault", ["other key", "no file", "no pem", "encrypted"])
def test_a_certificate_that_can_not_serve_is_refused(tmp_path: Path, fault: str) -> None:
    authority = Authority(tmp_path)
    pair, other = authority.issue("a.example"), authority.issue("b.example")
    if fault == "no pem":
        other.write_text("nothing")
    if fault == "encrypted":
        key = ec.generate_private_key(ec.SECP256R1())
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)
        other.write_bytes(key.private_bytes(*form, serialization.BestAvailableEncryption(b"secret")))
    with pytest.raises(IpseError) as caught:
        tls_context(str(pair), str(tmp_path / "none" if fault == "no file" else other))
    assert caught.value.exit_code == {"other key": 2}.get(fault, 6)
    assert "secret" not in caught.value.message
