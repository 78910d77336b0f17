"""Where a wallet lies on disk."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Places", "find_places"]


@dataclass(frozen=True, slots=True)
class Places:
    """The two folders of a wallet: `data` is precious, `cache` can be rebuilt."""

    data: Path
    cache: Path

    @classmethod
    def under(cls, folder: Path | str) -> Places:
        """A wallet that lies in one folder."""
        data = Path(folder).expanduser().absolute()
        return cls(data=data, cache=data / "cache")

    @property
    def manifest(self) -> Path:
        """The clear record of which keystore and which DIDs there are."""
        return self.data / "wallet.json"

    @property
    def vault(self) -> Path:
        """The encrypted database."""
        return self.data / "vault.db"

    @property
    def keystore(self) -> Path:
        """The encrypted keystore file, where the wallet uses one."""
        return self.data / "keystore.json"

    @property
    def models(self) -> Path:
        """Compiled embedding models."""
        return self.cache / "models"


def find_places() -> Places:
    """All of it under `IPSE_HOME` if that is set, else where the system keeps a person's data."""
    home = os.environ.get("IPSE_HOME")
    if home:
        return Places.under(home)
    import platformdirs

    return Places(
        data=platformdirs.user_data_path("ipse", appauthor=False),
        cache=platformdirs.user_cache_path("ipse", appauthor=False),
    )
