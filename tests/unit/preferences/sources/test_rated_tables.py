"""Anybody's table: which columns are taken, what a row says, and which line is wrong."""

from __future__ import annotations

import pytest

from ipse.errors import InputTooLarge, MalformedInput, UsageError
from ipse.preferences.sources import Found
from tests.unit.preferences.sources.reading import read, weights


def texts(content: str) -> list[str]:
    return [found.text for found in read(content).found]


class TestColumns:
    @pytest.mark.parametrize(
        ("header", "fields"),
        [
            ("title,rating", {"title": "title", "rating": "rating (1 to 5)"}),
            ("STARS,NAME", {"title": "NAME", "rating": "STARS (1 to 5)"}),
            (" title , rating ", {"title": "title", "rating": "rating (1 to 5)"}),
            (
                "item,by,score,notes",
                {"title": "item", "maker": "by", "rating": "score (1 to 5)", "opinion": "notes"},
            ),
            ("name,title,rating", {"title": "title", "rating": "rating (1 to 5)"}),
            ("title;rating", {"title": "title", "rating": "rating (1 to 5)"}),
            ("title\tstars\tdate", {"title": "title", "rating": "stars (1 to 5)", "date": "date"}),
            ('"title","rating"', {"title": "title", "rating": "rating (1 to 5)"}),
            ("sep=;\ntitle;rating", {"title": "title", "rating": "rating (1 to 5)"}),
        ],
    )
    def test_columns_are_known_by_their_names_in_any_case_order_and_delimiter(
        self, header: str, fields: dict[str, str]
    ) -> None:
        assert read(header + "\n").fields == fields

    @pytest.mark.parametrize(
        "content",
        ["", "\n", "title\nDune\n", "rating\n5\n", "Dune,5\nEmma,4\n", "book,grade\nDune,5\n", "{}", "[]"],
    )
    def test_a_file_without_title_or_rating_is_refused_with_the_header_it_needs(self, content: str) -> None:
        with pytest.raises(MalformedInput, match=r"ratings\.csv has no column") as caught:
            read(content, name="ratings.csv")
        assert "title,rating" in caught.value.hint
        assert "--format" in caught.value.hint

    def test_what_was_seen_instead_is_named(self) -> None:
        with pytest.raises(MalformedInput, match=r"only book, grade$"):
            read("book,grade\nDune,5\n")

    def test_a_column_without_a_name_is_left_out(self) -> None:
        # What spreadsheets and pandas write: an index, or a comma after the last column.
        assert texts(",title,rating\n0,Dune,5\n1,Emma,4\n") == ["Dune", "Emma"]
        assert texts("title,rating,\nDune,5,\n") == ["Dune"]

    @pytest.mark.parametrize(
        "header", ["title,title,rating", "title,rating,Rating", "Title,author,title,rating"]
    )
    def test_a_column_that_is_there_twice_is_refused_since_either_could_be_meant(self, header: str) -> None:
        with pytest.raises(MalformedInput, match="two columns named"):
            read(header + "\n" + ",".join("1" for _ in header.split(",")) + "\n")

    def test_a_column_that_tells_nothing_may_be_there_twice(self) -> None:
        assert texts("x,x,title,rating\n1,2,Dune,5\n") == ["Dune"]


class TestEncodings:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
    def test_a_byte_order_mark_tells_the_encoding(self, encoding: str) -> None:
        assert weights(read("title,rating\n三体,5\n".encode(encoding))) == {"三体": 1.0}

    @pytest.mark.parametrize(
        "data", [b"title,rating\nCaf\xe9,5\n", b"\xff\xfet\x00i", "title,rating\n".encode("utf-32")]
    )
    def test_other_encodings_are_refused(self, data: bytes) -> None:
        with pytest.raises(MalformedInput):
            read(data)


class TestRows:
    def test_a_text_says_what_it_is_by_whom_and_the_opinion(self) -> None:
        content = "title,author,rating,review\nDune,Frank Herbert,5,a desert\nEmma,,4,\nSolaris,Lem,3,\n"
        assert read(content).found == (
            Found("Dune by Frank Herbert: a desert", 1.0),
            Found("Emma", 0.5),
            Found("Solaris by Lem", 0.0),
        )

    @pytest.mark.parametrize(
        ("rating", "weight"),
        [("1", -1.0), ("2", -0.5), ("3", 0.0), ("4", 0.5), ("5", 1.0), ("4.5", 0.75), (" 2.5 ", -0.25)],
    )
    def test_ratings_from_1_to_5_are_weights_from_minus_1_to_1(self, rating: str, weight: float) -> None:
        assert weights(read(f"title,rating\nDune,{rating}\n")) == {"Dune": weight}

    def test_rows_without_a_rating_are_left_out_and_counted(self) -> None:
        reading = read("title,rating\nDune,5\n\nEmma,\nSolaris,  \nUlysses\nWalden,1\n\n")
        assert list(weights(reading)) == ["Dune", "Walden"]
        assert reading.skipped == {"no rating": 3}

    def test_quoted_cells_hold_commas_quotes_and_line_breaks(self) -> None:
        content = 'title,rating,review\n"Eats, Shoots & Leaves",4,"she said ""no"""\n"Dune",5,"two\nlines"\n'
        assert texts(content) == ['Eats, Shoots & Leaves: she said "no"', "Dune: two lines"]

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_lines_end_as_any_system_ends_them(self, end: str) -> None:
        assert texts(end.join(["title,rating", "Dune,5", "Emma,4", ""])) == ["Dune", "Emma"]

    def test_the_last_line_may_end_without_a_line_break(self) -> None:
        assert texts("title,rating\nDune,5") == ["Dune"]

    def test_a_file_of_a_header_alone_has_no_ratings(self) -> None:
        assert read("title,rating\n").found == ()

    def test_a_decimal_comma_is_read_where_commas_separate_nothing(self) -> None:
        assert weights(read("title;rating\nDune;4,5\n")) == {"Dune": 0.75}

    def test_dates_that_can_not_be_are_left_out_and_counted(self) -> None:
        rows = [("a", "2024-02-30"), ("b", "0000-01-01"), ("c", "99999-01-01"), ("d", "2024-02-29")]
        reading = read("title,rating,date\n" + "".join(f"{title},5,{date}\n" for title, date in rows))
        assert [found.at and found.at.date().isoformat() for found in reading.found] == [
            None, None, None, "2024-02-29",
        ]  # fmt: skip
        assert reading.fields["date"] == "date (3 not understood)"

    def test_of_the_same_text_the_newest_counts(self) -> None:
        content = "title,rating,date\nCafe\u0301  Sea,5,2024-01-02\nCaf\u00e9 Sea,1,2023-01-02\n"
        reading = read(content)
        assert weights(reading) == {"Caf\u00e9 Sea": 1.0}
        assert reading.notes == {"merged with the same text": 1}

    def test_without_dates_the_last_counts(self) -> None:
        assert weights(read("title,rating\nDune,5\nDune,1\n")) == {"Dune": -1.0}


class TestScales:
    @pytest.mark.parametrize(
        ("column", "ratings", "shown", "expected"),
        [
            ("rating", "15", "1 to 5", [-1.0, 1.0]),
            ("rating", ["0.5", "5"], "0.5 to 5", [-1.0, 1.0]),
            ("rating", "05", "0 to 5", [-1.0, 1.0]),
            ("rating", "28", "0 to 10", [-0.6, 0.6]),
            ("rating", ["20", "100"], "0 to 100", [-0.6, 1.0]),
            ("rating", ["-0.5", "1"], "-1 to 1", [-0.5, 1.0]),
            ("weight", ["0.25", "1"], "-1 to 1", [0.25, 1.0]),
            ("liked", "01", "0 to 1", [-1.0, 1.0]),
            ("liked", ["yes", "no"], "like or dislike", [0.8, -0.8]),
            ("rating", ["Love", "meh"], "like or dislike", [1.0, 0.0]),
        ],
    )
    def test_the_narrowest_scale_that_holds_all_ratings_is_taken_and_shown(
        self, column: str, ratings: list[str], shown: str, expected: list[float]
    ) -> None:
        rows = "".join(f"t{number},{rating}\n" for number, rating in enumerate(ratings))
        reading = read(f"title,{column}\n{rows}")
        assert reading.fields["rating"] == f"{column} ({shown})"
        assert [found.weight for found in reading.found] == pytest.approx(expected)

    def test_a_single_star_is_no_full_weight(self) -> None:
        assert weights(read("title,rating\nDune,1\n")) == {"Dune": -1.0}

    def test_a_scale_that_is_given_is_held_to(self) -> None:
        assert weights(read("title,rating\nDune,5\n", scale="0 to 10")) == {"Dune": 0.0}
        with pytest.raises(MalformedInput, match="line 3: the rating '6' is not a number from 1 to 5"):
            read("title,rating\nDune,5\nEmma,6\n", scale="1 to 5")
        with pytest.raises(UsageError):
            read("title,rating\nDune,5\n", scale="1 to 7")


class TestFaults:
    @pytest.mark.parametrize(
        "rating", ["101", "-1.5", "good luck", "5/5", "5,0", "nan", "inf", "1e9", "*****", "0x5", "0_5", "٣"]
    )
    def test_a_wrong_rating_is_named_by_its_line_and_value(self, rating: str) -> None:
        with pytest.raises(MalformedInput, match=r"ratings\.csv, line 3: the rating ") as caught:
            read(f'title,rating\nDune,5\nEmma,"{rating}"\nSolaris,4\n', name="ratings.csv")
        assert repr(rating) in caught.value.message

    def test_a_row_without_a_title_is_named_by_its_line(self) -> None:
        with pytest.raises(MalformedInput, match="line 3: no title"):
            read("title,rating\nDune,5\n ,4\n")

    @pytest.mark.parametrize("row", ["Emma,4,more", "Emma,4,", "Emma,4,a,b,c"])
    def test_more_cells_than_columns_are_named_by_their_line(self, row: str) -> None:
        with pytest.raises(MalformedInput, match="line 3: more cells than columns"):
            read(f"title,rating\nDune,5\n{row}\n")

    def test_a_line_number_counts_the_lines_inside_quotes(self) -> None:
        with pytest.raises(MalformedInput, match="line 5: the rating 'x'"):
            read('title,rating\n"Dune\n\n",5\nEmma,x\n')

    @pytest.mark.parametrize(
        ("content", "line"),
        [
            ('title,rating\nDune,5\n"Emma"x,4\n', 3),
            ('title,rating\nDune,5\n"Emma,4\n', 3),
            ("title,rating\nDune,5\n" + "x" * 200_000 + ",4\n", 3),
            ("title," + "x" * 200_000 + ",rating\nDune,,5\n", 1),
        ],
        ids=["text after a quote", "an open quote", "a huge cell", "a huge header"],
    )
    def test_what_is_no_csv_is_named_by_its_line(self, content: str, line: int) -> None:
        with pytest.raises(MalformedInput, match=f"line {line}$") as caught:
            read(content)
        assert len(caught.value.message) < 500

    @pytest.mark.parametrize(
        "content", ["title,rating\nDu\0ne,5\n", "title,rating\nDune,5\0\n", "ti\0tle,rating\n"]
    )
    def test_a_nul_is_in_no_text_file(self, content: str) -> None:
        with pytest.raises(MalformedInput):
            read(content)

    @pytest.mark.parametrize("value", ["x" * 100_000, "long\n" * 20_000])
    def test_a_refused_rating_is_quoted_on_one_short_line(self, value: str) -> None:
        with pytest.raises(MalformedInput) as caught:
            read(f'title,rating\nDune,5\nEmma,"{value}"\n')
        assert "\n" not in caught.value.message
        assert len(caught.value.message) < 500

    def test_more_columns_or_rows_than_anybody_has_are_refused(self) -> None:
        with pytest.raises(MalformedInput, match="more than 10000 columns"):
            read("," * 20_000)
        with pytest.raises(InputTooLarge, match="more than 500000 rows"):
            read("title,rating\n" + "\n" * 600_000)


class TestTexts:
    def test_control_and_bidi_characters_are_dropped(self) -> None:
        assert texts("title,rating\nDu\x1b[31mne \u202egnp.exe\u2066,5\n") == ["Du[31mne gnp.exe"]

    def test_joiners_that_scripts_are_written_with_stay(self) -> None:
        assert texts("title,rating\n\u0646\u200c\u0645,5\n") == ["\u0646\u200c\u0645"]

    def test_a_formula_is_text(self) -> None:
        assert texts("title,rating\n=1+1,5\n") == ["=1+1"]

    def test_a_long_review_ends_with_a_sentence_and_is_counted(self) -> None:
        reading = read("title,rating,review\nDune,5," + "It is long. " * 500 + "\n")
        assert len(reading.found[0].text) <= 4000
        assert reading.found[0].text.endswith("long.")
        assert reading.notes == {"cut to 4000 characters": 1}

    def test_a_title_beyond_all_measure_beside_a_review_is_left_out(self) -> None:
        reading = read("title,rating,review\n" + "x" * 5000 + ",5,good\n")
        assert (reading.found, reading.skipped) == ((), {"too long": 1})
