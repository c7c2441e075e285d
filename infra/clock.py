"""The schedules: one per export, all in one group, which call the requester every tick."""

import json

from aws_cdk import Aws, Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as awslambda
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra import encryption
from infra.checks import allow
from infra.functions import Function
from infra.settings import Settings
from lambdas.core.exports import Export, Exports

# Lambda keeps an asynchronous event no longer.
LONGEST = 6 * 3600
DAILY = "rate(1 day)"


class Clock(Construct):
    """`group` holds the schedules, `failures` the ticks that Lambda gave up."""

    def __init__(
        self, scope: Construct, name: str, *, requester: Function, exports: Exports, settings: Settings
    ) -> None:
        super().__init__(scope, name)
        self.group, self._settings = settings.name, settings
        self._group = scheduler.CfnScheduleGroup(self, "Group", name=self.group)
        role = self._role(requester)
        for export in exports.exports:
            self._schedule(export, requester, role)
        self.failures = self._failures()
        self._reaction(requester, exports)

    def _role(self, requester: Function) -> iam.Role:
        """Only schedules of our group may take it on, and they may only call the requester."""
        stack = Stack.of(self)
        group = stack.format_arn(service="scheduler", resource="schedule-group", resource_name=self.group)
        ours = {"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID, "aws:SourceArn": group}}
        schedules = iam.ServicePrincipal("scheduler.amazonaws.com", conditions=ours)
        role = iam.Role(self, "Role", assumed_by=schedules)
        call = iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[requester.arn])
        role.add_to_policy(call)
        if key := self._settings.kms_key:
            # The service decrypts a schedule's input as this role.
            each = stack.format_arn(service="scheduler", resource="schedule", resource_name=f"{self.group}/*")
            role.add_to_policy(
                encryption.within("kms:Decrypt", arn=key, context="aws:scheduler:schedule:arn", value=each)
            )
        return role

    def _schedule(self, export: Export, requester: Function, role: iam.Role) -> None:
        """A late tick is worth nothing after the next: the ledger, not the tick, says what is due."""
        schedule = scheduler.CfnSchedule(
            self,
            export.name,
            name=f"{self.group}-{export.name}",
            group_name=self.group,
            # A paused export finishes what it asked for; a retired one closes what is open, and has no hurry.
            schedule_expression=DAILY if export.state == "retired" else export.schedule,
            state="ENABLED",
            kms_key_arn=self._settings.kms_key,
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=requester.arn,
                role_arn=role.role_arn,
                input=json.dumps({"export": export.name}),
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                    maximum_retry_attempts=2, maximum_event_age_in_seconds=int(export.tick.total_seconds())
                ),
            ),
        )
        schedule.node.add_dependency(self._group, role.node.find_child("DefaultPolicy"))

    def _failures(self) -> sqs.Queue:
        key = encryption.key(self, self._settings)
        queue = sqs.Queue(
            self,
            "Failures",
            encryption=sqs.QueueEncryption.KMS if key else sqs.QueueEncryption.SQS_MANAGED,
            encryption_master_key=key,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        allow(queue, "SQS3", "It is where failures end; nothing reads it but the operator.")
        return queue

    def _reaction(self, requester: Function, exports: Exports) -> None:
        """No retries: the next tick is one. Kept for the longest tick, so that a daily one is not lost."""
        longest = max(int(export.tick.total_seconds()) for export in exports.exports)
        awslambda.CfnEventInvokeConfig(
            self,
            "Reaction",
            function_name=requester.name,
            qualifier="$LATEST",
            maximum_retry_attempts=0,
            maximum_event_age_in_seconds=min(longest, LONGEST),
            destination_config=awslambda.CfnEventInvokeConfig.DestinationConfigProperty(
                on_failure=awslambda.CfnEventInvokeConfig.OnFailureProperty(destination=self.failures.queue_arn)
            ),
        )
        requester.may("sqs:SendMessage", on=[self.failures.queue_arn])
