"""The door for a vendor's callback: an HTTP API with one route, throttled, its log without the path."""

import json

from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration
from constructs import Construct

from infra.checks import allow
from infra.functions import Function, log
from infra.settings import Settings

PATH = "/callbacks/{tag}/{capability}"
# Never $context.path: its last part is the capability.
LOGGED = {
    "route": "$context.routeKey",
    "status": "$context.status",
    "ip": "$context.identity.sourceIp",
    "latency": "$context.responseLatency",
}


class Door(Construct):
    """`url` is the API's address, without a slash at its end."""

    def __init__(self, scope: Construct, name: str, *, callback: Function, settings: Settings) -> None:
        super().__init__(scope, name)
        api = apigateway.HttpApi(self, "Api", create_default_stage=False)
        routes = api.add_routes(
            path=PATH,
            methods=[apigateway.HttpMethod.POST],
            integration=HttpLambdaIntegration("Callback", callback.function),
        )
        for route in routes:
            allow(
                route,
                "APIG4",
                "A vendor cannot sign in; the callback checks the capability in the path.",
            )
        self._stage(api, settings)
        self.url = api.api_endpoint

    def _stage(self, api: apigateway.HttpApi, settings: Settings) -> None:
        group = log(self, "Log", settings=settings)
        apigateway.CfnStage(
            self,
            "Stage",
            api_id=api.api_id,
            stage_name="$default",
            auto_deploy=True,
            default_route_settings=apigateway.CfnStage.RouteSettingsProperty(
                throttling_rate_limit=settings.rate, throttling_burst_limit=settings.burst
            ),
            access_log_settings=apigateway.CfnStage.AccessLogSettingsProperty(
                destination_arn=group.log_group_arn, format=json.dumps(LOGGED)
            ),
        )
