"""A vendor that says back whatever it was told, and more, in every place where a text of its own may stand."""

import io
import json
import traceback
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, request

from lambdas import copier, poller
from lambdas.vendors import FACTS
from local.vendors.http import Origin
from tests.world import Clock, World, world

NUMBER = "+12065550123"
SIGNED = "X-Amz-Signature=5f0c9a&X-Amz-Credential=AKIDEXAMPLE"
KINDS = [(name, api) for name, facts in FACTS.items() for api in facts.apis]
CALLBACK = "https://us.example/hooks"
Form = Callable[[str], Response]


def json_of(body: Any, status: int = 200, **headers: str) -> Response:
    """As every API answers."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(json.dumps(body), status, told, content_type="application/json")


def errors(text: str, status: int) -> Response:
    """As all three document an error."""
    return json_of({"errors": [{"code": text, "title": text, "detail": text, "source": {"pointer": text}}]}, status)


def flat(text: str) -> str:
    """As a header takes it."""
    return "".join(char if char.isprintable() else " " for char in text)[:4000]


def report(status: Any, link: Any = None, id: Any = 7, **more: Any) -> dict[str, Any]:
    """An answer that is a report of every vendor."""
    inner = {"status": status, "url": link, "download_url": link, **more}
    return {
        "id": id, "status": status, "report_url": link, **more,
        "data": {"id": id if isinstance(id, str) else str(id), **inner, "report_url": link, "attributes": inner},
    }  # fmt: skip


FORMS: Mapping[str, Form] = {
    "a refusal of the key": lambda text: errors(text, 401),
    "a refusal of the operation": lambda text: errors(text, 403),
    "gone": lambda text: errors(text, 404),
    "a refusal of the request": lambda text: errors(text, 422),
    "a header that says how to sign in": lambda text: json_of({}, 401, WWW_Authenticate=flat(text)),
    "too many": lambda text: json_of(
        {"errors": [{"title": text}]}, 429, Retry_After=flat(text), X_Request_Id=flat(text)
    ),
    "a page of an error": lambda text: Response(f"<h1>{text}</h1>", 500),
    "a page": lambda text: Response(f"<h1>{text}</h1>", 200),
    "a redirect": lambda text: Response("", 302, {"Location": f"https://other.example/{flat(text)[:900]}?{SIGNED}"}),
    "cut JSON": lambda text: Response(
        '{"data": {"id": "' + json.dumps(text)[1:-1], 200, content_type="application/json"
    ),
    "a text": lambda text: json_of(text),
    "a list": lambda text: json_of([text, [text]]),
    "other types": lambda text: json_of(report([text], {"a": text}, {"b": text})),
    "a status word": lambda text: json_of(report(text, text)),
    "fields of a status that is not known": lambda text: json_of(
        report("odd", None, source=text, created_at=text, num_calls=text, total_cost=text, export_type=text)
    ),
    "no link": lambda text: json_of(report(2, None, message=text)),
    "totals": lambda text: json_of(report("completed", "https://x/", num_calls=text, total_cost=text)),
    "a link to nowhere": lambda text: json_of(report(2, f"ftp://[{text}")),
}


@dataclass
class Parrot:
    """What it answers to each operation by `form`, and what it heard."""

    url: str = ""
    form: Form = FORMS["a page"]
    wrong: frozenset[str] = frozenset({"create", "retrieve", "file"})
    says: str | None = None  # in place of what it heard
    heard: list[str] = field(default_factory=list)
    callbacks: set[str] = field(default_factory=set)

    def answer(self, path: str) -> Response:
        """All that it hears, in its answer."""
        what = "file" if path.startswith("file") else "create" if request.method == "POST" else "retrieve"
        self.heard += [f"{name}: {value}" for name, value in request.headers]
        self.heard.append(request.get_data(as_text=True))
        self._note(request.get_json(force=True, silent=True))
        if what in self.wrong:
            return self.form(self.text)
        link = f"{self.url}/file/a.csv?{SIGNED}"
        return json_of(report("completed" if "/v1" not in path else 2, link))

    @property
    def text(self) -> str:
        """The headers and bodies that it was sent, a number and a signed link."""
        if self.says is not None:
            return self.says
        return "; ".join([*dict.fromkeys(self.heard[-12:]), f"for {NUMBER}", f"see https://files.example/a?{SIGNED}"])

    def _note(self, body: Any) -> None:
        found = json.dumps(body)
        start = found.find(CALLBACK)
        if start >= 0:
            self.callbacks.add(found[start:].partition('"')[0])


@dataclass
class Cage:
    """A world with one export, whose vendor is a parrot."""

    at: World
    clock: Clock
    parrot: Parrot

    def go(self, rounds: int = 1) -> None:
        """Tick and run what that starts, an hour later; what is raised is heard as Lambda would print it, and more."""
        for _ in range(rounds):
            self.clock.turn(hours=1)
            self.hear(lambda: self.at.tick("main"))
            for _, told in self.at.executions.started[-1:]:
                self.hear(lambda told=told: poller.look(told, self.at))  # type: ignore[misc] # bound at once
                self.hear(lambda told=told: copier.copy(told, self.at))  # type: ignore[misc]
        for url in self.parrot.callbacks:
            self.at.known.word("a callback's capability", url.rpartition("/")[2])

    def hear(self, act: Callable[[], Any]) -> Any:
        """Do it; of an exception the whole chain is taken down, with every argument and attribute."""
        try:
            return act()
        except Exception as error:  # noqa: BLE001 # whatever a handler raises is searched
            self.at.emitted.said.append("".join(traceback.TracebackException.from_exception(error).format()))
            self.at.emitted.said.append(f"{error!r} {error!s} {vars(error)}")
            return None

    @property
    def emitted(self) -> str:
        """All that was said so far."""
        return self.at.emitted.text

    @property
    def blocked(self) -> str:
        """Why the vendor is not asked."""
        return self.at.ledger.head("main").blocked or ""


@contextmanager
def caged(vendor: str = "flowroute", api: str = "v1", more: str = "", **how: Any) -> Iterator[Cage]:
    """Parrot and world; at its end the world is swept, for what the parrot says as well."""
    clock, parrot, app = Clock(), Parrot(**how), Flask("parrot", static_folder=None)
    app.add_url_rule("/<path:path>", view_func=parrot.answer, methods=["GET", "POST", "DELETE"])
    with Origin(app) as origin:
        parrot.url = origin.url
        text = (
            f'[[export]]\nname = "main"\nvendor = "{vendor}"\napi = "{api}"\nstart = "-1d"\n{more}\n'
            f'base_url = "{origin.url}/{api}"\ndownload_from = ["{origin.url}/"]\n'
        )
        with world(text, clock, CALLBACK) as at:
            at.known.number(NUMBER)
            at.known.word("a signature", "5f0c9a")
            yield Cage(at, clock, parrot)


def archive(name: str) -> bytes:
    """A ZIP with two files of that name."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        packed.writestr(f"{name}.csv", "a,b\n1,2\n")
        packed.writestr(f"{name}-2.csv", "a,b\n1,2\n")
    return made.getvalue()
