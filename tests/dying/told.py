"""The count of crash points, at the end of whatever run they were in."""

import pytest

TITLE = "crash points"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line for each scenario: how many effects it has, and at how many points something happened."""
    reports = [one for kind in ("passed", "failed") for one in terminalreporter.stats.get(kind, [])]
    told = [str(text) for one in reports for name, text in getattr(one, "user_properties", ()) if name == TITLE]
    if told:
        terminalreporter.section(TITLE)
        for line in sorted(told):
            terminalreporter.line(line)
