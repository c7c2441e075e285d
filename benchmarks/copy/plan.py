"""The ways of doing the job, and which of them is not worth trying at which size."""

import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.copy.sizes import BAD, TIMES, name, parse

ROOT = Path(__file__).resolve().parents[2]
OURS, RIVALS = sys.executable, str(ROOT / ".venv-rivals" / "bin" / "python")


@dataclass(frozen=True)
class Way:
    """One way; `module` runs in `python`, or `curl` as it is."""

    name: str
    told: str
    python: str
    module: str
    last: str = ""  # the argument of `ours`
    most: str = "4GB"  # beyond it the way is not tried
    why: str = ""
    network: bool = True
    whole: bool = True  # download, raw and Parquet, not a part of it
    bad: bool = False  # takes a file with bad values
    clean: bool = False  # stands beside that with the same file as it was before

    def skipped(self, size: str, form: str, line: int = 0) -> str | None:
        """Why it is not tried; "" where that needs no word, None where it is."""
        if (line and not self.network) or (self.clean and form != BAD):
            return ""
        if form == BAD and not self.bad:
            return "stops at the first bad value" if self.whole else ""
        return f"not tried over {self.most}: {self.why}" if parse(size) > parse(self.most) else None

    def command(self, url: str, file: Path, form: str, scratch: Path) -> list[str]:
        """What is run."""
        if self.name == "curl":
            return ["curl", "--silent", "--fail", "--output", "/dev/null", url]
        from_where = url if self.network else file.as_uri()
        packed = "gzip" if form == "gzip" else "plain"
        return [self.python, "-m", f"benchmarks.copy.{self.module}", from_where, packed, str(scratch), self.last]


def _rival(called: str, told: str, module: str, most: str = "4GB", why: str = "") -> Way:
    return Way(called, told, RIVALS, f"ways.{module}", most=most, why=why)


WAYS = (
    Way("curl", "curl to nothing", "", "", whole=False, bad=True),
    Way("hash", "download and SHA-256", OURS, "ways.hashed", whole=False),
    Way("boto3", "raw only: upload_fileobj", RIVALS, "ways.raw_boto3", whole=False),
    Way("raw", "raw only: ours, with SHA-256", OURS, "ways.raw_ours", whole=False),
    Way("convert", "conversion only: pyarrow, tuned", RIVALS, "ways.convert", whole=False, network=False),
    Way("ours", "cdr-exporter's copier", OURS, "ours", "copy", bad=True),
    Way("clean", "the same without bad values", OURS, "ours", "copy", bad=True, clean=True),
    _rival("three", "three steps, pyarrow tuned", "three"),
    _rival("duckdb", "DuckDB", "duck"),
    _rival("polars", "polars", "polar"),
    _rival("pandas", "requests and pandas", "panda", "1GB", "minutes, and it only grows with the rows"),
    _rival("wrangler", "awswrangler", "wrangler", "1GB", "minutes, and it only grows with the rows"),
    _rival("smart", "smart_open and csv", "smart", "100MB", "every cell is a Python object, a minute a GB and more"),
    _rival("dlt", "dlt, rows", "tool_dlt", "100MB", "half a minute for 100 MB"),
)
BY_NAME = {way.name: way for way in WAYS}
WARM = Way("warm", f"the copier, warm: {TIMES} reports in one process", OURS, "ours", "warm")


@dataclass(frozen=True)
class Case:
    """One file over one line; `line` is MB/s, 0 a free one."""

    size: str
    form: str
    line: int

    def file(self, way: Way) -> str:
        """The report's file."""
        return name(self.size, "plain" if way.clean else self.form)

    @property
    def told(self) -> str:
        """As the tables call it."""
        return f"{self.size} {self.form}, {f'{self.line} MB/s' if self.line else 'free line'}"


def cases(sizes: str, lines: str, forms: str, *, bad: str | None) -> list[Case]:
    """All combinations, and the file with bad values on a free line beside its clean one."""
    rates = [0 if line == "free" else int(line) for line in lines.split(",")]
    found = [Case(size, form, line) for size in sizes.split(",") for form in forms.split(",") for line in rates]
    return [*found, Case(bad, BAD, 0)] if bad else found
