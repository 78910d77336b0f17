"""JSON objects, one a line or in an array, and what ipse itself exports."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from ipse.encoding import strict_json
from ipse.errors import InputTooLarge, MalformedInput
from ipse.preferences.sources import large_json
from ipse.storage.statements import Statement
from ipse.wallet.profile.statements import FORMATS, export
from tests.unit.preferences.sources.reading import SAMPLES, read, sample, weights


def test_lines_and_arrays_say_the_same() -> None:
    objects = [{"title": "a", "rating": 5}, {"name": "b", "title": "c", "rating": 1.5}]
    lines = "\n".join(map(json.dumps, objects))
    assert weights(read(lines)) == weights(read(json.dumps(objects))) == {"a": 1.0, "c": -0.75}
    assert read(lines).format == "ndjson"


def test_the_members_are_read_as_columns_are() -> None:
    reading = sample("rated.ndjson")
    assert weights(reading) == {"Low Water by The Pilots (folk, sea)": 0.8, "Jingle": -1.0}
    assert reading.fields["rating"] == "rating (0 to 10)"
    assert reading.skipped == {"no rating": 1, "no title": 1}


def test_a_switch_says_like_or_dislike() -> None:
    assert weights(read('{"title":"a","like":true}\n{"title":"b","like":false}\n')) == {"a": 0.8, "b": -0.8}


@pytest.mark.parametrize(
    "content",
    [
        '{"title":"a","rating":NaN}', '{"title":"a","rating":1e999}', '{"title":"\\ud800","rating":5}',
        '{"title":"a","title":"b","rating":5}', '{"title":"a","rating":5}\n{"title":', "[1,2]",
        '[{"title":"a","rating":5}', '{"title":"a","rating":{"x":5}}\n[]', "[" * 5000 + "]" * 5000,
    ],
)  # fmt: skip
def test_what_strict_json_refuses_is_refused(content: str) -> None:
    with pytest.raises(MalformedInput) as caught:
        read(content)
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    "content", ["{}\n" * 600_000, "[" + "{}," * 600_000 + "{}]", "[" + '"a",' * 7_000_000 + '"a"]']
)
def test_more_values_than_anybody_has_are_refused(content: str) -> None:
    with pytest.raises(InputTooLarge):
        read(content)


class TestOwnExport:
    def test_what_held_comes_back_letter_for_letter(self) -> None:
        reading = sample("own.ndjson")
        lines = [json.loads(line) for line in (SAMPLES / "own.ndjson").read_text().splitlines()]
        assert reading.format == "ipse"
        assert [
            (found.text, found.weight, found.kind, found.sensitivity, found.source,
             found.at and found.at.strftime("%Y-%m-%dT%H:%M:%SZ"))
            for found in reading.found
        ] == [
            tuple(line[name] for name in ("text", "weight", "kind", "sensitivity", "source", "valid_from"))
            for line in lines
            if line["valid_to"] is None
        ]  # fmt: skip
        assert reading.skipped == {"no longer held": 1}

    def test_both_sides_of_a_contradiction_are_kept(self) -> None:
        line = {"text": "tea", "kind": "opinion", "sensitivity": "private", "source": "said"}
        content = "\n".join(json.dumps({**line, "weight": weight}) for weight in (0.8, -0.8))
        assert [found.weight for found in read(content).found] == [0.8, -0.8]

    def test_the_table_says_the_same(self) -> None:
        content = (
            "number,text,weight,kind,sensitivity,source,valid_from,valid_to\n"
            '1,"a, b",-0.25,opinion,secret,said,2024-01-02T03:04:05Z,\n'
            "2,old,1.0,opinion,private,said,2024-01-02T03:04:05Z,2025-01-01T00:00:00Z\n"
        )
        reading = read(content)
        assert [(found.text, found.weight, found.sensitivity) for found in reading.found] == [
            ("a, b", -0.25, "secret")
        ]
        assert reading.skipped == {"no longer held": 1}

    @pytest.mark.parametrize("form", FORMATS)
    def test_what_ipse_writes_is_read_without_a_loss(self, form: str) -> None:
        texts = [
            "=1+1",
            'a "b", c',
            "two\nlines\r\n",
            " \x85\u2028 spaced ",
            "\u202e bidi",
            "e\u0301 三体 🌊",
        ]
        weights = [1.0, -1.0, 0.0, 1e-05, -0.1 + 0.3, 2 / 3]
        kept = [
            Statement(
                number, text, weight, "said", "secret", "opinion",
                "2024-05-06T07:08:09Z", "2020-01-02T03:04:05Z", None, None,
            )
            for number, (text, weight) in enumerate(zip(texts, weights, strict=True), 1)
        ]  # fmt: skip
        found = read(export(kept, form)).found
        assert [(entry.text, entry.weight) for entry in found] == list(zip(texts, weights, strict=True))
        assert {(entry.kind, entry.source, entry.sensitivity, entry.at) for entry in found} == {
            ("opinion", "said", "secret", datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC))
        }

    @pytest.mark.parametrize(
        ("member", "value"),
        [
            ("text", ""), ("text", 5), ("text", "a\0b"), ("weight", 1.5), ("weight", "1"), ("weight", True),
            ("kind", "fancy"), ("kind", "fact"), ("sensitivity", "none"), ("source", ""), ("source", "a\nb"),
            ("source", "x" * 65), ("valid_from", "soon"), ("valid_from", 5),
        ],
    )  # fmt: skip
    def test_what_ipse_never_wrote_is_refused_by_its_line(self, member: str, value: object) -> None:
        line = {"text": "tea", "weight": 1, "kind": "opinion", "sensitivity": "private", "source": "said"}
        content = json.dumps(line) + "\n" + json.dumps({**line, member: value})
        with pytest.raises(MalformedInput, match="line 2"):
            read(content)


class TestLargeFiles:
    @pytest.fixture(autouse=True)
    def _small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(strict_json, "MAX_BYTES", 64)
        monkeypatch.setattr(large_json, "_PIECE", 32)

    @pytest.mark.parametrize(
        "value",
        [
            [{"a": "x, ] } \\ \" [", "b": [1, {"c": "é"}]}] * 9,
            {"id": "x" * 20, "orderedItems": [{"n": number, "t": '"],{'} for number in range(20)]},
            ["short"] * 40,
        ],
    )  # fmt: skip
    def test_pieces_put_together_are_the_whole(self, value: object) -> None:
        for text in (json.dumps(value), json.dumps(value, indent=2), f"\n {json.dumps(value)} \n"):
            assert large_json.parse(text, what="x") == value

    @pytest.mark.parametrize(
        "text",
        [
            "[" + '"aaaaaaaa",' * 9 + "]", "[" + "1," * 60 + ",1]", "[" + "1," * 60 + "1]]", "[" + "1," * 60,
            "[" + "1," * 60 + '"]', "[" + "1," * 60 + "1}",
            "{" + '"a":1,' * 20 + '"a":1}', '{"a":1,' * 20 + "}",
            "{" + "1," * 60 + "1}", '"' + "x" * 100 + '"', "[" + "1 " * 60 + "]", "[,".ljust(70) + "]",
        ],
    )  # fmt: skip
    def test_what_is_no_json_is_none_in_pieces(self, text: str) -> None:
        with pytest.raises(MalformedInput):
            large_json.parse(text, what="x")
