"""The page: one file that holds its charts, its tables and the library, and fetches nothing."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import jinja2
from markupsafe import Markup

from cli.picture import causes, coverage, looks
from cli.picture.calendars import calendars
from cli.picture.charts import Chart
from cli.picture.facts import Rows
from cli.picture.scope import Scope
from cli.picture.traffic import Traffic

HERE = Path(__file__).parent


def page(scope: Scope, days: Rows, daily: Rows, failures: Rows, library: str) -> str:
    """The whole file; `library` is the text of ECharts."""
    covered = coverage.covered(scope, days)
    verdict, told = coverage.verdict(covered)
    traffic = Traffic(scope, daily)
    calendar = calendars(scope, covered)
    figures = [*traffic.daily(), *traffic.countries(), *causes.failures(scope, failures)]
    shown = {cell.look: None for one in covered for cell in one.cells}
    return _template().render(
        scope=scope,
        verdict=verdict,
        told=told,
        missing=any(one.missed for one in covered),
        figures=traffic.figures() if daily else [],
        calendars=calendar,
        charts=figures,
        legend=[look for look in (*looks.LOOKS.values(), looks.STRANGE) if look in shown],
        data=embedded([*calendar, *figures]),
        library=_script(library),
        style=_script((HERE / "page.css").read_text("utf-8")),
        script=_script((HERE / "page.js").read_text("utf-8")),
    )


def embedded(charts: Iterable[Chart]) -> Markup:
    """The charts as JSON that cannot end the element it stands in, whatever a vendor called a cause."""
    kept = ("name", "kind", "option", "height", "wide", "wide_height")
    told = [{name: whole[name] for name in kept} for whole in map(asdict, charts)]
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))  # noqa: S704 # escaped here


def _script(text: str) -> Markup:
    """A file of ours, or the library, as it is. Raises ValueError where it would end its own element."""
    if "</script" in text.lower() or "</style" in text.lower() or "<!--" in text:
        raise ValueError("a script that ends its own element cannot be put into a page")
    return Markup(text)  # noqa: S704 # no text of a vendor


def _template() -> jinja2.Template:
    files = jinja2.FileSystemLoader(HERE)
    room = jinja2.Environment(
        loader=files, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return room.get_template("page.html")
