"""The table."""

from tests.infra.template import Template


def test_the_ledger_is_found_by_export_and_by_when_it_is_due(made: Template) -> None:
    """The indexes are sparse: rows with a future have `due_at`, those without a copy `opened`, those aside `aside`."""
    table = made.one("DynamoDB::Table")
    assert table["KeySchema"] == [
        {"AttributeName": "export", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ]
    assert table["GlobalSecondaryIndexes"] == [
        {
            "IndexName": name,
            "KeySchema": [
                {"AttributeName": "export", "KeyType": "HASH"},
                {"AttributeName": by, "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": projected},
        }
        for name, by, projected in (
            ("due", "due_at", "ALL"),
            ("open", "opened", "KEYS_ONLY"),
            ("aside", "aside", "KEYS_ONLY"),
        )
    ]
    types = {one["AttributeName"]: one["AttributeType"] for one in table["AttributeDefinitions"]}
    assert types == {"export": "S", "sk": "S", "due_at": "N", "opened": "N", "aside": "S"}
    assert table["BillingMode"] == "PAY_PER_REQUEST"


def test_the_ledger_can_be_restored_and_nothing_in_it_expires(made: Template) -> None:
    """Coverage is computed from all windows, for ever."""
    table = made.one("DynamoDB::Table")
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert "TimeToLiveSpecification" not in table


def test_the_ledger_is_not_deleted_by_mistake(made: Template, local: Template) -> None:
    """But the local cloud's may go."""
    assert made.one("DynamoDB::Table")["DeletionProtectionEnabled"] is True
    assert local.one("DynamoDB::Table")["DeletionProtectionEnabled"] is False
