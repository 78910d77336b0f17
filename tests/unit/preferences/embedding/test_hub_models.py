"""A model's files, wherever they are from: none that runs code, and none that could be another's."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ipse.errors import CorruptData, InputTooLarge, MalformedInput, NotFound
from ipse.preferences.embedding import ModelSource, local_model
from ipse.preferences.embedding.model_folder import module_folders
from tests.network_peer.hub import MODEL, modules, safetensors


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that looks like a model."""
    for path, data in MODEL.items():
        (tmp_path / "model" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "model" / path).write_bytes(data)
    return tmp_path / "model"


def test_a_model_is_held_to_the_files_that_it_is_made_of(folder: Path) -> None:
    (folder / ".hidden.json").write_bytes(b"{}")
    (folder / "README.md").write_bytes(b"# readme")
    assert [path for path, _ in local_model(folder).files] == sorted(MODEL)


@pytest.mark.parametrize(
    "kind",
    ["sentence_transformers.models.Transformer", "sentence_transformers.base.modules.transformer.Transformer",
     "sentence_transformers.models.Dense", "sentence_transformers.models.Normalize",
     "sentence_transformers.sentence_transformer.modules.static_embedding.StaticEmbedding"],
)  # fmt: skip
def test_the_modules_of_sentence_transformers_are_taken(kind: str) -> None:
    assert module_folders(modules(("", kind)), what="it") == ("",)


@pytest.mark.parametrize(
    "kind",
    ["custom.Pooling", "os.system", "torch.load", "sentence_transformersx.models.Transformer",
     "modeling_x.Transformer", ""],
)  # fmt: skip
def test_modules_from_elsewhere_are_refused(kind: str) -> None:
    with pytest.raises(MalformedInput, match="code from outside"):
        module_folders(modules(("", kind)), what="it")


@pytest.mark.parametrize(
    "kind",
    ["sentence_transformers.util.misc.torch", "sentence_transformers.SentenceTransformer",
     "sentence_transformers.models.WordEmbeddings", "sentence_transformers.util.http_get",
     "sentence_transformers..Transformer", "sentence_transformers.models.Transformer\n",
     "sentence_transformers.models.Transformer.os"],
)  # fmt: skip
def test_what_sentence_transformers_only_imports_is_no_module_of_it(kind: str) -> None:
    with pytest.raises(MalformedInput, match="does not use"):
        module_folders(modules(("", kind)), what="it")


@pytest.mark.parametrize("path", ["..", "../x", "/etc", "a/../b", "C:\\x", "a b", ".x", "a//b", "\0", "~"])
def test_a_module_outside_the_model_is_refused(path: str) -> None:
    with pytest.raises(MalformedInput, match="outside the model"):
        module_folders(modules((path, "sentence_transformers.models.Pooling")), what="it")


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[]", b"[5]", b"[{}]", b'[{"type": 5, "path": ""}]', b'[{"type": "x", "path": null}]',
     b"\xff", b"[" * 9999, modules(*[("", "sentence_transformers.models.Pooling")] * 33)],
)  # fmt: skip
def test_what_is_no_list_of_modules_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedInput):
        module_folders(data, what="it")


@pytest.mark.parametrize(
    ("path", "settings"),
    [
        ("config.json", {"auto_map": {"AutoModel": "modeling.Model"}}),
        ("config.json", {"text_config": [{"deep": {"auto_map": {"AutoModel": "x"}}}]}),
        ("config.json", {"trust_remote_code": True}),
        ("tokenizer_config.json", {"auto_map": {"AutoTokenizer": ["a.B", None]}}),
        ("sentence_bert_config.json", {"model_args": {"trust_remote_code": True}}),
        ("sentence_xlm-roberta_config.json", {"tokenizer_name_or_path": "/etc"}),
        ("1_Pooling/config.json", {"trust_remote_code": 1}),
        ("adapter_config.json", {"base_model_name_or_path": "someone/else"}),
    ],
)
def test_settings_that_ask_for_code_or_for_other_files_are_refused(
    folder: Path, path: str, settings: object
) -> None:
    (folder / path).write_text(json.dumps(settings))
    with pytest.raises(MalformedInput, match=r"run code|adapter"):
        local_model(folder)


@pytest.mark.parametrize("data", [b"", b"\xff", b"[" * 100_000, b'{"a": ' * 100_000, b"1" * 5000])
def test_settings_that_do_not_read_are_refused(folder: Path, data: bytes) -> None:
    (folder / "config.json").write_bytes(data)
    with pytest.raises(MalformedInput):
        local_model(folder)


def test_settings_without_end_are_refused(folder: Path) -> None:
    with (folder / "config.json").open("wb") as file:
        file.truncate(17 * 1024 * 1024)
    with pytest.raises(InputTooLarge, match="16 MiB"):
        local_model(folder)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\x80\x04pickled", id="a pickle"),
        pytest.param((2).to_bytes(8, "little"), id="cut short"),
        pytest.param((2**40).to_bytes(8, "little") + b"{}", id="a table larger than the file"),
        pytest.param((2**64 - 1).to_bytes(8, "little") + b"{}", id="a table larger than anything"),
        pytest.param((17 * 2**20).to_bytes(8, "little") + b"{" + bytes(17 * 2**20), id="a huge table"),
        pytest.param((2).to_bytes(8, "little") + b"[]", id="a table that is none"),
    ],
)
def test_weights_that_do_not_begin_like_safetensors_are_refused(folder: Path, data: bytes) -> None:
    (folder / "model.safetensors").write_bytes(data)
    with pytest.raises(MalformedInput, match="does not begin like safetensors"):
        local_model(folder)


def test_a_module_with_pickled_weights_alone_is_refused(folder: Path) -> None:
    dense = ("2_Dense", "sentence_transformers.models.Dense")
    listed = json.loads(MODEL["modules.json"]) + json.loads(modules(dense))
    (folder / "modules.json").write_text(json.dumps(listed))
    (folder / "2_Dense").mkdir()
    (folder / "2_Dense" / "pytorch_model.bin").write_bytes(b"\x80")
    with pytest.raises(MalformedInput, match="pickled weights in 2_Dense"):
        local_model(folder)
    (folder / "2_Dense" / "model.safetensors").write_bytes(safetensors())
    assert "2_Dense/model.safetensors" in dict(local_model(folder).files)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes on this system")
@pytest.mark.parametrize("path", ["modules.json", "config.json", "model.safetensors"])
def test_a_pipe_in_the_folder_is_not_waited_for(folder: Path, path: str) -> None:
    (folder / path).unlink()
    os.mkfifo(folder / path)
    if path == "config.json":
        assert path not in dict(local_model(folder).files)
        return
    with pytest.raises((NotFound, MalformedInput)):
        local_model(folder)


def test_a_file_that_was_added_later_is_noticed_and_named(folder: Path) -> None:
    source = local_model(folder)
    assert source.verify() == folder
    (folder / "adapter_config.json").write_bytes(b"{}")
    with pytest.raises(CorruptData, match=r"adapter_config\.json was added") as caught:
        source.verify()
    assert "profile model use default" in caught.value.hint


def test_an_altered_file_is_named_with_the_way_back(folder: Path) -> None:
    source = local_model(folder)
    (folder / "vocab.txt").write_bytes(b"other")
    with pytest.raises(CorruptData, match=r"vocab\.txt has the SHA-256") as caught:
        source.verify()
    assert "profile model use default" in caught.value.hint


def test_a_folder_that_disappeared_is_not_found_with_the_way_back(folder: Path) -> None:
    source = local_model(folder)
    folder.rename(folder.with_name("moved"))
    with pytest.raises(NotFound, match="is gone") as caught:
        source.verify()
    assert "profile model use default" in caught.value.hint


@pytest.mark.parametrize(
    "change",
    [{"name": "../x"}, {"name": "a/b"}, {"name": ""}, {"name": 5}, {"files": []}, {"files": {"a": "b"}},
     {"files": {"a": None}}, {"package": None}, {"folder": 5}],
)  # fmt: skip
def test_a_source_that_does_not_make_sense_is_refused(folder: Path, change: dict[str, object]) -> None:
    members = {**local_model(folder).to_json(), **change}
    with pytest.raises(MalformedInput):
        ModelSource.from_json(members)
