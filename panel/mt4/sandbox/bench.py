"""`python -m panel.mt4.sandbox.bench`: how many money operations a second the sandbox carries.

Starts a sandbox of its own in a folder that is thrown away, and sends deposits with idempotency
keys over some connections from this process. Client and server share the machine's cores.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from urllib.parse import urlencode

import orjson

from panel.mt4.protocol.operation import BASE
from panel.mt4.sandbox.options import CLIENT_ID, CLIENT_SECRET, PLATFORM
from panel.mt4.sandbox.state import FIRST_LOGIN

HOST = "127.0.0.1"


class Connection:
    """A bare HTTP/1.1 connection: a heavier client would measure itself."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int) -> Connection:
        return cls(*await asyncio.open_connection(HOST, port))

    async def post(self, path: str, headers: str, body: bytes) -> bytes:
        """The body of the answer."""
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
        )
        self._writer.write(head.encode() + body)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        length = answer.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        return await self._reader.readexactly(int(length))

    def close(self) -> None:
        self._writer.close()


async def _token(port: int) -> str:
    connection = await Connection.open(port)
    form = {"grant_type": "client_credentials", "client_id": CLIENT_ID}
    body = urlencode(form | {"client_secret": CLIENT_SECRET}).encode()
    headers = "Content-Type: application/x-www-form-urlencoded\r\n"
    answer = orjson.loads(await connection.post("/connect/token", headers, body))
    connection.close()
    return str(answer["access_token"])


async def _deposit(port: int, token: str, accounts: int, until: float) -> int:
    connection, done = await Connection.open(port), 0
    path = f"{BASE}/{PLATFORM}/TradeTransaction"
    while time.perf_counter() < until:
        deposit = {
            "tradeTransactionType": "BrBalance",
            "tradeCommand": "Balance",
            "orderBy": FIRST_LOGIN + done % accounts,
            "price": 1.01,
            "comment": f"DP {done}",
        }
        headers = (
            f"Authorization: Bearer {token}\r\nIdempotency-Key: {uuid.uuid4()}\r\n"
            "Content-Type: application/json\r\n"
        )
        answer = await connection.post(path, headers, orjson.dumps(deposit))
        if b'"error":null' not in answer:
            raise SystemExit(answer.decode())
        done += 1
    connection.close()
    return done


async def _load(port: int, connections: int, accounts: int, seconds: float) -> float:
    token = await _token(port)
    until = time.perf_counter() + seconds
    done = await asyncio.gather(
        *(_deposit(port, token, accounts, until) for _ in range(connections))
    )
    return sum(done) / seconds


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m panel.mt4.sandbox.bench")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--accounts", type=int, default=200)
    given = parser.parse_args()
    port = _free_port()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "panel.mt4.sandbox", "--port", str(port)]
        command += ["--data", folder, "--accounts", str(given.accounts)]
        server = subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: S603 - our own
        try:
            assert server.stdout is not None  # noqa: S101 - a pipe was asked for
            server.stdout.readline()
            rate = asyncio.run(_load(port, given.connections, given.accounts, given.seconds))
        finally:
            server.terminate()
            server.wait()
    print(f"{rate:,.0f} balance operations a second over {given.connections} connections")


if __name__ == "__main__":
    main()
