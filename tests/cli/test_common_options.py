"""How errors are shown is decided by the options that were given, not by words that look like them."""

from __future__ import annotations

import json

import pytest

from tests.cli.test_vc import in_process
from tests.conftest import Ipse

_NOT_OPTIONS = [
    ["profile", "like", "--strength", "9", "--", "--json"],
    ["profile", "like", "--strength", "9", "--", "--debug"],
    ["did", "create", "--name", "--json", "--method", "onion"],
    ["did", "create", "--method", "onion", "--name", "--debug"],
    ["profile", "contradictions", "--both", "1", "--json"],
    ["dapp", "request", "--purpose", "--json", "--audience", "https://shop.example", "--level", "all"],
]
_GIVEN = [
    ["--json", "lst"],
    ["lst", "--json"],
    ["did", "--json", "lst"],
    ["did", "lst", "--json"],
    ["did", "list", "--bogus", "--json"],
    ["did", "list", "--json", "--bogus"],
    ["--bogus", "did", "list", "--json"],
    ["did", "create", "--json", "--name"],
    ["did", "create", "--json"],
    ["profile", "like", "--strength", "9", "tea", "--json"],
    ["profile", "contradictions", "--both", "1", "2", "--both", "x", "y", "--json"],
    ["profile", "topics", "--bogus", "--json"],
    ["profile", "topics", "add", "--json"],
    ["dapp", "summary", "--year", "lots", "--json"],
    ["dapp", "summary", "--json", "--life", "1", "renew"],
    ["dapp", "summary", "renew", "--year", "1", "--json"],
    ["did", "show", "\udcff", "--json"],
    ["vc", "verify", "-qv", "--json"],
]


@pytest.mark.parametrize("arguments", _NOT_OPTIONS, ids=" ".join)
def test_a_value_or_an_argument_that_looks_like_a_flag_is_none(arguments: list[str], no_wallet: Ipse) -> None:
    run = in_process(no_wallet)(*arguments, code=None)
    assert run.code != 0
    assert run.err.startswith("error: "), run.err


@pytest.mark.parametrize("arguments", _GIVEN, ids=lambda arguments: repr(" ".join(arguments)))
def test_an_error_is_json_wherever_json_was_given(arguments: list[str], no_wallet: Ipse) -> None:
    run = in_process(no_wallet)(*arguments, code=2)
    assert list(json.loads(run.err.splitlines()[-1])) == ["error"], run.err


@pytest.mark.parametrize("arguments", [["did", "list", "--bogus", "--debug"], ["did", "--debug", "lst"]])
def test_debug_shows_a_traceback_of_a_usage_error(arguments: list[str], no_wallet: Ipse) -> None:
    assert "Traceback" in in_process(no_wallet)(*arguments, code=2).err


@pytest.mark.parametrize("arguments", [["--version", "--json"], ["--json", "--version"]])
def test_the_version_is_an_object_under_json(arguments: list[str], no_wallet: Ipse) -> None:
    assert list(in_process(no_wallet)(*arguments).json) == ["version"]
