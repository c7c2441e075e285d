"""The bundles, made for real: what is in them imports, converts, and fits."""

import io
import os
import re
import shutil
import subprocess
import zipfile
from importlib.metadata import distributions
from pathlib import Path

import pytest

from infra.bundle import HANDLERS, Bundler, UnbuiltError, sources
from infra.carried import CARRIED, module, notes
from infra.locks import locks
from infra.seal import content
from tests.infra.conftest import ROOT

RUNTIME = ROOT / ".venv-runtime" / "bin" / "python"  # boto3 and the runtime's client, nothing else
MB = 10**6

CONVERT = """
import io, sys
import pyarrow as pa, pyarrow.compute as pc, pyarrow.csv as csv, pyarrow.parquet as pq
assert pa.__file__.startswith(sys.argv[1]), pa.__file__
types = {"a": pa.string(), "t": pa.timestamp("us")}
text = b'a,t\\n1.5,2026-01-01 00:00:00\\n"2,5",2026-01-01 00:00:01\\n'
out = io.BytesIO()
reader = csv.open_csv(io.BytesIO(text), convert_options=csv.ConvertOptions(column_types=types))
with pq.ParquetWriter(out, reader.schema, compression="zstd", data_page_version="1.0") as writer:
    for batch in reader:
        writer.write_batch(batch)
file = pq.ParquetFile(out)
assert file.metadata.row_group(0).column(0).compression == "ZSTD"
price = pc.replace_substring(file.read().column("a"), ",", ".").cast(pa.decimal128(18, 8))
print(pc.sum(price).as_py())
"""


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _zipped(folder: Path) -> int:
    """The bytes of a folder in an archive, as it is uploaded."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in sorted(one for one in folder.rglob("*") if one.is_file()):
            archive.write(path, path.relative_to(folder))
    return len(packed.getvalue())


def run(bundle: Path, code: str) -> str:
    """Run code as Lambda would: nothing but the bundle and the runtime's packages."""
    head = f"import sys; sys.path.insert(0, {str(bundle)!r})\n"
    command = [str(RUNTIME), "-B", "-I", "-c", head + code, str(bundle)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="session")
def host(exports: Path) -> Path:
    """Bundles for this machine."""
    return Bundler(root=ROOT, target="host", exports=exports).fill()


@pytest.fixture(scope="session")
def aws(exports: Path) -> Path:
    """Bundles for arm64 and Python 3.13."""
    return Bundler(root=ROOT, target="aws", exports=exports).fill()


@pytest.mark.parametrize("handler", HANDLERS)
def test_a_bundle_imports_alone(host: Path, handler: str) -> None:
    """With its own handler and no other's, and the engine only where files are converted."""
    code = f"import lambdas.{handler} as it; print(callable(it.handler), 'pyarrow' in sys.modules)"
    assert run(host / handler, code) == f"True {handler == 'copier'}"
    found = {path.stem for path in (host / handler / "lambdas").glob("*.py")} & set(HANDLERS)
    assert found == {handler}
    assert (host / handler / "pyarrow").exists() == (handler == "copier")


def test_a_bundle_holds_the_exports_that_it_was_made_for(host: Path, exports: Path) -> None:
    """The effective file, not the repository's."""
    for handler in HANDLERS:
        assert (host / handler / "exports.toml").read_text() == exports.read_text()


def test_the_trimmed_engine_converts(host: Path) -> None:
    """CSV to zstd Parquet and back, with decimals, from the trimmed folder alone."""
    assert run(host / "copier", CONVERT) == "4.00000000"


def test_tokens_are_sealed_by_what_the_poller_and_the_callback_carry(host: Path) -> None:
    """Trimmed of all that it was only compiled with; the copier, which sees no token, is spared it."""
    code = "from nacl.secret import SecretBox as B; b = B(bytes(32)); print(b.decrypt(b.encrypt(b'it')))"
    for handler in ("poller", "callback"):
        assert run(host / handler, code) == "b'it'"
    assert not (host / "copier" / "nacl").exists()


def test_the_copier_is_80_megabytes_for_aws(aws: Path) -> None:
    """Of 250 that Lambda takes; a cold start loads what is there."""
    assert 60 * MB < size(aws / "copier") < 80 * MB
    for handler in set(HANDLERS) - {"copier"}:
        assert size(aws / handler) < 12 * MB


def test_no_library_is_missing_for_arm64(aws: Path) -> None:
    """What cannot be run here can be read: each library names those that it links, and they are there."""
    folder = aws / "copier" / "pyarrow"
    binaries = [path for path in folder.iterdir() if ".so" in path.name]
    linked = {
        name.decode()
        for path in binaries
        for name in re.findall(rb"(?<=\0)lib(?:arrow|parquet)[a-z_]*\.so\.\d+(?=\0)", path.read_bytes())
    }
    assert len(linked) == 7
    assert linked <= {path.name for path in binaries}
    assert all("aarch64" in path.name for path in binaries if "cpython" in path.name)


def test_nothing_is_made_twice(aws: Path, exports: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second synth installs nothing and copies nothing."""
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("installed again"))
    before = (aws / "copier").stat().st_mtime_ns
    assert Bundler(root=ROOT, target="aws", exports=exports).fill() == aws
    assert (aws / "copier").stat().st_mtime_ns == before


def test_another_exports_file_makes_another_bundle(aws: Path, exports: Path, tmp_path: Path) -> None:
    """So that two stages, or two runs at once, never see each other's."""
    other = tmp_path / "exports.toml"
    other.write_text(exports.read_text() + "# more\n")
    made = Bundler(root=ROOT, target="aws", exports=other).fill()
    assert made != aws
    assert (made / "poller" / "exports.toml").read_text().endswith("# more\n")


@pytest.mark.parametrize("handler", HANDLERS)
def test_a_bundle_carries_what_is_named_and_nothing_else(aws: Path, handler: str) -> None:
    """Each name with a reason in infra/carried.py; the runtime's boto3, an installer, a test are none of them."""
    lock = "copier" if handler == "copier" else "lambda"
    found = {module(path) for path in (aws / handler).iterdir() if not notes(path)}
    assert found - {"lambdas", "exports.toml"} == CARRIED[lock].keys()
    assert all(len(reason) > 10 for reason in CARRIED[lock].values())
    assert not found & {"boto3", "botocore", "s3transfer", "pip", "setuptools", "tests", "numpy"}


@pytest.mark.parametrize("handler", HANDLERS)
def test_every_package_of_a_bundle_is_in_its_lock(aws: Path, handler: str) -> None:
    """By name and version, as the packages' own notes tell."""
    held = {pin.release for pin in locks(ROOT)["copier" if handler == "copier" else "lambda"]}
    named = [
        (one.metadata["Name"].lower().replace("_", "-"), one.version)
        for one in distributions(path=[str(aws / handler)])
    ]
    assert named
    assert {f"{name}=={version}" for name, version in named} <= held


def test_a_bundle_has_no_litter(aws: Path) -> None:
    """Bytecode and installers' notes would give the same code another hash; sources and tests are of no use."""
    names = ("__pycache__", "RECORD", ".lock", "tests", "conftest.py", "swagger_ui")
    kinds = (".pyc", ".pth", ".pyx", ".pxd", ".h", ".a", ".c", ".js", ".exe", ".sh")
    assert not [path for path in aws.rglob("*") if path.name in names or path.suffix in kinds]


def test_every_file_has_the_same_rights(aws: Path) -> None:
    """All may read, none but the owner write, none runs as another; no links."""
    assert {path.lstat().st_mode for path in aws.rglob("*")} == {0o40755, 0o100644}


def test_the_bundles_fit(aws: Path) -> None:
    """Lambda takes 50 MB zipped by itself, and 250 MB unzipped."""
    assert _zipped(aws / "copier") < 35 * MB
    assert _zipped(aws / "callback") < 8 * MB


def test_the_same_input_makes_the_same_bundles(tmp_path: Path, exports: Path) -> None:
    """Made twice from nothing, in other folders under another umask: the same names, rights and bytes."""
    few = [pin for pin in locks(ROOT)["lambda"] if pin.release.split("==")[0] in ("idna", "charset-normalizer")]
    lock = "\n".join(" ".join((pin.release, *(f"--hash=sha256:{one}" for one in pin.hashes))) for pin in few)
    made = []
    for umask in (0o022, 0o077):
        root = tmp_path / str(umask)
        shutil.copytree(ROOT / "lambdas" / "core", root / "lambdas" / "core")
        (root / "locks").mkdir()
        for name in ("lambda", "copier"):
            (root / "locks" / f"{name}.txt").write_text(lock)
        before = os.umask(umask)
        try:
            made.append(content(Bundler(root=root, target="aws", exports=exports).fill()))
        finally:
            os.umask(before)
    assert made[0] == made[1]


def test_sources_leave_editors_files_behind(tmp_path: Path) -> None:
    """Hidden files and bytecode are not code."""
    for name in ("poller.py", "copier.py", "core/keys.py", "core/.swp", "__pycache__/poller.pyc", "stream/parse.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = {str(path.relative_to(tmp_path)) for path in sources(tmp_path, "poller")}
    assert found == {"poller.py", "core/keys.py"}


def test_packages_that_do_not_match_the_lock_are_refused(tmp_path: Path) -> None:
    """In the installer's words, and nothing half made stays."""
    (tmp_path / "locks").mkdir()
    wrong = f"idna==3.10 --hash=sha256:{'0' * 64}\n"
    (tmp_path / "locks" / "lambda.txt").write_text(wrong)
    with pytest.raises(UnbuiltError, match=r"(?s)lambda\.txt could not be installed.*idna"):
        Bundler(root=tmp_path, target="host", exports=tmp_path).packages("lambda")
    assert list((tmp_path / "build" / "packages").iterdir()) == []
