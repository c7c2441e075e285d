"""The matrix: every file that a vendor may send, against what is published, rejected, put aside or fetched again."""

import codecs
import csv
import gzip
import hashlib
import io
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from lambdas.core.progress import Totals
from lambdas.core.rows import Work
from lambdas.stream import report
from tests.stream.desk import Desk, Server, serving
from tests.stream.making import archive

HEADINGS = [
    "Unique CDR ID", "Start Timestamp(UTC)", "End Timestamp", "Originating Number", "Terminating number",
    "Call duration", "Cost", "Tags",
]  # fmt: skip
IDS = ("Unique CDR ID", "cdr_id")
DONE, PLANNED, ASIDE = Work.DONE, Work.PLANNED, Work.QUARANTINED


def call(n: int, **other: str) -> dict[str, str]:
    """A call; other headings and values by name."""
    at = f"2026-11-19 10:{n // 60:02}:{n % 60:02}"
    values = [f"id-{n}", at, at, "+12065550123", "+442079460123", str(n), f"{n}.25", f"tag {n}"]
    return {**dict(zip(HEADINGS, values, strict=True)), **{key.replace("_", " "): one for key, one in other.items()}}


def text(
    *rows: dict[str, str], end: str = "\n", quoting: Any = csv.QUOTE_MINIMAL, headings: list[str] | None = None
) -> bytes:
    """The CSV of some calls."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]), lineterminator=end, quoting=quoting)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


THREE = [call(n) for n in range(3)]
PLAIN = text(*THREE)


@dataclass
class Cell:
    """A file, and what becomes of it."""

    data: bytes = field(repr=False)
    state: Work = DONE
    rows: int = 3
    reason: str = ""
    rejected: int = 0
    also: Callable[[Desk], bool] = lambda _: True


def same(desk: Desk) -> bool:
    """What the plain file makes."""
    return [(one["row_id"], one["duration_s"], one["cost"], one["tags"]) for one in desk.calls] == [
        (f"id-{n}", n, Decimal(f"{n}.25"), f"tag {n}") for n in range(3)
    ]


def tags(*expected: str | None) -> Callable[[Desk], bool]:
    return lambda desk: [one.get("tags") for one in desk.calls] == list(expected)


def extra(n: int, **expected: str) -> Callable[[Desk], bool]:
    """The `extra` of one call."""
    return lambda desk: (
        dict(desk.calls[n].get("extra", {})) == {key.replace("_", " "): v for key, v in expected.items()}
    )


def told(**expected: Any) -> Callable[[Desk], bool]:
    """Fields of the receipt."""
    return lambda desk: {key: desk.receipt[key] for key in expected} == expected


def both(*checks: Callable[[Desk], bool]) -> Callable[[Desk], bool]:
    return lambda desk: all(check(desk) for check in checks)


def turned(rows: list[dict[str, str]]) -> bytes:
    return text(*({key: row[key] for key in reversed(row)} for row in rows))


def without(heading: str) -> bytes:
    return text(*({key: one for key, one in row.items() if key != heading} for row in THREE))


LONG = "x" * (5 << 20)
MANY = [call(n) for n in range(2000)]
TWICE = PLAIN + PLAIN[PLAIN.index(b"\n") + 1 :][: len(PLAIN.split(b"\n")[1]) + 1]
CSVS = {
    "plain": Cell(PLAIN, also=same),
    "gzip": Cell(gzip.compress(PLAIN), also=both(same, told(forms=["gzip"]))),
    "gzip in members": Cell(gzip.compress(PLAIN[:99]) + gzip.compress(PLAIN[99:]), also=same),
    "zip": Cell(archive(PLAIN), also=both(same, told(forms=["zip"]))),
    "zip written as a stream": Cell(archive(PLAIN, streamed=True), also=same),
    "zip of stored bytes": Cell(archive(PLAIN, method=zipfile.ZIP_STORED), also=same),
    "zip of two files": Cell(archive(PLAIN, PLAIN), ASIDE, 0, "several files, where one is expected"),
    "columns turned round": Cell(turned(THREE), also=same),
    "a column less": Cell(without("Tags"), also=tags(None, None, None)),
    "columns nobody knows": Cell(
        text(*({**one, "News": "n"} for one in THREE)),
        also=both(same, extra(0, News="n"), told(unknown_headings=["News"])),
    ),
    "no column says when a call began": Cell(
        without("Start Timestamp(UTC)"), ASIDE, 0, "no column says when a call began"
    ),
    "byte order mark": Cell(codecs.BOM_UTF8 + PLAIN, also=same),
    "carriage returns": Cell(text(*THREE, end="\r\n"), also=same),
    "carriage returns alone": Cell(text(*THREE, end="\r"), ASIDE, 0, "not one of a CSV|has no end"),
    "everything quoted": Cell(text(*THREE, quoting=csv.QUOTE_ALL), also=same),
    "utf-16": Cell(codecs.BOM_UTF16_LE + PLAIN.decode().encode("utf-16-le"), also=both(same, told(letters=["utf-16"]))),
    "windows-1252": Cell(
        text(call(0, Tags="Zürich"), call(1, Tags="Genf")).decode().encode("cp1252"), rows=2,
        also=both(tags("Zürich", "Genf"), told(letters=["utf-8, 1 bytes as windows-1252"])),
    ),
    "letters of all scripts": Cell(text(call(0, Tags="日本 Ωß🙂")), rows=1, also=tags("日本 Ωß🙂")),
    "quoted commas": Cell(text(call(0, Tags="a,b")), rows=1, also=tags("a,b")),
    "quoted line ends": Cell(text(call(0, Tags="a\nb\r\nc"), call(1)), rows=2, also=tags("a\nb\r\nc", "tag 1")),
    "doubled quotes": Cell(text(call(0, Tags='say "hi"')), rows=1, also=tags('say "hi"')),
    "a quote within an unquoted field": Cell(
        PLAIN.replace(b"tag 1", b'5" pipe').replace(b"tag 2", b'6" pipe'), also=tags("tag 0", '5" pipe', '6" pipe')
    ),
    "empty against quoted empty": Cell(
        PLAIN.replace(b"tag 0", b"").replace(b"tag 1", b'""'), also=tags(None, None, "tag 2")
    ),
    "NA, NULL and nan": Cell(
        text(call(0, Tags="NA"), call(1, Tags="NULL"), call(2, Tags="nan")), also=tags("NA", "NULL", "nan")
    ),
    "blank lines": Cell(PLAIN.replace(b"\n", b"\n\n"), also=same),
    "a blank first line": Cell(b"\n" + PLAIN, ASIDE, 0, "the first line is blank"),
    "headings alone": Cell(PLAIN[: PLAIN.index(b"\n") + 1], rows=0),
    "an empty file": Cell(b"", rows=0),
    "an empty gzip": Cell(gzip.compress(b""), rows=0),
    "a field of megabytes": Cell(text(call(0, Tags=LONG), call(1)), rows=2, also=tags(LONG, "tag 1")),
    "a row beyond the largest block": Cell(text(call(0, Tags="x" * (33 << 20))), ASIDE, 0, "too-large: a row has over"),
    "a header met again": Cell(PLAIN + PLAIN[: PLAIN.index(b"\n") + 1], also=both(same, told(headers=1))),
    "two headings alike": Cell(
        PLAIN.replace(b"Cost,Tags", b"Cost,Cost").replace(b",tag", b",9"),
        also=lambda desk: len(desk.calls[0]["extra"]) == 1,
    ),
    "a repeated identity": Cell(TWICE, also=both(same, told(repeated=1, rows_read=4))),
    "a repeated identity with other values": Cell(
        text(*THREE, call(2, Cost="9")),
        also=both(same, told(repeated=1), lambda desk: desk.rejects["repeated"][0]["Cost"] == "9"),
    ),
    "equal rows without an identity": Cell(
        without("Unique CDR ID") + without("Unique CDR ID").split(b"\n")[1] + b"\n", rows=4,
        also=lambda desk: len({one["row_id"] for one in desk.calls}) == 4,
    ),
    "a time that is none": Cell(
        text(call(0), call(1, End_Timestamp="yesterday")), rows=2,
        also=both(extra(1, End_Timestamp="yesterday"), told(unparsed={"End Timestamp": 1})),
    ),
    "times with any offset": Cell(
        text(call(0), call(1, **{"Start Timestamp(UTC)": "2026-11-19T12:00:01+02:00"})), rows=2,
        also=lambda desk: desk.calls[1]["started_at"] == datetime(2026, 11, 19, 10, 0, 1),  # noqa: DTZ001 # UTC
    ),
    "more decimals than the column has": Cell(
        text(call(0, Cost="0.123456789"), call(1)), rows=2, also=both(extra(0, Cost="0.123456789"), told(unpriced=1))
    ),
    "more digits than the column has": Cell(
        text(call(0, Cost="12345678901.5"), call(1)), rows=2, also=extra(0, Cost="12345678901.5")
    ),
    "hexadecimal seconds": Cell(
        text(call(0, Call_duration="0x1F"), call(1)), rows=2, also=extra(0, Call_duration="0x1F")
    ),
    "a number that is none": Cell(
        text(call(0, Originating_Number="+15555550123456789"), call(1, Originating_Number="anonymous")), rows=2,
        also=lambda desk: [(one.get("from_number"), one["from_raw"]) for one in desk.calls]
        == [(None, "+15555550123456789"), (None, "anonymous")],
    ),
    "a row too short and one too long among many": Cell(
        text(*MANY) + b"short\n" + b"too,long" * 9 + b"\n", rows=2000, rejected=2,
        also=lambda desk: [len(one) for one in desk.rejects["rejected"]] == [5, 72],
    ),
    "rows too short among few": Cell(PLAIN + b"short\n", ASIDE, 0, "1 of 4 rows do not parse", rejected=1),
    "calls of another day": Cell(
        text(*({**one, "Start Timestamp(UTC)": "2026-10-01 00:00:00", "End Timestamp": ""} for one in THREE)), ASIDE, 0,
        "3 of 3 rows have no time in the window",
    ),
    "a page": Cell(b"<html>sign in</html>", ASIDE, 0, "a page of HTML"),
    "a bomb": Cell(gzip.compress(PLAIN) + gzip.compress(b"\n" * (16 << 20), 1) * 16, ASIDE, 0, "too-large: 20971"),
    "a thousand columns": Cell(b",".join(b"h%d" % n for n in range(1000)) + b"\n", ASIDE, 0, "too-large: 1000 columns"),
}  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as made:
        yield made


@pytest.fixture
def desk(server: Server) -> Desk:
    server.length, server.asked = None, 0
    return Desk(server)


def verdict(desk: Desk, cell: Cell, **how: Any) -> None:
    row = desk.copy(cell.data, **how)
    assert (row.state, len(desk.calls)) == (cell.state, cell.rows), row.reason
    assert desk.bucket.unfinished == 0
    if cell.state is PLANNED:  # fetched again, and nothing left behind
        assert not desk.bucket.objects and row.attempt == 2
    elif not cell.reason.startswith("too-large"):
        assert desk.raw == [gzip.decompress(cell.data) if cell.data[:2] == b"\x1f\x8b" else cell.data]
        assert desk.receipt["rejected"] == cell.rejected
    if cell.reason:
        assert row.reason is not None
        assert any(one in row.reason for one in cell.reason.split("|")), row.reason
    assert cell.also(desk)


@pytest.mark.parametrize("cell", CSVS.values(), ids=CSVS)
def test_a_file_that_a_vendor_may_send(desk: Desk, cell: Cell) -> None:
    """Published to the last good row, or put aside with the reason; the file as it came lies in raw."""
    verdict(desk, cell)


def cut(data: bytes, at: int) -> bytes:
    return data[:at]


def altered(data: bytes, at: int) -> bytes:
    at %= len(data)
    return data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]


GZ, ZIP = gzip.compress(text(*MANY)), archive(text(*MANY))
HALF = PLAIN.rindex(b"tag 1") + 2
CUTS = {
    "gzip without its last byte": Cell(cut(GZ, -1), PLANNED, 0, f"the gzip ends early, after {len(GZ) - 1} bytes"),
    "gzip in the middle": Cell(cut(GZ, len(GZ) // 2), PLANNED, 0, f"the gzip ends early, after {len(GZ) // 2} bytes"),
    "gzip with another sum": Cell(altered(GZ, -6), PLANNED, 0, f"the gzip is damaged after {len(GZ)} bytes"),
    "gzip with another length": Cell(altered(GZ, -1), PLANNED, 0, f"the gzip is damaged after {len(GZ)} bytes"),
    "gzip altered within": Cell(altered(GZ, len(GZ) // 2), PLANNED, 0, "the gzip is damaged after"),
    "zip without its directory": Cell(cut(ZIP, ZIP.index(b"PK\x01\x02")), PLANNED, 0, "the ZIP ends early"),
    "zip without its end": Cell(cut(ZIP, -22), PLANNED, 0, "the ZIP ends early"),
    "zip in the middle": Cell(cut(ZIP, len(ZIP) // 2), PLANNED, 0, "the ZIP ends early"),
    "zip whose directory disagrees": Cell(
        altered(ZIP, ZIP.index(b"PK\x01\x02") + 16), PLANNED, 0, "the ZIP is damaged"
    ),
    "plain within a row": Cell(cut(PLAIN, HALF), PLANNED, 0, f"the last line has no end after {HALF} bytes"),
    "plain within the headings": Cell(cut(PLAIN, 30), PLANNED, 0, "the last line has no end after 30 bytes"),
    "packed text within a row": Cell(gzip.compress(cut(PLAIN, HALF)), PLANNED, 0, "the last line has no end"),
    "within a quoted field, after a line end": Cell(
        PLAIN.replace(b"tag 2", b'"tag'), ASIDE, 0, f"a quote is left open in {len(PLAIN) - 1} bytes of text"
    ),
}  # fmt: skip


@pytest.mark.parametrize("cell", CUTS.values(), ids=CUTS)
def test_a_file_that_was_cut_or_altered_is_never_published(desk: Desk, cell: Cell) -> None:
    """Each with the numbers; fetched again, or put aside where it may be the vendor's way to write."""
    verdict(desk, cell)


def test_fewer_bytes_than_were_announced_fail_the_attempt(desk: Desk) -> None:
    """The connection may end as if all were well."""
    desk.server.length = len(PLAIN) + 7
    row = desk.copy(PLAIN)
    assert row.state in (PLANNED, Work.ASKED) and not desk.bucket.objects
    assert row.reason is not None and ("bytes came" in row.reason or "broke off" in row.reason)


def test_a_plain_file_of_unknown_length_must_end_its_last_line(desk: Desk) -> None:
    """Then it is taken; else it is fetched again."""
    desk.server.length = -1
    assert desk.copy(PLAIN[:-1]).state is PLANNED
    assert desk.copy(PLAIN).state is DONE and len(desk.calls) == 3


def test_a_row_less_than_the_vendor_counts_is_put_aside(desk: Desk) -> None:
    """Exactly: with both numbers."""
    row = desk.copy(PLAIN, totals=Totals(rows=4))
    assert row.state is ASIDE and row.reason == "the vendor counts 4 rows, the file has 3"


@pytest.mark.parametrize(
    ("cost", "state", "warned"),
    [("3.75", DONE, False), ("3.7500", DONE, False), ("3.8", DONE, False), ("3.76", DONE, True), ("3.77", ASIDE, True)],
)
def test_money_is_compared_at_the_vendors_own_decimals(desk: Desk, cost: str, state: Work, warned: bool) -> None:
    """Beyond a cent and a thousandth it is put aside; below it is told."""
    row = desk.copy(PLAIN, totals=Totals(rows=3, cost=Decimal(cost)))
    assert row.state is state
    if state is DONE:
        assert bool(desk.receipt["warnings"]) is warned


def test_other_totals_are_told_and_keep_nothing_back(desk: Desk) -> None:
    """Billed minutes and fees."""
    sums = {"billed_minutes": Decimal("1.00"), "duration_s": Decimal(3), "usf_fee": Decimal("0.1")}
    assert desk.copy(PLAIN, totals=Totals(sums=sums)).state is DONE
    assert desk.receipt["warnings"] == ["the vendor's billed_minutes is 1.00, the file's 0"]
    assert desk.receipt["vendor_sums"]["usf_fee"] == "0.1"


def test_rows_that_contradict_themselves_are_counted(desk: Desk) -> None:
    """Ended before it began; another sum than its parts."""
    fees = dict.fromkeys(("connect_fee", "usf_fee", "ccrf", "cnam_lookup_fee"), "0.1")
    good = {"start_time": "2026-11-19 10:00:00+00", "end_time": "2026-11-19 10:01:00+00", "rate": "0.6",
            "billed_duration": "60", "cost_subtotal": "0.6", "total_cost": "1.0", **fees}  # fmt: skip
    rows = [good, {**good, "end_time": "2026-11-19 09:00:00+00"}, {**good, "rate": "0.7"}, {**good, "total_cost": "2"}]
    assert desk.copy(text(*rows), vendor="flowroute").state is DONE
    assert desk.receipt["odd"] == {
        "rows have their times out of order": 1,
        "rows cost another subtotal than rate and time make": 1,
        "rows cost another sum than subtotal and fees make": 1,
    }
    assert len(desk.receipt["warnings"]) == 3


def test_a_copy_that_the_time_will_not_do_for_is_put_aside_early(desk: Desk) -> None:
    """Too large, with the advice; nothing of it is kept."""
    desk.seconds = 1.0
    row = desk.copy(text(*MANY) * 400)
    assert row.state is ASIDE and row.reason is not None
    assert row.reason.startswith("too-large: ") and row.reason.endswith("take a smaller `window`")
    assert not desk.found("raw/") and not desk.found("calls/") and desk.bucket.unfinished == 0


def test_the_same_content_again_writes_a_receipt_alone(desk: Desk) -> None:
    """Both uploads are aborted."""
    first = desk.copy(gzip.compress(PLAIN))
    objects = {key: one for key, one in desk.bucket.objects.items() if not key.startswith("receipts/")}
    assert desk.copy(PLAIN, before=first.published).state is DONE
    assert {key: one for key, one in desk.bucket.objects.items() if not key.startswith("receipts/")} == objects
    assert desk.receipt["checked"] is True


def test_a_small_report_takes_one_put_for_each_object(desk: Desk) -> None:
    """Raw, calls, receipt; and one request for the file."""
    desk.copy(PLAIN)
    assert desk.bucket.asked == {"put": 3} and desk.server.asked == 1


def test_the_receipt_tells_how_it_was_made(desk: Desk) -> None:
    """Bytes and digests of both objects are those of S3; the engine, the seconds, the memory, the requests."""
    desk.copy(PLAIN)
    told, objects = desk.receipt, {**desk.found("raw/"), **desk.found("calls/")}
    assert told["objects"] == {
        key: {"bytes": len(one), "sha256": hashlib.sha256(one).hexdigest(), "requests": 1}
        for key, one in objects.items()
    }
    assert told["engine"].startswith("cdr-exporter ") and "pyarrow" in told["engine"]
    assert {"download", "read", "type", "write"} <= set(told["seconds"]) and told["peak_mib"] > 0
    assert (told["downloads"], told["rows_read"], len(told["schema"]), len(told["headings"])) == (1, 3, 8, 8)
    assert told["sums"]["cost"] == "3.75000000" and told["assumed_zone"] == {"ended_at": "UTC"}


def test_a_file_that_is_announced_too_large_is_not_even_begun(desk: Desk) -> None:
    """With its limit."""
    desk.server.length = 50 * 10**9 + 1
    row = desk.copy(PLAIN)
    assert row.state is ASIDE and row.reason == "too-large: the file has over 50000000000 bytes"
    assert not desk.found("raw/") and desk.bucket.unfinished == 0


PERSONAL = ("5550123", "9460123", "5550199")


@pytest.mark.parametrize("mode", ["mask", "pseudonym"])
def test_where_numbers_are_not_kept_none_is_anywhere(desk: Desk, mode: str) -> None:
    """Neither in calls, nor in what did not parse, nor as a file; what was left out is named and counted."""
    rows = [*MANY, call(2001, Call_duration="+12065550199", News="+12065550199")]
    data = text(*({"News": "", **one} for one in rows)) + b"+12065550199 short\n"
    row = desk.copy(data, numbers=f'"{mode}"')
    assert row.state is DONE and len(desk.calls) == 2001
    kept = [str(one) for one in desk.calls] + [json.dumps(desk.receipt), json.dumps(desk.rejects)]
    assert not any(number in one for number in PERSONAL for one in kept)
    assert desk.raw == [] and desk.rejects["rejected"] == ["withheld: 18 characters"]
    assert desk.receipt["withheld"] == {"Call duration": 1, "News": 1}
    assert {one["from_country"] for one in desk.calls} == {"US"}
    masked = {"mask": "+1206555XXXX", "pseudonym": desk.calls[0]["from_number"]}[mode]
    assert {one["from_number"] for one in desk.calls} == {masked} and masked[:2] in ("+1", "p-")


def test_a_report_put_aside_keeps_no_file_where_numbers_are_not_kept(desk: Desk) -> None:
    """Its reason and figures alone; unless `raw = true` asks for the file."""
    assert desk.copy(PLAIN, totals=Totals(rows=4), numbers='"mask"').state is ASIDE
    assert desk.raw == [] and not any(number in json.dumps(desk.receipt) for number in PERSONAL)
    desk.copy(PLAIN, totals=Totals(rows=4), numbers='"mask"', raw="true")
    assert desk.raw == [PLAIN]


def test_a_masked_row_without_an_identity_is_not_named_by_its_number(desk: Desk) -> None:
    """Two that differ in hidden digits alone have one hash, and two ordinals."""
    numbers = ("+12065550123", "+12065550199")
    rows = [{key: one for key, one in call(1, Originating_Number=n).items() if key not in IDS} for n in numbers]
    desk.copy(text(*rows), numbers='"mask"')
    first, second = (one["row_id"] for one in desk.calls)
    assert first.rpartition("-")[0] == second.rpartition("-")[0] and first != second


def test_a_repeated_row_is_kept_without_its_numbers(desk: Desk) -> None:
    """As it is written, not as it came."""
    desk.copy(text(*THREE, call(2)), numbers='"mask"')
    assert len(desk.rejects["repeated"]) == 1
    assert not any(number in json.dumps(desk.rejects) for number in PERSONAL)


def test_times_that_say_utc_are_not_shifted(desk: Desk) -> None:
    """Neither by their heading nor by their offset; only what says nothing of a zone is."""
    local = {"Start Timestamp": "2026-11-19 05:00:00", "End Timestamp(UTC)": "2026-11-19 10:00:09"}
    rows = [
        {**call(0), **local, "End Timestamp": "", "Answer Timestamp": "2026-11-19 05:00:04"},
        {**call(1), **local, "End Timestamp": "", "Answer Timestamp": "2026-11-19T10:00:04+00:00"},
    ]
    desk.copy(text(*rows))
    times = [(str(one["answered_at"]), str(one["ended_at"])) for one in desk.calls]
    assert times == [("2026-11-19 10:00:04", "2026-11-19 10:00:09")] * 2
    assert desk.receipt["unparsed"] == {} and desk.receipt["assumed_zone"] == {}


def test_a_row_that_swallows_others_is_not_one_row_that_does_not_parse(desk: Desk) -> None:
    """A quote that is closed only thousands of lines later: each line may have been a call."""
    lines = PLAIN[PLAIN.index(b"\n") + 1 :]
    data = text(*MANY) + b'x,"2026\n' + lines * 20 + b'y",n\n' + lines
    row = desk.copy(data)
    assert row.state is ASIDE and row.reason is not None and "hold 61 line ends" in row.reason


def test_more_rows_than_are_kept_apart_are_put_aside(desk: Desk) -> None:
    """However small their share."""
    data = text(*MANY) * 3 + b"z" * (5 << 20) + b"\n"
    row = desk.copy(data.replace(text(*MANY)[: text(*MANY).index(b"\n") + 1], b"") and data)
    assert row.state is ASIDE


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b" "])
def test_a_header_met_again_is_told_whatever_stands_before_it(desk: Desk, mark: bytes) -> None:
    """Files put together have a mark of their letters in the middle."""
    desk.copy(PLAIN + mark + PLAIN[: PLAIN.index(b"\n") + 1])
    assert (len(desk.calls), desk.receipt["headers"]) == (3, 1)


def test_headings_met_again_never_share_a_name(desk: Desk) -> None:
    """Not even where the file has the name that one of them would get."""
    data = PLAIN.replace(b",Tags", b",Note,Note (2),Note").replace(b",tag", b",one,two,three")
    desk.copy(data)
    assert sorted(dict(desk.calls[0]["extra"]).values()) == ["one", "three 0", "two"]


def test_an_identity_is_known_again_beside_a_huge_one(desk: Desk) -> None:
    """What a mark is made of does not depend on the block."""
    name, huge = "i" * 100, "h" * 300
    rows = [{**one, "Unique CDR ID": f"id-{n}"} for n, one in enumerate(MANY * 12)]
    rows[0]["Unique CDR ID"] = rows[-1]["Unique CDR ID"] = name
    rows[-2]["Unique CDR ID"] = huge
    desk.copy(text(*rows))
    assert desk.receipt["repeated"] == 1


def test_a_heading_that_is_a_number_is_not_told_where_numbers_are_not_kept(desk: Desk) -> None:
    """A file may have anything for its header."""
    desk.copy(text({**call(0), "+12065550199": "x"}), numbers='"mask"')
    assert desk.receipt["unknown_headings"] == ["[number]"]
    assert not any(number in json.dumps(desk.receipt) for number in PERSONAL)


def test_fees_beyond_their_column_are_null(desk: Desk) -> None:
    """Each fits, their sum does not; the row stays."""
    fees = dict.fromkeys(("connect_fee", "usf_fee", "ccrf", "cnam_lookup_fee"), "9999999999")
    desk.copy(text({"start_time": "2026-11-19 10:00:00+00", **fees}), vendor="flowroute")
    (one,) = desk.calls
    assert "fees" not in one and one["usf_fee"] == 9999999999


def test_of_a_page_that_is_too_large_nothing_is_kept(desk: Desk) -> None:
    """Half a file would be taken for the vendor's."""
    desk.seconds = 1.0
    row = desk.copy(b"<html>" + os.urandom(1 << 20) * 40)
    assert row.state is ASIDE and not desk.found("raw/")


def test_more_repeated_identities_than_are_kept_in_memory_are_too_large(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With their number; nothing of it is kept."""
    monkeypatch.setattr(report, "WATCHED", 1)
    row = desk.copy(PLAIN + PLAIN[PLAIN.index(b"\n") + 1 :])
    assert row.state is ASIDE and row.reason is not None
    assert row.reason.startswith("too-large: 3 identities come twice; take a smaller")
    assert not desk.found("raw/") and desk.bucket.unfinished == 0
