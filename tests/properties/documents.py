"""JSON values at random, and a document with one of its values replaced by another."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

__all__ = ["Path", "json_values", "paths", "replaced"]

Path = tuple[Any, ...]


def json_values(words: list[str], names: list[str]) -> st.SearchStrategy[Any]:
    """Any small JSON value; `words` and `names` are the texts and member names that mean something here."""
    scalars = (
        st.none()
        | st.booleans()
        | st.integers(-(2**60), 2**60)
        | st.floats()
        | st.text(max_size=20)
        | st.sampled_from(words)
    )
    members = st.text(max_size=8) | st.sampled_from(names)
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(members, inner, max_size=3),
        max_leaves=8,
    )


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """The paths to all values below `value`."""
    if isinstance(value, (dict, list)):
        for step, child in value.items() if isinstance(value, dict) else enumerate(value):
            yield (*path, step)
            yield from paths(child, (*path, step))


def replaced(document: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """`document` with `value` at `path`."""
    changed = copy.deepcopy(document)
    holder: Any = changed
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return changed
