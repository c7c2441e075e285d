"""The stack as a whole."""

import graphlib
import json
from itertools import chain

from tests.infra.template import Template, many, references, text

TOLD = {
    *("Bucket", "Table", "Machine", "Requester", "Callback", "Poller", "Copier", "Api", "Database", "Workgroup"),
    *("Results", "FailureQueue", "Schedules", "Secrets"),
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
    assert set(outputs) == TOLD
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
