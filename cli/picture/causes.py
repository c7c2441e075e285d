"""Why calls fail: from the rows of `failures`, by what the vendor calls the cause."""

from collections.abc import Iterator

from cli.picture import charts
from cli.picture.charts import Chart, Series, Unit
from cli.picture.facts import Row, Rows, count
from cli.picture.scope import Scope
from lambdas.core.veil import NUMBER

CAUSES = 12
NOTE = "Calls that were not answered, by the vendor's own word for it and the SIP code."


def failures(scope: Scope, rows: Rows) -> Iterator[Chart]:
    """The causes of most calls, by export; nothing where no call failed."""
    by_cause: dict[str, dict[str, int]] = {}
    for row in rows:
        name, of = row["export"] or "", by_cause.setdefault(cause(row), {})
        of[name] = of.get(name, 0) + count(row, "calls")
    order = sorted(by_cause, key=lambda one: (-sum(by_cause[one].values()), one))
    names = scope.order(name for one in by_cause.values() for name in one)
    found = [Series(scope.title(name), [by_cause[one].get(name) for one in order], scope.place(name)) for name in names]
    more = (f"The first {CAUSES} of {len(order)}; the table has all.",) if len(order) > CAUSES else ()
    if order:
        yield charts.ranked("failures", "Calls that failed, by cause", "cause", order, found, Unit("calls"),
                            stacked=True, most=CAUSES, long=True, notes=(NOTE, *more))  # fmt: skip


def cause(row: Row) -> str:
    """The vendor's word, else what it came to; with the codes that it gives, and no number that it might quote."""
    word = NUMBER.sub("[number]", row["hangup_cause"] or row["result"] or "unknown")
    codes = {"Q.850": row["q850_cause"], "SIP": row["sip_code"]}
    return ", ".join([word, *(f"{name} {code}" for name, code in codes.items() if code and code != word)])
