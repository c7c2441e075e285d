"""The ledger's table: the few calls of DynamoDB that rows and heads are read and written with."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lambdas.aws import items
from lambdas.core.rows import Row

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class Table:
    """One table, seen through typed items."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client, self._table = client, table

    def _read(self, export: str, sk: str) -> dict[str, Any] | None:
        answer = self._client.get_item(TableName=self._table, Key=items.key(export, sk), ConsistentRead=True)
        return answer.get("Item")

    def _query(self, *, names: dict[str, str], values: dict[str, Any], **how: Any) -> Iterator[dict[str, Any]]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table, ExpressionAttributeNames=names, ExpressionAttributeValues=values, **how
        )
        for page in pages:
            yield from page["Items"]

    def _write(
        self, export: str, sk: str, text: str, condition: str, names: dict[str, str], values: dict[str, Any]
    ) -> dict[str, Any]:
        how: dict[str, Any] = {"ConditionExpression": condition} if condition else {}
        answer = self._client.update_item(
            TableName=self._table,
            Key=items.key(export, sk),
            UpdateExpression=text,
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=values,
            ReturnValues="ALL_NEW",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
            **how,
        )
        return dict(answer["Attributes"])


def update(changed: dict[str, Any]) -> tuple[dict[str, str], dict[str, Any], str]:
    """The names, values and text of an update that sets what is there and removes what is None."""
    kept = {name: value for name, value in changed.items() if value is not None}
    gone = [name for name in changed if name not in kept]
    text = f"SET {', '.join(f'#{name} = :{name}' for name in kept)}" if kept else ""
    text += f" REMOVE {', '.join(f'#{name}' for name in gone)}" if gone else ""
    return {f"#{name}": name for name in changed}, {f":{name}": items.wire(v) for name, v in kept.items()}, text.strip()


def attribute(error: ClientError, name: str) -> str | None:
    """One text of the item that a failed condition tells of."""
    item: Any = error.response.get("Item")
    return item[name]["S"] if item and name in item else None


def winner(error: ClientError) -> Row | None:
    """Who won the race that a failed condition tells of; any other error goes on its way."""
    if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
        raise error
    item: Any = error.response.get("Item")
    return items.row(item) if item and item["sk"]["S"] != items.HEAD else None
