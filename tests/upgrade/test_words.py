"""What two releases say to each other through the ledger and the state machine, while one replaces the other."""

import json
import re
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from infra import machine
from lambdas import poller
from lambdas.aws import items
from lambdas.core.rows import Head, Row
from tests.aws.test_items import FULL, HEAD, stored
from tests.test_faults import story
from tests.upgrade import previous

# Reads an item with that release's code, and writes it as that release would.
BACK = """
import json, sys
from lambdas.aws import items
def stored(one, sk):
    told = {name: items.wire(value) for name, value in items.flat(one).items() if value is not None}
    return {**items.key(one.export, sk), **told}
row, head = json.load(sys.stdin)
row, head = items.row(row), items.head(head)
print(json.dumps([stored(row, row.window.sk), stored(head, items.HEAD)]))
"""
NAMES = """
import json
from dataclasses import fields
from lambdas.core.rows import Head, Row
print(json.dumps([[field.name for field in fields(one)] for one in (Row, Head)]))
"""
MACHINE = "import json\nfrom infra.machine import definition\nprint(json.dumps(definition('aws')))"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return previous.unpack(tmp_path_factory.mktemp("previous"))


@pytest.fixture(scope="module")
def before(root: Path) -> dict[str, Any]:
    """That release's state machine: what runs at the upgrade goes on by it."""
    states: dict[str, Any] = previous.ask(root, MACHINE)["States"]
    return states


def known(root: Path) -> tuple[set[str], set[str]]:
    """The fields of its rows and heads."""
    row, head = previous.ask(root, NAMES)
    return set(row), set(head)


def test_what_it_wrote_is_read(root: Path) -> None:
    """Every field of its rows and heads is one of ours; ours that it lacks have a default."""
    row, head = known(root)
    assert row <= {field.name for field in fields(Row)}
    assert head <= {field.name for field in fields(Head)}


def test_what_we_write_it_reads_and_what_it_writes_we_read(root: Path) -> None:
    """So it can be put back in our place: a full row and head come back through its code, less what it never knew."""
    row, head = known(root)
    plain = Row(FULL.export, FULL.window), Head(HEAD.export)
    fresh = [field.name for field in fields(Row) if field.name not in row]
    younger = [field.name for field in fields(Head) if field.name not in head]
    there, back = previous.ask(root, BACK, [stored(FULL), stored(HEAD)])
    assert items.row(there) == replace(FULL, **{name: getattr(plain[0], name) for name in fresh})
    assert items.head(back) == replace(HEAD, **{name: getattr(plain[1], name) for name in younger})


def test_every_task_of_its_executions_is_one_that_we_still_do(before: Mapping[str, Any]) -> None:
    """The same function is told at least the same, under the same names."""
    now = [payload(state) for state in machine.definition("aws")["States"].values() if state["Type"] == "Task"]
    old = [payload(state) for state in before.values() if state["Type"] == "Task"]
    assert old
    for function, said in old:
        assert any(function == one and said.items() <= more.items() for one, more in now), (function, said)


def test_what_its_executions_read_of_their_state_we_still_say(before: Mapping[str, Any]) -> None:
    """In an execution's input, and in the poller's answer that replaces it."""
    read = set(re.findall(r'"\$\.([a-z_]+)"', json.dumps(before)))
    assert {"wait", "next", "calls_back", "export"} <= read
    with story("telnyx") as one:
        one.tick()
        begun = one.at.executions.started[0][1]
        answer = poller.look(begun, one.at)
    assert read - {"next"} <= begun.keys()
    assert read <= answer.keys()


def payload(state: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    told = state["Parameters"]
    return told["FunctionName"], told["Payload"]
