"""Amounts of epsilon are thousandths, read and shown without rounding."""

from __future__ import annotations

import pytest

from ipse.cli.commands.dapp import options
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
    assert options.read_epsilon(text, "--year") == thousandths
    assert options.show_epsilon(thousandths) == spelled


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
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"^invalid value for --year: .* is not an amount"):
        options.read_epsilon(text, "--year")


def test_a_negative_amount_is_shown_as_zero() -> None:
    assert options.show_epsilon(-500) == "0.0"
