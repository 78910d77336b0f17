"""The verification report: its builder can only make it worse than its checks, never better."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from ipse import errors
from ipse.credentials.report import (
    CHECKS,
    NOT_REACHED,
    Check,
    NotApplicable,
    Outcome,
    Rejected,
    Report,
    ReportBuilder,
    Stopped,
    with_credentials,
)
from ipse.errors import DataError, IpseError, TooMuchWork, Undetermined, VerificationFailed

PASSED, FAILED = Outcome.PASSED, Outcome.FAILED
NOT_APPLICABLE, UNDETERMINED = Outcome.NOT_APPLICABLE, Outcome.UNDETERMINED
ALL_ERRORS = [
    kind
    for kind in (getattr(errors, name) for name in errors.__all__)
    if isinstance(kind, type) and issubclass(kind, IpseError) and kind is not TooMuchWork
]


def passing() -> tuple[str, str, object]:
    return "result", "holds", 7


def raising(error: BaseException) -> Callable[[], tuple[str, str, object]]:
    def step() -> tuple[str, str, object]:
        raise error

    return step


def ending_in(outcome: Outcome) -> Callable[[], tuple[str, object]]:
    """A step for `judge` that comes out as `outcome`."""
    ends: dict[Outcome, BaseException] = {
        FAILED: Rejected("broken", "breaks"),
        NOT_APPLICABLE: NotApplicable("none", "nothing there"),
        UNDETERMINED: Undetermined("out of reach"),
    }

    def step() -> tuple[str, object]:
        if outcome in ends:
            raise ends[outcome]
        return "holds", ""

    return step


def report_of(*outcomes: Outcome) -> Report:
    return Report(tuple(Check(f"c{number}", outcome, "why") for number, outcome in enumerate(outcomes)))


class TestOutcome:
    @pytest.mark.parametrize("outcomes", list(itertools.product(Outcome, repeat=3)))
    def test_failed_weighs_more_than_undetermined_and_that_more_than_passed(
        self, outcomes: tuple[Outcome, ...]
    ) -> None:
        expected = PASSED if PASSED in outcomes else UNDETERMINED
        expected = UNDETERMINED if UNDETERMINED in outcomes else expected
        expected = FAILED if FAILED in outcomes else expected
        assert report_of(*outcomes).outcome is expected

    def test_a_report_in_which_nothing_applied_is_undetermined(self) -> None:
        assert report_of(NOT_APPLICABLE, NOT_APPLICABLE).outcome is UNDETERMINED

    def test_a_report_without_checks_is_undetermined(self) -> None:
        assert report_of().outcome is UNDETERMINED

    @pytest.mark.parametrize(
        ("outcomes", "position"),
        [
            ((PASSED, UNDETERMINED, FAILED, FAILED), 2),
            ((PASSED, UNDETERMINED, UNDETERMINED), 1),
            ((PASSED, NOT_APPLICABLE, PASSED), 2),
        ],
    )
    def test_decisive_is_the_first_check_with_the_outcome_of_the_report(
        self, outcomes: tuple[Outcome, ...], position: int
    ) -> None:
        assert report_of(*outcomes).decisive.name == f"c{position}"


class TestTruth:
    @pytest.mark.parametrize("outcomes", [(PASSED,), (FAILED,), (UNDETERMINED,), ()])
    def test_a_report_is_neither_true_nor_false(self, outcomes: tuple[Outcome, ...]) -> None:
        with pytest.raises(TypeError, match="compare `outcome`, or call `raise_unless_passed`"):
            bool(report_of(*outcomes))

    def test_a_report_in_a_condition_is_an_error_and_not_a_yes(self) -> None:
        with pytest.raises(TypeError):
            assert not report_of(FAILED)


class TestLookingUp:
    def test_a_check_is_found_by_its_name(self) -> None:
        report = report_of(PASSED, FAILED)
        assert report.check("c1") is report.checks[1]

    @pytest.mark.parametrize("name", ["c2", "c", "C0"])
    def test_a_check_that_the_report_does_not_have_is_a_key_error(self, name: str) -> None:
        with pytest.raises(KeyError, match=name):
            report_of(PASSED, FAILED).check(name)

    def test_a_check_is_that_of_the_presentation_and_not_of_a_credential_in_it(self) -> None:
        report = with_credentials(report_of(PASSED), [report_of(FAILED, FAILED)])
        assert report.check("c0").outcome is PASSED
        with pytest.raises(KeyError):
            report.check("c1")

    def test_every_check_goes_through_the_credentials_of_a_presentation_too(self) -> None:
        report = with_credentials(report_of(PASSED), [report_of(FAILED), report_of(UNDETERMINED)])
        assert [check.outcome for check in report.every_check()] == [PASSED, FAILED, UNDETERMINED]

    def test_a_credential_that_fails_fails_the_presentation(self) -> None:
        assert with_credentials(report_of(PASSED), [report_of(PASSED), report_of(FAILED)]).outcome is FAILED

    def test_a_full_report_has_ten_checks_by_default(self) -> None:
        assert tuple(check.name for check in ReportBuilder().report().checks) == CHECKS
        assert len(CHECKS) == len(set(CHECKS)) == 10

    def test_a_check_that_was_made_decides_before_those_that_were_not_reached(self) -> None:
        not_reached = Check("one", UNDETERMINED, "not reached", code=NOT_REACHED)
        made = Check("two", UNDETERMINED, "out of reach", code="undetermined")
        assert Report((not_reached, made)).decisive is made


class TestRaising:
    @pytest.mark.parametrize(
        ("outcome", "error"), [(FAILED, VerificationFailed), (UNDETERMINED, Undetermined)]
    )
    def test_the_error_carries_the_report(
        self, outcome: Outcome, error: type[VerificationFailed | Undetermined]
    ) -> None:
        report = report_of(PASSED, outcome)
        with pytest.raises(error) as caught:
            report.raise_unless_passed("the credential")
        found: object = caught.value
        assert isinstance(found, (VerificationFailed, Undetermined))
        assert found.report is report

    def test_a_passed_report_raises_nothing(self) -> None:
        report_of(PASSED, NOT_APPLICABLE).raise_unless_passed("the credential")

    def test_a_failed_report_raises_verification_failed_with_all_failed_checks(self) -> None:
        with pytest.raises(VerificationFailed, match="the credential: c1: why") as caught:
            report_of(PASSED, FAILED, UNDETERMINED, FAILED).raise_unless_passed("the credential")
        assert "c1, c3" in caught.value.hint
        assert "c2" not in caught.value.hint

    def test_an_undetermined_report_raises_undetermined_with_all_open_checks(self) -> None:
        with pytest.raises(Undetermined, match="the credential: c1: why") as caught:
            report_of(PASSED, UNDETERMINED, UNDETERMINED).raise_unless_passed("the credential")
        assert "c1, c2" in caught.value.hint

    @pytest.mark.parametrize("outcomes", list(itertools.product(Outcome, repeat=2)))
    def test_only_a_passed_report_raises_nothing(self, outcomes: tuple[Outcome, ...]) -> None:
        report = report_of(*outcomes)
        if report.outcome is PASSED:
            report.raise_unless_passed("it")
        else:
            with pytest.raises((VerificationFailed, Undetermined)):
                report.raise_unless_passed("it")


def test_json_holds_every_check_with_its_code_reason_and_value() -> None:
    builder = ReportBuilder(["one", "two"])
    builder.require("one", passing)
    assert builder.report().to_json() == {
        "outcome": "undetermined",
        "checks": [
            {"name": "one", "outcome": "passed", "code": "", "reason": "holds", "value": "7"},
            {
                "name": "two",
                "outcome": "undetermined",
                "code": "not-reached",
                "reason": "not reached, because of an earlier check",
                "value": "",
            },
        ],
    }


class TestReportBuilder:
    @pytest.mark.parametrize("left_out", ["one", "two", "three"])
    def test_a_check_that_nobody_made_makes_the_report_undetermined(self, left_out: str) -> None:
        builder = ReportBuilder(["one", "two", "three"])
        for name in {"one", "two", "three"} - {left_out}:
            builder.require(name, passing)
        report = builder.report()
        assert report.outcome is UNDETERMINED
        assert report.decisive.name == left_out

    @pytest.mark.parametrize("outcomes", list(itertools.product([*Outcome, None], repeat=3)))
    def test_passed_takes_every_check_answered_and_none_failed_or_open(
        self, outcomes: tuple[Outcome | None, ...]
    ) -> None:
        builder = ReportBuilder(["c0", "c1", "c2"])
        for number, outcome in enumerate(outcomes):
            if outcome is not None:
                builder.judge(f"c{number}", ending_in(outcome))
        passed = set(outcomes) <= {PASSED, NOT_APPLICABLE} and PASSED in outcomes
        assert (builder.report().outcome is PASSED) is passed

    def test_the_report_keeps_the_order_of_the_names_whatever_was_made_first(self) -> None:
        builder = ReportBuilder(["one", "two"])
        builder.judge("two", ending_in(PASSED))
        builder.judge("one", ending_in(PASSED))
        assert [check.name for check in builder.report().checks] == ["one", "two"]

    def test_a_step_gives_its_result_to_later_ones_and_its_reason_and_value_to_the_report(self) -> None:
        builder = ReportBuilder(["one"])
        assert builder.require("one", passing) == "result"
        assert builder.report().checks == (Check("one", PASSED, "holds", "7"),)

    @pytest.mark.parametrize(
        "error", [Rejected("no", "no", 5), Undetermined("no"), errors.KeystoreLocked("no")]
    )
    def test_no_step_of_the_chain_is_made_after_one_that_did_not_pass(self, error: Exception) -> None:
        builder = ReportBuilder(["one", "two", "three"])
        with pytest.raises(Stopped):
            builder.require("one", raising(error))
        report = builder.report()
        assert [(check.outcome, check.code) for check in report.checks[1:]] == [
            (UNDETERMINED, NOT_REACHED),
            (UNDETERMINED, NOT_REACHED),
        ]
        assert report.checks[1].reason == "not reached, because of one"

    def test_nothing_to_check_stops_nothing_where_no_later_check_needs_it(self) -> None:
        builder = ReportBuilder(["one", "two"])
        builder.judge("one", ending_in(NOT_APPLICABLE))
        assert builder.require("two", passing) == "result"
        assert builder.report().outcome is PASSED

    def test_nothing_to_check_gives_later_checks_nothing_and_stops_them(self) -> None:
        builder = ReportBuilder(["one", "two"])
        with pytest.raises(Stopped):
            builder.require("one", raising(NotApplicable("none", "has none")))
        assert builder.report().outcome is UNDETERMINED

    def test_what_was_not_reached_is_never_blamed_on_a_check_that_did_not_apply(self) -> None:
        builder = ReportBuilder(["status", "proof", "purpose"])
        builder.judge("status", ending_in(NOT_APPLICABLE))
        with pytest.raises(Stopped):
            builder.require("proof", raising(Rejected("signature", "the signature does not fit")))
        assert builder.report().checks[2].reason == "not reached, because of proof"

    def test_a_check_that_stands_for_itself_is_judged_also_after_a_failure(self) -> None:
        builder = ReportBuilder(["one", "two"])
        builder.judge("one", ending_in(FAILED))
        builder.judge("two", ending_in(FAILED))
        assert [check.outcome for check in builder.report().checks] == [FAILED, FAILED]

    @pytest.mark.parametrize("name", ["one", "unknown", ""])
    def test_making_one_twice_or_an_unknown_name_is_an_error(self, name: str) -> None:
        builder = ReportBuilder(["one", "two"])
        builder.require("one", passing)
        with pytest.raises(ValueError, match="not a check of this report, or was made twice"):
            builder.require(name, passing)
        with pytest.raises(ValueError, match="not a check of this report, or was made twice"):
            builder.judge(name, ending_in(PASSED))
        with pytest.raises(ValueError, match="not a check of this report, or was made twice"):
            builder.adopt([Check(name, PASSED, "")])
        assert builder.report().checks[0] == Check("one", PASSED, "holds", "7")

    def test_a_later_pass_never_replaces_a_failure(self) -> None:
        builder = ReportBuilder(["one"])
        builder.judge("one", ending_in(FAILED))
        with pytest.raises(ValueError, match="made twice"):
            builder.judge("one", ending_in(PASSED))
        assert builder.report().outcome is FAILED

    @pytest.mark.parametrize("end", [FAILED, UNDETERMINED])
    def test_an_adopted_check_counts_like_one_made_here(self, end: Outcome) -> None:
        builder = ReportBuilder(["one", "two"])
        builder.adopt([Check("one", end, "breaks")])
        builder.judge("two", ending_in(PASSED))
        assert builder.report().outcome is end

    def test_what_an_adopted_failure_kept_from_being_made_is_blamed_on_it(self) -> None:
        builder = ReportBuilder(["one", "two"])
        builder.adopt([Check("one", FAILED, "breaks")])
        assert builder.report().checks[1].reason == "not reached, because of one"

    def test_checks_that_were_not_adopted_stay_open(self) -> None:
        builder = ReportBuilder(["one", "two"])
        builder.adopt([Check("one", PASSED, "")])
        assert builder.report().outcome is UNDETERMINED


class TestErrorsInsideACheck:
    @pytest.mark.parametrize("kind", ALL_ERRORS, ids=lambda kind: kind.__name__)
    def test_no_error_of_ipse_escapes_and_none_passes(self, kind: type[IpseError]) -> None:
        builder = ReportBuilder(["one"])
        with pytest.raises(Stopped):
            builder.require("one", raising(kind("the reason")))
        check = builder.report().checks[0]
        failed = issubclass(kind, (VerificationFailed, DataError))
        assert check.outcome is (FAILED if failed else UNDETERMINED)
        assert check.reason.endswith("the reason")
        assert check.code == kind("").code != ""

    def test_no_verdict_is_passed_on_what_takes_too_much_work(self) -> None:
        with pytest.raises(TooMuchWork):
            ReportBuilder(["one"]).require("one", raising(TooMuchWork("the reason")))

    def test_rejection_gives_the_code_the_reason_and_the_value(self) -> None:
        builder = ReportBuilder(["one"])
        with pytest.raises(Stopped):
            builder.require("one", raising(Rejected("expired", "the reason", 12)))
        assert builder.report().checks == (Check("one", FAILED, "the reason", "12", "expired"),)

    @pytest.mark.parametrize(
        "error", [RuntimeError("bug"), KeyError("bug"), KeyboardInterrupt(), AssertionError()]
    )
    def test_an_unexpected_exception_escapes_and_leaves_the_check_open(self, error: BaseException) -> None:
        builder = ReportBuilder(["one"])
        with pytest.raises(type(error)):
            builder.require("one", raising(error))
        assert builder.report().outcome is UNDETERMINED
