"""Every small change to a document or a token: what an attacker tries first."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

__all__ = ["characters", "members", "nodes", "numbers", "replaced", "tokens"]

Path = tuple[Any, ...]


def nodes(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value in a document with the path to it, itself first."""
    yield path, value
    if isinstance(value, (dict, list)):
        for step, child in value.items() if isinstance(value, dict) else enumerate(value):
            yield from nodes(child, (*path, step))


def replaced(document: Any, path: Path, value: Any) -> Any:
    """A copy of `document` with `value` at `path`."""
    if not path:
        return value
    changed = copy.deepcopy(document)
    holder = changed
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return changed


def characters(document: Any) -> Iterator[tuple[Path, Any]]:
    """Each character of each string flipped, and taken out."""
    for path, value in nodes(document):
        if isinstance(value, str):
            for position, character in enumerate(value):
                for other in (chr(ord(character) ^ 1), ""):
                    yield path, replaced(document, path, value[:position] + other + value[position + 1 :])


def numbers(document: Any) -> Iterator[tuple[Path, Any]]:
    """Each number and truth value turned into others near it, and into other kinds of values."""
    for path, value in nodes(document):
        if isinstance(value, (int, float)):
            for other in (value + 1, -value - 1, value * 10 + 1, value + 1e-9, str(value), not value, None):
                if other != value or type(other) is not type(value):
                    yield path, replaced(document, path, other)


def members(document: Any, *, in_order: bool = True) -> Iterator[tuple[Path, Any]]:
    """Each member renamed, taken out or joined by another; each element taken out or put in twice.

    With `in_order`, arrays are also turned round.
    """
    for path, value in nodes(document):
        if isinstance(value, dict):
            yield from ((path, replaced(document, path, other)) for other in _objects(value))
        elif isinstance(value, list):
            for position, element in enumerate(value):
                rest = value[position + 1 :]
                yield path, replaced(document, path, [*value[:position], *rest])
                yield path, replaced(document, path, [*value[: position + 1], element, *rest])
            if in_order and len(value) > 1:
                yield path, replaced(document, path, value[::-1])


def tokens(text: str) -> Iterator[str]:
    """Each character of a token turned into the next one of its alphabet, and taken out; its beginnings.

    Of an SD-JWT, those beginnings are left out that only withhold disclosures.
    """
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for position, character in enumerate(text):
        place = alphabet.find(character)
        for other in (alphabet[(place + 1) % 64], ""):
            yield text[:position] + other + text[position + 1 :]
        if not text[:position].endswith("~"):
            yield text[:position]


def _objects(value: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name, own in value.items():
        rest = {other: member for other, member in value.items() if other != name}
        yield rest
        for other in sorted({name + " ", name.swapcase(), "x" + name} - {name}):
            yield {**rest, other: own}
    for name in ("x", "", "validUntil", "credentialStatus", "@type", "aud"):
        if name not in value:
            added: tuple[Any, ...] = (None, "x", [], {})
            yield from ({**value, name: member} for member in added)
