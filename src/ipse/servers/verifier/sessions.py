"""Sessions: what was asked of which wallet, and what became of it.

A session has two names that can't be guessed: wallets see `request_id`, in the addresses of a request, and
the application that asked sees `id` (OpenID4VP 1.0 section 13.3, where they are request-id and
transaction-id). It is answered once, expires, and is deleted then.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from ipse.encoding.strict_json import JsonObject
from ipse.errors import NotFound, UsageError
from ipse.servers.database import Database

__all__ = ["MAX_SESSIONS", "Session", "Sessions", "Status", "TooManySessions"]

MAX_SESSIONS: Final = 10_000
"""Sessions that are kept at once."""
_TABLE: Final = """CREATE TABLE sessions (
    id TEXT PRIMARY KEY, request_id TEXT NOT NULL UNIQUE, status TEXT NOT NULL, expires REAL NOT NULL,
    state TEXT NOT NULL, nonce TEXT NOT NULL, request TEXT NOT NULL, key TEXT, redirect TEXT,
    response_code TEXT, result TEXT) STRICT"""
_SCHEMA: Final = (_TABLE, "CREATE INDEX sessions_expire ON sessions (expires)")
_COLUMNS: Final = (
    "id, request_id, status, expires, state, nonce, request, key, redirect, response_code, result"
)


class TooManySessions(UsageError):
    """As many sessions as are kept are open."""

    code = "too-many-sessions"

    @classmethod
    def default_hint(cls) -> str:
        return "wait until some are answered or have expired"


class Status(StrEnum):
    """Where a session is: nobody has answered, an answer is being verified, it is settled."""

    PENDING = "pending"
    ANSWERING = "answering"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Session:
    """One question to one wallet.

    - `request_id`: 128 random bits, since it is in the QR code, where each character costs legibility
    - `expires`: seconds since the epoch
    - `request`: the claims of the request object
    - `key`: the private JWK that the response is encrypted to, None where it comes in clear
    - `redirect`: where the wallet sends the owner's browser afterwards, None for nowhere
    - `response_code`: goes with that; shows that the browser is the owner's
    - `result`: what became of it, once it is done
    """

    expires: float
    request: JsonObject = field(repr=False)
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    id: str = field(default_factory=lambda: _random())
    request_id: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    status: Status = Status.PENDING
    key: JsonObject | None = field(default=None, repr=False)
    redirect: str | None = None
    response_code: str | None = field(default=None, repr=False)
    result: JsonObject | None = field(default=None, repr=False)


class Sessions:
    """The sessions in a database. `clock` gives seconds since the epoch."""

    def __init__(self, database: Database, clock: Callable[[], float], *, most: int = MAX_SESSIONS) -> None:
        self._database = database
        self._clock = clock
        self._most = most

    @classmethod
    def open(
        cls, path: Path, key: bytes, clock: Callable[[], float], *, most: int = MAX_SESSIONS
    ) -> Sessions:
        """The sessions in the file at `path`, those deleted that have expired. Raises as Database.open."""
        sessions = cls(Database.open(path, key, _SCHEMA), clock, most=most)
        sessions.expire()
        return sessions

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def add(self, session: Session) -> None:
        """Keep a new session. What has expired is deleted first. Raises TooManySessions."""
        with self._database.transaction():
            self.expire()
            ((count,),) = self._database.rows("SELECT count(*) FROM sessions")
            if count >= self._most:
                raise TooManySessions(f"{count} sessions are open, and no more are kept")
            marks = ", ".join("?" * len(_COLUMNS.split(", ")))
            self._database.change(f"INSERT INTO sessions ({_COLUMNS}) VALUES ({marks})", _row(session))  # noqa: S608

    def expire(self) -> None:
        """Delete the sessions whose time is over."""
        self._database.change("DELETE FROM sessions WHERE expires <= ?", (self._clock(),))

    def find(self, identifier: str) -> Session:
        """The session that its application knows by `identifier`. Raises NotFound."""
        return self._one("id", identifier)

    def requested(self, request_id: str) -> Session:
        """The session that its wallet knows by `request_id`. Raises NotFound."""
        return self._one("request_id", request_id)

    def holds(self, identifier: str) -> bool:
        """Whether there is a session that its application knows by `identifier`."""
        return bool(self._database.rows("SELECT 1 FROM sessions WHERE id = ?", (identifier,)))

    def claim(self, session: Session) -> bool:
        """Begin to answer a session; of all that try, one is told True, and once."""
        changed = self._database.change(
            "UPDATE sessions SET status = ? WHERE id = ? AND status = ? AND expires > ?",
            (Status.ANSWERING, session.id, Status.PENDING, self._clock()),
        )
        return changed == 1

    def settle(self, session: Session, result: JsonObject, *, keep: float) -> Session:
        """Keep what became of a session for `keep` seconds from now.

        Nonce, request and key are deleted; a response code is made where the wallet is sent on.
        """
        code = _random() if session.redirect is not None else None
        done = replace(
            session,
            expires=self._clock() + keep,
            status=Status.DONE,
            request={},
            state="",
            nonce="",
            key=None,
            response_code=code,
            result=result,
        )
        names = [name.strip() for name in _COLUMNS.split(",")][2:]
        self._database.change(
            f"UPDATE sessions SET {', '.join(f'{name} = ?' for name in names)} WHERE id = ?",  # noqa: S608
            (*_row(done)[2:], done.id),
        )
        return done

    def delete(self, identifier: str) -> None:
        """Delete the session that its application knows by `identifier`, answered or not, if there is one."""
        self._database.change("DELETE FROM sessions WHERE id = ?", (identifier,))

    def _one(self, column: str, value: str) -> Session:
        rows = self._database.rows(
            f"SELECT {_COLUMNS} FROM sessions WHERE {column} = ? AND expires > ?",  # noqa: S608
            (value, self._clock()),
        )
        if not rows:
            raise NotFound("there is no such session", hint="it may have expired: ask again")
        return _session(rows[0])


def _row(session: Session) -> tuple[Any, ...]:
    return (
        session.id,
        session.request_id,
        session.status,
        session.expires,
        session.state,
        session.nonce,
        json.dumps(session.request),
        None if session.key is None else json.dumps(session.key),
        session.redirect,
        session.response_code,
        None if session.result is None else json.dumps(session.result),
    )


def _session(row: tuple[Any, ...]) -> Session:
    identifier, request_id, status, expires, state, nonce, request, key, redirect, code, result = row
    return Session(
        id=identifier,
        request_id=request_id,
        status=Status(status),
        expires=expires,
        state=state,
        nonce=nonce,
        request=json.loads(request),
        key=None if key is None else json.loads(key),
        redirect=redirect,
        response_code=code,
        result=None if result is None else json.loads(result),
    )


def _random() -> str:
    """A name that can't be guessed: 256 bits as 43 characters of base64url."""
    return secrets.token_urlsafe(32)
