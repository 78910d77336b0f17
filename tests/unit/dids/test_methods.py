"""DID methods: one table names them, and each module has all that the table promises."""

from __future__ import annotations

import json
import re

import pytest

from ipse.dids import CREATED, METHODS, resolver
from ipse.dids.method import Details
from ipse.errors import Undetermined, UsageError
from ipse.keys import key_types
from ipse.wallet.identities import Kind
from tests.conftest import REPOSITORY

_SOURCE = REPOSITORY / "src" / "ipse"
_PARTIES = "protocols/parties.py"
"""Which DIDs can be applications, and of which origin, is decided there."""


@pytest.mark.parametrize("name", METHODS)
def test_a_method_either_works_documents_out_or_says_where_they_are_published(name: str) -> None:
    method = resolver.method_called(name)
    assert (method.document is None) != (method.publication is None)
    assert (method.creation is not None) == (name in CREATED)


@pytest.mark.parametrize("name", CREATED)
def test_a_did_that_is_made_of_a_key_resolves_to_a_document_with_its_first_method(name: str) -> None:
    method = resolver.method_called(name)
    assert method.creation is not None
    key = key_types.generate(method.creation.key_type).public()
    did = method.creation.identify(key, Details(domain="example.com", chain=5))
    method_id = method.creation.method_id(did)
    published = method.publication and json.dumps(method.publication.build(did, {method_id: key})).encode()
    document = resolver.resolve(did, fetch=lambda _: published or b"")
    assert resolver.find_method(document, method_id, "assertionMethod")["id"] == method_id


@pytest.mark.parametrize("name", ["key", "jwk", "pkh"])
def test_a_did_that_is_its_key_is_made_again_from_the_key_and_what_the_did_tells(name: str) -> None:
    creation = resolver.method_called(name).creation
    assert creation is not None
    key = key_types.generate(creation.key_type).public()
    did = creation.identify(key, Details(chain=137))
    assert creation.identify(key, creation.details(did)) == did


def test_a_method_that_is_only_resolved_is_refused_with_those_that_can_be_made() -> None:
    for name in ("peer", "ethr"):
        with pytest.raises(UsageError, match=f"did:{name} can't be made") as refused:
            Kind(name)
        assert refused.value.hint == f"--method takes {', '.join(CREATED)}"


def test_a_method_that_ipse_does_not_know_is_undetermined() -> None:
    with pytest.raises(Undetermined, match="did:ethr is not supported") as unknown:
        resolver.resolve("did:ethr:0x1")
    assert unknown.value.hint == "ipse resolves " + ", ".join(f"did:{name}" for name in sorted(METHODS))
    assert resolver.publishes_keys("did:ethr:0x1")


def test_the_rest_of_ipse_does_not_decide_by_the_name_of_a_method() -> None:
    decides = re.compile(r"""[!=]= ["'](?:jwk|web|pkh|peer)["']|case ["'](?:jwk|web|pkh|peer)["']""")
    found = [
        f"{path.relative_to(_SOURCE)}:{number}"
        for path in sorted(_SOURCE.rglob("*.py"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if not path.is_relative_to(_SOURCE / "dids") and decides.search(line)
    ]
    assert [place for place in found if not place.startswith(_PARTIES)] == []
