"""Models compiled just now or a while ago, and what the tests here need beside them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from ipse.preferences.embedding import (
    DEFAULT_FOLDER,
    DEFAULT_MODEL,
    ModelSource,
    load_reference,
    shipped_model,
)
from ipse.preferences.embedding.compiled_model import folder_of
from ipse.preferences.embedding.reference import ReferenceEmbedder
from tests import other_model
from tests.waiting import PATIENCE

_NO_NETWORK = """
import pathlib, socket
here = pathlib.Path(__file__).parent
(here / "loaded").touch()
def refuse(*arguments, **options):
    with (here / "attempts").open("a") as file:
        file.write(f"{arguments}\\n")
    raise OSError("there is no network here")
socket.socket.connect = socket.socket.connect_ex = refuse
socket.getaddrinfo = socket.create_connection = refuse
"""

_COMPILE = """
import sys
from pathlib import Path
from ipse.preferences.embedding import compile_model
with open(sys.argv[2], "w") as stages:
    compile_model(Path(sys.argv[1]), progress=lambda stage: stages.write(stage + "\\n"))
"""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """Runs Python code in a process of its own, in which every connection fails and is noted."""

    guard: Path

    def __call__(
        self, code: str, *arguments: str | Path, home: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", code, *map(str, arguments)],
            env={**self.variables, **({"HOME": str(home)} if home else {})},
            capture_output=True,
            text=True,
            timeout=10 * PATIENCE,
            check=False,
        )

    @property
    def variables(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": os.pathsep.join([str(self.guard), *filter(None, sys.path)])}

    @property
    def attempts(self) -> str:
        """The connections that were tried."""
        file = self.guard / "attempts"
        return file.read_text() if file.exists() else ""


@dataclass(frozen=True, slots=True)
class FreshlyCompiled:
    """A cache in which the default model was compiled just now, and how that went."""

    cache: Path
    stages: list[str]
    run: subprocess.CompletedProcess[str]

    @property
    def folder(self) -> Path:
        return folder_of(self.cache, DEFAULT_MODEL)


@pytest.fixture(scope="session")
def interpreter(tmp_path_factory: pytest.TempPathFactory) -> Interpreter:
    guard = tmp_path_factory.mktemp("guard")
    (guard / "sitecustomize.py").write_text(_NO_NETWORK)
    return Interpreter(guard)


@pytest.fixture(scope="session")
def fresh(
    models_extra: None, takes_long: None, interpreter: Interpreter, tmp_path_factory: pytest.TempPathFactory
) -> FreshlyCompiled:
    root = tmp_path_factory.mktemp("embedding")
    run = interpreter(_COMPILE, root / "cache", root / "stages")
    assert run.returncode == 0, run.stderr
    return FreshlyCompiled(root / "cache", (root / "stages").read_text().splitlines(), run)


@pytest.fixture(scope="session")
def reference(models_extra: None, takes_long: None) -> ReferenceEmbedder:
    return load_reference()


@pytest.fixture
def cache(profile_extra: None, tmp_path: Path) -> Path:
    """A cache with the other model compiled, to be spoilt."""
    other_model.compiled_in(tmp_path / "cache")
    return tmp_path / "cache"


@pytest.fixture
def shipped(profile_extra: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the default model that is used in its place, to be spoilt."""
    folder = shutil.copytree(DEFAULT_FOLDER, tmp_path / "shipped")
    monkeypatch.setattr(shipped_model, "FOLDER", folder)
    monkeypatch.setattr(shipped_model, "_prepared", [])  # a test before may have read it and not asked for it
    return folder


@pytest.fixture
def builds(models_extra: None, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Compiling the other model made fast: the worker's part is a copy. The folders that it built in."""
    asked: list[Path] = []

    def copy(folder: Path, model: ModelSource, progress: Callable[[str], None]) -> None:
        asked.append(folder)
        other_model.write(folder)

    monkeypatch.setattr("ipse.preferences.embedding.compile._build", copy)
    return asked
