"""The profile as a picture, and in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ipse.encoding.timestamps import parse_timestamp
from ipse.preferences import interests, naming, picture, vectors
from ipse.preferences.embedding import Embedder
from ipse.preferences.picture import Dot, Lane
from ipse.storage import statement_vectors, statements
from ipse.storage.statements import Statement
from ipse.wallet.profile.opinions import no_opinions
from ipse.wallet.profile.remembering import embed_missing
from ipse.wallet.wallet import Wallet

if TYPE_CHECKING:
    from ipse.preferences.interests import Interest
    from ipse.preferences.vectors import Floats

__all__ = ["Figures", "draw", "figures", "lanes"]

_TITLE = "Your interests"
_REST = "everything else"


@dataclass(frozen=True, slots=True)
class Figures:
    """The profile counted.

    What was taken back is in `past` alone. `sources` and `sensitivities` count all that holds, facts too.
    `since` and `until` are the dates of the first and the last, None in an empty profile. `model` is the
    fingerprint of the model in use, with how many statements it has embedded. `vault` is in bytes.
    """

    liked: int
    disliked: int
    neutral: int
    facts: int
    past: int
    sources: Mapping[str, int]
    sensitivities: Mapping[str, int]
    periods: Mapping[str, int]
    since: datetime | None
    until: datetime | None
    interests: Sequence[Lane]
    model: str | None
    vectors: int
    vault: int


def draw(wallet: Wallet, embedder: Embedder, *, form: str, now: datetime, with_secret: bool = False) -> str:
    """The picture of the interests over time, as `html` or `svg`.

    Secret statements have no part in it unless `with_secret`: not in the names, nor in the groups. Raises
    NotFound where there is nothing to draw.
    """
    drawn = lanes(wallet, embedder, with_secret=with_secret)
    if not drawn:
        raise no_opinions("the profile has no opinions to draw")
    make = picture.svg if form == "svg" else picture.html
    return make(drawn, now=now, title=_TITLE)


def lanes(wallet: Wallet, embedder: Embedder, *, with_secret: bool) -> list[Lane]:
    """The interests with their statements, and those that belong to no interest in a lane of their own.

    What took the place of an earlier statement takes it into its lane.
    """
    embed_missing(wallet, embedder)
    every = {
        statement.number: statement
        for statement in statements.every(wallet.vault)
        if with_secret or statement.sensitivity != "secret"
    }
    known, embedded = _opinions(wallet, embedder, every)
    if not known:
        return []
    times = [parse_timestamp(statement.valid_from) for statement in known]
    found = interests.find_interests(embedded, [statement.weight for statement in known], times)
    earlier = _earlier(every.values())
    names = naming.names(
        [[known[row].text for row in interests.typical_first(interest, embedded)] for interest in found]
    )
    grouped = [_lane(interest, name, known, earlier) for interest, name in zip(found, names, strict=True)]
    inside = {row for interest in found for row in interest.members}
    rest = [statement for row, statement in enumerate(known) if row not in inside]
    return [*grouped, _rest(rest, earlier)] if rest else grouped


def figures(wallet: Wallet, embedder: Embedder | None) -> Figures:
    """The profile in numbers; without an embedder, without its interests."""
    drawn = [] if embedder is None else lanes(wallet, embedder, with_secret=True)
    every = statements.every(wallet.vault)
    holding = [statement for statement in every if statement.valid_to is None]
    opinions = [statement.weight for statement in holding if statement.kind == "opinion"]
    times = sorted(parse_timestamp(statement.valid_from) for statement in holding)
    model = None if embedder is None else embedder.fingerprint
    missing = 0 if model is None else len(statement_vectors.missing(wallet.vault, model))
    return Figures(
        liked=sum(weight > 0 for weight in opinions),
        disliked=sum(weight < 0 for weight in opinions),
        neutral=sum(weight == 0 for weight in opinions),
        facts=len(holding) - len(opinions),
        past=len(every) - len(holding),
        sources=dict(Counter(statement.source for statement in holding).most_common()),
        sensitivities=Counter(statement.sensitivity for statement in holding),
        periods=_periods(times),
        since=times[0] if times else None,
        until=times[-1] if times else None,
        interests=[lane for lane in drawn if not lane.rest],
        model=model,
        vectors=0 if model is None else len(holding) - missing,
        vault=wallet.places.vault.stat().st_size,
    )


def _opinions(
    wallet: Wallet, embedder: Embedder, shown: Mapping[int, Statement]
) -> tuple[list[Statement], Floats]:
    """Those of the current opinions that are `shown`, and their vectors, float32 (n, d)."""
    embedded = statement_vectors.matrix(wallet.vault, embedder.fingerprint)
    rows = [row for row, number in enumerate(embedded.numbers) if number in shown]
    every = vectors.from_bytes(embedded.vectors, embedder.dimension)
    known = [shown[embedded.numbers[row]] for row in rows]
    return known, every if len(rows) == len(every) else every[rows]


def _earlier(every: Iterable[Statement]) -> Mapping[int, Sequence[Statement]]:
    """The opinions that were superseded, by the number of what took their place."""
    found: dict[int, list[Statement]] = {}
    for statement in every:
        if statement.superseded_by is not None and statement.kind == "opinion":
            found.setdefault(statement.superseded_by, []).append(statement)
    return found


def _lane(
    interest: Interest, name: str, known: Sequence[Statement], earlier: Mapping[int, Sequence[Statement]]
) -> Lane:
    return Lane(
        name=name,
        medoid=known[interest.medoid].text,
        affinity=interest.affinity,
        half_life=interest.half_life,
        dots=_dots([known[row] for row in interest.members], earlier),
    )


def _rest(rest: Sequence[Statement], earlier: Mapping[int, Sequence[Statement]]) -> Lane:
    return Lane(
        name=_REST,
        medoid="",
        affinity=sum(statement.weight for statement in rest) / len(rest),
        half_life=interests.half_life([parse_timestamp(statement.valid_from) for statement in rest]),
        dots=_dots(rest, earlier),
        rest=True,
    )


def _dots(current: Sequence[Statement], earlier: Mapping[int, Sequence[Statement]]) -> tuple[Dot, ...]:
    """Statements with all that they took the place of, directly or not."""
    dots: list[Dot] = []
    reached = list(current)
    while reached:
        statement = reached.pop()
        until = None if statement.valid_to is None else parse_timestamp(statement.valid_to)
        dots.append(Dot(statement.text, statement.weight, parse_timestamp(statement.valid_from), until))
        reached.extend(earlier.get(statement.number, ()))
    return tuple(dots)


def _periods(times: Sequence[datetime]) -> dict[str, int]:
    """How many statements each month has, or each year where they span more than two; the empty ones too."""
    if not times:
        return {}
    first, last = times[0], times[-1]
    if last.year - first.year > 2:
        years = Counter(moment.year for moment in times)
        return {f"{year:04}": years[year] for year in range(first.year, last.year + 1)}
    months = Counter(12 * moment.year + moment.month - 1 for moment in times)
    return {
        f"{month // 12:04}-{month % 12 + 1:02}": months[month]
        for month in range(min(months), max(months) + 1)
    }
