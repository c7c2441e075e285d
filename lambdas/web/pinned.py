"""Connections within a deadline, to the address that was checked: a name is resolved once, each address is judged.

The certificate, SNI and the Host header stay those of the name. Behind a proxy of the environment it is the proxy that
resolves and connects: what names it may reach is then the proxy's to say, and only the list of origins holds here.
"""

import socket
from collections.abc import Callable, Iterable
from functools import partial
from http.client import HTTPException, HTTPResponse
from itertools import islice
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.util.connection import create_connection

from lambdas.core.addresses import barred
from lambdas.core.origins import LOOPBACK
from lambdas.web.deadline import Deadline

Resolve = Callable[[str, int], Iterable[str]]  # host and port to addresses; raises OSError
ADDRESSES = 64  # of a name, at most: what lies behind them is neither judged nor connected to
SILENT = 3  # addresses that do not answer, one after the other, until a name is given up


class Inside(Exception):
    """The name leads where no file comes from; the text says to what kind of address."""


def resolve(host: str, port: int) -> Iterable[str]:
    """The addresses of a name, as this machine's resolver tells them."""
    return (str(address[0]) for *_, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))


class Sound(HTTPResponse):
    """An answer whose chunks are no shorter than nothing: "-1" would read all that comes, into memory."""

    def _safe_read(self, amt: int) -> bytes:
        if amt < 0:
            raise HTTPException("a chunk of less than nothing")
        read: bytes = super()._safe_read(amt)  # type: ignore[misc] # what urllib3 reads chunks with
        return read


class Plain(HTTPConnection):
    """A connection that asks its own resolver, once, and connects to nothing that it was not told.

    `guarded`: to no address inside.
    """

    response_class = Sound

    def __init__(self, *given: Any, resolve: Resolve, deadline: Deadline, guarded: bool, **how: Any) -> None:
        super().__init__(*given, **how)
        self._resolve, self._deadline, self._guarded = resolve, deadline, guarded

    def _new_conn(self) -> socket.socket:
        failed, silent = OSError("no address"), 0
        for address in self._checked():
            try:
                return self._deadline.hold(self._connected(address))
            except OSError as error:
                failed = error
                silent += isinstance(error, TimeoutError)
            if silent == SILENT:
                break
        kind = ConnectTimeoutError if isinstance(failed, TimeoutError) else NewConnectionError
        raise kind(self, "none of its addresses answers") from failed

    def _connected(self, address: str) -> socket.socket:
        patience = self._deadline.most(self.timeout or 0.0)
        return create_connection((address, self.port), patience, self.source_address, self.socket_options)

    def _checked(self) -> tuple[str, ...]:
        try:
            addresses = tuple(dict.fromkeys(islice(self._resolve(self.host, self.port), ADDRESSES)))
        except (OSError, UnicodeError) as error:  # the latter is a label that no name may have
            raise NewConnectionError(self, "its name is not known") from error
        # Only an origin that names this machine lets a URL as far as here that names it.
        kind = barred(addresses, loopback=self.host in LOOPBACK) if self._guarded else None
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
    """Carries requests over such connections; to a proxy it goes unguarded, within the deadline all the same."""

    def __init__(self, resolve: Resolve, deadline: Deadline, guarded: bool, **how: Any) -> None:
        self._resolve, self._deadline, self._guarded = resolve, deadline, guarded
        super().__init__(**how)

    def init_poolmanager(self, *given: Any, **how: Any) -> None:
        """As ever, but for the connections."""
        super().init_poolmanager(*given, **how)
        self.poolmanager.pool_classes_by_scheme = self._pools(self._guarded, self._resolve)

    def proxy_manager_for(self, proxy: str, **how: Any) -> ProxyManager:
        """As ever, but for the connections."""
        manager: ProxyManager = super().proxy_manager_for(proxy, **how)
        manager.pool_classes_by_scheme = self._pools(False, resolve)  # the environment's word, not the link's
        return manager

    def close(self) -> None:
        """At once, not when the last one that knows a pool is gone."""
        for manager in (self.poolmanager, *self.proxy_manager.values()):
            for key in manager.pools.keys():  # noqa: SIM118 # it is not iterated otherwise
                manager.pools[key].close()
        super().close()

    def _pools(self, guarded: bool, resolve: Resolve) -> dict[str, Any]:
        how: dict[str, Any] = {"guarded": guarded, "resolve": resolve, "deadline": self._deadline}
        return {"http": partial(PlainPool, **how), "https": partial(SecurePool, **how)}
