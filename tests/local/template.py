"""A small CloudFormation template with one of each thing that our additions to the emulated cloud touch."""

import base64
import json
from typing import Any

CODE = """
import json, os, time, boto3
from botocore.exceptions import ClientError

class Busy(Exception):
    pass

def handler(event, context):
    do = event.get("do") or event.get("rawPath")
    if do == "fail":
        raise Busy(event.get("word", "not now"))
    if do == "tell":
        print(json.dumps(event["line"]))
    if do == "sleep":
        time.sleep(event["seconds"])
    if do == "slurp":
        return len(bytearray(event["bytes"]))
    if do == "look around":
        return {"environment": dict(os.environ), "cwd": os.getcwd(), "left": context.get_remaining_time_in_millis(),
                "me": boto3.client("sts").get_caller_identity()["Arn"]}
    if do == "read secret":
        return boto3.client("secretsmanager").get_secret_value(SecretId=os.environ["SECRET"])["SecretString"]
    if do == "head":
        try:
            return boto3.client("s3").head_object(Bucket=os.environ["BUCKET"], Key=event["key"])["ContentLength"]
        except ClientError as error:
            return error.response["Error"]["Code"]
    if do == "list tables":
        return boto3.client("dynamodb").list_tables()["TableNames"]
    if do in ("listen", "note"):
        boto3.client("dynamodb").put_item(TableName=os.environ["TABLE"], Item={
            "pk": {"S": event["key"]}, "token": {"S": event.get("token", "none")}})
    if do == "/callbacks/tag/word":
        row = boto3.client("dynamodb").get_item(TableName=os.environ["TABLE"], Key={"pk": {"S": event["body"]}})
        token = row["Item"]["token"]["S"]
        boto3.client("stepfunctions").send_task_success(taskToken=token, output=json.dumps({"heard": True}))
    return {"ok": True}
"""

BROKEN = "import not_there"


def role(service: str, *statements: dict[str, Any]) -> dict[str, Any]:
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    policy = {"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": list(statements)}}
    properties = {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]}}
    return {"Type": "AWS::IAM::Role", "Properties": {**properties, **({"Policies": [policy]} if statements else {})}}


def allow(action: str | list[str], resource: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def function(code: str, role: str, timeout: int = 10) -> dict[str, Any]:
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "python3.13",
            "Handler": "index.handler",
            "Timeout": timeout,
            "MemorySize": 256,
            "Role": arn(role),
            "Code": {"ZipFile": code},
            "Environment": {"Variables": {name.upper(): {"Ref": name} for name in ("Table", "Secret", "Bucket")}},
        },
    }


def arn(name: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [name, "Arn"]}


def reaction(name: str) -> dict[str, Any]:
    """What failed goes to the queue, at once."""
    destination = {"DestinationConfig": {"OnFailure": {"Destination": arn("Queue")}}}
    properties = {"FunctionName": {"Ref": name}, "Qualifier": "$LATEST", "MaximumRetryAttempts": 0, **destination}
    return {"Type": "AWS::Lambda::EventInvokeConfig", "Properties": properties}


def task(**more: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True, **more}


def machine(states: dict[str, Any], role: str = "MachineRole", **more: Any) -> dict[str, Any]:
    definition = json.dumps({"StartAt": next(iter(states)), "States": states, **more})
    return {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "RoleArn": arn(role),
            "DefinitionString": {"Fn::Sub": [definition, {"Function": arn("Function"), "Other": arn("Other")}]},
        },
    }


def listening(**more: Any) -> dict[str, Any]:
    given = {"FunctionName": "${Function}", "Payload": {"do.$": "$.do", "key.$": "$.key", "token.$": "$$.Task.Token"}}
    return task(Parameters=given, **more) | {"Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken"}


CAUGHT = [{"ErrorEquals": ["States.Timeout"], "ResultPath": "$.error", "Next": "Late"}]
NOTE = {"do": "note", "key.$": "$.key"}
COLUMNS = [("call_id", "string"), ("cost", "decimal(18,6)"), ("started_at", "timestamp"), ("later", "bigint")]


def table(kind: str, **more: Any) -> dict[str, Any]:
    given = {"TableType": kind, **more}
    properties = {"CatalogId": {"Ref": "AWS::AccountId"}, "DatabaseName": {"Ref": "Database"}, "TableInput": given}
    return {"Type": "AWS::Glue::Table", "Properties": properties}


def view(name: str, sql: str, *columns: tuple[str, str]) -> dict[str, Any]:
    listed = [{"name": column, "type": kind} for column, kind in columns]
    told = {"originalSql": sql, "catalog": "awsdatacatalog", "schema": "small", "columns": listed}
    text = base64.b64encode(json.dumps(told).encode()).decode()
    storage = {"Columns": [{"Name": column, "Type": kind} for column, kind in columns], "SerdeInfo": {}}
    original = {"ViewOriginalText": f"/* Presto View: {text} */", "ViewExpandedText": "/* Presto View */"}
    return table("VIRTUAL_VIEW", Name=name, StorageDescriptor=storage, Parameters={"presto_view": "true"}, **original)


def workgroup(name: str, **more: Any) -> dict[str, Any]:
    told = {"ResultConfiguration": {"OutputLocation": {"Fn::Sub": "s3://${Bucket}/athena/"}}, **more}
    return {"Type": "AWS::Athena::WorkGroup", "Properties": {"Name": name, "WorkGroupConfiguration": told}}


CALLS = table(
    "EXTERNAL_TABLE",
    Name="calls_all",
    PartitionKeys=[{"Name": "export", "Type": "string"}, {"Name": "dt", "Type": "string"}],
    Parameters={
        "projection.enabled": "true",
        "projection.export.type": "enum",
        "projection.export.values": "telnyx-main,flowroute-main",
        "projection.dt.type": "date",
        "projection.dt.format": "yyyy-MM-dd",
        "projection.dt.range": "2026-01-01,NOW",
        "storage.location.template": {"Fn::Sub": "s3://${Bucket}/calls/export=${!export}/dt=${!dt}/"},
    },
    StorageDescriptor={
        "Columns": [{"Name": name, "Type": kind} for name, kind in COLUMNS],
        "Location": {"Fn::Sub": "s3://${Bucket}/calls/"},
        "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
        "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
        "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"},
    },
)
RECEIPTS = table(
    "EXTERNAL_TABLE",
    Name="receipts",
    StorageDescriptor={
        "Columns": [{"Name": "rows", "Type": "bigint"}, {"Name": "verdict", "Type": "string"}],
        "Location": {"Fn::Sub": "s3://${Bucket}/receipts/"},
        "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
        "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        "SerdeInfo": {"SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe"},
    },
)

DATA = {
    "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"VersioningConfiguration": {"Status": "Enabled"}}},
    "Queue": {"Type": "AWS::SQS::Queue"},
    "Table": {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        },
    },
    "Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": "hush"}},
    "Database": {
        "Type": "AWS::Glue::Database",
        "Properties": {"CatalogId": {"Ref": "AWS::AccountId"}, "DatabaseInput": {"Name": "small"}},
    },
    "Calls": CALLS,
    "Receipts": RECEIPTS,
    "Daily": view(
        "daily",
        "SELECT dt, export, count(*) AS calls, sum(cost) AS cost, to_iso8601(max(started_at)) AS last"
        " FROM calls_all GROUP BY dt, export",
        *[("dt", "varchar"), ("export", "varchar"), ("calls", "bigint"), ("cost", "decimal(38,6)")],
    ),
    "Busiest": view("busiest", "SELECT dt FROM daily ORDER BY calls DESC LIMIT 1", ("dt", "varchar")),
    "Workgroup": workgroup("small"),
    "Tight": workgroup("tight", BytesScannedCutoffPerQuery=500_000),
}

FUNCTIONS = {
    "Function": function(CODE, "FunctionRole"),
    "Other": function(CODE, "FunctionRole", timeout=1),
    "Broken": function(BROKEN, "FunctionRole"),
    "Distrusted": function(CODE, "DistrustedRole"),
    "Reporting": function(CODE, "FunctionRole"),
    "Silent": function(CODE, "SilentRole"),
    "FunctionRole": role(
        "lambda.amazonaws.com",
        allow(["logs:CreateLogStream", "logs:PutLogEvents"], "*"),
        allow("sqs:SendMessage", arn("Queue")),
        allow(["s3:GetObject", "s3:ListBucket"], "*"),
        allow(["dynamodb:PutItem", "dynamodb:GetItem"], arn("Table")),
        allow("secretsmanager:GetSecretValue", {"Ref": "Secret"}),
        allow("states:SendTaskSuccess", "*"),
    ),
    "SilentRole": role("lambda.amazonaws.com", allow(["s3:GetObject", "logs:CreateLogStream"], "*")),
    "DistrustedRole": role("ec2.amazonaws.com"),
}
REACTIONS = {f"{name}Reaction": reaction(name) for name in ("Reporting", "Silent")}

MACHINES = {
    "MachineRole": role("states.amazonaws.com", allow("lambda:InvokeFunction", arn("Function"))),
    "UntrustedRole": role("ec2.amazonaws.com", allow("lambda:InvokeFunction", arn("Function"))),
    "Listening": machine(
        {
            "Listen": listening(TimeoutSecondsPath="$.wait", ResultPath="$.answer", Catch=CAUGHT),
            "Late": {"Type": "Pass", "Result": "late", "ResultPath": "$.late", "End": True},
        }
    ),
    "Handing": machine(
        {"Hand": task(Parameters={"FunctionName": "${Function}", "InvocationType": "Event", "Payload": NOTE})}
    ),
    "Trespassing": machine({"Call": task(Parameters={"FunctionName": "${Other}", "Payload": NOTE})}),
    "Untrusted": machine({"Call": task(Parameters={"FunctionName": "${Function}", "Payload": NOTE})}, "UntrustedRole"),
    "Retrying": machine(
        {
            "Call": task(
                Parameters={"FunctionName": "${Function}", "Payload": {"do": "fail"}},
                Retry=[{"ErrorEquals": ["Busy"], "IntervalSeconds": 50, "MaxAttempts": 1}],
            )
        }
    ),
    "Short": machine(
        {
            "Wait": {"Type": "Wait", "Seconds": 2, "Next": "Call"},
            "Call": task(
                Parameters={"FunctionName": "${Function}", "Payload": NOTE},
                Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Caught"}],
            ),
            "Caught": {"Type": "Pass", "Result": "caught", "End": True},
        },
        TimeoutSeconds=1,
    ),
    "Waiting": machine({"Wait": {"Type": "Wait", "SecondsPath": "$.wait", "End": True}}),
}

SCHEDULES = {
    "ScheduleRole": role("scheduler.amazonaws.com", allow("lambda:InvokeFunction", arn("Function"))),
    "Schedule": {
        "Type": "AWS::Scheduler::Schedule",
        "Properties": {
            "ScheduleExpression": "rate(15 minutes)",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {"Arn": arn("Function"), "RoleArn": arn("ScheduleRole"), "Input": "{}"},
        },
    },
}


def api(name: str, *, permitted: bool) -> dict[str, Any]:
    route = {"ApiId": {"Ref": name}, "RouteKey": "POST /callbacks/{tag}/{capability}"}
    target = {"Target": {"Fn::Sub": f"integrations/${{{name}Integration}}"}}
    integration = {"IntegrationType": "AWS_PROXY", "IntegrationUri": arn("Function"), "PayloadFormatVersion": "2.0"}
    source = (
        f"arn:aws:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{{name}}}/*/*/callbacks/{{tag}}/{{capability}}"
    )
    permission = {"Action": "lambda:InvokeFunction", "FunctionName": arn("Function")}
    caller = {"Principal": "apigateway.amazonaws.com", "SourceArn": {"Fn::Sub": source}}
    stage = {"ApiId": {"Ref": name}, "StageName": "$default", "AutoDeploy": True}
    made: dict[str, Any] = {
        name: {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": name, "ProtocolType": "HTTP"}},
        f"{name}Stage": {"Type": "AWS::ApiGatewayV2::Stage", "Properties": stage},
        f"{name}Integration": {
            "Type": "AWS::ApiGatewayV2::Integration",
            "Properties": {"ApiId": {"Ref": name}, **integration},
        },
        f"{name}Route": {"Type": "AWS::ApiGatewayV2::Route", "Properties": {**route, **target}},
    }
    if permitted:
        made[f"{name}Permission"] = {"Type": "AWS::Lambda::Permission", "Properties": {**permission, **caller}}
    return made


RESOURCES = (
    DATA | FUNCTIONS | REACTIONS | MACHINES | SCHEDULES | api("Api", permitted=True) | api("Closed", permitted=False)
)
NAMED = ("Api", "Closed", "Bucket", "Queue", "Table", "Secret", "Schedule", *FUNCTIONS, *MACHINES)
TEMPLATE: dict[str, Any] = {
    "Resources": RESOURCES,
    "Outputs": {name: {"Value": {"Ref": name}} for name in NAMED}
    | {"Endpoint": {"Value": {"Fn::GetAtt": ["Api", "ApiEndpoint"]}}}
    | {"ClosedEndpoint": {"Value": {"Fn::GetAtt": ["Closed", "ApiEndpoint"]}}}
    | {f"{name}Arn": {"Value": arn(name)} for name in ("Function", "Other", "ScheduleRole", "MachineRole")},
}
