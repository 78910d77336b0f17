"""xsd:dateTimeStamp, read strictly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from ipse.encoding.timestamps import format_timestamp, parse_timestamp
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
