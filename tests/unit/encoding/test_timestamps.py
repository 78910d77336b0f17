"""dateTimeStamps, NumericDates and days, read strictly."""

from __future__ import annotations

import ast
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipse.encoding.timestamps import (
    at_seconds,
    format_day,
    format_timestamp,
    from_numeric_date,
    parse_day,
    parse_timestamp,
    to_numeric_date,
)
from ipse.errors import MalformedInput


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T12:00:00+02:00", datetime(2026, 1, 31, 10, tzinfo=UTC)),
        ("2026-01-31T12:00:00-05:30", datetime(2026, 1, 31, 17, 30, tzinfo=UTC)),
        ("2026-01-31T12:00:00+14:00", datetime(2026, 1, 30, 22, tzinfo=UTC)),
        ("2026-01-31T12:00:00-14:00", datetime(2026, 2, 1, 2, tzinfo=UTC)),
        ("2026-01-31T12:00:00-00:00", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2023-02-26T01:02:58.447Z", datetime(2023, 2, 26, 1, 2, 58, 447000, tzinfo=UTC)),
        ("2023-02-26T01:02:58.5Z", datetime(2023, 2, 26, 1, 2, 58, 500000, tzinfo=UTC)),
        ("2023-02-26T01:02:58.1234567Z", datetime(2023, 2, 26, 1, 2, 58, 123456, tzinfo=UTC)),
        ("2024-02-29T00:00:00Z", datetime(2024, 2, 29, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
        ("9999-12-31T23:59:59Z", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_time_with_its_zone_is_the_moment_in_utc(text: str, moment: datetime) -> None:
    parsed = parse_timestamp(text)
    assert parsed == moment
    assert parsed.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "value",
    [
        "2026-01-31T12:00:00",  # no zone
        "2026-01-31",
        "2026-01-31T12:00Z",  # no seconds
        "2026-01-31 12:00:00Z",
        "2026-01-31t12:00:00z",
        "2026-01-31T12:00:00 Z",
        " 2026-01-31T12:00:00Z",
        "2026-01-31T12:00:00Z\n",
        "2026-01-31T12:00:00.Z",
        "2026-01-31T12:00:00,5Z",
        "2026-01-31T12:00:00+0200",
        "2026-01-31T12:00:00+02",
        "2026-01-31T12:00:00+15:00",
        "2026-01-31T12:00:00+02:60",
        "2026-02-30T12:00:00Z",
        "2023-02-29T12:00:00Z",
        "2026-13-01T12:00:00Z",
        "2026-00-01T12:00:00Z",
        "2026-01-31T25:00:00Z",
        "2026-01-31T24:00:01Z",
        "2026-01-31T12:60:00Z",
        "2026-01-31T12:00:60Z",
        "0000-01-01T00:00:00Z",
        "-2026-01-31T12:00:00Z",
        "12026-01-31T12:00:00Z",
        "26-01-31T12:00:00Z",
        "20260131T120000Z",
        "2026-W05-6T12:00:00Z",
        "2026-031T12:00:00Z",
        "\uff12\uff10\uff12\uff16-01-31T12:00:00Z",  # fullwidth digits
        "0001-01-01T00:00:00+14:00",  # before the year 1 in UTC
        "9999-12-31T23:59:59-14:00",  # after the year 9999 in UTC
        "2026-01-31T12:00:00." + "0" * 19 + "Z",
        "Sun, 26 Feb 2023 01:22:14 +0000",
        "",
        "now",
        "2026-01-31T12:00:00Z\0",
        1769860800,
        1.5,
        True,
        None,
        [],
        ["2026-01-31T12:00:00Z"],
        {"@value": "2026-01-31T12:00:00Z"},
        b"2026-01-31T12:00:00Z",
    ],
)
def test_anything_else_is_no_time(value: object) -> None:
    with pytest.raises(MalformedInput):
        parse_timestamp(value)


@pytest.mark.parametrize("zone", ["+14:01", "+14:30", "-14:59"])
def test_no_zone_is_farther_than_fourteen_hours(zone: str) -> None:
    # XML Schema 1.1 part 2, timezoneFrag: hours 0 to 13, or exactly 14:00.
    with pytest.raises(MalformedInput):
        parse_timestamp(f"2026-01-31T12:00:00{zone}")


def test_a_refused_time_is_quoted_on_one_short_line() -> None:
    with pytest.raises(MalformedInput) as caught:
        parse_timestamp("2026\n" * 10_000)
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 500


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 1, 31, 12, tzinfo=UTC), "2026-01-31T12:00:00Z"),
        (datetime(2026, 1, 31, 12, tzinfo=timezone(timedelta(hours=2))), "2026-01-31T10:00:00Z"),
        (datetime(2026, 1, 31, 12, 0, 0, 999_999, tzinfo=UTC), "2026-01-31T12:00:00Z"),
    ],
)
def test_a_moment_is_written_in_utc_to_the_second(moment: datetime, text: str) -> None:
    assert format_timestamp(moment) == text


@pytest.mark.parametrize("year", [1, 99, 999, 1000, 9999])
def test_what_is_written_reads_back_in_every_year(year: int) -> None:
    moment = datetime(year, 6, 1, 1, 2, 3, tzinfo=UTC)
    assert parse_timestamp(format_timestamp(moment)) == moment


moments = st.datetimes(timezones=st.just(UTC))
EAST = timezone(timedelta(hours=14))


@given(moments)
def test_each_form_reads_back_as_what_it_says(moment: datetime) -> None:
    second = moment.replace(microsecond=0)
    assert parse_timestamp(format_timestamp(moment)) == second
    assert at_seconds(to_numeric_date(moment)) == second
    assert parse_day(format_day(moment)) == second.replace(hour=0, minute=0, second=0)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("0001-01-01", datetime(1, 1, 1, tzinfo=UTC)),
        ("2024-02-29", datetime(2024, 2, 29, tzinfo=UTC)),
    ],
)
def test_a_day_is_its_first_second(text: str, moment: datetime) -> None:
    assert parse_day(text) == moment
    assert format_day(moment) == text


@pytest.mark.parametrize(
    "text",
    [
        "2026-1-31", "20260131", "2026-W05-6", "2026-031", "2023-02-29", "2026-00-10", "2026-01-31T00:00:00Z",
        "26-01-31", "2026-01-31\n", " 2026-01-31", "\uff12026-01-31", "0000-01-01", "",
    ],
)  # fmt: skip
def test_anything_else_is_no_day(text: str) -> None:
    with pytest.raises(MalformedInput, match="is not a day"):
        parse_day(text)


def test_a_day_is_that_of_the_moment_in_utc() -> None:
    assert format_day(datetime(2026, 2, 1, 13, 59, tzinfo=EAST)) == "2026-01-31"


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
        (1769860800, datetime(2026, 1, 31, 12, tzinfo=UTC)),
        (1769860800.5, datetime(2026, 1, 31, 12, 0, 0, 500_000, tzinfo=UTC)),
        (253402300799, datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_numeric_date_is_seconds_since_1970(value: float, moment: datetime) -> None:
    assert from_numeric_date(value, "exp") == moment


@pytest.mark.parametrize(
    "value",
    [
        -1, -0.5, 253402300800, 253402300799.5, 1e300, float("nan"), float("inf"), float("-inf"), 10**400,
        True, False, None, "1769860800", [1], {"seconds": 1},
    ],
)  # fmt: skip
def test_anything_else_is_no_numeric_date(value: object) -> None:
    with pytest.raises(MalformedInput, match=r"^exp is .*, not seconds since 1970") as caught:
        from_numeric_date(value, "exp")
    assert len(caught.value.message) < 200


def test_where_whole_seconds_are_asked_for_no_fraction_is_read() -> None:
    assert from_numeric_date(1, "iat", whole=True) == at_seconds(1)
    for value in (1.5, 1.0):
        with pytest.raises(MalformedInput, match="iat is 1"):
            from_numeric_date(value, "iat", whole=True)


def test_a_moment_is_rounded_down_to_whole_seconds_also_before_1970() -> None:
    assert to_numeric_date(datetime(2026, 1, 31, 12, 0, 0, 999_999, tzinfo=UTC)) == 1769860800
    assert to_numeric_date(datetime(1969, 12, 31, 23, 59, 59, 500_000, tzinfo=UTC)) == -1
    assert to_numeric_date(datetime(1970, 1, 1, 14, tzinfo=EAST)) == 0


@pytest.mark.parametrize("seconds", [1e12, -1e12, float("inf"), float("nan")])
def test_seconds_that_no_calendar_reaches_are_an_error(seconds: float) -> None:
    with pytest.raises((OverflowError, ValueError)):
        at_seconds(seconds)


def test_no_other_module_reads_or_writes_times() -> None:
    source = Path(__file__).parents[3] / "src" / "ipse"
    allowed = {
        "encoding/timestamps.py",
        "cli/commands/unlock.py",  # the time on the owner's clock
    }
    for path in source.rglob("*.py"):
        if str(path.relative_to(source)) in allowed:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute):
                found = node.attr in ("strptime", "strftime", "fromtimestamp", "fromisoformat", "isoformat")
                assert not found, f"{path}:{node.lineno}"
