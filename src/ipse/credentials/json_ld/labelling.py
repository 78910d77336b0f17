"""RDFC-1.0 for datasets with graphs named by blank nodes, which is what presentations are.

pyoxigraph keeps the related nodes of a node as a set, where section 4.8.3, step 3.1.2, has a list with
repetitions. It tells in graphs named by blank nodes alone, where pyoxigraph labels nodes that look alike
otherwise than others do.

Source: W3C RDF Dataset Canonicalization, section 4; the numbers below are its sections.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator

from ipse.credentials.json_ld.statements import Statement

__all__ = ["canonical_lines"]


class _Issuer:
    """Gives identifiers in the order it is asked (4.5)."""

    def __init__(self, prefix: str, issued: dict[str, str] | None = None) -> None:
        self._prefix = prefix
        self.issued = issued or {}

    def issue(self, node: str) -> str:
        return self.issued.setdefault(node, f"{self._prefix}{len(self.issued)}")

    def copy(self) -> _Issuer:
        return _Issuer(self._prefix, dict(self.issued))


class _Labelling:
    def __init__(self, statements: Collection[Statement], hash_name: str) -> None:
        self._hash_name = hash_name
        self._mentions: defaultdict[str, list[Statement]] = defaultdict(list)
        for statement in statements:
            for node in dict.fromkeys(node for _, node in _blank_nodes(statement)):
                self._mentions[node].append(statement)
        self._first = {node: self._first_degree(node) for node in self._mentions}
        self.canonical = _Issuer("_:c14n")

    def label(self) -> dict[str, str]:
        """The canonical label of every blank node (4.4.3)."""
        alike: defaultdict[str, list[str]] = defaultdict(list)
        for node, digest in self._first.items():
            alike[digest].append(node)
        for digest in sorted(alike):
            if len(alike[digest]) == 1:
                self.canonical.issue(alike[digest][0])
        for digest in sorted(digest for digest, nodes in alike.items() if len(nodes) > 1):
            paths = []
            for node in alike[digest]:
                if node in self.canonical.issued:
                    continue
                issuer = _Issuer("_:b")
                issuer.issue(node)
                paths.append(self._n_degree(node, issuer))
            for _, issuer in sorted(paths, key=lambda path: path[0]):
                for node in issuer.issued:
                    self.canonical.issue(node)
        return self.canonical.issued

    def _first_degree(self, node: str) -> str:
        """Section 4.6."""
        return self._hash(
            "".join(
                sorted(
                    _written(statement, lambda other: "_:a" if other == node else "_:z")
                    for statement in self._mentions[node]
                )
            )
        )

    def _related(self, position: str, predicate: str, node: str, issuer: _Issuer) -> str:
        """Section 4.7."""
        known = self.canonical.issued.get(node) or issuer.issued.get(node) or self._first[node]
        return self._hash(position + ("" if position == "g" else predicate) + known)

    def _n_degree(self, node: str, issuer: _Issuer) -> tuple[str, _Issuer]:
        """Section 4.8."""
        related: defaultdict[str, list[str]] = defaultdict(list)
        for statement in self._mentions[node]:
            for position, other in _blank_nodes(statement):
                if other != node:
                    related[self._related(position, statement[1], other, issuer)].append(other)
        data = ""
        for digest in sorted(related):
            path, issuer = self._shortest(related[digest], issuer)
            data += digest + path
        return self._hash(data), issuer

    def _shortest(self, nodes: list[str], issuer: _Issuer) -> tuple[str, _Issuer]:
        """The least of the paths through `nodes` in any order (4.8.3, steps 5.2 to 5.6)."""
        chosen: tuple[str, _Issuer] | None = None
        for order in _orders(nodes):
            found = self._path(order, issuer.copy(), chosen[0] if chosen else "")
            if found is not None and (chosen is None or found[0] < chosen[0]):
                chosen = found
        assert chosen is not None
        return chosen

    def _path(self, order: tuple[str, ...], issuer: _Issuer, best: str) -> tuple[str, _Issuer] | None:
        path = ""
        open_nodes = []
        for node in order:
            if node in self.canonical.issued:
                path += self.canonical.issued[node]
            else:
                if node not in issuer.issued:
                    open_nodes.append(node)
                path += issuer.issue(node)
            if best and len(path) >= len(best) and path > best:
                return None
        for node in open_nodes:
            digest, result = self._n_degree(node, issuer)
            path += f"{issuer.issue(node)}<{digest}>"
            issuer = result
            if best and len(path) >= len(best) and path > best:
                return None
        return path, issuer

    def _hash(self, text: str) -> str:
        return hashlib.new(self._hash_name, text.encode()).hexdigest()


def _orders(nodes: list[str]) -> Iterator[tuple[str, ...]]:
    """The distinct orders of `nodes`, the least first; repetitions of one node are one order, not k!."""
    order = sorted(nodes)
    while True:
        yield tuple(order)
        falls = next((i for i in range(len(order) - 2, -1, -1) if order[i] < order[i + 1]), -1)
        if falls < 0:
            return
        swap = next(i for i in range(len(order) - 1, falls, -1) if order[i] > order[falls])
        order[falls], order[swap] = order[swap], order[falls]
        order[falls + 1 :] = reversed(order[falls + 1 :])


def _blank_nodes(statement: Statement) -> list[tuple[str, str]]:
    """The blank nodes of a statement with their positions, repetitions included."""
    subject, _, target, graph = statement
    sides = (("s", subject), ("o", target), ("g", graph.lstrip()))
    return [(position, node) for position, node in sides if node.startswith("_:")]


def _written(statement: Statement, name: Callable[[str], str]) -> str:
    """A line of N-Quads with other names for its blank nodes."""
    subject, predicate, target, graph = statement
    subject = name(subject) if subject.startswith("_:") else subject
    target = name(target) if target.startswith("_:") else target
    graph = " " + name(graph.lstrip()) if graph.startswith(" _:") else graph
    return f"{subject} {predicate} {target}{graph} .\n"


def canonical_lines(statements: Collection[Statement], hash_name: str) -> list[str]:
    """The lines of the canonical N-Quads of distinct statements, sorted (4.4.3, 5).

    Raises RecursionError for long chains of nodes that look alike.
    """
    labels = _Labelling(statements, hash_name).label()
    return sorted(_written(statement, labels.__getitem__) for statement in statements)
