r"""Windows: the registry under HKEY_CURRENT_USER\Software\Classes, one key for each scheme.

Windows puts the link into the command line before that is taken apart into words. A link with a quotation
mark therefore becomes several words; the command takes exactly one, behind `--`, and refuses the rest.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from ipse.errors import StorageError
from ipse.wallet.handler.registration import SCHEMES, Registered, Registration

__all__ = ["CLASSES", "command_line", "install", "registered", "remove"]

CLASSES: Final = r"Software\Classes"
_OURS: Final = "ipse handler"
"""A value of each scheme's key that we have set: "" or the command that was there before."""
_COMMAND: Final = r"shell\open\command"
_RUN: Final = "-m ipse handler open"


def command_line(command: Sequence[str]) -> str:
    """The command line for the registry, with the link as %1 in quotation marks."""
    return subprocess.list2cmdline([word.replace("%", "%%") for word in command]) + ' "%1"'


def install(command: Sequence[str]) -> Registration:
    """Write the keys. Raises StorageError."""
    registry = _registry()
    line = command_line(command)
    try:
        for scheme in SCHEMES:
            key = rf"{CLASSES}\{scheme}"
            before = _read(registry, key, _OURS)
            if before is None:
                before = _read(registry, rf"{key}\{_COMMAND}", "") or ""
            _set(registry, key, _OURS, before)
            _set(registry, key, "", f"URL:{scheme}")
            _set(registry, key, "URL Protocol", "")
            _set(registry, rf"{key}\{_COMMAND}", "", line)
    except OSError as error:
        raise StorageError(f"can't write the registry: {error.strerror or error}".lower()) from error
    return Registration(SCHEMES, rf"HKEY_CURRENT_USER\{CLASSES}")


def registered() -> Registered | None:
    """What the keys start, and which schemes another program took over. Raises StorageError."""
    registry = _registry()
    try:
        ours = [scheme for scheme in SCHEMES if _read(registry, rf"{CLASSES}\{scheme}", _OURS) is not None]
        lines = {scheme: _read(registry, rf"{CLASSES}\{scheme}\{_COMMAND}", "") or "" for scheme in ours}
    except OSError as error:
        raise StorageError(f"can't read the registry: {error.strerror or error}".lower()) from error
    if not ours:
        return None
    lost = tuple(scheme for scheme in SCHEMES if _RUN not in lines.get(scheme, ""))
    line = next((line for line in lines.values() if _RUN in line), "")
    program = line[1:].partition('"')[0] if line.startswith('"') else line.partition(" ")[0]
    return Registered(rf"HKEY_CURRENT_USER\{CLASSES}", program, lost)


def remove() -> bool:
    """Delete what was written, or put back the command that was there before. Raises StorageError."""
    registry = _registry()
    found = False
    try:
        for scheme in SCHEMES:
            key = rf"{CLASSES}\{scheme}"
            before = _read(registry, key, _OURS)
            if before is None:
                continue
            found = True
            if before:
                _set(registry, rf"{key}\{_COMMAND}", "", before)
                with registry.OpenKey(registry.HKEY_CURRENT_USER, key, 0, registry.KEY_SET_VALUE) as opened:
                    registry.DeleteValue(opened, _OURS)
            else:
                for path in (_COMMAND, r"shell\open", "shell", ""):
                    registry.DeleteKey(registry.HKEY_CURRENT_USER, rf"{key}\{path}".rstrip("\\"))
    except OSError as error:
        raise StorageError(f"can't write the registry: {error.strerror or error}".lower()) from error
    return found


def _registry() -> Any:
    """The module winreg, which only Windows has."""
    if "winreg" not in sys.modules:
        import winreg  # noqa: F401
    return sys.modules["winreg"]


def _read(registry: Any, key: str, name: str) -> str | None:
    with (
        suppress(FileNotFoundError),
        registry.OpenKey(registry.HKEY_CURRENT_USER, key, 0, registry.KEY_READ) as opened,
    ):
        return str(registry.QueryValueEx(opened, name)[0])
    return None


def _set(registry: Any, key: str, name: str, value: str) -> None:
    with registry.CreateKeyEx(registry.HKEY_CURRENT_USER, key, 0, registry.KEY_SET_VALUE) as opened:
        registry.SetValueEx(opened, name, 0, registry.REG_SZ, value)
