"""A session of HTTP that follows nobody, keeps nothing, and repeats at once what is safe to repeat."""

from http.cookiejar import DefaultCookiePolicy

import requests
from urllib3.util.retry import Retry

from lambdas import VERSION
from lambdas.web.deadline import Deadline
from lambdas.web.pinned import Pinned, Resolve


class Brief(Retry):
    """Repeats at once; who says when to come back is asked then, not before."""

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        """Whether a status is worth another try now."""
        return not has_retry_after and super().is_retry(method, status_code, has_retry_after)


# What is safe to repeat is repeated at once; a POST never: whether it arrived, the vendor's list tells.
# `other=0`: urllib3 repeats what it cannot name, a broken TLS answer say, whatever the method.
BRIEF = Brief(
    total=2, other=0, read=0, redirect=0, backoff_factor=0.3, allowed_methods={"GET", "DELETE"},
    status_forcelist=(502, 503, 504), respect_retry_after_header=False, raise_on_status=False,
)  # fmt: skip


class Session(requests.Session):
    """Follows nobody: `allow_redirects=False` alone still reads where a redirect leads, and its body."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Nowhere."""


def session(resolve: Resolve, deadline: Deadline, *, guarded: bool) -> Session:
    """A new one for one errand, all of it within `deadline`; `guarded`: it connects to no address inside."""
    made = Session()
    made.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # one process, several accounts
    for scheme in ("https://", "http://"):
        made.mount(scheme, Pinned(resolve, deadline, guarded, max_retries=BRIEF))
    made.headers["User-Agent"] = f"cdr-exporter/{VERSION}"
    # A function may sleep for minutes between two requests; a kept connection would be dead by then.
    made.headers["Connection"] = "close"
    # A proxy and a company's certificates are the environment's to name, but no ~/.netrc replaces our keys.
    made.auth = _as_it_is
    return made


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
