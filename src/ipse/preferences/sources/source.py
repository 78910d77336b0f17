"""What every reader of another program's export is to the rest of ipse.

A reader is a module of `ipse.preferences.sources` with one `Source`, registered in that package.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ipse.errors import MalformedInput
from ipse.preferences.sources.file import File
from ipse.preferences.sources.found import Reading

__all__ = ["Source", "one_file"]


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of export.

    - `claims`: whether a file is of this kind, by its columns and members and not by its name's ending
    - `read`: what its files say; the text names the export in errors. Raises MalformedInput, InputTooLarge
    """

    claims: Callable[[File], bool]
    read: Callable[[Sequence[File], str], Reading]


def one_file(read_file: Callable[[File], Reading]) -> Callable[[Sequence[File], str], Reading]:
    """The `read` of a kind whose exports are one file."""

    def read_one(files: Sequence[File], what: str) -> Reading:
        if len(files) > 1:
            names = ", ".join(file.name[:60] for file in files[:3])
            raise MalformedInput(f"{what} holds more than one such file: {names}", hint="import one of them")
        return read_file(files[0])

    return read_one
