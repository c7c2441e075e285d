"""Service to service: who may call what is asked where MiniStack does not ask, of MiniStack's own IAM evaluator.

It checks each request that comes over HTTP, so what a Lambda does is checked. It does not check the state machine's
role towards a function, the schedule's role towards its target, the function's permission for API Gateway, the
function's role towards its log and towards the queue for what failed, or whether a service may assume the role at
all. AWS checks all six. A target other than a Lambda is refused here: we have none, and letting it pass unchecked
would prove nothing. And of an object that is not there S3 tells only those who may list: the others get 403.
"""

import functools
import json
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from ministack.core import iam_actions, iam_evaluator, lambda_runtime
from ministack.core.responses import get_account_id, get_region
from ministack.services import apigateway, eventbridge, iam, lambda_svc, s3, stepfunctions

# The role of the state machine that the current thread runs, and the machine's ARN.
_machine: ContextVar[tuple[str, str]] = ContextVar("machine")
# Which machine a token was handed out for: it is the resource of SendTaskSuccess, where MiniStack asks for "*".
_waiting: dict[str, str] = {}
INVOKE = "lambda:InvokeFunction"

Call = Callable[..., Any]


def apply() -> None:
    """Wraps what the other rooms have put there, so it comes last."""
    stepfunctions._execute_task = _as_machine(stepfunctions._execute_task)
    stepfunctions._invoke_resource = _checked(stepfunctions._invoke_resource)
    stepfunctions._invoke_with_callback = _remembered(_checked(stepfunctions._invoke_with_callback))
    iam_actions.extract_resource_arn = _of_token(iam_actions.extract_resource_arn)
    eventbridge._invoke_target = _as_schedule(eventbridge._invoke_target)
    apigateway._invoke_lambda_proxy = _permitted(apigateway._invoke_lambda_proxy)
    lambda_svc.execution_credentials = _as_function(lambda_runtime.execution_credentials)
    lambda_svc._emit_lambda_logs = _written(lambda_svc._emit_lambda_logs)
    lambda_svc._route_async_failure = _reported(lambda_svc._route_async_failure)
    iam_actions.s3_additional_checks = _listed(iam_actions.s3_additional_checks)


def assumable(role: str, service: str, source: str) -> bool:
    """Whether `service` may assume `role` on behalf of the resource `source`, by the role's trust policy."""
    found = iam._roles.get_scoped(get_account_id(), None, role.rpartition("/")[2]) or {}
    document = found.get("AssumeRolePolicyDocument") or {}
    document = json.loads(document) if isinstance(document, str) else document
    statements = document.get("Statement", [])
    statements = statements if isinstance(statements, list) else [statements]
    anywhere = {"Statement": [{**one, "Resource": "*"} for one in statements]}
    return permits(anywhere, service, "sts:AssumeRole", role, source)


def permits(document: Any, service: str, action: str, resource: str, source: str) -> bool:
    """Whether a resource's own policy lets an AWS service act on behalf of `source`."""
    context = _context(service, "Service", action, resource)
    context.service_context = {"aws:sourcearn": source, "aws:sourceaccount": get_account_id()}
    return bool(iam_evaluator.evaluate_resource_policy(document, context, service).decision == "Allow")


def allowed(role: str, action: str, resource: str) -> bool:
    """Whether a role's own policies let it act."""
    name = role.rpartition("/")[2]
    session = f"arn:aws:sts::{get_account_id()}:assumed-role/{name}/service"
    policies = iam_evaluator._gather_role_policies(name, get_account_id())
    context = _context(session, "AssumedRole", action, resource)
    return bool(iam_evaluator.evaluate(context, policies).decision == "Allow")


def _context(principal: str, kind: str, action: str, resource: str) -> Any:
    return iam_evaluator.EvalContext(
        principal_arn=principal, principal_type=kind, principal_account=get_account_id(),
        action=action, resource_arn=resource, region=get_region(), source_ip="127.0.0.1", secure_transport=True,
    )  # fmt: skip


def _as_machine(run: Call) -> Call:
    @functools.wraps(run)
    def execute(state: Any, given: Any, execution: Any, context: Any) -> Any:
        arn = execution["stateMachineArn"]
        token = _machine.set((stepfunctions._state_machines[arn]["roleArn"], arn))
        try:
            return run(state, given, execution, context)
        finally:
            _machine.reset(token)

    return execute


def _checked(call: Call) -> Call:
    @functools.wraps(call)
    def invoke(resource: str, given: Any, *more: Any) -> Any:
        refusal = _refusal(resource, given)
        if refusal:
            raise stepfunctions._ExecutionError(*refusal)
        return call(resource, given, *more)

    return invoke


def _remembered(call: Call) -> Call:
    @functools.wraps(call)
    def listen(resource: str, given: Any, token: str, state: Any) -> Any:
        _waiting[token] = _machine.get()[1]
        return call(resource, given, token, state)

    return listen


def _of_token(find: Call) -> Call:
    @functools.wraps(find)
    def arn(service: str, method: str, path: str, headers: Any, body: bytes, *more: Any) -> str:
        if service == "states" and b'"taskToken"' in (body or b""):
            return _waiting.get(json.loads(body)["taskToken"], "*")
        return str(find(service, method, path, headers, body, *more))

    return arn


def _refusal(resource: str, given: Any) -> tuple[str, str] | None:
    role, machine = _machine.get()
    if not assumable(role, "states.amazonaws.com", machine):
        return "States.Runtime", f"{machine} cannot assume {role}"
    if "states:::lambda:invoke" not in resource and ":function:" not in resource:
        return "States.Runtime", f"the emulated cloud cannot check a role towards {resource}"
    function = given["FunctionName"] if "states:::" in resource else resource
    if allowed(role, INVOKE, function_arn(function)):
        return None
    cause = f"User: {role} is not authorized to perform: {INVOKE} on resource: {function_arn(function)}"
    return "Lambda.AWSLambdaException", cause


def function_arn(function: str) -> str:
    if function.startswith("arn:"):
        return function
    return f"arn:aws:lambda:{get_region()}:{get_account_id()}:function:{function}"


def _as_schedule(call: Call) -> Call:
    @functools.wraps(call)
    def invoke(target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None) -> None:
        if event.get("Source") == "aws.scheduler" and not _may(target, rule):
            eventbridge.logger.error("IAM: schedule %s may not call %s", rule.get("Name"), target["Arn"])
            return
        call(target, event, rule, view)

    return invoke


def _may(target: dict[str, Any], schedule: dict[str, Any]) -> bool:
    role = target.get("RoleArn", "")
    where = f"{get_region()}:{get_account_id()}"
    group = f"arn:aws:scheduler:{where}:schedule-group/{schedule.get('GroupName', 'default')}"
    trusted = assumable(role, "scheduler.amazonaws.com", group)
    return trusted and ":function:" in target["Arn"] and allowed(role, INVOKE, target["Arn"])


def _as_function(give: Call) -> Call:
    @functools.wraps(give)
    def credentials(config: dict[str, Any]) -> Any:
        if not assumable(config["Role"], "lambda.amazonaws.com", config["FunctionArn"]):
            raise PermissionError("The role defined for the function cannot be assumed by Lambda.")
        return give(config)

    return credentials


def _written(write: Call) -> Call:
    """A function's log is written as its role: without the right it runs, and nobody reads of it."""

    @functools.wraps(write)
    def emit(func: dict[str, Any], *more: Any, **named: Any) -> None:
        config = func.get("config") or func
        name = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{config['FunctionName']}"
        stream = f"arn:aws:logs:{get_region()}:{get_account_id()}:log-group:{name}:log-stream:new"
        if all(allowed(config["Role"], f"logs:{one}", stream) for one in ("CreateLogStream", "PutLogEvents")):
            write(func, *more, **named)

    return emit


def _reported(send: Call) -> Call:
    """What failed is sent to the queue as the function's role."""

    @functools.wraps(send)
    def route(target: str, name: str, *more: Any) -> None:
        _, config, _ = lambda_svc._get_func_record_for_ref(name)
        if ":sqs:" in target and config and allowed(config["Role"], "sqs:SendMessage", target):
            send(target, name, *more)
        else:
            lambda_svc.logger.error("IAM: %s may not send what failed to %s", name, target)

    return route


def _listed(find: Call) -> Call:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html, "Permissions"."""

    @functools.wraps(find)
    def checks(method: str, path: str, headers: Any, body: bytes, query: Any) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = find(method, path, headers, body, query)
        bucket, _, key = path.strip("/").partition("/")
        if method in ("GET", "HEAD") and key and not query and key not in _keys(bucket):
            found = [*found, ("s3:ListBucket", f"arn:aws:s3:::{bucket}")]
        return found

    return checks


def _keys(bucket: str) -> Any:
    return (s3._buckets.get(bucket) or {}).get("objects", {})


def _permitted(call: Call) -> Call:
    @functools.wraps(call)
    async def invoke(
        integration: dict[str, Any], api: str, stage: str, path: str, method: str,
        headers: Any, body: Any, query: Any, route_key: str = "$default", path_params: Any = None, **more: Any,
    ) -> Any:  # fmt: skip
        # A permission names the route as it is written, braces and all.
        route = path if route_key == "$default" else route_key.partition(" ")[2]
        source = f"arn:aws:execute-api:{get_region()}:{get_account_id()}:{api}/{stage}/{method}{route}"
        if not _lets_in(integration, source):
            apigateway.logger.error("IAM: %s may not call its function", source)
            return 500, {"Content-Type": "application/json"}, b'{"message":"Internal Server Error"}'
        return await call(integration, api, stage, path, method, headers, body, query, route_key, path_params, **more)

    return invoke


def _lets_in(integration: dict[str, Any], source: str) -> bool:
    ref = apigateway._extract_lambda_ref_from_integration_uri(integration.get("integrationUri", ""))
    func, config, _ = lambda_svc._get_func_record_for_ref(ref)
    if not func or not config:
        return True  # a missing function is the proxy's to report
    return permits(func.get("policy"), "apigateway.amazonaws.com", INVOKE, config["FunctionArn"], source)
