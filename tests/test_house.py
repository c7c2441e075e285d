"""The house stands as docs/decisions.md draws it: imports point one way, rooms are small, and each says what it is."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import lambdas
from lambdas.vendors import VENDORS

ROOT = Path(__file__).resolve().parent.parent
HANDLERS = ("requester", "callback", "poller", "copier")
# Which rooms of `lambdas` each room may know; what stands before the first dot of the rest is another package.
MAY = {
    "core": {"core"},
    "web": {"core", "web"},
    "logs": {"core"},
    "aws": {"core", "aws"},
    "vendors": {"core", "vendors", "web"},
    "settings": set(),
    "stream": {"core", "stream", "aws", "web"},
    "signet": {"core", "aws", "settings"},
    "counted": {"logs", "settings"},
    "rooms": {"core", "aws", "vendors", "logs", "settings", "signet", "web"},
    "asking": {"core", "aws", "vendors", "logs", "rooms"},
    "clearing": {"core", "vendors", "logs", "rooms"},
    "proof": {"core", "aws", "logs", "rooms"},
    "requester": {"core", "aws", "vendors", "logs", "rooms", "asking", "clearing", "proof"},
    "poller": {"core", "aws", "vendors", "logs", "rooms"},
    "copier": {"core", "aws", "vendors", "logs", "rooms", "stream"},
    "callback": {"core", "aws", "counted", "logs", "settings", "signet"},
}
BANNED = {"utils", "helpers", "common", "manager", "misc", "base"}
SOURCES = [path for folder in ("lambdas", "infra", "local", "cli") for path in (ROOT / folder).rglob("*.py")]
ROOMS = [path for path in (ROOT / "lambdas").rglob("*.py") if path != ROOT / "lambdas" / "__init__.py"]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def room(path: Path) -> str:
    """The room a module of `lambdas` lies in: a folder's name, or its own."""
    return path.relative_to(ROOT / "lambdas").parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{one.name}" for one in node.names)


@pytest.mark.parametrize("path", ROOMS, ids=name)
def test_imports_point_one_way(path: Path) -> None:
    """A room knows the rooms below it and no other; handlers do not know each other."""
    known = {one.split(".")[1] for one in imports(path) if one.startswith("lambdas.")} - {"VERSION"}
    assert known <= MAY[room(path)]


@pytest.mark.parametrize("path", [path for path in ROOMS if room(path) == "core"], ids=name)
def test_the_pure_part_needs_the_standard_library_alone(path: Path) -> None:
    """And of that neither the clock, nor the network, nor the environment, nor chance."""
    outside = {one.split(".")[0] for one in imports(path)} - {"lambdas"}
    assert outside <= sys.stdlib_module_names
    assert not outside & {"os", "time", "random", "socket", "http", "pathlib", "io", "subprocess", "urllib.request"}


@pytest.mark.parametrize("path", ROOMS, ids=name)
def test_the_lambdas_know_nothing_outside_themselves(path: Path) -> None:
    """Neither the stack nor the local run nor a test is known in there."""
    assert not {one.split(".")[0] for one in imports(path)} & {"infra", "local", "tests", "cli", "app"}


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_vendor_s_words_stop_in_its_own_file(vendor: str) -> None:
    """Neither another room of the Lambdas, nor the stack, nor the simulators' frame knows that it exists."""
    rooms = [path for path in SOURCES if path.is_relative_to(ROOT / "local" / "vendors") or "local" not in path.parts]
    knowing = {name(path) for path in rooms if vendor in path.read_text("utf-8").lower()}
    assert {path.rpartition("/")[2].partition("_")[0].removesuffix(".py") for path in knowing} == {vendor}


@pytest.mark.parametrize("outside", ["boto3", "botocore", "requests", "pyarrow", "nacl"])
def test_each_outside_thing_has_one_room(outside: str) -> None:
    """boto3 in aws, requests in web, the Parquet engine in stream, ciphers in signet."""
    home = {"requests": "web", "pyarrow": "stream", "nacl": "signet"}.get(outside, "aws")
    users = {room(path) for path in ROOMS if outside in {one.split(".")[0] for one in imports(path)}}
    assert users == {home}


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_every_module_opens_with_its_purpose(path: Path) -> None:
    """The first line is a docstring, and a sentence."""
    told = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    assert told.split("\n")[0]


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_no_room_is_a_drawer(path: Path) -> None:
    """No module is called for what it is not, and none outgrows what one can read at a sitting."""
    assert path.stem not in BANNED
    assert len(path.read_text("utf-8").splitlines()) <= 260


@pytest.mark.parametrize("handler", HANDLERS)
def test_nothing_happens_on_import(handler: str) -> None:
    """A handler is imported without an environment, and makes no client, session or logger by that."""
    script = (
        f"import lambdas.{handler}, sys, lambdas.aws.clients as c, lambdas.logs as l\n"
        "assert not c.client.cache_info().currsize and not l.log.cache_info().currsize\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", script], cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, check=True)


@pytest.mark.parametrize("handler", [one for one in HANDLERS if one != "copier"])
def test_only_the_copier_carries_the_engine(handler: str) -> None:
    """The other three start without pyarrow and ciphers, and the callback without requests."""
    light = {"pyarrow", "nacl"} | ({"requests"} if handler == "callback" else set())
    script = f"import lambdas.{handler}, sys; assert not {light!r} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, check=True)


def test_the_version_stands_in_one_place() -> None:
    """What the User-Agent says is what pyproject.toml says."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert told["project"]["version"] == lambdas.VERSION
