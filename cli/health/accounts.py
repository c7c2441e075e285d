"""Whether each export's key is filled in and right, and its vendor answers: asked from here, by the real adapter."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from cli.health.check import Check, fail, looked, ok, warn
from cli.health.ticking import apart
from cli.stack import Stack
from lambdas.aws.vault import Vault
from lambdas.core.errors import Denied, Problem, Refused, TryAgain
from lambdas.core.exports import Export, Exports
from lambdas.core.windows import DAY, Window, midnight
from lambdas.vendors import FACTS, VENDORS
from lambdas.web import Answer, Web

NOBODY = "cdr1.00000000.doctor.20000101T000000Z.86400.none.r0.a1.00000000"  # a tag that no report carries
PATIENCE = 20.0  # seconds for a vendor's whole answer
MANY = 8


class Dated(Web):
    """Remembers the Date of what a vendor answered last."""

    date: str | None = None

    def call(self, vendor: str, what: str, method: str, url: str, **how: Any) -> Answer:
        """As the other, and the clock with it."""
        answer = super().call(vendor, what, method, url, **how)
        self.date = answer.headers.get("date")
        return answer


def accounts(stack: Stack, exports: Exports) -> Iterator[Check]:
    """Every export that is not retired, several at a time."""
    vault = Vault(stack.place.client("secretsmanager"))
    chosen = [one for one in exports.exports if one.state != "retired"]
    with ThreadPoolExecutor(MANY) as pool:
        for found in pool.map(lambda one: list(looked(f"key of {one.name}", partial(account, vault, one))), chosen):
            yield from found


def account(vault: Vault, export: Export) -> Iterator[Check]:
    """The secret's shape, and then whether the vendor takes what is in it; no value is ever shown."""
    what, wanted = f"key of {export.name}", FACTS[export.vendor].secret[export.api]
    shape = "{" + ", ".join(f'"{name}": "..."' for name in wanted) + "}"
    try:
        keys = vault.keys(export.secret_id, wanted)
    except Refused as problem:
        if "cannot be read" in problem.what:
            yield warn(
                what, f"{problem.what}: not from here", "use a profile that may read it; the functions may all the same"
            )
        else:
            yield fail(what, problem.what, f"put {shape} into it; no deploy is needed")
        return
    if keys is None:
        yield fail(what, f"the secret {export.secret_id} is empty", f"put {shape} into it; no deploy is needed")
        return
    web = Dated(total=PATIENCE)
    yield asked(export, VENDORS[export.vendor](export, keys, web), datetime.now(UTC))
    if web.date:
        yield apart(f"clock of {export.vendor} ({export.name})", export.vendor, web.date, datetime.now(UTC))


def asked(export: Export, vendor: Any, now: datetime) -> Check:
    """A look into the vendor's list for a report that nobody asked for: nothing is made there, nothing changed."""
    what = f"vendor of {export.name}"
    day = midnight(now) - DAY
    fields = vendor.fields(Window(day, 86_400, export.sources[0]))
    try:
        vendor.find(fields, NOBODY, now - timedelta(minutes=1))
    except Denied as problem:
        return fail(what, problem.what, f"put a valid key into the secret {export.secret_id}; no deploy is needed")
    except TryAgain as problem:
        return fail(what, problem.what, "it heals by itself once the vendor answers; is base_url right?")
    except Problem as problem:
        return fail(what, problem.what, "the vendor's support, or docs/runbook.md under `refused`")
    return ok(what, f"{export.vendor} takes the key and answers")
