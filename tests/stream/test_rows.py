"""Rows: a CSV as vendors write it, with every row either given or handed over."""

import csv
import gzip
import io
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.core.errors import Broken, Disagrees, TooLarge
from lambdas.stream.rows import LARGE, Long, Rows
from tests.core.making import always
from tests.stream.making import content, rows

FIELD = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=12)
TABLES = st.lists(st.lists(FIELD, min_size=3, max_size=3).filter(any), max_size=8)


@always
@given(TABLES, st.sampled_from(["\n", "\r\n"]), st.integers(1, 50))
def test_what_a_writer_wrote_is_read(table: list[list[str]], end: str, size: int) -> None:
    """Commas, quotes, line ends within quotes, any letters; in chunks of any size."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator=end).writerows([["a", "b", "c"], *table])
    found, rejects = rows(out.getvalue().encode(), size)
    assert [[one or "" for one in row.values()] for row in found] == table
    assert rejects == []


def test_a_byte_order_mark_is_no_part_of_a_heading() -> None:
    """Nor are blanks around it."""
    assert rows(b"\xef\xbb\xbfa, b \r\n1,2\r\n") == ([{"a": "1", "b": "2"}], [])


@pytest.mark.parametrize(
    "data", [b"", b"\n", b"a,b", b"a,b\n", b"a,b\r\n", b"\xef\xbb\xbfa,b\n", gzip.compress(b"a,b\n", mtime=0)]
)
def test_a_file_without_rows_is_a_success(data: bytes) -> None:
    """No calls: headings alone, with or without the end of their line, or nothing at all."""
    assert rows(data) == ([], [])


def test_blank_lines_are_no_rows() -> None:
    """At the end as between."""
    assert rows(b"a,b\n\n1,2\n\n\n3,4\n\n") == ([{"a": "1", "b": "2"}, {"a": "3", "b": "4"}], [])


def test_a_last_line_without_its_end_is_a_row() -> None:
    """Some writers leave it out; the trailer of a compressed text says that nothing lacks."""
    assert rows(gzip.compress(b"a,b\n1,2")) == ([{"a": "1", "b": "2"}], [])


def test_a_row_with_too_many_or_too_few_fields_is_handed_over() -> None:
    """As it came, and the rows around it are read."""
    assert rows(b"a,b\n1\n1,2\n1,2,3\n") == ([{"a": "1", "b": "2"}], ["1", "1,2,3"])


def test_a_heading_met_again_keeps_its_values() -> None:
    """Under a name of its own."""
    ((row,), _) = rows(b"a,a,a\n1,2,3\n")
    assert list(row.values()) == ["1", "2", "3"] and len(row) == 3


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"<html><body>Sign in</body></html>\n", "a page of HTML or XML"),
        (b"\na,b\n1,2\n", "the first line is blank"),
        (b"a,b\r1,2\r", "not one of a CSV"),
        (b'a,"b\n1,+12065550123\n', "not one of a CSV"),
        (b"x" * (1 << 21), "the first line has no end"),
    ],
)
def test_what_is_no_csv_disagrees(data: bytes, said: str) -> None:
    """With the reason and without its content."""
    with pytest.raises(Disagrees, match=said) as problem:
        rows(data)
    assert "5550123" not in str(problem.value)


def test_a_file_that_breaks_off_is_broken_for_its_reader_too() -> None:
    """The error goes through the CSV reader as it is, so that the report is fetched again."""
    text = b"a,b\n" + b"".join(b"%d,%d\n" % (n, n * 7919 % 10_007) for n in range(300_000))
    with pytest.raises(Broken, match="ends early"):
        rows(gzip.compress(text, 1)[:-500], 1 << 16)


def test_what_follows_an_unreadable_row_is_kept_all_the_same() -> None:
    """The reader reads ahead in a thread of its own; who drains the rest does not lose a byte to it."""
    text = b'a,b\n"' + b"1,2\n" * 900_000
    made, raw = content(text, 1 << 14, block=1 << 14)
    with made as file:
        with pytest.raises(Long):
            list(chain.from_iterable(Rows(file)))
        file.drain()
    assert gzip.decompress(raw.getvalue()) == text and file.size == len(text)


def test_blocks_do_not_depend_on_how_the_file_comes() -> None:
    """So that the same text makes the same Parquet bytes over any connection."""
    text = b"a,b\n" + b"1234567,7654321\n" * 200_000
    ways = [(text, 1 << 20), (text, 777), (gzip.compress(text, 1), 100)]
    sizes = []
    for way in ways:
        with content(*way)[0] as file:
            sizes.append([block.num_rows for block in Rows(file)])
    assert sizes[0] == sizes[1] == sizes[2] and len(sizes[0]) > 1


def test_a_row_longer_than_a_block_asks_for_larger_ones_up_to_a_limit() -> None:
    """A field of megabytes is read; beyond sixteen the file is put aside."""
    field = "x" * (5 << 20)
    text = f"a,b\n1,2\n3,{field}\n5,6\n".encode()
    with content(text)[0] as file, pytest.raises(Long):
        list(Rows(file))
    with content(text, block=LARGE)[0] as file:
        assert [row["b"] for block in Rows(file) for row in block.to_pylist()] == ["2", field, "6"]
    with content(text * 16, block=LARGE)[0] as file:
        assert sum(block.num_rows for block in Rows(file)) == 16 * 3
    huge = b"a,b\n1," + b"x" * (LARGE * 2 + 9)
    with content(huge, block=LARGE)[0] as file, pytest.raises(TooLarge, match="a row has over 16777216 bytes"):
        list(Rows(file))


def test_a_header_met_again_is_no_row() -> None:
    """Files that somebody put together have some; a row that only looks like it in one column stays."""
    with content(b"a,b\n1,2\na,b\na,4\n")[0] as file:
        read = Rows(file)
        assert [row for block in read for row in block.to_pylist()] == [{"a": "1", "b": "2"}, {"a": "a", "b": "4"}]
    assert read.headers == 1


def test_na_is_a_text_and_an_empty_field_is_null_however_it_is_written() -> None:
    """Nothing but nothing is taken for null."""
    found, _ = rows(b'a,b\nNA,NULL\n,""\nnan, \n')
    assert [list(row.values()) for row in found] == [["NA", "NULL"], [None, None], ["nan", " "]]


def test_of_too_many_rows_that_do_not_parse_some_are_kept_and_all_counted() -> None:
    """Raw has the others: the reading ends as soon as it is clear that the report will not pass."""
    with content(b"a,b\n" + (b"x" * 1000 + b"\n") * 5000)[0] as file:
        read = Rows(file)
        with pytest.raises(Disagrees, match="over 40000 rows or 4194304 characters do not parse"):
            list(read)
    assert 4000 < len(read.rejects) < read.rejected < 5000


def test_a_file_of_a_thousand_columns_disagrees() -> None:
    """Nobody's CDRs have so many."""
    with pytest.raises(TooLarge, match="1000 columns"):
        rows(b",".join(b"h%d" % n for n in range(1000)) + b"\n")
