"""Which contexts are known, that they are the pinned ones, and what contexts may do to each other."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from ipse.credentials import json_ld
from ipse.credentials.json_ld import Contexts, UnknownContext, contexts
from ipse.errors import CorruptData, MalformedInput, Undetermined, UsageError

V2 = "https://www.w3.org/ns/credentials/v2"
OWN = "https://own.example/context"


def findings(document: dict[str, Any], contexts: Contexts | None = None) -> list[str]:
    return [str(found) for found in json_ld.findings(document, contexts or json_ld.known())]


@pytest.mark.parametrize("url", contexts.PACKAGED)
def test_every_packaged_context_is_the_pinned_one_and_can_be_processed(url: str) -> None:
    assert "@context" in contexts.load(*contexts.PACKAGED[url])
    document = {"@context": [url, {"x": "urn:x:x"}], "x": "value"}
    assert json_ld.canonical(document, json_ld.known()) == b'_:c14n0 <urn:x:x> "value" .\n'


def test_an_altered_packaged_context_is_corrupt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name, _ = contexts.PACKAGED[V2]
    monkeypatch.setitem(contexts.PACKAGED, V2, (name, "00" * 32))
    with pytest.raises(CorruptData, match=r"credentials-v2\.jsonld is not the one that ipse pins"):
        json_ld.findings({"@context": V2}, Contexts())


def test_a_missing_packaged_context_is_corrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(contexts.PACKAGED, V2, ("none.jsonld", "00" * 32))
    with pytest.raises(CorruptData, match=r"none\.jsonld can't be read"):
        json_ld.findings({"@context": V2}, Contexts())


def test_an_unknown_context_is_undetermined_and_names_its_url() -> None:
    with pytest.raises(UnknownContext, match=OWN) as caught:
        json_ld.canonical({"@context": [V2, OWN], "name": "x"}, json_ld.known())
    assert isinstance(caught.value, Undetermined)
    assert caught.value.hint == "give it with --context URL=FILE"
    assert caught.value.url == OWN


@pytest.mark.parametrize("url", ["HTTPS://www.w3.org/ns/credentials/v2", V2 + "/", V2 + "#", "http" + V2[5:]])
def test_a_url_that_only_resembles_a_packaged_one_is_unknown(url: str) -> None:
    with pytest.raises(UnknownContext):
        json_ld.findings({"@context": url}, json_ld.known())


def test_a_given_context_is_used_and_the_packaged_ones_do_not_change() -> None:
    contexts = json_ld.known().with_extra({OWN: {"@context": {"colour": "urn:x:color"}}})
    document = {"@context": OWN, "colour": "red"}
    assert json_ld.canonical(document, contexts) == b'_:c14n0 <urn:x:color> "red" .\n'
    assert OWN in contexts
    assert V2 in contexts
    assert OWN not in json_ld.known()


def test_given_contexts_add_up() -> None:
    first = json_ld.known().with_extra({OWN: {"@context": {"a": "urn:x:a"}}})
    both = first.with_extra({OWN + "2": {"@context": {"b": "urn:x:b"}}})
    assert findings({"@context": [OWN, OWN + "2"], "a": 1, "b": 2}, both) == []


def test_a_packaged_context_cannot_be_replaced() -> None:
    with pytest.raises(UsageError, match="comes with ipse"):
        json_ld.known().with_extra({V2: {"@context": {}}})


@pytest.mark.parametrize("document", [{}, [], {"context": {}}])
def test_a_given_file_without_a_context_is_malformed(document: Any) -> None:
    with pytest.raises(MalformedInput, match="has no member @context"):
        json_ld.known().with_extra({OWN: document})


def test_contexts_that_refer_to_each_other_in_a_circle_are_a_finding() -> None:
    contexts = json_ld.known().with_extra({OWN: {"@context": [OWN + "2"]}, OWN + "2": {"@context": OWN}})
    found = findings({"@context": OWN, "id": "urn:x", "type": "urn:t"}, contexts)
    assert found[0].endswith("in a circle")


def test_a_scoped_context_that_refers_to_its_own_document_is_a_finding_not_a_loop() -> None:
    contexts = json_ld.known().with_extra({OWN: {"@context": {"a": {"@id": "urn:x:a", "@context": OWN}}}})
    assert len(findings({"@context": OWN, "a": "x"}, contexts)) >= 1


@pytest.mark.parametrize(
    ("local", "reason"),
    [
        ({"@base": "https://b.example/"}, "has @base"),
        ({"@base": None}, "has @base"),
        ({"@import": V2}, "has @import"),
        ({"@propagate": False}, "has @propagate"),
        ({"@version": 1.0}, "has @version 1.0"),
        ({"@vocab": ""}, "has @vocab ''"),
        ({"@vocab": "relative"}, "has @vocab 'relative'"),
        ({"@vocab": 5}, "has @vocab 5"),
        ({"@vocab": "_:b"}, "has @vocab '_:b'"),
        ({"@vocab": "https://v.example/" + "x" * 2000}, "has @vocab"),
        ({"@language": 5}, "has the language 5"),
        ({"@direction": "up"}, "has the direction 'up'"),
        ({"@protected": 1}, "has @protected 1"),
        ({"@foo": "urn:x"}, "which looks like a keyword"),
        ({"@id": "urn:x"}, "redefines the keyword @id"),
        ({"@type": "urn:x"}, "redefines the keyword @type"),
        ({"@type": {"@container": "@list"}}, "container other than @set"),
        ({"": "urn:x"}, "defines the empty name"),
        ({"a": "b", "b": "a"}, "by itself"),
        ({"a": "a:b"}, "by itself"),
        ({"a": "relative"}, "which is no IRI"),
        ({"a": "_:blank"}, "which is no IRI"),
        ({"a": "urn:not an iri"}, "which is no IRI"),
        ({"a": "urn:" + "x" * 2000}, "to more than 1024 characters"),
        ({"a": "@foo"}, "which is no IRI"),
        ({"a": "@context"}, "an alias of @context"),
        ({"a": 5}, "neither an IRI nor an object"),
        ({"a": {"@id": 5}}, "which is no IRI"),
        ({"a": {}}, "without an IRI"),
        ({"a": {"@id": "urn:a", "@unknown": 1}}, "unknown member '@unknown'"),
        ({"a": {"@id": "urn:a", "@type": "relative"}}, "the type 'relative'"),
        ({"a": {"@id": "urn:a", "@type": "@set"}}, "the type '@set'"),
        ({"a": {"@id": "urn:a", "@container": "@nest"}}, "the container '@nest'"),
        ({"a": {"@id": "urn:a", "@container": ["@list", "@set"]}}, "the container"),
        ({"a": {"@id": "urn:a", "@container": ["@set", "@set"]}}, "the container"),
        ({"a": {"@id": "urn:a", "@index": "urn:b"}}, "the index 'urn:b'"),
        ({"a": {"@id": "urn:a", "@nest": "@id"}}, "nests 'a' under '@id'"),
        ({"a": {"@id": "@type", "@prefix": True}}, "makes the keyword @type a prefix"),
        ({"a:b": {"@id": "urn:c"}}, "but it is an IRI itself"),
        ({"did:example:me": "did:example:you"}, "but it is an IRI itself"),
        ({"a": {"@reverse": "urn:b", "@id": "urn:c"}}, "as the reverse of"),
        ({"a": {"@id": "urn:a", "@context": {"b": 5}}}, "gives 'a' a context that defines 'b'"),
        (5, "neither a URL nor an object"),
        (["https://www.w3.org/ns/did/v1"], "neither a URL nor an object"),
    ],
)
def test_faults_of_a_local_context_are_findings_at_their_place(local: Any, reason: str) -> None:
    found = findings({"@context": [{}, local], "id": "urn:x", "type": "urn:t"})
    assert len(found) == 1
    assert found[0].startswith("/@context/1 ")
    assert reason in found[0]


def test_a_long_chain_of_terms_is_a_finding_not_a_stack_overflow() -> None:
    chain = {f"t{n}": f"t{n + 1}:x" for n in range(5000)}
    found = findings({"@context": chain, "id": "urn:x", "type": "urn:t"})
    assert "through more than 64 other terms" in found[0]


def test_deeply_nested_scoped_contexts_are_a_finding_not_a_stack_overflow() -> None:
    local: dict[str, Any] = {}
    for _ in range(3000):
        local = {"a": {"@id": "urn:a", "@context": local}}
    found = findings({"@context": local, "id": "urn:x", "type": "urn:t"})
    assert len(found) == 1


@pytest.mark.parametrize(
    "local",
    [
        {"issuer": "urn:x:issuer"},
        {"validUntil": {"@id": "https://www.w3.org/2018/credentials#validFrom"}},
        {"credentialStatus": None},
        {"@vocab": "urn:other:"},
    ],
)
def test_members_of_a_credential_keep_their_meaning_whatever_the_document_defines(local: Any) -> None:
    credential = {
        "@context": [V2, local],
        "type": "VerifiableCredential",
        "issuer": "did:example:i",
        "validUntil": "2030-01-01T00:00:00Z",
        "credentialSubject": {"id": "did:example:s", "name": "x"},
    }
    plain = {**credential, "@context": V2}
    assert json_ld.canonical(credential, json_ld.known()) == json_ld.canonical(plain, json_ld.known())


@pytest.mark.parametrize("name", ["id", "type", "name", "VerifiableCredential", "DataIntegrityProof"])
@pytest.mark.parametrize("value", ["urn:x", None, {"@id": "urn:x"}])
def test_a_protected_term_cannot_be_redefined(name: str, value: Any) -> None:
    found = findings({"@context": [V2, {name: value}], "type": "VerifiableCredential"})
    assert found == [f"/@context/1 redefines the protected term {name!r}"]


def test_a_protected_term_may_be_defined_again_alike() -> None:
    document = {"@context": [V2, {"name": "https://schema.org/name", "id": "@id"}], "name": "x"}
    assert findings(document) == []


def test_protection_holds_inside_the_members_of_a_typed_object() -> None:
    document = {
        "@context": V2,
        "type": "VerifiableCredential",
        "issuer": {"@context": {"name": "urn:x:name"}, "id": "did:example:i", "name": "x"},
    }
    assert findings(document) == ["/issuer/@context redefines the protected term 'name'"]


@pytest.mark.parametrize("place", [[V2, None], [V2, [None]], [V2, {}, None]])
def test_null_does_not_undo_protected_terms(place: Any) -> None:
    found = findings({"@context": place, "type": "VerifiableCredential"})
    assert len(found) == 1
    assert "/@context/" in found[0]


def test_the_context_of_a_property_may_redefine_what_is_protected_outside_it() -> None:
    local = {"wrapper": {"@id": "urn:x:wrapper", "@context": {"name": "urn:x:name"}}}
    document = {"@context": [V2, local], "name": "a", "wrapper": {"name": "b"}}
    assert json_ld.canonical(document, json_ld.known()).decode().splitlines() == [
        '_:c14n0 <urn:x:name> "b" .',
        '_:c14n1 <https://schema.org/name> "a" .',
        "_:c14n1 <urn:x:wrapper> _:c14n0 .",
    ]


@pytest.mark.parametrize("value", ["x", 5, {"b": "x"}, [{"b": "x"}]])
def test_the_context_of_a_property_may_not_redefine_that_property(value: Any) -> None:
    local = {"a": {"@id": "urn:x:a", "@context": {"a": {"@id": "urn:x:a", "@type": "@json"}, "b": "urn:x:b"}}}
    found = findings({"@context": local, "a": value, "urn:x:b": "x"})
    assert "redefines the property 'a' in the context of that property" in found[0]


def test_the_context_of_a_type_holds_for_that_object_alone() -> None:
    local = {"type": "@type", "T": {"@id": "urn:x:T", "@context": {"a": "urn:x:a"}}, "b": "urn:x:b"}
    assert findings({"@context": local, "type": "T", "a": 1, "b": {"b": 2}}) == []
    found = findings({"@context": local, "type": "T", "b": {"a": 1}})
    assert found == ["/b/a is a term that no context defines"]


def test_the_contexts_of_types_apply_in_the_order_of_their_names() -> None:
    local = {
        "B": {"@id": "urn:x:B", "@context": {"a": "urn:b:a"}},
        "A": {"@id": "urn:x:A", "@context": {"a": "urn:a:a"}},
    }
    for types in (["A", "B"], ["B", "A"]):
        document = {"@context": local, "@type": types, "a": 1}
        assert b'<urn:b:a> "1"' in json_ld.canonical(document, json_ld.known())


def test_flooding_with_contexts_does_not_grow_what_is_kept() -> None:
    contexts = Contexts()
    for serial in range(600):
        local = {f"t{serial}x{n}": f"urn:x:t{serial}x{n}" for n in range(100)}
        assert findings({"@context": local, f"t{serial}x0": 1}, contexts) == []
    assert contexts._weight <= 60_000
    assert len(contexts._kept) <= 600


def test_contexts_that_were_used_say_the_same_in_another_process() -> None:
    contexts = json_ld.known().with_extra({OWN: {"@context": {"own": "urn:x:own"}}})
    document = {"@context": [V2, OWN], "type": "VerifiableCredential", "own": 1}
    before = json_ld.canonical(document, contexts)
    again = pickle.loads(pickle.dumps(contexts))
    assert dict(again.extra) == dict(contexts.extra)
    assert again._kept == {}
    assert json_ld.canonical(document, again) == before
