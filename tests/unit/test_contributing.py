"""CONTRIBUTING.md and SECURITY.md name what there is."""

from __future__ import annotations

import re
import tomllib
from typing import Any, Final

import pytest

from ipse import dids
from ipse.credentials import formats
from ipse.credentials.formats import format as protocol
from ipse.dids import method
from ipse.disclosure import levels
from ipse.preferences import sources
from ipse.preferences.sources import source
from tests.conftest import REPOSITORY

_GUIDE: Final = (REPOSITORY / "CONTRIBUTING.md").read_text()
_SECURITY: Final = (REPOSITORY / "SECURITY.md").read_text()
_PROJECT: Final[dict[str, Any]] = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
_INVENTED: Final = ("cose", "plc", "trakt", "pairs")
"""The names of what is added in the guide's examples."""


def test_the_files_and_folders_that_the_guide_names_are_there() -> None:
    named = set(re.findall(r"`((?:src|tests)/[a-z0-9_./]+)`", _GUIDE))
    assert len(named) > 15
    for name in named:
        if not any(invented in name for invented in _INVENTED):
            assert (REPOSITORY / name).exists(), name


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (formats, "_FORMATS"), (protocol, "Format"), (dids, "CREATED"), (dids, "METHODS"), (method, "Method"),
        (method, "Creation"), (method, "Publication"), (sources, "_SOURCES"), (source, "Source"),
        (source, "one_file"),
    ],
)  # fmt: skip
def test_the_tables_and_protocols_that_the_guide_names_are_there(module: object, name: str) -> None:
    assert f"`{name}`" in _GUIDE
    assert hasattr(module, name)


def test_what_the_guide_invents_is_not_there() -> None:
    taken = {*formats.NAMES, *dids.METHODS, *dids.CREATED, *levels.NAMES, *sources.FORMATS}
    for invented in _INVENTED:
        assert f"{invented}.py" in _GUIDE
        assert invented not in taken


def test_every_step_of_a_format_is_in_the_guide() -> None:
    steps = [
        name for name in vars(protocol.Format) if not name.startswith("_") and name != "require_available"
    ]
    assert [name for name in steps if f"`{name}`" not in _GUIDE] == []


def test_vulnerabilities_are_reported_to_the_maintainers() -> None:
    (maintainer,) = _PROJECT["maintainers"]
    assert f"**{maintainer['email']}**" in _SECURITY


def test_the_classifiers_name_every_python_that_is_supported() -> None:
    versions = [name for name in _PROJECT["classifiers"] if re.search(r":: 3\.\d+$", name)]
    assert versions[0].endswith(_PROJECT["requires-python"].removeprefix(">="))
    assert "Typing :: Typed" in _PROJECT["classifiers"]
