"""Trino's SQL means in the emulated Athena what it means in Athena, where DuckDB's own would mean something else."""

import pytest

from tests.local.stack import Stack

pytestmark = pytest.mark.cloud

MAPS = "(VALUES map(ARRAY['a', 'b'], ARRAY['1', '2']), map(ARRAY['a'], ARRAY['3'])) AS s(m)"
ASKED = [
    # Time zones: a time without one is UTC's, and the local time of an instant is the wall clock's.
    ("CAST(with_timezone(TIMESTAMP '2026-11-20 23:30:00', 'UTC') AT TIME ZONE 'Europe/Berlin' AS date)", "2026-11-21"),
    ("CAST(TIMESTAMP '2026-07-20 10:00:00' AT TIME ZONE 'America/New_York' AS timestamp)", "2026-07-20 06:00:00.000"),
    ("CAST(with_timezone(TIMESTAMP '2026-07-01 02:00:00', 'Europe/Berlin') AS timestamp)", "2026-07-01 00:00:00.000"),
    ("date_trunc('hour', at_timezone(from_iso8601_timestamp('2026-11-20T09:20:00Z'), 'Asia/Kolkata'))",
     "2026-11-20 14:00:00.000"),
    # A date stays a date.
    ("date_add('day', -1, DATE '2026-11-01')", "2026-10-31"),
    ("CAST(DATE '2026-01-31' + INTERVAL '1' MONTH AS varchar)", "2026-02-28"),
    ("date_trunc('month', DATE '2026-11-20')", "2026-11-01"),
    ("date_trunc('month', TIMESTAMP '2026-11-20 10:00:00')", "2026-11-01 00:00:00.000"),
    ("array_join(sequence(DATE '2026-11-01', DATE '2026-11-03', INTERVAL '1' DAY), ' ')",
     "2026-11-01 2026-11-02 2026-11-03"),
    ("current_date = CAST(now() AS date)", "true"),
    # Maps and arrays.
    ("element_at(map(ARRAY['a'], ARRAY['1']), 'c')", None),
    ("array_distinct(ARRAY['b', 'a', NULL, 'b', NULL])", "[b, a, null]"),
    ("ARRAY['', NULL]", "[, null]"),
    ("cardinality(split('a.b', '.'))", "2"),
    # Nulls, numbers, text.
    ("greatest(1, CAST(NULL AS integer))", None),
    ("least(2, 1)", "1"),
    ("format('%s-%02d %s', 'a', 3, 4)", "a-03 4"),
    ("round(1.2355e0, 3) + round(-2.5e0)", "-1.764"),
    ("try(1 / 0)", None),
    ("lpad('3', 2, '0') || lpad('abc', 2, '0')", "03ab"),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "told"), ASKED)
def test_an_expression_means_what_it_does_in_trino(stack: Stack, asked: str, told: str | None) -> None:
    """One value of each kind in which DuckDB differs, or has another name."""
    assert stack.query(f"SELECT {asked}")[1] == [[told]]


def test_a_map_s_entries_become_rows(stack: Stack) -> None:
    """As keys and values side by side."""
    text = f"SELECT k, count(*), max(v) FROM {MAPS} CROSS JOIN UNNEST(m) AS t(k, v) GROUP BY k ORDER BY k"  # noqa: S608  # the test's own
    assert stack.query(text)[1] == [["a", "2", "3"], ["b", "1", "2"]]


def test_arrays_become_rows(stack: Stack) -> None:
    """Several side by side, a column's for each row, and none for a null."""
    assert stack.query("SELECT * FROM UNNEST(ARRAY[1, 2], ARRAY['x']) AS t(a, b)")[1] == [["1", "x"], ["2", None]]
    rows = "(VALUES (1, ARRAY['a', 'b']), (2, NULL)) AS s(k, ones)"
    text = f"SELECT k, one FROM {rows} CROSS JOIN UNNEST(ones) AS t(one) ORDER BY 2"  # noqa: S608  # the test's own
    assert stack.query(text)[1] == [["1", "a"], ["1", "b"]]


def test_aggregates_are_trino_s(stack: Stack) -> None:
    """Those of the saved questions, with FILTER and ORDER BY."""
    text = """
        SELECT approx_percentile(x, 0.5), count_if(x > 1), min_by(y, x), max_by(y, x), bool_or(x > 2),
          array_agg(y ORDER BY x DESC), array_join(array_agg(y ORDER BY x), '+'), count(*) FILTER (WHERE x > 1),
          avg(x) FILTER (WHERE x > 1), sum(CAST(x AS decimal(18,8))), map_agg(y, x), every(x > 0)
        FROM (VALUES (1, 'a'), (2, 'b'), (3, 'c')) AS t(x, y)"""
    assert stack.query(text)[1] == [
        ["2", "2", "a", "c", "true", "[c, b, a]", "a+b+c", "2", "2.5", "6.00000000", "{a=1, b=2, c=3}", "true"]
    ]


@pytest.mark.parametrize(
    "asked",
    ["DECIMAL '1.5' / 3", "avg(DECIMAL '1.5')", "1 / 0", "no_such_function(1)", "sum(CAST(1 AS decimal(18,8))) / 60"],
)
def test_what_would_mean_something_else_fails(stack: Stack, asked: str) -> None:
    """Trino answers decimals with a decimal, DuckDB with a double; and what is not there is named."""
    with pytest.raises(AssertionError, match=r"NOT_SUPPORTED|[Dd]ivision by zero|no_such_function"):
        stack.query(f"SELECT {asked}")
