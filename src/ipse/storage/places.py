"""Where a wallet lies on disk, and whether anybody else can change it there.

On POSIX systems who may write in a folder can replace what lies in it, whatever the modes of that are. So
each folder on the way to the wallet, each symbolic link on it, the folder itself and the files in it must
be changeable by the owner and the administrator alone.

- A folder above that is sticky, like /tmp, is fine: what lies in it can be replaced by its own owner only.
- A group may write that is the owner's own: it has the name of the owner and no other members. Systems that
  give every person such a group let it write by default. An access list (Linux) that lets others write is
  none of the group's: there the bits of the group are the mask of the list.
"""

from __future__ import annotations

import os
import stat
import struct
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from ipse.errors import StorageError

__all__ = ["Places", "check_private", "find_places"]

_CODE: Final = "writable-by-others"
_ACCESS_LIST: Final = "system.posix_acl_access"
"""The attribute that holds a POSIX access list: a version (4 bytes), then tag, permissions and id of each
entry (2, 2 and 4 bytes), little-endian (linux/posix_acl_xattr.h)."""
_ACL_USER, _ACL_GROUP, _ACL_MASK, _ACL_WRITE = 0x02, 0x08, 0x10, 0x02
_MAX_LINKS: Final = 40
"""Symbolic links that are followed, as many as Linux follows."""


@dataclass(frozen=True, slots=True)
class Places:
    """The two folders of a wallet: `data` is precious, `cache` can be rebuilt."""

    data: Path
    cache: Path

    @classmethod
    def under(cls, folder: Path | str) -> Places:
        """A wallet that lies in one folder."""
        data = Path(folder).expanduser().absolute()
        return cls(data=data, cache=data / "cache")

    @property
    def manifest(self) -> Path:
        """The clear record of which keystore and which DIDs there are."""
        return self.data / "wallet.json"

    @property
    def vault(self) -> Path:
        """The encrypted database."""
        return self.data / "vault.db"

    @property
    def keystore(self) -> Path:
        """The encrypted keystore file, where the wallet uses one."""
        return self.data / "keystore.json"

    @property
    def models(self) -> Path:
        """Compiled embedding models."""
        return self.cache / "models"


def find_places() -> Places:
    """All of it under `IPSE_HOME` if that is set, else where the system keeps a person's data."""
    home = os.environ.get("IPSE_HOME")
    if home:
        return Places.under(home)
    import platformdirs

    return Places(
        data=platformdirs.user_data_path("ipse", appauthor=False),
        cache=platformdirs.user_cache_path("ipse", appauthor=False),
    )


def check_private(places: Places) -> None:
    """Raise StorageError, code `writable-by-others`, where somebody else can change the wallet in `places`.

    What is not there yet is not looked at.
    """
    if os.name == "nt":
        return
    for folder in (places.data, places.cache):
        _check_way(folder)
    journal = places.vault.with_name(f"{places.vault.name}-journal")
    for file in (places.manifest, places.vault, journal, places.keystore):
        found = _status(file)
        if found is not None and stat.S_ISLNK(found.st_mode):
            _check_way(file)
        elif found is not None:
            _check(file, found, sticky_is_fine=False)


def _check_way(path: Path) -> None:
    """Check `path` and every folder above it, along every symbolic link on the way."""
    here, *parts = Path(path.absolute().anchor), *path.absolute().parts[1:]
    _check(here, here.stat(), sticky_is_fine=True)
    left, links = parts[::-1], 0
    while left:
        name = left.pop()
        if name == "..":
            here = here.parent
            continue
        found = _status(here / name)
        if found is None:
            return
        if not stat.S_ISLNK(found.st_mode):
            here /= name
            _check(here, found, sticky_is_fine=bool(left))
            continue
        links += 1
        if links > _MAX_LINKS:
            raise StorageError(f"{path} leads through more than {_MAX_LINKS} symbolic links")
        _check_owner(here / name, found)
        target = (here / name).readlink()
        if target.is_absolute():
            here, target = Path(target.anchor), target.relative_to(target.anchor)
        left.extend(target.parts[::-1])


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise StorageError(f"can't look at {path}: {(error.strerror or str(error)).lower()}") from error


def _check(path: Path, found: os.stat_result, *, sticky_is_fine: bool) -> None:
    _check_owner(path, found)
    writers = [who for who, bit in (("g", stat.S_IWGRP), ("o", stat.S_IWOTH)) if found.st_mode & bit]
    if writers == ["g"] and _is_own_group(found.st_gid) and not _lists_writers(path):
        return
    if not writers or (sticky_is_fine and found.st_mode & stat.S_ISVTX):
        return
    raise StorageError(
        f"others can write to {path}: they could replace what the wallet holds",
        hint=f"look at what is in it, then `chmod {''.join(writers)}-w {path}`",
        code=_CODE,
    )


def _lists_writers(path: Path) -> bool:
    """Whether an access list lets a user or a group of its own write. What it owns, its owner may."""
    try:
        content = os.getxattr(path, _ACCESS_LIST)
    except (OSError, AttributeError):  # none, or a system without
        return False
    entries = list(struct.iter_unpack("<HHI", content[4 : len(content) // 8 * 8 + 4]))
    if any(tag == _ACL_MASK and not permissions & _ACL_WRITE for tag, permissions, _ in entries):
        return False
    return any(
        permissions & _ACL_WRITE
        and (
            (tag == _ACL_USER and who not in (0, os.geteuid()))
            or (tag == _ACL_GROUP and not _is_own_group(who))
        )
        for tag, permissions, who in entries
    )


def _check_owner(path: Path, found: os.stat_result) -> None:
    if found.st_uid not in (0, os.geteuid()):
        raise StorageError(
            f"{path} belongs to another user, who could replace what the wallet holds",
            hint="set IPSE_HOME to a folder that is yours, in folders of yours or the system's",
            code=_CODE,
        )


@cache
def _is_own_group(group: int) -> bool:
    """Whether a group is the user's first one, has the user's name and no other members."""
    import grp
    import pwd

    try:
        user, entry = pwd.getpwuid(os.geteuid()), grp.getgrgid(group)
    except KeyError:
        return False
    return user.pw_gid == group and entry.gr_name == user.pw_name and set(entry.gr_mem) <= {user.pw_name}
