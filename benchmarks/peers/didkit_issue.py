"""didkit in this process: Ed25519Signature2018 credentials issued per second, as JSON on stdout.

Usage: didkit_issue.py SECONDS < credential.json
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import didkit


async def _rate(seconds: float, credential: dict[str, Any]) -> float:
    key = didkit.generate_ed25519_key()
    credential["issuer"] = didkit.key_to_did("key", key)
    method = await didkit.key_to_verification_method("key", key)
    options = {
        "type": "Ed25519Signature2018",
        "verificationMethod": method,
        "proofPurpose": "assertionMethod",
    }
    done, start = 0, time.perf_counter()
    while (spent := time.perf_counter() - start) < seconds:
        await didkit.issue_credential(json.dumps(credential), json.dumps(options), key)
        done += 1
    return done / spent


def main() -> None:
    """Warm up for a fifth of the time, then measure."""
    seconds, credential = float(sys.argv[1]), json.load(sys.stdin)
    asyncio.run(_rate(seconds / 5, credential))
    print(json.dumps({"issue": asyncio.run(_rate(seconds, credential))}), flush=True)


if __name__ == "__main__":
    main()
