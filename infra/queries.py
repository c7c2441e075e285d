"""Athena: a workgroup with a limit on what a query may scan, a bucket of its own for results, and saved questions."""

from aws_cdk import Duration
from aws_cdk import aws_athena as athena
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra import buckets, questions
from infra.checks import allow
from infra.settings import Settings
from lambdas.core.exports import Exports

GB = 10**9
DAYS = 30  # that a saved question looks back


class Queries(Construct):
    """Results are copies of calls: kept for days, in a bucket without versions."""

    def __init__(self, scope: Construct, name: str, *, exports: Exports, settings: Settings) -> None:
        super().__init__(scope, name)
        self.workgroup = settings.name
        life = s3.LifecycleRule(
            id="results",
            expiration=Duration.days(settings.results_days),
            abort_incomplete_multipart_upload_after=Duration.days(1),
        )
        self.results = buckets.closed(self, "Results", settings=settings, rules=[life])
        allow(self.results, "S1", "Results of queries, gone within days; CloudTrail tells who asked.")
        group = self._group(settings)
        for question in questions.QUESTIONS.values():
            if not question.is_view:
                self._saved(question, exports, settings).node.add_dependency(group)

    def _saved(self, question: questions.Question, exports: Exports, settings: Settings) -> athena.CfnNamedQuery:
        """The question about the last days, to be changed by hand; `cdr query` asks it about any others."""
        asked = questions.Asked(settings.database, exports, *questions.recent(DAYS), settings.timezone)
        return athena.CfnNamedQuery(
            self,
            "".join(part.title() for part in question.name.split("_")),
            name=question.name,
            description=question.asks,
            database=settings.database,
            work_group=self.workgroup,
            query_string=questions.text(question.name, asked),
        )

    def _group(self, settings: Settings) -> athena.CfnWorkGroup:
        result = athena.CfnWorkGroup.ResultConfigurationProperty(
            output_location=f"s3://{self.results.bucket_name}/",
            encryption_configuration=athena.CfnWorkGroup.EncryptionConfigurationProperty(
                encryption_option="SSE_KMS" if settings.kms_key else "SSE_S3", kms_key=settings.kms_key
            ),
        )
        return athena.CfnWorkGroup(
            self,
            "Workgroup",
            name=self.workgroup,
            description=f"Queries over the calls of {settings.name}",
            recursive_delete_option=True,
            work_group_configuration=athena.CfnWorkGroup.WorkGroupConfigurationProperty(
                enforce_work_group_configuration=True,
                publish_cloud_watch_metrics_enabled=True,
                bytes_scanned_cutoff_per_query=settings.scan_limit_gb * GB,
                result_configuration=result,
            ),
        )
