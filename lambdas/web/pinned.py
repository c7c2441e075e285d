"""Connections to the address that was checked: a name is resolved once, and each of its addresses is judged.

The certificate, SNI and the Host header stay those of the name. Behind a proxy of the environment it is the proxy that
resolves and connects: what names it may reach is then the proxy's to say, and only the list of origins holds here.
"""

import socket
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.util.connection import create_connection

from lambdas.core.addresses import barred
from lambdas.core.origins import LOOPBACK

Resolve = Callable[[str, int], Iterable[str]]  # host and port to addresses; raises OSError


class Inside(Exception):
    """The name leads where no file comes from; the text says to what kind of address."""


def resolve(host: str, port: int) -> Iterable[str]:
    """The addresses of a name, as this machine's resolver tells them."""
    return (str(address[0]) for *_, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))


class Plain(HTTPConnection):
    """A connection that asks its own resolver, once, and connects to nothing that it was not told."""

    def __init__(self, *given: Any, resolve: Resolve, **how: Any) -> None:
        super().__init__(*given, **how)
        self._resolve = resolve

    def _new_conn(self) -> socket.socket:
        failed: OSError = OSError("no address")
        for address in self._checked():
            try:
                where = (address, self.port)
                return create_connection(where, self.timeout, self.source_address, self.socket_options)
            except OSError as error:
                failed = error
        kind = ConnectTimeoutError if isinstance(failed, TimeoutError) else NewConnectionError
        raise kind(self, "none of its addresses answers") from failed

    def _checked(self) -> tuple[str, ...]:
        try:
            addresses = tuple(dict.fromkeys(self._resolve(self.host, self.port)))
        except (OSError, UnicodeError) as error:  # the latter is a label that no name may have
            raise NewConnectionError(self, "its name is not known") from error
        # Only an origin that names this machine lets a URL as far as here that names it.
        kind = barred(addresses, loopback=self.host in LOOPBACK)
        if kind:
            raise Inside(kind)
        return addresses


class Secure(Plain, HTTPSConnection):
    """The same over TLS, which is held to the name, not to the address."""


class PlainPool(HTTPConnectionPool):
    """A pool of plain ones."""

    ConnectionCls = Plain


class SecurePool(HTTPSConnectionPool):
    """A pool of secure ones."""

    ConnectionCls = Secure


class Pinned(HTTPAdapter):
    """Carries requests over such connections, unless a proxy does it."""

    def __init__(self, resolve: Resolve, **how: Any) -> None:
        self._resolve = resolve
        super().__init__(**how)

    def init_poolmanager(self, *given: Any, **how: Any) -> None:
        """As ever, but for the connections."""
        super().init_poolmanager(*given, **how)
        pools = {"http": PlainPool, "https": SecurePool}
        self.poolmanager.pool_classes_by_scheme = {
            scheme: partial(pool, resolve=self._resolve) for scheme, pool in pools.items()
        }
