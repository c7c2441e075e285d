"""`make bom`: a bill of materials for each bundle, read from what lies in it, and for the charts in a report's page.

CycloneDX 1.6 by its own library; the charts' by npm itself. boto3 is the Lambda runtime's own, so no bill has it.
"""

from collections.abc import Iterable
from hashlib import sha256
from importlib.metadata import Distribution, distributions
from pathlib import Path
from subprocess import run
from uuid import NAMESPACE_URL, uuid5

import pyarrow.parquet as pq
from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, Property, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import License
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

from infra.bundle import HANDLERS, Bundler
from infra.locks import Pin, locks
from infra.seal import content
from lambdas import VERSION

ROOT = Path(__file__).resolve().parent.parent
NUMBERS = Path("lambdas", "stream", "numbers.parquet")
NOTES = {
    "pyarrow": "Trimmed by infra/trim.py; the C++ libraries inside its own are named by its licence file.",
    "isal": "Intel's ISA-L is inside.",
    "certifi": "Mozilla's list of certificate authorities.",
    "aws-lambda-powertools": "Trimmed by infra/trim.py.",
}
RUNTIME = "boto3, botocore and s3transfer are those of AWS's python3.13 runtime on arm64"


def bill(bundle: Path, handler: str, held: Iterable[Pin]) -> Bom:
    """What is in one bundle; each package with the digests of the files that its lock takes it from."""
    pins = {pin.release: pin for pin in held}
    us = Component(name=f"cdr-exporter-{handler}", version=VERSION, type=ComponentType.APPLICATION, bom_ref=handler)
    us.properties.add(Property(name="cdr:content-sha256", value=content(bundle)))
    us.properties.add(Property(name="cdr:runtime", value=RUNTIME))
    parts = [_package(one, pins) for one in distributions(path=[str(bundle)])] + _numbers(bundle)
    bom = Bom(components=parts, serial_number=uuid5(NAMESPACE_URL, f"cdr:{VERSION}:{handler}:{content(bundle)}"))
    bom.metadata.component = us
    bom.register_dependency(us, parts)
    return bom


def text(bom: Bom) -> str:
    """As JSON."""
    return make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=2) + "\n"


def charts(root: Path) -> str:
    """The bill of what `cdr report` writes into its page: the dependencies in package.json, as npm tells them."""
    command = ["npm", "sbom", "--sbom-format", "cyclonedx", "--package-lock-only", "--omit", "dev"]
    return run(command, cwd=root, capture_output=True, text=True, check=True).stdout


def _package(one: Distribution, pins: dict[str, Pin]) -> Component:
    name = one.metadata["Name"].lower().replace("_", "-")
    digests = [HashType(alg=HashAlgorithm.SHA_256, content=it) for it in pins[f"{name}=={one.version}"].hashes]
    where = XsUri(f"https://pypi.org/project/{name}/{one.version}/")
    return Component(
        name=name,
        version=one.version,
        type=ComponentType.LIBRARY,
        purl=PackageURL("pypi", None, name, one.version),
        bom_ref=name,
        description=NOTES.get(name),
        licenses=[_licence(one)],
        external_references=[ExternalReference(type=ExternalReferenceType.DISTRIBUTION, url=where, hashes=digests)],
    )


def _licence(one: Distribution) -> License:
    told = one.metadata
    named = [kind.rpartition(" :: ")[2] for kind in told.get_all("Classifier", []) if kind.startswith("License ::")]
    return LicenseFactory().make_from_string(told["License-Expression"] or told["License"] or named[0])


def _numbers(bundle: Path) -> list[Component]:
    """The table of the world's numbers: data of ours, made from another's."""
    file = bundle / NUMBERS
    if not file.exists():
        return []
    version = pq.read_metadata(file).metadata[b"phonenumbers"].decode()
    source = Component(
        name="phonenumbers",
        version=version,
        type=ComponentType.DATA,
        purl=PackageURL("pypi", None, "phonenumbers", version),
        bom_ref="phonenumbers",
        description="The numbering plans from which the table was made; its code is not in the bundle.",
        licenses=[LicenseFactory().make_with_id("Apache-2.0")],
    )
    digest = HashType(alg=HashAlgorithm.SHA_256, content=sha256(file.read_bytes()).hexdigest())
    table = Component(
        name=NUMBERS.as_posix(), type=ComponentType.FILE, bom_ref="numbers", hashes=[digest], components=[source]
    )
    return [table]


def write(root: Path, exports: Path, to: Path) -> list[Path]:
    """Make the bundles for AWS, and the bills; nothing of an exports.toml is in them but its part in the digest."""
    bundles, held = Bundler(root=root, target="aws", exports=exports).fill(), locks(root)
    bills = {one: text(bill(bundles / one, one, held["copier" if one == "copier" else "lambda"])) for one in HANDLERS}
    to.mkdir(parents=True, exist_ok=True)
    made = {to / f"{name}.cdx.json": told for name, told in {**bills, "report": charts(root)}.items()}
    for path, told in made.items():
        path.write_text(told, "utf-8")
    return list(made)


if __name__ == "__main__":
    print(*(path.relative_to(ROOT) for path in write(ROOT, ROOT / "exports.toml", ROOT / "build" / "bom")), sep="\n")
