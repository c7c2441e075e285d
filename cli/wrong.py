"""What keeps a command from telling anything, in words that say what to do; the exit status is 2."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
from botocore import exceptions as aws

from lambdas.core.veil import veil

STATUS = 2
# What AWS says of credentials that it does not take, or no longer.
SIGNED = ("SignatureDoesNotMatch", "InvalidSignatureException")
UNKNOWN = ("InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure", *SIGNED)
EXPIRED = ("ExpiredToken", "ExpiredTokenException")
DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError")  # the last is SNS's
# A signature bears the time at which it was made; one too old, or of the future, may have the code of a wrong key.
SKEWED = ("RequestExpired", "RequestTimeTooSkewed")
UNTIMELY = ("signature expired", "signature not yet current")


class Wrong(click.ClickException):
    """Nothing can be told before somebody acts; the text says how."""

    exit_code = STATUS


@contextmanager
def plain() -> Iterator[None]:
    """What goes wrong with AWS is said in words, without a traceback; an interrupt is no answer either."""
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    except (aws.BotoCoreError, aws.ClientError) as error:
        raise Wrong(advice(error)) from None
    except click.ClickException:
        raise
    except Exception as error:  # Python's own status, 1, would say that something is missing
        what = f"{type(error).__name__}: {veil(str(error))}"
        raise Wrong(f"it could not be told ({what}): is this cdr as new as the stack? Else please report it") from error


def advice(error: Exception) -> str:
    """What AWS, or the way to it, said, and what to do about it."""
    match error:
        case aws.NoCredentialsError() | aws.PartialCredentialsError():
            return "no AWS credentials: name a profile by --profile, or set AWS_PROFILE or AWS_ACCESS_KEY_ID"
        case aws.ProfileNotFound():
            return f"{error}: `aws configure list-profiles` lists those that there are"
        case aws.NoRegionError():
            return "no region: name it by --region, or set AWS_REGION"
        case aws.SSLError():
            return f"{_where(error)}: its certificate is not trusted: set AWS_CA_BUNDLE, as `python -m local up` tells"
        case aws.ConnectionError() | aws.HTTPClientError():  # no connection, none in time, cut off
            return f"{_where(error)} does not answer: is --region or --endpoint-url right, and is the local cloud up?"
        case aws.ClientError():
            return _answered(error)
    return str(error)


def _where(error: aws.BotoCoreError) -> str:
    return str(error.kwargs.get("endpoint_url", "AWS")).partition("?")[0]


def _answered(error: aws.ClientError) -> str:
    code, call = error.response["Error"].get("Code", ""), error.operation_name
    if _skewed(error):
        return f"this machine's clock is wrong ({code}): set it"
    if code in EXPIRED:
        return f"the AWS credentials have expired ({code}): log in again, for example with `aws sso login`"
    if code in UNKNOWN:
        return f"AWS does not know the credentials ({code}): are --profile and --endpoint-url those of the stack?"
    if code in DENIED:
        return f"the credentials may not {call}: use a profile that may (docs/cdr.md lists what is read)"
    return f"{call}: {error.response['Error'].get('Message', code)} ({code})"


def _skewed(error: aws.ClientError) -> bool:
    """Whether AWS refused the time of a signature, and not who signed."""
    code, said = error.response["Error"].get("Code", ""), error.response["Error"].get("Message", "").lower()
    return code in SKEWED or (code in SIGNED and any(words in said for words in UNTIMELY))
