"""An Athena for the commands: boto3's own client, its requests checked by boto3, its answers by the service's model."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import boto3
from botocore.validate import ParamValidator

from tests.world import REGION

Table = list[list[str | None]]
KINDS = [("who", "varchar"), ("calls", "bigint"), ("cost", "decimal")]


def text(rows: Table) -> str:
    """An object of results as Athena writes it: every value in quotes, a null as nothing."""
    quoted = [["" if one is None else '"' + one.replace('"', '""') + '"' for one in row] for row in rows]
    return "".join(",".join(row) + "\n" for row in quoted)


@dataclass
class Fake:
    """What one query will come to, look by look, and what was asked of Athena meanwhile."""

    looks: list[str] = field(default_factory=lambda: ["QUEUED", "RUNNING", "SUCCEEDED"])
    kinds: list[tuple[str, str]] = field(default_factory=lambda: list(KINDS))
    rows: Table = field(default_factory=lambda: [["Anna", "7", "0.25000000"], [None, "1", None]])
    reason: str | None = None
    retryable: bool = False
    scanned: int = 12_345_678
    limit: int | None = 10**11
    page: int = 1000  # rows at once, at most: fewer than it is asked for are allowed
    refuses: dict[str, tuple[str, str]] = field(default_factory=dict)  # by operation: code, message
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    on_look: Callable[[], None] = lambda: None

    def client(self) -> Any:
        """A client that reaches nobody but this."""
        made = boto3.client("athena", REGION)
        answer: Any = self._answer  # the stubs know only listeners that answer nothing
        made.meta.events.register("before-call.athena", answer)
        return made

    @property
    def calls(self) -> list[str]:
        """The operations, each once, in their order."""
        return list(dict.fromkeys(name for name, _ in self.asked))

    def told(self, operation: str) -> dict[str, Any]:
        """What the first such call asked for."""
        return next(what for name, what in self.asked if name == operation)

    def put(self) -> None:
        """The result where Athena says it is."""
        s3 = boto3.client("s3", REGION)
        s3.create_bucket(Bucket="results")
        s3.put_object(Bucket="results", Key="q-1.csv", Body=text([[name for name, _ in self.kinds], *self.rows]))

    def _answer(self, model: Any, params: dict[str, Any], **_: Any) -> tuple[Any, dict[str, Any]]:
        name, asked = model.name, json.loads(params["body"])
        self.asked.append((name, asked))
        if name in self.refuses:
            code, message = self.refuses[name]
            refused = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": 400}}
            return SimpleNamespace(status_code=400), refused
        answer = getattr(self, f"_{name}")(asked)
        if model.output_shape.members:
            assert not ParamValidator().validate(answer, model.output_shape).has_errors()
        return SimpleNamespace(status_code=200), {**answer, "ResponseMetadata": {"HTTPStatusCode": 200}}

    def _StartQueryExecution(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 # the API's name
        return {"QueryExecutionId": "q-1"}

    def _GetQueryExecution(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 # the API's name
        self.on_look()
        state = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        status: dict[str, Any] = {"State": state}
        if self.reason:
            status |= {"StateChangeReason": self.reason, "AthenaError": {"Retryable": self.retryable}}
        figures = {} if state == "QUEUED" else {"DataScannedInBytes": self.scanned, "TotalExecutionTimeInMillis": 3210}
        where = {"OutputLocation": "s3://results/q-1.csv"}
        told = {"QueryExecutionId": asked["QueryExecutionId"], "Status": status, "ResultConfiguration": where}
        return {"QueryExecution": told | ({"Statistics": figures} if figures else {})}

    def _StopQueryExecution(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 # the API's name
        self.looks, self.on_look = ["CANCELLED"], lambda: None
        return {}

    def _GetWorkGroup(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 # the API's name
        limit = {"BytesScannedCutoffPerQuery": self.limit} if self.limit else {}
        return {"WorkGroup": {"Name": asked["WorkGroup"], "Configuration": limit}}

    def _GetQueryResults(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 # the API's name
        whole: Table = [[name for name, _ in self.kinds], *self.rows]
        start = int(asked.get("NextToken", 0))
        end = start + min(asked["MaxResults"], self.page)
        rows = [{"Data": [_datum(cell) for cell in row]} for row in whole[start:end]]
        answer = {"ResultSet": {"Rows": rows, "ResultSetMetadata": {"ColumnInfo": list(self._columns())}}}
        return answer | ({"NextToken": str(end)} if end < len(whole) else {})

    def _columns(self) -> Iterator[dict[str, Any]]:
        for name, kind in self.kinds:
            exact = {"Precision": 38, "Scale": 8} if kind == "decimal" else {}
            yield {"Name": name, "Label": name, "Type": kind, **exact}


def _datum(cell: str | None) -> dict[str, str]:
    return {} if cell is None else {"VarCharValue": cell}
