"""DIDs that didkit can read offline and ipse itself does not: did:pkh of chains other than Ethereum's.

didkit also answers for did:ethr, without the registry that may have changed its keys, and goes to the
network for others; neither is asked for.
"""

from __future__ import annotations

import re
from typing import Final

from ipse.credentials.budget import UNBOUNDED, Budget
from ipse.credentials.formats.vcdm11 import didkit_process
from ipse.dids import document_shape
from ipse.encoding.strict_json import JsonObject
from ipse.errors import Undetermined

__all__ = ["reads", "resolve"]

_PKH: Final = re.compile(r"did:pkh:(?:solana|bip122|tezos):[A-Za-z0-9]{1,64}:[A-Za-z0-9]{1,128}")


def reads(did: str) -> bool:
    """Whether didkit is the one to ask, and is here."""
    return _PKH.fullmatch(did) is not None and didkit_process.available()


def resolve(did: str, *, budget: Budget = UNBOUNDED) -> JsonObject:
    """The DID document of a DID that `reads` says yes to. Raises Undetermined, TooMuchWork."""
    answer = didkit_process.run({"resolve": did}, budget=budget)
    if answer["errors"]:
        raise Undetermined(f"didkit does not resolve {did[:100]}: {str(answer['errors'][0])[:100]}")
    return document_shape.checked(answer["document"], did)
