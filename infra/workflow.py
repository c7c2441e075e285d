"""The state machine in AWS: its role, its log, its definition filled in."""

import json

from aws_cdk import ArnFormat, Aws, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as stepfunctions
from constructs import Construct

from infra import encryption, machine
from infra.checks import allow
from infra.functions import Function, log
from infra.settings import Settings

# None of these takes a resource (Step Functions guide, "Logging in CloudWatch Logs" and "X-Ray").
LOGGING = (
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
)
TRACING = (
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
)


def title(settings: Settings) -> str:
    """The machine's name: given, because the functions that it calls must know its ARN too."""
    return f"{settings.name}-poller"


def arn(stack: Stack, settings: Settings) -> str:
    """The machine's ARN, made from its name: a reference would go round in a circle."""
    form = ArnFormat.COLON_RESOURCE_NAME
    return stack.format_arn(service="states", resource="stateMachine", resource_name=title(settings), arn_format=form)


class Workflow(Construct):
    """The poller's machine; it may call three functions and nothing else."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        poller: Function,
        copier: Function,
        requester: Function,
        settings: Settings,
    ) -> None:
        super().__init__(scope, name)
        called = {"Poller": poller.arn, "Copier": copier.arn, "Requester": requester.arn}
        role = self._role(list(called.values()), settings)
        made = stepfunctions.CfnStateMachine(
            self,
            "Machine",
            state_machine_name=title(settings),
            role_arn=role.role_arn,
            # As text: CDK drops nulls from an object, and `"ResultPath": null` is what keeps the state.
            definition_string=json.dumps(machine.definition(Aws.PARTITION)),
            definition_substitutions=called,
            logging_configuration=_logging(log(self, "Log", settings=settings).log_group_arn),
            encryption_configuration=_encrypted(settings),
            tracing_configuration=stepfunctions.CfnStateMachine.TracingConfigurationProperty(enabled=True),
        )
        made.node.add_dependency(role.node.find_child("DefaultPolicy"))
        allow(made, "SF1", "Only errors are logged, never data: an execution's data names reports and files.")

    def _role(self, functions: list[str], settings: Settings) -> iam.Role:
        """Only this machine may take it on: Step Functions serves every account, and acts for whom it is told."""
        machine = arn(Stack.of(self), settings)
        ours = {
            "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
            "ArnLike": {"aws:SourceArn": [machine, f"{machine}:*"]},  # itself, and its versions and aliases
        }
        service = iam.ServicePrincipal("states.amazonaws.com", conditions=ours)
        role = iam.Role(self, "Role", assumed_by=service)
        role.add_to_policy(iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=functions))
        role.add_to_policy(iam.PolicyStatement(actions=[*LOGGING, *TRACING], resources=["*"]))
        allow(
            role,
            "IAM5[Resource::*]",
            "Deliveries of logs are the account's, X-Ray knows no resource: AWS's guides say so.",
        )
        for statement in self._with_key(settings):
            role.add_to_policy(statement)
        return role

    def _with_key(self, settings: Settings) -> list[iam.PolicyStatement]:
        """For the executions of this machine, and for the delivery of its log (Step Functions guide, "Data at rest").

        By the context: a condition on the service, says the guide, keeps an execution from starting.
        """
        if not (key := settings.kms_key):
            return []
        machine, logs = arn(Stack.of(self), settings), f"arn:{Aws.PARTITION}:logs:{Aws.REGION}:{Aws.ACCOUNT_ID}:*"
        decrypt, generate, context = encryption.DECRYPT, encryption.GENERATE, "aws:states:stateMachineArn"
        return [
            encryption.within(decrypt, generate, arn=key, context=context, value=machine),
            encryption.within(generate, arn=key, context="SourceArn", value=logs),
        ]


def _encrypted(settings: Settings) -> stepfunctions.CfnStateMachine.EncryptionConfigurationProperty | None:
    """Of the definition, and of what executions are told; a data key is used for a quarter of an hour, the longest."""
    if not settings.kms_key:
        return None
    return stepfunctions.CfnStateMachine.EncryptionConfigurationProperty(
        type="CUSTOMER_MANAGED_KMS_KEY", kms_key_id=settings.kms_key, kms_data_key_reuse_period_seconds=900
    )


def _logging(group: str) -> stepfunctions.CfnStateMachine.LoggingConfigurationProperty:
    machines = stepfunctions.CfnStateMachine
    to = machines.LogDestinationProperty(
        cloud_watch_logs_log_group=machines.CloudWatchLogsLogGroupProperty(log_group_arn=group)
    )
    return machines.LoggingConfigurationProperty(level="ERROR", include_execution_data=False, destinations=[to])
