"""Why a grant is there, and why some of them can be taken away on the emulated cloud without a difference."""

from collections.abc import Mapping
from fnmatch import fnmatchcase

from local.mutants.parts import Mutant
from local.mutants.statements import Statement

Pattern = tuple[str, str, str]  # of whom, of an action, of a resource

# The emulated cloud does not do, or does not ask, what AWS does.
SURVIVES: Mapping[Pattern, str] = {
    ("*", "xray:*", "*"): "Traces: the emulated cloud takes none, and asks nobody for the right to send them.",
    ("Workflow", "logs:*", "*"): "The delivery of a machine's log: the emulated Step Functions writes none.",
    ("*", "sns:Publish", "*"): "An alarm that rings: the emulated CloudWatch keeps alarms, and rings none.",
    ("*", "kms:*", "*"): "The owner's key: the emulated services encrypt nothing, and ask for none.",
}
# The first that fits is the reason; one of a more special kind comes before.
WHY: Mapping[Pattern, str] = {
    ("*", "sts:AssumeRole", "*"): "The service runs what has the role; where it serves others too, for ours alone.",
    ("*", "xray:*", "*"): "A trace of each run: `Tracing.ACTIVE` sends it as the role.",
    ("Workflow", "logs:*", "*"): "Step Functions delivers the machine's errors to its log.",
    ("*", "logs:*", "*"): "Lambda writes the function's log as its role.",
    ("Callback", "lambda:InvokeFunction", "*"): "The callback's one route calls it.",
    ("Workflow", "lambda:InvokeFunction", "*"): "A run polls, copies, and ticks at its end.",
    ("Clock", "lambda:InvokeFunction", "*"): "Each schedule ticks its export.",
    ("Callback", "dynamodb:*", "*"): "It notes that a callback came; the write answers the row, which holds the token.",
    (
        "Requester",
        "dynamodb:Query",
        "*",
    ): "Which rows are due, open or in trouble; a month, for its proof.",
    ("Requester", "dynamodb:*", "*"): "It plans rows, moves them, and keeps the head under its lease.",
    ("*", "dynamodb:*", "*"): "It reads its row and moves it, by one conditional write.",
    ("Requester", "s3:ListBucket", "*"): "Without it S3 says 403 of a month's proof that is not there yet.",
    ("Copier", "s3:ListBucket", "*"): "Without it S3 says 403 of a copy that somebody removed by hand.",
    ("Requester", "s3:*", "*"): "The proof of coverage, replaced by the ETag that was read.",
    ("Copier", "s3:*", "*/calls/*"): "Calls, in parts where large, replaced by ETag; what broke on the way is aborted.",
    ("Copier", "s3:*", "*/raw/*"): "The vendor's bytes, in parts where large; what broke on the way is aborted.",
    ("Copier", "s3:*", "*/receipts/*"): "What was asked, got and counted.",
    ("Copier", "s3:*", "*/quarantine/*"): "What did not pass the checks, or is in no column.",
    ("*", "secretsmanager:*", "VaultCapability*"): "It makes or checks a capability, or seals or opens a token.",
    ("*", "secretsmanager:*", "VaultPseudonym"): "The key of the pseudonyms, where an export has them.",
    ("*", "secretsmanager:*", "*"): "It talks to the vendors.",
    ("*", "states:StartExecution", "*"): "Each report that is asked for has a run.",
    (
        "Poller",
        "states:SendTaskSuccess",
        "*",
    ): "It wakes its own run where the callback came before the token.",
    ("*", "states:SendTaskSuccess", "*"): "It wakes the run that waits.",
    ("*", "sqs:SendMessage", "*"): "Lambda reports a tick that failed, as the role.",
    ("*", "sns:Publish", "*"): "This stage's alarms ring.",
    ("*", "kms:*", "*"): "Under `kms_key`: what the right beside it needs of the key, through that service alone.",
}


def survives(mutant: Mutant) -> str | None:
    """The reason why nobody will miss it here."""
    one = mutant.of
    return _first(SURVIVES, one.who, one.actions[mutant.action], one.resources[mutant.resource])


def purpose(mutant: Mutant) -> str | None:
    """What an action on a resource is for."""
    one = mutant.of
    return _first(WHY, one.who, one.actions[mutant.action], one.resources[mutant.resource])


def why(one: Statement) -> str | None:
    """What its actions on its resources are for; None where that is not known of one of them."""
    found = [_first(WHY, one.who, action, resource) for action in one.actions for resource in one.resources]
    return None if None in found else " ".join(dict.fromkeys(filter(None, found)))


def _first(table: Mapping[Pattern, str], *told: str) -> str | None:
    for pattern, reason in table.items():
        if all(fnmatchcase(one, wanted) for one, wanted in zip(told, pattern, strict=True)):
            return reason
    return None
