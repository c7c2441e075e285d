"""The door for a vendor's callback: an HTTP API with one route, throttled, its log, if any, without the path."""

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

# The throttle bounds what a flood costs, but not its lines in this log: at the account's 10,000 requests a second they
# would be some 65 dollars a day.
UNLOGGED = "A line for each request that the throttle refuses has no bound; `-c access_log=on` where one is wanted."


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
        stage = self._stage(api, settings)
        for route in routes:
            stage.node.add_dependency(route)  # whose throttle it names
        self.url = api.api_endpoint

    def _stage(self, api: apigateway.HttpApi, settings: Settings) -> apigateway.CfnStage:
        """The route's own throttle, and the same for any other that may come."""
        rate, burst = settings.rate, settings.burst
        stage = apigateway.CfnStage(
            self,
            "Stage",
            api_id=api.api_id,
            stage_name="$default",
            auto_deploy=True,
            default_route_settings=apigateway.CfnStage.RouteSettingsProperty(
                throttling_rate_limit=rate, throttling_burst_limit=burst
            ),
            route_settings={f"POST {PATH}": {"ThrottlingRateLimit": rate, "ThrottlingBurstLimit": burst}},
            access_log_settings=self._logged(settings) if settings.access_log else None,
        )
        if not settings.access_log:
            allow(stage, "APIG1", UNLOGGED)
        return stage

    def _logged(self, settings: Settings) -> apigateway.CfnStage.AccessLogSettingsProperty:
        group = log(self, "Log", settings=settings)
        return apigateway.CfnStage.AccessLogSettingsProperty(
            destination_arn=group.log_group_arn, format=json.dumps(LOGGED)
        )
