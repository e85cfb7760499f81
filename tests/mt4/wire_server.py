"""A server of a few lines that answers with exactly the bytes, silences and cuts it is told.

For what no well-behaved server does: half an answer, an HTML page, a hang. It signs everybody
in; the first requests after that get the scripted replies, one each.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from panel.mt4.client import Connection

Reply = Callable[[socket.socket], None]
PLATFORM = "11111111-1111-4111-8111-111111111111"


@dataclass
class Request:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Script:
    """What the server does, and what it has seen."""

    replies: list[Reply] = field(default_factory=list)
    token_replies: list[Reply] = field(default_factory=list)
    token_lifetime: float = 3600
    token_delay: float = 0
    tls: ssl.SSLContext | None = None
    port: int = 0
    calls: list[Request] = field(default_factory=list)
    tokens: int = 0
    connections: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def address(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def connection(self, **overrides: Any) -> Connection:
        settings: dict[str, Any] = {
            "authority": self.address,
            "api_base": self.address,
            "client_id": "sandbox",
            "client_secret": "sandbox-secret",
            "platform_id": PLATFORM,
            "deadline_margin": 0.2,
            "connect_timeout": 1.0,
        }
        return Connection(**{**settings, **overrides})


def http(
    body: bytes, status: str = "200 OK", headers: str = "", *, length: int | None = None
) -> bytes:
    """The bytes of a reply; ``length`` may promise more than there is."""
    size = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\nContent-Length: {size}\r\n{headers}\r\n".encode() + body


def say(data: bytes) -> Reply:
    """Send these bytes and keep the connection."""
    return lambda peer: peer.sendall(data)


def say_and_close(data: bytes) -> Reply:
    """Send these bytes, then cut the connection."""

    def reply(peer: socket.socket) -> None:
        peer.sendall(data)
        peer.shutdown(socket.SHUT_RDWR)

    return reply


def hang(seconds: float) -> Reply:
    """Say nothing for a while, then close."""

    def reply(peer: socket.socket) -> None:
        time.sleep(seconds)
        peer.shutdown(socket.SHUT_RDWR)

    return reply


def data(value: Any, paging: dict[str, Any] | None = None) -> Reply:
    """An answer with data."""
    meta = {"activityId": "00-abc-01", **({"paging": paging} if paging else {})}
    return say(http(json.dumps({"data": value, "error": None, "meta": meta}).encode()))


def error(
    code: str, manager_code: str | None = None, message: str = "", outcome: str = ""
) -> Reply:
    """An answer that says no."""
    failure = {"code": code, "managerCode": manager_code, "message": message}
    body = {"data": None, "error": failure, "meta": {"activityId": "00-abc-01"}}
    headers = f"X-Request-Outcome: {outcome}\r\n" if outcome else ""
    return say(http(json.dumps(body).encode(), headers=headers))


@contextlib.contextmanager
def serving(*replies: Reply, **settings: Any) -> Iterator[Script]:
    """A running server with this script."""
    script = Script(replies=list(replies), **settings)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        script.port = listener.getsockname()[1]
        threading.Thread(target=_accept, args=(listener, script), daemon=True).start()
        yield script
        listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, script: Script) -> None:
    with contextlib.suppress(OSError):
        while True:
            peer, _ = listener.accept()
            script.connections += 1
            threading.Thread(target=_serve, args=(peer, script), daemon=True).start()


def _serve(peer: socket.socket, script: Script) -> None:
    if script.tls:
        peer = script.tls.wrap_socket(peer, server_side=True)
    with contextlib.suppress(OSError), peer, peer.makefile("rb") as stream:
        while line := stream.readline():
            method, path, _ = line.decode().split()
            headers = {}
            while (header := stream.readline().strip()) != b"":
                name, _, value = header.decode().partition(":")
                headers[name.lower()] = value.strip()
            body = stream.read(int(headers.get("content-length", 0)))
            _pick(script, Request(method, path, headers, body))(peer)


def _pick(script: Script, request: Request) -> Reply:
    if request.path.startswith("/.well-known"):
        return say(http(json.dumps({"token_endpoint": f"{script.address}/token"}).encode()))
    if request.path == "/token":
        time.sleep(script.token_delay)
        with script.lock:
            script.tokens += 1
            if script.token_replies:
                return script.token_replies.pop(0)
            token = {"access_token": f"t{script.tokens}", "expires_in": script.token_lifetime}
        return say(http(json.dumps(token).encode()))
    with script.lock:
        script.calls.append(request)
        return script.replies.pop(0) if script.replies else error("NotFound")
