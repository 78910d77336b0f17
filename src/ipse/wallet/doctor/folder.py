"""Findings about the wallet's folder: wallet.json, who may read and write, work that was left half done."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from ipse.encoding.timestamps import parse_timestamp
from ipse.errors import IpseError, NotFound, StorageError
from ipse.storage import files, manifest
from ipse.storage.places import Places, check_private
from ipse.wallet.doctor.finding import Finding, looked_at

__all__ = ["folder"]

_TEMPORARY: Final = re.compile(r"\.(?P<name>.+)\.[0-9a-f]{16}")
"""What a process that was killed leaves of a file it was writing."""
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def folder(places: Places, *, now: datetime, fix: bool) -> Iterator[Finding]:
    """Look at the wallet's folder; needs no passphrase.

    With `fix`, what others may read or write becomes the owner's alone, and left-over files are removed.
    """
    yield looked_at("permissions", lambda: _permissions(places, fix=fix))
    yield looked_at("wallet", lambda: _wallet(places, now))
    yield looked_at("half-done work", lambda: _half_done(places, fix=fix))


def _wallet(places: Places, now: datetime) -> Finding:
    try:
        held = manifest.read(places.manifest)
    except NotFound:
        return Finding.problem("wallet", f"there is no wallet in {places.data}", "`ipse init` makes one")
    for path in (places.vault, *((places.keystore,) if held.keystore == "file" else ())):
        if not path.is_file():
            return Finding.problem(
                "wallet", f"{path} is gone", "`ipse backup restore FILE` brings it back from a backup"
            )
    if parse_timestamp(held.created) > now:
        return Finding.problem(
            "wallet",
            f"the wallet was made at {held.created}, which is later than the clock of this machine",
            "set the clock",
        )
    dids = "1 DID" if len(held.dids) == 1 else f"{len(held.dids)} DIDs"
    return Finding.ok("wallet", f"{dids} in {places.data}")


def _permissions(places: Places, *, fix: bool) -> Finding:
    if os.name == "nt":
        return Finding.ok("permissions", "Windows keeps the folder of a user from others")
    changed = [path for path in _open_to_others(places) if fix and _closed(path)]
    check_private(places)
    readable = list(_open_to_others(places))
    if readable:
        return Finding.problem(
            "permissions",
            f"others may look into {', '.join(map(str, readable))}",
            f"`chmod go-rwx {' '.join(map(str, readable))}`, or `ipse doctor --fix`",
        )
    shown = f"only you may look into {places.data}"
    return Finding.ok("permissions", shown, fixed=bool(changed))


def _open_to_others(places: Places) -> Iterator[Path]:
    """What of the wallet's own lets others in."""
    for path in (places.data, places.manifest, places.vault, places.keystore, places.cache):
        with suppress(OSError):
            found = path.lstat()
            if not stat.S_ISLNK(found.st_mode) and found.st_mode & _OTHERS and found.st_uid == os.geteuid():
                yield path


def _closed(path: Path) -> bool:
    try:
        path.chmod(stat.S_IMODE(path.stat().st_mode) & ~_OTHERS)
    except OSError as error:
        raise StorageError(f"can't change the permissions of {path}: {error.strerror}") from error
    return True


def _half_done(places: Places, *, fix: bool) -> Finding:
    left = sorted(_left_over(places))
    names = {found["name"] for path in left if (found := _TEMPORARY.fullmatch(path.name))}
    if left and fix:
        for name in sorted(names):
            with files.exclusive(places.data / name):  # which removes them, once nobody writes
                pass
    gone = bool(left) and not any(_left_over(places))
    if left and not gone:
        return Finding.problem(
            "half-done work",
            f"a command that was ended left {', '.join(path.name for path in left)} in {places.data}",
            "the next command that writes removes it, or `ipse doctor --fix`",
        )
    with suppress(IpseError):
        moved = manifest.read(places.manifest).leftovers
        if moved:
            return Finding.problem(
                "half-done work",
                f"{len(moved)} items of the keystore are no longer used and still there",
                "any command that opens the keystore and writes removes them, or `ipse doctor --fix`",
            )
    return Finding.ok("half-done work", "nothing was left half done", fixed=gone)


def _left_over(places: Places) -> Iterator[Path]:
    with suppress(OSError):
        for path in places.data.iterdir():
            if _TEMPORARY.fullmatch(path.name):
                yield path
