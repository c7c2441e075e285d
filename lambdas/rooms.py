"""What the Lambdas are built of: the outside as values, each made at its first use, that a test can hand in instead."""

import random
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from functools import cache, cached_property

from lambdas.aws.clients import FAILED, client
from lambdas.aws.lake import Lake
from lambdas.aws.ledger import Ledger
from lambdas.aws.vault import CURRENT, PREVIOUS, Vault
from lambdas.aws.workflow import Workflow
from lambdas.core.errors import Problem, Refused, TryAgain
from lambdas.core.exports import Export, Exports, parse
from lambdas.core.polling import respite
from lambdas.logs import log, met, moved, quiet
from lambdas.settings import Settings, settings
from lambdas.signet import Signet
from lambdas.vendors import FACTS, VENDORS, Vendor
from lambdas.vendors.rotating import rotating
from lambdas.web import Web


class Rooms:
    """The outside of a handler."""

    def __init__(self, told: Settings) -> None:
        quiet()
        self.settings = told

    @cached_property
    def exports(self) -> Exports:
        """exports.toml as deployed."""
        return parse(self.settings.exports(), self.settings.stage, FACTS)

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger."""
        return Ledger(client("dynamodb"), self.settings.table, moved)

    @cached_property
    def lake(self) -> Lake:
        """The bucket."""
        return Lake(client("s3"), self.settings.bucket)

    @cached_property
    def vault(self) -> Vault:
        """The keys."""
        return Vault(client("secretsmanager"))

    @cached_property
    def signet(self) -> Signet:
        """What makes callbacks believable, and seals tokens."""
        return Signet(self.vault, self.settings.capability_secret, self.now)

    @cached_property
    def workflow(self) -> Workflow:
        """The poller's machine."""
        return Workflow(client("stepfunctions"), self.settings.env.get("CDR_MACHINE", ""))

    @cached_property
    def web(self) -> Web:
        """The session of HTTP."""
        return Web(tell=met)

    def now(self) -> datetime:
        """The clock, in whole seconds of UTC."""
        return self.settings.clock()

    def chance(self) -> float:
        """A number from 0 to 1, for jitter."""
        return random.random()

    def horizon(self, now: datetime) -> datetime:
        """How far is planned: up to now, in a rehearsal at most up to its end."""
        return min(now, self.settings.until) if self.settings.until else now

    def pseudonym_key(self) -> bytes:
        """The key of the pseudonyms, read once. Raises Refused while there is none."""
        return self._pseudonym

    @cached_property
    def _pseudonym(self) -> bytes:
        secret = self.settings.pseudonym_secret
        key = self.vault.text(secret)
        if not key:
            raise Refused(f"the secret {secret} is empty: restore it, for a new key makes other pseudonyms")
        return key.encode()

    def vendor(self, export: Export) -> Vendor | None:
        """The export's account at its vendor; None while its secret is empty. Raises Refused."""
        kind, wanted = VENDORS[export.vendor], FACTS[export.vendor].secret[export.api]
        keys = self.vault.keys(export.secret_id, wanted)
        if not keys:
            return None
        return rotating(lambda one: kind(export, one, self.web), keys, self._others(export, wanted, keys))

    def _others(self, export: Export, wanted: tuple[str, ...], tried: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
        """After a 401: what the secret holds by now, then what it held before, each read when its turn comes."""
        known = [tried]
        for stage in (CURRENT, PREVIOUS):
            with suppress(Refused, *FAILED):  # what cannot be read is no other key: the 401 is told
                if (keys := self.vault.keys(export.secret_id, wanted, stage)) and keys not in known:
                    known.append(keys)
                    log().warning("the key was refused: another is tried", extra={"export": export.name, "as": stage})
                    yield keys

    def slow(self, export: Export, problem: Problem, now: datetime) -> None:
        """After one request too many, everybody who uses the same account rests."""
        if isinstance(problem, TryAgain) and problem.limited:
            for one in (export, *self.exports.beside(export)):
                self.ledger.slow(one.name, respite(problem, now))

    def account(self, export: Export) -> Vendor:
        """The same, where the secret must be filled in by now."""
        vendor = self.vendor(export)
        if vendor is None:
            raise Refused(f"the secret {export.secret_id} is empty")
        return vendor


@cache
def rooms() -> Rooms:
    """The rooms of this process."""
    return Rooms(settings())
