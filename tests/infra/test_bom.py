"""The bills of materials: valid by CycloneDX's own schema, and of exactly what lies in the bundles."""

import json
import shutil
from pathlib import Path
from typing import Any

import phonenumbers
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator, JsonValidator

from infra import bom
from infra.bundle import HANDLERS, Bundler
from infra.locks import locks
from tests.infra.conftest import ROOT

UNUSED = {"pycparser"}  # locked, for cffi asks for it, but trimmed away


@pytest.fixture(scope="session")
def bills(tmp_path_factory: pytest.TempPathFactory, exports: Path) -> dict[str, Any]:
    """All of them, as `make bom` writes them."""
    paths = bom.write(ROOT, exports, tmp_path_factory.mktemp("bom"))
    return {path.name.removesuffix(".cdx.json"): json.loads(path.read_text("utf-8")) for path in paths}


def test_there_is_one_for_each_bundle_and_one_for_the_report(bills: dict[str, Any]) -> None:
    """Five files, in the forms 1.6 and, by npm, 1.5."""
    assert bills.keys() == {*HANDLERS, "report"}
    assert {one["specVersion"] for one in bills.values()} == {"1.5", "1.6"}


@pytest.mark.parametrize("handler", HANDLERS)
def test_a_bill_is_valid(bills: dict[str, Any], handler: str) -> None:
    """By the schema, read strictly."""
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bills[handler])) is None


def test_npm_s_bill_is_valid_and_of_the_charts(bills: dict[str, Any]) -> None:
    """echarts and what is inside its one file, each with npm's digest and licence."""
    assert JsonValidator(SchemaVersion.V1_5).validate_str(json.dumps(bills["report"])) is None
    parts = bills["report"]["components"]
    assert {one["name"] for one in parts} == {"echarts", "zrender", "tslib"}
    assert all(one["hashes"] and one["licenses"] and one["purl"] for one in parts)


@pytest.mark.parametrize("handler", HANDLERS)
def test_a_bill_names_what_is_locked_and_nothing_else(bills: dict[str, Any], handler: str) -> None:
    """Each with its address among packages, its licence and the digests of its lock."""
    held = {one.release: one for one in locks(ROOT)["copier" if handler == "copier" else "lambda"]}
    libraries = [one for one in bills[handler]["components"] if one["type"] == "library"]
    named = {f"{one['name']}=={one['version']}": one for one in libraries}
    assert named.keys() <= held.keys()
    assert {release.split("==")[0] for release in held.keys() - named.keys()} <= UNUSED
    for release, one in named.items():
        (source,) = one["externalReferences"]
        assert {it["content"] for it in source["hashes"]} == held[release].hashes
        assert one["purl"] == f"pkg:pypi/{release.replace('==', '@')}"
        assert one["licenses"]
    (root,) = [one for one in bills[handler]["dependencies"] if one["ref"] == handler]
    assert len(root["dependsOn"]) == len(bills[handler]["components"])


def test_the_table_of_numbers_is_in_the_copier_s_bill(bills: dict[str, Any]) -> None:
    """With the version of the library that it was made from."""
    (table,) = [one for one in bills["copier"]["components"] if one["type"] == "file"]
    assert table["name"] == "lambdas/stream/numbers.parquet"
    (source,) = table["components"]
    assert source["purl"] == f"pkg:pypi/phonenumbers@{phonenumbers.__version__}"
    assert not [one for one in bills["poller"]["components"] if one["type"] == "file"]


def test_the_same_bundle_has_the_same_bill(bills: dict[str, Any], exports: Path, tmp_path: Path) -> None:
    """But for the time of its making; another byte in the bundle is another serial number."""
    bundle = tmp_path / "poller"
    shutil.copytree(Bundler(root=ROOT, target="aws", exports=exports).fill() / "poller", bundle)
    again = json.loads(bom.text(bom.bill(bundle, "poller", locks(ROOT)["lambda"])))
    assert again["serialNumber"] == bills["poller"]["serialNumber"]
    assert again["components"] == bills["poller"]["components"]
    (bundle / "exports.toml").write_text("# another\n")
    other = json.loads(bom.text(bom.bill(bundle, "poller", locks(ROOT)["lambda"])))
    assert other["serialNumber"] != bills["poller"]["serialNumber"]


def test_boto3_is_the_runtime_s_and_in_no_bill(bills: dict[str, Any]) -> None:
    """It is said to be."""
    for handler in HANDLERS:
        assert not {one["name"] for one in bills[handler]["components"]} & {"boto3", "botocore", "s3transfer"}
        told = {one["name"]: one["value"] for one in bills[handler]["metadata"]["component"]["properties"]}
        assert "boto3" in told["cdr:runtime"]
