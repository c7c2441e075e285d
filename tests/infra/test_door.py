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


def test_without_callbacks_there_is_no_way_in(made: Template, local: Template) -> None:
    """No address, and no right to call the function behind it; the functions stay, and nobody is told of an address."""
    assert [name for name, one in made.resources.items() if "ApiGateway" in one["Type"]]
    assert not [name for name, one in local.resources.items() if "ApiGateway" in one["Type"]]
    assert not local.of("Lambda::Permission") and not local.of("Lambda::Url")
    assert "execute-api" not in json.dumps(local.body)
    told = set(made.body["Outputs"]) - set(local.body["Outputs"])
    assert {one for one in told if not one.startswith("Key")} == {"Api"}  # the keys are named by their exports
    assert len(local.of("Lambda::Function")) == 4


def test_the_way_in_is_narrow(made: Template, hidden: Template) -> None:
    """The route is throttled, by settings, and so would be any other; the stage waits for the route that it names."""
    wanted = [
        {"ThrottlingRateLimit": 10, "ThrottlingBurstLimit": 50},
        {"ThrottlingRateLimit": 3, "ThrottlingBurstLimit": 4},
    ]
    for one, limit in zip((made, hidden), wanted, strict=True):
        stage = one.one("ApiGatewayV2::Stage")
        assert stage["DefaultRouteSettings"] == limit
        assert stage["RouteSettings"] == {one.one("ApiGatewayV2::Route")["RouteKey"]: limit}
        ((name, row),) = [pair for pair in one.resources.items() if pair[1]["Type"] == "AWS::ApiGatewayV2::Stage"]
        assert set(one.of("ApiGatewayV2::Route")) <= set(row["DependsOn"]), name
    assert made.one("ApiGatewayV2::Stage")["StageName"] == "$default"


def test_the_access_log_does_not_hold_the_capability(hidden: Template) -> None:
    """The route as it is written, never the path as it came."""
    logged = json.loads(hidden.one("ApiGatewayV2::Stage")["AccessLogSettings"]["Format"])
    assert logged == {
        "route": "$context.routeKey",
        "status": "$context.status",
        "ip": "$context.identity.sourceIp",
        "latency": "$context.responseLatency",
    }


def test_strangers_fill_no_log_unless_one_is_wanted(made: Template) -> None:
    """The throttle does not bound it: what it refuses would have its line too."""
    assert "AccessLogSettings" not in made.one("ApiGatewayV2::Stage")
