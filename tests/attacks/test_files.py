"""The vendor's file as a weapon: bombs, lies about lengths, hostile headings and values, and what they cost."""

import gzip
import json
import zlib
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from lambdas.core.answers import decimal
from lambdas.core.errors import TooLarge
from lambdas.core.progress import Totals
from lambdas.core.rows import Row, Work, move
from lambdas.stream.report import FILES
from tests.core.making import row
from tests.stream.desk import Desk, Server, serving
from tests.stream.making import archive, content

HEADINGS = b"Unique CDR ID,Start Timestamp(UTC),Call Duration,Cost"
GOOD = b"id-1,2026-11-19 10:00:00,5,0.01\n"
MB = 1 << 20
GZIP = b"\x1f\x8b\x08%c\0\0\0\0\0\xff"  # a header with its flags


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """The vendor's, for all."""
    with serving() as made:
        yield made


@pytest.fixture
def desk(server: Server) -> Desk:
    """Empty."""
    server.length, server.asked = None, 0
    return Desk(server)


def refused(desk: Desk, reason: str, *files: bytes, **how: Any) -> Row:
    """Put aside with the reason; nothing is published, nothing of it is left, and the note is small."""
    found = desk.copy(*files, **how)
    assert found.state is Work.QUARANTINED and found.reason is not None and reason in found.reason
    assert not desk.calls and not desk.bucket.unfinished
    assert len(json.dumps(desk.receipt)) < 30_000
    return found


def bomb(desk: Desk, reason: str, data: bytes) -> None:
    """The same, and its bytes are not kept either."""
    refused(desk, "too-large: ", data)
    assert reason in desk.receipt["reason"] and not desk.raw


def test_a_gzip_of_ten_thousand_empty_members(desk: Desk) -> None:
    """Ends at the thousandth: quarantined with the number of bytes and members."""
    bomb(desk, "hold over 1000 gzip members", gzip.compress(b"") * 10_000)


def test_a_gzip_whose_name_or_comment_never_ends(desk: Desk) -> None:
    """Ends after 4 MiB that gave no text, whatever is still to come."""
    for flags in (8, 16):
        made, _ = content(GZIP % flags + b"a" * (64 * MB))
        with made as file, pytest.raises(TooLarge, match="packed bytes become no text, after 0 bytes"):
            file.drain()
        assert file.received <= 8 * MB


def test_a_gzip_of_extra_fields(desk: Desk) -> None:
    """Members of 64 KiB of header and no text end like any other bytes without text."""
    bomb(desk, "become no text", (GZIP % 4 + b"\xff\xff" + b"a" * 65535 + b"\x03\0" + b"\0" * 8) * 160)


def test_a_deflate_of_empty_blocks_without_end(desk: Desk) -> None:
    """Bytes in and nothing out: ended after 4 MiB, also behind a good first line."""
    first = zlib.compressobj(9, zlib.DEFLATED, -15)
    begun = first.compress(HEADINGS + b"\n") + first.flush(zlib.Z_SYNC_FLUSH)
    bomb(desk, f"after {len(HEADINGS) + 1} bytes", GZIP % 0 + begun + b"\0\0\0\xff\xff" * (2 * MB))


def test_a_gzip_of_zeros(desk: Desk) -> None:
    """Ends at 200 times its bytes, beyond 64 MiB, with both numbers."""
    made, _ = content(gzip.compress(b"0" * (16 * MB), 1) * 20)
    with made as file, pytest.raises(TooLarge, match=r"\d+ bytes become over \d+, which no CSV does"):
        file.drain()
    assert file.size < 256 * MB


def test_more_text_than_a_report_may_have() -> None:
    """Ends at the bound, 50 GB; here it is handed in as a megabyte."""
    made, _ = content(b"a,b\n" * MB, room=MB)
    with made as file, pytest.raises(TooLarge, match="over 1048576 bytes of text"):
        file.drain()


def test_a_file_of_blank_lines(desk: Desk) -> None:
    """Ends at the first 2 MiB of nothing else; each took a second before."""
    bomb(desk, "bytes of nothing but blank lines", gzip.compress(HEADINGS + b"\n" + b"\n" * (40 * MB)))


def test_rows_of_one_letter(desk: Desk) -> None:
    """A row of two bytes becomes one of 51 columns, few at a time: ended at the 400,000th that has no time."""
    refused(desk, "over 400000 rows have no time in the window", b"Start Timestamp(UTC)\n" + b"x\n" * 500_000)


def test_rows_that_do_not_parse_without_end(desk: Desk) -> None:
    """Ends at the 40,000th, a thousandth of the most rows; what is kept apart stays under 4 MiB."""
    refused(desk, "over 40000 rows or 4194304 characters do not parse", HEADINGS + b"\n" + b"x\n" * MB)
    assert desk.receipt["rejected"] > 40_000 and desk.receipt["rejects"]


def test_a_quote_that_never_closes(desk: Desk) -> None:
    """A row ends at 16 MiB, and the report with it."""
    bomb(desk, "a row has over 16777216 bytes", HEADINGS + b'\nid-1,"' + b"a line\n" * (6 * MB))


def test_a_heading_of_a_hundred_kilobytes(desk: Desk) -> None:
    """Not read: it would stand in each row's `extra` again."""
    bomb(desk, "a heading of 100000 characters, where 200", HEADINGS + b"," + b"h" * 100_000 + b"\n" + GOOD)


def test_five_hundred_equal_headings(desk: Desk) -> None:
    """Told apart and published; the receipt names a hundred and counts the rest."""
    data = HEADINGS + b",h" * 496 + b"\n" + GOOD.strip() + b",1" * 496 + b"\n"
    assert desk.copy(data).state is Work.DONE
    assert len(desk.receipt["unknown_headings"]) == 101 and len(dict(desk.calls[0]["extra"])) == 496


def test_a_thousand_columns(desk: Desk) -> None:
    """Not read, and the number is told."""
    bomb(desk, "1004 columns, where 500", HEADINGS + b",h" * 1000 + b"\n")


@pytest.mark.parametrize(
    "hostile", [b"\x1b[2J\x1b]0;x\x07", b"a\0b", b"../../etc/passwd", b"=cmd()", b"+12065550123"], ids=ascii
)
def test_headings_for_a_terminal_a_path_or_a_log(
    desk: Desk, hostile: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """In receipt and log without control characters or numbers; no object's key has a word of them."""
    assert desk.copy(HEADINGS + b"," + hostile + b"\n" + GOOD.strip() + b",1\n").state is Work.DONE
    told = "".join([*desk.receipt["unknown_headings"], *desk.receipt["warnings"]])
    assert told.isprintable() and "12065550123" not in told and "\x1b" not in capsys.readouterr().out
    assert not any(word in key for key in desk.bucket.objects for word in ("passwd", "cmd", "2065550123", "\x1b"))


@pytest.mark.parametrize(
    "money",
    [
        *("1e-9999999", "1e9999999", "0e-99999999", f"1e{'9' * 19}", f"0e{'9' * 26}"),
        "9" * 100_000,
        f"0.{'0' * 100_000}1",
    ],
    ids=range(7),
)
def test_an_amount_that_kills_the_engine(desk: Desk, money: str) -> None:
    """Arrow's own cast died of it (SIGSEGV): it never gets there, the row is published, the text is in `extra`."""
    data = HEADINGS + b"\n" + GOOD + b"id-2,2026-11-19 10:00:00,5," + money.encode() + b"\n"
    assert desk.copy(data).state is Work.DONE
    assert len(desk.calls) == 2 and desk.calls[0]["cost"] == Decimal("0.01")


def test_a_column_of_nothing_but_bad_values(desk: Desk) -> None:
    """Each costs microseconds, where it took half a millisecond: published, with all of them counted."""
    lines = (f"id-{n},2026-11-19 10:00:{n % 60:02},{n}a,{n}b\n" for n in range(20_000))
    assert desk.copy(HEADINGS + b"\n" + "".join(lines).encode()).state is Work.DONE
    assert desk.receipt["unparsed"] == {"Call Duration": 20_000, "Cost": 20_000}
    assert desk.receipt["seconds"]["type"] < 30


def test_a_number_of_a_hundred_thousand_digits_and_a_year_of_six(desk: Desk) -> None:
    """Neither is read: both stay as texts, and the row counts."""
    bad = b"id-2,999999-11-19 10:00:00," + b"9" * 100_000 + b",0.01\n"
    more = b"".join(GOOD.replace(b"id-1", b"id-x%d" % n) for n in range(200))
    assert desk.copy(HEADINGS + b"\n" + more + bad).state is Work.DONE
    assert desk.receipt["unparsed"] == {"Call Duration": 1, "Start Timestamp(UTC)": 1}


def test_large_rows_sent_again_and_again(desk: Desk) -> None:
    """They count once, and of those left out at most some 4 MiB are kept apart."""
    again = b"id-1,2026-11-19 10:00:00,5,0.01," + b"x" * MB + b"\n"
    assert desk.copy(HEADINGS + b",Tags\n" + again * 12).state is Work.DONE
    assert desk.receipt["repeated"] == 11 and len(json.dumps(desk.rejects)) < 7 * MB


def test_an_encrypted_archive(desk: Desk) -> None:
    """Not read, and what came is kept for the operator."""
    refused(desk, "encrypted", archive(HEADINGS + b"\n" + GOOD, flags=1))


def test_an_archive_in_an_archive(desk: Desk) -> None:
    """Unpacked once: what is inside is no CSV."""
    refused(desk, "not one of a CSV", archive(archive(HEADINGS + b"\n" + GOOD)))


def test_a_name_in_the_archive_that_climbs(desk: Desk) -> None:
    """Nobody reads a member's name: the rows are published under our own keys."""
    packed = archive(HEADINGS + b"\n" + GOOD).replace(b"cdr-0.csv", b"../../../")
    assert desk.copy(packed).state is Work.DONE
    assert not any(".." in key for key in desk.bucket.objects)


def test_a_directory_that_lies_about_the_length(desk: Desk) -> None:
    """The archive counts as damaged: asked for again, nothing published."""
    whole = bytearray(archive(HEADINGS + b"\n" + GOOD))
    at = whole.index(b"PK\x01\x02") + 24
    whole[at : at + 4] = b"\xff\xff\xff\xff"
    assert desk.copy(bytes(whole)).state is Work.PLANNED and not desk.bucket.objects


def test_a_report_of_more_links_than_the_ledger_holds(desk: Desk) -> None:
    """None is fetched: over a hundred files would not fit in the ledger's row."""
    refused(desk, f"101 files, where {FILES}", *[GOOD] * (FILES + 1))
    assert desk.server.asked == 0


@pytest.mark.parametrize("total", ["0." + "1" * 500_000, "0e-999999", "1e999999", "9" * 5000])
def test_a_total_that_no_ledger_could_hold(total: str) -> None:
    """No amount: over 20 digits on either side of the point are refused when they are read."""
    with pytest.raises(ValueError, match=r"^$"):
        decimal(total)


def test_a_reason_of_half_a_megabyte() -> None:
    """The ledger keeps 500 characters of what a vendor says: an item has 400 KB."""
    told = move(row(Work.COPYING), "return", due_at=None, reason="x" * 500_000)
    assert told.reason is not None and len(told.reason) == 500


def test_a_total_at_odds_by_its_twentieth_digit(desk: Desk) -> None:
    """Compared exactly at the vendor's own precision: a warning, no crash."""
    totals = Totals(rows=1, cost=Decimal("0.01000000000000000001"))
    assert desk.copy(HEADINGS + b"\n" + GOOD, totals=totals).state is Work.DONE
