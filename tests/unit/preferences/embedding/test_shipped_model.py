"""The default model comes compiled with ipse: it is what its weights compile to, or it is not run."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ipse import installation
from ipse.errors import CorruptData
from ipse.preferences.embedding import (
    DEFAULT_FOLDER,
    DEFAULT_MODEL,
    compile_model,
    default_manifest,
    is_shipped,
    load_default,
    local_model,
    open_embedder,
    parity,
    read_manifest,
    ship,
    shipped_model,
)
from ipse.preferences.embedding.compiled_model import RECIPE, fingerprint, folder_of
from tests.other_model import OTHER

_WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def test_its_manifest_and_its_files_are_those_of_the_code() -> None:
    manifest = default_manifest()
    assert (manifest.weights_sha256, manifest.recipe) == (_WEIGHTS, RECIPE)
    assert manifest.model_sha256 == DEFAULT_MODEL.digest
    assert manifest.fingerprint == fingerprint(DEFAULT_MODEL, manifest.runtime)
    in_code = {name: sha256 for name, sha256 in shipped_model.SHA256.items() if name != "manifest.json"}
    assert {file.name: file.sha256 for file in manifest.files} == in_code
    for name, sha256 in shipped_model.SHA256.items():
        assert hashlib.sha256((DEFAULT_FOLDER / name).read_bytes()).hexdigest() == sha256


def test_its_licence_and_what_was_changed_lie_beside_it() -> None:
    assert {path.name for path in DEFAULT_FOLDER.iterdir()} == {*shipped_model.SHA256, "LICENSE", "NOTICE"}
    assert "Apache License" in (DEFAULT_FOLDER / "LICENSE").read_text()
    notice = (DEFAULT_FOLDER / "NOTICE").read_text()
    assert _WEIGHTS in notice
    assert "Changes:" in notice


def test_compiling_its_weights_gives_the_same_vectors(
    models_extra: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the same libraries the same bytes come out; another processor may round otherwise, this near."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    embedder = compile_model(tmp_path)
    shipped, fresh = default_manifest(), read_manifest(tmp_path)
    cosines = (embedder.embed(parity.SENTENCES) * load_default().embed(parity.SENTENCES)).sum(axis=1)
    same = "the same bytes" if fresh == shipped else "other bytes"
    print(f"fresh against shipped: {same}, mean cosine {cosines.mean():.6f}, least {cosines.min():.6f}")
    assert cosines.min() > 0.99
    assert fresh.parity_mean > 0.99  # with sentence-transformers, which was measured while compiling
    assert fresh.fingerprint == shipped.fingerprint


def test_opening_it_writes_and_reads_nothing_in_the_cache(profile_extra: None, tmp_path: Path) -> None:
    planted = folder_of(tmp_path, DEFAULT_MODEL)
    planted.mkdir()
    for name in shipped_model.SHA256:
        (planted / name).write_bytes(b"another")
    stages: list[str] = []
    assert open_embedder(tmp_path, progress=stages.append).embed(["tea"]).shape == (1, 384)
    assert stages == []
    assert list(tmp_path.iterdir()) == [planted]


def test_a_folder_with_the_same_files_is_the_default_model(models_extra: None, tmp_path: Path) -> None:
    shutil.copytree(
        DEFAULT_MODEL.locate(), tmp_path / "mine", ignore=shutil.ignore_patterns("data_config.json")
    )
    assert is_shipped(local_model(tmp_path / "mine"))
    assert not is_shipped(OTHER)


def _truncate(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.truncate(file.stat().st_size // 2)


def _alter(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[-200] ^= 1
    file.write_bytes(data)


@pytest.mark.parametrize("spoil", [_truncate, _alter, Path.unlink], ids=["truncated", "altered", "missing"])
@pytest.mark.parametrize("name", shipped_model.SHA256)
def test_a_damaged_file_is_never_run_and_the_error_says_how_to_bring_it_back(
    shipped: Path, tmp_path: Path, spoil: Callable[[Path], None], name: str
) -> None:
    spoil(shipped / name)
    with pytest.raises(CorruptData, match=f"the model that comes with ipse .* {name}") as caught:
        open_embedder(tmp_path / "cache")
    assert caught.value.hint == installation.how_to_repair(shipped)
    assert not (tmp_path / "cache").exists()


def test_shipping_writes_the_files_and_their_hashes_into_the_code(
    shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compile_another(cache: Path, **_: object) -> None:
        folder_of(cache, DEFAULT_MODEL).mkdir()
        for name in shipped_model.SHA256:
            (folder_of(cache, DEFAULT_MODEL) / name).write_text(f"another {name}")

    code = Path(shutil.copy(shipped_model.__file__, tmp_path))
    monkeypatch.setattr(shipped_model, "__file__", str(code))
    monkeypatch.setattr(ship, "compile_model", compile_another)
    ship.main()
    for name in shipped_model.SHA256:
        assert (shipped / name).read_text() == f"another {name}"
        assert f'"{name}": "{hashlib.sha256(f"another {name}".encode()).hexdigest()}"' in code.read_text()
