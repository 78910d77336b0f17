"""How many examples a property is tried with.

By default they are few and the same in every run, so that no run fails by chance. With
`--hypothesis-profile=thorough` they are many, and new ones in every run.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from hypothesis import HealthCheck, settings

__all__ = ["examples", "thorough"]

_SHARE: Final = 10
_LEAST: Final = 10
# On a busy machine everything is slow.
_UNTIMED: Final = (HealthCheck.too_slow,)

settings.register_profile(
    "dev",
    max_examples=_LEAST,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=_UNTIMED,
)
settings.register_profile(
    "thorough", max_examples=100, deadline=None, print_blob=True, suppress_health_check=_UNTIMED
)
settings.load_profile("dev")


def thorough() -> bool:
    """Whether the tests take all the time they need."""
    return settings.get_current_profile_name() == "thorough"


def examples(number: int, *, suppress: Collection[HealthCheck] = ()) -> settings:
    """Settings for `number` examples under `thorough`, else for a tenth of them but at least ten."""
    return settings(
        max_examples=number if thorough() else min(number, max(_LEAST, number // _SHARE)),
        suppress_health_check=(*_UNTIMED, *suppress),
    )
