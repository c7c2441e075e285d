"""The commands on a stack that is really deployed onto the local cloud, found by the variables that `up` tells."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from click.testing import CliRunner, Result

from cli.commands import main
from local.demo import Set


@dataclass(frozen=True)
class Live:
    """A deployed set, and `cdr` on it."""

    at: Set
    exports: Path

    def cdr(self, *words: str) -> Result:
        """A command with these words."""
        mine = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        with patch.dict(os.environ, {**mine, **self.at.stack.cloud.environment()}, clear=True):
            return CliRunner().invoke(main, [*words, "--exports", str(self.exports)], catch_exceptions=False)

    def json(self, *words: str) -> Any:
        """The same for a program; whatever the status is, but that it could not be told."""
        done = self.cdr(*words, "--json")
        assert done.exit_code in (0, 1), done.output
        return json.loads(done.stdout)
