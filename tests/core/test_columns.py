"""The columns of the calls: what was written once can be read for ever."""

from pathlib import Path

from lambdas.core.columns import COLUMNS, PARTITIONS
from lambdas.core.proofs import RECEIPTS, WINDOWS

FROZEN = (Path(__file__).parent / "columns.txt").read_text("utf-8").splitlines()


def test_columns_are_only_ever_added_at_the_end() -> None:
    """`columns.txt` has those that files were written with: a new one is added to both, none is renamed or retyped."""
    assert [f"{one.name} {one.athena}" for one in COLUMNS] == FROZEN


def test_every_column_of_a_table_has_a_name_of_its_own_and_says_what_it_is() -> None:
    """In small letters, as Athena writes them."""
    for columns in ((*COLUMNS, *PARTITIONS), RECEIPTS, WINDOWS):
        names = [one.name for one in columns]
        assert len(set(names)) == len(names)
        assert all(one.name == one.name.lower() and one.doc for one in columns)
