"""Claims path pointers into JSON (OpenID4VP 1.0 section 7.1), and comparing what they select."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from ipse.encoding.safe_text import printable
from ipse.encoding.strict_json import Json, JsonObject, kind_of
from ipse.protocols.dcql.query import ClaimPath, ConcretePath

__all__ = ["equals_one_of", "leaves", "select", "show", "values"]

_Selected: TypeAlias = list[tuple[ConcretePath, Json]]


def select(path: ClaimPath, claims: JsonObject, *, presented: bool = False) -> _Selected | str:
    """The elements that a path selects, each with its place, or why there are none (section 7.1.1).

    Nothing is selected either where a name is looked up in what is no object, or an element in what is no
    array.

    `presented`: elements of arrays may have been withheld, so that those behind them have moved. An index
    then selects every element, and what does not go on as the path does is left out.
    """
    selected: _Selected = [((), claims)]
    for depth, component in enumerate(path):
        found: _Selected = []
        for place, value in selected:
            if not isinstance(value, dict if isinstance(component, str) else list):
                if presented and any(isinstance(step, int) for step in path[:depth]):
                    continue
                kind = "an object" if isinstance(component, str) else "an array"
                return f"its {show(path[:depth])} is a JSON {kind_of(value)}, not {kind}"
            found.extend(_step(place, value, component, presented))
        if not found:
            return f"it has no {show(path[: depth + 1])}"
        selected = found
    return selected


def _step(
    place: ConcretePath, value: Json, component: str | int | None, presented: bool
) -> Iterable[tuple[ConcretePath, Json]]:
    """What one component selects in an object or array of the right kind."""
    if isinstance(component, str):
        return [((*place, component), value[component])] if component in value else []
    if component is None or presented:
        return [((*place, index), element) for index, element in enumerate(value)]
    return [((*place, component), value[component])] if component < len(value) else []


def equals_one_of(value: Json, expected: Iterable[Json]) -> bool:
    """Whether `value` is one of `expected` in type and value (section 6.3).

    A boolean is no number. A number is what it is in any spelling: 1 and 1.0 are one JSON number.
    """
    if isinstance(value, (dict, list)) or value is None:
        return False
    return any(_kind(value) is _kind(other) and value == other for other in expected)


def _kind(value: Json) -> type:
    return float if type(value) is int else type(value)


def leaves(value: Json) -> Iterator[ConcretePath]:
    """The places of the single `values` in `value`."""
    return (place for place, _ in values(value))


def values(value: Json) -> Iterator[tuple[ConcretePath, Json]]:
    """All strings, numbers, booleans and nulls in `value`, and its empty containers, with their places."""
    stack: list[tuple[ConcretePath, Json]] = [((), value)]
    while stack:
        at, node = stack.pop()
        if isinstance(node, dict) and node:
            stack.extend(((*at, name), inner) for name, inner in node.items())
        elif isinstance(node, list) and node:
            stack.extend(((*at, index), inner) for index, inner in enumerate(node))
        else:
            yield at, node


def show(path: ClaimPath) -> str:
    """A path as people read it: `address.street`, `degrees[0].type`, `nationalities[]`; safe to print."""
    text = ""
    for component in path[:16]:
        if isinstance(component, str):
            text += ("." if text else "") + component[:60]
        else:
            text += "[]" if component is None else f"[{component}]"
    return printable(text)[:200] or "root"
