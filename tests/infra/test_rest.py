"""At rest: how each resource is encrypted, and who reaches it, under AWS's own keys and under the owner's."""

import json
from collections.abc import Callable, Iterator
from itertools import product

import pytest

from infra.encryption import NEEDS
from tests.infra.conftest import KEY, ROOT
from tests.infra.template import Resource, Template, many, text

Rule = Callable[[Resource, str | None], None]
FREE = {"BlockPublicAcls": True, "BlockPublicPolicy": True, "IgnorePublicAcls": True, "RestrictPublicBuckets": True}
SERVICES = {"lambda.amazonaws.com", "states.amazonaws.com", "scheduler.amazonaws.com"}


def bucket(one: Resource, key: str | None) -> None:
    ((rule,),) = one["BucketEncryption"].values()
    how = rule["ServerSideEncryptionByDefault"]
    assert how == ({"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key} if key else {"SSEAlgorithm": "AES256"})
    assert rule.get("BucketKeyEnabled", False) is bool(key)
    assert one["PublicAccessBlockConfiguration"] == FREE
    assert one["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert not {"AccessControl", "WebsiteConfiguration", "CorsConfiguration", "ReplicationConfiguration"} & set(one)


def denies(one: Resource, key: str | None) -> None:
    """A policy of a resource that only ever denies: nobody comes in by it."""
    statements = one["PolicyDocument"]["Statement"]
    assert {statement["Effect"] for statement in statements} == {"Deny"}
    assert {"Bool": {"aws:SecureTransport": "false"}} in [statement["Condition"] for statement in statements]


def table(one: Resource, key: str | None) -> None:
    own = {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": key} if key else None
    assert one.get("SSESpecification") == own
    assert not {"ResourcePolicy", "StreamSpecification", "KinesisStreamSpecification"} & set(one)


def queue(one: Resource, key: str | None) -> None:
    assert one.get("KmsMasterKeyId") == key
    assert one.get("SqsManagedSseEnabled", False) is not bool(key)


def group(one: Resource, key: str | None) -> None:
    assert one.get("KmsKeyId") == key
    assert one["RetentionInDays"] > 0


def secret(one: Resource, key: str | None) -> None:
    assert one.get("KmsKeyId") == key
    assert not {"SecretString", "ReplicaRegions"} & set(one)


def function(one: Resource, key: str | None) -> None:
    assert one.get("KmsKeyArn") == key
    assert not {"Layers", "VpcConfig", "FileSystemConfigs"} & set(one)


def machine(one: Resource, key: str | None) -> None:
    how = one.get("EncryptionConfiguration") or {}
    assert (how.get("Type"), how.get("KmsKeyId")) == ("CUSTOMER_MANAGED_KMS_KEY" if key else None, key)
    assert one["LoggingConfiguration"]["IncludeExecutionData"] is False


def schedule(one: Resource, key: str | None) -> None:
    assert one.get("KmsKeyArn") == key
    assert set(json.loads(one["Target"]["Input"])) == {"export"}


def workgroup(one: Resource, key: str | None) -> None:
    told = one["WorkGroupConfiguration"]
    assert told["EnforceWorkGroupConfiguration"] is True
    how = told["ResultConfiguration"]["EncryptionConfiguration"]
    assert how == ({"EncryptionOption": "SSE_KMS", "KmsKey": key} if key else {"EncryptionOption": "SSE_S3"})


def role(one: Resource, key: str | None) -> None:
    (trust,) = one["AssumeRolePolicyDocument"]["Statement"]
    assert set(trust["Principal"]) == {"Service"}
    assert trust["Principal"]["Service"] in SERVICES
    assert not {"ManagedPolicyArns", "Policies", "RoleName"} & set(one)


def policy(one: Resource, key: str | None) -> None:
    for statement in one["PolicyDocument"]["Statement"]:
        assert statement["Effect"] == "Allow"
        assert not {"NotAction", "NotResource"} & set(statement)
        assert not any("*" in action for action in many(statement["Action"]))


def permission(one: Resource, key: str | None) -> None:
    assert one["Principal"] == "apigateway.amazonaws.com"
    assert text(one["SourceArn"]).startswith("arn:aws:execute-api:us-east-1:123456789012:<DoorApi")
    assert "FunctionUrlAuthType" not in one


def api(one: Resource, key: str | None) -> None:
    assert one["ProtocolType"] == "HTTP"
    assert "CorsConfiguration" not in one


def topic(one: Resource, key: str | None) -> None:
    """Under AWS's own key for it no alarm could ring it; under the owner's none that a disabled key sets off."""
    assert "KmsMasterKeyId" not in one


def rings(one: Resource, key: str | None) -> None:
    """Nobody without TLS, and nobody but the alarms of this stack in this account."""
    deny, allow = one["PolicyDocument"]["Statement"]
    assert (deny["Effect"], deny["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert (allow["Effect"], allow["Action"]) == ("Allow", "sns:Publish")
    assert allow["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    (account,), (source,) = ([*test.values()] for test in allow["Condition"].values())
    assert text(account) == "123456789012"
    assert text(source).startswith("arn:aws:cloudwatch:us-east-1:123456789012:alarm:cdr-")


def alarm(one: Resource, key: str | None) -> None:
    """It rings our topic and does nothing else."""
    acts = [one.get(f"{when}Actions", []) for when in ("Alarm", "OK", "InsufficientData")]
    assert {text(act)[:6] for some in acts for act in some} == {"<Watch"}


def subscription(one: Resource, key: str | None) -> None:
    """An address of the owner's."""
    assert one["Protocol"] == "email"


def nothing(one: Resource, key: str | None) -> None:
    """It holds no data and lets nobody in."""
    assert "PolicyDocument" not in one


RULES: dict[str, Rule] = {
    "S3::Bucket": bucket,
    "S3::BucketPolicy": denies,
    "SQS::QueuePolicy": denies,
    "DynamoDB::Table": table,
    "SQS::Queue": queue,
    "Logs::LogGroup": group,
    "SecretsManager::Secret": secret,
    "Lambda::Function": function,
    "StepFunctions::StateMachine": machine,
    "Scheduler::Schedule": schedule,
    "Athena::WorkGroup": workgroup,
    "IAM::Role": role,
    "IAM::Policy": policy,
    "Lambda::Permission": permission,
    "ApiGatewayV2::Api": api,
    "SNS::Topic": topic,
    "SNS::TopicPolicy": rings,
    "SNS::Subscription": subscription,
    "CloudWatch::Alarm": alarm,
    **dict.fromkeys(("ApiGatewayV2::Route", "ApiGatewayV2::Integration", "ApiGatewayV2::Stage"), nothing),
    **dict.fromkeys(("Scheduler::ScheduleGroup", "Lambda::EventInvokeConfig"), nothing),
    "CloudWatch::Dashboard": nothing,
    # Names, columns and the text of questions; how the account's catalogue is encrypted is a setting of the account.
    **dict.fromkeys(("Glue::Database", "Glue::Table", "Athena::NamedQuery"), nothing),
}


@pytest.fixture(params=["made", "local", "hidden"])
def one(request: pytest.FixtureRequest) -> tuple[Template, str | None]:
    """Each stack, and the key of the owner's that it lies under, if any."""
    return request.getfixturevalue(request.param), KEY if request.param == "hidden" else None


def test_every_resource_is_encrypted_and_closed_as_its_type_demands(one: tuple[Template, str | None]) -> None:
    """A type without a rule fails: whoever adds one says how it is encrypted, and who reaches it."""
    made, key = one
    for name, row in made.resources.items():
        rule = RULES[row["Type"].removeprefix("AWS::")]
        try:
            rule(row.get("Properties", {}), key)
        except AssertionError as wrong:
            raise AssertionError(f"{name}: {wrong}") from wrong


def test_every_bucket_queue_and_topic_has_a_policy(one: tuple[Template, str | None]) -> None:
    """By which nobody comes without TLS, and a bucket's stays for as long as the bucket."""
    made, _ = one
    for kind, to in (("S3::Bucket", "Bucket"), ("SQS::Queue", "Queues"), ("SNS::Topic", "Topics")):
        held = {text(target) for row in made.of(f"{kind}Policy").values() for target in many(row[to])}
        assert held == {f"<{name}>" for name in made.of(kind)}
    kept = {row["DeletionPolicy"] for row in made.resources.values() if row["Type"].startswith("AWS::S3::")}
    assert len(kept) == 1


def test_without_a_key_of_the_owner_s_nobody_may_use_kms(made: Template) -> None:
    """Nor is a key named anywhere."""
    assert not list(keyed(made))
    assert "kms" not in json.dumps(made.body).lower()


@pytest.mark.parametrize("name", ["Requester", "Callback", "Poller", "Copier"])
def test_a_function_may_use_the_key_by_the_services_that_it_uses(hidden: Template, name: str) -> None:
    """Exactly what its other rights need, each through its service, on that one key."""
    did = {(service, action) for role, service, action in keyed(hidden) if role.startswith(f"{name}Function")}
    may = {action for row in hidden.statements(f"{name}Function") for action in many(row["Action"])}
    assert did == {(action.partition(":")[0], need) for action in may for need in NEEDS.get(action, ())}
    assert did


def test_what_needs_no_key_is_known(hidden: Template) -> None:
    """An action that is neither here nor in NEEDS has not been thought about."""
    policies = hidden.of("IAM::Policy").values()
    used = {action for one in policies for row in one["PolicyDocument"]["Statement"] for action in many(row["Action"])}
    free = {"s3:ListBucket", "s3:AbortMultipartUpload", "lambda:InvokeFunction"}
    # Neither wants it of its caller (Step Functions guide, "Required permissions for API callers").
    free |= {"states:StartExecution", "states:SendTaskSuccess"}
    rest = used - set(NEEDS) - free
    assert {action.partition(":")[0] for action in rest} == {"logs", "xray", "kms"}


def test_the_services_use_the_key_for_what_is_theirs(hidden: Template) -> None:
    """The machine for its own executions and its log's delivery, the schedules for their input."""
    found: dict[str, list[tuple[str, str]]] = {}
    for role, by, action in keyed(hidden):
        if "Function" not in role:
            found.setdefault(role[:5], []).append((by, action))
    ours = "arn:aws:{}:us-east-1:123456789012:{}"
    run = ours.format("states", "stateMachine:cdr-dev-poller")
    assert found == {
        "Workf": [
            (run, "kms:Decrypt"),
            (run, "kms:GenerateDataKey"),
            (ours.format("logs", "*"), "kms:GenerateDataKey"),
        ],
        "Clock": [(ours.format("scheduler", "schedule/cdr-dev/*"), "kms:Decrypt")],
    }


def keyed(made: Template) -> Iterator[tuple[str, str, str]]:
    """Role, service or context, and action of each right to use a KMS key: the one key, under one condition."""
    for role, one in made.of("IAM::Policy").items():
        for row in one["PolicyDocument"]["Statement"]:
            if any(action.startswith("kms:") for action in many(row["Action"])):
                assert row["Resource"] == KEY
                ((condition,),) = [list(tests.values()) for tests in row["Condition"].values()]
                yield from product([role], [text(condition).split(".")[0]], many(row["Action"]))


def test_the_key_s_policy_as_documented_names_every_principal_that_is_no_role_of_ours() -> None:
    """The page's JSON can be pasted."""
    page = (ROOT / "docs" / "settings.md").read_text("utf-8")
    block = page.partition("```json\n")[2].partition("```")[0]
    statements = json.loads(block)
    who = {next(iter(row["Principal"].values())) for row in statements}
    assert who == {"arn:aws:iam::ACCOUNT:root", "logs.REGION.amazonaws.com", "delivery.logs.amazonaws.com"}
    assert {row["Effect"] for row in statements} == {"Allow"}
