"""The statements that a document makes, and its findings: where JSON and RDF would not say the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from ipse.credentials.budget import UNBOUNDED, Budget
from ipse.encoding.strict_json import excerpt
from ipse.errors import MalformedInput, TooMuchWork, Undetermined

__all__ = [
    "AMBIGUOUS",
    "LOST",
    "ROOT",
    "SWAPPABLE",
    "UNDEFINED",
    "AmbiguousName",
    "Enough",
    "Finding",
    "Lossy",
    "Statement",
    "Statements",
    "TooMuchWork",
    "UnknownContext",
    "UnsafeDocument",
    "Where",
    "pointer",
]

LOST: Final = "lost"
"""The code of what RDF would drop or change."""
UNDEFINED: Final = "undefined-term"
"""The code of a name that no context defines."""
AMBIGUOUS: Final = "ambiguous-name"
"""The code of a name in whose place another could have stood when the document was signed."""
SWAPPABLE: Final = "swappable-names"
"""The code of two names of one object whose values could have been swapped since it was signed."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A place (RFC 6901 JSON pointer) where JSON and RDF would not say the same, and why.

    `code` is LOST, UNDEFINED, AMBIGUOUS or SWAPPABLE.
    """

    pointer: str
    reason: str
    code: str = LOST

    def __str__(self) -> str:
        return f"{self.pointer or '/'} {self.reason}"


class UnsafeDocument(MalformedInput):
    """RDF would drop or change a part of the document; `findings` has all of them, at least one.

    Where nothing else is wrong than names that could have been others, `code` is AMBIGUOUS, or SWAPPABLE if
    two of them stand side by side; else it is that of MalformedInput.
    """

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        codes = {finding.code for finding in findings}
        named = codes <= {AMBIGUOUS, SWAPPABLE}
        code = "" if not named else SWAPPABLE if SWAPPABLE in codes else AMBIGUOUS
        first = next((finding for finding in findings if finding.code == code), findings[0])
        more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
        super().__init__(
            f"not safe to sign as JSON-LD: {first}{more}",
            hint="sign every byte with a jcs cryptosuite, or use a context with one name for each meaning"
            if code
            else "define each term in a context, add --undefined-terms, or use a jcs cryptosuite",
            code=code or MalformedInput.code,
        )
        self.findings = findings


class AmbiguousName(Undetermined):
    """The signature may hold, and names that readers see may not be those that were signed.

    `code` is AMBIGUOUS, or SWAPPABLE where the values of two names could have been swapped.
    """

    code = AMBIGUOUS

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
        super().__init__(
            f"what was signed has no one name: {findings[0]}{more}",
            hint="ask its issuer for one that signs every byte, with a jcs cryptosuite or as a JWT",
            code=SWAPPABLE if any(finding.code == SWAPPABLE for finding in findings) else AMBIGUOUS,
        )
        self.findings = findings


class UnknownContext(Undetermined):
    """A context that is neither packaged nor given by the user; none is ever fetched."""

    def __init__(self, url: str) -> None:
        super().__init__(
            f"the JSON-LD context {excerpt(url)} is not known", hint="give it with --context URL=FILE"
        )
        self.url = url


class Lossy(Exception):
    """Why a JSON value and what RDF makes of it would not be the same; becomes a finding with this code."""

    def __init__(self, reason: str, code: str = LOST) -> None:
        super().__init__(reason)
        self.code = code


Where: TypeAlias = tuple[Any, str | int] | None
"""The path to a value: the path of what holds it, and its name or position there; None for the document."""
ROOT: Final[Where] = None

Statement: TypeAlias = tuple[str, str, str, str]
"""Subject, predicate, object and graph as N-Quads terms; the default graph is the empty string."""

_MAX_STATEMENTS: Final = 120_000
_MAX_SIZE: Final = 16_000_000
_MAX_FINDINGS: Final = 50
_BETWEEN: Final = 256
"""How often something is counted before the budget is asked again."""


class Enough(Exception):
    """There are more findings than anyone reads."""


class Statements:
    """Distinct statements in the order in which they were made, and findings."""

    def __init__(self, budget: Budget = UNBOUNDED) -> None:
        self._budget = budget
        self._counted = 0
        self.made: dict[Statement, None] = {}
        self.findings: list[Finding] = []
        self._blank_nodes = 0
        self._size = 0
        self._described: dict[tuple[str, str], Where] = {}
        self._referred: dict[tuple[str, str], Where] = {}

    def blank(self) -> str:
        """A new blank node."""
        self._blank_nodes += 1
        return f"_:b{self._blank_nodes - 1}"

    def add(self, subject: str, predicate: str, target: str, graph: str, where: Where) -> None:
        """State it. One that was made before is a finding: JSON has it twice, RDF once."""
        statement = (subject, predicate, target, graph)
        if statement in self.made:
            self.find(where, "says the same as another value, and RDF keeps one of them")
        self.made[statement] = None
        self.spend(len(subject) + len(predicate) + len(target))
        if len(self.made) > _MAX_STATEMENTS:
            raise TooMuchWork(f"the document makes more than {_MAX_STATEMENTS} statements")

    def spend(self, characters: int) -> None:
        """Count the characters that short names expand to. Raises TooMuchWork."""
        self._counted += 1
        if not self._counted % _BETWEEN:
            self._budget.check()
        self._size += characters
        if self._size > _MAX_SIZE:
            raise TooMuchWork(f"the document's RDF has more than {_MAX_SIZE} characters")

    def find(self, where: Where, reason: str | Lossy) -> None:
        """Note what is wrong at `where`. Raises Enough."""
        code = reason.code if isinstance(reason, Lossy) else LOST
        self.findings.append(Finding(pointer(where), str(reason), code))
        if len(self.findings) >= _MAX_FINDINGS:
            raise Enough

    def describe(self, node: str, graph: str, where: Where) -> None:
        """Note that an object with an id has its members at `where`; RDF would merge it with another."""
        key = (node, graph)
        if key in self._described:
            self.find(
                where, f"has members, and the same id has others at {pointer(self._described[key]) or '/'}"
            )
        self._described.setdefault(key, where)

    def refer(self, node: str, graph: str, where: Where) -> None:
        """Note that readers look for the members of a node at `where`, and that none are there."""
        self._referred.setdefault((node, graph), where)

    def close(self) -> None:
        """Find what can only be known at the end."""
        for key, where in self._referred.items():
            if key in self._described:
                there = pointer(self._described[key]) or "/"
                self.find(where, f"has only an id here, and its members are at {there}")
        if not self.made and not self.findings:
            self.find(ROOT, "says nothing that RDF keeps")


def pointer(where: Where) -> str:
    """The RFC 6901 JSON pointer of a path."""
    steps: list[str] = []
    while where is not None:
        where, step = where
        steps.append(str(step).replace("~", "~0").replace("/", "~1"))
    return "".join(f"/{step}" for step in reversed(steps)).encode("utf-8", "backslashreplace").decode()
