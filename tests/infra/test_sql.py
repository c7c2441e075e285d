"""Whether our SQL is Athena's: what only the emulator, which is DuckDB, understands must not pass."""

import base64
import json
from collections.abc import Mapping

import pytest

from infra.answers import VIEWS
from infra.questions import QUESTIONS
from tests.infra.sql import grammar, trino
from tests.infra.sql.trino import Verdict
from tests.infra.template import Template

TABLES = {
    "t": {
        "a": "bigint", "n": "bigint", "s": "string", "d": "date", "ts": "timestamp", "b": "boolean", "x": "double",
        "c": "decimal(18,8)", "m": "map<string,string>", "l": "array<string>", "r": "struct<n:bigint,s:string>",
    },
    "u": {"a": "bigint", "z": "string"},
}  # fmt: skip

# What Athena refuses or takes for something else, though DuckDB takes most of it; and a word of why.
BAD = {
    # syntax
    "SELECT a::int FROM t": "syntax error at ':'",
    "SELECT * EXCLUDE (a) FROM t": "syntax error at 'EXCLUDE'",
    "SELECT a, count(*) FROM t GROUP BY ALL": "syntax error",
    "SELECT a FROM t QUALIFY row_number() OVER (ORDER BY a) = 1": "syntax error at 'row_number'",
    "SELECT a AS end FROM t": "syntax error at 'end'",
    "SELECT [1, 2]": "syntax error at '['",
    "FROM t SELECT a": "syntax error at 'FROM'",
    "SELECT a FROM t LIMIT 10 OFFSET 5": "syntax error at 'OFFSET'",
    "SELECT a, FROM t": "syntax error at 'FROM'",
    "SELECT {'k': a} FROM t": "syntax error",
    "SELECT a FROM t WHERE s ILIKE 'x'": "syntax error",
    "SELECT DISTINCT ON (a) a, s FROM t": "syntax error",
    "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY a) FROM t": "syntax error",
    "SELECT `a` FROM t": "backquotes",
    "SELECT a FROM t WHERE a = ?": "parameter",
    "SELECT a FROM t; SELECT a FROM t": "one query",
    "CREATE VIEW v AS SELECT a FROM t": "one query",
    # words that the grammar lets pass as aliases and literals
    "SELECT a FROM t ORDER BY ALL": "'all' could not be resolved",
    "SELECT t.a FROM t SEMI JOIN u ON t.a = u.a": "SEMI is no word",
    "SELECT t.a FROM t ASOF JOIN u ON t.a = u.a": "ASOF is no word",
    "SELECT a FROM t WHERE ts > now() - INTERVAL '30 days'": "no literal INTERVAL",
    "SELECT E'a\\n' FROM t": "no literal E",
    "SELECT CAST(a AS string) FROM t": "no type string",
    "SELECT CAST(a AS hugeint) FROM t": "no type hugeint",
    # functions
    "SELECT strftime(ts, '%Y') FROM t": "no function strftime",
    "SELECT epoch(ts) FROM t": "no function epoch",
    "SELECT list_sort(l) FROM t": "no function list_sort",
    "SELECT string_agg(s, ',') FROM t": "no function string_agg",
    "SELECT median(a) FROM t": "no function median",
    "SELECT quantile_cont(a, 0.5) FROM t": "no function quantile_cont",
    "SELECT arg_max(s, a) FROM t": "no function arg_max",
    "SELECT any_value(s) FROM t": "no function any_value",
    "SELECT ifnull(a, 0) FROM t": "no function ifnull",
    # names
    "SELECT nope FROM t": "'nope' could not be resolved",
    "SELECT a FROM nowhere": "'nowhere' does not exist",
    "SELECT a FROM t JOIN u ON t.a = u.a": "'a' could not be resolved",
    "SELECT a + 1 AS k FROM t WHERE k > 2": "'k' could not be resolved",
    "SELECT a + 1 AS k, k + 1 AS q FROM t": "'k' could not be resolved",
    "SELECT a + 1 AS k, count(*) AS q FROM t GROUP BY k": "'k' could not be resolved",
    "SELECT a, count(*) AS q FROM t GROUP BY a HAVING q > 1": "'q' could not be resolved in HAVING",
    'SELECT a FROM t WHERE s = "text"': "'text' could not be resolved",
    "SELECT a, s, count(*) AS q FROM t GROUP BY a": "'t.s' must be an aggregate expression",
    "SELECT s, count(*) AS q FROM t GROUP BY substr(s, 1, 3)": "'t.s' must be an aggregate expression",
    "SELECT a, sum(c) AS c FROM t GROUP BY a ORDER BY sum(c)": "ORDER BY cannot take 'c'",
    "SELECT DISTINCT a FROM t ORDER BY s": "cannot be ordered by",
    "SELECT (SELECT max(z) FROM u WHERE u.a = t.a) AS z FROM t": "looks outside",
    # types
    "SELECT a FROM t WHERE d = s": "compares date with text",
    "SELECT a FROM t WHERE ts >= '2026-11-01'": "compares text with timestamp",
    "SELECT a FROM t WHERE a = s": "compares integer with text",
    "SELECT a FROM t WHERE b = 1": "compares boolean with integer",
    "SELECT a FROM t WHERE s IN (1, 2)": "compares integer with text",
    "SELECT a FROM t WHERE s IN (SELECT a FROM u)": "compares integer with text",
    "SELECT t.a FROM t JOIN u ON u.z = t.a": "compares integer with text",
    "SELECT a FROM t WHERE element_at(m, 'k') > 1": "compares integer with text",
    "WITH q AS (SELECT max_by(s, ts) AS s FROM t) SELECT s FROM q WHERE s = 1": "compares integer with text",
    "SELECT CASE WHEN b THEN a ELSE s END FROM t": "mixes integer with text",
    "SELECT coalesce(c, '') FROM t": "mixes decimal with text",
    "SELECT a FROM t UNION ALL SELECT z FROM u": "unites column a, integer with text",
    "SELECT a FROM t WHERE n": "WHERE takes boolean, not integer",
    "SELECT sum(b) FROM t": "not boolean",
    "SELECT s || a FROM t": "concatenation takes",
    "SELECT d - 1 FROM t": "calculates date with integer",
    "SELECT substr(a, 1, 3) FROM t": "takes text, not integer",
    "SELECT date_trunc('day', s) FROM t": "not text",
    "SELECT count(DISTINCT a, s) FROM t": "counts several columns",
    "SELECT count(*) FILTER (WHERE b) OVER (PARTITION BY s) FROM t": "filters a window function",
    "SELECT count(DISTINCT a) OVER (PARTITION BY s) FROM t": "DISTINCT in a window function",
    # the same words, another result
    "SELECT a / n FROM t": "divides integers",
    "SELECT sum(c) / count(*) FROM t": "divides decimals",
    "SELECT avg(c) FROM t": "averages decimals",
    "SELECT CAST(ts AS varchar) FROM t": "casts a timestamp to text",
    "SELECT CAST(with_timezone(ts, 'UTC') AT TIME ZONE 'Asia/Tokyo' AS timestamp) FROM t": "casts a time with a zone",
}  # fmt: skip

GOOD = [
    "SELECT a AS k, count(*) AS q FROM t WHERE d >= DATE '2026-11-01' GROUP BY a HAVING count(*) > 1 ORDER BY q DESC",
    "SELECT a FROM t ORDER BY a OFFSET 5 LIMIT 10",
    "WITH q AS (SELECT s, sum(c) AS c FROM t GROUP BY 1) SELECT s, CAST(c AS double) / 60 AS c FROM q",
    "SELECT day FROM UNNEST(sequence(DATE '2026-11-01', current_date, INTERVAL '1' DAY)) AS days(day)",
    "SELECT h, count(*) AS q FROM t CROSS JOIN UNNEST(l) AS heads(h) WHERE h <> '' GROUP BY h",
    "SELECT row_number() OVER (PARTITION BY s ORDER BY ts) AS place, sum(c) OVER one FROM t WINDOW one AS (ORDER BY a)",
    "SELECT date_trunc('hour', with_timezone(ts, 'UTC') AT TIME ZONE 'Asia/Tokyo'), count_if(b) FROM t GROUP BY 1",
    "SELECT approx_percentile(x, 0.5), max_by(s, ts), sum(x) FILTER (WHERE b), array_join(array_agg(s), ',') FROM t",
    "SELECT ts + INTERVAL '1' HOUR, date_diff('day', d, current_date), TRY_CAST(m['k'] AS bigint) + 1 FROM t",
    "SELECT t.a, z FROM t LEFT JOIN u ON u.a = t.a WHERE z IS NULL UNION ALL SELECT a, z FROM u",
    "SELECT t.r.s, coalesce(x, 0) FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.a = t.a) AND t.r.n > 1",
    "SELECT date_parse(date_format(with_timezone(ts, 'UTC') AT TIME ZONE 'Asia/Tokyo', '%H'), '%H') AS ts FROM t",
]


@pytest.fixture(scope="module")
def verdicts() -> Mapping[str, Verdict]:
    """On all of them: Node starts once."""
    texts = [*BAD, *GOOD]
    return dict(zip(texts, trino.check(texts, "db", TABLES), strict=True))


@pytest.mark.parametrize("text", BAD)
def test_what_athena_lacks_is_refused(verdicts: Mapping[str, Verdict], text: str) -> None:
    """With a message that names it."""
    assert any(BAD[text] in fault for fault in verdicts[text].faults), verdicts[text].faults


@pytest.mark.parametrize("text", GOOD)
def test_what_athena_has_passes(verdicts: Mapping[str, Verdict], text: str) -> None:
    """And the type of everything that is compared is known."""
    assert verdicts[text].faults == ()
    assert verdicts[text].unknown == ()


def test_a_type_that_nobody_knows_is_counted() -> None:
    """It hides no fault in silence."""
    (verdict,) = trino.check(["SELECT a FROM t WHERE map_values(m) = ARRAY['x']"], "db", TABLES)
    assert verdict.faults == ()
    assert len(verdict.unknown) == 1


def test_the_list_of_functions_holds_names_alone() -> None:
    """Sorted, each once, in lower case, as the check compares them."""
    lines = (grammar.FOLDER / "functions.txt").read_text().splitlines()
    names = [line for line in lines if not line.startswith("#")]
    assert names == sorted({name.lower() for name in names})


@pytest.fixture(scope="module")
def ours(made: Template) -> Mapping[str, str]:
    """Every text of SQL that the stack deploys, by the name of its view or question."""
    tables = [one["TableInput"] for one in made.of("Glue::Table").values()]
    views = {one["Name"]: _sql(one["ViewOriginalText"]) for one in tables if one["TableType"] == "VIRTUAL_VIEW"}
    saved = {one["Name"]: one["QueryString"] for one in made.of("Athena::NamedQuery").values()}
    return {**views, **saved}


@pytest.fixture(scope="module")
def judged(made: Template, ours: Mapping[str, str]) -> Mapping[str, Verdict]:
    """A verdict on each, against the columns that the deployed catalogue has."""
    found = [one["TableInput"] for one in made.of("Glue::Table").values()]
    tables = {
        one["Name"]: {
            column["Name"]: column["Type"]
            for column in (*one["StorageDescriptor"]["Columns"], *one.get("PartitionKeys", []))
        }
        for one in found
    }
    return dict(zip(ours, trino.check(list(ours.values()), "cdr_dev", tables), strict=True))


def _sql(view: str) -> str:
    """The SQL within a view's text."""
    body = view.removeprefix("/* Presto View: ").removesuffix(" */")
    return str(json.loads(base64.b64decode(body))["originalSql"])


@pytest.mark.parametrize("name", ["calls", *QUESTIONS])
def test_our_sql_is_athena_s(judged: Mapping[str, Verdict], name: str) -> None:
    """Each view and each saved question parses, resolves and fits in types by Trino's rules."""
    verdict = judged[name]
    assert verdict.faults == ()
    assert verdict.unknown == (), "these comparisons nobody checked: teach kinds.py their types"


def test_every_view_and_question_was_judged(judged: Mapping[str, Verdict]) -> None:
    """None is deployed that the parameters above do not name."""
    assert set(judged) == {"calls", *QUESTIONS}
    assert set(QUESTIONS) >= set(VIEWS)
    assert sum(one.known for one in judged.values()) > 20 * len(judged), "of so many comparisons the types were known"
