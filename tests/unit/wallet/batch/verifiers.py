"""Verifiers and lookups for batches that do what a bug, a kill or an outage would do.

They are pickled and sent to the workers, so they stand in a module of their own.
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from typing import Final

from ipse.credentials.policy import Policy
from ipse.dids import resolver
from ipse.encoding.strict_json import JsonObject
from ipse.errors import Undetermined
from ipse.storage.vault import Vault
from ipse.wallet.verifier import Lookup, Research, Verifier

__all__ = ["BUG", "KILL", "DeadlyLookup", "UnreachableLookup", "accepting"]

BUG: Final = "did:example:bug"
KILL: Final = "did:example:kill"


def _resolve(did: str) -> JsonObject:
    """Do what the DID says."""
    if did == BUG:
        raise ZeroDivisionError
    if did == KILL:
        print("noise on stdout", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    print("noise on stdout")
    return resolver.resolve(did)


class _Deadly(Research):
    def resolve(self, did: str) -> JsonObject:
        return _resolve(did)


@dataclass(frozen=True, slots=True)
class DeadlyLookup(Lookup):
    """Has a bug that one DID shows, and is killed by another."""

    def research(self, vault: Vault | None = None) -> Research:
        return _Deadly(self, vault)


@dataclass(frozen=True, slots=True)
class UnreachableLookup(Lookup):
    """Can't be prepared."""

    def research(self, vault: Vault | None = None) -> Research:  # noqa: ARG002 - as Lookup has it
        raise Undetermined("the trust list is out of reach", hint="try later")


def accepting(*issuers: str, lookup: Lookup | None = None) -> Verifier:
    """A verifier that accepts credentials of these issuers, of any without one."""
    return Verifier(Policy(issuers=frozenset(issuers), any_issuer=not issuers), lookup or Lookup())
