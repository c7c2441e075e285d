"""A report in one pass: its bytes in raw, its calls in one object, and nothing to be seen before it is finished."""

import csv
import gzip
import io
from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal
from typing import Any

import boto3
import pyarrow.parquet as pq
import pytest
from moto import mock_aws

from lambdas.core import keys
from lambdas.core.errors import Broken, Gone, Refused
from lambdas.core.progress import File, Progress, State
from lambdas.core.rows import Work
from lambdas.stream.report import Copy, Report
from lambdas.vendors.flowroute import Flowroute
from lambdas.web import Web
from tests import world
from tests.core.making import row, window
from tests.stream.making import archive
from tests.vendors.door import Door, door
from tests.vendors.making import export

HEADINGS = ["start_time", "end_time", "cdr_id", "duration", "billed_duration", "total_cost", "result"]
ROW = row(Work.COPYING, tag="cdr1.x", run=1)


def lines(*given: list[str]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows([HEADINGS, *given])
    return out.getvalue().encode()


def line(n: int, **more: str) -> list[str]:
    start, end = (f"2026-11-19 10:0{minute}:{n:02}+00" for minute in (0, 1))
    fields = dict(zip(HEADINGS, [start, end, f"cdr-{n}", "60", "66", "0.01", "busy"], strict=True))
    return list({**fields, **more}.values())


class Desk:
    """A lake, a door with the files, and a report to copy from it."""

    def __init__(self, door: Door) -> None:
        self.door, self.lake = door, world.lake()

    def copy(self, stack: ExitStack, *files: bytes, origin: str = "", status: int = 200) -> Copy:
        self.door.says(*files, status=status)
        made = export("flowroute", self.door.url, download_from=f'["{origin or self.door.url + "/"}"]')
        report = Report(ROW, made, Flowroute.facts, Flowroute.columns, self.lake, Web())
        links = tuple(File(f"{self.door.url}/{n}") for n, _ in enumerate(files))
        return report.copy(Progress(State.READY, links), stack)

    def objects(self) -> dict[str, bytes]:
        s3: Any = boto3.client("s3", world.REGION)
        listed = s3.list_objects_v2(Bucket="lake").get("Contents", [])
        return {one["Key"]: s3.get_object(Bucket="lake", Key=one["Key"])["Body"].read() for one in listed}


@pytest.fixture(scope="module")
def opened() -> Iterator[Desk]:
    with mock_aws(), door() as made:
        yield Desk(made)


@pytest.fixture
def desk(opened: Desk) -> Desk:
    """The module's desk, cleared."""
    opened.door.answers.clear()
    boto3.resource("s3", world.REGION).Bucket("lake").object_versions.delete()
    return opened


def finish(made: Copy) -> None:
    for upload in made.raws.values():
        upload.finish()
    made.calls.finish(fenced=True)


def test_a_report_becomes_its_bytes_and_its_calls(desk: Desk) -> None:
    """All figures of the tally are those of the file."""
    text = lines(*(line(n) for n in range(5)), line(5, total_cost=""), line(6, duration="long"))
    data = gzip.compress(text, mtime=0)
    with ExitStack() as stack:
        made = desk.copy(stack, data)
        assert desk.objects() == {}
        finish(made)
    raw, calls = keys.raw("main", window(), 0, 1, 1, 0), keys.calls("main", window())
    found = desk.objects()
    assert set(found) == {raw, calls} and found[raw] == data
    assert pq.read_table(io.BytesIO(found[calls])).column("row_id").to_pylist() == [f"cdr-{n}" for n in range(7)]
    tally = made.tally
    assert (tally.rows, tally.duration_s, tally.billed_s, tally.cost, tally.unpriced) == (
        7,
        360,
        462,
        Decimal("0.06"),
        1,
    )
    assert (tally.received, tally.size, tally.forms) == (len(data), len(text), ["gzip"])
    assert (tally.unparsed, tally.nulls["duration_s"], tally.unknown) == ({"duration": 1}, 1, [])


def test_the_digest_is_the_text_s_however_it_is_packed(desk: Desk) -> None:
    """So that a report that changed its wrapping alone is seen to be the same."""
    text = lines(line(1))
    with ExitStack() as stack:
        digests = []
        for data in (text, gzip.compress(text, 1), gzip.compress(text[:9]) + gzip.compress(text[9:])):
            desk.door.answers.clear()
            digests.append(desk.copy(stack, data).tally.digest)
    assert len(set(digests)) == 1


def test_several_files_are_one_object(desk: Desk) -> None:
    """Each with its raw copy; what did not parse is added up."""
    with ExitStack() as stack:
        made = desk.copy(stack, lines(line(1, duration="x")), lines(line(2, duration="y"), line(3)))
        finish(made)
    assert (made.tally.rows, made.tally.unparsed, len(made.raws)) == (3, {"duration": 2}, 2)
    assert len(made.tally.arrived) == 2


def test_rows_that_do_not_parse_are_kept(desk: Desk) -> None:
    """Beside the others, which are copied."""
    with ExitStack() as stack:
        made = desk.copy(stack, lines(line(1), ["short"]))
    assert (made.tally.rows, made.tally.rejected, made.apart["rejected"]) == (1, 1, ["short"])


@pytest.mark.parametrize("page", [b"<html>Sign in</html>\n", archive(b"a\n", b"b\n")])
def test_what_is_no_csv_is_kept_whole_and_not_published(desk: Desk, page: bytes) -> None:
    """The copy says why; its bytes can be looked at."""
    with ExitStack() as stack:
        made = desk.copy(stack, page)
        assert made.problem is not None
        for upload in made.raws.values():
            upload.finish()
    ((key, raw),) = desk.objects().items()
    assert key.startswith("raw/") and gzip.decompress(raw) == page


def test_a_report_that_breaks_off_leaves_nothing(desk: Desk) -> None:
    """Cut short, gone, or at another origin: no object, and the error that says what to do."""
    data = gzip.compress(lines(*(line(n % 60) for n in range(9000))))
    ways: list[tuple[type[Exception], dict[str, Any]]] = [
        (Broken, {}),
        (Gone, {"status": 403}),
        (Refused, {"origin": "https://s3.example.com/x/"}),
    ]
    for expected, how in ways:
        desk.door.answers.clear()
        with pytest.raises(expected), ExitStack() as stack:
            desk.copy(stack, data[:-9], **how)
    assert desk.objects() == {}


def test_no_calls_make_an_empty_object(desk: Desk) -> None:
    """Which says that the window was asked for."""
    with ExitStack() as stack:
        made = desk.copy(stack, lines())
        finish(made)
    assert made.tally.rows == 0 and made.problem is None
    assert pq.read_table(io.BytesIO(desk.objects()[keys.calls("main", window())])).num_rows == 0


def test_a_page_without_the_vendor_s_headings_is_no_report_of_no_calls(desk: Desk) -> None:
    """An error in plain words is kept for a look, and not published."""
    with ExitStack() as stack:
        made = desk.copy(stack, b"Service temporarily unavailable\n")
    assert made.problem is not None and "headings" in made.problem.what
