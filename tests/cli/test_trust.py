"""`ipse trust`: whose credentials are accepted, and of which types."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.authorities import Held, root
from tests.cli.test_vc import assert_told, checks, did_of, in_process, issued, reason
from tests.conftest import EXAMPLES, Ipse


def _verified(ipse: Ipse, text: str, *options: str, code: int = 0) -> Any:
    return ipse("vc", "verify", "-", "--json", *options, stdin=text, code=code).json


def _rows(ipse: Ipse) -> list[tuple[str, str]]:
    return [(row["did"], row["type"]) for row in ipse("trust", "list", "--json").json["issuers"]]


def test_an_issuer_is_trusted_for_the_types_that_were_said_and_no_others(ipse: Ipse) -> None:
    ipse = in_process(ipse)
    university, me = did_of(ipse, "university"), did_of(ipse, "me")
    degree = issued(ipse)
    other = ipse(
        "vc", "issue", "--issuer", "university", "--type", "DegreeCredential", "--type", "Passport",
        "--claims", EXAMPLES / "claims.json", "-q",
    ).out  # fmt: skip
    untyped = ipse(
        "vc", "issue", "--credential", "-", "--issuer", "university", "-q",
        stdin='{"@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiableCredential"],'
        ' "credentialSubject": {"name": "Ada"}}',
    ).out  # fmt: skip
    ipse("trust", "add", university, "--for", "DegreeCredential")
    assert checks(_verified(ipse, degree))["trust"] == "passed"
    report = _verified(ipse, other, code=3)
    assert checks(report)["trust"] == "failed"
    assert reason(report, "trust") == "the issuer is not trusted for this type"
    assert checks(_verified(ipse, untyped, code=3))["trust"] == "failed"
    assert checks(_verified(ipse, issued(ipse, issuer="me"), code=3))["trust"] == "failed"
    ipse("trust", "add", university, "--for", "*")
    for text in (degree, other, untyped):
        _verified(ipse, text)
    _verified(ipse, degree, "--issuer", me, code=3)
    _verified(ipse, issued(ipse, issuer="me"), "--issuer", me)


def test_the_type_of_an_sd_jwt_is_its_vct(ipse: Ipse) -> None:
    ipse = in_process(ipse)
    text = issued(ipse, "--format", "sd-jwt")
    ipse("trust", "add", did_of(ipse, "university"), "--for", "Passport")
    assert checks(_verified(ipse, text, code=3))["trust"] == "failed"
    ipse("trust", "add", did_of(ipse, "university"), "--for", "DegreeCredential")
    _verified(ipse, text)


def test_the_wallets_own_dids_are_not_trusted_for_being_its_own(ipse: Ipse) -> None:
    ipse = in_process(ipse)
    text = issued(ipse, issuer="me")
    assert checks(_verified(ipse, text, code=9))["trust"] == "undetermined"
    ipse("trust", "add", did_of(ipse, "university"), "--for", "*")
    assert checks(_verified(ipse, text, code=3))["trust"] == "failed"


def test_without_a_wallet_the_issuer_has_to_be_named(ipse: Ipse, no_wallet: Ipse) -> None:
    text, university = issued(ipse), did_of(ipse, "university")
    nowhere = Ipse(no_wallet.home.parent / "nowhere")
    assert checks(_verified(nowhere, text, code=9))["trust"] == "undetermined"
    _verified(nowhere, text, "--issuer", university)
    _verified(nowhere, text, "--issuer", "did:key:z6MkOther", "--issuer", university)


def test_trust_is_listed_and_taken_back_type_by_type_or_whole(ipse: Ipse) -> None:
    ipse = in_process(ipse)
    university, me = did_of(ipse, "university"), did_of(ipse, "me")
    run = ipse("trust", "list")
    assert (run.out, "trust add" in run.err) == ("", True)
    ipse("trust", "add", university, "--for", "Degree", "--for", "Badge")
    ipse("trust", "add", university, "--for", "Degree")
    ipse("trust", "add", me, "--for", "*")
    ipse("trust", "add", "https://issuer.example", "--for", "Badge")
    everyone = [(university, "Degree"), (university, "Badge"), (me, "*"), ("https://issuer.example", "Badge")]
    assert sorted(_rows(ipse)) == sorted(everyone)
    ipse("trust", "delete", university, "--for", "Badge")
    assert (university, "Badge") not in _rows(ipse)
    assert (university, "Degree") in _rows(ipse)
    ipse("trust", "delete", university)
    assert {did for did, _ in _rows(ipse)} == {me, "https://issuer.example"}
    assert_told(ipse("trust", "delete", university, code=5), university)
    assert_told(ipse("trust", "delete", me, "--for", "Badge", code=5), me)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("did:key:z6Mk",), 2),
        (("did:key:z6Mk", "--for", ""), 2),
        (("did:key:z6Mk", "--for", "a\nb"), 2),
        (("did:key:z6Mk", "--for", " Degree"), 2),
        (("did:key:z6Mk", "--for", "x" * 501), 2),
        (("university", "--for", "Degree"), 6),
        (("http://issuer.example", "--for", "Degree"), 6),
        (("", "--for", "Degree"), 6),
        (("did:", "--for", "Degree"), 6),
    ],
)
def test_what_is_no_issuer_or_no_type_is_not_trusted(
    ipse: Ipse, arguments: tuple[str, ...], code: int
) -> None:
    ipse = in_process(ipse)
    assert_told(ipse("trust", "add", *arguments, code=code))
    assert _rows(ipse) == []


class TestAuthorities:
    """`ipse trust add --ca FILE --for verifier|issuer|status`."""

    @pytest.fixture
    def authority(self) -> Held:
        return root(not_before=datetime(2020, 1, 1, tzinfo=UTC), not_after=datetime(2050, 1, 1, tzinfo=UTC))

    @staticmethod
    def listed(ipse: Ipse) -> dict[str, list[str]]:
        rows = ipse("trust", "list", "--json").json["authorities"]
        return {row["fingerprint"]: row["purposes"] for row in rows}

    def test_an_authority_is_trusted_for_what_was_said(
        self, ipse: Ipse, authority: Held, tmp_path: Path
    ) -> None:
        ipse, fingerprint = in_process(ipse), authority.value.fingerprint.hex()
        (tmp_path / "ca.pem").write_bytes(authority.pem)
        run = ipse("trust", "add", "--ca", str(tmp_path / "ca.pem"), "--for", "verifier", "--for", "status")
        assert fingerprint in run.out
        assert "CN=Example Root CA" in run.out
        assert self.listed(ipse) == {fingerprint: ["status", "verifier"]}
        (tmp_path / "ca.der").write_bytes(authority.der)
        ipse("trust", "add", "--ca", str(tmp_path / "ca.der"), "--for", "issuer", "--for", "status")
        assert self.listed(ipse) == {fingerprint: ["issuer", "status", "verifier"]}
        text = ipse("trust", "list").out
        assert fingerprint[:16] in text
        assert "2050-01-01" in text
        assert "issuer, status, verifier" in text

    def test_every_authority_of_a_bundle_is_trusted(
        self, ipse: Ipse, authority: Held, tmp_path: Path
    ) -> None:
        ipse = in_process(ipse)
        other = root("Other", not_after=datetime(2050, 1, 1, tzinfo=UTC))
        (tmp_path / "ca.pem").write_bytes(authority.pem + other.pem)
        ipse("trust", "add", "--ca", str(tmp_path / "ca.pem"), "--for", "issuer")
        expected = {held.value.fingerprint.hex(): ["issuer"] for held in (authority, other)}
        assert self.listed(ipse) == expected

    def test_a_name_of_several_lines_is_shown_on_one(self, ipse: Ipse, tmp_path: Path) -> None:
        held = root("x\nCN=Government is trusted for issuer", not_after=datetime(2050, 1, 1, tzinfo=UTC))
        (tmp_path / "ca.pem").write_bytes(held.pem)
        ipse = in_process(ipse)
        run = ipse("trust", "add", "--ca", str(tmp_path / "ca.pem"), "--for", "verifier")
        assert len(run.out.splitlines()) == 2
        assert len(ipse("trust", "list").out.splitlines()) == 1

    def test_it_is_deleted_by_the_beginning_of_its_fingerprint(
        self, ipse: Ipse, authority: Held, tmp_path: Path
    ) -> None:
        ipse, fingerprint = in_process(ipse), authority.value.fingerprint.hex()
        (tmp_path / "ca.pem").write_bytes(authority.pem)
        ipse("trust", "add", "--ca", str(tmp_path / "ca.pem"), "--for", "issuer", "--for", "verifier")
        assert_told(ipse("trust", "delete", fingerprint[:16], "--for", "status", code=5))
        another = ("1" if fingerprint[0] == "0" else "0") + fingerprint[1:]
        assert_told(ipse("trust", "delete", another, code=5))
        assert_told(ipse("trust", "delete", another[:4], code=5))
        assert_told(ipse("trust", "delete", ":", code=5))
        assert_told(ipse("trust", "delete", fingerprint, "--for", "dinner", code=2))
        ipse("trust", "delete", fingerprint[:16], "--for", "issuer")
        assert self.listed(ipse) == {fingerprint: ["verifier"]}
        colons = ":".join(fingerprint[at : at + 2] for at in range(0, 64, 2)).upper()
        ipse("trust", "delete", colons)
        assert self.listed(ipse) == {}

    def test_a_certificate_that_can_be_no_anchor_is_refused(
        self, ipse: Ipse, authority: Held, tmp_path: Path
    ) -> None:
        ipse, file = in_process(ipse), tmp_path / "ca.pem"
        refused: dict[bytes, int] = {
            root(not_after=datetime(2026, 6, 2, tzinfo=UTC)).pem: 3,
            root(
                not_before=datetime(2049, 1, 1, tzinfo=UTC), not_after=datetime(2050, 1, 1, tzinfo=UTC)
            ).pem: 3,
            authority.leaf(not_after=datetime(2050, 1, 1, tzinfo=UTC)).pem: 3,
            b"hello": 6,
            b"": 6,
        }
        for data, code in refused.items():
            file.write_bytes(data)
            run = ipse("trust", "add", "--ca", str(file), "--for", "issuer", code=code)
            assert_told(run)
            assert ("certificate of an authority (CA) that is valid now" in run.err) is (code == 3)
        file.write_bytes(authority.pem)
        assert_told(ipse("trust", "add", "--ca", str(file), "--for", "dinner", code=2))
        assert_told(ipse("trust", "add", "--ca", str(file), code=2))
        assert_told(ipse("trust", "add", "--ca", str(file), "did:key:z6Mk", "--for", "issuer", code=2))
        assert_told(ipse("trust", "add", "--ca", str(tmp_path / "none"), "--for", "issuer", code=5))
        assert_told(ipse("trust", "add", "--for", "issuer", code=2))
        assert self.listed(ipse) == {}
