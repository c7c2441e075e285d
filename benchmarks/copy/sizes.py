"""What the reports are called, how large they are, of which day: apart, so that no job pays for the rest."""

from datetime import date

DAY = date(2026, 11, 18)
UNITS = {"KB": 10**3, "MB": 10**6, "GB": 10**9}
BAD = "bad"  # the plain file with bad values and ragged rows
TIMES = 50  # reports that one warm process copies


def parse(size: str) -> int:
    """Bytes of a size such as `100MB`."""
    return int(size[:-2]) * UNITS[size[-2:].upper()]


def name(size: str, form: str) -> str:
    """A file's name."""
    return {"plain": f"{size}.csv", "gzip": f"{size}.csv.gz", BAD: f"{size}.{BAD}.csv"}[form]
