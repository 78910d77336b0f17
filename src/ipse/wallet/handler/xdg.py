"""Linux and BSD desktops: a desktop entry and its place in mimeapps.list.

Sources: the Desktop Entry Specification 1.5, and the Association between MIME types and applications 1.0.1.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ipse.errors import MissingFeature, StorageError, UsageError
from ipse.storage import files
from ipse.wallet.handler import programs
from ipse.wallet.handler.registration import SCHEMES, Registered, Registration

__all__ = ["NAME", "Folders", "exec_line", "install", "registered", "remove"]

NAME: Final = "ipse-handler.desktop"
_DEFAULTS: Final = "[Default Applications]"
_BEFORE: Final = "X-Ipse-Before-"
"""Keys of our desktop entry: what mimeapps.list said of each scheme before."""
_TYPES: Final = {scheme: f"x-scheme-handler/{scheme}" for scheme in SCHEMES}
_SAFE: Final = re.compile(r"[A-Za-z0-9@_+:,./-]+")


@dataclass(frozen=True, slots=True)
class Folders:
    """Where the desktop looks for a person's own files (XDG Base Directory Specification)."""

    applications: Path
    defaults: Path

    @classmethod
    def of_user(cls) -> Folders:
        """The folders of the user, as the environment and the specification say."""
        return cls(
            _base("XDG_DATA_HOME", ".local/share") / "applications",
            _base("XDG_CONFIG_HOME", ".config") / "mimeapps.list",
        )

    @property
    def entry(self) -> Path:
        """Our desktop entry."""
        return self.applications / NAME


def _base(variable: str, usual: str) -> Path:
    given = Path(os.environ.get(variable, ""))
    return given if given.is_absolute() else Path.home() / usual


def exec_line(command: Sequence[str]) -> str:
    """The value of Exec that runs `command` with the link as its last word.

    A word is quoted only where it has to be, since xdg-open knows no quotes. The link itself is the field
    code %u alone: desktops put it in as one word, whatever is in it. Raises UsageError for a path that no
    desktop entry can hold.
    """
    program, *rest = command
    if any(character in "=%" for character in program) or any(
        character < " " for word in command for character in word
    ):
        raise UsageError(
            f"{program!r} can't be started from a desktop entry",
            hint="install ipse in a folder whose path has no '=', no '%' and no control character",
        )
    return " ".join([*map(_word, [program, *rest]), "%u"])


def _word(word: str) -> str:
    if _SAFE.fullmatch(word):
        return word
    quoted = re.sub(r'(["`$\\])', r"\\\1", word).replace("%", "%%")
    return f'"{quoted}"'.replace("\\", "\\\\")  # once more, as in every string of a desktop entry


def install(command: Sequence[str]) -> Registration:
    """Write the desktop entry and make it the default. Raises MissingFeature, StorageError, UsageError."""
    folders = Folders.of_user()
    program = shutil.which("xdg-mime")
    if program is None:
        raise MissingFeature(
            "links can't be registered: there is no xdg-mime",
            hint="install xdg-utils, or copy the link and run `ipse answer LINK`",
        )
    before = _remembered(folders.entry)
    if before is None:
        before = {scheme: value for scheme, value in _stated(folders.defaults) if value != NAME}
    entry = _entry(exec_line(command), before)
    if not folders.entry.is_file() or folders.entry.read_text("utf-8") != entry:
        _write(folders.entry, entry)
    programs.run(program, "default", NAME, *_TYPES.values())
    _update(folders)
    for scheme, kind in _TYPES.items():
        found = programs.run(program, "query", "default", kind).strip()
        if found != NAME:
            raise StorageError(
                f"{scheme}: links still open with {found or 'nothing'}, though {folders.entry} is there",
                hint="choose ipse for these links in the settings of your desktop",
            )
    return Registration(SCHEMES, str(folders.entry))


def registered() -> Registered | None:
    """What our desktop entry starts, and which schemes mimeapps.list gives to others. Raises StorageError."""
    folders = Folders.of_user()
    try:
        lines = folders.entry.read_text("utf-8").splitlines()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeError) as error:
        raise _failed(folders.entry, error) from error
    line = next((line.removeprefix("Exec=") for line in lines if line.startswith("Exec=")), "")
    stated = dict(_stated(folders.defaults))
    lost = tuple(scheme for scheme in SCHEMES if NAME not in stated.get(scheme, "").split(";"))
    return Registered(str(folders.entry), _program(line), lost)


def _program(line: str) -> str:
    """The first word of a line that `exec_line` wrote."""
    line = line.replace("\\\\", "\\")  # every string of a desktop entry is escaped once more
    if not line.startswith('"'):
        return line.partition(" ")[0]
    found = re.match(r'"((?:[^"\\]|\\.)*)"', line)
    return re.sub(r"\\(.)", r"\1", found[1]) if found else ""


def remove() -> bool:
    """Delete the desktop entry and put back what was the default. Raises StorageError."""
    folders = Folders.of_user()
    before = _remembered(folders.entry)
    changed = _restore(folders.defaults, before or {})
    if before is None:
        return changed
    try:
        folders.entry.unlink()
    except OSError as error:
        raise _failed(folders.entry, error) from error
    _update(folders)
    return True


def _entry(line: str, before: dict[str, str]) -> str:
    kept = "".join(f"{_BEFORE}{scheme}={value}\n" for scheme, value in before.items())
    return (
        "[Desktop Entry]\n"
        "Type=Application\n"
        "Name=ipse\n"
        "Comment=Answers who asks for your credentials or preferences\n"
        f"Exec={line}\n"
        "Terminal=true\n"
        "NoDisplay=true\n"
        f"MimeType={''.join(f'{kind};' for kind in _TYPES.values())}\n"
        f"{kept}"
    )


def _remembered(entry: Path) -> dict[str, str] | None:
    """What our desktop entry says was the default before; None if there is no entry."""
    try:
        lines = entry.read_text("utf-8").splitlines()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeError) as error:
        raise _failed(entry, error) from error
    pairs = (line.removeprefix(_BEFORE).partition("=") for line in lines if line.startswith(_BEFORE))
    return {scheme: value for scheme, _, value in pairs if scheme in SCHEMES}


def _stated(path: Path) -> Iterator[tuple[str, str]]:
    """Each of our schemes that mimeapps.list has a default for, with its value."""
    for line, scheme in _lines(path):
        if scheme:
            yield scheme, line.partition("=")[2].strip()


def _restore(path: Path, before: dict[str, str]) -> bool:
    """Take our entry out of mimeapps.list, and put back the values `before`. Returns whether it was there."""
    kept: list[str] = []
    changed = False
    for line, scheme in _lines(path):
        names = [name for name in line.partition("=")[2].strip().split(";") if name] if scheme else []
        if NAME not in names:
            kept.append(line)
            continue
        changed = True
        others = ";".join(name for name in names if name != NAME)
        if value := others or before.get(scheme, ""):
            kept.append(f"{_TYPES[scheme]}={value}")
    if not changed:
        return False
    text = "\n".join(_without_empty_section(kept))
    if text.strip():
        _write(path, text + "\n")
    else:
        path.unlink(missing_ok=True)
    return True


def _without_empty_section(lines: list[str]) -> list[str]:
    """`lines` without a section of defaults at the end that has none left, and the blank line before it."""
    if lines[-1:] != [_DEFAULTS]:
        return lines
    return lines[:-2] if lines[-2:-1] == [""] else lines[:-1]


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    """The lines of mimeapps.list, each with the scheme that it gives a default for, or ""."""
    try:
        lines = path.read_text("utf-8").split("\n")
    except FileNotFoundError:
        return
    except (OSError, UnicodeError) as error:
        raise _failed(path, error) from error
    schemes = {kind: scheme for scheme, kind in _TYPES.items()}
    within = False
    for line in lines[:-1] if lines[-1] == "" else lines:
        if line.startswith("["):
            within = line.strip() == _DEFAULTS
        yield line, schemes.get(line.partition("=")[0].strip(), "") if within else ""


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _failed(path.parent, error) from error
    files.write_private(path, text.encode())


def _update(folders: Folders) -> None:
    """Renew the desktop's cache of which program opens what, where it keeps one."""
    if program := shutil.which("update-desktop-database"):
        programs.run(program, str(folders.applications))


def _failed(path: Path, error: Exception) -> StorageError:
    return StorageError(f"can't read or write {path}: {getattr(error, 'strerror', None) or error}".lower())
