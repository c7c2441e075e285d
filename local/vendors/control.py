"""`/_faults` beside a vendor's API: what can be asked to go wrong, what is pending, and the asking; without a key."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from local.vendors.faults import Faults

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATH = "/_faults"
HOW = ("times", "on", "seconds")


class Control:
    """Answers GET with the table and what is pending, POST and DELETE with what is pending then."""

    def __init__(self, vendor: str, faults: Faults) -> None:
        self._vendor, self._faults = vendor, faults
        self.app = Flask("faults", static_folder=None)
        for method, view in (("GET", self._get), ("POST", self._post), ("DELETE", self._delete)):
            self.app.add_url_rule(PATH, method, view, methods=[method])
        self.app.register_error_handler(HTTPException, _elsewhere)

    def _get(self) -> Response:
        faults = [
            {"fault": name, "strikes": fault.where, "does": fault.does, "seconds": fault.seconds}
            for name, fault in self._faults.played.items()
        ]
        return _json({"simulated": True, "vendor": self._vendor, "faults": faults, "pending": self._faults.pending})

    def _post(self) -> Response:
        try:
            self._ask(request.get_json(force=True, silent=True))
        except ValueError as wrong:
            return _json({"error": str(wrong)}, 400)
        return _json({"pending": self._faults.pending})

    def _delete(self) -> Response:
        self._faults.clear()
        return _json({"pending": self._faults.pending})

    def _ask(self, body: Any) -> None:
        how: dict[str, Any] = dict(body) if isinstance(body, dict) else {}
        fault = how.pop("fault", None)
        if type(fault) is not str:
            raise ValueError('the body must be JSON such as {"fault": "throttled", "times": 2}')
        if unknown := sorted(set(how) - set(HOW)):
            raise ValueError(f"no such field: {', '.join(unknown)}; possible: fault, {', '.join(HOW)}")
        self._faults.add(fault, how.get("times", 1), on=how.get("on"), seconds=how.get("seconds"))


def _elsewhere(error: HTTPException) -> Response:
    return _json({"error": f"{error.name}: GET, POST and DELETE of {PATH}"}, error.code or 500)


def beside(api: "WSGIApplication", faults: "WSGIApplication") -> "WSGIApplication":
    """The vendor's API, which hears nothing of what is asked below `/_faults`."""

    def door(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        return (faults if environ["PATH_INFO"].startswith(PATH) else api)(environ, start)

    return door


def _json(body: dict[str, Any], status: int = 200) -> Response:
    return Response(f"{json.dumps(body, indent=2)}\n", status, mimetype="application/json")
