"""macOS: an application under ~/Applications that opens a link in Terminal.

macOS hands a link to a program as an Apple Event, which a script as the bundle's program would never see. So
the bundle is an AppleScript applet, made by the system's own osacompile; its Info.plist then gets the schemes
(CFBundleURLTypes), and it is signed anew on this machine.
"""

from __future__ import annotations

import plistlib
import shlex
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ipse.errors import StorageError
from ipse.wallet.handler import programs
from ipse.wallet.handler.registration import SCHEMES, Registered, Registration

__all__ = ["IDENTIFIER", "application", "install", "remove", "script"]

IDENTIFIER: Final = "ipse.handler"
_REGISTER: Final = (
    "/System/Library/Frameworks/CoreServices.framework/Frameworks/LaunchServices.framework/Support/lsregister"
)


def application() -> Path:
    """The bundle."""
    return Path.home() / "Applications" / "ipse handler.app"


def script(command: Sequence[str]) -> str:
    """The AppleScript that runs `command` and the link in a new window of Terminal.

    Terminal types the line into a shell. So the link is one quoted word of it, and a link with anything but
    visible ASCII characters is left alone: a control character would reach the shell as a key.
    """
    line = "exec " + shlex.join(command) + " "
    quoted = line.replace("\\", "\\\\").replace('"', '\\"')
    return (
        "on open location theLink\n"
        "  repeat with theNumber in (id of theLink as list)\n"
        "    if theNumber < 33 or theNumber > 126 then return\n"
        "  end repeat\n"
        '  tell application "Terminal"\n'
        "    activate\n"
        f'    do script "{quoted}" & quoted form of theLink\n'
        "  end tell\n"
        "end open location\n"
    )


def install(command: Sequence[str]) -> Registration:
    """Make the bundle, anew if it is there, and register it. Raises StorageError."""
    target = application()
    try:
        target.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".ipse-") as folder:
            made = Path(folder) / target.name
            programs.run("osacompile", "-o", str(made), "-e", script(command))
            _declare(made / "Contents" / "Info.plist")
            programs.run("codesign", "-f", "--sign", "-", str(made))
            if target.exists():
                shutil.rmtree(target)
            made.rename(target)
    except OSError as error:
        raise StorageError(f"can't write {target}: {error.strerror or error}".lower()) from error
    programs.run(_REGISTER, "-f", str(target))
    return Registration(SCHEMES, str(target))


def registered() -> Registered | None:
    """The bundle, where it is; what is compiled into it can't be read."""
    target = application()
    return Registered(str(target)) if target.exists() else None


def remove() -> bool:
    """Unregister and delete the bundle. Raises StorageError.

    macOS keeps no default that was taken from another program: links open with what else is registered.
    """
    target = application()
    if not target.exists():
        return False
    programs.run(_REGISTER, "-u", str(target))
    try:
        shutil.rmtree(target)
    except OSError as error:
        raise StorageError(f"can't delete {target}: {error.strerror or error}".lower()) from error
    return True


def _declare(path: Path) -> None:
    """Put the schemes into the Info.plist that osacompile has written."""
    described = plistlib.loads(path.read_bytes())
    described |= {
        "CFBundleIdentifier": IDENTIFIER,
        "CFBundleName": "ipse",
        "CFBundleURLTypes": [
            {"CFBundleURLName": IDENTIFIER, "CFBundleTypeRole": "Viewer", "CFBundleURLSchemes": [*SCHEMES]}
        ],
        "LSUIElement": True,  # no icon in the Dock
        "NSAppleEventsUsageDescription": "ipse opens a Terminal window to answer a link.",
    }
    path.write_bytes(plistlib.dumps(described))
