"""The ledger: one DynamoDB table that says for every window what is published and what is to be done."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from infra import encryption
from infra.settings import Settings

EXPORT = dynamodb.Attribute(name="export", type=dynamodb.AttributeType.STRING)
SK = dynamodb.Attribute(name="sk", type=dynamodb.AttributeType.STRING)
DUE_AT = dynamodb.Attribute(name="due_at", type=dynamodb.AttributeType.NUMBER)
OPENED = dynamodb.Attribute(name="opened", type=dynamodb.AttributeType.NUMBER)
ASIDE = dynamodb.Attribute(name="aside", type=dynamodb.AttributeType.STRING)
DUE, OPEN, TROUBLE = "due", "open", "aside"


class Ledger(Construct):
    """No row has a time to live: coverage is computed from all of them, for ever."""

    table: dynamodb.ITable

    def __init__(self, scope: Construct, name: str, *, settings: Settings) -> None:
        super().__init__(scope, name)
        if settings.ledger:  # an earlier stack of the stage left it
            self.table = dynamodb.Table.from_table_name(self, "Table", settings.ledger)
        else:
            self.table = self._made(settings)

    def _made(self, settings: Settings) -> dynamodb.Table:
        key = encryption.key(self, settings)
        table = dynamodb.Table(
            self,
            "Table",
            partition_key=EXPORT,
            sort_key=SK,
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED if key else None,
            encryption_key=key,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=settings.keep,
            removal_policy=RemovalPolicy.RETAIN if settings.keep else RemovalPolicy.DESTROY,
        )
        # Sparse: only rows with a future have `due_at`.
        table.add_global_secondary_index(index_name=DUE, partition_key=EXPORT, sort_key=DUE_AT)
        # Sparse too: only windows that wait for their first copy, so that what is missing is read without the rest.
        table.add_global_secondary_index(
            index_name=OPEN, partition_key=EXPORT, sort_key=OPENED, projection_type=dynamodb.ProjectionType.KEYS_ONLY
        )
        # And only those that somebody has to look at: quarantined, stuck, lost.
        table.add_global_secondary_index(
            index_name=TROUBLE, partition_key=EXPORT, sort_key=ASIDE, projection_type=dynamodb.ProjectionType.KEYS_ONLY
        )
        return table

    @property
    def indexes(self) -> tuple[str, ...]:
        """The ARNs of the indexes."""
        return tuple(f"{self.table.table_arn}/index/{name}" for name in (DUE, OPEN, TROUBLE))
