"""Whatever bytes come, a request is read, refused, or is none: nothing else happens."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import h11
from hypothesis import given, settings
from hypothesis import strategies as st

from ipse.servers.http import reading
from ipse.servers.http.messages import Refused, Request, Response
from ipse.servers.http.routing import Route, Routes

HOST = "a.example"
ROUTES = Routes([Route("POST", "/x/{name}", lambda _: Response(204), max_body=1000)])
GOOD = f"POST /x/1 HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 4\r\nX-A: b\r\n\r\nbody".encode()
CHUNKED = (
    f"POST /x/1 HTTP/1.1\r\nHost: {HOST}\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n".encode()
)

_PIECES = (
    *(b"\r\n", b"\n", b"\r", b"\x00", b" ", b"\t", b":", b",", b";", b"\xff", b"HTTP/1.0", b"/../", b"%2e"),
    *(b"Host: b\r\n", b"Content-Length: 4\r\n", b"Transfer-Encoding: chunked\r\n"),
)
_EDITS = st.lists(
    st.tuples(
        st.integers(0, 120), st.integers(0, 8), st.one_of(st.binary(max_size=8), st.sampled_from(_PIECES))
    ),
    max_size=6,
)


def read(data: bytes, size: int) -> Request | None:
    """The request in `data`, which comes in pieces of so many bytes; None where it is none."""
    pieces = [data[start : start + size] for start in range(0, len(data), size)]

    async def receive() -> bytes:
        return pieces.pop(0) if pieces else b""

    def count(_: Mapping[str, str]) -> None:
        """Nobody is counted here."""

    async def whole() -> Request:
        connection = h11.Connection(h11.SERVER, max_incomplete_event_size=reading.MAX_INCOMPLETE)
        head = await reading.read_head(connection, receive, ROUTES, {HOST}, count)
        return head.request(await reading.read_body(connection, receive, head.max_body), "peer")

    with suppress(Refused, EOFError, h11.RemoteProtocolError):
        try:
            whole().send(None)  # which never has to wait
        except StopIteration as done:
            found: Request = done.value
            return found
    return None


def test_what_is_edited_below_is_read_as_it_is() -> None:
    for data in (GOOD, CHUNKED):
        for size in (1, 7, 1000):
            found = read(data, size)
            assert found is not None
            assert (found.method, found.path, found.body) == ("POST", "/x/1", b"body")


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([GOOD, CHUNKED]), _EDITS, st.integers(1, 200))
def test_an_edited_request_is_read_or_refused(
    data: bytes, edits: list[tuple[int, int, bytes]], size: int
) -> None:
    for start, length, text in edits:
        data = data[:start] + text + data[start + length :]
    found = read(data, size)
    if found is None:
        return
    assert ROUTES.find(found.method, found.path)[0].path == "/x/{name}"
    assert found.headers["host"].lower() == HOST
    assert not {"content-length", "transfer-encoding"} <= found.headers.keys()
    assert len(found.body) <= 1000
    assert found.path.isascii()
    assert ".." not in found.path


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400), st.integers(1, 100))
def test_any_bytes_are_no_crash(data: bytes, size: int) -> None:
    read(data, size)
