"""Amounts of the budget are thousandths, read and spelled without rounding."""

from __future__ import annotations

import pytest

from ipse.cli.commands.dapp import amounts
from ipse.errors import UsageError


@pytest.mark.parametrize(
    ("text", "thousandths", "spelled"),
    [
        ("1", 1000, "1.0"),
        ("0.5", 500, "0.5"),
        ("0.125", 125, "0.125"),
        ("20.05", 20050, "20.05"),
        ("0", 0, "0.0"),
    ],
)
def test_an_amount_is_read_and_spelled_exactly(text: str, thousandths: int, spelled: str) -> None:
    assert amounts.read(text, "--epsilon") == thousandths
    assert amounts.spelled(thousandths) == spelled


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-1",
        "+1",
        "1e3",
        "nan",
        "inf",
        ".5",
        "1.",
        "1.0001",
        "1000",
        "1,5",
        " 1",
        "1\n",
        "\u0661",
        "9" * 5000,
    ],
)
def test_anything_else_is_no_amount(text: str) -> None:
    with pytest.raises(UsageError, match=r"^--epsilon .* is no amount of the budget$"):
        amounts.read(text, "--epsilon")


def test_what_is_overdrawn_is_spelled_as_nothing() -> None:
    assert amounts.spelled(-500) == "0.0"
