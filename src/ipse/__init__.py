"""ipse: a self-sovereign AI identity wallet for the terminal.

The public names of the Python API, each loaded when it is first used:

    find_places, Places     where a wallet lies
    Wallet                  an existing wallet; Wallet.create makes one
    verify_credential       verify a credential; needs no wallet
    Policy, Report          what a verifier asks for, and what it gets
    IpseError               the base of all errors, see ipse.errors

What is done with a wallet is in the modules of `ipse.wallet`: identities, issuing, verifying, presenting,
shelf, status, profile and disclosure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ipse.credentials.policy import Policy
    from ipse.credentials.report import Report
    from ipse.errors import IpseError
    from ipse.storage.places import Places, find_places
    from ipse.wallet.verifier import Verifier
    from ipse.wallet.wallet import Wallet

__all__ = ["IpseError", "Places", "Policy", "Report", "Verifier", "Wallet", "find_places"]

__version__ = "0.1.0.dev0"

_HOMES = {
    "IpseError": ("ipse.errors", "IpseError"),
    "Places": ("ipse.storage.places", "Places"),
    "Policy": ("ipse.credentials.policy", "Policy"),
    "Report": ("ipse.credentials.report", "Report"),
    "Wallet": ("ipse.wallet.wallet", "Wallet"),
    "find_places": ("ipse.storage.places", "find_places"),
    "Verifier": ("ipse.wallet.verifier", "Verifier"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'ipse' has no attribute {name!r}")
    import importlib

    module, attribute = _HOMES[name]
    return getattr(importlib.import_module(module), attribute)
