"""The stack: it only composes the rooms and says what they are told about each other."""

import json
from collections.abc import Mapping
from pathlib import Path

from aws_cdk import CfnOutput, Environment, Stack
from constructs import Construct

from infra import grants, repeat, workflow
from infra.alarms import Alarms
from infra.budget import budget
from infra.catalog import Catalog
from infra.clock import Clock
from infra.dashboard import Dashboard
from infra.door import Door
from infra.functions import Function, environment
from infra.lake import Lake
from infra.ledger import Ledger
from infra.queries import Queries
from infra.rings import Parts
from infra.rings import rings as ringing
from infra.settings import Settings
from infra.vault import Vault
from infra.workflow import Workflow
from lambdas.core.exports import Exports
from lambdas.vendors import FACTS


class Cdr(Stack):
    """One stage of cdr-exporter."""

    def __init__(self, scope: Construct, *, settings: Settings, exports: Exports, bundles: Path) -> None:
        env = Environment(account=settings.account, region=settings.region)
        text = "Call detail records, exported"
        super().__init__(scope, settings.name, env=env, description=text, termination_protection=settings.keep)
        self._settings, self._bundles = settings, bundles
        # CDK has a function depend on its role by name and by reference: once too often for cfn-lint, harmless.
        self.template_options.metadata = {"cfn-lint": {"config": {"ignore_checks": ["W3005"]}}}
        machine = workflow.arn(self, settings)

        lake = Lake(self, "Lake", settings=settings)
        ledger = Ledger(self, "Ledger", settings=settings)
        vault = Vault(self, "Vault", settings=settings, exports=exports)
        places = {"table": ledger.table.table_name, "bucket": lake.bucket.bucket_name}
        everywhere = environment(self, settings=settings, exports=exports, **places)
        capability = {"CDR_CAPABILITY_SECRET": vault.capability}

        callback = self._function("callback", {**everywhere, **capability})
        # Without a door nobody reaches the callback, and nothing may call it.
        door = Door(self, "Door", callback=callback, settings=settings) if settings.callback else None
        asking = {**capability, "CDR_CALLBACK_URL": door.url if door else "", "CDR_MACHINE": machine}
        requester = self._function("requester", {**everywhere, **asking})
        poller = self._function("poller", {**everywhere, **capability})
        pseudonym = {"CDR_PSEUDONYM_SECRET": vault.pseudonym} if vault.pseudonym else {}
        copier = self._function("copier", {**everywhere, **pseudonym})

        grants.requester(requester, ledger=ledger, lake=lake, vault=vault, machine=machine)
        grants.callback(callback, ledger=ledger, vault=vault, machine=machine)
        grants.poller(poller, ledger=ledger, vault=vault, machine=machine)
        grants.copier(copier, ledger=ledger, lake=lake, vault=vault)

        Workflow(
            self,
            "Workflow",
            poller=poller,
            copier=copier,
            requester=requester,
            settings=settings,
        )
        clock = Clock(self, "Clock", requester=requester, exports=exports, settings=settings)
        catalog = Catalog(self, "Catalog", bucket=lake.bucket.bucket_name, exports=exports, settings=settings)
        queries = Queries(self, "Queries", exports=exports, settings=settings)

        named = {"requester": requester, "callback": callback, "poller": poller, "copier": copier}
        parts = Parts(
            settings.namespace, requester.name, callback.name if door else "", machine, clock.failures.queue_name
        )
        alarms = self._watch(named, exports, parts)

        self._tell(
            Bucket=lake.bucket.bucket_name,
            Table=ledger.table.table_name,
            Machine=machine,
            Requester=requester.name,
            Callback=callback.name,
            Poller=poller.name,
            Copier=copier.name,
            **({"Api": door.url} if door else {}),
            Database=catalog.database,
            Workgroup=queries.workgroup,
            Results=queries.results.bucket_name,
            FailureQueue=clock.failures.queue_url,
            Schedules=clock.group,
            Alarms=alarms.topic,
            Deploy=repeat.command(settings),
            Secrets=json.dumps(vault.names),
            **({"Pseudonym": vault.pseudonym} if vault.pseudonym else {}),
            **vault.fill,
        )

    def _watch(self, functions: Mapping[str, Function], exports: Exports, parts: Parts) -> Alarms:
        """What rings, and the dashboard over the same figures."""
        use = {word: (one.name, one.megabytes) for word, one in functions.items()}
        rings = [*ringing(exports, FACTS, parts), budget(parts, use, self._settings.budget_usd)]
        alarms = Alarms(self, "Watch", rings=rings, settings=self._settings)
        logs = {word: one.log for word, one in functions.items() if word != "callback"}
        copier = functions["copier"].name
        Dashboard(self, "Dashboard", rings=rings, parts=parts, logs=logs, copier=copier, settings=self._settings)
        return alarms

    def _function(self, handler: str, told: dict[str, str]) -> Function:
        return Function(
            self,
            f"{handler.title()}Function",
            handler=handler,
            bundles=self._bundles,
            environment=told,
            settings=self._settings,
        )

    def _tell(self, **outputs: str) -> None:
        for name, value in outputs.items():
            CfnOutput(self, name, value=value)
