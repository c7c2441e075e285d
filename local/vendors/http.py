"""An application on a free port of 127.0.0.1, in threads of this process, silent."""

import json
import socket
from threading import Thread
from types import TracebackType
from typing import TYPE_CHECKING, Any

from flask import g, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException
from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class Silent(WSGIRequestHandler):
    """Writes no line for a request: a path may hold what nobody should read."""

    def log(self, type: str, message: str, *args: Any) -> None:
        pass


class Origin:
    """One origin, scheme, host and port, listening while its context lasts."""

    def __init__(self, app: "WSGIApplication") -> None:
        self._server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Silent)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "Origin":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Refusal(HTTPException):
    """An answer other than success, in the vendor's own words."""

    def __init__(self, status: int, title: str, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.code = self.status = status
        self.title, self.detail, self.extra = title, detail, headers or {}


def hang_up() -> ResponseReturnValue:
    """Closes the connection instead of answering; werkzeug then finds nobody to write to."""
    g.dropped = True
    peer = request.environ["werkzeug.socket"]
    peer.shutdown(socket.SHUT_RDWR)
    return ""


def integer(name: str, default: int, low: int, high: int | None, refusal: Refusal) -> int:
    """A whole number from the query within its bounds, or the refusal."""
    text = request.args.get(name, str(default))
    if not text.isascii() or not text.isdigit() or int(text) < low or (high is not None and int(text) > high):
        raise refusal
    return int(text)


def reply(body: object, status: int = 200) -> ResponseReturnValue:
    """JSON with its fields in the order of the document."""
    return json.dumps(body), status
