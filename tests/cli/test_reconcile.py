"""`cdr reconcile` holds a month against its invoice, and says what may explain a difference."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import Result

from cli.stack import Place
from lambdas.core.rows import Row, Span, Work
from lambdas.core.windows import DAY, Window
from tests.cli.athena import Fake
from tests.cli.deployed import COPY, Deployed, deployed

MONTH = datetime(2026, 10, 1, tzinfo=UTC)
KINDS = [(name, "varchar") for name in ("day", "currency", "legs", "billed_s", "cost", "unpriced")]
TEXT = """
[[export]]
name = "main"
vendor = "didww"
start = 2026-10-01
reexport = []
options = { export_type = "cdr_in" }
"""


@pytest.fixture
def fake() -> Fake:
    """A dollar a day."""
    rows: list[list[str | None]] = [
        [f"2026-10-{day:02}", "USD", "10", "600", "1.00000000", "0"] for day in range(1, 32)
    ]
    return Fake(kinds=KINDS, rows=rows)


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake: Fake) -> Iterator[Deployed]:
    """A month, copied for good, with the vendor's own totals."""
    with deployed(tmp_path, monkeypatch) as one:
        one.text = TEXT
        one.formation.outputs |= {"Workgroup": "cdr-dev", "Database": "cdr_dev"}
        genuine = Place.client
        monkeypatch.setattr(
            Place, "client", lambda self, name: fake.client() if name == "athena" else genuine(self, name)
        )
        held = one.ledger.take("main", "test", MONTH, MONTH + DAY)
        assert held is not None
        one.ledger.save(held, born=MONTH, spans={"inbound": Span(MONTH, MONTH + 31 * DAY, 86_400)})
        copy = replace(COPY, totals={"vendor_cost": "1.00"})
        one.ledger.add(
            Row("main", Window(MONTH + day * DAY, 86_400, "inbound"), Work.DONE, published=copy) for day in range(31)
        )
        yield one


def run(stack: Deployed, *words: str) -> Result:
    return stack.cdr("reconcile", "--month", "2026-10", *words)


def test_an_invoice_that_agrees_is_status_0(stack: Deployed, fake: Fake) -> None:
    """Within a cent or a tenth of a percent; the query's price is told, the days asked about are the month's."""
    done = run(stack, "--invoice", "31.03", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["agrees"] and told["explain"] == [] and len(told["days"]) == 31
    assert told["sum"] == {
        "day": "2026-10-01", "calls": 310, "billed_s": 18600, "unpriced": 0, "cost": "31.00000000",
        "vendor_cost": "31.00", "invoice": "31.03", "difference": "0.03000000",
    }  # fmt: skip
    sql = fake.told("StartQueryExecution")["QueryString"]
    assert "DATE '2026-10-01'" in sql and "DATE '2026-10-31'" in sql and "$" in done.stderr


def test_a_difference_is_told_in_money_and_percent(stack: Deployed) -> None:
    """Status 1; with a wider tolerance it is none."""
    done = run(stack, "--invoice", "32")
    assert done.exit_code == 1
    assert "the invoice of 32 is 1 more than the calls' cost, 3.125% of it" in done.output
    assert run(stack, "--invoice", "32", "--tolerance", "4").exit_code == 0


def test_an_invoice_by_day_shows_the_day_that_differs(stack: Deployed) -> None:
    """With a header or without; the sum of its days is the invoice, unless one is given."""
    file = stack.folder / "days.csv"
    days = [f"2026-10-{day:02},{'1.5' if day == 7 else '1'}" for day in range(1, 32)]
    file.write_text("\n".join(["date,amount", *days]))
    done = run(stack, "--days", str(file), "--json")
    assert done.exit_code == 1
    differing = [one for one in json.loads(done.stdout)["days"] if Decimal(one["difference"])]
    assert [(one["day"], Decimal(one["difference"])) for one in differing] == [("2026-10-07", Decimal("0.5"))]
    file.write_text("2026-09-30,1\n")
    told = run(stack, "--days", str(file))
    assert told.exit_code == 2 and "line 1: a day of 2026-10" in told.stderr


def test_what_is_missing_is_status_1_though_the_sum_agrees(stack: Deployed, fake: Fake) -> None:
    """And told with its reason, as is whatever else may explain a difference."""
    rows = {row.window.start.day: row for row in stack.ledger.between("main", "inbound", MONTH, MONTH + 31 * DAY)}

    def become(day: int, **changes: object) -> None:
        stack.ledger.apply(rows[day], replace(rows[day], version=1, **changes))  # type: ignore[arg-type] # any field

    become(3, state=Work.LOST, published=None, reason="the vendor can no longer give it")
    become(4, state=Work.QUARANTINED)
    become(5, due_at=MONTH + 40 * DAY)
    become(6, published=replace(COPY, act="import"))
    fake.rows[9][5] = "2"
    done = run(stack, "--invoice", "31")
    assert done.exit_code == 1
    assert [line for line in done.output.splitlines() if line.startswith("may explain it")] == [
        "may explain it: main: inbound lost from 2026-10-03 to 2026-10-04: the vendor can no longer give it",
        "may explain it: main: 2 windows are provisional: copied before their last re-export",
        "may explain it: main: 1 windows have a newer file in quarantine: `cdr release` or `cdr retry`",
        "may explain it: main: 1 windows were released or imported by an operator",
        "may explain it: 2 calls are not priced yet",
    ]


def test_several_currencies_are_never_added(stack: Deployed, fake: Fake) -> None:
    """One is said, or it is refused."""
    fake.rows.append(["2026-10-07", "EUR", "1", "60", "5.00000000", "0"])
    told = run(stack, "--invoice", "31")
    assert told.exit_code == 2 and "the calls are in EUR, USD: say by --currency" in told.stderr
    fake.looks = ["SUCCEEDED"]
    assert run(stack, "--invoice", "31", "--currency", "USD").exit_code == 0


def test_a_month_in_another_zone_is_asked_in_it(stack: Deployed, fake: Fake) -> None:
    """And what is missing is looked for between its own midnights."""
    stack.text = TEXT.replace("2026-10-01", "2026-10-02")
    done = run(stack, "--invoice", "31", "--timezone", "Europe/Berlin")
    assert done.exit_code == 1 and "begins with 2026-10-02, and has nothing before" in done.output
    assert "AT TIME ZONE 'Europe/Berlin'" in fake.told("StartQueryExecution")["QueryString"]


@pytest.mark.parametrize("words", [(), ("--invoice", "1,000"), ("--month", "2026-13", "--invoice", "1")])
def test_what_is_no_invoice_is_usage(stack: Deployed, words: tuple[str, ...]) -> None:
    """Nothing is asked and billed."""
    assert run(stack, *words).exit_code == 2
