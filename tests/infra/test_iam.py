"""Least privilege on the template: what is granted, to whom, and that docs/iam.md tells of all of it."""

from collections import Counter
from itertools import chain

import pytest

from lambdas.core import keys
from local.mutants.page import PAGE, Part, granted, told
from local.mutants.parts import Mutant, mutants, without
from local.mutants.reasons import SURVIVES, WHY, purpose, survives
from local.mutants.statements import Statement, many, pretty, statements, words
from tests.infra.template import Template, text

# Actions to which no resource can be named (Service Authorization Reference; Step Functions guide, on its log).
NOWHERE = ("xray:", "logs:")


@pytest.fixture(scope="module")
def allowed(made: Template, hidden: Template) -> list[Statement]:
    """Every grant of the default stack, and of one with every setting that grants something."""
    found = chain(statements(made.body), statements(hidden.body))
    return [one for one in found if one.effect == "Allow"]


def test_the_page_tells_every_grant_and_no_other(made: Template, hidden: Template) -> None:
    """A new statement needs a new run of `make mutants`, which writes the page."""
    page = told(PAGE.read_text("utf-8"))
    assert _granted(made) - page == set()
    assert _granted(hidden) == page


def _granted(template: Template) -> set[Part]:
    return {part for one in statements(template.body) if one.effect == "Allow" for part in granted(one)}


def test_the_page_has_no_mutant_that_nobody_explains() -> None:
    """Of the last whole run."""
    page = PAGE.read_text("utf-8")
    assert ", 0 without**" in page
    assert "not run" not in page
    assert "not known" not in page


def test_every_grant_has_a_reason_and_every_reason_a_grant(made: Template, hidden: Template) -> None:
    """So no reason outlives what it was for."""
    every = [*mutants(made.body), *mutants(hidden.body)]
    assert [one.name for one in every if purpose(one) is None] == []
    assert set(WHY.values()) == {purpose(one) for one in every}


def test_every_reason_to_survive_has_a_survivor(made: Template, hidden: Template) -> None:
    """What the emulated cloud learns to ask must go from the list."""
    found = {survives(one) for one in chain(mutants(made.body), mutants(hidden.body))}
    assert set(SURVIVES.values()) == found - {None}


def test_each_function_has_a_role_that_nobody_else_has(made: Template) -> None:
    """Four functions, the machine and the schedules: six roles."""
    users = [text(one["Role"]) for one in made.of("Lambda::Function").values()]
    users += [text(made.one("StepFunctions::StateMachine")["RoleArn"])]
    users += sorted({text(one["Target"]["RoleArn"]) for one in made.of("Scheduler::Schedule").values()})
    assert sorted(users) == sorted(f"<{name}.Arn>" for name in made.of("IAM::Role"))


def test_no_wildcard_stands_where_a_name_could(allowed: list[Statement]) -> None:
    """No action has one; a resource is a name, or what lies below one prefix of the bucket, or cannot be named."""
    prefixes = tuple(f"/{prefix}*" for prefix in keys.PREFIXES)
    for one in allowed:
        assert not any("*" in action for action in one.actions), one
        for resource in one.resources:
            nowhere = resource == "*" and all(action.startswith(NOWHERE) for action in one.actions)
            assert "*" not in resource or nowhere or resource.endswith(prefixes), one


def test_a_role_is_let_do_nothing_twice(made: Template, hidden: Template) -> None:
    """A statement that another one makes needless would survive its mutant."""
    for template in (made, hidden):
        found = Counter((one.of.who, one.name, text(_resource(template, one))) for one in mutants(template.body))
        assert [name for name, times in found.items() if times > 1] == []


def _resource(template: Template, one: Mutant) -> object:
    if one.of.kind != "policy":
        return ""
    document = template.body["Resources"][one.of.logical]["Properties"]["PolicyDocument"]
    return many(document["Statement"][one.of.index]["Resource"])[one.resource]


# The mutants.


def test_each_mutant_lacks_one_grant_and_nothing_else(hidden: Template) -> None:
    """Whatever stands beside it in its statement stays, and every other resource too."""
    whole = Counter(one.name for one in mutants(hidden.body))
    assert len(whole) > 80
    for one in mutants(hidden.body):
        made = without(hidden.body, [one])
        assert whole - Counter(other.name for other in mutants(made)) == Counter([one.name]), one.name
        changed = {name for name, row in hidden.resources.items() if made["Resources"].get(name) != row}
        waiting = {name for name, row in hidden.resources.items() if one.of.logical in many(row.get("DependsOn", []))}
        assert changed - waiting == {one.of.logical}


def test_several_go_at_once(hidden: Template) -> None:
    """As the survivors do."""
    them = [one for one in mutants(hidden.body) if survives(one)]
    left = Counter(one.name for one in mutants(without(hidden.body, them)))
    assert left == Counter(one.name for one in mutants(hidden.body) if not survives(one))


def test_no_document_is_left_empty(hidden: Template) -> None:
    """IAM takes none without a statement: in place of the last stands one that allows nothing."""
    gone = without(hidden.body, mutants(hidden.body))
    assert all(one.effect == "Deny" for one in statements(gone))
    assert {(one.logical, one.way) for one in statements(gone)} == {
        (one.logical, one.way) for one in statements(hidden.body) if one.kind != "permission"
    }


def test_a_mutant_is_told_by_whom_what_and_where(made: Template) -> None:
    """As people would, so that `--only` finds it."""
    names = {one.name for one in mutants(made.body)}
    assert "Copier may s3:PutObject on LakeBucket/raw/*" in names
    assert "Callback lets itself be called: lambda:InvokeFunction by apigateway.amazonaws.com" in names
    assert "Clock is trusted to be sts:AssumeRole by scheduler.amazonaws.com" in names
    assert "Poller may states:SendTaskSuccess on states stateMachine:cdr-dev-poller" in names


@pytest.mark.parametrize(
    ("logical", "said"),
    [
        ("CopierFunctionRole3C1DBB11", "Copier"),
        ("WorkflowRoleDefaultPolicy1A2B3C4D", "Workflow"),
        ("LakeBucketB1D32E10", "LakeBucket"),
    ],
)
def test_a_logical_id_is_said_without_what_cdk_adds(logical: str, said: str) -> None:
    """Neither its hash nor its path."""
    assert pretty(logical) == said


def test_what_differs_from_place_to_place_is_said_alike() -> None:
    """An account, a region, the name of a vendor's secret, the owner's key."""
    body = {"Resources": {"S": {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": "cdr/dev/x"}}}}
    assert (
        words(body, {"Ref": "S"}) == words(body, "arn:aws:secretsmanager:eu-west-1:1:secret:x") == "a vendor's secret"
    )
    assert words(body, "arn:aws:kms:eu-west-1:1:key/2") == "the owner's KMS key"
    arn = {
        "Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":states:", {"Ref": "AWS::Region"}, ":1:stateMachine:m"]]
    }
    assert words(body, arn) == "states stateMachine:m"
