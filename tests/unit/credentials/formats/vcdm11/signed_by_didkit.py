"""What didkit signs by itself, for the tests alone: ipse gives it no key."""

from __future__ import annotations

import json
import subprocess
import sys

from ipse.encoding.strict_json import JsonObject
from ipse.keys import key_types
from ipse.keys.key_types import PrivateKey
from tests.waiting import PATIENCE

__all__ = ["signed_by_didkit"]

_PROGRAM = """
import asyncio, json, os, sys
import didkit
kind, *arguments = json.load(sys.stdin)
issue = didkit.issue_credential if kind == "credential" else didkit.issue_presentation
async def main():
    return await issue(*arguments)
print(asyncio.run(main()), flush=True)
os._exit(0)
"""


def signed_by_didkit(document: JsonObject, options: JsonObject, key: PrivateKey) -> str:
    """The JSON, or with the option `proofFormat` the JWT, of a credential or presentation."""
    kind = "presentation" if options["proofPurpose"] == "authentication" else "credential"
    arguments = json.dumps(document), json.dumps(options), json.dumps(key_types.private_to_jwk(key))
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        input=json.dumps([kind, *arguments]),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    return done.stdout.strip()
