"""No input, however it was changed, gets anything but an error of ipse out of a parser.

The same targets and changes as `make fuzz`, a few of each, without its guidance by coverage.
"""

from __future__ import annotations

from random import Random
from typing import Any, Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ipse.encoding import strict_json
from ipse.errors import IpseError
from tests.examples import examples
from tests.fuzz.mutation import changed, vocabulary_of
from tests.fuzz.signing import signed_again
from tests.fuzz.target import tried
from tests.fuzz.targets import TARGETS

_SLOW: Final = {"json-ld", "lint"}
"""Left to `make fuzz`: a process of its own behind some of their inputs."""
QUICK: Final = [name for name in TARGETS if name not in _SLOW]
quickly: Final = examples(40)

_SAFE: Final = 2**53 - 1
_TEXTS: Final = st.text(max_size=8)
_JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | _TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("name", QUICK)
def test_a_changed_document_is_taken_or_refused(name: str) -> None:
    target = TARGETS[name]
    seeds = list(target.seeds())
    words = vocabulary_of(seeds)

    @quickly
    @given(st.integers(0, 2**64))
    def check(number: int) -> None:
        chance = Random(number)
        data = changed(chance.choice(seeds), chance, words)
        if target.signed and chance.random() < 0.5:
            data = signed_again(data)
        failure = tried(target, data[: target.max_length], timed=False)
        assert failure is None, failure.story

    check()


@pytest.mark.parametrize("name", QUICK)
def test_bytes_of_any_kind_are_refused(name: str) -> None:
    @quickly
    @given(st.binary(max_size=64) | st.text(max_size=64).map(lambda text: text.encode("utf-8", "replace")))
    def check(data: bytes) -> None:
        failure = tried(TARGETS[name], data, timed=False)
        assert failure is None, failure.story

    check()


@examples(300)
@given(_JSON)
@example({"\ufb33": 1, "\U0001f600": 2})
@example([1e21, 1e-7, -0.0, _SAFE, -_SAFE, _SAFE + 1])
@example(["\ud800"])
def test_the_canonical_form_is_that_of_the_reference_implementation(value: Any) -> None:
    import rfc8785

    try:
        expected: bytes | None = rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError):
        expected = None
    try:
        made: bytes | None = strict_json.canonical(value)
    except IpseError:
        made = None
    assert made == expected
