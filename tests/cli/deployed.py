"""A deployed stack for the commands: moto's ledger and lake, and a CloudFormation that knows one stack."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner, Result
from moto import mock_aws

from cli.commands import main
from cli.stack import Place
from lambdas.aws.ledger import Ledger
from lambdas.core.rows import Published, Row, Span, Work
from lambdas.core.windows import DAY, Window
from tests import world

START = datetime(2026, 11, 16, tzinfo=UTC)
UNTIL = START + 4 * DAY
TEXT = """
[[export]]
name = "main"
vendor = "didww"
start = 2026-11-16
options = { export_type = "cdr_in" }
"""
COPY = Published(0, "d", "k", "e", "r", (), 7, UNTIL)


@dataclass
class Formation:
    """Stands for CloudFormation, which moto has only with packages that nothing else needs."""

    outputs: dict[str, str]
    meta: Any = None

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803 # boto3's own name
        if StackName != "cdr-dev":
            message = f"Stack with id {StackName} does not exist"
            raise ClientError({"Error": {"Code": "ValidationError", "Message": message}}, "DescribeStacks")
        told = [{"OutputKey": name, "OutputValue": value} for name, value in self.outputs.items()]
        return {"Stacks": [{"StackStatus": "ROLLBACK_COMPLETE", "Outputs": told}]}


@dataclass
class Deployed:
    """A stack whose ledger a test fills, and the command on it."""

    folder: Path
    ledger: Ledger
    formation: Formation
    text: str = TEXT

    def plan(self, days: int, export: str = "main", source: str = "inbound", **head: Any) -> None:
        """Say on the head that the first days have rows."""
        held = self.ledger.take(export, "test", UNTIL, UNTIL + DAY)
        assert held is not None
        spans = {source: Span(START, START + days * DAY, 86_400)} if days else {}
        self.ledger.drop(export, self.ledger.save(held, born=START, spans=spans, **head).lease or "")

    def rows(self, *states: Work, export: str = "main", source: str = "inbound", **fields: Any) -> None:
        """A row for each day from the start; one that is done is copied for good."""
        for day, work in enumerate(states):
            window = Window(START + day * DAY, 86_400, source)
            copy = COPY if work is Work.DONE else None
            self.ledger.add([Row(export, window, **{"state": work, "published": copy, "fingerprint": "aa", **fields})])

    def add(self, work: Work, start: datetime, seconds: int = 86_400, **fields: Any) -> None:
        """One row."""
        copy = COPY if work is Work.DONE else None
        row = Row("main", Window(start, seconds, "inbound"), work, published=copy, fingerprint="aa", **fields)
        self.ledger.add([row])

    def cdr(self, *words: str) -> Result:
        """Any command with these words."""
        file = self.folder / "exports.toml"
        file.write_text(self.text)
        return CliRunner().invoke(main, [*words, "--exports", str(file)])

    def run(self, *words: str, until: str = "2026-11-20", **how: Any) -> Result:
        """`cdr coverage` with these words."""
        file = self.folder / "exports.toml"
        file.write_text(self.text)
        said = ["coverage", *words, "--exports", str(file), *(["--until", until] if until else [])]
        return CliRunner().invoke(main, said, **how)


@contextmanager
def deployed(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Deployed]:
    """Nothing leaves this process."""
    with mock_aws():
        ledger = world.ledger()
        world.lake()
        formation = Formation({"Table": "ledger", "Bucket": "lake"}, boto3.client("s3", world.REGION).meta)
        genuine = Place.client
        patch.setattr(
            Place, "client", lambda self, service: formation if service == "cloudformation" else genuine(self, service)
        )
        yield Deployed(folder, ledger, formation)
