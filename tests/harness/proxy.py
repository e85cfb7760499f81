"""A proxy between the panel and a sandbox, as gateways and balancers stand before real servers.

It passes everything on as it came, with the address by which it was asked for: so sign-in leads
back to it too. By its rules it loses requests or answers, keeps them for a while, answers with an
error page of its own, or changes what an answer says. It remembers no answer and repeats nothing.
Every money operation that came by is in `passed`, whatever became of it.
"""

from __future__ import annotations

import asyncio
import json
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector, web
from yarl import URL

MONEY = "TradeTransaction"
PAGE = "<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>"
FAULTS = frozenset(
    {
        "drop_request",  # it never reaches the server
        "drop_answer",  # the server did it, and nobody hears of it
        "half_answer",  # the connection breaks in the middle of the answer
        "bad_gateway",  # an error page, and the server never saw the request
        "bad_gateway_after",  # an error page in place of the answer
        "delay_request",  # the server sees it `seconds` later
        "delay_answer",  # the server did it, and the answer comes `seconds` later
        "twice_as_late",  # the answer takes twice as long as the server took
        "answer_comment",  # the answer has another comment than the books
        "answer_amount",  # the answer has another amount than the books
    }
)
# Headers of one connection, which belong to neither the request nor the answer.
_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})


@dataclass(slots=True)
class Rule:
    """When the proxy misbehaves. `skip` calls are let through first, `count` struck (None: all)."""

    fault: str
    operation: str = "*"
    login: int | None = None
    probability: float = 1.0
    count: int | None = None
    skip: int = 0
    seconds: float = 0.0
    struck: int = 0

    def strikes(self, operation: str, login: int | None, chance: random.Random) -> bool:
        """Whether this call is struck; counts it if so."""
        if self.operation not in ("*", operation) or self.login not in (None, login):
            return False
        if self.count is not None and self.struck >= self.count:
            return False
        if self.probability < 1 and chance.random() >= self.probability:
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.struck += 1
        return True


@dataclass(slots=True)
class Passed:
    """A money operation as the panel sent it, and what became of it here.

    `fault` is the rule that struck, `status` the server's HTTP status, None where it never saw it.
    """

    at: float
    login: int
    key: str
    amount: Decimal
    comment: str
    fault: str = ""
    status: int | None = None

    @property
    def reference(self) -> str:
        """The reference with which the comment began: which operation of the panel it is."""
        return self.comment[:11]


@dataclass(slots=True)
class _Call:
    """One request on its way."""

    operation: str
    login: int | None
    body: bytes
    rule: Rule | None
    passed: Passed | None


class Proxy:
    """One proxy at an address that stays, before a server that may change (`point_to`)."""

    def __init__(self, upstream: str, *, seed: int = 1) -> None:
        self.upstream = upstream
        self.url = ""
        self.passed: list[Passed] = []
        self.rules: list[Rule] = []
        self._chance = random.Random(seed)
        self._ready = threading.Event()
        self._end: Callable[[], object] | None = None
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)

    def start(self) -> Proxy:
        """Listen, and wait until it does."""
        self._thread.start()
        assert self._ready.wait(10), "The proxy did not start."
        return self

    def stop(self) -> None:
        """End it. Does nothing the second time."""
        if self._thread.is_alive() and self._end is not None:
            self._end()
            self._thread.join(10)

    def rule(self, fault: str, operation: str = MONEY, **rest: Any) -> Rule:
        """Misbehave: see `Rule` and `FAULTS`."""
        assert fault in FAULTS, fault
        made = Rule(fault, operation, **rest)
        self.rules.append(made)
        return made

    def clear(self) -> None:
        """Behave."""
        self.rules.clear()

    def point_to(self, upstream: str) -> None:
        """From now on another server answers at this address."""
        self.upstream = upstream

    def sendings(self, *, login: int | None = None, reference: str = "") -> list[Passed]:
        """The money operations that the panel sent, of an account or of a reference."""
        return [
            one
            for one in list(self.passed)
            if login in (None, one.login) and one.comment.startswith(reference)
        ]

    # --- The thread -----------------------------------------------------------------------

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        self._end = partial(loop.call_soon_threadsafe, stop.set)
        app = web.Application(client_max_size=1 << 26)
        app.router.add_route("*", "/{path:.*}", self._pass)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
        await site.start()
        host, port = runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        timeout = ClientTimeout(total=None, sock_connect=5, sock_read=120)
        # A fresh connection for each call: one that the server closed meanwhile would look as if
        # the request had been lost.
        connector = TCPConnector(limit=0, force_close=True)
        async with ClientSession(
            timeout=timeout, auto_decompress=False, connector=connector
        ) as self._session:
            self._ready.set()
            await stop.wait()
            await runner.cleanup()

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        call = await self._arrived(request)
        fault, seconds = (call.rule.fault, call.rule.seconds) if call.rule else ("", 0.0)
        if fault == "drop_request":
            return _hang_up(request)
        if fault == "bad_gateway":
            return _page()
        if fault == "delay_request":
            await asyncio.sleep(seconds)
        begun = time.monotonic()
        try:
            status, headers, body = await self._ask(request, call)
        except (ClientError, OSError, TimeoutError):
            return _hang_up(request)
        if call.passed is not None:
            call.passed.status = status
        if fault == "drop_answer":
            return _hang_up(request)
        if fault == "bad_gateway_after":
            return _page()
        if fault in ("delay_answer", "twice_as_late"):
            took = time.monotonic() - begun
            await asyncio.sleep(seconds if fault == "delay_answer" else took)
        if fault.startswith("answer_"):
            body = _changed(fault, body)
        if fault == "half_answer":
            return await _half(request, status, headers, body)
        return web.Response(status=status, headers=headers, body=body)

    async def _arrived(self, request: web.Request) -> _Call:
        """The request whole, with the rule that strikes it; a money operation is written down."""
        body = await request.read()
        parts = request.path.split("/")
        is_operation = len(parts) > 5 and parts[1:4] == ["api", "v2", "MT4"]
        operation = parts[5] if is_operation else parts[-1]
        passed, login = None, None
        if operation == MONEY:
            sent = json.loads(body, parse_float=Decimal)
            login = int(sent["orderBy"])
            passed = Passed(
                at=time.time(),
                login=login,
                key=request.headers.get("Idempotency-Key", ""),
                amount=Decimal(sent["price"]),
                comment=sent.get("comment") or "",
            )
            self.passed.append(passed)
        elif len(parts) > 6 and parts[6].isdecimal():
            login = int(parts[6])
        rule = next(
            (each for each in self.rules if each.strikes(operation, login, self._chance)), None
        )
        if passed is not None and rule is not None:
            passed.fault = rule.fault
        return _Call(operation, login, body, rule, passed)

    async def _ask(
        self, request: web.Request, call: _Call
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        headers = [
            (name, value) for name, value in request.headers.items() if name.lower() not in _HOP
        ]
        # As it came: nothing in the address is written another way.
        url = URL(f"{self.upstream}{request.raw_path}", encoded=True)
        async with self._session.request(
            request.method, url, headers=headers, data=call.body, allow_redirects=False
        ) as answer:
            kept = [
                (name, value) for name, value in answer.headers.items() if name.lower() not in _HOP
            ]
            return answer.status, kept, await answer.read()


def _hang_up(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=502)


def _page() -> web.Response:
    return web.Response(status=502, text=PAGE, content_type="text/html")


async def _half(
    request: web.Request, status: int, headers: list[tuple[str, str]], body: bytes
) -> web.StreamResponse:
    response = web.StreamResponse(status=status, headers=headers)
    response.content_length = len(body)
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    return _hang_up(request)


_CHANGES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "answer_comment": lambda data: {"comment": f"GW7/{data['comment']}"[:31]},
    "answer_amount": lambda data: {"price": data["price"] + 1},
}


def _changed(fault: str, body: bytes) -> bytes:
    """The answer to a money operation with another comment or amount; a refusal as it is."""
    document = json.loads(body)
    data = document.get("data")
    if not isinstance(data, dict) or "comment" not in data:
        return body
    return json.dumps({**document, "data": {**data, **_CHANGES[fault](data)}}).encode()
