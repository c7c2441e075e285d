"""The schedules, and what becomes of a tick that fails."""

import json

from tests.infra.template import Template, many, text


def test_there_is_a_schedule_for_each_export(made: Template) -> None:
    """By a name that is easy to find; who is paused finishes what runs, who is retired what is open, daily."""
    found = {one["Name"]: (one["ScheduleExpression"], one["State"]) for one in made.of("Scheduler::Schedule").values()}
    assert found == {
        "cdr-dev-telnyx-main": ("rate(15 minutes)", "ENABLED"),
        "cdr-dev-telnyx-other": ("rate(1 hour)", "ENABLED"),
        "cdr-dev-flowroute-main": ("rate(15 minutes)", "ENABLED"),
        "cdr-dev-flowroute-old": ("rate(1 day)", "ENABLED"),
    }
    assert {one["GroupName"] for one in made.of("Scheduler::Schedule").values()} == {"cdr-dev"}
    assert made.one("Scheduler::ScheduleGroup")["Name"] == "cdr-dev"


def test_a_tick_is_tried_again_until_the_next_one(made: Template) -> None:
    """On time, told its export, twice more at most, and no longer than a tick."""
    for one in made.of("Scheduler::Schedule").values():
        name = one["Name"].removeprefix("cdr-dev-")
        age = 3600 if name == "telnyx-other" else 900
        assert one["FlexibleTimeWindow"] == {"Mode": "OFF"}
        assert json.loads(one["Target"]["Input"]) == {"export": name}
        assert one["Target"]["RetryPolicy"] == {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": age}
        assert text(one["Target"]["Arn"]).startswith("<RequesterFunction")


def test_the_schedules_may_only_call_the_requester(made: Template) -> None:
    """And only schedules of this stage, of this account, may use their role."""
    (statement,) = made.statements("Clock")
    assert statement["Action"] == "lambda:InvokeFunction"
    assert [text(one).split(".")[0][:18] for one in many(statement["Resource"])] == ["<RequesterFunction"]
    (role,) = [one for name, one in made.of("IAM::Role").items() if name.startswith("Clock")]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    ours = trust["Condition"]["StringEquals"]
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert ours["aws:SourceAccount"] == {"Ref": "AWS::AccountId"}
    assert text(ours["aws:SourceArn"]) == "arn:aws:scheduler:us-east-1:123456789012:schedule-group/cdr-dev"


def test_a_failed_tick_ends_in_the_queue(made: Template) -> None:
    """Not repeated, for the next tick does its work; kept as long as the longest tick, then told."""
    reaction = made.one("Lambda::EventInvokeConfig")
    assert reaction["MaximumRetryAttempts"] == 0
    assert reaction["MaximumEventAgeInSeconds"] == 3600
    (queue,) = made.of("SQS::Queue")
    assert text(reaction["DestinationConfig"]["OnFailure"]["Destination"]) == f"<{queue}.Arn>"


def test_the_queue_is_closed(made: Template) -> None:
    """Encrypted, by TLS only, and it keeps a failure for two weeks."""
    assert made.one("SQS::Queue") == {"SqsManagedSseEnabled": True, "MessageRetentionPeriod": 14 * 86_400}
    (deny,) = made.one("SQS::QueuePolicy")["PolicyDocument"]["Statement"]
    assert (deny["Effect"], deny["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
