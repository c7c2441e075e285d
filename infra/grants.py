"""Who may do what to what: every grant of the four functions, where both ends are in sight.

`make mutants` takes each away in turn; docs/iam.md says why each is there, and what was noticed without it.
"""

from infra.checks import allow
from infra.functions import Function
from infra.lake import Lake
from infra.ledger import Ledger
from infra.vault import Vault
from lambdas.core import keys

ROW = ("dynamodb:GetItem", "dynamodb:UpdateItem")
READ_SECRET = "secretsmanager:GetSecretValue"  # noqa: S105  # the name of an action
WAKE = "states:SendTaskSuccess"
PUT, GET, ABORT = "s3:PutObject", "s3:GetObject", "s3:AbortMultipartUpload"
# What the copier writes. Only calls are replaced, and by what is there: a fence needs to read it, and If-Match asks for
# that right too. Only calls and the vendor's files are large enough for parts; what a part of anything else would
# leave behind, the lifecycle rule ends.
WRITTEN = {keys.CALLS: (PUT, GET, ABORT), keys.RAW: (PUT, ABORT), keys.RECEIPTS: (PUT,), keys.QUARANTINE: (PUT,)}


def requester(function: Function, *, ledger: Ledger, lake: Lake, vault: Vault, machine: str) -> None:
    """It plans rows, asks the vendors, starts runs, and writes what the ledger says into the lake."""
    function.may(*ROW, "dynamodb:PutItem", on=[ledger.table.table_arn])
    function.may("dynamodb:Query", on=[ledger.table.table_arn, *ledger.indexes])
    _write(function, lake, keys.LEDGER, PUT, GET)
    function.may("s3:ListBucket", on=[lake.bucket.bucket_arn])  # as the copier: 404, not 403
    function.may(READ_SECRET, on=[*vault.vendors, vault.capability])
    function.may("states:StartExecution", on=[machine])


def callback(function: Function, *, ledger: Ledger, vault: Vault, machine: str) -> None:
    """It faces the internet: no vendor's key, no object, and no state but `heard_at`, whose write answers the row."""
    function.may("dynamodb:UpdateItem", on=[ledger.table.table_arn])
    function.may(READ_SECRET, on=[vault.capability])
    function.may(WAKE, on=[machine])


def poller(function: Function, *, ledger: Ledger, vault: Vault, machine: str) -> None:
    """It asks a vendor how far a report is, seals its token, and wakes its own execution after an early callback."""
    function.may(*ROW, on=[ledger.table.table_arn])
    function.may(READ_SECRET, on=[*vault.vendors, vault.capability])
    function.may(WAKE, on=[machine])


def copier(function: Function, *, ledger: Ledger, lake: Lake, vault: Vault) -> None:
    """It fetches a fresh link and the file behind it, and writes all that lies in the lake but the ledger."""
    function.may(*ROW, on=[ledger.table.table_arn])
    function.may(READ_SECRET, on=[*vault.vendors, *([vault.pseudonym] if vault.pseudonym else [])])
    for prefix, actions in WRITTEN.items():
        _write(function, lake, prefix, *actions)
    # Without it S3 answers 403 for an object that is not there, where the copier must see 404.
    function.may("s3:ListBucket", on=[lake.bucket.bucket_arn])


def _write(function: Function, lake: Lake, prefix: str, *actions: str) -> None:
    function.may(*actions, on=[lake.bucket.arn_for_objects(f"{prefix}*")])
    reason = (
        "Every object below the one prefix: their keys are made of export, date and window, known only at run time."
    )
    allow(function.role, f"IAM5[Resource::{lake.shown}/{prefix}*]", reason)
