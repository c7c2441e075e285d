"""What every vendor must do, whatever words it speaks: the same tests for all of them, at the simulated vendors."""

import csv
import io
import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest

from lambdas.core.columns import COLUMNS
from lambdas.core.errors import Refused, TryAgain
from lambdas.core.exports import Export, parse
from lambdas.core.mapping import plain
from lambdas.core.progress import State
from lambdas.core.windows import Window
from lambdas.stream.content import Content
from lambdas.vendors import FACTS, VENDORS, Vendor
from lambdas.web import Web
from local.vendors.flowroute import Flowroute
from local.vendors.telnyx import Telnyx

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
WINDOW = Window(datetime(2026, 11, 20, tzinfo=UTC), 86_400, "calls")
# Headings that have no column on purpose: their meaning or unit is not known, or another column says it better.
LEFT = {
    "telnyx": {"PDD", "Billing group Id", "Originating country", "Terminating country"},
    "flowroute": {"destination_name", "callerid_country", "line_information", "sip_from_tag", "sip_to_tag"},
}
Api = Literal["v1", "v2"]
CASES: list[tuple[str, Api]] = [("telnyx", "v1"), ("telnyx", "v2"), ("flowroute", "v1")]


class Clock:
    """Stands until it is turned."""

    now = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Case:
    """One account at one vendor, as the exporter sees it."""

    simulator: Telnyx | Flowroute
    export: Export
    vendor: Vendor
    keys: dict[str, str]
    clock: Clock
    asked: int = 0

    def ask(self) -> tuple[str, str]:
        """Ask for the window under a new tag: the tag and the id."""
        self.asked += 1
        tag = f"cdr1.0a1b2c3d.main.20261120T000000Z.86400.calls.r0.a{self.asked}.0a1b2c3d"
        url = f"https://example.com/callbacks/{tag}/word"
        return tag, self.vendor.ask(self.vendor.fields(WINDOW), tag, url)

    def with_keys(self, **keys: str) -> Vendor:
        return VENDORS[self.export.vendor](self.export, {**self.keys, **keys}, Web())

    def at(self, url: str) -> Vendor:
        return VENDORS[self.export.vendor](replace(self.export, base_url=url), self.keys, Web())


@pytest.fixture(scope="module", params=CASES, ids=" ".join)
def case(request: pytest.FixtureRequest) -> Iterator[Case]:
    name, api = request.param
    clock = Clock()
    with ExitStack() as stack:
        simulator: Telnyx | Flowroute = (
            Telnyx(7, "main", clock=clock, per_day=40, api=api)
            if name == "telnyx"
            else Flowroute(7, "main", clock=clock, per_day=40, callbacks="never")
        )
        stack.enter_context(simulator)
        text = (
            f'[[export]]\nname = "main"\nvendor = "{name}"\napi = "{api}"\nstart = 2026-11-01\n'
            f'base_url = "{simulator.base_url}"\ndownload_from = ["{simulator.download_from}"]\n'
        )
        export = parse(text, "dev", FACTS).exports[0]
        keys = {field: simulator.credentials[field] for field in FACTS[name].secret[api]}
        yield Case(simulator, export, VENDORS[name](export, keys, Web()), keys, clock)


def test_every_vendor_and_api_is_held_to_the_contract() -> None:
    """A new line in the list of vendors is a new case here."""
    assert {(name, api) for name, facts in FACTS.items() for api in facts.apis} == set(CASES)
    assert set(VENDORS) == set(FACTS)


def test_a_report_is_asked_for_waited_for_and_fetched(case: Case) -> None:
    """Pending at first, then ready with a file that has every call and, where the vendor counts, its totals."""
    _, report = case.ask()
    assert case.vendor.look(report).state is State.PENDING
    case.clock.now += timedelta(minutes=5)
    progress = case.vendor.look(report)
    assert progress.state is State.READY
    rows = list(csv.DictReader(io.StringIO(_text(case, progress.files[0].url).decode())))
    wanted = list(case.simulator.calls.between(WINDOW.start, WINDOW.end, axis=case.simulator.axis))
    wanted = [one for one in wanted if case.export.vendor == "flowroute" or one.source == "calls"]
    assert len(rows) == len(wanted) > 20
    assert progress.totals.rows in (None, len(rows))
    assert progress.totals.cost in (None, sum(one.cost or 0 for one in wanted))
    left = {heading for heading in rows[0] if plain(heading) not in _known(case.vendor)}
    assert left == LEFT[case.export.vendor]


def _text(case: Case, url: str) -> bytes:
    with Web().download(case.export.vendor, url, case.export.download_from, {}) as body:
        return Content(iter(body), io.BytesIO(), sized=True).read() or b""


def _known(vendor: Vendor) -> set[str]:
    columns = vendor.columns
    known = {heading for one in columns.fields.values() for heading in one.headings}
    return known | {*columns.caller.headings, *columns.callee.headings, columns.cause_code or ""}


def test_what_is_mapped_is_there(case: Case) -> None:
    """Columns that exist, headings as they are compared, words for each column of words."""
    columns, names = case.vendor.columns, {column.name for column in COLUMNS}
    assert {*columns.fields, *columns.fees, *columns.words} <= names
    assert all(heading == plain(heading) for heading in _known(case.vendor))
    assert {name for name, one in columns.fields.items() if one.kind == "word"} == set(columns.words)
    assert columns.answered in ("time", "sip")


def test_a_report_is_found_by_its_tag(case: Case) -> None:
    """Among others of the same window, ready or not."""
    fields, since = case.vendor.fields(WINDOW), case.clock.now
    asked = [case.ask() for _ in range(3)]
    for tag, report in asked:
        found = case.vendor.find(fields, tag, since)
        assert (found.report_id, found.complete) == (report, True)


def test_what_was_not_asked_is_completely_absent(case: Case) -> None:
    """Also under a tag of which another one is the beginning."""
    tag, _ = case.ask()
    for other in (f"{tag}0", tag[:-1], tag.replace("0a1b2c3d", "ffffffff")):
        found = case.vendor.find(case.vendor.fields(WINDOW), other, case.clock.now)
        assert (found.report_id, found.complete) == (None, True)


def test_a_request_is_the_same_each_time(case: Case) -> None:
    """Its fields are stored, fingerprinted and compared; they are JSON and name the window."""
    fields = case.vendor.fields(WINDOW)
    assert fields == case.vendor.fields(WINDOW) == json.loads(json.dumps(fields))
    assert fields != case.vendor.fields(replace(WINDOW, seconds=3600))
    assert any("2026-11-20" in str(one) for one in fields.values())


def test_a_report_that_the_vendor_does_not_know_is_gone(case: Case) -> None:
    """An attempt is used up; nothing else happens."""
    assert case.vendor.look("nobody").state is State.GONE


def test_a_report_that_failed_has_failed(case: Case) -> None:
    """It has no file."""
    case.simulator.faults.add("failed")
    _, report = case.ask()
    case.clock.now += timedelta(minutes=5)
    progress = case.vendor.look(report)
    assert (progress.state, progress.files) == (State.FAILED, ())


def calls(case: Case, vendor: Vendor) -> list[Any]:
    """Every operation of a vendor."""
    fields = case.vendor.fields(WINDOW)
    return [
        lambda: vendor.ask(fields, "cdr1.x", None),
        lambda: vendor.find(fields, "cdr1.x", case.clock.now),
        lambda: vendor.look("7"),
    ]


def test_a_wrong_key_is_refused_without_being_told(case: Case) -> None:
    """Neither the wrong one nor the right ones are in the text."""
    wrong = dict.fromkeys(case.keys, "wrong-key-of-mine")
    for call in calls(case, case.with_keys(**wrong)):
        with pytest.raises(Refused, match="HTTP 401") as refused:
            call()
        told = f"{refused.value} {refused.value.facts}"
        assert "the key was not accepted" in told
        assert not any(key in told for key in ("wrong-key", *case.keys.values()))


def test_a_server_error_is_a_moment_to_try_again(case: Case) -> None:
    """Whatever was asked."""
    for call in calls(case, case.vendor):
        case.simulator.faults.add("broken")
        with pytest.raises(TryAgain, match="HTTP 500"):
            call()


def test_who_asks_too_often_is_told_how_long_to_wait(case: Case) -> None:
    """In the vendor's own header."""
    for call in calls(case, case.vendor):
        case.simulator.faults.add("throttled")
        with pytest.raises(TryAgain, match="HTTP 429") as again:
            call()
        assert again.value.after == 2


def test_an_answer_that_is_lost_leaves_the_report_to_be_found(case: Case) -> None:
    """The request is not repeated by itself: it may have arrived."""
    before = len(case.simulator.created)
    case.simulator.faults.add("dropped")
    with pytest.raises(TryAgain, match="create: not reachable"):
        case.ask()
    assert len(case.simulator.created) == before + 1
    tag = f"cdr1.0a1b2c3d.main.20261120T000000Z.86400.calls.r0.a{case.asked}.0a1b2c3d"
    assert case.vendor.find(case.vendor.fields(WINDOW), tag, case.clock.now).report_id


def test_a_vendor_that_cannot_be_reached_is_tried_again(case: Case) -> None:
    """The error names the call, not the address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(TryAgain, match=f"{case.export.vendor}: retrieve: not reachable") as again:
        case.at(url).look("7")
    assert "127.0.0.1" not in str(again.value) and again.value.__suppress_context__
