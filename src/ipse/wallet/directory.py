"""The wallet's folder: where it lies, and what wallet.json says of it without a keystore."""

from __future__ import annotations

from ipse.storage import manifest
from ipse.storage.manifest import DidRecord, Manifest
from ipse.storage.places import Places, check_private, find_places

__all__ = ["DidRecord", "Manifest", "Places", "find_places", "read"]


def read(places: Places) -> Manifest:
    """Read wallet.json: the DIDs, their names and which is the default. No keystore is opened.

    Raises NotFound where there is no wallet, CorruptData, StorageError where others can change it.
    """
    check_private(places)
    return manifest.read(places.manifest)
