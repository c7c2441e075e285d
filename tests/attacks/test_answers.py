"""A vendor, or who speaks in its name, answers our questions with what should break who reads it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from urllib3.util.retry import Retry

from lambdas import copier, poller
from lambdas.core.errors import TryAgain
from lambdas.core.rows import Row, Work
from lambdas.vendors.paging import PAGES
from tests.vendors.door import Door, door
from tests.world import Clock, World, world

CALLBACK = "https://us.example/hooks"
ROOM = 4_000  # characters that a row takes, whatever a vendor says
IDS = (None, [7], {"id": 7}, True, 7.5, "", "..", "7\r\nX-Evil: 1", "7" * (2 << 20), "7 8", "\u0667")


@dataclass
class Facing:
    """One export whose vendor is a door."""

    at: World
    clock: Clock
    door: Door
    before: int = field(default=0)

    def ask(self, *answers: Any, **how: Any) -> Row:
        """A tick, to which the vendor answers these."""
        return self._do(lambda: self.at.tick("main"), *answers, **how)

    def look(self, *answers: Any, **how: Any) -> Row:
        """One look of the report's execution, and the copy if it says so."""

        def act() -> None:
            _, told = self.at.executions.started[-1]
            told = poller.look(told, self.at)
            if told["next"] == "copy":
                copier.copy(told, self.at)

        return self._do(act, *answers, **how)

    def search(self, *answers: Any) -> Row:
        """The create's answer was lost; some minutes later the vendor's list is searched."""
        self.ask("", status=500)
        self.clock.turn(minutes=30)
        return self.ask(*answers)

    @property
    def asked(self) -> int:
        """Requests of the last step."""
        return len(self.door.heard) - self.before

    @property
    def row(self) -> Row:
        (row,) = self.at.rows("main")
        assert len(repr(row)) < ROOM, "the ledger swells"
        assert row.published is None
        assert not [key for key in self.at.written() if key.startswith(("calls/", "receipts/"))]
        return row

    def _do(self, act: Any, *answers: Any, **how: Any) -> Row:
        self.door.answers.clear()
        self.door.says(*answers, **how)
        self.before = len(self.door.heard)
        with suppress(TryAgain):  # the machine, or the schedule, repeats it
            act()
        assert self.asked <= PAGES + 2
        return self.row


@contextmanager
def facing(vendor: str = "telnyx") -> Iterator[Facing]:
    """A world that begins with one window to ask for."""
    options = 'source = ["calls"]' if vendor == "telnyx" else ""
    with door() as opened:
        text = (
            f'[[export]]\nname = "main"\nvendor = "{vendor}"\nstart = "-1d"\nbase_url = "{opened.url}"\n'
            f'download_from = ["{opened.url}/files/"]\n[export.options]\n{options}\n'
        )
        clock = Clock()
        with world(text, clock, CALLBACK) as at:
            yield Facing(at, clock, opened)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """How long is waited between two tries is urllib3's own affair."""
    monkeypatch.setattr(Retry, "sleep", lambda *_: None)


def attributes(**given: Any) -> dict[str, Any]:
    """Flowroute's answer about one export."""
    link = "http://127.0.0.1/files/a"
    return {
        "data": {"type": "cdrexport", "id": "7", "attributes": {"status": "completed", "download_url": link, **given}}
    }


@pytest.mark.parametrize("id", [[7], "7" * (2 << 20)], ids=["a list", "megabytes"])
def test_a_report_id_that_is_no_id(id: Any) -> None:
    """Never looked at and never stored: one request, and the row waits until the vendor's list tells."""
    with facing() as one:
        row = one.ask({"id": id, "status": 1})
        assert (one.asked, row.report_id, row.state) == (1, None, Work.ASKING)
        assert not one.at.executions.started


def test_a_list_with_our_tag_beside_what_is_no_id() -> None:
    """Nothing is adopted of a report that could not be asked for again."""
    with facing() as one:
        one.ask("", status=500)
        one.clock.turn(minutes=30)
        row = one.ask([{"id": id, "report_name": one.row.tag} for id in IDS], [])
        assert (row.report_id, row.state, one.asked) == (None, Work.ASKING, 2)


def test_a_report_id_of_another_path() -> None:
    """A slash stays within its segment of the path: another report of the account is not reached."""
    with facing() as one:
        one.ask({"id": "../7?x=1#y", "status": 1})
        one.look({"id": "7", "status": 1})
        asked = one.door.heard[-1]
        assert asked.method == "GET"
        assert asked.query == {}
        assert asked.path == "/reporting/cdr_requests/../7?x=1#y"  # as the server decodes one quoted segment


def test_json_that_is_nested_to_the_end_of_the_stack() -> None:
    """An answer that is not understood: the report is looked at again later, no function dies of it."""
    with facing() as one:
        one.ask({"id": 7, "status": 1})
        deep = (f'{{"id":7,"status":{"[" * n}{"]" * n}}}' for n in range(100, 1000, 50))
        for body in ("[" * 100_000, '{"id":' * 50_000, *deep):
            row = one.look(body)
            assert (one.asked, row.state, row.report_id) == (1, Work.ASKED, "7")


def test_an_answer_of_thirty_three_megabytes() -> None:
    """Read up to its limit and given up; nothing of it is kept."""
    with facing() as one:
        one.ask({"id": 7, "status": 1})
        row = one.look(b'{"id":7,"status":"' + b"x" * (33 << 20) + b'"}')
        assert (one.asked, row.state) == (1, Work.ASKED)


def test_an_integer_of_ten_thousand_digits() -> None:
    """No JSON that we read; Python's own limit on digits is not met as a crash."""
    with facing() as one:
        row = one.ask('{"id":' + "9" * 10_000 + "}")
        assert (one.asked, row.report_id) == (1, None)


def test_totals_that_are_no_number() -> None:
    """The report is not copied on the strength of them: not understood, looked at again."""
    with facing("flowroute") as one:
        one.ask(attributes(status="processing"))
        totals: list[object] = ["NaN", "Infinity", "-Infinity", "1e999", "1,000", "0E-999999", "1e-400", [], {"a": 1}]
        for total in totals:
            row = one.look(attributes(num_calls=total, total_cost=total))
            assert (row.state, row.report_id, one.asked) == (Work.ASKED, "7", 1), total


def test_totals_as_bare_words_of_javascript() -> None:
    """`NaN` and `Infinity` stand in no JSON, and are no totals where Python reads them all the same."""
    with facing("flowroute") as one:
        one.ask(attributes(status="processing"))
        row = one.look(json.dumps(attributes(num_calls=float("nan"), total_cost=float("inf"))))
        assert (row.state, one.asked) == (Work.ASKED, 1)


def test_a_status_that_nobody_knows() -> None:
    """An error and never a guess: neither copied nor given up before its time."""
    with facing("flowroute") as one:
        one.ask(attributes(status="processing"))
        for status in ("Completed", "COMPLETED", "done", 2, None, ["completed"], {"completed": 1}, "x" * 9999):
            row = one.look(attributes(status=status))
            assert (row.state, row.attempt, one.asked) == (Work.ASKED, 1, 1), status


def test_a_status_that_is_true() -> None:
    """In Python `True == 1`, which would be pending: told apart, and not understood."""
    with facing() as one:
        one.ask({"id": 7, "status": 1})
        one.look({"id": 7, "status": True})
        assert "unknown status True" in one.at.emitted.text


@pytest.mark.parametrize(
    "link", [{"url": "https://a/"}, "file:///etc/passwd", "ftp://["], ids=["object", "file", "ftp"]
)
def test_a_link_that_is_none(link: Any) -> None:
    """Nothing is fetched from anywhere, and nothing is published."""
    with facing("flowroute") as one:
        one.ask(attributes(status="processing"))
        one.look(attributes(download_url=link))
        assert one.asked <= 2  # the look, and the copier's own
        assert not [heard for heard in one.door.heard if "files" in heard.path]


def test_ten_thousand_files_in_one_report() -> None:
    """One link is one text: a list of them is no URL, and nothing is fetched."""
    with facing() as one:
        one.ask({"id": 7, "status": 1})
        one.look({"id": 7, "status": 2, "report_url": [f"{one.door.url}/files/{n}" for n in range(10_000)]})
        assert one.asked <= 2  # the look, and the copier's own
        assert not [heard for heard in one.door.heard if "files" in heard.path]


def test_a_list_whose_next_page_is_the_first() -> None:
    """Read once more and known for the same: two requests."""
    with facing() as one:
        one.search([{"id": n, "report_name": "other"} for n in range(5)])
        assert one.asked == 2


def test_a_list_that_never_ends() -> None:
    """Its budget of pages a tick, and the next tick goes on where this one stopped."""
    with facing() as one:
        row = one.search(*([{"id": n, "report_name": "other"}] for n in range(100)))
        assert (one.asked, row.page, row.state) == (PAGES, PAGES, Work.ASKING)


def test_a_report_of_another_stack_under_a_tag_like_ours() -> None:
    """Not adopted: the tag is compared whole, not by how it begins."""
    with facing() as one:
        one.ask("", status=500)
        tag = one.row.tag or ""
        one.clock.turn(minutes=30)
        names = (f"{tag}x", tag[:-1], f" {tag}", tag.upper(), [tag], {tag: 1}, f"cdr1.ffffffff{tag[13:]}")
        row = one.ask([{"id": n + 1, "report_name": name} for n, name in enumerate(names)], [])
        assert (row.report_id, row.state) == (None, Work.ASKING)


def test_a_callback_address_that_only_holds_our_tag() -> None:
    """In the query, in a longer segment or in the host it is no proof that the report is ours."""
    with facing("flowroute") as one:
        one.ask("", status=500)
        tag = one.row.tag
        one.clock.turn(minutes=30)
        urls = (f"https://us.example/x?{tag}", f"https://us.example/{tag}x/y", f"https://{tag}.example/", [tag])
        rows = [{"id": str(n), "attributes": {"callback_url": url}} for n, url in enumerate(urls)]
        row = one.ask({"data": rows}, {"data": []})
        assert (row.report_id, row.state) == (None, Work.ASKING)


def test_keys_that_stand_twice_in_an_object() -> None:
    """The last one counts, as in every reader of Python's: one id, and one row."""
    with facing() as one:
        row = one.ask('{"id": "../x", "id": 7, "status": 2, "status": 1}')
        assert (row.report_id, row.state, one.asked) == ("7", Work.ASKED, 1)


def test_a_date_before_or_after_all_dates() -> None:
    """A report whose request lies there is nobody's, and the search ends well."""
    whens = ("0000-01-01T00:00:00Z", "10000-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", 9**400, [2026])
    with facing("flowroute") as one:
        rows = [{"id": "7", "attributes": {"requested_at": when}} for when in whens]
        row = one.search({"data": rows}, {"data": []})
        assert (row.report_id, row.state, one.asked) == (None, Work.ASKING, 2)


def test_an_answer_in_another_coding() -> None:
    """What the JSON reader knows by its first bytes is read, and what it does not is not understood."""
    with facing() as one:
        one.ask({"id": 7, "status": 1})
        for coding in ("utf-8-sig", "utf-16", "utf-32", "cp037"):
            row = one.look(json.dumps({"id": 7, "status": 1}).encode(coding))
            assert (row.report_id, row.state, one.asked) == ("7", Work.ASKED, 1), coding


def test_bytes_that_are_no_text() -> None:
    """Not understood, and not stored: the report is looked at again."""
    with facing() as one:
        one.ask({"id": 7, "status": 1})
        for body in (b'{"id": 7\x00}', b"\x00" * 1000, b'{"id": "7\\u0000"}', b"\xff\xfe\x00\x00", b'{"id":"\\ud800"}'):
            row = one.look(body)
            assert (row.report_id, row.state, one.asked) == ("7", Work.ASKED, 1), body


def test_a_rest_of_three_centuries() -> None:
    """A vendor that says to come back in 10^10 seconds is asked again after an hour."""
    with facing() as one:
        one.ask("", status=429, Retry_After="9999999999")
        head = one.at.ledger.head("main")
        until = [when for when in (head.next_try, head.slow_until) if when]
        assert until
        assert all((when - one.clock()).total_seconds() <= 3600 for when in until)
