"""What every vendor must do, whatever words it speaks: the same tests for all of them, at the simulated vendors."""

import csv
import io
import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from lambdas.core.columns import COLUMNS
from lambdas.core.errors import Denied, Refused, TryAgain, Unclear
from lambdas.core.exports import Export, parse
from lambdas.core.mapping import plain
from lambdas.core.progress import File, State
from lambdas.core.windows import Window
from lambdas.stream.content import Content
from lambdas.vendors import FACTS, VENDORS, Discards, Vendor
from lambdas.vendors.rotating import rotating
from lambdas.web import Web
from local.call import Call
from local.vendors import SIMULATORS, Simulator

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
CASES = [(name, api) for name, facts in FACTS.items() for api in facts.apis]


class Clock:
    """Stands until it is turned."""

    now = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Case:
    """One account at one vendor, as the exporter sees it."""

    simulator: Simulator
    export: Export
    vendor: Vendor
    keys: dict[str, str]
    clock: Clock
    asked: int = 0

    @property
    def window(self) -> Window:
        """A day of the account's first source."""
        return Window(datetime(2026, 11, 20, tzinfo=UTC), 86_400, self.export.sources[0])

    @property
    def fields(self) -> dict[str, Any]:
        """The request for it."""
        return self.vendor.fields(self.window)

    def ask(self) -> tuple[str, str]:
        """Ask for the window under a new tag: the tag and the id."""
        self.asked += 1
        tag = self.tag()
        return tag, self.vendor.ask(self.fields, tag, f"https://127.0.0.1:9/callbacks/{tag}/word")

    def tag(self) -> str:
        """The tag of the latest asking."""
        return f"cdr1.0a1b2c3d.main.20261120T000000Z.86400.{self.window.source}.r0.a{self.asked}.0a1b2c3d"

    def calls(self) -> list[Call]:
        """The calls that a report of the window must hold."""
        wanted = type(self.simulator).wanted(self.fields, self.window.end, self.export.api)
        how: Any = {"axis": self.simulator.axis, "closed": self.simulator.closed}
        return list(filter(wanted, self.simulator.calls.between(self.window.start, self.window.end, **how)))

    def with_keys(self, **keys: str) -> Vendor:
        return VENDORS[self.export.vendor](self.export, {**self.keys, **keys}, Web())

    def at(self, url: str) -> Vendor:
        return VENDORS[self.export.vendor](replace(self.export, base_url=url), self.keys, Web())


@pytest.fixture(scope="module", params=CASES, ids=" ".join)
def case(request: pytest.FixtureRequest) -> Iterator[Case]:
    name, api = request.param
    clock = Clock()
    with SIMULATORS[name].play(7, "main", clock=clock, per_day=40) as simulator:
        text = (
            f'[[export]]\nname = "main"\nvendor = "{name}"\napi = "{api}"\nstart = 2026-11-01\n'
            f'base_url = "{simulator.address(api)}"\ndownload_from = ["{simulator.download_from}"]\n'
        )
        export = parse(text, "dev", FACTS).exports[0]
        keys = {field: simulator.credentials[field] for field in FACTS[name].secret[api]}
        yield Case(simulator, export, VENDORS[name](export, keys, Web()), keys, clock)


def test_every_vendor_is_played_by_a_simulator() -> None:
    """And each is found by its own name."""
    assert set(VENDORS) == set(SIMULATORS)
    assert all(vendor.facts.name == name for name, vendor in VENDORS.items())


@pytest.mark.parametrize("name", VENDORS)
def test_a_vendors_facts_hold_together(name: str) -> None:
    """What it says it can do, it does; every api has a secret; nothing is narrowed unless somebody narrows it."""
    facts = FACTS[name]
    assert facts.discards == hasattr(VENDORS[name], "discard")
    assert facts.apis.keys() == facts.secret.keys() >= facts.prefixes.keys()
    assert facts.list_grace <= facts.patience
    for api in facts.apis:
        assert not facts.check({}, api)
        assert facts.sources({}, api)
        assert facts.check({"nobody_knows_this": 1}, api)


def test_a_report_is_asked_for_waited_for_and_fetched(case: Case) -> None:
    """Pending at first, then ready with a file that has every call and, where the vendor counts, its totals."""
    _, report = case.ask()
    assert case.vendor.look(report).state is State.PENDING
    case.clock.now += timedelta(minutes=5)
    progress = case.vendor.look(report)
    assert progress.state is State.READY
    rows = list(csv.DictReader(io.StringIO(_text(case, progress.files[0]).decode())))
    wanted = case.calls()
    assert len(rows) == len(wanted) > 10
    assert progress.totals.rows in (None, len(rows))
    assert progress.totals.cost in (None, sum(one.cost or 0 for one in wanted))
    assert {plain(heading) for heading in rows[0]} <= case.vendor.columns.known
    assert not case.vendor.facts.narrows(case.fields)


def _text(case: Case, file: File) -> bytes:
    export = case.export
    with Web().download(export.vendor, file.url, export.download_from, file.headers, export.base_url) as body:
        return Content(iter(body), io.BytesIO(), sized=True).read() or b""


def test_what_is_mapped_is_there(case: Case) -> None:
    """Columns that exist, headings as they are compared, words for each column of words."""
    columns, names = case.vendor.columns, {column.name for column in COLUMNS}
    assert {*columns.fields, *columns.fees, *columns.words} <= names
    assert all(heading == plain(heading) for heading in columns.known)
    assert {name for name, one in columns.fields.items() if one.kind == "word"} == set(columns.words)
    assert columns.answered in ("time", "sip")


def test_a_report_is_found_by_its_tag(case: Case) -> None:
    """Among others of the same window, ready or not."""
    fields, since = case.fields, case.clock.now
    asked = [case.ask() for _ in range(3)]
    for tag, report in asked:
        found = case.vendor.find(fields, tag, since)
        assert (found.report_id, found.complete) == (report, True)


def test_what_was_not_asked_is_completely_absent(case: Case) -> None:
    """Also under a tag of which another one is the beginning."""
    tag, _ = case.ask()
    for other in (f"{tag}0", tag[:-1], tag.replace("0a1b2c3d", "ffffffff")):
        found = case.vendor.find(case.fields, other, case.clock.now)
        assert (found.report_id, found.complete) == (None, True)


def test_a_request_is_the_same_each_time(case: Case) -> None:
    """Its fields are stored, fingerprinted and compared; they are JSON and name the window."""
    fields = case.fields
    assert fields == case.vendor.fields(case.window) == json.loads(json.dumps(fields))
    assert fields != case.vendor.fields(replace(case.window, seconds=3600))
    assert any("2026-11-20" in str(one) for one in fields.values())


def test_a_report_that_the_vendor_does_not_know_is_gone(case: Case) -> None:
    """An attempt is used up; nothing else happens."""
    assert case.vendor.look("nobody").state is State.GONE


def test_a_report_that_failed_is_never_ready(case: Case) -> None:
    """It has no file. A vendor without a word for it is not understood, and the report given up in time."""
    case.simulator.faults.add("failed")
    _, report = case.ask()
    case.clock.now += timedelta(minutes=5)
    try:
        progress = case.vendor.look(report)
    except Unclear as problem:
        assert f"{case.export.vendor}: retrieve: " in problem.what
    else:
        assert (progress.state, progress.files) == (State.FAILED, ())


def calls(case: Case, vendor: Vendor) -> list[Any]:
    """Every operation of a vendor."""
    fields = case.fields
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


def test_after_a_refusal_every_operation_goes_on_with_the_next_key(case: Case) -> None:
    """Once each: what the vendor denied it did not do. Without a next key the first refusal is told."""
    for number, sends in enumerate(sending(case)):
        taken = list[str]()

        def more(taken: list[str] = taken) -> Iterator[dict[str, str]]:
            for keys in (dict.fromkeys(case.keys, "wrong-too"), case.keys):
                taken.append(keys[next(iter(keys))])
                yield keys

        before = len(case.simulator.created)
        wrong = dict.fromkeys(case.keys, "wrong-key-of-mine")
        vendor = rotating(lambda keys: case.with_keys(**keys), wrong, more())
        sends(vendor)
        sends(vendor)  # it keeps to the key that works
        assert len(taken) == 2
        assert len(case.simulator.created) - before == 2 * (number == 0)
        with pytest.raises(Denied, match="HTTP 401"):
            sends(rotating(lambda keys: case.with_keys(**keys), wrong, iter(())))


def sending(case: Case) -> list[Callable[[Vendor], Any]]:
    """Every operation, on what the vendor has: what fails for another reason would not tell."""
    report = case.ask()[1]
    found: list[Callable[[Vendor], Any]] = [
        lambda vendor: vendor.ask(case.fields, case.tag(), None),
        lambda vendor: vendor.find(case.fields, case.tag(), case.clock.now),
        lambda vendor: vendor.look(report),
    ]
    if case.vendor.facts.discards:
        found.append(lambda vendor: cast(Discards, vendor).discard(report))
    return found


def test_what_stands_before_an_account_offers_what_it_offers(case: Case) -> None:
    """Its facts, its headings, the same request; and to delete a report only where the vendor can."""
    made = rotating(lambda keys: case.with_keys(**keys), case.keys, iter(()))
    assert (made.facts, made.columns, made.fields(case.window)) == (case.vendor.facts, case.vendor.columns, case.fields)
    assert isinstance(made, Discards) is isinstance(case.vendor, Discards) is case.vendor.facts.discards


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
    with pytest.raises(TryAgain, match="create: no answer came"):
        case.ask()
    assert len(case.simulator.created) == before + 1
    assert case.vendor.find(case.fields, case.tag(), case.clock.now).report_id


def test_a_vendor_that_cannot_be_reached_is_tried_again(case: Case) -> None:
    """The error names the call, not the address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(TryAgain, match=f"{case.export.vendor}: retrieve: not reachable") as again:
        case.at(url).look("7")
    assert "127.0.0.1" not in str(again.value) and again.value.__suppress_context__
