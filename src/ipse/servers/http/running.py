"""Runs a server in the main thread until it is told to stop: by a signal, a time limit, or another thread."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Final

from ipse.servers.http.server import Limits, Listener, Server

__all__ = ["Ended", "Runner"]

_CHORES: Final = 30.0
"""Seconds between two rounds of what is done beside serving."""


class Ended(Enum):
    """Why a server stopped."""

    STOPPED = "stopped"
    TERMINATED = "terminated"
    TIMEOUT = "timeout"


class Runner:
    """Runs one server once.

    `begun` is called once it can be stopped, `chore` every half minute in a thread.
    """

    def __init__(
        self,
        listeners: Sequence[Listener],
        limits: Limits | None = None,
        *,
        timeout: float | None = None,
        begun: Callable[[], object] = lambda: None,
        chore: Callable[[], object] = lambda: None,
    ) -> None:
        self._server = Server(listeners, limits)
        self._timeout = timeout
        self._begun = begun
        self._chore = chore
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped = asyncio.Event()
        self._ended = Ended.TIMEOUT

    def run(self) -> Ended:
        """Serve; why it ended.

        After Ctrl-C requests under way are finished, then KeyboardInterrupt is raised.
        """
        logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # it quotes what strangers do to sockets
        return asyncio.run(self._run())

    def stop(self) -> None:
        """Let the server stop, from any thread. Requests under way are finished."""
        if self._loop is None:
            self._end(Ended.STOPPED)
            return
        with contextlib.suppress(RuntimeError):  # the loop has ended already
            self._loop.call_soon_threadsafe(self._end, Ended.STOPPED)

    def _end(self, ended: Ended) -> None:
        if not self._stopped.is_set():
            self._ended = ended
            self._stopped.set()

    async def _run(self) -> Ended:
        self._loop = asyncio.get_running_loop()
        with contextlib.suppress(NotImplementedError):  # Windows has no such handlers
            self._loop.add_signal_handler(signal.SIGTERM, self._end, Ended.TERMINATED)
        self._begun()
        chores = asyncio.create_task(self._chores())
        try:
            await self._server.run(self._until())
        finally:
            chores.cancel()
            await asyncio.gather(chores, return_exceptions=True)
        return self._ended

    async def _until(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._timeout):
                await self._stopped.wait()

    async def _chores(self) -> None:
        while True:
            await asyncio.sleep(_CHORES)
            try:
                await asyncio.to_thread(self._chore)
            except Exception as error:
                logging.getLogger(__name__).error(
                    "what is done beside serving failed: %s", type(error).__name__
                )
