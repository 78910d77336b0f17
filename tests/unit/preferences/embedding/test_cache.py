"""A compiled model is there whole and unaltered, or it is compiled again."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ipse.errors import CorruptData, NotFound, StorageError
from ipse.preferences.embedding import compile_model, load, open_embedder
from ipse.preferences.embedding.compiled_model import folder_of
from tests.other_model import OTHER
from tests.waiting import PATIENCE

from .conftest import FreshlyCompiled, Interpreter

_FILES = ("manifest.json", "model.onnx", "tokenizer.json")

_SOURCE = json.dumps(OTHER.to_json())
_FAKE_BUILD = """
import json, os, shutil, sys, time
from pathlib import Path
from ipse.preferences.embedding import ModelSource, compile
cache, compiled, model = Path(sys.argv[1]), Path(sys.argv[2]), ModelSource.from_json(json.loads(sys.argv[3]))
"""

_KILLED = (
    _FAKE_BUILD
    + """
def build(folder, model, progress):
    shutil.copy(compiled / "model.onnx", folder)
    os.kill(os.getpid(), 9)
compile._build = build
compile.open_embedder(cache, model=model)
"""
)

_SLOW = (
    _FAKE_BUILD
    + """
def build(folder, model, progress):
    while not list(cache.glob("waiting-*")):
        time.sleep(0.01)
    shutil.copytree(compiled, folder, dirs_exist_ok=True)
    print("built")
def said(stage):
    print(stage)
    (cache / f"waiting-{os.getpid()}").touch()
compile._build = build
embedder = compile.open_embedder(cache, model=model, progress=said)
print(embedder.embed(["tea"]).shape)
"""
)


def _file(cache: Path, name: str) -> Path:
    return folder_of(cache, OTHER) / name


def test_folders_are_0700_and_files_0600(fresh: FreshlyCompiled) -> None:
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [fresh.cache, *fresh.cache.rglob("*")]}
    assert {
        path: oct(mode) for path, mode in modes.items() if mode != (0o700 if path.is_dir() else 0o600)
    } == {}


def test_nothing_but_the_lock_and_the_compiled_model_stays_in_the_cache(
    fresh: FreshlyCompiled,
) -> None:
    assert {path.name for path in fresh.cache.iterdir()} == {".lock", fresh.folder.name}
    assert {path.name for path in fresh.folder.iterdir()} == set(_FILES)


def test_the_manifest_says_what_was_compiled_from_what_and_with_what(
    fresh: FreshlyCompiled,
) -> None:
    manifest = json.loads((fresh.folder / "manifest.json").read_text())
    assert manifest["weights_sha256"] == "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
    assert (manifest["dimension"], manifest["max_tokens"], manifest["schema"]) == (384, 256, 1)
    assert {file["name"]: file["size"] for file in manifest["files"]} == {
        name: (fresh.folder / name).stat().st_size for name in _FILES[1:]
    }
    assert {"torch", "onnxruntime", "sentence_transformers"} <= manifest["versions"].keys()


def test_what_is_not_compiled_is_not_found(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", exc_type=ImportError)
    with pytest.raises(NotFound, match="not compiled yet"):
        load(tmp_path, model=OTHER)


def test_an_intact_cache_is_used_as_it_is(cache: Path, builds: list[Path]) -> None:
    assert open_embedder(cache, model=OTHER).embed(["tea"]).shape == (1, 384)
    assert builds == []


@pytest.mark.parametrize("name", _FILES)
def test_a_truncated_file_is_noticed_and_compiled_again(cache: Path, builds: list[Path], name: str) -> None:
    with _file(cache, name).open("r+b") as file:
        file.truncate(_file(cache, name).stat().st_size // 2)
    with pytest.raises(CorruptData, match=f"{name} was truncated or altered"):
        load(cache, model=OTHER)
    assert open_embedder(cache, model=OTHER).embed(["tea"]).shape == (1, 384)
    assert len(builds) == 1


@pytest.mark.parametrize("name", _FILES[1:])
def test_a_file_with_one_altered_byte_is_noticed_and_compiled_again(
    cache: Path, builds: list[Path], name: str
) -> None:
    with _file(cache, name).open("r+b") as file:
        file.seek(-200, os.SEEK_END)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1]))
    with pytest.raises(CorruptData, match=f"{name} was truncated or altered"):
        load(cache, model=OTHER)
    open_embedder(cache, model=OTHER)
    assert len(builds) == 1


@pytest.mark.parametrize("name", _FILES[1:])
def test_a_missing_file_is_noticed(cache: Path, name: str) -> None:
    _file(cache, name).unlink()
    with pytest.raises(CorruptData, match=f"lacks its file {name}"):
        load(cache, model=OTHER)


@pytest.mark.parametrize(
    ("member", "value"),
    [("fingerprint", "0" * 16), ("runtime", "int4"), ("model_sha256", "0" * 64), ("files", 3), ("more", 1)],
)
def test_an_altered_manifest_is_noticed(cache: Path, member: str, value: Any) -> None:
    manifest = json.loads(_file(cache, "manifest.json").read_text())
    _file(cache, "manifest.json").write_text(json.dumps({**manifest, member: value}))
    with pytest.raises(CorruptData):
        load(cache, model=OTHER)


def test_a_model_that_this_onnxruntime_can_not_read_is_compiled_again(
    cache: Path, builds: list[Path]
) -> None:
    foreign = b"from an onnxruntime of another age"
    _file(cache, "model.onnx").write_bytes(foreign)
    manifest = json.loads(_file(cache, "manifest.json").read_text())
    manifest["files"][0] |= {"sha256": hashlib.sha256(foreign).hexdigest(), "size": len(foreign)}
    _file(cache, "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(CorruptData, match="does not load"):
        load(cache, model=OTHER)
    open_embedder(cache, model=OTHER)
    assert len(builds) == 1


@pytest.mark.parametrize("member", ["schema", "recipe"])
def test_what_another_version_of_ipse_compiled_is_compiled_again(
    cache: Path, builds: list[Path], member: str
) -> None:
    manifest = json.loads(_file(cache, "manifest.json").read_text())
    _file(cache, "manifest.json").write_text(json.dumps({**manifest, member: 99}))
    with pytest.raises(NotFound):
        load(cache, model=OTHER)
    open_embedder(cache, model=OTHER)
    assert len(builds) == 1


def test_a_killed_compile_leaves_nothing_that_is_used_and_the_next_one_sweeps_it(
    cache: Path, interpreter: Interpreter, builds: list[Path], tmp_path: Path
) -> None:
    run = interpreter(_KILLED, tmp_path, folder_of(cache, OTHER), _SOURCE)
    assert run.returncode == -signal.SIGKILL
    [leftover] = tmp_path.glob(".building-*")
    assert (leftover / "model.onnx").exists()
    with pytest.raises(NotFound):
        load(tmp_path, model=OTHER)
    open_embedder(tmp_path, model=OTHER)
    assert {path.name for path in tmp_path.iterdir()} == {".lock", "cache", folder_of(cache, OTHER).name}


def test_of_two_processes_one_compiles_and_the_other_waits_and_uses_it(
    cache: Path, interpreter: Interpreter, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", _SLOW, str(tmp_path), str(folder_of(cache, OTHER)), _SOURCE]
    both = [
        subprocess.Popen(command, env=interpreter.variables, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    outputs = sorted(process.communicate(timeout=PATIENCE)[0].splitlines() for process in both)
    assert outputs == [["built", "(1, 384)"], ["waiting for another process that compiles", "(1, 384)"]]


def test_a_compile_whose_worker_is_killed_says_so_and_leaves_nothing(
    models_extra: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "killed_worker.py").write_text("import os; os.kill(os.getpid(), 9)")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("ipse.preferences.embedding.compile._WORKER", "killed_worker")
    with pytest.raises(StorageError, match=r"cut off \(signal 9\)"):
        compile_model(tmp_path / "cache")
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [".lock"]


def test_interrupting_a_compile_ends_its_worker_and_leaves_nothing(
    models_extra: None, tmp_path: Path
) -> None:
    def interrupt(stage: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compile_model(tmp_path, progress=interrupt)
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_a_cache_that_cannot_be_written_is_a_storage_error(models_extra: None, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(StorageError):
        open_embedder(tmp_path / "cache", model=OTHER)
