"""RFC 8785: the published inputs and outputs, and the numbers of its appendix B."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

from ipse.encoding import strict_json
from ipse.errors import MalformedInput

SHARED = Path(os.environ.get("IPSE_SHARED") or Path(__file__).parents[2].parent / "shared")
VECTORS = SHARED / "vectors" / "jcs" / "testdata"
NAMES = ["arrays", "french", "structures", "unicode", "values", "weird"]

# RFC 8785 appendix B: the bits of an IEEE 754 double and its canonical form.
NUMBERS = [
    ("0000000000000000", "0"),
    ("8000000000000000", "0"),
    ("0000000000000001", "5e-324"),
    ("8000000000000001", "-5e-324"),
    ("7fefffffffffffff", "1.7976931348623157e+308"),
    ("ffefffffffffffff", "-1.7976931348623157e+308"),
    ("4340000000000000", "9007199254740992"),
    ("c340000000000000", "-9007199254740992"),
    ("4430000000000000", "295147905179352830000"),
    ("44b52d02c7e14af5", "9.999999999999997e+22"),
    ("44b52d02c7e14af6", "1e+23"),
    ("44b52d02c7e14af7", "1.0000000000000001e+23"),
    ("444b1ae4d6e2ef4e", "999999999999999700000"),
    ("444b1ae4d6e2ef4f", "999999999999999900000"),
    ("444b1ae4d6e2ef50", "1e+21"),
    ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
    ("3eb0c6f7a0b5ed8d", "0.000001"),
    ("41b3de4355555553", "333333333.3333332"),
    ("41b3de4355555554", "333333333.33333325"),
    ("41b3de4355555555", "333333333.3333333"),
    ("41b3de4355555556", "333333333.3333334"),
    ("41b3de4355555557", "333333333.33333343"),
    ("becbf647612f3696", "-0.0000033333333333333333"),
    ("43143ff3c1cb0959", "1424953923781206.2"),
]

published = pytest.mark.skipif(not VECTORS.is_dir(), reason="the RFC 8785 vectors are not in IPSE_SHARED")


def double(bits: str) -> float:
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    assert isinstance(number, float)
    return number


@published
def test_every_published_case_is_tested() -> None:
    assert sorted(path.stem for path in (VECTORS / "input").iterdir()) == NAMES


@published
@pytest.mark.parametrize("name", NAMES)
def test_a_published_input_has_the_published_canonical_form(name: str) -> None:
    value = strict_json.parse((VECTORS / "input" / f"{name}.json").read_bytes())
    written = strict_json.canonical(value)
    assert written == (VECTORS / "output" / f"{name}.json").read_bytes()
    assert written == bytes.fromhex((VECTORS / "outhex" / f"{name}.txt").read_text())


@published
@pytest.mark.parametrize("name", NAMES)
def test_a_published_output_is_its_own_canonical_form(name: str) -> None:
    output = (VECTORS / "output" / f"{name}.json").read_bytes()
    assert strict_json.canonical(strict_json.parse(output)) == output


@pytest.mark.parametrize(("bits", "written"), NUMBERS)
def test_a_number_is_written_as_appendix_b_writes_it(bits: str, written: str) -> None:
    assert strict_json.canonical(double(bits)) == written.encode()


@pytest.mark.parametrize("bits", ["7fffffffffffffff", "7ff0000000000000", "fff0000000000000"])
def test_nan_and_infinity_have_no_canonical_form(bits: str) -> None:
    with pytest.raises(MalformedInput):
        strict_json.canonical(double(bits))
