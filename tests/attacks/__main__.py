"""Writes the table of attacks into docs/security.md: `python -m tests.attacks`."""

from tests.attacks.table import PAGE, renewed

PAGE.write_text(renewed(PAGE.read_text("utf-8")), "utf-8")
