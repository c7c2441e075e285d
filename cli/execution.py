"""One query at Athena from its start to its end: watched, stopped once nobody waits for it, and told in words."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Self

import click
from botocore.exceptions import BotoCoreError, ClientError
from rich.filesize import decimal as size

from cli.price import dollars, price
from cli.stack import Stack
from cli.tables import clean
from cli.wrong import Wrong
from lambdas.core.veil import veil

FIRST, LONGEST, GROWTH = 0.1, 2.0, 1.5  # seconds between two looks, and how the pause grows
SUCCEEDED, FAILED, CANCELLED = "SUCCEEDED", "FAILED", "CANCELLED"
# How Athena words the end of a query that the workgroup's limit stopped; its state is CANCELLED.
LIMIT = "bytes scanned limit was exceeded"


class Late(Wrong):
    """Patience is over before the query is; it was stopped."""


@dataclass(frozen=True)
class Execution:
    """A query as Athena tells of it."""

    id: str
    state: str
    reason: str = ""
    retryable: bool = False
    scanned: int = 0  # bytes, so far
    seconds: float = 0.0
    result: str = ""  # where it lies: s3://BUCKET/KEY

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Self:
        """What GetQueryExecution answers; its figures come only when there are some."""
        status, figures = told["Status"], told.get("Statistics", {})
        return cls(
            id=told["QueryExecutionId"],
            state=status["State"],
            reason=status.get("StateChangeReason", ""),
            retryable=status.get("AthenaError", {}).get("Retryable", False),
            scanned=figures.get("DataScannedInBytes", 0),
            seconds=figures.get("TotalExecutionTimeInMillis", 0) / 1000,
            result=told.get("ResultConfiguration", {}).get("OutputLocation", ""),
        )

    @property
    def over(self) -> bool:
        """Whether nothing more will become of it."""
        return self.state in (SUCCEEDED, FAILED, CANCELLED)

    @property
    def billed(self) -> str:
        """`12.3 MB scanned, $0.00007`."""
        return f"{size(self.scanned)} scanned, {dollars(price(self.scanned))}"


class Athena:
    """A stack's workgroup; the clock and the pauses are handed in."""

    def __init__(
        self, stack: Stack, *, clock: Callable[[], float] = time.monotonic, pause: Callable[[float], None] = time.sleep
    ) -> None:
        if not {"Workgroup", "Database"} <= stack.outputs.keys():
            raise Wrong("the stack tells no workgroup and no database: deploy it again")
        self.client: Any = stack.place.client("athena")
        self._group, self.database = stack.outputs["Workgroup"], stack.outputs["Database"]
        self._clock, self._pause = clock, pause

    def run(self, sql: str, patience: float, tell: Callable[[str], None] = lambda _: None) -> Execution:
        """The query, ended well; `tell` hears how it goes. Raises Wrong, and leaves no query running."""
        query = self._start(sql)
        with self._stopping(query):
            done = self._watch(query, patience, tell)
            if not done.over:
                raise Late(f"no answer within {patience:g} s: --patience waits longer, --from and --to ask for less")
        if done.state != SUCCEEDED:
            raise Wrong(self._why(done))
        return done

    def _start(self, sql: str) -> str:
        where = {"WorkGroup": self._group, "QueryExecutionContext": {"Database": self.database}}
        try:
            return str(self.client.start_query_execution(QueryString=sql, **where)["QueryExecutionId"])
        except self.client.exceptions.InvalidRequestException as error:
            raise Wrong(f"Athena does not take it: {words(error.response['Error'].get('Message', ''))}") from None

    def _watch(self, query: str, patience: float, tell: Callable[[str], None]) -> Execution:
        """Looks until it is over, or patience is."""
        began, pause = self._clock(), FIRST
        while True:
            seen, spent = self._look(query), self._clock() - began
            if seen.over or spent >= patience:
                return seen
            tell(f"{seen.state.lower()}, {spent:.0f} s, {size(seen.scanned)} scanned so far")
            self._pause(min(pause, patience - spent))
            pause = min(pause * GROWTH, LONGEST)

    def _look(self, query: str) -> Execution:
        return Execution.read(self.client.get_query_execution(QueryExecutionId=query)["QueryExecution"])

    @contextmanager
    def _stopping(self, query: str) -> Iterator[None]:
        """Whatever ends the waiting ends the query too: nobody would read its answer, and it costs."""
        try:
            yield
        except BaseException:
            with suppress(BotoCoreError, ClientError):  # what ended the waiting must not be hidden
                self.client.stop_query_execution(QueryExecutionId=query)
                click.echo(f"stopped at Athena: {self._look(query).billed}", err=True)
            raise

    def _why(self, done: Execution) -> str:
        """Why there is no answer, and what to do."""
        reason = words(done.reason) or "it gives no reason"
        if LIMIT in done.reason.lower():
            return (
                f"Athena stopped the query: {done.billed}, and {self._limit()}. Ask for fewer days (--from, --to), "
                "filter on dt, or deploy with -c scan_limit_gb=N"
            )
        if done.state == CANCELLED:
            return f"somebody stopped the query at Athena ({reason}): {done.billed}"
        again = "; Athena says that it may work when tried again" if done.retryable else ""
        return f"Athena could not answer: {reason}{again}"

    def _limit(self) -> str:
        try:
            group = self.client.get_work_group(WorkGroup=self._group)["WorkGroup"]
            most = group["Configuration"]["BytesScannedCutoffPerQuery"]
        except (BotoCoreError, ClientError, KeyError):
            return f"the workgroup {self._group} allows less (how much, it does not tell)"
        return f"the workgroup {self._group} allows {size(most)} a query"


def words(text: str) -> str:
    """What Athena says, as it may be printed: it quotes values."""
    return clean(veil(" ".join(text.split())))
