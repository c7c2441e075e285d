"""The main job with marked keys, then each fault: neither a key nor a number was emitted, stored or printed."""

import io
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from lambdas.aws import items
from lambdas.core.rows import Work
from local.cast import Role
from local.demo import Asked, Set, Teller, deployed, picture, rehearse
from local.vendors import Simulator
from local.vendors.didww import Didww
from local.vendors.faults import FAULTS
from local.vendors.flowroute import Flowroute
from local.vendors.telnyx import Telnyx
from tests import marks
from tests.local import combing
from tests.local.sets import Played, authority, clock, written

pytestmark = [pytest.mark.cloud, pytest.mark.timeout(600)]  # one deploy for the whole file

PATIENCE = 60.0  # seconds until every fault has struck
UNTIL = datetime(2026, 11, 20, 6, tzinfo=UTC)
KEYS = {
    "telnyx": {"user": "marked-user-8c1f@example.com", "token": "marked-token-b71e05"},
    "flowroute": {"access_key": "marked-access-1f77", "secret_key": "marked-secret-90ab3c"},
    "didww": {"key": "marked-key-55d2e9"},
}
PLANTED = "+12025550199"


@dataclass(frozen=True)
class Swept:
    """A set that has exported a day, and met every fault; what it printed; where its files are."""

    at: Set
    played: dict[str, Played]
    told: str
    folder: Path
    known: marks.Marks

    def leaks(self, told: str | None = None) -> set[str]:
        """What is found, by place."""
        return set(map(str, combing.leaks(self.at, self.known, self.folder, self.told if told is None else told)))


@contextmanager
def exported(folder: Path) -> Iterator[tuple[Set, dict[str, Played], Asked, Teller, io.StringIO]]:
    """One export of each vendor, deployed with marked keys."""
    common: dict[str, Any] = {"clock": clock(folder), "per_day": 40, "build_s": (0.1, 0.2)}
    fields = {"start": date(2026, 11, 19), "reexport": [], "max_in_flight": 3}
    back: dict[str, Any] = {"ca": authority(folder), "retry_s": 1.0}
    players: dict[str, Simulator] = {
        "telnyx": Telnyx(5, "telnyx", credentials=KEYS["telnyx"], **common),
        "flowroute": Flowroute(5, "flowroute", credentials=KEYS["flowroute"], **back, **common),
        "didww": Didww(5, "didww", credentials=KEYS["didww"], **back, **common),
    }
    options = {"telnyx": {"source": "calls"}, "flowroute": {}, "didww": {"export_type": "cdr_in"}}
    played = {name: Played(one, {**fields, "options": options[name]}) for name, one in players.items()}
    told, file = io.StringIO(), folder / "written.toml"
    with ExitStack() as stack:
        for one in players.values():
            stack.enter_context(one)
        file.write_text(written(played))
        secrets = {f"cdr/dev/{name}": json.dumps(keys) for name, keys in KEYS.items()}
        asked, tell = Asked(file, secrets, UNTIL, folder / "out", 240.0), Teller(Console(file=told, width=200))
        made = stack.enter_context(deployed(asked, folder, tell))
        roles = {name: Role.of(one) for name, one in players.items()}
        yield replace(made, roles=roles), played, asked, tell, told


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Swept]:
    """As `make demo` does it, then each fault that the vendors can play, at the next day's report."""
    folder = tmp_path_factory.mktemp("leaks")
    with exported(folder) as (at, played, asked, tell, told):
        assert rehearse(at, replace(asked, out=None), tell), told.getvalue()
        picture(at, asked, tell.console)
        everything(at, played)
        players = {name: one.simulator for name, one in played.items()}
        yield Swept(at, played, told.getvalue(), folder, combing.marks(at, players))


def everything(at: Set, played: dict[str, Played]) -> None:
    """Each fault once, one at a time, by the vendors in turn: the requester, and whatever it starts, meet it.

    It is weeks later, so that there is a window for each; a tick asks for few, as few may be on their way.
    """
    at.clock.set(UNTIL + timedelta(days=25))
    at.stack.tell("CDR_REHEARSAL", at.clock.setting())
    met, until = set[str](), time.monotonic() + PATIENCE
    while time.monotonic() < until:
        busy = [name for name, one in played.items() if one.simulator.faults.pending or _next(one, met)]
        if not busy:
            break
        for name in busy:
            tick(at, name)


def _next(one: Played, met: set[str]) -> str | None:
    """A fault that nobody was asked for yet and this vendor can play, which it is asked for.

    Not one that strikes a list of several pages: there is none.
    """
    fault = next((fault for fault in one.simulator.faults.played if fault not in (*met, "moving")), None)
    if fault:
        met.add(fault)
        one.simulator.faults.add(fault, seconds=1 if FAULTS[fault].seconds else None)
    return fault


def tick(at: Set, name: str) -> None:
    """The export's tick, now: no rest and no window in its way."""
    table, dynamo = at.stack.outputs["Table"], at.stack.cloud.client("dynamodb")
    rest = "REMOVE next_try, slow_until, blocked"
    dynamo.update_item(TableName=table, Key=items.key(name, items.HEAD), UpdateExpression=rest)
    for row in at.stack.rows():
        if row.export == name and row.state in (Work.ASKING, Work.PLANNED):
            due = {":d": {"N": "0"}}
            where = items.key(name, row.window.sk)
            dynamo.update_item(
                TableName=table, Key=where, UpdateExpression="SET due_at = :d", ExpressionAttributeValues=due
            )
    event = json.dumps({"export": name})
    at.stack.cloud.client("lambda").invoke(FunctionName=at.stack.outputs["Requester"], Payload=event)


def test_nothing_leaks_from_the_whole_of_it(swept: Swept) -> None:
    """Keys, capabilities, links and numbers stand in the data, in the vault and in the requests alone."""
    assert len(swept.known.numbers) > 100
    assert {"a capability", "the secret cdr/dev/telnyx"} <= set(swept.known.words.values())
    assert not swept.leaks()


def test_every_fault_was_met(swept: Swept) -> None:
    """Else nothing would have been said of it."""
    said = " ".join(str(place.said) for place in combing.logs(swept.at.stack))
    left = {plan["fault"] for one in swept.played.values() for plan in one.simulator.faults.pending}
    assert not left
    assert said.count('"level":"WARNING"') > 8
    for word in ("HTTP 401", "HTTP 403", "HTTP 429", "HTTP 500", "a page", "a redirect"):
        assert word in said, word


def test_each_place_is_searched(swept: Swept) -> None:
    """A mark that is planted there is found, and told by its place, not whole."""
    stack, key = swept.at.stack, KEYS["flowroute"]["secret_key"]
    aws, bucket = stack.cloud.client, stack.outputs["Bucket"]
    swept.known.number(PLANTED)
    group = aws("logs").describe_log_groups()["logGroups"][0]["logGroupName"]
    aws("logs").create_log_stream(logGroupName=group, logStreamName="planted")
    event = {"timestamp": int(time.time() * 1000), "message": f"it is {key}"}
    aws("logs").put_log_events(logGroupName=group, logStreamName="planted", logEvents=[event])
    item: Any = {**items.key("planted", "y"), "reason": {"S": f"call {PLANTED}"}}
    aws("dynamodb").put_item(TableName=stack.outputs["Table"], Item=item)
    told = json.dumps({"planted": key, "export": "x"})
    aws("stepfunctions").start_execution(stateMachineArn=stack.outputs["Machine"], name="planted", input=told)
    aws("s3").put_object(Bucket=bucket, Key=f"raw/{PLANTED}", Body=key.encode(), Metadata={"a": key})
    aws("s3").put_object(Bucket=bucket, Key="receipts/planted", Body=f'"{PLANTED}"'.encode(), Tagging=f"a={key}")
    aws("secretsmanager").create_secret(Name="planted", Description=key)
    queue = aws("sqs").create_queue(QueueName="planted")["QueueUrl"]
    aws("sqs").send_message(QueueUrl=queue, MessageBody=key)
    stack.query(f"SELECT '{PLANTED}' AS planted")  # a constant
    stack.tell("PLANTED", key)
    (swept.folder / "out" / "planted.html").write_text(PLANTED)
    (swept.folder / "cdk.out" / "planted.json").write_text(key)
    found = swept.leaks(told=f"see https://host/a?X-Amz-Signature={key}")
    for place in (
        "printed: a signature", f"log {group}", "the ledger, less the request: a phone number", "an execution: ",
        f"a key of {bucket}: a phone number", f"what is told of raw/{PLANTED}"[:12], "receipts/planted: a phone number",
        "what is told of receipts/planted", "a secret's description", "a queue", "a query: a phone number", "Copier",
        "file planted.html: a phone number", "file planted.json",
    ):  # fmt: skip
        assert any(one.startswith(place) for one in found), place
    assert not any(key in one for one in found)
