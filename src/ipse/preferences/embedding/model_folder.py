"""The files of a sentence-transformers model: which there are, and that none of them brings code along.

sentence-transformers itself runs no code of a model's authors unless it is told to. Here such a model is
refused before anything is loaded, and so is whatever would make it read files that are not the model's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from pathlib import Path, PurePosixPath
from typing import Any, Final

from ipse.encoding import strict_json
from ipse.errors import InputTooLarge, MalformedInput, StorageError

__all__ = [
    "MODULES",
    "WEIGHTS",
    "check_folder",
    "check_settings",
    "check_weights",
    "is_read",
    "is_settings",
    "module_folders",
    "paths_in",
]

MODULES: Final = "modules.json"
WEIGHTS: Final = ".safetensors"

_READ_BY_THE_MODEL: Final = (WEIGHTS, ".json", ".txt", ".model")
_OTHER_RUNTIMES: Final = ("onnx", "openvino")
_PICKLED: Final = "pytorch_model.bin"
_ADAPTER: Final = "adapter_config.json"
_KINDS: Final = frozenset(
    {
        "Dense",
        "Dropout",
        "LayerNorm",
        "Normalize",
        "Pooling",
        "StaticEmbedding",
        "Transformer",
        "WeightedLayerPooling",
    }
)
"""The modules that take a text by a tokenizer and read nothing but their own folder."""
_TYPE: Final = re.compile(r"sentence_transformers(?:\.[a-zA-Z_]+)*\.([A-Za-z]+)")
_FOLDER_PART: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_SETTINGS: Final = re.compile(
    r"(?:(?:generation_|tokenizer_|processor_|preprocessor_|sentence_[a-z-]+_)?config"
    r"|config_sentence_transformers|adapter_config)\.json"
)
_SETTINGS_LIMIT: Final = 16 * 1024 * 1024
_HEADER_LIMIT: Final = 16 * 1024 * 1024
"""Bytes of the table at the beginning of a file of weights; it is parsed as one piece of JSON."""
_MOST_MODULES: Final = 32
_ANOTHER: Final = "choose a model which is made of sentence-transformers modules only"


def is_read(path: str) -> bool:
    """Whether sentence-transformers may read the file at `path` (relative, with slashes)."""
    parts = PurePosixPath(path).parts
    hidden = any(part.startswith(".") for part in parts)
    return path.endswith(_READ_BY_THE_MODEL) and parts[0] not in _OTHER_RUNTIMES and not hidden


def is_settings(path: str) -> bool:
    """Whether the file at `path` holds settings, which check_settings has to see."""
    return _SETTINGS.fullmatch(PurePosixPath(path).name) is not None


def module_folders(data: bytes, *, what: str) -> tuple[str, ...]:
    """The folders of the modules that the modules.json in `data` lists; "" is the model's own.

    Raises MalformedInput for what is no such list, and for modules that are not taken.
    """
    modules = strict_json.parse(data, what=what)
    if not isinstance(modules, list) or not 0 < len(modules) <= _MOST_MODULES:
        raise MalformedInput(f"{what} is not a list of modules")
    return tuple(dict.fromkeys(_module_folder(module, what) for module in modules))


def _module_folder(module: Any, what: str) -> str:
    if not isinstance(module, dict):
        raise MalformedInput(f"{what} is not a list of modules")
    kind, path = module.get("type"), module.get("path")
    if not isinstance(kind, str) or not isinstance(path, str):
        raise MalformedInput(f"{what} is not a list of modules")
    if not kind.startswith("sentence_transformers."):
        raise MalformedInput(
            f"{what} wants to run code from outside sentence-transformers: {strict_json.excerpt(kind)}",
            hint=_ANOTHER,
        )
    found = _TYPE.fullmatch(kind)
    if found is None or found[1] not in _KINDS:
        raise MalformedInput(
            f"{what} has a module that ipse does not use: {strict_json.excerpt(kind)}", hint=_ANOTHER
        )
    folder = path.rstrip("/")
    if folder and not all(_FOLDER_PART.fullmatch(part) for part in folder.split("/")):
        raise MalformedInput(f"{what} has a module outside the model: {strict_json.excerpt(path)}")
    return folder


def check_settings(path: str, data: bytes, *, what: str) -> None:
    """Raise MalformedInput where the settings in `data`, the file `path`, ask for code or for other files."""
    name = PurePosixPath(path).name
    if name == _ADAPTER:
        raise MalformedInput(
            f"{what} is an adapter for another model, whose files nobody would check",
            hint="merge it into that model, save the whole, and choose that",
        )
    try:
        values = [json.loads(data)]  # numbers beyond 2^53 are usual there
    except (ValueError, RecursionError) as error:
        raise MalformedInput(f"the {path} of {what} is not JSON") from error
    while values:
        value = values.pop()
        if isinstance(value, list):
            values += value
        if not isinstance(value, dict):
            continue
        for member in ("auto_map", "trust_remote_code", "tokenizer_name_or_path"):
            if value.get(member):
                raise MalformedInput(
                    f"{what} wants to run code, or read files, from elsewhere: its {path} has {member}",
                    hint=_ANOTHER,
                )
        values += value.values()


def check_weights(paths: Collection[str], folders: Iterable[str], *, what: str) -> None:
    """Raise MalformedInput where the model, or a module of it, has pickled weights and no others."""
    if not any(path.endswith(WEIGHTS) for path in paths if is_read(path)):
        raise MalformedInput(
            f"{what} has no safetensors weights; pickled ones can run code and are not read",
            hint="load and save it once with a current sentence-transformers, which writes safetensors",
        )
    for folder in folders:
        inside = {
            path.removeprefix(f"{folder}/") for path in paths if path.startswith(f"{folder}/" * bool(folder))
        }
        if _PICKLED in inside and not any(path.endswith(WEIGHTS) for path in inside if "/" not in path):
            raise MalformedInput(
                f"{what} has pickled weights in {folder or 'its folder'}; they can run code and are not read",
                hint="load and save it once with a current sentence-transformers, which writes safetensors",
            )


def check_folder(folder: Path, *, what: str) -> tuple[str, ...]:
    """The paths of the files in `folder` that the model is made of, sorted, after looking into them.

    Raises FileNotFoundError without a modules.json, MalformedInput, InputTooLarge, StorageError.
    """
    try:
        if not (folder / MODULES).is_file():  # a pipe would be waited for
            raise FileNotFoundError(folder / MODULES)
        folders = module_folders(_head(folder / MODULES, _SETTINGS_LIMIT), what=what)
        present = paths_in(folder)
        check_weights(present, folders, what=what)
        paths = tuple(sorted(filter(is_read, present)))
        for path in paths:
            if is_settings(path):
                check_settings(path, _settings(folder / path, what), what=what)
            elif path.endswith(WEIGHTS):
                _check_header(folder / path, what)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StorageError(f"can't read {what}: {(error.strerror or str(error)).lower()}") from error
    return paths


def paths_in(folder: Path) -> list[str]:
    """The paths of all files in `folder` and below, relative, with slashes."""
    return [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]


def _settings(path: Path, what: str) -> bytes:
    data = _head(path, _SETTINGS_LIMIT + 1)
    if len(data) > _SETTINGS_LIMIT:
        raise InputTooLarge(f"the {path.name} of {what} is larger than {_SETTINGS_LIMIT // 1024**2} MiB")
    return data


def _check_header(path: Path, what: str) -> None:
    """A file of weights begins with the size of its table, in 8 bytes, and the table, which is JSON."""
    start = _head(path, 9)
    size = int.from_bytes(start[:8], "little")
    if len(start) < 9 or start[8:] != b"{" or size > min(_HEADER_LIMIT, path.stat().st_size - 8):
        raise MalformedInput(f"the {path.name} of {what} does not begin like safetensors")


def _head(path: Path, size: int) -> bytes:
    with path.open("rb") as file:
        return file.read(size)
