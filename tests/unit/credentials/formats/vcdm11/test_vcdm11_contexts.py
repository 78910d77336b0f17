"""The contexts of data model 1.1: pinned, and byte for byte those that didkit carries."""

from __future__ import annotations

import pickle
from importlib import resources
from importlib.util import find_spec
from pathlib import Path

import pytest

from ipse.credentials import json_ld
from ipse.credentials.formats.vcdm11 import contexts, didkit_process
from ipse.credentials.formats.vcdm11.contexts import KNOWN_CONTEXTS
from ipse.credentials.json_ld.contexts import Contexts
from ipse.errors import CorruptData, Undetermined


@pytest.mark.skipif(not didkit_process.available(), reason="didkit is not installed")
def test_every_carried_context_is_the_one_inside_didkit() -> None:
    spec = find_spec("didkit")
    assert spec is not None
    assert spec.origin is not None
    library = next(Path(spec.origin).parent.glob("didkit.*.so")).read_bytes()
    own = [entry for entry in contexts._CARRIED.values() if entry[2:]]
    assert len(own) == 15
    for entry in own:
        assert (resources.files(entry[-1]) / "contexts" / entry[0]).read_bytes() in library, entry[0]


@pytest.mark.parametrize("url", KNOWN_CONTEXTS)
def test_what_may_stand_in_a_credential_can_be_signed_under(url: str) -> None:
    assert url in contexts.carried()
    assert "@context" in contexts.carried().document(url)


def test_other_formats_do_not_know_them_since_their_text_changed_over_time() -> None:
    assert "https://schema.org/" not in json_ld.known()


def test_what_is_not_carried_is_unknown() -> None:
    with pytest.raises(Undetermined):
        contexts.carried().document("https://other.example/v1")


def test_an_altered_file_is_corrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = contexts._CARRIED[contexts.JWS_2020]
    monkeypatch.setitem(contexts._CARRIED, contexts.JWS_2020, (entry[0], "00" * 32, entry[-1]))
    with pytest.raises(CorruptData, match="pins"):
        Contexts(packaged=contexts._CARRIED).document(contexts.JWS_2020)


def test_a_worker_process_gets_them_without_their_text() -> None:
    sent = pickle.dumps(contexts.carried())
    assert len(sent) < 5_000
    assert "@context" in pickle.loads(sent).document(contexts.JWS_2020)
