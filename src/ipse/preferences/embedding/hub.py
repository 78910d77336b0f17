"""A hub of models: what to ask it, and what to believe of its answers.

The addresses and members are those of the Hugging Face hub's HTTP API. Whoever runs a hub may lie in all
of it: names become paths only after `_check_path`, and sizes are bounds that the download is held to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from ipse.encoding import strict_json
from ipse.encoding.safe_text import is_printable
from ipse.errors import InputTooLarge, MalformedInput, NotFound, UsageError
from ipse.preferences.embedding.model_folder import MODULES, WEIGHTS, check_weights, is_read, module_folders

__all__ = [
    "HUB",
    "LISTING_LIMIT",
    "MODULES",
    "MODULES_LIMIT",
    "TOTAL_LIMIT",
    "HubFile",
    "Listing",
    "check_name",
    "check_revision",
    "file_url",
    "is_commit",
    "languages_of",
    "languages_of_card",
    "listing_url",
    "needed",
    "read_listing",
]

HUB: Final = "https://huggingface.co"

LISTING_LIMIT: Final = 8 * 1024 * 1024
"""Bytes of a listing."""
MODULES_LIMIT: Final = 64 * 1024
"""Bytes of modules.json."""
TOTAL_LIMIT: Final = 8 * 1024**3
"""Bytes of a model."""
_SETTINGS_LIMIT: Final = 128 * 1024**2
"""Bytes of a file that is not weights: the largest tokenizers have 35 MB."""
_MOST_LISTED: Final = 10_000
_MOST_NEEDED: Final = 256
_DEEPEST: Final = 4

_NAME: Final = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9._-]{0,95}/)?[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
_REVISION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,127}")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_SHA1: Final = _COMMIT
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_PART: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DEVICE: Final = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)
_LICENCE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,60}")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*|multilingual|code")
_MOST_LANGUAGES: Final = 200
_CARD_HEAD: Final = re.compile(r"---[ \t]*\n(.*?)^---", re.DOTALL | re.MULTILINE)
_CARD_LANGUAGE: Final = re.compile(r"^language:([^\n]*(?:\n[ \t]*- [^\n]*)*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file at the hub: its path (relative, with slashes), its size in bytes, its hash in hex.

    `algorithm` is "sha256" for large files, and "git-sha1", the name of a git blob, for the others.
    """

    path: str
    size: int
    algorithm: str
    digest: str


@dataclass(frozen=True, slots=True)
class Listing:
    """What a hub says of one commit of a model; `paths` are of all its files, `files` of those read here."""

    name: str
    commit: str
    licence: str
    languages: tuple[str, ...]
    paths: tuple[str, ...]
    files: tuple[HubFile, ...]

    def file(self, path: str) -> HubFile:
        """The file at `path`. Raises NotFound."""
        for file in self.files:
            if file.path == path:
                return file
        raise NotFound(
            f"{self.name} is no sentence-transformers model: it has no {path}",
            hint="choose a model that its hub lists under the library sentence-transformers",
        )


def check_name(name: str) -> str:
    """`name`, if it can be a model's: OWNER/NAME, or NAME alone. Raises UsageError."""
    if not _NAME.fullmatch(name) or ".." in name or "--" in name or name.endswith((".", ".git")):
        raise UsageError(
            f"{strict_json.excerpt(name)} is not a model's name",
            hint="write it as its hub does: OWNER/NAME",
        )
    return name


def check_revision(revision: str) -> str:
    """`revision`, if it can be a branch, a tag or a commit. Raises UsageError."""
    if not _REVISION.fullmatch(revision) or ".." in revision or "//" in revision:
        raise UsageError(
            f"{strict_json.excerpt(revision)} is not a revision", hint="give a branch, a tag or a commit"
        )
    return revision


def is_commit(revision: str) -> bool:
    """Whether `revision` is a whole commit, which can mean one thing only."""
    return _COMMIT.fullmatch(revision) is not None


def listing_url(hub: str, name: str, revision: str) -> str:
    """Where `hub` lists the files of `name` at `revision`."""
    return f"{hub.rstrip('/')}/api/models/{name}/revision/{quote(revision, safe='')}?blobs=true"


def file_url(hub: str, listing: Listing, file: HubFile) -> str:
    """Where `hub` has the bytes of `file`, in the very commit that was listed."""
    return f"{hub.rstrip('/')}/{listing.name}/resolve/{listing.commit}/{quote(file.path)}"


def read_listing(data: bytes, name: str) -> Listing:
    """The listing in `data`, asked for under `name`.

    Raises MalformedInput for what is no listing, or one that names a file outside the model's folder,
    and NotFound for a model that is only for those with an account.
    """
    what = f"the hub's listing of {name}"
    members = strict_json.parse_object(data, what=what)
    if members.get("gated", False) is not False or members.get("private", False) is not False:
        raise NotFound(
            f"{name} is only for those who have an account at its hub",
            hint="ipse has no account anywhere; fetch it yourself, then `ipse profile model use FOLDER`",
        )
    commit, siblings = members.get("sha"), members.get("siblings")
    if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
        raise MalformedInput(f"{what} names no commit")
    if not isinstance(siblings, list) or not all(isinstance(entry, dict) for entry in siblings):
        raise MalformedInput(f"{what} lists no files")
    if len(siblings) > _MOST_LISTED:
        raise InputTooLarge(f"{what} lists {len(siblings)} files; at most {_MOST_LISTED} are read")
    paths = tuple(_outer_path(entry.get("rfilename"), what) for entry in siblings)
    files = tuple(
        _file(path, entry, what) for path, entry in zip(paths, siblings, strict=True) if is_read(path)
    )
    card = members.get("cardData")
    card = card if isinstance(card, dict) else {}
    return Listing(name, commit, _licence(card), languages_of(card.get("language")), paths, files)


def needed(listing: Listing, modules: bytes) -> tuple[HubFile, ...]:
    """The files of `listing` that sentence-transformers reads, by what its modules.json says; small first.

    Raises MalformedInput for a model that would run code, or whose weights are pickled, InputTooLarge.
    """
    listing.file(MODULES)
    folders = module_folders(modules, what=f"the {MODULES} of {listing.name}")
    check_weights(listing.paths, folders, what=listing.name)
    chosen = tuple(
        sorted(
            (file for file in listing.files if _is_needed(file.path, folders)),
            key=lambda file: (file.path.endswith(WEIGHTS), file.size, file.path),
        )
    )
    for file in chosen:
        _check_path(file.path, listing.name)
    folded = [file.path.casefold() for file in chosen]
    if len(set(folded)) != len(folded):
        raise MalformedInput(f"{listing.name} has two files whose names differ in upper and lower case only")
    if len(chosen) > _MOST_NEEDED:
        raise InputTooLarge(f"{listing.name} has {len(chosen)} files; at most {_MOST_NEEDED} are fetched")
    total = sum(file.size for file in chosen)
    if total > TOTAL_LIMIT:
        raise InputTooLarge(
            f"{listing.name} has {total // 10**6} MB; at most {TOTAL_LIMIT // 10**6} MB are fetched"
        )
    return chosen


def languages_of(value: Any) -> tuple[str, ...]:
    """The language tags in a model card's member `language`: one, or a list; what is none is left out."""
    values = value if isinstance(value, list) else [value]
    tags = [tag for tag in values[:_MOST_LANGUAGES] if isinstance(tag, str) and _LANGUAGE.fullmatch(tag)]
    return tuple(dict.fromkeys(tags))


def languages_of_card(text: str) -> tuple[str, ...]:
    """The language tags in the head of a model card (README.md): `language: en`, or a list under it."""
    head = _CARD_HEAD.match(text.replace("\r\n", "\n"))
    found = _CARD_LANGUAGE.search(head[1]) if head else None
    if found is None:
        return ()
    return languages_of([tag.strip(" \t-\"'") for tag in re.split(r"[\n,]", found[1].strip("[] \t"))])


def _is_needed(path: str, folders: tuple[str, ...]) -> bool:
    folder, _, _ = path.rpartition("/")
    return any(folder == wanted or (wanted and folder.startswith(f"{wanted}/")) for wanted in ("", *folders))


def _outer_path(path: Any, what: str) -> str:
    """`path`, if it stays in its folder, whatever system reads it. Raises MalformedInput."""
    if not isinstance(path, str):
        raise MalformedInput(f"{what} has a file without a name")
    parts = path.split("/")
    outside = any(part in ("", ".", "..") for part in parts) or "\\" in path or ":" in path
    if outside or not is_printable(path):
        raise MalformedInput(
            f"{what} names a file that would lie elsewhere: {strict_json.excerpt(path)}",
            hint="do not rely on this hub",
        )
    return path


def _check_path(path: str, name: str) -> None:
    """Raise MalformedInput where `path` would be another file, or none, on some system."""
    parts = path.split("/")
    plain = all(
        _PART.fullmatch(part) and not part.endswith(".") and not _DEVICE.fullmatch(part) for part in parts
    )
    if not plain or len(parts) > _DEEPEST:
        raise MalformedInput(f"{name} needs a file whose name is not taken: {strict_json.excerpt(path)}")


def _file(path: str, entry: dict[str, Any], what: str) -> HubFile:
    size, large, blob = entry.get("size"), entry.get("lfs"), entry.get("blobId")
    algorithm, digest = "git-sha1", blob
    if large is not None:
        algorithm, digest = "sha256", large.get("sha256") if isinstance(large, dict) else None
    form = _SHA256 if algorithm == "sha256" else _SHA1
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise MalformedInput(f"{what} states no size for {strict_json.excerpt(path)}")
    if not path.endswith(WEIGHTS) and size > _SETTINGS_LIMIT:
        raise InputTooLarge(
            f"{what} states {size // 10**6} MB for {strict_json.excerpt(path)}, which is no weights"
        )
    if not isinstance(digest, str) or not form.fullmatch(digest):
        raise MalformedInput(f"{what} states no hash for {strict_json.excerpt(path)}")
    return HubFile(path, size, algorithm, digest)


def _licence(card: dict[str, Any]) -> str:
    licence = card.get("license")
    return licence if isinstance(licence, str) and _LICENCE.fullmatch(licence) else "not stated"
