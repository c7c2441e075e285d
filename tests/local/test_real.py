"""A real export, with servers of the test's own for the vendors' and their keys."""

import json
import re
from datetime import date
from pathlib import Path

import pytest
import tomlkit

from local.clock import real
from local.vendors.flowroute import Flowroute
from local.vendors.telnyx import Telnyx
from tests.local.runs import DAY, EARLY, THEIRS, exports, ran, secrets
from tests.local.sets import Played


@pytest.mark.cloud
def test_a_real_export_asks_no_callback_and_warns(tmp_path: Path) -> None:
    """With servers of the test's own for the vendors', and their keys; the vendor's totals are beside ours."""
    with Telnyx(5, "theirs", clock=real, per_day=60, credentials=THEIRS) as one, Flowroute(5, "f", clock=real) as other:
        file = exports(tmp_path, {"theirs": Played(one, DAY), "second": Played(other, {"start": date(2026, 11, 9)})})
        keys = secrets(tmp_path, **THEIRS)
        pair = {name: other.credentials[name] for name in ("access_key", "secret_key")}
        keys.write_text(keys.read_text() + tomlkit.dumps({"cdr/dev/second": pair, "cdr/dev/nobodys": pair}))
        out = tmp_path / "out"
        words = ("export", "--real", "--exports", file, "--secrets", keys, "--until", EARLY, "--out", out)
        run = ran(tmp_path, *words)
        assert run.process.returncode == 0, run.out
        assert len(one.created) == len(other.created) == 1
        assert "callback_url" not in json.dumps(other.created[0].body)
        (theirs,) = one.reports.values()
        total = theirs.build.result().tally
    assert 'note: no export has the secret "cdr/dev/nobodys"' in run.out
    assert "will hold phone numbers; it is readable by you alone" in run.out
    assert "SIMULATED" not in run.out
    assert re.search(rf"theirs .*done, {total.rows} rows .* {total.rows} ", run.out)
    assert out.stat().st_mode & 0o777 == 0o700
    told = json.loads((out / "summary.json").read_text())
    assert [(one["export"], one["state"]) for one in told["windows"]] == [("second", "done"), ("theirs", "done")]
    assert not run.left()
