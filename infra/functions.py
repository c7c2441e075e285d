"""The four Lambdas: each with its bundle, its role, its log group and its environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import Duration, Fn, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as awslambda
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra import encryption
from infra.checks import allow
from infra.memory import MEMORY
from infra.settings import Settings
from lambdas import VERSION
from lambdas.core.exports import Exports

Environment = Mapping[str, str]


@dataclass(frozen=True)
class Size:
    """What a function may take; the copier's memory is a setting of the stack."""

    seconds: int
    megabytes: int | None


SIZES: Mapping[str, Size] = {
    "requester": Size(120, 256),
    "callback": Size(10, 256),
    "poller": Size(60, 256),
    "copier": Size(900, None),
}


class Function(Construct):
    """One Lambda; what it may do beyond writing its log and its trace, infra/grants.py says."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        handler: str,
        bundles: Path,
        environment: Environment,
        settings: Settings,
    ) -> None:
        super().__init__(scope, name)
        size, self._key = SIZES[handler], settings.kms_key
        self.megabytes = size.megabytes or settings.copier_mb
        group = log(self, "Log", settings=settings)
        self.log = group.log_group_name
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        self.function = awslambda.Function(
            self,
            "Function",
            description=f"cdr-exporter {settings.stage}: {handler}",
            runtime=awslambda.Runtime.PYTHON_3_13,
            architecture=awslambda.Architecture.ARM_64,
            code=awslambda.Code.from_asset(str(bundles / handler)),
            handler=f"lambdas.{handler}.handler",
            role=self.role,
            timeout=Duration.seconds(size.seconds),
            memory_size=self.megabytes,
            # Lambda itself lets the role decrypt them, by a grant on the key.
            environment_encryption=encryption.key(self, settings),
            environment={"POWERTOOLS_SERVICE_NAME": handler, **MEMORY.get(handler, {}), **environment},
            log_group=group,
            tracing=awslambda.Tracing.ACTIVE,
        )
        self.may("logs:CreateLogStream", "logs:PutLogEvents", on=[group.log_group_arn])
        allow(self.role, "IAM5[Resource::*]", "X-Ray's two actions take no resource.")
        allow(self.function, "L1", "3.13 is what the bundles' wheels are chosen for.")

    @property
    def name(self) -> str:
        """The name that CloudFormation gave it."""
        return self.function.function_name

    @property
    def arn(self) -> str:
        """The ARN, without a version."""
        return self.function.function_arn

    def may(self, *actions: str, on: list[str]) -> None:
        """Let the function do something to named resources, and with the key that they lie under what that needs."""
        self.role.add_to_policy(iam.PolicyStatement(actions=list(actions), resources=on))
        for statement in encryption.uses(actions, self._key):
            self.role.add_to_policy(statement)


def log(scope: Construct, name: str, *, settings: Settings) -> logs.LogGroup:
    """A log group whose name CloudFormation chooses."""
    policy = RemovalPolicy.RETAIN if settings.keep else RemovalPolicy.DESTROY
    group = logs.LogGroup(scope, name, removal_policy=policy)
    made = group.node.default_child
    assert isinstance(made, logs.CfnLogGroup)  # noqa: S101  # for the type checker
    made.retention_in_days = settings.log_days  # as a number: the construct wants a word for each
    made.kms_key_id = settings.kms_key
    return group


def environment(stack: Stack, *, settings: Settings, exports: Exports, table: str, bucket: str) -> dict[str, str]:
    """What every function is told; what only some need is added in the stack."""
    return {
        "CDR_STAGE": settings.stage,
        "CDR_STACK": identity(stack),
        "CDR_TABLE": table,
        "CDR_BUCKET": bucket,
        "CDR_VERSION": VERSION,  # these two tell `cdr doctor` what is deployed
        "CDR_EXPORTS": exports.digest,
        "POWERTOOLS_METRICS_NAMESPACE": settings.namespace,
        "POWERTOOLS_LOG_LEVEL": "INFO",
    }


def identity(stack: Stack) -> str:
    """Eight hex digits that tell this stack's reports from another's: of arn:...:stack/NAME/UUID."""
    return Fn.select(0, Fn.split("-", Fn.select(2, Fn.split("/", stack.stack_id))))
