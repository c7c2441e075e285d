"""An operator's desk beside a world of the handlers: its ledger and lake, and the commands on them."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli import acting
from cli.commands import main
from cli.stack import Place
from lambdas import VERSION
from lambdas.core.rows import Row
from tests.cli.deployed import Formation
from tests.world import REGION, World

ARN = "arn:aws:sts::123456789012:user/moto"


@dataclass
class Bell:
    """Stands for Lambda: who was rung, and what the functions are told."""

    rung: list[str] = field(default_factory=list)
    told: dict[str, str] = field(default_factory=dict)
    meta: Any = None

    def get_function_configuration(self, FunctionName: str) -> dict[str, Any]:  # noqa: N803 # boto3's own name
        assert FunctionName == "copier"
        return {"Environment": {"Variables": self.told}}

    def invoke(self, FunctionName: str, InvocationType: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803 # boto3's own names
        assert (FunctionName, InvocationType) == ("requester", "Event")
        self.rung.append(json.loads(Payload)["export"])
        return {"StatusCode": 202}


@dataclass
class Office:
    """The commands on a world; its clock is theirs."""

    at: World
    text: str
    folder: Path
    bell: Bell = field(default_factory=Bell)

    def open(self, patch: pytest.MonkeyPatch) -> "Office":
        """Nothing leaves this process."""
        outputs = {"Table": "ledger", "Bucket": "lake", "Requester": "requester", "Copier": "copier"}
        self.bell.told |= {"CDR_EXPORTS": self.at.exports.digest, "CDR_VERSION": VERSION}
        peers = {
            "cloudformation": Formation(outputs, SimpleNamespace(region_name=REGION)),
            "lambda": self.bell,
        }
        genuine = Place.client
        patch.setattr(Place, "client", lambda place, name: peers.get(name) or genuine(place, name))
        patch.setattr(acting, "clock", self.at.clock)
        return self

    def run(self, *words: str) -> Result:
        """A command with these words."""
        file = self.folder / "exports.toml"
        file.write_text(self.text)
        return CliRunner().invoke(main, [*words, "--exports", str(file)])

    def only(self, export: str) -> Row:
        """The only row of an export."""
        (row,) = self.at.rows(export)
        return row
