"""Every document, held to what is there: its links, commands, options, targets, modules, settings, tests and files."""

import re
import shlex
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from itertools import pairwise, takewhile

import botocore.session
import click
import pytest
import yaml  # type: ignore[import-untyped]  # it ships no types, and a stub for three calls is a package more
from botocore import xform_name

from cli.commands import main as cdr
from infra import settings
from infra.questions import QUESTIONS
from tests.pages import PAGES, ROOT, anchors, blocks, called, known, lacking, links, name, shown, spans

TEXTS = {name(path): path.read_text("utf-8") for path in PAGES}
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))
CDK = {"bootstrap", "deploy", "destroy", "diff", "synth", "import"}
# Of the aws command line's own, beside what botocore's models describe; each with the options that are shown of it.
CUSTOM = {
    "s3 cp": {"recursive"},
    "s3 ls": {"recursive"},
    "s3 rm": {"recursive"},
    "s3 rb": {"force"},
    "logs tail": {"since", "follow", "format", "filter-pattern"},
    "configure list": set[str](),
}
GLOBAL = {"cli-binary-format", "query", "output", "region", "profile", "endpoint-url", "cli-input-json", "no-cli-pager"}
PLACES = r"(?:lambdas|infra|local|cli|tests|benchmarks|docs|locks|\.github)/[\w/.-]+"
HEADING = ["id"]  # `cdr id` is a vendor's
# What is named and made elsewhere: the page of the worked vendor is run by tests/test_adding.py.
MADE = re.compile(r"tests/vendors/answers/|TARGET|\bacme\b|test_acme|found-")


def commands(page: str, *programs: str) -> Iterator[list[str]]:
    """The words of each command that begins with one of these programs, up to what a shell does with its output."""
    for line in shown(TEXTS[page]):
        plain = line.removeprefix(".venv/bin/").removeprefix("npx ")
        if plain.split(" ")[0] in programs:
            words = shlex.split(
                re.split(r" +# | [|>&;]|\)$", plain)[0].replace("[", "").replace("]", ""), comments=True
            )
            yield words


@cache
def command(module: str) -> click.Command | None:
    """The command line of a module of ours, if it is click's."""
    if module.split(".")[0] not in ("local", "cli", "benchmarks", "tests", "infra"):
        return None
    package = (spec := find_spec(module)) and spec.submodule_search_locations
    for where in (f"{module}.commands", f"{module}.__main__") if package else (module,):
        found = getattr(import_module(where), "main", None) if find_spec(where) else None
        if isinstance(found, click.Command):
            return found
    return None


@pytest.mark.parametrize("page", TEXTS)
def test_every_link_leads_somewhere(page: str) -> None:
    """A relative one to a file, and its anchor to a heading there."""
    here = (ROOT / page).parent
    for link in links(TEXTS[page]):
        if link.startswith(("https://", "http://", "mailto:")):
            continue
        path, _, anchor = link.partition("#")
        target = (here / path).resolve() if path else ROOT / page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target.read_text("utf-8")), link


@pytest.mark.parametrize("page", TEXTS)
def test_every_fence_is_closed(page: str) -> None:
    """Else the rest of the page would be code, and no test would see it."""
    assert len(re.findall(r"^ *```", TEXTS[page], re.MULTILINE)) == 2 * len(list(blocks(TEXTS[page])))


@pytest.mark.parametrize("page", TEXTS)
def test_every_cdr_command_is_one(page: str) -> None:
    """With the options that it is shown with."""
    for words in commands(page, "cdr"):
        if words[1:] != HEADING:
            known(cdr, words[1:])


@pytest.mark.parametrize("page", TEXTS)
def test_a_cdr_command_that_is_shown_with_anything_can_be_run(page: str) -> None:
    """It has all that it demands; one that is only named has nothing behind its name."""
    for words in commands(page, "cdr"):
        if words[1:] != HEADING and (found := called(cdr, words[1:])) and found[1]:
            assert not lacking(*found), words


def test_what_the_runbook_says_that_a_command_does_it_does() -> None:
    """Without --yes those that change something only say what they would do."""
    found = [called(cdr, words[1:]) for words in commands("docs/runbook.md", "cdr")]
    changing = [(at, rest) for at, rest in filter(None, found) if any("--yes" in one.opts for one in at.params)]
    assert {at.name for at, _ in changing} == {"release", "retry", "import", "accept"}
    assert all("--yes" in rest for _, rest in changing), changing


def test_a_variable_that_a_page_has_one_export_is_read() -> None:
    """By a command of ours; the runbook names the stage before anything else."""
    found = filter(None, (called(cdr, [word]) for word in cdr.list_commands(click.Context(cdr))))
    ours = {one.envvar for at, _ in found for one in at.params if isinstance(one.envvar, str)}
    for page, text in TEXTS.items():
        named = [re.findall(r"([A-Z_]+)=", line) for line in re.findall(r"\bexport [A-Z_]+=.*", text)]
        assert {one for some in named for one in some if one.startswith("CDR_")} <= ours, page
    head = next(blocks(TEXTS["docs/runbook.md"])).text
    assert set(re.findall(r"([A-Z_]+)=", head)) == {"PATH", "CDR_STAGE", "CDR_EXPORTS", "AWS_PROFILE", "AWS_REGION"}


@pytest.mark.parametrize("page", TEXTS)
def test_every_question_that_is_asked_is_saved(page: str) -> None:
    """`cdr query NAME`, and the values that `--set` gives it."""
    for words in commands(page, "cdr"):
        if words[1:2] == ["query"] and re.fullmatch("[a-z_]+", "".join(words[2:3])):
            assert words[2] in QUESTIONS, words
            given = [after.partition("=")[0] for word, after in pairwise(words) if word == "--set"]
            assert set(given) <= set(QUESTIONS[words[2]].values)


@pytest.mark.parametrize("page", TEXTS)
def test_every_module_that_is_run_is_there(page: str) -> None:
    """`python -m MODULE`, and its options where it has a command line."""
    for words in commands(page, "python", "python3"):
        if words[1:2] != ["-m"] or not re.match("[a-z]", words[2]):
            continue
        assert find_spec(words[2]), words
        if found := command(words[2]):
            known(found, words[3:])


@pytest.mark.parametrize("page", TEXTS)
def test_every_target_is_one(page: str) -> None:
    """`make X`, alone or with others."""
    for words in commands(page, "make"):
        assert set(takewhile(re.compile("[a-z]+").fullmatch, words[1:])) <= TARGETS


@pytest.mark.parametrize("page", TEXTS)
def test_every_setting_that_is_given_is_one(page: str) -> None:
    """`-c name=value`, and the value is taken where it is one; cdk itself is asked for what it can."""
    for words in commands(page, "cdk"):
        assert len(words) == 1 or words[1] in CDK, words
    given = re.findall(r"-c ([a-z_]+)=([^\s`]*)", TEXTS[page])
    assert {one for one, _ in given} <= set(settings.Settings.__dataclass_fields__) | {"removal", "name"}
    for one, value in given:
        if re.fullmatch(r"[a-z0-9_/@.-]*[a-z0-9]", value) and one != "exports":
            settings.settings({one: value}.get)


@pytest.mark.parametrize("page", TEXTS)
def test_every_aws_command_is_one(page: str) -> None:
    """Its service, operation and options, as botocore's models have them."""
    session = botocore.session.get_session()
    for words in commands(page, "aws"):
        if len(words) < 3 or not re.fullmatch("[a-z0-9-]+", words[2]):
            continue
        options = {one.split("=")[0][2:] for one in words[3:] if one.startswith("--")} - GLOBAL
        if (custom := f"{words[1]} {words[2]}") in CUSTOM:
            assert options <= CUSTOM[custom], words
            continue
        model = session.get_service_model({"s3api": "s3"}.get(words[1], words[1]))
        operations = {xform_name(one, "-"): one for one in model.operation_names}
        assert words[2] in operations, words
        shape = model.operation_model(operations[words[2]]).input_shape
        members = {xform_name(one, "-") for one in (shape.members if shape else ())}
        assert {one if one in members else one.removeprefix("no-") for one in options} <= members, words


@pytest.mark.parametrize("page", TEXTS)
def test_every_test_that_is_named_is_there(page: str) -> None:
    """`tests/FILE.py::NAME`."""
    for path, test in re.findall(r"(tests/[\w/]+\.py)::(\w+)", TEXTS[page]):
        assert f"def {test}(" in (ROOT / path).read_text("utf-8"), f"{path}::{test}"


@pytest.mark.parametrize("page", [one for one in TEXTS if one != "CHANGELOG.md"])
def test_every_file_that_is_named_is_there(page: str) -> None:
    """A path in backticks that begins with a folder of ours; the changelog tells of what was."""
    named = [one for one in spans(TEXTS[page]) if re.fullmatch(PLACES, one) and not MADE.search(one)]
    assert not [one for one in named if not list(ROOT.glob(one.rstrip("/"))) and not find_spec(one.replace("/", "."))]


def test_every_page_is_in_the_index() -> None:
    """And in one place of it."""
    index = links(TEXTS["docs/README.md"])
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert pages <= set(index)
    assert all(index.count(page) == 1 for page in pages)


def test_the_makefile_explains_itself() -> None:
    """Each target that one may call says what it does, and `make` alone tells them all."""
    told = set(re.findall(r"^([a-z]+):.*?## \S", MAKEFILE, re.MULTILINE))
    assert told == TARGETS
    (phony,) = re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)
    assert set(phony.split()) == TARGETS


@pytest.mark.parametrize("path", sorted((ROOT / ".github" / "workflows").glob("*.yml")), ids=lambda path: path.name)
def test_the_example_workflows_call_what_there_is(path: str) -> None:
    """Their steps are commands of ours or actions pinned by commit, and they may read and nothing else."""
    flow = yaml.safe_load((ROOT / path).read_text("utf-8"))
    assert flow["permissions"] == {"contents": "read"}
    for job in flow["jobs"].values():
        assert job["timeout-minutes"]
        for step in job["steps"]:
            if "uses" in step:
                assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", step["uses"])
            else:
                program, *rest = step["run"].split()
                assert program == ".ci/run" or (program == "make" and rest and set(rest) <= TARGETS)
    versions = [step["with"] for job in flow["jobs"].values() for step in job["steps"] if "with" in step]
    assert {one["python-version"] for one in versions if "python-version" in one} == {"3.11"}
