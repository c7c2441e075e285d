"""AWS's list prices in us-east-1, in dollars, without the free tiers, as of 2026-11-25.

DynamoDB's, Step Functions' and Lambda's were checked in stored copies of their pages; the others are what their pages
are known to say, and were not read anew.
"""

WRITE = 0.625e-6  # a write request unit, on demand: aws.amazon.com/dynamodb/pricing/on-demand (since November 2024)
READ = 0.125e-6  # a read request unit: the same
TRANSITION = 25e-6  # a state transition of a standard workflow: aws.amazon.com/step-functions/pricing
INVOCATION = 0.20e-6  # a Lambda request: aws.amazon.com/lambda/pricing
GIGABYTE_SECOND = 13.3334e-6  # of a Lambda on arm64: the same
TICK = 1.00e-6  # an invocation of EventBridge Scheduler: aws.amazon.com/eventbridge/pricing
PUT = 0.005e-3  # S3 PUT, POST: aws.amazon.com/s3/pricing
GET = 0.0004e-3  # S3 GET, HEAD
METRIC = 0.30 * 12  # one custom metric for a year: aws.amazon.com/cloudwatch/pricing
SECRET = 0.40 * 12  # one secret for a year: aws.amazon.com/secrets-manager/pricing
LOOKUP = 0.05e-4  # a call to Secrets Manager: the same
CALLBACK = 1.00e-6  # a request to an HTTP API: aws.amazon.com/api-gateway/pricing
# How long a function runs is not measured here but assumed, in seconds; its memory in GB is infra/functions.py's.
ASSUMED = {"requester": (1.0, 0.25), "poller": (0.5, 0.25), "copier": (3.0, 1.0), "callback": (0.1, 0.25)}


def runs(function: str, invocations: float) -> float:
    """The price of so many invocations."""
    seconds, memory = ASSUMED[function]
    return invocations * (INVOCATION + seconds * memory * GIGABYTE_SECOND)
