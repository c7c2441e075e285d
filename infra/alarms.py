"""The alarms and the topic that they ring: each mail says what it means, and where docs/runbook.md has the cure."""

from collections.abc import Iterable

from aws_cdk import ArnFormat, Aws, IResolvable, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.rings import RINGS, Metric, Ring
from infra.settings import Settings

Query = cloudwatch.CfnAlarm.MetricDataQueryProperty
Dimension = cloudwatch.CfnAlarm.DimensionProperty


class Alarms(Construct):
    """`topic` is the ARN of what rings; whoever wants to hear subscribes to it."""

    def __init__(self, scope: Construct, name: str, *, rings: Iterable[Ring], settings: Settings) -> None:
        super().__init__(scope, name)
        self._settings = settings
        topic = self._topic()
        self.topic = topic.topic_arn
        if settings.alarm_email:
            sns.CfnSubscription(self, "Mail", topic_arn=self.topic, protocol="email", endpoint=settings.alarm_email)
        for ring in rings:
            self._alarm(ring)

    def _topic(self) -> sns.Topic:
        """Only this stack's alarms may ring it, and only over TLS.

        It lies under no key. Under AWS's own for SNS no alarm could ring it, and under the owner's none that a disabled
        key sets off. What it tells is what an alarm is called and means, and figures: no call and no number.
        """
        topic = sns.Topic(self, "Topic", enforce_ssl=True)
        form = ArnFormat.COLON_RESOURCE_NAME
        every = f"{self._settings.name}-*"
        ours = Stack.of(self).format_arn(service="cloudwatch", resource="alarm", resource_name=every, arn_format=form)
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={
                    "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
                    "ArnLike": {"aws:SourceArn": ours},
                },
            )
        )
        return topic

    def _alarm(self, ring: Ring) -> None:
        """It tells when it begins, not when it is over: a new one goes to OK first, and each would say so."""
        rung = [self.topic]
        alarm = cloudwatch.CfnAlarm(
            self,
            ring.name,  # as it stands: `a-1` and `a1` may both be exports
            alarm_name=f"{self._settings.name}-{ring.name}",
            alarm_description=ring.told(self._settings.stage, self._settings.runbook_url),
            comparison_operator=ring.compare,
            threshold=ring.threshold,
            evaluation_periods=ring.periods,
            datapoints_to_alarm=ring.enough,
            treat_missing_data=ring.missing,
            alarm_actions=rung,
            insufficient_data_actions=rung if ring.missing == RINGS else None,
        )
        watch(alarm, ring)


def watch(alarm: cloudwatch.CfnAlarm, ring: Ring) -> None:
    """Fill in what the alarm watches: one metric, or an expression over several."""
    period = int(ring.period.total_seconds())
    if isinstance(ring.watches, Metric):
        one = ring.watches
        alarm.namespace, alarm.metric_name = one.namespace, one.name
        alarm.statistic, alarm.period = one.statistic, period
        alarm.dimensions = _dimensions(one) or None
        return
    expression = Query(id="figure", expression=ring.watches.expression, label=ring.name, return_data=True)
    alarm.metrics = [expression, *(_query(word, one, period) for word, one in ring.watches.metrics.items())]


def _query(word: str, one: Metric, period: int) -> Query:
    found = cloudwatch.CfnAlarm
    metric = found.MetricProperty(namespace=one.namespace, metric_name=one.name, dimensions=_dimensions(one))
    stat = found.MetricStatProperty(metric=metric, period=period, stat=one.statistic)
    return Query(id=word, metric_stat=stat, return_data=False)


def _dimensions(one: Metric) -> list[IResolvable | Dimension]:
    return [Dimension(name=name, value=value) for name, value in one.dimensions.items()]
