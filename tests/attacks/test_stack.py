"""The deployed shape: what each role, a stranger and a careless administrator can do to what is kept."""

import hashlib
import json

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from lambdas.aws.lake import Lake
from tests.attacks.policies import assumed, denied, grants, may
from tests.infra.conftest import KEY, bundled, synth
from tests.infra.template import KNOWN, Template, many, text

EXPORTS = """
[[export]]
name = "main"
vendor = "telnyx"
start = "-7d"
numbers = "pseudonym"
"""
FUNCTIONS = ("Requester", "Callback", "Poller", "Copier")
SSE = "s3:x-amz-server-side-encryption"
TLS = {"aws:SecureTransport": "true", "s3:TlsVersion": "1.3"}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """As it goes to AWS, under a KMS key of the owner's."""
    folder = tmp_path_factory.mktemp("attacked")
    (folder / "exports.toml").write_text(EXPORTS)
    (folder / "bundles").mkdir()
    context = {"exports": str(folder / "exports.toml"), "bundle": str(bundled(folder / "bundles")), "nag": "off"}
    return synth(folder / "out", {**context, "kms_key": KEY})


def arn(made: Template, kind: str, start: str = "", *, ref: bool = False) -> str:
    """What the only resource of a type whose logical id starts so is called in a policy."""
    (name,) = [name for name in made.of(kind) if name.startswith(start)]
    return f"<{name}>" if ref else f"<{name}.Arn>"


def lake(made: Template) -> str:
    return arn(made, "S3::Bucket", "Lake")


def test_a_stranger_reads_the_bucket(stack: Template) -> None:
    """No policy of a resource allows anybody anything, public access is blocked four ways, no access list counts."""
    for kind in ("S3::BucketPolicy", "SQS::QueuePolicy"):
        rows = [row for one in stack.of(kind).values() for row in one["PolicyDocument"]["Statement"]]
        assert {row["Effect"] for row in rows} == {"Deny"}
    for one in stack.of("S3::Bucket").values():
        assert list(one["PublicAccessBlockConfiguration"].values()) == [True] * 4
        assert one["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}


def test_plain_http(stack: Template) -> None:
    """Denied to everybody on both buckets and the queue of failures."""
    http = {"aws:SecureTransport": "false"}
    for one in stack.of("S3::Bucket"):
        assert denied(stack, "s3:GetObject", f"<{one}.Arn>/calls/x", http)
        assert not denied(stack, "s3:GetObject", f"<{one}.Arn>/calls/x", TLS)
    assert denied(stack, "sqs:ReceiveMessage", arn(stack, "SQS::Queue"), http)


def test_tls_of_yesterday(stack: Template) -> None:
    """TLS 1.1 is denied to everybody on both buckets."""
    for one in stack.of("S3::Bucket"):
        assert denied(stack, "s3:PutObject", f"<{one}.Arn>/calls/x", {**TLS, "s3:TlsVersion": "1.1"})
        assert not denied(stack, "s3:PutObject", f"<{one}.Arn>/calls/x", {**TLS, "s3:TlsVersion": "1.2"})


@pytest.mark.parametrize(
    ("named", "refused"),
    [
        ({}, False),  # the bucket's own
        ({SSE: "aws:kms", f"{SSE}-aws-kms-key-id": KEY}, False),
        ({SSE: "AES256"}, True),
        ({SSE: "aws:kms"}, True),  # S3 takes the account's aws/s3 for it
        ({SSE: "aws:kms", f"{SSE}-aws-kms-key-id": KEY.replace("1234", "9999")}, True),
    ],
)
def test_a_put_under_another_key(stack: Template, named: dict[str, str], refused: bool) -> None:
    """Denied, on both buckets; a request that names no key gets the owner's."""
    for one in stack.of("S3::Bucket"):
        assert denied(stack, "s3:PutObject", f"<{one}.Arn>/calls/x", {**TLS, **named}) is refused


def test_objects_held_to_ransom_under_a_key_of_the_sender_s(stack: Template) -> None:
    """An object under a key that comes with the request (SSE-C) is denied, whoever sends it."""
    theirs = {**TLS, f"{SSE}-customer-algorithm": "AES256"}
    assert all(denied(stack, "s3:PutObject", f"<{one}.Arn>/calls/x", theirs) for one in stack.of("S3::Bucket"))
    assert not may(stack, "Copier", "s3:PutObject", f"{lake(stack)}/calls/x", theirs)


def test_the_callback_s_role_goes_for_the_vendor_s_key(stack: Template) -> None:
    """It may read the capability alone, though it faces the internet."""
    key = arn(stack, "SecretsManager::Secret", "Vaultcdrdevmain", ref=True)
    assert not may(stack, "CallbackFunction", "secretsmanager:GetSecretValue", key)
    assert may(stack, "CallbackFunction", "secretsmanager:GetSecretValue", "<VaultCapabilityD0DEDB9F>")
    assert may(stack, "PollerFunction", "secretsmanager:GetSecretValue", key)


def test_the_callback_s_role_goes_for_the_calls(stack: Template) -> None:
    """It has no right in S3 at all, and none to decrypt what lies there."""
    for action in ("s3:GetObject", "s3:PutObject", "s3:ListBucket"):
        assert not may(stack, "CallbackFunction", action, f"{lake(stack)}/calls/x", TLS)
    assert not may(stack, "CallbackFunction", "kms:Decrypt", KEY, via("s3"))
    assert may(stack, "CallbackFunction", "kms:Decrypt", KEY, via("secretsmanager"))


def test_the_callback_s_role_starts_runs_and_plans_windows(stack: Template) -> None:
    """It starts no execution, calls no function, and makes and queries no row."""
    assert not may(stack, "CallbackFunction", "states:StartExecution", machine())
    table = arn(stack, "DynamoDB::Table")
    for action in ("dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:Query", "dynamodb:Scan"):
        assert not may(stack, "CallbackFunction", action, table)
    for name in stack.of("Lambda::Function"):
        assert not may(stack, "CallbackFunction", "lambda:InvokeFunction", f"<{name}.Arn>")


def test_the_poller_s_role_writes_calls(stack: Template) -> None:
    """It has no right in S3; nor does the requester write where calls lie, nor the copier over the ledger's copy."""
    put = "s3:PutObject"
    assert not any(may(stack, "Poller", put, f"{lake(stack)}/{one}/x", TLS) for one in ("calls", "ledger"))
    assert not may(stack, "Requester", put, f"{lake(stack)}/calls/x", TLS)
    assert not may(stack, "Copier", put, f"{lake(stack)}/ledger/x", TLS)
    assert may(stack, "Copier", put, f"{lake(stack)}/calls/x", TLS)


@pytest.mark.parametrize("role", [*FUNCTIONS, "Workflow", "Clock"])
def test_a_stolen_role_destroys_what_is_kept(stack: Template, role: str) -> None:
    """No role of ours may delete an object, a version, a row, a secret, a log or a bucket, or end the key."""
    ends = ("Delete", "Remove", "Suspend", "Disable", "ScheduleKey", "PutLifecycle", "PutBucket", "Purge", "Cancel")
    actions = {action for name, row in grants(stack) if name.startswith(role) for action in many(row["Action"])}
    wrong = {one for one in actions if one.split(":")[1].startswith(ends) or "*" in one}
    assert wrong <= {"logs:DeleteLogDelivery"}  # Step Functions' own, of which no log group goes
    assert actions


@pytest.mark.parametrize("role", [*FUNCTIONS, "Workflow", "Clock"])
def test_a_stolen_role_makes_itself_more_of_one(stack: Template, role: str) -> None:
    """No role may change code or configuration, pass or assume a role, write a policy or a secret, or grant a key."""
    actions = {action for name, row in grants(stack) if name.startswith(role) for action in many(row["Action"])}
    assert {one for one in actions if one.split(":")[0] not in ("dynamodb", "s3", "logs", "xray")} <= {
        *("lambda:InvokeFunction", "states:StartExecution", "states:SendTaskSuccess", "sqs:SendMessage"),
        *("kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey", "secretsmanager:GetSecretValue"),
    }


def test_a_role_decrypts_by_itself(stack: Template) -> None:
    """The key serves a function through the services that it uses alone, for no ciphertext that it brings along."""
    for name in FUNCTIONS:
        assert not may(stack, f"{name}Function", "kms:Decrypt", KEY)
        assert not may(stack, f"{name}Function", "kms:Decrypt", KEY, via("ssm"))
        assert not may(stack, f"{name}Function", "kms:Decrypt", KEY.replace("1234", "9999"), via("dynamodb"))
        assert may(stack, f"{name}Function", "kms:Decrypt", KEY, via("dynamodb"))


def test_somebody_else_s_schedule_borrows_the_scheduler_s_role(stack: Template) -> None:
    """Only schedules of this account and this stage's group may take it on."""
    ours = "arn:aws:scheduler:us-east-1:123456789012:schedule-group/cdr-dev"
    account = KNOWN["AWS::AccountId"]
    assert _taken(stack, "ClockRole", "scheduler", account, ours)
    assert not _taken(stack, "ClockRole", "scheduler", "999999999999", ours)
    assert not _taken(stack, "ClockRole", "scheduler", account, ours.replace("cdr-dev", "theirs"))


def test_somebody_else_s_machine_borrows_the_machine_s_role(stack: Template) -> None:
    """Only this stage's machine, under any of its versions, may take it on."""
    account = KNOWN["AWS::AccountId"]
    assert _taken(stack, "WorkflowRole", "states", account, machine())
    assert _taken(stack, "WorkflowRole", "states", account, f"{machine()}:1")
    assert not _taken(stack, "WorkflowRole", "states", account, f"{machine()}-2")
    assert not _taken(stack, "WorkflowRole", "states", account, machine().replace("cdr-dev-poller", "theirs"))
    assert not _taken(stack, "WorkflowRole", "states", "999999999999", machine())


def test_a_role_assumed_from_another_account(stack: Template) -> None:
    """Services alone are trusted: no account, no user, no identity provider stands in any trust policy."""
    for one in stack.of("IAM::Role").values():
        for row in one["AssumeRolePolicyDocument"]["Statement"]:
            assert (row["Action"], list(row["Principal"])) == ("sts:AssumeRole", ["Service"])


def test_another_api_calls_the_callback_function(stack: Template) -> None:
    """Its permission names our API and our route; no other function can be called from outside."""
    permission = stack.one("Lambda::Permission")
    assert permission["Principal"] == "apigateway.amazonaws.com"
    assert text(permission["FunctionName"]).startswith("<CallbackFunction")
    (api,) = stack.of("ApiGatewayV2::Api")
    assert text(permission["SourceArn"]) == (
        f"arn:aws:execute-api:us-east-1:123456789012:<{api}>/*/*/callbacks/{{tag}}/{{capability}}"
    )


def test_a_function_with_an_address_of_its_own(stack: Template) -> None:
    """No function has a URL, no bucket a website, and the API is the one thing that listens."""
    kinds = {row["Type"].removeprefix("AWS::") for row in stack.resources.values()}
    assert not kinds & {"Lambda::Url", "ApiGateway::RestApi", "CloudFront::Distribution", "S3::AccessPoint"}
    assert not [one for one in stack.of("S3::Bucket").values() if "WebsiteConfiguration" in one]
    assert stack.one("ApiGatewayV2::Route")["RouteKey"] == "POST /callbacks/{tag}/{capability}"


def test_a_right_on_everything(stack: Template) -> None:
    """No statement reaches `*` but the delivery of logs and traces, which takes no resource; no action is a pattern."""
    for _, row in grants(stack):
        actions = many(row["Action"])
        assert not any("*" in one for one in actions)
        if any(text(one) == "*" for one in many(row["Resource"])):
            assert {one.split(":")[0] for one in actions} <= {"xray", "logs"}
            assert not any("LogEvents" in one for one in actions)


def test_somebody_deletes_the_stack(stack: Template) -> None:
    """Refused until protection is switched off; then bucket, its policy, ledger, secrets and logs stay behind."""
    manifest = json.loads((stack.out / "manifest.json").read_text())
    (made,) = [one for one in manifest["artifacts"].values() if one["type"] == "aws:cloudformation:stack"]
    assert made["properties"]["terminationProtection"] is True
    kept = ("S3::Bucket", "S3::BucketPolicy", "DynamoDB::Table", "SecretsManager::Secret", "Logs::LogGroup")
    rows = [row for row in stack.resources.values() if row["Type"].removeprefix("AWS::") in kept]
    assert {row["DeletionPolicy"] for row in rows} == {row["UpdateReplacePolicy"] for row in rows} == {"Retain"}


def test_somebody_deletes_the_ledger(stack: Template) -> None:
    """DynamoDB refuses, whoever asks, and every second of the last 35 days can be restored."""
    table = stack.one("DynamoDB::Table")
    assert table["DeletionProtectionEnabled"] is True
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_somebody_empties_the_bucket(stack: Template) -> None:
    """Versions and the bucket cannot be deleted, by an administrator either, but with a role that is tagged for it."""
    for action, on in (("s3:DeleteObjectVersion", f"{lake(stack)}/calls/x"), ("s3:DeleteBucket", lake(stack))):
        assert denied(stack, action, on, TLS)
        assert not denied(stack, action, on, {**TLS, "aws:PrincipalTag/cdr-erase": "yes"})
    assert not denied(stack, "s3:DeleteObject", f"{lake(stack)}/calls/x", TLS)  # it leaves the version
    (made,) = [one for name, one in stack.of("S3::Bucket").items() if name.startswith("Lake")]
    assert made["VersioningConfiguration"] == {"Status": "Enabled"}


def test_a_deploy_that_draws_the_capability_anew(stack: Template) -> None:
    """What AWS draws it from is frozen, and so is its identity; another KMS key re-encrypts it, and draws nothing."""
    one = stack.resources["VaultCapabilityD0DEDB9F"]
    assert set(one["Properties"]) == {"Description", "GenerateSecretString", "KmsKeyId"}
    frozen = json.dumps(one["Properties"]["GenerateSecretString"], sort_keys=True)
    assert frozen == '{"ExcludePunctuation": true, "PasswordLength": 48}'


def test_a_template_that_tells_a_secret(stack: Template) -> None:
    """No secret's value stands in it, nor in an environment: functions are told names."""
    assert not [one for one in stack.of("SecretsManager::Secret").values() if "SecretString" in one]
    for one in stack.of("Lambda::Function").values():
        told = {key: value for key, value in one["Environment"]["Variables"].items() if "SECRET" in key}
        assert all(stack.resources[value["Ref"]]["Type"] == "AWS::SecretsManager::Secret" for value in told.values())
    assert "{{resolve:" not in json.dumps(stack.body)


def test_a_query_that_writes_its_result_elsewhere(stack: Template) -> None:
    """The workgroup's place and key are enforced against what a client asks for, and its cost is bounded."""
    told = stack.one("Athena::WorkGroup")["WorkGroupConfiguration"]
    assert told["EnforceWorkGroupConfiguration"] is True
    assert text(told["ResultConfiguration"]["OutputLocation"]).startswith("s3://<QueriesResults")
    assert told["ResultConfiguration"]["EncryptionConfiguration"] == {"EncryptionOption": "SSE_KMS", "KmsKey": KEY}
    assert told["BytesScannedCutoffPerQuery"] == 100 * 10**9


@pytest.mark.parametrize("code", ["KMS.DisabledException", "KMS.KMSInvalidStateException", "AccessDenied"])
def test_the_owner_s_key_is_switched_off_while_we_write(code: str) -> None:
    """The write fails loudly with AWS's own code: it is taken for no fence, no missing object and no finished copy."""
    client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as answers:
        answers.add_client_error("put_object", code, http_status_code=400)
        answers.add_client_error("head_object", code, http_status_code=400)
        room = Lake(client, "bucket")
        with pytest.raises(ClientError, match=code):
            room.replace("calls/x", b"x", "text/plain", fence=None)
        with pytest.raises(ClientError, match=code):
            room.etag("calls/x")


def test_an_etag_that_is_no_digest() -> None:
    """Under KMS an ETag says nothing of the bytes: it is handed back as it came, and the bytes are held by SHA-256."""
    client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    seen = dict[str, object]()
    client.meta.events.register("provide-client-params.s3.PutObject", lambda params, **_: seen.update(params))
    with Stubber(client) as answers:
        answers.add_response("put_object", {"ETag": '"opaque"'})
        with Lake(client, "bucket").upload("calls/x", "text/plain") as upload:
            upload.write(b"some bytes")
            assert upload.finish(fence='"older"', fenced=True) == '"opaque"'
        assert upload.sha256 == hashlib.sha256(b"some bytes").hexdigest()
    assert seen["IfMatch"] == '"older"'
    assert "ChecksumSHA256" in seen
    assert "ContentMD5" not in seen


def machine() -> str:
    return "arn:aws:states:us-east-1:123456789012:stateMachine:cdr-dev-poller"


def via(service: str) -> dict[str, str]:
    return {"kms:ViaService": f"{service}.us-east-1.amazonaws.com"}


def _taken(made: Template, role: str, service: str, account: str, source: str) -> bool:
    context = {"aws:SourceAccount": account, "aws:SourceArn": source}
    return assumed(made, role, f"{service}.amazonaws.com", context)
