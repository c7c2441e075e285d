"""Makes packages small. Of pyarrow it keeps what CSV, compute and Parquet need; no library keeps its symbol tables.

pyarrow's 149 MB become about 70, without `strip`, which not every laptop has.
"""

import re
import shutil
import struct
from pathlib import Path

# Every extension module links all of these (their ELF headers say so), so none can go.
LIBRARIES = (
    *("arrow", "arrow_acero", "arrow_compute", "arrow_dataset", "arrow_python", "arrow_substrait"),
    "parquet",
)
MODULES = ("lib", "_compute", "_csv", "_fs", "_parquet")
FOLDERS = ("include", "includes", "src", "tests")
SOURCES = (".pxd", ".pxi", ".pyx", ".h", ".lib", ".cmake")
# Only the name that the loader looks for: wheels carry each library up to three times, for want of links.
LIBRARY = re.compile(rf"lib({'|'.join(LIBRARIES)})\.so\.\d+|lib({'|'.join(LIBRARIES)})\.\d+\.dylib")
MODULE = re.compile(rf"({'|'.join(MODULES)})\.(cpython|abi3)[^/]*")
BINARY = re.compile(r".*\.(so|dylib)(\..*)?")
# What no bundle can use: a web page's scripts, what needs pydantic, tests, what runs in a browser,
# and what nacl was compiled with: it loads `_cffi_backend` alone.
DEAD = (
    "aws_lambda_powertools/event_handler/openapi/swagger_ui",
    "aws_lambda_powertools/utilities/parser",
    "certifi/tests",
    "urllib3/contrib/emscripten",
    "pyarrow/conftest.py",
    *("cffi", "pycparser", "pycparser-*.dist-info"),
)


def trim(packages: Path) -> None:
    """Make a folder of installed packages small, in place."""
    for path in [one for dead in DEAD for one in packages.glob(dead)]:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    engine(packages / "pyarrow")
    for path in [one for one in packages.rglob("*") if BINARY.fullmatch(one.name) and one.is_file()]:
        bare(path)


def engine(pyarrow: Path) -> None:
    """Keep of an installed `pyarrow` folder what the copier loads."""
    for folder in FOLDERS:
        shutil.rmtree(pyarrow / folder, ignore_errors=True)
    for path in sorted(p for p in pyarrow.rglob("*") if p.is_file()):
        if path.suffix in SOURCES or not wanted(path.name):
            path.unlink()


def wanted(name: str) -> bool:
    """Whether a file is needed: all that is not a binary, and the binaries that the copier loads."""
    return not BINARY.fullmatch(name) or bool(LIBRARY.fullmatch(name) or MODULE.fullmatch(name))


def bare(path: Path) -> None:
    """Cut an ELF file off behind its last loaded byte: symbols for linkers and debuggers lie behind it.

    The dynamic loader reads program headers only (elf(5)), so the section table may go: the header then says
    that there is none. Anything but a little-endian 64-bit ELF file stays as it is.
    """
    content = path.read_bytes()
    if not content.startswith(b"\x7fELF\x02\x01"):
        return
    (table,) = struct.unpack_from("<Q", content, 32)  # e_phoff
    (count,) = struct.unpack_from("<H", content, 56)  # e_phnum
    end = max(sum(struct.unpack_from("<Q16xQ", content, table + n * 56 + 8)) for n in range(count))
    kept = bytearray(content[: max(end, table + count * 56)])
    struct.pack_into("<Q", kept, 40, 0)  # e_shoff
    struct.pack_into("<HH", kept, 60, 0, 0)  # e_shnum, e_shstrndx
    whole = path.with_name(path.name + ".bare")
    whole.write_bytes(kept)  # never in place: an installer may have linked the file to its cache
    whole.replace(path)
