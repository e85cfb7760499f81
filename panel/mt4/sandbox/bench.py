"""`python -m panel.mt4.sandbox.bench`: what the sandbox carries, with its market moving.

Starts a sandbox of its own in a folder that is thrown away, and sends deposits and market orders
with idempotency keys over some connections from this process. Client and server share the
machine's cores. `--large` measures how a large server starts and gives out pages instead.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from statistics import median
from typing import Any
from urllib.parse import urlencode

import orjson

from panel.mt4.protocol.operation import BASE, MAX_LIMIT
from panel.mt4.sandbox.options import CLIENT_ID, CLIENT_SECRET, PLATFORM

HOST = "127.0.0.1"
LARGE = 100_000
ENOUGH = 10_000_000
"""What each account is given before it trades."""

TRADING = (1, 3)
"""`enableFlags` of accounts that are enabled and not read-only."""

Make = Callable[[int], Mapping[str, Any]]


class Connection:
    """A bare HTTP/1.1 connection: a heavier client would measure itself."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int) -> Connection:
        return cls(*await asyncio.open_connection(HOST, port, limit=1 << 26))

    async def send(self, method: str, path: str, headers: str, body: bytes = b"") -> bytes:
        """The body of the answer."""
        head = f"{method} {path} HTTP/1.1\r\nHost: {HOST}\r\n{headers}"
        self._writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
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
    answer = orjson.loads(await connection.send("POST", "/connect/token", headers, body))
    connection.close()
    return str(answer["access_token"])


async def _get(connection: Connection, token: str, path: str) -> Any:
    """A read's whole envelope."""
    headers = f"Authorization: Bearer {token}\r\n"
    return orjson.loads(await connection.send("GET", f"{BASE}/{PLATFORM}/{path}", headers))


def _deposit(number: int, login: int, amount: float) -> Mapping[str, Any]:
    return {
        "tradeTransactionType": "BrBalance",
        "tradeCommand": "Balance",
        "orderBy": login,
        "price": amount,
        "comment": f"DP {number}",
    }


def _order(login: int, ask: float) -> Mapping[str, Any]:
    return {
        "tradeTransactionType": "BrOpen",
        "tradeCommand": "Buy",
        "orderBy": login,
        "symbol": "EURUSD",
        "volume": 1,
        "price": ask,
    }


async def _transact(port: int, token: str, make: Make, numbers: Iterator[int], until: float) -> int:
    """Transactions of one connection until the time is over or the numbers are."""
    connection, done = await Connection.open(port), 0
    path = f"{BASE}/{PLATFORM}/TradeTransaction"
    for number in numbers:
        headers = (
            f"Authorization: Bearer {token}\r\nIdempotency-Key: {uuid.uuid4()}\r\n"
            "Content-Type: application/json\r\n"
        )
        answer = await connection.send("POST", path, headers, orjson.dumps(make(number)))
        if b'"error":null' not in answer:
            raise RuntimeError(answer.decode())
        done += 1
        if time.perf_counter() > until:
            break
    connection.close()
    return done


async def _rate(
    port: int, token: str, make: Make, numbers: range, connections: int, seconds: float
) -> float:
    """Transactions a second."""
    begun, shared = time.perf_counter(), iter(numbers)
    done = await asyncio.gather(
        *(_transact(port, token, make, shared, begun + seconds) for _ in range(connections))
    )
    return sum(done) / (time.perf_counter() - begun)


async def _busy(port: int, given: argparse.Namespace) -> None:
    """Deposits, then market orders, of all accounts that trade in turn."""
    token, connection = await _token(port), await Connection.open(port)
    users = (await _get(connection, token, f"UsersRequest?limit={MAX_LIMIT}"))["data"]
    logins = [user["login"] for user in users if user["enableFlags"] in TRADING]
    connections, seconds, many = given.connections, given.seconds, range(10**9)

    def deposit(number: int) -> Mapping[str, Any]:
        return _deposit(number, logins[number % len(logins)], 1.01)

    rate = await _rate(port, token, deposit, many, connections, seconds)
    print(f"{rate:8,.0f} balance operations a second over {connections} connections")

    def endow(number: int) -> Mapping[str, Any]:
        return _deposit(number, logins[number], ENOUGH)

    await _rate(port, token, endow, range(len(logins)), connections, seconds=600)
    ask = (await _get(connection, token, "TickInfoLast/EURUSD"))["data"]["ask"]
    connection.close()

    def order(number: int) -> Mapping[str, Any]:
        return _order(logins[number % len(logins)], ask)

    rate = await _rate(port, token, order, many, connections, seconds)
    print(f"{rate:8,.0f} market orders a second over {connections} connections")


async def _pages(port: int, operation: str) -> None:
    """How long pages take that are as long as they may be."""
    token, connection = await _token(port), await Connection.open(port)
    cursor: str | None = ""
    took, rows = [], 0
    while cursor is not None:
        begun = time.perf_counter()
        path = f"{operation}?limit={MAX_LIMIT}" + (f"&cursor={cursor}" if cursor else "")
        answer = await _get(connection, token, path)
        took.append(time.perf_counter() - begun)
        rows += len(answer["data"])
        cursor = answer["meta"]["paging"]["nextCursor"]
    connection.close()
    middle, worst = median(took) * 1000, max(took) * 1000
    print(
        f"{middle:8,.0f} ms for a page of {operation}, {worst:,.0f} at most, {rows:,} rows in all"
    )


@contextmanager
def _sandbox(port: int, folder: str, accounts: int, market: str) -> Iterator[str]:
    """A sandbox that runs; what it said when it was ready."""
    command = [sys.executable, "-m", "panel.mt4.sandbox", "--port", str(port)]
    command += ["--data", folder, "--accounts", str(accounts), "--market", market]
    server = subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: S603 - our own
    try:
        assert server.stdout is not None  # noqa: S101 - a pipe was asked for
        yield server.stdout.readline().decode()
    finally:
        server.terminate()
        server.wait()


def _large(port: int, folder: str, market: str) -> None:
    """Make a large server, start it again, and page through it."""
    with _sandbox(port, folder, LARGE, market):
        pass
    with _sandbox(port, folder, LARGE, market) as ready:
        found = re.search(r"with (\d+) accounts and (\d+) trades after ([\d.]+) s", ready)
        if found is None:
            raise RuntimeError(f"The sandbox did not start: {ready}")
        accounts, trades = (f"{int(each):,}" for each in found.groups()[:2])
        print(f"{float(found[3]):8.1f} s to load {accounts} accounts with {trades} trades")
        for operation in ("UsersRequest", "TradesRequest"):
            asyncio.run(_pages(port, operation))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m panel.mt4.sandbox.bench")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--accounts", type=int, default=200)
    parser.add_argument("--market", choices=("live", "still"), default="live")
    parser.add_argument(
        "--large", action="store_true", help=f"a server of {LARGE:,} accounts: its start, its pages"
    )
    given = parser.parse_args()
    port = _free_port()
    with tempfile.TemporaryDirectory() as folder:
        if given.large:
            _large(port, folder, given.market)
        else:
            with _sandbox(port, folder, given.accounts, given.market):
                asyncio.run(_busy(port, given))
    print(f"Load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
