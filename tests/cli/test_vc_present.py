"""`ipse vc present`: what a verifier gets to read, to whom it is bound, and what stays at home."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ipse.encoding import base64url
from ipse.keys import key_types
from tests.cli.test_vc import assert_told, checks, did_of, in_process, issued
from tests.conftest import Ipse, at

_CLAIMS = {
    "name": "Ada Lovelace",
    "address": {"street": "St James's Square 12", "city": "West Horsley"},
    "nationalities": ["Great Britain", "New Zealand"],
    "over.18": True,
}
_ALL = (
    "name", "address", "address/street", "address/city", "nationalities", "nationalities/0",
    "nationalities/1", "over.18",
)  # fmt: skip
# With a space or a dot in each: by chance a short word is in base64url.
_SECRETS = ("Ada Lovelace", "St James's Square 12", "West Horsley", "Great Britain", "New Zealand", "over.18")
_AUDIENCE = "https://shop.example"
_CHALLENGE = ("--audience", _AUDIENCE, "--nonce", "n-1")
_FOREIGN = (
    ("--audience", "https://other.example", "--nonce", "n-1"),
    ("--audience", _AUDIENCE, "--nonce", "n-2"),
)


@pytest.fixture(scope="module")
def wallet(_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Ipse:
    """A wallet that issues, and holds what the tests present."""
    home = tmp_path_factory.mktemp("presenting") / "wallet"
    shutil.copytree(_template, home)
    return at(home)


@pytest.fixture(scope="module")
def me(wallet: Ipse) -> str:
    """The holder."""
    return did_of(wallet, "me")


@pytest.fixture(scope="module")
def held(wallet: Ipse, me: str) -> Mapping[str, str]:
    """The ids of credentials about the holder by format, and `other`, about somebody else."""
    wallet = in_process(wallet)
    texts = {form: issued(wallet, "--format", form, subject=me) for form in ("w3c", "jwt")}
    texts["rdfc"] = issued(wallet, "--suite", "eddsa-rdfc-2022", "--undefined-terms", subject=me)
    texts["other"] = issued(wallet, subject=did_of(wallet, "university"))
    texts["bearer"] = _sd_jwt(wallet, None, "all")
    texts["sd-jwt"] = _sd_jwt(wallet, me, "all")
    return {name: wallet("vc", "add", "-", stdin=text).out.strip() for name, text in texts.items()}


def _sd_jwt(wallet: Ipse, subject: str | None, *disclosable: str) -> str:
    about = ("--subject", subject) if subject is not None else ()
    paths = [option for path in disclosable for option in ("--disclosable", path)]
    return wallet(
        "vc", "issue", "--issuer", "university", "--type", "https://example.org/person", "--claims", "-",
        "--format", "sd-jwt", *about, *paths, stdin=json.dumps(_CLAIMS),
    ).out  # fmt: skip


def _json(part: str) -> Any:
    return json.loads(base64url.decode(part))


def _payload(token: str) -> Any:
    return _json(token.split(".")[1])


def _digest(disclosure: str) -> str:
    return base64url.encode(hashlib.sha256(disclosure.encode()).digest())


def _read(value: Any, disclosed: Mapping[str, Any]) -> Any:
    """The claims as RFC 9901 section 7.1 puts them together."""
    if isinstance(value, list):
        found = [disclosed.get(item["..."]) if _is_digest(item) else item for item in value]
        kept = [item for item, source in zip(found, value, strict=True) if item is not None or item == source]
        return [_read(item[-1] if isinstance(item, _Disclosed) else item, disclosed) for item in kept]
    if not isinstance(value, dict):
        return value
    members = {name: child for name, child in value.items() if name not in ("_sd", "_sd_alg")}
    for digest in value.get("_sd", ()):
        if digest in disclosed:
            _, name, child = disclosed[digest]
            members[name] = child
    return {name: _read(child, disclosed) for name, child in members.items()}


class _Disclosed(list[Any]):
    """The content of a disclosure."""


def _is_digest(item: Any) -> bool:
    return isinstance(item, dict) and set(item) == {"..."}


def _contents(presentation: str) -> Any:
    token, *disclosures, _ = presentation.strip().split("~")
    disclosed = {_digest(each): _Disclosed(_json(each)) for each in disclosures}
    return _read(_payload(token), disclosed)


def _said(presentation: str) -> str:
    """All text that is in a presentation, with every base64url part decoded."""
    parts = (part for piece in presentation.strip().split("~") for part in piece.split(".")[:2] if part)
    return presentation + "".join(base64url.decode(part).decode("utf-8", "replace") for part in parts)


@pytest.mark.parametrize("form", ["w3c", "rdfc", "jwt", "sd-jwt"])
def test_a_presentation_answers_one_challenge_and_no_other(
    wallet: Ipse, held: Mapping[str, str], form: str
) -> None:
    wallet = in_process(wallet)
    made = wallet("vc", "present", held[form], *_CHALLENGE, "-q").out
    verify = ("vc", "verify", "-", "--any-issuer", "--json")
    report = wallet(*verify, *_CHALLENGE, stdin=made).json
    assert checks(report)["holder-binding"] == "passed"
    for challenge in _FOREIGN:
        run = wallet(*verify, *challenge, stdin=made, code=3)
        assert checks(run.json)["holder-binding"] == "failed", challenge
    run = wallet(*verify, stdin=made, code=2)
    assert "--audience and --nonce" in run.error["hint"]
    assert run.out == ""


@pytest.mark.parametrize(
    "form",
    [
        "w3c",
        "jwt",
        "sd-jwt",
    ],
)
def test_a_challenge_is_given_up_only_in_so_many_words(
    wallet: Ipse, held: Mapping[str, str], form: str
) -> None:
    wallet = in_process(wallet)
    made = wallet("vc", "present", held[form], *_CHALLENGE, "-q").out
    verify = ("vc", "verify", "-", "--any-issuer", "--json")
    report = wallet(*verify, "--insecure-no-challenge", stdin=made).json
    assert checks(report)["holder-binding"] == "not applicable"


def test_a_credential_on_its_own_answers_no_challenge(wallet: Ipse, me: str) -> None:
    wallet = in_process(wallet)
    for text in (issued(wallet, subject=me), _sd_jwt(wallet, me, "all")):
        verify = ("vc", "verify", "-", "--any-issuer", "--json")
        assert checks(wallet(*verify, *_CHALLENGE, stdin=text, code=3).json)["holder-binding"] == "failed"


def test_an_rdfc_credential_is_presented_with_an_rdfc_proof(wallet: Ipse, held: Mapping[str, str]) -> None:
    wallet = in_process(wallet)
    for form, suite in (("rdfc", "eddsa-rdfc-2022"), ("w3c", "eddsa-jcs-2022")):
        made = wallet("vc", "present", held[form], *_CHALLENGE).json
        assert made["proof"]["cryptosuite"] == suite
        assert made["proof"]["proofPurpose"] == "authentication"


def test_several_credentials_go_into_one_presentation_and_each_is_judged(
    wallet: Ipse, held: Mapping[str, str], me: str
) -> None:
    made = wallet("vc", "present", held["w3c"], held["rdfc"], *_CHALLENGE)
    report = wallet("vc", "verify", "-", "--any-issuer", *_CHALLENGE, "--json", stdin=made.out).json
    assert len(report["credentials"]) == 2
    assert made.json["holder"] == me
    half = json.loads(made.out)
    half["verifiableCredential"].pop()
    run = wallet("vc", "verify", "-", "--any-issuer", *_CHALLENGE, "--json", stdin=json.dumps(half), code=3)
    assert checks(run.json)["proof"] == "failed"


def test_what_does_not_go_into_one_presentation_is_a_usage_error(
    wallet: Ipse, held: Mapping[str, str]
) -> None:
    wallet = in_process(wallet)
    for arguments, word in (
        ((held["w3c"], held["jwt"]), "present each format on its own"),
        ((held["w3c"], held["w3c"]), "twice"),
        ((held["sd-jwt"], held["bearer"]), "on its own"),
        ((held["w3c"], held["other"]), "several subjects"),
        ((held["w3c"], "--disclose", "degree"), "whole or not at all"),
        ((held["sd-jwt"], "--disclose", "all", "--disclose", "name"), "all"),
        ((held["sd-jwt"], "--disclose", "shoe-size"), "'shoe-size'"),
        ((held["bearer"],), "bound to no key"),
    ):
        run = wallet("vc", "present", *arguments, *_CHALLENGE, "-q", code=2)
        assert_told(run, word)
        assert run.out == ""


def test_a_challenge_has_an_audience_and_a_nonce(wallet: Ipse, held: Mapping[str, str]) -> None:
    wallet = in_process(wallet)
    for challenge in (("--audience", "a"), ("--nonce", "n"), (), ("--audience", "a", "--nonce", "")):
        assert_told(wallet("vc", "present", held["w3c"], *challenge, code=2))


def test_another_holder_is_named_and_the_verifier_says_whether_that_will_do(
    wallet: Ipse, held: Mapping[str, str]
) -> None:
    wallet = in_process(wallet)
    made = wallet("vc", "present", held["w3c"], "--holder", "university", *_CHALLENGE).out
    verify = ("vc", "verify", "-", "--any-issuer", *_CHALLENGE, "--json")
    run = wallet(*verify, stdin=made, code=3)
    assert checks(run.json["credentials"][0])["holder-binding"] == "failed"
    wallet(*verify, "--any-holder", stdin=made)
    wallet("vc", "present", held["w3c"], "--holder", "nobody", *_CHALLENGE, code=5)
    wallet("vc", "present", "nothing", *_CHALLENGE, code=5)


@pytest.mark.parametrize(
    ("disclose", "revealed", "hidden"),
    [
        ((), {}, _SECRETS),
        (("name",), {"name": "Ada Lovelace"}, _SECRETS[1:]),
        (
            ("address.city", "nationalities.1"),
            {"address": {"city": "West Horsley"}, "nationalities": ["New Zealand"]},
            ("Ada Lovelace", "St James's Square 12", "Great Britain", "over.18"),
        ),
        (("/over.18",), {"over.18": True}, _SECRETS[:-1]),
        (("address",), {"address": {}}, _SECRETS),
        (("all",), _CLAIMS, ()),
    ],
    ids=["nothing", "a claim", "members", "a name with a dot", "a container", "all"],
)
def test_the_preview_is_what_leaves_and_what_is_not_shown_is_not_in_the_bytes(
    wallet: Ipse,
    held: Mapping[str, str],
    me: str,
    disclose: tuple[str, ...],
    revealed: dict[str, Any],
    hidden: tuple[str, ...],
) -> None:
    wallet = in_process(wallet)
    options = [option for path in disclose for option in ("--disclose", path)]
    present = ("vc", "present", held["sd-jwt"], *_CHALLENGE, *options)
    preview = wallet(*present, "--preview", "--json").json
    made = wallet(*present).out
    contents = _contents(made)
    assert preview["revealed"] == [contents]
    assert preview["holder"] == me
    always = {"iss", "iat", "vct", "sub", "cnf"}
    assert {name: value for name, value in contents.items() if name not in always} == revealed
    assert set(contents) == always | set(revealed)
    for secret in hidden:
        assert secret not in _said(made)
    assert len(preview["withheld"]) == len(_ALL) - (made.count("~") - 1)
    report = wallet("vc", "verify", "-", "--any-issuer", *_CHALLENGE, "--json", stdin=made).json
    assert report["outcome"] == "passed"


def test_the_preview_shows_and_signs_nothing_and_the_presentation_is_logged(
    ipse: Ipse, tmp_path: Path
) -> None:
    identifier = ipse("vc", "add", "-", stdin=_sd_jwt(ipse, did_of(ipse, "me"), "all")).out.strip()
    present = ("vc", "present", identifier, *_CHALLENGE, "--disclose", "name")
    shown = ipse(*present, "--preview")
    assert ipse("log", "list", "--json").json["disclosures"] == []
    made = ipse(*present)
    assert made.err == shown.out
    first, *lines = shown.out.splitlines()
    assert first == f"{_AUDIENCE} gets to read:"
    assert '    "name": "Ada Lovelace"' in lines
    withheld = [f"/{path}" for path in _ALL if path != "name"]
    assert set(lines[-1].removeprefix("and not: ").split(", ")) == set(withheld)
    [entry] = ipse("log", "list", "--json").json["disclosures"]
    assert entry["application"] == _AUDIENCE
    file = tmp_path / "presentation"
    assert ipse(*present, "-q", "-o", file).out == f"{file}\n"
    ipse("vc", "verify", file, "--any-issuer", *_CHALLENGE)
    assert len(ipse("log", "list", "--json").json["disclosures"]) == 2


@pytest.mark.parametrize(
    ("disclosable", "count"),
    [(("all",), len(_ALL)), (("none",), 0), (("address.street", "nationalities.0"), 2), ((), len(_ALL))],
    ids=["all", "none", "paths", "not given"],
)
def test_only_what_is_disclosable_can_be_withheld(
    wallet: Ipse, me: str, disclosable: tuple[str, ...], count: int
) -> None:
    wallet = in_process(wallet)
    made = _sd_jwt(wallet, me, *disclosable).strip()
    assert len([part for part in made.split("~")[1:] if part]) == count
    always = {"iss", "iat", "vct", "sub", "cnf"}
    assert {name: value for name, value in _contents(made).items() if name not in always} == _CLAIMS
    without = _contents(made.split("~")[0] + "~")
    assert always <= set(without)
    if disclosable == ("address.street", "nationalities.0"):
        assert without["address"] == {"city": "West Horsley"}
        assert without["nationalities"] == ["New Zealand"]


def test_decoys_stand_beside_the_digests_of_what_is_hidden(wallet: Ipse, me: str) -> None:
    wallet = in_process(wallet)
    options = ("--type", "T", "--claims", "-", "--format", "sd-jwt", "--subject", me, "--decoys", "5")
    made = wallet("vc", "issue", *options, stdin=json.dumps(_CLAIMS)).out.strip()
    payload = json.loads(base64url.decode(made.split("~")[0].split(".")[1]))
    assert len(payload["_sd"]) == len(_CLAIMS) + 5
    wallet("vc", "verify", "-", "--any-issuer", "--insecure-no-challenge", stdin=made)
    wallet("vc", "issue", *options[:4], "--decoys", "5", stdin=json.dumps(_CLAIMS), code=2)


@pytest.mark.parametrize(
    ("paths", "word"),
    [
        (("shoe-size",), "'shoe-size'"),
        (("all", "name"), "alone"),
        (("vct",), "vct"),
        (("cnf.jwk",), "cnf"),
        (("address.street.number",), "address.street.number"),
        (("nationalities.7",), "nationalities.7"),
    ],
)
def test_what_can_not_be_disclosable_is_a_usage_error(
    wallet: Ipse, me: str, paths: tuple[str, ...], word: str
) -> None:
    wallet = in_process(wallet)
    options = [option for path in paths for option in ("--disclosable", path)]
    run = wallet(
        "vc", "issue", "--type", "T", "--claims", "-", "--format", "sd-jwt", "--subject", me, *options,
        stdin=json.dumps(_CLAIMS), code=2,
    )  # fmt: skip
    assert_told(run, word)


def test_a_key_binding_by_another_key_fails(wallet: Ipse, held: Mapping[str, str]) -> None:
    made = wallet("vc", "present", held["sd-jwt"], *_CHALLENGE, "-q").out.strip()
    shown, _, binding = made.rpartition("~")
    signed = binding.rpartition(".")[0]
    forged = f"{shown}~{signed}.{base64url.encode(key_types.generate().sign(signed.encode()))}"
    run = wallet("vc", "verify", "-", "--any-issuer", *_CHALLENGE, "--json", stdin=forged, code=3)
    assert checks(run.json)["holder-binding"] == "failed"
    assert checks(run.json)["proof"] == "passed"


def test_a_key_binding_does_not_go_with_other_disclosures(wallet: Ipse, held: Mapping[str, str]) -> None:
    more = wallet("vc", "present", held["sd-jwt"], *_CHALLENGE, "--disclose", "name", "-q").out.strip()
    less = wallet("vc", "present", held["sd-jwt"], *_CHALLENGE, "-q").out.strip()
    token, name, _ = more.split("~")
    swapped = "~".join([token, name, less.rpartition("~")[2]])
    run = wallet("vc", "verify", "-", "--any-issuer", *_CHALLENGE, "--json", stdin=swapped, code=3)
    assert checks(run.json)["holder-binding"] == "failed"


def test_a_credential_that_is_bound_to_anothers_key_can_be_kept_and_not_presented(
    wallet: Ipse, ipse: Ipse, me: str
) -> None:
    wallet = in_process(wallet)
    ipse("did", "create", "--name", "stranger")
    for form in ("w3c", "sd-jwt"):
        subject = did_of(ipse, "stranger")
        identifier = wallet(
            "vc", "add", "-", stdin=issued(ipse, "--format", form, subject=subject)
        ).out.strip()
        run = wallet("vc", "present", identifier, *_CHALLENGE, code=5 if form == "sd-jwt" else 2)
        assert_told(run, "key" if form == "sd-jwt" else subject)
        assert run.out == ""
