"""The child process in which didkit works: one job from standard input, its answer to standard output.

didkit overflows the stack on deep nesting, runs for ever on crafted graphs, panics on standard error, and
crashes the interpreter at exit after most calls; none of that reaches the process that holds the keys.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable, Iterator
from typing import Final, NoReturn

from ipse.credentials.timestamps import parse_timestamp
from ipse.encoding.strict_json import Json, JsonObject
from ipse.errors import MalformedInput

__all__ = ["NO_CLOCK", "serve"]

NO_CLOCK: Final = "9999-12-31T23:59:59Z"
"""What didkit is told the time is: it compares a proof's date with it, and dates are not its business."""


def serve() -> NoReturn:
    """Do one job and leave by os._exit, since didkit's threads crash an interpreter that shuts down."""
    import asyncio
    import os

    answer = asyncio.run(_work(json.load(sys.stdin)))
    sys.stdout.write("\n" + json.dumps(answer))
    sys.stdout.flush()
    os._exit(0)


async def _work(job: JsonObject) -> JsonObject:
    import didkit

    async def call(function: Callable[..., Awaitable[str]], *arguments: str) -> JsonObject:
        try:
            result: JsonObject = json.loads(await function(*arguments))
        except BaseException as error:  # pyo3's PanicException is no Exception
            return {"errors": [str(error) or type(error).__name__]}
        return result

    async def errors_of(copy: JsonObject) -> list[str]:
        options = json.dumps({"proofPurpose": job["purpose"], "created": NO_CLOCK})
        verdict = await call(didkit.verify_credential, json.dumps(copy), options)
        errors: list[str] = verdict["errors"]
        return errors or ([] if verdict["checks"] == ["proof"] else ["no proof was checked"])

    if "resolve" in job:
        found = await call(didkit.resolve_did, job["resolve"], "{}")
        return found if "errors" in found else {"document": found, "errors": []}
    document: JsonObject = job["credential"]
    if job["key"]:
        arguments = json.dumps(document), json.dumps(job["options"]), job["key"]
        document = await call(didkit.issue_credential, *arguments)
        if "proof" not in document:
            return document
    errors = await errors_of(document)
    secured = {name: document[name] for name in ("@context", "proof")}
    copies = _variants({name: document[name] for name in document.keys() - secured.keys()})
    unsigned = [path for path, copy in copies if not errors and not await errors_of({**copy, **secured})]
    return {"document": document, "errors": errors, "unsigned": sorted(unsigned)}


def _variants(value: Json, path: str = "") -> Iterator[tuple[str, Json]]:
    """Copies of `value`, each with one value in it changed or left out, and the path of that one."""
    if isinstance(value, dict) and value:
        for name, item in value.items():
            for where, other in _variants(item, f"{path}.{name}" if path else name):
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
