"""What a verifier sees first: the verdict, then verified claims alone, in lines that fit the terminal."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipse.cli.commands.vc.rendering import Reader, render
from ipse.cli.output import Output, wrapped
from ipse.credentials.content import Content, Validity
from ipse.credentials.report import CHECKS, Check, Outcome, Report
from ipse.credentials.verifier import Verification

ISSUER = "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH"
ME = "did:key:z6MkrktsqTzUzjjpq1LkxRKMStm5WofUuTbA8LDuSCQThf9r"
NAMES = {ISSUER: "university"}
CONTENT = Content(
    format="w3c",
    document={},
    issuer=ISSUER,
    subjects=(ME,),
    types=("VerifiableCredential", "DegreeCredential"),
    validity=Validity(None, datetime(2030, 1, 1, tzinfo=UTC)),
    claims={
        "id": ME,
        "degree": {"type": "BachelorDegree", "name": "Oceanography"},
        "awardedOn": "2024-06-21T00:00:00Z",
        "seen": "2024-06-21T14:05:00Z",
        "honours": True,
        "languages": ["en", "pt"],
        "marks": [{"course": "Tides", "mark": 1.3}],
    },
)


class Terminal(Output):
    """An output of a terminal of so many columns, or of none."""

    def __init__(self, width: int | None = None, *, verbose: bool = False) -> None:
        super().__init__()
        self._width = width
        self.verbose = verbose

    @property
    def width(self) -> int | None:
        return self._width


def report(**outcomes: tuple[Outcome, str]) -> Report:
    """A report whose checks passed, but for those that are given, with a reason each."""
    given = {name.replace("_", "-"): outcome for name, outcome in outcomes.items()}
    found = [Check(name, *given.get(name, (Outcome.PASSED, "fine"))) for name in CHECKS]
    return Report(tuple(found))


def shown(found: Verification, output: Output | None = None) -> list[str]:
    return list(render(found, Reader(output or Terminal(), NAMES)))


def of(**changes: Any) -> Verification:
    return Verification(report(), replace(CONTENT, **changes))


def test_the_first_line_says_what_is_valid_by_whom_to_whom_and_until_when() -> None:
    first = shown(of())[0]
    assert first == f"VALID  Oceanography, issued by university ({ISSUER}) to {ME}, until 2030-01-01"


def test_a_credential_without_end_or_name_is_told_by_its_types_and_is_open() -> None:
    first = shown(of(validity=Validity(), claims={"age": 21}, subjects=()))[0]
    assert first == f"VALID  DegreeCredential, issued by university ({ISSUER}), until open"


def test_claims_are_a_line_each_readable_and_without_the_subject_itself() -> None:
    lines = shown(of())
    assert lines[2:10] == [
        "  degree.type      BachelorDegree",
        "  degree.name      Oceanography",
        "  awardedOn        2024-06-21",
        "  seen             2024-06-21 14:05:00 UTC",
        "  honours          yes",
        "  languages        en, pt",
        "  marks[0].course  Tides",
        "  marks[0].mark    1.3",
    ]
    assert lines[10] == ""
    assert lines[11].startswith("passed          parse")
    assert len(lines) == 11 + len(CHECKS)


def test_what_the_holder_disclosed_is_told() -> None:
    assert "  the holder disclosed faculty, address.city" in shown(of(disclosed=("faculty", "address.city")))


@pytest.mark.parametrize(
    ("outcome", "verdict"), [(Outcome.FAILED, "INVALID"), (Outcome.UNDETERMINED, "UNKNOWN")]
)
def test_nothing_is_claimed_by_a_credential_that_did_not_pass(outcome: Outcome, verdict: str) -> None:
    found = Verification(report(status=(outcome, "the status list is out of reach")), CONTENT)
    lines = shown(found)
    assert lines[0] == f"{verdict}  the status list is out of reach"
    assert not any("Oceanography" in line for line in lines)
    assert "verified" not in found.to_json()
    assert of().to_json()["verified"]["claims"] == CONTENT.claims


def test_a_presentation_tells_which_of_its_credentials_failed() -> None:
    good, bad = of(), Verification(report(time=(Outcome.FAILED, "expired")), CONTENT)
    whole = replace(report(), credentials=(good.report, bad.report))
    found = Verification(whole, replace(CONTENT, issuer=ME), (good, bad), is_presentation=True)
    assert shown(found)[0] == "INVALID  credential 2: expired"
    whole = replace(report(), credentials=(good.report, good.report))
    found = Verification(whole, replace(CONTENT, issuer=ME), (good, good), is_presentation=True)
    lines = shown(found)
    assert lines[0] == f"VALID  presentation of 2 credentials by {ME}"
    assert [line.partition(":")[0] for line in lines if line.startswith("credential ")][:2] == [
        "credential 1",
        "credential 2",
    ]


def test_a_name_can_not_pass_for_what_is_said_after_it() -> None:
    name = "Degree, issued by MIT (did:web:mit.example), until 2099”"
    first = shown(of(document={"name": name}))[0]
    assert first.startswith(
        "VALID  “Degree, issued by MIT (did:web:mit.example), until 2099'”, issued by university"
    )


def test_no_claim_steers_the_terminal() -> None:
    nasty = "x\x1b[2J\n\u202e\u200b\x9b"
    lines = shown(of(document={"name": nasty}, claims={nasty: nasty, "list": [nasty]}, types=(nasty,)))
    assert all(character.isprintable() for line in lines for character in line)


@pytest.mark.parametrize("width", [40, 72, 100])
def test_on_a_terminal_every_line_fits_and_dids_are_short(
    width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")  # what is shortened ends otherwise on one of the simplest kind
    lines = shown(of(), Terminal(width))
    assert max(map(len, lines)) <= width
    assert any("did:key:z6Mk…vktH" in line for line in lines)
    assert not any(ISSUER in line for line in lines)


def test_with_v_dids_are_whole_on_a_terminal_too() -> None:
    assert any(ISSUER in line for line in shown(of(), Terminal(100, verbose=True)))


@given(st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=200), st.integers(20, 120))
def test_wrapping_keeps_every_word_within_the_width(text: str, width: int) -> None:
    lines = wrapped(text, width, first="  ", rest="    ")
    assert "".join("".join(lines).split()) == "".join(text.split())
    for line in lines:
        columns = sum(
            0 if unicodedata.combining(each) else 1 + (unicodedata.east_asian_width(each) in "FW")
            for each in line
        )
        assert columns <= width
