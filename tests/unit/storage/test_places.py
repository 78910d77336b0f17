"""Where a wallet lies."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipse.storage.places import find_places


def test_ipse_home_holds_all_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IPSE_HOME", str(tmp_path))
    places = find_places()
    everything = [places.data, places.cache, places.manifest, places.vault, places.keystore, places.models]
    assert all(path.is_relative_to(tmp_path) for path in everything)
    assert len(set(everything)) == len(everything)


def test_ipse_home_may_be_relative_or_begin_with_a_tilde(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for home in ("wallet", "~/wallet"):
        monkeypatch.setenv("IPSE_HOME", home)
        assert find_places().data == tmp_path / "wallet"


def test_an_empty_ipse_home_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IPSE_HOME", "")
    with_empty = find_places()
    monkeypatch.delenv("IPSE_HOME")
    assert find_places() == with_empty
    assert with_empty.data != with_empty.cache
    assert with_empty.data.is_absolute()
