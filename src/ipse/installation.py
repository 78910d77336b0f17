"""How this ipse was installed, and the commands that add what is missing to it. Loaded where something is.

The name ipse on the package index is not this project's: whoever installed it by name would get a stranger's
program. So every command names the folder, file or repository that ipse came from, a lock in that folder, or
where nothing of it is known, the libraries that are missing.

Source: PEP 610 (direct_url.json), the core metadata specification (Requires-Dist, Provides-Extra).
"""

from __future__ import annotations

import json
import re
import shlex
import sys
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Final

__all__ = [
    "described",
    "how_to_add",
    "how_to_install",
    "how_to_make_anew",
    "how_to_repair",
    "missing",
    "origin",
]

_NAME: Final = "ipse"
_SOURCES: Final = Path(__file__).resolve().parents[2]
"""The checkout, where this module is run from one."""


@dataclass(frozen=True, slots=True)
class _Origin:
    """`requirement` is what pip takes for ipse with `{extra}` in it; empty where only an index is known.

    `folder` is set where it is one.
    """

    requirement: str = ""
    is_editable: bool = False
    folder: Path | None = None

    def command_for(self, extra: str) -> str:
        """What comes after `install` to add `extra`."""
        text = shlex.quote(self.requirement.replace("{extra}", extra))
        return f"--editable {text}" if self.is_editable else text


def how_to_add(extra: str) -> str:
    """The hint that adds an extra of ipse, from where ipse was installed, with what installed it."""
    found = _origin()
    if found.folder is not None and (lock := found.folder / f"requirements-{extra}.lock").is_file():
        return f"add it with `{_installer()} --require-hashes --requirement {shlex.quote(str(lock))}`"
    if not found.requirement:
        libraries = _libraries_of(extra)
        from_source = f"`{_installer()} 'FOLDER[{extra}]'` adds it, where FOLDER is a checkout of ipse"
        return how_to_install(*libraries) if libraries else from_source
    target = found.command_for(extra)
    if _is_made_by("pipx_metadata.json"):
        return f"add it with `pipx install --force {target}`"
    if _is_made_by("uv-receipt.toml"):
        return f"add it with `uv tool install --reinstall {target}`"
    return f"add it with `{_installer()} {target}`"


def how_to_install(*libraries: str, anew: bool = False) -> str:
    """The hint that installs libraries beside ipse, in the versions that ipse asks for.

    With `anew`, they are there and damaged, and come without what they depend on.
    """
    needed = {_project(line): line for line in _requirements()}
    lines = " ".join(shlex.quote(_version_of(needed.get(_project(name), name))) for name in libraries)
    installer = _installer()
    again = f"{'--reinstall' if installer.startswith('uv ') else '--force-reinstall'} --no-deps "
    return f"install it{' anew' if anew else ''} with `{installer} {again if anew else ''}{lines}`"


def how_to_repair(path: Path) -> str:
    """The hint that brings back the damaged file or folder `path` of ipse itself."""
    found = _origin()
    if not found.requirement:
        return "install ipse anew from where it came from"
    if found.folder is not None and path.is_relative_to(found.folder):  # it runs from the checkout
        command = f"git -C {shlex.quote(str(found.folder))} restore {shlex.quote(str(path))}"
        return f"bring it back with `{command}`"
    installer = _installer()
    again = "--reinstall" if installer.startswith("uv ") else "--force-reinstall"
    return f"install ipse anew with `{installer} {again} --no-deps {shlex.quote(origin())}`"


def described() -> str:
    """Say what version of ipse this is, what installed it, and from where."""
    installed, found = _distribution(), _origin()
    version = installed.version if installed else "without metadata"
    if _is_made_by("pipx_metadata.json"):
        tool = "installed by pipx"
    elif _is_made_by("uv-receipt.toml"):
        tool = "installed by uv tool"
    elif installed is None:
        tool = "run from its source"
    else:
        tool = "installed, editable," if found.is_editable else "installed"
    source = origin()
    return f"ipse {version}, {tool}{f' from {source}' if source else ''} in {sys.prefix}"


def missing() -> list[str]:
    """The libraries that ipse needs everywhere and that are not installed; empty where nothing says so."""
    gone = []
    for line in _requirements():
        if ";" not in line:
            try:
                distribution(_project(line))
            except PackageNotFoundError:
                gone.append(_project(line))
    return gone


def how_to_make_anew() -> str:
    """The hint that makes the environment of this ipse again, with another Python."""
    if _is_made_by("pipx_metadata.json"):
        return f"`pipx reinstall {shlex.quote(Path(sys.prefix).name)}` makes it again"
    if _is_made_by("uv-receipt.toml"):
        return f"`uv tool upgrade --reinstall {_NAME}` makes it again"
    return f"make the environment {sys.prefix} again, and install ipse into it"


def origin() -> str:
    """The requirement that names this very ipse, empty where it came from an index or is not known."""
    return _origin().requirement.replace("[{extra}]", "")


def _origin() -> _Origin:
    installed = _distribution()
    if installed is None:
        return _folder(_SOURCES)
    try:
        said = json.loads(installed.read_text("direct_url.json") or "{}")
    except ValueError:
        return _Origin()
    return _read(said) if isinstance(said, dict) else _Origin()


def _read(said: dict[str, Any]) -> _Origin:
    """The origin that a direct_url.json tells of; unknown where it is gone from the disk."""
    url, inside = said.get("url"), said.get("subdirectory")
    if not isinstance(url, str):
        return _Origin()
    place = f"#subdirectory={inside}" if isinstance(inside, str) else ""
    if isinstance(directory := said.get("dir_info"), dict):
        return _folder(_path(url), is_editable=directory.get("editable") is True)
    if isinstance(vcs := said.get("vcs_info"), dict):
        commit = vcs.get("commit_id")
        at = f"@{commit}" if isinstance(commit, str) else ""
        return _Origin(f"{_NAME}[{{extra}}] @ {vcs.get('vcs')}+{url}{at}{place}")
    if url.startswith("file:"):
        file = _path(url)
        return _Origin(f"{file}[{{extra}}]") if file.is_file() and not place else _Origin()
    return _Origin(f"{_NAME}[{{extra}}] @ {url}{place}")


def _folder(path: Path, *, is_editable: bool = False) -> _Origin:
    is_there = (path / "pyproject.toml").is_file()
    return _Origin(f"{path}[{{extra}}]", is_editable, path) if is_there else _Origin()


def _path(url: str) -> Path:
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    return Path(url2pathname(urlsplit(url).path))


def _distribution() -> Distribution | None:
    try:
        return distribution(_NAME)
    except PackageNotFoundError:
        return None


def _requirements() -> list[str]:
    installed = _distribution()
    return (installed.requires or []) if installed else []


def _libraries_of(extra: str) -> list[str]:
    """The libraries that the installed metadata lists for an extra, none where there is no metadata."""
    wanted = re.compile(rf"extra == ['\"]{re.escape(extra)}['\"]")
    return [_project(line) for line in _requirements() if wanted.search(line)]


def _project(requirement: str) -> str:
    """The normalised name in a requirement (PEP 503)."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    return re.sub(r"[-_.]+", "-", found.group()).lower() if found else requirement


def _version_of(requirement: str) -> str:
    """A requirement without its marker."""
    return requirement.partition(";")[0].strip()


def _is_made_by(mark: str) -> bool:
    """Whether the environment has the file by which a tool knows its own."""
    return Path(sys.prefix, mark).is_file()


def _installer() -> str:
    """The command that installs into this very environment."""
    from importlib.util import find_spec

    if _is_made_by("pipx_metadata.json"):
        return f"pipx runpip {shlex.quote(Path(sys.prefix).name)} install"
    python = shlex.quote(sys.executable)
    return f"{python} -m pip install" if find_spec("pip") else f"uv pip install --python {python}"
