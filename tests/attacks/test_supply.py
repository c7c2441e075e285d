"""What others wrote: packages, their registries, what the build leaves behind, and what an audit is told."""

import base64
import hashlib
import json
import os
import re
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from infra.bundle import HANDLERS, Bundler, UnbuiltError
from infra.seal import content
from tests.index import Index, serving, tarball
from tests.infra.conftest import ROOT

GOOD = {"requests/__init__.py": "GOOD = 1\n"}
EVIL = {"requests/__init__.py": "GOOD = 0\n"}
TODAY = datetime.now(UTC).date()
KNOWN = {
    "id": "PYSEC-2026-1",
    "modified": "2026-11-01T00:00:00Z",
    "published": "2026-11-01T00:00:00Z",
    "summary": "It gives the keys away.",
    "affected": [
        {
            "package": {"name": "requests", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.1"}]}],
        }
    ],
}


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """The registries that every tool started here asks, with caches of their own."""
    with serving() as served:
        monkeypatch.setenv("UV_DEFAULT_INDEX", f"{served.url}/simple")
        monkeypatch.setenv("UV_HTTP_RETRIES", "0")
        monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
        monkeypatch.setenv("npm_config_registry", served.url)
        monkeypatch.setenv("npm_config_fetch_retries", "0")
        monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
        yield served


class Tree:
    """A small repository of its own: a lock, a group that asks for `requests`, and four handlers."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for handler in HANDLERS:
            self.write(f"lambdas/{handler}.py", "")
        self.write("exports.toml", "")
        self.write("pyproject.toml", '[dependency-groups]\nlambda = ["requests>=1"]\n')

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def lock(self, *digests: str, more: str = "") -> None:
        """Lock `requests` to files with these digests."""
        hashes = " ".join(f"--hash=sha256:{one}" for one in digests)
        for name in ("lambda", "copier"):
            self.write(f"locks/{name}.txt", f"requests==1.0 {hashes}\n{more}")

    def packages(self, target: str = "host") -> Path:
        return Bundler(root=self.root, target=target, exports=self.root / "exports.toml").packages("lambda")

    def bundles(self) -> Path:
        return Bundler(root=self.root, target="host", exports=self.root / "exports.toml").fill()

    def audit(self, osv: str) -> subprocess.CompletedProcess[str]:
        """What `make audit` runs, over this tree."""
        (self.root / "locks" / "copier.txt").unlink()
        command = [sys.executable, "-m", "infra.audit", "--root", str(self.root), "--osv", osv]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    def empty(self) -> bool:
        """Whether no folder of packages was made, not even half of one."""
        folder = self.root / "build" / "packages"
        return not folder.exists() or not list(folder.iterdir())


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """An empty one."""
    return Tree(tmp_path / "tree")


@pytest.mark.parametrize("told", ["the truth", "the locked digest"])
def test_a_wheel_with_other_content_under_the_locked_name(tree: Tree, index: Index, told: str) -> None:
    """Refused, whether the index tells its true digest or the locked one: no bundle is made."""
    locked = index.wheel("requests", GOOD)
    index.wheel("requests", EVIL)
    if told == "the locked digest":
        index.told["requests-1.0-py3-none-any.whl"] = locked
    tree.lock(locked)
    with pytest.raises(UnbuiltError, match=r"(?i)hash"):
        tree.packages()
    assert tree.empty()


def test_an_environment_that_tells_the_installer_not_to_verify(
    tree: Tree, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Overruled: the hashes are verified all the same."""
    locked = index.wheel("requests", GOOD)
    index.wheel("requests", EVIL)
    tree.lock(locked)
    monkeypatch.setenv("UV_NO_VERIFY_HASHES", "1")
    monkeypatch.setenv("UV_REQUIRE_HASHES", "0")
    with pytest.raises(UnbuiltError, match=r"(?i)hash"):
        tree.packages()


def test_a_package_s_name_taken_on_another_index(tree: Tree, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its file has no locked hash, so it is refused, though that index is asked first."""
    locked = index.wheel("requests", GOOD)
    tree.lock(locked)
    with serving() as theirs:
        theirs.wheel("requests", EVIL)
        monkeypatch.setenv("UV_EXTRA_INDEX_URL", f"{theirs.url}/simple")
        with pytest.raises(UnbuiltError, match=r"(?i)hash"):
            tree.packages()
        assert "/simple/requests/" in theirs.asked
    assert tree.empty()


def test_a_dependency_that_is_in_no_lock(tree: Tree, index: Index) -> None:
    """A release that begins to need another package is not installed, and the other is never fetched."""
    index.wheel("evil", {"evil/__init__.py": ""})
    tree.lock(index.wheel("requests", GOOD, requires="evil"))
    with pytest.raises(UnbuiltError, match="evil"):
        tree.packages()
    assert tree.empty()
    assert not [path for path in index.asked if path.startswith("/files/evil")]


@pytest.mark.parametrize("target", ["aws", "host"])
def test_a_source_distribution_whose_setup_runs_code(tree: Tree, index: Index, target: str) -> None:
    """Never built, though its hash is locked, neither for AWS nor for this machine: its code does not run."""
    ran = tree.root / "ran"
    setup = f"import pathlib, setuptools\npathlib.Path({str(ran)!r}).touch()\nsetuptools.setup()\n"
    tree.lock(index.source("requests", {"setup.py": setup, "PKG-INFO": "Metadata-Version: 2.1\nName: requests\n"}))
    with pytest.raises(UnbuiltError, match=r"(?i)no usable wheels|building"):
        tree.packages(target)
    assert tree.empty()
    assert not ran.exists()


STRANGE = {
    "a .pth file": "evil.pth",
    "sitecustomize": "sitecustomize.py",
    "our own name": "lambdas/core/keys.py",
    "the runtime's": "boto3/__init__.py",
    "a test": "tests/__init__.py",
    "notes with code": "requests-1.0.dist-info/evil.py",
}


@pytest.mark.parametrize("name", STRANGE.values(), ids=STRANGE.keys())
def test_a_package_that_brings_more_than_its_own_folder(tree: Tree, index: Index, name: str) -> None:
    """The build stops and names it: a .pth file, sitecustomize, a module called as ours or boto3's."""
    tree.lock(index.wheel("requests", {**GOOD, name: "import os\n"}))
    with pytest.raises(UnbuiltError, match=name.partition("/")[0].replace(".", r"\.")):
        tree.packages()
    assert tree.empty()


def test_a_wheel_with_a_path_out_of_its_folder(tree: Tree, index: Index) -> None:
    """Left out by the installer: it is written neither outside nor inside the folder of packages."""
    tree.lock(index.wheel("requests", {**GOOD, "../../evil.py": "import os\n"}))
    assert (tree.packages() / "requests" / "__init__.py").exists()
    assert not list(tree.root.parent.rglob("evil.py"))


@pytest.mark.parametrize("what", ["changed", "added", "rights"])
def test_a_poisoned_folder_of_an_earlier_build(tree: Tree, index: Index, what: str) -> None:
    """What was made before is used only as it was made: anything changed, added or opened up is made anew."""
    tree.lock(index.wheel("requests", GOOD))
    made = tree.bundles()
    whole = content(made)
    victim = made / "poller" / "requests" / "__init__.py"
    match what:
        case "changed":
            victim.write_text("GOOD = 0\n")  # a link: the folder of packages is poisoned by it too
        case "added":
            (made / "poller" / "sitecustomize.py").write_text("import os\n")
        case _:
            victim.chmod(0o777)
    assert content(tree.bundles()) == whole
    assert victim.read_text() == GOOD["requests/__init__.py"]


def test_several_builds_at_once_over_a_poisoned_folder(tree: Tree, index: Index) -> None:
    """Each gets a whole one, and none stumbles over another: one makes it anew while the others wait."""
    tree.lock(index.wheel("requests", GOOD))
    made = tree.bundles()
    sound = content(made)
    for _ in range(3):
        (made / "poller" / "requests" / "__init__.py").write_text("GOOD = 0\n")
        with ThreadPoolExecutor(6) as pool:
            found = list(pool.map(lambda _: content(tree.bundles()), range(6)))
        assert found == [sound] * 6
    assert {path.name for path in made.parent.iterdir()} == {made.name, f"{made.name}.seal"}


def test_a_world_writable_setuid_file_in_a_wheel(tree: Tree, index: Index) -> None:
    """Every file of a bundle has the same rights, whatever its wheel says: no bit of the kind is left."""
    tree.lock(index.wheel("requests", GOOD, mode=0o6777))
    before = os.umask(0)
    try:
        tree.bundles()
    finally:
        os.umask(before)
    modes = {stat.S_IMODE(path.lstat().st_mode) for path in tree.bundles().rglob("*")}
    assert modes == {0o755, 0o644}


def test_a_release_that_was_taken_back_after_it_was_locked(tree: Tree, index: Index) -> None:
    """`make audit` fails, with the reason that its makers gave."""
    tree.lock(index.wheel("requests", GOOD))
    index.yanked["requests-1.0-py3-none-any.whl"] = "somebody else released it"
    done = tree.audit(index.url)
    assert done.returncode == 1
    assert "requests==1.0 was taken back: somebody else released it" in done.stdout


@pytest.mark.parametrize("what", ["replaced", "gone"])
def test_a_locked_file_that_the_index_replaced_or_lost(tree: Tree, index: Index, what: str) -> None:
    """`make audit` fails: the release or its file is no longer what was locked."""
    tree.lock(index.wheel("requests", GOOD))
    if what == "gone":
        index.files.clear()
    index.wheel("requests", EVIL, version="1.0" if what == "replaced" else "1.1")
    done = tree.audit(index.url)
    assert done.returncode == 1
    assert {"replaced": "requests==1.0: 1 locked files gone or replaced", "gone": "no longer serves"}[
        what
    ] in done.stdout


def test_a_package_smuggled_into_a_lock(tree: Tree, index: Index) -> None:
    """`make audit` fails: it is locked, hash and all, but nothing in pyproject.toml asks for it."""
    digest = index.wheel("evil", {"evil/__init__.py": ""})
    tree.lock(index.wheel("requests", GOOD), more=f"evil==1.0 --hash=sha256:{digest}\n")
    done = tree.audit(index.url)
    assert done.returncode == 1
    assert "evil==1.0 is locked, but nothing asks for it" in done.stdout


@pytest.mark.parametrize("days", [None, 1, -1], ids=["not accepted", "accepted until tomorrow", "until yesterday"])
def test_an_advisory_against_a_locked_release(tree: Tree, index: Index, days: int | None) -> None:
    """`make audit` fails and names it, unless locks/accepted.toml bears it with a reason and a day not yet past."""
    tree.lock(index.wheel("requests", GOOD))
    index.advisories["requests"] = KNOWN
    if days:
        until = TODAY + timedelta(days=days)
        tree.write("locks/accepted.toml", f'[[accepted]]\nid = "PYSEC-2026-1"\nreason = "unused"\nuntil = {until}\n')
    done = tree.audit(index.url)
    assert done.returncode == (0 if days == 1 else 1)
    told = "PYSEC-2026-1: requests==1.0: It gives the keys away.; mended in 1.1"
    assert ("1 accepted" if days == 1 else told) in done.stdout


def test_a_project_that_its_index_has_put_under_quarantine(tree: Tree, index: Index) -> None:
    """`make audit` fails: that is how PyPI marks what it holds to be malware."""
    tree.lock(index.wheel("requests", GOOD))
    index.status["requests"] = "quarantined"
    done = tree.audit(index.url)
    assert done.returncode == 1
    assert done.stderr == ""
    assert "requests is quarantined" in done.stdout


@pytest.mark.parametrize("how", ["refuses", "is silent"])
def test_an_advisory_service_that_is_cut_off(
    tree: Tree, index: Index, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Said in one plain line, so that silence is not taken for a clean bill; what can be reached still counts."""
    tree.lock(index.wheel("requests", GOOD))
    index.yanked["requests-1.0-py3-none-any.whl"] = "bad"
    monkeypatch.setenv("UV_HTTP_TIMEOUT", "1")
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it never accepts
        port = silent.getsockname()[1] if how == "is silent" else 9
        done = tree.audit(f"http://127.0.0.1:{port}")
    assert done.returncode == 1
    (line,) = [one for one in done.stdout.splitlines() if one.startswith("OSV")]
    assert line.startswith("OSV: NOT ASKED, it cannot be reached from here: ")
    assert "the index: 1 finding\n" in done.stdout


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/v1/querybatch", b"<html>"),
        ("/v1/querybatch", None),
        ("/-/npm/v1/security/advisories/bulk", b"<html>"),
        ("/-/npm/v1/security/advisories/bulk", b'{"what": 1}'),
    ],
    ids=["OSV sends a page", "OSV knows no such page", "npm sends a page", "npm sends something odd"],
)
def test_an_advisory_service_that_answers_nonsense(tree: Tree, index: Index, path: str, sent: bytes | None) -> None:
    """`make audit` fails: an answer that is none is not taken for a service that nobody reaches."""
    charts(tree, index, tgz("true"))
    tree.lock(index.wheel("requests", GOOD))
    index.broken[path] = sent
    done = tree.audit(index.url)
    assert done.returncode == 1
    assert done.stderr == ""
    assert "audit: the audit itself went wrong: " in done.stdout
    assert "NOT ASKED" not in done.stdout


def charts(tree: Tree, index: Index, held: bytes) -> None:
    """Lock a package of npm's, with a script that its installation runs, to the digest of this tarball."""
    needs = {"name": "it", "version": "1.0.0", "dependencies": {"charts": "1.0.0"}}
    integrity = f"sha512-{base64.b64encode(hashlib.sha512(held).digest()).decode()}"
    url = f"{index.url}/charts/-/charts-1.0.0.tgz"
    one = {"version": "1.0.0", "resolved": url, "integrity": integrity, "hasInstallScript": True}
    lock = {**needs, "lockfileVersion": 3, "requires": True, "packages": {"": needs, "node_modules/charts": one}}
    tree.write("package.json", json.dumps(needs))
    tree.write("package-lock.json", json.dumps(lock))


def npm(tree: Tree, index: Index, sent: bytes) -> subprocess.CompletedProcess[str]:
    """What `make setup` runs, where the registry sends this tarball."""
    index.put("charts-1.0.0.tgz", sent)
    (command,) = re.findall(r"npm ci [^&]+", (ROOT / "Makefile").read_text())
    loud = command.replace("--silent", "").split()
    return subprocess.run(loud, cwd=tree.root, capture_output=True, text=True, check=False)


def tgz(script: str) -> bytes:
    """A package of npm's whose installation runs a script."""
    told = {"name": "charts", "version": "1.0.0", "scripts": {"postinstall": script}}
    return tarball("package", {"package.json": json.dumps(told), "index.js": "1\n"})


def test_a_package_of_npm_with_other_content(tree: Tree, index: Index) -> None:
    """Refused by its digest in package-lock.json: the charts that go into a report are those that were locked."""
    charts(tree, index, tgz("true"))
    done = npm(tree, index, sent=tgz("false"))
    assert done.returncode
    assert "EINTEGRITY" in done.stderr
    assert not (tree.root / "node_modules" / "charts").exists()


def test_a_package_of_npm_whose_installation_runs_a_script(tree: Tree, index: Index) -> None:
    """Installed, but its script never runs."""
    ran = tree.root / "ran"
    one = tgz(f"touch {ran}")
    charts(tree, index, one)
    assert npm(tree, index, sent=one).returncode == 0
    assert (tree.root / "node_modules" / "charts" / "index.js").exists()
    assert not ran.exists()


def test_an_advisory_against_a_package_of_npm(tree: Tree, index: Index) -> None:
    """`make audit` fails and names it."""
    charts(tree, index, tgz("true"))
    tree.lock(index.wheel("requests", GOOD))
    known = {"id": 1, "url": "https://github.com/advisories/GHSA-1111-2222-3333", "title": "It draws lies."}
    index.npm["charts"] = [{**known, "severity": "high", "vulnerable_versions": "<2"}]
    done = tree.audit(index.url)
    assert done.returncode == 1
    assert "GHSA-1111-2222-3333: charts: It draws lies." in done.stdout


FETCHING = """
import duckdb
from local.emulator import trino
with duckdb.connect(":memory:") as connection:
    connection.execute(trino.SETTINGS)
    connection.execute("SET custom_extension_repository = '{url}'")
    connection.execute("SELECT * FROM 'https://127.0.0.1/calls.parquet'")
"""


def test_a_query_that_would_have_the_local_engine_fetch_an_extension(index: Index) -> None:
    """The emulated Athena refuses it: nobody is asked for the code. No Lambda has the engine at all."""
    python = ROOT / ".venv-emulator" / "bin" / "python"
    script = FETCHING.replace("{url}", index.url)
    done = subprocess.run([python, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "httpfs" in done.stderr
    assert index.asked == []
