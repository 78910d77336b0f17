"""The child process in which didkit works: one job from standard input, its answer to standard output.

didkit overflows the stack on deep nesting, runs for ever on crafted graphs, panics on standard error, and
crashes the interpreter at exit after most calls; none of that reaches the process that holds the keys. It
brings half a hundred libraries of its own, so the child is given nothing worth taking: no private key is in a
job, there is no environment, and before the job is read it gives up opening files, sockets and processes.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from typing import Final, NoReturn, TypeAlias

from ipse.credentials.budget import CHILD_MEMORY, confine
from ipse.encoding.strict_json import Json, JsonObject
from ipse.encoding.timestamps import parse_timestamp
from ipse.errors import MalformedInput
from ipse.hardening import harden_process

__all__ = ["NO_CLOCK", "serve"]

_Call: TypeAlias = Callable[..., Awaitable[str]]

NO_CLOCK: Final = "9999-12-31T23:59:59Z"
"""What didkit is told the time is: it compares a proof's date with it, and dates are not its business."""

_SECONDS: Final = 30
"""Of processor time; the parent waits for less, unless it died."""


def serve() -> NoReturn:
    """Do one job and leave by os._exit, since didkit's threads crash an interpreter that shuts down."""
    import asyncio

    harden_process()
    confine(CHILD_MEMORY, _SECONDS)
    _limit(RLIMIT_FSIZE=0)
    answer = asyncio.run(_serve())
    sys.stdout.write("\n" + json.dumps(answer))
    sys.stdout.flush()
    os._exit(0)


def _limit(**limits: int) -> None:
    """Lower limits of this process for good; a system without one goes without (Windows has none)."""
    with contextlib.suppress(ImportError):
        import resource

        for name, value in limits.items():
            with contextlib.suppress(AttributeError, ValueError, OSError):
                resource.setrlimit(getattr(resource, name), (value, value))


async def _serve() -> JsonObject:
    import didkit

    await _call(didkit.verify_credential, "{}", "{}")  # starts didkit's threads, which need descriptors
    _limit(RLIMIT_NOFILE=0, RLIMIT_NPROC=0)  # what is open stays open: two pipes
    return await _work(json.load(sys.stdin))


async def _work(job: JsonObject) -> JsonObject:
    import didkit

    if "resolve" in job:
        text, errors = await _call(didkit.resolve_did, job["resolve"], "{}")
        found = {} if errors else json.loads(text)
        return {"document": found, "errors": errors}
    verify: _Call = didkit.verify_credential
    if job["kind"] == "presentation":
        verify = didkit.verify_presentation
    if "jwt" in job:
        return await _verdict(verify, job["jwt"], job["expected"])
    return await _examine(verify, job["document"], job["expected"])


async def _examine(verify: _Call, document: JsonObject, expected: JsonObject) -> JsonObject:
    """The `errors` of the verification of `document`, and the paths of values that are `unsigned`."""

    async def errors_of(copy: JsonObject) -> list[str]:
        verdict = await _verdict(verify, json.dumps(copy), {**expected, "created": NO_CLOCK})
        errors: list[str] = verdict["errors"]
        return errors or ([] if verdict["checks"] == ["proof"] else ["no proof was checked"])

    errors = await errors_of(document)
    secured: JsonObject = {name: document[name] for name in ("@context", "proof") if name in document}
    copies = _variants({name: document[name] for name in document.keys() - secured.keys()})
    unsigned = [path for path, copy in copies if not errors and not await errors_of({**copy, **secured})]
    return {"errors": errors, "unsigned": sorted(unsigned)}


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
