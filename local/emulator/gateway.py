"""An HTTP API's ApiEndpoint: MiniStack gives http://ID.execute-api.localhost, which no resolver need know.

AWS gives a URL that works from anywhere, and the deployed requester hands it to a vendor for the callback; so
here it is the path form of MiniStack's own port, which serves the $default stage from its root, over TLS.
"""

import os
from typing import Any

from ministack import app
from ministack.services import apigateway
from ministack.services.cloudformation import provisioners

TYPE = "AWS::ApiGatewayV2::Api"


def apply() -> None:
    provisioners._RESOURCE_HANDLERS[TYPE].update(create=create, update=update)
    # With TLS on, MiniStack takes port 443 too wherever it may; two clouds at once would fight for it.
    app._port_is_bindable = lambda _host, _port: False


def create(logical: str, props: dict[str, Any], stack: str) -> tuple[str, dict[str, Any]]:
    return _reachable(provisioners._apigw_v2_api_create(logical, props, stack))


def update(api: str, old: dict[str, Any], new: dict[str, Any], stack: str, logical_id: str | None = None) -> Any:
    return _reachable(provisioners._apigw_v2_api_update(api, old, new, stack, logical_id))


def _reachable(made: tuple[str, dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    api, attributes = made
    endpoint = f"{os.environ['AWS_ENDPOINT_URL']}/_aws/execute-api/{api}"
    apigateway._apis[api]["apiEndpoint"] = endpoint
    return api, {**attributes, "ApiEndpoint": endpoint}
