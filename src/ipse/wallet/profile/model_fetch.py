"""Fetching an embedding model from a hub: the one thing of the profile that uses the network.

    models/                                0700
     ├─ .fetch.lock                        held while fetching
     ├─ .fetching-OWNER--NAME@COMMIT/      what came so far; taken up by the next try
     └─ OWNER--NAME@COMMIT/                a model, its files 0600, and .ipse.json: where it is from

The hub is not trusted: neither what its files are called, nor how large they are, nor what they hold.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ipse.encoding import strict_json
from ipse.encoding.timestamps import format_timestamp
from ipse.errors import (
    CorruptData,
    IpseError,
    MalformedInput,
    NotFound,
    StorageError,
    UsageError,
    VerificationFailed,
)
from ipse.preferences.embedding import ModelSource, hub, local_model
from ipse.preferences.embedding.hub import HubFile, Listing
from ipse.preferences.embedding.model_folder import check_settings, is_settings
from ipse.storage import files
from ipse.storage.places import Places

if TYPE_CHECKING:
    from ipse.wallet.resolution import Reach

__all__ = ["FetchedModel", "Offer", "check", "fetch", "fetched_models", "models_folder", "offer"]

_RECORD: Final = ".ipse.json"
_PARTIAL: Final = ".fetching-"
_NOT_PUBLIC: Final = (401, 403, 404)
_DEADLINE: Final = 30.0
"""Seconds for a listing."""
_SPARE: Final = 64 * 1024**2
"""Bytes that stay free on the disk."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What `hub` has under a name: a commit of a model, and the files of it that are needed."""

    hub: str
    listing: Listing
    files: tuple[HubFile, ...]

    @property
    def size(self) -> int:
        """Bytes of the files together."""
        return sum(file.size for file in self.files)

    @property
    def label(self) -> str:
        """The name of its folder."""
        return f"{self.listing.name.replace('/', '--')}@{self.listing.commit[:12]}"


@dataclass(frozen=True, slots=True)
class FetchedModel:
    """A model that was fetched: OWNER/NAME, where from, when (RFC 3339 UTC), and its files."""

    name: str
    label: str
    hub: str
    commit: str
    licence: str
    languages: tuple[str, ...]
    fetched: str
    source: ModelSource


def models_folder(places: Places) -> Path:
    """Where fetched models lie."""
    return places.data / "models"


def check(name: str, *, hub_url: str, revision: str) -> None:
    """Raise UsageError for what no hub can be asked for; none is asked."""
    hub.check_name(name)
    hub.check_revision(revision)
    _check_hub(hub_url)


def offer(name: str, *, hub_url: str = hub.HUB, revision: str = "main", reach: Reach) -> Offer:
    """Ask the hub at `hub_url` for `name`; nothing is written.

    Raises UsageError, NotFound where there is no such public model, MalformedInput for a model that is not
    taken or a hub that makes no sense, VerificationFailed, and the errors of `ipse.network.errors`.
    """
    from ipse.network.errors import StatusRefused

    check(name, hub_url=hub_url, revision=revision)
    try:
        data = _get(hub.listing_url(hub_url, name, revision), hub.LISTING_LIMIT, reach)
    except StatusRefused as error:
        if error.status not in _NOT_PUBLIC:
            raise
        raise NotFound(
            f"{hub_url} has no public model {name} with the revision {revision}",
            hint="check the name; a model that needs an account can only be used from a folder",
        ) from error
    listing = hub.read_listing(data, name)
    if hub.is_commit(revision) and listing.commit != revision:
        raise MalformedInput(
            f"{hub_url} lists the commit {listing.commit} where {revision} was asked for",
            hint="do not rely on this hub",
        )
    file = listing.file(hub.MODULES)
    modules = _get(hub.file_url(hub_url, listing, file), hub.MODULES_LIMIT, reach)
    _check_bytes(file, modules)
    return Offer(hub_url, listing, hub.needed(listing, modules))


def fetch(
    places: Places,
    accepted: Offer,
    *,
    now: datetime,
    reach: Reach,
    progress: Callable[[int, int], None] | None = None,
) -> FetchedModel:
    """Fetch what was `accepted` into the wallet's models, or find it there; `progress` is told bytes.

    It is there whole or not at all. What an interruption left is taken up; what turns out not to be a
    model that is taken is deleted. Raises as offer does, and StorageError.
    """
    root = models_folder(places)
    files.create_private_folder(root)
    with files.exclusive(root / "fetch"):
        target = root / accepted.label
        if os.path.lexists(target):
            return _read_record(target)
        partial = root / f"{_PARTIAL}{accepted.label}"
        try:
            _prepare(partial, accepted)
            _download_all(partial, accepted, reach, progress)
            source = local_model(partial)
            label = accepted.listing.name.replace("/", "--")
            record = _record(accepted, replace(source, name=label, folder=target), now)
            files.write_private(partial / _RECORD, json.dumps(record, indent=2).encode() + b"\n")
            _publish(partial, target)
        except (MalformedInput, StorageError, OSError) as error:
            shutil.rmtree(partial, ignore_errors=True)
            if isinstance(error, OSError):
                raise StorageError(
                    f"can't write {partial}: {(error.strerror or str(error)).lower()}"
                ) from error
            raise
        return _read_record(target)


def fetched_models(places: Places) -> list[FetchedModel]:
    """The models that were fetched, by label; what does not read as one is left out."""
    root = models_folder(places)
    found: list[FetchedModel] = []
    with suppress(OSError):
        for folder in sorted(root.iterdir()):
            if not folder.name.startswith("."):
                with suppress(IpseError):
                    found.append(_read_record(folder))
    return found


def _get(url: str, limit: int, reach: Reach) -> bytes:
    from ipse.network import guarded_client

    return guarded_client.fetch(
        url, allow_loopback=reach.allow_loopback, ca_file=_ca_file(reach), deadline=_DEADLINE, limit=limit
    )


def _ca_file(reach: Reach) -> Path | None:
    return Path(reach.ca_file) if reach.ca_file else None


def _check_hub(url: str) -> None:
    from ipse.network import locations
    from ipse.network.errors import UrlRefused

    try:
        location = locations.parse(url)
    except UrlRefused as error:
        raise UsageError(f"--hub: {error.message}", hint="write it like https://huggingface.co") from error
    if "?" in location.target or "#" in url:
        raise UsageError(f"--hub: {locations.shown(url)} has a query or a fragment", hint=f"like {hub.HUB}")


def _check_bytes(file: HubFile, data: bytes) -> None:
    from ipse.network.download import Expected

    hasher = Expected(file.size, file.algorithm, file.digest).hasher()
    hasher.update(data)
    if len(data) != file.size or hasher.hexdigest() != file.digest:
        raise VerificationFailed(
            f"the hub serves another {file.path} than it lists", hint="do not rely on this hub"
        )


def _prepare(partial: Path, accepted: Offer) -> None:
    """Make the folder of what comes, clear it of what does not belong there, see that there is room."""
    for leftover in partial.parent.glob(f"{_PARTIAL}*"):
        if leftover != partial:
            _delete(leftover)
    if partial.is_symlink() or (partial.exists() and not partial.is_dir()):
        _delete(partial)
    partial.mkdir(mode=0o700, exist_ok=True)
    expected = {partial / file.path for file in accepted.files}
    folders = {folder for path in expected for folder in path.parents if folder.is_relative_to(partial)}
    for path in sorted(partial.rglob("*"), reverse=True):  # the deepest first
        wanted = path in folders if path.is_dir() else path in expected
        if path.is_symlink() or not wanted:
            _delete(path)
    for folder in sorted(folders):
        folder.mkdir(mode=0o700, exist_ok=True)
    there = sum(path.stat().st_size for path in expected if path.exists())
    free = shutil.disk_usage(partial).free
    if free < accepted.size - there + _SPARE:
        raise StorageError(
            f"{accepted.listing.name} needs {(accepted.size - there) // 10**6} MB in {partial.parent}, where "
            f"{free // 10**6} MB are free"
        )


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _download_all(
    partial: Path, accepted: Offer, reach: Reach, progress: Callable[[int, int], None] | None
) -> None:
    from ipse.network.download import Expected, download

    before = 0

    def told(done: int) -> None:
        if progress is not None:
            progress(before + done, accepted.size)

    for file in accepted.files:
        download(
            hub.file_url(accepted.hub, accepted.listing, file),
            partial / file.path,
            Expected(file.size, file.algorithm, file.digest),
            progress=told,
            allow_loopback=reach.allow_loopback,
            ca_file=_ca_file(reach),
        )
        before += file.size
        told(0)
        if is_settings(file.path):  # before the weights, which may be gigabytes
            check_settings(file.path, (partial / file.path).read_bytes(), what=accepted.listing.name)


def _record(accepted: Offer, source: ModelSource, now: datetime) -> dict[str, object]:
    return {
        "name": accepted.listing.name,
        "hub": accepted.hub,
        "commit": accepted.listing.commit,
        "licence": accepted.listing.licence,
        "languages": list(accepted.listing.languages),
        "fetched": format_timestamp(now),
        "source": source.to_json(),
    }


def _read_record(folder: Path) -> FetchedModel:
    """Raises CorruptData where `folder` is not what fetch made, NotFound, StorageError."""
    wrong = CorruptData(
        f"{folder} is not a model that ipse fetched", hint="move it away, then run the command again"
    )
    if folder.is_symlink() or not folder.is_dir():
        raise wrong
    try:
        members = strict_json.parse_object(files.read_private(folder / _RECORD), what=str(folder / _RECORD))
        texts = {name: members[name] for name in ("name", "hub", "commit", "licence", "fetched")}
        source = replace(ModelSource.from_json(members["source"]), folder=folder)
        if not all(isinstance(text, str) for text in texts.values()):
            raise wrong
        return FetchedModel(
            **texts, label=folder.name, languages=hub.languages_of(members["languages"]), source=source
        )
    except (MalformedInput, NotFound, KeyError) as error:
        raise wrong from error


def _publish(partial: Path, target: Path) -> None:
    _sync(sorted({partial, *(path for path in partial.rglob("*") if path.is_dir())}))
    partial.rename(target)
    _sync([target.parent])


def _sync(folders: Sequence[Path]) -> None:
    if os.name == "nt":  # a folder can't be opened for syncing there
        return
    for folder in folders:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
