"""Posting through the guarded client: forms and JSON to one place alone, and what comes back."""

from __future__ import annotations

import itertools
import json
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from ipse.errors import MalformedInput
from ipse.network import errors
from ipse.network.guarded_client import LIMIT, Response, fetch, get, post
from ipse.wallet.resolution import Reach
from tests.network_peer.certificates import Authority
from tests.network_peer.server import Answer, HttpsPeer, body, drip, raw, redirect, status
from tests.unit.network.test_guarded_client import always
from tests.waiting import PATIENCE

OK = b"HTTP/1.1 200 OK\r\n"
EMPTY = body(b"")
SECRET = {"Authorization": "DPoP secret"}


@dataclass(frozen=True, slots=True)
class Net:
    """Two servers on two ports, so two origins, and a client that trusts their authority."""

    here: HttpsPeer
    elsewhere: HttpsPeer
    ca_file: Path

    @property
    def trusting(self) -> dict[str, Any]:
        return {"allow_loopback": True, "ca_file": self.ca_file}

    def post(self, answer: Answer = EMPTY, **options: Any) -> Response:
        """The client's answer to a post that is answered so."""
        self.here.routes["/it"] = answer
        return post(self.here.url("/it"), **{"form": {"a": "b"}, **self.trusting, **options})

    def sent(self) -> tuple[list[str], bytes]:
        """The lines of the head and the body of the one request."""
        (request,) = self.here.requests
        head, _, content = request.partition(b"\r\n\r\n")
        return head.decode().split("\r\n"), content


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def certificate(authority: Authority) -> Path:
    return authority.issue("localhost")


@pytest.fixture
def net(authority: Authority, certificate: Path) -> Iterator[Net]:
    """Servers of one test alone: a client that gave up may still be read from when its test is over."""
    with HttpsPeer(certificate, {}) as here, HttpsPeer(certificate, {}) as elsewhere:
        yield Net(here, elsewhere, authority.ca_file)


def test_a_form_is_sent_with_its_length_and_says_little_about_who_asks(
    net: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    net.post(form={"vp_token": '{"a":["b"]}', "state": "x y"}, accept="application/json")
    head, content = net.sent()
    assert head == [
        "POST /it HTTP/1.1",
        f"Host: localhost:{net.here.port}",
        "Accept: application/json",
        "Accept-Encoding: identity",
        "User-Agent: ipse",
        "Connection: close",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(content)}",
    ]
    assert content == b"vp_token=%7B%22a%22%3A%5B%22b%22%5D%7D&state=x+y"


_EVERY_CHARACTER = {
    "".join(map(chr, range(0x100))): "=&+%;# \r\n\0",
    "Straße": "\U0001f4da 本 \u202e é e\u0301 \ufffe",
    "": "",
    "empty": "",
}


@pytest.mark.parametrize("form", [_EVERY_CHARACTER, {}], ids=["every character", "nothing"])
def test_a_form_holds_every_character(net: Net, form: Mapping[str, str]) -> None:
    net.post(form=form)
    head, content = net.sent()
    assert content.isascii()
    assert dict(parse_qsl(content.decode(), keep_blank_values=True, strict_parsing=bool(form))) == form
    assert f"Content-Length: {len(content)}" in head


def test_json_is_sent_as_such(net: Net) -> None:
    value = {"é": [1, None, "\n"], "b": {}}
    net.post(form=None, json=value)
    head, content = net.sent()
    assert "Content-Type: application/json" in head
    assert json.loads(content) == value


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"form": {"a": "\ud800"}}, id="a lone surrogate in a form"),
        pytest.param({"form": None, "json": {"a": float("nan")}}, id="NaN"),
        pytest.param({"form": None, "json": {"a": b""}}, id="bytes"),
        pytest.param({"accept": "a/b\r\nX: y"}, id="a line break in Accept"),
        pytest.param({"accept": ""}, id="an empty Accept"),
        pytest.param({"headers": {"X": "a\r\nY: b"}}, id="a line break in a header"),
        pytest.param({"headers": {"X": "a\nb"}}, id="half a line break in a header"),
        pytest.param({"headers": {"X\r\nY": "a"}}, id="a line break in the name of a header"),
        pytest.param({"headers": {"X ": "a"}}, id="a space in the name of a header"),
        pytest.param({"headers": {"X": "é"}}, id="a letter beyond ASCII"),
        pytest.param({"headers": {"Content-Length": "0"}}, id="a second length"),
        pytest.param({"headers": {"transfer-encoding": "chunked"}}, id="another framing"),
        pytest.param({"headers": {"Host": "other.example"}}, id="another host"),
    ],
)
def test_what_http_cannot_carry_is_refused_before_anything_is_sent(net: Net, given: dict[str, Any]) -> None:
    with pytest.raises(MalformedInput) as caught:
        net.post(**given)
    assert caught.value.message.isprintable()
    assert net.here.requests == []


@pytest.mark.parametrize("line", ["200 OK", "201 Created", "400 Bad Request", "404 Not Found", "503 Busy"])
def test_every_status_comes_with_its_type_and_body(net: Net, line: str) -> None:
    content = b'{"error":"invalid_request"}'
    head = f"HTTP/1.1 {line}\r\nContent-Type: Application/JSON; charset=utf-8\r\n".encode()
    answer = net.post(raw(head + b"Content-Length: %d\r\n\r\n" % len(content), content))
    assert answer == Response(net.here.url("/it"), int(line[:3]), "application/json", content)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ((), ""),
        (("Content-Type: application/oauth-authz-req+jwt",), "application/oauth-authz-req+jwt"),
        (("Content-Type: text/html", "Content-Type: application/json"), ""),
        (("Content-Type: json",), ""),
        (("Content-Type: a/b/c",), ""),
        (("Content-Type: a/\x1b[31m",), ""),
        (("Content-Type: " + "a" * 5000 + "/b",), ""),
        (("Content-Type:  text/plain ;x",), "text/plain"),
    ],
)
def test_the_content_type_is_one_plain_media_type_or_nothing(
    net: Net, headers: tuple[str, ...], expected: str
) -> None:
    assert net.post(body(b"x", *headers)).content_type == expected


def test_no_content_is_an_empty_body(net: Net) -> None:
    assert net.post(raw(b"HTTP/1.1 204 No Content\r\n\r\n")).body == b""


@pytest.mark.parametrize("code", [300, 301, 302, 303, 304, 305, 307, 308, 399])
@pytest.mark.parametrize("method", [post, get, fetch], ids=["post", "get", "fetch"])
def test_a_redirect_that_may_not_be_followed_is_an_error_that_names_it(
    net: Net, method: Any, code: int
) -> None:
    target = net.elsewhere.url("/there")
    net.here.routes["/it"] = redirect(target, code)
    net.elsewhere.routes["/there"] = body(b"{}")
    options = {"form": {"a": "b"}} if method is post else {"follow_redirects": False}
    with pytest.raises(errors.RedirectNotFollowed, match=f"status {code}.*{target}") as caught:
        method(net.here.url("/it"), **options, **net.trusting)
    assert caught.value.code == "network-redirect-not-followed"
    assert len(net.here.requests) == 1
    assert net.elsewhere.requests == []


@pytest.mark.parametrize("target", ["", "/it", "http://localhost/", "\x1b[31mred", "/" + "a" * 9000])
def test_a_redirect_of_a_post_is_refused_wherever_it_leads(net: Net, target: str) -> None:
    with pytest.raises(errors.RedirectNotFollowed) as caught:
        net.post(redirect(target))
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 400


@pytest.mark.parametrize("step", [0, 1, 2])
def test_headers_never_cross_an_origin_nor_come_back(net: Net, step: int) -> None:
    """They go along the first `step` redirects, which stay; not with those that follow."""
    for number in range(3):
        leaves = number >= step
        for peer, other in ((net.here, net.elsewhere), (net.elsewhere, net.here)):
            target = (other if leaves else peer).url(f"/{number + 1}")
            peer.routes[f"/{number}"] = redirect(target)
    for peer in (net.here, net.elsewhere):
        peer.routes["/3"] = body(b"there")
    assert fetch(net.here.url("/0"), headers=SECRET, **net.trusting) == b"there"
    with_secret = [request for request in net.here.requests if b"DPoP secret" in request]
    assert with_secret == net.here.requests[: step + 1]
    assert len(net.here.requests) + len(net.elsewhere.requests) == 4
    assert not any(b"DPoP" in request or b"Authorization" in request for request in net.elsewhere.requests)


def test_accept_goes_wherever_a_redirect_leads(net: Net) -> None:
    net.here.routes["/it"] = redirect(net.elsewhere.url("/there"))
    net.elsewhere.routes["/there"] = body(b"{}")
    answer = get(net.here.url("/it"), accept="application/json", **net.trusting)
    assert answer.url == net.elsewhere.url("/there")
    assert b"Accept: application/json\r\n" in net.elsewhere.requests[0]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param(body(bytes(LIMIT + 1)), errors.TooLarge, id="too large"),
        pytest.param(
            drip(OK + b"\r\n", itertools.repeat(bytes(200_000)), 0.01), errors.TooLarge, id="endless"
        ),
        pytest.param(
            raw(b"HTTP/1.1 400 No\r\n\r\n", bytes(LIMIT + 1)),
            errors.TooLarge,
            id="an error that is too large",
        ),
        pytest.param(
            raw(OK + b"Content-Length: 9\r\n\r\nhello"), errors.ClosedEarly, id="short of its length"
        ),
        pytest.param(raw(OK + b"Content-Length: x\r\n\r\n"), errors.BadResponse, id="no length"),
        pytest.param(raw(b"HTTP/1.1 101 Other\r\n\r\n"), errors.StatusRefused, id="an interim answer alone"),
        pytest.param(raw(), errors.ClosedEarly, id="nothing"),
        pytest.param(raw(b"SSH-2.0\r\n"), errors.BadResponse, id="another protocol"),
        pytest.param(body(b"", "Content-Encoding: gzip"), errors.BadResponse, id="an encoding"),
    ],
)
def test_an_answer_to_a_post_keeps_the_bounds_of_any_other(
    net: Net, answer: Answer, error: type[errors.NetworkError]
) -> None:
    with pytest.raises(error):
        net.post(answer)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(drip(OK + b"Content-Length: 9999\r\n\r\n", itertools.repeat(b"x")), id="a body"),
        pytest.param(drip(b"", [b"x"], 2 * PATIENCE), id="nothing at all"),
    ],
)
def test_a_slow_answer_to_a_post_ends_at_the_deadline(net: Net, answer: Answer) -> None:
    started = time.monotonic()
    with pytest.raises(errors.TooSlow):
        net.post(answer, deadline=0.5)
    assert time.monotonic() - started < PATIENCE


@pytest.mark.parametrize("pace", [0, 256 * 1024], ids=["not at all", "slowly"])
def test_a_server_that_reads_slowly_ends_at_the_deadline(
    net: Net, monkeypatch: pytest.MonkeyPatch, pace: int
) -> None:
    def reading(peer: HttpsPeer, connection: ssl.SSLSocket) -> bytes:
        while not peer._stopped.wait(0.05):
            if pace and not connection.recv(pace):
                break
        return b""

    monkeypatch.setattr(HttpsPeer, "_request", reading)
    started = time.monotonic()
    with pytest.raises(errors.TooSlow):
        net.post(form={"a": "x" * 24_000_000}, deadline=0.8)
    assert time.monotonic() - started < 60  # where reading all of it would take 73 seconds


@pytest.mark.parametrize("url", ["http://localhost/it", "https://user@localhost/it", "openid4vp://x"])
def test_a_post_goes_to_https_alone(url: str) -> None:
    with pytest.raises(errors.UrlRefused):
        post(url, form={}, allow_loopback=True)


def test_a_post_reaches_no_address_inside() -> None:
    for found in ("127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00::1"):
        with pytest.raises(errors.PrivateAddress):
            post("https://example.com/", form={}, lookup=always(found))


def test_reach_posts_and_gets_as_far_as_it_reaches(net: Net) -> None:
    net.here.routes["/it"] = status("400 Bad Request", "Content-Type: application/json")
    reach = Reach(str(net.ca_file), allow_loopback=True)
    for answer in (
        reach.post(net.here.url("/it"), form={"a": "b"}),
        reach.post(net.here.url("/it"), json={"a": "b"}),
        reach.get(net.here.url("/it")),
    ):
        assert (answer.status, answer.content_type) == (400, "application/json")
    for refused in (Reach(str(net.ca_file)).post, Reach(str(net.ca_file)).get):
        with pytest.raises(errors.PrivateAddress):
            refused(net.here.url("/it"))
