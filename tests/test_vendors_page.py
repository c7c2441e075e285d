"""docs/vendors.md says of each vendor what its adapter knows and its document names, and every row has its tests."""

import ast
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from lambdas.vendors import FACTS, didww, flowroute, telnyx, telnyx_asks

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "vendors.md").read_text("utf-8")
SEEDS = ROOT.parent / "shared" / "seeds"
TABLES: Mapping[tuple[str, str], str] = {
    ("telnyx", "v1"): "Telnyx V1",
    ("telnyx", "v2"): "Telnyx V2",
    ("flowroute", "v1"): "Flowroute",
    ("didww", didww.VERSION): "DIDWW",
}
# Kinds whose rows may have no test, each with the reason.
UNTESTED = {
    "not used": "it is never sent, so no test can see it; no text in the adapter has its name, which is held below"
}
NONE = "\N{EN DASH}"
KINDS = {
    *("base URL", "api", "prefix", "secret", "operation", "path", "query", "sent", "ours", "option", "filter"),
    *("filter value", "call type", "record type", "export type", "source", "rule", "answer", "response", "status"),
    *("error", "error field", "limit", "twist", "callback", "file", *UNTESTED),
}
# In which kinds of rows a name of a document may stand.
PLACES: Mapping[str, Collection[str]] = {
    "operation": ("operation",),
    "asked": ("ours", "option", "filter", "query", "path", "sent"),
    "answered": ("response", "error field"),
    "value": ("filter value", "source", "call type", "record type", "status"),
    "code": ("answer", "error"),
}
FIELD = re.compile(r"^([a-z_]+)\n(?:required\n)?(?:string|integer|boolean|Array of)", re.MULTILINE)
BULLET = re.compile(r"^ *• (\w+)$", re.MULTILINE)
NAME = re.compile(r'"([a-z_]+)":')


@dataclass(frozen=True)
class Line:
    """A row of the page; `name` is what stands in backticks, if anything does, `text` all of the cell."""

    kind: str
    name: str
    text: str
    tests: tuple[str, ...]


@cache
def lines(title: str) -> tuple[Line, ...]:
    """The rows of one vendor's table."""
    section = PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]
    cells = [one.strip("| ").split(" | ") for one in section.splitlines() if one.startswith("| ")]
    assert cells[0] == ["kind", "name", "what the exporter does with it", "test"]
    assert {len(row) for row in cells} == {4}
    return tuple(_line(kind, cell, tests) for kind, cell, _, tests in cells[1:])


def _line(kind: str, cell: str, tests: str) -> Line:
    name, text = re.search(r"`([^`]+)`", cell), cell.replace("`", "")
    return Line(kind, name[1] if name else text, text, tuple(tests.replace("`", "").split(", ")))


@cache
def functions(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def numbered(words: Mapping[str, int]) -> set[str]:
    return {f"{word} = {number}" for word, number in words.items()}


def _telnyx(api: str) -> dict[str, set[str]]:
    shapes = {name: keys for name, keys in telnyx_asks.SHAPES.items() if api == "v2" or name != "billing_group"}
    return {
        "option": set(telnyx_asks.OPTIONS[api]),
        "ours": set(telnyx_asks.OURS),
        "source": set(telnyx_asks.SOURCES[api]),
        "filter": {"filter_type"}.union(*shapes.values()),
        "filter value": {"and", "or", *telnyx_asks.MATCHES},
        "call type": numbered(telnyx_asks.CALL_TYPES),
        "record type": numbered(telnyx_asks.RECORD_TYPES),
        "status": {str(one) for one in telnyx.STATES},
        "prefix": set(telnyx.PREFIXES) if api == "v2" else set(),
    }


def known(vendor: str, api: str) -> dict[str, set[str]]:
    """What an adapter's own tables and facts hold, by the kind of row that it has on the page."""
    facts = FACTS[vendor]
    both = {"base URL": {facts.apis[api]}, "secret": set(facts.secret[api]), "source": set(facts.sources({}, api))}
    if vendor == "telnyx":
        return both | _telnyx(api)
    module = {"flowroute": flowroute, "didww": didww}[vendor]
    own = {"ours": set(module.OURS), "filter": set(module.FILTERS), "status": set(module.STATES)}
    if vendor == "flowroute":
        words = flowroute.FILTERS["direction"].says.removeprefix("one of ").partition(";")[0]
        return both | own | {"option": set(), "filter value": set(words.split(", "))}
    types = {"export type": set(didww.TYPES.values()), "api": {didww.VERSION}}
    return both | own | types | {"option": set(didww.FIELDS) - set(didww.FILTERS)}


def _telnyx_names(text: str) -> Iterator[tuple[str, str]]:
    """Each operation has a `Request` and `Responses`, and ends in its method and path."""
    found = re.findall(r"^Request$(.*?)^Responses$(.*?)^(post|get|delete)(/\S+)$", text, re.MULTILINE | re.DOTALL)
    for asked, answered, method, path in found:
        yield "operation", f"{method.upper()} {path}"
        yield from (("asked", name) for name in FIELD.findall(asked))
        yield from (("answered", name) for name in FIELD.findall(answered))
        yield from (("code", code) for code in re.findall(r"^(\d{3})$", answered, re.MULTILINE))
    yield from (("asked", name) for name in re.findall(r"'([a-z_]+)':", text))
    for words in re.findall(r"enum\((.*?)\)|('\S+' or '\S+')", text):
        yield from (("value", word) for word in re.findall(r"'(.+?)'", "".join(words)))
    yield from (("value", f"{word.lower()} = {number}") for word, number in re.findall(r"(\w+) = (\d)", text))


def _flowroute_names(text: str) -> Iterator[tuple[str, str]]:
    """Bullets under `Body Parameters` and `Response Fields`, then examples."""
    if not text:
        return
    asked, _, rest = text.partition("Body Parameters")[2].partition("Response Fields")
    answered, _, examples = rest.partition("Example Request")
    sent, _, samples = examples.partition("Example Responses")
    yield from (("operation", one) for one in re.findall(r"^((?:POST|GET|DELETE) /\S+)$", text, re.MULTILINE))
    yield from (("asked", name) for name in BULLET.findall(asked) + NAME.findall(sent))
    yield from (("answered", name) for name in BULLET.findall(answered) + NAME.findall(samples))
    yield from (("code", code) for code in re.findall(r"\b([2-5]\d\d) [A-Z]\w+", text))
    for words in re.findall(r"'(\w+)' or '(\w+)'", asked):
        yield from (("value", word) for word in words)


# By the table: what tells its document from the other, how names are found in it, and how many there are.
DOCUMENTS: Mapping[str, tuple[str, Callable[[str], Iterator[tuple[str, str]]], int]] = {
    "Telnyx V1": ("/reporting/cdr_requests", _telnyx_names, 55),
    "Flowroute": ("/cdrs/exports", _flowroute_names, 51),
}


def named(title: str) -> set[tuple[str, str]]:
    """The names in a vendor's document; none where the documents do not lie beside the checkout."""
    mark, find, _ = DOCUMENTS[title]
    texts = [file.read_text("utf-8") for file in sorted(SEEDS.glob("*.txt"))]
    return set(find("".join(text for text in texts if mark in text)))


def test_every_vendor_and_api_has_a_table() -> None:
    """A new vendor is a section of the page too."""
    assert set(TABLES) == {(name, api) for name, facts in FACTS.items() for api in facts.apis}


@pytest.mark.parametrize("title", TABLES.values())
def test_every_row_names_tests_that_exist(title: str) -> None:
    """At least one; none only where the kind says why."""
    for line in lines(title):
        if line.tests == (NONE,):
            assert line.kind in UNTESTED, line
            continue
        for test in line.tests:
            file, _, function = test.partition("::")
            assert function.startswith("test_") and function in functions(file), f"{line.text}: {test}"


@pytest.mark.parametrize("title", TABLES.values())
def test_a_row_has_a_known_kind_and_stands_there_once(title: str) -> None:
    """A misspelt kind would escape the other tests."""
    rows = [(line.kind, line.text) for line in lines(title)]
    assert {kind for kind, _ in rows} <= KINDS
    assert sorted(rows) == sorted(set(rows))


@pytest.mark.parametrize(("vendor", "api"), TABLES)
def test_each_adapters_table_and_the_page_say_the_same(vendor: str, api: str) -> None:
    """Neither a new filter goes unnoticed nor one that is gone."""
    told: dict[str, set[str]] = {}
    for line in lines(TABLES[vendor, api]):
        told.setdefault(line.kind, set()).add(line.text if "type" in line.kind and "=" in line.text else line.name)
    for kind, names in known(vendor, api).items():
        assert told.get(kind, set()) == names, kind
    assert told.keys() & {"option", "filter", "status", "source"} <= known(vendor, api).keys()


@pytest.mark.parametrize(("vendor", "api"), TABLES)
def test_what_is_ours_is_refused_in_the_options(vendor: str, api: str) -> None:
    """Each of the page's rows, by the adapter's own check."""
    ours = [line.name for line in lines(TABLES[vendor, api]) if line.kind == "ours"]
    assert ours
    for name in ours:
        assert (name, "ours to set; remove it") in FACTS[vendor].check({name: "x"}, api)


@pytest.mark.parametrize(("vendor", "api"), TABLES)
def test_what_is_not_used_stands_in_no_text_of_the_adapter(vendor: str, api: str) -> None:
    """Which is why its row may have no test."""
    source = (ROOT / "lambdas" / "vendors" / f"{vendor}.py").read_text("utf-8")
    texts = [str(node.value) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)]
    for line in lines(TABLES[vendor, api]):
        if line.tests == (NONE,):
            assert not [one for one in texts if one == line.name or (line.name[0] == "/" and line.name in one)], line


@pytest.mark.parametrize("title", DOCUMENTS)
def test_everything_that_the_document_names_has_a_row(title: str) -> None:
    """Operations, fields asked and answered, values and statuses."""
    rows = {(place, word) for place, kinds in PLACES.items() for word in _words(title, kinds)}
    assert named(title) - rows == set()


def _words(title: str, kinds: Collection[str]) -> Iterator[str]:
    for line in lines(title):
        if line.kind in kinds:
            yield from (line.name, line.text, re.sub(r"^(\d) (\w+)$", r"\2 = \1", line.text))


@pytest.mark.parametrize("title", DOCUMENTS)
def test_the_documents_names_are_all_found(title: str) -> None:
    """So that a slip in the search does not pass for a page that is whole."""
    found, there = named(title), SEEDS.is_dir()
    assert len(found) == (DOCUMENTS[title][2] if there else 0)
    assert {place for place, _ in found} == (set(PLACES) if there else set())
