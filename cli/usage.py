"""How much a stack used in a month: what CloudWatch counted, what the receipts tell, what Athena remembers."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from cli.bill import GB, Item
from cli.copies import Copies
from cli.stack import FUNCTIONS, THREADS, Stack
from lambdas.core import keys
from lambdas.core.windows import DAY

REMEMBERS = timedelta(days=45)  # Athena's history of queries
FLOOR = 10 * 10**6  # bytes that the smallest query is charged for
STORED = {"standard": "StandardStorage", "infrequent": "StandardIAStorage", "instant": "GlacierInstantRetrievalStorage"}
INDEXES = ("due", "open", "aside")
SILENT = "CloudWatch has no figure of it in that month"
Figure = float | None
T = TypeVar("T")


@dataclass
class Usage:
    """One stack from `start` to `end`; what cannot be read is None, and why stands in `untold`."""

    stack: Stack
    start: datetime
    end: datetime
    now: datetime
    tell: Callable[[str], None] = lambda _: None
    untold: dict[str, str] = field(default_factory=dict)

    def items(self) -> Iterator[Item]:
        """Every line of the bill."""
        copies = self.copies
        yield from self._computing()
        moved, puts = (float(copies.transitions), float(copies.puts)) if copies else (None, None)
        yield Item("Step Functions", "transition", moved, "of reports that came to a receipt")
        yield Item("S3 PUTs of copies", "put", puts, "the proofs of coverage are not in it")
        yield from self._stored()
        yield from self._table()
        told = {"ScheduleGroup": self.stack.outputs["Schedules"]}
        ticks = self._told("ticks", lambda: self._counted("AWS/Scheduler", "InvocationAttemptCount", told))
        yield Item("ticks", "tick", ticks)
        yield from self._door()
        yield Item("Athena", "scan", self._asked("Athena", self._scanned), "each query at least 10 MB")
        yield Item("logs", "log", self._told("logs", self._logged))
        yield Item("metrics of our own", "metric", self._asked("metrics", self._metrics))
        yield Item("dashboard", "dashboard", 1.0, "free where it is one of the account's first three")
        yield Item("alarms", "alarm", self._asked("alarms", self._alarms), "one for each metric that is watched")
        yield Item("secrets", "secret", self._secrets(), "with the callback's, and that of pseudonyms")

    @cached_property
    def copies(self) -> Copies | None:
        """All receipts of the month, read from the lake."""
        return self._asked("receipts", self._copies)

    def _computing(self) -> Iterator[Item]:
        """The four functions together. The requester is called by its schedules: where it has figures, who has none ran
        not at all, such as the callback of a vendor that calls nobody back."""
        invocations = self._told("Lambda, requests", lambda: self._together(self._of_functions("Invocations")))
        yield Item("Lambda, requests", "lambda", invocations)
        yield Item("Lambda, time", "gb_s", self._told("Lambda, time", self._seconds))

    def _of_functions(self, name: str) -> Iterator[Figure]:
        for one in FUNCTIONS:
            yield self._counted("AWS/Lambda", name, {"FunctionName": self.stack.outputs[one]})

    def _seconds(self) -> Figure:
        """Times the memory, in GB; CloudWatch counts milliseconds."""
        ran = zip(FUNCTIONS, list(self._of_functions("Duration")), strict=True)
        return self._together(None if ms is None else ms / 1000 * self._memory(one) / 1024 for one, ms in ran)

    def _memory(self, function: str) -> float:
        return float(self.stack.configuration(function)["MemorySize"])

    def _table(self) -> Iterator[Item]:
        table = {"TableName": self.stack.outputs["Table"]}
        of = [table, *({**table, "GlobalSecondaryIndexName": one} for one in INDEXES)]
        for charge, name in (("write", "ConsumedWriteCapacityUnits"), ("read", "ConsumedReadCapacityUnits")):
            what = f"DynamoDB, {charge}s"
            yield Item(what, charge, self._told(what, partial(self._all, name, of)))
        yield Item("DynamoDB, stored", "table", self._asked("DynamoDB, stored", self._size))
        yield Item("DynamoDB, recovery", "restore", self._asked("DynamoDB, recovery", self._restorable))

    def _all(self, name: str, of: Iterable[Mapping[str, str]]) -> Figure:
        return self._together(self._counted("AWS/DynamoDB", name, one) for one in of)

    def _door(self) -> Iterator[Item]:
        """Without a figure nobody called back, where the requester has one."""
        if url := self.stack.outputs.get("Api"):
            api = url.rstrip("/").rpartition("/")[2].partition(".")[0]
            called = self._told("callbacks", lambda: self._called(api))
            yield Item("callbacks", "callback", called)

    def _called(self, api: str) -> Figure:
        if (found := self._counted("AWS/ApiGateway", "Count", {"ApiId": api})) is not None:
            return found
        requester = {"FunctionName": self.stack.outputs["Requester"]}
        return None if self._counted("AWS/Lambda", "Invocations", requester) is None else 0.0

    @staticmethod
    def _together(figures: Iterable[Figure]) -> Figure:
        """The sum; what never happened has no figure, but the first always has one, unless nothing was counted."""
        first, *rest = figures
        return None if first is None else first + sum(one or 0.0 for one in rest)

    def _counted(self, space: str, name: str, dimensions: Mapping[str, str], statistic: str = "Sum") -> Figure:
        """A month of a metric; None where CloudWatch has no figure, which may be a 0, or a metric that is over."""
        told = self.stack.place.client("cloudwatch").get_metric_statistics(
            Namespace=space, MetricName=name, StartTime=self.start, EndTime=self.end, Period=86_400,
            Statistics=[statistic], Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        )  # fmt: skip
        points = [float(one[statistic]) for one in told["Datapoints"]]
        if not points:
            return None
        return sum(points) if statistic == "Sum" else sum(points) / len(points)

    def _stored(self) -> Iterator[Item]:
        """GB, on average; S3 tells each class that has something once a day: a colder one has nothing at first."""
        standard: Figure = None
        for charge, kind in STORED.items():
            what = f"S3, {kind}"
            found = self._told(what, partial(self._held, kind, None if standard is None else 0.0))
            standard = found if charge == "standard" else standard
            yield Item(what, charge, found)

    def _held(self, kind: str, least: Figure) -> Figure:
        where = {"BucketName": self.stack.outputs["Bucket"], "StorageType": kind}
        found = self._counted("AWS/S3", "BucketSizeBytes", where, "Average")
        return least if found is None else found / GB

    def _size(self) -> float:
        """With its indexes, which are stored beside it."""
        told = self._described()
        beside = told.get("GlobalSecondaryIndexes", [])
        return float(told["TableSizeBytes"] + sum(one.get("IndexSizeBytes", 0) for one in beside)) / GB

    def _restorable(self) -> float:
        """Of the table alone; nothing where its owner has switched recovery off."""
        asked = self.stack.place.client("dynamodb").describe_continuous_backups(TableName=self.stack.outputs["Table"])
        told = asked["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
        on = told.get("PointInTimeRecoveryStatus") == "ENABLED"
        return float(self._described()["TableSizeBytes"]) / GB if on else 0.0

    def _described(self) -> dict[str, Any]:
        client = self.stack.place.client("dynamodb")
        told: dict[str, Any] = client.describe_table(TableName=self.stack.outputs["Table"])["Table"]
        return told

    def _secrets(self) -> float:
        ours = "Pseudonym" in self.stack.outputs
        return float(len(json.loads(self.stack.outputs["Secrets"])) + 1 + ours)

    def _copies(self) -> Copies:
        found, s3 = Copies(), self.stack.place.client("s3")
        with ThreadPoolExecutor(THREADS) as pool:
            for receipt in pool.map(lambda key: self._receipt(s3, key), self._receipts(s3)):
                found.add(receipt)
        return found

    def _receipts(self, s3: Any) -> Iterator[str]:
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=self.stack.outputs["Bucket"], Prefix=keys.RECEIPTS)
        for number, page in enumerate(pages, 1):
            self.tell(f"{number * 1000:,} receipts seen")
            for one in page.get("Contents", []):
                if self.start <= one["LastModified"] < self.end:
                    yield one["Key"]

    def _receipt(self, s3: Any, key: str) -> dict[str, Any]:
        told: dict[str, Any] = json.load(s3.get_object(Bucket=self.stack.outputs["Bucket"], Key=key)["Body"])
        return told

    def _scanned(self) -> Figure:
        """TB of the workgroup's queries of the month; older ones Athena has forgotten."""
        if self.now - self.start > REMEMBERS:
            self.untold["Athena"] = f"its history of queries goes back {REMEMBERS.days} days"
            return None
        athena, found = self.stack.place.client("athena"), 0
        pages = athena.get_paginator("list_query_executions").paginate(WorkGroup=self.stack.outputs["Workgroup"])
        for page in pages:
            if ids := page.get("QueryExecutionIds"):
                told = athena.batch_get_query_execution(QueryExecutionIds=ids)["QueryExecutions"]
                found += sum(map(_billed, filter(self._within, told)))
        return found / 10**12

    def _within(self, query: Mapping[str, Any]) -> bool:
        return bool(self.start <= query["Status"]["SubmissionDateTime"].astimezone(UTC) < self.end)

    def _logged(self) -> Figure:
        groups = self.stack.logs().values()
        found = [self._counted("AWS/Logs", "IncomingBytes", {"LogGroupName": one}) for one in groups]
        known = [one for one in found if one is not None]  # a log in which nothing was written tells nothing
        return sum(known) / GB if known else None

    def _metrics(self) -> float:
        """Those that exist; their namespace is the stage's own."""
        space = f"cdr-exporter/{self.stack.place.stage}"
        pages = self.stack.place.client("cloudwatch").get_paginator("list_metrics").paginate(Namespace=space)
        return float(sum(len(page["Metrics"]) for page in pages))

    def _alarms(self) -> float:
        """Each by the metrics that it watches, for so it is charged; another stack's name may begin like ours."""
        topic = self.stack.outputs["Alarms"]
        pages = self.stack.place.client("cloudwatch").get_paginator("describe_alarms").paginate(
            AlarmNamePrefix=f"{self.stack.name}-", AlarmTypes=["MetricAlarm"]
        )  # fmt: skip
        ours = (one for page in pages for one in page["MetricAlarms"] if topic in one.get("AlarmActions", ()))
        return float(sum(map(_watched, ours)))

    def _told(self, what: str, ask: Callable[[], Figure]) -> Figure:
        """The figure; where there is none, that is said."""
        if (found := self._asked(what, ask)) is None:
            self.untold.setdefault(what, SILENT)
        return found

    def _asked(self, what: str, ask: Callable[[], T]) -> T | None:
        """The answer, or None and the reason."""
        try:
            return ask()
        except (BotoCoreError, ClientError, KeyError) as error:
            code = getattr(error, "response", {}).get("Error", {}).get("Code", "")
            self.untold[what] = f"{type(error).__name__} {code}".strip()
            return None


def _watched(alarm: Mapping[str, Any]) -> int:
    """How many metrics an alarm is charged for: those of its expression, or its one."""
    return max(1, sum("MetricStat" in one for one in alarm.get("Metrics", ())))


def _billed(query: Mapping[str, Any]) -> int:
    """Bytes; a query that failed is free."""
    if query["Status"]["State"] == "FAILED":
        return 0
    return max(FLOOR, int(query.get("Statistics", {}).get("DataScannedInBytes", 0)))


def month(first: datetime) -> tuple[datetime, datetime]:
    """From its first instant to that of the next."""
    return first, (first + 31 * DAY).replace(day=1)
