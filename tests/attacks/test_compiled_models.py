"""A swapped model in the cache that files "my cancer treatment" under "Beaches".

The attacker can write in the cache folder, which nobody guards as they guard a vault, and wants to decide
what the owner's sentences mean: another tokenizer, other weights or other settings give other vectors, and
closed topics leak. The hashes in the folder's own manifest can be made to fit. So the digest of the manifest,
and with it of each file, lies in the vault; what has another digest is compiled anew from the model's source,
whose hashes are in the code or in the vault. Nothing of it runs before that: files are read once, hashed, and
loaded from memory. The default model never lies there: it comes with ipse, under hashes in the code.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ipse.errors import CorruptData
from ipse.preferences import embedding
from ipse.preferences.embedding import DEFAULT_MODEL, Runtime, local_model, runtime
from ipse.preferences.embedding.compiled_model import MANIFEST, CompiledFile, Manifest, fingerprint, folder_of
from ipse.storage.places import Places
from ipse.wallet.profile import models as wallet_models
from ipse.wallet.wallet import Wallet
from tests import small_model
from tests.conftest import PASSPHRASE, Ipse, trust_compiled
from tests.other_model import OTHER

_FILES = {"model.onnx": b"the compiled model", "tokenizer.json": b"its tokenizer"}


def _write(
    folder: Path, files: dict[str, bytes], kind: Runtime = Runtime.INT8, max_tokens: int = 256
) -> None:
    """A compiled model whose manifest fits its files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    manifest = Manifest(
        model=OTHER.name,
        model_sha256=OTHER.digest,
        weights_sha256=OTHER.weights_sha256,
        runtime=kind,
        fingerprint=fingerprint(OTHER, kind),
        dimension=384,
        max_tokens=max_tokens,
        parity_mean=0.99,
        parity_min=0.98,
        rejected={},
        files=tuple(CompiledFile.of(name, data) for name, data in files.items()),
        versions={},
    )
    (folder / MANIFEST).write_bytes(manifest.to_json())


@pytest.fixture
def wallet(ipse: Ipse, profile_extra: None) -> Iterator[Wallet]:
    """A wallet that has compiled its model; what lies in the cache are bytes that nothing can run."""
    places = Places(data=ipse.home, cache=ipse.home / "cache")
    _write(folder_of(places.models, OTHER), _FILES)
    with Wallet(places, lambda: PASSPHRASE) as wallet:
        trust_compiled(wallet)
        yield wallet


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The models and tokenizers that were started to run."""
    seen: list[bytes] = []

    class Seen:
        def __init__(self, model: bytes, tokenizer: bytes, **_: object) -> None:
            seen.extend((model, tokenizer))

    monkeypatch.setattr(runtime, "CompiledEmbedder", Seen)
    return seen


def _swap_tokenizer(folder: Path) -> None:
    _write(folder, _FILES | {"tokenizer.json": b"another tokenizer"})


def _swap_model(folder: Path) -> None:
    _write(folder, _FILES | {"model.onnx": b"another model"})


def _swap_both(folder: Path) -> None:
    _write(folder, dict.fromkeys(_FILES, b"another"))


def _swap_settings(folder: Path) -> None:
    _write(folder, _FILES, max_tokens=3)


def _swap_runtime(folder: Path) -> None:
    _write(folder, {}, Runtime.REFERENCE)


def _swap_folder_for_link(folder: Path) -> None:
    other = folder.parent.parent / "elsewhere"
    _swap_tokenizer(other)
    shutil.rmtree(folder)
    folder.symlink_to(other)


def _add_file(folder: Path) -> None:
    _write(folder, _FILES | {"model.onnx.data": b"weights that the model points to"})


_SWAPS: list[Callable[[Path], None]] = [
    _swap_tokenizer, _swap_model, _swap_both, _swap_settings, _swap_runtime, _swap_folder_for_link, _add_file,
]  # fmt: skip


def test_what_the_wallet_compiled_is_run(wallet: Wallet, started: list[bytes]) -> None:
    digests = wallet_models.CompiledDigests(wallet)
    embedding.load(wallet.places.models, model=OTHER, digests=digests)
    assert started == list(_FILES.values())


@pytest.mark.parametrize("swap", _SWAPS, ids=lambda swap: swap.__name__.strip("_"))
def test_what_was_swapped_is_never_run(
    wallet: Wallet, started: list[bytes], swap: Callable[[Path], None]
) -> None:
    cache = wallet.places.models
    swap(folder_of(cache, OTHER))
    with pytest.raises(CorruptData) as refused:
        embedding.load(cache, model=OTHER, digests=wallet_models.CompiledDigests(wallet))
    assert refused.value.code == "compiled-model-unknown"
    assert started == []


def test_a_swap_after_the_files_were_read_changes_nothing(
    wallet: Wallet, started: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    cache, start = wallet.places.models, runtime.start

    def swapped(manifest: Manifest, content: Mapping[str, bytes]) -> runtime.CompiledEmbedder:
        _swap_both(folder_of(cache, OTHER))
        return start(manifest, content)

    monkeypatch.setattr(runtime, "start", swapped)
    embedding.load(cache, model=OTHER, digests=wallet_models.CompiledDigests(wallet))
    assert started == list(_FILES.values())


def test_a_model_that_lies_there_before_the_first_use_is_not_believed(
    wallet: Wallet, started: list[bytes], ipse: Ipse
) -> None:
    stranger = Places(data=ipse.home.parent / "other", cache=ipse.home / "cache")
    with (
        Wallet.create(
            stranger, keystore="file", passphrase=lambda: PASSPHRASE, now=datetime(2026, 1, 31, tzinfo=UTC)
        ) as other,
        pytest.raises(CorruptData) as refused,
    ):
        embedding.load(other.places.models, model=OTHER, digests=wallet_models.CompiledDigests(other))
    assert refused.value.code == "compiled-model-unknown"
    assert started == []


def test_the_digest_covers_every_member_of_the_manifest(wallet: Wallet) -> None:
    manifest = embedding.read_manifest(wallet.places.models, model=OTHER)
    others = [
        replace(manifest, dimension=385), replace(manifest, parity_min=0.5), replace(manifest, files=()),
        replace(manifest, runtime=Runtime.FP32), replace(manifest, versions={"onnx": "2"}),
        replace(manifest, files=manifest.files[::-1]), replace(manifest, weights_sha256="0" * 64),
    ]  # fmt: skip
    assert len({manifest.digest, *(other.digest for other in others)}) == 8


def test_what_lies_in_the_cache_under_the_name_of_the_default_model_is_never_run(taught: Ipse) -> None:
    taught("profile", "like", "long walks by the sea")
    before = taught("profile", "search", "the ocean", "--json").json
    planted = folder_of(taught.home / "cache" / "models", DEFAULT_MODEL)
    shutil.copytree(embedding.DEFAULT_FOLDER, planted)
    _swap_words(planted)
    places = Places(data=taught.home, cache=taught.home / "cache")
    with Wallet(places, lambda: PASSPHRASE) as wallet:
        trust_compiled(wallet)
    assert taught("profile", "search", "the ocean", "--json").json == before


@pytest.mark.usefixtures("models_extra", "takes_long")
def test_a_command_compiles_a_swapped_model_anew_and_ranks_as_before(taught: Ipse, tmp_path: Path) -> None:
    small = small_model.make(tmp_path / "small")
    taught("profile", "like", "long walks by the sea")
    taught("profile", "model", "use", small)
    before = taught("profile", "search", "the ocean", "--json").json
    _swap_words(folder_of(taught.home / "cache" / "models", local_model(small)))
    again = taught("profile", "search", "the ocean", "--json")
    assert again.json == before
    assert "compiling it anew" in again.err
    assert "preparing" not in taught("profile", "search", "the ocean").err


def _swap_words(folder: Path) -> None:
    """Give "ocean" the meaning of "tax", with a manifest that fits."""
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    words = tokenizer["model"]["vocab"]
    words["ocean"], words["tax"] = words["tax"], words["ocean"]
    data = json.dumps(tokenizer).encode()
    (folder / "tokenizer.json").write_bytes(data)
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["files"][1] = {
        "name": "tokenizer.json", "sha256": CompiledFile.of("", data).sha256, "size": len(data),
    }  # fmt: skip
    (folder / MANIFEST).write_text(json.dumps(manifest))
