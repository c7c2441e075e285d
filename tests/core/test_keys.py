"""Keys of S3: every window, revision, attempt, run and file has its own, in its date's partition."""

from itertools import product

from lambdas.core import keys
from tests.core.making import window


def test_the_keys_are_those_that_the_design_names() -> None:
    """Glue's projection, the lifecycle rules and people rely on them."""
    one = window()
    where = "export=main/dt=2026-11-19/20261119T000000Z-86400.calls"
    assert keys.calls("main", one) == f"calls/{where}.parquet"
    assert keys.raw("main", one, 1, 2, 3, 0) == f"raw/{where}.r1.a2.k3.f0.csv.gz"
    assert keys.receipt("main", one, 1) == f"receipts/{where}.r1.json"
    assert keys.quarantine("main", one, 1, 2, 3, "json") == f"quarantine/{where}.r1.a2.k3.json"


def test_no_two_things_share_a_key() -> None:
    """Windows of other lengths and sources, other revisions, attempts, runs and files."""
    windows = [window(), window(20), window(seconds=3600), window(source="call-control")]
    turns = list(product((0, 1), (1, 2), (1, 2), (0, 1)))
    raws = {keys.raw("main", one, *turn) for one in windows for turn in turns}
    assert len(raws) == 4 * 16
    assert len({keys.calls(name, one) for name in ("main", "other") for one in windows}) == 8
