"""Whether somebody hears what rings: the topic's subscriptions, the alarms, the queue of failed ticks."""

from collections.abc import Iterator

from cli.health.check import Check, again, fail, ok, warn
from cli.stack import Stack

SUBSCRIBE = "subscribe to the topic {topic}, or deploy with -c alarm_email=ADDRESS besides: {deploy}"


def topic(stack: Stack) -> Iterator[Check]:
    """Somebody is subscribed, and has confirmed it."""
    if (arn := stack.outputs.get("Alarms")) is None:
        yield fail("topic", "the stack has none", f"deploy again: {again(stack)}")
        return
    pages = stack.place.client("sns").get_paginator("list_subscriptions_by_topic").paginate(TopicArn=arn)
    found = [one for page in pages for one in page["Subscriptions"]]
    pending = [one for one in found if not one["SubscriptionArn"].startswith("arn:")]
    if len(found) > len(pending):
        yield ok("topic", f"{len(found) - len(pending)} confirmed subscription(s)")
    elif pending:
        yield fail(
            "topic", "nobody has confirmed yet", "open the mail of AWS Notifications and confirm; look into the spam"
        )
    else:
        yield fail("topic", "nobody would hear an alarm", SUBSCRIBE.format(topic=arn, deploy=again(stack)))


def alarms(stack: Stack) -> Iterator[Check]:
    """All of them ring the topic; which ring now."""
    arn = stack.outputs.get("Alarms", "")
    pages = stack.place.client("cloudwatch").get_paginator("describe_alarms").paginate(
        AlarmNamePrefix=f"{stack.name}-", AlarmTypes=["MetricAlarm"]
    )  # fmt: skip
    found = [one for page in pages for one in page["MetricAlarms"] if arn in one.get("AlarmActions", ())]
    if not found:
        yield fail("alarms", "none rings the topic", f"deploy again: {again(stack)}")
        return
    if dumb := sorted(one["AlarmName"] for one in found if not one.get("ActionsEnabled", True)):
        yield fail(
            "alarms",
            f"switched off: {', '.join(dumb)}",
            f"aws cloudwatch enable-alarm-actions --alarm-names {' '.join(dumb)}",
        )
    ringing = [one for one in found if one["StateValue"] == "ALARM"]
    for one in sorted(ringing, key=lambda one: str(one["AlarmName"])):
        means, _, do = str(one.get("AlarmDescription", "")).partition(" What to do: ")
        yield fail("alarm", f"{one['AlarmName']} rings: {means}", do or "docs/runbook.md")
    if not dumb and not ringing:
        yield ok("alarms", f"{len(found)}, all on, none rings")


def failures(stack: Stack) -> Iterator[Check]:
    """Ticks that Lambda gave up."""
    name = "ApproximateNumberOfMessages"
    told = stack.place.client("sqs").get_queue_attributes(QueueUrl=stack.outputs["FailureQueue"], AttributeNames=[name])
    if count := int(told["Attributes"][name]):
        yield warn(
            "failure queue",
            f"{count} failed tick(s)",
            "cdr tail --since 1d --level ERROR --once says why; then purge the queue",
        )
    else:
        yield ok("failure queue", "empty")
