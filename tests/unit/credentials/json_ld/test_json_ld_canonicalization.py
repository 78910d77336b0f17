"""Canonical N-Quads: escapes, numbers, languages, lists; and that no graph keeps a verifier busy."""

from __future__ import annotations

import multiprocessing
from typing import Any

import pytest

from ipse.credentials import json_ld
from ipse.credentials.budget import UNBOUNDED
from ipse.credentials.json_ld import TooMuchWork, canonicalization, expansion
from ipse.credentials.json_ld.statements import Statement

V2 = "https://www.w3.org/ns/credentials/v2"
XSD = "http://www.w3.org/2001/XMLSchema#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


def canonical(document: dict[str, Any], hash_name: json_ld.HashName = "sha256") -> str:
    return json_ld.canonical(document, json_ld.known(), hash_name=hash_name).decode()


def target(value: Any, **definition: Any) -> str:
    """The object of the one statement that `value` becomes."""
    context = {"xsd": XSD, "claim": {"@id": "urn:x:claim", **definition}}
    text = canonical({"@context": context, "@id": "urn:x:s", "claim": value})
    before, after = "<urn:x:s> <urn:x:claim> ", " .\n"
    assert text.startswith(before)
    assert text.endswith(after)
    return text[len(before) : -len(after)]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("", '""'),
        ("\b\t\n\f\r\"\\", r'"\b\t\n\f\r\"\\"'),
        ("\x00\x07\x0b\x0e\x1f\x7f", r'"\u0000\u0007\u000B\u000E\u001F\u007F"'),
        ("\x80\x85é\u2028\ufeff\U0001f600'", '"\x80\x85é\u2028\ufeff\U0001f600\'"'),
        ("\ufffd\ufffe\uffff", '"\ufffd\\uFFFE\\uFFFF"'),
        (" _:b0 <urn:x> ", '" _:b0 <urn:x> "'),
        (True, f'"true"^^<{XSD}boolean>'),
        (0, f'"0"^^<{XSD}integer>'),
        (-7, f'"-7"^^<{XSD}integer>'),
        (2**53 - 1, f'"9007199254740991"^^<{XSD}integer>'),
        (2.0, f'"2"^^<{XSD}integer>'),
        (1e20, f'"100000000000000000000"^^<{XSD}integer>'),
        (1e21, f'"1.0E21"^^<{XSD}double>'),
        (1.5, f'"1.5E0"^^<{XSD}double>'),
        (-0.00123, f'"-1.23E-3"^^<{XSD}double>'),
        (5e-324, f'"4.940656458412465E-324"^^<{XSD}double>'),
        ({"@value": "a"}, '"a"'),
        ({"@value": "a", "@type": "xsd:string"}, '"a"'),
        ({"@value": "a", "@language": "de-AT"}, '"a"@de-at'),
        ({"@value": "5", "@type": "xsd:integer"}, f'"5"^^<{XSD}integer>'),
        (
            {"@value": {"b": [1.0, None], "a": "é"}, "@type": "@json"},
            f'"{{\\"a\\":\\"é\\",\\"b\\":[1,null]}}"^^<{RDF}JSON>',
        ),
        ({"@id": "urn:x:é"}, "<urn:x:é>"),
        (["a"], '"a"'),
    ],
)  # fmt: skip
def test_values_are_written_as_canonical_n_quads(value: Any, written: str) -> None:
    assert target(value) == written


@pytest.mark.parametrize("with_blank_node", [False, True])
def test_escapes_are_the_same_with_and_without_blank_nodes(with_blank_node: bool) -> None:
    text = "".join(map(chr, [*range(0x90), 0x2028, 0xFFFD, 0xFFFE, 0xFFFF, 0x10FFFF]))
    document: dict[str, Any] = {"@id": "urn:x:s", "urn:x:é": text}
    if with_blank_node:
        document["urn:x:blank"] = {}
    lines = canonical(document).split("\n")
    escaped = "".join(f"\\u{code:04X}" for code in range(8)) + r"\b\t\n\u000B\f\r"
    escaped += "".join(f"\\u{code:04X}" for code in range(0x0E, 0x20))
    escaped += "".join(map(chr, range(0x20, 0x7F))).replace("\\", "\\\\").replace('"', '\\"')
    escaped += "\\u007F" + "".join(map(chr, range(0x80, 0x90))) + "\u2028\ufffd\\uFFFE\\uFFFF\U0010ffff"
    assert lines[-2] == f'<urn:x:s> <urn:x:é> "{escaped}" .'


@pytest.mark.parametrize(
    ("definition", "value", "written"),
    [
        ({"@type": "@id"}, "did:example:a#b", "<did:example:a#b>"),
        ({"@type": "@id"}, 5, f'"5"^^<{XSD}integer>'),
        ({"@type": "@vocab"}, "claim", "<urn:x:claim>"),
        ({"@type": "@vocab"}, "xsd:date", f"<{XSD}date>"),
        ({"@type": "@none"}, "a", '"a"'),
        ({"@type": "@json"}, None, f'"null"^^<{RDF}JSON>'),
        ({"@type": "@json"}, [{"b": 1, "a": 2}], f'"[{{\\"a\\":2,\\"b\\":1}}]"^^<{RDF}JSON>'),
        ({"@type": "xsd:dateTime"}, "anything", f'"anything"^^<{XSD}dateTime>'),
        ({"@type": "xsd:double"}, 2, f'"2.0E0"^^<{XSD}double>'),
        ({"@type": "xsd:double"}, "2", f'"2"^^<{XSD}double>'),
        ({"@type": "xsd:nonNegativeInteger"}, 2, f'"2"^^<{XSD}nonNegativeInteger>'),
        ({"@type": "urn:x:unit"}, 1.5, '"1.5E0"^^<urn:x:unit>'),
        ({"@language": "fr"}, "a", '"a"@fr'),
        ({"@container": "@language"}, {"en": "a"}, '"a"@en'),
        ({"@container": "@language"}, {"@none": ["a"]}, '"a"'),
        ({"@container": "@set"}, ["a"], '"a"'),
        ({"@container": "@list"}, [], f"<{RDF}nil>"),
    ],
)  # fmt: skip
def test_definitions_say_what_values_become(definition: Any, value: Any, written: str) -> None:
    assert target(value, **definition) == written


def test_lists_keep_their_order_and_may_hold_lists() -> None:
    context = {"l": {"@id": "urn:x:l", "@container": "@list"}}
    one = canonical({"@context": context, "l": ["a", ["b", "a"], "a"]})
    assert one != canonical({"@context": context, "l": ["a", ["a", "b"], "a"]})
    assert one.count(f"<{RDF}rest>") == 5


def test_the_order_of_members_and_of_sets_does_not_matter() -> None:
    one = {"urn:x:a": ["1", "2"], "urn:x:b": {"urn:x:c": "3", "urn:x:d": "4"}}
    other = {"urn:x:b": {"urn:x:d": "4", "urn:x:c": "3"}, "urn:x:a": ["2", "1"]}
    assert canonical(one) == canonical(other)


def test_each_credential_of_a_presentation_is_a_graph_of_its_own() -> None:
    credential = {"@context": V2, "id": "urn:x:c", "type": "VerifiableCredential", "issuer": "did:example:i"}
    presentation = {"@context": V2, "type": "VerifiablePresentation", "verifiableCredential": [credential]}
    lines = canonical(presentation).splitlines()
    assert sum(line.startswith("<urn:x:c> ") for line in lines) == 2
    assert all(line.split()[-2].startswith("_:c14n") for line in lines if line.startswith("<urn:x:c> "))


def test_the_hash_function_is_that_of_the_suite() -> None:
    document = {"urn:x:a": [{"urn:x:b": str(n)} for n in range(6)]}
    assert canonical(document) != canonical(document, "sha384")


# Poison


def _complete(size: int, predicates: int = 1) -> list[Statement]:
    return [
        (f"_:b{one}", f"<urn:p{p}>", f"_:b{other}", "")
        for one in range(size)
        for other in range(size)
        for p in range(predicates)
        if one != other
    ]


def _two_stars(size: int) -> list[Statement]:
    return [
        (f"_:b{size * 2 + star}", "<urn:p>", f"_:b{star * size + n}", "")
        for star in range(2)
        for n in range(size)
    ]


def _ladder(size: int) -> list[Statement]:
    rungs = [(f"_:b{n}", "<urn:p>", f"_:b{n + size}", "") for n in range(size)]
    sides = [(f"_:b{n}", "<urn:q>", f"_:b{(n + 1) % size}", "") for n in range(size)]
    return [
        *rungs,
        *sides,
        *((f"_:b{n + size}", "<urn:q>", f"_:b{(n + 1) % size + size}", "") for n in range(size)),
    ]


def _in_graphs(size: int) -> list[Statement]:
    return [
        (f"_:b{one}", "<urn:p>", f"_:b{other}", f" _:b{size + one}")
        for one in range(size)
        for other in range(size)
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    "statements",
    [_complete(12), _complete(10, 3), _two_stars(14), _complete(40), _in_graphs(12)],
    ids=["complete", "complete with three predicates", "two stars", "large", "graphs"],
)
def test_a_poison_graph_is_given_up_and_not_tried_in_this_process(
    statements: list[Statement], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(canonicalization, "_SECONDS", 1.0)
    monkeypatch.setattr(canonicalization, "relabel", lambda *_: pytest.fail("tried in this process"))
    with pytest.raises(TooMuchWork):
        canonicalization.canonicalize(statements, "sha256")


@pytest.mark.parametrize(
    "statements",
    [_complete(4), _complete(4, 40), _complete(2, 200), _two_stars(1), _complete(5), _ladder(12)],
    ids=["four", "many predicates", "two", "stars", "five", "ladder"],
)
def test_the_child_process_comes_to_the_same_as_this_process(
    statements: list[Statement], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(canonicalization, "_SECONDS", 60.0)
    data = "".join(f"{a} {b} {c}{d} .\n" for a, b, c, d in statements).encode()
    expected = canonicalization.relabel(data, "sha384")
    assert canonicalization._in_child(data, "sha384", UNBOUNDED) == expected
    assert canonicalization.canonicalize(statements, "sha384") == expected


def _quick(document: dict[str, Any]) -> bool:
    statements = expansion.expand(document, json_ld.known()).made
    return canonicalization.quick(canonicalization._occurrences(statements))


@pytest.mark.parametrize(
    "document",
    [
        {"urn:x:a": [{"urn:x:b": str(n)} for n in range(1000)]},
        {"urn:x:a": [{"urn:x:b": {}} for _ in range(30)]},
        {"urn:x:a": [{} for _ in range(500)]},
        {"@context": {"l": {"@id": "urn:x:l", "@container": "@list"}}, "l": ["same"] * 30},
        {"urn:x:a": {"urn:x:a": {"urn:x:a": {"urn:x:a": {"urn:x:a": {"urn:x:b": "leaf"}}}}}},
    ],
    ids=["distinct", "pairs", "alike", "list", "chain"],
)
def test_honest_documents_are_canonicalised_in_this_process(document: dict[str, Any]) -> None:
    assert _quick(document)


def _presentation_of_one_twice(claims: int) -> dict[str, Any]:
    context = [V2, "https://www.w3.org/ns/credentials/examples/v2"]
    subject = {f"claim{n}": "value" for n in range(claims)}
    credential = {"@context": context, "type": "VerifiableCredential", "credentialSubject": subject}
    return {"@context": V2, "type": "VerifiablePresentation", "verifiableCredential": [credential] * 2}


def test_statements_that_share_a_graph_are_not_tried_in_all_orders() -> None:
    document = _presentation_of_one_twice(40)
    assert _quick(document)
    lines = canonical(document).splitlines()
    assert len({line.split()[-2] for line in lines if line.count("_:c14n") == 2 and "#claim" in line}) == 2


def test_graphs_in_which_many_orders_must_be_tried_are_not_tried_in_this_process() -> None:
    document = _presentation_of_one_twice(0)
    subject = {"claim": [str(n) for n in range(20)]}
    for credential in document["verifiableCredential"]:
        credential["credentialSubject"] = [subject, subject]
    assert not _quick(document)


def test_text_that_looks_like_a_blank_node_does_not_hide_a_poison_graph() -> None:
    statements = [*_complete(12), *((f"_:b{n}", "<urn:q>", '" _:b3 "', "") for n in range(12))]
    assert not canonicalization.quick(canonicalization._occurrences(statements))


def test_poison_can_be_written_as_json_and_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canonicalization, "_SECONDS", 1.0)

    def tree(depth: int) -> dict[str, Any]:
        return {"urn:x:a": [tree(depth - 1) for _ in range(9)]} if depth else {}

    with pytest.raises(TooMuchWork):
        canonical(tree(3))


def _work(seconds: float) -> str:
    canonicalization._SECONDS = seconds
    statements = _complete(5)
    return canonicalization.canonicalize(statements, "sha256").decode()


def test_a_child_process_can_be_started_from_a_worker_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canonicalization, "_SECONDS", 60.0)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.map(_work, [60.0]) == [_work(60.0)]
