"""Any sentence-transformers model: held to its files, compiled if it can be, else used as it is."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from ipse.errors import CorruptData, MalformedInput, NotFound
from ipse.preferences.embedding import (
    DEFAULT_MODEL,
    ModelSource,
    Runtime,
    compile_model,
    load,
    local_model,
    parity,
    read_manifest,
)
from ipse.preferences.embedding.build import build
from ipse.preferences.embedding.compiled_model import fingerprint, folder_of
from ipse.preferences.embedding.reference import ReferenceEmbedder

np = pytest.importorskip("numpy", reason="the profile extra is not installed (numpy)", exc_type=ImportError)


@pytest.fixture(scope="session")
def small(reference: ReferenceEmbedder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of two layers and 40 dimensions with random weights, CLS-pooled, not normalised."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("small")
    torch.manual_seed(0)
    config = BertConfig(
        hidden_size=40,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=96,
        max_position_embeddings=64,
    )
    BertModel(config).save_pretrained(folder / "bert")
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json"):
        shutil.copy(DEFAULT_MODEL.locate() / name, folder / "bert")
    modules = [Transformer(str(folder / "bert"), max_seq_length=64), Pooling(40, pooling_mode="cls")]
    SentenceTransformer(modules=modules, device="cpu").save(str(folder / "model"))
    return folder / "model"


@pytest.fixture(scope="session")
def distilled(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of another architecture, with random weights, pooled by the mean."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer
    from transformers import DistilBertConfig, DistilBertModel

    folder = tmp_path_factory.mktemp("distilled")
    torch.manual_seed(0)
    config = DistilBertConfig(dim=64, n_layers=2, n_heads=2, hidden_dim=128, max_position_embeddings=64)
    DistilBertModel(config).save_pretrained(folder / "bert")
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json"):
        shutil.copy(DEFAULT_MODEL.locate() / name, folder / "bert")
    modules = [Transformer(str(folder / "bert"), max_seq_length=64), Pooling(64, pooling_mode="mean")]
    SentenceTransformer(modules=modules, device="cpu").save(str(folder / "model"))
    return folder / "model"


@pytest.fixture
def altered(small: Path, tmp_path: Path) -> Path:
    """A copy of the small model, to be spoilt."""
    shutil.copytree(small, tmp_path / "model")
    return tmp_path / "model"


def _built(cache: Path, source: ModelSource) -> Path:
    folder = folder_of(cache, source)
    folder.mkdir(parents=True)
    build(folder, source, lambda _: None)
    return folder


def test_altered_weights_are_refused_before_anything_is_loaded(models_extra: None, tmp_path: Path) -> None:
    shutil.copytree(DEFAULT_MODEL.locate(), tmp_path / "model")
    with (tmp_path / "model" / "model.safetensors").open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\x01")
    source = replace(DEFAULT_MODEL, folder=tmp_path / "model")
    with pytest.raises(CorruptData, match=r"not the expected one: model\.safetensors .* not 53aa51172d14"):
        compile_model(tmp_path / "cache", model=source)
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [".lock"]


@pytest.mark.parametrize("name", ["tokenizer.json", "1_Pooling/config.json"])
def test_an_altered_tokenizer_or_pooling_is_refused(altered: Path, name: str) -> None:
    source = local_model(altered)
    (altered / name).write_text((altered / name).read_text() + " ")
    with pytest.raises(CorruptData, match=name):
        source.verify()


def test_a_missing_file_of_the_model_is_named(altered: Path) -> None:
    source = local_model(altered)
    (altered / "tokenizer.json").unlink()
    with pytest.raises(NotFound, match=r"lacks its file tokenizer\.json"):
        source.verify()


def test_a_folder_that_is_no_model_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"no modules\.json"):
        local_model(tmp_path)


def test_pickled_weights_are_refused(altered: Path) -> None:
    (altered / "model.safetensors").rename(altered / "pytorch_model.bin")
    with pytest.raises(MalformedInput, match="no safetensors weights"):
        local_model(altered)


def test_a_module_from_outside_sentence_transformers_is_refused(altered: Path) -> None:
    modules = json.loads((altered / "modules.json").read_text())
    modules[1]["type"] = "custom.Pooling"
    (altered / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(MalformedInput, match=r"custom\.Pooling"):
        local_model(altered)


def test_a_source_survives_json_and_the_move_of_its_folder(altered: Path) -> None:
    source = local_model(altered)
    assert ModelSource.from_json(json.loads(json.dumps(source.to_json()))) == source
    moved = altered.rename(altered.with_name("moved"))
    assert local_model(moved).digest == source.digest
    with pytest.raises(MalformedInput):
        ModelSource.from_json({"name": "x"})


def test_another_model_compiles_with_its_own_pooling_and_dimension(small: Path, tmp_path: Path) -> None:
    source = local_model(small)
    _built(tmp_path, source)
    embedder = load(tmp_path, model=source)
    vectors = embedder.embed(["tea", "a longer text about tea", "word " * 200])
    assert vectors.shape == (3, 40)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-6)


def test_a_bert_encoder_is_written_for_8_bits_also_where_it_pools_by_the_first_token(
    small: Path, tmp_path: Path
) -> None:
    manifest = read_manifest(_built(tmp_path, local_model(small)).parent, model=local_model(small))
    assert (manifest.runtime, manifest.rejected) == (Runtime.INT8, {})
    assert manifest.parity_mean > 0.99


def test_another_architecture_gets_its_weights_in_blocks(distilled: Path, tmp_path: Path) -> None:
    source = local_model(distilled)
    _built(tmp_path, source)
    manifest = read_manifest(tmp_path, model=source)
    assert manifest.runtime is Runtime.INT8_BLOCKS
    assert "DistilBertModel" in manifest.rejected["int8"]
    assert load(tmp_path, model=source).embed(["tea", "coffee"]).shape == (2, 64)


def test_the_runtimes_of_one_model_have_different_fingerprints(small: Path) -> None:
    source = local_model(small)
    assert len({fingerprint(source, runtime) for runtime in Runtime}) == len(Runtime)


def test_a_model_that_8_bits_cost_too_much_keeps_32(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parity, "ENOUGH", 0.999999)
    source = local_model(small)
    manifest = json.loads((_built(tmp_path, source) / "manifest.json").read_text())
    assert manifest["runtime"] == Runtime.FP32
    assert "mean cosine" in manifest["rejected"]["int8"]
    assert "mean cosine" in manifest["rejected"]["int8-blocks"]
    assert load(tmp_path, model=source).embed(["tea"]).shape == (1, 40)


def test_a_model_that_the_compiled_form_cannot_follow_is_left_to_sentence_transformers(
    altered: Path, tmp_path: Path
) -> None:
    config = altered / "config_sentence_transformers.json"
    settings = json.loads(config.read_text())
    prompted = {"prompts": {"query": "find this, whatever it takes: "}, "default_prompt_name": "query"}
    config.write_text(json.dumps({**settings, **prompted}))
    source = local_model(altered)
    folder = _built(tmp_path / "cache", source)
    assert [path.name for path in folder.iterdir()] == ["manifest.json"]
    assert (
        "prompt before every text" in json.loads((folder / "manifest.json").read_text())["rejected"]["int8"]
    )
    embedder = load(tmp_path / "cache", model=source)
    assert isinstance(embedder, ReferenceEmbedder)
    assert embedder.embed(["tea", "word " * 200]).shape == (2, 40)
