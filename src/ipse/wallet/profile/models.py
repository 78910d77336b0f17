"""The embedding model of the profile: which it is, another one, and what changing it means.

A vector belongs to the model that made it. The wallet remembers the fingerprint that all vectors have
been brought to; where the model in use has another one, whatever command comes next embeds what is
missing and only then deletes what other models made. A kill in between costs time, nothing else.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ipse.encoding import strict_json
from ipse.errors import CorruptData, IpseError, MalformedInput, NotFound, StorageError
from ipse.preferences import embedding
from ipse.preferences.embedding import (
    DEFAULT_MODEL,
    Embedder,
    Manifest,
    ModelSource,
    compiled_model,
    local_model,
)
from ipse.preferences.embedding.compiled_model import MANIFEST
from ipse.storage import settings, statement_vectors, topic_store
from ipse.storage.places import Places
from ipse.wallet.profile.remembering import Progress, embed_missing
from ipse.wallet.wallet import Wallet

if TYPE_CHECKING:
    from ipse.wallet.profile.model_fetch import FetchedModel

__all__ = [
    "DEFAULT",
    "CompiledDigests",
    "KnownModel",
    "choose",
    "chosen",
    "find",
    "forget_made",
    "known",
    "manifest_of",
    "open_embedder",
    "rebuild",
]

_log = logging.getLogger(__name__)

DEFAULT: Final = "default"
"""The name that always means the model that comes with ipse."""
_MODEL: Final = "embedding-model"
_SETTLED: Final = "embedding-fingerprint"
_COMPILED: Final = "compiled-model-"
"""With the digest of a model's source: the digest of what it was compiled into."""
_LANGUAGES_OF_THE_DEFAULT: Final = ("en",)
_LONGEST_REASON: Final = 200
_CARD: Final = "README.md"
_CARD_LIMIT: Final = 64 * 1024

Stages = Callable[[str], None]
"""Told the name of each stage as it begins."""


def _unseen(stage: str) -> None:
    """Stages that nobody looks at."""


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A model that the wallet knows. Without a `source` it is there only compiled, and has no name to use.

    `size` is bytes on disk, compiled form included; `vectors` is how many of the owner's it made.
    """

    name: str
    source: ModelSource | None
    manifest: Manifest | None
    in_use: bool
    size: int
    vectors: int
    languages: tuple[str, ...] = ()
    licence: str = ""
    commit: str = ""


@dataclass(frozen=True, slots=True)
class CompiledDigests:
    """The digests of compiled models in the vault: the cache folder is open to who may write there."""

    wallet: Wallet

    def get(self, source: ModelSource) -> str | None:
        """What `source` was compiled into for this wallet, None where it was not."""
        return settings.get(self.wallet.vault, _COMPILED + source.digest)

    def put(self, source: ModelSource, digest: str) -> None:
        """Keep what `source` was just compiled into."""
        settings.put(self.wallet.vault, _COMPILED + source.digest, digest)


def chosen(wallet: Wallet) -> ModelSource:
    """The model in use. Raises CorruptData."""
    kept = settings.get(wallet.vault, _MODEL)
    if kept is None:
        return DEFAULT_MODEL
    try:
        return ModelSource.from_json(strict_json.parse_object(kept, what="the setting of the model"))
    except MalformedInput as error:
        raise CorruptData(
            "the wallet does not say clearly which embedding model is in use",
            hint=f"`ipse profile model use {DEFAULT}` goes back to the one that comes with ipse",
        ) from error


def open_embedder(
    wallet: Wallet, *, progress: Stages = _unseen, embedded: Progress | None = None
) -> Embedder:
    """The embedder of the model in use, compiled first if need be, with every vector brought up to it.

    `embedded` is told how far the embedding anew is, where there is any. Raises MissingFeature without the
    extra `profile` (`models` for another model than the default), NotFound where the model's folder is gone,
    CorruptData for an altered one, StorageError.
    """
    source = chosen(wallet)
    embedder = _opened(wallet, source, progress)
    if settings.get(wallet.vault, _SETTLED) != embedder.fingerprint:
        _settle(wallet, source, embedder, progress, embedded)
    return embedder


def choose(
    wallet: Wallet, source: ModelSource, *, progress: Stages = _unseen, embedded: Progress | None = None
) -> Embedder:
    """Use `source` from now on: checked, compiled, and every current statement embedded with it.

    Until it is compiled the old model stays in use. Interrupted later, the next open_embedder goes on.
    Raises as open_embedder does.
    """
    if source != DEFAULT_MODEL:  # which is checked when it is loaded
        source.verify()
    embedder = _opened(wallet, source, progress)
    with wallet.vault.transaction():
        if source == DEFAULT_MODEL:
            settings.remove(wallet.vault, _MODEL)
        else:
            settings.put(wallet.vault, _MODEL, json.dumps(source.to_json()))
        settings.remove(wallet.vault, _SETTLED)
    _settle(wallet, source, embedder, progress, embedded)
    return embedder


def rebuild(
    wallet: Wallet,
    *,
    every: bool = False,
    progress: Stages = _unseen,
    embedded: Progress | None = None,
) -> Embedder:
    """Compile the model in use anew from its source; with `every`, delete all other compiled models too.

    The source is checked before anything is deleted. The default comes compiled with ipse: it is only
    checked. Raises as open_embedder does.
    """
    source = chosen(wallet)
    if embedding.is_shipped(source):
        embedding.load_default()
    else:
        source.verify()
    folder = wallet.places.models
    with compiled_model.exclusive(
        folder, waiting=lambda: progress("waiting for another process that compiles")
    ):
        doomed = _compiled_folders(folder) if every else [compiled_model.folder_of(folder, source)]
        for compiled in doomed:
            try:
                if compiled.exists():
                    shutil.rmtree(compiled)
            except OSError as error:
                raise StorageError(
                    f"can't delete {compiled}: {(error.strerror or str(error)).lower()}"
                ) from error
    return open_embedder(wallet, progress=progress, embedded=embedded)


def find(places: Places, name: str) -> ModelSource:
    """The model that `name` means: the default, one that was fetched (OWNER/NAME), or a folder.

    Raises NotFound, MalformedInput for a folder that is no model ipse takes.
    """
    from ipse.wallet.profile.model_fetch import fetched_models

    if name in (DEFAULT, DEFAULT_MODEL.name):
        return DEFAULT_MODEL
    named = [model for model in fetched_models(places) if name in (model.name, model.label)]
    if named:
        return max(named, key=lambda model: model.fetched).source
    folder = Path(name).expanduser()
    if folder.is_dir():
        return local_model(folder)
    raise NotFound(
        f"there is no model {strict_json.excerpt(name)}, neither fetched nor as a folder",
        hint="`ipse profile model list` shows those there are; `ipse profile model fetch NAME` gets another",
    )


def manifest_of(wallet: Wallet) -> Manifest:
    """What the compiled model in use says about itself. Raises NotFound, CorruptData."""
    source = chosen(wallet)
    if embedding.is_shipped(source):
        return embedding.default_manifest()
    return embedding.read_manifest(wallet.places.models, model=source, digests=CompiledDigests(wallet))


def known(wallet: Wallet) -> list[KnownModel]:
    """The default, the one in use, those that were fetched, and whatever else is compiled. Loads none."""
    from ipse.wallet.profile.model_fetch import fetched_models

    using = _using(wallet)
    compiled = _manifests(wallet.places.models) | _default()
    counts = statement_vectors.counts(wallet.vault)
    fetched = {model.source.digest: model for model in fetched_models(wallet.places)}
    sources = {DEFAULT_MODEL.digest: DEFAULT_MODEL} | {
        digest: model.source for digest, model in fetched.items()
    }
    if using is not None:
        sources.setdefault(using.digest, using)
    digests = [*sources, *(digest for digest in compiled if digest not in sources)]
    rows = []
    for digest in digests:
        manifest, folder = compiled.get(digest, (None, None))
        source = sources.get(digest)
        size = sum(_size(each) for each in (folder, _folder_of(source)) if each is not None)
        in_use = using is not None and digest == using.digest
        made = counts.get(manifest.fingerprint, 0) if manifest is not None else 0
        rows.append(_row(fetched.get(digest), source, manifest, in_use=in_use, size=size, vectors=made))
    return rows


def _row(
    fetched: FetchedModel | None,
    source: ModelSource | None,
    manifest: Manifest | None,
    *,
    in_use: bool,
    size: int,
    vectors: int,
) -> KnownModel:
    if fetched is not None:
        return KnownModel(
            fetched.name, source, manifest, in_use, size, vectors,
            fetched.languages, fetched.licence, fetched.commit,
        )  # fmt: skip
    name = source.name if source is not None else manifest.model if manifest is not None else ""
    languages = _LANGUAGES_OF_THE_DEFAULT if source == DEFAULT_MODEL else _languages_in(_folder_of(source))
    return KnownModel(name, source, manifest, in_use, size, vectors, languages)


def _opened(wallet: Wallet, source: ModelSource, progress: Stages) -> Embedder:
    """The embedder of `source`. What libraries raise over a model from elsewhere is that model's fault."""
    try:
        embedder = embedding.open_embedder(
            wallet.places.models, model=source, digests=CompiledDigests(wallet), progress=progress
        )
        _log.info("loaded the embedding model %s", source.name)
        return embedder
    except (IpseError, MemoryError):
        raise
    except Exception as error:
        if source == DEFAULT_MODEL:
            raise
        reason = (str(error).strip().splitlines() or [type(error).__name__])[-1][:_LONGEST_REASON]
        raise MalformedInput(
            f"the model {source.name} can't be loaded: {reason}",
            hint=f"choose another one; `ipse profile model use {DEFAULT}` goes back to the one of ipse",
        ) from error


def _settle(
    wallet: Wallet, source: ModelSource, embedder: Embedder, progress: Stages, embedded: Progress | None
) -> None:
    """Bring every vector up to `embedder`; then, in one transaction, delete the others and remember it.

    The default model that an earlier version of ipse compiled into the cache is deleted, since it has no use.
    """
    missing = len(statement_vectors.missing(wallet.vault, embedder.fingerprint))
    if missing:
        progress(f"embedding {missing} statements with {source.name}")
        embed_missing(wallet, embedder, progress=embedded)
    with wallet.vault.transaction():
        if chosen(wallet).digest != source.digest:  # another process has meanwhile chosen another model
            return
        statement_vectors.remove(wallet.vault, but=embedder.fingerprint)
        topic_store.remove_vectors(wallet.vault, but=embedder.fingerprint)
        settings.put(wallet.vault, _SETTLED, embedder.fingerprint)
    shutil.rmtree(compiled_model.folder_of(wallet.places.models, DEFAULT_MODEL), ignore_errors=True)


def forget_made(wallet: Wallet) -> None:
    """Forget what was compiled and embedded, in a vault that came from elsewhere: none of that is here."""
    settings.remove(wallet.vault, _SETTLED)
    settings.remove_all(wallet.vault, _COMPILED)


def _using(wallet: Wallet) -> ModelSource | None:
    with suppress(CorruptData):
        return chosen(wallet)
    return None


def _default() -> dict[str, tuple[Manifest, Path]]:
    """The default model as _manifests gives others; nothing where its files are damaged."""
    with suppress(IpseError):
        return {DEFAULT_MODEL.digest: (embedding.default_manifest(), embedding.DEFAULT_FOLDER)}
    return {}


def _compiled_folders(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith(".") and path.is_dir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StorageError(f"can't read {folder}: {(error.strerror or str(error)).lower()}") from error


def _manifests(folder: Path) -> dict[str, tuple[Manifest, Path]]:
    """The compiled models by the digest of their source; what does not read is left out."""
    found: dict[str, tuple[Manifest, Path]] = {}
    for compiled in _compiled_folders(folder):
        with suppress(IpseError, OSError):
            manifest = Manifest.from_json((compiled / MANIFEST).read_bytes())
            if manifest is not None:
                found[manifest.model_sha256] = manifest, compiled
    return found


def _folder_of(source: ModelSource | None) -> Path | None:
    """The folder of a model's own files, None where it is not there; the default needs none."""
    if source is None or source == DEFAULT_MODEL:
        return None
    with suppress(IpseError):
        return source.locate()
    return None


def _languages_in(folder: Path | None) -> tuple[str, ...]:
    """What the model card in `folder` says."""
    from ipse.preferences.embedding import hub

    if folder is not None:
        with suppress(OSError), (folder / _CARD).open("rb") as file:
            return hub.languages_of_card(file.read(_CARD_LIMIT).decode("utf-8", "replace"))
    return ()


def _size(folder: Path) -> int:
    total = 0
    with suppress(OSError):
        for path in folder.rglob("*"):
            with suppress(OSError):
                total += path.stat().st_size if path.is_file() else 0
    return total
