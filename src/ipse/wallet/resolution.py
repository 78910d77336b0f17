"""What is on the network: DID documents, and what a verification fetches, within its budget."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ipse.credentials.budget import UNBOUNDED, Budget
from ipse.credentials.formats.vcdm11 import didkit_resolution
from ipse.dids import resolver
from ipse.encoding.strict_json import JsonObject
from ipse.errors import Undetermined

if TYPE_CHECKING:
    from ipse.network.guarded_client import Guards, Response

__all__ = ["Fetches", "Reach", "resolve"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reach:
    """How far resolving may go on the network.

    - `ca_file`: the certificate authorities to trust instead of the system's, a PEM file
    - `allow_loopback`: whether this very machine may be asked, which only tests want
    """

    ca_file: str | None = None
    allow_loopback: bool = False

    def fetch(
        self,
        url: str,
        *,
        deadline: float | None = None,
        before_redirect: Callable[[], object] = lambda: None,
        received: Callable[[int], object] = lambda _: None,
    ) -> bytes:
        """What the guarded client finds at `url`, within `deadline` seconds or its own."""
        from ipse.network import guarded_client

        return guarded_client.fetch(
            url,
            **self._guards(deadline),
            before_redirect=before_redirect,
            received=received,
        )

    def get(self, url: str, *, accept: str = "*/*", deadline: float | None = None) -> Response:
        """The answer of `url`, whatever its status; a redirect is an error that names where it leads."""
        from ipse.network import guarded_client

        return guarded_client.get(
            url,
            accept=accept,
            **self._guards(deadline),
            follow_redirects=False,
        )

    def post(
        self,
        url: str,
        *,
        form: Mapping[str, str] | None = None,
        json: JsonObject | None = None,
        accept: str = "*/*",
        deadline: float | None = None,
    ) -> Response:
        """The answer to a form, or to `json`, whatever its status; a redirect is an error."""
        from ipse.network import guarded_client

        return guarded_client.post(
            url,
            form=form,
            json=json,
            accept=accept,
            **self._guards(deadline),
        )

    def _guards(self, deadline: float | None) -> Guards:
        from ipse.network.guarded_client import DEADLINE

        return {
            "deadline": DEADLINE if deadline is None else deadline,
            "allow_loopback": self.allow_loopback,
            "ca_file": Path(self.ca_file) if self.ca_file else None,
        }


class Fetches:
    """What one verification fetches: each URL once, whatever comes of it, and within its budget.

    Each redirect counts as a fetch of its own: it is one more request, to an address that a stranger names.
    Bytes count as they come, whether the answer is whole in the end or not.
    """

    def __init__(self, reach: Reach, budget: Budget) -> None:
        self._reach = reach
        self._budget = budget
        self._found: dict[str, bytes | Undetermined] = {}

    def fetch(self, url: str) -> bytes:
        """What `url` serves. Raises what the guarded client raises, and TooMuchWork."""
        if url not in self._found:
            self._found[url] = self._fetched(url)
        found = self._found[url]
        if isinstance(found, Undetermined):
            raise found
        return found

    def _fetched(self, url: str) -> bytes | Undetermined:
        from ipse.network.guarded_client import DEADLINE

        budget = self._budget
        seconds = budget.begin_fetch(DEADLINE)
        try:
            return self._reach.fetch(
                url,
                deadline=seconds,
                before_redirect=lambda: budget.begin_fetch(DEADLINE),
                received=budget.count_fetched,
            )
        except Undetermined as error:
            return error


def resolve(
    did: str, reach: Reach, *, fetch: Callable[[str], bytes] | None = None, budget: Budget = UNBOUNDED
) -> JsonObject:
    """The DID document of `did`; did:web is fetched through the guarded client, or by `fetch`.

    Raises MalformedInput, Undetermined, what the guarded client raises, TooMuchWork where the budget is
    used up.
    """
    try:
        document = resolver.resolve(did, fetch=fetch or reach.fetch)
    except Undetermined:
        if not didkit_resolution.reads(did):
            raise
        document = didkit_resolution.resolve(did, budget=budget)
    _log.info("resolved %s", did)
    return document
