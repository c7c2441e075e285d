"""What AWS charges: its list prices in us-east-1, in dollars and without free tiers, each with its page.

`checked` says where a price was last seen: AWS's own page cannot be reached from where this was written, so it is a
stored copy of it, a page of somebody else's that quotes it, or nothing. docs/costs.md has them all as a table.
"""

from collections.abc import Mapping
from dataclasses import dataclass

AS_OF = "2026-11-26"
COPY, QUOTED, NOT = "a stored copy of the page", "quoted by others in 2026", "not read anew"


@dataclass(frozen=True)
class Charge:
    """One price: `dollars` for one `unit`, told as `what` for so many of them."""

    what: str
    dollars: float
    unit: str
    many: int
    page: str
    checked: str


def _million(what: str, dollars: float, unit: str, page: str, checked: str = NOT) -> Charge:
    return Charge(what, dollars / 10**6, unit, 10**6, page, checked)


def _one(what: str, dollars: float, unit: str, page: str, checked: str = NOT) -> Charge:
    return Charge(what, dollars, unit, 1, page, checked)


CHARGES: Mapping[str, Charge] = {
    "lambda": _million("Lambda, requests", 0.20, "request", "lambda/pricing", COPY),
    "gb_s": _million("Lambda on arm64, time", 13.3334, "GB-second", "lambda/pricing", COPY),
    "transition": _million("Step Functions, standard", 25.0, "state transition", "step-functions/pricing", COPY),
    "write": _million("DynamoDB on demand, writes", 0.625, "write unit", "dynamodb/pricing/on-demand", COPY),
    "read": _million("DynamoDB on demand, reads", 0.125, "read unit", "dynamodb/pricing/on-demand", COPY),
    "table": _one("DynamoDB, what is stored", 0.25, "GB and month", "dynamodb/pricing/on-demand"),
    "restore": _one("DynamoDB, recovery to any second", 0.20, "GB and month", "dynamodb/pricing/on-demand"),
    "put": _million("S3, PUT, POST and LIST", 5.0, "request", "s3/pricing"),
    "get": _million("S3, GET and HEAD", 0.40, "request", "s3/pricing"),
    "standard": _one("S3, standard", 0.023, "GB and month", "s3/pricing"),
    "infrequent": _one("S3, infrequent access", 0.0125, "GB and month", "s3/pricing"),
    "instant": _one("S3, Glacier Instant Retrieval", 0.004, "GB and month", "s3/pricing"),
    "tick": _million("EventBridge Scheduler", 1.0, "invocation", "eventbridge/pricing"),
    "secret": _one("Secrets Manager, a secret", 0.40, "secret and month", "secrets-manager/pricing", QUOTED),
    "lookup": _million("Secrets Manager, calls", 5.0, "call", "secrets-manager/pricing", QUOTED),
    "callback": _million("API Gateway, HTTP API", 1.0, "request", "api-gateway/pricing"),
    "metric": _one("CloudWatch, a metric of our own", 0.30, "metric and month", "cloudwatch/pricing", QUOTED),
    "alarm": _one("CloudWatch, an alarm", 0.10, "alarm and month", "cloudwatch/pricing", QUOTED),
    "dashboard": _one("CloudWatch, a dashboard above three", 3.0, "dashboard and month", "cloudwatch/pricing", QUOTED),
    "log": _one("CloudWatch Logs, lines taken in", 0.50, "GB", "cloudwatch/pricing", QUOTED),
    "insights": _one("CloudWatch Logs Insights", 0.005, "GB scanned", "cloudwatch/pricing"),
    "trace": _million("X-Ray, traces recorded", 5.0, "trace", "xray/pricing"),
    "message": _million("SQS", 0.40, "request", "sqs/pricing"),
    "mail": _million("SNS, e-mail", 20.0, "e-mail", "sns/pricing"),
    "scan": _one("Athena", 5.0, "TB scanned", "athena/pricing"),
    "key": _one("KMS, a key of your own", 1.0, "key and month", "kms/pricing"),
    "cipher": _million("KMS, requests", 3.0, "request", "kms/pricing"),
}


def dollars(name: str, amount: float = 1.0) -> float:
    """What so many units cost."""
    return CHARGES[name].dollars * amount
