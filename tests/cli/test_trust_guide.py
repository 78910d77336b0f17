"""docs/trust.md names every code and runs as it stands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.authorities import root
from tests.cli.test_certified_credentials import AGES
from tests.cli.test_vc import in_process
from tests.conftest import REPOSITORY, Ipse

_GUIDE = (REPOSITORY / "docs" / "trust.md").read_text()
_SOURCE = REPOSITORY / "src" / "ipse"
_CODED = (
    *sorted((_SOURCE / "keys" / "certificates").glob("*.py")),
    _SOURCE / "protocols" / "openid4vp" / "over_asking.py",
)
_CODE = re.compile(r'code="([a-z0-9-]+)"|Finding\(\s*"([a-z0-9-]+)"')


@pytest.mark.parametrize("path", _CODED, ids=lambda path: path.name)
def test_every_code_is_named(path: Path) -> None:
    for first, second in _CODE.findall(path.read_text()):
        assert f"`{first or second}`" in _GUIDE


def test_every_code_of_the_guide_is_in_the_source() -> None:
    known = "".join(path.read_text() for path in _SOURCE.rglob("*.py"))
    for code in re.findall(r"`([a-z0-9]+(?:-[a-z0-9]+)+)`", _GUIDE):
        if not code.startswith(("rc-", "sd-")):
            assert f'"{code}"' in known, code


def test_its_commands_end_as_they_say(ipse: Ipse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "authority.pem").write_bytes(root(**AGES).pem)
    commands = re.findall(r"^\$ ipse (.*)$", _GUIDE, re.MULTILINE)
    assert commands
    for command in commands:
        in_process(ipse)(*shlex.split(command))
