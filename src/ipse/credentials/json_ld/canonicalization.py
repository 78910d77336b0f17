"""RDFC-1.0 with pyoxigraph, and a bound on its work.

Source: W3C RDF Dataset Canonicalization (RDFC-1.0), section 4. Its worst case is exponential in the blank
nodes that look alike (section 7.1, dataset poisoning), so whatever could take long goes to a child process
that can be killed.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Final, Literal, NoReturn, TypeAlias

from ipse.credentials.budget import CHILD_MEMORY, UNBOUNDED, Budget, confine
from ipse.credentials.json_ld.statements import Statement, TooMuchWork
from ipse.hardening import harden_process

if TYPE_CHECKING:
    from pyoxigraph import Quad

__all__ = ["HashName", "canonicalize", "quick", "relabel", "serve"]

HashName: TypeAlias = Literal["sha256", "sha384"]
_Occurrences: TypeAlias = dict[str, list[Statement]]
"""The statements in which each blank node occurs."""

_SECONDS = 3.0
_CHILD: Final = (
    "import sys; sys.path[:] = sys.argv[2:]; "
    "from ipse.credentials.json_ld import canonicalization; canonicalization.serve(sys.argv[1])"
)
_MAX_WORK: Final = 2000
_MAX_TANGLE: Final = 4


def canonicalize(
    statements: Collection[Statement], hash_name: HashName, *, budget: Budget = UNBOUNDED
) -> bytes:
    """The canonical N-Quads of distinct statements, UTF-8.

    Raises TooMuchWork after three seconds, where the child process runs out of memory, and where the budget
    is used up.
    """
    budget.check()
    lines = [f"{subject} {predicate} {target}{graph} .\n" for subject, predicate, target, graph in statements]
    occurrences = _occurrences(statements)
    if not occurrences:
        return "".join(sorted(lines)).encode()
    data = "".join(lines).encode()
    budget.check()
    if not quick(occurrences):
        return _in_child(data, hash_name, budget)
    budget.check()
    return relabel(data, hash_name)


def relabel(data: bytes, hash_name: str) -> bytes:
    """The canonical form of N-Quads, without any bound on the work."""
    from pyoxigraph import BlankNode, CanonicalizationAlgorithm, Dataset, RdfFormat, parse

    quads = list(parse(data, format=RdfFormat.N_QUADS))
    if any(isinstance(quad.graph_name, BlankNode) for quad in quads):
        return _relabelled_here(quads, hash_name)
    algorithm = {
        "sha256": CanonicalizationAlgorithm.RDFC_1_0_SHA_256,
        "sha384": CanonicalizationAlgorithm.RDFC_1_0_SHA_384,
    }[hash_name]
    dataset = Dataset(quads)
    dataset.canonicalize(algorithm)
    return "".join(sorted(f"{quad} .\n" for quad in dataset)).encode()


def _relabelled_here(quads: Sequence[Quad], hash_name: str) -> bytes:
    """What pyoxigraph labels otherwise than RDFC-1.0 says: graphs that blank nodes name."""
    from ipse.credentials.json_ld.labelling import canonical_lines

    texts = (str(quad) for quad in quads)
    statements: dict[Statement, None] = {}
    for quad, text in zip(quads, texts, strict=True):
        subject, predicate, target = str(quad.subject), str(quad.predicate), str(quad.object)
        statements[subject, predicate, target, text[len(subject) + len(predicate) + len(target) + 2 :]] = None
    try:
        return "".join(canonical_lines(statements, hash_name)).encode()
    except RecursionError:
        raise TooMuchWork("its canonical form (RDFC-1.0) is nested too deeply") from None


def _occurrences(statements: Collection[Statement]) -> _Occurrences:
    found: defaultdict[str, list[Statement]] = defaultdict(list)
    for statement in statements:
        subject, _, target, graph = statement
        if graph or subject[0] == "_" or target[0] == "_":
            for node in _blank_nodes(statement):
                found[node].append(statement)
    return found


def _blank_nodes(statement: Statement) -> set[str]:
    subject, _, target, graph = statement
    return {node for node in (subject, target, graph.lstrip()) if node.startswith("_:")}


def quick(occurrences: _Occurrences) -> bool:
    """Whether canonicalising is little work for certain.

    Nodes that differ in their first-degree hash are told apart in one step each. The others form tangles:
    small ones are quick, and larger ones where no node has two neighbours that look alike (a chain).
    """
    looks = {
        node: "\n".join(sorted(_seen_from(node, statement) for statement in found))
        for node, found in occurrences.items()
    }
    count = Counter(looks.values())
    alike = {node for node, look in looks.items() if count[look] > 1}
    if sum(len(occurrences[node]) for node in alike) > _MAX_WORK:
        return False
    tangles = _tangles(alike, occurrences)
    if sum(len(tangle) ** 2 for tangle in tangles) > _MAX_WORK:
        return False
    return all(
        (len(tangle) <= _MAX_TANGLE and not any(_in_graph(node, occurrences) for node in tangle))
        or not any(_branches(node, tangle, occurrences, looks) for node in tangle)
        for tangle in tangles
    )


def _in_graph(node: str, occurrences: _Occurrences) -> bool:
    """Whether `node` is in a named graph, where one neighbour counts once for each statement."""
    return any(graph for _, _, _, graph in occurrences[node])


def _seen_from(node: str, statement: Statement) -> str:
    """What a statement looks like from `node`, not knowing other blank nodes (RDFC-1.0, section 4.6)."""
    subject, predicate, target, graph = statement
    sides = (subject, target, graph.lstrip())
    seen = ("_:a" if side == node else "_:z" if side.startswith("_:") else side for side in sides)
    return " ".join((predicate, *seen))


def _tangles(alike: set[str], occurrences: _Occurrences) -> list[set[str]]:
    """The nodes in `alike`, grouped by who can be reached from whom through them alone."""
    tangles: list[set[str]] = []
    left = set(alike)
    while left:
        tangle: set[str] = set()
        edge = [left.pop()]
        while edge:
            node = edge.pop()
            tangle.add(node)
            for statement in occurrences[node]:
                new = left & _blank_nodes(statement)
                left -= new
                edge.extend(new)
        tangles.append(tangle)
    return tangles


def _branches(node: str, tangle: set[str], occurrences: _Occurrences, looks: dict[str, str]) -> bool:
    """Whether two neighbours of `node` look alike from it, so that all orders of them must be tried."""
    seen: dict[tuple[int, str, str], str] = {}
    for subject, predicate, target, graph in occurrences[node]:
        for position, other in enumerate((subject, target, graph.lstrip())):
            if other != node and other in tangle:
                look = (position, predicate if position < 2 else "", looks[other])
                if seen.setdefault(look, other) != other:
                    return True
    return False


def _in_child(data: bytes, hash_name: HashName, budget: Budget) -> bytes:
    """The canonical form from a process of its own, which is killed and reaped if it takes long."""
    import subprocess

    seconds = budget.seconds(_SECONDS)
    try:
        child = subprocess.run(  # noqa: S603 - this very interpreter, no shell
            [sys.executable, "-I", "-S", "-c", _CHILD, hash_name, *filter(None, sys.path)],
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        budget.check()
        raise TooMuchWork(f"its canonical form (RDFC-1.0) was not found in {_SECONDS:g} seconds") from None
    if child.returncode != 0 or not child.stdout:
        raise TooMuchWork(f"its canonical form (RDFC-1.0) was not found (status {child.returncode})")
    return child.stdout


_CHILD_SECONDS: Final = 5


def serve(hash_name: str) -> NoReturn:
    """Do the one job of standard input, within limits that hold also where the parent has died."""
    import os

    harden_process()
    confine(CHILD_MEMORY, _CHILD_SECONDS)
    sys.stdout.buffer.write(relabel(sys.stdin.buffer.read(), hash_name))
    sys.stdout.buffer.flush()
    os._exit(0)
