"""A server on loopback that answers what a test tells it to, and remembers what it was asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, jsonify, request

from local.vendors.http import Origin


@dataclass
class Heard:
    """One request."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass
class Door:
    """The answers in order, the last one again and again."""

    url: str = ""
    answers: list[Response] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)

    def says(self, *answers: Any, status: int = 200, **headers: str) -> None:
        """Answer these: JSON for what is no text."""
        for one in answers:
            self.answers.append(Response(one) if isinstance(one, str | bytes) else jsonify(one))
            self.answers[-1].status_code = status
            self.answers[-1].headers.update({name.replace("_", "-"): value for name, value in headers.items()})

    def answer(self, path: str) -> Response:
        body = request.get_json(force=True, silent=True)
        self.heard.append(Heard(request.method, f"/{path}", request.args.to_dict(), dict(request.headers), body))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def door() -> Iterator[Door]:
    """A door that is open while the context lasts."""
    app, made = Flask("door", static_folder=None), Door()
    app.add_url_rule("/<path:path>", view_func=made.answer, methods=["GET", "POST", "DELETE"])
    # `jsonify` wants an application also where the answers are made.
    with app.app_context(), Origin(app) as origin:
        made.url = origin.url
        yield made
