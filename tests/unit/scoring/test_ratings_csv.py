"""Ratings from a CSV file: which columns are taken, what a row says, and which line is wrong."""

from __future__ import annotations

import pytest

from ipse.errors import MalformedInput
from ipse.preferences.ratings_csv import Columns, RatedText, read


def texts(content: str) -> list[str]:
    return [rated.text for rated in read(content)[1]]


class TestColumns:
    @pytest.mark.parametrize(
        ("header", "columns"),
        [
            ("title,rating", Columns("title", None, "rating", None)),
            ("Title,Author,My Rating,My Review", Columns("Title", "Author", "My Rating", "My Review")),
            ("STARS,NAME", Columns("NAME", None, "STARS", None)),
            (" title , rating ", Columns(" title ", None, " rating ", None)),
            ("item,by,score,notes", Columns("item", "by", "score", "notes")),
            ("text,artist,stars,comment", Columns("text", "artist", "stars", "comment")),
            ("Book Id,Title,Author,My Rating,Average Rating", Columns("Title", "Author", "My Rating", None)),
            ("name,title,rating", Columns("title", None, "rating", None)),
        ],
    )
    def test_columns_are_known_by_their_names_in_any_case_and_order(
        self, header: str, columns: Columns
    ) -> None:
        assert read(header + "\n")[0] == columns

    @pytest.mark.parametrize(
        "content",
        [
            "",
            "\n",
            "title\nDune\n",
            "rating\n5\n",
            "Dune,5\nEmma,4\n",
            "title;rating\nDune;5\n",
            "title\trating\nDune\t5\n",
            "book,grade\nDune,5\n",
            "{}",
        ],
    )
    def test_a_file_without_title_or_rating_is_refused_with_the_header_it_needs(self, content: str) -> None:
        with pytest.raises(MalformedInput, match=r"ratings\.csv has no column") as caught:
            read(content, what="ratings.csv")
        assert "title,rating" in caught.value.hint

    def test_a_column_without_a_name_is_left_out(self) -> None:
        # What spreadsheets and pandas write: an index, or a comma after the last column.
        assert texts(",title,rating\n0,Dune,5\n1,Emma,4\n") == ["Dune", "Emma"]
        assert texts("title,rating,\nDune,5,\n") == ["Dune"]

    @pytest.mark.parametrize(
        "header", ["title,title,rating", "title,rating,Rating", "Title,author,title,rating"]
    )
    def test_a_column_that_is_there_twice_is_refused_since_either_could_be_meant(self, header: str) -> None:
        with pytest.raises(MalformedInput):
            read(header + "\n" + ",".join("1" for _ in header.split(",")) + "\n")


class TestRows:
    def test_a_text_says_what_it_is_by_whom_and_the_opinion(self) -> None:
        content = "title,author,rating,review\nDune,Frank Herbert,5,a desert\nEmma,,4,\nSolaris,Lem,3,\n"
        assert read(content)[1] == [
            RatedText("Dune by Frank Herbert: a desert", 1.0),
            RatedText("Emma", 0.5),
            RatedText("Solaris by Lem", 0.0),
        ]

    @pytest.mark.parametrize(
        ("rating", "weight"),
        [("1", -1.0), ("2", -0.5), ("3", 0.0), ("4", 0.5), ("5", 1.0), ("4.5", 0.75), (" 2.5 ", -0.25)],
    )
    def test_ratings_from_1_to_5_are_weights_from_minus_1_to_1(self, rating: str, weight: float) -> None:
        assert read(f"title,rating\nDune,{rating}\n")[1] == [RatedText("Dune", weight)]

    def test_rows_without_a_rating_and_empty_lines_are_left_out(self) -> None:
        assert texts("title,rating\nDune,5\n\nEmma,\nSolaris,  \nUlysses\nWalden,1\n\n") == ["Dune", "Walden"]

    def test_quoted_cells_hold_commas_quotes_and_line_breaks(self) -> None:
        content = 'title,rating,review\n"Eats, Shoots & Leaves",4,"she said ""no"""\n"Dune",5,"two\nlines"\n'
        assert texts(content) == ['Eats, Shoots & Leaves: she said "no"', "Dune: two\nlines"]

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_lines_end_as_any_system_ends_them(self, end: str) -> None:
        assert texts(end.join(["title,rating", "Dune,5", "Emma,4", ""])) == ["Dune", "Emma"]

    def test_the_last_line_may_end_without_a_line_break(self) -> None:
        assert texts("title,rating\nDune,5") == ["Dune"]

    def test_text_in_any_script_is_kept_as_it_is(self) -> None:
        assert texts("title,rating\n三体,5\nПикник на обочине,4\n") == ["三体", "Пикник на обочине"]

    def test_a_file_of_a_header_alone_has_no_ratings(self) -> None:
        assert read("title,rating\n")[1] == []


class TestFaults:
    @pytest.mark.parametrize(
        "rating", ["0", "6", "5.1", "-1", "good", "5/5", "5,0", "nan", "inf", "1e9", "*****", "0x5", "0_5"]
    )
    def test_a_wrong_rating_is_named_by_its_line_and_value(self, rating: str) -> None:
        with pytest.raises(MalformedInput, match=r"ratings\.csv, line 3: the rating ") as caught:
            read(f'title,rating\nDune,5\nEmma,"{rating}"\nSolaris,9\n', what="ratings.csv")
        assert repr(rating) in caught.value.message

    def test_a_row_without_a_title_is_named_by_its_line(self) -> None:
        with pytest.raises(MalformedInput, match="line 3: no title"):
            read("title,rating\nDune,5\n ,4\n")

    @pytest.mark.parametrize("row", ["Emma,4,more", "Emma,4,", "Emma,4,a,b,c"])
    def test_more_cells_than_columns_are_named_by_their_line(self, row: str) -> None:
        with pytest.raises(MalformedInput, match="line 3: more cells than columns"):
            read(f"title,rating\nDune,5\n{row}\n")

    def test_a_line_number_counts_the_lines_inside_quotes(self) -> None:
        with pytest.raises(MalformedInput, match="line 5: the rating '9'"):
            read('title,rating\n"Dune\n\n",5\nEmma,9\n')

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
            read(f'title,rating\nDune,"{value}"\n')
        assert "\n" not in caught.value.message
        assert len(caught.value.message) < 500
