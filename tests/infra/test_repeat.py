"""The output `Deploy`: what it says, read by a shell and by `-c`, is the stage as it stands."""

import shlex
from dataclasses import asdict, fields, replace
from itertools import pairwise
from pathlib import Path

import pytest

from infra.repeat import BUILD, command
from infra.settings import Settings, settings
from tests.infra.conftest import KEY, RUNBOOK
from tests.infra.template import Template

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:cdr/prod/pseudonym-AbCdEf"
EVERY: dict[str, object] = {
    "stage": "prod", "exports": "my own/exports.toml", "target": "host", "callback": "off", "access_log": "on",
    "removal": "destroy", "account": "123456789012", "region": "us-east-1", "kms_key": KEY, "bucket": "my-lake",
    "ledger": "my-ledger", "pseudonym_arn": ARN, "raw_expire_days": "400", "noncurrent_days": "31",
    "quarantine_days": "91", "results_days": "8", "log_days": "7", "scan_limit_gb": "5", "timezone": "Europe/Berlin",
    "copier_mb": "2048", "rate": "3", "burst": "4", "alarm_email": "you@example.com", "runbook_url": RUNBOOK,
    "budget_usd": "123456.75",
}  # fmt: skip


PLAIN = settings(lambda _: None)


def given(line: str) -> dict[str, object]:
    """What a command gives to CDK, as a shell and CDK read it."""
    start, words = shlex.split(line)[:3], shlex.split(line)[3:]
    assert start == ["npx", "cdk", "deploy"]
    return {name: value for flag, word in pairwise(words) if flag == "-c" for name, _, value in [word.partition("=")]}


@pytest.mark.parametrize("chosen", [{}, EVERY, *({name: value} for name, value in EVERY.items())], ids=str)
def test_deployed_by_it_the_stage_is_the_same(chosen: dict[str, object]) -> None:
    """With each setting alone and with all of them."""
    stage = settings(chosen.get)
    assert settings(given(command(stage)).get) == stage


def test_every_setting_was_tried_and_only_what_differs_is_said() -> None:
    """A new setting must be tried above; the stage is said always; how a build is made, never."""
    usual, all_set = asdict(PLAIN), asdict(settings(EVERY.get))
    assert {name for name in usual if usual[name] == all_set[name]} == set(BUILD)
    assert {field.name for field in fields(Settings)} == set(usual)
    assert given(command(PLAIN)) == {"stage": "dev"}
    assert given(command(replace(PLAIN, bundle=Path("build/old"), nag=False))) == {"stage": "dev"}


def test_the_stack_tells_it(made: Template, local: Template) -> None:
    """In an output, whole."""
    told = [given(one.body["Outputs"]["Deploy"]["Value"]) for one in (made, local)]
    assert set(told[0]) == {"stage", "exports"}
    assert told[1]["stage"] == "try-1"
    assert set(told[1]) >= {"removal", "callback", "timezone", "raw_expire_days", "account", "region"}
