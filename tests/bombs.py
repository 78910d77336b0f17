"""Credentials and presentations under 1 MB that are made to be costly to verify, each by another means."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from ipse.credentials import json_ld, model
from ipse.credentials.formats.data_integrity.cryptosuites import (
    SUITES,
    options_hash,
    sign_hashes,
)
from ipse.credentials.json_ld import canonicalization, expansion
from ipse.encoding import base64url, multibase
from tests.corpus.building import (
    AUDIENCE,
    CREATED,
    HOLDER,
    ISSUER,
    NONCE,
    NOW,
    TERMS,
    Json,
    credential,
    jwt,
    presentation,
    presented,
    proof,
    w3c,
)
from tests.corpus.sd_jwt_building import claims, digest, encoded

__all__ = ["Bomb", "every", "poisoned", "tree"]

_RDFC: Final = "eddsa-rdfc-2022"
_OLD_CONTEXTS: Final = ["https://www.w3.org/2018/credentials/v1", "https://schema.org/"]
_WRONG: Final = multibase.encode_base58btc(b"\x01" * 64)


@dataclass(frozen=True, slots=True)
class Bomb:
    """What is given to a verifier: the text, and files for `--schema` and `--context` by URL."""

    name: str
    content: str = field(repr=False)
    schemas: dict[str, Json] = field(default_factory=dict, repr=False)
    contexts: dict[str, Json] = field(default_factory=dict, repr=False)


def tree(*widths: int, value: Json, member: str) -> Json:
    """Nested objects that all look alike: `widths` of them in each, from the inmost outwards."""
    node: Json = value
    for width in widths:
        node = {member: [json.loads(json.dumps(node)) for _ in range(width)]}
    return node


def poisoned(*widths: int, number: int = 0, proofs: int = 1, right: bool = True) -> Json:
    """A credential whose canonical form takes long to find, with proofs over it."""
    subject = {"urn:x:n": str(number), **tree(*widths, value={"urn:x:b": "x"}, member="urn:x:a")}
    document: Json = {
        "@context": [model.CONTEXT],
        "type": ["VerifiableCredential"],
        "issuer": ISSUER.did,
        "credentialSubject": subject,
    }
    suite = SUITES[_RDFC]
    hashed = _hashed(document) if right else b"\x01" * 32
    made = []
    for position in range(proofs):
        options = _options(_RDFC, id=f"urn:p:{position}")
        configuration = {**options, "@context": document["@context"]}
        made.append(
            {**options, "proofValue": sign_hashes(ISSUER.key, options_hash(configuration, suite), hashed)}
        )
    proof: Any = made if proofs > 1 else made[0]
    return {**document, "proof": proof}


def _hashed(document: Json) -> bytes:
    """The hash of the canonical form, however long it takes to find."""
    made = expansion.expand(document, json_ld.known()).made
    lines = "".join(
        f"{subject} {predicate} {target}{graph} .\n" for subject, predicate, target, graph in made
    )
    return hashlib.sha256(canonicalization.relabel(lines.encode(), "sha256")).digest()


def _options(suite: str, **more: Any) -> Json:
    return {
        "type": "DataIntegrityProof",
        "cryptosuite": suite,
        "created": CREATED,
        "verificationMethod": ISSUER.method,
        "proofPurpose": "assertionMethod",
        **more,
    }


def unproved(document: Json, suite: str = _RDFC) -> Json:
    """`document` with a proof that is wrong, which takes all the work to find out."""
    return {**document, "proof": {**_options(suite), "proofValue": _WRONG}}


def together(*credentials: Any) -> str:
    """A presentation as a JWT, which costs its maker nothing."""
    document = presentation(*credentials)
    return _vp({**document, "iss": HOLDER.did, "aud": AUDIENCE, "nonce": NONCE, "iat": int(NOW.timestamp())})


def _vp(payload: Json, typ: str = "vp+jwt") -> str:
    return jwt(payload, HOLDER, typ=typ, cty="vp") if typ == "vp+jwt" else jwt(payload, HOLDER, typ=typ)


def old(number: int = 0, *widths: int) -> Json:
    """A credential of data model 1.1 with many like parts and a wrong proof."""
    return {
        "@context": _OLD_CONTEXTS,
        "type": ["VerifiableCredential"],
        "issuer": ISSUER.did,
        "issuanceDate": CREATED,
        "credentialSubject": {
            "id": HOLDER.did,
            "name": str(number),
            **tree(*widths, value={"name": "x"}, member="knows"),
        },
        "proof": {
            "type": "Ed25519Signature2020",
            "@context": ["https://w3id.org/security/suites/ed25519-2020/v1"],
            "created": CREATED,
            "verificationMethod": ISSUER.method,
            "proofPurpose": "assertionMethod",
            "proofValue": "z" + "2" * 88,
        },
    }


def old_together(*credentials: Any) -> str:
    document = {
        "@context": _OLD_CONTEXTS[:1],
        "type": ["VerifiablePresentation"],
        "holder": HOLDER.did,
        "verifiableCredential": list(credentials),
    }
    payload = {
        "iss": HOLDER.did,
        "aud": AUDIENCE,
        "nonce": NONCE,
        "vp": document,
        "nbf": int(NOW.timestamp()),
    }
    return _vp(payload, "JWT")


def _entries(count: int, first: int = 0) -> list[Json]:
    return [
        {
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": "1",
            "statusListCredential": f"https://status-{first + position}.invalid/list",
        }
        for position in range(count)
    ]


def _text(document: Json) -> str:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def _about(**members: Any) -> Json:
    return credential(credentialSubject={"id": HOLDER.did, **members})


def _deep(depth: int) -> Json:
    value: Json = {"degree": "x"}
    for _ in range(depth):
        value = {"knows": value}
    return value


def _poisons() -> Iterator[Bomb]:
    for widths in ((7, 6), (6, 7), (7, 7), (4, 4, 4), (5, 4, 4), (2,) * 9, (3,) * 6, (9, 9), (40, 2)):
        shape = "x".join(map(str, widths))
        few = [_text(poisoned(*widths, right=False))]
        yield Bomb(f"poison {shape}", few[0])
        count = max(1, min(64, 700_000 // len(few[0])))
        many = [poisoned(*widths, number=number, right=False) for number in range(count)]
        yield Bomb(f"poison {shape}, {count} credentials", together(*many))
    yield Bomb("poison 4x4x4, 16 right proofs", _text(poisoned(4, 4, 4, proofs=16)))
    yield Bomb(
        "poison 4x4x4, 16 credentials, 4 right proofs",
        together(*(poisoned(4, 4, 4, number=n, proofs=4) for n in range(16))),
    )
    graph = presentation(*(poisoned(7, 6, number=n, right=False) for n in range(8)))
    own = {**_options(_RDFC), "verificationMethod": HOLDER.method, "proofPurpose": "authentication"}
    own |= {"domain": AUDIENCE, "challenge": NONCE, "created": "2026-07-01T11:59:50Z"}
    yield Bomb(
        "poison in a presentation's own proof", _text({**graph, "proof": {**own, "proofValue": _WRONG}})
    )


def _olds() -> Iterator[Bomb]:
    yield Bomb("1.1, 9x9x9", _text(old(0, 9, 9, 9)))
    yield Bomb("1.1, 6x6x6x6", _text(old(0, 6, 6, 6, 6)))
    yield Bomb("1.1, 9x9, 64 credentials", old_together(*(old(n, 9, 9) for n in range(64))))
    yield Bomb("1.1, 9x9x9, 30 credentials", old_together(*(old(n, 9, 9, 9) for n in range(30))))
    plain = [old(n) for n in range(64)]
    yield Bomb("1.1, plain, 64 credentials", old_together(*plain))
    wide = old()
    wide["credentialSubject"] = {"id": HOLDER.did, "knows": [{"name": f"x{n}"} for n in range(8000)]}
    yield Bomb("1.1, 8000 objects", _text(wide))


def _shapes() -> Iterator[Bomb]:
    for suite in ("eddsa-jcs-2022", _RDFC):
        name = suite.split("-")[1]
        yield Bomb(f"{name}: deep", _text(unproved(_about(**_deep(60)), suite)))
        yield Bomb(
            f"{name}: wide array of objects",
            _text(unproved(_about(knows=[{"degree": str(n)} for n in range(40_000)]), suite)),
        )
        yield Bomb(
            f"{name}: wide array of texts",
            _text(unproved(_about(degree=[f"{n:x}" for n in range(100_000)]), suite)),
        )
        yield Bomb(
            f"{name}: a list of 100000",
            _text(unproved(_about(courses=[f"{n:x}" for n in range(100_000)]), suite)),
        )
        yield Bomb(f"{name}: empty arrays", _text(unproved(_about(knows=[[]] * 300_000), suite)))
        yield Bomb(f"{name}: empty objects", _text(unproved(_about(knows=[{}] * 300_000), suite)))
        yield Bomb(
            f"{name}: long numbers",
            _text(unproved(_about(grade=[1e300 + n * 1e290 for n in range(40_000)]), suite)),
        )
        languages = [{"@value": "x", "@language": f"en-x-{n}"} for n in range(20_000)]
        yield Bomb(f"{name}: languages", _text(unproved(_about(degree=languages), suite)))
        yield Bomb(
            f"{name}: long base58",
            _text({**_about(), "proof": {**_options(suite), "proofValue": "z" + "2" * 900_000}}),
        )
        inline = {f"t{n}": f"urn:t:{n}" for n in range(25_000)}
        yield Bomb(
            f"{name}: a context of 25000 terms",
            _text(unproved({**_about(), "@context": [model.CONTEXT, inline]}, suite)),
        )
        contexts = [model.CONTEXT, *({f"t{n}": f"urn:t:{n}"} for n in range(30_000))]
        yield Bomb(f"{name}: 30000 contexts", _text(unproved({**_about(), "@context": contexts}, suite)))
        each = [{"@context": {"t": f"urn:t:{n}"}, "t": "x"} for n in range(20_000)]
        yield Bomb(f"{name}: a context in each of 20000 objects", _text(unproved(_about(knows=each), suite)))
        scoped: Json = {"t": "urn:t"}
        for n in range(20):
            scoped = {
                f"t{n}": {"@id": f"urn:t:{n}", "@context": scoped},
                f"u{n}": {"@id": f"urn:u:{n}", "@context": scoped},
            }
            if len(json.dumps(scoped)) > 200_000:
                break
        yield Bomb(
            f"{name}: contexts in contexts",
            _text(unproved({**_about(), "@context": [model.CONTEXT, scoped]}, suite)),
        )
        long = {"t": "urn:" + "x" * 1500}
        yield Bomb(
            f"{name}: short names of long terms",
            _text(
                unproved(
                    {
                        **_about(knows=[{"t": f"{n:x}"} for n in range(50_000)]),
                        "@context": [model.CONTEXT, {**TERMS, **long}],
                    },
                    suite,
                )
            ),
        )
        yield Bomb(
            f"{name}: {64} credentials of 2000 values",
            together(*(unproved(_about(degree=[f"{n}-{k}" for k in range(1000)]), suite) for n in range(64))),
        )
        types = ["VerifiableCredential", *(f"T{n}" for n in range(80_000))]
        yield Bomb(f"{name}: 80000 types", _text(unproved(credential(type=types), suite)))
        subjects = [{"id": f"urn:{n}", "degree": "x"} for n in range(25_000)]
        yield Bomb(f"{name}: 25000 subjects", _text(unproved(credential(credentialSubject=subjects), suite)))
        evidence = [{"type": f"T{n}"} for n in range(40_000)]
        yield Bomb(f"{name}: 40000 evidences", _text(unproved(credential(evidence=evidence), suite)))
    proofs = [{**_options("eddsa-jcs-2022", id=f"urn:p:{n}"), "proofValue": _WRONG} for n in range(2500)]
    yield Bomb("2500 proofs", _text({**_about(), "proof": proofs}))
    chain = [
        {
            **_options("eddsa-jcs-2022", id=f"urn:p:{n}", previousProof=[f"urn:p:{m}" for m in range(n)]),
            "proofValue": _WRONG,
        }
        for n in range(16)
    ]
    for suite in ("eddsa-jcs-2022", _RDFC):
        wide = _about(knows=[{"degree": f"{n:x}"} for n in range(25_000)])
        right = [proof(wide, suite=suite, id=f"urn:p:{n}") for n in range(16)]
        yield Bomb(f"16 right proofs by {suite} over 25000 objects", _text({**wide, "proof": right}))
    yield Bomb("a chain of 16 proofs", _text({**_about(degree=["x" * 800_000]), "proof": chain}))
    yield Bomb("jwt: wide array of objects", jwt(_about(knows=[{"degree": str(n)} for n in range(28_000)])))
    yield Bomb("nested brackets", '{"a":' + "[" * 900_000 + "]" * 90_000 + "}")
    yield Bomb("a long number", f'{{"@context":["{model.CONTEXT}"],"a":{"1" * 900_000}}}')
    yield Bomb("3000 credentials", _text(presented(presentation(*([{"a": 1}] * 3000)))))
    yield Bomb(
        "64 credentials with 8 KB of different contexts each",
        together(
            *(
                unproved(
                    {**_about(), "@context": [model.CONTEXT, {f"t{n}x{k}": f"urn:t:{k}" for k in range(300)}]}
                )
                for n in range(64)
            )
        ),
    )


def _lookups() -> Iterator[Bomb]:
    def with_status(first: int, count: int = 16) -> Json:
        document = credential(credentialStatus=_entries(count, first))
        return w3c(document, suite="eddsa-jcs-2022")

    yield Bomb("16 status lists", _text(with_status(0)))
    yield Bomb("1024 status lists", together(*(with_status(16 * n) for n in range(64))))
    webs = []
    for n in range(64):
        document = credential(issuer=f"did:web:issuer-{n}.invalid")
        webs.append({**document, "proof": {**_options("eddsa-jcs-2022"), "proofValue": _WRONG}})
    yield Bomb("64 did:web issuers", together(*webs))
    proofs = [
        {**_options("eddsa-jcs-2022"), "verificationMethod": f"did:web:p{n}.invalid#k", "proofValue": _WRONG}
        for n in range(15)
    ]
    signed = w3c(credential())
    yield Bomb("proofs by 15 did:webs", _text({**signed, "proof": [signed["proof"], *proofs]}))
    url = "https://schema.invalid/1"
    asked = w3c(credential(credentialSchema=[{"id": url, "type": "JsonSchema"}]))
    loop: Json = {
        "$ref": "#/$defs/a",
        "$defs": {
            "a": {
                "anyOf": [{"properties": {"credentialSubject": {"$ref": "#/$defs/a"}}}] * 60,
                "additionalProperties": {"anyOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}]},
            }
        },
    }
    yield Bomb("a schema that leads into itself", _text(asked), {url: loop})
    deep = w3c(
        credential(
            credentialSubject={"id": HOLDER.did, **_deep(50)},
            credentialSchema={"id": url, "type": "JsonSchema"},
        )
    )
    yield Bomb("the same over deep nesting", _text(deep), {url: loop})
    big: Json = {
        "properties": {f"p{n}": {"type": "string", "pattern": f"^(a|b{n})+$"} for n in range(15_000)}
    }
    yield Bomb("a schema of 15000 patterns", _text(asked), {url: big})
    pattern: Json = {"properties": {"id": {"pattern": "(" * 50 + "a{1,50}" + "){1,50}" * 50}}}
    yield Bomb("a pattern of nested repetitions", _text(asked), {url: pattern})
    slow: Json = {
        "properties": {
            "credentialSubject": {"properties": {"degree": {"pattern": "^(([a-z])+.)+[A-Z]([a-z])+$"}}}
        }
    }
    text = w3c(
        credential(
            credentialSubject={"id": HOLDER.did, "degree": "a" * 800_000},
            credentialSchema={"id": url, "type": "JsonSchema"},
        )
    )
    yield Bomb("a long text and a slow pattern", _text(text), {url: slow})
    unique: Json = {"properties": {"credentialSubject": {"properties": {"courses": {"uniqueItems": True}}}}}
    many = w3c(
        credential(
            credentialSubject={"id": HOLDER.did, "courses": [{"a": n} for n in range(50_000)]},
            credentialSchema={"id": url, "type": "JsonSchema"},
        )
    )
    yield Bomb("uniqueItems over 50000 objects", _text(many), {url: unique})
    sixteen = w3c(credential(credentialSchema=[{"id": url, "type": "JsonSchema"}] * 8000))
    yield Bomb("8000 entries of one schema", _text(sixteen), {url: {"type": "object"}})
    different = {
        f"https://schema.invalid/{n}": {"properties": {f"p{m}": {"type": "string"} for m in range(300)}}
        for n in range(40)
    }
    forty = w3c(
        credential(credentialSchema=[{"id": place, "type": "JsonSchema"} for place in list(different) * 20])
    )
    yield Bomb("40 schemas in turn, 800 entries", _text(forty), different)


def _sd_jwts() -> Iterator[Bomb]:
    many = [encoded([str(n), f"c{n}", n]) for n in range(10_000)]
    yield Bomb("12000 disclosures", _sd(claims(_sd=[digest(each) for each in many]), many))
    nested: list[str] = []
    inner: Any = {"a": 1}
    for n in range(400):
        text = encoded([str(n), "c", inner])
        nested.append(text)
        inner = {"_sd": [digest(text)]}
    yield Bomb("400 nested disclosures", _sd(claims(**inner), nested))
    doubled: list[str] = []
    level: Any = 1
    for n in range(18):
        one = encoded([f"{n}a", "a", level])
        doubled.append(one)
        level = {"_sd": [digest(one)], "b": {"_sd": [digest(one)]}}
    yield Bomb("digests that stand twice", _sd(claims(**level), doubled))
    yield Bomb("decoys", _sd(claims(_sd=[digest(str(n)) for n in range(15_000)]), []))
    yield Bomb("unused disclosures", _sd(claims(), [encoded([str(n), f"c{n}", n]) for n in range(25_000)]))
    elements = [encoded([str(n), n]) for n in range(9_000)]
    yield Bomb("array disclosures", _sd(claims(list=[{"...": digest(each)} for each in elements]), elements))


def _sd(payload: Json, disclosures: list[str]) -> str:
    return "~".join([jwt(payload, typ="dc+sd-jwt"), *disclosures, ""])


def _nested() -> Iterator[Bomb]:
    inner = jwt(credential())
    for _ in range(6):
        inner = together(
            {
                "@context": [model.CONTEXT],
                "id": f"data:application/vc+jwt,{inner}",
                "type": "EnvelopedVerifiableCredential",
            }
        )
    yield Bomb("envelopes in envelopes", inner)
    yield Bomb(
        "a long envelope",
        _text(
            {
                "@context": [model.CONTEXT],
                "id": "data:application/vc+jwt," + "a.b.c" * 150_000,
                "type": "EnvelopedVerifiableCredential",
            }
        ),
    )
    yield Bomb("a base64 of nothing", base64url.encode(b"{}") + "." + "A" * 900_000 + ".A")


_KINDS: Final[tuple[Callable[[], Iterator[Bomb]], ...]] = (
    _poisons,
    _olds,
    _shapes,
    _lookups,
    _sd_jwts,
    _nested,
)


def every() -> Iterator[Bomb]:
    """All of them, made one by one."""
    for kind in _KINDS:
        yield from kind()
