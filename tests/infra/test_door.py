"""The HTTP API."""

import json

from tests.infra.template import Template, text


def test_there_is_one_way_in(made: Template) -> None:
    """A POST with a tag and a capability."""
    assert made.one("ApiGatewayV2::Route")["RouteKey"] == "POST /callbacks/{tag}/{capability}"
    assert made.one("ApiGatewayV2::Integration")["PayloadFormatVersion"] == "2.0"
    permission = made.one("Lambda::Permission")
    assert permission["Principal"] == "apigateway.amazonaws.com"
    assert text(permission["SourceArn"]).endswith("/*/*/callbacks/{tag}/{capability}")


def test_the_way_in_is_narrow(made: Template, local: Template) -> None:
    """The default stage is throttled, by settings."""
    limits = [one.one("ApiGatewayV2::Stage")["DefaultRouteSettings"] for one in (made, local)]
    assert limits == [
        {"ThrottlingRateLimit": 50, "ThrottlingBurstLimit": 100},
        {"ThrottlingRateLimit": 3, "ThrottlingBurstLimit": 4},
    ]
    assert made.one("ApiGatewayV2::Stage")["StageName"] == "$default"


def test_the_access_log_does_not_hold_the_capability(made: Template) -> None:
    """The route as it is written, never the path as it came."""
    logged = json.loads(made.one("ApiGatewayV2::Stage")["AccessLogSettings"]["Format"])
    assert logged == {
        "route": "$context.routeKey",
        "status": "$context.status",
        "ip": "$context.identity.sourceIp",
        "latency": "$context.responseLatency",
    }
