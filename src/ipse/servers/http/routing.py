"""Exact paths to functions: no decoding, no normalising, no second spelling of a path."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from ipse.servers.http.messages import Refused, Request, Response

__all__ = ["Handler", "Route", "Routes"]

Handler: TypeAlias = Callable[[Request], Response]

_PARAMETER: Final = re.compile(r"\{([a-z_]+)\}")
_VALUE: Final = r"[A-Za-z0-9_-]{1,128}"
MAX_BODY: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path like `/session/{id}`, whose parts in braces are base64url texts.

    - `max_body`: bytes of a body at most
    """

    method: str
    path: str
    handler: Handler
    max_body: int = MAX_BODY
    pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        parts = _PARAMETER.split(self.path)
        named = [
            f"(?P<{part}>{_VALUE})" if place % 2 else re.escape(part) for place, part in enumerate(parts)
        ]
        object.__setattr__(self, "pattern", re.compile("".join(named)))


class Routes:
    """The routes of one listener."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._routes = tuple(routes)

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """The route for a request, and the named parts of its path.

        Raises Refused: 404, or 405 where the path is served for other methods.
        """
        fitting = [(route, found) for route in self._routes if (found := route.pattern.fullmatch(path))]
        for route, found in fitting:
            if route.method == method:
                return route, found.groupdict()
        if not fitting:
            raise Refused(404, "there is nothing at this path")
        allowed = ", ".join(sorted({route.method for route, _ in fitting}))
        raise Refused(405, "the method is not one of this path", headers=[("Allow", allowed)])

    def name(self, request: Request) -> str:
        """The path of the route that serves a request: what of it may be logged. Raises Refused."""
        return self.find(request.method, request.path)[0].path

    def serve(self, request: Request) -> Response:
        """The response to a request that is read. Raises Refused."""
        route, parameters = self.find(request.method, request.path)
        return route.handler(replace(request, parameters=parameters))
