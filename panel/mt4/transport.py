"""HTTP for the client: pooled, without retries, redirects, cookies or the environment's proxies.

Knows for certain whether a byte of a request left this process, which is what decides between
"nothing happened" and "outcome unknown".
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.cookies import RequestsCookieJar
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from panel.mt4.errors import LeaseLost

POOL_SIZE = 64
CHUNK = 1 << 16

Query = Sequence[tuple[str, str]]


class NotSentError(Exception):
    """The request never left: no connection could be made."""


class ReplyLostError(Exception):
    """Bytes of the request left, and no whole reply came back."""


class Watch(threading.local):
    """What the request under way in this thread may do, and has done."""

    send_before: float | None = None
    sent: bool = False


watch = Watch()


def _look_before_sending(connection: HTTPConnection) -> None:
    if connection.sock is None:
        connection.connect()
    # Headers and body are sent apart: a process frozen in between must not send the body late.
    if watch.send_before is not None and time.monotonic() >= watch.send_before:
        connection.close()
        raise LeaseLost
    watch.sent = True


class GuardedConnection(HTTPConnection):
    def send(self, data: Any) -> None:
        _look_before_sending(self)
        super().send(data)


class GuardedSecureConnection(HTTPSConnection):
    def send(self, data: Any) -> None:
        _look_before_sending(self)
        super().send(data)


class _Pool(HTTPConnectionPool):
    ConnectionCls = GuardedConnection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = GuardedSecureConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole HTTP reply, whatever its status."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport:
    """One pool of connections, usable from many threads at once."""

    def __init__(self, connect_timeout: float) -> None:
        self._connect_timeout = connect_timeout
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.cookies = RequestsCookieJar(DefaultCookiePolicy(allowed_domains=()))
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _Adapter(pool_maxsize=POOL_SIZE, max_retries=0))

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        wait: float,
        query: Query = (),
        body: bytes | str | None = None,
        send_before: float | None = None,
    ) -> Reply:
        """Send once and read the whole reply, waiting ``wait`` seconds for it.

        ``send_before`` (of ``time.monotonic``) is looked at after connecting, right before bytes
        go out; LeaseLost then means that the server has no request it could execute.
        Raises NotSentError, ReplyLostError, LeaseLost.
        """
        watch.sent, watch.send_before = False, send_before
        try:
            request = requests.Request(
                method, url, headers=dict(headers), params=list(query), data=body
            )
            return self._exchange(self._session.prepare_request(request), wait)
        except (requests.RequestException, HTTPError, OSError) as error:
            kind = ReplyLostError if watch.sent else NotSentError
            raise kind(_name(error)) from error
        finally:
            watch.send_before = None

    def _exchange(self, request: requests.PreparedRequest, wait: float) -> Reply:
        give_up = time.monotonic() + self._connect_timeout + wait
        with self._session.send(
            request,
            timeout=(self._connect_timeout, wait),
            allow_redirects=False,
            stream=True,
        ) as response:
            chunks = []
            # read1 gives what has arrived, so that a reply which drips does not hold us.
            while chunk := response.raw.read1(CHUNK, decode_content=True):
                chunks.append(chunk)
                if time.monotonic() > give_up:
                    raise requests.ReadTimeout("the reply took too long")
            return Reply(response.status_code, response.headers, b"".join(chunks))

    def close(self) -> None:
        """Close all pooled connections."""
        self._session.close()


def _name(error: Exception) -> str:
    """The kind of failure without addresses or headers in it."""
    return type(error).__name__
