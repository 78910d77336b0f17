"""The paths that applications on this machine use: ask, and find out what came of it.

Every request carries a bearer token (RFC 6750). A page in a browser may ask only from an origin that was
named; nothing is served to any other (the Fetch standard, CORS). See docs/verifier.md.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final
from urllib.parse import parse_qs

from ipse.disclosure import levels, questions
from ipse.disclosure.levels.level import RequestOptions
from ipse.encoding import strict_json
from ipse.encoding.strict_json import Json, JsonObject
from ipse.errors import IpseError, NotFound
from ipse.servers.http.messages import JSON, Refused, Request, Response
from ipse.servers.http.routing import Handler, Route
from ipse.servers.verifier.addresses import SCHEMES, page_of
from ipse.servers.verifier.requests import Asked, Requests, purpose_data
from ipse.servers.verifier.sessions import Session, Sessions, Status, TooManySessions

__all__ = ["Api", "Queries", "link_of", "preferences"]

Queries = Mapping[str, JsonObject]
"""DCQL queries by name."""

_SESSIONS: Final = "/sessions"
_ONE: Final = "/sessions/{session}"
_MAX_BODY: Final = 512 * 1024
_MEMBERS: Final = frozenset(
    {
        *("query", "dcql_query", "preferences", "purpose", "retention"),
        *("transaction_data", "redirect_uri", "scheme"),
    }
)
_OPTIONS: Final = frozenset(
    {"level", "purpose", "retention", "candidates", "top", "topics", "about", "limit"}
)


def link_of(requests: Requests, session: Session, *, scheme: str = SCHEMES[0], method: str = "post") -> str:
    """The link that opens a wallet with the request of a session."""
    client_id = requests.client.client_id
    return requests.addresses.link(scheme, client_id, session.request_id, method=method)


@dataclass(frozen=True, slots=True)
class Api:
    """What applications may do.

    - `token`: the bearer token
    - `origins`: the web origins whose pages may ask, and where owners' browsers may be sent afterwards
    - `queries`: what can be asked by name
    """

    sessions: Sessions
    requests: Requests
    queries: Queries
    token: str = field(repr=False)
    origins: Collection[str] = ()
    scheme: str = SCHEMES[0]
    method: str = "post"

    def routes(self) -> tuple[Route, ...]:
        """The routes of the application's own port."""
        return (
            Route("POST", _SESSIONS, self._guarded(self._create), max_body=_MAX_BODY),
            Route("GET", _ONE, self._guarded(self._poll)),
            Route("DELETE", _ONE, self._guarded(self._delete)),
            Route("OPTIONS", _SESSIONS, self._preflight),
            Route("OPTIONS", _ONE, self._preflight),
        )

    def _guarded(self, handler: Handler) -> Handler:
        """`handler` for those who have the token and, in a browser, are on a page of a named origin."""

        def guarded(request: Request) -> Response:
            allowed = self._cors(request)
            try:
                self._check_token(request)
                response = handler(request)
            except Refused as refused:
                response = refused.response()
            return replace(response, headers=(*response.headers, *allowed))

        return guarded

    def _cors(self, request: Request) -> tuple[tuple[str, str], ...]:
        """The headers that let a page read the response. Raises Refused for a page of another origin."""
        origin = request.headers.get("origin")
        if origin is None:
            return ()
        if origin not in self.origins:
            raise Refused(403, "pages of this origin may not ask", error="access_denied")
        return (("Access-Control-Allow-Origin", origin), ("Vary", "Origin"))

    def _preflight(self, request: Request) -> Response:
        allowed = self._cors(request)
        if not allowed:
            raise Refused(400, "the request has no origin")
        about = [
            ("Access-Control-Allow-Methods", "GET, POST, DELETE"),
            ("Access-Control-Allow-Headers", "Authorization, Content-Type"),
            ("Access-Control-Max-Age", "600"),
        ]
        if request.headers.get("access-control-request-private-network") == "true":
            about.append(("Access-Control-Allow-Private-Network", "true"))
        return Response(204, headers=(*allowed, *about))

    def _check_token(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        given = hashlib.sha256(token.strip().encode()).digest()
        expected = hashlib.sha256(self.token.encode()).digest()
        if scheme.lower() != "bearer" or not hmac.compare_digest(given, expected):
            raise Refused(
                401,
                "the token of this server is needed",
                error="invalid_token",
                headers=[("WWW-Authenticate", "Bearer")],
            )

    def _create(self, request: Request) -> Response:
        body = _object(request)
        if unknown := body.keys() - _MEMBERS:
            raise Refused(400, f"{len(unknown)} members are not known: {', '.join(sorted(_MEMBERS))} are")
        scheme = body.get("scheme", self.scheme)
        if scheme not in SCHEMES:
            raise Refused(400, f"the scheme is none of {', '.join(SCHEMES)}")
        asked = replace(self._asked(body), redirect=self._redirect(body))
        try:
            session = self.requests.session(asked)
            self.sessions.add(session)
        except TooManySessions as error:
            raise Refused(503, "too many sessions are open", error="temporarily_unavailable") from error
        except IpseError as error:
            raise Refused(400, error.message) from error  # the application's own words, to itself
        link = link_of(self.requests, session, scheme=scheme, method=self.method)
        told: JsonObject = {"id": session.id, "link": link, "expires": int(session.expires)}
        return Response.of_json(told, status=201)

    def _asked(self, body: JsonObject) -> Asked:
        """What is asked: a query by name, a query, or a question about preferences. Raises Refused."""
        given = body.keys() & {"query", "dcql_query", "preferences"}
        if len(given) > 1 or (not given and len(self.queries) != 1):
            raise Refused(400, "give one of query (a name), dcql_query and preferences")
        if "preferences" in given:
            if body.keys() & {"purpose", "retention", "transaction_data"}:
                raise Refused(400, "preferences have their purpose and retention within")
            return preferences(body["preferences"])
        if "dcql_query" in given:
            query = body["dcql_query"]
            if not isinstance(query, dict):
                raise Refused(400, "dcql_query is not an object")
        else:
            name = body["query"] if given else next(iter(self.queries))
            if not isinstance(name, str) or name not in self.queries:
                raise Refused(400, "there is no query of this name")
            query = self.queries[name]
        return Asked(query, _transaction_data(body, query))

    def _redirect(self, body: JsonObject) -> str:
        """Where the owner's browser goes: a page of a named origin, or our own."""
        page = body.get("redirect_uri")
        if page is None:
            return self.requests.addresses.done
        if not isinstance(page, str) or page_of(page) not in self.origins:
            raise Refused(400, "redirect_uri is not a page of an origin that was named, without a fragment")
        return page

    def _poll(self, request: Request) -> Response:
        """What came of a session. Where the application has a page, the page's code is asked for."""
        session = self._session(request)
        if session.status is not Status.DONE or session.result is None:
            return Response.of_json({"status": Status.PENDING.value})
        code = _response_code(request)
        if code is not None and not hmac.compare_digest(
            code.encode(), (session.response_code or "").encode()
        ):
            raise Refused(403, "the response_code is of another session", error="access_denied")
        return Response.of_json(session.result)

    def _delete(self, request: Request) -> Response:
        self.sessions.delete(self._session(request).id)
        return Response(204)

    def _session(self, request: Request) -> Session:
        try:
            return self.sessions.find(request.parameters["session"])
        except NotFound as error:
            raise Refused(404, "there is no such session, or no more") from error


def _transaction_data(body: JsonObject, query: JsonObject) -> tuple[JsonObject, ...]:
    """What the answer is to authorize (section 8.4), and the purpose if one is stated. Raises Refused."""
    entries = body.get("transaction_data", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise Refused(400, "transaction_data is not an array of objects")
    if not body.keys() & {"purpose", "retention"}:
        return tuple(entries)
    try:
        return (*entries, purpose_data(query, body.get("purpose"), body.get("retention")))
    except IpseError as error:
        raise Refused(400, error.message) from error


def preferences(given: Json) -> Asked:
    """The request for a question about preferences: level, purpose, retention and what its level takes.

    Raises Refused for members that are not known or not of their kind.
    """
    if not isinstance(given, dict) or given.keys() - _OPTIONS:
        raise Refused(400, f"preferences are an object of {', '.join(sorted(_OPTIONS))}")
    name, purpose = given.get("level", levels.DEFAULT), given.get("purpose")
    retention = given.get("retention", int(questions.DEFAULT_RETENTION.total_seconds()))
    if name not in levels.NAMES or not isinstance(purpose, str) or type(retention) is not int:
        raise Refused(400, "preferences need a level, a purpose, and a retention in seconds")
    texts = {member: given.get(member, []) for member in ("candidates", "topics")}
    numbers = {member: given.get(member) for member in ("top", "limit")}
    about = given.get("about", "")
    fitting = (
        isinstance(about, str)
        and all(
            isinstance(each, list) and all(isinstance(one, str) for one in each) for each in texts.values()
        )
        and all(each is None or type(each) is int for each in numbers.values())
    )
    if not fitting:
        raise Refused(
            400, "candidates and topics are arrays of texts, about is a text, top and limit are numbers"
        )
    level = levels.named(name)
    taken = {"level", "purpose", "retention", *level.options}
    if not given.get(level.needs) or given.keys() - taken:
        raise Refused(
            400, f"a question at this level needs {level.needs}, and takes {', '.join(sorted(taken))}"
        )
    try:
        asked = level.ask(
            RequestOptions(
                candidates=tuple(texts["candidates"]),
                topics=tuple(texts["topics"]),
                about=about,
                top=numbers["top"],
                limit=numbers["limit"],
            )
        )
        content = questions.transaction_data(
            purpose=purpose, asked=asked, retention=timedelta(seconds=retention)
        )
    except IpseError as error:
        raise Refused(400, error.message) from error
    return Asked(questions.query(asked), (content,), preferences=True)


def _object(request: Request) -> JsonObject:
    if request.content_type != JSON:
        raise Refused(415, f"the body is not {JSON}")
    try:
        return strict_json.parse_object(request.body, what="the body")
    except IpseError as error:
        raise Refused(400, "the body is not a JSON object") from error


def _response_code(request: Request) -> str | None:
    """The code that the owner's browser brought to the application's page. Raises Refused."""
    try:
        codes = parse_qs(request.query, strict_parsing=bool(request.query), max_num_fields=4).get(
            "response_code"
        )
    except ValueError as error:
        raise Refused(400, "the query can't be read") from error
    return codes[-1] if codes else None
