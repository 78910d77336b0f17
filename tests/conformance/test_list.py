"""docs/conformance.md lists each module that has a test, and no other."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import pytest

from tests.conformance import test_verifier_modules, test_wallet_modules

_TEXT = (Path(__file__).parents[2] / "docs" / "conformance.md").read_text(encoding="utf-8")
_WALLET, _VERIFIER = _TEXT.split("## Wallet")[1].split("## Verifier")
_ROW = re.compile(r"^\| `([a-z0-9-]+)` \|", re.MULTILINE)


@pytest.mark.parametrize(
    ("part", "side", "tests", "count"),
    [
        (_WALLET, "wallet", test_wallet_modules, 17),
        (_VERIFIER, "verifier", test_verifier_modules, 12),
    ],
    ids=["wallet", "verifier"],
)
def test_each_module_has_a_test_and_a_row(part: str, side: str, tests: ModuleType, count: int) -> None:
    beginning = f"test_oid4vp_1final_{side}_"
    listed = _ROW.findall(part)
    tested = [name.removeprefix(beginning) for name in vars(tests) if name.startswith(beginning)]
    assert sorted(name.replace("-", "_") for name in listed) == sorted(tested)
    assert len(listed) == len(set(listed)) == count
