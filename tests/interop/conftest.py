"""The peers as fixtures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conformance.fixtures import *  # noqa: F403
from tests.interop.peer import Peer, missing


@pytest.fixture(scope="session")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    """The npm peers in one node process. Skips where they are not installed."""
    if what := missing():
        pytest.skip(f"no {what}: `make interop` installs the peers")
    with Peer(tmp_path_factory.mktemp("peer") / "stderr") as running:
        yield running
