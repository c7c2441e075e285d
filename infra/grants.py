"""Who may do what to what: every grant of the four functions, where both ends are in sight."""

from infra.checks import allow
from infra.functions import Function
from infra.lake import Lake
from infra.ledger import Ledger
from infra.vault import Vault
from lambdas.core import keys

ROW = ("dynamodb:GetItem", "dynamodb:UpdateItem")
READ_SECRET = "secretsmanager:GetSecretValue"  # noqa: S105  # the name of an action
WAKE = "states:SendTaskSuccess"
# What the copier writes, and reads: for its checks, and because If-Match on a PUT asks for that right too.
WRITTEN = (keys.RAW, keys.CALLS, keys.RECEIPTS, keys.QUARANTINE)


def requester(function: Function, *, ledger: Ledger, lake: Lake, vault: Vault, machine: str) -> None:
    """It plans rows, asks the vendors, starts runs, and writes what the ledger says into the lake."""
    function.may(*ROW, "dynamodb:PutItem", on=[ledger.table.table_arn])
    function.may("dynamodb:Query", on=[ledger.table.table_arn, *ledger.indexes])
    _write(function, lake, (keys.LEDGER,), "s3:PutObject", "s3:GetObject")
    function.may("s3:ListBucket", on=[lake.bucket.bucket_arn])  # as the copier: 404, not 403
    function.may(READ_SECRET, on=[*vault.vendors, vault.capability])
    function.may("states:StartExecution", on=[machine])


def callback(function: Function, *, ledger: Ledger, vault: Vault, machine: str) -> None:
    """It faces the internet: no vendor's key, no object, and no state but `heard_at`."""
    function.may(*ROW, on=[ledger.table.table_arn])
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
    _write(function, lake, WRITTEN, "s3:PutObject", "s3:GetObject", "s3:AbortMultipartUpload")
    # Without it S3 answers 403 for an object that is not there, where the copier must see 404.
    function.may("s3:ListBucket", on=[lake.bucket.bucket_arn])


def _write(function: Function, lake: Lake, prefixes: tuple[str, ...], *actions: str) -> None:
    function.may(*actions, on=[lake.bucket.arn_for_objects(f"{prefix}*") for prefix in prefixes])
    for prefix in prefixes:
        reason = "Every object below the one prefix, whose keys hold the export, date and window."
        allow(
            function.role,
            f"IAM5[Resource::<{lake.id}.Arn>/{prefix}*]",
            reason,
        )
