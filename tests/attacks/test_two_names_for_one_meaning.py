"""A claim under another name than the one that was signed.

The attacker holds a credential whose proof signs RDF, and wants its readers to see other claims. RDF keeps
what a name stands for and not the name, and contexts are not signed. So where two names stand for one thing,
the attacker swapped the values of `countryOfOrigin` and `countryOfExportation`, and the signature held; or
wrote a name that hides the claim from whoever looks for the first.

It cannot come back, because every name in a signed document is compared with all others that could say the
same there: terms of every scope, of contexts that were undone or replaced, names by @vocab, IRIs in full or
compact, types, datatypes and values of @vocab terms, and values that are spelled out. Where a name could have
been another one, the proof is undetermined (`ambiguous-name`, or `swappable-names` where two such names
stand side by side); and nothing with either is issued. The tests below sign as a program would that
does not look, and show of each attack that its RDF is what was signed.
"""

from __future__ import annotations

import copy
import hashlib
import itertools
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from ipse.credentials import json_ld, verifier
from ipse.credentials.formats.data_integrity import SUITES
from ipse.credentials.formats.data_integrity.cryptosuites import (
    hash_name_of,
    options_hash,
    proof_configuration,
)
from ipse.credentials.formats.vcdm11 import contexts as old_contexts
from ipse.credentials.formats.vcdm11 import didkit_process, embedded_proofs, signing
from ipse.credentials.issuer import Draft, IssueOptions, Issuer, SigningKey
from ipse.credentials.json_ld import AMBIGUOUS, LOST, SWAPPABLE, Contexts
from ipse.credentials.json_ld.canonicalization import canonicalize
from ipse.credentials.json_ld.contexts import PACKAGED, Scope
from ipse.credentials.json_ld.expansion import expand
from ipse.credentials.json_ld.terms import ABSENT, ActiveContext, ContextFault
from ipse.credentials.policy import NO_CHALLENGE, Policy, Sources
from ipse.credentials.report import Check, Outcome
from ipse.dids import did_key
from ipse.encoding import multibase
from ipse.encoding.strict_json import JsonObject
from ipse.errors import MalformedInput
from ipse.keys import key_types

needs_didkit = pytest.mark.skipif(not didkit_process.available(), reason="didkit is not installed")

NOW: Final = datetime(2026, 7, 1, 12, tzinfo=UTC)
V1: Final = "https://www.w3.org/2018/credentials/v1"
V2: Final = "https://www.w3.org/ns/credentials/v2"
TRACEABILITY: Final = "https://w3id.org/traceability/v1"
OWN: Final = "https://issuer.example/terms/v1"
OTHER: Final = "https://issuer.example/terms/v2"
VOC: Final = "https://issuer.example/voc#"
XSD: Final = "http://www.w3.org/2001/XMLSchema#"
RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
KEYS: Final = {
    name: key_types.private_key(name, bytes(range(1, 33))) for name in ("Ed25519", "P-256", "secp256k1")
}

LICENCE: Final[JsonObject] = {
    "SIMASteelImportLicense": {
        "@id": "https://w3id.org/traceability#SIMASteelImportLicense",
        "@context": {
            "countryOfExportation": {"@id": "https://schema.org/addressCountry"},
            "countryOfOrigin": {"@id": "https://schema.org/addressCountry"},
        },
    }
}
"""A part of traceability/v1."""


def signing_key(key_type: str = "Ed25519") -> SigningKey:
    did = did_key.from_public_key(KEYS[key_type].public())
    return SigningKey(did, did_key.verification_method_id(did), KEYS[key_type])


def credential(subject: JsonObject, *context: Any, key_type: str = "Ed25519") -> JsonObject:
    return {
        "@context": [V2, *context],
        "id": "urn:uuid:6d1ac2a2-71d1-4a3f-9b6c-3b6d0d4f1a11",
        "type": ["VerifiableCredential"],
        "issuer": signing_key(key_type).did,
        "validFrom": "2026-01-01T00:00:00Z",
        "credentialSubject": {"id": "did:example:importer", **subject},
    }


def knowing(own: JsonObject, other: JsonObject | None = None) -> Contexts:
    """The contexts of a user who gave these with --context."""
    given = {OWN: {"@context": own}} | ({} if other is None else {OTHER: {"@context": other}})
    return json_ld.known().with_extra(given)


def rdf(document: JsonObject, contexts: Contexts) -> bytes:
    """What a proof signs of a document, whatever is found in it."""
    return canonicalize(expand(document, contexts).made, "sha256")


def codes(document: JsonObject, contexts: Contexts) -> set[str]:
    return {found.code for found in json_ld.findings(document, contexts, signs_rdf=True)}


def sign_unchecked(document: JsonObject, contexts: Contexts, suite: str, key_type: str) -> JsonObject:
    """`document` with a proof by a program that signs whatever RDF it gets."""
    import hashlib

    chosen, key = SUITES[suite], signing_key(key_type)
    options: JsonObject = {
        "type": suite if chosen.has_own_type else "DataIntegrityProof",
        "created": "2026-01-01T00:00:00Z",
        "verificationMethod": key.verification_method,
        "proofPurpose": "assertionMethod",
    }
    if not chosen.has_own_type:
        options["cryptosuite"] = suite
    hash_name = hash_name_of(key_type)
    hashed = options_hash(
        proof_configuration(options, document, chosen), chosen, hash_name=hash_name, contexts=contexts
    )
    signature = key.key.sign(hashed + hashlib.new(hash_name, rdf(document, contexts)).digest())
    return {**document, "proof": {**options, "proofValue": multibase.encode_base58btc(signature)}}


def proof_check(document: JsonObject, contexts: Contexts | None = None) -> Check:
    """What verification says of the proof."""
    policy = Policy(any_issuer=True, challenge=NO_CHALLENGE)
    sources = Sources() if contexts is None else Sources(contexts=contexts)
    return verifier.verify(document, policy=policy, now=NOW, sources=sources).report.check("proof")


def with_names_changed(document: JsonObject, **names: str) -> JsonObject:
    subject = {names.get(name, name): value for name, value in document["credentialSubject"].items()}
    return {**document, "credentialSubject": subject}


# The attack that was found, with each suite


@pytest.mark.parametrize(
    ("suite", "key_type"),
    [("eddsa-rdfc-2022", "Ed25519"), ("ecdsa-rdfc-2019", "P-256"), ("Ed25519Signature2020", "Ed25519")],
)
def test_the_countries_of_a_steel_licence_cannot_be_swapped(suite: str, key_type: str) -> None:
    contexts = knowing(LICENCE)
    base = ["https://w3id.org/security/suites/ed25519-2020/v1"] if SUITES[suite].has_own_type else []
    subject = {"type": "SIMASteelImportLicense", "countryOfOrigin": "RU", "countryOfExportation": "DE"}
    document = credential(subject, *base, OWN, key_type=key_type)
    signed = sign_unchecked(document, contexts, suite, key_type)
    swapped = with_names_changed(
        signed, countryOfOrigin="countryOfExportation", countryOfExportation="countryOfOrigin"
    )
    assert swapped["credentialSubject"]["countryOfOrigin"] == "DE"
    assert rdf({**swapped, "proof": 0}, contexts) == rdf({**signed, "proof": 0}, contexts)
    for each in (signed, swapped):
        check = proof_check(each, contexts)
        assert (check.outcome, check.code) == (Outcome.UNDETERMINED, SWAPPABLE)
        assert "countryOfOrigin" in check.reason
        assert "countryOfExportation" in check.reason


@pytest.mark.parametrize(
    ("suite", "key_type"),
    [("eddsa-rdfc-2022", "Ed25519"), ("ecdsa-rdfc-2019", "P-256"), ("Ed25519Signature2020", "Ed25519")],
)
def test_a_country_cannot_become_another_one(suite: str, key_type: str) -> None:
    contexts = knowing(LICENCE)
    base = ["https://w3id.org/security/suites/ed25519-2020/v1"] if SUITES[suite].has_own_type else []
    subject = {"type": "SIMASteelImportLicense", "countryOfOrigin": "RU"}
    document = credential(subject, *base, OWN, key_type=key_type)
    signed = sign_unchecked(document, contexts, suite, key_type)
    for each in (signed, with_names_changed(signed, countryOfOrigin="countryOfExportation")):
        check = proof_check(each, contexts)
        assert (check.outcome, check.code) == (Outcome.UNDETERMINED, AMBIGUOUS)


def test_where_every_byte_is_signed_two_names_are_fine() -> None:
    contexts = knowing(LICENCE)
    subject = {"type": "SIMASteelImportLicense", "countryOfOrigin": "RU"}
    issuer = Issuer(signing_key(), IssueOptions("w3c", contexts=contexts), now=NOW)
    issued = issuer.issue(credential(subject, OWN))
    assert issued.warnings == ()
    assert isinstance(issued.credential, dict)
    assert proof_check(issued.credential, contexts).outcome is Outcome.PASSED


# Every other way to two names: what is signed, and what the attacker makes of it


def term(name: str, **definition: Any) -> JsonObject:
    return {"@id": VOC + name, **definition}


ATTACKS: Final[dict[str, tuple[JsonObject, JsonObject, JsonObject, str]]] = {
    "two terms": (
        {"origin": term("country"), "export": term("country")},
        {"origin": "RU"},
        {"export": "RU"},
        AMBIGUOUS,
    ),
    "two terms, both there": (
        {"origin": term("country"), "export": term("country")},
        {"origin": "RU", "export": "DE"},
        {"origin": "DE", "export": "RU"},
        SWAPPABLE,
    ),
    "lists": (
        {
            "won": term("results", **{"@container": "@list"}),
            "lost": term("results", **{"@container": "@list"}),
        },
        {"won": ["a", "b"]},
        {"lost": ["a", "b"]},
        AMBIGUOUS,
    ),
    "a term that coerces, its value spelled out": (
        {"born": term("date", **{"@type": XSD + "date"}), "note": term("date")},
        {"born": "2001-01-01"},
        {"note": {"@value": "2001-01-01", "@type": XSD + "date"}},
        AMBIGUOUS,
    ),
    "a language, its text spelled out": (
        {"motto_en": term("motto", **{"@language": "en"}), "motto_la": term("motto", **{"@language": "la"})},
        {"motto_en": "per aspera"},
        {"motto_la": {"@value": "per aspera", "@language": "en"}},
        AMBIGUOUS,
    ),
    "a language and a map of languages": (
        {
            "motto": term("motto", **{"@language": "en"}),
            "mottos": term("motto", **{"@container": "@language"}),
        },
        {"motto": "per aspera"},
        {"mottos": {"en": "per aspera"}},
        AMBIGUOUS,
    ),
    "a language by another tag": (
        {"motto": term("motto", **{"@container": "@language"})},
        {"motto": {"en-GB": "per aspera"}},
        {"motto": {"en-gb": "per aspera"}},
        AMBIGUOUS,
    ),
    "the sign for no language by another name": (
        {"motto": term("motto", **{"@container": "@language"}), "en": "@none"},
        {"motto": {"@none": "per aspera"}},
        {"motto": {"en": "per aspera"}},
        LOST,
    ),
    "a reference and an object with an id": (
        {"employer": term("org", **{"@type": "@id"}), "sponsor": term("org")},
        {"employer": "https://acme.example/"},
        {"sponsor": {"id": "https://acme.example/"}},
        AMBIGUOUS,
    ),
    "a number and its text": (
        {"points": term("points", **{"@type": XSD + "integer"}), "penalty": term("points")},
        {"points": "5"},
        {"penalty": 5},
        AMBIGUOUS,
    ),
    "JSON, spelled out": (
        {"data": term("data", **{"@type": "@json"}), "draft": term("data")},
        {"data": {"a": [1]}},
        {"draft": {"@value": {"a": [1]}, "@type": "@json"}},
        AMBIGUOUS,
    ),
    "an object under a term with a context of its own": (
        {
            "father": term("parent", **{"@context": {"call": VOC + "title"}}),
            "mother": term("parent", **{"@context": {"named": VOC + "title"}}),
        },
        {"father": {"call": "A"}},
        {"mother": {"named": "A"}},
        AMBIGUOUS,
    ),
    "names in the context of a property": (
        {"trade": term("trade", **{"@context": {"origin": VOC + "country", "export": VOC + "country"}})},
        {"trade": {"origin": "RU"}},
        {"trade": {"export": "RU"}},
        AMBIGUOUS,
    ),
    "names in the context of a type": (
        {"Trade": term("Trade", **{"@context": {"origin": VOC + "country", "export": VOC + "country"}})},
        {"type": "Trade", "origin": "RU"},
        {"type": "Trade", "export": "RU"},
        AMBIGUOUS,
    ),
    "two names of one type": (
        {"Admin": term("Role"), "Guest": term("Role")},
        {"type": "Guest"},
        {"type": "Admin"},
        AMBIGUOUS,
    ),
    "two names of one type, both there": (
        {"Admin": term("Role"), "Guest": term("Role")},
        {"type": "Guest"},
        {"type": ["Guest", "Admin"]},
        SWAPPABLE,
    ),
    "a type in full": ({"Role": term("Role")}, {"type": "Role"}, {"type": VOC + "Role"}, AMBIGUOUS),
    "a class where its property belongs": (
        {"Image": term("image"), "image": term("image", **{"@type": "@id"})},
        {"image": "https://issuer.example/a.png"},
        {"Image": {"id": "https://issuer.example/a.png"}},
        AMBIGUOUS,
    ),
    "a property where its class belongs": (
        {"Image": term("Image"), "image": term("Image")},
        {"type": "Image"},
        {"type": "image"},
        AMBIGUOUS,
    ),
    "a value by two names": (
        {"level": term("level", **{"@type": "@vocab"}), "Gold": term("g"), "Tin": term("g")},
        {"level": "Tin"},
        {"level": "Gold"},
        AMBIGUOUS,
    ),
    "a value in full": (
        {"level": term("level", **{"@type": "@vocab"}), "Tin": term("Tin")},
        {"level": "Tin"},
        {"level": VOC + "Tin"},
        AMBIGUOUS,
    ),
    "a value as an object with an id": (
        {"level": term("level", **{"@type": "@vocab"}), "Tin": term("Tin")},
        {"level": "Tin"},
        {"level": {"id": VOC + "Tin"}},
        AMBIGUOUS,
    ),
    "a value by two names in the context of its property": (
        {"level": term("level", **{"@type": "@vocab", "@context": {"Gold": VOC + "g", "Tin": VOC + "g"}})},
        {"level": "Tin"},
        {"level": "Gold"},
        AMBIGUOUS,
    ),
    "a datatype by two names": (
        {"size": term("size"), "Metres": term("unit"), "Feet": term("unit")},
        {"size": {"@value": "5", "@type": "Feet"}},
        {"size": {"@value": "5", "@type": "Metres"}},
        AMBIGUOUS,
    ),
    "an IRI in full": ({"revoked": term("revoked")}, {"revoked": True}, {VOC + "revoked": True}, AMBIGUOUS),
    "a compact IRI": (
        {"revoked": term("revoked"), "voc": VOC},
        {"revoked": True},
        {"voc:revoked": True},
        AMBIGUOUS,
    ),
    "a name by @vocab": (
        {"@vocab": VOC, "revoked": term("endedEarly")},
        {"revoked": True},
        {"endedEarly": True},
        AMBIGUOUS,
    ),
    "a type by @vocab": (
        {"@vocab": VOC, "Guest": term("Role")},
        {"type": "Guest"},
        {"type": "Role"},
        AMBIGUOUS,
    ),
    "a term beside @vocab, in full": (
        {"@vocab": VOC},
        {"revoked": True},
        {VOC + "revoked": True},
        AMBIGUOUS,
    ),
    "the other name is undone": (
        {"origin": term("country"), "export": term("country")},
        {"origin": "RU"},
        {"@context": {"origin": None}, "export": "RU"},
        AMBIGUOUS,
    ),
    "the other name is given away": (
        {"origin": term("country"), "export": term("country")},
        {"origin": "RU"},
        {"@context": {"origin": VOC + "origin"}, "export": "RU"},
        AMBIGUOUS,
    ),
    "the type of a type": (
        {"Guest": term("Guest")},
        {"type": "Guest"},
        {RDF + "type": {"id": VOC + "Guest"}},
        LOST,
    ),
    "a list in its parts": (
        {"steps": term("steps", **{"@container": "@list"}), "hints": term("steps")},
        {"steps": ["a"]},
        {"hints": {RDF + "first": "a", RDF + "rest": {"id": RDF + "nil"}}},
        LOST,
    ),
    "an empty list": (
        {"steps": term("steps", **{"@container": "@list"}), "hints": term("steps")},
        {"steps": []},
        {"hints": {"id": RDF + "nil"}},
        LOST,
    ),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_of_two_documents_with_one_rdf_the_forged_one_is_not_safe(name: str) -> None:
    own, honest, forged, code = ATTACKS[name]
    contexts = knowing(own)
    signed, shown = (credential(subject, OWN) for subject in (honest, forged))
    if code == AMBIGUOUS:
        assert rdf(signed, contexts) == rdf(shown, contexts)
    assert code in codes(shown, contexts)


@pytest.mark.parametrize("name", ATTACKS)
def test_a_forged_document_never_verifies(name: str) -> None:
    own, honest, forged, code = ATTACKS[name]
    contexts = knowing(own)
    signed = sign_unchecked(credential(honest, OWN), contexts, "eddsa-rdfc-2022", "Ed25519")
    shown = credential(forged, OWN) | {"proof": signed["proof"]}
    check = proof_check(shown, contexts)
    expected = Outcome.FAILED if code == LOST else Outcome.UNDETERMINED
    if code == SWAPPABLE:  # what was added to the document may be wrong in another way as well
        assert check.outcome in (expected, Outcome.FAILED)
    else:
        assert (check.outcome, check.code.replace("malformed", LOST)) == (expected, code)


def test_a_context_cannot_be_replaced_by_one_with_another_name() -> None:
    contexts = knowing({"origin": term("country")}, {"export": term("country")})
    signed = credential({"origin": "RU"}, OWN)
    shown = credential({"export": "RU"}, OTHER)
    assert rdf(signed, contexts) == rdf(shown, contexts)
    assert codes(shown, contexts) == codes(signed, contexts) == {AMBIGUOUS}


def test_a_type_s_context_cannot_be_replaced_by_one_with_another_name() -> None:
    one, two = (
        {"Trade": term("Trade", **{"@context": {name: term("country")}})} for name in ("origin", "export")
    )
    contexts = knowing(one, two)
    shown = credential({"type": "Trade", "export": "RU"}, OTHER)
    assert rdf(shown, contexts) == rdf(credential({"type": "Trade", "origin": "RU"}, OWN), contexts)
    assert codes(shown, contexts) == {AMBIGUOUS}


def test_an_inline_context_makes_no_second_name() -> None:
    contexts = json_ld.known()
    both = {"origin": VOC + "origin", "voc": VOC}
    assert codes(credential({"voc:origin": "RU"}, both), contexts) == {AMBIGUOUS}
    assert codes(credential({"origin": "RU"}, both), contexts) == set()
    assert LOST in codes(credential({"export": "RU"}, {"export": VOC + "origin"}), contexts)


@pytest.mark.parametrize(
    ("alias", "value"),
    [
        ("uid", "urn:x:a"), ("kind", "Guest"), ("content", "x"), ("tongue", "en"), ("list", ["x"]),
        ("back", {VOC + "a": {"id": "urn:x:a"}}), ("position", "x"), ("nested", {"a": "x"}), ("set", ["x"]),
    ],
)  # fmt: skip
def test_an_alias_of_a_keyword_is_refused(alias: str, value: Any) -> None:
    keywords = {
        "uid": "@id", "kind": "@type", "content": "@value", "tongue": "@language", "list": "@list",
        "back": "@reverse", "position": "@index", "nested": "@nest", "set": "@set",
    }  # fmt: skip
    contexts = knowing({**keywords, "a": term("a"), "Guest": term("Guest")})
    subject = {"a": {"a": "x", alias: value}}
    assert LOST in codes(credential(subject, OWN), contexts)


# What can't be swapped


SAFE: Final[dict[str, tuple[JsonObject, JsonObject]]] = {
    "a class and its property": (
        {"Image": term("Image"), "image": term("Image")},
        {"image": {"type": "Image", "id": "https://issuer.example/a.png"}},
    ),
    "texts in two languages": (
        {"motto_en": term("motto", **{"@language": "en"}), "motto_la": term("motto", **{"@language": "la"})},
        {"motto_en": "per aspera", "motto_la": "per aspera"},
    ),
    "a text in a map of languages": (
        {"motto": term("motto", **{"@container": "@language"})},
        {"motto": {"en-GB": "a", "zh-Hant-TW": "b", "de-x-at": "c", "@none": "d"}},
    ),
    "a second name that nobody may use": (
        {"purpose": "https://w3id.org/security#proofPurpose", "a": term("a")},
        {"a": "x"},
    ),
    "a date and a text": (
        {"born": term("date", **{"@type": XSD + "date"}), "note": term("date")},
        {"born": "2001-01-01", "note": "unsure"},
    ),
    "a reference and a text": (
        {"employer": term("org", **{"@type": "@id"}), "sponsor": term("org")},
        {"employer": "https://acme.example/", "sponsor": "Acme"},
    ),
    "a list and no list": (
        {"steps": term("steps", **{"@container": "@list"}), "hints": term("steps")},
        {"steps": ["a"], "hints": ["a"]},
    ),
    "JSON and a text": (
        {"data": term("data", **{"@type": "@json"}), "draft": term("data")},
        {"data": {"a": 1}, "draft": "x"},
    ),
    "an IRI without a term": ({"a": term("a")}, {VOC + "b": "x", "a": "x"}),
    "a compact IRI without a term": ({"voc": VOC}, {"voc:b": "x"}),
    "a term for the name by @vocab": ({"@vocab": VOC, "a": term("a")}, {"a": "x", "b": "x"}),
    "two terms that are not there": ({"a": term("x"), "b": term("x"), "c": term("c")}, {"c": "x"}),
    "one name in two contexts": (
        {"a": term("x"), "T": term("T", **{"@context": {"a": term("x")}})},
        {"a": "x"},
    ),
}


@pytest.mark.parametrize("name", SAFE)
def test_what_cannot_be_swapped_is_issued_and_verified(name: str) -> None:
    own, subject = SAFE[name]
    contexts = knowing(own)
    document = credential(subject, OWN)
    assert json_ld.findings(document, contexts, signs_rdf=True) == ()
    options = IssueOptions("w3c", suite="eddsa-rdfc-2022", contexts=contexts)
    issued = Issuer(signing_key(), options, now=NOW).issue(document)
    assert isinstance(issued.credential, dict)
    assert proof_check(issued.credential, contexts).outcome is Outcome.PASSED


def test_the_only_name_of_an_iri_in_all_contexts_is_safe() -> None:
    contexts = knowing({"nationality": "https://schema.org/addressCountry"})
    assert codes(credential({"nationality": "RU"}, OWN), contexts) == set()


# Every pair of names, in generated credentials


def generated(seed: int) -> tuple[Contexts, JsonObject]:
    """Contexts in which some names share an IRI, and a subject that uses some of them, nested as it comes."""
    draw = random.Random(seed)
    names = [f"n{number}" for number in range(8)]
    coercions: list[JsonObject] = [
        {}, {}, {"@type": XSD + "date"}, {"@type": "@id"}, {"@language": "en"}, {"@container": "@list"},
        {"@type": XSD + "integer"}, {"@type": "@vocab"}, {"@type": "@json"}, {"@container": "@set"},
    ]  # fmt: skip
    own: JsonObject = {
        name: term(f"p{draw.randrange(5)}", **draw.choice(coercions)) for name in (*names, "N8", "N9")
    }
    own["Kind"] = term("Kind", **{"@context": {name: own[name] for name in draw.sample(names, 3)}})
    own["Sort"] = term("Kind")
    scalars = [
        "2001-01-01",
        "urn:x:a",
        "text",
        5,
        True,
        {"id": "urn:x:a"},
        {"@value": "t", "@language": "en"},
    ]

    def node(depth: int) -> JsonObject:
        made: JsonObject = {"type": "Kind"} if draw.random() < 0.3 else {}
        for name in draw.sample([*names, "N8", "N9"], 4):
            made[name] = node(depth - 1) if depth and draw.random() < 0.3 else draw.choice(scalars)
        return made

    return knowing(own), node(2)


def renamed_copies(subject: JsonObject, names: list[str]) -> Iterator[JsonObject]:
    """Copies of an object in which two of its names are swapped, or one is another; inner objects too."""
    for one, two in itertools.permutations(names, 2):
        if one in subject:
            switch = {one: two, two: one}
            yield {switch.get(name, name): value for name, value in subject.items()}
    for name, value in subject.items():
        if isinstance(value, dict) and "@value" not in value:
            for copied in renamed_copies(value, names):
                yield {**subject, name: copied}


SEEDS: Final = [seed if seed < 5 else pytest.param(seed, marks=pytest.mark.slow) for seed in range(50)]


@pytest.mark.parametrize("seed", SEEDS)
def test_no_pair_of_names_can_be_swapped_in_a_credential_that_is_safe(seed: int) -> None:
    contexts, subject = generated(seed)
    honest = without_what_is_lost(credential(subject, OWN), contexts)
    found, signed = read(honest, contexts)
    names = sorted(name for name in contexts.extra[OWN]["@context"] if name[1:].isdigit())
    for changed in renamed_copies(honest["credentialSubject"], names):
        shown = {**honest, "credentialSubject": changed}
        now, made = read(shown, contexts)
        if shown != honest and LOST not in now and made == signed:
            assert now & {AMBIGUOUS, SWAPPABLE}
            assert found or only_ranks_differ(honest, shown)


def read(document: JsonObject, contexts: Contexts) -> tuple[set[str], bytes]:
    """The codes of what is found in a document, and its canonical RDF."""
    statements = expand(document, contexts)
    return {each.code for each in statements.findings}, canonicalize(statements.made, "sha256")


def without_what_is_lost(document: JsonObject, contexts: Contexts) -> JsonObject:
    """A copy without the members that RDF would not keep."""
    whole = copy.deepcopy(document)
    while lost := [each for each in json_ld.findings(whole, contexts) if each.code == LOST]:
        steps = lost[0].pointer.split("/")[1:]
        place: Any = whole
        while len(steps) > 1 and isinstance(place[steps[0]], dict) and steps[1] in place[steps[0]]:
            place = place[steps.pop(0)]
        del place[steps[0]]
    return whole


def only_ranks_differ(honest: JsonObject, shown: JsonObject) -> bool:
    """Whether a name in lower case became one in upper case, which is not safe there."""
    return json.dumps(honest).count('"N') < json.dumps(shown).count('"N')


# The contexts that ipse carries


def active_contexts(url: str, contexts: Contexts) -> Iterator[ActiveContext]:
    """The context of `url`, after that of data model 1.1, and each that a type or property opens in it."""
    scope = Scope(contexts)
    try:
        top = scope.local(contexts.initial, [V1, url])
    except ContextFault:  # those of data model 2.0 do not go with it
        top = scope.local(contexts.initial, url)
    yield top
    for name in sorted(top.terms):
        if top.terms[name].context is not ABSENT:
            for of_type in (True, False):
                try:
                    yield scope.scoped(top, top.terms[name], of_type=of_type)
                    break
                except ContextFault:
                    continue


def unsafe_terms(url: str, contexts: Contexts) -> set[tuple[str, str]]:
    """The properties of a context that have a second name of their rank, with their IRIs."""
    found: set[tuple[str, str]] = set()
    for active in active_contexts(url, contexts):
        for name, meaning in active.terms.items():
            if meaning.iri is None or meaning.iri[0] == "@" or name[:1].isupper():
                continue
            others = {each.name for each in active.terms_of(meaning.iri)} - {name}
            if any(not other[:1].isupper() for other in others):
                found.add((name, meaning.iri))
    return found


def test_the_carried_contexts_have_as_many_unsafe_terms_as_are_known() -> None:
    contexts = old_contexts.carried()
    counts = {url: len(unsafe_terms(url, contexts)) for url in old_contexts.KNOWN_CONTEXTS}
    assert {url: count for url, count in counts.items() if count} == {
        "https://schema.org/": 4,
        TRACEABILITY: 132,
    }
    packaged = {url: len(unsafe_terms(url, json_ld.known())) for url in PACKAGED}
    assert {url: count for url, count in packaged.items() if count} == {
        "https://w3id.org/security/v1": 2,
        "https://w3id.org/security/v2": 2,
    }


# Data model 1.1


def old_credential(subject: JsonObject, *context: Any, key_type: str = "Ed25519") -> JsonObject:
    return {
        "@context": [V1, *context],
        "id": "urn:uuid:6d1ac2a2-71d1-4a3f-9b6c-3b6d0d4f1a11",
        "type": ["VerifiableCredential"],
        "issuer": signing_key(key_type).did,
        "issuanceDate": "2026-01-01T00:00:00Z",
        "credentialSubject": {"id": "did:example:importer", **subject},
    }


SIGNED: Final[JsonObject] = json.loads(
    Path(__file__).with_name("steel_licence_by_another_program.json").read_text()
)


def ambiguous(document: JsonObject) -> set[str]:
    return {found.code for found in json_ld.ambiguous(document, old_contexts.carried())}


def test_the_names_of_old_credentials_are_looked_at_wherever_they_stand() -> None:
    both = {"type": "SIMASteelImportLicense", "countryOfOrigin": "RU", "countryOfExportation": "DE"}
    one = {"type": "SIMASteelImportLicense", "countryOfOrigin": "RU"}
    assert ambiguous(old_credential(both, TRACEABILITY)) == {SWAPPABLE}
    assert ambiguous(old_credential(one, TRACEABILITY)) == {AMBIGUOUS}
    assert ambiguous(old_credential({"type": "ShippingStop", "from": {"type": "Place"}}, TRACEABILITY)) == {
        AMBIGUOUS
    }
    assert (
        ambiguous(old_credential({"type": "Place", "geo": {"type": "GeoCoordinates"}}, TRACEABILITY)) == set()
    )
    badge = "https://purl.imsglobal.org/spec/ob/v3p0/context.json"
    assert ambiguous(
        {**old_credential({}, badge), "type": ["VerifiableCredential", "OpenBadgeCredential"]}
    ) == {AMBIGUOUS}
    assert ambiguous(
        old_credential({"uid": "urn:x:a"}, "https://www.w3.org/2018/credentials/examples/v1")
    ) == {AMBIGUOUS}


@needs_didkit
def test_a_licence_that_another_program_signed_is_refused_with_its_names_as_they_are_and_swapped() -> None:
    swapped = with_names_changed(
        SIGNED, countryOfOrigin="countryOfExportation", countryOfExportation="countryOfOrigin"
    )
    for each in (SIGNED, swapped):
        check = proof_check(each)
        assert (check.outcome, check.code) == (Outcome.UNDETERMINED, SWAPPABLE)
    one = {name: value for name, value in SIGNED["credentialSubject"].items() if name != "countryOfOrigin"}
    check = proof_check({**SIGNED, "credentialSubject": one})
    assert (check.outcome, check.code) == (Outcome.UNDETERMINED, AMBIGUOUS)


OLD_KINDS: Final = [
    pytest.param("JsonWebSignature2020", "Ed25519", marks=pytest.mark.slow),
    pytest.param("Ed25519Signature2018", "Ed25519", marks=pytest.mark.slow),
    pytest.param("Ed25519Signature2020", "Ed25519", marks=pytest.mark.slow),
    pytest.param("JsonWebSignature2020", "P-256", marks=pytest.mark.slow),
    pytest.param("EcdsaSecp256k1Signature2019", "secp256k1", marks=pytest.mark.slow),
]


def unchecked_hash(document: JsonObject) -> bytes:
    """What a signer hashes who does not care which names are safe."""
    made = expand(document, old_contexts.carried()).made
    return hashlib.sha256(canonicalize(made, "sha256")).digest()


@needs_didkit
@pytest.mark.parametrize(("proof_type", "key_type"), OLD_KINDS)
def test_the_countries_of_an_old_licence_cannot_be_swapped(
    proof_type: str, key_type: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = {"type": "SIMASteelImportLicense", "countryOfOrigin": "RU", "countryOfExportation": "DE"}
    document = old_credential(subject, TRACEABILITY, key_type=key_type)
    key = signing_key(key_type)
    options = {
        "type": proof_type,
        "created": "2026-01-01T00:00:00Z",
        "verificationMethod": key.verification_method,
        "proofPurpose": "assertionMethod",
    }
    monkeypatch.setattr(signing, "_hash", unchecked_hash)
    monkeypatch.setitem(signing.CONTEXT_OF, "EcdsaSecp256k1Signature2019", V1)
    signed = {**document, "proof": signing.made_proof(document, options, key.key)}
    assert embedded_proofs._ask_didkit(signed, "assertionMethod")["errors"] == []
    swapped = with_names_changed(
        signed, countryOfOrigin="countryOfExportation", countryOfExportation="countryOfOrigin"
    )
    assert embedded_proofs._ask_didkit(swapped, "assertionMethod")["errors"] == []
    for each in (signed, swapped):
        check = proof_check(each)
        assert (check.outcome, check.code) == (Outcome.UNDETERMINED, SWAPPABLE)


# Issuing


def refuses(form: str, document: JsonObject, **options: Any) -> MalformedInput:
    issuer = Issuer(signing_key(), IssueOptions(form, **options), now=NOW)
    with pytest.raises(MalformedInput) as caught:
        issuer.issue(document)
    with pytest.raises(MalformedInput) as before:
        issuer.template({name: value for name, value in document.items() if name not in ("id", "issuer")})
    assert before.value.code == caught.value.code
    return caught.value


def test_nothing_with_two_names_is_issued() -> None:
    contexts = knowing({"origin": term("country"), "export": term("country")})
    options = {"suite": "eddsa-rdfc-2022", "contexts": contexts}
    error = refuses("w3c", credential({"origin": "{{country}}"}, OWN), **options)
    assert error.code == AMBIGUOUS
    assert "'export'" in error.message
    assert "/origin" in error.message
    assert "jcs" in error.hint
    assert refuses("w3c", credential({"origin": "a", "export": "b"}, OWN), **options).code == SWAPPABLE


def test_a_draft_with_two_names_is_not_issued() -> None:
    contexts = knowing({"origin": term("country"), "export": term("country")})
    options = IssueOptions("w3c", suite="eddsa-rdfc-2022", contexts=contexts)
    document = credential({"origin": "RU"}, OWN)
    with pytest.raises(json_ld.UnsafeDocument, match="could be 'export'"):
        Issuer(signing_key(), options, now=NOW).issue(document)
    draft = Draft("did:example:importer", [], {"name": "A"})
    assert Issuer(signing_key(), options, now=NOW).issue(draft)


@needs_didkit
def test_no_old_credential_with_two_names_is_issued() -> None:
    document = old_credential(
        {"type": "SIMASteelImportLicense", "countryOfOrigin": "{{country}}"}, TRACEABILITY
    )
    document = {
        **document,
        "@context": [V1, "https://w3id.org/security/suites/ed25519-2020/v1", TRACEABILITY],
    }
    error = refuses("w3c-1.1", {name: value for name, value in document.items() if name != "issuanceDate"})
    assert error.code == AMBIGUOUS
    assert "'countryOfExportation'" in error.message
