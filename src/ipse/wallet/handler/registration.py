"""The links that ipse is registered for, what the desktop runs for one, and which desktop this is."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ipse.errors import MissingFeature, UsageError
from ipse.protocols.openid4vp.links import SCHEMES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

__all__ = [
    "SCHEMES",
    "Registered",
    "Registration",
    "check_link",
    "command",
    "install",
    "registered",
    "remove",
]

_MAX_LINK: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Registration:
    """What a desktop knows: `place` is the file, the bundle or the registry key that says so."""

    schemes: tuple[str, ...]
    place: str


@dataclass(frozen=True, slots=True)
class Registered:
    """What a desktop has of ipse now.

    `program` is what links start, empty where the desktop does not tell; `lost` are the schemes that open
    with another program all the same.
    """

    place: str
    program: str = ""
    lost: tuple[str, ...] = ()


def command(environment: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """The words that answer a link in a terminal; the link comes after them.

    It is this Python by its full path, which imports nothing from the folder that it is started in (-P),
    and this wallet's folder where IPSE_HOME names one.
    """
    home = (os.environ if environment is None else environment).get("IPSE_HOME", "")
    where = ("--home", str(Path(home).expanduser().absolute())) if home else ()
    return (sys.executable, "-P", "-m", "ipse", "handler", "open", *where, "--")


def check_link(link: str) -> None:
    """Raise UsageError for what is no link that ipse is registered for; a desktop may hand over anything."""
    scheme, colon, _ = link[:_MAX_LINK].partition(":")
    if not colon or scheme.lower() not in SCHEMES or len(link) > _MAX_LINK:
        raise UsageError(
            f"{link[:80]!r} is not a link that ipse is registered for",
            hint=f"it begins with {', '.join(f'{known}:' for known in SCHEMES)}; others: `ipse answer LINK`",
        )


def install() -> Registration:
    """Make the desktop open the links with ipse; once more changes nothing.

    Raises MissingFeature, StorageError, UsageError.
    """
    found: Registration = _desktop().install(command())
    return found


def registered() -> Registered | None:
    """What the desktop has of ipse, None where it has nothing. Raises MissingFeature, StorageError."""
    found: Registered | None = _desktop().registered()
    return found


def remove() -> bool:
    """Take the registration back, and return whether there was one. Raises MissingFeature, StorageError.

    A link opens with what it was opened with before; where another program took it over since, it stays so.
    """
    found: bool = _desktop().remove()
    return found


def _desktop() -> ModuleType:
    if sys.platform == "darwin":
        from ipse.wallet.handler import macos

        return macos
    if sys.platform == "win32":
        from ipse.wallet.handler import windows

        return windows
    if os.name == "posix":
        from ipse.wallet.handler import xdg

        return xdg
    raise MissingFeature(
        f"links can't be registered on {sys.platform}",
        hint="copy the link and run `ipse answer LINK`",
    )
