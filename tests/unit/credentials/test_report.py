"""The verification report: a ledger can only make it worse than its checks, never better."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from ipse import errors
from ipse.credentials.report import Check, NotApplicable, Outcome, Rejected, Report, ReportBuilder
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
        FAILED: Rejected("breaks"),
        NOT_APPLICABLE: NotApplicable("nothing there"),
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


class TestRaising:
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


def test_json_holds_every_check_with_its_reason_and_value() -> None:
    ledger = ReportBuilder(["one", "two"])
    ledger.take("one", passing)
    assert ledger.report().to_json() == {
        "outcome": "undetermined",
        "checks": [
            {"name": "one", "outcome": "passed", "reason": "holds", "value": "7"},
            {
                "name": "two",
                "outcome": "undetermined",
                "reason": "not reached, because of an earlier check",
                "value": "",
            },
        ],
    }


class TestReportBuilder:
    @pytest.mark.parametrize("left_out", ["one", "two", "three"])
    def test_a_check_that_nobody_took_makes_the_report_undetermined(self, left_out: str) -> None:
        ledger = ReportBuilder(["one", "two", "three"])
        for name in {"one", "two", "three"} - {left_out}:
            ledger.take(name, passing)
        report = ledger.report()
        assert report.outcome is UNDETERMINED
        assert report.decisive.name == left_out

    @pytest.mark.parametrize("outcomes", list(itertools.product([*Outcome, None], repeat=3)))
    def test_passed_takes_every_check_answered_and_none_failed_or_open(
        self, outcomes: tuple[Outcome | None, ...]
    ) -> None:
        ledger = ReportBuilder(["c0", "c1", "c2"])
        for number, outcome in enumerate(outcomes):
            if outcome is not None:
                ledger.judge(f"c{number}", ending_in(outcome))
        passed = set(outcomes) <= {PASSED, NOT_APPLICABLE} and PASSED in outcomes
        assert (ledger.report().outcome is PASSED) is passed

    def test_the_report_keeps_the_order_of_the_names_whatever_was_taken_first(self) -> None:
        ledger = ReportBuilder(["one", "two"])
        ledger.judge("two", ending_in(PASSED))
        ledger.judge("one", ending_in(PASSED))
        assert [check.name for check in ledger.report().checks] == ["one", "two"]

    def test_a_step_gives_its_result_to_later_ones_and_its_reason_and_value_to_the_report(self) -> None:
        ledger = ReportBuilder(["one"])
        assert ledger.take("one", passing) == "result"
        assert ledger.report().checks == (Check("one", PASSED, "holds", "7"),)

    @pytest.mark.parametrize("error", [Rejected("no", 5), Undetermined("no"), errors.KeystoreLocked("no")])
    def test_no_step_of_the_chain_is_taken_after_one_that_did_not_pass(self, error: Exception) -> None:
        ledger = ReportBuilder(["one", "two", "three"])
        assert ledger.take("one", raising(error)) is None
        assert ledger.take("two", raising(AssertionError("taken"))) is None
        assert ledger.stopped
        report = ledger.report()
        assert [check.outcome for check in report.checks[1:]] == [UNDETERMINED, UNDETERMINED]
        assert report.checks[1].reason == "not reached, because of one"

    def test_nothing_to_check_stops_nothing(self) -> None:
        ledger = ReportBuilder(["one", "two"])
        assert ledger.take("one", raising(NotApplicable("has none"))) is None
        assert ledger.take("two", passing) == "result"
        assert ledger.report().outcome is PASSED

    def test_what_was_not_reached_is_never_blamed_on_a_check_that_did_not_apply(self) -> None:
        ledger = ReportBuilder(["status", "proof", "purpose"])
        ledger.judge("status", ending_in(NOT_APPLICABLE))
        ledger.take("proof", raising(Rejected("the signature does not fit")))
        ledger.take("purpose", passing)
        assert ledger.report().checks[2].reason == "not reached, because of proof"

    def test_a_check_that_stands_for_itself_is_judged_also_after_a_failure(self) -> None:
        ledger = ReportBuilder(["one", "two"])
        ledger.judge("one", ending_in(FAILED))
        ledger.judge("two", ending_in(FAILED))
        assert [check.outcome for check in ledger.report().checks] == [FAILED, FAILED]

    @pytest.mark.parametrize("name", ["one", "unknown", ""])
    def test_taking_twice_or_an_unknown_name_is_an_error(self, name: str) -> None:
        ledger = ReportBuilder(["one", "two"])
        ledger.take("one", passing)
        with pytest.raises(ValueError, match="not a check of this report, or was taken twice"):
            ledger.take(name, passing)
        with pytest.raises(ValueError, match="not a check of this report, or was taken twice"):
            ledger.judge(name, ending_in(PASSED))
        with pytest.raises(ValueError, match="not a check of this report, or was taken twice"):
            ledger.adopt([Check(name, PASSED, "")])
        assert ledger.report().checks[0] == Check("one", PASSED, "holds", "7")

    def test_a_later_pass_never_replaces_a_failure(self) -> None:
        ledger = ReportBuilder(["one"])
        ledger.judge("one", ending_in(FAILED))
        with pytest.raises(ValueError, match="taken twice"):
            ledger.judge("one", ending_in(PASSED))
        assert ledger.report().outcome is FAILED

    def test_an_adopted_failure_stops_the_chain(self) -> None:
        ledger = ReportBuilder(["one", "two"])
        ledger.adopt([Check("one", FAILED, "breaks")])
        assert ledger.take("two", passing) is None
        assert ledger.report().outcome is FAILED

    def test_checks_that_were_not_adopted_stay_open(self) -> None:
        ledger = ReportBuilder(["one", "two"])
        ledger.adopt([Check("one", PASSED, "")])
        assert ledger.report().outcome is UNDETERMINED


class TestErrorsInsideACheck:
    @pytest.mark.parametrize("kind", ALL_ERRORS, ids=lambda kind: kind.__name__)
    def test_no_error_of_ipse_escapes_and_none_passes(self, kind: type[IpseError]) -> None:
        ledger = ReportBuilder(["one"])
        assert ledger.take("one", raising(kind("the reason"))) is None
        check = ledger.report().checks[0]
        failed = issubclass(kind, (VerificationFailed, DataError))
        assert check.outcome is (FAILED if failed else UNDETERMINED)
        assert check.reason.endswith("the reason")

    def test_no_verdict_is_passed_on_what_takes_too_much_work(self) -> None:
        with pytest.raises(TooMuchWork):
            ReportBuilder(["one"]).take("one", raising(TooMuchWork("the reason")))

    def test_rejection_names_the_reason_and_the_value(self) -> None:
        ledger = ReportBuilder(["one"])
        ledger.take("one", raising(Rejected("expired", 12)))
        assert ledger.report().checks == (Check("one", FAILED, "expired", "12"),)

    @pytest.mark.parametrize(
        "error", [RuntimeError("bug"), KeyError("bug"), KeyboardInterrupt(), AssertionError()]
    )
    def test_an_unexpected_exception_escapes_and_leaves_the_check_open(self, error: BaseException) -> None:
        ledger = ReportBuilder(["one"])
        with pytest.raises(type(error)):
            ledger.take("one", raising(error))
        assert ledger.report().outcome is UNDETERMINED
