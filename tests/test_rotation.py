"""A vendor's key replaced while exports run: no deploy, nothing lost, nothing asked twice, and no reading in vain."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3
import pytest

from lambdas import copier, poller
from lambdas.aws.vault import CURRENT, PREVIOUS, Vault
from lambdas.core.rows import Work
from lambdas.web import Web
from tests.test_faults import ALL, Story, story
from tests.world import REGION

SECRET = "cdr/dev/main"
OPERATIONS = ("create", "list", "retrieve", "file")


class Counted(Vault):
    """Tells which version of the vendor's secret was read, in order."""

    def __init__(self, client: Any) -> None:
        super().__init__(client)
        self.read: list[str] = []

    def text(self, secret: str, stage: str = CURRENT) -> str | None:
        if secret == SECRET:
            self.read.append(stage)
        return super().text(secret, stage)


class Rotation(Story):
    """The old key, the new one, and who knows which."""

    vault: Counted

    @property
    def old(self) -> Mapping[str, str]:
        return self.vendor.credentials

    @property
    def new(self) -> Mapping[str, str]:
        return {name: f"{value}-renewed" for name, value in self.old.items()}

    def takes(self, *keys: Mapping[str, str]) -> None:
        """What the vendor accepts from now on."""
        self.vendor.accepted = keys

    def put(self, keys: Mapping[str, str]) -> None:
        """What the operator does."""
        boto3.client("secretsmanager", REGION).put_secret_value(SecretId=SECRET, SecretString=json.dumps(dict(keys)))

    def replaced(self) -> None:
        """The new key is in the secret, and the old one is no more."""
        self.put(self.new)
        self.takes(self.new)

    def during(self, operation: str, does: Callable[[], None]) -> None:
        """Have it done right before the first such request, after whoever sends it has read its key."""
        self.at.__dict__["web"] = Turning(operation, does)

    def denied(self) -> int:
        return sum(request.status == 401 for request in self.vendor.requests)


class Turning(Web):
    """Does something once, right before a request: the operation's first word, or `file`."""

    def __init__(self, operation: str, does: Callable[[], None]) -> None:
        super().__init__()
        self._operation, self._does = operation, does

    def call(self, vendor: str, what: str, method: str, url: str, **how: Any) -> Any:
        self._turn(what)
        return super().call(vendor, what, method, url, **how)

    def download(self, *given: Any, **how: Any) -> Any:
        self._turn("file")
        return super().download(*given, **how)

    def _turn(self, what: str) -> None:
        if what == self._operation:
            self._operation = ""
            self._does()


@contextmanager
def rotation(kind: str, days: int = 1) -> Iterator[Rotation]:
    with story(kind, days) as one:
        made = Rotation(one.vendor, one.at, one.clock)
        made.vault = Counted(boto3.client("secretsmanager", REGION))
        one.at.__dict__["vault"] = made.vault
        for name, value in made.new.items():
            one.at.known.word(f"the new {name}", value)
        yield made


@ALL
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_key_replaced_in_the_middle_is_read_again(kind: str, operation: str) -> None:
    """Read, then revoked and replaced, then used: the request is sent again with the new one, a create too."""
    with rotation(kind) as one:
        if operation == "list":  # the answer is lost, so that there is something to find
            one.wrong("dropped")
        one.during(operation, one.replaced)
        one.ends(attempt=1, asked=1)
        # A link that is signed wants no key; where the file does, the look after it was denied too.
        assert one.denied() == (2 * (kind == "didww") if operation == "file" else 1)


@ALL
def test_the_key_before_serves_until_the_new_one_is_valid(kind: str) -> None:
    """The operator was faster than the vendor: each reading tries the new one, and goes on with the old."""
    with rotation(kind) as one:
        one.put(one.new)
        one.ends(attempt=1, asked=1)
        assert one.denied() > 2
        one.takes(one.new)
        before = one.denied()
        one.tick(days=1)
        assert one.asked == 2 and one.denied() == before


@ALL
def test_a_key_that_ended_before_the_new_one_came_blocks_the_export_until_it_does(kind: str) -> None:
    """Neither version is accepted; nothing is used up, and whatever was on its way comes home."""
    with rotation(kind) as one:
        one.tick()
        one.takes(one.new)
        told = one.at.executions.started[0][1]
        one.clock.turn(minutes=5)
        assert copier.copy(told, one.at) == {"state": "asked"}
        assert "HTTP 401" in one.blocked
        one.put(one.new)
        one.tick(minutes=15)
        one.ends(attempt=1, asked=1)


@ALL
def test_nothing_is_read_twice_while_the_key_is_accepted(kind: str) -> None:
    """One reading for a round of a tick, a look and a copy, as ever: each costs money."""
    with rotation(kind) as one:
        one.tick()
        told = one.at.executions.started[0][1]
        assert one.vault.read == [CURRENT]
        one.clock.turn(minutes=5)
        poller.look(told, one.at)
        copier.copy(told, one.at)
        assert one.vault.read == [CURRENT] * 3
        assert one.row.state is Work.DONE


def test_the_key_that_works_is_kept_to_until_the_next_reading() -> None:
    """Of a tick's many requests one alone is denied, and the secret is read twice more."""
    with rotation("telnyx", days=4) as one:
        one.put(one.new)
        one.tick()
        assert one.asked == 4
        assert one.vault.read == [CURRENT, CURRENT, PREVIOUS]
        assert one.denied() == 1


def test_a_key_that_is_refused_costs_one_more_reading_of_each_version() -> None:
    """Were there no bound, a wrong key would be read and tried with every row of a tick."""
    with rotation("telnyx") as one:
        one.takes()
        one.tick()
        assert one.vault.read == [CURRENT, CURRENT, PREVIOUS]
        assert one.denied() == 1  # the same text again is no other key


@pytest.mark.parametrize("before", ["not JSON", '{"user": "only"}', "{}"])
def test_a_version_before_that_does_not_fit_is_no_key(before: str) -> None:
    """What is told is that the newest is not accepted, not what is wrong with the one before it."""
    with rotation("telnyx") as one:
        client = boto3.client("secretsmanager", REGION)
        client.put_secret_value(SecretId=SECRET, SecretString=before)
        one.put(one.new)
        one.tick()
        assert "HTTP 401" in one.blocked
        assert one.denied() == 1
