"""No code is fetched or made at run time: what runs is what was bundled, and no function may change another."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.bundle import HANDLERS
from tests.infra.conftest import ROOT
from tests.infra.template import Template, many

SOURCES = sorted((ROOT / "lambdas").rglob("*.py"))
# What turns data into code, or starts another program.
CALLS = {"eval", "exec", "compile", "__import__", "breakpoint", "input"}
MODULES = {
    *("pickle", "marshal", "shelve", "dill", "cloudpickle", "yaml", "code", "codeop", "runpy", "imp", "zipimport"),
    *("subprocess", "pty", "multiprocessing", "ctypes", "cffi", "pip", "ensurepip", "venv", "site", "duckdb"),
}
PROGRAMS = re.compile(r"os\.(system|popen|exec\w*|spawn\w*|posix_spawn\w*|fork\w*)|sys\.(path|meta_path|path_hooks)")
# The one that finds the vendors: the modules that lie beside it, by no name from outside.
FOUND = {"lambdas/vendors/__init__.py": ["import_module", "iter_modules"]}


def calls(tree: ast.AST) -> Iterator[str]:
    """The plain names that are called."""
    return (one.func.id for one in ast.walk(tree) if isinstance(one, ast.Call) and isinstance(one.func, ast.Name))


def imported(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Each module that is imported, and what of it."""
    for one in ast.walk(tree):
        if isinstance(one, ast.Import):
            yield from ((name.name, "") for name in one.names)
        elif isinstance(one, ast.ImportFrom):
            yield from ((one.module or "", name.name) for name in one.names)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_no_data_becomes_code(path: Path) -> None:
    """Nothing is evaluated, unpickled, loaded by a name that was worked out, or run as another program."""
    tree = ast.parse(path.read_text("utf-8"))
    assert not set(calls(tree)) & CALLS
    assert not {module.split(".")[0] for module, _ in imported(tree)} & MODULES
    loaders = sorted(what for module, what in imported(tree) if module in ("importlib", "pkgutil"))
    assert loaders == FOUND.get(name(path), [])
    dotted = {ast.unparse(one) for one in ast.walk(tree) if isinstance(one, ast.Attribute)}
    assert not [one for one in dotted if PROGRAMS.fullmatch(one)]


def test_the_vendors_are_found_beside_their_room_alone() -> None:
    """By the package's own path: no setting, row or answer has a say in what is imported."""
    text = (ROOT / "lambdas" / "vendors" / "__init__.py").read_text("utf-8")
    assert re.findall(r"iter_modules\((.*?)\)", text) == ["__path__"]
    assert re.findall(r'import_module\((f"[^"]*")\)', text) == ['f"{__name__}.{module.name}"']


def test_the_stack_has_four_functions_and_each_its_bundle(made: Template) -> None:
    """No layer, no image, no inline code, no custom resource with a function of its own: assets of this build alone."""
    functions = made.of("Lambda::Function").values()
    assert sorted(one["Handler"].split(".")[1] for one in functions) == sorted(HANDLERS)
    for one in functions:
        assert one["Code"].keys() == {"S3Bucket", "S3Key"}
        assert re.fullmatch(r"[0-9a-f]{64}\.zip", one["Code"]["S3Key"])
        assert not one.keys() & {"Layers", "FileSystemConfigs"}
        assert one.get("PackageType", "Zip") == "Zip"
    kinds = {one["Type"] for one in made.resources.values()}
    assert not [kind for kind in kinds if kind.startswith(("Custom::", "AWS::CloudFormation::", "AWS::Serverless::"))]
    assert not made.of("Lambda::LayerVersion")


def test_no_role_may_change_code(made: Template) -> None:
    """Neither a function's code, nor its configuration, nor a layer, nor a stack, nor another role."""
    statements = [one for policy in made.of("IAM::Policy").values() for one in policy["PolicyDocument"]["Statement"]]
    actions = {action for one in statements for action in many(one["Action"])}
    lambdas = {one for one in actions if one.startswith("lambda:")}
    assert lambdas <= {"lambda:InvokeFunction"}
    assert not {one.split(":")[0] for one in actions} & {"iam", "sts", "cloudformation", "codedeploy", "ecr", "*"}
    managed = [one for role in made.of("IAM::Role").values() for one in role.get("ManagedPolicyArns", [])]
    assert managed == []
