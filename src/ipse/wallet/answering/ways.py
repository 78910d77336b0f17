"""The ways to answer that the owner may choose among, and what may be added to the least revealing one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

from ipse.errors import TooMuchWork
from ipse.protocols.dcql import choosing
from ipse.protocols.dcql.choosing import Option
from ipse.protocols.dcql.matching import Matches

__all__ = ["ways"]

_MOST: Final = 9
"""Ways that an owner can choose among."""
_LISTED: Final = 100
"""Ways that are looked at, as some of them may not do."""
_MOST_COPIES: Final = 20
"""Copies that are sent together for one credential query."""


def ways(matches: Matches, does: Callable[[Option], bool]) -> tuple[Option, ...]:
    """The ways to answer for which `does` holds, the least revealing first.

    After those that send no more than is required come those with an addition: a credential set that is not
    required, and all copies for a query that takes several. Empty where the query can't be satisfied. Each
    way sends something, since an empty answer is none (section 8.1).
    Raises TooMuchWork where no way is proven to reveal the least.
    """
    required = [way for way in choosing.options(matches, limit=_LISTED) if way.picks and does(way)]
    known = {(), *(way.picks for way in required)}
    added = [way for way in _with_additions(matches) if does(way) and way.picks not in known]
    kept = max(1, _MOST - len(added))
    return (*required[:kept], *added)[:_MOST]


def _with_additions(matches: Matches) -> Iterator[Option]:
    optional = matches.optional_sets
    for chosen in [*((position,) for position in optional), *([optional] if len(optional) > 1 else [])]:
        yield from _first(matches, "adds what they ask for and do not need", with_sets=chosen)
    for query_id, found in matches.queries.items():
        keys = [fit.credential.key for fit in found.fits[:_MOST_COPIES]]
        if found.query.multiple and len(keys) > 1:
            yield from _first(matches, f"sends {len(keys)} credentials for one", using={query_id: keys})


def _first(
    matches: Matches,
    why: str,
    *,
    with_sets: Sequence[int] = (),
    using: Mapping[str, Sequence[str]] | None = None,
) -> Iterator[Option]:
    """The least revealing way with this addition, if it is found with bounded work."""
    with suppress(TooMuchWork):
        for way in choosing.options(matches, with_sets=with_sets, using=using, limit=1):
            yield replace(way, reason=why)
