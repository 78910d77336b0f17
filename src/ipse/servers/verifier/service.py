"""The paths that wallets use: fetch a request object, send an answer; and the page that comes after it.

Source: OpenID4VP 1.0 sections 5.10 and 8.2.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from ipse.errors import NotFound
from ipse.servers.http.messages import Refused, Request, Response, read_form
from ipse.servers.http.routing import Route
from ipse.servers.verifier.addresses import DONE, REQUEST, RESPONSE
from ipse.servers.verifier.outcomes import Outcome, State
from ipse.servers.verifier.requests import Requests
from ipse.servers.verifier.responses import Responses
from ipse.servers.verifier.sessions import Session, Sessions, Status

__all__ = ["MAX_RESPONSE", "Service"]

_log = logging.getLogger(__name__)

MAX_RESPONSE: Final = 1024 * 1024
"""Bytes of an answer."""
_MAX_METADATA: Final = 64 * 1024
_REQUEST_OBJECT: Final = "application/oauth-authz-req+jwt"
_PAGE: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Done</title>
<p>Your answer has arrived. You can close this page.
</html>
"""


class Service:
    """What wallets ask for. `done` is told each session that has ended, in the thread that served it."""

    def __init__(
        self,
        sessions: Sessions,
        requests: Requests,
        responses: Responses,
        *,
        keep: float,
        done: Callable[[Session, Outcome], object],
    ) -> None:
        self._sessions = sessions
        self._requests = requests
        self._responses = responses
        self._keep = keep
        self._done = done

    def routes(self) -> tuple[Route, ...]:
        """The routes, under the path of the public URL."""
        path = self._requests.addresses.path
        return (
            Route("GET", f"{path}{REQUEST}{{request}}", self._fetch),
            Route("POST", f"{path}{REQUEST}{{request}}", self._fetch, max_body=_MAX_METADATA),
            Route("POST", f"{path}{RESPONSE}{{request}}", self._answer, max_body=MAX_RESPONSE),
            Route("GET", f"{path}{DONE}", _page),
        )

    def _fetch(self, request: Request) -> Response:
        session = self._session(request)
        form = {**read_form(request)} if request.method == "POST" else {}
        made = self._requests.object_for(session, form)
        return Response(200, made.encode(), _REQUEST_OBJECT)

    def _answer(self, request: Request) -> Response:
        session = self._session(request)
        response = self._responses.read(read_form(request), session)
        if not self._sessions.claim(session):
            raise Refused(400, "this request was answered before")
        outcome = self._responses.judge(response, session)
        settled = self._sessions.settle(session, outcome.to_json(), keep=self._keep)
        _log.info("a session ended: %s", outcome.state)
        self._done(settled, outcome)
        if outcome.state in (State.VERIFIED, State.REFUSED):
            return Response.of_json(_next(settled))
        raise Refused(400, "the presentation was not accepted")

    def _session(self, request: Request) -> Session:
        """The session that the path names, and that nobody has answered. Raises Refused."""
        try:
            session = self._sessions.requested(request.parameters["request"])
        except NotFound as error:
            raise Refused(404, "there is no such request, or no more") from error
        if session.status is not Status.PENDING:
            raise Refused(400, "this request was answered before")
        return session


def _next(session: Session) -> dict[str, object]:
    """What the wallet is told: where the owner's browser goes, with a code that nobody else has (8.2)."""
    if session.redirect is None:
        return {}
    return {"redirect_uri": f"{session.redirect}#response_code={session.response_code}"}


def _page(_: Request) -> Response:
    return Response(200, _PAGE.encode(), "text/html; charset=utf-8")
