"""The copier: one report, one object, one receipt, whoever died on the way; and nothing that does not add up."""

import gzip
import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow.parquet as pq
import pytest

from lambdas import copier
from lambdas.core.coverage import coverage
from lambdas.core.proofs import RECEIPTS
from lambdas.core.rows import Row, Work, move
from local.calls import Axis, Tally, truth
from local.vendors.flowroute import Flowroute
from local.vendors.telnyx import Telnyx
from tests.world import Clock, World, world

TEXT = """
[[export]]
name = "{0.calls.account}"
vendor = "{1}"
start = "-{2}d"
base_url = "{0.base_url}"
download_from = ["{0.files_url}/"]
{3}
"""
DAY = datetime(2026, 11, 19, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture
def clock() -> Clock:
    """It stands at noon of the 20th."""
    return Clock()


@pytest.fixture
def vendor(clock: Clock) -> Iterator[Flowroute]:
    """A Flowroute of few calls."""
    with Flowroute(3, "f", clock=clock, per_day=30, callbacks="never") as one:
        yield one


@pytest.fixture
def at(vendor: Flowroute, clock: Clock) -> Iterator[World]:
    """One window, asked and ready."""
    with world(TEXT.format(vendor, "flowroute", 1, ""), clock) as one:
        one.tick("f")
        clock.turn(minutes=5)
        yield one


def told(at: World) -> dict[str, Any]:
    return at.executions.started[-1][1]


def published(at: World, export: str) -> list[dict[str, Any]]:
    """The rows of every Parquet object, as the view `calls` counts them: boundary rows once by identity."""
    rows = [row for body in at.objects(f"calls/export={export}").values() for row in read(body)]
    once = {row["row_id"]: row for row in rows if row["boundary"]}
    return [row for row in rows if not row["boundary"]] + list(once.values())


def read(body: bytes) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(io.BytesIO(body)).to_pylist()
    return found


def by_day(rows: list[dict[str, Any]]) -> dict[date, Tally]:
    days: dict[date, Tally] = {}
    for row in rows:
        old = days.get(row["started_at"].date(), Tally())
        cost = old.cost + (row["cost"] or Decimal(0))
        days[row["started_at"].date()] = Tally(
            old.rows + 1, old.seconds + row["duration_s"], old.billed + row["billed_s"], cost
        )
    return dict(sorted(days.items()))


@pytest.mark.parametrize("closed", [False, True], ids=["half-open", "closed"])
@pytest.mark.parametrize("axis", ["start", "end", "record"])
def test_every_call_counts_once_whatever_the_vendor_selects_by(clock: Clock, axis: Axis, closed: bool) -> None:
    """Rows, seconds, billed seconds and cost of each day are the truth, for every axis and either end."""
    windows = 'window = "6h"\nmax_in_flight = 8'
    with (
        Telnyx(5, "t", clock=clock, per_day=60, axis=axis, closed=closed) as vendor,
        world(TEXT.format(vendor, "telnyx", 2, windows), clock) as at,
    ):
        at.tick("t")
        at.run()
        assert {row.state for row in at.rows("t")} == {Work.DONE}
        since, until = (edge(row.window for row in at.rows("t")) for edge in (min, max))
        calls = vendor.calls.between(since.start, until.end, axis=axis, closed=closed)
        assert by_day(published(at, "t")) == truth(calls)


@pytest.mark.parametrize("how", [{}, {"old": True}, {"plain": True}, {"whole_ids": True}], ids=str)
def test_every_form_of_flowroutes_files_gives_the_same_calls(clock: Clock, how: dict[str, bool]) -> None:
    """Gzip or plain, with or without identities, ids as text or number: the truth."""
    with (
        Flowroute(5, "f", clock=clock, per_day=60, callbacks="never", **how) as vendor,  # type: ignore[arg-type] # flags
        world(TEXT.format(vendor, "flowroute", 2, ""), clock) as at,
    ):
        at.tick("f")
        at.run()
        calls = vendor.calls.between(MIDNIGHT - timedelta(days=2), MIDNIGHT)
        assert by_day(published(at, "f")) == truth(calls)


def test_raw_holds_the_vendors_bytes_to_the_letter(at: World, vendor: Flowroute) -> None:
    """What the vendor served is what lies in raw, and the receipt has the digests of both."""
    copier.copy(told(at), at)
    row = at.row("f", DAY)
    assert row.published is not None
    (raw,) = at.objects("raw/").values()
    receipt = json.loads(at.objects("receipts/")[row.published.receipt])
    lines = gzip.decompress(raw).decode().splitlines()
    assert receipt["rows"] == len(lines) - 1 == row.published.rows == receipt["vendor_rows"]
    assert receipt["warnings"] == [] and receipt["sha256_text"] == row.published.digest
    assert receipt["vendor_keeps_until"].startswith("2026-11-23T12:0")  # three days after it was ready


def test_a_copier_that_comes_twice_finds_it_done(at: World) -> None:
    """The second one changes neither objects nor ledger."""
    copier.copy(told(at), at)
    row, objects = at.row("f", DAY), at.written()
    assert copier.copy(told(at), at) == {"state": "done"}
    assert at.row("f", DAY) == row
    assert at.written() == objects


def test_two_copiers_at_once_have_one_lease(at: World) -> None:
    """While the first holds it, the second goes."""
    row = at.row("f", DAY)
    at.ledger.apply(row, move(row, "lease", due_at=at.now() + copier.LEASE))
    assert copier.copy(told(at), at) == {"state": "copying"}
    assert not at.written()


class Dies(Exception):
    """The process is gone."""


@pytest.mark.parametrize("dies", ["publish", "lease"])
def test_a_copier_that_died_is_followed_by_the_next_run(
    at: World, clock: Clock, monkeypatch: pytest.MonkeyPatch, dies: str
) -> None:
    """Dead before its lease or after its publishing: one object, one receipt, done, and asked once."""
    apply = at.ledger.apply

    def dying(old: Row, new: Row) -> Row:
        if new.state is (Work.DONE if dies == "publish" else Work.COPYING):
            raise Dies
        return apply(old, new)

    with monkeypatch.context() as patched:
        patched.setattr(at.ledger, "apply", dying)
        with pytest.raises(Dies):
            copier.copy(told(at), at)
    clock.turn(minutes=30)
    at.tick("f")
    at.ran = len(at.executions.started) - 1
    at.run()
    row = at.row("f", DAY)
    assert (row.state, row.run, row.attempt) == (Work.DONE, 2, 1)
    assert len(at.objects("calls/")) == len(at.objects("receipts/")) == 1


def test_an_old_copier_cannot_replace_a_newer_object(at: World, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its lease went to the next run, which published: the fence stops the old one."""
    ours, first = at.lake.upload, dict(told(at))

    def slow(*args: Any, **how: Any) -> Any:
        """While the old copier is at it, its lease ends and its successor does all of the work."""
        monkeypatch.setattr(at.lake, "upload", ours)
        clock.turn(hours=1)
        at.tick("f")
        at.ran = len(at.executions.started) - 1
        at.run()
        return ours(*args, **how)

    monkeypatch.setattr(at.lake, "upload", slow)
    assert copier.copy(first, at) == {"state": "done"}
    row = at.row("f", DAY)
    assert row.published is not None and row.run == 2
    assert at.lake.etag(row.published.key) is not None
    assert at.lake.etag(row.published.key)[0] == row.published.etag  # type: ignore[index] # it is there


def test_a_dead_link_uses_up_the_attempt(at: World, vendor: Flowroute, clock: Clock) -> None:
    """Flowroute signs a link once: when it is dead the export is created anew."""
    vendor.faults.add("dead")
    copier.copy(told(at), at)
    row = at.row("f", DAY)
    assert (row.state, row.attempt) == (Work.PLANNED, 2)
    clock.turn(minutes=6)
    at.tick("f")
    at.run()
    assert at.row("f", DAY).state is Work.DONE
    assert len(vendor.created) == 2


def test_a_refused_origin_uses_up_nothing_and_says_the_line_to_add(vendor: Flowroute, clock: Clock) -> None:
    """The export is blocked with the very line for download_from."""
    text = TEXT.format(vendor, "flowroute", 1, "").replace(vendor.files_url, "https://elsewhere.example")
    with world(text, clock) as at:
        at.tick("f")
        at.run()
        blocked = at.ledger.head("f").blocked
        assert blocked is not None and f'"{vendor.files_url}/flowroute-cdrexports/"' in blocked
        assert (at.row("f", DAY).state, at.row("f", DAY).attempt) == (Work.ASKED, 1)


def test_unchanged_content_writes_nothing_but_a_receipt(at: World, clock: Clock) -> None:
    """A re-export of the same calls leaves object and raw as they are."""
    copier.copy(told(at), at)
    before, row = at.objects("calls/") | at.objects("raw/"), at.row("f", DAY)
    clock.turn(days=1)
    at.tick("f")
    at.tick("f")
    at.run()
    after = at.row("f", DAY)
    assert (after.state, after.revision, after.published) == (Work.DONE, 1, row.published)
    assert before.items() <= (at.objects("calls/") | at.objects("raw/")).items()
    (receipt,) = map(
        json.loads, at.objects("receipts/export=f/dt=2026-11-19/20261119T000000Z-86400.calls.r1.json").values()
    )
    assert receipt["checked"] is True
    fits(receipt)


def fits(receipt: dict[str, Any]) -> None:
    """Its fields are the columns of the table `receipts`, and each value is of its column's kind."""
    kinds = {one.name: one.athena.partition("<")[0] for one in RECEIPTS}
    python = {"string": str, "bigint": int, "boolean": bool, "array": list, "map": dict, "struct": dict}
    assert receipt.keys() - {"export"} <= kinds.keys()
    assert not [name for name, value in receipt.items()
                if name in kinds and value is not None and type(value) is not python[kinds[name]]]  # fmt: skip


def test_late_calls_replace_the_object_and_the_receipt_tells_the_difference(clock: Clock) -> None:
    """Asked too early, a report lacks the calls that are not over yet; the re-export has them."""
    clock.now = datetime(2026, 11, 20, 0, 0, 1, tzinfo=UTC)
    with Telnyx(5, "t", clock=clock, per_day=60, axis="start", live=True) as vendor:
        told = 'settle = "0m"\noptions = { source = "calls" }'
        with world(TEXT.format(vendor, "telnyx", 1, told), clock) as at:
            at.tick("t")
            first = len(vendor.created)
            at.run()
            rows = at.row("t", DAY).published
            clock.turn(days=1)
            at.tick("t")
            at.tick("t")
            at.run()
            row = at.row("t", DAY)
            assert rows is not None and row.published is not None and first == 1
            assert row.revision == 1 and row.state is Work.DONE
            receipt = json.loads(at.objects("receipts/")[row.published.receipt])
            assert int(receipt["changed"]["rows"]) == row.published.rows - rows.rows > 0
            fits(receipt)
            assert receipt.keys() - {"export"} == {one.name for one in RECEIPTS}


def test_a_file_that_is_cut_short_is_not_published(
    at: World, vendor: Flowroute, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gzip ends early: the attempt fails with the numbers, and nothing is left behind."""
    file = vendor.reports[at.row("f", DAY).report_id or ""].build.result().file
    file.write_bytes(file.read_bytes()[:-20])
    copier.copy(told(at), at)
    row = at.row("f", DAY)
    assert (row.state, row.attempt) == (Work.PLANNED, 2)
    assert row.reason is not None and "ends early" in row.reason
    assert not at.written()


def test_a_file_that_disagrees_with_the_vendors_count_is_quarantined(at: World, vendor: Flowroute) -> None:
    """One row less than the vendor counts: the file is kept, both numbers are told, `calls` stays empty."""
    file = vendor.reports[at.row("f", DAY).report_id or ""].build.result().file
    text = gzip.decompress(file.read_bytes())
    file.write_bytes(gzip.compress(text[: text[:-1].rindex(b"\n") + 1]))
    copier.copy(told(at), at)
    row = at.row("f", DAY)
    assert row.state is Work.QUARANTINED
    count = text.count(b"\n") - 1
    assert row.reason is not None and f"counts {count} rows, the file has {count - 1}" in row.reason
    assert len(at.objects("raw/")) == len(at.objects("quarantine/")) == 1
    assert not at.objects("calls/")


NO_REPORT = {
    "an error in JSON": b'{"errors":[{"code":"10011","title":"Too many requests"}]}',
    "a sentence": b"Internal error, please try again\n",
    "a page": b"<html><body>502</body></html>",
    "no header line": b"2026-11-19 10:00:00,2026-11-19 10:00:05,+12065550100\n",
}


@pytest.mark.parametrize("body", NO_REPORT.values(), ids=NO_REPORT)
def test_what_is_no_report_is_never_taken_for_a_day_without_calls(clock: Clock, body: bytes) -> None:
    """It is kept and told, and `calls` stays as it is; no number of it reaches ledger or receipts."""
    with (
        Telnyx(5, "t", clock=clock, per_day=20) as vendor,
        world(TEXT.format(vendor, "telnyx", 1, "options = { source = 'calls' }"), clock) as at,
    ):
        at.tick("t")
        vendor.reports[at.row("t", DAY).report_id or ""].build.result().file.write_bytes(body)
        at.run()
        row = at.row("t", DAY)
        assert row.state is Work.QUARANTINED and row.reason is not None
        assert "+1206" not in row.reason
        assert not at.objects("calls/") and not at.objects("receipts/")
        (raw,) = at.objects("raw/").values()
        assert gzip.decompress(raw) == body


HEADINGS = b"Unique CDR ID,Start Timestamp(UTC),Cost,Tags\r\n"
CALL = b"1,2026-11-19 10:00:00,1.0,a\r\n"
CUT = {
    "in a row": (HEADINGS + CALL + b"2,2026-11-19 10:00", Work.PLANNED, "the last line has no end"),
    "in the headings": (HEADINGS[:33], Work.PLANNED, "the last line has no end"),
    "in a quoted text, after its line break": (
        HEADINGS + CALL + b'2,2026-11-19 10:00:00,1.0,"a\r\n', Work.QUARANTINED, "a quote is left open",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("body", "state", "reason"), CUT.values(), ids=CUT)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_text_that_was_cut_before_it_was_sent_is_not_published(
    clock: Clock, body: bytes, state: Work, reason: str, pack: Callable[[bytes], bytes]
) -> None:
    """Its length is true, nobody gives totals: asked anew; or put aside, where it may be the vendor's way to quote."""
    with (
        Telnyx(5, "t", clock=clock, per_day=20) as vendor,
        world(TEXT.format(vendor, "telnyx", 1, "options = { source = 'calls' }"), clock) as at,
    ):
        at.tick("t")
        vendor.reports[at.row("t", DAY).report_id or ""].build.result().file.write_bytes(pack(body))
        at.run()
        row = at.row("t", DAY)
        assert row.state is state and row.reason is not None and reason in row.reason
        assert not at.objects("calls/") and not at.objects("receipts/")
        assert bool(at.objects("raw/")) is (state is Work.QUARANTINED)


def test_no_calls_is_a_success(clock: Clock) -> None:
    """An empty report becomes an empty object, and a receipt of no rows."""
    with Telnyx(5, "t", clock=clock, per_day=60) as vendor:
        nobody = "options = { source = 'calls', connections = ['none'] }"
        with world(TEXT.format(vendor, "telnyx", 1, nobody), clock) as at:
            at.tick("t")
            at.run()
            row = at.row("t", DAY)
            assert row.state is Work.DONE and row.published is not None
            assert row.published.rows == 0
            assert read(at.objects("calls/")[row.published.key]) == []


@pytest.mark.parametrize(
    ("kind", "options", "narrowed"),
    [
        (Telnyx, "{ source = 'calls', call_types = ['inbound'] }", ["call_types", "source"]),
        (Telnyx, "{ record_types = ['complete'], call_types = [1, 2] }", ["record_types"]),
        (Telnyx, "{}", []),
        (Flowroute, "{ callerid_prefix = ['1206'], tollfree_only = false }", ["callerid_prefix"]),
        (Flowroute, "{}", []),
    ],
    ids=str,
)
def test_nobody_takes_a_filtered_export_for_a_full_one(
    clock: Clock, kind: type[Telnyx | Flowroute], options: str, narrowed: list[str]
) -> None:
    """The receipt, the ledger and the coverage say what was left out, by name; no number of a filter gets there."""
    with (
        kind.play(5, "one", clock=clock, per_day=20) as vendor,
        world(TEXT.format(vendor, vendor.name, 1, f"reexport = []\noptions = {options}"), clock) as at,
    ):
        at.quiet()
        told = f"this filter: {', '.join(narrowed)}" if narrowed else "all calls"
        for text in at.objects("receipts/").values():
            receipt = json.loads(text)
            assert (receipt["narrowed"], receipt["complete_for"]) == (narrowed, told)
            assert b'"1206"' not in text  # as a value; among digests and sums these digits may stand by chance
        assert all(row.published and list(row.published.narrowed) == narrowed for row in at.rows("one"))
        (day,) = coverage(at.rows("one"), at.exports.sources)
        assert (day.told, day.final) == (f"complete for {told}", True)
