"""The child process in which didkit works: one job from standard input, its answer to standard output.

didkit overflows the stack on deep nesting, runs for ever on crafted graphs, panics on standard error, and
crashes the interpreter at exit after most calls; none of that reaches the process that holds the keys.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable, Iterator
from typing import Final, NoReturn, TypeAlias

from ipse.credentials.budget import CHILD_MEMORY, confine
from ipse.encoding.strict_json import Json, JsonObject
from ipse.encoding.timestamps import parse_timestamp
from ipse.errors import MalformedInput

__all__ = ["NO_CLOCK", "serve"]

_Call: TypeAlias = Callable[..., Awaitable[str]]

_SECONDS: Final = 30

NO_CLOCK: Final = "9999-12-31T23:59:59Z"
"""What didkit is told the time is: it compares a proof's date with it, and dates are not its business."""


def serve() -> NoReturn:
    """Do one job and leave by os._exit, since didkit's threads crash an interpreter that shuts down."""
    import asyncio
    import os

    confine(CHILD_MEMORY, _SECONDS)
    answer = asyncio.run(_work(json.load(sys.stdin)))
    sys.stdout.write("\n" + json.dumps(answer))
    sys.stdout.flush()
    os._exit(0)


async def _work(job: JsonObject) -> JsonObject:
    import didkit

    if "resolve" in job:
        text, errors = await _call(didkit.resolve_did, job["resolve"], "{}")
        found = {} if errors else json.loads(text)
        return {"document": found, "errors": errors}
    issue: _Call = didkit.issue_credential
    verify: _Call = didkit.verify_credential
    if job["kind"] == "presentation":
        issue, verify = didkit.issue_presentation, didkit.verify_presentation
    if "jwt" in job:
        return await _verdict(verify, job["jwt"], job["expected"])
    if job["key"]:
        arguments = json.dumps(job["document"]), json.dumps(job["options"]), job["key"]
        text, errors = await _call(issue, *arguments)
        if errors or job["options"].get("proofFormat") == "jwt":
            return {"jwt": text, "errors": errors}
        job["document"] = json.loads(text)
    return await _examine(verify, job["document"], job["expected"])


async def _examine(verify: _Call, document: JsonObject, expected: JsonObject) -> JsonObject:
    """`document`, the `errors` of its verification, and the paths of values that are `unsigned`."""

    async def errors_of(copy: JsonObject) -> list[str]:
        verdict = await _verdict(verify, json.dumps(copy), {**expected, "created": NO_CLOCK})
        errors: list[str] = verdict["errors"]
        return errors or ([] if verdict["checks"] == ["proof"] else ["no proof was checked"])

    errors = await errors_of(document)
    secured: JsonObject = {name: document[name] for name in ("@context", "proof") if name in document}
    copies = _variants({name: document[name] for name in document.keys() - secured.keys()})
    unsigned = [path for path, copy in copies if not errors and not await errors_of({**copy, **secured})]
    return {"document": document, "errors": errors, "unsigned": sorted(unsigned)}


async def _verdict(verify: _Call, secured: str, expected: JsonObject) -> JsonObject:
    """`checks` and `errors` of one verification."""
    text, errors = await _call(verify, secured, json.dumps(expected))
    verdict: JsonObject = {"checks": [], "errors": errors} if errors else json.loads(text)
    return verdict


async def _call(function: _Call, *arguments: str) -> tuple[str, list[str]]:
    """What didkit returns, and what it raises."""
    try:
        return await function(*arguments), []
    except BaseException as error:  # pyo3's PanicException is no Exception
        return "", [str(error) or type(error).__name__]


def _variants(value: Json, path: str = "") -> Iterator[tuple[str, Json]]:
    """Copies of `value`, each with one value in it changed or left out, and the path of that one.

    What a context says is signed as far as it means something, so contexts are left alone.
    """
    if isinstance(value, dict) and value:
        for name in value.keys() - {"@context"}:
            for where, other in _variants(value[name], f"{path}.{name}" if path else name):
                yield where, {n: v for n, v in {**value, name: other}.items() if v is not ...}
    elif isinstance(value, list) and value:
        for position, item in enumerate(value):
            for where, other in _variants(item, f"{path}[{position}]"):
                yield where, [v for v in (*value[:position], other, *value[position + 1 :]) if v is not ...]
    else:
        yield from ((path, other) for other in _others(value))


def _others(value: Json) -> tuple[Json, ...]:
    """What to put in the place of a value; `...` leaves it out, since JSON-LD drops what is empty."""
    match value:
        case bool():
            return (not value,)
        case int() | float():
            return (value + 1 if abs(value) < 2**50 else value / 2,)
        case str():
            try:
                parse_timestamp(value)
            except MalformedInput:
                return (value + "x",)
            return ("1970-01-01T00:00:00Z" if value[:4] != "1970" else NO_CLOCK,)
        case None:
            return (..., [])
    return (...,)
