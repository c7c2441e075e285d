"""The four Lambdas, what they are told, and what they may do."""

import pytest

from tests.infra.template import Resource, Template, many, text

EVERYWHERE = {
    "CDR_VERSION",
    "CDR_EXPORTS",
    *("CDR_STAGE", "CDR_STACK", "CDR_TABLE", "CDR_BUCKET"),
    *("POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_LOG_LEVEL"),
}
TOLD = {
    "Requester": {*EVERYWHERE, "CDR_CAPABILITY_SECRET", "CDR_CALLBACK_URL", "CDR_MACHINE"},
    "Callback": {*EVERYWHERE, "CDR_CAPABILITY_SECRET"},
    "Poller": {*EVERYWHERE, "CDR_CAPABILITY_SECRET"},
    "Copier": {*EVERYWHERE, "MALLOC_ARENA_MAX", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"},
}
MAY = {
    "Requester": {
        *("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"),
        *("secretsmanager:GetSecretValue", "states:StartExecution", "sqs:SendMessage"),
        *("s3:PutObject", "s3:GetObject", "s3:ListBucket"),
    },
    "Callback": {
        "dynamodb:UpdateItem",
        *("secretsmanager:GetSecretValue", "states:SendTaskSuccess"),
    },
    "Poller": {
        *("dynamodb:GetItem", "dynamodb:UpdateItem"),
        *("secretsmanager:GetSecretValue", "states:SendTaskSuccess"),
    },
    "Copier": {
        *("dynamodb:GetItem", "dynamodb:UpdateItem", "secretsmanager:GetSecretValue"),
        *("s3:PutObject", "s3:GetObject", "s3:AbortMultipartUpload", "s3:ListBucket"),
    },
}
LOG = {"logs:CreateLogStream", "logs:PutLogEvents"}
TRACE = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}
SIZES = {"Requester": (120, 256), "Callback": (10, 256), "Poller": (60, 256), "Copier": (900, 1024)}


def function(made: Template, name: str) -> Resource:
    (found,) = [one for key, one in made.of("Lambda::Function").items() if key.startswith(name)]
    return found


def reach(made: Template, name: str, action: str) -> list[str]:
    """The resources on which a function may do something, with what the stack calls them."""
    found = [one for one in made.statements(f"{name}Function") if action in many(one["Action"])]
    return sorted(text(resource) for one in found for resource in many(one["Resource"]))


@pytest.mark.parametrize("name", TOLD)
def test_a_function_runs_as_designed(made: Template, name: str) -> None:
    """On arm64, with its own bundle, time-out and memory, traced, and with a log that ends."""
    one = function(made, name)
    assert (one["Runtime"], one["Architectures"]) == ("python3.13", ["arm64"])
    assert one["Handler"] == f"lambdas.{name.lower()}.handler"
    assert (one["Timeout"], one["MemorySize"]) == SIZES[name]
    assert one["TracingConfig"] == {"Mode": "Active"}
    assert "ReservedConcurrentExecutions" not in one
    group = made.resources[one["LoggingConfig"]["LogGroup"]["Ref"]]
    assert group["Properties"] == {"RetentionInDays": 30}


def test_each_has_a_bundle_and_a_role_of_its_own(made: Template) -> None:
    """What one may do or import, the others may not."""
    functions = made.of("Lambda::Function").values()
    assert len({text(one["Role"]) for one in functions}) == 4
    assert len({one["Code"]["S3Key"] for one in functions}) == 4


@pytest.mark.parametrize("name", TOLD)
def test_a_function_is_told_what_it_needs_and_no_more(made: Template, name: str) -> None:
    """The names are those that lambdas/settings.py reads; a rehearsal is never set by the stack."""
    assert set(function(made, name)["Environment"]["Variables"]) == TOLD[name]


def test_the_stack_has_an_identity_of_its_own(made: Template) -> None:
    """The first part of the UUID in the stack's id, so that another stack's reports are not taken for ours."""
    stack = function(made, "Requester")["Environment"]["Variables"]["CDR_STACK"]
    uuid = {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}
    assert stack == {"Fn::Select": [0, {"Fn::Split": ["-", uuid]}]}


def test_the_callback_s_address_may_be_left_out(made: Template, local: Template) -> None:
    """A laptop cannot be called back."""
    told = function(made, "Requester")["Environment"]["Variables"]["CDR_CALLBACK_URL"]
    assert made.resources[told["Fn::GetAtt"][0]]["Type"] == "AWS::ApiGatewayV2::Api"
    assert function(local, "Requester")["Environment"]["Variables"]["CDR_CALLBACK_URL"] == ""


@pytest.mark.parametrize("name", MAY)
def test_a_function_may_do_what_it_needs_and_no_more(made: Template, name: str) -> None:
    """Beside its log and its trace."""
    actions = {action for one in made.statements(f"{name}Function") for action in many(one["Action"])}
    assert actions == MAY[name] | LOG | TRACE
    assert not any("*" in action for action in actions)


@pytest.mark.parametrize("name", MAY)
def test_no_function_may_do_it_to_everything(made: Template, name: str) -> None:
    """But for the trace, which takes no resource."""
    for one in made.statements(f"{name}Function"):
        assert one["Effect"] == "Allow"
        if set(many(one["Action"])) != TRACE:
            assert all(text(resource).startswith(("<", "arn:aws:s")) for resource in many(one["Resource"]))
            assert "*" not in [text(resource) for resource in many(one["Resource"])]


def test_no_role_has_a_policy_of_somebody_else(made: Template) -> None:
    """Managed policies reach further than their names say."""
    assert not [name for name, one in made.of("IAM::Role").items() if "ManagedPolicyArns" in one]


def test_the_callback_holds_no_vendor_s_key(made: Template) -> None:
    """It faces the internet; the copier holds no capability, as it neither gives one out nor seals a token."""
    secrets = {one.get("Name", "capability"): f"<{name}>" for name, one in made.of("SecretsManager::Secret").items()}
    given = "arn:aws:secretsmanager:us-east-1:123456789012:secret:theirs-AbCdEf"
    vendors = sorted([given, *(one for name, one in secrets.items() if name != "capability")])
    read = "secretsmanager:GetSecretValue"
    assert reach(made, "Callback", read) == [secrets["capability"]]
    assert reach(made, "Copier", read) == vendors
    both = sorted([*vendors, secrets["capability"]])
    assert reach(made, "Poller", read) == reach(made, "Requester", read) == both


def test_only_the_copier_writes_calls(made: Template) -> None:
    """And the requester only the ledger's copy."""
    (bucket,) = [name for name in made.of("S3::Bucket") if name.startswith("Lake")]
    written = [f"<{bucket}.Arn>/{prefix}/*" for prefix in ("calls", "quarantine", "raw", "receipts")]
    assert reach(made, "Copier", "s3:PutObject") == written
    assert reach(made, "Copier", "s3:ListBucket") == [f"<{bucket}.Arn>"]
    assert reach(made, "Requester", "s3:PutObject") == [f"<{bucket}.Arn>/ledger/*"]


def test_the_machine_may_call_three_functions(made: Template) -> None:
    """Those that it names, and not the callback."""
    called = [one for one in made.statements("Workflow") if one["Action"] == "lambda:InvokeFunction"]
    reached = {text(resource) for one in called for resource in many(one["Resource"])}
    named = made.one("StepFunctions::StateMachine")["DefinitionSubstitutions"]
    assert reached == {text(arn) for arn in named.values()}
    assert {word: text(arn).startswith(f"<{word}Function") for word, arn in named.items()} == {
        "Poller": True,
        "Copier": True,
        "Requester": True,
    }
