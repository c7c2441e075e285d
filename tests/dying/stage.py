"""What all runs of a scenario stand on: emulated AWS as the template deploys it, and one simulated vendor."""

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any

import boto3
from moto import mock_aws
from moto.core.serialize import AttributePicker, AttributePickerContext
from moto.s3 import models

from infra.bundle import HANDLERS
from lambdas.aws import lake
from lambdas.core.exports import Exports, parse
from lambdas.vendors import FACTS
from local.vendors import Simulator
from local.vendors.callbacks import Delivery, Note
from local.vendors.flowroute import Flowroute
from tests.dying.effects import Recorder
from tests.dying.gate import GATE
from tests.dying.machine import Machine
from tests.infra.conftest import EXPORTS, synth
from tests.infra.template import KNOWN, text
from tests.world import KEY, NOW, REGION, SECRETS, Clock

TYPES = {"S", "N", "B", "M", "L", "BOOL", "NULL", "SS", "NS", "BS"}  # of DynamoDB
PART = 2048  # bytes, where parts are to be small
SERVICES = ("dynamodb", "s3", "secretsmanager")
# What a simulator remembers of a run; a fresh one, which is never started, says how that begins.
REMEMBERED = ("reports", "requests", "created", "calls", "_times", "_ids", "_last")


@dataclass(frozen=True)
class Deployed:
    """What the harness takes from the synthesized template."""

    definition: Mapping[str, Any]
    table: Mapping[str, Any]

    @property
    def machine(self) -> Machine:
        """The state machine; raises Unknown for one that the interpreter does not know."""
        return Machine(self.definition)


def deployed(folder: Path) -> Deployed:
    """Synthesize the stack as the command line would, below a folder."""
    (folder / "exports.toml").write_text(EXPORTS)
    for handler in HANDLERS:
        (folder / "bundle" / handler).mkdir(parents=True)
        (folder / "bundle" / handler / "it.py").write_text(f'"""{handler}"""\n')
    context = {"exports": str(folder / "exports.toml"), "bundle": str(folder / "bundle"), "nag": "off"}
    made = synth(folder / "out", context)
    machine = made.one("StepFunctions::StateMachine")
    definition = text(machine["DefinitionString"])
    for word in machine["DefinitionSubstitutions"]:
        arn = f"arn:aws:lambda:{KNOWN['AWS::Region']}:{KNOWN['AWS::AccountId']}:function:{word}"
        definition = definition.replace(f"${{{word}}}", arn)
    wanted = ("AttributeDefinitions", "BillingMode", "GlobalSecondaryIndexes", "KeySchema")
    table = made.one("DynamoDB::Table")
    return Deployed(json.loads(definition), {name: table[name] for name in wanted})


@dataclass
class Postman:
    """Stands for the vendor's thread of callbacks, which looks at a real clock: the simulation delivers them."""

    notes: list[Note] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def add(self, note: Note) -> None:
        """Called in a thread of the vendor's, while a request of ours is answered."""
        with self._lock:
            self.notes.append(note)

    def take(self) -> list[Note]:
        """What is to be delivered since the last time."""
        with self._lock:
            taken, self.notes = self.notes, []
        return taken

    def __enter__(self) -> "Postman":
        return self

    def __exit__(self, *_: object) -> None:
        pass


class Stage:
    """One vendor and one account of AWS, emptied for each run: to start them takes longer than a run."""

    def __init__(
        self, found: Deployed, make: Callable[[Clock], Simulator], written: str, *, small: bool = False
    ) -> None:
        self.machine, self._table, self._make = found.machine, found.table, make
        self.clock, self.recorder = Clock(), Recorder()
        self.vendor = make(self.clock)
        self.postman = Postman()
        self.clients: dict[str, Any] = {}
        self._written, self._small, self._stack = written, small, ExitStack()

    def __enter__(self) -> "Stage":
        with ExitStack() as stack:
            self._mock = stack.enter_context(mock_aws())
            stack.enter_context(quick())
            if self._small:
                stack.enter_context(parts())
            self.clients = {name: boto3.client(name, REGION) for name in SERVICES}  # type: ignore[call-overload] # the stubs want a literal name
            for client in self.clients.values():
                self._watch(client)
            if isinstance(self.vendor, Flowroute):
                self.vendor.caller = self.postman  # type: ignore[assignment] # a stand-in
            stack.enter_context(self.vendor)
            self.exports = self.parsed()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def parsed(self, old: str = "", new: str = "") -> Exports:
        """exports.toml as written, or with something in place of something else."""
        text = self._written.format(self.vendor)
        assert old in text
        return parse(text.replace(old, new) if old else text, "dev", FACTS)

    @property
    def origins(self) -> dict[str, str]:
        """The simulators' origins by what effects there are called after."""
        return {self.vendor.root: self.vendor.name, self.vendor.files_url: f"{self.vendor.name} files"}

    def empty(self, recorder: Recorder, now: datetime = NOW) -> None:
        """As on the first day: an empty table and bucket, filled secrets, a vendor that nobody asked anything."""
        self.recorder, self.clock.now = recorder, now
        self._forget()
        self._mock.reset()
        dynamo, s3, vault = (self.clients[name] for name in SERVICES)
        dynamo.create_table(TableName="ledger", **self._table)
        s3.create_bucket(Bucket="lake")
        s3.put_bucket_versioning(Bucket="lake", VersioningConfiguration={"Status": "Enabled"})
        vault.create_secret(Name="capability", SecretString=KEY.decode())
        for name, vendor in {one.secret_id: one.vendor for one in self.exports.exports}.items():
            vault.create_secret(Name=name, SecretString=SECRETS[vendor])

    def _forget(self) -> None:
        fresh, vendor = self._make(self.clock), self.vendor
        for name in REMEMBERED:
            if hasattr(fresh, name):
                setattr(vendor, name, getattr(fresh, name))
        vendor.faults.clear()
        vendor.files._held.clear()
        vendor.files.served.clear()
        self.postman.notes.clear()
        self.postman.deliveries.clear()

    def _watch(self, client: Any) -> None:
        """See every call of a client, the hidden ones of paginators and uploads too."""

        def name(model: Any) -> str:
            return f"{client.meta.service_model.service_name}.{model.name}"

        def before(model: Any, **_: Any) -> None:
            self.recorder.before(name(model))
            GATE.swing(shut=False)  # the emulated service keeps its objects where it likes

        def after(model: Any, **_: Any) -> None:
            if self.recorder.running:
                GATE.swing(shut=True)
            self.recorder.after(name(model))

        client.meta.events.register("before-call", before)
        client.meta.events.register("after-call", after)


class Inline(Executor):
    """Does at once and in this thread what it is given: parts of an upload fly one by one, always in the same order."""

    def __init__(self, _: int) -> None:
        pass

    def submit(self, do: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:
        """Who dies in here takes everybody along, as threads of one process do."""
        done = Future[Any]()
        done.set_result(do(*given, **named))
        return done


@contextmanager
def parts() -> Iterator[None]:
    """Small files are uploaded as large ones are: in parts, which AWS would not take so small."""
    places: tuple[tuple[Any, str, object], ...] = (
        (lake, "PART", PART),
        (lake, "ThreadPoolExecutor", Inline),
        (models, "S3_UPLOAD_PART_MIN_SIZE", 1),
    )
    before = [getattr(module, name) for module, name, _ in places]
    for module, name, value in places:
        setattr(module, name, value)
    try:
        yield
    finally:
        for (module, name, _), value in zip(places, before, strict=True):
            setattr(module, name, value)


@contextmanager
def quick() -> Iterator[None]:
    """A typed value is found by its name: the emulation tries fourteen names for each, two fifths of a run's time."""
    before = AttributePicker.__call__

    def find(self: AttributePicker, context: AttributePickerContext) -> Any:
        typed = type(context.obj) is dict and len(context.obj) == 1 and context.obj.keys() <= TYPES
        return context.obj.get(context.key) if typed else before(self, context)

    AttributePicker.__call__ = find  # type: ignore[method-assign] # put back below
    try:
        yield
    finally:
        AttributePicker.__call__ = before  # type: ignore[method-assign] # as it was


@contextmanager
def folder() -> Iterator[Path]:
    """A place for an assembly outside of pytest."""
    with tempfile.TemporaryDirectory(prefix="dying-") as made:
        yield Path(made)
