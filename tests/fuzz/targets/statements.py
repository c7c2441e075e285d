"""A file that `cdr query` is given: what another reader of SQL takes for a statement that writes is refused."""

import re

import click

from cli.asking import QUERY

WORDS = ("SELECT", "WITH", "VALUES", "DROP TABLE", "DELETE FROM", "INSERT INTO", "/*", "*/", "--", "\n", "(", ";", "'")
WRITES = ("insert", "delete", "update", "drop", "alter", "create", "unload", "merge", "msck", "vacuum", "optimize")


def run(data: bytes) -> None:
    """Comments taken away by another reader than ours: what then stands first is a word that reads."""
    text = data.decode("utf-8", "replace")
    if QUERY.match(text):
        first = re.match(r"(\w*)", _bare(text))  # a parenthesis holds nothing but a query
        assert first is not None
        assert first[1].lower() not in WRITES, f"taken for a query: {click.style(text[:60])!r}"


def _bare(text: str) -> str:
    """Letter by letter, as a lexer goes; up to the first word that is no comment."""
    at = 0
    while at < len(text):
        if text.startswith("--", at):
            end = text.find("\n", at)
            at = len(text) if end < 0 else end + 1
        elif text.startswith("/*", at):
            end = text.find("*/", at + 2)
            at = len(text) if end < 0 else end + 2
        elif text[at].isspace():
            at += 1
        else:
            break
    return text[at:]
