"""Trimming pyarrow."""

import sys
from pathlib import Path

from infra.trim import bare, engine, trim, wanted


def test_only_what_the_copier_loads_is_kept() -> None:
    """Each library once, by the name that the loader asks for."""
    names = {
        **dict.fromkeys(("libarrow.so.2600", "libparquet.so.2600", "lib.cpython-313-aarch64-linux-gnu.so"), True),
        **dict.fromkeys(("_csv.cpython-311-darwin.so", "libarrow.2600.dylib", "__init__.py", "csv.py"), True),
        **dict.fromkeys(("libarrow_flight.so.2600", "libarrow_s3.so.2600", "libarrow_python.so"), False),
        **dict.fromkeys(("libarrow_python.so.2600.1.0", "_flight.cpython-313-aarch64-linux-gnu.so"), False),
    }
    assert {name: wanted(name) for name in names} == names


def test_sources_and_tests_are_dropped(tmp_path: Path) -> None:
    """Modules of Python stay."""
    for name in ("csv.py", "_csv.pyx", "table.pxi", "tests/test_csv.py", "include/arrow/api.h", "vendored/version.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    engine(tmp_path)
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()} == {
        "csv.py",
        "vendored/version.py",
    }


def test_what_no_bundle_can_use_is_dropped(tmp_path: Path) -> None:
    """A web page's scripts in powertools; the rest of its folder stays, and a bundle without an engine is no matter."""
    openapi = tmp_path / "aws_lambda_powertools" / "event_handler" / "openapi"
    (openapi / "swagger_ui").mkdir(parents=True)
    (openapi / "swagger_ui" / "swagger-ui-bundle.min.js").write_text("x")
    (openapi / "config.py").write_text("x")
    trim(tmp_path)
    assert [path.name for path in openapi.iterdir()] == ["config.py"]


def test_a_library_loses_only_what_is_never_loaded(tmp_path: Path) -> None:
    """The rest is the same to the byte but for the header's note of where the section table was."""
    path = tmp_path / "lib.so"
    whole = Path(sys.executable).resolve().read_bytes()
    path.write_bytes(whole)
    bare(path)
    cut = path.read_bytes()
    assert len(cut) <= len(whole)
    assert cut[64:] == whole[64 : len(cut)]
    assert cut[:40] == whole[:40]
    assert cut[40:48] == bytes(8)
    assert cut[48:60] == whole[48:60]


def test_a_linked_file_is_not_changed_in_the_installer_s_cache(tmp_path: Path) -> None:
    """An installer may have linked it; the cache serves other projects."""
    cache, path = tmp_path / "cache.so", tmp_path / "lib.so"
    cache.write_bytes(Path(sys.executable).resolve().read_bytes() + b"symbols")
    path.hardlink_to(cache)
    bare(path)
    assert cache.read_bytes().endswith(b"symbols")
    assert path.stat().st_size < cache.stat().st_size


def test_what_is_no_elf_file_stays_as_it_is(tmp_path: Path) -> None:
    """A library of a Mac, say."""
    path = tmp_path / "lib.dylib"
    path.write_bytes(b"\xcf\xfa\xed\xfe" + bytes(100))
    bare(path)
    assert path.stat().st_size == 104
