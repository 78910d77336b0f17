"""Downloads into files from a real HTTPS server: whole, right, bounded, resumed."""

from __future__ import annotations

import hashlib
import itertools
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ipse.errors import IpseError, StorageError, Undetermined, VerificationFailed
from ipse.network import download as module
from ipse.network import errors
from ipse.network.download import Expected, download
from tests.network_peer.certificates import Authority
from tests.network_peer.server import Answer, HttpsPeer, body, drip, raw, redirect, status
from tests.waiting import PATIENCE

CONTENT = bytes(range(256)) * 4000
SIZE = len(CONTENT)
OK = b"HTTP/1.1 200 OK\r\n"


def sha256_of(content: bytes) -> Expected:
    return Expected(len(content), "sha256", hashlib.sha256(content).hexdigest())


WHOLE = sha256_of(CONTENT)


def rest(start: int, content: bytes = CONTENT, *, total: str = str(SIZE)) -> Answer:
    """What is missing, as a partial answer."""
    part = content[start:]
    head = (
        f"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {start}-{len(content) - 1}/{total}\r\n"
        f"Content-Length: {len(part)}\r\n\r\n"
    )
    return raw(head.encode(), part)


@dataclass(frozen=True, slots=True)
class Net:
    """A server, a client that trusts it, and the file that is downloaded into."""

    peer: HttpsPeer
    authority: Authority
    target: Path

    def get(self, answer: Answer, expected: Expected = WHOLE, *, stall: float = PATIENCE) -> list[int]:
        """Download once; what progress was told."""
        self.peer.routes["/it"] = answer
        told: list[int] = []
        download(
            self.peer.url("/it"),
            self.target,
            expected,
            progress=told.append,
            allow_loopback=True,
            ca_file=self.authority.ca_file,
            stall=stall,
        )
        return told

    @property
    def ranges(self) -> list[str]:
        """The Range header of each request, empty where there was none."""
        lines = [request.decode().split("\r\n") for request in self.peer.requests]
        return ["".join(line[7:] for line in request if line.startswith("Range: ")) for request in lines]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def certificate(authority: Authority) -> Path:
    return authority.issue("localhost")


@pytest.fixture
def net(authority: Authority, certificate: Path, tmp_path: Path) -> Iterator[Net]:
    """A server of one test alone: a client that gave up may still be read from when its test is over."""
    with HttpsPeer(certificate, {}) as peer:
        yield Net(peer, authority, tmp_path / "file")


def test_a_file_arrives_whole_private_and_with_progress(net: Net) -> None:
    before = os.umask(0)
    try:
        told = net.get(body(CONTENT))
    finally:
        os.umask(before)
    assert net.target.read_bytes() == CONTENT
    assert net.target.stat().st_mode & 0o777 == 0o600
    assert told == sorted(told)
    assert told[-1] == SIZE


def test_a_request_says_nothing_more_than_the_range(net: Net) -> None:
    net.target.write_bytes(CONTENT[:5])
    net.get(rest(5))
    assert net.peer.requests[0].decode() == (
        "GET /it HTTP/1.1\r\n"
        f"Host: localhost:{net.peer.port}\r\n"
        "Accept: */*\r\n"
        "Accept-Encoding: identity\r\n"
        "User-Agent: ipse\r\n"
        "Connection: close\r\n"
        "Range: bytes=5-\r\n\r\n"
    )


def test_a_git_blob_is_checked_by_the_name_that_git_gives_it(net: Net, tmp_path: Path) -> None:
    (tmp_path / "blob").write_bytes(b'{"a": 1}\n')
    name = subprocess.run(
        ["git", "hash-object", str(tmp_path / "blob")], capture_output=True, text=True, check=True
    ).stdout.strip()
    net.get(body(b'{"a": 1}\n'), Expected(9, "git-sha1", name))
    net.target.unlink()
    with pytest.raises(VerificationFailed, match="git-sha1"):
        net.get(body(b'{"a": 2}\n'), Expected(9, "git-sha1", name))


def test_an_empty_file_is_a_file(net: Net) -> None:
    net.get(body(b""), sha256_of(b""))
    assert net.target.read_bytes() == b""


def test_what_is_there_already_is_not_fetched_again(net: Net) -> None:
    net.get(body(CONTENT))
    net.get(status("500 No"))
    assert len(net.peer.requests) == 1


def test_a_broken_off_download_is_taken_up_where_it_ended(net: Net) -> None:
    with pytest.raises(errors.ClosedEarly):
        net.get(raw(OK + b"Content-Length: %d\r\n\r\n" % SIZE, CONTENT[:700_000]))
    kept = net.target.stat().st_size
    assert 0 < kept <= 700_000
    net.get(rest(kept))
    assert net.target.read_bytes() == CONTENT
    assert net.ranges == ["", f"bytes={kept}-"]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(body(CONTENT), id="ignores ranges"),
        pytest.param(rest(5, total="*"), id="keeps the size to itself"),
    ],
)
def test_a_server_may_answer_a_range_in_other_ways(net: Net, answer: Answer) -> None:
    net.target.write_bytes(CONTENT[:5])
    net.get(answer)
    assert net.target.read_bytes() == CONTENT


def test_a_server_that_refuses_the_range_is_asked_for_all(net: Net) -> None:
    net.target.write_bytes(CONTENT[:5])
    answers = iter([status("416 Range Not Satisfiable"), body(CONTENT)])
    net.get(lambda connection, stopped: next(answers)(connection, stopped))
    assert net.target.read_bytes() == CONTENT
    assert net.ranges == ["bytes=5-", ""]


def test_a_wrong_beginning_is_found_out_and_all_is_fetched_again(net: Net) -> None:
    net.target.write_bytes(b"\0" * 1000)
    answers = iter([rest(1000), body(CONTENT)])
    net.get(lambda connection, stopped: next(answers)(connection, stopped))
    assert net.target.read_bytes() == CONTENT
    assert net.ranges == ["bytes=1000-", ""]


@pytest.mark.parametrize("size", [SIZE, SIZE + 1], ids=["as long", "longer"])
def test_what_can_not_be_a_beginning_is_dropped_at_once(net: Net, size: int) -> None:
    net.target.write_bytes(b"\0" * size)
    net.get(body(CONTENT))
    assert net.target.read_bytes() == CONTENT
    assert net.ranges == [""]


@pytest.mark.parametrize("start", [0, 1000])
def test_another_content_is_refused_and_nothing_of_it_is_left(net: Net, start: int) -> None:
    net.target.write_bytes(CONTENT[:start])
    with pytest.raises(VerificationFailed, match="is not what was announced"):
        net.get(body(CONTENT[:-1] + b"x"))
    assert net.target.stat().st_size == 0
    assert len(net.peer.requests) == (2 if start else 1)


_CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param(body(CONTENT + b"x"), errors.TooLarge, id="one byte too many"),
        pytest.param(raw(OK + b"\r\n", CONTENT, b"x"), errors.TooLarge, id="one too many, without a length"),
        pytest.param(
            drip(_CHUNKED, itertools.repeat(b"30d40\r\n" + bytes(200_000) + b"\r\n"), 0.001),
            errors.TooLarge,
            id="a body without end",
        ),
        pytest.param(
            raw(OK + b"Content-Length: 10\r\n\r\n"), errors.BadResponse, id="an honest, other length"
        ),
        pytest.param(raw(OK + b"\r\n", CONTENT[:-1]), errors.ClosedEarly, id="one byte too few"),
        pytest.param(raw(), errors.ClosedEarly, id="no answer"),
        pytest.param(body(CONTENT, "Content-Encoding: gzip"), errors.BadResponse, id="a compressed bomb"),
        pytest.param(rest(0), errors.StatusRefused, id="a part that nobody asked for"),
        pytest.param(status("404 Not Found"), errors.StatusRefused, id="not there"),
        pytest.param(status("416 No"), errors.StatusRefused, id="no range, where none was asked for"),
        pytest.param(redirect("http://localhost/it"), errors.RedirectToHttp, id="to http"),
        pytest.param(redirect("file:///etc/passwd"), errors.RedirectToHttp, id="to a file"),
        pytest.param(redirect("https://10.0.0.1/it"), errors.PrivateAddress, id="to a private address"),
        pytest.param(redirect("https://[fe80::1]/it"), errors.PrivateAddress, id="to the local link"),
        pytest.param(redirect("/it"), errors.RedirectLoop, id="in a circle"),
    ],
)
def test_an_answer_that_is_not_the_file_is_refused(
    net: Net, answer: Answer, error: type[errors.NetworkError]
) -> None:
    with pytest.raises(error) as caught:
        net.get(answer)
    assert caught.value.exit_code == Undetermined.exit_code
    assert net.target.stat().st_size <= SIZE


@pytest.mark.parametrize(
    "text",
    ["", "bytes 6-1023999/1024000", "bytes 5-1023998/1024000", "bytes 5-1023999/9", "items 5-1023999/*",
     "bytes 5-1023999/1024000, bytes 0-4/5", "bytes \u0665-1023999/*"],
)  # fmt: skip
def test_another_range_than_the_one_asked_for_is_refused_and_not_asked_for_again(net: Net, text: str) -> None:
    head = f"HTTP/1.1 206 Partial Content\r\nContent-Range: {text}\r\n\r\n"
    net.target.write_bytes(CONTENT[:5])
    with pytest.raises(errors.BadResponse):
        net.get(raw(head.encode(), CONTENT[5:]))
    net.get(body(CONTENT))
    assert net.ranges == ["bytes=5-", ""]


def test_a_server_that_stalls_is_left(net: Net) -> None:
    with pytest.raises(errors.TooSlow):
        net.get(drip(OK + b"\r\n", itertools.repeat(b""), 0.05), stall=0.3)


def test_a_server_that_drips_is_left_when_the_whole_is_overdue(
    net: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SLOWEST", 10 * SIZE)
    with pytest.raises(errors.TooSlow):
        net.get(drip(OK + b"\r\n", itertools.repeat(b"x"), 0.05), stall=0.5)


def test_nothing_is_written_through_a_link_or_into_what_is_no_file(net: Net, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"keep me")
    ways: list[Callable[[], object]] = [
        lambda: net.target.symlink_to(precious),
        lambda: net.target.hardlink_to(precious),
        lambda: os.mkfifo(net.target),
        net.target.mkdir,
    ]
    for make in ways:
        make()
        with pytest.raises(StorageError):
            net.get(body(CONTENT))
        net.target.rmdir() if net.target.is_dir() else net.target.unlink()
    assert precious.read_bytes() == b"keep me"
    assert net.peer.requests == []


def test_no_error_of_a_download_steers_the_terminal(net: Net) -> None:
    with pytest.raises(IpseError) as caught:
        net.get(raw(b"HTTP/1.1 206 \x1b[31m\r\nContent-Range: \x1b]0;x\x07\r\n\r\n"))
    assert caught.value.message.isprintable()
