"""The server's own database: private, bounded, whole after a kill; a session is answered once."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ipse.errors import CorruptData, NotFound, StorageError
from ipse.servers.database import Database
from ipse.servers.verifier.sessions import Session, Sessions, Status, TooManySessions

KEY = bytes(range(32))


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(tmp_path: Path, clock: Clock) -> Iterator[Sessions]:
    opened = Sessions.open(tmp_path / "verifier.db", KEY, clock, most=3)
    yield opened
    opened.close()


def _made(clock: Clock, **given: object) -> Session:
    values = {"expires": clock.now + 60, "request": {"a": [1]}, "state": "s", "nonce": "n", "key": {"d": "x"}}
    return Session(**{**values, **given})  # type: ignore[arg-type]


def test_a_session_is_found_by_either_name_and_by_no_other(sessions: Sessions, clock: Clock) -> None:
    session = _made(clock)
    sessions.add(session)
    assert sessions.find(session.id) == sessions.requested(session.request_id) == session
    for find, name in ((sessions.find, session.request_id), (sessions.requested, session.id)):
        with pytest.raises(NotFound):
            find(name)


def test_names_hold_256_and_128_bits(clock: Clock) -> None:
    session = _made(clock)
    assert (len(session.id), len(session.request_id)) == (43, 22)
    assert len({session.id, session.request_id, _made(clock).id}) == 3


def test_a_session_expires_and_is_deleted(sessions: Sessions, clock: Clock) -> None:
    session = _made(clock)
    sessions.add(session)
    clock.now += 60
    with pytest.raises(NotFound):
        sessions.find(session.id)
    assert not sessions.claim(session)
    sessions.expire()
    clock.now -= 60
    with pytest.raises(NotFound):
        sessions.find(session.id)


def test_what_expired_while_no_server_ran_is_deleted_at_the_start(tmp_path: Path, clock: Clock) -> None:
    path, session = tmp_path / "verifier.db", _made(clock)
    first = Sessions.open(path, KEY, clock)
    first.add(session)
    first.close()
    clock.now += 60
    second = Sessions.open(path, KEY, clock)
    assert not second.holds(session.id)
    second.close()


def test_two_servers_of_one_wallet_share_the_file(tmp_path: Path, clock: Clock) -> None:
    one, other = (Sessions.open(tmp_path / "verifier.db", KEY, clock) for _ in range(2))
    session = _made(clock)
    one.add(session)
    assert other.find(session.id) == session
    assert (one.claim(session), other.claim(session)) == (True, False)
    one.close()
    other.close()


def test_no_more_sessions_are_kept_than_may_be_and_expired_ones_make_room(
    sessions: Sessions, clock: Clock
) -> None:
    for _ in range(3):
        sessions.add(_made(clock))
    with pytest.raises(TooManySessions):
        sessions.add(_made(clock))
    clock.now += 60
    sessions.add(_made(clock))


def test_ten_thousand_sessions_are_made_and_found(tmp_path: Path, clock: Clock) -> None:
    opened = Sessions.open(tmp_path / "verifier.db", KEY, clock)
    with opened._database.transaction():
        made = [_made(clock) for _ in range(10_000)]
        for session in made:
            opened._database.change(
                "INSERT INTO sessions (id, request_id, status, expires, state, nonce, request) "
                "VALUES (?, ?, 'pending', ?, 's', 'n', '{}')",
                (session.id, session.request_id, session.expires),
            )
    assert opened.find(made[7000].id).request_id == made[7000].request_id
    with pytest.raises(TooManySessions):
        opened.add(_made(clock))
    opened.close()


def test_of_many_answers_one_is_taken(sessions: Sessions, clock: Clock) -> None:
    session = _made(clock)
    sessions.add(session)
    taken, ready = [], threading.Barrier(8)

    def answer() -> None:
        ready.wait()
        taken.append(sessions.claim(session))

    threads = [threading.Thread(target=answer) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [False] * 7 + [True]


def test_a_settled_session_keeps_its_result_for_a_while_and_no_secret(
    sessions: Sessions, clock: Clock
) -> None:
    session = _made(clock, redirect="https://a.example/")
    sessions.add(session)
    assert sessions.claim(session)
    done = sessions.settle(session, {"status": "verified"}, keep=10)
    assert sessions.find(session.id) == done
    assert (done.status, done.result) == (Status.DONE, {"status": "verified"})
    assert (done.request, done.nonce, done.state, done.key) == ({}, "", "", None)
    assert len(done.response_code or "") == 43
    assert not sessions.claim(session)
    clock.now += 10
    with pytest.raises(NotFound):
        sessions.find(session.id)


def test_the_file_is_private_and_says_nothing(tmp_path: Path, sessions: Sessions, clock: Clock) -> None:
    sessions.add(_made(clock, state="a-state-to-be-found"))
    files = list(tmp_path.iterdir())
    assert {file.name for file in files} >= {"verifier.db", "verifier.db-wal"}
    for file in files:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
        assert b"a-state-to-be-found" not in file.read_bytes()
        assert b"CREATE TABLE" not in file.read_bytes()


def test_another_key_does_not_open_it(tmp_path: Path, sessions: Sessions, clock: Clock) -> None:
    with pytest.raises(CorruptData, match="of another wallet"):
        Sessions.open(tmp_path / "verifier.db", bytes(32), clock)


@pytest.mark.skipif(os.name == "nt", reason="modes are of POSIX")
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "verifier.db"
    path.touch(mode=0o644)
    path.chmod(0o644)
    with pytest.raises(StorageError, match="you alone"):
        Sessions.open(path, KEY, clock)


def test_a_link_in_its_place_is_not_followed(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "elsewhere").touch(mode=0o600)
    (tmp_path / "verifier.db").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageError):
        Sessions.open(tmp_path / "verifier.db", KEY, clock)


def test_another_version_is_not_guessed_at(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    Database.open(path, KEY, ["CREATE TABLE a (b)"]).close()
    with pytest.raises(CorruptData, match="another version"):
        Database.open(path, KEY, ["CREATE TABLE a (b)", "CREATE TABLE c (d)"])


_WRITER = """
import sys, pathlib
from ipse.servers.verifier.sessions import Session, Sessions
opened = Sessions.open(pathlib.Path(sys.argv[1]), bytes(range(32)), lambda: 0.0)
while True:
    session = Session(expires=60.0, request={"a": "b" * 3000}, state="s", nonce="n")
    opened.add(session)
    print(session.id, flush=True)
    opened.claim(session)
    opened.settle(session, {"status": "verified"}, keep=60)
"""


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_a_kill_in_the_middle_leaves_a_database_that_opens(tmp_path: Path) -> None:
    path = tmp_path / "verifier.db"
    writer = subprocess.Popen([sys.executable, "-c", _WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    told = [writer.stdout.readline().strip() for _ in range(20)]
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    opened = Sessions.open(path, KEY, lambda: 0.0)
    assert [opened.find(name).id for name in told] == told
    assert opened.find(told[0]).result == {"status": "verified"}
    opened.add(Session(expires=60.0, request={}, state="s", nonce="n"))
    opened.close()
