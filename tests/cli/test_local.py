"""The same command on the local cloud, found as `python -m local up` tells it: by the variables alone."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.ledger import EXPORT, SK
from lambdas.aws.ledger import Ledger
from lambdas.core.rows import Row, Span, Work
from lambdas.core.windows import DAY, Window
from local.cloud import cloud
from tests.cli.deployed import COPY, START, TEXT, UNTIL

TEMPLATE = {
    "Resources": {
        "Bucket": {"Type": "AWS::S3::Bucket"},
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "BillingMode": "PAY_PER_REQUEST",
                "KeySchema": [
                    {"AttributeName": EXPORT.name, "KeyType": "HASH"},
                    {"AttributeName": SK.name, "KeyType": "RANGE"},
                ],
                "AttributeDefinitions": [{"AttributeName": one.name, "AttributeType": "S"} for one in (EXPORT, SK)],
            },
        },
    },
    "Outputs": {name: {"Value": {"Ref": name}} for name in ("Table", "Bucket")},
}


@pytest.mark.cloud
def test_the_local_cloud_is_read_like_any_other(tmp_path: Path) -> None:
    """A stack's outputs, its ledger and its lake, over https with the cloud's own certificate."""
    (tmp_path / "exports.toml").write_text(TEXT)
    with cloud(tmp_path) as up:
        formation: Any = up.client("cloudformation")
        formation.create_stack(StackName="cdr-dev", TemplateBody=json.dumps(TEMPLATE))
        formation.get_waiter("stack_create_complete").wait(StackName="cdr-dev", WaiterConfig={"Delay": 1})
        told = formation.describe_stacks(StackName="cdr-dev")["Stacks"][0]["Outputs"]
        table = {one["OutputKey"]: one["OutputValue"] for one in told}["Table"]
        ledger = Ledger(up.client("dynamodb"), table)
        head = ledger.take("main", "test", UNTIL, UNTIL + DAY)
        assert head
        ledger.save(head, born=START, spans={"inbound": Span(START, START + 3 * DAY, 86_400)})
        ledger.add(
            Row("main", Window(START + day * DAY, 86_400, "inbound"), Work.DONE, published=COPY) for day in range(2)
        )
        mine = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        done = subprocess.run(
            [Path(sys.executable).with_name("cdr"), "coverage", "--until", "2026-11-20", "--json"],
            cwd=tmp_path, env={**mine, **up.environment()}, capture_output=True, text=True,
        )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert done.stderr == ""
    (export,) = json.loads(done.stdout)["exports"]
    assert [(one["state"], one["seconds"]) for one in export["stretches"]] == [
        ("final", 172_800), ("gap", 86_400), ("open", 86_400),
    ]  # fmt: skip
