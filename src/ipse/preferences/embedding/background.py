"""One function run beside others that wait for the disk or for a library."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Background"]

_Result = TypeVar("_Result")


class Background(Generic[_Result]):
    """Calls a function in a thread; use it as a context manager, so that the thread outlives nothing."""

    def __init__(self, function: Callable[[], _Result]) -> None:
        self._function = function
        self._found: list[_Result] = []
        self._error: BaseException | None = None
        self._thread = Thread(target=self._run)

    def __enter__(self) -> Background[_Result]:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()

    def result(self) -> _Result:
        """What the function returned; raises what it raised."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._found[0]

    def _run(self) -> None:
        try:
            self._found.append(self._function())
        except BaseException as error:
            self._error = error
