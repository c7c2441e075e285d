"""The four Lambdas and the rooms they share: requester, callback, poller, copier."""

VERSION = "0.2.0"
