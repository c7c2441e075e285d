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
from lambdas.aws.ledger import Ledger
from lambdas.core.rows import Work
from local.cast import Role
from local.demo import Asked, Set, Teller, deployed, picture, rehearse
from local.vendors import Simulator
from local.vendors.didww import Didww
from local.vendors.faults import FAULTS
from local.vendors.flowroute import Flowroute
from local.vendors.telnyx import Telnyx
from tests import marks
from tests.cli.live import Live
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


def test_no_command_tells_a_key_or_a_number(swept: Swept) -> None:
    """Each command that reads, on the stack that met every fault: all of them work, and none says too much."""
    cdr, until, said = Live(swept.at, swept.folder / "exports.toml"), f"{swept.at.clock.until():%Y-%m-%dT%H:%MZ}", []

    def told(*words: str) -> Any:
        for form in ((), ("--json",)):
            said.append((done := cdr.cdr(*words, *form)).output)
            assert done.exit_code in (0, 1), done.output
        return json.loads(done.stdout)

    status = told("status", "--until", until)
    assert [(one["export"], bool(one["ticked_at"]), one["key"]) for one in status["exports"]] == [
        (name, True, True) for name in KEYS
    ]
    checks = {one["what"]: one["level"] for one in told("doctor", "--probe", "--until", until)["checks"]}
    sound = (
        "stack",
        "version",
        "exports.toml",
        "rights",
        "clock",
        "schedules",
        "names",
        "conditional PUT",
        "view calls",
    )
    assert {what: checks[what] for what in sound} == dict.fromkeys(sound, "ok")
    (window,) = told("show", "telnyx", "2026-11-19", "--until", until)
    assert [one["to"] for one in window["moves"]][:4] == ["asking", "asked", "copying", "done"]
    assert window["receipts"][0]["rows"] == window["published"]["rows"] > 0
    assert window["executions"][0]["status"] == "SUCCEEDED"
    bill = told("cost", "--month", f"{datetime.now(UTC):%Y-%m}")
    assert bill["calls"] >= window["published"]["rows"]
    assert {one["what"]: one["dollars"] for one in bill["items"]}["Lambda, requests"] > 0
    assert told("coverage", "--until", until, "--calendar")["exports"]
    said.append((tail := cdr.cdr("tail", "--once", "--since", "1h", "--level", "WARNING")).output)
    assert tail.exit_code == 0
    assert "HTTP 401" in tail.output
    assert not list(swept.known.found("printed", "\n".join(said)))


def test_no_command_that_changes_windows_tells_a_key_or_a_number(swept: Swept, tmp_path: Path) -> None:
    """On the same stack: a lost window is filled from its saved file, one is asked again, and the requester is rung."""
    cdr, said, stack, since = Live(swept.at, swept.folder / "exports.toml"), list[str](), swept.at.stack, time.time()

    def told(*words: str) -> Any:
        said.append((done := cdr.cdr(*words, "--yes", "--json")).output)
        assert done.exit_code in (0, 1), done.output
        return json.loads(done.stdout)

    assert cdr.cdr("raw", "telnyx", "2026-11-19", "--plain", "--out", str(tmp_path)).exit_code == 0
    ledger = Ledger(stack.cloud.client("dynamodb"), stack.outputs["Table"])
    row = next(one for one in stack.rows() if one.export == "telnyx" and one.window.date == "2026-11-19")
    ledger.apply(row, replace(row, version=row.version + 1, state=Work.LOST, published=None, due_at=None, news=False))
    files = [str(file) for file in tmp_path.glob("*.csv")]
    filled = told("import", "telnyx", *files, "--from", "2026-11-19", "--to", "2026-11-20")
    assert [one["to"] for one in filled["windows"]] == ["done"] and filled["rung"], filled
    now = ledger.get("telnyx", row.window)
    assert now and now.published and row.published and now.published.rows == row.published.rows
    asked = told("backfill", "flowroute", "--from", "2026-11-19", "--to", "2026-11-20")
    assert [one["to"] for one in asked["windows"]] == ["planned"] and asked["rung"], asked
    aside = [(one.export, f"{one.window.name}.{one.window.source}") for one in stack.rows() if one.aside]
    for export, window in aside:
        told("release", export, window, "--why", "a test")
        told("retry", export, window)
    assert {"telnyx", "flowroute"} <= soon(lambda: stack.ticked(since))
    assert not list(swept.known.found("printed", "\n".join(said)))


def soon(look: Any, patience: float = 30.0) -> Any:
    """What is seen once there are two, or when patience is over."""
    until = time.monotonic() + patience
    while len(seen := look()) < 2 and time.monotonic() < until:
        time.sleep(0.5)
    return seen


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
