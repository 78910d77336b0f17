"""Findings about the machine: Python, how ipse was installed, the model, the clock, the disk, the links."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ipse import installation
from ipse.encoding.timestamps import format_timestamp
from ipse.errors import MissingFeature, StorageError
from ipse.storage.places import Places
from ipse.wallet.doctor.finding import Finding, looked_at

__all__ = ["system"]

_ROOM: Final = 100 * 1024 * 1024
"""Bytes that a vault with room to grow, and a model that is compiled, may need."""
_MEBIBYTE: Final = 1024 * 1024
_OLDEST: Final = (3, 11)
_MADE: Final = datetime(2025, 1, 1, tzinfo=UTC)
"""No clock that is right shows a time before this program was written."""


def system(places: Places, *, now: datetime, fix: bool) -> Iterator[Finding]:
    """Look at the machine; needs neither a wallet nor a passphrase. With `fix`, links are registered anew."""
    yield _python()
    yield _installed()
    yield looked_at("model", _model)
    yield _clock(now)
    yield looked_at("disk", lambda: _disk(places))
    yield looked_at("links", lambda: _links(fix=fix))


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < _OLDEST:
        return Finding.problem("python", f"Python {version} is too old", "install ipse with Python 3.11")
    home = _home_of_environment()
    if home is not None and not home.is_dir():
        return Finding.problem(
            "python",
            f"the Python that this environment was made from is gone: {home}",
            installation.how_to_make_anew(),
        )
    return Finding.ok("python", f"Python {version}, {sys.executable}")


def _home_of_environment() -> Path | None:
    """The folder of the Python behind a virtual environment, None outside of one."""
    try:
        lines = Path(sys.prefix, "pyvenv.cfg").read_text("utf-8", "replace").splitlines()
    except OSError:
        return None
    values = {name.strip(): value.strip() for name, _, value in (line.partition("=") for line in lines)}
    return Path(values["home"]) if "home" in values else None


def _installed() -> Finding:
    missing = installation.missing()
    if missing:
        return Finding.problem(
            "installation",
            f"libraries that ipse needs are missing: {', '.join(missing)}",
            installation.how_to_install(*missing),
        )
    return Finding.ok("installation", installation.described())


def _model() -> Finding:
    from ipse.preferences.embedding import shipped_model

    size = shipped_model.check_whole()
    try:
        shipped_model.check_extra()
    except MissingFeature as error:
        return Finding.ok("model", f"the default model is whole; {error.message}: {error.hint}")
    return Finding.ok("model", f"the default model is whole ({size / _MEBIBYTE:.0f} MiB)")


def _clock(now: datetime) -> Finding:
    if now < _MADE:
        return Finding.problem(
            "clock",
            f"it can't be {format_timestamp(now)}, as the clock says",
            "set the clock of this machine",
        )
    return Finding.ok("clock", f"it is {format_timestamp(now)}")


def _disk(places: Places) -> Finding:
    found = places.data
    while not found.exists() and found != found.parent:
        found = found.parent
    try:
        free = shutil.disk_usage(found).free
    except OSError as error:
        raise StorageError(f"can't look at the disk of {found}: {os.strerror(error.errno or 0)}") from error
    if free < _ROOM:
        return Finding.problem(
            "disk",
            f"only {free // _MEBIBYTE} MiB are free in {found}",
            f"free at least {_ROOM // _MEBIBYTE} MiB, so that the vault can be written",
        )
    return Finding.ok("disk", f"{free // _MEBIBYTE} MiB are free in {found}")


def _links(*, fix: bool) -> Finding:
    from ipse.wallet.handler import registration

    try:
        found = registration.registered()
    except MissingFeature as error:
        return Finding.ok("links", error.message)
    if found is None:
        return Finding.ok("links", "links don't open with ipse; `ipse handler install` lets them")
    if not found.lost and (not found.program or shutil.which(found.program)):
        return Finding.ok("links", f"links in the browser open with ipse: {found.place}")
    if fix:
        return Finding.ok("links", f"links open with ipse again: {registration.install().place}", fixed=True)
    if found.lost:
        lost = ", ".join(f"{scheme}:" for scheme in found.lost)
        return Finding.problem("links", f"{lost} links open with another program", "`ipse handler install`")
    return Finding.problem("links", f"links start {found.program}, which is gone", "`ipse handler install`")
