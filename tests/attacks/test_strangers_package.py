"""The name ipse on the package index is nobody's: whoever takes it gets what people install by name.

The attacker registers the name and waits for people who follow a hint. The hints used to say
`pipx install 'ipse[profile]'`: to somebody without ipse that installs the stranger's program, with the wallet
in reach; to somebody with ipse it did nothing and ended with success.

It can't come back because one module makes these hints from where ipse was installed, and a test reads every
source and document for a command that installs ipse by its bare name.
"""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from ipse import installation
from tests.conftest import REPOSITORY

_READ = ("src", "docs", "examples", "completions", "benchmarks", ".ci", "Makefile")
_INSTALL = re.compile(
    r"(?:pip3?|pipx|uv|poetry|conda)\b[^`\n]*\b(?:install|inject|add|run|upgrade|x)\b(?P<arguments>[^`\n]*)|"
    r"\buvx\b(?P<run>[^`\n]*)"
)
_BARE = re.compile(r"(?<![\w./\\@=-])ipse(?:\[[\w,]*\])?(?![\w./@\[-]|['\"]?\s*@)")


def named_bare(text: str) -> list[str]:
    """The commands in `text` that would ask an index for ipse."""
    found = []
    for command in _INSTALL.finditer(text):
        arguments = command["arguments"] if command["arguments"] is not None else command["run"]
        if _BARE.search(arguments.partition("#")[0]):
            found.append(command.group())
    return found


@pytest.mark.parametrize(
    "text",
    [
        "pipx install 'ipse[profile]'",
        "pipx install --python python3.12 ipse",
        "pip install ipse",
        "python -m pip install --upgrade ipse==1.0",
        'pip install "ipse[profile]>=1"',
        "uv tool install ipse",
        "uv pip install ipse[profile]",
        "uvx ipse",
        "pipx run ipse",
        "install it with `pipx install --force 'ipse[profile]'`",
    ],
)
def test_a_command_that_asks_an_index_for_ipse_is_found(text: str) -> None:
    assert named_bare(text)


@pytest.mark.parametrize(
    "text",
    [
        "pipx install --python python3.11 .",
        "pipx install '.[profile]'",
        "pip install --no-deps --no-build-isolation .",
        "pip install 'ipse[profile] @ git+https://example.org/ipse@abc'",
        "pip install /home/me/ipse/dist/ipse-0.1-py3-none-any.whl[profile]",
        "pipx runpip ipse install --require-hashes --requirement requirements-profile.lock",
        "pip install --editable /home/me/ipse",
    ],
)
def test_a_command_that_names_a_place_is_not_found(text: str) -> None:
    assert not named_bare(text)


def test_no_source_and_no_document_installs_ipse_by_its_bare_name() -> None:
    files = [path for name in _READ for path in [REPOSITORY / name, *(REPOSITORY / name).rglob("*")]]
    found = {}
    for path in [*files, *REPOSITORY.glob("*.md"), REPOSITORY / "pyproject.toml"]:
        if path.is_file() and path.suffix in ("", ".py", ".md", ".sh", ".toml", ".bash", ".fish", ".zsh"):
            text = path.read_text(encoding="utf-8")
            bad = named_bare(text)
            if path.suffix == ".md":
                bad += re.findall(r"`ipse\[\w+\](?! @)`", text)  # what a reader would type
            if bad:
                found[str(path.relative_to(REPOSITORY))] = bad
    assert found == {}


# What the hint says, by where ipse came from


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that makes an installation of ipse with this direct_url.json in this environment."""
    site, prefix = tmp_path / "site", tmp_path / "environment"
    record = site / "ipse-9.9.dist-info"
    record.mkdir(parents=True)
    prefix.mkdir()
    (record / "METADATA").write_text(
        "Metadata-Version: 2.4\nName: ipse\nVersion: 9.9\nProvides-Extra: profile\n"
        "Requires-Dist: openedx-didkit<0.4,>=0.3.5\n"
        "Requires-Dist: sentence-transformers<7,>=5.1; extra == 'profile'\n"
        "Requires-Dist: opendp<0.17,>=0.16; extra == 'profile'\n"
    )
    monkeypatch.syspath_prepend(site)
    monkeypatch.setattr(sys, "prefix", str(prefix))

    def make(said: object = None, *, mark: str = "") -> None:
        if said is not None:
            text = said if isinstance(said, str) else json.dumps(said)
            (record / "direct_url.json").write_text(text)
        if mark:
            (prefix / mark).write_text("{}")

    return make


def command_of(hint: str) -> list[str]:
    """The command in a hint, split as a shell would."""
    return shlex.split(hint.partition("`")[2].partition("`")[0])


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "a check'out"
    folder.mkdir()
    (folder / "pyproject.toml").touch()
    return folder


PIP = [sys.executable, "-m", "pip", "install"]
RUNPIP = ["pipx", "runpip", "environment", "install"]


@pytest.mark.parametrize(
    ("mark", "installer"), [("", PIP), ("pipx_metadata.json", RUNPIP), ("uv-receipt.toml", PIP)]
)
def test_a_checkout_with_a_lock_is_added_to_from_the_lock(
    installed: Any, checkout: Path, mark: str, installer: list[str]
) -> None:
    (checkout / "requirements-profile.lock").touch()
    installed({"url": checkout.as_uri(), "dir_info": {}}, mark=mark)
    lock = str(checkout / "requirements-profile.lock")
    command = command_of(installation.how_to_add("profile"))
    assert command == [*installer, "--require-hashes", "--requirement", lock]


@pytest.mark.parametrize(
    ("mark", "installer"),
    [
        ("", PIP),
        ("pipx_metadata.json", ["pipx", "install", "--force"]),
        ("uv-receipt.toml", ["uv", "tool", "install", "--reinstall"]),
    ],
)
@pytest.mark.parametrize("editable", [False, True])
def test_a_folder_is_installed_again_with_the_extra(
    installed: Any, checkout: Path, mark: str, installer: list[str], editable: bool
) -> None:
    installed({"url": checkout.as_uri(), "dir_info": {"editable": editable}}, mark=mark)
    option = ["--editable"] if editable else []
    command = command_of(installation.how_to_add("profile"))
    assert command == [*installer, *option, f"{checkout}[profile]"]
    assert installation.origin() == str(checkout)


def test_a_wheel_is_named_by_its_path(installed: Any, tmp_path: Path) -> None:
    wheel = tmp_path / "ipse-9.9-py3-none-any.whl"
    wheel.touch()
    installed({"url": wheel.as_uri(), "archive_info": {}})
    assert command_of(installation.how_to_add("profile")) == [*PIP, f"{wheel}[profile]"]


@pytest.mark.parametrize(
    ("said", "requirement"),
    [
        (
            {"url": "https://git.example/ipse", "vcs_info": {"vcs": "git", "commit_id": "abc123"}},
            "ipse[profile] @ git+https://git.example/ipse@abc123",
        ),
        (
            {
                "url": "https://git.example/all",
                "vcs_info": {"vcs": "git", "commit_id": "abc123", "requested_revision": "main"},
                "subdirectory": "ipse",
            },
            "ipse[profile] @ git+https://git.example/all@abc123#subdirectory=ipse",
        ),
        (
            {"url": "https://files.example/ipse.whl", "archive_info": {"hash": "sha256=00"}},
            "ipse[profile] @ https://files.example/ipse.whl",
        ),
    ],
)
def test_a_repository_and_a_url_are_named_whole(installed: Any, said: object, requirement: str) -> None:
    installed(said)
    assert command_of(installation.how_to_add("profile")) == [*PIP, requirement]
    assert installation.origin() == requirement.replace("[profile]", "")


@pytest.mark.parametrize(
    "said",
    [
        None,
        {},
        [],
        "no json",
        {"url": 1, "dir_info": {}},
        {"url": "file:///nowhere/ipse", "dir_info": {"editable": True}},
        {"url": "file:///nowhere/ipse.whl", "archive_info": {}},
    ],
    ids=repr,
)
@pytest.mark.parametrize(("mark", "installer"), [("", PIP), ("pipx_metadata.json", RUNPIP)])
def test_where_no_source_is_at_hand_the_libraries_are_named_and_never_ipse(
    installed: Any, said: object, mark: str, installer: list[str]
) -> None:
    installed(said, mark=mark)
    hint = installation.how_to_add("profile")
    assert command_of(hint) == [*installer, "sentence-transformers<7,>=5.1", "opendp<0.17,>=0.16"]
    assert not named_bare(hint)
    assert installation.origin() == ""


def test_a_damaged_file_comes_back_from_where_ipse_came_from(
    installed: Any, checkout: Path, tmp_path: Path
) -> None:
    inside, outside = checkout / "src" / "model.onnx", tmp_path / "site-packages" / "model.onnx"
    for editable in (True, False):
        installed({"url": checkout.as_uri(), "dir_info": {"editable": editable}})
        restored = command_of(installation.how_to_repair(inside))
        assert restored == ["git", "-C", str(checkout), "restore", str(inside)]
    again = [*PIP, "--force-reinstall", "--no-deps"]
    assert command_of(installation.how_to_repair(outside)) == [*again, str(checkout)]
    installed({"url": "https://files.example/ipse.whl", "archive_info": {"hash": "sha256=00"}})
    assert command_of(installation.how_to_repair(outside)) == [
        *again,
        "ipse @ https://files.example/ipse.whl",
    ]
    installed({})
    assert "`" not in installation.how_to_repair(outside)


def test_a_checkout_that_nobody_installed_is_named(
    tmp_path: Path, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installation, "_distribution", lambda: None)
    monkeypatch.setattr(installation, "_SOURCES", checkout)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert command_of(installation.how_to_add("profile")) == [*PIP, f"{checkout}[profile]"]
    monkeypatch.setattr(installation, "_SOURCES", tmp_path / "frozen")
    assert "FOLDER[profile]" in installation.how_to_add("profile")


def test_a_library_is_named_in_the_version_that_ipse_asks_for(installed: Any) -> None:
    installed()
    assert command_of(installation.how_to_install("openedx-didkit")) == [*PIP, "openedx-didkit<0.4,>=0.3.5"]
    anew = installation.how_to_install("opendp", anew=True)
    assert command_of(anew) == [*PIP, "--force-reinstall", "--no-deps", "opendp<0.17,>=0.16"]
    assert command_of(installation.how_to_install("bcrypt")) == [*PIP, "bcrypt"]


def test_every_library_of_an_extra_is_listed_without_a_marker_of_its_own() -> None:
    """`how_to_install` drops markers, so an extra may have none but its own."""
    lines = [line for line in installation._requirements() if "extra ==" in line]
    assert lines
    assert all(re.fullmatch(r"[^;]+; extra == ['\"]\w+['\"]", line) for line in lines)
