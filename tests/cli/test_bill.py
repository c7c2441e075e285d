"""The bill: list prices times what was counted; what nobody can tell stays unknown."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cli.bill import Bill, Item, money, much
from cli.charges import dollars
from cli.copies import Copies
from cli.cost import last
from cli.stack import Place, Stack
from cli.usage import Usage, month

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)

ITEMS = [Item("Step Functions", "transition", 1000.0), Item("logs", "log", None), Item("alarms", "alarm", 3.0)]


def test_the_unknown_is_no_zero() -> None:
    """Neither in the line nor in the sum of parts."""
    bill = Bill("2026-10", ITEMS, 2000)
    assert bill.unknown == ["logs"]
    assert bill.total == pytest.approx(dollars("transition", 1000) + dollars("alarm", 3))
    assert bill.plain()["items"][1]["dollars"] is None
    assert (money(None), much(None)) == ("unknown", "unknown")


def test_per_million_calls_needs_calls() -> None:
    """And is a division, nothing else."""
    assert Bill("2026-10", ITEMS, 2000).per(0.5) == 250.0
    assert Bill("2026-10", ITEMS, 0).per(0.5) is None
    assert Bill("2026-10", ITEMS, None).per(0.5) is None


@pytest.mark.parametrize(
    ("amount", "said"), [(0, "$0.00"), (0.00001, "<$0.0001"), (0.0123, "$0.0123"), (1234.5, "$1,234.50")]
)
def test_money_is_as_exact_as_it_needs_to_be(amount: float, said: str) -> None:
    """And never hides that there is some."""
    assert money(amount) == said


def test_receipts_tell_what_their_copies_took() -> None:
    """Calls are counted at their first copy; a re-export brings the same ones again."""
    copies = Copies()
    objects = {"raw/a": {"requests": 3}, "calls/a": {"requests": 1}}
    copies.add({"revision": 0, "rows": 40, "transitions": 7, "objects": objects, "rejects": "quarantine/x"})
    copies.add({"revision": 1, "rows": 41, "transitions": 9, "checked": True})
    assert copies == Copies(reports=2, calls=40, transitions=16, puts=3 + 1 + 1 + 1 + 1)


class Nobody(Place):
    """Nothing may be read."""

    def client(self, service: str) -> Any:
        return self

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)

        def refuse(*_: Any, **__: Any) -> None:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, name)

        return refuse


def test_what_may_not_be_read_is_unknown_and_said() -> None:
    """All but the number of the secrets, which the stack's outputs tell, and the one dashboard."""
    names = ("Requester", "Poller", "Copier", "Callback", "Table", "Bucket", "Machine", "Workgroup", "Schedules")
    outputs = {**dict.fromkeys(names, "x"), "Secrets": '["a", "b"]'}
    usage = Usage(Stack(Nobody("dev"), outputs, "cdr-dev"), *month(NOW.replace(day=1)), NOW)
    bill = Bill("2026-11", list(usage.items()), None)
    assert {one.what: one.amount for one in bill.items if one.amount is not None} == {"secrets": 3, "dashboard": 1}
    assert "AccessDenied" in usage.untold["receipts"]


def test_the_last_month_is_the_one_that_is_over() -> None:
    """Over a year's end too."""
    assert f"{last(datetime(2026, 1, 1, tzinfo=UTC)):%Y-%m-%d}" == "2025-12-01"
    assert [f"{one:%m-%d}" for one in month(datetime(2026, 2, 1, tzinfo=UTC))] == ["02-01", "03-01"]
