"""What a review with fresh eyes found: each test says what should be, and fails while it is not so."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from socket import SHUT_RDWR, create_server
from threading import Thread
from typing import Any

import pytest

from lambdas.core import agenda, planning, polling
from lambdas.core.coverage import coverage
from lambdas.core.errors import Declined, Problem
from lambdas.core.exports import Mistakes, parse
from lambdas.core.progress import Totals
from lambdas.core.receipt import Tally, disagreements
from lambdas.core.rows import Head, Published, Work, move
from lambdas.vendors import FACTS, VENDORS
from lambdas.vendors.flowroute import _totals
from lambdas.web import Answer, Web
from lambdas.web.deadline import Deadline
from local.vendors.telnyx import Telnyx
from tests.core.making import NOW, row, window
from tests.world import Clock, world

PUBLISHED = Published(0, "d", "k", "e", "r", ("raw",), 1, NOW)
DAY = datetime(2026, 11, 19, tzinfo=UTC)
TEXT = """
[[export]]
name = "t"
vendor = "telnyx"
start = "-1d"
discard = true
base_url = "{0.base_url}"
download_from = ["{0.files_url}/"]
options = {{ source = "calls"{1} }}
"""


def exports(more: str = "", vendor: str = "telnyx") -> Any:
    return parse(f'[[export]]\nname = "t"\nvendor = "{vendor}"\nstart = "-1d"\n{more}', "dev", FACTS)


@contextmanager
def raw(answer: bytes) -> Iterator[str]:
    """A server that answers these bytes, whatever it is asked."""
    with create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    one, _ = server.accept()
                except OSError:
                    return
                with one, suppress(OSError):
                    one.recv(65536)
                    one.sendall(answer)

        Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        with suppress(OSError):
            server.shutdown(SHUT_RDWR)  # closing alone does not end the accept


def test_a_delete_that_always_fails_does_not_hold_back_the_asking() -> None:
    """A deletion is housekeeping; the calls of the next days are not."""
    clock = Clock()
    with Telnyx(3, "review", clock=clock, per_day=5) as vendor, world(TEXT.format(vendor, ""), clock) as at:
        vendor.faults.add("broken", times=10_000, on="delete")
        at.tick("t")
        at.run()
        for _ in range(8):
            clock.turn(hours=6)
            at.tick("t")
            at.run()
        new = [one for one in at.rows("t") if one.window.start > DAY]
        assert new
        assert any(one.published for one in new)


def test_a_re_export_that_is_declined_is_asked_for_again() -> None:
    """At the next age at the latest; and until then the day is not final."""
    declined = row(Work.ASKING, declined=2, aged=1, published=PUBLISHED)
    after = polling.unasked(declined, Declined("HTTP 400"), NOW)
    assert after is not None
    assert after.due_at is not None


def test_a_day_whose_re_export_failed_is_not_final() -> None:
    """What is stale may lack late calls."""
    (day,) = coverage([row(Work.DONE, published=PUBLISHED, stale_since=NOW, due_at=None)], {"main": ("calls",)})
    assert not day.final


@pytest.mark.parametrize("had", [{"declined": 1}, {"declined": 1, "failures": 3, "attempt": 4}])
def test_a_window_that_never_rang_is_lost_and_not_closed(had: dict[str, int]) -> None:
    """One 409, then weeks of a refused key (or attempts that were taken and failed): `stuck` never rang for it."""
    old = replace(row(Work.PLANNED, due_at=NOW, **had), window=replace(window(), start=NOW - timedelta(days=40)))
    (step,) = agenda.steps([old], exports().exports[0], FACTS["telnyx"], NOW, NOW, asking=True)
    assert step.name == "forget"


def test_a_look_that_is_declined_for_ever_ends_with_the_deadline() -> None:
    """The key is good, so no operator will mend it; the row would hold its place for ever."""
    asked = row(Work.ASKED, give_up_at=NOW)
    assert polling.blind(asked, Declined("retrieve: HTTP 400"), FACTS["telnyx"], NOW, 1).row.state is Work.PLANNED


def test_other_options_do_not_shrink_what_is_published() -> None:
    """A later change of options applies to new windows (shared/design.md), not to re-exports."""
    clock = Clock()
    with Telnyx(3, "review", clock=clock, per_day=60) as vendor, world(TEXT.format(vendor, ""), clock) as at:
        at.tick("t")
        at.run()
        before = at.row("t", DAY).published
        at.__dict__["exports"] = parse(TEXT.format(vendor, ', call_types = ["outbound"]'), "dev", FACTS)
        clock.turn(days=1)
        at.tick("t")
        at.tick("t")
        at.run()
        after = at.row("t", DAY)
        assert after.revision == 1
        assert after.published is not None
        assert before is not None
        assert after.published.rows == before.rows


def test_other_options_reach_what_is_published_where_an_operator_wants_it() -> None:
    """A backfill: asked anew with the options of now, once, and told as complete for them."""
    clock = Clock()
    with Telnyx(3, "review", clock=clock, per_day=60) as vendor, world(TEXT.format(vendor, ""), clock) as at:
        at.tick("t")
        at.run()
        before = at.row("t", DAY)
        assert before.published is not None
        at.__dict__["exports"] = parse(TEXT.format(vendor, ', call_types = ["outbound"]'), "dev", FACTS)
        wanted = move(before, "reexport", revision=1, attempt=1, anew=True, due_at=clock.now, **polling.blank())
        at.ledger.apply(before, wanted)
        at.tick("t")
        at.run()
        after = at.row("t", DAY)
        assert after.published is not None
        assert (after.revision, after.anew, after.published.narrowed) == (1, False, ("call_types", "source"))
        assert 0 < after.published.rows < before.published.rows


def test_a_source_that_is_never_given_does_not_starve_the_others() -> None:
    """V2 asks for four sources; where two are declined, the hours of the other two are asked for all the same."""
    (made,) = exports('api = "v2"\nwindow = "1h"\nreexport = []\nmax_in_flight = 10').exports
    facts, now, head = FACTS["telnyx"], NOW, Head("t", born=NOW)
    rows: dict[Any, Any] = {}
    for _ in range(5 * 96):  # ticks, as the requester takes their steps
        now += timedelta(minutes=15)
        plan = planning.extend(made, facts, head, now)
        head = replace(head, spans=plan.spans)
        rows |= {one.window: one for one in plan.rows}
        due = sorted(rows.values(), key=lambda one: one.window.source, reverse=True)  # an index may give them so
        for step in agenda.steps(due, made, facts, now, now, asking=True):
            one = step.row
            if step.name == "retry":
                rows[one.window] = move(one, "retry", attempt=one.attempt + 1, due_at=now)
            elif step.name == "ask" and one.window.source in ("calls", "call-control"):
                rows[one.window] = replace(one, state=Work.DONE, due_at=None)
            elif step.name == "ask":
                after = polling.unasked(move(one, "intend"), Declined("no such source"), now)
                assert after is not None
                rows[one.window] = after
                if after.state is Work.PLANNED:
                    break  # the export is blocked, for as long as a tick
    waiting = [one for one in rows.values() if one.state is Work.PLANNED and one.window.source == "calls"]
    assert not [one for one in waiting if now - one.window.end > timedelta(days=1)]


MUCH = b"9" * 20
LATER = b"429 Slow\r\nDate: Mon, 01 Jan 2026 00:00:00 GMT\r\nRetry-After: Mon, 01 Jan "
ODD = {
    "instant": LATER + b"2026 00:00:00 +" + MUCH,
    "year": LATER + MUCH + b" 00:00:00 GMT",
    "location": b"302 Found\r\nLocation: http://[",
    "bytes": b"302 Found\r\nLocation: \xff",
}


@pytest.mark.parametrize("head", ODD.values(), ids=ODD)
def test_odd_headers_end_in_a_problem(head: bytes) -> None:
    """Whatever a proxy writes there."""
    with raw(b"HTTP/1.1 " + head + b"\r\nContent-Length: 0\r\n\r\n") as url, pytest.raises(Problem):
        Web().call("v", "create", "POST", f"{url}/x")


@pytest.mark.parametrize("link", ["https://[", "https://files.example.com\uff0fx"], ids=["bracket", "wide"])
def test_a_link_that_is_none_is_refused(link: str) -> None:
    """It is at another origin at least."""
    with pytest.raises(Problem), Web().download("v", link, ("https://a/",), {}, "https://a"):
        pass


def test_a_broken_download_tells_no_key() -> None:
    """The vendor may repeat it, at whatever status."""
    body = b'{"errors": [{"detail": "bad key a.short+key"}]}'
    answer = b"HTTP/1.1 500 Oh\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    keys = {"Api-Key": "a.short+key"}
    with (
        raw(answer) as url,
        pytest.raises(Problem) as told,
        Web().download("v", f"{url}/f", (f"{url}/",), keys, url),
    ):
        pass
    assert "a.short+key" not in told.value.what


def test_a_basic_key_is_not_told_in_its_coded_form() -> None:
    """base64 of `akey:s3cret`."""
    body = b'{"errors": [{"detail": "bad header Basic YWtleTpzM2NyZXQ="}]}'
    answer = b"HTTP/1.1 400 Oh\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    with raw(answer) as url, pytest.raises(Problem) as told:
        Web().call("v", "create", "POST", f"{url}/x", auth=("akey", "s3cret"))
    assert "YWtleTpzM2NyZXQ=" not in told.value.what


def test_no_cookie_goes_from_one_account_to_the_next() -> None:
    """One process serves several exports; a session's cookie belongs to whose key it came with."""
    said = raw(b"HTTP/1.1 200 OK\r\nSet-Cookie: session=a\r\nContent-Length: 2\r\n\r\n{}")
    with said as url, Deadline(20) as deadline, Web().session(deadline, guarded=False) as session:
        assert session.get(f"{url}/x", auth=("a", "a")).headers["Set-Cookie"] == "session=a"
        assert not dict(session.cookies)


class Says:
    """Stands for Web: one body for everything."""

    def __init__(self, body: Any) -> None:
        self.body = body

    def call(self, *_: Any, **__: Any) -> Answer:
        return Answer(200, {}, self.body)


@pytest.mark.parametrize("vendor", ["telnyx", "flowroute", "didww"])
def test_an_id_that_no_url_holds_is_a_problem(vendor: str) -> None:
    """Half a surrogate pair; DynamoDB takes it as little as a URL."""
    (made,) = exports(vendor=vendor).exports
    keys = dict.fromkeys(FACTS[vendor].secret[made.api], "k")
    body = {"id": "\ud800", "status": 1, "data": {"id": "\ud800", "attributes": {"status": "processing"}}}
    account = VENDORS[vendor](made, keys, Says(body))  # type: ignore[arg-type] # a stand-in
    with pytest.raises(Problem):
        account.look(account.ask({}, "tag", None))


def test_a_count_beyond_all_numbers_ends_in_a_problem_or_in_words() -> None:
    """`1E+9999` is finite."""
    try:
        totals = _totals({"num_calls": "1E+9999"})
    except Problem:
        totals = Totals()
    disagreements(Tally(rows=1), totals)


MISTAKEN = {
    "source": ("telnyx", 'options = { source = [["calls"]] }'),
    "url": ("telnyx", 'base_url = "https://["'),
    "host": ("telnyx", 'base_url = "https://exa\u2100mple"'),
    "amount": ("flowroute", f"options = {{ duration_greater_than = 1{'0' * 400} }}"),
}


@pytest.mark.parametrize(("vendor", "more"), MISTAKEN.values(), ids=MISTAKEN)
def test_whatever_stands_in_the_file_is_told_as_a_mistake(vendor: str, more: str) -> None:
    """With its line, not with a stack."""
    with pytest.raises(Mistakes):
        exports(more, vendor)


def test_a_day_of_which_a_source_is_not_planned_yet_is_not_complete() -> None:
    """Rows are made a bounded number a tick, source after source."""
    (made,) = exports('window = "15m"\nsmall_files = "accepted"\nreexport = []\nmax_in_flight = 50').exports
    made = replace(made, start=10)
    rows = planning.extend(made, FACTS["telnyx"], Head("t", born=NOW), NOW).rows
    done = [replace(one, state=Work.DONE, due_at=None, published=PUBLISHED) for one in rows]
    sources: dict[str, set[str]] = {}
    for one in done:
        sources.setdefault(one.window.date, set()).add(one.window.source)
    said = {day.date: day.state for day in coverage(done, {made.name: made.sources})}
    assert [day for day, state in said.items() if state == "complete" and len(sources[day]) < len(made.sources)] == []
