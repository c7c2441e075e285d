"""The stack as a whole."""

import graphlib
import json
import re
from itertools import chain

from tests.infra.template import Template, many, references, text
from tests.pages import ROOT, shown

TOLD = {
    *("Bucket", "Table", "Machine", "Requester", "Callback", "Poller", "Copier", "Api", "Database", "Workgroup"),
    *("Results", "FailureQueue", "Schedules", "Secrets", "Alarms", "Deploy"),
}
# What must outlive the stack: calls, the ledger, the operator's keys, and what was logged about them.
KEPT = ("S3::Bucket", "DynamoDB::Table", "SecretsManager::Secret", "Logs::LogGroup")


def test_nothing_depends_on_itself(made: Template) -> None:
    """No circle of references, which CloudFormation would refuse."""
    graph = {
        name: {to for to in chain(references(one), many(one.get("DependsOn", []))) if to in made.resources}
        for name, one in made.resources.items()
    }
    assert len(list(graphlib.TopologicalSorter(graph).static_order())) == len(made.resources)


def test_the_outputs_have_plain_names(made: Template) -> None:
    """All that the operator, the demo and the tests look for."""
    outputs = {name: one["Value"] for name, one in made.body["Outputs"].items()}
    filling = {name for name in outputs if name.startswith("Key")}  # tests/infra/test_vault.py tells of these
    assert set(outputs) - filling == TOLD
    assert json.loads(outputs["Secrets"]) == ["cdr/dev/flowroute-main", "cdr/dev/telnyx-main"]
    assert outputs["Database"] == "cdr_dev"
    assert text(outputs["Machine"]).endswith(":stateMachine:cdr-dev-poller")


def test_what_cannot_be_made_again_is_kept(made: Template, local: Template) -> None:
    """Deleted or replaced, the stack leaves it behind; the local cloud's goes."""
    # Of the other stage the file's `secret` is one name, and the default of the first export another.
    for one, policy, secrets in ((made, "Retain", 2), (local, "Delete", 3)):
        kept = {name: row for name, row in one.resources.items() if row["Type"].removeprefix("AWS::") in KEPT}
        assert len(kept) == 1 + 2 + (secrets + 1) + 5
        assert {row["DeletionPolicy"] for row in kept.values()} == {policy}
        assert {row["UpdateReplacePolicy"] for row in kept.values()} == {policy}


def test_what_cannot_be_made_again_keeps_its_identity(made: Template, hidden: Template) -> None:
    """Under another logical id each would be another one, empty, beside what was left: nothing may rename them."""
    assert set(made.of("DynamoDB::Table")) == {"LedgerTable9343E4AA"}
    assert set(made.of("S3::Bucket")) == {"LakeBucketB1D32E10", "QueriesResultsB9A74B2C"}
    secrets = {"VaultCapabilityD0DEDB9F": None, "VaultPseudonym767F8F32": "cdr/dev/pseudonym"}
    secrets |= {"Vaultcdrdevmain38B61608": "cdr/dev/main"}  # by its name, whatever is before it in exports.toml
    assert {name: one.get("Name") for name, one in hidden.of("SecretsManager::Secret").items()} == secrets


def test_a_stack_with_data_is_not_deleted_by_mistake(made: Template, local: Template) -> None:
    """Its termination is protected; the local cloud's is not."""
    for one, protected in ((made, True), (local, False)):
        manifest = json.loads((one.out / "manifest.json").read_text())
        (stack,) = [a for a in manifest["artifacts"].values() if a["type"] == "aws:cloudformation:stack"]
        assert stack["properties"].get("terminationProtection", False) is protected


def test_nothing_needs_docker_or_a_custom_resource(made: Template) -> None:
    """Custom resources hang a deploy on the local cloud, and each is a Lambda that nobody asked for."""
    assert not [name for name, one in made.resources.items() if "Custom" in one["Type"]]
    assert len(made.of("Lambda::Function")) == 4


def test_it_is_made_without_asking_aws(made: Template, local: Template) -> None:
    """No account by default: whoever deploys brings it; a given one stands in the assembly."""
    for one, where in ((made, "aws://unknown-account/unknown-region"), (local, "aws://123456789012/us-east-1")):
        manifest = json.loads((one.out / "manifest.json").read_text())
        (stack,) = [a for a in manifest["artifacts"].values() if a["type"] == "aws:cloudformation:stack"]
        assert stack["environment"] == where


FIRST = (ROOT / "docs" / "first-real-deploy.md").read_text("utf-8")


def test_what_the_first_deploy_names_in_capitals_the_stack_tells(made: Template) -> None:
    """An output, or one of the few that the page itself explains."""
    (told,) = re.findall(r"Names in capitals are outputs of the stack, but for these: (.+?)\n```", FIRST, re.DOTALL)
    explained = set(re.findall(r"\b[A-Z]{2,}\b", told))
    values = r"--(?:state-value|checksum-mode) [A-Z]+|-X [A-Z]+"  # what the programs themselves take
    lines = [one for one in shown(FIRST) if re.match(r"(?:npx |\.venv/bin/)?(?:aws|cdk|cdr|curl) ", one)]
    named = {word for one in lines for word in re.findall(r"(?<![\w$])[A-Z]{2,}(?![\w:])", re.sub(values, "", one))}
    outputs = {one.upper() for one in made.body["Outputs"]}
    assert {"BUCKET", "FAILUREQUEUE", "API", "EXPORT", "GROUP"} <= named
    assert named <= outputs | explained, named - outputs - explained
    assert not explained & outputs


def test_the_first_deploy_is_of_one_stage_throughout() -> None:
    """That which it begins with; what this stage cannot show is marked."""
    assert "-c stage=try -c removal=destroy" in FIRST
    assert not re.findall(r"\bcdr[-_]dev\b|cdr-exporter/(?!try)", FIRST)
    for row in re.findall(r"^\| (.+?) \|", FIRST, re.MULTILINE):
        if row.startswith(("termination protection", "the bucket's denials")):
            assert row.endswith("(only with `removal=retain`)")


def test_the_callback_s_address_is_the_route_s(made: Template) -> None:
    """As the page has it called from outside."""
    (route,) = [one["RouteKey"] for one in made.of("ApiGatewayV2::Route").values()]
    (path,) = re.findall(r"-X POST API(/\S+)`", FIRST)
    method, _, form = route.partition(" ")
    assert method == "POST"
    assert re.fullmatch(re.sub(r"\\?\{\w+\\?\}", "[a-z]+", form), path), (form, path)


def test_no_alarm_tells_that_it_is_over(made: Template) -> None:
    """So the page says that no mail comes then, and how to set back what was set off."""
    assert not any(one.get("OKActions") for one in made.of("CloudWatch::Alarm").values())
    assert "none when it ends" in FIRST
    assert "`--state-value OK`" in FIRST
